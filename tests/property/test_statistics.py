"""The figures of any months of exchanges equal those that a slow counter finds, for every Party, period and zone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.events import Event
from gateway.facts import PartyCode
from gateway.figures import Counts, Measured, PairFigures, PartyFigures, Period, Totals, together
from gateway.rules.statistics import seen_by
from gateway.store import Store
from tests.store.made import token_digest_of
from tests.support.history import CODES, ZONES, History, K, Told, histories
from tests.support.postgres import Postgres

IN_MEMORY = "sqlite:///:memory:"
days = st.dates(date(2025, 1, 10), date(2026, 1, 20))
periods = st.builds(
    lambda first, length, zone: Period(first, first + timedelta(days=length), zone),
    days, st.one_of(st.integers(0, 3), st.integers(0, 200)), st.sampled_from(ZONES),
)  # fmt: skip
groups = st.sets(st.sampled_from(CODES), min_size=1, max_size=4)


@dataclass
class Slow:
    """Counts by going through everything that was told, one question at a time, with the calendar of the zone."""

    told: Told
    period: Period

    def day(self, at: datetime) -> date:
        return at.astimezone(ZoneInfo(self.period.zone)).date()

    def within(self, at: datetime) -> bool:
        return self.period.first <= self.day(at) <= self.period.last

    def before_the_end(self, at: datetime) -> bool:
        return self.day(at) <= self.period.last

    def of(self, number: object, party: PartyCode, *kinds: K) -> list[tuple[datetime, Event]]:
        """The events of one referral, in the order in which they were recorded."""
        return [(at, e) for at, e in self.told.events if (e.exchange, e.party) == (number, party) and e.kind in kinds]

    def counts(self, asking: set[PartyCode], asked: set[PartyCode]) -> tuple[Counts, timedelta | None]:
        """What passed between Parties of two sets, and the median of the times to answer."""
        total, times = Counts(), []
        for number, party in self.told.referrals:
            if self.told.asked_by[number] in asking and party in asked:
                counted, took = self.referral(number, party)
                total, times = total + counted, times + took
        times.sort()
        middle = times[(len(times) - 1) // 2 : len(times) // 2 + 1]
        return total, timedelta(seconds=sum(middle) // len(middle)) if times else None

    def referral(self, number: object, party: PartyCode) -> tuple[Counts, list[int]]:
        asked = self.of(number, party, K.REFERRAL_SENT, K.REFERRAL_WAITING)
        questions = asked + self.of(number, party, K.REFERRAL_EXTENDED)
        answers = self.of(number, party, K.ANSWER_RECEIVED)
        written = self.of(number, party, K.MESSAGE_RECEIVED)
        by_asked = [(at, e) for at, e in written if e.actor == party]
        by_asking = [(at, e) for at, e in written if e.actor != party]
        ends = self.of(number, party, K.ANSWERED, K.DECLINED, K.RETURNED)
        ends += [(at, e) for at, e in answers if e.count == 0]
        acts = answers + by_asked + self.of(number, party, K.READ)
        acted = [at for at, e in self.told.events if (at, e) in acts][:1]
        counted = Counts(
            forth=sum(self.within(at) for at, _ in questions + by_asking),
            back=sum(self.within(at) for at, _ in answers + by_asked),
            requests=sum(self.within(at) for at, _ in asked),
            uims=sum(e.count for at, e in questions if self.within(at)),
            undeclared=sum(self.within(at) for at, e in questions if e.count == 0),
            answers=sum(self.within(at) for at, _ in answers),
            uims_answered=sum(e.count for at, e in answers if self.within(at)),
            unread=sum(self.within(at) for at, _ in asked) * (not any(map(self.before_the_end, acted))),
        )
        first = [at for at, e in self.told.events if (at, e) in ends][:1]
        if not first or not self.within(first[0]):
            return counted, []
        took = max(int((first[0] - asked[0][0]).total_seconds()), 0)
        return replace(counted, answered=1, seconds=took), [took]

    def users(self, party: PartyCode) -> tuple[tuple[str, int], ...]:
        there = [
            role for place, (code, role, since) in enumerate(self.told.people)
            if code == party and self.before_the_end(since)
            and not (place in self.told.left and self.before_the_end(self.told.left[place]))
        ]  # fmt: skip
        return tuple((role, there.count(role)) for role in sorted(set(there)))

    def party(self, *codes: PartyCode) -> PartyFigures:
        asking, waited = self.counts(set(codes), set(CODES))
        answering, answered = self.counts(set(CODES), set(codes))
        users = self.users(codes[0]) if len(codes) == 1 else ()
        return PartyFigures(codes[0], users, asking, answering, waited, answered)  # type: ignore[arg-type]

    def everything(self) -> Measured:
        registered = sorted(code for code, at in self.told.joined.items() if self.before_the_end(at))
        parties = tuple(self.party(code) for code in registered)
        pairs = tuple(
            PairFigures(asking, asked, *self.counts({asking}, {asked})) for asking, asked in product(CODES, CODES)
        )
        users = sum(count for party in parties for _, count in party.users)
        active = sum(party.asking.requests > 0 or party.answering.answers > 0 for party in parties)
        totals = Totals(len(registered), users, active, *self.counts(set(CODES), set(CODES)))
        return Measured(self.period, totals, parties, tuple(pair for pair in pairs if pair.counts != Counts()))


def agree(store: Store, told: Told, period: Period, group: set[PartyCode]) -> None:
    """The store's figures and those of the slow counter."""
    found, slow = store.statistics.measure(period, None, group), Slow(told, period)
    expected = slow.everything()
    assert found.totals == expected.totals
    assert found.parties == expected.parties
    assert found.pairs == expected.pairs
    named = [party.party for party in expected.parties if party.party in group]
    assert found.group is not None
    if named:
        together = slow.party(*named)
        assert replace(found.group, users=()) == replace(together, party=PartyCode(""), users=())
        assert found.group.people == sum(party.people for party in expected.parties if party.party in group)
    assert store.statistics.measure(period, None, group, ()) == replace(found, pairs=())
    some = {pair for pair in found.pairs if {pair.asking, pair.asked} <= group}
    assert set(store.statistics.measure(period, None, group, group).pairs) == some
    with store.view.snapshot() as view:
        known = view.figures(period)
    assert (known.totals, known.parties) == (found.totals, found.parties)


@given(steps=histories, asked=st.lists(st.tuples(periods, groups), min_size=1, max_size=4))
@settings(max_examples=25)
def test_every_figure_is_what_a_slow_counter_finds(
    steps: list[object], asked: list[tuple[Period, set[PartyCode]]]
) -> None:
    with closing(Store(IN_MEMORY, token_digest_of)) as store:
        told = History(store).run(steps)  # type: ignore[arg-type]
        for period, group in asked:
            agree(store, told, period, group)


_STEPS = [
    (0, ("join", 5)), (3600, ("ask", 0, [1, 2], 2, False)), (3600, ("read", 0)), (60, ("ask", 3, [1], 0, True)),
    (86_400, ("answer", 0, 2, K.ANSWERED)), (60, ("message", 1, True)), (60, ("further", 1, 3)),
    (60, ("answer", 2, 1, None)), (86_400, ("ask", 4, [3], 1, False)),
]  # fmt: skip
_SUMS = ("forth", "back", "requests", "uims", "undeclared", "answers", "uims_answered", "answered", "seconds")
_MISTAKES = (
    *(("tally", f"{name} = {name} + 1 WHERE span = 0 AND start = (SELECT max(start) FROM tally)") for name in _SUMS),
    *(("tally", f"{name} = {name} + 1 WHERE span = 1 AND asking = 'AT'") for name in _SUMS),
    *(("tally", f"{name} = {name} + 1 WHERE span = 2 AND asking = 'AT' AND asked = 'BR'") for name in _SUMS),
    ("timing", "seconds = seconds + 1 WHERE seconds IS NOT NULL"),
    ("timing", "acted_at = NULL WHERE acted_at = (SELECT max(acted_at) FROM timing)"),
    ("timing", "acted_at = asked_at WHERE serial = 3"),
)


def test_the_slow_counter_notices_every_figure_that_is_off_by_one() -> None:
    """Else its agreement would mean nothing. One period is of whole months and a year, the other has neither."""
    periods = Period.named("2025"), Period(date(2025, 1, 10), date(2025, 2, 20), "UTC")
    with closing(Store(IN_MEMORY, token_digest_of)) as store:
        told = History(store).run(_STEPS)  # type: ignore[arg-type]

        def all_agree() -> None:
            for period in periods:
                agree(store, told, period, {CODES[0]})

        all_agree()
        for table, mistake in _MISTAKES:
            with store._engine.begin() as connection:
                kept = connection.exec_driver_sql(f"SELECT * FROM {table}").all()
                assert connection.exec_driver_sql(f"UPDATE {table} SET {mistake}").rowcount == 1, mistake
            with pytest.raises(AssertionError):
                all_agree()
            with store._engine.begin() as connection:
                connection.exec_driver_sql(f"DELETE FROM {table}")
                marks = ", ".join("?" * len(kept[0]))
                connection.exec_driver_sql(f"INSERT INTO {table} VALUES ({marks})", [tuple(row) for row in kept])
        all_agree()


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    server = Postgres()
    yield server
    server.stop()


@given(steps=histories, asked=st.lists(st.tuples(periods, groups), min_size=3, max_size=6))
@settings(max_examples=4)
def test_postgresql_gives_the_same_figures(
    postgres: Postgres, steps: list[object], asked: list[tuple[Period, set[PartyCode]]]
) -> None:
    with closing(Store(postgres.url(), token_digest_of)) as store:
        told = History(store).run(steps)  # type: ignore[arg-type]
        for period, group in asked:
            agree(store, told, period, group)


@given(steps=histories, period=periods, party=st.sampled_from(CODES))
@settings(max_examples=12)
def test_the_figures_of_a_party_do_not_change_when_others_exchange(
    steps: list[object], period: Period, party: PartyCode
) -> None:
    seen = []
    for only in (None, party):
        with closing(Store(IN_MEMORY, token_digest_of)) as store:
            History(store, only).run(steps)  # type: ignore[arg-type]
            seen.append(seen_by(store.statistics.measure(period, (party,)), party, 0, period.end))
    everything, own = (replace(figures, totals=None, withheld=None) for figures in seen)
    assert everything == own


@given(steps=histories, periods=st.lists(periods, min_size=1, max_size=1), cut=st.integers(0, 200))
@settings(max_examples=10)
def test_two_periods_that_follow_one_another_add_up(steps: list[object], periods: list[Period], cut: int) -> None:
    period = periods[0]
    middle = min(period.first + timedelta(days=cut), period.last)
    parts = [Period(period.first, middle, period.zone)]
    if middle < period.last:
        parts.append(Period(middle + timedelta(days=1), period.last, period.zone))
    with closing(Store(IN_MEMORY, token_digest_of)) as store:
        History(store).run(steps)  # type: ignore[arg-type]
        whole, *pieces = (store.statistics.measure(one).totals.counts for one in (period, *parts))
    # What is read later was unread in its own part.
    assert replace(together(pieces), unread=0) == replace(whole, unread=0)
