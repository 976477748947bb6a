"""PDF files: UIMs come out of letters and tables octet for octet, with page and line; what is not read is told."""

from __future__ import annotations

import io

import pytest
from pypdf import PdfReader, PdfWriter

from gateway.attachments import AttachmentReading
from gateway.content import Severity
from tests.support.hostile_pdfs import UIM, document, drawn, stream
from tests.unit.test_attachments import read

OTHER = "010460123456789021ABC+DEF"
PICTURE = stream(b"\0" * 3, "/Type/XObject/Subtype/Image/Width 1/Height 1/ColorSpace/DeviceRGB/BitsPerComponent 8")
SHOWN = "/Resources<</XObject<</I 3 0 R>>/Font<</F1 4 0 R>>>>"


def of(octets: bytes, name: str = "list.pdf") -> AttachmentReading:
    return read(octets, name)


def told(octets: bytes) -> list[tuple[str, Severity]]:
    return [(one.text.message, one.severity) for one in of(octets).findings]


def test_a_uim_in_a_letter_or_a_table_is_found_with_page_and_line() -> None:
    letter = drawn("Seized on 12 May 2025, tel. +254 20 1234567:", f"1 {UIM} Mombasa 2025-05-19", "page 1/2")
    table = drawn("2025-05-19", "x@example.org", OTHER, f"3. {UIM}x")
    reading = of(document(letter, table))
    assert [(uim.text, uim.page, uim.line, uim.where) for uim in reading.uims] == [
        (UIM, 1, 2, "list.pdf"),
        (OTHER, 2, 3, "list.pdf"),
        (f"{UIM}x", 2, 4, "list.pdf"),
    ]
    ((passed, severity),) = [(one.text, one.severity) for one in reading.findings]
    assert (passed.count, severity) == (4, Severity.NOTE)


def test_a_bracketed_code_is_one_uim_however_many_blanks_it_has() -> None:
    assert [uim.text for uim in of(document(drawn("(01) 04601234567890 (21) ABC+DEF"))).uims] == [
        "(01)04601234567890(21)ABC+DEF"
    ]


@pytest.mark.parametrize("code", ["4.6E+12ABCDEF", "04601234567890", "ABCD1234"])
def test_what_stands_alone_on_its_line_is_read_or_told_as_in_a_text_file(code: str) -> None:
    reading = of(document(drawn(code)))
    assert [one.text for one in reading.uims] + [one.got for one in reading.findings if one.got] == [code]


def test_what_is_almost_a_uim_is_told_with_its_page() -> None:
    (finding,) = of(document(drawn(UIM), drawn("4.60123E+12"))).findings
    assert (finding.page, finding.line, finding.got, finding.severity) == (2, 1, "4.60123E+12", Severity.PART)


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        (document(b"/I Do", more=[PICTURE], page=SHOWN), "This PDF holds only pictures, no text."),
        (document(b"0 0 m 9 9 l " * 200), "This PDF holds only pictures, no text."),
        (document(drawn("Nothing", "here")), "No UIM was found in the text of this PDF."),
        (document(b""), "No UIM was found in the text of this PDF."),
        (document(drawn(UIM), b"0 0 m 9 9 l " * 200), "These pages hold only pictures and were not read: {pages}."),
    ],
    ids=["a scan", "letters drawn as lines", "prose", "empty", "one page of two"],
)
def test_what_holds_no_text_or_no_uim_is_told_with_the_remedy(octets: bytes, words: str) -> None:
    ((message, severity),) = told(octets)
    assert message.startswith(words)
    assert severity is Severity.PART


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        (document(drawn(UIM, before="BT 3 Tr ET")), "The PDF holds text that is not shown"),
        (document(drawn(UIM), root="/OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>"), "The PDF holds programs."),
        (document(drawn(UIM), root="/Names<</JavaScript 3 0 R>>", more=[b"<</Names[]>>"]), "The PDF holds programs."),
        (document(drawn(UIM), root="/OpenAction<</S/Launch/F(cmd.exe)>>"), "The PDF holds programs."),
        (document(drawn(UIM), root="/Names<</EmbeddedFiles 3 0 R>>", more=[b"<</Names[]>>"]), "The PDF holds other fi"),
        (document(drawn(UIM), page="/Annots[<</Subtype/FileAttachment>>]"), "The PDF holds other files"),
        (document(drawn(UIM), root="/AcroForm<</Fields[3 0 R]>>", more=[b"<</FT/Tx>>"]), "The PDF is a form"),
    ],
    ids=["unseen", "a program at the start", "programs", "a command", "files", "a file on a page", "a form"],
)
def test_what_a_pdf_hides_is_neither_run_nor_opened_and_is_told(octets: bytes, words: str) -> None:
    assert [uim.text for uim in of(octets).uims] == [UIM]
    ((message, severity),) = told(octets)
    assert message.startswith(words)
    assert severity is Severity.NOTE


def test_invisible_text_that_ended_with_its_graphics_state_is_none() -> None:
    assert told(document(drawn(UIM, before="q BT 3 Tr ET Q"))) == []


@pytest.mark.parametrize(("user", "opens"), [("", True), ("secret", False)], ids=["against printing", "to open"])
def test_only_a_password_that_is_needed_to_open_a_pdf_keeps_it_closed(user: str, opens: bool) -> None:
    writer, octets = PdfWriter(clone_from=PdfReader(io.BytesIO(document(drawn(UIM))))), io.BytesIO()
    writer.encrypt(user, "owner", algorithm="AES-256")
    writer.write(octets)
    reading = of(octets.getvalue())
    assert [uim.text for uim in reading.uims] == [UIM] * opens
    assert [one.text.message[:60] for one in reading.remarks] == [
        "The PDF “{name}” is protected by a password and cannot be op"
    ] * (not opens)


def test_ligatures_are_the_letters_they_stand_for() -> None:
    cmap = b"1 begincodespacerange <00> <FF> endcodespacerange 1 beginbfchar <66> <FB03> endbfchar"
    font = b"<</Type/Font/Subtype/Type1/BaseFont/X/ToUnicode 3 0 R>>"
    octets = document(drawn(UIM + "f"), page="/Resources<</Font<</F1 4 0 R>>>>", more=[stream(cmap), font])
    assert [uim.text for uim in of(octets).uims] == [UIM + "ffi"]


def test_a_nameless_attachment_is_known_by_its_type() -> None:
    assert len(read(document(drawn(UIM)), "", "application/pdf").uims) == 1
