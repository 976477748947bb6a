"""`GSP REVOKE`: at once, on record, and only by whom the table allows."""

from __future__ import annotations

import pytest

from gateway.content import Decision
from gateway.events import EventKind
from gateway.outcome import LostRace
from gateway.stages import decide
from gateway.treaty import Role
from tests.support.world import FORMS, SE, World, readers, said


@pytest.fixture
def world() -> World:
    return World()


def revoke(world: World, who: str, whom: str) -> Decision:
    return world.send(who, "revoke", {"address": whom if "@" in whom else f"{whom}@party.example"})


def active(world: World, who: str) -> bool:
    person = world.people[who]
    return world.view.person_by_address(person.address) is not None


def withdrawn(decision: Decision) -> list[int]:
    return [event.person for event in decision.events if event.kind is EventKind.PERSON_REVOKED]


def test_an_administrator_withdraws_an_officer_and_the_record_says_who_in_which_mail(world: World) -> None:
    admin, colleague = world.people["admin"], world.people["colleague"]
    decision = revoke(world, "admin", "colleague")
    ordered, done = decision.events
    assert (ordered.kind, ordered.person, ordered.actor) == (EventKind.REVOCATION_ORDERED, admin.id, "SE")
    assert (done.kind, done.person, done.party) == (EventKind.PERSON_REVOKED, colleague.id, "SE")
    assert ordered.digest == done.digest != ""
    assert not active(world, "colleague")
    keys = world.view.keys_claimed_by(colleague.address)
    assert keys
    assert all(key.revoked for key in keys)
    assert readers(decision.letters) == ["admin notice"]


def test_the_other_administrators_are_told_and_who_has_left_is_not(world: World) -> None:
    world.register("second", SE, Role.ADMINISTRATOR)
    assert sorted(readers(revoke(world, "admin", "colleague").letters)) == ["admin notice", "second notice"]
    assert sorted(readers(revoke(world, "secretariat", "second").letters)) == ["admin notice", "secretariat notice"]


def test_an_address_is_understood_in_brackets_and_in_any_case(world: World) -> None:
    assert withdrawn(revoke(world, "admin", "<Colleague@PARTY.example>"))


@pytest.mark.parametrize("who", ["officer", "colleague", "observer", "SE", "KE"])
def test_who_is_no_administrator_withdraws_nobody(world: World, who: str) -> None:
    for whom in ("colleague", "officer", "admin", "secretariat"):
        assert withdrawn(revoke(world, who, whom)) == []
        assert active(world, whom)


@pytest.mark.parametrize("whom", ["officer", "chief", "admin", "observer", "secretariat", "desk.se", "desk.ke"])
def test_an_administrator_withdraws_no_one_else_than_officers_of_the_own_party(world: World, whom: str) -> None:
    assert withdrawn(revoke(world, "admin", whom)) == []
    assert world.view.person_by_address(world.people["officer"].address)


def test_people_of_another_party_read_like_addresses_that_do_not_exist(world: World) -> None:
    told = set()
    for whom in ("officer", "chief", "desk.ke", "nobody", "secretariat"):
        decision = revoke(world, "admin", whom)
        assert readers(decision.letters) == ["admin notice"]
        letter = decision.letters[0]
        told.add((said(letter.subject), said(letter.values.headline), said(letter.values.next_step)))  # type: ignore[attr-defined]
        assert [event.kind for event in decision.events] == [EventKind.NOTICE_SENT]
    assert len(told) == 1


@pytest.mark.parametrize("written", ["", "   ", "colleague", "a@b@c", "colleague@party.example, officer@party.example"])
def test_what_is_not_exactly_one_address_withdraws_nobody(world: World, written: str) -> None:
    decision = world.send("admin", "revoke", {"address": written})
    assert withdrawn(decision) == []
    assert readers(decision.letters) == ["admin notice"]


def test_who_leaves_an_office_to_another_one_withdraws_himself(world: World) -> None:
    assert withdrawn(revoke(world, "admin", "admin")) == []
    world.register("second", SE, Role.ADMINISTRATOR)
    assert sorted(readers(revoke(world, "admin", "admin").letters)) == ["admin notice", "second notice"]
    assert not active(world, "admin")
    decision = revoke(world, "second", "second")
    assert withdrawn(decision) == []
    assert "Nobody else holds this office" in said(decision.letters)


def test_a_deputy_whose_key_cannot_be_used_is_no_successor(world: World) -> None:
    world.register("second", SE, Role.ADMINISTRATOR, expired=True)
    assert withdrawn(revoke(world, "admin", "admin")) == []


def test_the_only_administrator_is_withdrawn_only_where_the_form_says_so(world: World) -> None:
    decision = revoke(world, "secretariat", "admin")
    assert withdrawn(decision) == []
    assert "only administrator" in said(decision.letters)
    assert active(world, "admin")
    values = {"address": "admin@party.example", "alone": "yes"}
    decision = world.send("secretariat", "revoke", values)
    assert withdrawn(decision) == [world.people["admin"].id]
    (letter,) = decision.letters
    assert letter.form is not None
    assert (letter.form.name, letter.form.get("role"), letter.form.get("party")) == ("register", "administrator", "SE")


def test_of_two_who_leave_an_office_at_once_one_stays(world: World) -> None:
    world.register("second", SE, Role.ADMINISTRATOR)
    pending = [
        decide.decide(world.situation(who, "revoke", {"address": f"{who}@party.example"}), FORMS)
        for who in ("admin", "second")
    ]
    world.commit(pending[0])
    with pytest.raises(LostRace):
        world.commit(pending[1])
    assert active(world, "second")


@pytest.mark.parametrize("who", ["officer", "observer", "SE"])
def test_who_holds_no_office_does_not_withdraw_himself(world: World, who: str) -> None:
    assert withdrawn(revoke(world, who, world.people[who].address)) == []


def test_the_last_of_the_secretariat_cannot_lock_everybody_out(world: World) -> None:
    assert withdrawn(revoke(world, "secretariat", "secretariat")) == []
    assert active(world, "secretariat")


def test_of_two_who_withdraw_each_other_at_once_one_is_left(world: World) -> None:
    world.register("other", SE, Role.SECRETARIAT)
    pending = []
    for who, whom in (("secretariat", "other"), ("other", "secretariat")):
        situation = world.situation(who, "revoke", {"address": f"{whom}@party.example"})
        pending.append(decide.decide(situation, FORMS))
    world.commit(pending[0])
    with pytest.raises(LostRace):
        world.commit(pending[1])
    assert active(world, "secretariat")
    assert not active(world, "other")


def test_a_person_is_withdrawn_once(world: World) -> None:
    situations = [world.situation("admin", "revoke", {"address": "colleague@party.example"}) for _ in range(2)]
    first, second = (decide.decide(situation, FORMS) for situation in situations)
    world.commit(first)
    with pytest.raises(LostRace):
        world.commit(second)
    assert withdrawn(revoke(world, "admin", "colleague")) == []
