"""`gsp stats` prints the same figures as a table, as JSON, as CSV and as a spreadsheet."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from tests.cli.running import failed_in_one_line, gsp
from tests.support.focalpoint import SE_UIM, FocalPoint, request


@pytest.fixture
def asked(point: FocalPoint) -> FocalPoint:
    """One request of Kenya's to Sweden, taken now."""
    assert point.gateway.process_file(point.mail("officer", request(SE_UIM)))["outcome"] == "taken"
    return point


def test_the_same_figures_in_every_form(asked: FocalPoint, tmp_path: Path) -> None:
    year = ("--period", f"{asked.clock():%Y}", "--pairs")
    told = gsp("stats", *year, "--json", home=asked.home).json
    assert told["all_parties"]["requests_sent"] == 1
    assert told["pairs"] == [
        {"asking_party": "KE", "asked_party": "SE", "requests_sent": 1, "messages_forth": 1, "messages_back": 0,
         "uims_asked": 1, "uims_answered": 0, "undeclared": 0, "requests_answered": 0,
         "mean_time_to_answer_seconds": None, "median_time_to_answer_seconds": None, "unread": 1}
    ]  # fmt: skip
    rows = list(csv.DictReader(io.StringIO(gsp("stats", *year, "--format", "csv", home=asked.home).out)))
    (unread,) = [row for row in rows if (row["party"], row["asked_party"], row["figure"]) == ("KE", "SE", "unread")]
    assert (unread["table"], unread["value"]) == ("pairs", "1")
    assert gsp("stats", *year, "--output", tmp_path / "f.xlsx", home=asked.home).status == 0
    book = CalamineWorkbook.from_path(str(tmp_path / "f.xlsx"))
    assert book.sheet_names == ["All Parties", "Parties", "Pairs", "Definitions"]
    assert book.get_sheet_by_name("Pairs").to_python()[1][:3] == ["KE", "SE", 1]


def test_a_table_says_its_days_and_names_what_it_counts(asked: FocalPoint) -> None:
    day = f"{asked.clock():%Y-%m-%d}"
    shown = gsp("stats", "--from", day, "--to", day, "--time-zone", "Etc/UTC", home=asked.home).flat
    assert f"{day} to {day}, both days included (Etc/UTC)" in shown
    assert "Requests left without action 1" in shown


def test_several_parties_are_also_counted_together(asked: FocalPoint) -> None:
    year = ("--period", f"{asked.clock():%Y}", "--party", "ke", "--party", "SE", "--pair", "SE,KE")
    told = gsp("stats", *year, "--json", home=asked.home).json
    assert [row["party"] for row in told["parties"]] == ["KE", "SE"]
    (together,) = told["these_parties_together"]
    assert (together["messages_sent"], together["messages_received"]) == (1, 1)
    assert len(told["pairs"]) == 1


def test_the_last_full_month_is_shown_where_none_is_named(asked: FocalPoint) -> None:
    assert gsp("stats", "--json", home=asked.home).json["from"].endswith("-01")


@pytest.mark.parametrize(
    "wrong",
    [
        ("--from", "2026-13-01", "--to", "2026-12-31"), ("--period", "spring"), ("--party", "Kenya"),
        ("--from", "2026-02-01", "--to", "2026-01-01"), ("--pair", "KE"), ("--time-zone", "Mars/Olympus"),
        ("--party", "KE", "--party", "ZZ"), ("--pair", "KE,ZZ"), ("--quality", "--party", "ZZ"),
    ],
)  # fmt: skip
def test_what_is_written_wrongly_is_said_in_one_line(point: FocalPoint, wrong: tuple[str, ...]) -> None:
    failed_in_one_line(gsp("stats", *wrong, home=point.home))


@pytest.mark.parametrize(
    "wrong",
    [
        ("--from", "2026-01-01"),
        ("--format", "xlsx"),
        ("--period", "2026", "--to", "2026-01-01"),
        ("--output", "figures.pdf"),
        ("--criteria", "--quality"),
        ("--criteria", "--format", "csv"),
    ],
)
def test_wrong_use_is_told_apart(point: FocalPoint, wrong: tuple[str, ...]) -> None:
    assert gsp("stats", *wrong, home=point.home).status == 2


def test_the_criteria_say_what_is_missing_and_read_the_secretariats_file(asked: FocalPoint) -> None:
    year = ("--period", f"{asked.clock():%Y}", "--criteria")
    assert "the whole list of Parties to the Protocol" in gsp("stats", *year, home=asked.home).flat
    (asked.home / "facts.yaml").write_text('complete: true\nparties: [{party: "KE", source: here}]\n')
    first, *_ = gsp("stats", *year, "--json", home=asked.home).json
    assert (first["value"], first["met"]) == ("1", False)
    (asked.home / "facts.yaml").write_text("parties: [")
    assert "not YAML" in failed_in_one_line(gsp("stats", *year, home=asked.home))
