"""What a mail means: the form's file decides, and only for who may send it."""

from __future__ import annotations

import pytest

from gateway.content import Finding, Severity, text
from gateway.facts import ReferralNumber
from gateway.letters import Help, Notice
from gateway.outcome import Hold
from gateway.stages import decide
from gateway.treaty import Side
from tests.support.world import FORMS, KEYED, OPENED, SE, World, readers, said


@pytest.fixture
def world() -> World:
    return World()


@pytest.mark.parametrize("form", ["request", "reply", "message"])
@pytest.mark.parametrize("who", ["observer", "secretariat"])
def test_a_role_that_may_not_send_a_form_is_told_and_nothing_follows(world: World, who: str, form: str) -> None:
    decision = world.send(who, form, OPENED, ["SE1"])
    assert readers(decision.letters) == [f"{who} notice"]
    assert "role" in said(decision.letters[0].values)
    assert decision.answer_exchange is None


def test_text_without_a_title_comes_back_as_a_message_of_its_thread(world: World) -> None:
    number = world.opened("SE1")
    (message_id,) = world.view.thread(ReferralNumber(number, SE), Side.ANSWERING)
    decision = world.send("SE", "", leftover="We are looking into it.", in_reply_to=message_id)
    (letter,) = decision.letters
    assert isinstance(letter.values, Notice)
    assert letter.form is not None
    assert letter.form.values == {"exchange": f"{number}/SE", "message": "We are looking into it."}
    assert "request" in letter.blanks


def test_text_without_a_title_or_thread_is_not_lost_either(world: World) -> None:
    (letter,) = world.send("officer", "", leftover="Hello").letters
    assert letter.form is not None
    assert letter.form.values == {"exchange": "", "message": "Hello"}


def test_the_thread_of_a_foreign_exchange_is_not_revealed(world: World) -> None:
    number = world.opened("SE1")
    token = KEYED.token(ReferralNumber(number, SE), Side.ANSWERING)
    (letter,) = world.send("FR", "", leftover="Hello", tokens=[token]).letters
    assert str(number) not in said(letter)


def test_uims_without_a_title_come_back_as_a_request(world: World) -> None:
    (letter,) = world.send("officer", "", uims=["SE1"]).letters
    assert letter.form is not None
    assert letter.form.name == "request"
    assert [uim.text for uim in letter.form.uims] == ["SE1"]


def test_an_empty_mail_with_something_unreadable_is_not_taken_for_a_call_for_help(world: World) -> None:
    finding = Finding(text("This attachment cannot be read."), Severity.PART, where="list.xlsx")
    (letter,) = world.send("officer", "", findings=[finding]).letters
    assert not isinstance(letter.values, Help)
    assert "cannot be read" in said(letter.values)


def test_an_unknown_form_is_a_notice_never_an_error(world: World) -> None:
    (letter,) = world.send("officer", "evaluation-of-tomorrow").letters
    assert isinstance(letter.values, Notice)


def test_nothing_is_released_that_has_no_reader(world: World) -> None:
    number = world.opened("SE1")
    situation = world.situation("officer", "lookup", {}, ["SE1"])
    (kept,) = world.view.kept(number, "", Side.ASKING)  # type: ignore[arg-type]
    with pytest.raises(Hold):
        decide.resume(situation, kept, ReferralNumber(number, SE), FORMS)
