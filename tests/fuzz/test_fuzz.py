"""Each fuzzer for a minute, from the same seed each time, so that a change is found and not chance.

`make fuzz` is the longer one. FUZZ_SECONDS sets how long each runs here, by the clock and at a low priority.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SECONDS = os.environ.get("FUZZ_SECONDS", "60")


@pytest.mark.timeout(1200)  # by the clock: at a low priority beside much other work it takes a while to start
def test_no_fuzzer_finds_an_input_that_fails_or_takes_too_long(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.fuzz", "--seconds", SECONDS, "--seed", "1", "--at-once", "8",
               "--corpus", str(tmp_path / "corpus"), "--crashes", str(tmp_path / "crashes")]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("nothing found") == 7


@pytest.mark.timeout(900)
def test_an_input_that_fails_is_kept_and_told(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.fuzz", "broken", "--seconds", "60", "--corpus", str(tmp_path / "corpus"),
               "--crashes", str(tmp_path / "crashes")]  # fmt: skip
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "broken: failed" in done.stdout
    (kept,) = (tmp_path / "crashes").iterdir()
    assert b"crash!" in kept.read_bytes()
