"""`GSP REPLY`: whose it is, what it changes, and what requester and desk read."""

from __future__ import annotations

import pytest

from gateway.content import Decision, Finding, Severity, Text, text
from gateway.events import Event
from gateway.facts import ExchangeNumber, ReferralNumber
from gateway.language import Languages
from gateway.letters import AnswerLetter, Notice, Referral, Thanks, Turn
from gateway.treaty import Handling, Item, NoDataReason, Side, UimAnswer
from tests.support.rendering import seen
from tests.support.world import FR, KEYED, NOW, OPENED, SE, World, readers, said, to


@pytest.fixture
def world() -> World:
    return World()


def reply(world: World, number: ExchangeNumber, answers: dict[str, str], who: str = "SE", **values: str) -> Decision:
    blocks = [{"uim": uim, "status": status} for uim, status in answers.items()]
    return world.send(who, "reply", {"exchange": f"{number}/SE"} | values, blocks=blocks)


def kinds(events: tuple[Event, ...]) -> list[str]:
    return [f"{event.kind.value} {event.party}".strip() for event in events]


def answer_of(decision: Decision, who: str = "officer") -> AnswerLetter:
    (letter,) = (letter for letter in to(decision.letters, who) if letter.kind.value == "answer")
    assert isinstance(letter.values, AnswerLetter)
    return letter.values


def test_an_answer_reaches_the_person_who_asked_and_the_desk_is_thanked(world: World) -> None:
    number = world.opened("SE1")
    block = {"uim": "SE1", "status": "valid", "a": "2025-05-19, Malmö", "b": "Plant 7", "uim_remarks": "seen"}
    decision = world.send("SE", "reply", {"exchange": f"{number}/SE", "handling": "H1"}, blocks=[block])
    assert readers(decision.letters) == ["desk.se receipt", "officer answer"]
    answer = answer_of(decision)
    (one,) = answer.answers
    assert (one.uim, one.answer, one.remarks) == ("SE1", UimAnswer.VALID, "seen")
    assert one.items == ((Item.A, "2025-05-19, Malmö"), (Item.B, "Plant 7"))
    assert (answer.handling, answer.open, answer.total, answer.declined) == (Handling.H1, 0, 1, False)
    assert kinds(decision.events) == ["answer received SE", "answered SE"]
    assert world.state(number, SE) == "answered"


def test_an_officer_of_the_asked_party_may_answer_for_his_desk(world: World) -> None:
    number = world.opened("SE1")
    decision = reply(world, number, {"SE1": "not valid"}, who="colleague")
    assert readers(decision.letters) == ["colleague receipt", "officer answer"]


def test_a_part_is_passed_on_at_once_and_the_rest_comes_back_as_a_form(world: World) -> None:
    number = world.send("officer", "request", OPENED, ["SE1", "SE2", "SE3"], ticks="ab").answer_exchange
    assert number
    decision = reply(world, number, {"SE1": "valid", "SE2": ""})
    assert (answer_of(decision).open, answer_of(decision).total) == (2, 3)
    (thanks,) = to(decision.letters, "desk.se")
    assert thanks.form is not None
    assert [block.values["uim"] for block in thanks.form.blocks] == ["SE2", "SE3"]
    assert list(thanks.form.blocks[0].values) == ["uim", "status", "a", "b", "uim_remarks"]
    assert world.state(number, SE) == "partly answered"
    assert kinds(decision.events) == ["answer received SE"]
    rest = reply(world, number, {"SE2": "under inquiry", "SE3": "not valid"})
    assert answer_of(rest).open == 1
    assert kinds(reply(world, number, {"SE2": "valid"}).events) == ["answer received SE", "answered SE"]


def test_only_open_blocks_say_nothing(world: World) -> None:
    number = world.opened("SE1")
    decision = reply(world, number, {"SE1": ""})
    assert readers(decision.letters) == ["desk.se notice"]
    assert world.state(number, SE) == "sent"


def test_an_answer_given_again_counts_and_is_said_to_be_a_second_one(world: World) -> None:
    number = world.opened("SE1")
    reply(world, number, {"SE1": "valid"})
    decision = reply(world, number, {"SE1": "not valid"})
    assert answer_of(decision).answers[0].answer is UimAnswer.NOT_VALID
    (thanks,) = to(decision.letters, "desk.se")
    assert "had an answer already" in said(thanks.values)
    assert set(world.view.uims_of(ReferralNumber(number, SE)).values()) == {UimAnswer.NOT_VALID}


def test_a_uim_twice_in_one_reply_the_last_answer_counts(world: World) -> None:
    number = world.opened("SE1")
    blocks = [{"uim": "SE1", "status": "valid"}, {"uim": "(SE1)", "status": "not valid"}]
    decision = world.send("SE", "reply", {"exchange": str(number)}, blocks=blocks)
    assert [one.answer for one in answer_of(decision).answers] == [UimAnswer.NOT_VALID]
    assert "answered twice" in said(to(decision.letters, "desk.se")[0].values)


def test_uims_that_were_not_asked_are_not_passed_on(world: World) -> None:
    number = world.opened("SE1", "FR1")
    decision = reply(world, number, {"SE1": "not valid", "FR1": "valid", "SE9": "valid"})
    assert [one.uim for one in answer_of(decision).answers] == ["SE1"]
    (thanks,) = to(decision.letters, "desk.se")
    assert isinstance(thanks.values, Thanks)
    assert [(f.got, f.line, f.severity) for f in thanks.values.findings] == [
        ("FR1", 2, Severity.PART), ("SE9", 3, Severity.PART)
    ]  # fmt: skip


def test_data_without_a_status_is_not_guessed_to_be_valid(world: World) -> None:
    number = world.opened("SE1")
    values = {"exchange": str(number), "reason": "other"}
    decision = world.send("SE", "reply", values, blocks=[{"uim": "SE1", "status": "", "a": "Malmö"}])
    (letter,) = decision.letters
    assert isinstance(letter.values, Notice)
    assert "no status" in said(letter.values.findings)
    assert letter.form is not None
    assert letter.form.blocks[0].values["a"] == "Malmö"


def test_a_status_that_is_none_is_told_and_changes_nothing(world: World) -> None:
    number = world.opened("SE1")
    assert readers(reply(world, number, {"SE1": "pending"}).letters) == ["desk.se notice"]
    assert world.state(number, SE) == "sent"


def test_a_reason_alone_declines_what_is_open(world: World) -> None:
    number = world.opened("SE1", "SE2")
    decision = world.send("SE", "reply", {"exchange": str(number), "reason": "no system in operation"})
    answer = answer_of(decision)
    assert (answer.declined, answer.reason, answer.open) == (True, NoDataReason.NO_SYSTEM, 0)
    assert kinds(decision.events) == ["answer received SE", "declined SE", "no data given SE"]
    assert world.state(number, SE) == "declined"


def test_everything_withheld_is_a_decline(world: World) -> None:
    number = world.opened("SE1", "SE2")
    decision = reply(world, number, {"SE1": "withheld", "SE2": "withheld"}, reason="not permitted by national law")
    assert answer_of(decision).declined
    assert world.state(number, SE) == "declined"


def test_declining_the_rest_does_not_take_back_what_was_answered(world: World) -> None:
    number = world.opened("SE1", "SE2")
    reply(world, number, {"SE1": "valid"})
    decision = world.send("SE", "reply", {"exchange": str(number), "reason": "not retained"})
    assert not answer_of(decision).declined
    assert world.state(number, SE) == "answered"


def test_not_ours_goes_to_the_next_candidate_with_the_request_and_the_requester_is_told(world: World) -> None:
    number = world.opened("SF1", "SE2", questions="Exported?")
    decision = reply(world, number, {"SF1": "not ours", "SE2": "valid"})
    assert readers(decision.letters) == ["desk.fr referral", "desk.se receipt", "officer answer"]
    (letter,) = to(decision.letters, "desk.fr")
    referral = letter.values
    assert isinstance(referral, Referral)
    assert [note.uim.text for note in referral.uims] == ["SF1"]
    assert (referral.questions, referral.asking) == ("Exported?", "KE")
    assert referral.evidence.digest == world.decisions[0].keeps[0].digest
    assert referral.evidence.taken_at == NOW
    assert [str(part.number) for part in answer_of(decision).passed_on] == [f"{number}/FR"]
    assert world.state(number, FR) == "sent"


def test_not_ours_never_goes_back_to_who_said_so(world: World) -> None:
    number = world.opened("SF1")
    reply(world, number, {"SF1": "not ours"})
    decision = world.send("FR", "reply", {"exchange": str(number)}, blocks=[{"uim": "SF1", "status": "not ours"}])
    assert readers(decision.letters) == ["desk.fr receipt", "officer answer"]
    assert [note.uim.text for note in answer_of(decision).nobody] == ["SF1"]
    assert (world.state(number, SE), world.state(number, FR)) == ("returned", "returned")


def test_when_several_could_be_next_the_officer_chooses(world: World) -> None:
    number = world.opened("SX1")
    decision = reply(world, number, {"SX1": "not ours"})
    (letter,) = to(decision.letters, "officer")
    assert letter.form is not None
    assert (letter.form.name, letter.form.get("exchange")) == ("request", str(number))
    assert "AT, FR" in said(letter.form.hints["to"])
    chosen = world.send("officer", "request", {**letter.form.values, "to": "FR"}, ["SX1"])
    assert kinds(chosen.events) == ["referral sent FR"]


@pytest.mark.parametrize(("uim", "missing"), [("SD1", ("PL",)), ("SX1", ())])
def test_of_parties_to_choose_from_those_without_a_desk_are_named_with_the_form_for_the_secretariat(
    world: World, uim: str, missing: tuple[str, ...]
) -> None:
    (letter,) = to(reply(world, world.opened(uim), {uim: "not ours"}).letters, "officer")
    assert isinstance(letter.values, AnswerLetter)
    assert (letter.values.deskless, letter.blanks) == (missing, ("difficulty",) if missing else ())


def groups(answer: AnswerLetter) -> dict[str, list[str]]:
    """What an answer says of the UIMs that went to no other Party, without the groups that are empty."""
    named = {name: getattr(answer, name) for name in ("choose", "own", "no_desk", "nobody")}
    return {name: [note.uim.text for note in notes] for name, notes in named.items() if notes}


@pytest.mark.parametrize(
    ("uim", "group"),
    [("SX1", "choose"), ("KE1", "own"), ("PL1", "no_desk"), ("SE1", "nobody"), ("SP1", "no_desk"), ("SK1", "own")],
)
def test_why_uims_that_are_not_ours_went_nowhere_is_said_in_one_group(world: World, uim: str, group: str) -> None:
    number = world.opened(uim, to="SE")
    assert groups(answer_of(reply(world, number, {uim: "not ours"}))) == {group: [uim]}


def test_uims_of_two_mails_that_are_not_ours_make_one_referral_to_the_next_party(world: World) -> None:
    number = world.opened("SF1")
    world.send("officer", "request", OPENED | {"exchange": str(number)}, ["SF2"])
    decision = reply(world, number, {"SF1": "not ours", "SF2": "not ours"})
    assert kinds(decision.events)[2:-1] == ["referral sent FR", "referral extended FR"]
    referral = world.exchange(number).referral(FR)
    assert referral is not None
    assert referral.uims == 2


def test_not_ours_said_twice_is_passed_on_once(world: World) -> None:
    number = world.opened("SF1", "SE2")
    reply(world, number, {"SF1": "not ours"})
    again = reply(world, number, {"SF1": "not ours", "SE2": "valid"})
    assert readers(again.letters) == ["desk.se receipt", "officer answer"]


def test_a_request_that_can_no_longer_be_opened_does_not_stop_the_answer(world: World) -> None:
    number = world.opened("SF1", "SE2")
    world.forget_mails()
    decision = reply(world, number, {"SF1": "not ours"})
    assert [note.uim.text for note in answer_of(decision).nobody] == ["SF1"]
    assert world.state(number, SE) == "partly answered"


@pytest.mark.parametrize("who", ["FR", "AT", "observer"])
def test_a_foreign_party_learns_nothing_of_a_referral(world: World, who: str) -> None:
    number = world.opened("SE1", "FR1")
    told = []
    for written in (f"{number}/SE", "GSP-2026-000777/SE"):
        (letter,) = world.send(who, "reply", {"exchange": written}, blocks=[{"uim": "SE1", "status": "valid"}]).letters
        assert letter.kind.value == "notice"
        told.append(said((letter.subject, letter.values)).replace(letter.values.evidence.digest, ""))  # type: ignore[attr-defined]
    assert told[0] == told[1]
    assert world.state(number, SE) == "sent"


@pytest.mark.parametrize("token", ["SE", "FR", "nobody"])
def test_a_foreign_or_wrong_token_opens_nothing(world: World, token: str) -> None:
    number = world.opened("SE1", "FR1")
    tokens = {code: KEYED.token(ReferralNumber(number, code), Side.ANSWERING) for code in (SE, FR)}
    decision = world.send(
        "AT", "reply", blocks=[{"uim": "SE1", "status": "valid"}], tokens=[tokens.get(SE if token == "SE" else FR, "")]
        if token != "nobody" else ["guessed"],
    )  # fmt: skip
    assert readers(decision.letters) == ["desk.at notice"]
    assert str(number) not in said(decision.letters)
    assert world.state(number, SE) == "sent"


def test_the_other_sides_token_is_as_wrong_as_a_foreign_one(world: World) -> None:
    number = world.opened("SE1")
    stolen = KEYED.token(ReferralNumber(number, SE), Side.ASKING)
    decision = world.send("SE", "reply", blocks=[{"uim": "SE1", "status": "valid"}], tokens=[stolen])
    assert readers(decision.letters) == ["desk.se notice"]


def test_the_token_alone_finds_the_referral(world: World) -> None:
    number = world.opened("SE1")
    token = KEYED.token(ReferralNumber(number, SE), Side.ANSWERING)
    decision = world.send("SE", "reply", blocks=[{"uim": "SE1", "status": "valid"}], tokens=["wrong", token])
    assert decision.answer_exchange == number


def test_the_thread_alone_finds_the_referral(world: World) -> None:
    number = world.opened("SE1")
    (message_id,) = world.view.thread(ReferralNumber(number, SE), Side.ANSWERING)
    decision = world.send("SE", "reply", blocks=[{"uim": "SE1", "status": "valid"}], in_reply_to=message_id)
    assert decision.answer_exchange == number


def test_a_token_of_another_exchange_than_the_form_names_is_told(world: World) -> None:
    first, second = world.opened("SE1"), world.opened("SE2")
    token = KEYED.token(ReferralNumber(first, SE), Side.ANSWERING)
    blocks = [{"uim": "SE2", "status": "valid"}]
    decision = world.send("SE", "reply", {"exchange": str(second)}, blocks=blocks, tokens=[token])
    assert readers(decision.letters) == ["desk.se notice"]
    assert "another exchange" in said(decision.letters)


def test_a_closed_exchange_takes_no_answer(world: World) -> None:
    number = world.opened("SE1")
    reply(world, number, {"SE1": "valid"})
    world.now = NOW.replace(month=8)
    world.tick()
    assert world.exchange(number).closed
    decision = reply(world, number, {"SE1": "not valid"})
    assert readers(decision.letters) == ["desk.se notice"]
    assert decision.letters[0].form is None, "it would only come back"
    closing = next(event.at for event in world.view.trail(number) if event.kind.value == "exchange closed")
    assert f"{closing:%Y-%m-%d}" in said(decision.letters[0].values)
    foreign = world.send("FR", "reply", {"exchange": f"{number}/SE"}, blocks=[{"uim": "SE1", "status": "valid"}])
    assert "closed" not in said(foreign.letters)


def test_withholding_without_a_reason_is_asked_for_one_and_no_letter_speaks_of_one(world: World) -> None:
    number = world.opened("SE1")
    decision = reply(world, number, {"SE1": "withheld"})
    assert any("without a reason" in remark for remark in remarks(decision))
    (thanks,) = to(decision.letters, "desk.se")
    assert thanks.form is not None
    assert (thanks.form.name, thanks.form.get("exchange")) == ("reply", f"{number}/SE")
    assert "please give the reason" in seen(thanks).text
    assert "the reason stands below" not in seen(to(decision.letters, "officer")[0]).text
    reason = world.send("SE", "reply", {**thanks.form.values, "reason": "not retained"})
    assert "the reason stands below" in seen(to(reason.letters, "officer")[0]).text
    (done,) = to(reason.letters, "desk.se")
    assert done.form is None


def test_other_alone_is_no_reason_and_the_words_that_are_asked_for_are_passed_on(world: World) -> None:
    number = world.opened("SE1")
    decision = world.send("SE", "reply", {"exchange": str(number), "reason": "other"})
    assert any("“Other” does not say why" in remark for remark in remarks(decision))
    assert "and no reason; to ask for one" in " ".join(seen(to(decision.letters, "officer")[0]).text.split())
    (thanks,) = to(decision.letters, "desk.se")
    assert thanks.form is not None
    said = world.send("SE", "reply", {**thanks.form.values, "remarks": "The archive has burnt."})
    told = seen(to(said.letters, "officer")[0]).text
    assert "the reason stands below" in told
    assert "The archive has burnt." in told
    (done,) = to(said.letters, "desk.se")
    assert (done.form, remarks(said)) == (None, [])
    assert world.state(number, SE) == "declined"


def test_an_answer_without_its_uim_is_told(world: World) -> None:
    number = world.opened("SE1")
    blocks = [{"uim": "SE1", "status": "valid", "a": "Malmo"}, {"uim": "", "status": "not valid"}]
    decision = world.send("SE", "reply", {"exchange": str(number)}, blocks=blocks)
    (thanks,) = to(decision.letters, "desk.se")
    assert isinstance(thanks.values, Thanks)
    assert [(finding.field, finding.line) for finding in thanks.values.findings] == [("uim", 2)]
    assert len(answer_of(decision).answers) == 1


def test_the_asking_party_cannot_answer_itself(world: World) -> None:
    number = world.opened("SE1")
    assert readers(reply(world, number, {"SE1": "valid"}, who="officer").letters) == ["officer notice"]


def test_an_answer_waits_for_the_requesters_key_and_then_goes_out_whole() -> None:
    world = World(expired=["officer"])
    number = world.opened("SE1", "SE2")
    decision = reply(world, number, {"SE1": "valid", "SE2": "not valid"})
    assert readers(decision.letters) == ["chief notice", "desk.se receipt", "officer key notice"]
    assert kinds(decision.events)[-1] == "answer waiting SE"
    assert "SE1" not in said(to(decision.letters, "officer"))
    (thanks,) = to(decision.letters, "desk.se")
    assert isinstance(thanks.values, Thanks)
    assert thanks.values.waiting
    assert "passed on" not in said(thanks.values)
    world.register("officer", world.people["officer"].party, world.people["officer"].role)
    world.now = NOW.replace(day=9)
    (waiting,) = world.view.waiting()
    answer = answer_of(world.resume(waiting))
    assert [one.uim for one in answer.answers] == ["SE1", "SE2"]
    assert (answer.open, answer.evidence.taken_at) == (0, NOW)
    assert world.view.waiting() == ()


def test_an_answer_that_waited_says_all_that_it_would_have_said() -> None:
    asked = {"SF1": "not ours", "SX1": "not ours", "SE1": "not ours", "SP1": "not ours", "SE2": "valid"}
    at_once, waited = World(), World(expired=["officer"])
    said_at_once = answer_of(reply(at_once, at_once.opened(*asked), asked))
    reply(waited, waited.opened(*asked), asked)
    waited.register("officer", waited.people["officer"].party, waited.people["officer"].role)
    waited.now = NOW.replace(day=9)
    (waiting,) = waited.view.waiting()
    released = waited.resume(waiting)
    answer = answer_of(released)
    assert groups(answer) == groups(said_at_once) == {"choose": ["SX1"], "no_desk": ["SP1"], "nobody": ["SE1"]}
    parts = [(str(part.number), part.count, part.schemes) for part in answer.passed_on]
    assert parts == [(str(part.number), part.count, part.schemes) for part in said_at_once.passed_on]
    assert readers(released.letters) == ["officer answer"]
    (letter,) = released.letters
    assert letter.form is not None
    assert letter.form.name == "request"


def test_what_an_earlier_reply_sent_on_is_no_news_of_the_next_that_waits() -> None:
    world = World(expired=["officer"])
    number = world.opened("SF1", "SE2")
    world.now = NOW.replace(day=3)
    reply(world, number, {"SF1": "not ours"})
    world.now = NOW.replace(day=4)
    reply(world, number, {"SF1": "not ours", "SE2": "valid"})
    world.register("officer", world.people["officer"].party, world.people["officer"].role)
    first, second = world.view.waiting()
    assert [str(part.number) for part in answer_of(world.resume(first)).passed_on] == [f"{number}/FR"]
    again = answer_of(world.resume(second))
    assert (again.passed_on, groups(again)) == ((), {})


def test_the_asking_partys_administrators_are_told_that_an_answer_waits() -> None:
    world = World(expired=["colleague"])
    number = world.opened("FR1", who="colleague")
    decision = world.send("FR", "reply", {"exchange": str(number)}, blocks=[{"uim": "FR1", "status": "valid"}])
    assert readers(decision.letters) == ["admin notice", "colleague key notice", "desk.fr receipt"]
    turn = to(decision.letters, "admin")[0].values
    assert isinstance(turn, Turn)
    assert turn.to_requester
    assert "FR1" not in said(turn)


def test_where_the_requester_has_left_his_desk_gets_the_answer(world: World) -> None:
    number = world.opened("SE1")
    world.store.members.revoke(world.people["officer"].address, "left", world.now)
    assert readers(reply(world, number, {"SE1": "valid"}).letters) == ["desk.ke answer", "desk.se receipt"]


def test_findings_of_the_reader_are_told_to_the_desk(world: World) -> None:
    number = world.opened("SE1")
    finding = Finding(text("Not understood."), Severity.PART, line=4, got="vaild", field="status")
    blocks = [{"uim": "SE1", "status": "valid"}]
    decision = world.send("SE", "reply", {"exchange": str(number)}, blocks=blocks, findings=[finding])
    assert "vaild" in said(to(decision.letters, "desk.se")[0].values)


def test_a_status_that_was_not_understood_is_complained_of_once(world: World) -> None:
    number = world.opened("SE1", "SE2")
    finding = Finding(text("Not understood."), Severity.PART, line=1, got="vaild", field="status")
    blocks = [{"uim": "SE1", "status": "", "a": "Malmö"}, {"uim": "SE2", "status": "", "a": "Malmö"}]
    (letter,) = world.send("SE", "reply", {"exchange": str(number)}, blocks=blocks, findings=[finding]).letters
    assert isinstance(letter.values, Notice)
    assert [(one.line, one.got) for one in letter.values.findings] == [(1, "vaild"), (2, "SE2")]


def test_more_than_fifty_answers_come_as_a_sheet_too(world: World) -> None:
    uims = [f"SE{n}" for n in range(60)]
    number = world.opened(*uims)
    blocks = [{"uim": uim, "status": "valid", "a": "Malmö"} for uim in uims]
    (letter,) = to(world.send("SE", "reply", {"exchange": str(number)}, blocks=blocks).letters, "officer")
    (sheet,) = letter.sheets
    assert len(sheet.headings) == 4
    uim, status, place, remarks = sheet.rows[0]
    assert (uim, place, remarks) == ("SE0", "Malmö", "")
    assert isinstance(status, Text)
    assert status.message == "valid"
    assert len(sheet.rows) == 60


def test_what_is_open_of_a_long_list_comes_back_as_a_sheet(world: World) -> None:
    uims = [f"SE{n}" for n in range(120)]
    number = world.opened(*uims)
    (thanks,) = to(reply(world, number, {"SE0": "valid"}).letters, "desk.se")
    assert thanks.form is not None
    assert len(thanks.form.blocks) == 50
    assert [row[0] for row in thanks.sheets[0].rows] == uims[1:]


def test_an_answer_after_expiry_is_still_passed_on(world: World) -> None:
    number = world.opened("SE1")
    world.now = NOW.replace(month=5, day=5)
    world.tick()
    assert world.state(number, SE) == "expired"
    assert answer_of(reply(world, number, {"SE1": "valid"})).open == 0
    assert world.state(number, SE) == "answered"


# --- data that were not asked for, or are missing ---------------------------------------------------


def remarks(decision: Decision) -> list[str]:
    (thanks,) = to(decision.letters, "desk.se")
    assert isinstance(thanks.values, Thanks)
    english = Languages.from_texts({}).catalogue("en")
    return [english.say(finding.text) for finding in thanks.values.findings if finding.severity is Severity.NOTE]


def test_data_that_was_not_asked_for_is_passed_on_and_remarked(world: World) -> None:
    number = world.send("officer", "request", OPENED, ["SE1"], ticks="ab").answer_exchange
    block = {"uim": "SE1", "status": "valid", "a": "Malmö", "c": "Maker 3", "j": "by sea"}
    decision = world.send("SE", "reply", {"exchange": f"{number}/SE"}, blocks=[block])
    assert [item.value for item, _ in answer_of(decision).answers[0].items] == ["a", "c", "j"]
    assert remarks(decision) == ["You gave data that was not asked for: (c), (j). It was passed on."]


def test_where_nothing_was_ticked_all_ten_were_asked_for(world: World) -> None:
    number = world.opened("SE1")
    block = {"uim": "SE1", "status": "valid"} | dict.fromkeys("abcdefghij", "given")
    assert remarks(world.send("SE", "reply", {"exchange": f"{number}/SE"}, blocks=[block])) == []


def test_valid_without_any_data_is_remarked_unless_a_reason_is_given(world: World) -> None:
    number = world.opened("SE1", "SE2", "SE3")
    (only,) = remarks(reply(world, number, {"SE1": "valid", "SE2": "valid", "SE3": "not valid"}))
    assert only.startswith("2 UIMs are “valid”, without any data.")
    number = world.opened("SE4")
    assert remarks(reply(world, number, {"SE4": "valid"}, reason="national law")) == []


def test_an_answer_whose_handling_is_not_understood_comes_back_and_changes_nothing(world: World) -> None:
    number = world.opened("SE1")
    unclear = Finding(text("unclear"), Severity.PART, line=3, got="Confidential", field="handling")
    block = {"uim": "SE1", "status": "valid", "a": "Malmö"}
    decision = world.send("SE", "reply", {"exchange": f"{number}/SE"}, blocks=[block], findings=[unclear])
    assert readers(decision.letters) == ["desk.se notice"]
    assert kinds(decision.events) == ["notice sent"]
    (letter,) = decision.letters
    assert letter.form is not None
    assert list(letter.form.hints) == ["handling"]
    assert letter.form.blocks[0].values["a"] == "Malmö"
