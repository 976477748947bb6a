"""What happened and what follows from it: events, the mails to send, the views a decision sees, the commit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from gateway.directory import EntryChange
from gateway.facts import (
    NO_DIGEST,
    NO_MESSAGE_ID,
    NO_PARTY,
    Address,
    Ciphertext,
    Digest,
    ExchangeNumber,
    Fingerprint,
    MessageId,
    PartyCode,
    Pending,
    ReferralNumber,
    Renewal,
)
from gateway.treaty import ReferralState, Role, Side, UimAnswer


class EventKind(StrEnum):
    """Everything the record can say. Values are written and never change meaning."""

    PARTY_ADDED = "party added"
    PARTY_CHANGED = "party changed"  # name, mailbox or language; `digest`: of the three as they are now
    PERSON_ADDED = "person added"
    PERSON_REVOKED = "person revoked"  # `count` 1: of several who hold the same office
    REVOCATION_ORDERED = "revocation ordered"  # `person`, `digest`: by whom, in which mail
    KEY_ADDED = "key added"
    REGISTRATION_ORDERED = "registration ordered"  # `person`, `digest`: by whom, in which mail; `party`: for which
    CHALLENGE_ANSWERED = "challenge answered"  # `count`: number of the registration, here and below
    REGISTRATION_APPROVED = "registration approved"  # `person`, `digest`: by whom, in which mail
    REGISTRATION_REFUSED = "registration refused"
    REGISTRATION_ENDED = "registration ended"  # not answered or not decided in time, or who ordered it has left
    RENEWAL_ORDERED = "renewal ordered"  # `person`, `digest`: by whom, in which mail; `party`: for which
    KEY_REPLACED = "key replaced"  # `digest`: of the earlier key and when it ends (`key_mark`)
    EXCHANGE_OPENED = "exchange opened"
    REFERRAL_SENT = "referral sent"
    REFERRAL_WAITING = "referral waiting"
    REFERRAL_RELEASED = "referral released"
    REFERRAL_EXTENDED = "referral extended"
    EXTENSION_WAITING = "referral extension waiting"  # the same, but they wait for a usable key of the desk
    DELIVERED = "delivered"
    READ = "read"
    UNDELIVERABLE = "undeliverable"
    ANSWER_RECEIVED = "answer received"
    ANSWERED = "answered"
    DECLINED = "declined"
    RETURNED = "returned"
    MESSAGE_RECEIVED = "message received"
    MESSAGE_WAITING = "message waiting"
    MESSAGE_RELEASED = "message released"
    ANSWER_WAITING = "answer waiting"
    ANSWER_RELEASED = "answer released"
    REMINDED = "reminded"
    ESCALATED = "escalated"
    EXPIRED = "expired"
    EXCHANGE_CLOSED = "exchange closed"
    LOOKUP_MADE = "lookup made"
    STATUS_ASKED = "status asked"
    STATISTICS_ASKED = "statistics asked"  # `count`: days of the period
    HELP_ASKED = "help asked"
    NOTICE_SENT = "notice sent"
    ADVISED = "advised"
    KEY_WARNED = "key warned"
    MAIL_HELD = "mail held"  # `digest`: the arrival; `person`, `actor`: whose address stood in From, if known
    ITEM_SETTLED = "item settled"  # `count`: the number of the item
    REFUSED = "refused"  # a mail with a registered person's good signature; `count`: number of the reason
    REFUSALS = "refusals"  # of all others in an hour; `digest`: of the counts by reason (`store.limits.proof`)
    LIBRARY_CHANGED = "library changed"  # the pattern library in use; `digest`: of its texts, `count`: of them
    PATTERN_PROPOSED = "pattern change proposed"  # `digest`: of its text, here and below; `count`: of schemes in it
    PATTERN_APPROVED = "pattern change approved"  # by `person`, 0: the operator; `count`: version of the library
    PATTERN_REFUSED = "pattern change refused"
    PATTERN_REVERTED = "pattern change reverted"  # by the operator; `count`: version of the library from now on
    PATTERN_WEIGHED = "pattern weighed"  # `count`: points of rank that it loses now; `digest`: of what it fits
    LOGIN_GIVEN = "login given"  # a password for the SMTP listener, which is made of this event's number
    LOGIN_WITHDRAWN = "login withdrawn"
    SEALED_OFFERED = "sealed mail offered"  # address, token and key of `party` given in the answer to a look-up
    SEALED_REFERRED = "sealed referral"  # what the referral asks was passed on unopened; `digest`: of the object
    SEALED_PASSED = "sealed mail passed on"  # a further one, to the other side; `digest`: of the object
    DIRECTORY_ASKED = "directory asked"
    DIRECTORY_ORDERED = "directory change ordered"  # `person`, `digest`: by whom, in which mail; `count`: of changes
    ENTRY_ADDED = "directory entry added"  # `digest`: of what it says; `count`: number of the entry before
    ENTRY_REPLACED = "directory entry replaced"  # somebody else stands there now
    ENTRY_CORRECTED = "directory entry corrected"  # the same one is reached in another way
    ENTRY_REMOVED = "directory entry removed"  # `digest`: of what it said
    DIRECTORY_CONFIRMED = "directory confirmed"  # `person`, `digest`: by whom, in which mail
    CONFIRMATION_ASKED = "confirmation asked"  # of a Party, twice a year
    CONFIRMATION_REMINDED = "confirmation reminded"
    CONFIRMATION_OVERDUE = "confirmation overdue"  # the Secretariat was told
    NOMINATIONS_OPEN = "nominations open"  # again, after a function was without anybody; at first from registration on
    NOMINATIONS_REMINDED = "nominations reminded"  # `count`: of functions without anybody, here and below
    NOMINATIONS_OVERDUE = "nominations overdue"  # the Secretariat was told
    DIFFICULTY_REPORTED = (
        "difficulty reported"  # `person`, `digest`: by whom, in which mail; `count`: place of its kind
    )
    DIFFICULTY_ANSWERED = "difficulty answered"  # by somebody of the Secretariat; `party`: whose person is answered
    LIMITED = "limited"  # told to wait so many minutes: `count`
    EVALUATED = "evaluated"  # `count`: the answers of one side, a decimal digit a question (`rules.quality.packed`)
    NO_DATA = "no data given"  # `count`: number of the reason (`rules.quality.REASONS`), 0 where none was given
    UIMS_NOT_OURS = "uims not ours"  # `count` of them are new in this answer
    UIMS_MALFORMED = "uims malformed"  # lines of a request that hold no UIM, or a damaged one
    UIMS_REPEATED = "uims repeated"  # asked before by the same Party, in another exchange


# Of these the count is a code and no number of anything: it is not shown in a trail.
CODED = frozenset({EventKind.EVALUATED, EventKind.NO_DATA})
# Further UIMs of a referral that there is already.
EXTENSIONS = frozenset({EventKind.REFERRAL_EXTENDED, EventKind.EXTENSION_WAITING})


@dataclass(frozen=True, slots=True)
class Pattern:
    """What led a UIM to a Party: a scheme of the library, `mark`: the digest of what it fits and who answers for it.

    `library`: a number of the whole library as it was, which says nothing of the UIM: it alone is kept with one.
    """

    scheme: str
    mark: Digest
    library: int


@dataclass(frozen=True, slots=True)
class UimFact:
    """One UIM as the ledger knows it: a keyed digest and what was answered.

    `by`: which pattern the answer speaks of; only its sums are written.
    """

    digest: Digest
    answer: UimAnswer = UimAnswer.PENDING
    by: Pattern | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One appended fact. Numbers, enumerations, counts, instants and digests only.

    `exchange`/`party` name the referral it concerns; `person`/`actor` who caused it (0, "" = the
    gateway). `count` is a number of UIMs (or days, where the kind says so). `uims` are written to
    the table of UIM digests, not to the event itself. `ciphertext` is kept until the exchange closes.
    `message_id` is the thread's identifier as it arrived (a header outside the encryption).
    """

    kind: EventKind
    exchange: ExchangeNumber | None = None
    party: PartyCode = NO_PARTY
    person: int = 0
    actor: PartyCode = NO_PARTY
    count: int = 0
    digest: Digest = NO_DIGEST
    uims: tuple[UimFact, ...] = ()
    message_id: MessageId = NO_MESSAGE_ID


@dataclass(frozen=True, slots=True)
class Keep:
    """Ciphertext that a later step needs again (held, not ours), kept as it came."""

    exchange: ExchangeNumber
    party: PartyCode  # the referral that waits for it; "" = the request itself
    side: Side  # the side that wrote it
    digest: Digest
    scheme: str
    ciphertext: Ciphertext


class MailKind(StrEnum):
    """What an outgoing mail is, for outbox, delivery reports and statistics."""

    RECEIPT = "receipt"
    REFERRAL = "referral"
    ANSWER = "answer"
    MESSAGE = "message"
    NOTICE = "notice"
    REMINDER = "reminder"
    DIGEST = "digest"
    CHALLENGE = "challenge"  # to who is to be registered: the one mail to an address that is not
    KEY_NOTICE = "key notice"  # content-free, in clear: "something waits, renew your key"


@dataclass(frozen=True, slots=True)
class OutgoingMail:
    """A finished mail: encrypted to exactly one correspondent, ready for the outbox.

    `octets` is the whole RFC 5322 message. `envelope_id` goes out as ENVID (RFC 3461) and into the
    reverse-path's sub-address, and brings delivery reports home.
    """

    kind: MailKind
    message_id: MessageId
    envelope_id: str
    mail_from: Address
    rcpt_to: Address
    ciphertext: Ciphertext
    digest: Digest
    exchange: ExchangeNumber | None = None
    party: PartyCode = NO_PARTY
    side: Side = Side.ASKING
    not_before: datetime | None = None
    brings: tuple[Fingerprint, Fingerprint] | None = None  # to the owner of the first key, for the first time: ours


@dataclass(frozen=True, slots=True)
class ReferralView:
    """A referral as a decision sees it."""

    number: ReferralNumber
    state: ReferralState
    asked_at: datetime
    last_activity: datetime
    reminders: int
    uims: int
    answered: int
    sealed: bool = False  # the gateway could not read what it asks


@dataclass(frozen=True, slots=True)
class ExchangeView:
    """An exchange as a decision sees it. `version` is what an optimistic commit checks."""

    number: ExchangeNumber
    version: int
    closed: bool
    asking_party: PartyCode
    person: int
    opened_at: datetime
    last_activity: datetime
    uims: int
    referrals: tuple[ReferralView, ...]

    def referral(self, party: PartyCode) -> ReferralView | None:
        """The referral to this Party, or None."""
        return next((r for r in self.referrals if r.number.party == party), None)


@dataclass(frozen=True, slots=True)
class OpenReferral:
    """A referral from which something is still expected, with the Party that asks: a line of a digest."""

    number: ReferralNumber
    asking: PartyCode
    state: ReferralState
    asked_at: datetime
    reminders: int


@dataclass(frozen=True, slots=True)
class DigestReader:
    """Who gets the weekly digest: registered since when; up to when the last one told, and when it was sent."""

    person: int
    party: PartyCode
    role: Role
    since: datetime
    reported: datetime | None
    told: datetime | None = None


@dataclass(frozen=True, slots=True)
class EventView:
    """One line of an exchange's trail."""

    at: datetime
    kind: EventKind
    exchange: ExchangeNumber | None
    party: PartyCode
    actor: PartyCode
    count: int
    digest: Digest
    person: int = 0


@dataclass(frozen=True, slots=True)
class AskedBefore:
    """An earlier exchange in which the same UIM was asked."""

    digest: Digest
    number: ReferralNumber


@dataclass(frozen=True, slots=True)
class ForAPerson:
    """An item that somebody must look at: shown by `gsp doctor` and in the operator's log."""

    reason: int  # number of the reason in outcome.REASONS
    exchange: ExchangeNumber | None = None
    party: PartyCode = NO_PARTY
    arrival: Digest = NO_DIGEST


class ChangeState(StrEnum):
    """What became of a change of the pattern library."""

    WAITING = "waiting"
    APPROVED = "approved"
    REFUSED = "refused"
    REPLACED = "replaced"  # by a later proposal of the same Party


@dataclass(frozen=True, slots=True)
class PatternChange:
    """A change of the pattern library, proposed or made. It holds descriptions of markings, which are public.

    `text` is a file of the library (YAML) with its schemes, `mark` its digest. `schemes` are the ids that it changes:
    of those that are not in the text, what is shipped counts again. `number` 0: not written yet; `version` of the
    library that it made, 0: none.
    """

    mark: Digest
    text: str
    schemes: tuple[str, ...]
    party: PartyCode  # that answers for them, "": several
    at: datetime
    person: int = 0  # who proposed it; 0: the operator made it
    actor: PartyCode = NO_PARTY
    state: ChangeState = ChangeState.WAITING
    version: int = 0
    number: int = 0
    decided_by: int = 0
    decided_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Doubt:
    """What answers say against a pattern (`rules.experience`): how many points of rank it loses.

    `asks`: no UIM is sent by it before the officer has confirmed. `share`: at least so many per cent came back as
    "not ours", in tens; 0 where few Parties asked, and a share would tell who. `number` 0: not written yet.
    """

    scheme: str
    mark: Digest
    party: PartyCode
    loss: int
    asks: bool
    share: int
    at: datetime
    number: int = 0


@dataclass(frozen=True, slots=True)
class Commit:
    """All consequences of one arrival (or of one tick of the clock), written in one transaction.

    `based_on` are (exchange, version) pairs that must be unchanged; else the race is lost.
    `arrival` NO_DIGEST: not caused by a mail. `signature` is remembered: accepted once only.
    `pending`: new registrations, each in the place of the Party's earlier one of the same address.
    `digests`: of whom (person), up to when: each is written once, else the race is lost.
    `patterns`: changes of the library, new or (with a number) decided; a version that is taken loses the race.
    """

    at: datetime
    events: tuple[Event, ...] = ()
    outgoing: tuple[OutgoingMail, ...] = ()
    keeps: tuple[Keep, ...] = ()
    released: tuple[Keep, ...] = ()
    items: tuple[ForAPerson, ...] = ()
    based_on: tuple[tuple[ExchangeNumber, int], ...] = ()
    arrival: Digest = NO_DIGEST
    signature: Digest = NO_DIGEST
    pending: tuple[Pending, ...] = ()
    renewals: tuple[Renewal, ...] = ()
    entries: tuple[EntryChange, ...] = ()  # of the directory
    digests: tuple[tuple[int, datetime], ...] = ()
    patterns: tuple[PatternChange, ...] = ()
