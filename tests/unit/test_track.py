"""Reports change the referral whose mail they name, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

import pytest

from gateway.content import Decision
from gateway.facts import (
    DeliveryAction,
    DeliveryReport,
    DispositionReport,
    Envelope,
    EventKind,
    ExchangeNumber,
    ExchangeView,
    Moment,
    PartyCode,
    ReferralNumber,
    ReferralView,
)  # fmt: skip
from gateway.ports import Policy
from gateway.stages.track import track
from gateway.treaty import ReferralState, Side

NOW = datetime(2026, 11, 21, tzinfo=UTC)
NUMBER = ReferralNumber(ExchangeNumber(2026, 42), PartyCode("KE"))
IDENTIFIER = "abcdefghijklmnopqrstuvwx"


class Sent:
    """A store that sent one mail to one side of one referral."""

    def __init__(self, side: Side = Side.ANSWERING) -> None:
        self._side = side

    def mail_by_envelope_id(self, envelope_id: str) -> tuple[ReferralNumber, Side] | None:
        return (NUMBER, self._side) if envelope_id == IDENTIFIER else None

    def referral_by_message_ids(self, ids: Iterable[str]) -> tuple[ReferralNumber, Side] | None:
        return (NUMBER, self._side) if "<one@gsp.example>" in ids else None

    def exchange(self, number: ExchangeNumber) -> ExchangeView:
        referral = ReferralView(NUMBER, ReferralState.SENT, NOW, NOW, 0, 1, 0)
        return ExchangeView(NUMBER.exchange, 3, False, PartyCode("SE"), 0, NOW, NOW, 1, (referral,))

    def secretariat(self, now: datetime) -> tuple[()]:
        return ()

    def desk(self, code: PartyCode, now: datetime) -> None:
        return None

    correspondent = desk
    party = thread = lambda *_: None


def decided(report: DeliveryReport | DispositionReport, side: Side = Side.ANSWERING) -> Decision:
    return track(report, Sent(side), None, Policy("gsp.example", "gsp", True), Moment(NOW))  # type: ignore[arg-type]


def delivery(action: str, identifier: str = IDENTIFIER, *ids: str) -> DeliveryReport:
    return DeliveryReport(Envelope(), ids, identifier, DeliveryAction(action), "")


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
    ids = ("<other@gsp.example>", "<one@gsp.example>")
    assert kinds(decided(DispositionReport(Envelope(), ids, True))) == [EventKind.READ]
    assert decided(DispositionReport(Envelope(), ids, False)) == Decision()
    assert decided(DispositionReport(Envelope(), ids, True), Side.ASKING) == Decision()


def test_the_identifier_is_found_whatever_its_case_and_the_message_id_where_it_is_unknown() -> None:
    assert kinds(decided(delivery("delivered", IDENTIFIER.upper()))) == [EventKind.DELIVERED]
    assert kinds(decided(delivery("delivered", "unknown", "<one@gsp.example>"))) == [EventKind.DELIVERED]


@pytest.mark.parametrize("action", list(DeliveryAction))
def test_a_report_on_a_mail_that_is_not_ours_changes_nothing(action: DeliveryAction) -> None:
    assert decided(delivery(action, "unknown", "<forged@gsp.example>")) == Decision()
    assert decided(DispositionReport(Envelope(), ("<forged@gsp.example>",), True)) == Decision()
