"""Figures are counted in the transaction that records; what was recorded before is counted when the schema comes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from alembic import command
from alembic.config import Config

from gateway.events import EXTENSIONS, EventKind
from gateway.figures import Period
from gateway.outcome import LostRace
from gateway.store import Store, engine
from gateway.store.engine import connect
from tests.store.made import KE, NOW, NUMBER, SE, facts, of, opening, rows, with_parties, write

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
    counted = {name: rows(url, f"SELECT * FROM {name} ORDER BY 1, 2, 3") for name in _TABLES}
    assert [len(found) for found in counted.values()] == [3, 1]
    store.close()
    _schema(url, "0005")
    _schema(url, "head")
    assert {name: rows(url, f"SELECT * FROM {name} ORDER BY 1, 2, 3") for name in _TABLES} == counted


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
