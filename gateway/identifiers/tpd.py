"""Markings of Implementing Regulation (EU) 2018/574 and its British twin: time stamp, characters, repetition.

Source: Article 8 and Annex II of the Regulation: YYMMDDhh in UTC in the last eight positions; the invariant
set of ISO 646:1991; an aggregated marking holds a facility code, which begins with the issuer's prefix again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from gateway.content import N_, Text, text

Check = Callable[[str, datetime], Text | None]
Fails = Callable[[str, datetime], bool]

# Clocks of packing lines and of this machine may differ by this much.
_TOLERANCE = timedelta(hours=1)

_FIRST = datetime(2019, 5, 20, tzinfo=UTC)  # since when packs bear such markings
_LAST = datetime(2099, 12, 31, 23, tzinfo=UTC)  # that two digits of a year can tell
_HOURS = frozenset(f"{hour:02d}" for hour in range(24))
_LIKE_DIGITS = str.maketrans("OoDQIil|ZSBG", "000011112586")
_DIGITS_OR_LIKE = frozenset("0123456789OoDQIil|ZSBG")

_FUTURE = N_("The time stamp {stamp} at its end lies in the future.")
_NO_STAMP = text("Its last eight digits are not a time stamp (YYMMDDhh): one of them may be misread.")
_NEARLY_STAMP = text("Its last eight characters are nearly a time stamp (YYMMDDhh): a letter may be a misread digit.")
_SHORT_STAMP = text("Its last seven digits are nearly a time stamp (YYMMDDhh): one may be lost or misread.")
# What is remarked upon a code that fits as it is.
ADVICE = frozenset(advice.message for advice in (_NO_STAMP, _NEARLY_STAMP, _SHORT_STAMP))

_FOREIGN = {
    "alphanumeric": re.compile(r"[^0-9A-Za-z]"),
    "digits": re.compile(r"[^0-9]"),
    "iso646": re.compile(r"[^!\"%&'()*+,\-./0-9:;<=>?A-Z_a-z]"),
}


@lru_cache(maxsize=1 << 16)
def stamp(value: str) -> datetime | None:
    """The instant of a time stamp YYMMDDhh (UTC), None where there is no such day or hour."""
    if len(value) != 8 or not (value.isascii() and value.isdecimal()):
        return None
    try:
        return datetime(2000 + int(value[:2]), int(value[2:4]), int(value[4:6]), int(value[6:]), tzinfo=UTC)
    except ValueError:
        return None


def is_past(value: str, now: datetime) -> bool:
    """Whether something is a time stamp, and not one of the future: as `stamp` would tell, in half the time."""
    return len(value) == 8 and _is_day(value[:6]) and value[6:] in _HOURS and value <= _latest(now)


def is_not_before_today(day: str, now: datetime) -> bool:
    """Whether YYMMDD is no day, or today or later: the hour then tells whether a time stamp is of the future."""
    return not (len(day) == 6 and _is_day(day) and day < _latest(now)[:6])


def is_no_hour(hour: str, _now: datetime) -> bool:
    """Whether two characters are no hour of a time stamp."""
    return hour not in _HOURS


@lru_cache(maxsize=1 << 14)
def _is_day(value: str) -> bool:
    return stamp(value + "00") is not None


@lru_cache(maxsize=16)
def _latest(now: datetime) -> str:
    """The last time stamp that is not of the future."""
    return f"{min(now + _TOLERANCE, _LAST).astimezone(UTC):%y%m%d%H}"


def stamp_fault(value: str, now: datetime) -> Text | None:
    """What is wrong with a time stamp: no such day or hour, or in the future; None where it is right."""
    if is_past(value, now):
        return None
    if stamp(value) is None:
        return _impossible(value)
    return text(_FUTURE, stamp=value)


def _impossible(value: str) -> Text:
    """Which of its parts makes a time stamp impossible."""
    if len(value) == 8 and value.isascii() and value.isdecimal():
        if not 1 <= int(value[2:4]) <= 12:
            return text(
                "{stamp} at its end is not a time stamp (YYMMDDhh): no month {part}.", stamp=value, part=value[2:4]
            )
        if int(value[6:]) > 23:
            return text(
                "{stamp} at its end is not a time stamp (YYMMDDhh): no hour {part}.", stamp=value, part=value[6:]
            )
        return text(
            "{stamp} at its end is not a time stamp (YYMMDDhh): that month has no day {part}.",
            stamp=value,
            part=value[4:6],
        )
    return text("{stamp} at its end is not a time stamp: year, month, day, hour (YYMMDDhh).", stamp=value)


def foreign(code: str, alphabet: str) -> tuple[int, str] | None:
    """Position (from 1) and character of the first that an alphabet does not hold."""
    found = _FOREIGN[alphabet].search(code)
    return (found.start() + 1, found[0]) if found else None


def _loose_stamp_fault(value: str, now: datetime) -> Text | None:
    """`value`: the last nine characters, the first of which only tells whether more digits stand before."""
    end = value[-8:]
    if end[-1:] not in _DIGITS_OR_LIKE:
        return None
    if end.isascii() and end.isdecimal():
        if stamp(end) is None:
            return _NO_STAMP
        return None if is_past(end, now) else text(_FUTURE, stamp=end)
    if end.translate(_LIKE_DIGITS).isdecimal() and is_recent(end.translate(_LIKE_DIGITS), now):
        return _NEARLY_STAMP
    if end[1:].isascii() and end[1:].isdecimal() and _shortened(end[1:], now):
        return _SHORT_STAMP
    return None


@lru_cache(maxsize=4096)
def _shortened(digits: str, now: datetime) -> bool:
    """Whether seven digits are a time stamp of which one was lost."""
    return any(is_recent(digits[:n] + digit + digits[n:], now) for n in range(8) for digit in "0123456789")


def is_recent(value: str, now: datetime) -> bool:
    """Whether something is a time stamp of the years in which packs have borne such markings."""
    instant = stamp(value)
    return instant is not None and _FIRST <= instant <= now + _TOLERANCE


def _repetition_fault(code: str, _now: datetime) -> Text | None:
    """Four characters at least: shorter ones come back by chance."""
    if any(code.find(code[:length], length) > 0 for length in (4, 5, 6)):
        return None
    return text("It does not hold a facility code with the issuer's prefix.")


# A code passes a check if neither of its two parts fails these; if one does, the check itself is asked. There are fewer
# days and hours than time stamps.
HALVES: Mapping[str, tuple[tuple[slice, Fails], tuple[slice, Fails]]] = {
    "time stamp": ((slice(-8, -2), is_not_before_today), (slice(-2, None), is_no_hour))
}

# What a scheme can name under `checks` and `advice`. Each gives None, or what is wrong.
CHECKS: Mapping[str, Check] = {
    "time stamp": stamp_fault,
    "time stamp if any": _loose_stamp_fault,
    "prefix again": _repetition_fault,
}
