"""Sealed mail: checked as far as can be seen, and passed on unopened to the one reader that it is for (R9).

The gateway cannot open what it passes on. Who sent it is proven by the envelope; for whom it is encrypted is read
from the object itself. The mail that goes out is the gateway's own: of the sender's mail only the object is in it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from email.utils import format_datetime

from gateway.content import ClearValue, Decision, EnclosedKey, Letter, Text, text
from gateway.events import Event, EventKind, ExchangeView, MailKind, OutgoingMail
from gateway.facts import (
    NO_PARTY,
    Address,
    Correspondent,
    Digest,
    Fingerprint,
    MessageId,
    Moment,
    PartyCode,
    Person,
    PublicKey,
    ReferralNumber,
    address,
    digest,
    proven_ciphertext,
    same_address,
    utc,
)
from gateway.forms._common import ASKERS
from gateway.forms._enclosed import key_files
from gateway.letters import Evidence
from gateway.mime import headers
from gateway.outcome import REASONS, Cause, Defer, Refuse
from gateway.ports import Addressed, CryptoScheme, Guard, Keyed, Policy, SealedMail, View
from gateway.rules.exchange import requester, thread
from gateway.rules.sealed import SealedAnswer, SealedArrival, SealedReceipt, sealed_box
from gateway.rules.survey import survey_form
from gateway.stages import _entity
from gateway.treaty import ReferralState, Side


@dataclass(frozen=True, slots=True, repr=False)
class Setting(ClearValue):
    """What a sealed mail is judged by."""

    view: View
    keyed: Keyed
    policy: Policy
    moment: Moment


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sealed mail belongs: the referral, the writer's side; `exchange` None: there is none yet."""

    referral: ReferralNumber
    side: Side
    exchange: ExchangeView | None
    opens: bool
    uims: int  # of the look-up whose token it bears; 0: undeclared


@dataclass(frozen=True, slots=True, repr=False)
class Relayed(ClearValue):
    """What follows: the object on its way, and letters and events. `mark` is remembered: taken once only."""

    referral: ReferralNumber
    decision: Decision
    mail: OutgoingMail
    mark: Digest


def claimed(sealed: SealedMail, view: View) -> Person | None:
    """The registered person that a sealed mail says it is from; None: nobody whose word would count."""
    written = headers.one_address(sealed.mail.visible.from_)
    return view.person_by_address(written) if written else None


def proven(sealed: SealedMail, person: Person | None, vouched: Address | None) -> Person:
    """The sender, where the envelope proves him: `vouched` is the address that somebody answers for.

    Raises Refuse [GSP-108], [GSP-110], [GSP-111].
    """
    written = headers.one_address(sealed.mail.visible.from_)
    if written is None or vouched is None or not same_address(written, vouched):
        raise Refuse(REASONS[110], Cause.NOT_VOUCHED if written else Cause.FROM_UNCLEAR)
    if person is None or person.role not in ASKERS:
        raise Refuse(REASONS[111], Cause.UNKNOWN_KEY)
    if sealed.mail.visible.auto_submitted:
        raise Refuse(REASONS[108], Cause.AUTOMATIC, person)
    return person


def relay(sealed: SealedMail, person: Person, scheme: CryptoScheme, setting: Setting, guard: Guard) -> Relayed:
    """The object on its way to its one reader, and what follows. Raises Refuse [GSP-112] to [GSP-118]."""
    try:
        where = _by_token(sealed, person, setting) if sealed.tokens else _new(sealed, person, setting)
        if where.uims:
            guard.admit(person, where.uims, setting.moment.now)
        reader = _reader(where, person, setting)
        seen = _checked(sealed, reader, person, scheme, setting)
    except Refuse as refusal:
        raise Refuse(refusal.reason, refusal.cause, person) from None
    mark = digest(b"sealed\0" + seen.content.encode())
    if setting.view.signature_seen(mark):
        raise Refuse(REASONS[118], Cause.REPLAY, person)
    exchange = where.exchange
    decision = Decision(
        events=_events(sealed, person, where),
        letters=tuple(_letters(sealed, person, where, reader, setting)),
        based_on=((exchange.number, exchange.version),) if exchange else (),
        answer_exchange=where.referral.exchange,
        answer_parties=(where.referral.party,),
    )
    return Relayed(where.referral, decision, _outgoing(sealed, person, where, reader, scheme, setting), mark)


# --- where it belongs -------------------------------------------------------------------------------


def _by_token(sealed: SealedMail, person: Person, setting: Setting) -> Place:
    view = setting.view
    found = {view.referral_by_token(setting.keyed.token_digest(token)) for token in sealed.tokens}
    named = found.pop()
    if found or named is None:
        raise Refuse(REASONS[115], Cause.NOT_HIS)
    number, side = named
    exchange = view.exchange(number.exchange)
    if exchange is not None and exchange.closed and person.party in (exchange.asking_party, number.party):
        raise Refuse(REASONS[117], Cause.NOT_HIS)
    if exchange is not None and exchange.referral(number.party) is not None:
        asking, where = exchange.asking_party, Place(number, side, exchange, False, 0)
    else:
        asking, where = person.party, _offered(number, person, exchange, view)
    mine, other = (asking, number.party) if side is Side.ASKING else (number.party, asking)
    if mine != person.party or sealed.party not in (NO_PARTY, other):
        raise Refuse(REASONS[115], Cause.NOT_HIS)
    return where


def _offered(number: ReferralNumber, person: Person, exchange: ExchangeView | None, view: View) -> Place:
    """The referral that a look-up of this very person offered."""
    for event in view.trail(number.exchange):
        offered = (event.kind, event.party) == (EventKind.SEALED_OFFERED, number.party)
        if offered and (event.person, event.actor) == (person.id, person.party):
            return Place(number, Side.ASKING, exchange, True, event.count)
    raise Refuse(REASONS[115], Cause.NOT_HIS)


def _new(sealed: SealedMail, person: Person, setting: Setting) -> Place:
    if sealed.party == person.party or setting.view.party(sealed.party) is None:
        raise Refuse(REASONS[115], Cause.NOT_HIS)
    return Place(ReferralNumber(setting.moment.number, sealed.party), Side.ASKING, None, True, 0)


def _reader(where: Place, person: Person, setting: Setting) -> Correspondent:
    now, view = setting.moment.now, setting.view
    if where.side is Side.ASKING:
        reader = view.desk(where.referral.party, now)
    else:
        reader = requester(view, where.exchange, now) if where.exchange else None
    if reader is None:
        raise Defer(REASONS[303], person=person)
    return reader


# --- for whom it is encrypted -----------------------------------------------------------------------


def _checked(
    sealed: SealedMail, reader: Correspondent, person: Person, scheme: CryptoScheme, setting: Setting
) -> Addressed:
    """Whom the object names: the reader, and nobody beside him but people of the two Parties, by keys that work now."""
    now = setting.moment.now
    keys = {
        code: [(owner, key) for owner, key in setting.view.keys_of_party(code) if key.usable(now)]
        for code in (person.party, reader.party)
    }
    seen = scheme.addressed(sealed.mail.ciphertext.octets, [key for owned in keys.values() for _, key in owned])
    if seen.hidden:
        raise Refuse(REASONS[113], Cause.WRONG_READER)
    if seen.ours:
        raise Refuse(REASONS[116], Cause.WRONG_READER)
    if seen.foreign:
        raise Refuse(REASONS[112], Cause.WRONG_READER)
    if not seen.known & _marks(key for owner, key in keys[reader.party] if owner == reader.person):
        raise Refuse(REASONS[114], Cause.WRONG_READER)
    return seen


def _marks(keys: Iterable[PublicKey]) -> frozenset[Fingerprint]:
    return frozenset(key.fingerprint for key in keys)


# --- what follows -----------------------------------------------------------------------------------


def _events(sealed: SealedMail, person: Person, where: Place) -> tuple[Event, ...]:
    number, mail = where.referral, sealed.mail
    written = MessageId(mail.visible.message_id)

    def event(kind: EventKind, count: int = 0) -> Event:
        return Event(kind, number.exchange, number.party, person.id, person.party, count, mail.digest)

    if where.opens:
        opened = Event(
            EventKind.EXCHANGE_OPENED, number.exchange, person=person.id, actor=person.party, count=where.uims,
            digest=mail.digest, message_id=written,
        )  # fmt: skip
        sent = event(EventKind.REFERRAL_SENT, where.uims)
        return (*(() if where.exchange else (opened,)), sent, event(EventKind.SEALED_REFERRED))
    referral = where.exchange.referral(number.party) if where.exchange else None
    answers = where.side is Side.ANSWERING and referral is not None and referral.sealed
    kind = EventKind.ANSWER_RECEIVED if answers else EventKind.MESSAGE_RECEIVED
    return (replace(event(kind), message_id=written), event(EventKind.SEALED_PASSED))


def _letters(
    sealed: SealedMail, person: Person, where: Place, reader: Correspondent, setting: Setting
) -> Iterable[Letter]:
    """The sender hears what was done and what we cannot say; a desk, at the beginning, whom to answer and how.

    Below what belongs to the desk's first answer each side finds the survey, once.
    """
    view, number, now = setting.view, where.referral, setting.moment.now
    shown = Evidence(now, sealed.mail.digest)
    sender = view.correspondent(person.id, now) if person.id else view.desk(person.party, now)
    if sender is not None:
        subject = text("Your sealed mail was passed on: {number}", number=str(number))
        values = SealedReceipt(number, reader.party, where.uims, shown, where.opens)
        receipt = _letter(MailKind.RECEIPT, sender, subject, values, where, setting, where.side, sealed)
        yield replace(receipt, survey=survey_form(number, where.side)) if _answers_first(where) else receipt
    if where.opens or _answers_first(where):
        yield _beside(person, where, reader, setting, shown)


def _beside(person: Person, where: Place, reader: Correspondent, setting: Setting, shown: Evidence) -> Letter:
    """With the first sealed mail to either side: who wrote it, with his key. To who asked the survey goes with it."""
    number = where.referral
    files = key_files(setting.view, person.party, person.id, setting.moment.now)
    names = tuple(file.name for file in files)
    if where.opens:
        subject = text("A sealed mail is on its way to you: {number}", number=str(number))
        arrival = SealedArrival(number, person.party, person.address, _box(person.party, where, setting), names, shown)
        return _letter(MailKind.NOTICE, reader, subject, arrival, where, setting, Side.ANSWERING, None, files)
    subject = text("A sealed answer is on its way to you: {number}", number=str(number))
    answer = SealedAnswer(number, person.party, person.address, names, shown)
    told = _letter(MailKind.NOTICE, reader, subject, answer, where, setting, Side.ASKING, None, files)
    return replace(told, survey=survey_form(number, Side.ASKING))


def _answers_first(where: Place) -> bool:
    """Whether it is the desk's first sealed mail, which counts as its answer: the survey comes once."""
    referral = where.exchange.referral(where.referral.party) if where.exchange else None
    unanswered = referral is not None and referral.sealed and referral.state is not ReferralState.ANSWERED
    return where.side is Side.ANSWERING and unanswered


def _letter(
    kind: MailKind,
    to: Correspondent,
    subject: Text,
    values: ClearValue,
    where: Place,
    setting: Setting,
    side: Side,
    answers: SealedMail | None,
    files: tuple[EnclosedKey, ...] = (),
) -> Letter:
    replied = answers.mail.visible.message_id if answers else ""
    number = where.referral
    return Letter(
        kind, to, subject, values, exchange=number.exchange, party=number.party, side=side, files=files,
        thread=thread(setting.view, setting.keyed, setting.policy, number, side, replied),
    )  # fmt: skip


def _box(writer: PartyCode, where: Place, setting: Setting) -> str:
    """The sealed address at which the reader answers; where there are no sub-addresses, the subject's tag says more."""
    side = Side.ANSWERING if where.side is Side.ASKING else Side.ASKING
    return sealed_box(setting.keyed, setting.policy, where.referral, side, writer)[0]


def _outgoing(
    sealed: SealedMail, person: Person, where: Place, reader: Correspondent, scheme: CryptoScheme, setting: Setting
) -> OutgoingMail:
    """The gateway's own mail around the object: nothing of the sender's header fields is in it."""
    policy, number = setting.policy, where.referral
    side = Side.ANSWERING if where.side is Side.ASKING else Side.ASKING
    identifier = setting.keyed.identifier("sealed", sealed.mail.digest, str(number), reader.address)
    message_id, own = f"<{identifier}@{policy.domain}>", f"{policy.mailbox}@{policy.domain}"
    before = thread(setting.view, setting.keyed, policy, number, side)
    fields = [
        ("From", f"GSP focal point <{own}>"),
        ("To", str(reader.address)),
        _entity.unstructured("Reply-To", _box(person.party, where, setting)),
        _entity.unstructured("Subject", before.tag),
        ("Date", format_datetime(utc(setting.moment.now))),
        ("Message-ID", message_id),
        _entity.identifiers("In-Reply-To", [before.in_reply_to]),
        _entity.identifiers("References", before.references or [before.in_reply_to]),
        ("Auto-Submitted", "auto-generated"),
        ("Disposition-Notification-To", own if where.opens else ""),
        ("MIME-Version", "1.0"),
    ]
    body = scheme.passed_on(sealed.mail.ciphertext.octets, identifier)
    octets = _entity.fields([(name, value) for name, value in fields if value]) + body
    kind = MailKind.ANSWER if side is Side.ASKING else MailKind.REFERRAL if where.opens else MailKind.MESSAGE
    back = f"bounce+{identifier}" if policy.subaddress else policy.mailbox
    return OutgoingMail(
        kind, MessageId(message_id), identifier, address(f"{back}@{policy.domain}"), reader.address,
        proven_ciphertext(octets), digest(octets), number.exchange, number.party, side,
    )  # fmt: skip
