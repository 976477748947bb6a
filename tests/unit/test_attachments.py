"""UIMs in files: one column, one a line, never cut, never guessed; a whole form as JSON."""

from __future__ import annotations

import json

import pytest

from gateway import attachments, discovery, forms
from gateway.attachments import Attachment, AttachmentReading
from gateway.content import FilledForm, MimePart, Severity
from gateway.forms import Form
from gateway.forms._schema import read_document
from tests.support.cost import allowed, spent
from tests.support.parsed import in_process

KINDS: dict[str, Attachment] = attachments.joined(discovery.find(attachments, "ATTACHMENT"), in_process)
FORMS: dict[str, Form] = discovery.find(forms, "FORM")
ONE, TWO = "QCALL7hT2kQ9mZb7Kd25051914", "010460123456789021ABC+DEF"
REQUEST = {"form": "request", "purpose": "detection", "justification": "seized", "uims": [ONE]}


def part(body: bytes | str, name: str, kind: str = "application/octet-stream") -> MimePart:
    octets = body.encode() if isinstance(body, str) else body
    return MimePart((), kind, (), "attachment", name, octets, (), octets)


def read(body: bytes | str, name: str, kind: str = "application/octet-stream") -> AttachmentReading:
    found = part(body, name, kind)
    return next(one for one in KINDS.values() if one.accepts(found)).read(found)


def codes(body: bytes | str, name: str = "list.csv") -> list[str]:
    return [uim.text for uim in read(body, name).uims]


def document(content: object) -> tuple[FilledForm | None, list[str]]:
    form, findings = read_document(json.dumps(content).encode(), FORMS, "gsp-request.json")
    return form, [finding.text.message for finding in findings]


# --- text and csv -----------------------------------------------------------------------------------


def test_a_text_file_is_one_uim_a_line_with_the_line_it_stands_on() -> None:
    reading = read(f"UIMs:\r\n{ONE}\r\n\r\n{TWO}\r\nnot a code\r\n", "list.TXT")
    assert [(uim.text, uim.where, uim.line) for uim in reading.uims] == [(ONE, "list.TXT", 2), (TWO, "list.TXT", 4)]
    assert [(finding.line, finding.got, finding.where) for finding in reading.findings] == [
        (5, "not a code", "list.TXT")
    ]


@pytest.mark.parametrize(
    "body",
    [
        f"UIM\n{ONE}\n{TWO}\n",
        f"{ONE}\n{TWO}\n",
        f"Nr;UIM;Remark\n1;{ONE};x\n2;{TWO};y\n",
        f"sep=;\r\nUIM;Remark\r\n{ONE};x\r\n{TWO};\r\n",
        f"\ufeffRemark,Код\nx,{ONE}\ny,{TWO}\n",
        f"Pack\tPlace\n{ONE}\tx\n{TWO}\ty\n",
        f'"UIM"\n"{ONE}"\n"{TWO}"\n',
        f"UIM,Date\r{ONE},2026\r{TWO},2026\r",
    ],
)
def test_the_column_whose_heading_means_uim_is_read_else_the_first(body: str) -> None:
    assert codes(body) == [ONE, TWO]


def test_utf_16_as_excel_writes_it_is_read() -> None:
    assert codes(f"UIM\tPlace\r\n{ONE}\tx\r\n".encode("utf-16"), "list.csv") == [ONE]


@pytest.mark.parametrize(
    "body",
    [
        f"N°;Code d’identification;Marque\n1;{ONE};Royale\n2;{TWO};Royale\n",
        f"№,Day,Марка,Марк\n1,03.11.2026,Прима,{ONE}\n2,03.11.2026,Ява,{TWO}\n",
        f"1;{ONE};Royale\n2;{TWO};Royale\n",
        f"Saisies de mai 2026 ; port du Havre\n\nN°;Code du paquet;Marque\n1;{ONE};Royale\n2;{TWO};Royale\n",
    ],
    ids=["an unknown heading", "days and words before it", "no headings", "a title"],
)
def test_without_a_heading_the_one_column_with_codes_is_read_where_the_first_has_numbers_and_words(body: str) -> None:
    reading = read(body, "list.csv")
    assert ([uim.text for uim in reading.uims], reading.findings) == ([ONE, TWO], ())


def test_a_list_of_codes_of_which_some_hold_a_comma_is_no_table_with_a_title() -> None:
    listed = [ONE, f"AB,{TWO}", f"CD,{TWO}"]
    assert codes("\n".join(listed)) == listed


def test_of_several_columns_with_codes_behind_numbers_the_first_is_read_and_that_is_told() -> None:
    for first_row, called in (("Nr;Pack;Carton\n", "Pack"), ("", "2")):
        reading = read(f"{first_row}1;{ONE};{TWO}\n", "list.csv")
        assert [uim.text for uim in reading.uims] == [ONE]
        ((sentence, values),) = [(finding.text.message, dict(finding.text.values)) for finding in reading.findings]
        assert (sentence.startswith("Of several columns"), values) == (True, {"heading": called})


def test_short_codes_in_the_first_column_stay_the_ones_that_are_read() -> None:
    assert [uim.text for uim in read(f"Nr;A\nAB-17;{ONE}\n", "list.csv").uims] == ["AB-17"]


@pytest.mark.parametrize("heading", ["Code;UIM;Qty", "Serial number;УИМ;Код", "Identificador;IUU;x"])
def test_a_column_that_is_called_uim_goes_before_one_that_is_called_code(heading: str) -> None:
    reading = read(f"{heading}\nA-17;{ONE};x\nA-18;{TWO};y\n", "list.csv")
    assert ([uim.text for uim in reading.uims], reading.findings) == ([ONE, TWO], ())


def test_of_two_columns_that_are_as_likely_it_is_told_which_one_was_read() -> None:
    for headings in ("UIM;UIM", "Code;Serial number", "Nr;UIM;UI;Code"):
        reading = read(f"{headings}\n{';'.join([ONE] * (headings.count(';') + 1))}\n", "list.csv")
        assert [uim.text for uim in reading.uims] == [ONE]
        (finding,) = reading.findings
        assert finding.text.message.startswith("Of several columns that may hold UIMs only the first")
        assert (finding.severity, finding.line) == (Severity.PART, 1)


@pytest.mark.parametrize("charset", ["utf-16", "cp1252"])
def test_a_table_that_excel_saved_as_text_is_read_as_one(charset: str) -> None:
    table = f"Seizure of May\r\n\r\nNr\tUIM\tOrt\r\n1\t{ONE}\tKöln\r\n2\t{TWO}\tMalmö\r\n"
    reading = read(table.encode(charset), "list.txt")
    assert [(uim.text, uim.where, uim.line) for uim in reading.uims] == [(ONE, "list.txt", 4), (TWO, "list.txt", 5)]
    assert reading.findings == ()


def test_a_heading_with_a_comma_or_colon_makes_no_table_of_a_text() -> None:
    """Codes may hold both: one would be cut."""
    for heading in ("UIMs: of May", "UIMs, of May", "\tUIMs"):
        assert codes(f"{heading}\n{ONE},a\n{TWO}:b\n", "list.txt")[-2:] == [f"{ONE},a", f"{TWO}:b"]


def test_without_a_separator_in_the_first_line_nothing_is_cut() -> None:
    assert codes("UIM\nAB1,CD;EF|GH\n04601234567890;x\n") == ["AB1,CD;EF|GH", "04601234567890;x"]


def test_a_line_that_could_be_cut_in_two_ways_is_told_not_cut() -> None:
    reading = read(f'UIM;Place\n{ONE};Mombasa\nAB1;CD2;Mombasa\n"AB1;CD3";Mombasa\n', "a.csv")
    assert [uim.text for uim in reading.uims] == [ONE, "AB1;CD3"]
    assert [(finding.line, finding.got) for finding in reading.findings] == [(3, "AB1;CD2;Mombasa")]


def test_an_apostrophe_against_calculating_is_taken_away() -> None:
    assert codes("UIM;x\n'+AA1==;y\n''AB1;y\n") == ["+AA1==", "'AB1"]


def test_a_text_formula_of_a_spreadsheet_is_its_text() -> None:
    assert codes('UIM;x\n"=""0104601234567890""";y\n') == ["0104601234567890"]


@pytest.mark.parametrize("damaged", ["4.60123E+12", "4,6E+12"])
def test_a_code_that_became_a_number_is_told_and_not_guessed(damaged: str) -> None:
    reading = read(f"UIM\n{ONE}\n{damaged}\n", "a.csv")
    assert [uim.text for uim in reading.uims] == [ONE]
    assert [(finding.line, finding.got, finding.severity) for finding in reading.findings] == [
        (3, damaged, Severity.PART)
    ]


def test_what_csv_cannot_read_is_told() -> None:
    reading = read("UIM;x\n" + ONE + ';y\n"' + "a" * 200_000, "a.csv")
    assert [uim.text for uim in reading.uims] == [ONE]
    assert [finding.line for finding in reading.findings] == [3]


@pytest.mark.parametrize("name", ["a.csv", "a.txt"])
def test_a_hundred_thousand_lines_are_read_in_two_seconds(name: str) -> None:
    body = "UIM\n" + "".join(f"QCALL{number:09d}ABCD25051914\n" for number in range(100_000))
    started = spent()
    assert len(read(body, name).uims) == 100_000
    assert spent() - started < allowed(2)


@pytest.mark.parametrize("name", ["a.csv", "a.txt"])
def test_more_lines_than_are_accepted_are_told(name: str) -> None:
    reading = read("QCALL1\n" * 250_001, name)
    assert len(reading.uims) == 250_000
    assert len(reading.findings) == 1


# --- json -------------------------------------------------------------------------------------------


def test_only_our_own_documents_are_taken_for_forms() -> None:
    assert read("{}", "gsp-request.json").document == b"{}"
    assert not any(kind.accepts(part("{}", "other.json")) for kind in KINDS.values())


def test_a_document_is_the_form_it_names() -> None:
    form, wrong = document({**REQUEST, "data_requested": ["a", "c"], "to": "KE"})
    assert wrong == []
    assert form is not None
    assert (form.name, form.get("purpose"), form.get("to")) == ("request", "detection", "KE")
    assert form.ticked("data_requested") == {"a", "c"}
    assert [(uim.text, uim.where) for uim in form.uims] == [(ONE, "gsp-request.json")]


def test_uims_of_a_document_are_read_as_those_of_a_text() -> None:
    form, wrong = document({**REQUEST, "uims": ["]d20104601234567890<GS>21A1", "А1234", ONE]})
    assert form is not None
    assert [uim.text for uim in form.uims] == ["0104601234567890\x1d21A1", ONE]
    assert len(wrong) == 1


def test_answers_of_a_document_are_blocks() -> None:
    answers = [{"uim": ONE, "status": "valid", "a": "Malmö"}, {"uim": "two words", "status": "valid"}]
    form, wrong = document({"form": "reply", "exchange": "GSP-2026-000042/SE", "answers": answers})
    assert form is not None
    assert [dict(block.values) for block in form.blocks] == [answers[0]]
    assert len(wrong) == 1


@pytest.mark.parametrize(
    "content",
    [
        {**REQUEST, "purpose": "curiosity"},
        {**REQUEST, "unknown": "x"},
        {key: value for key, value in REQUEST.items() if key != "justification"},
        {**REQUEST, "uims": []},
        {**REQUEST, "uims": ["x" * 201]},
        {**REQUEST, "data_requested": ["k"]},
        {**REQUEST, "reply_by": "tomorrow"},
        {"form": "nonsense"},
        {"form": ["request"]},
        [],
        "request",
        None,
    ],
)
def test_a_document_that_does_not_keep_to_its_schema_is_returned_whole(content: object) -> None:
    form, wrong = document(content)
    assert form is None
    assert wrong != []


@pytest.mark.parametrize("octets", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"form": "request"'])
def test_what_is_no_json_is_told(octets: bytes) -> None:
    form, findings = read_document(octets, FORMS, "gsp-request.json")
    assert form is None
    assert [finding.severity for finding in findings] == [Severity.BLOCKS]


def test_a_large_document_is_checked_in_seconds() -> None:
    content = json.dumps({**REQUEST, "uims": [f"QCALL{number}ABCD" for number in range(100_000)]}).encode()
    started = spent()
    form, findings = read_document(content, FORMS, "gsp-request.json")
    assert form is not None
    assert len(form.uims) == 100_000
    assert findings == ()
    assert spent() - started < allowed(8)


# --- what other programs write ----------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|", "^", "~", ":"])
def test_whatever_parts_the_headings_parts_the_lines(delimiter: str) -> None:
    lines = [("Nr", "UIM", "Place"), ("1", ONE, "x"), ("2", TWO, "y")]
    assert codes("\n".join(map(delimiter.join, lines))) == [ONE, TWO]


@pytest.mark.parametrize(
    "number", ["4,601,234,567,890.00", "4.601.234.567.890,00", "4601234567890.00", "4601234567890,00"]
)
def test_a_number_as_any_locale_shows_it_is_told_and_not_taken_for_a_uim(number: str) -> None:
    reading = read(f"Nr\tUIM\n1\t{ONE}\n2\t{number}\n", "a.tsv")
    assert [uim.text for uim in reading.uims] == [ONE]
    assert [(one.line, one.got, one.text.message[:36]) for one in reading.findings] == [
        (3, number, "A spreadsheet has turned the code in")
    ]


def test_titles_above_the_headings_are_no_rows() -> None:
    reading = read(f"List of packs, 12 May; Mombasa\n\nNr;UIM;kg\n1;{ONE};1.234,50\n", "a.csv")
    assert [(uim.text, uim.line) for uim in reading.uims] == [(ONE, 4)]
    assert (reading.findings, reading.table[0]) == ((), (3, ("Nr", "UIM", "kg")))


def test_a_line_above_the_headings_that_holds_a_uim_is_a_row() -> None:
    assert ONE in codes(f"{ONE};x\nUIM;Place\n{TWO};y\n")


def test_a_line_break_within_quotation_marks_ends_no_row() -> None:
    reading = read(f'UIM;Place\n{ONE};"two\nlines"\n{TWO};"a ""word"";"\n', "a.csv")
    assert [(uim.text, uim.line) for uim in reading.uims] == [(ONE, 2), (TWO, 4)]
    assert reading.table[1] == (2, (ONE, "two\nlines"))


@pytest.mark.parametrize("name", ["a.csv", "a.txt", "a.tsv"])
@pytest.mark.parametrize(
    "body",
    [
        "<html><table><tr><td>UIM</td></tr></table>",
        '\ufeff\r\n<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>',
        b"PK\x03\x04" + b"\0" * 99,
        b"%PDF-1.7\nUIM\n",
        b"\xff\xd8\xff\xe0" + b"\0" * 99,
        b"\x1f\x8b\x08",
    ],
    ids=["web page", "XML", "archive", "PDF", "picture", "packed"],
)
def test_what_is_only_named_as_text_is_told_once_and_not_read(body: bytes | str, name: str) -> None:
    reading = read(body, name)
    assert (reading.uims, reading.findings, reading.table) == ((), (), ())
    assert [one.text.message[:55] for one in reading.remarks] == [
        "The file “{name}” is of another kind than its name says"
    ]
