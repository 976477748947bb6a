"""A worker process of `gsp serve` (gateway/crew.py): answers the mails handed to it, until the line closes."""

from __future__ import annotations

import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from gateway import confine, crew, logs, memory
from gateway.service import UPKEEP_EVERY, Gateway


def work(gateway: Gateway, line: Connection[Any, Any]) -> None:
    """A word that it is ready, then mail after mail; what the limits count is written down every minute."""
    line.send_bytes(b"ready")
    noted = time.monotonic()
    while True:
        try:
            if line.poll(UPKEEP_EVERY):
                envelope, raw = crew.envelope_of(line.recv_bytes()), line.recv_bytes()
                line.send_bytes(crew.octets_of(gateway.process(raw, envelope)))
        except (EOFError, OSError):  # `gsp serve` has ended, or was killed
            return
        if time.monotonic() - noted >= UPKEEP_EVERY:
            _note_limits(gateway)
            noted = time.monotonic()


def _note_limits(gateway: Gateway) -> None:
    """A database that is away for a moment ends no worker."""
    try:
        gateway.note_limits()
    except Exception as error:  # the next minute tries again; its text is not looked at
        logs.fault(error)


def main() -> None:
    """Usage: `python -m gateway.worker HOME NUMBER verbose|quiet DESCRIPTOR`."""
    home, number, verbosity, descriptor = sys.argv[1:]
    logs.configure(verbosity == "verbose")
    memory.keep_private()
    try:
        with Gateway.open(Path(home), engine=int(number)) as gateway:
            confine.confine(network=not gateway.store.is_sqlite)  # PostgreSQL may be on another machine
            memory.settle()
            work(gateway, Connection(int(descriptor)))
    except Exception as error:  # whatever it is, its text is not looked at
        logs.fault(error)
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
