"""What an order by mail does to the registry: with its event, by whom is still there, and once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from gateway.events import Commit, Event, EventKind
from gateway.facts import Address, Fingerprint, Language, PublicKey, Renewal, key_mark
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


def leave(store: Store, who: int) -> None:
    events = (
        Event(EventKind.REVOCATION_ORDERED, person=who, actor=KE),
        Event(EventKind.PERSON_REVOKED, party=KE, person=who, actor=KE, count=1),
    )
    store.ledger.commit(Commit(at(hours=1), events), None)


def test_of_two_who_leave_the_same_office_at_the_same_time_one_stays(
    store: Store, url: str, numbers: dict[str, int]
) -> None:
    def attempt(who: int) -> bool:
        try:
            leave(store, who)
        except LostRace:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(attempt, numbers.values()))
    assert sum(done) == 1
    assert len(withdrawn(url)) == 1


def renew(store: Store, person: int, key: PublicKey, *replaced: str, days: int = 30) -> None:
    box = Address("desk.ke@party.example")
    renewal = Renewal(KE, person, box, key, tuple(map(Fingerprint, replaced)), at(days=days))
    store.ledger.commit(Commit(at(), renewals=(renewal,)), None)


def ends(store: Store, name: str) -> dict[str, object]:
    keys = store.view.keys_claimed_by(Address(f"{name}@party.example"))
    return {one.fingerprint[:1]: "revoked" if one.revoked else one.usable_until for one in keys}


def test_replaced_keys_end_in_time_and_none_is_made_to_last_longer(store: Store, numbers: dict[str, int]) -> None:
    box = Address("one@party.example")
    short = key("C", until=at(days=10))
    store.members.add_person(KE, box, "one", Role.SECRETARIAT, Language("en"), short, NOW)
    renew(store, numbers["one"], key("D"), "A" * 40, "C" * 40)
    assert ends(store, "one") == {"A": at(days=30), "C": at(days=10), "D": None}
    renew(store, numbers["one"], key("E"), "D" * 40, days=0)
    assert ends(store, "one")["D"] == "revoked"
    assert ends(store, "two") == {"B": None}


def test_a_renewal_touches_no_key_of_anybody_else(store: Store, numbers: dict[str, int]) -> None:
    renew(store, numbers["one"], key("D"), "B" * 40, days=0)
    assert ends(store, "two") == {"B": None}
    for taken in (key("B"), key("A")):
        with pytest.raises(LostRace):
            renew(store, numbers["one"] if taken.fingerprint[0] == "B" else numbers["two"], taken)
    order(store, numbers["one"], numbers["two"])
    with pytest.raises(LostRace):
        renew(store, numbers["two"], key("E"))


def test_a_replaced_key_is_known_as_one_until_somebody_extends_it(store: Store, numbers: dict[str, int]) -> None:
    renew(store, numbers["one"], key("D"), "A" * 40)
    mark = key_mark(Fingerprint("A" * 40), at(days=30))
    event = Event(EventKind.KEY_REPLACED, party=KE, person=numbers["one"], digest=mark)
    store.ledger.commit(Commit(at(), (event,)), None)
    old, new = sorted(store.view.keys_claimed_by(Address("one@party.example")), key=lambda one: one.fingerprint)
    assert store.view.key_replaced(old)
    assert not store.view.key_replaced(new)
    assert [one[1] for one in store.expiry.ending(at(days=1), timedelta(days=60))] == []
    renew(store, numbers["one"], key("A", until=at(days=50)))
    (old, _) = sorted(store.view.keys_claimed_by(Address("one@party.example")), key=lambda one: one.fingerprint)
    assert not store.view.key_replaced(old)
