"""What a command prints: every character as it is, no line of a table lost."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys

import pytest

from gateway.cli import _output

BRACKETS = "see [outbound], [[imap]] and [/bold]; \\[x]"


WORDS = [f"w{number}" for number in range(200)]


def on_a_terminal(monkeypatch: pytest.MonkeyPatch, *table: object) -> str:
    """What a terminal of 80 columns gets."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "dumb")  # without escapes, which count as characters here
    theirs, ours = pty.openpty()
    with os.fdopen(ours, "w", encoding="utf-8") as screen, monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", screen)
        _output.table(*table)  # type: ignore[arg-type]
        print(end="\0", flush=True)
        shown = b""
        while not shown.endswith(b"\0"):  # each time a terminal gives what has come so far
            shown += os.read(theirs, 100_000)
    os.close(theirs)
    return shown[:-1].decode()


def test_a_table_prints_brackets_as_they_are(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """rich takes `[outbound]` for a style and leaves it out."""
    table = ("A", "[red]B"), [("one", BRACKETS), (None, 3)], ""
    _output.table(*table)
    for shown in (capsys.readouterr().out, on_a_terminal(monkeypatch, *table)):
        assert BRACKETS in shown
        assert "[red]B" in shown
        assert "None" in shown


def test_a_long_cell_loses_nothing_and_fits_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    shown = on_a_terminal(monkeypatch, ("A", "B"), [("one", " ".join(WORDS))], "")
    assert [word for word in shown.split() if word in WORDS] == WORDS
    assert max(map(len, shown.splitlines())) <= 80


def test_of_a_long_word_too_nothing_is_left_out_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    mark = "".join(f"{number:02}" for number in range(50))
    shown = on_a_terminal(monkeypatch, ("Fingerprint", "Owner"), [(mark, "someone")], "")
    assert "".join(line.split()[0] for line in shown.splitlines()[2:] if line.strip()) == mark


def test_a_table_too_wide_for_its_headings_is_a_list_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    headings = ("Party", *(f"Requests {number}" for number in range(9)))
    shown = on_a_terminal(monkeypatch, headings, [("KE", *range(9)), ("SE", *range(9))], "").replace("\r", "")
    assert shown.split("\n\n")[1].splitlines() == ["Party       SE", *(f"Requests {n}  {n}" for n in range(9))]


def test_a_row_is_one_line_for_another_program_and_columns_stand_below_each_other(
    capsys: pytest.CaptureFixture[str],
) -> None:
    _output.table(("Party", "Words"), [("中国", " ".join(WORDS)), ("Österreich", "-")], "")
    heading, line, china, austria = capsys.readouterr().out.splitlines()
    assert heading == "Party       Words"
    assert line == f"{'─' * 10}  {'─' * len(' '.join(WORDS))}"
    assert china == f"中国        {' '.join(WORDS)}"  # each of the two is two columns wide
    assert austria == "Österreich  -"


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


def test_the_figures_wait_for_no_part_of_the_store_but_their_own() -> None:
    told = "import sys; from gateway import reader; from gateway.store import figures; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True).stdout.split()
    assert "sqlalchemy" in loaded
    assert not {"sqlmodel", "gateway.store.tables", "gateway.store.ledger", "gateway.service"} & set(loaded)
