"""Passwords and access tokens, read from files or commands when they are needed, never kept or logged."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path


def token(source: str) -> str:
    """An access token: the first line of a file, or of what a command prints (`|command`, no shell).

    It is asked for at every connection, because tokens live about an hour.
    """
    if not source.startswith("|"):
        return first_line(Path(source))
    try:
        done = subprocess.run(shlex.split(source[1:]), capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        raise ValueError("the command for the access token cannot be run") from None
    if done.returncode or not done.stdout.strip():
        raise ValueError("the command for the access token gave none")
    return done.stdout.decode("ascii", "replace").split()[0]


def first_line(file: Path | None) -> str:
    """The first line of a file that holds a secret; raises ValueError without quoting anything."""
    try:
        lines = file.read_text(encoding="utf-8").splitlines() if file else []
    except (OSError, UnicodeDecodeError):
        raise ValueError(f"the file {file} cannot be read") from None
    if not lines:
        raise ValueError(f"the file {file} is empty")
    return lines[0]
