"""What an order by mail does to the registry: with its event, by whom is still there, and once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from gateway.facts import Address, Commit, Event, EventKind, Language
from gateway.outcome import LostRace
from gateway.store import Store
from gateway.treaty import Role
from tests.store.made import KE, NOW, at, key, rows, with_parties

NAMES = ("one", "two")


@pytest.fixture
def numbers(store: Store) -> dict[str, int]:
    """Two people of the Secretariat, each with a key."""
    with_parties(store)
    found = {}
    for mark, name in zip("AB", NAMES, strict=True):
        box = Address(f"{name}@party.example")
        store.members.add_person(KE, box, name, Role.SECRETARIAT, Language("en"), key(mark), NOW)
        person = store.view.person_by_address(box)
        assert person is not None
        found[name] = person.id
    return found


def order(store: Store, by: int, whom: int) -> None:
    events = (
        Event(EventKind.REVOCATION_ORDERED, person=by, actor=KE),
        Event(EventKind.PERSON_REVOKED, party=KE, person=whom, actor=KE),
    )
    store.ledger.commit(Commit(at(hours=1), events), None)


def withdrawn(url: str) -> list[Any]:
    return [name for (name,) in rows(url, "SELECT name FROM person WHERE revoked_at IS NOT NULL")]


def test_access_and_keys_end_with_the_event_and_no_word_of_the_mail_is_stored(
    store: Store, url: str, numbers: dict[str, int]
) -> None:
    order(store, numbers["one"], numbers["two"])
    assert rows(url, "SELECT name, revoked_reason FROM person WHERE revoked_at IS NOT NULL") == [("two", "by mail")]
    (owner,) = rows(url, "SELECT person FROM key WHERE revoked_at IS NOT NULL")
    assert tuple(owner) == (numbers["two"],)


def test_who_has_left_orders_nothing_and_the_record_stays_as_it_was(
    store: Store, url: str, numbers: dict[str, int]
) -> None:
    order(store, numbers["one"], numbers["two"])
    before = rows(url, "SELECT count(*) FROM event")
    for by, whom in (("two", "one"), ("one", "two")):
        with pytest.raises(LostRace):
            order(store, numbers[by], numbers[whom])
    assert withdrawn(url) == ["two"]
    assert rows(url, "SELECT count(*) FROM event") == before


def test_of_two_who_withdraw_each_other_at_the_same_time_one_is_left(
    store: Store, url: str, numbers: dict[str, int]
) -> None:
    one, two = (numbers[name] for name in NAMES)

    def attempt(pair: tuple[int, int]) -> bool:
        try:
            order(store, *pair)
        except LostRace:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(attempt, [(one, two), (two, one)]))
    assert sum(done) == 1
    assert len(withdrawn(url)) == 1


def test_an_order_counts_as_a_mail_of_who_gave_it(store: Store, numbers: dict[str, int]) -> None:
    order(store, numbers["one"], numbers["two"])
    assert store.limits.last_mail_but(0, KE, numbers["one"], NOW) is not None
    assert store.limits.last_mail_but(0, KE, numbers["two"], NOW) is None
