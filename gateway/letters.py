"""What each letter says, as values: one type a template of `templates/letters/`, untranslated.

The name of the template is the type's `TEMPLATE`. Templates read attributes; people's words (UIMs,
questions, answers) stand in them as written, everything else is numbers, enumerations and `Text`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from gateway.content import ClearValue, Finding, Photograph, SealedOffer, Text, Uim
from gateway.events import EventKind
from gateway.facts import NO_PARTY, Digest, ExchangeNumber, PartyCode, ReferralNumber, Wording
from gateway.treaty import ExchangeState, Handling, Item, NoDataReason, ReferralState, Role, UimAnswer


@dataclass(frozen=True, slots=True, repr=False)
class Suggestion(ClearValue):
    """One Party (or none, "") that a scheme suggests for a UIM, with the reason."""

    party: PartyCode
    scheme: Wording
    reason: Text


@dataclass(frozen=True, slots=True, repr=False)
class UimNote(ClearValue):
    """One UIM with what is to be said of it; `suggestions` best first."""

    uim: Uim
    remarks: tuple[Text, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()
    before: tuple[ReferralNumber, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class ReferredPart(ClearValue):
    """What of a request went (or waits to go) to one Party, and by which patterns."""

    number: ReferralNumber
    count: int
    schemes: tuple[Wording, ...]
    waiting: bool = False  # the desk's key cannot be used now
    chosen: bool = False  # the officer named the Party himself


@dataclass(frozen=True, slots=True, repr=False)
class Evidence(ClearValue):
    """What a receipt proves: when a mail was taken, and the SHA-256 of its encrypted content."""

    taken_at: datetime
    digest: Digest


@dataclass(frozen=True, slots=True, repr=False)
class Receipt(ClearValue):
    """To the officer: which UIMs went where, and which did not. Its form is for what is left to choose or mend."""

    TEMPLATE: ClassVar[str] = "receipt"
    number: ExchangeNumber | None  # None: nothing could be sent, no exchange was opened
    case_reference: str
    evidence: Evidence
    total: int
    sent: tuple[ReferredPart, ...] = ()
    ambiguous: tuple[UimNote, ...] = ()
    hints: tuple[UimNote, ...] = ()
    not_a_party: tuple[UimNote, ...] = ()
    not_a_uim: tuple[UimNote, ...] = ()
    malformed: tuple[UimNote, ...] = ()
    unknown: tuple[UimNote, ...] = ()
    own: tuple[UimNote, ...] = ()
    no_desk: tuple[UimNote, ...] = ()  # a Party answers for it, but is not registered here
    deskless: tuple[PartyCode, ...] = ()  # among the Parties to choose from
    doubtful: tuple[UimNote, ...] = ()  # sent, but unusual: to be compared with the pack
    repeated: tuple[UimNote, ...] = ()  # asked before by the officer's own Party
    doubled: int = 0
    again: tuple[Uim, ...] = ()  # what `doubled` counts, where it stands the second time
    findings: tuple[Finding, ...] = ()
    asked_already: bool = False  # nothing new went out: the Parties that could be asked have these UIMs
    pictures: tuple[Photograph, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Referral(ClearValue):
    """To a desk: what another Party asks. Its form is the reply, one block per UIM."""

    TEMPLATE: ClassVar[str] = "referral"
    number: ReferralNumber
    asking: PartyCode
    case_reference: str
    purpose: str
    justification: str
    handling: Handling
    reply_by: date | None
    details: tuple[tuple[Text, str], ...]  # date and place of seizure, product: label and value
    items: tuple[Item, ...]  # asked for, in order; all ten when nothing was ticked
    questions: str
    uims: tuple[UimNote, ...]  # `before`: the desk's own earlier referrals of the same UIM
    total: int  # `uims` may hold the first few only
    evidence: Evidence
    extended: bool = False  # further UIMs of a referral that the desk already has


@dataclass(frozen=True, slots=True, repr=False)
class AnsweredUim(ClearValue):
    """What the asked Party said of one UIM: ticked items in order with their values."""

    uim: str
    answer: UimAnswer
    items: tuple[tuple[Item, str], ...] = ()
    remarks: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class AnswerLetter(ClearValue):
    """To the requester: what the asked Party answered, in the requester's language."""

    TEMPLATE: ClassVar[str] = "answer"
    number: ReferralNumber
    answering: PartyCode
    handling: Handling
    answers: tuple[AnsweredUim, ...]
    open: int  # UIMs not yet answered by this Party
    declined: bool
    reason: NoDataReason | None
    remarks: str  # free text of the desk
    evidence: Evidence
    total: int
    passed_on: tuple[ReferredPart, ...] = ()  # "not ours": went to the next candidate
    nobody: tuple[UimNote, ...] = ()  # "not ours": no further candidate
    choose: tuple[UimNote, ...] = ()  # "not ours": several Parties could be next
    own: tuple[UimNote, ...] = ()  # "not ours": the requester's own Party is next
    no_desk: tuple[UimNote, ...] = ()  # "not ours": the next Party is not registered here
    deskless: tuple[PartyCode, ...] = ()  # among the Parties to choose from


@dataclass(frozen=True, slots=True, repr=False)
class MessageLetter(ClearValue):
    """To either side: a further message in the chain, as written."""

    TEMPLATE: ClassVar[str] = "message"
    number: ReferralNumber
    from_party: PartyCode
    handling: Handling
    message: str
    evidence: Evidence


@dataclass(frozen=True, slots=True, repr=False)
class Thanks(ClearValue):
    """To the writer of a reply or message: what was taken and passed on."""

    TEMPLATE: ClassVar[str] = "thanks"
    number: ReferralNumber
    what: Text
    recorded: int
    open: int
    evidence: Evidence
    findings: tuple[Finding, ...] = ()
    waiting: bool = False  # the other side's key cannot be used now; it goes out by itself later


@dataclass(frozen=True, slots=True, repr=False)
class Notice(ClearValue):
    """To the sender of a mail that could not be carried out: next step first, then line by line."""

    TEMPLATE: ClassVar[str] = "notice"
    headline: Text
    next_step: Text
    case_reference: str = ""
    findings: tuple[Finding, ...] = ()
    evidence: Evidence | None = None
    pictures: tuple[Photograph, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Reminder(ClearValue):
    """To a desk, its administrator, or the requester (`to_role`): a referral waits."""

    TEMPLATE: ClassVar[str] = "reminder"
    number: ReferralNumber
    to_role: Role  # DESK, ADMINISTRATOR or OFFICER (the requester)
    other: PartyCode  # who asks (to desk, administrator) or is asked (to the requester)
    asked_at: datetime
    days: int
    open: int
    escalated: bool = False
    told: int = 0  # administrators of the asked Party who are told as well
    sealed: bool = False  # what is asked came sealed


@dataclass(frozen=True, slots=True, repr=False)
class Turn(ClearValue):
    """To requester, Secretariat or administrator: a referral took a turn nobody wrote a mail for."""

    TEMPLATE: ClassVar[str] = "turn"
    number: ReferralNumber
    state: ReferralState  # UNDELIVERABLE, EXPIRED or WAITING
    to_role: Role
    at: datetime
    released: bool = False  # WAITING is over: it has gone out
    told: int = 0  # how many others are told
    to_requester: bool = False  # WAITING: what waits is a mail to the requester, and not to the desk


@dataclass(frozen=True, slots=True, repr=False)
class Closed(ClearValue):
    """To the requester: the exchange is closed."""

    TEMPLATE: ClassVar[str] = "closed"
    number: ExchangeNumber
    at: datetime
    days: int


@dataclass(frozen=True, slots=True, repr=False)
class StatusLine(ClearValue):
    """One referral in a status list."""

    number: ReferralNumber
    asking: PartyCode
    state: ReferralState
    asked_at: datetime
    last_activity: datetime
    uims: int
    answered: int


@dataclass(frozen=True, slots=True, repr=False)
class TrailLine(ClearValue):
    """One event of an exchange's trail."""

    at: datetime
    kind: EventKind
    party: PartyCode
    actor: PartyCode
    count: int
    digest: Digest


@dataclass(frozen=True, slots=True, repr=False)
class Status(ClearValue):
    """To the asker: where his Party's exchanges stand; with a number, the whole trail of that one."""

    TEMPLATE: ClassVar[str] = "status"
    asked: tuple[StatusLine, ...] = ()  # my Party asks
    to_answer: tuple[StatusLine, ...] = ()  # my Party is asked
    number: ExchangeNumber | None = None
    state: ExchangeState | None = None
    trail: tuple[TrailLine, ...] = ()
    cut: bool = False  # there are more exchanges than are listed


@dataclass(frozen=True, slots=True, repr=False)
class LookupLine(ClearValue):
    """What the library says of one UIM; `verdict` is a sentence, `suggestions` best first."""

    uim: Uim
    verdict: Text
    suggestions: tuple[Suggestion, ...]
    remarks: tuple[Text, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Lookup(ClearValue):
    """To the officer: what the pattern library knows. Nobody else is written to."""

    TEMPLATE: ClassVar[str] = "lookup"
    lines: tuple[LookupLine, ...]
    registered: tuple[PartyCode, ...]  # Parties with a desk among the suggestions
    deskless: tuple[PartyCode, ...]  # those without
    findings: tuple[Finding, ...] = ()
    again: tuple[Uim, ...] = ()  # as in a receipt
    offers: tuple[SealedOffer, ...] = ()
    pictures: tuple[Photograph, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Help(ClearValue):
    """To anyone registered: the user guide and blank forms, in his language."""

    TEMPLATE: ClassVar[str] = "help"
    mailbox: str
    role: Role
    forms: tuple[str, ...]  # names of the forms whose blanks follow


@dataclass(frozen=True, slots=True, repr=False)
class Advice(ClearValue):
    """To a registered person whose mail arrived in clear or unsigned: how to set the mail client. No content."""

    TEMPLATE: ClassVar[str] = "advice"
    at: datetime
    encrypted: bool


@dataclass(frozen=True, slots=True, repr=False)
class KeyNotice(ClearValue):
    """To the owner of a key that cannot be used: content-free, in clear."""

    TEMPLATE: ClassVar[str] = "key_notice"
    fingerprint: str
    waiting: int  # mails that wait for a good key


@dataclass(frozen=True, slots=True, repr=False)
class KeyExpiry(ClearValue):
    """A key will soon expire: to its owner, to a Party's administrators, or (`ours`) to the Secretariat."""

    TEMPLATE: ClassVar[str] = "key_expiry"
    fingerprint: str
    kind: str  # OpenPGP or S/MIME
    until: datetime
    days_left: int  # 1 or more; the last one may have begun
    owner: str = ""  # whose key it is, where the reader is not the owner
    ours: bool = False  # the focal point's own key


@dataclass(frozen=True, slots=True, repr=False)
class Challenge(ClearValue):
    """To who is to be registered: reply, and so prove key and mailbox. Nothing in it is of anybody's choosing."""

    TEMPLATE: ClassVar[str] = "challenge"
    party: PartyCode
    role: Role
    fingerprint: str
    until: datetime
    approval: bool  # the Secretariat decides afterwards


@dataclass(frozen=True, slots=True, repr=False)
class Approval(ClearValue):
    """To the Secretariat: approve or refuse a registration whose challenge was answered."""

    TEMPLATE: ClassVar[str] = "approval"
    number: int
    party: PartyCode
    role: Role
    name: str
    address: str
    fingerprint: str
    ordered_by: str  # the administrator's address
    until: datetime
    desk_until_now: str = ""  # the mailbox that a new desk replaces
    evidence: Evidence | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Registration(ClearValue):
    """To whoever ordered or decided it: how a registration stands; next step first."""

    TEMPLATE: ClassVar[str] = "registration"
    headline: Text
    next_step: Text
    party: PartyCode
    role: Role
    name: str
    address: str
    fingerprint: str
    until: datetime | None = None  # to be answered, or decided, by then
    reason: str = ""  # of the Secretariat, as written
    evidence: Evidence | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Welcome(Help):
    """To somebody just registered: the guide and blank forms, as `Help`."""

    TEMPLATE: ClassVar[str] = "welcome"
    party: PartyCode = NO_PARTY


@dataclass(frozen=True, slots=True, repr=False)
class Renewed(ClearValue):
    """A new or extended key is registered: to its owner, whoever vouched for it, and the administrators."""

    TEMPLATE: ClassVar[str] = "renewed"
    headline: Text
    next_step: Text
    owner: str  # the address
    kind: str  # OpenPGP or S/MIME
    fingerprint: str
    until: datetime | None  # None: without an end
    by: str = ""  # who vouched for it, where it was not the owner
    earlier: tuple[tuple[str, datetime], ...] = ()  # fingerprints of the replaced keys, and when they end
    evidence: Evidence | None = None


LetterValues = (
    Receipt | Referral | AnswerLetter | MessageLetter | Thanks | Notice | Reminder | Turn | Closed | Status | Lookup
    | Help | Advice | KeyNotice | KeyExpiry | Challenge | Approval | Registration | Welcome | Renewed
)  # fmt: skip
