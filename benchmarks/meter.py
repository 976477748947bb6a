"""CPU seconds of this process, its children, and the gpg-agents that serve them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Spent:
    """CPU seconds: `own` this process, `children` programs it ran, `agents` the gpg-agents."""

    own: float = 0.0
    children: float = 0.0
    agents: float = 0.0

    @property
    def total(self) -> float:
        """All of it."""
        return self.own + self.children + self.agents


def _agents(below: str) -> float:
    ticks = 0
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        try:
            command = (process / "cmdline").read_bytes()
            if b"gpg-agent" in command and below.encode() in command:
                fields = (process / "stat").read_text().rpartition(")")[2].split()
                ticks += int(fields[11]) + int(fields[12])
        except OSError:
            continue
    return ticks / _TICKS


@contextmanager
def metered(below: str) -> Iterator[Spent]:
    """Measures what happens inside; `below` is in the home of every agent that counts."""
    spent = Spent()
    times, agents = os.times(), _agents(below)
    yield spent
    after = os.times()
    spent.own = after.user + after.system - times.user - times.system
    spent.children = after.children_user + after.children_system - times.children_user - times.children_system
    spent.agents = _agents(below) - agents
