"""Who has a password for the SMTP listener: the record says it, and nothing else is kept of one."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, Engine, bindparam, or_, select

from gateway.events import Event, EventKind
from gateway.facts import PartyCode
from gateway.store.engine import reading, writing
from gateway.store.prepared import Prepared
from gateway.store.record import append
from gateway.store.tables import EventRow, table

_EVENTS = table(EventRow)
_LAST = Prepared(
    select(_EVENTS.c.id, _EVENTS.c.kind)
    .where(
        or_(_EVENTS.c.kind == EventKind.LOGIN_GIVEN.value, _EVENTS.c.kind == EventKind.LOGIN_WITHDRAWN.value),
        _EVENTS.c.party == bindparam("party"),
        _EVENTS.c.person == bindparam("person"),
    )
    .order_by(_EVENTS.c.id.desc())
    .limit(1)
)


class Logins:
    """Each gift of a password is an event; the password is made of its number, so the next one ends it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def note(self, kind: EventKind, party: PartyCode, person: int, now: datetime) -> None:
        """LOGIN_GIVEN or LOGIN_WITHDRAWN, for a person, or (0) the Party's desk."""
        with writing(self._engine) as connection:
            append(connection, [Event(kind, party=party, person=person)], now)

    def current(self, party: PartyCode, person: int) -> int:
        """The number of the event that the present password is made of; 0: there is none."""
        with reading(self._engine) as connection:
            return _current(connection, party, person)


def _current(connection: Connection, party: PartyCode, person: int) -> int:
    found = _LAST.first(connection, party=party, person=person)
    return int(found.id) if found is not None and found.kind == EventKind.LOGIN_GIVEN.value else 0


def end(connection: Connection, party: PartyCode, person: int, now: datetime) -> None:
    """Ends the password that somebody has, if there is one, in a transaction that does more."""
    if _current(connection, party, person):
        append(connection, [Event(EventKind.LOGIN_WITHDRAWN, party=party, person=person)], now)
