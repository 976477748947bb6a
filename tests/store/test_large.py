"""A list of 100,000 UIMs goes through one commit in little time and memory."""

from __future__ import annotations

import resource
import time

import pytest

from gateway.events import EventKind
from gateway.store import Store
from gateway.treaty import UimAnswer
from tests.store.made import REFERRAL, SE, facts, of, opening, write

MANY = 100_000


@pytest.mark.slow
def test_a_hundred_thousand_uims_are_referred_and_answered(store: Store) -> None:
    asked = opening(uims=range(MANY))
    answered = of(EventKind.ANSWER_RECEIVED, SE, actor=SE, uims=facts(*range(MANY), answer=UimAnswer.VALID))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    spent = []
    for events in (asked, (answered,)):
        start = time.perf_counter()
        write(store, *events)
        spent.append(time.perf_counter() - start)
    more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"referred in {spent[0]:.2f} s, answered in {spent[1]:.2f} s, {more:.0f} MB more")
    assert set(store.view.uims_of(REFERRAL).values()) == {UimAnswer.VALID}
    # The promise is 2.5 s on a quiet machine; the limit here leaves room for a busy one.
    assert max(spent) < 60
    assert more < 200
