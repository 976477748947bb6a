"""Pictures that no telephone takes (GIF, SVG, WebP, TIFF ...): not opened; the sender is told what to send instead."""

from __future__ import annotations

from gateway.attachments import Attachment, AttachmentReading
from gateway.content import Finding, MimePart, Severity, text

_ENDINGS = (".gif", ".svg", ".svgz", ".webp", ".tif", ".tiff", ".bmp", ".avif", ".dng", ".psd", ".ico", ".emf", ".wmf")
_ORNAMENT = 100_000  # octets: see photograph.py
_UNREAD = text(
    "The picture “{name}” was not opened: only JPEG, PNG and HEIC are, as telephones take them. Send the photograph as "
    "JPEG, or type the codes."
)


def accepts(part: MimePart) -> bool:
    """Files with the endings of other pictures, and nameless ones of an image type that is not read."""
    name = part.filename.lower()
    read = part.media_type.partition("/")[2] in ("jpeg", "pjpeg", "jpg", "png", "heic", "heif")
    return name.endswith(_ENDINGS) or (part.media_type.startswith("image/") and not read and "." not in name)


def read(part: MimePart) -> AttachmentReading:
    """Nothing but the advice, and of a logo in a signature nothing at all."""
    within = part.disposition == "inline" or bool(part.header("Content-ID"))
    if within and len(part.body) < _ORNAMENT:
        return AttachmentReading()
    name = part.filename or part.media_type
    return AttachmentReading(remarks=(Finding(text(_UNREAD.message, name=name), Severity.PART, name, field="uims"),))


ATTACHMENT = Attachment(accepts, read, forms=frozenset({"", "request", "lookup"}))
