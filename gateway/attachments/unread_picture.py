"""Pictures that no telephone takes (GIF, SVG, WebP, TIFF ...): not opened; the sender is told what to send instead."""

from __future__ import annotations

from gateway.attachments import Attachment, AttachmentReading
from gateway.attachments._unread import is_ornament, unread
from gateway.content import MimePart, text

_ENDINGS = (".gif", ".svg", ".svgz", ".webp", ".tif", ".tiff", ".bmp", ".avif", ".dng", ".psd", ".ico", ".emf", ".wmf")
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
    return AttachmentReading(remarks=() if is_ornament(part) else (unread(_UNREAD, part.filename or part.media_type),))


ATTACHMENT = Attachment(accepts, read, forms=frozenset({"", "request", "lookup"}))
