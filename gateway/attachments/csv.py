"""CSV files: the column whose heading means UIM, else the first."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from io import StringIO

from gateway.attachments import Attachment, AttachmentReading
from gateway.content import Finding, MimePart, Severity, text
from gateway.identifiers.written import read_uims
from gateway.language import normalise
from gateway.mime.text import decode

_MOST = 250_000
# What a column of UIMs is called in the six languages and in common lists.
_HEADINGS = frozenset(
    map(
        normalise,
        ("UIM", "UIMs", "UI", "upUI", "code", "codes", "IUU", "MIU", "УИМ", "УМ", "标识", "独特识别标记", "العلامة"),
    )
)
_TOO_LONG = text("The file has more lines than are accepted; the rest was not read. Send the rest in another mail.")


def accepts(part: MimePart) -> bool:
    """Files named .csv or .tsv, or of type text/csv."""
    return part.filename.lower().endswith((".csv", ".tsv")) or part.media_type == "text/csv"


def read(part: MimePart) -> AttachmentReading:
    """The UIMs of one column; a code with a delimiter in it must stand in quotes, as spreadsheets write it."""
    source = decode(part).lstrip("\ufeff")
    first = source.split("\n", 1)[0]
    delimiter = max(";,\t|", key=first.count)
    rows = _rows(source, delimiter)
    column, skipped = _column(first, delimiter)
    lines = ((number, _plain(row[column])) for number, row in rows if number > skipped and len(row) > column)
    uims, findings = read_uims(lines, part.filename)
    more = (Finding(_TOO_LONG, Severity.PART, part.filename),) if len(uims) >= _MOST else ()
    return AttachmentReading(uims[:_MOST], findings=(*findings, *more))


def _rows(source: str, delimiter: str) -> Iterable[tuple[int, list[str]]]:
    reader = csv.reader(StringIO(source), delimiter=delimiter)
    try:
        yield from enumerate(reader, 1)
    except csv.Error:
        return


def _plain(cell: str) -> str:
    """A cell without the apostrophe that keeps spreadsheets from calculating (docs/decisions/0003)."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in ("=", "+", "-", "@", "'") else cell


def _column(first: str, delimiter: str) -> tuple[int, int]:
    headings = next(iter(csv.reader([first], delimiter=delimiter)), [])
    for number, heading in enumerate(headings):
        if normalise(heading) in _HEADINGS:
            return number, 1
    return 0, 0


ATTACHMENT = Attachment(accepts, read)
