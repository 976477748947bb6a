"""Spreadsheets (XLSX, XLSM, ODS, XLS) to rows of text, by calamine.

`{"macros": bool, "sheets": [...]}`; a sheet: `name`, `visible`, `rows` as `[number, [cell, ...]]` from the first
column on, `cut` where there were more; a cell: its text, or `[kind, text]` where it is none: "number", "date",
"truth", "error", "formula" (without a saved value). What is hidden is left out and named: `hidden_rows`,
`hidden_columns`; `formulae` says how many cells are calculated, `first` names one.
"""

from __future__ import annotations

import encodings.cp437  # noqa: F401 - zipfile's, which could not be loaded once the process is confined
import io
import math
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from gateway.parsers import Unreadable
from gateway.parsers._marks import LAST_ROW, Marks, marks
from gateway.parsers._ranges import ranges

MOST_ROWS = 250_001  # the headings of a table and 250,000 rows
_MOST_COLUMNS = 256
_MOST_SHEETS = 100
_MOST_CELLS = 20_000_000  # of a sheet, as calamine lays it out: empty ones too
_MOST_CHARACTERS = 65_536  # twice what a spreadsheet program puts into a cell
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# A package that is encrypted (MS-OFFCRYPTO, 2.3.4) stands in an OLE file under this name.
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")


def parse(octets: bytes) -> dict[str, Any]:
    """The visible rows of every sheet. Raises `Unreadable`."""
    known, macros = _packed(octets)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(octets))
        kinds = [sheet.typ for sheet in book.sheets_metadata]
        macros = macros or SheetTypeEnum.MacroSheet in kinds or SheetTypeEnum.Vba in kinds
        sheets = [
            _sheet(book, place, known.get(sheet.name, Marks()))
            for place, sheet in enumerate(book.sheets_metadata[:_MOST_SHEETS])
            if sheet.typ == SheetTypeEnum.WorkSheet
        ]
    except PasswordError:
        raise Unreadable("encrypted") from None
    except CalamineError:
        raise Unreadable("broken") from None
    return {"macros": macros, "sheets": sheets}


def _packed(octets: bytes) -> tuple[dict[str, Marks], bool]:
    """What the package tells beside the cells."""
    if octets.startswith(_OLE):
        if _ENCRYPTED in octets:
            raise Unreadable("encrypted")
        return {}, "_VBA_PROJECT".encode("utf-16-le") in octets
    if not octets.startswith(_ZIP):
        raise Unreadable("broken")
    try:
        with zipfile.ZipFile(io.BytesIO(octets)) as archive:
            if any(entry.flag_bits & 1 for entry in archive.infolist()) or _has_ciphertext(archive):
                raise Unreadable("encrypted")
            return marks(archive)
    # RuntimeError is zipfile's for encryption and for a compression method that it does not have.
    except (zipfile.BadZipFile, EOFError, RuntimeError, OSError, ValueError, zlib.error):
        raise Unreadable("broken") from None


def _has_ciphertext(archive: zipfile.ZipFile) -> bool:
    """Whether parts of an OpenDocument file are encrypted (OpenDocument 1.3, part 2, 4.4)."""
    manifest = "META-INF/manifest.xml"
    if manifest not in archive.namelist():
        return False
    with archive.open(manifest) as source:
        return b"encryption-data" in source.read(1 << 20)


def _sheet(book: CalamineWorkbook, place: int, known: Marks) -> dict[str, Any]:
    about = book.sheets_metadata[place]
    visible = about.visible == SheetVisibleEnum.Visible
    sheet = book.get_sheet_by_index(place)
    if sheet.total_height * sheet.width > _MOST_CELLS:
        raise Unreadable("too much")
    told: dict[str, Any] = {"name": about.name, "visible": visible, "rows": [], "cut": False}
    if not visible:
        return {**told, "rows": [[0, []]] if sheet.start else []}
    dropped_rows, dropped_columns = _Ranges(known.hidden_rows), _Ranges(known.hidden_columns)
    for number, row in _rows(sheet):
        if number in dropped_rows.all:
            dropped_rows.met.add(number)
            continue
        met = [column for column in dropped_columns.all if column <= len(row) and row[column - 1] != ""]
        dropped_columns.met.update(met)
        cells = _cells(row[:_MOST_COLUMNS], number, known)
        for column in met:
            cells[column - 1 : column] = [""] * (column <= _MOST_COLUMNS)
        if not any(cells):
            continue
        if len(told["rows"]) == MOST_ROWS:
            told["cut"] = True
            break
        told["rows"].append([number, cells])
    told["hidden_rows"] = ranges(dropped_rows.met)
    told["hidden_columns"] = ranges(dropped_columns.met, letters)
    return {**told, "formulae": known.formulae, "first": letters(known.first[1]) + str(known.first[0])}


class _Ranges:
    """Hidden rows or columns, and which of them were met with something in them."""

    def __init__(self, hidden: Iterable[range]) -> None:
        hidden = list(hidden)
        if sum(map(len, hidden)) > 2 * LAST_ROW:
            raise Unreadable("too much")
        self.all = {number for one in hidden for number in one}
        self.met: set[int] = set()


def _rows(sheet: CalamineSheet) -> Iterator[tuple[int, list[Any]]]:
    """Rows with their numbers, each from the first column on."""
    before = [""] * (sheet.start[1] if sheet.start else 0)
    for number, row in enumerate(sheet.iter_rows(), 1):
        yield number, before + row if before else row


def _cells(row: list[Any], number: int, known: Marks) -> list[Any]:
    if set(map(type, row)) == {str} and not known.empty and not known.errors and max(map(len, row)) <= _MOST_CHARACTERS:
        return row
    return [_cell(cell, number, column, known) for column, cell in enumerate(row, 1)]


def _cell(cell: Any, row: int, column: int, known: Marks) -> str | list[str]:
    if cell == "":
        if (row, column) in known.errors:
            return ["error", ""]
        return ["formula", ""] if (row, column) in known.empty else ""
    if isinstance(cell, str):
        if len(cell) > _MOST_CHARACTERS:
            raise Unreadable("broken")
        return cell
    if isinstance(cell, bool):
        return ["truth", "TRUE" if cell else "FALSE"]
    if isinstance(cell, int | float):
        return ["number", _number(cell)]
    return ["date", _moment(cell)]


def _number(value: float) -> str:
    """A number as a person would write it; beyond the 15 digits that spreadsheets keep, as they show it."""
    if math.isfinite(value) and value == int(value) and abs(value) < 1e15:
        return str(int(value))
    return repr(float(value)).upper()


def _moment(value: date | time | timedelta) -> str:
    if isinstance(value, datetime):
        return value.isoformat(" ", "seconds").removesuffix(":00")
    return str(value) if isinstance(value, timedelta) else value.isoformat()


def letters(column: int) -> str:
    """A column's name: 1 is A, 28 is AB."""
    name = ""
    while column > 0:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


PARSER = parse
