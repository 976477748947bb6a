"""Free ports on loopback, and waiting for a server to answer on one."""

from __future__ import annotations

import socket
import time


def free_port() -> int:
    """A port on 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_port(port: int, seconds: float = 15.0) -> None:
    """Returns when somebody listens on the port; raises TimeoutError."""
    until(lambda: _answers(port), f"nobody listens on port {port}", seconds)


def until(true, otherwise: str, seconds: float = 15.0) -> None:  # type: ignore[no-untyped-def]
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
