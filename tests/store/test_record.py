"""The record: nobody changes it through the database, and whoever goes around the triggers is found, and where."""

from __future__ import annotations

import hashlib
import hmac
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.config import Config
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from gateway.audit import Audit, Problem, Report
from gateway.events import Event, EventKind
from gateway.facts import Fingerprint
from gateway.store import Store, engine
from gateway.store.engine import connect
from gateway.store.seals import Link
from tests.store.made import KE, NOW, SE, at, of, opening, rows, token_digest_of, with_parties, write

US = Fingerprint("A" * 40)
_TRIGGERS = {
    "sqlite": [f"DROP TRIGGER {table}_no_{what}" for table in ("event", "seal") for what in ("update", "delete")],
    "postgresql": [f"DROP TRIGGER {table}_append_only ON {table}" for table in ("event", "seal")],
}
_APPENDING = """
import itertools, sys
from gateway.store import Store
from tests.store.made import at, of, token_digest_of, write
from gateway.events import EventKind
store = Store(sys.argv[1], token_digest_of)
for number in itertools.count():
    write(store, *[of(EventKind.REMINDED)] * 3, when=at(seconds=number))
    print(number, flush=True)
"""


class Seal:
    """Signs with a secret of its own, as the gateway's key does."""

    def __init__(self, secret: bytes = b"ours") -> None:
        self.secret = secret

    def sign(self, octets: bytes) -> bytes:
        return hmac.new(self.secret, octets, "sha256").hexdigest().encode()

    def signed_by_us(self, octets: bytes, signature: bytes) -> Fingerprint | None:
        return US if hmac.compare_digest(self.sign(octets), signature) else None


def audit(store: Store, signer: Seal | None = None) -> Audit:
    return Audit(store.seals, store.limits, signer or Seal(), {}, lambda: at(days=1))


def filled(store: Store, count: int = 12) -> None:
    """Registrations and a few exchanges' events."""
    with_parties(store)
    write(store, *opening())
    for number in range(count):
        write(store, of(EventKind.REMINDED, SE), when=at(minutes=number))


def tampered(url: str, *statements: str) -> None:
    """Somebody with the database's own rights: drops the triggers, then changes what he wants."""
    database = connect(url)
    with database.begin() as connection:
        kept = _TRIGGERS[connection.dialect.name]
        for statement in (*kept, *statements):
            connection.execute(text(statement))
    database.dispose()


def found(store: Store) -> list[Problem]:
    return audit(store).verify().problems


def test_an_untouched_record_is_right_and_says_its_head(store: Store) -> None:
    filled(store)
    audit(store).seal()
    write(store, of(EventKind.REMINDED, SE))
    report = audit(store).verify()
    assert report.problems == []
    assert (report.events, report.seals, report.unsealed) == (22, 1, 1)
    assert report.head == store.seals.head()[2]
    assert audit(store).head() == f"{report.event}:{report.head}" == f"22:{report.head}"
    assert report.sealed_at == at(days=1)


def test_an_empty_record_is_right(store: Store) -> None:
    assert audit(store).verify() == Report()


def test_a_record_that_has_not_grown_is_not_sealed_again(store: Store) -> None:
    filled(store)
    assert audit(store).seal() is not None
    assert audit(store).seal() is None
    assert len(store.seals.all()) == 1


@pytest.mark.parametrize("name", ["event", "seal"])
@pytest.mark.parametrize(
    "statement",
    ["UPDATE {} SET chain = 'x'", "DELETE FROM {}", "DELETE FROM {} WHERE id = 1",
     "INSERT OR REPLACE INTO {0} SELECT * FROM {0}", "TRUNCATE {}"],
)  # fmt: skip
def test_the_database_itself_forbids_to_change_the_record(store: Store, url: str, statement: str, name: str) -> None:
    if ("REPLACE" in statement) == url.startswith("postgresql") or ("TRUNCATE" in statement and "sqlite" in url):
        statement = "DELETE FROM {}"  # that database does not know the statement
    filled(store)
    audit(store).seal()
    before = rows(url, f"SELECT * FROM {name} ORDER BY id")
    database = connect(url)
    with database.connect() as connection, pytest.raises(DBAPIError, match="append-only"):
        connection.execute(text(statement.format(name)))
    database.dispose()
    assert rows(url, f"SELECT * FROM {name} ORDER BY id") == before
    write(store, of(EventKind.REMINDED, SE))  # and appending goes on
    assert found(store) == []


@pytest.mark.parametrize(
    ("statement", "event", "says"),
    [
        ("UPDATE event SET party = 'XX' WHERE id = 5", 5, "was changed"),
        ("UPDATE event SET kind = 'answered' WHERE id = 5", 5, "was changed"),
        ("UPDATE event SET count = count + 1 WHERE id = 9", 9, "was changed"),
        ("DELETE FROM event WHERE id = 7", 8, "one was removed"),
        ("DELETE FROM event WHERE id < 4", 4, "one was removed"),
        ("DELETE FROM event WHERE id > 18", 22, "is missing"),
        ("DELETE FROM seal WHERE id = 1", 22, "a seal before this one was removed"),
        ("UPDATE seal SET text = text || ' '", 11, "forged"),
        ("UPDATE seal SET signature = 'x' WHERE id = 2", 22, "forged"),
        ("UPDATE seal SET chain = 'x' WHERE id = 2", 22, "the seal was changed"),
    ],
)
def test_whoever_goes_around_the_triggers_is_found_and_where(
    store: Store, url: str, statement: str, event: int, says: str
) -> None:
    with_parties(store)
    write(store, *opening(), *[of(EventKind.REMINDED, SE)] * 2)
    audit(store).seal()
    write(store, *[of(EventKind.REMINDED, SE)] * 11)
    audit(store).seal()
    assert found(store) == []
    tampered(url, statement)
    problems = found(store)
    assert (problems[0].event, says in problems[0].says) == (event, True), problems


def rewritten(url: str, change: Callable[[list[dict[str, Any]]], None]) -> None:
    """Changes the table and computes every link anew, as somebody would who knows how it is made."""
    columns = ("at", "kind", "year", "serial", "party", "person", "actor", "count", "digest")
    database = connect(url)
    with database.begin() as connection:
        for statement in _TRIGGERS[connection.dialect.name]:
            connection.execute(text(statement))
        table = [dict(row) for row in connection.execute(text("SELECT * FROM event ORDER BY id")).mappings()]
        change(table)
        connection.execute(text("DELETE FROM event"))
        chain = ""
        for row in table:
            told = "\n".join([chain, _iso(row["at"]), *(str(row[name]) for name in columns[1:])])
            chain = row["chain"] = hashlib.sha256(told.encode()).hexdigest()
            names = ", ".join(row)
            connection.execute(text(f"INSERT INTO event ({names}) VALUES (:{', :'.join(row)})"), row)
    database.dispose()


def _iso(value: Any) -> str:
    """SQLite gives the time as text without a zone, PostgreSQL in that of the machine."""
    moment = datetime.fromisoformat(str(value))
    return (moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)).isoformat()


def test_a_chain_that_was_computed_anew_is_found_by_its_seal_and_by_a_witness(store: Store, url: str) -> None:
    filled(store)
    audit(store).seal()
    head = audit(store).head()
    write(store, of(EventKind.REMINDED, SE))
    rewritten(url, lambda table: table[4].update(party="XX"))
    assert [problem.says for problem in found(store)] == [
        "the head is not the one that was sealed: events up to it were rewritten"
    ]
    tampered_seals = connect(url)
    with tampered_seals.begin() as connection:
        connection.execute(text("DELETE FROM seal"))
    tampered_seals.dispose()
    assert found(store) == []  # whoever removes the seals, too, is found by a witness only
    assert "no event has the head" in audit(store).verify(head).problems[0].says


def test_a_head_that_a_party_kept_is_found_however_much_was_added_since(store: Store) -> None:
    filled(store)
    head = audit(store).head()
    write(store, *[of(EventKind.REMINDED, SE)] * 3)
    assert audit(store).verify(head.upper()).problems == []
    assert audit(store).verify(head.partition(":")[2]).problems == [], "its SHA-256 alone is enough"
    assert audit(store).verify("0" * 64).problems != []
    number, _, chain = head.partition(":")
    assert audit(store).verify(f"{int(number) + 1}:{chain}").problems != [], "it is the head of another event"
    with pytest.raises(ValueError, match="64 hexadecimal digits"):
        audit(store).verify(chain[:-1])


def test_another_pattern_library_is_on_record_once(store: Store, url: str) -> None:
    for library in ({}, {"se.yaml": "a"}, {"se.yaml": "a"}, {"se.yaml": "b"}):
        Audit(store.seals, store.limits, Seal(), library, lambda: NOW).seal()
    changed = rows(url, "SELECT count, digest FROM event WHERE kind = 'library changed' ORDER BY id")
    assert [count for count, _ in changed] == [0, 1, 1]
    assert len({mark for _, mark in changed}) == 3


def test_counts_of_refusals_that_were_changed_after_they_were_recorded_are_found(store: Store, url: str) -> None:
    store.limits.add_refusals({101: 5, 104: 1}, NOW)
    store.limits.record_refusals(at(hours=2))
    assert found(store) == []
    database = connect(url)
    with database.begin() as connection:
        connection.execute(text("UPDATE refusal SET count = 4 WHERE reason = 101"))
    database.dispose()
    assert ["counts of refused mails" in problem.says for problem in found(store)] == [True]


def test_a_seal_made_with_another_key_is_forged(store: Store) -> None:
    filled(store)
    audit(store, Seal(b"a thief's")).seal()
    assert ["forged" in problem.says for problem in found(store)] == [True]


def test_of_very_many_problems_the_first_are_told(store: Store, url: str) -> None:
    filled(store, 80)
    tampered(url, "UPDATE event SET count = count + 1")
    report = audit(store).verify()
    assert len(report.problems) == 50
    assert report.further == report.events - 50


def test_what_is_chained_is_what_the_export_says(store: Store) -> None:
    filled(store)
    chain = ""
    for link in store.seals.links():
        assert isinstance(link, Link)
        assert hashlib.sha256(f"{chain}\n{link.told}".encode()).hexdigest() == link.chain
        chain = link.chain
    assert list(link.fields) == ["at", "kind", "year", "serial", "party", "person", "actor", "count", "digest"]


# --- any single change ------------------------------------------------------------------------------

_COLUMNS = ("at", "kind", "year", "serial", "party", "person", "actor", "count", "digest", "chain")


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, Engine, int]]:
    """A sealed record without its triggers."""
    url = f"sqlite:///{tmp_path_factory.mktemp('r')}/gateway.db"
    store = Store(url, token_digest_of)
    filled(store)
    audit(store).seal()
    tampered(url)
    database = connect(url)
    yield store, database, len(list(store.seals.links()))
    database.dispose()
    store.close()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_single_change_removal_or_swap_is_found(sealed: tuple[Store, Engine, int], data: st.DataObject) -> None:
    store, database, count = sealed
    one = data.draw(st.integers(1, count))
    other = data.draw(st.integers(1, count).filter(lambda number: number != one))
    column = data.draw(st.sampled_from(_COLUMNS))
    value = data.draw(st.sampled_from(["0", "1", "KE", "", "2026-03-01 12:00:00.000001", "answered", "f" * 64]))
    act = data.draw(st.sampled_from(["change", "remove", "swap"]))
    with database.connect() as connection:
        before = [tuple(row) for row in connection.execute(text("SELECT * FROM event ORDER BY id"))]
        if act == "remove":
            connection.execute(text("DELETE FROM event WHERE id = :one"), {"one": one})
        elif act == "swap":
            for here, there in ((one, -1), (other, one), (-1, other)):
                connection.execute(text("UPDATE event SET id = :b WHERE id = :a"), {"a": here, "b": there})
        else:
            connection.execute(
                text(f"UPDATE event SET {column} = :value WHERE id = :one"),
                {"value": value, "one": one},
            )
        after = [tuple(row) for row in connection.execute(text("SELECT * FROM event ORDER BY id"))]
        connection.commit()
    try:
        assert (found(store) == []) == (before == after)
    finally:
        with database.begin() as connection:
            connection.execute(text("DELETE FROM event"))
            marks = ", ".join(f":v{place}" for place in range(len(before[0])))
            for row in before:
                values = {f"v{place}": value for place, value in enumerate(row)}
                connection.execute(text(f"INSERT INTO event VALUES ({marks})"), values)
    assert found(store) == []


# --- killed, and old ---------------------------------------------------------------------------------


def test_a_gateway_that_is_killed_while_it_appends_leaves_a_valid_chain(opened: Callable[[], Store], url: str) -> None:
    opened()
    root = Path(__file__).parents[2]
    chance = random.Random(7)
    for _ in range(4):
        process = subprocess.Popen([sys.executable, "-c", _APPENDING, url], cwd=root, stdout=subprocess.PIPE)
        assert process.stdout is not None
        for _ in range(chance.randrange(2, 40)):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        process.communicate()
    store = opened()
    report = audit(store).verify()
    assert report.problems == []
    assert report.events >= 24
    assert report.events % 3 == 0  # of one commit everything or nothing


def test_events_of_the_first_schema_stay_valid_when_it_is_brought_up_to_date(url: str) -> None:
    database = connect(url)
    config = Config()
    config.set_main_option("script_location", str(Path(engine.__file__).parent / "alembic"))
    with database.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        chain = ""
        for number in range(5):
            told = ["", at(seconds=number).isoformat(), "reminded", "2026", "42", "SE", "0", "KE", "1", ""]
            chain = hashlib.sha256("\n".join([chain, *told[1:]]).encode()).hexdigest()
            connection.execute(
                text(
                    "INSERT INTO event (at, kind, year, serial, party, person, actor, count, digest, chain) VALUES "
                    "(:at, 'reminded', 2026, 42, 'SE', 0, 'KE', 1, '', :chain)"
                ),
                {"at": at(seconds=number) if "postgres" in url else f"{at(seconds=number):%Y-%m-%d %H:%M:%S.%f}",
                 "chain": chain},
            )  # fmt: skip
    database.dispose()
    store = Store(url, token_digest_of)
    try:
        write(store, Event(EventKind.REMINDED, party=KE), when=NOW)
        audit(store).seal()
        report = audit(store).verify()
        assert (report.problems, report.events, report.seals) == ([], 7, 1)
    finally:
        store.close()
