"""Delivery and disposition reports become events of the referral whose mail they speak of."""

from __future__ import annotations

from gateway.content import Decision
from gateway.facts import (
    DeliveryAction,
    DeliveryReport,
    DispositionReport,
    Event,
    EventKind,
    ForAPerson,
    Moment,
    ReferralNumber,
)
from gateway.ports import Keyed, Policy, View
from gateway.rules.exchange import undeliverable
from gateway.treaty import Side


def track(
    report: DeliveryReport | DispositionReport, view: View, keyed: Keyed, policy: Policy, moment: Moment
) -> Decision:
    """What a report changes. One that names none of our mails by its unguessable identifiers changes nothing."""
    found = _found(report, view)
    if found is None:
        return Decision()
    number, side = found
    if isinstance(report, DispositionReport):
        return _event(EventKind.READ, number) if report.displayed and side is Side.ANSWERING else Decision()
    if report.action is DeliveryAction.FAILED:
        exchange = view.exchange(number.exchange)
        if side is Side.ASKING or exchange is None:
            return Decision(for_a_person=(ForAPerson(403, number.exchange, number.party),))
        return undeliverable(view, keyed, policy, exchange, number.party, moment.now)
    if report.action in (DeliveryAction.DELIVERED, DeliveryAction.RELAYED, DeliveryAction.EXPANDED):
        return _event(EventKind.DELIVERED, number) if side is Side.ANSWERING else Decision()
    return Decision()


def _found(report: DeliveryReport | DispositionReport, view: View) -> tuple[ReferralNumber, Side] | None:
    if isinstance(report, DeliveryReport) and report.envelope_id:
        found = view.mail_by_envelope_id(report.envelope_id.lower())
        if found:
            return found
    return view.referral_by_message_ids(report.message_ids)


def _event(kind: EventKind, number: ReferralNumber) -> Decision:
    return Decision(events=(Event(kind, number.exchange, number.party),), answer_exchange=number.exchange)
