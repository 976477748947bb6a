"""A document without a language: sections of lines and tables; cells are numbers, times, days, Parties, sentences.

`gateway.rules.report` makes one, and each file of `gateway.reports` writes it in a language and a format.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from gateway.content import ClearValue, Text
from gateway.facts import PartyCode, PartyName
from gateway.figures import Period, Share

# What a cell may hold: `Share` is written in percent, a `timedelta` in its largest unit, a `Period` by its month,
# its months or its days, a tuple of sentences as a list, a code as it is; None: there is no such value.
Cell = int | Share | float | timedelta | date | Period | PartyName | Text | tuple[Text, ...] | PartyCode | None


class Look(StrEnum):
    """How a table is shown."""

    CARDS = "cards"  # rows of a label and its value: the few figures that one reads first
    PLAIN = "plain"
    BARS = "bars"  # numbers with bars beside them
    MATRIX = "matrix"  # numbers, the larger the darker


@dataclass(frozen=True, slots=True, repr=False)
class Line(ClearValue):
    """A sentence; `small`: a remark."""

    says: Text
    small: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class Table(ClearValue):
    """Rows under headings; the first cell of a row says of what the others are. `name` stands above it."""

    name: Text
    headings: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]
    look: Look = Look.PLAIN


@dataclass(frozen=True, slots=True, repr=False)
class Section(ClearValue):
    """A heading and what stands below it."""

    title: Text
    blocks: tuple[Line | Table, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Document(ClearValue):
    """The whole: `lines` stand below the title and say of which days and for whom it is."""

    title: Text
    lines: tuple[Text, ...]
    sections: tuple[Section, ...]
