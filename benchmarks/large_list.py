"""A request of 100,000 UIMs: time, memory, and how fast the listener answers meanwhile."""

from __future__ import annotations

import random
import smtplib
import threading
import time
from pathlib import Path

from benchmarks.whole_path import swedish
from tests.support.focalpoint import DOMAIN, focal_point, people_with_keys, request
from tests.support.ports import free_port
from tests.support.server import Server
from tests.support.sink import sink

UIMS = 100_000


def run() -> list[tuple[str, str, str]]:
    """Rows of (what, figure, goal)."""
    with people_with_keys() as people, focal_point(people) as point, sink() as received:
        raw = point.mail("officer", request(*swedish(random.Random("large"), UIMS)))
        point.gateway.close()
        temporary = Path(point.home).parent / "t"
        temporary.mkdir()
        server = Server(point.home, free_port(), free_port(), received.port, temporary)
        server.start()
        try:
            resting = _memory(server.pid)
            waits, took = _measure(server, people["officer"].address, raw)
            peak = _memory(server.pid)
        finally:
            server.stop()
            point.start()
    waits.sort()
    return [
        ("100,000 UIMs: DATA to 250", f"{took:.1f} s", "at most 10 s"),
        (
            "100,000 UIMs: peak resident memory of the process that reads it",
            f"{max(peak[1:]):.0f} MB (resting {min(resting[1:]):.0f})",
            "at most 300 MB",
        ),
        ("the same, all processes of the gateway together", f"{sum(peak):.0f} MB", ""),
        ("the listener's answer meanwhile, p99", f"{waits[int(len(waits) * 0.99)] * 1000:.0f} ms", "at most 50 ms"),
        ("the same, median of all", f"{waits[len(waits) // 2] * 1000:.1f} ms of {len(waits)}", ""),
    ]


def _measure(server: Server, sender: str, raw: bytes) -> tuple[list[float], float]:
    waits: list[float] = []
    took = 0.0

    def submit() -> None:
        nonlocal took
        with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=120) as client:
            started = time.perf_counter()
            client.sendmail(sender, [f"gsp@{DOMAIN}"], raw)
            took = time.perf_counter() - started

    work = threading.Thread(target=submit)
    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=60) as probe:
        probe.ehlo()
        work.start()
        while work.is_alive():
            started = time.perf_counter()
            probe.noop()
            waits.append(time.perf_counter() - started)
            time.sleep(0.005)
    work.join()
    assert took, "the large request was not taken"
    return waits, took


def _memory(pid: int) -> list[float]:
    """Peak resident megabytes of the process and of its workers."""
    workers = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()  # made by the main thread
    peaks = []
    for process in (str(pid), *workers):
        lines = Path(f"/proc/{process}/status").read_text().splitlines()
        peaks.append(next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024)
    return peaks
