"""A table in text: the column whose heading means UIM, else the first."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from itertools import pairwise

from gateway.attachments import AttachmentReading
from gateway.attachments._headings import HEADINGS, coded_columns, passed_over, uim_column
from gateway.attachments._kind import nothing, unlike
from gateway.content import Finding, MimePart, Severity, Uim, text
from gateway.identifiers.written import looks_like_code, read_uims
from gateway.language import normalise
from gateway.mime.text import decode_file

_MOST = 250_000
_DELIMITERS = ";,\t|"
_CUT = re.compile("[;,\t| ]")
_RARE = "^~:#"  # taken for delimiters only where they part a heading that means UIM
_ABOVE = 10  # lines in which headings are looked for: lists have titles above them
_SEPARATOR_LINE = re.compile(r'"?sep=([;,|\t])"?\s*', re.IGNORECASE)  # Excel's own first line
# A number with its thousands apart, or with decimals, as English and most other locales write it.
_NUMBER = re.compile(r"\d{1,3}(?:,\d{3}){2,}(?:\.\d+)?|\d{1,3}(?:\.\d{3}){2,}(?:,\d+)?|\d{7,}[.,]\d{1,2}")
_MADE_A_NUMBER = text(
    "A spreadsheet has turned the code into a number, and digits are lost. Format the column as text and copy it again."
)
_TOO_LONG = text("The file has more lines than are accepted; the rest was not read. Send the rest in another mail.")
_MORE_COLUMNS = text(
    "This line has more columns than the first one. Put a UIM that holds the separator in quotation marks, or send a "
    "text file with one UIM on a line."
)
_UNREADABLE = text("From this line on the file could not be read. Send a text file with one UIM on a line.")


def has_tabs(lines: list[str]) -> bool:
    """Whether lines of text are a table that a spreadsheet has saved as "text": no UIM holds a tab, but any comma."""
    return "\t" in lines[_headed(lines)[0]].strip()


def read(part: MimePart) -> AttachmentReading:
    """The UIMs of one column. A line that could be cut in two ways is told, not cut."""
    if wrong := unlike(part):
        return AttachmentReading(remarks=wrong)
    lines = decode_file(part).lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    skipped = 0
    separator = _SEPARATOR_LINE.fullmatch(lines[0])
    if separator:
        skipped, lines[0] = 1, ""
    headed, found = (skipped, separator[1]) if separator else _headed(lines)
    lines[skipped:headed] = [""] * (headed - skipped)
    heading = lines[headed] if len(lines) > headed else ""
    delimiter = found or max(_DELIMITERS, key=heading.count)
    findings: list[Finding] = []
    table: tuple[tuple[int, tuple[str, ...]], ...] = ()
    cells: Iterable[tuple[int, str]]
    if delimiter not in heading:
        cells = _single(lines, headed)
    else:
        rows = [(number, row) for number, row in _rows(lines, delimiter, part.filename, findings) if number > skipped]
        cells = _column(rows, delimiter, part.filename, findings)
        table = tuple((number, tuple(map(_plain, row))) for number, row in rows[: _MOST + 1] if any(row))
    uims, unread = read_uims(cells, part.filename)
    numbers = [_number(uim) for uim in uims if _NUMBER.fullmatch(uim.text)]
    if numbers:
        uims = tuple(uim for uim in uims if not _NUMBER.fullmatch(uim.text))
    if not (uims or findings or numbers or unread):
        findings.append(nothing(part))
    if len(uims) > _MOST:
        findings.append(Finding(_TOO_LONG, Severity.PART, part.filename))
    return AttachmentReading(uims[:_MOST], findings=(*findings, *numbers, *unread), table=table)


def _number(uim: Uim) -> Finding:
    """What is said of a number as a spreadsheet shows it: zeros in front of it, or its last digits, may be lost."""
    return Finding(_MADE_A_NUMBER, Severity.PART, uim.where, uim.line, uim.text, "uims")


def _headed(lines: list[str]) -> tuple[int, str]:
    """The line of the headings and what parts them, where one means UIM; else the first line that is not empty."""
    for place, line in enumerate(lines[:_ABOVE]):
        if any(map(looks_like_code, _CUT.split(line))):
            break
        for delimiter in _DELIMITERS + _RARE:
            if delimiter in line and any(normalise(cell.strip('" ')) in HEADINGS for cell in line.split(delimiter)):
                return place, delimiter
    return _headed_by_codes([place for place, line in enumerate(lines[: _ABOVE + 1]) if line.strip()], lines)


def _headed_by_codes(places: list[int], lines: list[str]) -> tuple[int, str]:
    """The same where no heading means UIM: below a title the line above the first row with a code."""
    first = places[0] if places else 0
    for above, below in pairwise(places):
        if any(map(looks_like_code, _CUT.split(lines[above]))):
            break  # of which any may have a comma in it
        for delimiter in _DELIMITERS:
            cells = lines[below].split(delimiter)
            if len(cells) - 1 == lines[above].count(delimiter) > 0 and sum(map(looks_like_code, cells)) == 1:
                return above, delimiter
    return first, ""


def _single(lines: list[str], skipped: int) -> Iterator[tuple[int, str]]:
    """One column without separators: nothing is cut, only the quotation marks of a whole cell are taken away."""
    for number, line in enumerate(lines, 1):
        bare = line.strip()
        if not bare or (number == skipped + 1 and normalise(bare) in HEADINGS):
            continue
        whole = len(bare) > 2 and bare[0] == bare[-1] == '"'
        yield number, _plain(bare[1:-1].replace('""', '"') if whole else bare)


def _column(
    rows: Sequence[tuple[int, list[str]]], delimiter: str, where: str, findings: list[Finding]
) -> Iterator[tuple[int, str]]:
    width, column = 0, 0
    for number, row in rows:
        if not any(row):
            continue
        if not width:
            width = len(row)
            named = uim_column(row)
            columns = () if named >= 0 else coded_columns((cells for _, cells in rows), 0)
            column = columns[0] if columns else named
            findings += passed_over(row, where, number, columns)
            if named >= 0 or not any(map(str.isdigit, "".join(row[column : column + 1]))):
                continue  # headings
        if len(row) > width and any(cell.strip() for cell in row[width:]):
            findings.append(Finding(_MORE_COLUMNS, Severity.PART, where, number, delimiter.join(row)))
        elif len(row) > column:
            yield number, _plain(row[column])


def _rows(lines: Iterable[str], delimiter: str, where: str, findings: list[Finding]) -> Iterator[tuple[int, list[str]]]:
    """Rows with the number of the line on which each begins."""
    reader = csv.reader(StringIO("\n".join(lines)), delimiter=delimiter)
    begins = 1
    try:
        for row in reader:
            yield begins, row
            begins = reader.line_num + 1
    except csv.Error:
        findings.append(Finding(_UNREADABLE, Severity.PART, where, begins))


def _plain(cell: str) -> str:
    """A cell without the apostrophe that keeps spreadsheets from calculating (docs/decisions/0003)."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in ("=", "+", "-", "@", "'") else cell
