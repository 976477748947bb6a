"""JSON files named `gsp-….json`: a whole form; it is checked against the form's schema by the stage that reads."""

from __future__ import annotations

from gateway.attachments import Attachment, AttachmentReading
from gateway.content import MimePart


def accepts(part: MimePart) -> bool:
    """Files named gsp-*.json."""
    name = part.filename.lower()
    return name.startswith("gsp-") and name.endswith(".json")


def read(part: MimePart) -> AttachmentReading:
    """The document's octets, to be read as a form."""
    return AttachmentReading(document=part.body)


ATTACHMENT = Attachment(accepts, read)
