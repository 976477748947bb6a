"""How times to answer spread in a period: how many answers took up to a day, up to a week, ..., by Party."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from sqlalchemy import Engine, case, func, select

from gateway.facts import PartyCode
from gateway.figures import SPREAD, Period
from gateway.store.engine import instant, reading
from gateway.store.tables import TimingRow, table
from gateway.treaty import Side

_TIMING = table(TimingRow)
_STEP = case(
    *((_TIMING.c.seconds <= limit / timedelta(seconds=1), place) for place, limit in enumerate(SPREAD)),
    else_=len(SPREAD),
).label("step")  # fmt: skip


class Spread:
    """Reads only."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def measure(self, period: Period, side: Side = Side.ANSWERING) -> Mapping[PartyCode, tuple[int, ...]]:
        """Of the requests answered in the period, how many took up to each limit of `figures.SPREAD`, and longer.

        By the Party that answered, or that had asked; Parties without any are left out.
        """
        party = _TIMING.c.asked if side is Side.ANSWERING else _TIMING.c.asking
        query = (
            select(party.label("party"), _STEP, func.count())
            .where(_TIMING.c.answered_at >= instant(period.start), _TIMING.c.answered_at < instant(period.end))
            .group_by(party, _STEP)
            .order_by(party, _STEP)
        )
        found: dict[PartyCode, list[int]] = {}
        with reading(self._engine) as connection:
            for code, step, count in connection.execute(query):
                found.setdefault(PartyCode(code), [0] * (len(SPREAD) + 1))[step] = count
        return {code: tuple(counts) for code, counts in found.items()}
