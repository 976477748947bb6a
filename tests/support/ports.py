"""Free ports on loopback, and waiting for a server to answer on one."""

from __future__ import annotations

import os
import socket
import time
from contextlib import suppress
from itertools import count

# Seconds to wait for what takes one: tests run beside one another on slow machines, and pytest ends each after 600.
PATIENCE = 240.0
# Below the ports that the system gives to outgoing connections; each process of pytest-xdist has its own thousands.
_FIRST, _EACH = 20_000, 3_000
_WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 4
_turn = count(os.getpid() * 97)  # another run on the same machine begins elsewhere


def free_port() -> int:
    """A port on 127.0.0.1 that nobody listens on now, and that nobody else of the test run will choose or be given.

    No port is given twice: a test may ask for several, and a server that has just ended may still be known by its own.
    """
    while True:
        port = _FIRST + _WORKER * _EACH + next(_turn) % _EACH
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def wait_for_port(port: int, seconds: float = PATIENCE) -> None:
    """Returns when somebody listens on the port; raises TimeoutError."""
    until(lambda: _answers(port), f"nobody listens on port {port}", seconds)


def wait_for_no_port(port: int) -> None:
    """Returns when nobody listens on the port; raises TimeoutError."""
    until(lambda: not _answers(port), f"somebody listens on port {port}")


def until(true, otherwise: str, seconds: float = PATIENCE) -> None:  # type: ignore[no-untyped-def]
    """Returns when the condition holds, looking every 20 ms; raises TimeoutError with the sentence given."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError(otherwise)
        time.sleep(0.02)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0
