"""The table of a referral's states, where it is easy to get wrong: further UIMs, and mail that does not arrive."""

from __future__ import annotations

import pytest

from gateway.events import EventKind
from gateway.rules.exchange import REACHABLE
from gateway.store.fold import next_state
from gateway.treaty import ReferralState, UimAnswer

S, A = ReferralState, UimAnswer
NEW = {A.PENDING: 1}


@pytest.mark.parametrize(
    ("state", "answers", "follows"),
    [
        # What the desk has done is not taken back by further UIMs.
        (S.WAITING, {A.PENDING: 2}, S.WAITING),
        (S.SENT, {A.PENDING: 2}, S.SENT),
        (S.DELIVERED, {A.PENDING: 2}, S.DELIVERED),
        (S.READ, {A.PENDING: 2}, S.READ),
        (S.PARTLY_ANSWERED, {A.VALID: 1, A.PENDING: 2}, S.PARTLY_ANSWERED),
        (S.PARTLY_ANSWERED, {A.UNDER_INQUIRY: 1, A.PENDING: 1}, S.PARTLY_ANSWERED),
        # They are a new question to a desk that was through with the old ones.
        (S.ANSWERED, {A.VALID: 2, A.PENDING: 1}, S.PARTLY_ANSWERED),
        (S.RETURNED, {A.NOT_OURS: 2, A.PENDING: 1}, S.PARTLY_ANSWERED),
        (S.DECLINED, {A.WITHHELD: 2, A.PENDING: 1}, S.PARTLY_ANSWERED),
        # And a new mail to one that had been given up.
        (S.EXPIRED, {A.PENDING: 2}, S.SENT),
        (S.EXPIRED, {A.VALID: 1, A.PENDING: 2}, S.PARTLY_ANSWERED),
        (S.UNDELIVERABLE, {A.PENDING: 2}, S.SENT),
        (S.UNDELIVERABLE, {A.VALID: 1, A.PENDING: 1}, S.PARTLY_ANSWERED),
    ],
)
def test_further_uims_take_nothing_back_and_open_what_had_ended(
    state: ReferralState, answers: dict[UimAnswer, int], follows: ReferralState
) -> None:
    assert next_state(state, EventKind.REFERRAL_EXTENDED, answers) is follows


@pytest.mark.parametrize("state", list(ReferralState))
def test_after_further_uims_the_clock_always_looks_after_a_referral(state: ReferralState) -> None:
    for kind in (EventKind.REFERRAL_EXTENDED, EventKind.EXTENSION_WAITING):
        assert next_state(state, kind, NEW) in REACHABLE


@pytest.mark.parametrize("state", list(ReferralState))
def test_a_desk_is_undeliverable_wherever_something_is_expected_of_it(state: ReferralState) -> None:
    expected = S.UNDELIVERABLE if state in REACHABLE else state
    assert next_state(state, EventKind.UNDELIVERABLE, {}) is expected


@pytest.mark.parametrize("kind", [EventKind.DELIVERED, EventKind.READ])
@pytest.mark.parametrize("state", list(ReferralState))
def test_a_late_report_never_takes_a_state_backwards(state: ReferralState, kind: EventKind) -> None:
    order = [S.SENT, S.DELIVERED, S.READ]
    after = next_state(state, kind, {})
    assert after is state or order.index(after) > order.index(state)


def test_what_waited_is_sent_when_it_goes_out_even_after_its_notice_came_back() -> None:
    assert next_state(S.WAITING, EventKind.REFERRAL_RELEASED, {}) is S.SENT
    assert next_state(S.UNDELIVERABLE, EventKind.REFERRAL_RELEASED, {}) is S.SENT
    assert next_state(S.ANSWERED, EventKind.REFERRAL_RELEASED, {}) is S.ANSWERED


@pytest.mark.parametrize(
    ("state", "answers", "follows"),
    [
        (S.EXPIRED, NEW, S.WAITING),
        (S.UNDELIVERABLE, NEW, S.WAITING),
        (S.EXPIRED, {A.VALID: 1, A.PENDING: 1}, S.PARTLY_ANSWERED),
        (S.SENT, NEW, S.SENT),
        (S.READ, NEW, S.READ),
        (S.WAITING, NEW, S.WAITING),
    ],
)
def test_what_waits_for_a_key_is_not_called_sent(
    state: ReferralState, answers: dict[UimAnswer, int], follows: ReferralState
) -> None:
    assert next_state(state, EventKind.EXTENSION_WAITING, answers) is follows
