"""Reports change the referral whose mail they name, once, and nothing else."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gateway.content import Decision
from gateway.events import EventKind, ExchangeView, ReferralView
from gateway.facts import (
    Address,
    DeliveryAction,
    DeliveryReport,
    DispositionReport,
    Envelope,
    ExchangeNumber,
    Language,
    Moment,
    PartyCode,
    Person,
    ReferralNumber,
)
from gateway.ports import Policy
from gateway.stages.track import NEWS, track
from gateway.store.fold import next_state
from gateway.treaty import ReferralState, Role, Side

NOW = datetime(2026, 11, 21, tzinfo=UTC)
NUMBER = ReferralNumber(ExchangeNumber(2026, 42), PartyCode("KE"))
OTHER = ReferralNumber(ExchangeNumber(2026, 43), PartyCode("SE"))
IDENTIFIER = "abcdefghijklmnopqrstuvwx"
OF_ANOTHER = "bbcdefghijklmnopqrstuvwx"
MESSAGE_ID = f"<{IDENTIFIER}@gsp.example>"
ACTIONS = {
    EventKind.DELIVERED: "delivered",
    EventKind.UNDELIVERABLE: "failed",
}


class Sent:
    """A store that sent one mail to one side of one referral, and one of another."""

    def __init__(self, side: Side = Side.ANSWERING, state: ReferralState = ReferralState.SENT) -> None:
        self._side = side
        self._state = state

    def mail_by_envelope_id(self, envelope_id: str) -> tuple[ReferralNumber, Side] | None:
        return {IDENTIFIER: (NUMBER, self._side), OF_ANOTHER: (OTHER, self._side)}.get(envelope_id)

    def referral_by_message_ids(self, ids: object) -> tuple[ReferralNumber, Side]:
        return NUMBER, self._side  # an officer's own mail, say: it must not count

    def exchange(self, number: ExchangeNumber) -> ExchangeView:
        referral = ReferralView(NUMBER, self._state, NOW, NOW, 0, 1, 0)
        return ExchangeView(NUMBER.exchange, 3, False, PartyCode("SE"), 0, NOW, NOW, 1, (referral,))

    def person_by_address(self, address: str) -> Person | None:
        roles = {"colleague@party.example": Role.OFFICER, "desk@party.example": Role.DESK}
        role = roles.get(address)
        return Person(1, NUMBER.party, Address(address), "", role, Language("en")) if role else None

    def secretariat(self, now: datetime) -> tuple[()]:
        return ()

    def desk(self, code: PartyCode, now: datetime) -> None:
        return None

    correspondent = desk
    party = thread = challenged_address = lambda *_: None


def decided(
    report: DeliveryReport | DispositionReport,
    side: Side = Side.ANSWERING,
    state: ReferralState = ReferralState.SENT,
) -> Decision:
    return track(report, Sent(side, state), None, Policy("gsp.example", "gsp", True), Moment(NOW))  # type: ignore[arg-type]


def delivery(action: str, identifier: str = IDENTIFIER, *ids: str, to: str = "") -> DeliveryReport:
    return DeliveryReport(Envelope("", (to,) if to else ()), ids, identifier, DeliveryAction(action), "")


def displayed(*ids: str) -> DispositionReport:
    return DispositionReport(Envelope(), ids, True)


def kinds(decision: Decision) -> list[EventKind]:
    return [event.kind for event in decision.events]


@pytest.mark.parametrize("action", ["delivered", "relayed", "expanded"])
def test_a_delivered_referral_is_delivered(action: str) -> None:
    decision = decided(delivery(action))
    assert kinds(decision) == [EventKind.DELIVERED]
    assert (decision.events[0].exchange, decision.events[0].party) == (NUMBER.exchange, NUMBER.party)
    assert decision.answer_exchange == NUMBER.exchange


def test_a_referral_that_is_refused_for_good_is_undeliverable_and_a_person_is_told() -> None:
    decision = decided(delivery("failed"))
    assert kinds(decision) == [EventKind.UNDELIVERABLE]
    assert [item.reason for item in decision.for_a_person] == [403]
    assert decision.based_on == ((NUMBER.exchange, 3),)


def test_a_delay_changes_nothing() -> None:
    assert decided(delivery("delayed")) == Decision()


def test_a_mail_to_the_requester_that_fails_is_for_a_person_and_changes_no_state() -> None:
    decision = decided(delivery("failed"), Side.ASKING)
    assert (kinds(decision), [item.reason for item in decision.for_a_person]) == ([], [403])
    assert decided(delivery("delivered"), Side.ASKING) == Decision()


def test_a_displayed_referral_is_read() -> None:
    ids = ("<other@gsp.example>", MESSAGE_ID)
    assert kinds(decided(displayed(*ids))) == [EventKind.READ]
    assert decided(DispositionReport(Envelope(), ids, False)) == Decision()
    assert decided(displayed(*ids), Side.ASKING) == Decision()


@pytest.mark.parametrize("state", list(ReferralState))
@pytest.mark.parametrize("kind", [*NEWS, EventKind.UNDELIVERABLE])
def test_a_report_writes_an_event_exactly_where_the_table_of_states_moves(
    kind: EventKind, state: ReferralState
) -> None:
    report = displayed(MESSAGE_ID) if kind is EventKind.READ else delivery(ACTIONS[kind])
    moves = next_state(state, kind, Counter()) is not state
    decision = decided(report, state=state)
    assert kinds(decision) == ([kind] if moves else [])
    assert moves or decision.letters == ()


def test_a_mail_that_fails_after_the_desk_has_answered_is_for_a_person_and_a_second_bounce_for_nobody() -> None:
    for state in (ReferralState.DECLINED, ReferralState.ANSWERED):
        assert [item.reason for item in decided(delivery("failed"), state=state).for_a_person] == [403]
    assert decided(delivery("failed"), state=ReferralState.UNDELIVERABLE) == Decision()


@pytest.mark.parametrize(
    ("recipient", "reason", "kind"),
    [("colleague@party.example", [403], []), ("desk@party.example", [403], [EventKind.UNDELIVERABLE]),
     ("behind.an.alias@party.example", [403], [EventKind.UNDELIVERABLE])],
)  # fmt: skip
def test_a_mail_to_an_officer_of_the_asked_party_says_nothing_of_its_desk(
    recipient: str, reason: list[int], kind: list[EventKind]
) -> None:
    failed = decided(replace(delivery("failed"), recipient=recipient))
    assert ([item.reason for item in failed.for_a_person], kinds(failed)) == (reason, kind)
    arrived = decided(replace(delivery("delivered"), recipient=recipient))
    assert kinds(arrived) == ([EventKind.DELIVERED] if kind else [])


def test_a_report_is_known_by_any_of_its_identifiers_whatever_their_case() -> None:
    assert kinds(decided(delivery("delivered", IDENTIFIER.upper()))) == [EventKind.DELIVERED]
    assert kinds(decided(delivery("delivered", "unknown", MESSAGE_ID.upper()))) == [EventKind.DELIVERED]
    # A server on the way may put an envelope id of its own in the place of ours.
    assert kinds(decided(delivery("delivered", "unknown", to=f"Bounce+{IDENTIFIER}@gsp.example"))) == [
        EventKind.DELIVERED
    ]


@pytest.mark.parametrize("action", list(DeliveryAction))
@pytest.mark.parametrize(
    ("identifier", "message_id", "to"),
    [
        ("unknown", "<forged@gsp.example>", ""),
        ("", f"<{IDENTIFIER}@party.example>", ""),
        ("", f"<{IDENTIFIER}@gsp.example.org>", ""),
        ("", f"<x{IDENTIFIER}@gsp.example>", ""),
        ("", "<the-officers-own@party.example>", f"gsp+{IDENTIFIER}@gsp.example"),
        ("", "", "bounce+aaaaaaaaaaaaaaaaaaaaaaaa@gsp.example"),
    ],
)
def test_a_report_on_a_mail_that_is_not_ours_changes_nothing(
    action: DeliveryAction, identifier: str, message_id: str, to: str
) -> None:
    assert decided(delivery(action, identifier, message_id, to=to)) == Decision()
    assert decided(DispositionReport(Envelope("", (to,)), (message_id,), True)) == Decision()


def test_a_report_that_names_mails_of_two_referrals_changes_nothing() -> None:
    assert decided(delivery("failed", OF_ANOTHER, MESSAGE_ID)) == Decision()
    assert decided(displayed(MESSAGE_ID, f"<{OF_ANOTHER}@gsp.example>")) == Decision()


def test_a_report_with_very_many_identifiers_costs_five_look_ups() -> None:
    asked: list[str] = []

    class Counting(Sent):
        def mail_by_envelope_id(self, envelope_id: str) -> None:
            asked.append(envelope_id)

    ids = tuple(f"<{number:a>24}@gsp.example>".translate(str.maketrans("0189", "2345")) for number in range(50))
    track(displayed(*ids), Counting(), None, Policy("gsp.example", "gsp", True), Moment(NOW))  # type: ignore[arg-type]
    assert len(asked) == 5
