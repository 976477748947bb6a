"""`GSP MESSAGE`: to the other side of a referral, and to nobody else."""

from __future__ import annotations

import pytest

from gateway.content import Finding, Severity, text
from gateway.facts import ReferralNumber
from gateway.letters import MessageLetter, Notice, Thanks
from gateway.treaty import Handling, Side
from tests.support.world import FR, KEYED, NOW, SE, World, readers, said, to

HELLO = {"message": "Please answer this week."}


@pytest.fixture
def world() -> World:
    return World()


def test_a_message_of_the_officer_goes_to_the_desk_in_its_own_thread(world: World) -> None:
    number = world.opened("SE1")
    decision = world.send("officer", "message", HELLO | {"exchange": f"{number}/SE", "handling": "H3"})
    assert readers(decision.letters) == ["desk.se message"]
    (letter,) = to(decision.letters, "desk.se")
    assert isinstance(letter.values, MessageLetter)
    assert (letter.values.message, letter.values.handling) == ("Please answer this week.", Handling.H3)
    assert letter.values.from_party == "KE"
    referral = ReferralNumber(number, SE)
    assert KEYED.token(referral, Side.ANSWERING) in letter.thread.tag
    assert letter.thread.references == world.view.thread(referral, Side.ANSWERING)[:1]


def test_a_message_of_the_desk_goes_to_the_person_who_asked(world: World) -> None:
    number = world.opened("SE1")
    decision = world.send("colleague", "message", HELLO | {"exchange": str(number)})
    assert readers(decision.letters) == ["officer message"]


def test_a_colleague_of_the_requester_may_write_too(world: World) -> None:
    number = world.opened("SE1")
    decision = world.send("chief", "message", HELLO | {"exchange": str(number)})
    assert readers(decision.letters) == ["desk.se message"]


def test_a_bare_number_of_several_referrals_is_asked_back_with_the_text_kept(world: World) -> None:
    number = world.opened("SE1", "FR1")
    (letter,) = world.send("officer", "message", HELLO | {"exchange": str(number)}).letters
    assert isinstance(letter.values, Notice)
    assert f"{number}/FR, {number}/SE" in said(letter.values)
    assert letter.form is not None
    assert letter.form.get("message") == HELLO["message"]


def test_a_bare_number_means_the_referral_whose_thread_it_replies_to(world: World) -> None:
    number = world.opened("SE1", "FR1")
    token = KEYED.token(ReferralNumber(number, SE), Side.ASKING)
    decision = world.send("officer", "message", HELLO | {"exchange": str(number)}, tokens=[token])
    assert readers(decision.letters) == ["desk.se message"]


def test_an_empty_message_comes_back(world: World) -> None:
    number = world.opened("SE1")
    (letter,) = world.send("officer", "message", {"exchange": str(number)}).letters
    assert letter.form is not None
    assert "message" in letter.form.hints
    assert letter.form.get("exchange") == str(number)


def test_without_a_number_or_a_thread_nothing_is_guessed(world: World) -> None:
    world.opened("SE1")
    (letter,) = world.send("officer", "message", HELLO).letters
    assert "not clear which exchange" in said(letter.values)


@pytest.mark.parametrize("who", ["FR", "AT"])
def test_who_has_no_part_in_an_exchange_cannot_write_into_it(world: World, who: str) -> None:
    number = world.opened("SE1")
    decision = world.send(who, "message", HELLO | {"exchange": f"{number}/SE"})
    assert readers(decision.letters) == [f"desk.{who.lower()} notice"]
    assert decision.events[0].exchange is None


def test_a_message_keeps_a_silent_referral_alive(world: World) -> None:
    number = world.opened("SE1")
    world.now = NOW.replace(day=8)
    world.send("SE", "message", HELLO | {"exchange": str(number)})
    world.now = NOW.replace(day=10)
    assert world.tick() == []


def test_a_message_waits_for_a_usable_key_and_then_goes_out(world: World) -> None:
    world = World(expired=["SE"])
    number = world.opened("SE1")
    decision = world.send("officer", "message", HELLO | {"exchange": f"{number}/SE"})
    assert readers(decision.letters) == ["admin notice", "desk.se key notice", "officer receipt"]
    assert [event.kind.value for event in decision.events] == ["message received", "message waiting"]
    assert HELLO["message"] not in said(to(decision.letters, "desk.se"))
    thanks = to(decision.letters, "officer")[0].values
    assert isinstance(thanks, Thanks)
    assert thanks.waiting
    world.register_desk(SE)
    request, message = world.view.waiting()
    assert readers(world.resume(request).letters) == ["desk.se referral", "officer notice"]
    assert [keep.digest for keep in world.view.waiting()] == [
        message.digest
    ]  # one that is lost between the two would be lost for ever
    released = world.resume(message)
    assert [event.kind.value for event in released.events] == ["message released"]
    (letter,) = released.letters
    assert letter.values.message == HELLO["message"]  # type: ignore[attr-defined]
    assert world.view.waiting() == ()


def test_a_message_whose_handling_is_not_understood_comes_back_and_goes_nowhere(world: World) -> None:
    number = world.opened("SE1")
    unclear = Finding(text("unclear"), Severity.PART, line=3, got="Confidential", field="handling")
    decision = world.send("officer", "message", HELLO | {"exchange": f"{number}/SE"}, findings=[unclear])
    (letter,) = decision.letters
    assert readers(decision.letters) == ["officer notice"]
    assert letter.form is not None
    assert (letter.form.get("message"), list(letter.form.hints)) == (HELLO["message"], ["handling"])


@pytest.mark.parametrize("own", [False, True])
def test_a_token_of_others_reads_like_one_that_does_not_exist(world: World, own: bool) -> None:
    number = world.opened("SE1")
    mine = world.opened("FR1")
    values = HELLO | ({"exchange": str(mine)} if own else {})
    answers = []
    for token in (KEYED.token(ReferralNumber(number, SE), Side.ASKING), "a" * 20):
        decision = world.send("FR", "message", values, tokens=[token])
        answers.append((readers(decision.letters), said([letter.subject for letter in decision.letters])))
    assert answers[0] == answers[1]
    assert answers[0][0] == (["officer message"] if own else ["desk.fr notice"])


def test_a_mail_of_others_in_the_thread_reads_like_one_that_is_not_known(world: World) -> None:
    foreign, mine = world.opened("SE1"), world.opened("FR1")
    theirs, ours = (
        next(iter(world.view.thread(ReferralNumber(number, party), Side.ANSWERING)))
        for number, party in ((foreign, SE), (mine, FR))
    )
    for before in (theirs, "<nobody@party.example>"):
        decision = world.send("FR", "message", HELLO, in_reply_to=before, references=(ours,))
        assert readers(decision.letters) == ["officer message"], before
