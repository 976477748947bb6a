"""Counts events as they are recorded, in the same transaction: what passed between two Parties, and how long it took.

What is counted is added to the sums of its instant, its month and its year (`tables.TallyRow`), so that a period of any
time zone is whole months, or years, and what is left at its two edges. `figures.py` reads them; docs/statistics.md says
what counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, case, func, insert, literal_column, select, update

from gateway.events import EXTENSIONS, Event, EventKind
from gateway.facts import ExchangeNumber, PartyCode, utc
from gateway.store.engine import instant
from gateway.store.prepared import Prepared, Upsert
from gateway.store.spans import Span, begun
from gateway.store.tables import ExchangeRow, TallyRow, TimingRow, table

_K = EventKind
_FIRST = frozenset({_K.REFERRAL_SENT, _K.REFERRAL_WAITING})
_ASKED = _FIRST | EXTENSIONS
_ENDINGS = frozenset({_K.ANSWERED, _K.DECLINED, _K.RETURNED})
_COUNTED = _ASKED | _ENDINGS | {_K.ANSWER_RECEIVED, _K.MESSAGE_RECEIVED, _K.READ}
SUMS = ("forth", "back", "requests", "uims", "undeclared", "answers", "uims_answered", "answered", "seconds")
_SECOND = 1_000_000
_NOTHING_YET = {"acted_at": None, "answered_at": None}

_TALLY, _TIMING, _EXCHANGES = table(TallyRow), table(TimingRow), table(ExchangeRow)
_REFERRAL = (
    _TIMING.c.year == bindparam("of_year"), _TIMING.c.serial == bindparam("of_serial"),
    _TIMING.c.asked == bindparam("of_asked"),
)  # fmt: skip
# Where what is counted is added: the name of the beginning, and who asks and is asked.
_SPANS = (
    (Span.INSTANT, "at", True, True), (Span.MONTH, "month", True, False), (Span.MONTH, "month", False, True),
    (Span.YEAR, "year", True, True),
)  # fmt: skip


def _add(insert_: Any) -> Any:
    """All sums in one statement: a second one takes longer than the rows of both."""

    def party(name: str, named: bool) -> Any:
        return bindparam(f"of_{name}", type_=_TALLY.c[name].type) if named else literal_column("''")

    more = {name: bindparam(f"more_{name}", type_=_TALLY.c[name].type) for name in SUMS}
    rows = [
        {"span": literal_column(str(span.value)), "start": bindparam(start, type_=_TALLY.c.start.type),
         "asking": party("asking", asking), "asked": party("asked", asked), **more}
        for span, start, asking, asked in _SPANS
    ]  # fmt: skip
    new = insert_(_TALLY).values(rows)
    sums = {name: _TALLY.c[name] + new.excluded[name] for name in SUMS}
    return new.on_conflict_do_update(index_elements=list(_TALLY.primary_key.columns), set_=sums)


_ADD = Upsert(_add)
_ASKING = Prepared(
    select(_EXCHANGES.c.asking).where(
        _EXCHANGES.c.year == bindparam("of_year"), _EXCHANGES.c.serial == bindparam("of_serial")
    )
)
_ASK = Prepared(insert(_TIMING))
_FIND = Prepared(select(_TIMING).where(*_REFERRAL))
_SET = Prepared(update(_TIMING).where(*_REFERRAL))
_NOW = bindparam("now", type_=_TIMING.c.asked_at.type)
_TOOK = case((_TIMING.c.asked_at < _NOW, (_NOW - _TIMING.c.asked_at) // _SECOND), else_=0)
# The full answer to what had none, which is what most answers are: found and written in one statement.
_END = Prepared(
    update(_TIMING)
    .where(*_REFERRAL, _TIMING.c.answered_at.is_(None))
    .values(
        acted_at=func.coalesce(_TIMING.c.acted_at, bindparam("acted", type_=_TIMING.c.acted_at.type)),
        answered_at=_NOW,
        seconds=_TOOK,
    )
    .returning(_TIMING.c.asking, _TIMING.c.seconds)
)


def count(connection: Connection, events: Sequence[Event], at: datetime) -> None:
    """Adds what these events, recorded at this instant, mean for the figures."""
    referrals: dict[tuple[ExchangeNumber, PartyCode], list[Event]] = {}
    for event in events:
        if event.exchange is not None and event.party and event.kind in _COUNTED:
            referrals.setdefault((event.exchange, event.party), []).append(event)
    if not referrals:
        return
    now = instant(at)
    opened = {event.exchange: event.actor for event in events if event.kind is _K.EXCHANGE_OPENED}
    more: dict[tuple[str, PartyCode], Counter[str]] = {}
    for (number, asked), told in referrals.items():
        asking, counted = _referral(connection, number, asked, told, now, opened.get(number, ""))
        more.setdefault((asking, asked), Counter()).update(counted)
    spans = {"at": now, "month": instant(begun(Span.MONTH, utc(at))), "year": instant(begun(Span.YEAR, utc(at)))}
    for (by, of), counted in more.items():
        if counted:
            sums = {f"more_{name}": counted[name] for name in SUMS}
            _ADD.run(connection, of_asking=by, of_asked=of, **spans, **sums)


def _referral(
    connection: Connection, number: ExchangeNumber, asked: PartyCode, events: list[Event], now: int, asking: str
) -> tuple[str, Counter[str]]:
    """Who asks in a referral, and what its events count; its own times are written down.

    `asking`: who opened the exchange, where this is known already.
    """
    of = {"year": number.year, "serial": number.serial, "asked": asked}
    times = _times(events, now)
    if any(event.kind in _FIRST for event in events):
        asking = asking or _ASKING.first(connection, of_year=number.year, of_serial=number.serial).asking
        seconds = 0 if "answered_at" in times else None
        _ASK.run(connection, **of, asking=asking, asked_at=now, **(_NOTHING_YET | times), seconds=seconds)
    else:
        asking, seconds = _told(connection, {f"of_{name}": value for name, value in of.items()}, times)
        if not asking:
            return "", Counter()  # a referral that was never asked: a report on a mail of a look-up
    counted: Counter[str] = Counter()
    for event in events:
        counted.update(_passed(event))
    if seconds is not None:
        counted.update(answered=1, seconds=seconds)
    return asking, counted


def _told(connection: Connection, here: dict[str, Any], times: dict[str, int]) -> tuple[str, int | None]:
    """Who asks in a referral that was asked before (else ""), and how long its full answer took where it comes now."""
    if "answered_at" in times:
        ended = _END.first(connection, **here, now=times["answered_at"], acted=times.get("acted_at"))
        if ended is not None:
            return ended.asking, ended.seconds
    row = _FIND.first(connection, **here)
    if row is None:
        return "", None
    if "acted_at" in times and row.acted_at is None:
        _SET.run(connection, **here, acted_at=times["acted_at"])
    return row.asking, None


def _times(events: Iterable[Event], now: int) -> dict[str, int]:
    """What happens in a referral at this instant; it counts unless it had happened before."""
    acted = {"acted_at": now} if any(map(_acts, events)) else {}
    return {**acted, "answered_at": now} if any(map(_ends, events)) else acted


def _passed(event: Event) -> dict[str, int]:
    """What one event adds to the sums."""
    if event.kind in _ASKED:
        return {
            "forth": 1, "requests": int(event.kind in _FIRST), "uims": event.count, "undeclared": int(not event.count)
        }  # fmt: skip
    if event.kind is _K.ANSWER_RECEIVED:
        return {"back": 1, "answers": 1, "uims_answered": event.count}
    if event.kind is _K.MESSAGE_RECEIVED:
        return {"back" if event.actor == event.party else "forth": 1}
    return {}


def _acts(event: Event) -> bool:
    """Whether it shows that the asked Party did something."""
    own = event.kind is _K.MESSAGE_RECEIVED and event.actor == event.party
    return own or event.kind in (_K.READ, _K.ANSWER_RECEIVED)


def _ends(event: Event) -> bool:
    """Whether the asked Party has answered all; of a sealed answer, which tells no number, that is believed."""
    return event.kind in _ENDINGS or (event.kind is _K.ANSWER_RECEIVED and not event.count)
