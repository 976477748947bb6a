"""What a command prints: every character as it is, no line of a table lost."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from gateway.cli import _output

BRACKETS = "see [outbound], [[imap]] and [/bold]; \\[x]"


def test_a_table_prints_brackets_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    """rich takes `[outbound]` for a style and leaves it out."""
    _output.records(("A", "[red]B"), [("one", BRACKETS), (None, 3)], False, "")
    shown = capsys.readouterr().out
    assert BRACKETS in shown
    assert "[red]B" in shown
    assert "None" in shown


def test_a_long_cell_loses_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    words = [f"w{number}" for number in range(200)]
    _output.table(("A", "B"), [("one", " ".join(words))], "")
    shown = capsys.readouterr().out.split()
    assert [word for word in shown if word in words] == words


def test_a_list_as_json_has_the_headings_as_names(capsys: pytest.CaptureFixture[str]) -> None:
    _output.records(("Next attempt", "B"), [("x", BRACKETS)], True, "")
    assert json.loads(capsys.readouterr().out) == [{"next_attempt": "x", "b": BRACKETS}]


@pytest.mark.parametrize(("as_json", "shown"), [(True, "[]\n"), (False, "There is none.\n")])
def test_an_empty_list_is_a_sentence_or_an_empty_list(
    capsys: pytest.CaptureFixture[str], as_json: bool, shown: str
) -> None:
    _output.records(("A",), [], as_json, "There is none.")
    assert capsys.readouterr().out == shown


def test_the_help_waits_for_no_machinery() -> None:
    """What a command needs is imported when it runs: every `gsp` would else wait more than a second for it."""
    told = "import sys, gateway.cli; print(*{name.partition('.')[0] for name in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True).stdout.split()
    assert "click" in loaded
    assert not {"sqlmodel", "sqlalchemy", "pydantic", "rich", "xlsxwriter", "jinja2", "yaml", "asyncio"} & set(loaded)
