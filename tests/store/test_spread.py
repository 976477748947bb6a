"""How times to answer spread, counted by SQL and by hand; and that nobody's report tells of what others exchange."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway import reports
from gateway.figures import SPREAD, Period
from gateway.rules.outside import OutsideFacts
from gateway.rules.report import Audience, Reader, document
from gateway.store import Store
from gateway.treaty import Side
from tests.property.test_statistics import IN_MEMORY, Slow, periods
from tests.store.made import NOW, token_digest_of
from tests.support.history import CODES, History, histories

NOTHING = OutsideFacts((), False, 0, "")


def by_hand(slow: Slow, side: Side) -> dict[str, tuple[int, ...]]:
    found: dict[str, list[int]] = {}
    for number, party in slow.told.referrals:
        of = party if side is Side.ANSWERING else slow.told.asked_by[number]
        for seconds in slow.referral(number, party)[1]:
            steps = found.setdefault(of, [0] * (len(SPREAD) + 1))
            steps[sum(timedelta(seconds=seconds) > limit for limit in SPREAD)] += 1
    return {party: tuple(steps) for party, steps in found.items()}


@given(steps=histories, asked=st.lists(periods, min_size=1, max_size=3))
@settings(max_examples=15)
def test_times_spread_as_counted_by_hand_and_are_all_that_were_answered(
    steps: list[object], asked: list[Period]
) -> None:
    with closing(Store(IN_MEMORY, token_digest_of)) as store:
        told = History(store).run(steps)  # type: ignore[arg-type]
        for period in asked:
            for side in Side:
                assert store.spread.measure(period, side) == by_hand(Slow(told, period), side)
            spread = store.spread.measure(period)
            for one in store.statistics.measure(period).parties:
                assert sum(spread.get(one.party, ())) == one.answering.answered


@given(steps=histories, party=st.sampled_from(CODES))
@settings(max_examples=6)
def test_a_partys_report_does_not_change_when_others_exchange(steps: list[object], party: str) -> None:
    """Of a period of uneven days, in which no totals are told."""
    period, reader = Period(date(2025, 1, 21), date(2025, 6, 10)), Reader(Audience.PARTY, party)  # type: ignore[arg-type]
    made = []
    for only in (None, party):
        with closing(Store(IN_MEMORY, token_digest_of)) as store:
            History(store, only).run(steps)  # type: ignore[arg-type]
            known = reports.measure(store, NOW, period, reader, NOTHING)
            made.append(document(replace(known, standings=()), reader))
    assert made[0] == made[1]


def test_what_took_exactly_a_limit_is_within_it() -> None:
    start = datetime.fromisoformat("2025-02-03T00:00:00+00:00")
    ask = (0, ("ask", 0, [1], 1, False))
    steps = [ask, (int(SPREAD[0].total_seconds()), ("answer", 0, 1, None)), (0, ("answer", 0, 0, None))]
    with closing(Store(IN_MEMORY, token_digest_of)) as store:
        History(store).run(steps)  # type: ignore[arg-type]
        (spread,) = store.spread.measure(Period.named(f"{start.year}")).values()
    assert spread == (1, 0, 0, 0, 0, 0, 0)
