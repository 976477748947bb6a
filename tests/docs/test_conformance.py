"""What the pages say is shown by a test is there; no requirement of the mission is left out."""

from __future__ import annotations

import re

import pytest

from tests.docs.pages import PAGES, ROOT

_PAGE = ROOT / "docs" / "conformance.md"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_named_on_a_page_exists(page: object) -> None:
    text = page.read_text(encoding="utf-8")  # type: ignore[attr-defined]
    named = re.findall(
        r"`((?:tests|gateway|config|templates|pattern_library|docs|benchmarks)/[\w./-]*)(?:::(\w+))?`", text
    )
    assert [name for name, _ in named if not (ROOT / name).exists() and "/x." not in name and "/xx." not in name] == []
    for name, test in named:
        if test:
            assert f"def {test}(" in (ROOT / name).read_text(encoding="utf-8"), f"{name}::{test}"


def test_every_requirement_of_the_mission_has_its_row() -> None:
    found: set[int] = set()
    for row in re.findall(r"^\| (R[^|]*) \|", _PAGE.read_text(encoding="utf-8"), re.MULTILINE):
        numbers = [int(number) for number in re.findall(r"R(\d+)", row)]
        found |= set(range(numbers[0], numbers[-1] + 1)) if "–" in row else set(numbers)
    assert found == set(range(1, 26))


def test_a_requirement_without_a_test_says_where_it_comes() -> None:
    for line in _PAGE.read_text(encoding="utf-8").splitlines():
        if re.match(r"\| R\d", line):
            *_, shown, missing = line.strip("|").split("|")
            assert "`tests/" in shown or re.search(r"\(\d\)|version 3", missing), line
