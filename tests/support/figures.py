"""Plausible figures of a quarter, for letters and pictures."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

from gateway.facts import PartyCode
from gateway.figures import Counts, Measured, PairFigures, PartyFigures, Period, Totals, together
from gateway.treaty import Role

CODES = tuple(map(PartyCode, ("AT", "BR", "FR", "KE", "SE", "ZA")))
_USERS = ((Role.ADMINISTRATOR, 2), (Role.OFFICER, 12))


def quarter(parties: int = 6) -> Measured:
    """The first quarter of 2026; the first so many Parties exchanged, and each pair a little more than the last."""
    pairs = []
    for place, (asking, asked) in enumerate(permutations(CODES[:parties], 2)):
        counts = Counts(
            forth=40 + place, back=35, requests=30 + place, uims=1200 * place, undeclared=place % 3, answers=33,
            uims_answered=900, answered=30, seconds=30 * 86_400 * (place % 9 + 1), unread=place % 4,
        )  # fmt: skip
        pairs.append(PairFigures(asking, asked, counts, timedelta(hours=5 * place)))

    def side(code: PartyCode, name: str) -> Counts:
        return together(pair.counts for pair in pairs if getattr(pair, name) == code)

    each = tuple(
        PartyFigures(
            code, _USERS, side(code, "asking"), side(code, "asked"), timedelta(days=2.5), timedelta(minutes=50)
        )
        for code in CODES
    )
    totals = Totals(72, 1043, parties, together(pair.counts for pair in pairs), timedelta(days=3.21))
    return Measured(Period.named("2026-Q1"), totals, each, tuple(pairs))
