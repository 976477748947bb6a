"""`gsp report` writes a report that only its owner can read, with the figures of `gsp stats`."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.running import failed_in_one_line, gsp
from tests.support.focalpoint import SE_UIM, FocalPoint, request


@pytest.fixture
def asked(point: FocalPoint) -> FocalPoint:
    """One request of Kenya's to Sweden, taken now."""
    assert point.gateway.process_file(point.mail("officer", request(SE_UIM)))["outcome"] == "taken"
    return point


def cell(page: str, row: str) -> str:
    """The first value of a row of a page."""
    found = re.search(rf'<th scope="row">{row}</th>\s*<td[^>]*>([^<]*)', page)
    assert found is not None, row
    return found[1]


def test_the_report_is_private_and_has_the_figures_of_gsp_stats(
    asked: FocalPoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    year = ("--period", f"{asked.clock():%Y}")
    ran = gsp("report", *year, "--party", "all", home=asked.home)
    (path,) = tmp_path.iterdir()
    assert ran.out == f"The report is in {path.name}.\n"
    assert path.name == f"GSP-report-{asked.clock():%Y}-01-01-{asked.clock():%Y}-12-31-en.html"
    assert path.stat().st_mode & 0o777 == 0o600
    page = path.read_text(encoding="utf-8")
    told = gsp("stats", *year, "--json", home=asked.home).json["all_parties"]
    for row, key in (
        ("Registered Parties", "registered_parties"), ("Requests sent", "requests_sent"),
        ("UIMs asked about", "uims_asked"), ("Requests left without action", "unread"),
    ):  # fmt: skip
        assert cell(page, row) == str(told[key])
    assert "Times to answer by Party" in page
    assert "Who asks whom" in page
    day = f"{asked.clock():%Y-%m-%d}"
    days = ("--from", day, "--to", day, "--output", "-")
    french = gsp("report", *days, "--language", "fr", "--for", "ke", "--format", "html", home=asked.home).out
    assert "Pour Kenya" in french
    assert "Qui interroge qui" not in french
    assert "Who asks whom" not in gsp("report", *days, "--for", "meeting", home=asked.home).out
    assert gsp("report", *year, "--output", tmp_path / "r.DOCX", home=asked.home).status == 0
    assert (tmp_path / "r.DOCX").read_bytes().startswith(b"PK")


def test_what_cannot_be_made_is_said_in_one_line(point: FocalPoint, tmp_path: Path) -> None:
    path = tmp_path / "r.html"
    for wrong in (
        ("--for", "ZZ"), ("--for", "everybody"), ("--for", "KE", "--party", "SE"), ("--party", "ZZ"),
        ("--period", "May"),
    ):  # fmt: skip
        failed_in_one_line(gsp("report", *wrong, "--output", path, home=point.home))
        assert not path.exists()
    everybody = gsp("report", "--for", "everybody", home=point.home)
    assert "--for secretariat, meeting, or" in failed_in_one_line(everybody)
    assert gsp("report", "--output", tmp_path / "r.txt", home=point.home).status == 2
    assert not (tmp_path / "r.txt").exists()


def test_what_formats_need_is_loaded_when_a_report_is_written() -> None:
    script = (
        "import sys; from gateway import reports; from gateway.cli import main\n"
        "from gateway.cli.report import _FORMATS\n"
        "assert {*reports.formats()} == {*_FORMATS}, 'each can be chosen'\n"
        "assert not {'weasyprint', 'docx', 'matplotlib', 'lxml', 'jinja2.sandbox'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
