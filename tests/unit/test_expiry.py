"""When the owner of a key is warned that it will expire: each warning once, whenever the clock is looked at."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.content import Decision
from gateway.events import EventKind, MailKind
from gateway.facts import NO_PARTY, Fingerprint, PartyCode
from gateway.letters import KeyExpiry
from gateway.rules import expiry
from gateway.rules.expiry import EndingKey
from tests.support.world import KE, NOW, SE, World, readers

KEY = EndingKey("openpgp", Fingerprint("A" * 40), SE, 0, NOW)


def before(**left: float) -> tuple[EndingKey, int | None]:
    """The key, and the warning that is due so long before it expires."""
    key = replace(KEY, until=NOW + timedelta(**left))
    return key, expiry.due(key, NOW)


@pytest.mark.parametrize(
    ("left", "days"),
    [
        ({"days": 61}, None), ({"days": 60, "seconds": 1}, None), ({"days": 60}, 60), ({"days": 31}, 60),
        ({"days": 30}, 30), ({"days": 14}, 14), ({"days": 7}, 7), ({"days": 2}, 7), ({"days": 1}, 1),
        ({"seconds": 1}, 1), ({"seconds": 0}, None), ({"days": -1}, None),
    ],
)  # fmt: skip
def test_a_warning_is_due_from_its_day_on_until_the_key_expires(left: dict[str, float], days: int | None) -> None:
    assert before(**left)[1] == days


@given(st.lists(st.integers(min_value=0, max_value=80 * 24), max_size=60).map(sorted))
def test_however_the_clock_is_looked_at_no_warning_comes_twice_and_the_latest_is_given(hours: list[int]) -> None:
    key = replace(KEY, until=NOW + timedelta(days=80))
    given_days: list[int] = []
    for hour in hours:
        now = NOW + timedelta(hours=hour)
        days = expiry.due(key, now)
        if days is not None:
            given_days.append(days)
            key = replace(key, warned=days)
        left = key.until - now
        reached = [one for one in expiry.DAYS if left <= timedelta(days=one)]
        assert left <= timedelta() or not reached or given_days[-1] == min(reached)
    assert given_days == sorted(set(given_days), reverse=True)
    if {24 * day for day in range(20, 80)} <= set(hours):
        assert given_days == list(expiry.DAYS)


def test_somebody_who_looks_every_day_gives_all_five() -> None:
    key = replace(KEY, until=NOW + timedelta(days=80))
    told = []
    for day in range(81):
        days = expiry.due(key, NOW + timedelta(days=day))
        if days:
            told.append(days)
            key = replace(key, warned=days)
    assert told == [60, 30, 14, 7, 1]


def test_a_key_that_is_extended_is_another_fact_to_the_record() -> None:
    assert KEY.mark == replace(KEY, warned=3).mark
    assert KEY.mark != replace(KEY, until=NOW + timedelta(days=1)).mark
    assert KEY.mark != replace(KEY, fingerprint=Fingerprint("B" * 40)).mark


# --- who is told ------------------------------------------------------------------------------------


def warned(world: World, party: PartyCode, person: int) -> Decision:
    key = EndingKey("openpgp", Fingerprint("A" * 40), party, person, NOW + timedelta(days=6, hours=2))
    return expiry.warn(key, 7, world.view, NOW)


@pytest.mark.parametrize(
    ("who", "told"),
    [
        ("SE", ["admin notice", "desk.se notice"]),
        ("colleague", ["admin notice", "colleague notice"]),
        ("admin", ["admin notice", "secretariat notice"]),
        ("observer", ["observer notice", "secretariat notice"]),
        ("secretariat", ["secretariat notice"]),
        ("FR", ["desk.fr notice"]),
    ],
)
def test_the_owner_is_told_and_whoever_may_vouch_for_a_new_key(who: str, told: list[str]) -> None:
    world = World()
    person = world.people[who]
    decision = warned(world, person.party, person.id)
    assert readers(decision.letters) == told
    for letter in decision.letters:
        assert isinstance(letter.values, KeyExpiry)
        own = letter.to.address == person.address
        assert letter.values.owner == ("" if own else person.address)
        assert not letter.values.ours
        assert letter.kind is MailKind.NOTICE, "encrypted: the notice in clear is for a key that cannot be used"


def test_of_an_administrators_key_the_secretariat_hears_in_the_last_week_only() -> None:
    world = World()
    person = world.people["admin"]
    key = EndingKey("openpgp", Fingerprint("A" * 40), SE, person.id, NOW + timedelta(days=14))
    assert readers(expiry.warn(key, 14, world.view, NOW).letters) == ["admin notice"]


def test_every_warning_brings_the_form_that_renews_the_key() -> None:
    world = World()
    warnings = warned(world, SE, 0).letters
    assert readers(warnings) == ["admin notice", "desk.se notice"]
    for letter in warnings:
        assert letter.form is not None
        assert (letter.form.name, letter.form.get("address")) == ("renew", "desk.se@party.example")
    assert [letter.form for letter in warned(world, NO_PARTY, 0).letters] == [None], "our own is the operator's"


def test_days_that_have_begun_count() -> None:
    world = World()
    letter = warned(world, SE, 0).letters[0]
    assert isinstance(letter.values, KeyExpiry)
    assert (letter.values.days_left, letter.subject.count) == (7, 7)


def test_the_record_says_which_warning_of_which_key() -> None:
    world = World()
    (event,) = warned(world, KE, world.people["officer"].id).events
    assert (event.kind, event.count, event.party) == (EventKind.KEY_WARNED, 7, KE)
    assert event.person == world.people["officer"].id
    assert event.actor == NO_PARTY, "the gateway does it by itself"


def test_our_own_key_is_told_to_the_secretariat() -> None:
    decision = warned(World(), NO_PARTY, 0)
    assert readers(decision.letters) == ["secretariat notice"]
    values = decision.letters[0].values
    assert isinstance(values, KeyExpiry)
    assert values.ours


def test_nobody_is_written_to_who_has_no_usable_key() -> None:
    world = World(expired=("SE", "admin"))
    decision = warned(world, SE, 0)
    assert decision.letters == ()
    assert len(decision.events) == 1, "else it would be tried for ever"
