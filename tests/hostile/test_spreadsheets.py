"""A registered person, a hostile spreadsheet: it ends the process that reads it, at most, and is answered."""

from __future__ import annotations

import time
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

import pytest

from gateway.attachments import Trouble
from gateway.parsing import parse
from tests.support import hostile_sheets as made
from tests.support.focalpoint import SE_UIM, FocalPoint, request
from tests.support.parsed import in_process

GOOD = made.workbook(made.cell("A1"))
LAUGHS = "".join(f'<!ENTITY {chr(98 + n)} "{("&" + chr(97 + n) + ";") * 10}">' for n in range(9))
MILLION = 1_000_000
COLUMN = '<col min="1" max="16384" hidden="1"/>'

BROKEN: dict[str, Callable[[], bytes]] = {
    "a zip bomb that says it is small": lambda: made.bomb(64 << 20, 100),
    "an archive in an archive without end": made.quine,
    "an external entity": lambda: made.workbook(
        "", whole=made.sheet(made.cell("A1", "&x;"), '<!DOCTYPE w [<!ENTITY x SYSTEM "file:///etc/passwd">]>')
    ),
    "a billion laughs": lambda: made.workbook(
        "", whole=made.sheet(made.cell("A1", "&j;"), f'<!DOCTYPE w [<!ENTITY a "ha">{LAUGHS}]>')
    ),
    "entities in the shared strings": lambda: made.workbook(
        '<row><c t="s"><v>0</v></c></row>',
        strings=f'<!DOCTYPE s [<!ENTITY a "ha">]><sst xmlns="{made.MAIN}"><si><t>&a;</t></si></sst>',
    ),
    "two sheets under one name": lambda: made.workbook(
        made.cell("A1"), ("xl/worksheets/sheet1.xml", made.sheet(made.cell("A1", "QCALLother1234567825051914")))
    ),
    "XLSX and ODS in one file": lambda: made.workbook(made.cell("A1"), ("content.xml", "<x/>")),
    "a PDF before the archive": lambda: b"%PDF-1.7\n" + GOOD,
    "an encoding that nobody has": lambda: made.packed([("content.xml", '<?xml version="1.0" encoding="UTF-4"?><x/>')]),
    "a web page": lambda: b"<html><table><tr><td>UIM</td></tr></table></html>",
    "half a file": lambda: GOOD[: len(GOOD) // 2],
    "a file without its end": lambda: GOOD[:-10],
    "an empty file": lambda: b"",
    "a sheet that stands outside of the archive": lambda: made.moved(GOOD, "../../../../etc/passwd"),
    "an OLE file of nothing": lambda: made.container("Workbook"),
    "a cell of ten million letters": lambda: made.workbook(made.cell("A1", "a" * 10 * MILLION)),
}
TOO_MUCH: dict[str, Callable[[], bytes]] = {
    "a zip bomb": lambda: made.bomb(1 << 20, 0xFFFFFFFE),
    "a cell at XFD1048576": lambda: made.workbook(made.cell("A1") + made.cell("XFD1048576")),
    "a cell beyond the last": lambda: made.workbook(made.cell("ZZZZZZZ99999999999")),
    "four thousand million shared strings": lambda: made.workbook(
        '<row><c t="s"><v>0</v></c></row>',
        strings=f'<sst xmlns="{made.MAIN}" count="4294967295" uniqueCount="4294967295"><si><t>a</t></si></sst>',
    ),
    "hidden columns over and over": lambda: made.workbook("", whole=made.sheet(made.cell("A1"), columns=COLUMN * 1000)),
}


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", BROKEN)
def test_what_no_spreadsheet_program_writes_cannot_be_read(name: str) -> None:
    assert parse("sheets", BROKEN[name]()).trouble is Trouble.BROKEN


@pytest.mark.parametrize("name", TOO_MUCH)
def test_what_would_take_all_memory_or_time_ends_its_own_process_at_once(name: str) -> None:
    octets = TOO_MUCH[name]()
    began = time.perf_counter()
    assert parse("sheets", octets).trouble is Trouble.TOO_MUCH
    assert time.perf_counter() - began < 20


@pytest.mark.parametrize(
    "octets", [made.container("EncryptedPackage", "EncryptionInfo")], ids=["an XLSX with a password"]
)
def test_a_password_is_told_from_damage(octets: bytes) -> None:
    assert parse("sheets", octets).trouble is Trouble.ENCRYPTED


def test_a_million_columns_are_a_row_like_any_other() -> None:
    row = "<row>" + "<c><v>1</v></c>" * MILLION + "</row>"
    (sheet,) = parse("sheets", made.workbook(row)).content["sheets"]
    assert len(sheet["rows"][0][1]) <= 256


def test_what_a_sheet_says_of_its_size_is_not_believed() -> None:
    whole = made.sheet(made.cell("A1")).replace("<sheetData>", '<dimension ref="A1:XFD1048576"/><sheetData>')
    assert parse("sheets", made.workbook("", whole=whole)).content["sheets"][0]["rows"] == [[1, [made.UIM]]]


@pytest.mark.parametrize(
    "formula", ["cmd|'/c calc'!A0", 'HYPERLINK("file:///etc/passwd","x")', "[1]Other!$A$1", 'WEBSERVICE("http://a")']
)
def test_a_formula_is_never_calculated_and_nothing_it_names_is_opened(formula: str) -> None:
    escaped = formula.replace('"', "&quot;")
    rows = f'<row r="1"><c r="A1"><f>{escaped}</f></c><c r="B1" t="str"><f>{escaped}</f><v>shown</v></c></row>'
    link = ("xl/externalLinks/externalLink1.xml", f'<externalLink xmlns="{made.MAIN}"/>')
    (sheet,) = in_process("sheets", made.workbook(rows, link)).content["sheets"]
    assert sheet["rows"] == [[1, [["formula", ""], "shown"]]]
    assert (sheet["formulae"], sheet["first"]) == (2, "A1")


def test_the_names_of_an_archives_parts_are_names_and_no_places() -> None:
    names = ("../../../../tmp/gsp-escaped.xml", "/etc/gsp-escaped", "xl/media/..\\..\\x.xml", "a" * 60_000)
    found = parse("sheets", made.workbook(made.cell("A1"), *((name, "<x/>") for name in names)))
    assert found.content["sheets"][0]["rows"] == [[1, [made.UIM]]]
    assert not Path("/tmp/gsp-escaped.xml").exists()


def test_macros_are_neither_run_nor_read() -> None:
    found = parse("sheets", made.workbook(made.cell("A1"), ("xl/vbaProject.bin", "Shell"))).content
    assert found["macros"] is True
    assert found["sheets"][0]["rows"] == [[1, [made.UIM]]]


def test_a_hostile_spreadsheet_costs_its_sender_an_answer_and_a_second_one_is_not_opened(gate: FocalPoint) -> None:
    far = TOO_MUCH["a cell at XFD1048576"]()
    mail = EmailMessage()
    mail.set_content(request(SE_UIM))
    for name in ("a.xlsx", "b.xlsx"):
        mail.add_attachment(far, "application", "octet-stream", filename=name)
    assert gate.send("officer", mail)["outcome"] == "taken"
    (receipt,) = gate.delivered()["officer"]
    assert "The spreadsheet “a.xlsx” is too large or too intricate to be read." in receipt.text
    assert "The file “b.xlsx” was not opened" in receipt.text


def test_a_hundred_spreadsheets_do_not_take_a_hundred_times_as_long(gate: FocalPoint) -> None:
    mail = EmailMessage()
    mail.set_content(request(SE_UIM))
    for number in range(12):
        mail.add_attachment(GOOD, "application", "octet-stream", filename=f"list{number}.xlsx")
    assert gate.send("officer", mail)["outcome"] == "taken"
    (receipt,) = gate.delivered()["officer"]
    told = [number for number in range(12) if f"“list{number}.xlsx” was not opened" in " ".join(receipt.text.split())]
    assert told == [10, 11]
