"""What every test may use: people with keys, a focal point with real GnuPG."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from gateway.correspondence import Correspondent
from tests.support.focalpoint import FocalPoint, focal_point, people_with_keys

settings.register_profile("default", deadline=None, max_examples=100, derandomize=True)  # the same examples each run
settings.register_profile("fuzz", deadline=None, max_examples=5000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))

# Files that take long come first, the longest of all at the head, so that the processes of `make test` end together.
_LONG = (
    "fuzz/test_fuzz.py",
    "crash/test_kill.py",
    "docs/test_commands.py",
    "interop/test_thunderbird.py",
    "cli/test_doctor.py",
    "interop/test_workers.py",
    "interop/test_two_gateways.py",
    "interop/test_dovecot_imap_transport.py",
    "property/test_confidentiality.py",
    "cli/test_commands.py",
    "interop/test_accessibility.py",
    "store/test_record.py",
    "scenarios/test_digest.py",
    "unit/test_render.py",
    "scenarios/test_exchange.py",
    "store/test_large.py",
)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """After pytest-randomly has shuffled them."""
    rank = {name: number for number, name in enumerate(_LONG)}
    items.sort(key=lambda item: rank.get("/".join(item.path.parts[-2:]), len(rank)))


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    """What a test sets for the log (`gsp serve` does, to its own standard error) ends with the test."""
    root, ours = logging.getLogger(), logging.getLogger("gateway")
    levels = root.level, ours.level
    yield
    for handler in [handler for handler in root.handlers if type(handler) is logging.StreamHandler]:
        root.removeHandler(handler)
    root.setLevel(levels[0])
    ours.setLevel(levels[1])


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short path, for GnuPG's sockets; its agents are ended."""
    made = Path(tempfile.mkdtemp(dir="/tmp", prefix="g"))
    yield made
    for home in {path.parent for path in made.rglob("pubring.kbx")}:
        subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=False, capture_output=True)
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="session")
def people() -> Iterator[dict[str, Correspondent]]:
    """Everybody, with keys made once for the whole run."""
    with people_with_keys() as everybody:
        yield everybody


@pytest.fixture
def point(people: dict[str, Correspondent]) -> Iterator[FocalPoint]:
    """A fresh focal point on SQLite with Parties KE, SE, FR, AT."""
    with focal_point(people) as made:
        yield made
