"""Who takes part: every registration is on record, and a doubled one is refused with a sentence that helps."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.facts import Address, Fingerprint, Language, PartyCode, PublicKey, digest
from gateway.store import Store
from gateway.treaty import Role
from tests.store.made import FR, KE, NOW, SE, at, key, opening, outgoing, rows, with_parties, write

EN = Language("en")
OFFICER = Address("officer@party.example")


def add(store: Store, made: PublicKey, address: str = OFFICER, party: PartyCode = KE) -> bool:
    """Registers an officer."""
    return store.members.add_person(party, Address(address), "Somebody", Role.OFFICER, EN, made, NOW)


def test_every_registration_and_withdrawal_is_an_event(store: Store, url: str) -> None:
    with_parties(store)
    assert add(store, key("A"))
    assert not add(store, key("B"))
    store.members.revoke(OFFICER, "left", at(days=1))
    kinds = [kind for (kind,) in rows(url, "SELECT kind FROM event ORDER BY id")]
    assert kinds == ["party added", "key added"] * 3 + ["person added", "key added", "key added", "person revoked"]


@pytest.mark.parametrize(
    ("name", "box", "language", "changed"),
    [
        ("Kenya", "desk.ke@party.example", "en", 0),
        ("Kenya", "elsewhere@party.example", "en", 1),
        ("Republic of Kenya", "desk.ke@party.example", "en", 1),
        ("Kenya", "desk.ke@party.example", "fr", 1),
    ],
)
def test_a_changed_desk_is_an_event_that_proves_what_it_was_changed_to(
    store: Store, url: str, name: str, box: str, language: str, changed: int
) -> None:
    store.members.add_party(KE, "Kenya", Address("desk.ke@party.example"), EN, None, NOW)
    assert not store.members.add_party(KE, name, Address(box), Language(language), None, at(days=1))
    found = rows(url, "SELECT party, digest FROM event WHERE kind = 'party changed'")
    assert found == [("KE", digest(f"{name}\0{box}\0{language}".encode()))] * changed
    assert rows(url, "SELECT count(*) FROM event") == [(1 + changed,)]


def test_where_the_desk_moves_and_brings_a_key_the_earlier_ones_end(store: Store) -> None:
    with_parties(store)
    here, there = Address("desk.ke@party.example"), Address("elsewhere@party.example")

    def revoked() -> dict[str, bool]:
        return {found.fingerprint[0]: found.revoked for found in store.view.keys_claimed_by(there)}

    store.members.add_party(KE, "Kenya", here, EN, key("A"), at(days=1))
    store.members.add_party(KE, "Kenya", there, EN, None, at(days=2))
    assert revoked() == {"1": False, "A": False}, "the same desk under another address"
    store.members.add_party(KE, "Kenya", here, EN, key("A"), at(days=3))
    store.members.add_party(KE, "Kenya", there, EN, key("B"), at(days=4))
    assert revoked() == {"1": True, "A": True, "B": False}
    assert store.view.sender_by_fingerprint(Fingerprint("2" * 40), at(days=4)) is not None


@pytest.mark.parametrize(
    ("mark", "address", "party", "says"),
    [
        ("2", OFFICER, KE, "registered for somebody else"),
        ("A", "officer@party.example", SE, "another Party"),
        ("B", "DESK.KE@party.example", KE, "desk's mailbox"),
        ("B", "desk.se@party.example", KE, "desk's mailbox"),
        ("B", "new@party.example", FR + "X", "not registered"),
    ],
)
def test_what_is_registered_for_somebody_else_is_refused_and_changes_nothing(
    store: Store, url: str, mark: str, address: str, party: str, says: str
) -> None:
    with_parties(store)
    add(store, key("A"))
    before = rows(url, "SELECT * FROM person"), rows(url, "SELECT * FROM key"), rows(url, "SELECT * FROM event")
    with pytest.raises(ValueError, match=says):
        add(store, key(mark), address, PartyCode(party))
    assert before == (
        rows(url, "SELECT * FROM person"), rows(url, "SELECT * FROM key"), rows(url, "SELECT * FROM event"),
    )  # fmt: skip


def test_a_withdrawn_key_cannot_come_back(store: Store) -> None:
    with_parties(store)
    add(store, key("A"))
    store.members.revoke(OFFICER, "left", at(days=1))
    with pytest.raises(ValueError, match=r"registered for somebody else|withdrawn"):
        add(store, key("A"))
    assert add(store, key("B"))
    with pytest.raises(ValueError, match="no active person"):
        store.members.revoke(Address("nobody@party.example"), "left", NOW)


def test_an_address_of_a_person_cannot_become_a_desk(store: Store) -> None:
    with_parties(store)
    add(store, key("A"))
    with pytest.raises(ValueError, match="registered for a person"):
        store.members.add_party(FR, "France", Address("OFFICER@party.example"), EN, None, NOW)


def test_a_renewed_key_keeps_its_row_and_gets_its_new_expiry(store: Store) -> None:
    with_parties(store)
    add(store, key("A", until=at(days=5)))
    add(store, key("A", until=at(days=500)))
    listed = store.members.listed_keys()
    assert [row["usable_until"] for row in listed if row["fingerprint"] == "A" * 40] == [at(days=500)]


def test_lists_are_in_a_fixed_order(store: Store) -> None:
    with_parties(store)
    add(store, key("B"), "b@party.example")
    add(store, key("A"), "a@party.example")
    assert [row["code"] for row in store.members.parties()] == ["FR", "KE", "SE"]
    assert [row["address"] for row in store.members.people()] == ["a@party.example", "b@party.example"]


def test_whose_owner_was_sent_our_key_stands_with_the_key_and_stays_there(store: Store) -> None:
    with_parties(store)
    desk = store.view.desk(SE, NOW)
    assert desk is not None
    assert desk.key is not None
    assert desk.key.given is None
    ours = Fingerprint("D" * 40)
    mail = replace(outgoing("first"), brings=(desk.key.fingerprint, ours))
    write(store, *opening(), outgoing=(mail, outgoing("second")))
    again = store.view.desk(SE, NOW)
    assert again is not None
    assert again.key == replace(desk.key, given=ours)
    store.members.add_party(SE, "Sweden", again.address, Language("sv"), again.key, NOW)
    kept = store.view.desk(SE, NOW)
    assert kept is not None
    assert kept.key == again.key
    other = store.view.desk(FR, NOW)
    assert other is not None
    assert other.key is None or other.key.given is None
