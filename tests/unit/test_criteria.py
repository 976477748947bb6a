"""The criteria for moving on (R21): what is known is reckoned, what is not known is said and never guessed."""

from __future__ import annotations

import pytest

from gateway import data
from gateway.content import Text
from gateway.rules.criteria import OutsideFacts, criteria, read
from tests.support.figures import CODES, quarter
from tests.support.rendering import languages

_WHOLE = "convention: {parties: 12, source: here}\ncomplete: true\nparties:\n" + "".join(
    f'- {{party: "{code}", in_force: 20{20 + place}-03-31, system: {str(place < 2).lower()}, source: here}}\n'
    for place, code in enumerate(CODES)
)


def said(sentence: Text | None) -> str:
    return languages().catalogue("en").say(sentence) if sentence else ""


def test_the_shipped_file_is_read_and_says_that_it_is_not_complete() -> None:
    facts = read((data.folder("config") / "facts.yaml").read_text(encoding="utf-8"))
    assert (len(facts.parties), facts.complete, facts.convention_parties) == (43, False, 0)
    assert all(one.source for one in facts.parties)
    found = criteria(quarter(), facts)
    assert [one.met for one in found] == [None] * len(found)
    assert "43 are known" in said(found[0].missing[0])


def test_what_is_known_is_reckoned() -> None:
    found = {said(one.name): one for one in criteria(quarter(5), read(_WHOLE))}
    values = {name: (said(one.value), one.met) for name, one in found.items()}
    assert values == {
        "Parties to the Protocol": ("6", False),
        "Parties to the Protocol, as a share of the Framework Convention's Parties": ("6 of 12: 50%", True),
        "share of Parties of 5 years' standing with a tracking-and-tracing system": ("2 of 2: 100%", None),
        "share of Parties that sent and received requests, for version 2": ("5 of 6: 83.3%", True),
        "share of Parties that sent and received requests, for version 3": ("5 of 6: 83.3%", True),
        "requests a year, at the pace of the period": ("3,206", None),
        "requests a year of each active Party": ("641.2", None),
    }
    assert {one.missing for one in found.values()} == {()}


@pytest.mark.parametrize(
    "written",
    [
        "parties: [", "- a", "more: 1", "convention: {parties: many, source: x}", "convention: {parties: 182}",
        'parties: [{party: "Kenya", source: x}]', 'parties: [{party: "KE"}]', "parties: [KE]",
        'parties: [{party: "KE", in_force: soon, source: x}]', 'parties: [{party: "KE", system: planned, source: x}]',
        'parties: [{party: "KE", source: x}, {party: "KE", source: x}]', "parties: [{party: NO, source: x}]",
    ],
)  # fmt: skip
def test_a_file_that_is_wrong_is_refused_with_a_sentence(written: str) -> None:
    with pytest.raises(ValueError, match=r"\w \w"):
        read(written)


def test_an_empty_file_is_no_error() -> None:
    assert read("") == OutsideFacts((), False, 0, "")
