"""The record read anew, link by link, and the seals on it; and which pattern library is in use, on record."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, String, func, insert, select, type_coerce

from gateway.events import Event, EventKind
from gateway.facts import Digest
from gateway.store.engine import reading, writing
from gateway.store.record import append
from gateway.store.tables import EventRow, SealRow, table

_EVENTS, _SEALS = table(EventRow), table(SealRow)
_AT_ONCE = 5000
_TOLD = ("kind", "year", "serial", "party", "person", "actor", "count", "digest")


@dataclass(frozen=True, slots=True)
class Link:
    """One event as it stands in the table. `told` is what was chained of it, `chain` what it says the chain is."""

    id: int
    told: str
    chain: str

    def follows(self, chain: str) -> bool:
        """Whether it is the event that was appended after this head of the record, unchanged."""
        return chained(chain, self.told) == self.chain

    @property
    def fields(self) -> dict[str, str]:
        """What it tells, by name."""
        return dict(zip(("at", *_TOLD), self.told.split("\n"), strict=False))


@dataclass(frozen=True, slots=True)
class Seal:
    """A head of the record, signed: `text` is what `signature` (OpenPGP, armoured, detached) signs."""

    id: int
    event: int
    events: int
    chain: str
    at: datetime
    text: str
    signature: str


def chained(chain: str, told: str) -> str:
    """The head after an event: SHA-256 of the head before it ("" at first), a line feed, and what it tells."""
    return hashlib.sha256(f"{chain}\n{told}".encode()).hexdigest()


class Seals:
    """Reads events in their order; reads and appends seals. Written apart from `record.append`, whose check it is."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def links(self) -> Iterator[Link]:
        """Every event, oldest first, as of one instant."""
        with reading(self._engine) as connection:
            at = type_coerce(_EVENTS.c.at, String) if connection.dialect.name == "sqlite" else _EVENTS.c.at
            columns = [_EVENTS.c.id, at.label("at"), *(_EVENTS.c[name] for name in _TOLD), _EVENTS.c.chain]
            last: int | None = None
            while True:
                further = select(*columns).order_by(_EVENTS.c.id).limit(_AT_ONCE)
                rows = connection.execute(further if last is None else further.where(_EVENTS.c.id > last)).all()
                for row in rows:
                    yield Link(row.id, "\n".join([_instant(row.at), *(str(value) for value in row[2:-1])]), row.chain)
                if len(rows) < _AT_ONCE:
                    return
                last = rows[-1].id

    def newest(self) -> tuple[int, str]:
        """The last event's number and the head of the chain; (0, "") of an empty one."""
        with reading(self._engine) as connection:
            return _newest(connection)

    def head(self) -> tuple[int, int, str]:
        """The same, and between them how many events there are: of a long record it takes a second to count them."""
        with reading(self._engine) as connection:
            last, chain = _newest(connection)
            many = select(func.count()).select_from(_EVENTS).where(_EVENTS.c.id <= last)
            return last, int(connection.execute(many).scalar_one()) if chain else 0, chain

    def all(self) -> list[Seal]:
        """Every seal, oldest first."""
        with reading(self._engine) as connection:
            return [Seal(**row) for row in connection.execute(select(_SEALS).order_by(_SEALS.c.id)).mappings()]

    def last(self) -> Seal | None:
        """The newest seal."""
        with reading(self._engine) as connection:
            row = connection.execute(select(_SEALS).order_by(_SEALS.c.id.desc()).limit(1)).mappings().first()
            return Seal(**row) if row else None

    def append(self, seal: Seal) -> None:
        """Adds a seal; its `id` is given by the database."""
        values: dict[str, Any] = {
            "event": seal.event, "events": seal.events, "chain": seal.chain, "at": seal.at, "text": seal.text,
            "signature": seal.signature,
        }  # fmt: skip
        with writing(self._engine) as connection:
            connection.execute(insert(_SEALS).values(**values))

    def note_library(self, mark: Digest, schemes: int, now: datetime) -> None:
        """Puts on record that another pattern library is in use than before."""
        kind = EventKind.LIBRARY_CHANGED
        last = (
            select(_EVENTS.c.digest)
            .where(_EVENTS.c.actor == "", _EVENTS.c.kind == kind.value)
            .order_by(_EVENTS.c.id.desc())
            .limit(1)
        )
        with writing(self._engine) as connection:
            if connection.execute(last).scalar() != mark:
                append(connection, [Event(kind, count=schemes, digest=mark)], now)


def _newest(connection: Connection) -> tuple[int, str]:
    last = connection.execute(select(_EVENTS.c.id, _EVENTS.c.chain).order_by(_EVENTS.c.id.desc()).limit(1)).first()
    return (last.id, last.chain) if last else (0, "")


def _instant(at: Any) -> str:
    """As it was chained (ISO 8601, UTC); of something that is no instant, as it stands: then nothing fits."""
    if isinstance(at, str):
        with suppress(ValueError):
            at = datetime.fromisoformat(at).replace(tzinfo=UTC)
    return at.isoformat() if isinstance(at, datetime) else str(at)
