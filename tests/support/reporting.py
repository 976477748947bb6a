"""A plausible year of the focal point, for the tests and the pictures of reports."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from itertools import permutations

from gateway.directory import NOMINATED, Standing
from gateway.facts import NO_PARTY, PartyCode
from gateway.figures import (
    SPREAD,
    Counts,
    Measured,
    PairFigures,
    PartyFigures,
    Period,
    Quality,
    Question,
    Totals,
    together,
)
from gateway.rules.criteria import criteria
from gateway.rules.forecast import before, forecasts
from gateway.rules.outside import OutsideFacts, PartyFact
from gateway.rules.quality import QUESTIONS
from gateway.rules.report import Audience, Measurements, Reader
from gateway.treaty import Difficulty, NoDataReason, Role, Side

CODES = tuple(map(PartyCode, "AT BR CI DE EC FR GB KE KW LV NL SA SE TD ZA".split()))
YEAR = Period.named("2026")
SECRETARIAT, MEETING, ONE = Reader(Audience.SECRETARIAT), Reader(Audience.MEETING), Reader(Audience.PARTY, CODES[7])
EVERYBODY = replace(SECRETARIAT, times_of=frozenset(CODES))
FACTS = OutsideFacts(
    tuple(PartyFact(code, date(2019 + place // 2, 3, 1), date(2019 + place // 2, 6, 1), place % 3 < 2, "invented")
          for place, code in enumerate(CODES)),
    True, 25, "invented",
)  # fmt: skip


@lru_cache(maxsize=64)
def measured(period: Period, size: int = 100, parties: int = 13, seed: str = "") -> Measured:
    """Figures of a period; every second pair of the first so many Parties exchanged, in percent of `size`."""
    draw = random.Random(f"{period.first} {seed}")
    pairs = []
    for asking, asked in permutations(CODES[:parties], 2):
        if draw.random() < 0.5:
            requests = draw.randrange(1, 40) * size // 100 + 1
            answered = requests * 4 // 5
            counts = Counts(
                forth=requests + draw.randrange(4), back=answered, requests=requests, uims=requests * 17,
                undeclared=requests // 9, answers=answered, uims_answered=answered * 15, answered=answered,
                seconds=answered * draw.randrange(20_000, 900_000), unread=requests // 7,
            )  # fmt: skip
            pairs.append(PairFigures(asking, asked, counts))

    def side(code: PartyCode, name: str) -> Counts:
        return together(pair.counts for pair in pairs if getattr(pair, name) == code)

    users = ((Role.ADMINISTRATOR, 2), (Role.OFFICER, 9))
    each = tuple(
        PartyFigures(code, users, side(code, "asking"), side(code, "asked"), timedelta(days=3.4), timedelta(hours=31))
        if place < parties
        else PartyFigures(code, users)
        for place, code in enumerate(CODES)
    )
    active = sum(one.active for one in each)
    totals = Totals(len(CODES), 11 * len(CODES), active, together(p.counts for p in pairs), timedelta(days=2.6))
    return Measured(period, totals, each, tuple(pairs))


@lru_cache(maxsize=8)
def measurements(reader: Reader = SECRETARIAT, made: datetime = datetime(2027, 1, 8, tzinfo=UTC)) -> Measurements:
    """Everything of a year's report."""
    now = measured(YEAR)
    earlier = [measured(one, 40 + 20 * place, 6 + 2 * place) for place, one in enumerate(before(YEAR))]
    draw = random.Random("times")
    times = {code: tuple(draw.randrange(2, 60) for _ in range(len(SPREAD) + 1)) for code in CODES[:13]}
    survey: dict[Question, dict[int, int]] = {
        question: {1: 40, 2: 7} for side in QUESTIONS.values() for question in side
    }
    survey[Question.USEFUL] = {5: 20, 4: 15, 3: 6, 1: 2}
    quality = Quality(
        900, 700, 21, 130, 90, dict(zip((*NoDataReason, None), (18, 9, 25, 6, 4, 2), strict=True)), survey,
        {Side.ASKING: 43, Side.ANSWERING: 47},
    )  # fmt: skip
    parts = tuple(measured(month, 8 + 2 * place) for place, month in enumerate(YEAR.split(1)))
    return Measurements(
        made=made,
        now=now,
        before=earlier[-1],
        fewest=9,
        fewest_before=9,
        parts=parts,
        times=times,
        waited={code: spread[::-1] for code, spread in times.items()},
        quality=(quality, quality) if reader.party != NO_PARTY else (quality,),
        difficulties=dict(zip(Difficulty, (5, 2, 0, 7, 1), strict=True)),
        standings=standings(),
        criteria=criteria(now, FACTS),
        forecasts=forecasts(now, earlier, FACTS),
    )


def standings() -> tuple[Standing, ...]:
    """Some Parties have nominated everybody, some not, and some have not confirmed."""
    since = datetime(2026, 9, 1, tzinfo=UTC)
    return tuple(
        Standing(
            code, NOMINATED[place % 4 :] if place % 3 else (), since + timedelta(days=7 * place), place,
            steps=place % 3,
            asked_at=since if place % 5 == 0 else None,
        )
        for place, code in enumerate(CODES)
    )  # fmt: skip
