"""The directory's tables: nothing is overwritten, an entry ends once, and events say how far a Party has come."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.directory import Entry, EntryChange
from gateway.events import Commit, Event, EventKind
from gateway.facts import Address, Language, PartyCode
from gateway.figures import Period
from gateway.outcome import LostRace
from gateway.store import Store
from gateway.treaty import Difficulty, Function, Role
from tests.store.made import KE, NOW, SE, at, rows
from tests.support.world import key_file, read_key

POINT = Entry(SE, Function.CONTACT_POINT, "Customs", "A", "a@b.example", "+1", "Box", "English", "by day")


def parties(store: Store) -> None:
    for code in (KE, SE):
        store.members.add_party(code, code, Address(f"desk@{code.lower()}.example"), Language("en"), None, NOW)


def change(store: Store, *changes: EntryChange, when: int = 1) -> None:
    store.ledger.commit(Commit(at(days=when), entries=changes), None)


def current(store: Store) -> list[Entry]:
    return [one for one in store.view.directory() if one.number]


def standing(store: Store, party: PartyCode = SE) -> object:
    return next(one for one in store.roster.standings() if one.party == party)


def test_an_entry_is_read_as_it_was_written(store: Store) -> None:
    parties(store)
    change(store, EntryChange(None, POINT))
    (entry,) = current(store)
    assert replace(entry, number=0, since=None) == POINT
    assert entry.since == at(days=1)


def test_what_is_changed_ends_and_stays_readable_as_history(store: Store, url: str) -> None:
    parties(store)
    change(store, EntryChange(None, POINT))
    (first,) = current(store)
    change(store, EntryChange(first, replace(POINT, person="B")), when=2)
    (second,) = current(store)
    change(store, EntryChange(second, None), when=3)
    assert current(store) == []
    kept = rows(url, "SELECT id, person, replaces, until FROM entry ORDER BY id")
    assert [(row[0], row[1], row[2]) for row in kept] == [(first.number, "A", 0), (second.number, "B", first.number)]
    assert all(row[3] for row in kept)
    change(store, EntryChange(None, POINT), when=4)
    assert current(store)[0].number > second.number, "a number is never given again"


def test_an_entry_ends_once(store: Store) -> None:
    parties(store)
    change(store, EntryChange(None, POINT))
    (entry,) = current(store)
    change(store, EntryChange(entry, replace(POINT, person="B")))
    with pytest.raises(LostRace):
        change(store, EntryChange(entry, replace(POINT, person="C")), EntryChange(None, replace(POINT, person="D")))
    assert [one.person for one in current(store)] == ["B"], "of a lost race nothing is written"


def test_desks_and_administrators_stand_in_the_directory_as_they_are_registered(store: Store) -> None:
    parties(store)
    key = read_key(key_file("A", "a@se.example"), SE)
    store.members.add_person(SE, Address("a@se.example"), "A. Admin", Role.ADMINISTRATOR, Language("en"), key, NOW)
    found = [(one.party, one.function, one.address, one.person) for one in store.view.directory()]
    assert found == [
        (KE, Function.DESK, "desk@ke.example", ""),
        (SE, Function.DESK, "desk@se.example", ""),
        (SE, Function.ADMINISTRATOR, "a@se.example", "A. Admin"),
    ]
    store.members.revoke(Address("a@se.example"), "left", NOW)
    assert len(store.view.directory()) == 2
    with store.view.snapshot() as view:
        assert view.directory() == store.view.directory()


def test_events_say_how_far_a_party_has_come(store: Store) -> None:
    parties(store)

    def happened(kind: EventKind, day: int) -> None:
        store.ledger.commit(Commit(at(days=day), (Event(kind, party=SE),)), None)

    first = next(one for one in store.roster.standings() if one.party == SE)
    assert (first.open_since, first.entries, len(first.missing)) == (NOW, 0, 3)
    for day, kind in enumerate(
        (EventKind.NOMINATIONS_REMINDED, EventKind.NOMINATIONS_REMINDED, EventKind.NOMINATIONS_OVERDUE,
         EventKind.ENTRY_ADDED, EventKind.ENTRY_REPLACED, EventKind.ENTRY_REPLACED, EventKind.CONFIRMATION_ASKED,
         EventKind.CONFIRMATION_REMINDED, EventKind.CONFIRMATION_OVERDUE, EventKind.DIRECTORY_CONFIRMED), 1
    ):  # fmt: skip
        happened(kind, day)
    one = next(one for one in store.roster.standings() if one.party == SE)
    assert (one.steps, one.step_at, one.told_at) == (2, at(days=2), at(days=3))
    assert (one.replaced, one.changed_at) == (2, at(days=6))
    assert (one.asked_at, one.asks, one.ask_at, one.ask_told_at) == (at(days=7), 1, at(days=8), at(days=9))
    assert one.confirmed_at == at(days=10)
    assert not one.unconfirmed
    happened(EventKind.CONFIRMATION_ASKED, 11)
    happened(EventKind.NOMINATIONS_OPEN, 12)
    one = next(one for one in store.roster.standings() if one.party == SE)
    assert (one.asks, one.ask_at, one.ask_told_at, one.unconfirmed) == (0, None, None, True)
    assert (one.steps, one.told_at, one.open_since) == (0, None, at(days=12))
    assert next(one for one in store.roster.standings() if one.party == KE).steps == 0


def test_the_code_of_the_secretariat_is_no_party_for_any_purpose(store: Store) -> None:
    """Nor after its only person has left; a country under whose code the Secretariat's people stand is one."""
    parties(store)
    office = PartyCode("XS")
    store.members.add_party(office, "Secretariat", Address("office@s.example"), Language("en"), None, NOW)
    for place, code in enumerate((office, KE)):
        box = Address(f"s{place}@s.example")
        key = read_key(key_file("BC"[place], box), code)
        store.members.add_person(code, box, "S", Role.SECRETARIAT, Language("en"), key, NOW)

    def named() -> list[object]:
        figures = store.statistics.measure(Period(NOW.date(), NOW.date())).parties
        new = store.digests.new_parties(NOW - timedelta(days=1), NOW + timedelta(days=1))
        return [[one.party for one in figures], [one.party for one in store.roster.standings()], [*new]]

    assert named() == [[KE, SE]] * 3
    store.members.revoke(Address("s0@s.example"), "left", NOW)
    assert named() == [[KE, SE]] * 3


def test_changes_and_difficulties_of_a_period_are_counted(store: Store) -> None:
    parties(store)
    added, replaced = Event(EventKind.ENTRY_ADDED, party=SE), Event(EventKind.ENTRY_REPLACED, party=SE)
    store.ledger.commit(Commit(at(days=1), (added, added, replaced, Event(EventKind.ENTRY_REMOVED, party=KE))), None)
    store.ledger.commit(Commit(at(days=3), (added,)), None)
    assert store.roster.changes(at(days=1), at(days=3)) == {
        SE: Counter({EventKind.ENTRY_ADDED: 2, EventKind.ENTRY_REPLACED: 1}),
        KE: Counter({EventKind.ENTRY_REMOVED: 1}),
    }
    assert store.roster.changes(at(days=4), at(days=9)) == {}
    reported = [Event(EventKind.DIFFICULTY_REPORTED, actor=code, count=place) for code, place in ((SE, 1), (KE, 5))]
    store.ledger.commit(Commit(at(days=2), tuple(reported)), None)
    counted = store.roster.difficulties(NOW, at(days=9))
    assert (counted[Difficulty.CANNOT_ENCRYPT], counted[Difficulty.OTHER], sum(counted.values())) == (1, 1, 2)
    assert sum(store.roster.difficulties(NOW, at(days=9), SE).values()) == 1
