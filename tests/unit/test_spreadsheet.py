"""Spreadsheets: text is read octet for octet; what a spreadsheet has made of a UIM, or hides, is told with its place.

The files in `spreadsheets/` were written by LibreOffice 7.4.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.attachments import AttachmentReading
from gateway.content import Severity
from tests.support import hostile_sheets as made
from tests.unit.test_attachments import part, read

FILES = Path(__file__).parent / "spreadsheets"
TEXTS = ["QCALL7hT2kQ9mZb7Kd25051914", "QCALLaa11bb22cABCD25060107", "0012345678901"]


def real(ending: str) -> AttachmentReading:
    return read((FILES / f"libreoffice.{ending}").read_bytes(), f"list.{ending}")


@pytest.mark.parametrize(("ending", "more"), [("xlsx", ["Mombasax1234567890"]), ("ods", ["Mombasax1234567890"])])
def test_only_text_is_taken_for_a_uim_and_the_rest_is_told_by_sheet_and_row(ending: str, more: list[str]) -> None:
    (sheet,) = real(ending).more
    assert [uim.text for uim in sheet.uims] == [*TEXTS, *more]
    assert {uim.where for uim in sheet.uims} == {f"list.{ending} › Packs"}
    assert [(finding.line, finding.got) for finding in sheet.findings][:2] == [(5, "4600000000000"), (6, "2025-05-19")]
    assert [finding.line for finding in sheet.findings] == [5, 6, 9, 11]
    assert {finding.severity for finding in sheet.findings} == {Severity.PART}


@pytest.mark.parametrize("ending", ["xlsx", "ods"])
def test_what_is_hidden_is_named_and_not_read_and_formulae_are_counted(ending: str) -> None:
    told = [
        (one.where.rpartition(" ")[2], one.text.message[:26], dict(one.text.values)) for one in real(ending).remarks
    ]
    assert told == [
        ("Packs", "These rows are hidden and ", {"rows": "12"}),
        ("Packs", "These columns are hidden a", {"columns": "D"}),
        ("Packs", "One cell is calculated; th", {"count": 3, "first": "B9"}),
        ("Old", "This sheet is hidden and w", {}),
        ("Notes", "This sheet was not read: n", {}),
    ]


def test_of_an_xls_file_the_sender_is_told_what_cannot_be_known() -> None:
    reading = real("xls")
    assert reading.remarks[0].text.message.startswith("In an .xls file it cannot be seen")
    assert [uim.text for uim in reading.more[0].uims][:3] == TEXTS
    assert [finding.line for finding in reading.more[0].findings][:2] == [5, 6]


def test_without_a_heading_the_first_column_that_is_not_empty_is_read() -> None:
    rows = made.cell("B2", TEXTS[0]) + made.cell("B3", TEXTS[1])
    (sheet,) = read(made.workbook(rows), "list.xlsx").more
    assert [(uim.text, uim.line) for uim in sheet.uims] == [(TEXTS[0], 2), (TEXTS[1], 3)]


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        (made.container("EncryptedPackage"), "is protected by a password"),
        (made.packed([("content.xml", ""), ("META-INF/manifest.xml", "<encryption-data/>")]), "by a password"),
        (made.workbook(made.cell("A1"))[:-30], "cannot be read"),
    ],
    ids=["XLSX with a password", "ODS with a password", "truncated"],
)
def test_a_file_that_cannot_be_read_is_told_with_the_remedy(octets: bytes, words: str) -> None:
    (finding,) = read(octets, "list.xlsx").remarks
    assert words in finding.text.message
    assert (finding.severity, finding.field) == (Severity.PART, "uims")


def row(*cells: tuple[str, str]) -> str:
    """A row of cells of text."""
    inner = (made.cell(place, value).removeprefix("<row>").removesuffix("</row>") for place, value in cells)
    return f"<row>{''.join(inner)}</row>"


def test_a_column_that_is_called_uim_goes_before_another_and_of_two_alike_it_is_told() -> None:
    below = row(("A2", TEXTS[0]), ("B2", TEXTS[1]))
    (sheet,) = read(made.workbook(row(("A1", "Code"), ("B1", "UIM")) + below), "list.xlsx").more
    assert ([(uim.text, uim.column) for uim in sheet.uims], sheet.findings) == ([(TEXTS[1], 2)], ())
    (sheet,) = read(made.workbook(row(("A1", "UIM"), ("B1", "UIMs")) + below), "list.xlsx").more
    assert [uim.text for uim in sheet.uims] == [TEXTS[0]]
    assert [finding.text.message[:18] for finding in sheet.findings] == ["Of several columns"]


def test_where_the_first_column_has_numbers_only_the_one_with_codes_is_read() -> None:
    rows = (
        row(("A1", "Nr"), ("B1", "Marking")) + row(("A2", "1"), ("B2", TEXTS[0])) + row(("A3", "2"), ("B3", TEXTS[1]))
    )
    (sheet,) = read(made.workbook(rows), "list.xlsx").more
    assert [(uim.text, uim.line, uim.column) for uim in sheet.uims] == [(TEXTS[0], 2, 2), (TEXTS[1], 3, 2)]
    assert sheet.findings == ()
    rows = (
        row(("A1", "Seized in May 2026")) + row(("A3", "Nr"), ("B3", "Pack code")) + row(("A4", "1"), ("B4", TEXTS[0]))
    )
    (sheet,) = read(made.workbook(rows), "list.xlsx").more
    assert ([uim.text for uim in sheet.uims], sheet.findings) == ([TEXTS[0]], ())
    rows = row(("A1", "Nr"), ("B1", "Pack"), ("C1", "Carton")) + row(("A2", "1"), ("B2", TEXTS[0]), ("C2", TEXTS[1]))
    (sheet,) = read(made.workbook(rows), "list.xlsx").more
    assert [uim.text for uim in sheet.uims] == [TEXTS[0]]
    assert [dict(finding.text.values) for finding in sheet.findings] == [{"heading": "Pack"}]


@pytest.mark.parametrize("rows", ["", made.cell("A1", "UIM"), made.cell("A1", " "), made.cell("A1", "Place")])
def test_a_file_without_any_uim_is_told_as_one_of_text_is(rows: str) -> None:
    (sheet,) = read(made.workbook(rows), "list.xlsx").more
    (finding,) = sheet.findings
    assert sheet.uims == ()
    assert finding.text.message.startswith("No UIM was found in the file")
    assert (finding.severity, finding.field) == (Severity.PART, "uims")


def test_a_nameless_attachment_is_known_by_its_type() -> None:
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    reading = read((FILES / "libreoffice.ods").read_bytes(), "", kind)
    assert len(reading.more[0].uims) == 4
    assert part(b"", "", kind).filename == ""
