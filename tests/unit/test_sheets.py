"""Spreadsheets: every UIM comes back octet for octet, nothing becomes a formula, nothing touches a file."""

from __future__ import annotations

import csv
import io
import re
import tempfile
import tracemalloc
import zipfile

import pytest
import python_calamine
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.stages import _sheets
from tests.support.samples import UIMS

_UIM = st.text(alphabet="!\"%&'()*+,-./:;<=>?_0aZx4", min_size=1, max_size=30)
_HEADINGS = ("UIM", "Status")


def _read_csv(octets: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(octets.decode("utf-8-sig"), newline="")))


def _read_xlsx(octets: bytes) -> list[list[object]]:
    return python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(octets)).get_sheet_by_index(0).to_python()


def _original(cell: str) -> str:
    """The rule of docs/decisions/0003-spreadsheets.md."""
    return cell[1:] if re.match("'[=+\\-@']", cell) else cell


@given(st.lists(_UIM, min_size=1, max_size=5))
@settings(max_examples=60)
def test_a_uim_comes_back_octet_for_octet_from_csv(uims: list[str]) -> None:
    rows = _read_csv(_sheets.to_csv(_HEADINGS, [(uim, "") for uim in uims]))
    assert [_original(row[0]) for row in rows[1:]] == uims


@given(st.lists(_UIM, min_size=1, max_size=5))
@settings(max_examples=60)
def test_a_uim_comes_back_octet_for_octet_from_xlsx(uims: list[str]) -> None:
    rows = _read_xlsx(_sheets.to_xlsx(_HEADINGS, [(uim, "") for uim in uims], False))
    assert [row[0] for row in rows[1:]] == uims


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", "=cmd|'/c calc'!A1"])
def test_no_cell_of_a_csv_begins_as_a_formula(cell: str) -> None:
    assert _sheets.neutral(cell).startswith("'")


def test_every_cell_of_an_xlsx_is_an_inline_string_in_a_text_format() -> None:
    octets = _sheets.to_xlsx(_HEADINGS, [(uim, "0012") for uim in UIMS], False)
    with zipfile.ZipFile(io.BytesIO(octets)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
        styles = archive.read("xl/styles.xml").decode()
        assert archive.testzip() is None
        assert len(archive.namelist()) == len(set(archive.namelist()))
    cells = re.findall("<c [^>]*>", sheet)
    assert len(cells) == 2 * (len(UIMS) + 1)
    assert all('t="inlineStr"' in cell for cell in cells)
    assert "<f>" not in sheet
    used = {int(style) for style in re.findall(r'<c [^>]*s="(\d+)"', sheet)}
    formats = re.findall(r"<xf [^>]*>", styles.split("<cellXfs")[1])
    assert 'formatCode="@"' in styles
    assert all('numFmtId="164"' in formats[style] for style in used)


def test_a_blank_cell_is_empty_and_formatted_as_text() -> None:
    octets = _sheets.to_xlsx(["UIM", "Status", "Line"], [["AB1", "", 0]], right_to_left=False)
    with zipfile.ZipFile(io.BytesIO(octets)) as package:
        sheet = package.read("xl/worksheets/sheet1.xml").decode()
    assert '<c r="B2" s="1"/><c r="C2" s="0"><v>0</v></c>' in sheet
    assert _read_xlsx(octets)[1] == ["AB1", "", 0.0]


def test_the_group_separator_stands_as_a_word_and_other_controls_do_no_harm() -> None:
    rows = [("01054\x1d8005", "a\x00b\ud800")]
    assert _read_xlsx(_sheets.to_xlsx(_HEADINGS, rows, False))[1] == ["01054<GS>8005", "a\ufffdb\ufffd"]
    assert _read_csv(_sheets.to_csv(_HEADINGS, rows))[1][0] == "01054<GS>8005"


def test_the_sheet_of_an_arabic_reader_runs_from_right_to_left() -> None:
    def right_to_left(flag: bool) -> bool:
        with zipfile.ZipFile(io.BytesIO(_sheets.to_xlsx(_HEADINGS, [], flag))) as archive:
            return b'rightToLeft="1"' in archive.read("xl/worksheets/sheet1.xml")

    assert right_to_left(True)
    assert not right_to_left(False)


def test_a_cell_is_cut_at_what_a_spreadsheet_can_hold() -> None:
    rows = _read_xlsx(_sheets.to_xlsx(("A",), [("x" * 40_000,)], False))
    assert len(str(rows[1][0])) == _sheets.MOST_CHARACTERS


def test_the_same_table_gives_the_same_octets() -> None:
    rows = [(uim, "") for uim in UIMS]
    assert _sheets.to_xlsx(_HEADINGS, rows, False) == _sheets.to_xlsx(_HEADINGS, rows, False)


def test_no_temporary_file_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("a temporary file")

    for name in ("mkstemp", "mkdtemp", "TemporaryFile", "NamedTemporaryFile", "SpooledTemporaryFile"):
        monkeypatch.setattr(tempfile, name, forbidden)
    _sheets._mould.cache_clear()
    assert _sheets.to_xlsx(_HEADINGS, [("a", "b")], True)


def test_a_hundred_thousand_rows_fit_in_80_megabytes() -> None:
    rows = [(f"QCALL{number:08d}a,b=c", "") for number in range(100_000)]
    tracemalloc.start()
    octets = _sheets.to_xlsx(_HEADINGS, rows, False)
    table = _sheets.to_csv(_HEADINGS, rows)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 80 * 1024 * 1024
    assert len(_read_xlsx(octets)) == len(_read_csv(table)) == 100_001
