"""Figures are counted in the transaction that records; what was recorded before is counted when the schema comes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import event

from gateway import reports
from gateway.events import EXTENSIONS, Event, EventKind
from gateway.facts import ExchangeNumber, PartyCode
from gateway.figures import Period
from gateway.outcome import LostRace
from gateway.rules.outside import OutsideFacts
from gateway.rules.report import Audience, Reader
from gateway.store import Store, engine
from gateway.store.engine import connect
from tests.store.made import KE, NOW, NUMBER, SE, facts, of, opening, rows, with_parties, write
from tests.support.rendering import languages

_TABLES = ("tally", "timing")


def _told(store: Store) -> None:
    with_parties(store)
    write(store, *opening(asked=(SE,)))
    write(store, of(EventKind.READ, SE), when=NOW + timedelta(hours=1, microseconds=7))
    write(store, of(EventKind.MESSAGE_RECEIVED, SE, actor=KE), when=NOW + timedelta(hours=1, microseconds=7))
    write(store, of(EventKind.ANSWER_RECEIVED, SE, actor=SE), of(EventKind.MESSAGE_RECEIVED, SE, actor=SE),
          when=NOW + timedelta(days=2))  # fmt: skip


def _schema(url: str, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(engine._SCRIPTS))
    database = connect(url)
    with database.begin() as connection:
        config.attributes["connection"] = connection
        step = command.upgrade if revision == "head" else command.downgrade
        step(config, revision)
    database.dispose()


def test_what_was_recorded_before_is_counted_when_the_schema_comes(opened: Callable[[], Store], url: str) -> None:
    store = opened()
    _told(store)
    counted = {name: rows(url, f"SELECT * FROM {name} ORDER BY 1, 2, 3, 4") for name in _TABLES}
    assert [len(found) for found in counted.values()] == [6, 1]  # three instants, two months' sides, a year's pair
    store.close()
    _schema(url, "0005")
    _schema(url, "head")
    assert {name: rows(url, f"SELECT * FROM {name} ORDER BY 1, 2, 3, 4") for name in _TABLES} == counted


def test_a_commit_that_fails_counts_nothing(store: Store, url: str) -> None:
    with_parties(store)
    write(store, *opening())
    before = rows(url, "SELECT * FROM tally")
    with pytest.raises(LostRace):
        write(store, of(EventKind.MESSAGE_RECEIVED, SE, actor=KE), based_on=((NUMBER, 99),))
    assert rows(url, "SELECT * FROM tally") == before


@pytest.mark.parametrize("kind", sorted(EXTENSIONS))
def test_further_uims_count_whether_they_go_out_or_wait_for_a_key(store: Store, kind: EventKind) -> None:
    _told(store)
    write(store, of(kind, SE, uims=facts(7, 8, 9)), when=NOW + timedelta(days=3))
    day = NOW.date()
    counts = store.statistics.measure(Period(day, day + timedelta(days=9), "UTC")).totals.counts
    assert (counts.requests, counts.uims) == (1, 5)


def test_a_day_ends_where_the_zone_says(store: Store) -> None:
    """NOW is noon of 1 March in UTC: in Kiritimati (+14) it is 2 March."""
    _told(store)
    day = NOW.date()
    requests = [
        store.statistics.measure(Period(day, day, zone)).totals.counts.requests
        for zone in ("UTC", "Pacific/Kiritimati")
    ]
    assert requests == [1, 0]


def test_the_sums_of_a_measurement_are_of_one_instant_whatever_is_recorded_meanwhile(store: Store) -> None:
    with_parties(store)
    write(store, *opening())
    told: list[str] = []

    def meanwhile(*query: object) -> None:
        if "tally" in str(query[2]) and not told:  # the sums are read, the pairs and times not yet
            told.append("once")
            write(store, *opening(ExchangeNumber(2026, 7)))

    event.listen(store._engine, "after_cursor_execute", meanwhile)
    found = store.statistics.measure(Period(NOW.date(), NOW.date(), "UTC"), None)
    assert (told, found.totals.counts.requests) == (["once"], 1)
    assert [(pair.asking, pair.asked, pair.counts) for pair in found.pairs] == [(KE, SE, found.totals.counts)]


def test_the_month_with_the_fewest_others_counts_and_none_before_others_began(store: Store) -> None:
    """Of a longer period less a shorter one a Party would learn what the few others did in the months between."""
    asked = {1: ("KE SE",), 2: ("SE FR", "AT BR", "ZA AT"), 3: ("SE FR",), 4: ("SE FR", "AT BR", "ZA AT", "KE SE")}
    for month, pairs in asked.items():
        for place, pair in enumerate(pairs):
            asking, other = map(PartyCode, pair.split())
            number = ExchangeNumber(2026, month * 10 + place)
            opened = Event(EventKind.EXCHANGE_OPENED, number, actor=asking, person=1, count=1)
            sent = Event(EventKind.REFERRAL_SENT, number, other, 1, asking, 1)
            write(store, opened, sent, when=datetime(2026, month, 28, tzinfo=UTC))
    fewest = store.view.fewest_others
    named = {name: fewest(Period.named(name), KE) for name in ("2026-01", "2026-02", "2026-03", "2026-04", "2026-Q1")}
    assert named == {"2026-01": 0, "2026-02": 5, "2026-03": 2, "2026-04": 5, "2026-Q1": 2}
    assert fewest(Period.months(date(2025, 11, 1), 4), KE) == 5
    assert fewest(Period.named("2026-04"), PartyCode("AT")) == 3
    assert fewest(Period.named("2026-05"), KE) == 0


def test_a_report_in_mid_year_reckons_with_the_days_that_have_passed(store: Store) -> None:
    """`gsp report --period 2026`, long before its end: no months of zeros, and a pace that is the pace."""
    _told(store)
    now, words = datetime(2026, 3, 14, 12, tzinfo=UTC), languages().catalogue("en")
    made = reports.measure(
        store, now, Period.named("2026"), Reader(Audience.SECRETARIAT), OutsideFacts((), False, 0, "")
    )
    assert [one.period.first.month for one in made.parts] == [1, 2, 3]
    paces = {words.say(one.name): words.say(one.value) for one in made.criteria if one.value}
    assert paces["requests a year, at the pace of the period"] == "5"  # one in 73 days
    assert made.now.period == Period.named("2026")
