"""Values that may be written down: numbers, addresses, digests, ciphertext, events.

Nothing here holds what an officer wrote. Identifiers are made by one function each, which
validates and normalises; a value that exists is right.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NewType

from gateway.treaty import Role

Address = NewType("Address", str)
PartyCode = NewType("PartyCode", str)
Fingerprint = NewType("Fingerprint", str)
Digest = NewType("Digest", str)
Language = NewType("Language", str)
Token = NewType("Token", str)
MessageId = NewType("MessageId", str)


@dataclass(frozen=True, slots=True)
class PartyName:
    """A Party in a sentence or a table, where it is called as the reader's language calls it."""

    code: PartyCode


class Wording(str):
    """Words of the pattern library, as its files have them (English): a reader gets them in the own language.

    A catalogue knows those of the shipped library; of what a Party has described itself they stay as written.
    """

    __slots__ = ()


NO_PARTY = PartyCode("")
NO_DIGEST = Digest("")
NO_MESSAGE_ID = MessageId("")
REGISTRATION_LIFE = timedelta(days=14)  # for the answer to a challenge; then again for the approval

# Atext of RFC 5322, and letters and digits, each with all that is no ASCII (RFC 6531): by what they leave out, since
# `re` goes through every character of a class that is named, at every start.
_LOCAL = r"[^\x00-\x20\"(),.:;<>@\[\\\]\x7f]+"
_LABEL = r"[^\x00-/:-@\[-`{-\x7f](?:[^\x00-,./:-@\[-`{-\x7f]{0,61}[^\x00-/:-@\[-`{-\x7f])?"
_ADDRESS = re.compile(rf"{_LOCAL}(?:\.{_LOCAL})*@{_LABEL}(?:\.{_LABEL})*")


def address(text: str) -> Address:
    """The address in its one form: domain in lower case, local part as given (RFC 5321, 2.4).

    Dot-atom local parts only, at most 254 octets; raises ValueError for anything else.
    Compare addresses with `same_address`.
    """
    if len(text.encode("utf-8", "surrogatepass")) > 254 or not _ADDRESS.fullmatch(text):
        raise ValueError("not a mail address")
    local, _, domain = text.rpartition("@")
    return Address(f"{local}@{domain.lower()}")


def same_address(one: str, other: str) -> bool:
    """Whether two addresses are one mailbox to us: compared without regard to case."""
    return one.casefold() == other.casefold()


def party_code(text: str) -> PartyCode:
    """A Party's code: ISO 3166-1 alpha-2 (or EU, XI) in capitals; raises ValueError."""
    code = text.strip().upper()
    if not re.fullmatch(r"[A-Z]{2}", code):
        raise ValueError("a Party's code is two letters (ISO 3166-1 alpha-2)")
    return PartyCode(code)


def fingerprint(text: str) -> Fingerprint:
    """An OpenPGP v4 fingerprint (40 hex digits) or a certificate's SHA-256 (64), in capitals."""
    value = re.sub(r"[\s:]", "", text).upper()
    if not re.fullmatch(r"[0-9A-F]{40}|[0-9A-F]{64}", value):
        raise ValueError("not a fingerprint")
    return Fingerprint(value)


def digest(octets: bytes) -> Digest:
    """The SHA-256 of octets, as 64 hex digits in lower case."""
    return Digest(hashlib.sha256(octets).hexdigest())


@dataclass(frozen=True, slots=True, order=True)
class ExchangeNumber:
    """The number of an exchange, `GSP-2026-000042`."""

    year: int
    serial: int

    def __str__(self) -> str:
        return f"GSP-{self.year:04d}-{self.serial:06d}"


@dataclass(frozen=True, slots=True, order=True)
class ReferralNumber:
    """The number of a referral, `GSP-2026-000042/KE`: an exchange and the Party asked."""

    exchange: ExchangeNumber
    party: PartyCode

    def __str__(self) -> str:
        return f"{self.exchange}/{self.party}"


NO_NUMBER = ExchangeNumber(1970, 0)

_NUMBER = re.compile(r"GSP-?\s?(\d{4})-?(\d{6,9})(?:\s?/\s?([A-Za-z]{2}))?", re.IGNORECASE)


def exchange_number(text: str) -> ExchangeNumber:
    """The exchange named in a text such as `GSP-2026-000042` or `GSP-2026-000042/KE`."""
    found = _NUMBER.fullmatch(text.strip())
    if not found:
        raise ValueError("not the number of an exchange")
    return ExchangeNumber(int(found[1]), int(found[2]))


def referral_number(text: str) -> ReferralNumber:
    """The referral named in a text such as `GSP-2026-000042/KE`; raises ValueError."""
    found = _NUMBER.fullmatch(text.strip())
    if not found or not found[3]:
        raise ValueError("not the number of a referral")
    return ReferralNumber(ExchangeNumber(int(found[1]), int(found[2])), party_code(found[3]))


UNANSWERED = "?"


@dataclass(frozen=True, slots=True)
class Envelope:
    """What the SMTP or LMTP session, or the IMAP mailbox, says of a mail (RFC 5321, 2.3.1).

    `mail_from` is "" for the null reverse-path, `transport` the door it came by. `signed_by` is the sender's
    domain where it has signed the mail (DKIM), UNANSWERED where no name server told.
    """

    mail_from: str = ""
    rcpt_tos: tuple[str, ...] = ()
    authenticated_as: str = ""
    tls: bool = False
    transport: str = "directory"
    signed_by: str = ""


_SEAL = object()


class Ciphertext:
    """Octets proven to be wholly one encrypted object. Only `classify` and `encrypt` make one."""

    __slots__ = ("octets",)

    def __init__(self, octets: bytes, seal: object = None) -> None:
        if seal is not _SEAL:
            raise TypeError("only classify and encrypt make a Ciphertext")
        self.octets = octets

    def __repr__(self) -> str:
        return f"<Ciphertext, {len(self.octets)} octets>"


def proven_ciphertext(octets: bytes) -> Ciphertext:
    """Marks octets as ciphertext. For `stages.classify`, `stages.encrypt` and the store only."""
    return Ciphertext(octets, _SEAL)


@dataclass(frozen=True, slots=True)
class VisibleHeaders:
    """The header fields outside the encryption that the gateway uses: thread, origin, nothing else.

    `from_` holds every From field as it stood, so that two of them are seen as two.
    """

    from_: tuple[str, ...] = ()
    message_id: str = ""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    subject_tag: str = ""
    auto_submitted: bool = False
    received_count: int = 0


@dataclass(frozen=True, slots=True)
class EncryptedMail:
    """A mail that is wholly one OpenPGP (or CMS) object; may be kept.

    `ciphertext` is the encrypted object as octets (armoured as it came), `digest` its SHA-256
    after dearmouring white space: the same object sent by another route has the same digest.
    """

    scheme: str
    ciphertext: Ciphertext
    digest: Digest
    visible: VisibleHeaders
    envelope: Envelope
    size: int


class DeliveryAction(StrEnum):
    """RFC 3464, 2.3.3."""

    FAILED = "failed"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    RELAYED = "relayed"
    EXPANDED = "expanded"


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """A delivery status notification on one of our mails (RFC 3464); `recipient` "" where it names none."""

    envelope: Envelope
    message_ids: tuple[str, ...]
    envelope_id: str
    action: DeliveryAction
    status: str
    recipient: str = ""


@dataclass(frozen=True, slots=True)
class DispositionReport:
    """A disposition notification on one of our mails (RFC 8098)."""

    envelope: Envelope
    message_ids: tuple[str, ...]
    displayed: bool


@dataclass(frozen=True, slots=True)
class Party:
    """A registered Party and its desk's mailbox."""

    code: PartyCode
    name: str
    mailbox: Address
    language: Language


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A registered key or certificate, public part only. `usable_until` None: without expiry."""

    scheme: str
    fingerprint: Fingerprint
    octets: bytes
    can_encrypt: bool
    can_sign: bool
    usable_until: datetime | None = None
    revoked: bool = False
    party: PartyCode = NO_PARTY  # whose trust anchors count for a certificate
    addresses: tuple[str, ...] = ()  # mail addresses written in it, of a key just read; never a reason to trust it
    given: Fingerprint | None = None  # the fingerprint of our own key that its owner was sent last

    def usable(self, now: datetime) -> bool:
        """Whether it may be used at this instant."""
        return not self.revoked and (self.usable_until is None or now < self.usable_until)


def key_mark(mark: Fingerprint, until: datetime) -> Digest:
    """Names a key with its expiry in the record: one that is extended is another."""
    return digest(f"{mark} {utc(until).isoformat()}".encode())


@dataclass(frozen=True, slots=True)
class Person:
    """A registered person, or (role DESK, id 0) a Party's desk."""

    id: int
    party: PartyCode
    address: Address
    name: str
    role: Role
    language: Language


@dataclass(frozen=True, slots=True)
class Sender:
    """Who signed a mail: the person, and the fingerprint that proved it."""

    person: Person
    fingerprint: Fingerprint


@dataclass(frozen=True, slots=True)
class Pending:
    """A registration that is not active: who by whose order, with which key, and what proves it. `id` 0: not written.

    `word` is the keyed digest of the word in the last challenge, `sent` how many there were; `approval`: the
    Secretariat must approve, once the challenge is answered (`proven`).
    """

    id: int
    party: PartyCode
    address: Address
    name: str
    role: Role
    language: Language
    key: PublicKey
    ordered_by: int
    word: Digest
    expires: datetime
    approval: bool = False
    proven: bool = False
    sent: int = 1


@dataclass(frozen=True, slots=True)
class Correspondent:
    """One reader of our mail: where to, in which language, encrypted to which key.

    `key` None: there is no key with which a mail to this reader could be encrypted now.
    """

    address: Address
    language: Language
    party: PartyCode
    person: int
    role: Role
    key: PublicKey | None


@dataclass(frozen=True, slots=True)
class Renewal:
    """A new or extended key of a registered person, or (`person` 0) of a desk; `replaced` keys end at `until`.

    `address` is the owner's: a Party's desk may be another one by the time this is written.
    """

    party: PartyCode
    person: int
    address: Address
    key: PublicKey
    replaced: tuple[Fingerprint, ...] = ()
    until: datetime | None = None


def utc(moment: datetime) -> datetime:
    """The instant in UTC; raises ValueError for a naive one."""
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    return moment.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Moment:
    """Time and chance as arguments: the instant, and a number drawn for a new exchange."""

    now: datetime
    number: ExchangeNumber = NO_NUMBER
