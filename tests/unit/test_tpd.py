"""Time stamps, alphabets and repeated prefixes of EU and British markings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.identifiers import tpd

NOW = datetime(2026, 11, 21, 12, 30, tzinfo=UTC)


def test_a_time_stamp_is_an_hour_in_utc() -> None:
    assert tpd.stamp("25051914") == datetime(2025, 5, 19, 14, tzinfo=UTC)


@pytest.mark.parametrize("value", ["25131914", "25023014", "25051924", "25050014", "2505191", "2505191a", "٢٥٠٥١٩١٤"])
def test_a_day_or_hour_that_does_not_exist_is_a_fault(value: str) -> None:
    assert tpd.stamp(value) is None
    assert tpd.stamp_fault(value, NOW) is not None


def test_a_leap_day_exists_in_leap_years_only() -> None:
    assert tpd.stamp("24022900") is not None
    assert tpd.stamp("25022900") is None


def test_the_future_begins_after_an_hour_of_tolerance() -> None:
    assert tpd.stamp_fault("26112113", NOW) is None
    fault = tpd.stamp_fault("26112114", NOW)
    assert fault is not None
    assert "future" in fault.message


@pytest.mark.parametrize(
    ("code", "alphabet", "found"),
    [
        ("QCALL7h", "alphanumeric", None),
        ("QCALL-h", "alphanumeric", (6, "-")),
        ("QCTEST-#", "iso646", (8, "#")),
        ("QCTÉST", "iso646", (4, "É")),
        ("12a", "digits", (3, "a")),
        ("12\u0663", "digits", (3, "\u0663")),
    ],
)
def test_the_first_foreign_character_is_found(code: str, alphabet: str, found: tuple[int, str] | None) -> None:
    assert tpd.foreign(code, alphabet) == found


def test_an_aggregated_code_holds_the_prefix_a_second_time() -> None:
    check = tpd.CHECKS["prefix again"]
    assert check("QCTESTaB3dE6gH9QCTEST00A125051914", NOW) is None
    assert check("QCTESTaB3dE6gH9XCTEST00A125051914", NOW) is not None


def test_eight_digits_that_are_no_time_stamp_are_remarked_and_other_endings_are_not() -> None:
    check = tpd.CHECKS["time stamp if any"]
    assert check("25131914", NOW) is not None
    assert check("25051914", NOW) is None
    assert check("aB3dE6gH", NOW) is None


@given(st.integers(0, 999_999), st.integers(0, 99), st.integers(0, 72))
def test_a_stamp_of_which_neither_half_fails_is_right(day: int, hour: int, ago: int) -> None:
    moments = (NOW + timedelta(hours=30 - ago)).strftime("%y%m%d%H"), f"{day:06}{hour:02}"
    for value in moments:
        fails = [failed(value[part], NOW) for part, failed in tpd.HALVES["time stamp"]]
        assert any(fails) or tpd.stamp_fault(value, NOW) is None


def test_neither_half_of_a_stamp_of_yesterday_fails() -> None:
    assert not any(failed("26112023"[part], NOW) for part, failed in tpd.HALVES["time stamp"])
