"""Tables as CSV and XLSX, in memory only; every cell but our own numbers is text, and none can become a formula.

XLSX: XlsxWriter makes the invariant parts of the package once; a letter adds only its sheet
(docs/decisions/0003-spreadsheets.md). A group separator (0x1D) stands as `<GS>` in both.
"""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import cache, lru_cache
from itertools import islice
from typing import cast
from xml.sax.saxutils import escape

import xlsxwriter
from xlsxwriter.utility import xl_col_to_name

from gateway.content import Text

Cell = str | int | float
Rows = Sequence[Sequence[Cell | Text]]

GROUP_SEPARATOR = "\x1d"
SHOWN_SEPARATOR = "<GS>"
MOST_ROWS = 1_048_576  # of one sheet, its headings included
MOST_CHARACTERS = 32_767  # of one cell

_SHEET = "xl/worksheets/sheet1.xml"
# What a spreadsheet takes for the beginning of a formula (and the mark itself, so that it can be removed again).
_FORMULA = tuple("=+-@'\t\r\n＝＋－＠")
# Not allowed in XML 1.0, or half of a surrogate pair.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LOOKS_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_ROWS_AT_ONCE = 2000
_COLUMNS = tuple(xl_col_to_name(column) for column in range(64))


def neutral(cell: Cell) -> str:
    """A cell as CSV holds it: one apostrophe before whatever a spreadsheet could take for a formula.

    The rule that gives back the original: where a value begins with an apostrophe and one of
    `= + - @ '`, that first apostrophe is not part of it.
    """
    if not isinstance(cell, str):
        return str(cell)
    if not cell:
        return cell
    shown = cell.replace(GROUP_SEPARATOR, SHOWN_SEPARATOR)
    return "'" + shown if shown.startswith(_FORMULA) else shown


def said(rows: Rows, say: Callable[[Text], str]) -> Sequence[Sequence[Cell]]:
    """The rows with the words that a reader's language has for them."""
    spoken = [place for place, cell in enumerate(rows[0]) if isinstance(cell, Text)] if rows else []
    if not spoken:
        return cast("Sequence[Sequence[Cell]]", rows)
    known = cache(say)
    return [[known(cell) if isinstance(cell, Text) else cell for cell in row] for row in rows]


def to_csv(headings: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """CSV (RFC 4180), UTF-8 with a byte order mark, without which spreadsheets guess an older encoding."""
    table = io.StringIO(newline="")
    writer = csv.writer(table, lineterminator="\r\n")
    writer.writerow(map(neutral, headings))
    writer.writerows(map(neutral, row) for row in rows)
    return b"\xef\xbb\xbf" + table.getvalue().encode("utf-8", "replace")


def to_xlsx(headings: Sequence[str], rows: Iterable[Sequence[Cell]], right_to_left: bool) -> bytes:
    """XLSX (ECMA-376) with one sheet; every cell is blank or an inline string, in a column formatted as text."""
    package, before, after, heading_style = _mould(len(headings), right_to_left)
    octets = io.BytesIO()
    octets.write(package)
    sheet = zipfile.ZipInfo(_SHEET, (1980, 1, 1, 0, 0, 0))
    sheet.compress_type = zipfile.ZIP_DEFLATED
    with zipfile.ZipFile(octets, "a") as archive, archive.open(sheet, "w") as target:
        target.write((before + _row(1, headings, heading_style)).encode())
        numbered = enumerate(rows, start=2)
        while chunk := list(islice(numbered, _ROWS_AT_ONCE)):
            target.write("".join([_row(number, row, 1) for number, row in chunk]).encode())
        target.write(after.encode())
    return octets.getvalue()


def _row(number: int, cells: Sequence[Cell], style: int) -> str:
    as_text = f's="{style}" t="inlineStr"><is><t xml:space="preserve">'
    inner = [
        f'<c r="{_COLUMNS[i]}{number}" s="{style}"/>'  # most cells of a reply's table are blank
        if c == ""
        else f'<c r="{_COLUMNS[i]}{number}" {as_text}{_cell(c)}</t></is></c>'
        if isinstance(c, str)
        else f'<c r="{_COLUMNS[i]}{number}" s="0"><v>{c}</v></c>'
        for i, c in enumerate(cells)
    ]
    return f'<row r="{number}">{"".join(inner)}</row>'


def _cell(cell: str) -> str:
    if cell.isalnum() and cell.isascii() and len(cell) <= MOST_CHARACTERS:
        return cell
    shown = _NOT_XML.sub("\ufffd", cell.replace(GROUP_SEPARATOR, SHOWN_SEPARATOR))[:MOST_CHARACTERS]
    # "_x0041_" would be read as "A" (ECMA-376, 22.4.2.4): its first underscore is escaped.
    return escape(_LOOKS_ESCAPED.sub("_x005F_", shown)).replace("\r", "&#13;")


@lru_cache(maxsize=64)
def _mould(columns: int, right_to_left: bool) -> tuple[bytes, str, str, int]:
    """The package without its sheet, the sheet before and after its rows, and the style of headings."""
    whole = io.BytesIO()
    book = xlsxwriter.Workbook(whole, {"in_memory": True})
    book.set_properties({"created": datetime(1980, 1, 1)})  # the same for every file: tells nothing
    as_text = book.add_format({"num_format": "@", "valign": "top"})
    bold = book.add_format({"num_format": "@", "bold": True, "bottom": 1, "text_wrap": True})
    page = book.add_worksheet("GSP")
    page.set_column(0, max(columns - 1, 0), 32, as_text)
    page.freeze_panes(1, 0)
    page.ignore_errors({"number_stored_as_text": f"A1:{_COLUMNS[columns]}{MOST_ROWS}"})
    if right_to_left:
        page.right_to_left()
    page.set_row(0, None, bold)
    book.close()
    package = io.BytesIO()
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED) as target:
        for entry in source.infolist():
            if entry.filename != _SHEET:
                target.writestr(entry, source.read(entry))
        sheet = source.read(_SHEET).decode()
    before, after = re.split(r"<sheetData>.*</sheetData>", sheet)
    return (
        package.getvalue(),
        re.sub(r"<dimension [^>]*>", "", before) + "<sheetData>",
        "</sheetData>" + after,
        bold.xf_index,
    )
