"""The criteria for moving on (R21): what is known is reckoned, what is not known is said and never guessed."""

from __future__ import annotations

import pytest

from gateway import data
from gateway.content import Text
from gateway.rules.criteria import criteria
from gateway.rules.outside import OutsideFacts, read
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
    ("written", "told"),
    [
        ("parties: [", "not YAML from line 1 on"),
        ("- a", "line 1: the file has the entries convention, complete, parties"),
        ("more: 1", "line 1: more is not among the entries"),
        ("complete: true\ncomplete: true", "line 2: complete stands here a second time"),
        ("complete: nearly", "line 1: complete is true or false"),
        ("convention: 182", "line 1: convention has the entries parties, source"),
        ("convention: {parties: many, source: x}", "convention needs parties, a number, and source"),
        ("convention: {parties: true, source: x}", "convention needs parties, a number, and source"),
        ("convention: {parties: 182}", "convention needs parties, a number, and source"),
        ("parties: 5", "line 1: parties is a list"),
        ("parties: [KE]", "line 1: a Party has the entries party, deposited, in_force, system, source"),
        ('parties:\n- {party: "Kenya", source: x}', "line 2: party: a Party's code is two letters"),
        ('parties: [{party: "KE"}]', "KE has no source"),
        ('parties: [{party: "KE", origin: x}]', "origin is not among the entries"),
        ('parties: [{party: "KE", source: [x]}]', "here stands a single value"),
        ('parties: [{party: "KE", in_force: soon, source: x}]', "KE: in_force is a day, written 2020-10-01"),
        ('parties: [{party: "KE", deposited: 2020-02-30, source: x}]', "KE: deposited is a day"),
        ('parties: [{party: "KE", deposited: 2020-02-01T00:00:00, source: x}]', "KE: deposited is a day"),
        ('parties: [{party: "KE", deposited: 2020-02-01, in_force: 2019-02-01, source: x}]', "in_force lies before"),
        ('parties: [{party: "KE", system: planned, source: x}]', "KE: system is true or false"),
        ('parties:\n- {party: "KE", source: x}\n- {party: "KE", source: x}', "line 3: KE stands in line 2 already"),
        ('parties: [{party: "KE", source: x}, {party: "KE", source: x}]', "KE stands in line 1 already"),
        ("complete: x\nmore: 1", "line 2: more is not among the entries .*; line 1: complete is true or false"),
        ("parties:\n" + "- 1\n" * 7, "line 6: .*; and 2 more"),
    ],
)
def test_each_mistake_in_the_file_is_named_with_its_line(written: str, told: str) -> None:
    with pytest.raises(ValueError, match=told) as refused:
        read(written)
    assert ("and 2 more" in told) is (" more;" in str(refused.value)), "more is spoken of only where there is more"


def test_values_are_taken_as_they_are_written() -> None:
    """YAML takes an unquoted NO for "no"."""
    (norway,) = read("complete: no\nparties: [{party: NO, system: yes, deposited: null, source: 1}]").parties
    assert (norway.party, norway.system, norway.deposited, norway.source) == ("NO", True, None, "1")


def test_who_joined_after_the_period_is_not_counted_in_it() -> None:
    facts = read(
        "complete: true\nparties: [{party: KE, deposited: 2019-01-01, source: x}, {party: FR, source: x},"
        " {party: SE, deposited: 2100-01-01, source: x}]"
    )
    assert said(criteria(quarter(), facts)[0].value) == "2"


def test_an_empty_file_is_no_error() -> None:
    assert read("") == OutsideFacts((), False, 0, "")
