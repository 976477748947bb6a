"""Lines of a crontab: when they fire next, and when they fired last, in a time zone with its daylight saving."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo

from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger

_WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")
_BACK = tuple(timedelta(days=days) for days in (1 / 24, 1, 8, 32, 370))
_INSTANT = timedelta(seconds=1)


class Trigger(BaseTrigger):  # type: ignore[misc]  # APScheduler has no types
    """Fires at the times of a line by the clock of a zone, for APScheduler.

    APScheduler's own trigger looks for ever for a time in the hour that a clock repeats (3.11.3): it is asked in
    UTC only, what it finds is read as local time. A time that daylight saving leaves out comes an hour later by
    the clock; of one that comes twice the first counts.
    """

    def __init__(self, line: CronTrigger, zone: tzinfo) -> None:
        self._line = line
        self._zone = zone

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime | None:
        """The first time that is not before `now`, and after the previous one; in UTC."""
        local = now.astimezone(self._zone).replace(tzinfo=UTC, fold=0)
        while (found := self._line.get_next_fire_time(None, local)) is not None:
            at: datetime = found.replace(tzinfo=self._zone).astimezone(UTC)
            if at >= now and (previous_fire_time is None or at > previous_fire_time):
                return at
            local = found + _INSTANT
        return None


def trigger(line: str, zone: tzinfo) -> Trigger:
    """What fires at the times of five fields: minute, hour, day, month, weekday (0 and 7 are Sunday, as in crontab(5)).

    Raises ValueError.
    """
    minute, hour, day, month, weekday = line.split()  # ValueError where there are not five
    at = CronTrigger(minute=minute, hour=hour, day=day, month=month, day_of_week=_named(weekday), timezone=UTC)
    return Trigger(at, zone)


def last(line: str, zone: tzinfo, now: datetime) -> datetime | None:
    """When the line fired last, `now` included, in UTC; None: not within a year."""
    fires = trigger(line, zone)
    for back in _BACK:
        found, at = None, fires.get_next_fire_time(None, now - back)
        while at is not None and at <= now:
            found, at = at, fires.get_next_fire_time(at, at)
        if found is not None:
            return found
    return None


def _named(field: str) -> str:
    """Weekdays by name: APScheduler 3 takes 0 for Monday (its issue 286), and ranges must not end before they begin."""
    if re.fullmatch(r"\*(/\d+)?", field):
        return field
    days: list[str] = []
    for part in field.split(","):
        span, _, step = part.partition("/")
        if not re.fullmatch(r"[0-7](-[0-7])?", span):
            if step or not re.fullmatch(r"[a-z]{3}(-[a-z]{3})?", span.lower()):
                raise ValueError("not a weekday")
            days.append(span.lower())
            continue
        first, _, end = span.partition("-")
        numbers = range(int(first), int(end or first) + 1, int(step or 1))
        if not numbers:
            raise ValueError("a range of weekdays that is empty")
        days += [_WEEKDAYS[number] for number in numbers]
    return ",".join(days)
