"""What something costs in processor time, which other work on the machine changes little."""

from __future__ import annotations

import os
import time

_LOOPS = 200_000
_USUAL_SECONDS = 0.02  # what the loops take on the machine of docs/benchmarks.md
_ROOM = 4


def spent() -> float:
    """CPU seconds of this process and of the programs it has waited for, so far."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


def allowed(seconds: float) -> float:
    """
    CPU seconds to allow here for what takes less than `seconds` on the machine of docs/benchmarks.md.

    There is room for a bad moment, and a slower machine gets more: such a test is to find what costs minutes, and a
    figure that has to be kept is measured by `make bench`.
    """
    began, total = time.process_time(), 0
    for number in range(_LOOPS):
        total += number & 7
    return _ROOM * seconds * max(1.0, (time.process_time() - began) / _USUAL_SECONDS)
