"""The UIMs of referrals, as keyed digests: added when they are asked, and answered, many rows a statement."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, insert, select, update

from gateway.events import Event
from gateway.facts import ExchangeNumber
from gateway.store.experience import Counted, Sums
from gateway.store.prepared import Prepared
from gateway.store.tables import UimRow, table
from gateway.treaty import UimAnswer

_CHUNK = 5000
_FEW = 50  # rows for which the statement that is built already is the cheaper one, once for each
_UIMS = table(UimRow)
_OF_REFERRAL = and_(
    _UIMS.c.year == bindparam("of_year"),
    _UIMS.c.serial == bindparam("of_serial"),
    _UIMS.c.party == bindparam("of_party"),
)
_ADD = Prepared(insert(_UIMS))
_ANSWERS = Prepared(select(_UIMS.c.answer, func.count()).where(_OF_REFERRAL).group_by(_UIMS.c.answer))
_SET = Prepared(update(_UIMS).where(_UIMS.c.id == bindparam("of_id")))
_ROWS = Prepared(
    select(_UIMS.c.digest, _UIMS.c.id, _UIMS.c.answer, _UIMS.c.counted_in, _UIMS.c.counted_by).where(_OF_REFERRAL)
)


def add(connection: Connection, event: Event, number: ExchangeNumber) -> None:
    """The UIMs of an event that asks for the first time."""
    rows: list[dict[str, Any]] = [
        {"year": number.year, "serial": number.serial, "party": event.party, "digest": fact.digest,
         "answer": fact.answer.value}
        for fact in event.uims
    ]  # fmt: skip
    for start in range(0, len(rows), _CHUNK):
        _ADD.run_all(connection, rows[start : start + _CHUNK])


def answers(connection: Connection, event: Event, number: ExchangeNumber) -> dict[UimAnswer, int]:
    """How many UIMs of the event's referral have each answer."""
    return {UimAnswer(answer): count for answer, count in _ANSWERS.rows(connection, **_named(event, number))}


def answer(connection: Connection, event: Event, number: ExchangeNumber, at: datetime) -> tuple[Event, ...]:
    """Writes the answers of a reply; gives what follows for the patterns that led there.

    By ids: one a statement held the lock for half a minute with a large list. By digest PostgreSQL, without fresh
    statistics, compares every row with every digest (minutes).
    """
    rows = {row.digest: row for row in _ROWS.rows(connection, **_named(event, number))}
    same: dict[tuple[str, Counted], list[int]] = {}
    sums = Sums(at)
    for fact in event.uims:
        row = rows.get(fact.digest)
        if row is not None:
            counted = sums.move(fact, UimAnswer(row.answer), Counted(row.counted_in, row.counted_by))
            same.setdefault((fact.answer.value, counted), []).append(row.id)
    for (said, counted), ids in same.items():
        _set(connection, ids, {"answer": said, "counted_in": counted.month, "counted_by": counted.library})
    return sums.write(connection, event, at)


def _set(connection: Connection, ids: Sequence[int], values: dict[str, Any]) -> None:
    if len(ids) <= _FEW:
        _SET.run_all(connection, [{"of_id": row, **values} for row in ids])
        return
    for start in range(0, len(ids), _CHUNK):
        part = ids[start : start + _CHUNK]
        connection.execute(update(_UIMS).where(_UIMS.c.id.in_(part)).values(**values))


def _named(event: Event, number: ExchangeNumber) -> dict[str, Any]:
    return {"of_year": number.year, "of_serial": number.serial, "of_party": event.party}
