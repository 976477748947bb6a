"""Delivery and disposition reports become events of the referral whose mail they speak of."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gateway.content import Decision
from gateway.events import Event, EventKind, ExchangeView, ForAPerson
from gateway.facts import Address, DeliveryAction, DeliveryReport, DispositionReport, Moment, ReferralNumber
from gateway.forms._registration import unreached
from gateway.ports import Keyed, Policy, View
from gateway.rules.exchange import undeliverable
from gateway.treaty import ReferralState, Role, Side

_S = ReferralState
# States in which a report is news, as the table of states (`store.fold`) moves them: a report that comes twice, late,
# or of a further mail to the same desk must not write, and above all not tell, the same thing again.
NEWS = {
    EventKind.DELIVERED: frozenset({_S.SENT}),
    EventKind.READ: frozenset({_S.SENT, _S.DELIVERED}),
}
_IDENTIFIER = "[a-z2-7]{24}"
_MOST = 5  # identifiers that one report may name


def track(
    report: DeliveryReport | DispositionReport, view: View, keyed: Keyed, policy: Policy, moment: Moment
) -> Decision:
    """What a report changes. One that names none of our mails by its unguessable identifiers changes nothing."""
    ours = _ours(report, policy)
    found = _found(ours, view)
    exchange = view.exchange(found[0].exchange) if found else None
    if found is None or exchange is None:
        return _unconfirmed(report, ours, view, moment)
    number, side = found
    if isinstance(report, DispositionReport):
        return _event(EventKind.READ, exchange, number, side) if report.displayed else Decision()
    if report.action is DeliveryAction.FAILED:
        return _failed(report, exchange, number, side, view, keyed, policy, moment)
    arrived = report.action in (DeliveryAction.DELIVERED, DeliveryAction.RELAYED, DeliveryAction.EXPANDED)
    if arrived and not _to_a_person(report, view):
        return _event(EventKind.DELIVERED, exchange, number, side)
    return Decision()


def _failed(
    report: DeliveryReport,
    exchange: ExchangeView,
    number: ReferralNumber,
    side: Side,
    view: View,
    keyed: Keyed,
    policy: Policy,
    moment: Moment,
) -> Decision:
    """A mail of ours came back for good; one to a single person says nothing of the desk."""
    if side is Side.ANSWERING and not _to_a_person(report, view):
        return undeliverable(view, keyed, policy, exchange, number.party, moment.now)
    return Decision(for_a_person=(ForAPerson(403, number.exchange, number.party),))


def _to_a_person(report: DeliveryReport, view: View) -> bool:
    """Whether the mail went to an officer of the asked Party, who was thanked for a reply, and not to the desk."""
    person = view.person_by_address(Address(report.recipient)) if report.recipient else None
    return person is not None and person.role is not Role.DESK


def _unconfirmed(
    report: DeliveryReport | DispositionReport, ours: Sequence[str], view: View, moment: Moment
) -> Decision:
    """The question to confirm a registration came back for good; nothing for every other mail."""
    if isinstance(report, DispositionReport) or report.action is not DeliveryAction.FAILED:
        return Decision()
    found = {view.challenged_address(identifier) for identifier in ours} - {None}
    address = found.pop() if len(found) == 1 else None
    return unreached(address, view, moment.now) if address else Decision()


def _found(ours: Sequence[str], view: View) -> tuple[ReferralNumber, Side] | None:
    """The one referral that these identifiers name; None where they name none, or do not agree."""
    found = {view.mail_by_envelope_id(identifier) for identifier in ours} - {None}
    return found.pop() if len(found) == 1 else None


def _ours(report: DeliveryReport | DispositionReport, policy: Policy) -> Sequence[str]:
    """The identifiers of our mails that a report names.

    Only identifiers that we made count. Message-IDs of officers' own mails stand in the same threads, and everybody
    through whose hands those went knows them: a report could be forged with them.
    """
    ours = re.compile(rf"<({_IDENTIFIER})@{re.escape(policy.domain)}>", re.IGNORECASE)
    back = re.compile(rf"bounce\+({_IDENTIFIER})@.*", re.IGNORECASE)
    named = [report.envelope_id] if isinstance(report, DeliveryReport) and report.envelope_id else []
    named += [match[1] for address in report.envelope.rcpt_tos if (match := back.fullmatch(address))]
    named += [match[1] for written in report.message_ids if (match := ours.fullmatch(written))]
    return list(dict.fromkeys(identifier.lower() for identifier in named))[:_MOST]


def _event(kind: EventKind, exchange: ExchangeView, number: ReferralNumber, side: Side) -> Decision:
    referral = exchange.referral(number.party)
    if side is not Side.ANSWERING or referral is None or referral.state not in NEWS[kind]:
        return Decision()
    return Decision(events=(Event(kind, number.exchange, number.party),), answer_exchange=number.exchange)
