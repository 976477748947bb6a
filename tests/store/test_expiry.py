"""Which keys will soon expire, with the last warning that the record holds."""

from __future__ import annotations

from datetime import datetime, timedelta

from gateway.events import Event, EventKind
from gateway.facts import Address, Fingerprint, Language, PublicKey
from gateway.rules.expiry import EndingKey
from gateway.store import Store
from gateway.treaty import Role
from tests.store.made import KE, NOW, at, key, with_parties, write

EN = Language("en")
OFFICER = Address("officer@party.example")
SIXTY = timedelta(days=60)


def register(store: Store, *made: PublicKey, address: Address = OFFICER) -> None:
    for one in made:
        store.members.add_person(KE, address, "Somebody", Role.OFFICER, EN, one, NOW)


def ending(store: Store, now: datetime = NOW) -> list[str]:
    """The marks of the keys found."""
    return [fingerprint[0] for _, fingerprint, *_ in store.expiry.ending(now, SIXTY)]


def test_keys_within_sixty_days_are_found_by_expiry_and_no_others(store: Store) -> None:
    with_parties(store)
    for mark, days in (("A", 60), ("B", 59), ("C", 61), ("D", -1), ("E", 0)):
        register(store, key(mark, until=at(days=days)), address=Address(f"{mark}@party.example"))
    register(store, key("F"), address=Address("f@party.example"))
    store.members.add_party(KE, "Kenya", Address("desk.ke@party.example"), EN, key("9", until=at(days=3)), NOW)
    assert ending(store) == ["B", "A"], "the desk has a key without expiry"
    assert ending(store, at(days=59, hours=12)) == ["A", "C"]


def test_a_desks_only_key_is_found(store: Store) -> None:
    store.members.add_party(KE, "Kenya", Address("desk.ke@party.example"), EN, key("9", until=at(days=3)), NOW)
    assert store.expiry.ending(NOW, SIXTY) == [("openpgp", Fingerprint("9" * 40), KE, 0, at(days=3))]


def test_a_key_that_a_later_one_replaces_is_not_warned_of(store: Store) -> None:
    with_parties(store)
    register(store, key("A", until=at(days=5)), key("B", until=at(days=50)))
    assert ending(store) == ["B"]
    register(store, key("C", until=at(days=90), can_encrypt=False))
    assert ending(store) == ["B"], "nothing can be encrypted to that one"
    register(store, key("D"))
    assert ending(store) == []


def test_a_withdrawn_person_is_not_warned(store: Store) -> None:
    with_parties(store)
    register(store, key("A", until=at(days=5)))
    store.members.revoke(OFFICER, "left", NOW)
    assert ending(store) == []


def test_the_last_warning_is_known_until_the_key_is_extended(store: Store) -> None:
    with_parties(store)
    register(store, key("A", until=at(days=50)))
    key_before = EndingKey(*store.expiry.ending(NOW, SIXTY)[0])
    assert store.expiry.last_warning(key_before.mark) is None
    for days in (60, 30):
        write(
            store, Event(EventKind.KEY_WARNED, party=KE, person=key_before.person, count=days, digest=key_before.mark)
        )
        assert store.expiry.last_warning(key_before.mark) == days
    register(store, key("A", until=at(days=55)))
    key_after = EndingKey(*store.expiry.ending(NOW, SIXTY)[0])
    assert store.expiry.last_warning(key_after.mark) is None
