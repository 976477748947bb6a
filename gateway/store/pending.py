"""Registrations that are not active yet: written, proven, decided, each step with its event and once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, or_, select, update

from gateway.events import Event, EventKind
from gateway.facts import REGISTRATION_LIFE, Address, Fingerprint, Language, PartyCode, Pending, PublicKey
from gateway.outcome import LostRace
from gateway.store.members import Members
from gateway.store.record import append
from gateway.store.tables import KeyRow, PartyRow, PendingRow, table
from gateway.treaty import Role

_PENDING, _PARTIES, _KEYS = table(PendingRow), table(PartyRow), table(KeyRow)


def enter(connection: Connection, pending: Sequence[Pending]) -> None:
    """Writes new registrations; an earlier one of the Party and address is gone, and its challenge with it."""
    for one in pending:
        folded = one.address.casefold()
        connection.execute(delete(_PENDING).where(_PENDING.c.party == one.party, _PENDING.c.folded == folded))
        connection.execute(
            insert(_PENDING).values(
                party=one.party, address=one.address, folded=folded, name=one.name, role=one.role.value,
                language=one.language, scheme=one.key.scheme, fingerprint=one.key.fingerprint, octets=one.key.octets,
                usable_until=one.key.usable_until, ordered_by=one.ordered_by, word=one.word, expires=one.expires,
                approval=one.approval, proven=one.proven, sent=one.sent,
            )
        )  # fmt: skip


def carry_out(connection: Connection, event: Event, at: datetime, members: Members) -> None:
    """What an event makes of the registration it names. Raises `LostRace` where that is not as the event needs it."""
    match event.kind:
        case EventKind.CHALLENGE_ANSWERED:
            row = _locked(connection, event, at, proven=False)
            if row.approval:
                proven = update(_PENDING).where(_PENDING.c.id == row.id)
                connection.execute(proven.values(proven=True, expires=at + REGISTRATION_LIFE))
            else:
                _activate(connection, row, at, members)
        case EventKind.REGISTRATION_APPROVED:
            _activate(connection, _locked(connection, event, at, proven=True), at, members)
        case EventKind.REGISTRATION_REFUSED:
            if connection.execute(delete(_PENDING).where(_PENDING.c.id == event.count)).rowcount != 1:
                raise LostRace
        case EventKind.REGISTRATION_ENDED:  # one that was confirmed at the last moment has its time anew
            over = or_(_PENDING.c.expires <= at, _PENDING.c.proven.is_(False))
            if connection.execute(delete(_PENDING).where(_PENDING.c.id == event.count, over)).rowcount != 1:
                raise LostRace


def _locked(connection: Connection, event: Event, at: datetime, proven: bool) -> Any:
    """The registration, locked until the end, so that of two answers one counts."""
    query = select(_PENDING).where(_PENDING.c.id == event.count, _PENDING.c.proven == proven, _PENDING.c.expires > at)
    row = connection.execute(query.with_for_update()).first()
    if row is None:
        raise LostRace
    return row


def _activate(connection: Connection, row: Any, at: datetime, members: Members) -> None:
    """The person, or the Party's desk, is in the registry; other registrations of the address are gone."""
    party, language = PartyCode(row.party), Language(row.language)
    until = row.usable_until
    key = PublicKey(row.scheme, Fingerprint(row.fingerprint), bytes(row.octets), True, True, until, party=party)
    try:
        if Role(row.role) is Role.DESK:
            _activate_desk(connection, row, key, at, members)
            new = True
        else:
            role, box = Role(row.role), Address(row.address)
            new = members.enter_person(connection, party, box, row.name, role, language, key, at)
    except ValueError:  # address or key were registered for somebody else meanwhile
        raise LostRace from None
    if not new:
        raise LostRace
    connection.execute(delete(_PENDING).where(_PENDING.c.id == row.id))
    others = delete(_PENDING).where(_PENDING.c.folded == row.folded).returning(_PENDING.c.id, _PENDING.c.party)
    lost = sorted((other.id, other.party) for other in connection.execute(others))
    append(connection, [Event(EventKind.REGISTRATION_ENDED, party=PartyCode(to), count=one) for one, to in lost], at)


def _activate_desk(connection: Connection, row: Any, key: PublicKey, at: datetime, members: Members) -> None:
    """A Party that is registered keeps its name; the keys of the desk before end with it."""
    known = connection.execute(select(_PARTIES.c.name).where(_PARTIES.c.code == row.party)).first()
    ended = update(_KEYS).where(_KEYS.c.person == 0, _KEYS.c.party == row.party, _KEYS.c.revoked_at.is_(None))
    connection.execute(ended.values(revoked_at=at))
    name = known.name if known else row.name
    members.enter_party(connection, PartyCode(row.party), name, Address(row.address), Language(row.language), key, at)
