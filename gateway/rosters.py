"""What the letters of the directory and of difficulties say, as values: one type a template, as in `letters`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from gateway.content import ClearValue
from gateway.directory import Entry, EntryChange, Standing
from gateway.facts import NO_PARTY, PartyCode
from gateway.letters import Evidence
from gateway.treaty import Difficulty, Function, Role


@dataclass(frozen=True, slots=True, repr=False)
class Roster(ClearValue):
    """To whoever asks: the directory, or (`party`) one Party's entries. `keeper`: the form below changes them."""

    TEMPLATE: ClassVar[str] = "roster"
    entries: tuple[Entry, ...]
    party: PartyCode = NO_PARTY
    keeper: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class RosterChanged(ClearValue):
    """To whoever wrote it (`wrote`), and to every Party's administrators: what has changed in a Party's entries.

    `entries` are all that the Party has now; `confirmed`: it has said that they are right.
    """

    TEMPLATE: ClassVar[str] = "roster_changed"
    party: PartyCode
    changes: tuple[EntryChange, ...]
    entries: tuple[Entry, ...]
    confirmed: bool = False
    wrote: bool = False
    evidence: Evidence | None = None


@dataclass(frozen=True, slots=True, repr=False)
class RosterDue(ClearValue):
    """To a Party's administrators: please nominate what is `missing`, or (empty) confirm the entries.

    `days` since it was due or asked for; 0: asked for the first time.
    """

    TEMPLATE: ClassVar[str] = "roster_due"
    party: PartyCode
    missing: tuple[Function, ...]
    days: int = 0


@dataclass(frozen=True, slots=True, repr=False)
class RosterOverdue(ClearValue):
    """To the Secretariat: Parties that have not nominated, and Parties that have not confirmed, after two reminders."""

    TEMPLATE: ClassVar[str] = "roster_overdue"
    nominations: tuple[Standing, ...]
    confirmations: tuple[Standing, ...]


@dataclass(frozen=True, slots=True, repr=False)
class DifficultyLetter(ClearValue):
    """A difficulty as somebody describes it, to the Secretariat; or (`answer`) what the Secretariat answers."""

    TEMPLATE: ClassVar[str] = "difficulty"
    kind: Difficulty | None
    party: PartyCode
    role: Role
    name: str
    address: str
    exchange: str
    description: str
    evidence: Evidence
    answer: bool = False


RosterValues = Roster | RosterChanged | RosterDue | RosterOverdue | DifficultyLetter
