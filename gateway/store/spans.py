"""Of which stretches of time the figures keep sums: instants, whole months, whole years, in UTC."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import IntEnum

from gateway.figures import Period
from gateway.store.engine import instant


class Span(IntEnum):
    """As it stands in `tables.TallyRow`."""

    INSTANT = 0  # of a pair of Parties
    MONTH = 1  # of a Party that asked, or of one that was asked
    YEAR = 2  # of a pair


def begun(span: Span, at: datetime) -> datetime:
    """The beginning of the month, or the year, of an instant."""
    return datetime(at.year, at.month if span is Span.MONTH else 1, 1, tzinfo=UTC)


def whole(span: Span, period: Period) -> dict[str, int]:
    """Where the whole months (or years) in a period begin and end, as `first` and `last`: one instant, of none.

    What is left of it lies between `since` and `first`, and between `last` and `until`; all in microseconds since 1970.
    """
    first, last = begun(span, period.start), begun(span, period.end)
    if first < period.start:
        first = datetime(first.year + 1, 1, 1, tzinfo=UTC) if span is Span.YEAR else _next(first)
    if first > last:
        first = last = period.end
    edges = {"since": period.start, "first": first, "last": last, "until": period.end}
    return {name: instant(at) for name, at in edges.items()}


def _next(month: datetime) -> datetime:
    years, place = divmod(month.month, 12)
    return month.replace(year=month.year + years, month=place + 1)
