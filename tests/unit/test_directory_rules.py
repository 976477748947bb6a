"""When Parties are reminded to nominate, asked to confirm, and the Secretariat told: each step once, in its order."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.directory import Entry, EntryChange, Standing, missing
from gateway.facts import PartyCode
from gateway.rules.directory import ASK, TELL, asked_on, confirmation_step, nomination_step
from gateway.treaty import Function

SINCE = datetime(2026, 1, 10, tzinfo=UTC)
OPEN = Standing(PartyCode("SE"), (Function.CONTACT_POINT,), SINCE)
KEPT = Standing(PartyCode("SE"), (), SINCE, entries=3)
DAYS, MONTHS = (14, 28), (3, 9)


def nominations(hours: list[int], standing: Standing = OPEN) -> list[tuple[int, int]]:
    """The steps taken by a clock that looks at these hours, with the days."""
    steps = []
    for hour in hours:
        now = SINCE + timedelta(hours=hour)
        step = nomination_step(standing, now, DAYS)
        if step == TELL:
            standing = replace(standing, told_at=now)
        elif step:
            standing = replace(standing, steps=step, step_at=now)
        if step:
            steps.append((step, hour // 24))
    return steps


def test_two_reminders_after_two_and_four_weeks_then_the_secretariat_then_nothing() -> None:
    assert nominations(list(range(0, 24 * 365))) == [(1, 14), (2, 28), (TELL, 42)]


def test_after_a_standstill_of_months_the_reminders_keep_their_distance() -> None:
    assert nominations(list(range(24 * 200, 24 * 300))) == [(1, 200), (2, 214), (TELL, 228)]


@given(st.lists(st.integers(min_value=0, max_value=24 * 120), max_size=60).map(sorted))
def test_however_the_clock_is_looked_at_each_step_comes_once_and_in_order(hours: list[int]) -> None:
    steps = nominations(hours)
    assert [step for step, _ in steps] == [1, 2, TELL][: len(steps)]
    assert all(day >= 14 * place for place, (_, day) in enumerate(steps, 1))


def test_who_has_nominated_is_not_reminded_and_without_days_nobody_is() -> None:
    late = SINCE + timedelta(days=100)
    assert nomination_step(replace(OPEN, missing=()), late, DAYS) == 0
    assert nomination_step(OPEN, late, ()) == 0


@pytest.mark.parametrize(
    ("now", "day"),
    [
        (datetime(2026, 2, 28, 23, 59, tzinfo=UTC), datetime(2025, 9, 1, tzinfo=UTC)),
        (datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)),
        (datetime(2026, 8, 31, tzinfo=UTC), datetime(2026, 3, 1, tzinfo=UTC)),
        (datetime(2026, 12, 31, tzinfo=UTC), datetime(2026, 9, 1, tzinfo=UTC)),
    ],
)
def test_the_day_of_the_question_is_the_first_of_the_month(now: datetime, day: datetime) -> None:
    assert asked_on(now, MONTHS) == day


def confirmations(hours: list[int], standing: Standing = KEPT, confirms: int = -1) -> list[tuple[int, str]]:
    """As `nominations`; the Party confirms at that hour."""
    steps = []
    for hour in hours:
        now = SINCE + timedelta(hours=hour)
        if 0 <= confirms <= hour:
            standing, confirms = replace(standing, confirmed_at=now), -1
        step = confirmation_step(standing, now, MONTHS, DAYS)
        if step == ASK:
            standing = replace(standing, asked_at=now, asks=0, ask_at=None, ask_told_at=None)
        elif step == TELL:
            standing = replace(standing, ask_told_at=now)
        elif step:
            standing = replace(standing, asks=step, ask_at=now)
        if step:
            steps.append((step, f"{now:%m-%d}"))
    return steps


YEAR = list(range(24 * 50, 24 * 410))  # from March to the February after


def test_twice_a_year_a_party_is_asked_and_reminded_twice() -> None:
    assert confirmations(YEAR) == [
        (ASK, "03-01"), (1, "03-15"), (2, "03-29"), (TELL, "04-12"),
        (ASK, "09-01"), (1, "09-15"), (2, "09-29"), (TELL, "10-13"),
    ]  # fmt: skip


def test_who_confirms_is_not_reminded_until_the_next_time() -> None:
    assert confirmations(YEAR, confirms=24 * 60) == [
        (ASK, "03-01"), (ASK, "09-01"), (1, "09-15"), (2, "09-29"), (TELL, "10-13"),
    ]  # fmt: skip


def test_a_standstill_of_three_weeks_gives_one_question_and_no_reminder_on_its_heels() -> None:
    assert confirmations(list(range(24 * 71, 24 * 90))) == [(ASK, "03-22"), (1, "04-05")]


def test_who_has_written_the_entries_since_the_day_is_not_asked() -> None:
    fresh = replace(KEPT, changed_at=datetime(2026, 3, 1, 1, tzinfo=UTC))
    assert confirmations(list(range(24 * 60, 24 * 100)), fresh) == []
    assert confirmations(YEAR, replace(KEPT, entries=0)) == []
    assert confirmation_step(KEPT, SINCE + timedelta(days=100), (), DAYS) == 0


def test_a_replacement_is_another_authority_or_person() -> None:
    entry = Entry(PartyCode("SE"), Function.EXPERT, "A", "P", "a@b.example")
    assert EntryChange(entry, replace(entry, person="Q")).replaces
    assert EntryChange(entry, replace(entry, authority="B")).replaces
    assert not EntryChange(entry, replace(entry, telephone="1")).replaces
    assert not EntryChange(None, entry).replaces
    assert not EntryChange(entry, None).replaces


def test_an_entry_is_known_by_what_it_says_and_not_by_its_number() -> None:
    entry = Entry(PartyCode("SE"), Function.EXPERT, "A", "P", "a@b.example")
    assert entry.mark == replace(entry, number=7, since=SINCE).mark
    assert (
        len({entry.mark, replace(entry, authority="AP", person="").mark, replace(entry, party=PartyCode("KE")).mark})
        == 3
    )


def test_three_functions_are_to_be_nominated() -> None:
    se = PartyCode("SE")
    entries = tuple(Entry(se, function) for function in (Function.DESK, Function.EXPERT, Function.CENTRAL_AUTHORITY))
    assert missing(entries, se) == (Function.COMPETENT_AUTHORITY, Function.CONTACT_POINT)
    assert len(missing(entries, PartyCode("KE"))) == 3
