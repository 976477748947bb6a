"""What is said of a file that was not read."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.attachments import AttachmentReading, Parsed, Trouble
from gateway.content import Finding, MimePart, Severity, Text, text

_ORNAMENT = 100_000  # octets: a smaller picture within the text may be a logo, of which nothing is said


def unread(sentence: Text, name: str) -> Finding:
    """That the file of this name was not read; the sentence says why, with {name}."""
    return Finding(text(sentence.message, name=name), Severity.PART, name, field="uims")


def in_trouble(parsed: Parsed, sentences: Mapping[Trouble, Text], name: str) -> AttachmentReading:
    """What a file gives that its parser could not read."""
    finding = unread(sentences[parsed.trouble], name)
    return AttachmentReading(remarks=(finding,), gave_up=parsed.trouble is Trouble.TOO_MUCH)


def is_ornament(part: MimePart) -> bool:
    """Whether a picture may be a logo in a signature."""
    within = part.disposition == "inline" or bool(part.header("Content-ID"))
    return within and len(part.body) < _ORNAMENT
