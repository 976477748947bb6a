"""What calamine does not tell of a workbook: hidden rows and columns, formulae, errors, from its XML (expat).

XLSX and XLSM: ECMA-376-1, 18.3.1; ODS: OpenDocument 1.3, 9. Nothing that refers outside a part is followed: a part
with a DOCTYPE, which neither format allows, makes the file unreadable. Of an XLS nothing of this is known.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from posixpath import join, normpath
from xml.parsers import expat

from gateway.parsers import Unreadable

MOST_OCTETS = 512 << 20  # of all XML of a file, unpacked
_MOST_ENTRIES = 10_000
_PIECE = 1 << 16
_LAST_COLUMN, LAST_ROW = 16_384, 1_048_576
# Without any of these a sheet is not looked at further. Found by `in`: one pattern of all takes ten times as long.
_WORTH = (b"hidden=", b"visibility=", b"formula=", b"<f>", b"<f ", b":f>", b":f ", b't="e"', b"t='e'")
# A part in another encoding than UTF-8 is looked at in any case.
_ENCODED = re.compile(rb"""\xff\xfe|\xfe\xff|[^>]*encoding=["'](?!utf-8)""", re.IGNORECASE)
_REFERENCE = re.compile(r"([A-Z]{1,3})(\d{1,7})")
_Attributes = dict[str, str]


@dataclass(slots=True)
class Marks:
    """Of one sheet; rows and columns count from 1. `formulae`: how many cells; `first`: one of them."""

    hidden_rows: list[range] = field(default_factory=list)
    hidden_columns: list[range] = field(default_factory=list)
    formulae: int = 0
    first: tuple[int, int] = (0, 0)
    empty: set[tuple[int, int]] = field(default_factory=set)  # cells with a formula: calamine gives "" for errors
    errors: set[tuple[int, int]] = field(default_factory=set)

    def formula(self, row: int, column: int) -> None:
        """One more cell that is calculated."""
        self.formulae += 1
        self.first = self.first if self.formulae > 1 else (row, column)
        self.empty.add((row, column))


def marks(archive: zipfile.ZipFile) -> tuple[dict[str, Marks], bool]:
    """The marks of each sheet by its name, and whether the file has macros. Raises `Unreadable`."""
    entries = archive.infolist()
    names = [entry.filename for entry in entries]
    office, open_document = "xl/workbook.xml" in names, "content.xml" in names
    # Two files of one name, or two kinds in one file: what one program shows another would not.
    if office == open_document or len(set(names)) < len(names) or len(names) > _MOST_ENTRIES:
        raise Unreadable("broken")
    parts = [entry for entry in entries if entry.filename.endswith((".xml", ".rels"))]
    if sum(entry.file_size for entry in parts) > MOST_OCTETS:
        raise Unreadable("too much")
    worth = {entry.filename for entry in parts if _looked_through(archive, entry)}
    macros = any("vbaProject" in name or name.startswith(("Basic/", "xl/macrosheets/")) for name in names)
    if open_document:
        return (_OpenDocument().read(archive) if "content.xml" in worth else {}), macros
    sheets = _sheets(archive)
    return {name: _Sheet().read(archive, path) for name, path in sheets.items() if path in worth}, macros


def _looked_through(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bool:
    """Whether a part may hold a mark."""
    found, before = False, b""
    with archive.open(entry) as source:
        while piece := source.read(_PIECE):
            both = before + piece
            if b"<!DOCTYPE" in both or b"<!ENTITY" in both:
                raise Unreadable("broken")
            found = found or (not before and bool(_ENCODED.match(both))) or any(mark in both for mark in _WORTH)
            before = piece[-16:]
    return found


def _parse(archive: zipfile.ZipFile, path: str, start: Callable[[str, _Attributes], None], end: object = None) -> None:
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = start
    if callable(end):
        parser.EndElementHandler = end
    parser.StartDoctypeDeclHandler = _refuse
    try:
        with archive.open(path) as source:
            while piece := source.read(_PIECE):
                parser.Parse(piece, False)
            parser.Parse(b"", True)
    except (expat.ExpatError, LookupError, ValueError):  # of encodings that Python does not have, or not for this
        raise Unreadable("broken") from None


def _refuse(*_: object) -> None:
    raise Unreadable("broken")


def _sheets(archive: zipfile.ZipFile) -> Mapping[str, str]:
    """The part of each sheet by the sheet's name."""
    targets: dict[str, str] = {}
    named: dict[str, str] = {}

    def relation(name: str, attributes: _Attributes) -> None:
        if name.endswith(" Relationship") and attributes.get("TargetMode") != "External":
            target = attributes.get("Target", "")
            path = target.lstrip("/") if target.startswith("/") else normpath(join("xl", target))
            targets[attributes.get("Id", "")] = path

    def sheet(name: str, attributes: _Attributes) -> None:
        if name.endswith(" sheet"):
            identifier = next((value for key, value in attributes.items() if key.endswith("/relationships id")), "")
            named[attributes.get("name", "")] = targets.get(identifier, "")

    _parse(archive, "xl/_rels/workbook.xml.rels", relation)
    _parse(archive, "xl/workbook.xml", sheet)
    return named


class _Sheet:
    """One worksheet of an XLSX. A row or cell without its number follows the one before."""

    def __init__(self) -> None:
        self._found = Marks()
        self._row = self._column = 0

    def read(self, archive: zipfile.ZipFile, path: str) -> Marks:
        _parse(archive, path, self._start)
        return self._found

    def _start(self, name: str, attributes: _Attributes) -> None:
        match name.rpartition(" ")[2]:
            case "c":
                self._cell(attributes)
            case "f":
                self._found.formula(self._row, self._column)
            case "row":
                self._row = _number(attributes.get("r"), self._row + 1)
                self._column = 0
                if _true(attributes.get("hidden")):
                    self._found.hidden_rows.append(range(self._row, self._row + 1))
            case "col" if _true(attributes.get("hidden")):
                first = _number(attributes.get("min"), 1)
                self._found.hidden_columns.append(
                    range(first, min(_number(attributes.get("max"), first), _LAST_COLUMN) + 1)
                )

    def _cell(self, attributes: _Attributes) -> None:
        place = _REFERENCE.fullmatch(attributes.get("r", ""))
        self._column = _column(place[1]) if place else self._column + 1
        if attributes.get("t") == "e":
            self._found.errors.add((self._row, self._column))


class _OpenDocument:
    """All tables of an ODS, in its one part; rows, columns and cells stand for several where they say so."""

    def __init__(self) -> None:
        self._all: dict[str, Marks] = {}
        self._open: list[Marks] = []  # a table may stand inside a cell
        self._row = self._column = self._next_row = self._next = 1

    def read(self, archive: zipfile.ZipFile) -> dict[str, Marks]:
        _parse(archive, "content.xml", self._start, self._end)
        return self._all

    def _start(self, name: str, attributes: _Attributes) -> None:
        space, _, local = name.rpartition(" ")
        if not space.endswith(":table:1.0"):
            return
        if local == "table":
            self._open.append(Marks())
            if len(self._open) == 1:
                self._all[attributes.get(f"{space} name", "")] = self._open[0]
                self._next_row = self._next = 1
        elif len(self._open) == 1:
            self._inside(space, local, attributes)

    def _inside(self, space: str, local: str, attributes: _Attributes) -> None:
        found = self._open[0]
        hidden = attributes.get(f"{space} visibility") in ("collapse", "filter")
        match local:
            case "table-column":
                many = _number(attributes.get(f"{space} number-columns-repeated"), 1)
                if hidden:
                    found.hidden_columns.append(range(self._next, min(self._next + many, _LAST_COLUMN + 1)))
                self._next += many
            case "table-row":
                many = _number(attributes.get(f"{space} number-rows-repeated"), 1)
                if hidden:
                    found.hidden_rows.append(range(self._next_row, min(self._next_row + many, LAST_ROW + 1)))
                self._row, self._next_row, self._next = self._next_row, self._next_row + many, 1
            case "table-cell" | "covered-table-cell":
                if f"{space} formula" in attributes:
                    found.formula(self._row, self._next)
                self._next += _number(attributes.get(f"{space} number-columns-repeated"), 1)

    def _end(self, name: str) -> None:
        if name.endswith(":table:1.0 table"):
            self._open.pop()


def _number(written: str | None, else_: int) -> int:
    return int(written) if written and written.isdecimal() and len(written) <= 7 else else_


def _true(written: str | None) -> bool:
    return written in ("1", "true")


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number
