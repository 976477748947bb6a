"""What the record says of people, carried out in the registry in the transaction that records it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, insert, or_, select, update

from gateway.events import Event, EventKind
from gateway.facts import PartyCode, Renewal, same_address
from gateway.outcome import LostRace
from gateway.store.engine import utc
from gateway.store.record import append
from gateway.store.tables import KeyRow, PartyRow, PendingRow, PersonRow, table
from gateway.treaty import Role

_PEOPLE, _KEYS, _PENDING, _PARTIES = table(PersonRow), table(KeyRow), table(PendingRow), table(PartyRow)
_ORDERS = frozenset(
    {
        EventKind.REVOCATION_ORDERED, EventKind.REGISTRATION_ORDERED, EventKind.REGISTRATION_APPROVED,
        EventKind.REGISTRATION_REFUSED, EventKind.RENEWAL_ORDERED, EventKind.DIRECTORY_ORDERED,
        EventKind.DIRECTORY_CONFIRMED, EventKind.PATTERN_PROPOSED, EventKind.PATTERN_APPROVED,
        EventKind.PATTERN_REFUSED,
    }
)  # fmt: skip
_BY_MAIL = "by mail"  # what the administrator wrote stays in the mail; the record has its digest


def carry_out(connection: Connection, event: Event, at: datetime) -> None:
    """The change that an event means. Raises `LostRace` where who ordered it, or whom it concerns, has left since."""
    if event.kind in _ORDERS and event.person:  # a desk is no person: it is there as long as its Party is
        # Locked until the end: of two who withdraw each other at once, one is left.
        query = select(_PEOPLE.c.id).where(_PEOPLE.c.id == event.person, _PEOPLE.c.revoked_at.is_(None))
        if connection.execute(query.with_for_update()).first() is None:
            raise LostRace
    elif event.kind is EventKind.PERSON_REVOKED and not (
        (_others(connection, event) if event.count else True) and withdraw(connection, event.person, _BY_MAIL, at)
    ):
        raise LostRace


def _others(connection: Connection, event: Event) -> bool:
    """Whether somebody else holds the person's office too; locked, so that not all leave it at once."""
    role = connection.execute(select(_PEOPLE.c.role).where(_PEOPLE.c.id == event.person)).scalar()
    others = select(_PEOPLE.c.id).where(
        _PEOPLE.c.role == role, _PEOPLE.c.id != event.person, _PEOPLE.c.revoked_at.is_(None)
    )
    if role != Role.SECRETARIAT.value:
        others = others.where(_PEOPLE.c.party == event.party)
    return connection.execute(others.with_for_update()).first() is not None


def withdraw(connection: Connection, person: int, reason: str, at: datetime) -> bool:
    """Withdraws an active person's access and keys; False where the person has left already."""
    left = update(_PEOPLE).where(_PEOPLE.c.id == person, _PEOPLE.c.revoked_at.is_(None)).returning(_PEOPLE.c.address)
    address = connection.execute(left.values(revoked_at=at, revoked_reason=reason)).scalar()
    if address is None:
        return False
    connection.execute(
        update(_KEYS).where(_KEYS.c.person == person, _KEYS.c.revoked_at.is_(None)).values(revoked_at=at)
    )
    # What somebody ordered does not become active once his own access has been withdrawn; nor does what was ordered
    # for himself before the operator registered him: an old challenge would let him in again.
    his = or_(_PENDING.c.ordered_by == person, _PENDING.c.folded == address.casefold())
    ended = delete(_PENDING).where(his).returning(_PENDING.c.id, _PENDING.c.party)
    events = [
        Event(EventKind.REGISTRATION_ENDED, party=PartyCode(row.party), count=row.id)
        for row in connection.execute(ended)
    ]
    append(connection, events, at)
    return True


def renew(connection: Connection, renewal: Renewal, at: datetime) -> None:
    """Registers a new or extended key, and ends those that it replaces.

    Raises `LostRace` where the owner has left since, or the key is another's or withdrawn: it is decided again.
    """
    if renewal.person:
        owner = select(_PEOPLE.c.party).where(_PEOPLE.c.id == renewal.person, _PEOPLE.c.revoked_at.is_(None))
        found = connection.execute(owner.with_for_update()).first()
        if found is None or found.party != renewal.party:
            raise LostRace
    else:  # a desk that was replaced meanwhile must not put its key in the place of the new one's
        desk = select(_PARTIES.c.mailbox).where(_PARTIES.c.code == renewal.party)
        found = connection.execute(desk.with_for_update()).first()
        if found is None or not same_address(found.mailbox, renewal.address):
            raise LostRace
    key = renewal.key
    values = {
        "scheme": key.scheme, "octets": key.octets, "can_encrypt": key.can_encrypt, "can_sign": key.can_sign,
        "usable_until": key.usable_until,
    }  # fmt: skip
    known = connection.execute(select(_KEYS).where(_KEYS.c.fingerprint == key.fingerprint)).first()
    if known is None:
        row = {"fingerprint": key.fingerprint, "person": renewal.person, "party": renewal.party}
        connection.execute(insert(_KEYS).values(registered_at=at, revoked_at=None, **row, **values))
    elif known.revoked_at is not None or (known.person, known.party) != (renewal.person, renewal.party):
        raise LostRace
    else:
        connection.execute(update(_KEYS).where(_KEYS.c.fingerprint == key.fingerprint).values(**values))
    _end(connection, renewal, at)


def _end(connection: Connection, renewal: Renewal, at: datetime) -> None:
    """The replaced keys end when the renewal says, but none later than it would; those that end now are withdrawn."""
    until = renewal.until or at
    whose = _KEYS.c.person == renewal.person, _KEYS.c.party == renewal.party, _KEYS.c.revoked_at.is_(None)
    for mark in renewal.replaced:
        this = update(_KEYS).where(_KEYS.c.fingerprint == mark, *whose)
        if until <= at:
            connection.execute(this.values(revoked_at=at))
            continue
        ends = connection.execute(select(_KEYS.c.usable_until).where(_KEYS.c.fingerprint == mark)).scalar()
        if ends is None or utc(ends) > until:
            connection.execute(this.values(usable_until=until))
