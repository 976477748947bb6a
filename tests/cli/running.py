"""Runs `gsp` within the test's own process: what it wrote and its exit status."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from gateway.cli import main


@dataclass(frozen=True, slots=True)
class Ran:
    """A command that has ended."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """What `--json` printed."""
        return json.loads(self.out)

    @property
    def flat(self) -> str:
        """The output with every run of white space as one space: tables break lines."""
        return " ".join(self.out.split())


def gsp(
    *arguments: object, home: Path | None = None, stdin: bytes | str = b"", env: dict[str, str] | None = None
) -> Ran:
    """`gsp ARGUMENTS [--home HOME]`; an exception that escapes is the test's failure."""
    words = [str(one) for one in arguments] + (["--home", str(home)] if home else [])
    done = CliRunner().invoke(main, words, input=stdin, env=env, catch_exceptions=False)
    return Ran(done.exit_code, done.stdout, done.stderr)


def failed_in_one_line(ran: Ran) -> str:
    """The one line on standard error of a command that failed; checks that it is one, and that the status is 1."""
    assert ran.status == 1, ran
    lines = ran.err.splitlines()
    assert len(lines) == 1, ran.err
    assert lines[0].startswith("gsp: ")
    return lines[0]
