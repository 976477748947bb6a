"""docs/testing.md names every part of the suite and every target of the Makefile, and nothing that is gone."""

from __future__ import annotations

import re

from benchmarks.__main__ import BENCHMARKS
from tests.docs.pages import ROOT

PAGE = (ROOT / "docs" / "testing.md").read_text(encoding="utf-8")


def test_every_part_of_the_suite_has_its_row() -> None:
    rows = set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE))
    parts = {path.parent.name for path in (ROOT / "tests").glob("*/test_*.py")}
    assert rows == parts


def test_every_target_that_is_named_exists_and_those_for_testing_are_named() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^(\w+):", makefile, re.MULTILINE))
    named = set(re.findall(r"make (\w+)", PAGE))
    assert named <= targets
    assert {"test", "check", "corpus", "fuzz", "bench", "docs"} <= named
    assert set(re.findall(r"BENCH=([\w-]+)", PAGE)) <= set(BENCHMARKS)


def test_every_file_of_the_tests_that_is_named_exists() -> None:
    for path in re.findall(r"`(tests/[\w/.]+)`", PAGE):
        assert (ROOT / path).exists(), path
    for name in re.findall(r"`(\w+\.py)`", PAGE):
        assert (ROOT / "tests" / "support" / name).exists(), name
