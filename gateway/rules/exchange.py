"""What is due in an exchange when nobody writes: reminders, escalation, expiry, closing; and its threads."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from enum import StrEnum

from gateway.content import Decision, FilledForm, Letter, Text, Thread, text
from gateway.events import Event, EventKind, ExchangeView, ForAPerson, MailKind, ReferralView
from gateway.facts import Correspondent, ExchangeNumber, PartyCode, ReferralNumber
from gateway.letters import Closed, LetterValues, Reminder, Turn
from gateway.ports import Keyed, Policy, View
from gateway.treaty import ASKED, Handling, ReferralState, Role, Side

_REFERENCES = 10
# Where something is still expected of the desk, it matters that a mail does not reach it.
REACHABLE = ASKED | {ReferralState.WAITING}
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
        # Not `reply+TOKEN@`, which is taken too: no client has a key or certificate for that address, and
        # Thunderbird and Outlook then refuse to encrypt the reply.
        reply_to=f"{policy.mailbox}@{policy.domain}",
    )


def apart(policy: Policy, number: ExchangeNumber) -> Thread:
    """Of an exchange, but of no conversation with one side of a referral."""
    return Thread(tag=f"[{number}]", reply_to=f"{policy.mailbox}@{policy.domain}")


def requester(view: View, exchange: ExchangeView, now: datetime) -> Correspondent | None:
    """Who is told the answers: the person who asked; the asking Party's desk where it asked, or he has left."""
    person = view.correspondent(exchange.person, now) if exchange.person else None
    return person or view.desk(exchange.asking_party, now)


def due(referral: ReferralView, now: datetime, policy: Policy) -> Due | None:
    """What a referral asks for now (exchange.md 3, item 7); None: nothing."""
    silent = now - referral.last_activity
    expires = referral.state in REACHABLE | {ReferralState.UNDELIVERABLE}
    if expires and silent >= timedelta(days=policy.expire_days):
        return Due.EXPIRY
    if referral.state not in ASKED:
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
    waiting = any(referral.state in REACHABLE for referral in exchange.referrals)
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
    desk = view.desk(party, now)
    readers = [(to, Role.ADMINISTRATOR) for to in view.administrators(party, now)] if escalated else []
    told = len(readers)
    asker = requester(view, exchange, now) if escalated else None
    readers = [
        *([(asker, Role.OFFICER)] if asker else []),
        *(readers or ([(desk, Role.DESK)] if desk else [])),
    ]
    letters = []
    for to, role in readers:
        values = Reminder(
            referral.number, role, party if role is Role.OFFICER else exchange.asking_party, referral.asked_at,
            silent, referral.uims - referral.answered, escalated, told,
            referral.sealed,
        )  # fmt: skip
        subject = text("Waiting for an answer: {number}", number=str(referral.number))
        letters.append(_letter(view, keyed, policy, referral.number, to, role, subject, values, MailKind.REMINDER))
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
        blanks=("request",),
        thread=apart(policy, exchange.number),
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
    exchange: ExchangeView | None,
    number: ReferralNumber,
    state: ReferralState,
    now: datetime,
    told: tuple[Correspondent, ...],
    released: bool = False,
    to_requester: bool = False,
) -> tuple[Letter, ...]:
    """Letters to `told`, and to the requester, that a referral is undeliverable, expired, waiting or released.

    `exchange` None: the requester learns it from another letter. `to_requester`: what waits is a mail to him.
    """
    asker = requester(view, exchange, now) if exchange else None
    subject = text("News of {number}", number=str(number))
    letters = []
    for to, role in (*(((asker, Role.OFFICER),) if asker else ()), *((to, to.role) for to in told)):
        values = Turn(number, state, role, now, released, len(told), to_requester)
        letter = _letter(view, keyed, policy, number, to, role, subject, values, MailKind.NOTICE)
        desk = view.party(number.party)
        if desk and role is Role.ADMINISTRATOR and state is ReferralState.WAITING and not (released or to_requester):
            letter = replace(letter, form=FilledForm("renew", {"address": desk.mailbox, "earlier": "keep"}))
        letters.append(letter)
    return tuple(letters)


def undeliverable(
    view: View, keyed: Keyed, policy: Policy, exchange: ExchangeView, party: PartyCode, now: datetime
) -> Decision:
    """A mail to the desk was refused for good: requester and Secretariat are told at once, and not again.

    Where nothing is expected of the desk any more (it has answered, say), only a person is told.
    """
    number = ReferralNumber(exchange.number, party)
    referral = exchange.referral(party)
    if referral is not None and referral.state is ReferralState.UNDELIVERABLE:
        return Decision()
    if referral is None or referral.state not in REACHABLE:
        return Decision(for_a_person=(ForAPerson(403, exchange.number, party),))
    return Decision(
        events=(Event(EventKind.UNDELIVERABLE, exchange.number, party),),
        letters=turn_letters(
            view, keyed, policy, exchange, number, ReferralState.UNDELIVERABLE, now, view.secretariat(now)
        ),
        for_a_person=(ForAPerson(403, exchange.number, party),),
        based_on=((exchange.number, exchange.version),),
        answer_exchange=exchange.number,
    )


_FORMS = {
    Role.DESK: ("reply", {"handling": Handling.H0.value}),
    Role.ADMINISTRATOR: ("status", {}),
    Role.SECRETARIAT: ("status", {"exchange": ""}),
}


def _letter(
    view: View,
    keyed: Keyed,
    policy: Policy,
    number: ReferralNumber,
    to: Correspondent,
    role: Role,
    subject: Text,
    values: LetterValues,
    kind: MailKind,
) -> Letter:
    """A letter with the form that answers it. Only requester and desk hold a side of the referral: others
    get no token, and a delivery report on their mail says nothing of the referral."""
    name, given = _FORMS.get(role, ("message", {}))
    form = FilledForm(name, {"exchange": str(number), **given})
    if role in (Role.ADMINISTRATOR, Role.SECRETARIAT):
        return Letter(kind, to, subject, values, form, thread=apart(policy, number.exchange))
    side = Side.ANSWERING if role is Role.DESK else Side.ASKING
    return Letter(
        kind,
        to,
        subject,
        values,
        form,
        thread=thread(view, keyed, policy, number, side),
        exchange=number.exchange,
        party=number.party,
        side=side,
    )
