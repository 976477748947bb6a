"""Counts events as they are recorded, in the same transaction: what passed between two Parties, and how long it took.

Rows hold sums from the beginning (`tables.TallyRow`), so that any period of any time zone is two look-ups for each
pair of Parties. `figures.py` reads them; docs/statistics.md says what counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, literal_column, or_, select, true, update

from gateway.events import EXTENSIONS, Event, EventKind
from gateway.facts import ExchangeNumber, PartyCode
from gateway.store.engine import instant
from gateway.store.prepared import Prepared
from gateway.store.tables import ExchangeRow, TallyRow, TimingRow, table

_K = EventKind
_FIRST = frozenset({_K.REFERRAL_SENT, _K.REFERRAL_WAITING})
_ASKED = _FIRST | EXTENSIONS
_ENDINGS = frozenset({_K.ANSWERED, _K.DECLINED, _K.RETURNED})
_COUNTED = _ASKED | _ENDINGS | {_K.ANSWER_RECEIVED, _K.MESSAGE_RECEIVED, _K.READ}
_SUMS = ("forth", "back", "requests", "uims", "undeclared", "answers", "uims_answered", "answered", "seconds")
_SECOND = 1_000_000

_TALLY, _TIMING, _EXCHANGES = table(TallyRow), table(TimingRow), table(ExchangeRow)
_PAIR = (_TALLY.c.asking == bindparam("of_asking"), _TALLY.c.asked == bindparam("of_asked"))
_REFERRAL = (
    _TIMING.c.year == bindparam("of_year"), _TIMING.c.serial == bindparam("of_serial"),
    _TIMING.c.asked == bindparam("of_asked"),
)  # fmt: skip
_LAST_UNTIL = Prepared(
    select(_TALLY).where(*_PAIR, _TALLY.c.at <= bindparam("until")).order_by(_TALLY.c.at.desc()).limit(1)
)
_ADD = Prepared(insert(_TALLY))
_PREVIOUS = select(_TALLY).where(*_PAIR).order_by(_TALLY.c.at.desc()).limit(1).subquery()
# The sums of the row before and what is new, in one statement; no row where one stands at this instant or a later one.
_ADD_NEXT = Prepared(
    insert(_TALLY).from_select(
        ["asking", "asked", "at", *_SUMS],
        select(
            bindparam("of_asking", type_=_TALLY.c.asking.type),
            bindparam("of_asked", type_=_TALLY.c.asked.type),
            bindparam("now", type_=_TALLY.c.at.type),
            *(func.coalesce(_PREVIOUS.c[name], literal_column("0"))
              + bindparam(f"more_{name}", type_=_TALLY.c[name].type) for name in _SUMS),
        )
        .select_from(select(literal_column("1")).subquery().outerjoin(_PREVIOUS, true()))
        .where(or_(_PREVIOUS.c.at.is_(None), _PREVIOUS.c.at < bindparam("now", type_=_TALLY.c.at.type))),
    )
)  # fmt: skip
_RAISE = Prepared(
    update(_TALLY)
    .where(*_PAIR, _TALLY.c.at >= bindparam("since"))
    .values({name: _TALLY.c[name] + bindparam(f"more_{name}") for name in _SUMS})
)
_ASKING = Prepared(
    select(_EXCHANGES.c.asking).where(
        _EXCHANGES.c.year == bindparam("of_year"), _EXCHANGES.c.serial == bindparam("of_serial")
    )
)
_ASK = Prepared(insert(_TIMING))
_FIND = Prepared(select(_TIMING).where(*_REFERRAL))
_SET = Prepared(update(_TIMING).where(*_REFERRAL))


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
    for (by, of), counted in more.items():
        if counted:
            _add(connection, by, of, now, counted)


def _referral(
    connection: Connection, number: ExchangeNumber, asked: PartyCode, events: list[Event], now: int, asking: str
) -> tuple[str, Counter[str]]:
    """Who asks in a referral, and what its events count; its own times are written down.

    `asking`: who opened the exchange, where this is known already.
    """
    of = {"year": number.year, "serial": number.serial, "asked": asked}
    here = {f"of_{name}": value for name, value in of.items()}
    times = _times(events, now)
    if any(event.kind in _FIRST for event in events):
        asking = asking or _ASKING.first(connection, of_year=number.year, of_serial=number.serial).asking
        begun = {"asked_at": now, "acted_at": None, "answered_at": None, "seconds": None}
        if "answered_at" in times:
            times["seconds"] = 0
        _ASK.run(connection, **of, asking=asking, **(begun | times))
    else:
        row = _FIND.first(connection, **here)
        if row is None:
            return "", Counter()  # a referral that was never asked: a report on a mail of a look-up
        asking = row.asking
        times = {name: when for name, when in times.items() if getattr(row, name) is None}
        if "answered_at" in times:
            times["seconds"] = max(now - row.asked_at, 0) // _SECOND
        if times:
            _SET.run(connection, **here, **times)
    counted: Counter[str] = Counter()
    for event in events:
        counted.update(_passed(event))
    if "answered_at" in times:
        counted.update(answered=1, seconds=times["seconds"])
    return asking, counted


def _times(events: Iterable[Event], now: int) -> dict[str, int]:
    """What happened in a referral at this instant, unless it had happened before."""
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


def _add(connection: Connection, asking: str, asked: str, now: int, counted: Counter[str]) -> None:
    pair = {"of_asking": asking, "of_asked": asked}
    more = {f"more_{name}": counted[name] for name in _SUMS}
    if _ADD_NEXT.run(connection, **pair, now=now, **more):
        return
    # A row stands at the same instant, or the clock was set back: those from now on count it, too.
    last: Any = _LAST_UNTIL.first(connection, **pair, until=now)
    if last is None or last.at < now:
        sums = {name: getattr(last, name) if last is not None else 0 for name in _SUMS}
        _ADD.run(connection, asking=asking, asked=asked, at=now, **sums)
    _RAISE.run(connection, **pair, since=now, **more)
