"""When a criterion of R21 will be met if things go on as they have: a straight line, or that it cannot be said."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from gateway.figures import Measured, Period
from gateway.rules.criteria import Criterion, criteria
from gateway.rules.outside import OutsideFacts

PERIODS = 4  # of the same length, this one and those before it: through their levels goes the line
FEWEST = 3  # with fewer there is no forecast
HORIZON = 10  # years; what lies beyond is not said
_YEAR = 365.25


class Outlook(StrEnum):
    """What can be said of a criterion's future."""

    MET = "met"
    EXPECTED = "expected"  # in `year`, at the present pace
    LATE = "late"  # at the present pace in more than HORIZON years
    NEVER = "never"  # the level does not rise
    UNKNOWN = "unknown"  # the data do not allow it
    NO_THRESHOLD = "no threshold"


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is expected of one criterion; `year` 0 where none is."""

    outlook: Outlook
    year: int = 0


def before(period: Period) -> tuple[Period, ...]:
    """The periods that a forecast needs beside this one, the earliest first."""
    return tuple(period.before(turns) for turns in range(PERIODS - 1, 0, -1))


def forecasts(now: Measured, earlier: Sequence[Measured], facts: OutsideFacts) -> tuple[Forecast, ...]:
    """Of each criterion, in the order of `criteria`. `earlier`: what was measured of `before(now.period)`.

    Earlier periods in which no Party was registered are not counted: the focal point was not in use.
    """
    used = [one for one in earlier if one.totals.registered] + [now]
    days = [float(one.period.last.toordinal()) for one in used]
    judged = [criteria(one, facts) for one in used]
    return tuple(
        _forecast(one, days, [past[place].level for past in judged]) for place, one in enumerate(judged[-1])
    )  # fmt: skip


def _forecast(one: Criterion, days: Sequence[float], levels: Sequence[float | None]) -> Forecast:
    if one.least is None:
        return Forecast(Outlook.NO_THRESHOLD)
    if one.met:
        return Forecast(Outlook.MET)
    known = [level for level in levels if level is not None]
    if one.met is None or len(known) < len(levels) or len(known) < FEWEST:
        return Forecast(Outlook.UNKNOWN)
    rise = statistics.linear_regression(days, known).slope  # of the level, a day
    if rise <= 0:
        return Forecast(Outlook.NEVER)
    wait = (one.least - known[-1]) / rise
    if wait > HORIZON * _YEAR:
        return Forecast(Outlook.LATE)
    return Forecast(Outlook.EXPECTED, date.fromordinal(math.ceil(days[-1] + wait)).year)
