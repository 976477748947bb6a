"""A cell of a document as a language writes it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from types import NoneType

from gateway.content import N_, Text
from gateway.document import Cell, Look, Table
from gateway.facts import PartyName
from gateway.language import Catalogue

NOTHING = "–"
SHADES = 4
_VALUES = (int, float, timedelta, NoneType)
WHOLE = (*_VALUES, date)  # what is not broken into lines
_SEPARATOR = N_(", ")


def said(cell: Cell, catalogue: Catalogue) -> str:
    """The text of a cell; a dash where there is no value."""
    if cell is None:
        return NOTHING
    if isinstance(cell, Text):
        return sentence(cell, catalogue)
    if isinstance(cell, tuple):
        return catalogue.gettext(_SEPARATOR).join(sentence(one, catalogue) for one in cell)
    if isinstance(cell, PartyName):
        return catalogue.party(cell.code)
    return catalogue.value(cell)


def sentence(one: Text, catalogue: Catalogue) -> str:
    """A sentence; from right to left its values are isolated (UAX 9), so that `60%` does not become `%60`."""
    if catalogue.direction == "ltr":
        return catalogue.say(one)
    values = ((name, f"\u2068{said(value, catalogue)}\u2069") for name, value in one.values)  # type: ignore[arg-type]
    return catalogue.say(replace(one, values=tuple(values)))


def begun(cell: Cell, catalogue: Catalogue) -> str:
    """The same with a capital letter, as a line of a table begins."""
    written = said(cell, catalogue)
    return written[:1].upper() + written[1:]


def measured(table: Table) -> tuple[bool, ...]:
    """Which columns hold values that were counted or measured: they are aligned by their end."""
    return tuple(
        any(cell is not None for cell in column) and all(isinstance(cell, _VALUES) for cell in column)
        for column in _columns(table)
    )


def barred(table: Table, column: int) -> bool:
    """Whether a column's counts have bars."""
    return table.look is Look.BARS and column > 0 and all(type(cell) is int for cell in _columns(table)[column])


def largest(table: Table, column: int | None = None) -> int:
    """The largest count of a column, of the whole table where none is named; at least 1."""
    columns = _columns(table)
    chosen = columns if column is None else columns[column : column + 1]
    return max((cell for cells in chosen for cell in cells if type(cell) is int), default=1) or 1


def shade(table: Table, cell: Cell) -> int:
    """How dark a cell of a matrix is, from 0 to `SHADES`."""
    if table.look is not Look.MATRIX or type(cell) is not int:
        return 0
    return -(-SHADES * cell // largest(table))


def _columns(table: Table) -> list[tuple[Cell, ...]]:
    return list(zip(*table.rows, strict=True)) if table.rows else [() for _ in table.headings]
