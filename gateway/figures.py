"""Figures of a period: for which days, and what is counted of the exchange by Party and by pair (R10)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import reduce
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gateway.facts import PartyCode
from gateway.treaty import NoDataReason, Role, Side

MIN_GROUP = 5  # other Parties that must have taken part before a Party is told the totals
_YEARS = range(2000, 2200)
_NAMED = re.compile(r"(\d{4})(?:-(?:Q([1-4])|W(\d{2})|(\d{2})))?")
_WEEK, _DAY = timedelta(days=7), timedelta(days=1)
SPREAD = tuple(timedelta(days=days) for days in (1, 3, 7, 14, 30, 60))  # limits of the times to answer, included
_PERIOD = (
    "this is no period: write a year (2026), a quarter (2026-Q1), a month (2026-03) or a week (2026-W12), "
    "or the first and the last day"
)


def time_zone(name: str) -> ZoneInfo:
    """The time zone of this name (IANA, such as Europe/Paris); raises ValueError."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("this time zone is not known: write it as in UTC, Europe/Paris or Africa/Nairobi") from None


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days of a calendar, `first` and `last` included, in a named time zone.

    As instants it is half-open: from the beginning of the first day (`start`) until before the beginning of the day
    after the last (`end`), so that periods that follow one another share no instant and leave none out. A day begins
    at the first instant that the zone's clocks show that date. Raises ValueError.
    """

    first: date
    last: date
    zone: str = "UTC"

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ValueError("the last day of the period lies before the first")
        if self.first.year not in _YEARS or self.last.year not in _YEARS:
            raise ValueError(f"a period lies in the years {_YEARS[0]} to {_YEARS[-1]}")
        time_zone(self.zone)

    @property
    def start(self) -> datetime:
        """The first instant, in UTC."""
        return _begins(self.first, self.zone)

    @property
    def end(self) -> datetime:
        """The first instant after it, in UTC."""
        return _begins(self.last + _DAY, self.zone)

    @property
    def is_whole_months(self) -> bool:
        """Whether it begins with a calendar month and ends with one."""
        return self.first.day == 1 and (self.last + _DAY).day == 1

    def before(self, turns: int = 1) -> Period:
        """The period of the same length that many turns earlier: whole months by the calendar, all others by days."""
        if self.is_whole_months:
            months = (self.last.year - self.first.year) * 12 + self.last.month - self.first.month + 1
            first = _month(self.first, -months * turns)
            return Period(first, _month(first, months) - _DAY, self.zone)
        length = (self.last - self.first + _DAY) * turns
        return Period(self.first - length, self.last - length, self.zone)

    def so_far(self, now: datetime) -> Period:
        """Without the days that are yet to come; its first day where none has come."""
        today = now.astimezone(ZoneInfo(self.zone)).date()
        return Period(self.first, min(max(today, self.first), self.last), self.zone)

    def split(self, months: int) -> tuple[Period, ...]:
        """Its parts of so many calendar months, in order; the first and the last end where it does."""
        parts, first = [], self.first
        while first <= self.last:
            following = _month(first.replace(day=1), months)
            parts.append(Period(first, min(following - _DAY, self.last), self.zone))
            first = following
        return tuple(parts)

    @classmethod
    def week(cls, day: date, zone: str = "UTC") -> Period:
        """The week, Monday to Sunday (ISO 8601), in which a day lies."""
        monday = day - timedelta(days=day.weekday())
        return cls(monday, monday + _WEEK - _DAY, zone)

    @classmethod
    def months(cls, first: date, count: int = 1, zone: str = "UTC") -> Period:
        """So many calendar months from the one in which a day lies."""
        begin = first.replace(day=1)
        return cls(begin, _month(begin, count) - _DAY, zone)

    @classmethod
    def last_month(cls, now: datetime, zone: str = "UTC") -> Period:
        """The last calendar month that is over in the zone."""
        return cls.months(now.astimezone(time_zone(zone)).date(), 1, zone).before()

    @classmethod
    def named(cls, text: str, zone: str = "UTC") -> Period:
        """The period that a text such as 2026, 2026-Q1, 2026-03 or 2026-W12 means; raises ValueError."""
        found = _NAMED.fullmatch(text.strip().upper())
        if found is None or int(found[1]) not in _YEARS:
            raise ValueError(_PERIOD)
        year, quarter, week, month = int(found[1]), *(int(part) if part else None for part in found.groups()[1:])
        try:
            if week is not None:
                return cls.week(date.fromisocalendar(year, week, 1), zone)
            first = date(year, (quarter - 1) * 3 + 1 if quarter else 1 if month is None else month, 1)
        except ValueError:
            raise ValueError(_PERIOD) from None
        return cls.months(first, 3 if quarter else 1 if month else 12, zone)


def _begins(day: date, name: str) -> datetime:
    # Where the clocks skip midnight, fold 0 gives the instant of the change; where midnight comes twice, the first.
    return datetime.combine(day, time(), ZoneInfo(name)).astimezone(UTC)


def _month(first: date, later: int) -> date:
    """The first day of the month so many months later."""
    years, month = divmod(first.year * 12 + first.month - 1 + later, 12)
    return date(years, month + 1, 1)


@dataclass(frozen=True, slots=True)
class Counts:
    """What passed, in a period, between Parties that ask (one, several, all) and Parties that are asked."""

    forth: int = 0  # messages from the asking side to the asked side: requests, further UIMs, messages
    back: int = 0  # messages from the asked side: answers, messages
    requests: int = 0
    uims: int = 0  # asked about
    undeclared: int = 0  # requests, or further mails, of which the number of UIMs is not known (sealed mail)
    answers: int = 0
    uims_answered: int = 0
    answered: int = 0  # requests that were answered in full in the period
    seconds: int = 0  # of these requests together, from the question to the full answer
    unread: int = 0  # requests of the period left without any action until its end

    def __add__(self, other: Counts) -> Counts:
        return Counts(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(Counts)))

    @property
    def messages(self) -> int:
        """All of them."""
        return self.forth + self.back

    @property
    def mean(self) -> timedelta | None:
        """Mean time to answer, in whole seconds; None where nothing was answered."""
        return timedelta(seconds=self.seconds // self.answered) if self.answered else None


def together(counts: Iterable[Counts]) -> Counts:
    """The sum."""
    return reduce(Counts.__add__, counts, Counts())


@dataclass(frozen=True, slots=True)
class PairFigures:
    """What one Party asked another in a period, and what came of it. `median`: of the time to answer."""

    asking: PartyCode
    asked: PartyCode
    counts: Counts
    median: timedelta | None = None  # None also where nobody asked for it: it is the costly one


@dataclass(frozen=True, slots=True)
class PartyFigures:
    """One Party's part (or that of a group of Parties together, `party` then names none).

    `asking`: of what it asked; `answering`: of what it was asked. The medians likewise: how long it waited for
    answers, and how long its own answers took.
    """

    party: PartyCode
    users: tuple[tuple[Role, int], ...] = ()  # at the end of the period
    asking: Counts = field(default_factory=Counts)
    answering: Counts = field(default_factory=Counts)
    median_waited: timedelta | None = None
    median_answered: timedelta | None = None

    @property
    def sent(self) -> int:
        """Messages that it sent."""
        return self.asking.forth + self.answering.back

    @property
    def received(self) -> int:
        """Messages that it received."""
        return self.asking.back + self.answering.forth

    @property
    def people(self) -> int:
        """Users of every role."""
        return sum(count for _, count in self.users)

    @property
    def active(self) -> bool:
        """Whether it sent a request or answered one."""
        return self.asking.requests > 0 or self.answering.answers > 0


@dataclass(frozen=True, slots=True)
class Totals:
    """All Parties together."""

    registered: int  # Parties, at the end of the period
    users: int  # likewise
    active: int
    counts: Counts
    median: timedelta | None


@dataclass(frozen=True, slots=True)
class Measured:
    """Everything that is counted of a period. Who may see what of it: `rules.statistics.seen_by`."""

    period: Period
    totals: Totals
    parties: tuple[PartyFigures, ...]  # the registered ones, by code
    pairs: tuple[PairFigures, ...]  # between which something passed in the period
    group: PartyFigures | None = None  # the Parties named together, where some were

    def of(self, party: PartyCode) -> PartyFigures:
        """The figures of one Party; nothing but zeros where it is not registered."""
        return next((one for one in self.parties if one.party == party), PartyFigures(party))


class Share(float):
    """A part of a whole, from 0 to 1; people read it in percent."""

    __slots__ = ()


class Withheld(StrEnum):
    """Why a viewer is not told the totals."""

    FEW = "few"  # too few other Parties took part in one of its months: a total would tell who they are
    UNEVEN = "uneven"  # no whole months: two such periods, subtracted, would tell of a single day
    OPEN = "open"  # not over yet: what it tells now and what it tells later, subtracted, would tell of the time between


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of a period as one viewer may see them."""

    period: Period
    registered: int  # the Parties are no secret
    own: PartyFigures | None  # None: the viewer is the Secretariat
    pairs: tuple[PairFigures, ...]  # all for the Secretariat; of a Party those that it belongs to
    totals: Totals | None  # None: `withheld` says why
    parties: tuple[PartyFigures, ...] = ()  # for the Secretariat only
    withheld: Withheld | None = None


# --- quality (R11) ----------------------------------------------------------------------------------

YES = 1  # an answer in the survey


class Question(StrEnum):
    """What one side is asked about what the other side wrote (R11; the Secretariat's report, paragraph 39)."""

    USEFUL = "useful"
    COMPLETE = "complete"
    IN_TIME = "in_time"
    REASON_CLEAR = "reason_clear"
    RIGHT_PARTY = "right_party"
    DUPLICATE = "duplicate"
    CLEAR = "clear"
    IDENTIFIED = "identified"
    JUSTIFIED = "justified"


@dataclass(frozen=True, slots=True)
class Quality:
    """What the record says of a period beside the figures of R10, as counts.

    A referral belongs to the period in which it was asked; what became of it counts up to the period's end. Of the
    evaluations of one side of a referral the last one until the period's end counts, where it came in the period.
    """

    referrals: int = 0  # asked in the period
    judged: int = 0  # of these: answered in full, or at least one UIM is "not ours"
    not_ours: int = 0  # of these: at least one UIM is "not ours"
    malformed: int | None = 0  # lines of requests that hold no UIM, or a damaged one; None: of an asked Party
    repeated: int | None = 0  # UIMs that their Party had asked before, in another exchange; None likewise
    reasons: Mapping[NoDataReason | None, int] = field(default_factory=dict)  # answers without data; None: none given
    survey: Mapping[Question, Mapping[int, int]] = field(default_factory=dict)  # how often each answer was given
    evaluations: Mapping[Side, int] = field(default_factory=dict)

    def asked(self, question: Question) -> int:
        """How many did not skip the question."""
        return sum(self.survey.get(question, {}).values())

    def share(self, question: Question, answer: int = YES) -> float | None:
        """The share of an answer among those who did not skip the question; None where nobody answered it."""
        return ratio(self.survey.get(question, {}).get(answer, 0), self.asked(question))

    def mark(self, question: Question) -> float | None:
        """The mean of the marks given, from 1 to 5; None where there is none."""
        marks = self.survey.get(question, {})
        return ratio(sum(mark * count for mark, count in marks.items()), self.asked(question))


def ratio(part: float | None, whole: float) -> float | None:
    """A quotient; None where there is nothing to divide, or to divide by."""
    return part / whole if whole and part is not None else None


@dataclass(frozen=True, slots=True)
class Merits:
    """The few figures of quality that a weekly digest tells of one Party, or of all."""

    judged: int = 0  # its requests of the period that were answered in full, or of which at least one UIM is "not ours"
    not_ours: int = 0  # of these: at least one UIM is "not ours"
    malformed: int = 0  # lines of its requests that hold no UIM, or a damaged one
    without_data: int = 0  # its answers that withhold data
    mark: float | None = None  # of all Parties only: the mean usefulness of answers, from 1 to 5
    marks: int = 0  # on how many it rests

    def __add__(self, other: Merits) -> Merits:
        return Merits(
            self.judged + other.judged,
            self.not_ours + other.not_ours,
            self.malformed + other.malformed,
            self.without_data + other.without_data,
        )
