"""`GSP REQUEST`: what is referred to whom, and what the officer learns."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.content import Decision, Finding, Severity, text
from gateway.events import Event, EventKind
from gateway.facts import Digest, ExchangeNumber, ReferralNumber
from gateway.letters import Notice, Receipt, Referral
from gateway.outcome import Hold
from gateway.stages import decide
from gateway.treaty import Handling, Item, Side
from tests.support.world import FORMS, FR, KEYED, NOW, OPENED, SE, PlainKeyed, World, readers, said, to


@pytest.fixture
def world() -> World:
    return World()


def kinds(events: tuple[Event, ...]) -> list[str]:
    return [f"{event.kind.value} {event.party}".strip() for event in events]


def test_each_party_gets_its_own_uims_and_nothing_else(world: World) -> None:
    decision = world.send("officer", "request", OPENED, ["SE1", "FR1", "SE2"])
    assert readers(decision.letters) == ["desk.fr referral", "desk.se referral", "officer receipt"]
    (sweden,) = to(decision.letters, "desk.se")
    assert isinstance(sweden.values, Referral)
    assert [note.uim.text for note in sweden.values.uims] == ["SE1", "SE2"]
    assert "FR1" not in said(sweden)
    assert kinds(decision.events) == ["exchange opened", "referral sent FR", "referral sent SE"]
    assert decision.answer_parties == (FR, SE)


def test_what_is_kept_of_a_uim_is_worked_out_once_in_a_decision_and_anew_in_the_next(world: World) -> None:
    keyed = _Counting()
    for form in ("first", "second"):
        situation = replace(world.situation("officer", "request", OPENED, ["SE1", "SE2", "FR1"]), keyed=keyed, marks={})
        decision = decide.decide(situation, FORMS)
        kept = [fact.digest for event in decision.events for fact in event.uims]
        assert sorted(kept) == sorted(KEYED.uim(uim) for uim in ("FR1", "SE1", "SE2")), form
        assert sorted(situation.marks) == ["FR1", "SE1", "SE2"]
    assert sorted(keyed.asked) == sorted(["FR1", "SE1", "SE2"] * 2)


class _Counting(PlainKeyed):
    def __init__(self) -> None:
        self.asked: list[str] = []

    def uim(self, canonical: str) -> Digest:
        self.asked.append(canonical)
        return super().uim(canonical)


def test_the_referral_holds_the_request_and_the_reply_form_with_the_ticked_items_only(world: World) -> None:
    values = OPENED | {"handling": "H2", "reply_by": "2026-12-01", "product": "cigarettes", "questions": "Exported?"}
    decision = world.send("officer", "request", values, ["SE1", "SE2"], ticks="ag")
    (letter,) = to(decision.letters, "desk.se")
    told = letter.values
    assert isinstance(told, Referral)
    assert (told.handling, str(told.reply_by), told.questions) == (Handling.H2, "2026-12-01", "Exported?")
    assert told.items == (Item.A, Item.G)
    assert letter.form is not None
    assert letter.form.values == {"exchange": "GSP-2026-000001/SE", "handling": "H0"}
    assert [list(block.values) for block in letter.form.blocks] == [["uim", "status", "a", "g", "uim_remarks"]] * 2
    (sheet,) = letter.sheets
    assert [row[0] for row in sheet.rows] == ["SE1", "SE2"]
    assert {len(row) for row in sheet.rows} == {len(sheet.headings)}


def test_nothing_ticked_asks_for_every_item(world: World) -> None:
    (letter,) = to(world.send("officer", "request", OPENED, ["SE1"]).letters, "desk.se")
    assert isinstance(letter.values, Referral)
    assert letter.values.items == tuple(Item)


def test_the_desk_replies_with_a_token_of_its_own_side(world: World) -> None:
    (letter,) = to(world.send("officer", "request", OPENED, ["SE1"]).letters, "desk.se")
    token = KEYED.token(ReferralNumber(letter.exchange, SE), Side.ANSWERING)  # type: ignore[arg-type]
    assert letter.thread.tag == f"[GSP-2026-000001/SE {token}]"
    assert letter.side is Side.ANSWERING


@pytest.mark.parametrize("subaddress", [True, False])
def test_replies_go_to_the_address_that_clients_have_a_key_for_and_the_tag_brings_them_home(subaddress: bool) -> None:
    world = World(policy={"subaddress": subaddress})
    (letter,) = to(world.send("officer", "request", OPENED, ["SE1"]).letters, "desk.se")
    assert letter.thread.reply_to == "gsp@gsp.example"
    assert "/SE " in letter.thread.tag


def test_above_fifty_uims_the_letter_holds_the_first_and_the_sheet_all(world: World) -> None:
    decision = world.send("officer", "request", OPENED, [f"SE{n:03}" for n in range(120)])
    (letter,) = to(decision.letters, "desk.se")
    assert isinstance(letter.values, Referral)
    assert letter.form is not None
    assert (len(letter.values.uims), letter.values.total, len(letter.form.blocks)) == (50, 120, 50)
    assert len(letter.sheets[0].rows) == 120


def test_the_receipt_says_of_every_uim_where_it_went_or_why_not(world: World) -> None:
    uims = ["SE1", "AM1", "HI1", "RU1", "EA1", "MA1", "??1", "KE1", "PL1", "SE1"]
    (letter,) = to(world.send("officer", "request", OPENED, uims).letters, "officer")
    receipt = letter.values
    assert isinstance(receipt, Receipt)
    groups = {name: [note.uim.text for note in getattr(receipt, name)] for name in (
        "ambiguous", "hints", "not_a_party", "not_a_uim", "malformed", "unknown", "own", "no_desk")}  # fmt: skip
    assert groups == {"ambiguous": ["AM1"], "hints": ["HI1"], "not_a_party": ["RU1"], "not_a_uim": ["EA1"],
                      "malformed": ["MA1"], "unknown": ["??1"], "own": ["KE1"], "no_desk": ["PL1"]}  # fmt: skip
    assert [(str(part.number), part.count, part.schemes) for part in receipt.sent] == [
        ("GSP-2026-000001/SE", 1, ("SE scheme",))
    ]
    assert (receipt.total, receipt.doubled, receipt.case_reference) == (10, 1, "C-1")
    assert receipt.evidence.taken_at == NOW


def test_what_is_left_comes_back_as_a_request_that_continues_the_exchange(world: World) -> None:
    (letter,) = to(world.send("officer", "request", OPENED, ["SE1", "AM1", "MA1"]).letters, "officer")
    form = letter.form
    assert form is not None
    assert form.name == "request"
    assert form.get("exchange") == "GSP-2026-000001"
    assert [uim.text for uim in form.uims] == ["AM1", "MA1"]
    assert "FR, SE" in said(form.hints["to"])
    continued = world.send("officer", "request", {**form.values, "to": "FR"}, ["AM1"])
    assert kinds(continued.events) == ["referral sent FR"]
    assert str(continued.answer_exchange) == "GSP-2026-000001"
    assert [str(r.number.party) for r in world.exchange(continued.answer_exchange).referrals] == ["FR", "SE"]


def test_further_uims_for_the_same_party_extend_its_referral_with_only_the_new_ones(world: World) -> None:
    number = world.opened("SE1")
    values = OPENED | {"exchange": str(number), "to": "SE"}
    decision = world.send("officer", "request", values, ["SE1", "??1"])
    assert kinds(decision.events) == ["referral extended SE"]
    (letter,) = to(decision.letters, "desk.se")
    assert isinstance(letter.values, Referral)
    assert letter.values.extended
    assert [note.uim.text for note in letter.values.uims] == ["??1"]
    referral = world.exchange(number).referral(SE)
    assert referral is not None
    assert referral.uims == 2


def test_a_list_that_the_party_has_already_is_not_sent_twice(world: World) -> None:
    number = world.opened("SE1")
    decision = world.send("officer", "request", OPENED | {"exchange": str(number)}, ["SE1"])
    assert readers(decision.letters) == ["officer receipt"]
    assert decision.events == ()
    receipt = decision.letters[0].values
    assert isinstance(receipt, Receipt)
    assert receipt.sent == ()
    assert [str(before) for before in receipt.repeated[0].before] == [f"{number}/SE"]


def asked_again(world: World, number: ExchangeNumber, *uims: str) -> Decision:
    """The same officer asks in the same exchange."""
    return world.send("officer", "request", OPENED | {"exchange": str(number)}, uims)


@pytest.mark.parametrize("lost", [EventKind.UNDELIVERABLE, EventKind.EXPIRED])
def test_what_did_not_reach_the_party_or_got_no_answer_goes_out_once_more_when_it_is_asked_again(
    world: World, lost: EventKind
) -> None:
    number = world.opened("SE1", "SE2")
    answer = [{"uim": "SE2", "status": "valid"}]
    world.send("SE", "reply", {"exchange": f"{number}/SE"}, blocks=answer)
    world.commit(Decision(events=(Event(lost, number, SE),)))
    decision = asked_again(world, number, "SE1", "SE2", "??1")
    (again,) = to(decision.letters, "desk.se")
    assert isinstance(again.values, Referral)
    assert [note.uim.text for note in again.values.uims] == ["SE1"]
    assert not again.values.extended
    assert again.form is not None
    assert [block.values["uim"] for block in again.form.blocks] == ["SE1"]
    receipt = to(decision.letters, "officer")[0].values
    assert isinstance(receipt, Receipt)
    assert [part.count for part in receipt.sent] == [1]
    referral = world.exchange(number).referral(SE)
    assert referral is not None
    assert (referral.state.value, referral.uims, referral.answered) == ("partly answered", 2, 1)


def test_asked_again_the_clock_runs_anew(world: World) -> None:
    number = world.opened("SE1")
    world.now = NOW + timedelta(days=61)
    world.tick()
    assert world.state(number, SE) == "expired"
    asked_again(world, number, "SE1")
    assert world.state(number, SE) == "sent"
    world.now += timedelta(days=7)
    assert readers(world.tick()) == ["desk.se reminder"]


def test_the_receipt_says_that_nothing_new_went_out(world: World) -> None:
    number = world.opened("SE1")
    known = asked_again(world, number, "SE1").letters[0].values
    assert isinstance(known, Receipt)
    assert known.asked_already
    own = asked_again(world, number, "KE1").letters[0].values
    assert isinstance(own, Receipt)
    assert not own.asked_already
    assert not own.sent


@pytest.mark.parametrize("missing", ["purpose", "justification"])
def test_without_the_treatys_condition_nothing_is_forwarded_and_the_line_is_marked(world: World, missing: str) -> None:
    values = {name: value for name, value in OPENED.items() if name != missing}
    decision = world.send("officer", "request", values, ["SE1"])
    (letter,) = decision.letters
    assert isinstance(letter.values, Notice)
    assert letter.values.case_reference == "C-1"
    assert letter.form is not None
    assert set(letter.form.hints) == {missing}
    assert [uim.text for uim in letter.form.uims] == ["SE1"]
    assert decision.answer_exchange is None
    assert world.view.all_exchanges() == ()


@pytest.mark.parametrize("field", ["purpose", "to", "exchange", "justification"])
def test_a_decisive_line_that_was_not_understood_stops_the_request(world: World, field: str) -> None:
    finding = Finding(text("Not understood."), Severity.PART, line=3, got="?", field=field)
    values = {name: value for name, value in OPENED.items() if name != field}
    decision = world.send("officer", "request", values, ["SE1"], findings=[finding])
    assert readers(decision.letters) == ["officer notice"]
    assert decision.letters[0].form is not None
    assert field in decision.letters[0].form.hints
    assert len(decision.letters[0].values.findings) == 1  # type: ignore[attr-defined]


def test_a_uim_line_that_was_not_understood_does_not_stop_the_others(world: World) -> None:
    finding = Finding(text("Not a UIM."), Severity.PART, line=9, got="4.6E+12", field="uims")
    decision = world.send("officer", "request", OPENED, ["SE1"], findings=[finding])
    assert readers(decision.letters) == ["desk.se referral", "officer receipt"]
    assert "4.6E+12" in said(to(decision.letters, "officer")[0].values)


def test_whose_party_has_no_desk_is_told_so_before_he_chooses_it_and_gets_the_form_for_the_secretariat(
    world: World,
) -> None:
    (letter,) = to(world.send("officer", "request", OPENED, ["AP1", "AM1"]).letters, "officer")
    assert letter.values.deskless == ("PL",)  # type: ignore[attr-defined]
    assert letter.form is not None
    assert dict(letter.form.hints["to"].values) == {"parties": "FR, SE"}, "only who can be asked is offered"
    assert letter.blanks == ("difficulty",)
    (letter,) = to(world.send("officer", "request", OPENED, ["PL1"]).letters, "officer")
    assert (letter.values.deskless, letter.blanks, letter.form) == ((), ("difficulty",), None)  # type: ignore[attr-defined]
    (letter,) = to(world.send("officer", "request", OPENED, ["AM1"]).letters, "officer")
    assert (letter.values.deskless, letter.blanks) == ((), ())  # type: ignore[attr-defined]


@pytest.mark.parametrize(("party", "expected"), [("KE", "own Party"), ("PL", "no desk"), ("PL", "GSP DIFFICULTY")])
def test_naming_a_party_that_cannot_be_asked_stops_the_request(world: World, party: str, expected: str) -> None:
    decision = world.send("officer", "request", OPENED | {"to": party}, ["SE1"])
    assert readers(decision.letters) == ["officer notice"]
    assert expected in said(decision.letters[0].values)


def test_the_officer_may_override_the_library(world: World) -> None:
    decision = world.send("officer", "request", OPENED | {"to": "FR"}, ["SE1", "??1"])
    (letter,) = to(decision.letters, "desk.fr")
    assert [note.uim.text for note in letter.values.uims] == ["SE1", "??1"]  # type: ignore[attr-defined]
    assert to(decision.letters, "officer")[0].values.sent[0].chosen  # type: ignore[attr-defined]


def test_asked_before_names_the_own_partys_exchange_to_the_officer_and_the_desks_to_the_desk(world: World) -> None:
    first = world.opened("SE1")
    second = world.opened("SE1", who="chief")
    receipt, referral = world.log[-2].values, world.log[-1].values
    assert isinstance(receipt, Receipt)
    assert isinstance(referral, Referral)
    assert [str(number) for number in receipt.repeated[0].before] == [f"{first}/SE"]
    assert [str(number) for number in referral.uims[0].before] == [f"{first}/SE"]
    assert first != second


def test_what_another_party_asked_is_never_told(world: World) -> None:
    world.opened("FR1", who="colleague")
    decision = world.send("officer", "request", OPENED, ["FR1"])
    assert to(decision.letters, "officer")[0].values.repeated == ()  # type: ignore[attr-defined]


@pytest.mark.parametrize("number", ["GSP-2026-000001", "GSP-2026-000999"])
def test_an_exchange_of_another_party_cannot_be_continued_nor_recognised(world: World, number: str) -> None:
    world.opened("FR1", who="colleague")
    decision = world.send("officer", "request", OPENED | {"exchange": number}, ["SE1"])
    (letter,) = decision.letters
    assert said(letter.values.findings).startswith("Your Party has no open exchange")  # type: ignore[attr-defined]


def test_nothing_to_send_opens_no_exchange(world: World) -> None:
    decision = world.send("officer", "request", OPENED, ["RU1", "KE1"])
    (letter,) = decision.letters
    assert letter.values.number is None  # type: ignore[attr-defined]
    assert letter.form is None
    assert (decision.events, decision.keeps) == ((), ())


def test_a_desk_without_a_usable_key_gets_no_case_detail_and_everybody_concerned_is_told() -> None:
    world = World(expired=["SE"])
    decision = world.send("officer", "request", OPENED, ["SE1"])
    assert readers(decision.letters) == ["admin notice", "desk.se key notice", "officer receipt"]
    assert kinds(decision.events) == ["exchange opened", "referral waiting SE"]
    (notice,) = to(decision.letters, "desk.se")
    assert notice.to.key is None
    for secret in ("SE1", "C-1", "cartons", "GSP-", "KE"):
        assert secret not in said((notice.subject, notice.values, notice.form, notice.sheets, notice.thread.tag))
    assert notice.values.fingerprint  # type: ignore[attr-defined]
    assert to(decision.letters, "officer")[0].values.sent[0].waiting  # type: ignore[attr-defined]
    assert [item.reason for item in decision.for_a_person] == [402]
    number = decision.answer_exchange
    assert number is not None
    assert world.state(number, SE) == "waiting"


def test_only_requester_and_desk_hold_a_token() -> None:
    world = World(expired=["SE"])
    world.opened("SE1")
    (letter,) = to(world.log, "admin")
    assert letter.thread.tag == "[GSP-2026-000001]"
    assert letter.exchange is None


def test_what_waited_goes_out_whole_when_a_good_key_is_registered() -> None:
    world = World(expired=["SE"])
    number = world.opened("SE1", "SE2", "FR1")
    (waiting,) = world.view.waiting()
    with pytest.raises(Hold):
        world.resume(waiting)
    assert world.view.waiting()
    world.register_desk(SE)
    decision = world.resume(waiting)
    (letter,) = to(decision.letters, "desk.se")
    assert [note.uim.text for note in letter.values.uims] == ["SE1", "SE2"]  # type: ignore[attr-defined]
    assert readers(decision.letters) == ["desk.se referral", "officer notice"]
    assert world.state(number, SE) == "sent"
    assert world.view.waiting() == ()


def test_the_evidence_of_a_referral_that_waited_is_of_the_request_when_it_was_taken() -> None:
    world = World(expired=["SE"])
    world.opened("SE1")
    (receipt,) = to(world.log, "officer")
    world.register_desk(SE)
    world.now = NOW.replace(day=20)
    (letter,) = to(world.resume(world.view.waiting()[0]).letters, "desk.se")
    assert letter.values.evidence.taken_at == NOW  # type: ignore[attr-defined]
    assert letter.values.evidence.digest == receipt.values.evidence.digest  # type: ignore[attr-defined]


def test_long_groups_that_stayed_behind_come_as_sheets_so_that_no_uim_is_lost(world: World) -> None:
    uims = [f"??{n}" for n in range(300)]
    (letter,) = world.send("officer", "request", OPENED, uims).letters
    assert [sheet.stem for sheet in letter.sheets] == ["request-unknown"]
    assert [row[0] for row in letter.sheets[0].rows] == uims


def test_the_requests_ciphertext_is_kept_once_for_the_exchange(world: World) -> None:
    decision = world.send("officer", "request", OPENED, ["SE1", "FR1"])
    assert [(keep.party, keep.side) for keep in decision.keeps] == [("", Side.ASKING)]
    assert decision.events[0].kind is EventKind.EXCHANGE_OPENED
    assert decision.events[0].digest == decision.keeps[0].digest


def test_a_request_whose_handling_is_not_understood_comes_back_and_goes_nowhere(world: World) -> None:
    unclear = Finding(text("unclear"), Severity.PART, line=3, got="Confidential", field="handling")
    decision = world.send("officer", "request", OPENED, ["SE1"], findings=[unclear])
    assert readers(decision.letters) == ["officer notice"]
    (letter,) = decision.letters
    assert letter.form is not None
    assert "handling" in letter.form.hints


def test_a_referral_is_of_the_person_who_asked_and_of_nobody_where_a_reply_passed_it_on(world: World) -> None:
    asked = world.send("officer", "request", OPENED, ["SE1", "FR1"])
    officer = world.people["officer"].id
    assert {event.person for event in asked.events} == {officer}
    more = world.send("officer", "request", OPENED | {"exchange": str(asked.answer_exchange)}, ["SE2"])
    assert {event.person for event in more.events} == {officer}
