"""What is due in an exchange when nobody writes: reminders, escalation, expiry, closing; and its threads."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from gateway.content import Decision, Letter, Text, Thread, text
from gateway.facts import (
    Correspondent,
    Event,
    EventKind,
    ExchangeView,
    ForAPerson,
    MailKind,
    PartyCode,
    ReferralNumber,
    ReferralView,
)
from gateway.letters import Closed, LetterValues, Reminder, Turn
from gateway.ports import Keyed, Policy, View
from gateway.treaty import ReferralState, Role, Side

_REFERENCES = 10
_OPEN = frozenset({ReferralState.SENT, ReferralState.DELIVERED, ReferralState.READ, ReferralState.PARTLY_ANSWERED})
ESCALATE_AFTER = timedelta(days=7)  # after the last reminder


class Due(StrEnum):
    """What the clock asks for."""

    REMINDER = "reminder"
    ESCALATION = "escalation"
    EXPIRY = "expiry"


def thread(
    view: View, keyed: Keyed, policy: Policy, referral: ReferralNumber, side: Side, answering: str = ""
) -> Thread:
    """The conversation with one side: its tag and token, where replies go, what it replies to (RFC 5322, 3.6.4)."""
    token = keyed.token(referral, side)
    ids = [str(message_id) for message_id in view.thread(referral, side)]
    if answering and answering not in ids:
        ids.append(answering)
    return Thread(
        tag=f"[{referral} {token}]",
        in_reply_to=ids[-1] if ids else "",
        references=tuple(ids[:1] + ids[1:][-_REFERENCES:]),
        reply_to=f"reply+{token}@{policy.domain}" if policy.subaddress else f"{policy.mailbox}@{policy.domain}",
    )


def requester(view: View, exchange: ExchangeView, now: datetime) -> Correspondent | None:
    """Who is told the answers: the person who asked, or the asking Party's desk where the desk asked."""
    if exchange.person == 0:
        return view.desk(exchange.asking_party, now)
    return view.correspondent(exchange.person, now)


def due(referral: ReferralView, now: datetime, policy: Policy) -> Due | None:
    """What a referral asks for now (exchange.md 3, item 7); None: nothing."""
    silent = now - referral.last_activity
    if referral.state in _OPEN | {ReferralState.WAITING, ReferralState.UNDELIVERABLE} and silent >= timedelta(
        days=policy.expire_days
    ):
        return Due.EXPIRY
    if referral.state not in _OPEN:
        return None
    days = policy.reminder_days
    if referral.reminders < len(days):
        return Due.REMINDER if silent >= timedelta(days=days[referral.reminders]) else None
    last = timedelta(days=days[-1] if days else 0)
    if referral.reminders == len(days) and silent >= last + ESCALATE_AFTER:
        return Due.ESCALATION
    return None


def closes(exchange: ExchangeView, now: datetime, policy: Policy) -> bool:
    """Whether an exchange closes by itself: nothing open, and silent for so many days."""
    waiting = any(referral.state in _OPEN | {ReferralState.WAITING} for referral in exchange.referrals)
    return not waiting and now - exchange.last_activity >= timedelta(days=policy.close_days)


def carry_out(
    what: Due, view: View, keyed: Keyed, policy: Policy, exchange: ExchangeView, referral: ReferralView, now: datetime
) -> Decision:
    """The events and letters of what is due in a referral."""
    party = referral.number.party
    based_on = ((exchange.number, exchange.version),)
    if what is Due.EXPIRY:
        return Decision(
            events=(Event(EventKind.EXPIRED, exchange.number, party, count=policy.expire_days),),
            letters=turn_letters(view, keyed, policy, exchange, referral.number, ReferralState.EXPIRED, now, told=()),
            based_on=based_on,
        )
    escalated = what is Due.ESCALATION
    silent = (now - referral.last_activity).days

    def reminder(to: Correspondent, side: Side) -> Letter:
        other = party if side is Side.ASKING else exchange.asking_party
        subject = text("Waiting for an answer: {number}", number=str(referral.number))
        values = Reminder(
            referral.number, to.role if side is Side.ANSWERING else Role.OFFICER, other, referral.asked_at, silent,
            referral.uims - referral.answered, escalated,
        )  # fmt: skip
        return _letter(view, keyed, policy, referral.number, to, side, subject, values, MailKind.REMINDER)

    asker = requester(view, exchange, now)
    letters = [reminder(asker, Side.ASKING)] if escalated and asker else []
    readers = view.administrators(party, now) if escalated else ()
    desk = view.desk(party, now)
    letters += [reminder(to, Side.ANSWERING) for to in (readers or ((desk,) if desk else ()))]
    return Decision(
        events=(Event(EventKind.ESCALATED if escalated else EventKind.REMINDED, exchange.number, party, count=silent),),
        letters=tuple(letters),
        for_a_person=(ForAPerson(405, exchange.number, party),) if escalated else (),
        based_on=based_on,
    )


def close(view: View, policy: Policy, exchange: ExchangeView, now: datetime) -> Decision:
    """The exchange is closed, and the requester told."""
    to = requester(view, exchange, now)
    letter = Letter(
        MailKind.NOTICE,
        to,
        text("Exchange {number} is closed", number=str(exchange.number)),
        Closed(exchange.number, now, policy.close_days),
        thread=Thread(tag=f"[{exchange.number}]", reply_to=f"{policy.mailbox}@{policy.domain}"),
        exchange=exchange.number,
    ) if to else None  # fmt: skip
    return Decision(
        events=(Event(EventKind.EXCHANGE_CLOSED, exchange.number),),
        letters=(letter,) if letter else (),
        based_on=((exchange.number, exchange.version),),
    )


def turn_letters(
    view: View,
    keyed: Keyed,
    policy: Policy,
    exchange: ExchangeView,
    number: ReferralNumber,
    state: ReferralState,
    now: datetime,
    told: tuple[Correspondent, ...],
    released: bool = False,
) -> tuple[Letter, ...]:
    """Letters to the requester and to `told` that a referral is undeliverable, expired, waiting or released."""
    asker = requester(view, exchange, now)
    subject = text("News of {number}", number=str(number))
    letters = []
    for to, role in (*(((asker, Role.OFFICER),) if asker else ()), *((to, to.role) for to in told)):
        values = Turn(number, state, role, now, released)
        letters.append(_letter(view, keyed, policy, number, to, Side.ASKING, subject, values, MailKind.NOTICE))
    return tuple(letters)


def undeliverable(
    view: View, keyed: Keyed, policy: Policy, exchange: ExchangeView, party: PartyCode, now: datetime
) -> Decision:
    """A referral's mail was refused for good: requester and Secretariat are told at once."""
    number = ReferralNumber(exchange.number, party)
    return Decision(
        events=(Event(EventKind.UNDELIVERABLE, exchange.number, party),),
        letters=turn_letters(
            view, keyed, policy, exchange, number, ReferralState.UNDELIVERABLE, now, view.secretariat(now)
        ),
        for_a_person=(ForAPerson(403, exchange.number, party),),
        based_on=((exchange.number, exchange.version),),
        answer_exchange=exchange.number,
    )


def _letter(
    view: View,
    keyed: Keyed,
    policy: Policy,
    number: ReferralNumber,
    to: Correspondent,
    side: Side,
    subject: Text,
    values: LetterValues,
    kind: MailKind,
) -> Letter:
    return Letter(
        kind,
        to,
        subject,
        values,
        thread=thread(view, keyed, policy, number, side),
        exchange=number.exchange,
        party=number.party,
        side=side,
    )
