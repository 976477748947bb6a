"""Plain text files: one UIM a line, or a table as spreadsheets save it as text."""

from __future__ import annotations

from gateway.attachments import Attachment, AttachmentReading, _columns
from gateway.attachments._kind import nothing, unlike
from gateway.content import Finding, MimePart, Severity, text
from gateway.identifiers.written import read_uims
from gateway.language import normalise
from gateway.mime.text import decode_file

_MOST = 250_000
_HEADINGS = frozenset(
    map(normalise, ("UIM", "UIMs", "UIM list", "Codes", "УИМ", "独特识别标记", "علامات التعريف الفريدة"))
)
_TOO_LONG = text("The file has more lines than are accepted; the rest was not read. Send the rest in another mail.")


def accepts(part: MimePart) -> bool:
    """Files named .txt."""
    return part.filename.lower().endswith(".txt")


def read(part: MimePart) -> AttachmentReading:
    """The UIMs of the file's lines; a first line that only says what they are is left out."""
    if wrong := unlike(part):
        return AttachmentReading(remarks=wrong)
    lines = decode_file(part).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if _columns.has_tabs(lines):
        return _columns.read(part)
    first = next((place for place, line in enumerate(lines) if line.strip()), 0)
    if normalise(lines[first]) in _HEADINGS:
        lines[first] = ""
    uims, findings = read_uims(enumerate(lines, 1), part.filename)
    more = (Finding(_TOO_LONG, Severity.PART, part.filename),) if len(uims) > _MOST else ()
    if not (uims or findings):
        more = (nothing(part),)
    return AttachmentReading(uims[:_MOST], findings=(*findings, *more))


ATTACHMENT = Attachment(accepts, read)
