"""`GSP REGISTER`, the challenge and the approval: nobody is active before key, mailbox and right are proven."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.content import Decision, Letter
from gateway.events import EventKind, MailKind
from gateway.facts import REGISTRATION_LIFE, Address, Fingerprint, Pending, Person
from gateway.forms._registration import ended, unreached
from gateway.letters import Approval, Challenge, Registration, Welcome
from gateway.outcome import LostRace, Refuse
from gateway.rules.limits import CHALLENGES_PER_ADDRESS, REGISTRATIONS_PER_DAY
from gateway.stages import decide
from gateway.treaty import Role
from tests.support.world import AT, FORMS, KE, SE, World, key_file, readers, said, to

NEW = Address("new@party.example")


@pytest.fixture
def world() -> World:
    return World()


def order(world: World, who: str = "admin", *, key: str = "F", box: str = NEW, **values: str) -> Decision:
    form = {"address": box, "name": "New Person", "role": "officer", "language": "fr"} | values
    return world.send(who, "register", form, keys=[key_file(key, box)])


def waiting(world: World, box: str = NEW) -> Pending:
    (found,) = world.view.pending_for(Address(box))
    return found


def challenge(decision: Decision) -> Letter:
    (letter,) = [letter for letter in decision.letters if letter.kind is MailKind.CHALLENGE]
    return letter


def word(decision: Decision) -> str:
    form = challenge(decision).form
    assert form is not None
    return form.get("word")


def person(world: World, box: str = NEW) -> Person | None:
    return world.view.person_by_address(Address(box))


def kinds(decision: Decision) -> list[EventKind]:
    return [event.kind for event in decision.events]


def recorded(world: World) -> list[str]:
    return [link.fields["kind"] for link in world.store.seals.links()]


# --- the way it is meant ----------------------------------------------------------------------------


def test_an_officer_is_active_once_the_challenge_was_answered_and_not_before(world: World) -> None:
    ordered = order(world)
    letter = challenge(ordered)
    assert letter.to.key is not None
    assert (letter.to.address, letter.to.language, letter.to.key.fingerprint) == (NEW, "fr", "F" * 40)
    assert isinstance(letter.values, Challenge)
    assert readers(ordered.letters) == ["admin notice", "new challenge"]
    assert person(world) is None
    assert world.view.keys_claimed_by(NEW) == ()
    done = world.confirm(waiting(world), f"> GSP CONFIRM\n> Word: {word(ordered)}")
    active = person(world)
    assert active is not None
    assert (active.party, active.role, active.name, active.language) == (SE, Role.OFFICER, "New Person", "fr")
    assert [key.fingerprint for key in world.view.keys_claimed_by(NEW)] == ["F" * 40]
    assert readers(done.letters) == ["admin notice", "new notice"]
    (welcome,) = to(done.letters, "new")
    assert isinstance(welcome.values, Welcome)
    assert welcome.blanks == ("request", "lookup", "message", "status", "renew", "difficulty")
    assert recorded(world)[-4:] == ["registration ordered", "challenge answered", "person added", "key added"]
    assert world.view.pending_for(NEW) == ()


def test_the_record_says_who_ordered_what_in_which_mail(world: World) -> None:
    (event,) = order(world).events
    admin = world.people["admin"]
    assert (event.kind, event.person, event.actor, event.party) == (
        EventKind.REGISTRATION_ORDERED, admin.id, SE, SE
    )  # fmt: skip
    assert event.digest


@pytest.mark.parametrize("role", ["administrator", "desk"])
def test_an_administrator_or_desk_waits_for_the_secretariat(world: World, role: str) -> None:
    ordered = order(world, role=role)
    pending = waiting(world)
    proven = world.confirm(pending, word(ordered))
    assert readers(proven.letters) == ["admin notice", "secretariat notice"]
    assert person(world) is None
    (asked,) = to(proven.letters, "secretariat")
    assert isinstance(asked.values, Approval)
    assert asked.values.desk_until_now == ("desk.se@party.example" if role == "desk" else "")
    assert asked.form is not None
    done = world.send("secretariat", "approve", dict(asked.form.values) | {"decision": "approve"})
    assert person(world) is not None
    assert "new notice" in readers(done.letters)
    assert "admin notice" in readers(done.letters)
    assert "secretariat notice" in readers(done.letters)


def test_of_a_new_administrator_the_others_hear_and_the_whole_secretariat(world: World) -> None:
    world.register("second", AT, Role.SECRETARIAT)
    ordered = order(world, "secretariat", role="administrator", party="SE")
    done = world.confirm(waiting(world), word(ordered))
    assert readers(done.letters) == ["admin notice", "new notice", "second notice", "secretariat notice"]


def test_what_the_secretariat_registers_needs_no_second_approval(world: World) -> None:
    for role in ("officer", "observer", "administrator"):
        box = f"{role}.new@party.example"
        ordered = order(world, "secretariat", role=role, party="FR", box=box, key=role[2].upper())
        world.confirm(waiting(world, box), word(ordered))
        found = person(world, box)
        assert found is not None
        assert (found.party, found.role.value) == ("FR", role)


def test_a_party_comes_into_being_with_its_desk(world: World) -> None:
    nobody = order(world, "secretariat", party="BR", role="officer")
    assert "Register its desk first" in said(nobody.letters)
    ordered = order(world, "secretariat", party="BR", role="desk", name="Brazil", language="es")
    world.confirm(waiting(world), word(ordered))
    party = next(party for party in world.view.parties() if party.code == "BR")
    assert (party.name, party.mailbox, party.language) == ("Brazil", NEW, "es")
    desk = world.view.desk(party.code, world.now)
    assert desk is not None
    assert desk.key is not None


def test_a_new_desk_takes_the_place_of_the_old_one_whose_keys_end(world: World) -> None:
    old = world.view.keys_claimed_by(Address("desk.se@party.example"))
    ordered = order(world, "secretariat", party="SE", role="desk", name="Another name")
    done = world.confirm(waiting(world), word(ordered))
    assert readers(done.letters) == ["admin notice", "desk.se notice", "new notice", "secretariat notice"]
    assert "is no longer your Party's desk" in said(to(done.letters, "desk.se"))
    party = world.view.party(SE)
    assert party is not None
    assert (party.name, party.mailbox) == ("SE", NEW)
    assert person(world, "desk.se@party.example") is None
    assert world.view.sender_by_fingerprint(old[0].fingerprint, world.now) is None


def test_the_challenge_holds_no_word_of_whoever_ordered_it(world: World) -> None:
    letter = challenge(order(world, name="Read http://evil.example now"))
    assert "evil" not in said(letter)
    assert letter.blanks == letter.sheets == ()
    assert not letter.exchange


# --- what is refused when it is ordered -----------------------------------------------------------


@pytest.mark.parametrize(
    "box", ["officer@party.example", "COLLEAGUE@party.example", "desk.ke@party.example", "admin@party.example"]
)
def test_an_address_that_is_registered_anywhere_is_refused_in_the_same_words(world: World, box: str) -> None:
    refused = order(world, box=box)
    assert readers(refused.letters) == ["admin notice"]
    assert "This address is registered already" in said(refused.letters)
    assert world.view.pending_for(Address(box)) == ()


@pytest.mark.parametrize(
    ("who", "values"),
    [
        ("admin", {"party": "KE"}),
        ("admin", {"role": "observer"}),
        ("chief", {"party": "SE", "role": "desk"}),
        ("secretariat", {"role": "secretariat"}),
    ],
)
def test_nobody_registers_what_the_table_does_not_allow(world: World, who: str, values: dict[str, str]) -> None:
    if values.get("role") == "secretariat":
        values = {"role": ""}  # no such choice: the reader finds it out
    refused = order(world, who, **values)
    assert MailKind.CHALLENGE not in {letter.kind for letter in refused.letters}
    assert kinds(refused) == [EventKind.NOTICE_SENT]
    assert world.view.pending_for(NEW) == ()


@pytest.mark.parametrize("who", ["officer", "colleague", "observer", "SE", "KE"])
def test_who_is_no_administrator_registers_nobody(world: World, who: str) -> None:
    refused = order(world, who)
    assert [letter.kind for letter in refused.letters] == [MailKind.NOTICE]
    assert world.view.pending_for(NEW) == ()


def test_a_key_that_is_somebodys_is_refused_and_so_is_a_withdrawn_one(world: World) -> None:
    mark = world.view.keys_claimed_by(Address("colleague@party.example"))[0].fingerprint
    for _ in range(2):
        form = {"address": NEW, "name": "N", "role": "officer"}
        refused = world.send("admin", "register", form, keys=[f"KEY {mark} openpgp never True {NEW}".encode()])
        assert "Everybody needs a key of their own" in said(refused.letters)
        world.store.members.revoke(Address("colleague@party.example"), "", world.now) if person(
            world, "colleague@party.example"
        ) else None


@pytest.mark.parametrize(
    "keys", [[], [key_file("E", NEW), key_file("F", NEW)], [b"the key is too weak"], [key_file("F", "other@x.example")]]
)
def test_without_exactly_one_fit_key_nothing_is_sent(world: World, keys: list[bytes]) -> None:
    refused = world.send("admin", "register", {"address": NEW, "name": "N", "role": "officer"}, keys=keys)
    assert readers(refused.letters) == ["admin notice"]
    assert refused.letters[0].form is not None
    assert refused.letters[0].form.get("address") == NEW
    assert world.view.pending_for(NEW) == ()


@pytest.mark.parametrize("box", ["", "nobody", "a@b@c", "gsp@gsp.example", "new@party.example, x@party.example"])
def test_what_is_not_one_address_of_somebody_else_is_refused(world: World, box: str) -> None:
    refused = world.send("admin", "register", {"address": box, "name": "N", "role": "officer"}, keys=[key_file("F")])
    assert readers(refused.letters) == ["admin notice"]


# --- the bounds on what strangers are written -------------------------------------------------------


def test_an_address_is_sent_few_challenges_whoever_orders_them(world: World) -> None:
    sent = 0
    for number in range(CHALLENGES_PER_ADDRESS + 2):
        who, mark = ("admin", "E") if number % 2 else ("chief", "F")
        decision = order(world, who, key=mark)
        sent += sum(letter.kind is MailKind.CHALLENGE for letter in decision.letters)
    assert sent == CHALLENGES_PER_ADDRESS


def test_an_administrator_registers_only_so_many_a_day(world: World) -> None:
    most = REGISTRATIONS_PER_DAY[Role.ADMINISTRATOR]
    for number in range(most + 1):
        decision = order(world, box=f"n{number}@party.example")
        assert (MailKind.CHALLENGE in {letter.kind for letter in decision.letters}) == (number < most)
    assert "as one may register in a day" in said(decision.letters)
    world.now += timedelta(days=1, seconds=1)
    assert challenge(order(world, box="tomorrow@party.example"))


def test_nothing_is_ordered_that_nobody_could_approve(world: World) -> None:
    world.store.members.revoke(Address("secretariat@party.example"), "left", world.now)
    refused = order(world, role="administrator")
    assert "Nobody of the Secretariat" in said(refused.letters)


# --- hostile answers --------------------------------------------------------------------------------


def refuses(world: World, pending: Pending, written: str, **by: object) -> None:
    with pytest.raises(Refuse) as failure:
        world.confirm(pending, written, **by)  # type: ignore[arg-type]
    assert failure.value.reason.number == 201
    assert failure.value.person is None


@pytest.mark.parametrize("guess", ["", "a" * 24, "GSP CONFIRM\nWord:", " ".join(["a" * 24] * 40)])
def test_a_guessed_word_is_refused_without_a_mail(world: World, guess: str) -> None:
    order(world)
    before = world.messages()
    refuses(world, waiting(world), guess)
    assert person(world) is None
    assert world.messages() == before


def test_another_key_or_another_address_answers_nothing(world: World) -> None:
    right = word(order(world))
    refuses(world, waiting(world), right, key=Fingerprint("E" * 40))
    refuses(world, waiting(world), right, by="other@party.example")
    assert person(world) is None


def test_a_registered_person_does_not_answer_for_another(world: World) -> None:
    right = word(order(world))
    told = world.send("colleague", "confirm", {"word": right})
    assert kinds(told) == [EventKind.NOTICE_SENT]
    assert person(world) is None


def test_a_challenge_is_answered_once(world: World) -> None:
    ordered = order(world, role="administrator")
    pending = waiting(world)
    world.confirm(pending, word(ordered))
    refuses(world, pending, word(ordered))
    done = order(world, box="two@party.example", key="E")
    second = waiting(world, "two@party.example")
    world.confirm(second, word(done))
    assert world.view.pending_for(second.address) == ()
    world.people["two"] = person(world, "two@party.example") or second  # type: ignore[assignment]
    again = world.send("two", "confirm", {"word": word(done)})
    assert kinds(again) == [EventKind.NOTICE_SENT]
    assert readers(again.letters) == ["two notice"]


def test_an_old_word_is_no_use_after_the_challenge_was_sent_again(world: World) -> None:
    first = word(order(world))
    old = waiting(world)
    second = word(order(world))
    assert first != second
    refuses(world, old, first)
    assert waiting(world).id > old.id
    world.confirm(waiting(world), second)


def test_after_its_time_a_challenge_is_no_use_and_its_end_is_told(world: World) -> None:
    ordered = order(world)
    pending = waiting(world)
    world.now += REGISTRATION_LIFE
    refuses(world, pending, word(ordered))
    decision = ended(pending, world.view, world.now)
    world.commit(decision)
    assert readers(decision.letters) == ["admin notice"]
    assert world.view.pending_for(NEW) == ()
    with pytest.raises(LostRace):
        world.commit(decision)


def test_what_cannot_be_delivered_ends_for_everybody_who_ordered_it(world: World) -> None:
    order(world, "admin", key="F")
    order(world, "chief", key="E")
    decision = unreached(NEW, world.view, world.now)
    world.commit(decision)
    assert readers(decision.letters) == ["admin notice", "chief notice"]
    assert world.view.pending_for(NEW) == ()
    assert unreached(NEW, world.view, world.now) == Decision()


def test_two_parties_may_order_the_same_address_and_the_answer_decides(world: World) -> None:
    order(world, "admin", key="F")
    mine = order(world, "chief", key="E")
    kenya = next(one for one in world.view.pending_for(NEW) if one.party == KE)
    sweden = next(one for one in world.view.pending_for(NEW) if one.party == SE)
    refuses(world, sweden, word(mine))
    decision = world.confirm(kenya, word(mine))
    (told,) = to(decision.letters, "admin")
    assert "registered otherwise" in said(told), "Sweden's order has ended"
    found = person(world)
    assert found is not None
    assert found.party == KE
    assert world.view.pending_for(NEW) == ()
    assert recorded(world)[-1] == "registration ended"


def test_who_is_withdrawn_takes_his_open_orders_along(world: World) -> None:
    ordered = order(world)
    pending = waiting(world)
    world.send("secretariat", "revoke", {"address": "admin@party.example", "alone": "yes"})
    refuses(world, pending, word(ordered))
    assert world.view.pending_for(NEW) == ()
    assert recorded(world)[-1] == "registration ended"


def test_an_address_registered_by_the_operator_meanwhile_stays_as_it_is(world: World) -> None:
    ordered = order(world)
    pending = waiting(world)
    world.register("new", AT, Role.OBSERVER)
    refuses(world, pending, word(ordered))
    found = person(world)
    assert found is not None
    assert found.party == AT


# --- hostile approvals ------------------------------------------------------------------------------


@pytest.fixture
def proven(world: World) -> Pending:
    ordered = order(world, role="administrator")
    world.confirm(waiting(world), word(ordered))
    return waiting(world)


def approve(world: World, who: str, number: object, **values: str) -> Decision:
    return world.send(who, "approve", {"registration": str(number), "decision": "approve"} | values)


@pytest.mark.parametrize("who", ["admin", "chief", "officer", "observer", "SE"])
def test_only_the_secretariat_approves(world: World, proven: Pending, who: str) -> None:
    assert kinds(approve(world, who, proven.id)) == [EventKind.NOTICE_SENT]
    assert person(world) is None


@pytest.mark.parametrize("number", ["", "0", "-1", "999", "one", "1 2", "1" * 40])
def test_a_number_under_which_nothing_waits_approves_nothing(world: World, proven: Pending, number: str) -> None:
    assert proven.proven
    assert kinds(approve(world, "secretariat", number)) == [EventKind.NOTICE_SENT]
    assert person(world) is None


def test_what_was_not_confirmed_is_not_approved(world: World) -> None:
    order(world, role="administrator")
    assert kinds(approve(world, "secretariat", waiting(world).id)) == [EventKind.NOTICE_SENT]
    assert person(world) is None


def test_an_old_approval_does_not_count_for_a_new_order(world: World, proven: Pending) -> None:
    again = order(world, role="administrator", key="E")
    world.confirm(waiting(world), word(again))
    assert kinds(approve(world, "secretariat", proven.id)) == [EventKind.NOTICE_SENT]
    assert person(world) is None


def test_an_approval_counts_once(world: World, proven: Pending) -> None:
    form = {"registration": str(proven.id), "decision": "approve"}
    first, second = (decide.decide(world.situation("secretariat", "approve", form), FORMS) for _ in range(2))
    world.commit(first)
    with pytest.raises(LostRace):
        world.commit(second)
    assert kinds(approve(world, "secretariat", proven.id)) == [EventKind.NOTICE_SENT]


def test_an_approval_that_comes_too_late_is_none(world: World, proven: Pending) -> None:
    world.now += REGISTRATION_LIFE
    assert kinds(approve(world, "secretariat", proven.id)) == [EventKind.NOTICE_SENT]
    assert person(world) is None


def test_a_refusal_needs_a_reason_which_the_administrator_reads(world: World, proven: Pending) -> None:
    without = approve(world, "secretariat", proven.id, decision="refuse")
    assert kinds(without) == [EventKind.NOTICE_SENT]
    assert waiting(world) == proven
    done = approve(world, "secretariat", proven.id, decision="refuse", reason="Two are enough.")
    assert readers(done.letters) == ["admin notice", "secretariat notice"]
    (letter,) = to(done.letters, "admin")
    assert isinstance(letter.values, Registration)
    assert letter.values.reason == "Two are enough."
    assert person(world) is None
    assert world.view.pending_for(NEW) == ()
    assert kinds(approve(world, "secretariat", proven.id)) == [EventKind.NOTICE_SENT]


def test_an_approval_of_a_secretariat_person_who_left_meanwhile_is_none(world: World, proven: Pending) -> None:
    form = {"registration": str(proven.id), "decision": "approve"}
    decision = decide.decide(world.situation("secretariat", "approve", form), FORMS)
    world.store.members.revoke(Address("secretariat@party.example"), "left", world.now)
    with pytest.raises(LostRace):
        world.commit(decision)
    assert person(world) is None


def test_the_end_of_an_undecided_registration_is_told(world: World, proven: Pending) -> None:
    assert "it was not decided" in said(ended(proven, world.view, world.now).letters)
