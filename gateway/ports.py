"""What the core asks of the outside, as protocols in the field's words.

Adapters never import this module; `service.py` is where the type checker compares them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from gateway.content import ClearValue, MimePart, Reading, Submission, Text, Uim, Verdict
from gateway.directory import Entry
from gateway.events import AskedBefore, Commit, Doubt, EventView, ExchangeView, Keep, Pattern, PatternChange
from gateway.facts import (
    Address,
    Ciphertext,
    Correspondent,
    Digest,
    EncryptedMail,
    ExchangeNumber,
    Fingerprint,
    MessageId,
    Moment,
    Party,
    PartyCode,
    Pending,
    Person,
    PublicKey,
    ReferralNumber,
    Sender,
    Token,
)
from gateway.figures import Measured, Period, Quality
from gateway.outcome import Answer, Beginning, Cause, Failure
from gateway.treaty import Side, UimAnswer


@dataclass(frozen=True, slots=True, repr=False)
class SignatureReport(ClearValue):
    """One signature as an engine saw it. `cause` NONE: good, by `fingerprint` (primary key)."""

    cause: Cause
    fingerprint: Fingerprint | None
    made_at: datetime | None
    identity: bytes  # octets that identify this signature, for replay protection


@dataclass(frozen=True, slots=True, repr=False)
class Opened(ClearValue):
    """What came out of a ciphertext whose integrity is proven, with every signature found in it."""

    octets: bytes
    signatures: tuple[SignatureReport, ...]


@dataclass(frozen=True, slots=True)
class SealedMail:
    """A mail that is wholly one encrypted object and is to be passed on unopened (exchange.md, 4).

    `party`: the Party whose sealed address it was sent to, "" where a token alone says where it goes.
    """

    mail: EncryptedMail
    party: PartyCode
    tokens: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Addressed:
    """Whom an encrypted object names as its readers. `known`: those of the keys asked about that are among them.

    `content` is the digest of what is encrypted, without the keys around it: the same in every wrapping.
    """

    known: frozenset[Fingerprint]
    foreign: bool  # it names somebody else, too
    hidden: bool  # it does not say for whom
    ours: bool  # we could open it
    content: Digest


class CryptoScheme(Protocol):
    """One encryption scheme (crypto/). Raises `outcome.Refuse`/`Defer`; never writes clear text."""

    name: str

    def recognise(self, tree: MimePart, anybody: bool = False) -> bytes | None:
        """The octets of the one encrypted object that a mail wholly is; None: not this scheme.

        Structure only. Raises `Refuse` for a mail of this scheme that is not acceptable, and (unless it may be for
        `anybody`) for one that is not encrypted to us.
        """
        ...

    def addressed(self, octets: bytes, keys: Sequence[PublicKey]) -> Addressed:
        """Whom an object that was recognised names, as far as can be seen from outside."""
        ...

    def passed_on(self, octets: bytes, identifier: str) -> bytes:
        """The MIME entity, header fields included, that carries an object which was recognised, as it came."""
        ...

    def open(self, ciphertext: Ciphertext, claimed: Sequence[PublicKey], limit: int) -> Opened:
        """Decrypts to our key; checks signatures against the claimed sender's keys only."""
        ...

    def verify(self, signed: bytes, signature: bytes, claimed: Sequence[PublicKey]) -> SignatureReport:
        """Checks a detached signature over exactly these octets."""
        ...

    def seal(self, payload: bytes, to: PublicKey) -> bytes:
        """Signs with our key and encrypts to exactly one key; armoured octets."""
        ...

    def wrapped(self, sealed: bytes, identifier: str) -> bytes:
        """The MIME entity, header fields included, that carries what `seal` made; `identifier` makes boundaries."""
        ...

    def read_key(self, octets: bytes) -> PublicKey:
        """The one public key in these octets; raises ValueError with a sentence, "" for another kind."""
        ...

    def doubt(self, key: PublicKey) -> str:
        """Why a key that was read must not be registered for its Party, as a sentence; "" where nothing speaks so."""
        ...


class Patterns(Protocol):
    """The changes of the pattern library, waiting and made."""

    def version(self) -> int:
        """Of the library in use: how many changes were made; 0: it is as shipped."""
        ...

    def state(self) -> tuple[int, int]:
        """The version, and the number of the last doubt: where both are the same, so is the whole library."""
        ...

    def doubts(self) -> tuple[Doubt, ...]:
        """What is held against patterns now, one of each pattern."""
        ...

    def made(self) -> tuple[PatternChange, ...]:
        """Every change that was made, oldest first."""
        ...

    def waiting(self) -> tuple[PatternChange, ...]:
        """Every change that waits for a decision, oldest first."""
        ...

    def proposed_since(self, party: PartyCode, since: datetime) -> int:
        """How many changes people of a Party proposed."""
        ...


class View(Protocol):
    """What a decision may ask the store; never tells it anything."""

    def snapshot(self) -> AbstractContextManager[View]:
        """The same view at one instant, for one mail."""
        ...

    @property
    def patterns(self) -> Patterns: ...
    def party(self, code: PartyCode) -> Party | None: ...
    def parties(self) -> tuple[Party, ...]: ...
    def desk(self, code: PartyCode, now: datetime) -> Correspondent | None: ...
    def correspondent(self, person: int, now: datetime) -> Correspondent | None: ...
    def administrators(self, code: PartyCode, now: datetime) -> tuple[Correspondent, ...]: ...
    def all_administrators(self, now: datetime) -> tuple[Correspondent, ...]: ...
    def secretariat(self, now: datetime) -> tuple[Correspondent, ...]: ...
    def directory(self) -> tuple[Entry, ...]:
        """Every entry of the directory, desks and administrators among them, by Party and function."""
        ...

    def directory_orders(self, party: PartyCode, since: datetime) -> int:
        """How many mails changed a Party's entries."""
        ...

    def person_by_address(self, address: Address) -> Person | None: ...
    def keys_claimed_by(self, address: Address) -> tuple[PublicKey, ...]:
        """Every key ever registered for an address, revoked ones too: to judge signatures by."""
        ...

    def keys_of_party(self, code: PartyCode) -> tuple[tuple[int, PublicKey], ...]:
        """Every key of a Party's desk (0) and active people that is not withdrawn, with its owner."""
        ...

    def sender_by_fingerprint(self, fingerprint: Fingerprint, now: datetime) -> Sender | None:
        """The active person (or desk) whose usable registered key this is."""
        ...

    def exchange(self, number: ExchangeNumber) -> ExchangeView | None: ...
    def exchanges_of(self, party: PartyCode, limit: int) -> tuple[ExchangeView, ...]:
        """Exchanges in which the Party asks or is asked: open ones first, then the newest, at most so many."""
        ...

    def referral_by_token(self, digest: Digest) -> tuple[ReferralNumber, Side] | None: ...
    def referral_by_message_ids(self, ids: Iterable[str]) -> tuple[ReferralNumber, Side] | None: ...
    def thread(self, referral: ReferralNumber, side: Side) -> tuple[MessageId, ...]:
        """Message-IDs of the conversation with one side, oldest first."""
        ...

    def uims_of(self, referral: ReferralNumber) -> Mapping[Digest, UimAnswer]: ...
    def asked_before(self, party: PartyCode, digests: Sequence[Digest]) -> tuple[AskedBefore, ...]:
        """Earlier referrals in which this Party asked these UIMs."""
        ...

    def referred_before(self, party: PartyCode, digests: Sequence[Digest]) -> tuple[AskedBefore, ...]:
        """Earlier referrals in which this Party was asked these UIMs."""
        ...

    def trail(self, number: ExchangeNumber) -> tuple[EventView, ...]: ...
    def kept(self, number: ExchangeNumber, party: PartyCode, side: Side) -> tuple[Keep, ...]: ...
    def signature_seen(self, digest: Digest) -> bool: ...
    def mail_by_envelope_id(self, envelope_id: str) -> tuple[ReferralNumber, Side] | None: ...
    def key_known(self, fingerprint: Fingerprint) -> bool:
        """Whether a key is, or ever was, registered for anybody."""
        ...

    def key_replaced(self, key: PublicKey) -> bool:
        """Whether a renewal has put another key in its place: it ends soon and renews nothing."""
        ...

    def challenged_address(self, envelope_id: str) -> Address | None:
        """Whom one of our mails, by its envelope id, asked to confirm a registration; None: it is another mail."""
        ...

    def advised_since(self, person: int, since: datetime) -> bool: ...
    def pending(self, number: int) -> Pending | None:
        """The registration of this number that is not active yet."""
        ...

    def pending_for(self, address: Address) -> tuple[Pending, ...]:
        """Every registration of an address that is not active yet, at most one of a Party, expired ones too."""
        ...

    def registrations_by(self, person: Person, since: datetime) -> int:
        """How many registrations somebody ordered."""
        ...

    def registrations_for(self, party: PartyCode, since: datetime) -> int:
        """How many registrations were ordered for a Party, by whomever."""
        ...

    def figures(self, period: Period, pairs_of: Collection[PartyCode] = ()) -> Measured:
        """Everything that is counted of a period (`rules.statistics` says who may see what of it)."""
        ...

    def quality(self, period: Period, asking: PartyCode, asked: PartyCode) -> Quality:
        """The quality of what a Party asks, of what one is asked, or of all (`rules.quality.own`: who may see it)."""
        ...

    def fewest_others(self, period: Period, party: PartyCode) -> int:
        """How many other Parties asked one another in the month of the period in which they were fewest."""
        ...


class Ledger(Protocol):
    """What the core tells the store, each in one transaction."""

    def begin(self, mail: EncryptedMail, now: datetime) -> Beginning: ...
    def draw(self, now: datetime) -> ExchangeNumber: ...
    def commit(self, commit: Commit, answer: Answer | None) -> None:
        """Writes everything or nothing; raises `LostRace` where `based_on` no longer holds."""
        ...

    def finish(self, arrival: Digest, answer: Answer, now: datetime) -> None:
        """Writes the answer to an arrival that changed nothing."""
        ...

    def undo_attempt(self, arrival: Digest) -> None:
        """An attempt ended for an outside cause: it does not count."""
        ...


class Guard(Protocol):
    """Abuse limits, and which refusals are put on record."""

    def admit(self, person: Person, uims: int, now: datetime) -> None:
        """Asked before a proven sender's mail is read, and again with the number of its UIMs; may raise `Defer`."""
        ...

    def refused(self, failure: Failure, arrival: Digest, now: datetime) -> None:
        """A mail was refused."""
        ...


class Keyed(Protocol):
    """Digests under the home's key: what is kept of UIMs, and unguessable tokens."""

    def uim(self, canonical: str) -> Digest: ...
    def token(self, referral: ReferralNumber, side: Side) -> Token: ...
    def token_digest(self, token: str) -> Digest: ...
    def identifier(self, *parts: str) -> str:
        """An unguessable identifier that is the same for the same parts (Message-ID, ENVID)."""
        ...


class Library(Protocol):
    """The pattern library (R2, R3), as it is for one mail."""

    @property
    def version(self) -> int:
        """How many changes were made to it."""
        ...

    def texts(self) -> Mapping[str, str]:
        """Its files."""
        ...

    def verdicts(self, uims: Sequence[Uim], now: datetime) -> tuple[Verdict, ...]: ...
    def leading(self, uims: Sequence[Uim], party: PartyCode, now: datetime) -> tuple[Pattern | None, ...]:
        """The pattern by which each UIM leads to that Party; None where it does not."""
        ...

    def decoded(self, verdict: Verdict) -> tuple[Text, ...]:
        """What a recognised UIM says by itself (date, product, price ...): only for what a letter shows."""
        ...

    def canonical(self, uim: str) -> str:
        """The one form by which two ways of writing a UIM are known as the same."""
        ...


@dataclass(frozen=True, slots=True)
class OwnKey:
    """Our own OpenPGP public key as mail carries it: `armoured` as a file, `minimal` (binary) in a header field.

    `certificate`: our S/MIME certificate (DER), for whoever uses that.
    """

    fingerprint: Fingerprint
    armoured: bytes
    minimal: bytes
    certificate: bytes


@dataclass(frozen=True, slots=True)
class Policy:
    """The few settings that decisions need."""

    domain: str
    mailbox: str  # local part of the gateway's one mailbox
    subaddress: bool  # whether the mail system delivers reply+TOKEN@
    reminder_days: tuple[int, ...] = (7, 14)
    expire_days: int = 60
    close_days: int = 60
    uims_per_request: int = 0  # 0: no limit
    directory_months: tuple[int, ...] = (3, 9)  # on whose first days Parties are asked to confirm their entries
    directory_days: tuple[int, ...] = (14, 28)  # after which they are reminded of that, and of nominations
    authserv_id: str = ""  # whose Authentication-Results are believed (RFC 8601); "" nobody's
    open_smtp: bool = False  # people log in at the SMTP listener: there anybody can write such a field


@dataclass(frozen=True, slots=True, repr=False)
class Situation(ClearValue):
    """Everything a form may look at when it decides. `recall` opens kept ciphertext and reads it again.

    `read_key`: the one key or certificate in octets that somebody sent, fit to be registered for that Party; raises
    ValueError with a sentence that says why not, and the remedy (a message id of the catalogues).
    `marks`: what is kept of each UIM, as far as this decision has asked for it (`forms._common.digest_of`).
    """

    submission: Submission
    reading: Reading
    view: View
    library: Library
    keyed: Keyed
    policy: Policy
    moment: Moment
    recall: Callable[[Keep], Reading]
    read_key: Callable[[bytes, PartyCode], PublicKey]
    marks: dict[str, Digest] = field(default_factory=dict)
