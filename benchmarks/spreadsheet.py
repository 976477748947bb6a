"""An XLSX of 100,000 answers: parsed in its own process, and read as UIMs."""

from __future__ import annotations

import resource
import time

from gateway import attachments, discovery, parsing
from gateway.content import MimePart
from gateway.stages._sheets import to_xlsx

ROWS = 100_000


def run() -> list[tuple[str, str, str]]:
    """Rows of (what, figure, goal)."""
    rows = [(f"QCALL{n:09d}ABCD25051914", "valid", "2025-05-19, Malmö", "Plant 7", "") for n in range(ROWS)]
    octets = to_xlsx(["UIM", "Status", "(a)", "(b)", "Remarks"], rows, False)
    part = MimePart((), "application/octet-stream", (), "attachment", "a.xlsx", octets, (), octets)
    kind = attachments.joined(discovery.find(attachments, "ATTACHMENT"), parsing.parse)["spreadsheet"]
    began, before = time.perf_counter(), _cpu()
    (sheet,) = kind.read(part).more
    took, spent = time.perf_counter() - began, _cpu() - before
    assert len(sheet.uims) == ROWS
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    began = time.perf_counter()
    parsing.parse("sheets", b"")
    start = time.perf_counter() - began
    return [
        ("XLSX of 100,000 rows of five cells to UIMs", f"{took:.1f} s ({spent:.1f} s CPU)", "at most 5 s"),
        ("the same, peak resident memory of its own process", f"{memory:.0f} MB", "at most 300 MB"),
        ("starting and ending the process that parses a file", f"{start * 1000:.0f} ms", ""),
    ]


def _cpu() -> float:
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in spent)
