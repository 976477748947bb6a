"""What a mail means: finds the form's file, checks who may send it, lets it decide; resumes what waited."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from gateway.content import Decision, FilledForm, Letter, Text, text
from gateway.events import Event, EventKind, Keep, MailKind
from gateway.facts import ReferralNumber
from gateway.forms import Form
from gateway.forms._common import find_referral, notice
from gateway.forms._refer import IN_FORM, filled
from gateway.outcome import REASONS, Hold
from gateway.ports import Situation
from gateway.rules.exchange import turn_letters
from gateway.treaty import ReferralState, Side

_RELEASED = {MailKind.ANSWER: EventKind.ANSWER_RELEASED, MailKind.MESSAGE: EventKind.MESSAGE_RELEASED}


def decide(situation: Situation, forms: Mapping[str, Form]) -> Decision:
    """All consequences of a mail. What cannot be carried out becomes a notice, never an error."""
    reading = situation.reading
    empty = not reading.form.name and not reading.leftover.strip() and not reading.form.uims and not reading.findings
    form = forms.get("help" if empty else reading.form.name)
    if form is None:
        return notice(
            situation,
            text("The first line does not name a form"),
            text("Begin the mail with the title of a form, for example “GSP REQUEST”, or reply with a form below."),
            reading.findings,
            _rescued(situation),
            blanks=("request", "reply", "message", "status"),
        )
    if situation.submission.sender.person.role not in form.senders:
        return notice(
            situation,
            text("Your role may not send this form"),
            text("Ask your Party's administrator, or send “GSP HELP” to see what you can do."),
            blanks=("help",),
        )
    return form.decide(situation)


def resume(situation: Situation, keep: Keep, referral: ReferralNumber, forms: Mapping[str, Form]) -> Decision:
    """What waited for a usable key goes out: the letter again, and the requester is told where it was a referral.

    Raises Hold where it must wait on: released without a letter, it would be lost.
    """
    form = forms.get(situation.reading.form.name)
    exchange = situation.view.exchange(referral.exchange)
    if form is None or form.carry is None or exchange is None:
        raise Hold(REASONS[402])
    letter = form.carry(situation, situation.reading, referral)
    if letter.to.key is None:
        raise Hold(REASONS[402])
    was_referral = keep.side is Side.ASKING and form.opens_exchange
    kind = EventKind.REFERRAL_RELEASED if was_referral else _RELEASED[letter.kind]
    told = (
        turn_letters(
            situation.view, situation.keyed, situation.policy, exchange, referral, ReferralState.WAITING,
            situation.moment.now, told=(), released=True,
        )
        if was_referral
        else ()
    )  # fmt: skip
    return Decision(
        events=(Event(kind, referral.exchange, referral.party),),
        letters=(letter, *told),
        released=(keep,),
        based_on=((exchange.number, exchange.version),),
    )


def reminded(situation: Situation, decision: Decision, referral: ReferralNumber) -> Decision:
    """The same with every reply form in it filled as far as we can, from the requests that are kept."""

    def complete(letter: Letter) -> Letter:
        return filled(situation, letter, referral) if letter.form and letter.form.name == "reply" else letter

    return replace(decision, letters=tuple(map(complete, decision.letters)))


def _rescued(situation: Situation) -> FilledForm | None:
    """What was written without a title, given back as a request, or as a message of the exchange it replies to."""
    if situation.reading.form.uims:
        return FilledForm("request", uims=situation.reading.form.uims[:IN_FORM])
    written = situation.reading.leftover.strip()
    if not written:
        return None
    found = find_referral(situation)
    number = "" if isinstance(found, Text) else str(found[0])
    return FilledForm("message", {"exchange": number, "message": written})
