"""What the clock asks for: reminders, escalation, expiry, closing, undeliverable desks."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.events import ReferralView
from gateway.facts import ExchangeNumber, ReferralNumber
from gateway.letters import Closed, Reminder, Turn
from gateway.ports import Policy
from gateway.rules.exchange import Due, closes, due, thread, undeliverable
from gateway.treaty import ReferralState, Role, Side
from tests.support.world import KEYED, NOW, SE, World, readers, to

NUMBER = ExchangeNumber(2026, 1)
POLICY = Policy("gsp.example", "gsp", True)


def referral(state: ReferralState = ReferralState.SENT, reminders: int = 0) -> ReferralView:
    return ReferralView(ReferralNumber(NUMBER, SE), state, NOW, NOW, reminders, 2, 0)


@pytest.mark.parametrize(
    ("days", "reminders", "expected"),
    [
        (6.9, 0, None),
        (7, 0, Due.REMINDER),
        (13, 1, None),
        (14, 1, Due.REMINDER),
        (20, 2, None),
        (21, 2, Due.ESCALATION),
        (59, 3, None),
        (60, 3, Due.EXPIRY),
        (60, 0, Due.EXPIRY),
    ],
)
def test_a_silent_desk_is_reminded_twice_then_its_administrator_then_it_expires(
    days: float, reminders: int, expected: Due | None
) -> None:
    assert due(referral(reminders=reminders), NOW + timedelta(days=days), POLICY) is expected


OPEN = {ReferralState.SENT, ReferralState.DELIVERED, ReferralState.READ, ReferralState.PARTLY_ANSWERED}


@pytest.mark.parametrize("state", list(ReferralState))
def test_only_a_desk_that_has_the_mail_and_owes_an_answer_is_reminded(state: ReferralState) -> None:
    week = due(referral(state), NOW + timedelta(days=8), POLICY)
    assert week is (Due.REMINDER if state in OPEN else None)
    late = due(referral(state), NOW + timedelta(days=99), POLICY)
    ends = OPEN | {ReferralState.WAITING, ReferralState.UNDELIVERABLE}
    assert late is (Due.EXPIRY if state in ends else None)


def test_without_reminder_days_the_administrator_is_told_after_a_week() -> None:
    policy = Policy("gsp.example", "gsp", True, reminder_days=())
    assert due(referral(), NOW + timedelta(days=7), policy) is Due.ESCALATION


def test_the_days_of_a_silent_referral() -> None:
    world = World()
    number = world.opened("SE1")
    calendar: dict[int, list[str]] = {}
    for day in range(1, 125):
        world.now = NOW + timedelta(days=day)
        letters = world.tick()
        if letters:
            calendar[day] = readers(letters)
    assert calendar == {
        7: ["desk.se reminder"],
        14: ["desk.se reminder"],
        21: ["admin reminder", "officer reminder"],
        60: ["officer notice"],
        120: ["officer notice"],
    }
    assert world.state(number, SE) == "expired"
    assert world.exchange(number).closed


def test_a_reminder_brings_the_reply_form_and_the_escalation_no_token_to_the_administrator() -> None:
    world = World()
    number = world.opened("SE1", "SE2")
    world.now = NOW + timedelta(days=7)
    (letter,) = world.tick()
    assert isinstance(letter.values, Reminder)
    assert (letter.values.to_role, letter.values.other, letter.values.open) == (Role.DESK, "KE", 2)
    assert letter.form is not None
    assert (letter.form.name, letter.form.get("exchange")) == ("reply", f"{number}/SE")
    world.now = NOW + timedelta(days=21)
    world.tick()
    world.now = NOW + timedelta(days=28)
    told = world.tick()  # a tick does one thing for a referral: the second reminder was late, the escalation follows
    officer, admin = to(told, "officer")[0], to(told, "admin")[0]
    assert (officer.values.to_role, officer.values.other) == (Role.OFFICER, "SE")  # type: ignore[attr-defined]
    assert "/" not in admin.thread.tag
    assert admin.exchange is None


def test_an_answered_exchange_closes_by_itself_and_frees_what_was_kept() -> None:
    world = World()
    number = world.opened("SE1")
    world.send("SE", "reply", {"exchange": str(number)}, blocks=[{"uim": "SE1", "status": "valid"}])
    assert world.view.kept(number, "", Side.ASKING)  # type: ignore[arg-type]
    world.now = NOW + timedelta(days=59)
    assert world.tick() == []
    world.now = NOW + timedelta(days=60)
    (letter,) = world.tick()
    assert isinstance(letter.values, Closed)
    assert letter.blanks == ("request",)
    assert world.view.kept(number, "", Side.ASKING) == ()  # type: ignore[arg-type]


def test_an_exchange_with_an_open_referral_does_not_close() -> None:
    world = World()
    number = world.opened("SE1", "FR1")
    world.send("SE", "reply", {"exchange": str(number)}, blocks=[{"uim": "SE1", "status": "valid"}])
    assert not closes(world.exchange(number), NOW + timedelta(days=365), world.policy)


def test_an_undeliverable_desk_is_told_to_requester_and_secretariat_at_once() -> None:
    world = World()
    number = world.opened("SE1")
    decision = undeliverable(world.view, KEYED, world.policy, world.exchange(number), SE, NOW)
    world.commit(decision)
    assert readers(decision.letters) == ["officer notice", "secretariat notice"]
    assert {letter.values.state for letter in decision.letters} == {ReferralState.UNDELIVERABLE}  # type: ignore[attr-defined]
    assert all(isinstance(letter.values, Turn) for letter in decision.letters)
    assert world.state(number, SE) == "undeliverable"
    assert to(decision.letters, "secretariat")[0].exchange is None
    assert [item.reason for item in decision.for_a_person] == [403]


def test_a_long_thread_keeps_its_first_mail_and_the_last_ten() -> None:
    class Long:
        def thread(self, referral: ReferralNumber, side: Side) -> tuple[str, ...]:
            return tuple(f"<{n}@x>" for n in range(40))

    made = thread(Long(), KEYED, POLICY, ReferralNumber(NUMBER, SE), Side.ASKING, "<new@x>")  # type: ignore[arg-type]
    assert (made.in_reply_to, len(made.references)) == ("<new@x>", 11)
    assert (made.references[0], made.references[-1]) == ("<0@x>", "<new@x>")
