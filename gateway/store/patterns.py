"""Changes of the pattern library: proposed, decided once, and in use from the transaction on that makes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Text, bindparam, func, insert, select, update
from sqlmodel import Field

from gateway.events import ChangeState, Doubt, EventKind, PatternChange
from gateway.facts import Digest, PartyCode
from gateway.outcome import LostRace
from gateway.store import experience
from gateway.store.engine import utc
from gateway.store.prepared import Prepared
from gateway.store.tables import EventRow, _id, _Row, table


class PatternRow(_Row, table=True):
    """A change of the pattern library. `version` of the library that it made: each one is made once."""

    __tablename__ = "pattern"
    id: int | None = Field(default=None, sa_column=_id())
    mark: str
    text: str = Field(sa_column=Column(Text, nullable=False))
    schemes: str
    party: str
    at: datetime
    person: int
    actor: str
    state: str = Field(index=True)
    version: int | None = Field(default=None, unique=True)
    decided_by: int = 0
    decided_at: datetime | None = None


_CHANGES, _EVENTS = table(PatternRow), table(EventRow)
_VERSION = Prepared(
    select(func.coalesce(func.max(_CHANGES.c.version), 0).label("version"), experience.NUMBER.label("doubts"))
)
_MADE = Prepared(select(_CHANGES).where(_CHANGES.c.version.is_not(None)).order_by(_CHANGES.c.version))
_WAITING = Prepared(select(_CHANGES).where(_CHANGES.c.state == ChangeState.WAITING.value).order_by(_CHANGES.c.id))
_PROPOSED = Prepared(
    select(func.count().label("many")).where(
        _EVENTS.c.actor == bindparam("actor"), _EVENTS.c.at >= bindparam("since"),
        _EVENTS.c.kind == EventKind.PATTERN_PROPOSED.value,
    )
)  # fmt: skip
_ADD = Prepared(insert(_CHANGES))
_SETTLE = Prepared(
    update(_CHANGES).where(_CHANGES.c.id == bindparam("number"), _CHANGES.c.state == ChangeState.WAITING.value)
)


def write(connection: Connection, changes: Sequence[PatternChange], at: datetime) -> None:
    """Writes new changes, and what was decided of others. Raises `LostRace` where one was decided before.

    So too where another version was made meanwhile: whoever decided must look at the library as it is now.
    """
    for change in changes:
        if change.version and change.version != _VERSION.first(connection).version + 1:
            raise LostRace
        decided: dict[str, Any] = {
            "state": change.state.value, "version": change.version or None, "decided_by": change.decided_by,
            "decided_at": at if change.state is not ChangeState.WAITING else None,
        }  # fmt: skip
        if change.state is ChangeState.REFUSED:
            decided["text"] = ""  # the record has its digest
        if change.number:
            if _SETTLE.run(connection, number=change.number, **decided) != 1:
                raise LostRace
            continue
        if change.state is ChangeState.WAITING:
            _replace(connection, change, at)
        _ADD.run(
            connection, mark=change.mark, text=change.text, schemes=" ".join(change.schemes), party=change.party,
            at=at, person=change.person, actor=change.actor, **decided,
        )  # fmt: skip


def _replace(connection: Connection, change: PatternChange, at: datetime) -> None:
    """What the same Party has proposed for the same schemes before, and is not decided, is taken back by this one."""
    for before in map(_change, _WAITING.rows(connection)):
        if before.mark == change.mark or (before.actor == change.actor and set(before.schemes) & set(change.schemes)):
            _SETTLE.run(connection, number=before.number, state=ChangeState.REPLACED.value, decided_at=at, text="")


class Patterns:
    """`ports.Patterns` on a database. `rows` runs a prepared query."""

    def __init__(self, rows: Callable[..., Sequence[Any]]) -> None:
        self._rows = rows

    def version(self) -> int:
        """Of the library in use: how many changes were made; 0: it is as shipped."""
        return self.state()[0]

    def state(self) -> tuple[int, int]:
        """The version, and the number of the last doubt: where both are the same, so is the whole library."""
        row = self._rows(_VERSION)[0]
        return int(row.version), int(row.doubts)

    def doubts(self) -> tuple[Doubt, ...]:
        """What is held against patterns now, one of each pattern, in the order of their numbers."""
        return tuple(map(experience.doubt, self._rows(experience.DOUBTS)))

    def made(self) -> tuple[PatternChange, ...]:
        """Every change that was made, oldest first."""
        return tuple(map(_change, self._rows(_MADE)))

    def waiting(self) -> tuple[PatternChange, ...]:
        """Every change that waits for a decision, oldest first."""
        return tuple(map(_change, self._rows(_WAITING)))

    def proposed_since(self, party: PartyCode, since: datetime) -> int:
        """How many changes people of a Party proposed."""
        return int(self._rows(_PROPOSED, actor=party, since=since)[0].many)


def _change(row: Any) -> PatternChange:
    return PatternChange(
        Digest(row.mark), row.text, tuple(row.schemes.split()), PartyCode(row.party), utc(row.at), row.person,
        PartyCode(row.actor), ChangeState(row.state), row.version or 0, row.id, row.decided_by,
        utc(row.decided_at) if row.decided_at else None,
    )  # fmt: skip
