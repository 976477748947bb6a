"""A reply as a table: what the gateway wrote in any language is completed in a spreadsheet and read back."""

from __future__ import annotations

import csv
import io

import pytest

from gateway.content import Reading, Severity
from gateway.facts import referral_number
from gateway.forms._refer import answer_sheet, reply_sheet
from gateway.language import LANGUAGES
from gateway.letters import AnsweredUim
from gateway.stages import _sheets
from gateway.treaty import Item, UimAnswer
from tests.unit.test_winmail import FORM, VOCABULARY, leaf, mail, reading

REFERRAL = referral_number("GSP-2026-000042/SE")
UIMS = ("QCALL7hT2kQ9mZb7Kd25051914", "=1+1;aB\x1d21x", "0012345678901", "-aa11")
ANSWERS = tuple(answer for answer in UimAnswer if answer is not UimAnswer.PENDING)
REPLY = "GSP REPLY\n\nExchange: GSP-2026-000042/SE\n\n"


def table(language: str, rows: object, headings: object, delimiter: str = ",") -> bytes:
    say = VOCABULARY.languages.catalogue(language).say
    octets = _sheets.to_csv([say(heading) for heading in headings], _sheets.said(rows, say))  # type: ignore[attr-defined, arg-type]
    if delimiter == ",":
        return octets
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=delimiter).writerows(csv.reader(io.StringIO(octets.decode("utf-8-sig"), newline="")))
    return out.getvalue().encode()


def returned(octets: bytes, body: str = REPLY, name: str = "GSP-2026-000042-SE.csv") -> Reading:
    return reading(mail(leaf(body), leaf(octets, "application/octet-stream", name)))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_an_answer_sheet_in_any_language_reads_back_as_it_was_written(language: str, delimiter: str) -> None:
    given = [
        AnsweredUim(uim, answer, ((Item.A, "2025-05-19, Malmö"), (Item.J, "a, b; c")), "=seen")
        for uim, answer in zip(UIMS * 2, ANSWERS, strict=False)
    ]
    sheet = answer_sheet(REFERRAL, given)
    found = returned(table(language, sheet.rows, sheet.headings, delimiter))
    assert found.findings == ()
    assert (found.form.name, found.form.uims) == ("reply", ())
    assert [dict(block.values) for block in found.form.blocks] == [
        {"uim": one.uim, "status": one.answer.value, "a": "2025-05-19, Malmö", "j": "a, b; c", "uim_remarks": "=seen"}
        for one in given
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_of_an_answer_sheet_are_in_the_readers_language(language: str) -> None:
    catalogue = VOCABULARY.languages.catalogue(language)
    sheet = answer_sheet(REFERRAL, [AnsweredUim(UIMS[0], UimAnswer.UNDER_INQUIRY)])
    (row,) = _sheets.said(sheet.rows, catalogue.say)
    assert row[1] == catalogue.gettext("under inquiry")
    assert language == "en" or row[1] != "under inquiry"


def test_rows_that_nobody_filled_in_are_not_answered_yet() -> None:
    sheet = reply_sheet(REFERRAL, UIMS, tuple(Item))
    assert returned(table("fr", sheet.rows, sheet.headings)).form.blocks == ()


def test_a_word_or_uim_that_is_not_understood_is_told_with_file_and_line() -> None:
    octets = f"UIM,Status,Remarks\n{UIMS[0]},vaildd,\n4.6E+12,valid,\n{UIMS[2]},valid,ok\n".encode()
    found = returned(octets, name="answers.csv")
    assert [(one.where, one.line, one.got, one.severity) for one in found.findings] == [
        ("answers.csv", 2, "vaildd", Severity.PART), ("answers.csv", 3, "4.6E+12", Severity.PART)
    ]  # fmt: skip
    assert [(block.values["status"], block.line, block.where) for block in found.form.blocks] == [
        ("", 2, "answers.csv"), ("valid", 4, "answers.csv")
    ]  # fmt: skip


def test_a_table_alone_is_a_reply_and_beside_a_request_a_list_of_uims() -> None:
    octets = f"UIM,Status\n{UIMS[0]},valid\n{UIMS[2]},\n".encode()
    assert [block.values["uim"] for block in returned(octets, "").form.blocks] == [UIMS[0]]
    assert returned(octets, "").form.name == "reply"
    asked = returned(octets, FORM.replace(UIMS[0], "QCALLother1234567825051914"))
    assert (asked.form.name, asked.form.blocks, len(asked.form.uims)) == ("request", (), 3)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_xlsx_reply_reads_as_the_csv_reply_does(language: str) -> None:
    catalogue = VOCABULARY.languages.catalogue(language)
    given = [
        AnsweredUim(uim, answer, ((Item.A, "2025-05-19, Malmö"), (Item.J, "a, b; c")), "=seen")
        for uim, answer in zip(UIMS * 2, ANSWERS, strict=False)
    ]
    sheet = answer_sheet(REFERRAL, given)
    headings = [catalogue.say(heading) for heading in sheet.headings]
    octets = _sheets.to_xlsx(headings, _sheets.said(sheet.rows, catalogue.say), language == "ar")
    found = returned(octets, name="GSP-2026-000042-SE.xlsx")
    as_csv = returned(table(language, sheet.rows, sheet.headings))
    assert found.findings == ()
    assert (found.form.name, found.form.uims) == ("reply", ())
    assert [dict(block.values) for block in found.form.blocks] == [dict(block.values) for block in as_csv.form.blocks]
    assert {block.where for block in found.form.blocks} == {"GSP-2026-000042-SE.xlsx › GSP"}


def test_a_spreadsheet_that_cannot_be_read_is_never_passed_over_in_silence() -> None:
    (finding,) = returned(b"PK", name="GSP-2026-000042-SE.xlsx").findings
    assert finding.text.message.startswith("The spreadsheet “{name}” cannot be read")
