"""Every line that was not understood reaches its writer, also those that the letter has no room for."""

from __future__ import annotations

import pytest

from gateway.content import Finding, Severity, text
from tests.support.world import OPENED, World, to


def unread(count: int) -> list[Finding]:
    says = text("This is not a UIM.")
    return [
        Finding(says, Severity.PART, "list.csv", line, f"photograph {line}", "uims") for line in range(1, count + 1)
    ]


@pytest.mark.parametrize(
    ("form", "values", "stem"),
    [
        ("request", OPENED, "GSP-2026-000001-findings"),
        ("request", {}, "findings"),
        ("lookup", {}, "lookup-findings"),
    ],
    ids=["receipt", "notice", "look-up"],
)
def test_more_findings_than_the_letter_shows_come_as_a_table_with_all_of_them(
    form: str, values: dict[str, str], stem: str
) -> None:
    (letter,) = to(World().send("officer", form, values, ["SE1"], findings=unread(60)).letters, "officer")
    (sheet,) = letter.sheets
    assert sheet.stem == stem
    assert [row[:4] for row in sheet.rows][:60] == [("list.csv", "", str(n), f"photograph {n}") for n in range(1, 61)]
    assert {len(row) for row in sheet.rows} == {len(sheet.headings)}


@pytest.mark.parametrize("form", ["request", "lookup"])
def test_few_findings_stand_in_the_letter_alone(form: str) -> None:
    (letter,) = to(World().send("officer", form, OPENED, ["SE1"], findings=unread(50)).letters, "officer")
    assert letter.sheets == ()
