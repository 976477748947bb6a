"""CPU seconds of this process, its children, its worker processes, and the gpg-agents that serve them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass
class Spent:
    """CPU seconds: `own` this process, `children` programs it ran, `workers` with what they ran, gpg-agents."""

    own: float = 0.0
    children: float = 0.0
    workers: float = 0.0
    agents: float = 0.0

    @property
    def total(self) -> float:
        """All of it."""
        return self.own + self.children + self.workers + self.agents


def _of(program: bytes, below: str) -> float:
    ticks = 0
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        try:
            command = (process / "cmdline").read_bytes()
            if program in command and below.encode() in command:
                fields = (process / "stat").read_text().rpartition(")")[2].split()
                ticks += sum(int(field) for field in fields[11:15])  # its own, and of what it ran
        except OSError:
            continue
    return ticks / _TICKS


@contextmanager
def metered(below: str) -> Iterator[Spent]:
    """Measures what happens inside; `below` is in the home of every agent and worker that counts."""
    spent = Spent()
    times, agents, workers = os.times(), _of(b"gpg-agent", below), _of(b"gateway.worker", below)
    yield spent
    after = os.times()
    spent.own = after.user + after.system - times.user - times.system
    spent.children = after.children_user + after.children_system - times.children_user - times.children_system
    spent.agents = _of(b"gpg-agent", below) - agents
    spent.workers = _of(b"gateway.worker", below) - workers
