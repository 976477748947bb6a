"""What several forms need: who is written to, which referral a mail belongs to, notices, the referral itself."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from gateway.content import (
    N_,
    ClearValue,
    Decision,
    FilledForm,
    Finding,
    Letter,
    Reading,
    Severity,
    Sheet,
    Text,
    Thread,
    Uim,
    text,
)
from gateway.events import Event, EventKind, ExchangeView, Keep, MailKind
from gateway.facts import (
    Correspondent,
    Digest,
    ExchangeNumber,
    PartyCode,
    ReferralNumber,
    exchange_number,
    referral_number,
)
from gateway.forms import Field
from gateway.forms._findings import findings_sheets
from gateway.letters import Evidence, KeyNotice, Notice
from gateway.outcome import Hold, Refuse
from gateway.ports import Situation
from gateway.rules import rights
from gateway.rules.exchange import thread, turn_letters
from gateway.treaty import ReferralState, Role, Side

EVERYBODY = frozenset(Role)
READERS_OF_FIGURES = frozenset({Role.ADMINISTRATOR, Role.OBSERVER, Role.SECRETARIAT})
ASKERS = frozenset({Role.OFFICER, Role.ADMINISTRATOR, Role.DESK})

COMPLETE = text("Complete the lines marked with an arrow in the form below and reply to this mail.")
_NOT_YOURS = text("No open exchange of your Party has this number.")
_OTHER = text("The address or subject belongs to another exchange than the one that the form names.")
_MEND = text("please complete or correct this line")
_UNCLEAR = text("It is not clear which exchange this belongs to. Please write its number after “Exchange”.")


def blanks_for(role: Role) -> tuple[str, ...]:
    """The forms whose blanks a guide brings: those that this role may begin with."""
    forms = ("request", "lookup", "message", "status", "renew") if role in ASKERS else ("lookup", "status", "renew")
    acts = (rights.Act.REGISTER, rights.Act.REVOKE, rights.Act.DIRECTORY, rights.Act.PATTERN)
    figures = ("statistics",) if role in READERS_OF_FIGURES else ()
    return (*forms, *figures, *(act.value for act in acts if role in rights.actors(act)), "difficulty")


def evidence(situation: Situation) -> Evidence:
    """When the mail was taken, and the SHA-256 of its encrypted content."""
    return Evidence(situation.moment.now, situation.submission.mail.mail.digest)


def evidence_of(situation: Situation, mail: Digest, number: ExchangeNumber) -> Evidence:
    """As `evidence`, of a mail that an exchange may have had before: the instant stands in its trail."""
    if number == situation.moment.number:
        return Evidence(situation.moment.now, mail)  # just drawn: there is no trail yet
    at = (event.at for event in situation.view.trail(number) if event.digest == mail)
    return Evidence(next(at, situation.moment.now), mail)


def recalled(situation: Situation, keep: Keep) -> Reading | None:
    """A kept mail, opened and read again; None where it can no longer be opened (a key was renewed since)."""
    try:
        return situation.recall(keep)
    except (Refuse, Hold):
        return None


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


def receipt(
    situation: Situation,
    to: Correspondent,
    number: ReferralNumber,
    side: Side,
    subject: Text,
    values: ClearValue,
    form: FilledForm | None = None,
    survey: FilledForm | None = None,
    sheets: tuple[Sheet, ...] = (),
) -> Letter:
    """What the writer of a mail about one referral gets for it, in that referral's thread."""
    written = situation.submission.mail.mail.visible.message_id
    return Letter(
        MailKind.RECEIPT,
        to,
        subject,
        values,
        form=form,
        survey=survey,
        sheets=sheets,
        thread=thread(situation.view, situation.keyed, situation.policy, number, side, written),
        exchange=number.exchange,
        party=number.party,
        side=side,
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
    case, pictures = situation.reading.form.get("case_reference"), situation.reading.pictures
    values = Notice(headline, next_step, case, tuple(findings), evidence(situation), pictures)
    letter = Letter(
        MailKind.NOTICE, to, headline, values, form=form, blanks=blanks, sheets=findings_sheets(findings),
        thread=own_thread(situation),
    )  # fmt: skip
    person = situation.submission.sender.person
    event = Event(EventKind.NOTICE_SENT, person=person.id, actor=person.party, count=len(findings))
    return Decision(events=(event,), letters=(letter,))


def too_many(situation: Situation) -> tuple[Finding, ...]:
    """The finding on a list that is longer than one mail may bring."""
    count, most = len(situation.reading.form.uims), situation.policy.uims_per_request
    if not most or count <= most:
        return ()
    sentence = text(
        "This mail brings {count} UIMs; at most {most} are taken at once. Split the list into several mails.",
        count=count,
        most=most,
    )
    return (Finding(sentence, Severity.BLOCKS, field="uims"),)


def wrong_party(situation: Situation) -> tuple[Finding, ...]:
    """The finding on a Party named after `To` that cannot be asked: the writer's own, or one without a desk here."""
    to = situation.reading.form.get("to")
    if to and to == situation.submission.sender.person.party:
        sentence = text("This is your own Party. Name another one, or leave the line empty.")
    elif to and situation.view.party(PartyCode(to)) is None:
        sentence = text(
            "This Party has no desk here yet. Name another one, or leave the line empty; with “GSP DIFFICULTY” you can "
            "tell the Secretariat that you need it."
        )
    else:
        return ()
    return (Finding(sentence, Severity.BLOCKS, got=to, field="to"),)


def weighed(
    fields: Iterable[Field], form: FilledForm, findings: Sequence[Finding], decisive: frozenset[str] = frozenset()
) -> tuple[Finding, ...]:
    """The findings, those that block marked so, and one for each required field of which nothing was said.

    A required field that is empty blocks, and so does anything wrong in a `decisive` field: without it the
    mail would go elsewhere than its writer wanted.
    """
    empty = {field.name: field for field in fields if field.required and not _filled(field, form)}
    blocking = decisive | empty.keys()
    said = {finding.field for finding in findings}
    return (
        *(
            replace(finding, severity=Severity.BLOCKS)
            if finding.field in blocking and finding.severity is Severity.PART
            else finding
            for finding in findings
        ),
        *(
            Finding(
                text("“{label}” is missing. Please write it.", label=text(field.label)), Severity.BLOCKS, field=name
            )
            for name, field in empty.items()
            if name not in said
        ),
    )


def blocks(findings: Iterable[Finding]) -> bool:
    """Whether nothing can go forward until something is mended."""
    return any(finding.severity is Severity.BLOCKS for finding in findings)


def _filled(field: Field, form: FilledForm) -> bool:
    if field.name == "uims":
        return bool(form.uims)
    return bool(form.get(field.name).strip() or form.ticked(field.name))


def marked(form: FilledForm, findings: Iterable[Finding]) -> FilledForm:
    """The form as it was filled in, with the lines that want mending marked."""
    hints = {finding.field: _MEND for finding in findings if finding.field}
    return replace(form, hints={**form.hints, **hints})


def digest_of(situation: Situation, uim: str) -> Digest:
    """What is kept of a UIM. A decision asks for each some three times, and a list may have 100,000."""
    mark = situation.marks.get(uim)
    if mark is None:
        mark = situation.marks[uim] = situation.keyed.uim(situation.library.canonical(uim))
    return mark


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


def find_referral(situation: Situation, closed_too: bool = False) -> tuple[ReferralNumber, ExchangeView, Side] | Text:
    """The referral a reply or message belongs to, and the writer's side; or what is wrong.

    The form's `Exchange` line counts first, then the token, then the thread. A token of another referral
    than the one named is refused. What is not the writer's Party's is answered as what does not exist.
    """
    token = _by_token(situation)
    if token and _side(situation, token[0]) is not token[1]:
        return _NOT_YOURS
    number: ReferralNumber | Text | None
    if situation.reading.form.get("exchange").strip():
        number = _by_name(situation, token[0] if token else None)
    else:
        number = token[0] if token else _by_thread(situation)
    if isinstance(number, Text):
        return number
    side = _side(situation, number) if number else None
    if number is None or side is None:
        return _UNCLEAR if number is None else _NOT_YOURS
    exchange = situation.view.exchange(number.exchange)
    if exchange is None:
        return _NOT_YOURS
    if exchange.closed and not closed_too:
        return _closed(situation, number.exchange)
    return number, exchange, side


_CLOSED = N_("This exchange was closed on {date} and takes no more mail. A new request opens another one.")


def _closed(situation: Situation, number: ExchangeNumber) -> Text:
    trail = situation.view.trail(number)
    at = next((event.at for event in trail if event.kind is EventKind.EXCHANGE_CLOSED), situation.moment.now)
    return text(_CLOSED, date=f"{at:%Y-%m-%d}")


def is_closed(says: Text) -> bool:
    """Whether `find_referral` says that the exchange is closed: a form to try again would only come back."""
    return says.message == _CLOSED


def _side(situation: Situation, number: ReferralNumber) -> Side | None:
    """On which side of a referral the writer's Party stands; None: it has no part in it, or there is none."""
    party = situation.submission.sender.person.party
    exchange = situation.view.exchange(number.exchange)
    if exchange is None or exchange.referral(number.party) is None:
        return None
    if party == exchange.asking_party:
        return Side.ASKING
    return Side.ANSWERING if party == number.party else None


def _by_token(situation: Situation) -> tuple[ReferralNumber, Side] | None:
    """The referral of the first token in which the writer's Party has a part: a token of others reads like none."""
    marks = (situation.keyed.token_digest(token) for token in situation.reading.tokens)
    found = filter(None, map(situation.view.referral_by_token, marks))
    return next((one for one in found if _side(situation, one[0])), None)


def _by_thread(situation: Situation) -> ReferralNumber | None:
    found = (situation.view.referral_by_message_ids((one,)) for one in message_ids(situation))
    return next((one[0] for one in found if one and _side(situation, one[0])), None)


def _by_name(situation: Situation, token: ReferralNumber | None) -> ReferralNumber | Text:
    """The referral that the `Exchange` line means; a bare number of an exchange may mean several."""
    try:
        number = referral_number(situation.reading.form.get("exchange"))
    except ValueError:
        exchange = named_exchange(situation.reading.form)
        meant = _meant(situation, exchange, token) if exchange else _NOT_YOURS
        if isinstance(meant, Text):
            return meant
        number = meant
    return _OTHER if token and token != number and _side(situation, number) else number


def _meant(situation: Situation, number: ExchangeNumber, token: ReferralNumber | None) -> ReferralNumber | Text:
    party = situation.submission.sender.person.party
    exchange = situation.view.exchange(number)
    if exchange is None or party != exchange.asking_party:
        return ReferralNumber(number, party)
    referrals = [referral.number for referral in exchange.referrals]
    near = token or _by_thread(situation)
    if near and near in referrals:
        return near
    if len(referrals) == 1:
        return referrals[0]
    return text("This exchange went to several Parties. Write which one you mean: {numbers}.",
                numbers=", ".join(map(str, referrals)))  # fmt: skip


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


def key_notice(situation: Situation, to: Correspondent) -> Letter:
    """Content-free and in clear: something waits for a reader whose key cannot be used, and how to renew it."""
    keys = [key for key in situation.view.keys_claimed_by(to.address) if key.can_encrypt]
    last = max(keys, key=lambda key: key.usable_until or situation.moment.now, default=None)
    values = KeyNotice(last.fingerprint if last else "", 1)
    return Letter(MailKind.KEY_NOTICE, to, text("A mail waits for you: please renew your key"), values)


def waiting_letters(
    situation: Situation, number: ReferralNumber, party: PartyCode, to: Correspondent | None
) -> tuple[Letter, ...]:
    """Something waits for a reader of this Party whose key cannot be used: he and the administrators are told."""
    now = situation.moment.now
    told = turn_letters(
        situation.view, situation.keyed, situation.policy, None, number, ReferralState.WAITING, now,
        situation.view.administrators(party, now), to_requester=party != number.party,
    )  # fmt: skip
    return (*((key_notice(situation, to),) if to else ()), *told)
