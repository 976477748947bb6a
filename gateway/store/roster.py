"""The directory's tables: entries end and begin, never change; how far each Party has come follows from the record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select, update

from gateway.directory import Entry, EntryChange, Standing, missing
from gateway.events import Event, EventKind
from gateway.facts import NO_PARTY, PartyCode
from gateway.outcome import LostRace
from gateway.store.engine import reading, utc
from gateway.store.figures import offices
from gateway.store.prepared import Prepared, inserting
from gateway.store.tables import EntryRow, EventRow, PartyRow, PersonRow, StandingRow, table
from gateway.treaty import Difficulty, Function, Role

_ENTRIES, _STANDINGS, _EVENTS = table(EntryRow), table(StandingRow), table(EventRow)
_PARTIES, _PEOPLE = table(PartyRow), table(PersonRow)
_CURRENT = Prepared(select(_ENTRIES).where(_ENTRIES.c.until.is_(None)).order_by(_ENTRIES.c.party, _ENTRIES.c.id))
_ADMINISTRATORS = Prepared(
    select(_PEOPLE)
    .where(_PEOPLE.c.revoked_at.is_(None), _PEOPLE.c.role == Role.ADMINISTRATOR.value)
    .order_by(_PEOPLE.c.party, _PEOPLE.c.id)
)
_DESKS = Prepared(select(_PARTIES).where(_PARTIES.c.until.is_(None)).order_by(_PARTIES.c.code))
_CHANGES = (
    EventKind.ENTRY_ADDED, EventKind.ENTRY_REPLACED, EventKind.ENTRY_CORRECTED, EventKind.ENTRY_REMOVED,
)  # fmt: skip
_SAID = ("party", "function", "authority", "person", "address", "telephone", "postal", "languages", "remarks")
_ORDER = {function: place for place, function in enumerate(Function)}
_KINDS = tuple(Difficulty)


def write(connection: Connection, changes: Sequence[EntryChange], at: datetime) -> None:
    """Ends the entries that were, and writes those that are. Raises `LostRace` where one has ended before."""
    for change in changes:
        if change.was is not None:
            this = update(_ENTRIES).where(_ENTRIES.c.id == change.was.number, _ENTRIES.c.until.is_(None))
            if connection.execute(this.values(until=at)).rowcount != 1:
                raise LostRace
        if change.now is not None:
            said = {name: str(getattr(change.now, name)) for name in _SAID}
            replaces = change.was.number if change.was else 0
            connection.execute(insert(_ENTRIES).values(since=at, until=None, replaces=replaces, **said))


def carry_out(connection: Connection, event: Event, at: datetime) -> None:
    """What an event makes of how far the Party has come that it names."""
    changed = _changed(event.kind, at)
    if changed is None:
        return
    first = {"party": event.party, "replaced": 0, "steps": 0, "asks": 0}
    connection.execute(inserting(connection.dialect)(_STANDINGS).values(**first).on_conflict_do_nothing())
    connection.execute(update(_STANDINGS).where(_STANDINGS.c.party == event.party).values(**changed))


def _changed(kind: EventKind, at: datetime) -> dict[str, Any] | None:
    columns = _STANDINGS.c
    match kind:
        case EventKind.ENTRY_REPLACED:
            return {"changed_at": at, "replaced": columns.replaced + 1}
        case EventKind.ENTRY_ADDED | EventKind.ENTRY_CORRECTED | EventKind.ENTRY_REMOVED:
            return {"changed_at": at}
        case EventKind.NOMINATIONS_OPEN:
            return {"open_since": at, "steps": 0, "step_at": None, "told_at": None}
        case EventKind.NOMINATIONS_REMINDED:
            return {"steps": columns.steps + 1, "step_at": at}
        case EventKind.NOMINATIONS_OVERDUE:
            return {"told_at": at}
        case EventKind.CONFIRMATION_ASKED:
            return {"asked_at": at, "asks": 0, "ask_at": None, "ask_told_at": None}
        case EventKind.CONFIRMATION_REMINDED:
            return {"asks": columns.asks + 1, "ask_at": at}
        case EventKind.CONFIRMATION_OVERDUE:
            return {"ask_told_at": at}
        case EventKind.DIRECTORY_CONFIRMED:
            return {"confirmed_at": at}
        case _:
            return None


def listed(connection: Connection) -> tuple[Entry, ...]:
    """Every entry that counts now, and desks and administrators as they are registered; by Party and function."""
    desks = [_registered(row.code, Function.DESK, "", row) for row in _DESKS.rows(connection)]
    parties = {entry.party for entry in desks}
    people = [
        _registered(row.party, Function.ADMINISTRATOR, row.name, row)
        for row in _ADMINISTRATORS.rows(connection)
        if row.party in parties
    ]
    found = [*map(_entry, _CURRENT.rows(connection)), *people, *desks]
    return tuple(sorted(found, key=lambda entry: (entry.party, _ORDER[entry.function], entry.number, entry.address)))


def _registered(party: str, function: Function, person: str, row: Any) -> Entry:
    address = row.mailbox if function is Function.DESK else row.address
    return Entry(PartyCode(party), function, "", person, address, since=utc(row.since))


def _entry(row: Any) -> Entry:
    return Entry(
        PartyCode(row.party), Function(row.function), row.authority, row.person, row.address, row.telephone,
        row.postal, row.languages, row.remarks, row.id, utc(row.since),
    )  # fmt: skip


class Roster:
    """Look-ups for the clock, the operator, digests and reports."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def entries(self) -> tuple[Entry, ...]:
        """As `listed`."""
        with reading(self._engine) as connection:
            return listed(connection)

    def standings(self) -> tuple[Standing, ...]:
        """Every Party by code; not a code under which only the Secretariat's people stand."""
        with reading(self._engine) as connection:
            entries = tuple(map(_entry, _CURRENT.rows(connection)))
            rows = {row["party"]: row for row in connection.execute(select(_STANDINGS)).mappings()}
            none = offices(connection)
            parties = [(row.code, utc(row.since)) for row in _DESKS.rows(connection)]
        by_party: dict[str, list[Entry]] = {}
        for entry in entries:
            by_party.setdefault(entry.party, []).append(entry)
        return tuple(
            _standing(PartyCode(code), since, tuple(by_party.get(code, ())), rows.get(code))
            for code, since in parties
            if code not in none
        )

    def changes(self, since: datetime, until: datetime) -> Mapping[PartyCode, Counter[EventKind]]:
        """How many entries each Party has added, replaced, corrected, removed in a period (its end not in it)."""
        query = (
            select(_EVENTS.c.party, _EVENTS.c.kind, func.count())
            .where(_EVENTS.c.kind.in_([kind.value for kind in _CHANGES]), _EVENTS.c.at >= since, _EVENTS.c.at < until)
            .group_by(_EVENTS.c.party, _EVENTS.c.kind)
            .order_by(_EVENTS.c.party)
        )
        found: dict[PartyCode, Counter[EventKind]] = {}
        with reading(self._engine) as connection:
            for party, kind, count in connection.execute(query):
                found.setdefault(PartyCode(party), Counter())[EventKind(kind)] = count
        return found

    def difficulties(self, since: datetime, until: datetime, party: PartyCode = NO_PARTY) -> Mapping[Difficulty, int]:
        """How many difficulties of each kind were reported in a period (its end not in it), by all or by one Party."""
        query = select(_EVENTS.c["count"], func.count()).where(
            _EVENTS.c.kind == EventKind.DIFFICULTY_REPORTED.value, _EVENTS.c.at >= since, _EVENTS.c.at < until
        )
        if party:
            query = query.where(_EVENTS.c.actor == party)
        with reading(self._engine) as connection:
            rows = connection.execute(query.group_by(_EVENTS.c["count"])).all()
        counts = {_KINDS[place - 1]: count for place, count in rows}
        return {kind: counts.get(kind, 0) for kind in _KINDS}


def _standing(code: PartyCode, since: datetime, entries: tuple[Entry, ...], row: Any) -> Standing:
    if row is None:
        return Standing(code, missing(entries), since, len(entries))
    moments = {
        name: utc(row[name]) if row[name] else None
        for name in ("step_at", "told_at", "asked_at", "ask_at", "ask_told_at", "confirmed_at", "changed_at")
    }
    opened = utc(row["open_since"]) if row["open_since"] else since
    return Standing(
        code, missing(entries), max(opened, since), len(entries), row["replaced"], row["steps"], asks=row["asks"],
        **moments,
    )  # fmt: skip
