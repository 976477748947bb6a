"""What a real LibreOffice saves is read: each format, and CSV as the locales of three countries have it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gateway.attachments import AttachmentReading
from tests.support.libreoffice import Wanted, csv, saved
from tests.unit.test_attachments import read

UIMS = ["QCALL7hT2kQ9mZb7Kd25051914", "0012345678901", "=+-@;,\"'<x>&9", "(01)04601234567890(21)AB+12"]
HEADINGS = {"en": ("No", "UIM", "Place", "kg"), "de": ("Nr", "Code", "Ort", "kg"), "ru": ("№", "УИМ", "Место", "кг")}
TOWNS = {"en": "Malmö, Plant 7", "de": "Köln\nWerk 7", "ru": "Москва"}
WEIGHTS = {"en": "1,234.50", "de": "1.234,50", "ru": "1 234,50"}
ROWS = {
    language: [
        HEADINGS[language],
        *([number, uim, TOWNS[language], 1234.5] for number, uim in enumerate(UIMS, 1)),
        [5, 4601234567890, TOWNS[language], 0.5],
    ]
    for language in HEADINGS
}
WANTED = {
    "xlsx": Wanted("de", "DE", "xlsx"),
    "ods": Wanted("de", "DE", "ods"),
    "xls": Wanted("ru", "RU", "xls"),
    "English, UTF-8": Wanted("en", "US", csv(",", 76)),
    "German, 1252": Wanted("de", "DE", csv(";", 1)),
    "Russian, 1251": Wanted("ru", "RU", csv(";", 34)),
}


@pytest.fixture(scope="module")
def files() -> Iterator[dict[str, bytes]]:
    with saved(ROWS, list(WANTED.values())) as octets:
        yield dict(zip(WANTED, octets, strict=True))


@pytest.mark.parametrize("kind", ["xlsx", "ods", "xls"])
def test_a_workbook_gives_its_uims_with_their_cells_and_tells_of_the_number(files: dict[str, bytes], kind: str) -> None:
    (sheet,) = read(files[kind], f"list.{kind}").more
    where = f"list.{kind} › Packs"
    assert [(uim.text, uim.where, uim.line, uim.column) for uim in sheet.uims] == [
        (uim, where, line, 2) for line, uim in enumerate(UIMS, 2)
    ]
    ((got, line, column),) = [(one.got, one.line, one.column) for one in sheet.findings]
    assert (got, line, column) == ("4601234567890", 6, 2)
    assert sheet.table[1][1][2] == TOWNS[WANTED[kind].language]


@pytest.mark.parametrize("kind", [name for name in WANTED if "," in name])
def test_a_csv_gives_its_uims_with_their_lines_and_every_word_whatever_its_locale(
    files: dict[str, bytes], kind: str
) -> None:
    reading: AttachmentReading = read(files[kind], "list.csv")
    language = WANTED[kind].language
    height = 1 + TOWNS[language].count("\n")
    assert [(uim.text, uim.line) for uim in reading.uims[:4]] == [
        (uim, 2 + height * place) for place, uim in enumerate(UIMS)
    ]
    assert reading.findings == ()
    assert reading.table[0][1] == HEADINGS[language]
    assert {row[1][2] for row in reading.table[1:]} == {TOWNS[language]}
    assert reading.table[1][1][3].replace("\u202f", " ").replace("\xa0", " ") == WEIGHTS[language]
