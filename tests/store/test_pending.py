"""Registrations that are not active: one of a Party and address, each step once, and nothing left of what has ended."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from gateway.events import Commit, Event, EventKind
from gateway.facts import (
    REGISTRATION_LIFE,
    Address,
    Fingerprint,
    Language,
    PartyCode,
    Pending,
    Person,
    Renewal,
    digest,
)
from gateway.outcome import LostRace
from gateway.store import Store
from gateway.treaty import Role
from tests.store.made import KE, NOW, SE, at, key, rows, with_parties

NEW = Address("New@party.example")


def pending(party: PartyCode = SE, mark: str = "A", **more: object) -> Pending:
    one = Pending(
        0, party, NEW, "New", Role.OFFICER, Language("fr"), replace(key(mark), party=party), 0, digest(b"word"),
        NOW + REGISTRATION_LIFE,
    )  # fmt: skip
    return replace(one, **more)  # type: ignore[arg-type]


def order(store: Store, *which: Pending) -> tuple[Pending, ...]:
    store.ledger.commit(Commit(NOW, pending=which), None)
    return store.view.pending_for(NEW)


def event(store: Store, kind: EventKind, one: Pending, by: int = 0, **later: float) -> None:
    store.ledger.commit(Commit(at(**later), (Event(kind, party=one.party, person=by, count=one.id),)), None)


def somebody(store: Store, party: PartyCode, role: Role) -> Person:
    store.members.add_person(party, Address("a@x.example"), "A", role, Language("en"), key("D"), NOW)
    found = store.view.person_by_address(Address("a@x.example"))
    assert found is not None
    return found


def kinds(url: str) -> Sequence[str]:
    return [kind for (kind,) in rows(url, "SELECT kind FROM event ORDER BY id")]


def test_what_was_written_is_found_by_address_and_number(store: Store) -> None:
    (found,) = order(store, pending())
    assert found == replace(pending(), id=found.id)
    assert store.view.pending_for(Address("new@PARTY.example")) == (found,)
    assert store.view.pending(found.id) == found
    assert store.view.all_pending() == (found,)


def test_a_new_order_takes_the_place_of_the_partys_own_and_its_number_is_never_given_again(store: Store) -> None:
    (first,) = order(store, pending())
    _, second = order(store, pending(), pending(KE, "B"))
    assert {one.party for one in store.view.all_pending()} == {KE, SE}
    assert min(one.id for one in store.view.all_pending()) > first.id
    for one in store.view.all_pending():
        event(store, EventKind.REGISTRATION_ENDED, one)
    (third,) = order(store, pending())
    assert third.id > second.id


def test_an_answer_makes_a_person_of_it_once_and_ends_all_others_of_the_address(store: Store, url: str) -> None:
    with_parties(store)
    one, _ = order(store, pending(), pending(KE, "B"))
    event(store, EventKind.CHALLENGE_ANSWERED, one, hours=1)
    person = store.view.person_by_address(NEW)
    assert person is not None
    assert (person.party, person.name, person.role, person.language) == (SE, "New", Role.OFFICER, "fr")
    assert [found.octets for found in store.view.keys_claimed_by(NEW)] == [b"public octets"]
    assert kinds(url)[-4:] == ["challenge answered", "person added", "key added", "registration ended"]
    assert store.view.all_pending() == ()
    with pytest.raises(LostRace):
        event(store, EventKind.CHALLENGE_ANSWERED, one, hours=2)


def test_what_needs_approval_waits_for_it_and_has_its_time_anew(store: Store) -> None:
    with_parties(store)
    chief = somebody(store, KE, Role.SECRETARIAT).id
    (one,) = order(store, pending(approval=True))
    with pytest.raises(LostRace):
        event(store, EventKind.REGISTRATION_APPROVED, one, chief)
    event(store, EventKind.CHALLENGE_ANSWERED, one, days=10)
    (proven,) = store.view.pending_for(NEW)
    assert (proven.proven, proven.expires) == (True, at(days=10) + REGISTRATION_LIFE)
    with pytest.raises(LostRace):
        event(store, EventKind.CHALLENGE_ANSWERED, one, days=11)
    event(store, EventKind.REGISTRATION_APPROVED, one, chief, days=20)
    assert store.view.person_by_address(NEW) is not None


def test_after_its_time_nothing_becomes_of_it(store: Store) -> None:
    with_parties(store)
    (one,) = order(store, pending())
    with pytest.raises(LostRace):
        event(store, EventKind.CHALLENGE_ANSWERED, one, days=14)
    assert store.view.person_by_address(NEW) is None


@pytest.mark.parametrize("taken", ["address", "key"])
def test_what_was_registered_for_somebody_else_meanwhile_is_lost_and_nothing_is_written(
    store: Store, url: str, taken: str
) -> None:
    with_parties(store)
    (one,) = order(store, pending())
    box, mark = (NEW, "C") if taken == "address" else (Address("other@party.example"), "A")
    store.members.add_person(SE, box, "Other", Role.OBSERVER, Language("en"), key(mark), NOW)
    before = kinds(url)
    with pytest.raises(LostRace):
        event(store, EventKind.CHALLENGE_ANSWERED, one)
    assert kinds(url) == before


def test_a_new_desk_ends_the_keys_of_the_one_before(store: Store) -> None:
    with_parties(store)
    (one,) = order(store, pending(role=Role.DESK, name="Another"))
    event(store, EventKind.CHALLENGE_ANSWERED, one)
    party, desk = store.view.party(SE), store.view.desk(SE, NOW)
    assert party is not None
    assert desk is not None
    assert desk.key is not None
    assert (party.name, party.mailbox, desk.key.fingerprint) == ("Party SE", NEW, "A" * 40)
    assert {found.revoked for found in store.view.keys_claimed_by(NEW)} == {True, False}


def test_of_two_answers_at_the_same_time_one_counts(store: Store) -> None:
    with_parties(store)
    (one,) = order(store, pending())

    def attempt(_: int) -> bool:
        try:
            event(store, EventKind.CHALLENGE_ANSWERED, one)
        except LostRace:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(attempt, range(2))) == [False, True]


def test_who_is_withdrawn_takes_his_open_orders_along(store: Store, url: str) -> None:
    with_parties(store)
    admin = somebody(store, SE, Role.ADMINISTRATOR)
    order(store, pending(ordered_by=admin.id))
    store.members.revoke(Address("a@x.example"), "left", NOW)
    assert store.view.all_pending() == ()
    assert "registration ended" in kinds(url)


def test_orders_are_counted_by_who_gave_them_and_by_party(store: Store) -> None:
    with_parties(store)
    admin = somebody(store, KE, Role.ADMINISTRATOR)
    ordered = Event(EventKind.REGISTRATION_ORDERED, party=SE, person=admin.id, actor=KE)
    store.ledger.commit(Commit(at(hours=1), (ordered,)), None)
    assert (store.view.registrations_by(admin, NOW), store.view.registrations_by(admin, at(hours=1))) == (1, 0)
    assert (store.view.registrations_for(SE, NOW), store.view.registrations_for(KE, NOW)) == (1, 0)


def test_an_order_from_before_brings_nobody_back_who_was_withdrawn(store: Store, url: str) -> None:
    with_parties(store)
    one, _ = order(store, pending(), pending(KE, "B"))
    store.members.add_person(SE, NEW, "New", Role.OFFICER, Language("en"), key("C"), NOW)
    store.members.revoke(NEW, "left", at(hours=1))
    assert store.view.all_pending() == ()
    with pytest.raises(LostRace):
        event(store, EventKind.CHALLENGE_ANSWERED, one, hours=2)
    assert kinds(url).count("registration ended") == 2


def test_what_is_confirmed_at_the_last_moment_is_not_ended_by_the_clock(store: Store) -> None:
    with_parties(store)
    (one,) = order(store, pending(approval=True))
    event(store, EventKind.CHALLENGE_ANSWERED, one, days=13)
    with pytest.raises(LostRace):  # decided before, written after
        event(store, EventKind.REGISTRATION_ENDED, one, days=14)
    assert len(store.view.all_pending()) == 1
    event(store, EventKind.REGISTRATION_ENDED, one, days=27)
    assert store.view.all_pending() == ()


def test_a_desk_that_was_replaced_meanwhile_renews_no_key(store: Store) -> None:
    with_parties(store)
    before = Address("desk.se@party.example")
    (one,) = order(store, pending(role=Role.DESK))
    renewal = Renewal(SE, 0, before, key("E"), (), at(days=30))
    event(store, EventKind.CHALLENGE_ANSWERED, one)
    with pytest.raises(LostRace):
        store.ledger.commit(Commit(at(), renewals=(renewal,)), None)
    assert not store.view.key_known(Fingerprint("E" * 40))
