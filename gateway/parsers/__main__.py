"""The process that parses one file: limits first, then nothing but memory and two open files."""

from __future__ import annotations

import importlib
import json
import os
import resource
import sys
from typing import Any

from gateway import confine
from gateway.parsers import Parser, Unreadable

MEMORY = 1 << 30  # octets of address space: 250,000 rows of ten cells take two thirds of it
CPU_SECONDS = 20
OUTPUT = 64 << 20  # octets that may be written; whoever reads them takes some ten times as much memory


def limit() -> None:
    """For good: memory, time, output; no core file."""
    for kind, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, OUTPUT),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))


def answer(parser: Parser, octets: bytes) -> dict[str, Any]:
    """What a parser makes of a file. Whatever its library raises, its text is not looked at."""
    try:
        return {"trouble": "", "content": parser(octets)}
    except Unreadable as error:
        return {"trouble": error.trouble}
    except MemoryError:
        return {"trouble": "too much"}
    except BaseException:  # a panic of a library in Rust is no Exception
        return {"trouble": "broken"}


def main() -> None:
    """Usage: `python -m gateway.parsers NAME`."""
    limit()
    parser: Parser = importlib.import_module(f"gateway.parsers.{sys.argv[1]}").PARSER
    confine.confine(network=False, files=False)
    try:
        sys.stdout.write(json.dumps(answer(parser, sys.stdin.buffer.read()), separators=(",", ":")))
        sys.stdout.flush()
    except (MemoryError, OSError):
        os.abort()


if __name__ == "__main__":
    main()
