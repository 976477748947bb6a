"""How much may be sent: the next mail comes when the oldest of the hour falls out of it, not earlier, not later."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gateway.rules.limits import DAY, HOUR, next_mail, next_uims

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def ago(*minutes: float) -> list[datetime]:
    """Times before now, newest first."""
    return [NOW - timedelta(minutes=many) for many in sorted(minutes)]


def nth(times: list[datetime], most: int, now: datetime) -> datetime | None:
    """When the next mail may come after these, where so many an hour are allowed."""
    return next_mail(times[most - 1] if len(times) >= most else None, now)


def test_below_the_limit_a_mail_may_come_now() -> None:
    assert nth(ago(1, 2), 3, NOW) is None
    assert nth([], 1, NOW) is None


def test_at_the_limit_the_oldest_that_counts_must_be_an_hour_old() -> None:
    assert nth(ago(1, 2, 50), 3, NOW) == NOW + timedelta(minutes=10)
    assert nth(ago(1, 2, 50), 2, NOW) == NOW + timedelta(minutes=58)
    assert nth(ago(1, 2, 60), 3, NOW) is None


def test_no_limit_is_no_limit() -> None:
    assert next_uims([(NOW, 10**9)], 10**9, 0, NOW) is None


@given(st.lists(st.floats(0, 59), max_size=30), st.integers(1, 20))
def test_who_comes_at_the_time_that_was_told_is_let_in_and_not_before(minutes: list[float], most: int) -> None:
    times = ago(*minutes)
    free = nth(times, most, NOW)
    if free is None:
        assert len(times) < most
        return
    for when, let_in in ((free, True), (free - timedelta(microseconds=1), False)):
        within = [at for at in times if at > when - HOUR]
        assert (nth(within, most, when) is None) == let_in


def used(*lists: tuple[int, int]) -> list[tuple[datetime, int]]:
    """Lists of (hours ago, UIMs), newest first."""
    return [(NOW - timedelta(hours=hours), count) for hours, count in lists]


def test_uims_come_when_enough_of_the_day_has_gone_by() -> None:
    assert next_uims(used((1, 40), (5, 40)), 20, 100, NOW) is None
    assert next_uims(used((1, 40), (5, 40)), 21, 100, NOW) == NOW - timedelta(hours=5) + DAY
    assert next_uims(used((1, 40), (5, 40)), 61, 100, NOW) == NOW - timedelta(hours=1) + DAY
    assert next_uims([], 101, 100, NOW) is None  # how long one list may be is another limit
    assert next_uims(used((1, 100)), 0, 100, NOW) is None
