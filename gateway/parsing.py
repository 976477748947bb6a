"""Starts the process that parses one file (gateway/parsers/): a hostile file ends that process and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from gateway import logs
from gateway.attachments import Parsed, Trouble
from gateway.crypto._process import content, memory, waited
from gateway.outcome import REASONS, Defer


def parse(parser: str, octets: bytes) -> Parsed:
    """What `gateway.parsers.<parser>` makes of octets; both go through memory files that have no name.

    The process that dies, by its limits or by the file, was given too much. Raises `Defer` where it cannot be started
    or waits for the machine too long.
    """
    command = [sys.executable, "-m", "gateway.parsers", parser]
    # Nothing of our own environment: it may hold the password of a database.
    known = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    with memory(octets) as given, memory(b"") as made:
        try:
            process = subprocess.Popen(command, stdin=given, stdout=made, stderr=subprocess.DEVNULL, env=known)
        except OSError:
            raise Defer(REASONS[303]) from None
        status = waited(process)
        if status:
            logs.warn("a parser ended", parser=parser, status=status)
        if status > 0:  # it did not come as far as the file: a defect of the installation
            raise Defer(REASONS[303])
        if status:
            return Parsed(trouble=Trouble.TOO_MUCH)
        return _parsed(content(made))


def _parsed(answer: bytes) -> Parsed:
    """The process has read a stranger's file: what it says is looked at before it is believed."""
    try:
        said: dict[str, Any] = json.loads(answer)
        found = said.get("content", {})
        return Parsed(found if isinstance(found, dict) else {}, Trouble(said["trouble"]))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Parsed(trouble=Trouble.BROKEN)
