"""Values that hold clear text: memory only; cannot be printed, formatted, logged or pickled.

Whatever writes (store, transports, logs, schedule, settings) may not import this module; the
import checker proves it. Fields are plain `str` and `bytes`; the values themselves hide them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from gateway.clear import ClearValue as ClearValue
from gateway.directory import EntryChange
from gateway.events import Event, ForAPerson, Keep, MailKind, PatternChange
from gateway.facts import (
    NO_PARTY,
    Correspondent,
    Digest,
    EncryptedMail,
    ExchangeNumber,
    Fingerprint,
    PartyCode,
    Pending,
    Renewal,
    Sender,
    Wording,
)
from gateway.treaty import Side


@dataclass(frozen=True, slots=True, repr=False)
class MimePart(ClearValue):
    """One MIME part of a bounded, immutable tree (RFC 2045).

    `headers` as (name, unfolded value) in their order; `media_type` in lower case; `body` is the
    transfer-decoded content of a leaf (b"" for a multipart); `raw` the exact octets of the whole
    part, headers included, so that a signature over it can be checked.
    """

    headers: tuple[tuple[str, str], ...]
    media_type: str
    parameters: tuple[tuple[str, str], ...]
    disposition: str
    filename: str
    body: bytes
    children: tuple[MimePart, ...]
    raw: bytes

    def header(self, name: str) -> tuple[str, ...]:
        """Every value of a header field, in order; () when there is none."""
        return tuple(value for key, value in self.headers if key.lower() == name.lower())

    def parameter(self, name: str) -> str:
        """A parameter of Content-Type, "" when there is none."""
        return next((value for key, value in self.parameters if key == name), "")

    def walk(self) -> Iterator[MimePart]:
        """This part and all below it, outermost first."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True, slots=True, repr=False)
class SignatureFact(ClearValue):
    """A good signature over the whole opened content. `digest` is SHA-256 of the signature's identity."""

    fingerprint: Fingerprint
    made_at: datetime
    digest: Digest


@dataclass(frozen=True, slots=True, repr=False)
class ProtectedHeaders(ClearValue):
    """Header fields inside the encryption (RFC 9788 and the older forms), decoded; "" where absent."""

    from_: tuple[str, ...] = ()
    to: tuple[str, ...] = ()
    subject: str = ""
    message_id: str = ""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class DecryptedMail(ClearValue):
    """An opened mail: integrity is checked and exactly one signature covers `tree`, or it does not exist."""

    mail: EncryptedMail
    tree: MimePart
    headers: ProtectedHeaders
    signature: SignatureFact


@dataclass(frozen=True, slots=True, repr=False)
class Submission(ClearValue):
    """A mail whose sender is proven: signature by a usable registered key, From is that person's."""

    mail: DecryptedMail
    sender: Sender


@dataclass(frozen=True, slots=True, repr=False)
class Candidacy(ClearValue):
    """A mail that is signed with the key of a registration that is not active.

    It is no `Submission` and has no `Sender`: nothing can be made of it but the comparison of a challenge's word.
    """

    mail: DecryptedMail
    pending: Pending


@dataclass(frozen=True, slots=True, repr=False)
class Text(ClearValue):
    """An untranslated sentence: an English message id and its values (named, in braces).

    Message ids are extracted from calls of `Text(...)` and `N_(...)`. `plural` and `count` give the plural form.
    """

    message: str
    values: tuple[tuple[str, object], ...] = ()
    plural: str = ""
    count: int = 0


def text(message: str, **values: object) -> Text:
    """A `Text` with named values: `text("Line {line} is not a UIM.", line=3)`."""
    return Text(message, tuple(values.items()))


def texts(singular: str, plural: str, count: int, **values: object) -> Text:
    """A `Text` with plural forms; `{count}` stands for the number."""
    return Text(singular, (("count", count), *values.items()), plural, count)


class Severity(StrEnum):
    """BLOCKS: nothing can go forward until mended; PART: this line or UIM stays behind; NOTE: said only."""

    BLOCKS = "blocks"
    PART = "part"
    NOTE = "note"


@dataclass(frozen=True, slots=True, repr=False)
class Finding(ClearValue):
    """Something that was not understood (or is worth saying), told so that the writer can mend it.

    `where`: "" the body, else the attachment's name; `line`, `column` (of a spreadsheet) and `page` count from 1, 0:
    none; `got` is what was read; `text` says what is wrong, what to write instead; `field` names the form's or "".
    `region`: in which ninth of a picture, whose codes `line` then counts: 1 upper left, 2 beside it, to 9; 0 none.
    """

    text: Text
    severity: Severity
    where: str = ""
    line: int = 0
    got: str = ""
    field: str = ""
    column: int = 0
    page: int = 0
    region: int = 0


@dataclass(frozen=True, slots=True, repr=False)
class Uim(ClearValue):
    """One unique identification marking, octet for octet as understood; where it came from.

    `text` has the group separator as 0x1D and no symbology prefix; `where` to `region` as in `Finding`. `below`: what
    stands alone on the next line and is no UIM by itself: the rest of this one, if it was broken there. `listed`: it is
    an element of a list that a program wrote, which breaks none.
    """

    text: str
    where: str = ""
    line: int = 0
    column: int = 0
    page: int = 0
    region: int = 0
    below: str = ""
    listed: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class Photograph(ClearValue):
    """A small JPEG of our own of a picture that was sent, in pixels; its codes: what each says, its kind, its region.

    They are outlined and numbered from 1 in it.
    """

    name: str
    octets: bytes
    width: int
    height: int
    codes: tuple[tuple[str, str, int], ...]


@dataclass(frozen=True, slots=True, repr=False)
class Block(ClearValue):
    """One repeated block of a form (one UIM of a reply): field name to value. `where`/`line` as in `Finding`."""

    values: Mapping[str, str]
    line: int = 0
    where: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class FilledForm(ClearValue):
    """A form with values by field name: as read from a mail, or as given to a reader to complete.

    Values of choices, ticks and items are the untranslated names ("investigation", "a"); free text is
    as written. `hints` (field name to Text) mark lines for the reader; they are never read back as values.
    `name` "" means: no form title was found.
    """

    name: str
    values: Mapping[str, str] = field(default_factory=dict)
    ticks: Mapping[str, frozenset[str]] = field(default_factory=dict)
    uims: tuple[Uim, ...] = ()
    blocks: tuple[Block, ...] = ()
    hints: Mapping[str, Text] = field(default_factory=dict)

    def get(self, name: str) -> str:
        """The value of a field, "" when absent."""
        return self.values.get(name, "")

    def ticked(self, name: str) -> frozenset[str]:
        """What is ticked in a field of ticks; empty when nothing is."""
        return self.ticks.get(name, frozenset())


@dataclass(frozen=True, slots=True, repr=False)
class KeyFile(ClearValue):
    """A key, certificate or other file as it was sent; `name` "": what was pasted into the text."""

    name: str
    octets: bytes


@dataclass(frozen=True, slots=True, repr=False)
class Reading(ClearValue):
    """What was understood and what was not. Loses nothing: `leftover` is text outside any field."""

    form: FilledForm
    findings: tuple[Finding, ...] = ()
    leftover: str = ""
    tokens: tuple[str, ...] = ()  # from addresses and subject tags, in order of trust
    keys: tuple[KeyFile, ...] = ()  # only of a form that takes them: clients attach the writer's to every mail
    files: tuple[KeyFile, ...] = ()  # whose names end as the form wants them
    pictures: tuple[Photograph, ...] = ()  # in which codes were found


class VerdictKind(StrEnum):
    """What the pattern library says of one UIM."""

    SURE = "sure"
    AMBIGUOUS = "ambiguous"
    HINT = "hint"  # only a generic structure fits: no Party follows from it
    NOT_A_PARTY = "not a party"
    NOT_A_UIM = "not a uim"
    MALFORMED = "malformed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, repr=False)
class Candidate(ClearValue):
    """A scheme that fits a UIM, and the Party it suggests ("" = none). `rank` 0..100, best first."""

    scheme: str
    title: Wording
    party: PartyCode
    rank: int
    reason: Text
    verified: bool


@dataclass(frozen=True, slots=True, repr=False)
class Verdict(ClearValue):
    """The library's judgement on one UIM: kind, candidates best first, remarks to tell the officer."""

    uim: Uim
    kind: VerdictKind
    candidates: tuple[Candidate, ...] = ()
    remarks: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Sheet(ClearValue):
    """A table given to a reader as CSV and XLSX. `stem` is the file name without ending.

    A cell that is a `Text` is said in the reader's language; its column holds them in every row. All cells are text
    but numbers that we counted ourselves.
    """

    stem: str
    headings: tuple[Text, ...]
    rows: tuple[tuple[str | Text | int | float, ...], ...]


@dataclass(frozen=True, slots=True, repr=False)
class EnclosedKey(ClearValue):
    """Somebody's public key or certificate, or what is to be approved (`fingerprint`: its digest), as a file."""

    name: str
    media_type: str
    octets: bytes
    fingerprint: Fingerprint


@dataclass(frozen=True, slots=True, repr=False)
class SealedOffer(ClearValue):
    """How to write sealed mail to one Party's desk; its keys are files of the letter."""

    party: PartyCode
    box: str
    tag: str  # for the subject, where the mail system has no sub-addresses; "" where it has
    keys: tuple[tuple[str, str], ...]  # name of the file, fingerprint; none: the desk has no key that can be used now
    uims: int


@dataclass(frozen=True, slots=True, repr=False)
class Thread(ClearValue):
    """Which conversation a letter belongs to. `tag` is the subject tag (referral number and token)."""

    tag: str = ""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    reply_to: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Letter(ClearValue):
    """A mail to one reader, untranslated: subject and values; the form that answers it.

    `values` is one of `letters.LetterValues` and names the template by its `TEMPLATE`; `form` is rendered
    below the text in the reader's language, `survey` below that; `blanks` are names of blank forms to add; `sheets`
    go as attachments, and so do `files`; `exchange`/`party`/`side` bind it to a referral; `our_key`: the fingerprint
    of our own OpenPGP key where it goes along as a file.
    """

    kind: MailKind
    to: Correspondent
    subject: Text
    values: ClearValue
    form: FilledForm | None = None
    blanks: tuple[str, ...] = ()
    sheets: tuple[Sheet, ...] = ()
    thread: Thread = field(default_factory=Thread)
    exchange: ExchangeNumber | None = None
    party: PartyCode = NO_PARTY
    side: Side = Side.ASKING
    our_key: Fingerprint | None = None
    files: tuple[EnclosedKey, ...] = ()
    survey: FilledForm | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Decision(ClearValue):
    """All consequences of a mail, as a value. `based_on`: versions of the exchanges it saw.

    `keeps`: ciphertext that a later step needs; `released`: kept pieces now sent;
    `answer_exchange`/`answer_parties` are what `gsp process` reports; `pending` and what follows: as in `Commit`.
    """

    events: tuple[Event, ...] = ()
    letters: tuple[Letter, ...] = ()
    keeps: tuple[Keep, ...] = ()
    released: tuple[Keep, ...] = ()
    for_a_person: tuple[ForAPerson, ...] = ()
    based_on: tuple[tuple[ExchangeNumber, int], ...] = ()
    answer_exchange: ExchangeNumber | None = None
    answer_parties: tuple[PartyCode, ...] = ()
    pending: tuple[Pending, ...] = ()
    renewals: tuple[Renewal, ...] = ()
    entries: tuple[EntryChange, ...] = ()
    digests: tuple[tuple[int, datetime], ...] = ()
    patterns: tuple[PatternChange, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class RenderedMail(ClearValue):
    """A letter as MIME, still in clear: the payload with its protected headers, and the outer fields.

    `payload` is a complete MIME entity (CRLF) serialised once; `outer`: the fields outside the encryption, in order.
    """

    letter: Letter
    payload: bytes
    outer: tuple[tuple[str, str], ...]
    message_id: str


def N_(message: str) -> str:  # noqa: N802 - gettext's name
    """Marks a message id for the catalogues; gives it back unchanged."""
    return message
