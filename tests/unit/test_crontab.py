"""Lines of a crontab by real clocks: weekdays as cron counts them, and the days on which clocks are changed."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from gateway import crontab

BERLIN, NAIROBI, AUCKLAND = ZoneInfo("Europe/Berlin"), ZoneInfo("Africa/Nairobi"), ZoneInfo("Pacific/Auckland")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("weekday", "expected"),
    [("1", "2026-11-16"), ("0", "2026-11-15"), ("7", "2026-11-15"), ("mon", "2026-11-16"), ("5", "2026-11-20"),
     ("1-5", "2026-11-20"), ("5-7", "2026-11-21"), ("1-5/2", "2026-11-20"), ("2,4", "2026-11-19"), ("*", "2026-11-21")],
)  # fmt: skip
def test_weekdays_are_those_of_crontab(weekday: str, expected: str) -> None:
    saturday = at("2026-11-21T12:00")
    assert crontab.last(f"0 6 * * {weekday}", UTC, saturday) == at(f"{expected}T06:00")


@pytest.mark.parametrize(
    "line", ["", "0 6 * *", "0 6 * * 8", "0 25 * * 1", "0 6 * * monday", "0 6 * * 5-1", "x 6 * * 1"]
)
def test_a_line_that_is_none_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        crontab.trigger(line, UTC)


def test_the_hour_is_that_of_the_zone_in_summer_and_in_winter() -> None:
    assert crontab.last("0 6 * * 1", BERLIN, at("2026-03-25T00:00")) == at("2026-03-23T05:00")
    assert crontab.last("0 6 * * 1", BERLIN, at("2026-04-01T00:00")) == at("2026-03-30T04:00")
    assert crontab.last("0 6 * * 1", NAIROBI, at("2026-04-01T00:00")) == at("2026-03-30T03:00")
    assert crontab.last("0 6 * * 1", AUCKLAND, at("2026-04-01T00:00")) == at("2026-03-29T17:00")


def test_an_hour_that_the_clocks_leave_out_comes_later_and_one_that_they_repeat_is_found() -> None:
    sunday_night = "30 2 * * 0"
    assert crontab.last(sunday_night, BERLIN, at("2026-03-29T12:00")) == at("2026-03-29T01:30")  # 03:30 by the clock
    assert crontab.last(sunday_night, BERLIN, at("2026-03-29T01:29")) == at("2026-03-22T01:30")
    assert crontab.last(sunday_night, BERLIN, at("2026-10-25T12:00")) == at("2026-10-25T00:30")  # the first 02:30
    fires = crontab.trigger(sunday_night, BERLIN)
    assert fires.get_next_fire_time(at("2026-10-25T00:30"), at("2026-10-25T00:31")) == at("2026-11-01T01:30")
    assert fires.get_next_fire_time(None, at("2026-10-25T01:15")) == at("2026-11-01T01:30"), "02:15 for the second time"


def test_the_very_instant_counts_and_the_one_before_does_not() -> None:
    assert crontab.last("0 6 * * 1", UTC, at("2026-11-16T06:00")) == at("2026-11-16T06:00")
    assert crontab.last("0 6 * * 1", UTC, at("2026-11-16T05:59")) == at("2026-11-09T06:00")


def test_rare_and_frequent_lines_are_found_too() -> None:
    assert crontab.last("* * * * *", UTC, at("2026-11-16T06:00")) == at("2026-11-16T06:00")
    assert crontab.last("0 0 1 1 *", UTC, at("2026-11-16T06:00")) == at("2026-01-01T00:00")
    assert crontab.last("0 0 29 2 *", UTC, at("2026-11-16T06:00")) is None
