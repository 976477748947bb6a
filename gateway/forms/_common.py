"""What several forms need: who is written to, which referral a mail belongs to, notices, the referral itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from gateway.content import (
    Decision,
    FilledForm,
    Finding,
    Letter,
    Reading,
    Severity,
    Text,
    Thread,
    Uim,
    text,
)
from gateway.facts import (
    Correspondent,
    Digest,
    Event,
    EventKind,
    ExchangeNumber,
    ExchangeView,
    Keep,
    MailKind,
    PartyCode,
    ReferralNumber,
    exchange_number,
    referral_number,
)
from gateway.forms import Field
from gateway.letters import Evidence, Notice
from gateway.ports import Situation
from gateway.treaty import Role, Side

EVERYBODY = frozenset(Role)
ASKERS = frozenset({Role.OFFICER, Role.ADMINISTRATOR, Role.DESK})

_NOT_YOURS = text("No open exchange of your Party has this number.")


def evidence(situation: Situation) -> Evidence:
    """When the mail was taken, and the SHA-256 of its encrypted content."""
    return Evidence(situation.moment.now, situation.submission.mail.mail.digest)


def sender(situation: Situation) -> Correspondent | None:
    """The writer of the mail as a reader of ours: the registered address and key, never the mail's own."""
    person = situation.submission.sender.person
    if person.role is Role.DESK:
        return situation.view.desk(person.party, situation.moment.now)
    return situation.view.correspondent(person.id, situation.moment.now)


def own_thread(situation: Situation, number: ExchangeNumber | None = None) -> Thread:
    """A reply to the writer that belongs to no single referral."""
    visible = situation.submission.mail.mail.visible
    policy = situation.policy
    return Thread(
        tag=f"[{number}]" if number else "",
        in_reply_to=visible.message_id,
        references=(*visible.references[-10:], *((visible.message_id,) if visible.message_id else ())),
        reply_to=f"{policy.mailbox}@{policy.domain}",
    )


def notice(
    situation: Situation,
    headline: Text,
    next_step: Text,
    findings: Sequence[Finding] = (),
    form: FilledForm | None = None,
    blanks: tuple[str, ...] = (),
) -> Decision:
    """The writer is told what was not understood and what to write instead; nothing else happens."""
    to = sender(situation)
    if to is None:
        return Decision()
    values = Notice(
        headline, next_step, situation.reading.form.get("case_reference"), tuple(findings), evidence(situation)
    )
    letter = Letter(MailKind.NOTICE, to, headline, values, form=form, blanks=blanks, thread=own_thread(situation))
    person = situation.submission.sender.person
    event = Event(EventKind.NOTICE_SENT, person=person.id, actor=person.party, count=len(findings))
    return Decision(events=(event,), letters=(letter,))


def missing(fields: Iterable[Field], form: FilledForm, findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """One finding for each required field that is empty and of which nothing was said yet."""
    said = {finding.field for finding in findings}
    return tuple(
        Finding(
            text("“{label}” is missing. Please write it.", label=text(field.label)), Severity.BLOCKS, field=field.name
        )
        for field in fields
        if field.required and field.name not in said and not _filled(field, form)
    )


def _filled(field: Field, form: FilledForm) -> bool:
    if field.name == "uims":
        return bool(form.uims)
    return bool(form.get(field.name).strip() or form.ticked(field.name))


def marked(form: FilledForm, findings: Iterable[Finding]) -> FilledForm:
    """The form as it was filled in, with the lines that want mending marked."""
    hints = {finding.field: text("please complete or correct this line") for finding in findings if finding.field}
    return replace(form, hints={**form.hints, **hints})


def digest_of(situation: Situation, uim: str) -> Digest:
    """What is kept of a UIM."""
    return situation.keyed.uim(situation.library.canonical(uim))


def keep(situation: Situation, number: ExchangeNumber, party: PartyCode, side: Side) -> Keep:
    """The mail's ciphertext, as it came, for a later step. Party "": the request itself."""
    mail = situation.submission.mail.mail
    return Keep(number, party, side, mail.digest, mail.scheme, mail.ciphertext)


def named_exchange(form: FilledForm) -> ExchangeNumber | None:
    """The exchange in the form's `Exchange` field, whether or not a Party follows the number."""
    try:
        return exchange_number(form.get("exchange"))
    except ValueError:
        return None


def message_ids(situation: Situation) -> tuple[str, ...]:
    """The mails this one replies to, nearest first; those inside the encryption before those outside."""
    inside, outside = situation.submission.mail.headers, situation.submission.mail.mail.visible
    ids = (inside.in_reply_to, *reversed(inside.references), outside.in_reply_to, *reversed(outside.references))
    return tuple(dict.fromkeys(message_id for message_id in ids if message_id))


def find_referral(situation: Situation) -> tuple[ReferralNumber, ExchangeView, Side] | Text:
    """The referral a reply or message belongs to, and the writer's side; or what is wrong.

    The form's `Exchange` line counts first, then the token, then the thread. A token of another referral
    than the one named is refused. What is not the writer's Party's is answered as what does not exist.
    """
    party = situation.submission.sender.person.party
    named = _named(situation, party)
    by_token = next(
        (
            found
            for token in situation.reading.tokens
            if (found := situation.view.referral_by_token(situation.keyed.token_digest(token)))
        ),
        None,
    )
    if named and by_token and by_token[0].exchange != named.exchange:
        return text("The address or subject belongs to another exchange than the one that the form names.")
    if isinstance(named, ReferralNumber):
        number = named
    elif by_token:
        number = by_token[0]
    elif situation.reading.form.get("exchange"):
        return _NOT_YOURS
    else:
        by_thread = situation.view.referral_by_message_ids(message_ids(situation))
        if by_thread is None:
            return text("It is not clear which exchange this belongs to. Please write its number after “Exchange”.")
        number = by_thread[0]
    exchange = situation.view.exchange(number.exchange)
    if exchange is None or exchange.closed or exchange.referral(number.party) is None:
        return _NOT_YOURS
    if party == exchange.asking_party:
        return number, exchange, Side.ASKING
    if party == number.party:
        return number, exchange, Side.ANSWERING
    return _NOT_YOURS


def _named(situation: Situation, party: PartyCode) -> ReferralNumber | None:
    """The referral that the `Exchange` line means; of a bare exchange number the only one that can be meant."""
    written = situation.reading.form.get("exchange")
    try:
        return referral_number(written)
    except ValueError:
        number = named_exchange(situation.reading.form)
    if number is None:
        return None
    exchange = situation.view.exchange(number)
    if exchange is None:
        return None
    if party != exchange.asking_party:
        return ReferralNumber(number, party)
    parties = [referral.number.party for referral in exchange.referrals]
    return ReferralNumber(number, parties[0]) if len(parties) == 1 else None


def uims_among(situation: Situation, reading: Reading, wanted: Iterable[Digest]) -> tuple[Uim, ...]:
    """The UIMs of a form whose digests are wanted, each once, as first written."""
    left = set(wanted)
    found = []
    for uim in reading.form.uims:
        mark = digest_of(situation, uim.text)
        if mark in left:
            left.discard(mark)
            found.append(uim)
    return tuple(found)
