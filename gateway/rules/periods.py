"""When a weekly digest is due, and for which weeks. Pure."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from gateway.events import DigestReader
from gateway.figures import Period

_SAME_WEEK = timedelta(days=6)  # an end that is nearer to the last one is the same Monday by another zone's clock


def due(reader: DigestReader, fired: datetime | None, zone: str) -> Period | None:
    """The weeks that a reader's digest is to tell of, now that the hour of digests was `fired` last; None: none is due.

    One digest makes up for all that were missed. Who was registered after that hour waits for the next one.
    """
    if fired is None or reader.since > fired:
        return None
    last = Period.week(day_of(fired, zone), zone).before()
    if reader.reported is None:
        return last
    if last.end - reader.reported < _SAME_WEEK:
        return None
    return Period(Period.week(day_of(reader.reported + _SAME_WEEK / 12, zone), zone).first, last.last, zone)


def weeks(period: Period) -> int:
    """How many weeks it has."""
    return ((period.last - period.first).days + 1) // 7


def before(period: Period) -> Period:
    """As many weeks before it: `Period.before` goes by months where weeks happen to be months, as in February 2027."""
    length = period.last - period.first + timedelta(days=1)
    return Period(period.first - length, period.last - length, period.zone)


def latest(period: Period, many: int) -> tuple[Period, ...]:
    """The last so many weeks up to its end, each by itself, the oldest first."""
    last = Period.week(period.last, period.zone)
    return tuple(last.before(turns) if turns else last for turns in reversed(range(many)))


def day_of(at: datetime, zone: str) -> date:
    """The day of a moment by the clock of a zone."""
    return at.astimezone(ZoneInfo(zone)).date()
