"""The examples of docs/patterns.md are right: each would be proposed to the Secretariat as it stands."""

from __future__ import annotations

import re

import pytest

from gateway import data
from gateway.facts import PartyCode
from gateway.library.proposal import examine
from tests.docs.pages import ROOT

PAGE = (ROOT / "docs" / "patterns.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def test_there_is_one_example_of_each_kind() -> None:
    assert len(EXAMPLES) == 5


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_is_accepted_and_touches_nobody(example: str) -> None:
    found = examine(data.pattern_texts(), example.encode(), PartyCode("KE"))
    assert [problem.text for problem in found.problems] == []
    assert [one.title for one in found.touched] == []
