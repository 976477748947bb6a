"""Runs fuzzers, each in a process of its own at a low priority, as many at once as there are processors.

`python -m tests.fuzz [NAME ...] [--seconds 600] [--corpus FOLDER] [--crashes FOLDER] [--seed 0]`. The corpus is kept
between runs, outside of the repository; an input that fails is kept among the crashes. Exit status 1: something failed.
"""

from __future__ import annotations

import argparse
import os
import resource
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import FrameType
from typing import NoReturn

_ROOT = Path(__file__).resolve().parents[2]
# The fuzzers (targets.py), and the modules whose branches lead each of them.
_NAMES = {
    "broken": [],  # fails, for the test of all this
    "list": ["gateway.forms", "gateway.identifiers", "gateway.language"],
    "pasted": ["gateway.forms", "gateway.mime", "gateway.crypto", "gateway.library.reading"],
    "gs1": ["gateway.identifiers", "gateway.library", "biip"],
    "csv": ["gateway.attachments", "gateway.identifiers", "gateway.mime"],
    "sheets": ["gateway.attachments", "gateway.parsers", "zipfile"],
    "pdf": ["gateway.attachments", "gateway.parsers", "pypdf"],
    "pictures": ["gateway.attachments", "gateway.parsers", "PIL"],
}
_INPUT_SECONDS = 30.0  # of processor time for one input; a parser's own process is ended after 20
_START_SECONDS = 90  # to load and instrument, and to try the samples
_MEGABYTES = 3000


class Hang(Exception):
    """One input took too long. Its octets are in the file of the crash, not here."""


def main() -> int:
    """Starts each fuzzer and tells how it ended."""
    asked = _arguments()
    if asked.inside:
        _fuzz(asked.names[0], asked)
    with ThreadPoolExecutor(asked.at_once) as pool:
        ended = list(pool.map(lambda name: _run(name, asked), asked.names or list(_NAMES)[1:]))
    return int(any(ended))


def _arguments() -> argparse.Namespace:
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Random testing of the parsers.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(_NAMES))
    parser.add_argument("--seconds", type=int, default=600, help="for each, by the clock")
    parser.add_argument("--corpus", type=Path, default=Path(cache) / "gsp-fuzz", help="inputs that were of interest")
    parser.add_argument("--crashes", type=Path, default=_ROOT / ".fuzz", help="inputs that failed")
    parser.add_argument("--seed", type=int, default=0, help="the same one tries the same inputs; 0: another each time")
    parser.add_argument("--at-once", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def _run(name: str, asked: argparse.Namespace) -> int:
    """One fuzzer in its own process: libFuzzer ends the process it runs in."""
    command = [sys.executable, "-m", "tests.fuzz", name, "--inside", "--seconds", str(asked.seconds), "--corpus",
               str(asked.corpus), "--crashes", str(asked.crashes), "--seed", str(asked.seed)]  # fmt: skip
    known = {**os.environ, "PYTHONHASHSEED": "0"}
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, env=known, check=False)
    said = [line for line in done.stderr.splitlines() if "DONE" in line or "stat::number" in line]
    print(f"{name}: {'failed' if done.returncode else 'nothing found'} {' '.join(said)}", flush=True)
    if done.returncode:
        print(done.stdout[-3000:] + done.stderr[-6000:], flush=True)
    return done.returncode


def _fuzz(name: str, asked: argparse.Namespace) -> NoReturn:
    """Fuzzes in this process until the time is over."""
    import atheris

    politeness = 5 if _NAMES[name] else 0  # the test of all this has not to wait
    os.nice(politeness)  # more would make it take minutes to load, beside tests that are busy
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with atheris.instrument_imports(include=_NAMES[name], enable_loader_override=False):
        from tests.fuzz.targets import prepare

        target = prepare(name)
    corpus, crashes = asked.corpus / name, asked.crashes
    for folder in (corpus, crashes):
        folder.mkdir(parents=True, exist_ok=True)
    os.nice(politeness)
    signal.signal(signal.SIGVTALRM, _too_long)
    # What never comes back to Python, a loop in C say, is ended from outside.
    most = asked.seconds + _START_SECONDS + int(_INPUT_SECONDS)
    resource.setrlimit(resource.RLIMIT_CPU, (most, most + 5))

    def one(octets: bytes) -> None:
        signal.setitimer(signal.ITIMER_VIRTUAL, _INPUT_SECONDS)
        try:
            target.run(octets)
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)

    with tempfile.TemporaryDirectory(prefix="gspseeds") as seeds:
        for number, seed in enumerate(target.seeds()):
            (Path(seeds) / str(number)).write_bytes(seed)
        flags = [f"-max_total_time={asked.seconds}", f"-max_len={target.longest}", f"-rss_limit_mb={_MEGABYTES}",
                 "-timeout=1000000", f"-artifact_prefix={crashes}/{name}-", "-print_final_stats=1",
                 *([f"-seed={asked.seed}"] if asked.seed else [])]  # fmt: skip
        atheris.Setup([sys.argv[0], *flags, str(corpus), seeds], one)
        atheris.Fuzz()
    sys.exit(0)


def _too_long(_signal: int, _frame: FrameType | None) -> None:
    raise Hang(f"more than {_INPUT_SECONDS:.0f} s of processor time for one input")


if __name__ == "__main__":
    sys.exit(main())
