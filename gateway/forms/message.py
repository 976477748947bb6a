"""`GSP MESSAGE`: any further message in the chain, to the other side (R6)."""

from __future__ import annotations

from dataclasses import replace

from gateway.content import Decision, FilledForm, Letter, Reading, Text, text
from gateway.events import Event, EventKind, ExchangeView, ForAPerson, MailKind
from gateway.facts import Correspondent, MessageId, ReferralNumber
from gateway.forms import Form
from gateway.forms._common import (
    ASKERS,
    COMPLETE,
    blocks,
    evidence,
    evidence_of,
    find_referral,
    is_closed,
    keep,
    marked,
    notice,
    receipt,
    sender,
    waiting_letters,
    weighed,
)
from gateway.forms._fields import MESSAGE_FIELDS
from gateway.forms._refer import handling
from gateway.letters import Evidence, MessageLetter, Thanks
from gateway.outcome import REASONS, Hold
from gateway.ports import Situation
from gateway.rules.exchange import requester, thread
from gateway.treaty import Side

_DECISIVE = frozenset({"exchange", "handling"})
_WRITE = text("Write the message below “Message” and reply to this mail.")


def decide(situation: Situation) -> Decision:
    """Carries the text to the other side; one mail in is one mail out.

    The writer hears of it only where there is something to say: it waits for a key, or a line was not understood.
    """
    reading = situation.reading
    found = find_referral(situation)
    findings = weighed(MESSAGE_FIELDS, reading.form, reading.findings, _DECISIVE)
    if isinstance(found, Text) or blocks(findings):
        says = found if isinstance(found, Text) else COMPLETE if reading.form.get("message") else _WRITE
        form = None if is_closed(says) else replace(marked(reading.form, findings), name="message")
        return notice(situation, text("Your message was not passed on"), says, findings, form)
    number, exchange, side = found
    person = situation.submission.sender.person
    to = _other(situation, exchange, number, side)
    shown = evidence(situation)
    event = Event(
        EventKind.MESSAGE_RECEIVED, number.exchange, number.party, person.id, person.party,
        digest=situation.submission.mail.mail.digest,
        message_id=MessageId(situation.submission.mail.mail.visible.message_id),
    )  # fmt: skip
    waiting = to is None or to.key is None
    letters: tuple[Letter, ...] = ()
    if to is None or to.key is None:
        reader = number.party if side is Side.ASKING else exchange.asking_party
        letters = waiting_letters(situation, number, reader, to)
    else:
        letters = (_letter(situation, reading, number, side, to, shown),)
    thanks = _thanks(situation, number, side, waiting) if waiting or findings else None
    waits = (Event(EventKind.MESSAGE_WAITING, number.exchange, number.party),) if waiting else ()
    return Decision(
        events=(event, *waits),
        letters=(*letters, *((thanks,) if thanks else ())),
        keeps=(keep(situation, number.exchange, number.party, side),) if waiting else (),
        for_a_person=(ForAPerson(402, number.exchange, number.party),) if waiting else (),
        based_on=((exchange.number, exchange.version),),
        answer_exchange=number.exchange,
        answer_parties=(number.party,),
    )


def carry(situation: Situation, reading: Reading, referral: ReferralNumber) -> Letter:
    """The message's mail again, when it had to wait. Raises Hold where there is no reader."""
    exchange = situation.view.exchange(referral.exchange)
    if exchange is None:
        raise Hold(REASONS[402])
    mine = situation.submission.sender.person.party == exchange.asking_party
    side = Side.ASKING if mine else Side.ANSWERING
    to = _other(situation, exchange, referral, side)
    if to is None:
        raise Hold(REASONS[402])
    shown = evidence_of(situation, situation.submission.mail.mail.digest, referral.exchange)
    return _letter(situation, reading, referral, side, to, shown)


def _other(situation: Situation, exchange: ExchangeView, number: ReferralNumber, side: Side) -> Correspondent | None:
    if side is Side.ASKING:
        return situation.view.desk(number.party, situation.moment.now)
    return requester(situation.view, exchange, situation.moment.now)


def _letter(
    situation: Situation, reading: Reading, number: ReferralNumber, side: Side, to: Correspondent, shown: Evidence
) -> Letter:
    other = Side.ANSWERING if side is Side.ASKING else Side.ASKING
    values = MessageLetter(
        number, situation.submission.sender.person.party, handling(reading.form), reading.form.get("message"),
        shown,
    )  # fmt: skip
    return Letter(
        MailKind.MESSAGE,
        to,
        text("Message about {number}", number=str(number)),
        values,
        form=FilledForm("message", {"exchange": str(number)}),
        thread=thread(situation.view, situation.keyed, situation.policy, number, other),
        exchange=number.exchange,
        party=number.party,
        side=other,
    )


def _thanks(situation: Situation, number: ReferralNumber, side: Side, waiting: bool) -> Letter | None:
    to = sender(situation)
    if to is None:
        return None
    what = text("Your message was recorded.") if waiting else text("Your message was passed on.")
    values = Thanks(number, what, 0, 0, evidence(situation), situation.reading.findings, waiting)
    subject = text("Thank you for your message: {number}", number=str(number))
    return receipt(situation, to, number, side, subject, values)


FORM = Form(
    name="message",
    title="MESSAGE",
    fields=MESSAGE_FIELDS,
    senders=ASKERS,
    decide=decide,
    carry=carry,
    summary="Write to the other side of an exchange.",
)
