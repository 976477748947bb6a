"""Plain text files: one UIM a line."""

from __future__ import annotations

from gateway.attachments import Attachment, AttachmentReading
from gateway.content import MimePart
from gateway.identifiers.written import read_uims
from gateway.mime.text import decode


def accepts(part: MimePart) -> bool:
    """Files named .txt."""
    return part.filename.lower().endswith(".txt")


def read(part: MimePart) -> AttachmentReading:
    """The UIMs of the file's lines."""
    lines = enumerate(decode(part).replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1)
    uims, findings = read_uims(lines, part.filename)
    return AttachmentReading(uims, findings=findings)


ATTACHMENT = Attachment(accepts, read)
