"""What the record says of people, carried out in the registry in the transaction that records it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, select, update

from gateway.facts import Event, EventKind, PartyCode
from gateway.outcome import LostRace
from gateway.store.record import append
from gateway.store.tables import KeyRow, PendingRow, PersonRow, table

_PEOPLE, _KEYS, _PENDING = table(PersonRow), table(KeyRow), table(PendingRow)
_ORDERS = frozenset(
    {
        EventKind.REVOCATION_ORDERED, EventKind.REGISTRATION_ORDERED, EventKind.REGISTRATION_APPROVED,
        EventKind.REGISTRATION_REFUSED,
    }
)  # fmt: skip
_BY_MAIL = "by mail"  # what the administrator wrote stays in the mail; the record has its digest


def carry_out(connection: Connection, event: Event, at: datetime) -> None:
    """The change that an event means. Raises `LostRace` where who ordered it, or whom it concerns, has left since."""
    if event.kind in _ORDERS:
        # Locked until the end: of two who withdraw each other at once, one is left.
        query = select(_PEOPLE.c.id).where(_PEOPLE.c.id == event.person, _PEOPLE.c.revoked_at.is_(None))
        if connection.execute(query.with_for_update()).first() is None:
            raise LostRace
    elif event.kind is EventKind.PERSON_REVOKED and not withdraw(connection, event.person, _BY_MAIL, at):
        raise LostRace


def withdraw(connection: Connection, person: int, reason: str, at: datetime) -> bool:
    """Withdraws an active person's access and keys; False where the person has left already."""
    left = update(_PEOPLE).where(_PEOPLE.c.id == person, _PEOPLE.c.revoked_at.is_(None))
    if connection.execute(left.values(revoked_at=at, revoked_reason=reason)).rowcount != 1:
        return False
    connection.execute(
        update(_KEYS).where(_KEYS.c.person == person, _KEYS.c.revoked_at.is_(None)).values(revoked_at=at)
    )
    # What somebody ordered does not become active once his own access has been withdrawn.
    ended = delete(_PENDING).where(_PENDING.c.ordered_by == person).returning(_PENDING.c.id, _PENDING.c.party)
    events = [
        Event(EventKind.REGISTRATION_ENDED, party=PartyCode(row.party), count=row.id)
        for row in connection.execute(ended)
    ]
    append(connection, events, at)
    return True
