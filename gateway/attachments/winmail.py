"""A `winmail.dat` that could not be opened (repairs/winmail.py opens the others): what to do about it."""

from __future__ import annotations

from gateway.attachments import Attachment, AttachmentReading
from gateway.content import Finding, MimePart, Severity, text

_UNREADABLE = text(
    "The attachment “{name}” was made by Outlook and could not be read. In Outlook, set the format of the mail to "
    "“Plain text” and send it again.",
    name="winmail.dat",
)


def accepts(part: MimePart) -> bool:
    """Files named winmail.dat, and Outlook's own format (TNEF) under any name."""
    return part.media_type in ("application/ms-tnef", "application/vnd.ms-tnef") or (
        part.filename.lower() == "winmail.dat"
    )


def read(part: MimePart) -> AttachmentReading:
    """Nothing but the advice."""
    return AttachmentReading(findings=(Finding(_UNREADABLE, Severity.PART, part.filename or "winmail.dat"),))


ATTACHMENT = Attachment(accepts, read)
