"""Header fields: one clean address, threads, tags and tokens (RFC 5322, RFC 3834, RFC 5233)."""

from __future__ import annotations

import email.errors
import email.header
import email.policy
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache

from gateway.content import MimePart, ProtectedHeaders
from gateway.facts import Address, Envelope, PartyCode, VisibleHeaders, address, party_code

MAX_RECEIVED = 30
_MAX_FROM, _MAX_DECODED = 1000, 4000  # the standard library's readers take time by the square (measured)
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,250}>")
_TAG = re.compile(r"\[GSP-\d{4}-\d{6,9}(?:/[A-Z]{2})?(?:\s+([a-z2-7]{24}))?\]", re.IGNORECASE)
_COMMENT = r"(?:\([^()<>@\x00-\x1f\x7f]*\)\s*)?"
_BARE = r"([^\s<>@,;:()\"\\\[\]]+@[^\s<>@,;:()\"\\\[\]]+)"
_MAILBOX = re.compile(
    rf"""(?:(?:"(?:[^"\\\x00-\x1f\x7f]|\\[\x20-\x7e])*"|[^"<>@,;:\\\[\]\x00-\x1f\x7f])*<{_BARE}>|{_BARE})\s*{_COMMENT}"""
)
_CLOSED = re.compile(r'(?>(?:[^"]++|"(?>(?:[^"\\]|\\.)*)")*)', re.DOTALL)  # up to a quotation mark that is never closed
_BETWEEN_COMMAS = re.compile(r'(?>(?:"(?>(?:[^"\\]|\\.)*)"?|[^",]++)+)', re.DOTALL)
_BETWEEN_MARKS = re.compile('[^",]+')
_ANGLE = re.compile(
    r"<([^<>\s]+)>"
)  # one with an @ inside is picked later: looked for here, it takes time by the square
_LEGACY_TEXT = re.compile(rb"\A(?:[!-9;-~]+:[^\r\n]*\r?\n(?:[ \t][^\r\n]*\r?\n)*)+\r?\n")
_LEGACY_HTML = re.compile(rb"<div class=[\"']?header-protection-legacy-display[\"']?[^>]*>.*?</div>", re.DOTALL)
_TOKEN = re.compile(r"\+([a-z2-7]{24})@", re.IGNORECASE)
_HARMLESS_DEFECTS = (email.errors.ObsoleteHeaderDefect, email.errors.NonASCIILocalPartDefect)


def one_address(values: Sequence[str]) -> Address | None:
    """The address of a From field, if there is exactly one field with exactly one clean address, else None.

    Two ways of parsing must agree: `officer@gov <eve@evil>` reads differently to different programs
    (CVE-2023-27043), and an attacker chooses the difference. Obsolete but harmless phrases pass.
    """
    return _clean_address(values[0]) if len(values) == 1 and len(values[0]) <= _MAX_FROM else None


@lru_cache(maxsize=1024)  # the same people write again and again, and reading one takes half a millisecond
def _clean_address(written_as: str) -> Address | None:
    # The narrow grammar first: the standard library recurses on nested comments, and reads what it likes.
    narrow = _MAILBOX.fullmatch(written_as.strip())
    if narrow is None:
        return None
    try:
        header = email.policy.default.header_factory("From", written_as)
        written = [mailbox.addr_spec for mailbox in header.addresses]
        if any(not isinstance(defect, _HARMLESS_DEFECTS) for defect in header.defects):
            return None
        if [group.display_name for group in header.groups] != [None] or written != [narrow[1] or narrow[2]]:
            return None
        return address(written[0])
    except (ValueError, TypeError, IndexError, AttributeError, RecursionError, email.errors.MessageError):
        return None  # TypeError: of a comment before a dot, `(c).<officer@gov.example>`


def addresses(values: Iterable[str]) -> tuple[str, ...]:
    """Every address of some To or Cc fields, leniently; for comparison with our own only.

    Where there are angle brackets, what stands in them is the address: `gsp@us <eve@evil>` is not to us, though the
    standard library reads it so before CPython 3.11.10.
    """
    found = []
    for mailbox in (piece for value in values for piece in _pieces(value)):
        angle = [one for one in _ANGLE.findall(mailbox) if "@" in one[1:-1]]
        bare = _MAILBOX.fullmatch(mailbox.strip())
        found += angle[-1:] or ([bare[2]] if bare and bare[2] else [])
    return tuple(found)


def _pieces(value: str) -> list[str]:
    """What stands between the commas of a field. Behind a quotation mark that is never closed each one parts, too."""
    closed = _CLOSED.match(value)
    end = closed.end() if closed else 0
    return _BETWEEN_COMMAS.findall(value, 0, end) + _BETWEEN_MARKS.findall(value, end)


def decoded(value: str) -> str:
    """A header value with its encoded words (RFC 2047) decoded; line ends and controls become spaces."""
    value = value[:_MAX_DECODED]
    try:
        text = str(email.header.make_header(email.header.decode_header(value)))
    except (ValueError, LookupError, UnicodeError, email.errors.MessageError):
        text = value
    return re.sub(r"[\x00-\x1f\x7f\u2028\u2029]+", " ", text).strip()


def message_ids(values: Iterable[str]) -> tuple[str, ...]:
    """Message-IDs in a field, each with its angle brackets, at most 50."""
    return tuple(_MESSAGE_ID.findall(" ".join(values)))[:50]


def is_automatic(part: MimePart) -> bool:
    """Whether a mail says that a machine wrote it (RFC 3834, 5)."""
    said = part.header("Auto-Submitted")
    return any(value.split(";")[0].strip().lower() not in ("", "no") for value in said)


def visible(part: MimePart) -> VisibleHeaders:
    """The header fields outside the encryption that we use."""
    own, replied = message_ids(part.header("Message-ID")), message_ids(part.header("In-Reply-To"))
    return VisibleHeaders(
        from_=part.header("From"),
        message_id=own[0] if own else "",
        in_reply_to=replied[0] if replied else "",
        references=message_ids(part.header("References")),
        subject_tag=_first_tag(part.header("Subject")),
        auto_submitted=is_automatic(part),
        received_count=len(part.header("Received")),
    )


def protected(part: MimePart) -> ProtectedHeaders:
    """The header fields inside the encryption: RFC 9788 (`hp`), the older `protected-headers`, and memory hole.

    Only a part that says so protects fields: text that merely looks like header fields is content.
    """
    if not (part.parameter("hp") or part.parameter("protected-headers")):
        return ProtectedHeaders()
    own, replied = message_ids(part.header("Message-ID")), message_ids(part.header("In-Reply-To"))
    subjects = part.header("Subject")
    return ProtectedHeaders(
        from_=part.header("From"),
        to=(*part.header("To"), *part.header("Cc")),
        subject=decoded(subjects[0]) if subjects else "",
        message_id=own[0] if own else "",
        in_reply_to=replied[0] if replied else "",
        references=message_ids(part.header("References")),
    )


def without_legacy_display(payload: MimePart) -> MimePart:
    """The payload without the copy of header fields that is there for programs which cannot read protected ones.

    RFC 9788, 5.2: lines on top of the text, up to an empty one, in parts marked `hp-legacy-display`; in the older
    form a first part of its own. They are a copy of what `protected` has already read.
    """
    if not payload.children:
        return _bare(payload) if payload.parameter("hp") else payload
    if payload.parameter("hp"):
        return replace(payload, children=tuple(_below(child) for child in payload.children))
    first, *others = payload.children
    older = payload.parameter("protected-headers") and first.parameter("protected-headers") and others
    return replace(payload, children=tuple(others)) if older and not first.children else payload


def _below(part: MimePart) -> MimePart:
    return replace(part, children=tuple(_below(child) for child in part.children)) if part.children else _bare(part)


def _bare(part: MimePart) -> MimePart:
    if part.parameter("hp-legacy-display") != "1":
        return part
    pattern = _LEGACY_HTML if part.media_type == "text/html" else _LEGACY_TEXT
    kept = tuple(pair for pair in part.parameters if pair[0] != "hp-legacy-display")
    return replace(part, body=pattern.sub(b"", part.body, count=1), parameters=kept)


def tokens(texts: Iterable[str]) -> tuple[str, ...]:
    """Reply tokens in addresses (`reply+TOKEN@`) and subject tags (`[GSP-2026-000042/KE TOKEN]`), once each."""
    found: list[str] = []
    for text in texts:
        found += [token.lower() for token in _TOKEN.findall(text)]
        found += [token.lower() for token in _TAG.findall(text) if token]
    return tuple(dict.fromkeys(found))


def envelope_tokens(envelope: Envelope) -> tuple[str, ...]:
    """Tokens in the envelope's recipients."""
    return tokens(f"{recipient}" for recipient in envelope.rcpt_tos)


def sealed_places(recipients: Iterable[str], own: Address) -> tuple[tuple[PartyCode, str], ...]:
    """Parties and tokens of the sealed addresses among some recipients (`ke@`, `ke+TOKEN@`), once each.

    `own` is the gateway's mailbox: its domain is that of sealed addresses, and it is none itself.
    """
    mailbox, _, domain = own.casefold().partition("@")
    found = []
    for local, _, at in (recipient.casefold().rpartition("@") for recipient in recipients):
        name, _, tag = local.partition("+")
        if at == domain and name != mailbox and re.fullmatch("[a-z]{2}", name):
            found.append((party_code(name), tag))
    return tuple(dict.fromkeys(found))


def _first_tag(subjects: Sequence[str]) -> str:
    found = _TAG.search(decoded(subjects[0])) if subjects else None
    return found[0] if found else ""
