"""Header fields: one clean address, threads, tags and tokens (RFC 5322, RFC 3834, RFC 5233)."""

from __future__ import annotations

import email.errors
import email.header
import email.policy
import email.utils
import re
from collections.abc import Iterable, Sequence

from gateway.content import MimePart, ProtectedHeaders
from gateway.facts import Address, Envelope, VisibleHeaders, address

MAX_RECEIVED = 30
_MAX_FROM, _MAX_DECODED = 1000, 4000  # the standard library's readers take time by the square (measured)
_MESSAGE_ID = re.compile(r"<[^<>\s]{1,250}>")
_TAG = re.compile(r"\[GSP-\d{4}-\d{6,9}(?:/[A-Z]{2})?(?:\s+([a-z2-7]{24}))?\]", re.IGNORECASE)
_TOKEN = re.compile(r"\+([a-z2-7]{24})@", re.IGNORECASE)


def one_address(values: Sequence[str]) -> Address | None:
    """The address of a From field, if there is exactly one field with exactly one clean address, else None.

    Two ways of parsing must agree: `officer@gov <eve@evil>` reads differently to different programs
    (CVE-2023-27043), and an attacker chooses the difference. Obsolete but harmless phrases pass.
    """
    if len(values) != 1 or len(values[0]) > _MAX_FROM:
        return None
    value = values[0]
    try:
        header = email.policy.default.header_factory("From", value)
        listed = [pair for pair in email.utils.getaddresses([value]) if pair[1]]
    except (ValueError, IndexError, AttributeError, RecursionError, email.errors.MessageError):
        return None
    if any(not isinstance(defect, email.errors.ObsoleteHeaderDefect) for defect in header.defects):
        return None
    groups = header.groups
    if len(header.addresses) != 1 or len(groups) != 1 or groups[0].display_name is not None or len(listed) != 1:
        return None
    spec = header.addresses[0].addr_spec
    if spec != listed[0][1] or value.count("@") - value.split("<")[0].count("@") * ("<" in value) != 1:
        return None
    try:
        return address(spec)
    except ValueError:
        return None


def addresses(values: Iterable[str]) -> tuple[str, ...]:
    """Every address of some To or Cc fields, leniently; for comparison with our own only."""
    return tuple(spec for _, spec in email.utils.getaddresses([str(value) for value in values]) if spec)


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
        authentication_results=part.header("Authentication-Results"),
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


def _first_tag(subjects: Sequence[str]) -> str:
    found = _TAG.search(decoded(subjects[0])) if subjects else None
    return found[0] if found else ""
