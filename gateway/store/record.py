"""The record: events, appended and never changed, each chained to the one before by SHA-256."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, text

from gateway.events import Event
from gateway.facts import ExchangeNumber
from gateway.store.prepared import Prepared
from gateway.store.tables import EventRow, table

_EVENTS = table(EventRow)
_NONE = ExchangeNumber(0, 0)  # as stored where there is no exchange
_LOCK = 0x6753_5002
_LOCKED = text("SELECT pg_advisory_xact_lock(:key)")
_LAST = Prepared(select(_EVENTS.c.chain).order_by(_EVENTS.c.id.desc()).limit(1))
_APPEND = Prepared(insert(_EVENTS))


def append(connection: Connection, events: Sequence[Event], at: datetime) -> None:
    """Appends events to the record, in their order, in the caller's transaction."""
    if not events:
        return
    if connection.dialect.name == "postgresql":  # one writer of the chain at a time, else it would fork
        connection.execute(_LOCKED, {"key": _LOCK})
    last = _LAST.first(connection)
    chain = last.chain if last else ""
    rows: list[dict[str, Any]] = []
    for event in events:
        number = event.exchange or _NONE
        values = {
            "kind": event.kind.value, "year": number.year, "serial": number.serial, "party": event.party,
            "person": event.person, "actor": event.actor, "count": event.count, "digest": event.digest,
        }  # fmt: skip
        told = "\n".join([chain, at.isoformat(), *map(str, values.values())])
        chain = hashlib.sha256(told.encode()).hexdigest()
        rows.append({"at": at, **values, "chain": chain})
    _APPEND.run_all(connection, rows)
