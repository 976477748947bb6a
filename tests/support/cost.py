"""What something costs in processor time, which other work on the machine changes little."""

from __future__ import annotations

import os


def spent() -> float:
    """CPU seconds of this process and of the programs it has waited for, so far."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system
