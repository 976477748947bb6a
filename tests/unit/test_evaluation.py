"""`GSP EVALUATION`: counts, and nothing else; that of the asking side closes, and loses nobody's answer."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway import data, discovery, forms
from gateway.content import Decision, FilledForm, Finding, Letter, Severity, text
from gateway.events import EventKind
from gateway.facts import ExchangeNumber, ReferralNumber
from gateway.forms._grammar import Vocabulary, write
from gateway.forms._reading import read_form
from gateway.forms._schema import read_document
from gateway.language import LANGUAGES, Languages
from gateway.letters import AnswerLetter, Notice, Status, Thanks
from gateway.rules.quality import QUESTIONS, packed, unpacked
from gateway.rules.survey import Ended, Ending, Evaluated, survey_form
from gateway.treaty import Side
from tests.support.world import FORMS, FR, KEYED, SE, World, readers, said, to

GOOD = {"useful": "5", "complete": "yes", "in_time": "no"}
VOCABULARY = Vocabulary(discovery.find(forms, "FORM"), Languages.from_texts(data.catalogues()))


@pytest.fixture
def world() -> World:
    return World()


def answered(world: World, *uims: str, desk: str = "SE") -> ExchangeNumber:
    """An exchange in which that desk has answered its UIMs."""
    number = world.opened(*uims)
    reply(world, number, desk, *uims)
    return number


def reply(world: World, number: ExchangeNumber, desk: str, *uims: str, status: str = "valid") -> Decision:
    blocks = [{"uim": uim, "status": status, "a": "Malmo"} for uim in uims if uim.startswith(desk)]
    return world.send(desk, "reply", {"exchange": f"{number}/{desk}"}, blocks=blocks)


def evaluate(world: World, number: object, who: str = "officer", **values: str) -> Decision:
    return world.send(who, "evaluation", {"exchange": str(number), **values})


def told(decision: Decision, who: str) -> Evaluated:
    (letter,) = to(decision.letters, who)
    assert isinstance(letter.values, Evaluated)
    return letter.values


def counts(decision: Decision) -> list[tuple[str, int]]:
    return [(event.kind.value, event.count) for event in decision.events]


# --- what goes out ----------------------------------------------------------------------------------


def surveys(letters: tuple[Letter, ...]) -> dict[str, set[str]]:
    return {
        letter.to.address.partition("@")[0]: set(letter.survey.values)
        for letter in letters
        if letter.survey is not None
    }


def test_both_sides_get_their_own_questions_with_the_mail_that_they_get_anyway(world: World) -> None:
    number = world.opened("SE1")
    decision = reply(world, number, "SE", "SE1")
    assert readers(decision.letters) == ["desk.se receipt", "officer answer"]
    assert surveys(decision.letters) == {
        "officer": {"exchange", "close", *QUESTIONS[Side.ASKING]},
        "desk.se": {"exchange", *QUESTIONS[Side.ANSWERING]},
    }
    assert {letter.survey.get("exchange") for letter in decision.letters if letter.survey} == {f"{number}/SE"}
    assert to(decision.letters, "officer")[0].form is not None, "the form that answers it stands above the survey"


@pytest.mark.parametrize("status", ["under inquiry", "not ours"])
def test_no_survey_goes_out_before_there_is_an_answer(world: World, status: str) -> None:
    number = world.opened("SE1")
    assert surveys(reply(world, number, "SE", "SE1", status=status).letters) == {}


def test_a_part_of_an_answer_brings_no_survey_and_the_rest_does(world: World) -> None:
    number = world.opened("SE1", "SE2")
    assert surveys(reply(world, number, "SE", "SE1").letters) == {}
    assert set(surveys(reply(world, number, "SE", "SE2").letters)) == {"officer", "desk.se"}


def test_a_desk_that_declines_and_the_requester_are_asked_as_well(world: World) -> None:
    number = world.opened("SE1")
    decision = world.send("SE", "reply", {"exchange": f"{number}/SE", "reason": "not retained"})
    assert set(surveys(decision.letters)) == {"officer", "desk.se"}


def test_an_answer_that_waited_for_a_key_brings_the_survey_when_it_goes_out() -> None:
    world = World(expired=["officer", "KE"])
    number = world.opened("SE1", who="chief")
    world.people["chief"] = world.people["officer"]
    decision = reply(world, number, "SE", "SE1")
    for kept in decision.keeps:
        world.register("officer", world.people["officer"].party, world.people["officer"].role)
        (letter,) = (one for one in world.resume(kept).letters if isinstance(one.values, AnswerLetter))
        assert letter.survey is not None


# --- what is counted --------------------------------------------------------------------------------


def test_an_evaluation_of_the_asking_side_is_counted_and_closes_the_exchange(world: World) -> None:
    number = answered(world, "SE1")
    decision = evaluate(world, f"{number}/SE", **GOOD)
    assert counts(decision) == [("evaluated", 215), ("exchange closed", 0)]
    assert readers(decision.letters) == ["officer receipt"]
    assert (told(decision, "officer").ending, told(decision, "officer").recorded) == (Ending.CLOSED, 3)
    assert world.exchange(number).closed


def test_what_is_kept_are_digits_and_they_read_back() -> None:
    for side, questions in QUESTIONS.items():
        for question in questions:
            for word, digit in (("yes", 1), ("no", 2)):
                if question != "useful":
                    assert unpacked(packed({question: word}, side), side) == {question: digit}
        everything = packed(dict.fromkeys(questions, "5"), side)
        assert set(unpacked(everything, side).values()) == {5}
        assert everything < 2**31, "a column of the record"
    assert packed({"useful": "9", "complete": "perhaps", "clear": "yes"}, Side.ASKING) == 0


def test_the_desks_evaluation_closes_nothing(world: World) -> None:
    number = answered(world, "SE1")
    decision = evaluate(world, f"{number}/SE", "colleague", right_party="yes", duplicate="no", close="yes")
    assert counts(decision) == [("evaluated", 21)]
    assert told(decision, "colleague").ending is Ending.OTHER_SIDE
    assert "Close the exchange" in said(told(decision, "colleague").findings)
    assert not world.exchange(number).closed


def test_the_questions_of_the_other_side_are_not_counted_and_it_is_said(world: World) -> None:
    number = answered(world, "SE1")
    decision = evaluate(world, f"{number}/SE", useful="3", clear="yes")
    assert counts(decision)[0] == ("evaluated", 3)
    assert [finding.field for finding in told(decision, "officer").findings] == ["clear"]


def test_a_second_evaluation_takes_the_place_of_the_first(world: World) -> None:
    number = answered(world, "SE1")
    assert not told(evaluate(world, f"{number}/SE", useful="3", close="no"), "officer").again
    again = told(evaluate(world, f"{number}/SE", "chief", useful="4"), "chief")
    assert (again.again, again.ending) == (True, Ending.CLOSED)
    other = told(evaluate(world, f"{number}/SE", "SE", clear="yes"), "desk.se")
    assert not other.again, "what the other side did is not told"


def test_after_closing_it_is_still_counted(world: World) -> None:
    number = answered(world, "SE1")
    evaluate(world, f"{number}/SE", close="yes")
    decision = evaluate(world, f"{number}/SE", "SE", clear="no")
    assert counts(decision) == [("evaluated", 200)]
    assert told(decision, "desk.se").ending is Ending.BEFORE
    assert readers(decision.letters) == ["desk.se receipt"]


def test_an_empty_survey_comes_back_and_changes_nothing(world: World) -> None:
    number = answered(world, "SE1")
    decision = evaluate(world, f"{number}/SE")
    (letter,) = decision.letters
    assert isinstance(letter.values, Notice)
    assert letter.form is not None
    assert set(letter.form.values) == {"exchange", "close", *QUESTIONS[Side.ASKING]}
    assert counts(decision) == [("notice sent", 0)]
    assert not world.exchange(number).closed


def test_a_line_that_was_not_understood_is_told_and_the_others_count(world: World) -> None:
    number = answered(world, "SE1")
    wrong = Finding(text("Not understood."), Severity.PART, line=4, got="so so", field="complete")
    decision = world.send("officer", "evaluation", {"exchange": f"{number}/SE", "useful": "2"}, findings=[wrong])
    assert counts(decision)[0] == ("evaluated", 2)
    assert "Not understood." in said(told(decision, "officer").findings)


def test_whether_to_close_is_not_guessed(world: World) -> None:
    number = answered(world, "SE1")
    wrong = Finding(text("Not understood."), Severity.PART, line=9, got="later", field="close")
    decision = world.send("officer", "evaluation", {"exchange": f"{number}/SE", "useful": "2"}, findings=[wrong])
    (letter,) = decision.letters
    assert isinstance(letter.values, Notice)
    assert letter.form is not None
    assert (letter.form.get("useful"), "close" in letter.form.hints) == ("2", True)
    assert not world.exchange(number).closed


# --- closing ----------------------------------------------------------------------------------------


def test_while_another_party_has_yet_to_answer_it_stays_open_and_says_so(world: World) -> None:
    number = answered(world, "SE1", "FR1")
    decision = evaluate(world, f"{number}/SE", **GOOD)
    assert counts(decision) == [("evaluated", 215)]
    assert (told(decision, "officer").ending, told(decision, "officer").pending) == (Ending.PENDING, (FR,))
    assert not world.exchange(number).closed
    (letter,) = decision.letters
    assert letter.form is not None
    assert letter.form.get("close") == "", "nobody closes by a careless reply"
    reply(world, number, "FR", "FR1")
    assert world.state(number, FR) == "answered"


def test_who_asked_may_close_all_the_same_and_the_desk_hears_that_it_need_not_answer(world: World) -> None:
    number = answered(world, "SE1", "FR1")
    decision = evaluate(world, f"{number}/SE", close="yes")
    assert counts(decision) == [("exchange closed", 0)]
    assert readers(decision.letters) == ["desk.fr notice", "officer receipt"]
    (letter,) = to(decision.letters, "desk.fr")
    assert isinstance(letter.values, Ended)
    assert KEYED.token(ReferralNumber(number, FR), Side.ANSWERING) in letter.thread.tag
    assert letter.form is not None
    assert letter.form.get("exchange") == f"{number}/FR"
    assert told(decision, "officer").pending == (FR,)
    late = reply(world, number, "FR", "FR1")
    assert "was closed on" in said(late.letters[0].values)


def test_with_no_it_stays_open(world: World) -> None:
    number = answered(world, "SE1")
    assert told(evaluate(world, f"{number}/SE", useful="5", close="no"), "officer").ending is Ending.KEPT_OPEN
    assert not world.exchange(number).closed


def test_an_answer_that_waits_for_the_requesters_key_is_never_deleted_by_closing() -> None:
    world = World(expired=["officer", "KE"])
    number = world.opened("SE1")
    reply(world, number, "SE", "SE1")
    decision = evaluate(world, f"{number}/SE", "chief", close="yes")
    assert told(decision, "chief").ending is Ending.WAITING
    assert world.view.kept(number, SE, Side.ANSWERING)
    assert not world.exchange(number).closed


def test_a_message_that_waits_for_a_desks_key_keeps_it_open_unless_its_writer_closes(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = answered(world, "SE1")
    known = world.view.desk
    monkeypatch.setattr(world.view, "desk", lambda code, now: replace(known(code, now), key=None))
    world.send("officer", "message", {"exchange": f"{number}/SE", "message": "One more question."})
    assert world.view.kept(number, SE, Side.ASKING)
    assert told(evaluate(world, f"{number}/SE", useful="4"), "officer").ending is Ending.PENDING
    closed = evaluate(world, f"{number}/SE", useful="4", close="yes")
    assert told(closed, "officer").ending is Ending.CLOSED
    assert readers(closed.letters) == ["officer receipt"], "a desk without a key hears nothing in clear"


def test_who_asked_hears_that_somebody_else_of_the_party_closed(world: World) -> None:
    number = answered(world, "SE1")
    decision = evaluate(world, f"{number}/SE", "chief", useful="5")
    assert readers(decision.letters) == ["chief receipt", "officer notice"]
    (letter,) = to(decision.letters, "officer")
    assert isinstance(letter.values, Ended)
    assert not letter.values.to_desk


def test_an_evaluation_gives_no_desk_more_time(world: World) -> None:
    number = answered(world, "SE1", "FR1")
    before = world.exchange(number)
    world.now += timedelta(days=3)
    evaluate(world, f"{number}/FR", useful="1")
    after = world.exchange(number)
    assert (after.last_activity, after.referrals[0].last_activity) == (
        before.last_activity, before.referrals[0].last_activity,
    )  # fmt: skip


# --- who may -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["FR", "AT"])
def test_who_has_no_part_in_an_exchange_cannot_evaluate_it(world: World, who: str) -> None:
    number = answered(world, "SE1")
    for named in (f"{number}/SE", str(number), "GSP-2026-000999/SE"):
        decision = evaluate(world, named, who, useful="1", close="yes")
        assert readers(decision.letters) == [f"desk.{who.lower()} notice"]
    assert not world.exchange(number).closed


def test_with_a_foreign_token_nothing_is_counted(world: World) -> None:
    number = answered(world, "SE1")
    token = KEYED.token(ReferralNumber(number, SE), Side.ASKING)
    decision = world.send("SE", "evaluation", {"exchange": "", "clear": "yes"}, tokens=[token])
    assert counts(decision) == [("notice sent", 0)]
    stranger = world.send("FR", "evaluation", {"exchange": "", "clear": "yes"}, tokens=[token])
    assert counts(stranger) == [("notice sent", 0)]


@pytest.mark.parametrize("who", ["observer", "secretariat"])
def test_who_neither_asks_nor_answers_may_not(world: World, who: str) -> None:
    answered(world, "SE1")
    assert "Your role may not send this form" in said(evaluate(world, "GSP-2026-000001", who, useful="5").letters)


def test_the_other_side_sees_neither_the_marks_nor_that_there_are_any(world: World) -> None:
    number = answered(world, "SE1")
    evaluate(world, f"{number}/SE", useful="1", close="no")
    evaluate(world, f"{number}/SE", "SE", clear="no")
    for who, own in (("officer", "KE"), ("SE", "SE")):
        (letter,) = world.send(who, "status", {"exchange": str(number)}).letters
        assert isinstance(letter.values, Status)
        seen = [line for line in letter.values.trail if line.kind is EventKind.EVALUATED]
        assert [(line.actor, line.count) for line in seen] == [(own, 0)]


# --- reading ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("side", list(Side))
def test_each_sides_form_reads_back_in_every_language_and_holds_nothing_of_the_other(side: Side, language: str) -> None:
    number = ReferralNumber(ExchangeNumber(2026, 42), SE)
    catalogue = VOCABULARY.languages.catalogue(language)
    blank = survey_form(number, side)
    written = write(blank, FORMS["evaluation"], catalogue)
    form, findings, _ = read_form(written.split("\n"), VOCABULARY)
    assert (form.get("exchange"), findings) == (str(number), ())
    assert set(form.values) == set(blank.values)
    filled = {name: "5" if name == "useful" else "no" for name in blank.values if name != "exchange"}
    written = write(FilledForm("evaluation", {**blank.values, **filled}), FORMS["evaluation"], catalogue)
    assert read_form(written.split("\n"), VOCABULARY)[0].values == {"exchange": str(number), **filled}


@pytest.mark.parametrize("mark", ["> ", ""])
def test_the_survey_counts_where_it_alone_was_filled_in_below_another_form(mark: str) -> None:
    blank = ["GSP MESSAGE", "", "Exchange: GSP-2026-000042/SE", "Handling:", "Message:", "", "== Survey ==", ""]
    blank += ["If you have two minutes: how was this", "answer?", ""]
    survey = ["GSP EVALUATION", "", "Exchange: GSP-2026-000042/SE", "Usefulness: 4 ← very useful", "Answer complete:"]
    lines = [mark + line for line in (*blank, *survey)]
    form, findings, _ = read_form(lines, VOCABULARY)
    assert (form.name, form.get("useful"), findings) == ("evaluation", "4", ())
    lines[4] = f"{mark}Message: One more question."
    form, findings, _ = read_form(lines, VOCABULARY)
    assert (form.name, form.get("message"), findings) == ("message", "One more question.", ())


def test_words_above_two_blank_forms_are_no_form() -> None:
    lines = ["Thank you!", "", "> GSP MESSAGE", "> Message:", "> GSP EVALUATION", "> Usefulness:"]
    assert read_form(lines, VOCABULARY)[0].name == ""


def test_json_says_the_same() -> None:
    document = b'{"form": "evaluation", "exchange": "GSP-2026-000042/SE", "useful": "5", "close": "no"}'
    form, findings = read_document(document, FORMS, "gsp-evaluation.json")
    assert form is not None
    assert form.values == {"exchange": "GSP-2026-000042/SE", "useful": "5", "close": "no"}
    assert findings == ()
    for wrong in (b'"useful": "6"', b'"useful": 5', b'"complete": "maybe"', b'"remarks": "x"'):
        octets = b'{"form": "evaluation", "exchange": "GSP-2026-000042/SE", ' + wrong + b"}"
        assert read_document(octets, FORMS, "gsp-evaluation.json")[0] is None


def test_thanks_without_a_survey_stay_as_they_were(world: World) -> None:
    number = world.opened("SE1", "SE2")
    (letter,) = to(reply(world, number, "SE", "SE1").letters, "desk.se")
    assert isinstance(letter.values, Thanks)
    assert (letter.survey, letter.form is None) == (None, False)
