"""The examples of docs/patterns.md are right: each is accepted as it stands, and codes are judged as the page says."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from gateway import data
from gateway.content import Uim
from gateway.facts import NO_PARTY, PartyCode
from gateway.library import PatternLibrary
from gateway.library.changes import laid_over
from gateway.library.proposal import Examined, examine
from gateway.library.schemes import read
from tests.docs.pages import ROOT
from tests.support.rendering import languages

PAGE = (ROOT / "docs" / "patterns.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(
    r"^\*\*(.*?)\.?\*\*.*?```yaml\n(.*?)```\n(?:\n```text\n(.*?)```)?", PAGE, re.DOTALL | re.MULTILINE
)
NOW = datetime(2027, 6, 1, tzinfo=UTC)  # as the page says


def examined(example: str) -> Examined:
    """By a Party's administrator, or by the Secretariat, who alone describes what is no Party's."""
    return examine(data.pattern_texts(), example.encode(), PartyCode("KE") if 'party: "KE"' in example else NO_PARTY)


def test_there_is_one_example_of_each_kind() -> None:
    assert [kind for kind, _, _ in EXAMPLES] == [
        "A Party's prefix and a serial number",
        "A pack code as in the European Union",
        "A GS1 element string with a check digit",
        "A marking that is made from one day to another",
        "An aggregate",
        "A prefix that is shared, or only inferred",
        "A marking of which no format is public",
        "A marking of a State that is not a Party",
    ]
    assert PAGE.count("```yaml") == len(EXAMPLES)


@pytest.mark.parametrize(("kind", "example", "said"), EXAMPLES, ids=[kind for kind, _, _ in EXAMPLES])
def test_an_example_is_accepted_touches_nobody_and_judges_as_the_page_says(kind: str, example: str, said: str) -> None:
    found = examined(example)
    assert [problem.text for problem in found.problems] == []
    assert [one.title for one in found.touched] == []
    catalogue, _ = read(laid_over(data.pattern_texts(), {raw["id"]: raw for raw in found.raw}))
    library, say = PatternLibrary(catalogue), languages().catalogue("en").say
    assert bool(said) == any(scheme.decides for scheme in found.schemes)
    for line in said.splitlines():
        code, _, verdict = line.partition(" → ")
        kind, _, sentence = verdict.partition(": ")
        (judged,) = library.verdicts([Uim(code)], NOW)
        remarks = [say(remark) for remark in judged.remarks]
        assert (judged.kind, judged.candidates[0].scheme in {one.id for one in found.schemes}) == (kind, True), code
        assert remarks[:1] == ([sentence] if sentence else []), code
