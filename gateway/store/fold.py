"""What an event makes of a referral's state: one table, pure (exchange.md, 3)."""

from __future__ import annotations

from gateway.events import EXTENSIONS, EventKind
from gateway.treaty import ASKED, OPEN_ANSWERS, ReferralState, UimAnswer

_S = ReferralState

# A late delivery or disposition report never takes a state backwards.
_MOVES: dict[EventKind, tuple[frozenset[ReferralState], ReferralState]] = {
    # What waited goes out as a new mail, also where the notice that it waits had come back, or its time had run out.
    EventKind.REFERRAL_RELEASED: (frozenset({_S.WAITING, _S.UNDELIVERABLE, _S.EXPIRED}), _S.SENT),
    EventKind.DELIVERED: (frozenset({_S.SENT}), _S.DELIVERED),
    EventKind.READ: (frozenset({_S.SENT, _S.DELIVERED}), _S.READ),
    # Also after a first mail was read: the next one (further UIMs, a message, a reminder) has not reached the desk.
    EventKind.UNDELIVERABLE: (ASKED | {_S.WAITING}, _S.UNDELIVERABLE),
    EventKind.DECLINED: (frozenset(_S) - {_S.EXPIRED}, _S.DECLINED),
    EventKind.EXPIRED: (ASKED | {_S.WAITING, _S.UNDELIVERABLE}, _S.EXPIRED),
}


def next_state(state: ReferralState, kind: EventKind, answers: dict[UimAnswer, int]) -> ReferralState:
    """The state after an event; `answers` counts the referral's UIMs by what was answered so far."""
    if kind is EventKind.ANSWER_RECEIVED:
        return _answered(answers)
    if kind in EXTENSIONS:
        # Further UIMs take nothing back of what the desk has done. Where nothing was expected of it any more, or
        # nothing reached it, a new question has gone out, or waits: the state is that of all its UIMs together, and
        # the clock looks after it again.
        after = state if state in ASKED | {_S.WAITING} else _answered(answers)
        unsent = kind is EventKind.EXTENSION_WAITING and after is not state
        return _S.WAITING if unsent and after is _S.SENT else after
    if kind in _MOVES:
        from_states, to = _MOVES[kind]
        return to if state in from_states else state
    return state


def _answered(answers: dict[UimAnswer, int]) -> ReferralState:
    total = sum(answers.values())
    pending = sum(answers.get(answer, 0) for answer in OPEN_ANSWERS)
    if total and answers.get(UimAnswer.NOT_OURS, 0) == total:
        return _S.RETURNED
    if total and answers.get(UimAnswer.WITHHELD, 0) == total:
        return _S.DECLINED
    if pending == 0:
        return _S.ANSWERED
    return _S.SENT if answers.get(UimAnswer.PENDING, 0) == total else _S.PARTLY_ANSWERED
