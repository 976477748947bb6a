"""What a weekly digest says, as values, untranslated; and a chart with its words, as it is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from gateway.content import ClearValue, Text
from gateway.facts import PartyCode


@dataclass(frozen=True, slots=True, repr=False)
class Task(ClearValue):
    """Something that waits for the reader: what to do, and which ones (`more`: that are not listed).

    `told`: the same to somebody of the Party who may only read; None: as it is, for it asks for nothing.
    """

    says: Text
    lines: tuple[Text, ...] = ()
    more: int = 0
    told: Text | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Figure(ClearValue):
    """A figure of the period and of the same time before it; a Text where it is not a bare number."""

    label: Text
    now: int | Text
    before: int | Text


@dataclass(frozen=True, slots=True, repr=False)
class Chart(ClearValue):
    """Figures by week: the first day of each, and for each series its name and its values."""

    title: Text
    weeks: tuple[date, ...]
    series: tuple[tuple[Text, tuple[int, ...]], ...]


@dataclass(frozen=True, slots=True, repr=False)
class Digest(ClearValue):
    """To administrators, observers and the Secretariat: tasks first, then figures, charts, news, the record's head.

    `tasks` most urgent first, `headline` is the first one's sentence where there is one; `observed` is what waits for
    others, as it is told to an observer, who may do none of it; `first` and `last` are days, both of the period;
    `weeks` more than one: none was sent in between; `party` "": for the Secretariat. `head`: number and SHA-256 of the
    last event.
    """

    TEMPLATE: ClassVar[str] = "digest"
    party: PartyCode
    first: date
    last: date
    weeks: int
    headline: Text
    tasks: tuple[Task, ...]
    figures: tuple[Figure, ...]
    charts: tuple[Chart, ...]
    news: tuple[Text, ...]
    head: str
    notes: tuple[Text, ...] = ()  # on the figures
    observed: tuple[Task, ...] = ()


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart in one language: what is drawn, as text; from right to left where the language is read so."""

    title: str
    weeks: tuple[str, ...]
    series: tuple[tuple[str, tuple[int, ...]], ...]
    right_to_left: bool
