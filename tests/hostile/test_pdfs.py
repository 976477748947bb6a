"""A registered person, a hostile PDF: it ends the process that reads it, at most, and is answered."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from email.message import EmailMessage

import pytest
from pypdf import PdfReader, PdfWriter

from gateway.attachments import Trouble
from gateway.parsing import parse
from tests.support.focalpoint import SE_UIM, FocalPoint, request
from tests.support.hostile_pdfs import UIM, document, drawn, joined, mapped, packed, stream
from tests.support.hostile_sheets import cell, workbook
from tests.support.parsed import in_process

GOOD = document(drawn(UIM))
CATALOGUE = b"<</Type/Catalog/Pages 2 0 R>>"
MILLION = 1_000_000


def with_contents(content: bytes) -> bytes:
    """A page whose content stream is this object."""
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R>>"
    return joined([CATALOGUE, b"<</Type/Pages/Count 1/Kids[3 0 R]>>", page, content])


BROKEN: dict[str, Callable[[], bytes]] = {
    "a web page": lambda: b"<html><p>QCALL7hT2kQ9mZb7Kd25051914</html>",
    "nothing": lambda: b"",
    "a spreadsheet behind a PDF": lambda: GOOD + workbook(cell("A1")),
    "a PDF behind a spreadsheet": lambda: workbook(cell("A1")) + GOOD,
    "a beginning and no more": lambda: GOOD[:40],
    "a line of a hundred thousand letters": lambda: document(drawn("a" * 100_000)),
}
DEEP: dict[str, Callable[[], bytes]] = {
    "arrays in arrays": lambda: document(drawn(UIM), root="/X" + "[" * 100_000 + "]" * 100_000),
    "pages that are their own page tree": lambda: joined([CATALOGUE, b"<</Type/Pages/Count 1/Kids[2 0 R]>>"]),
    "a tree of pages a thousand deep": lambda: joined(
        [CATALOGUE, *(b"<</Type/Pages/Count 1/Kids[%d 0 R]>>" % (n + 3) for n in range(1000))]
    ),
    "a form that draws itself": lambda: document(
        b"/X Do",
        page="/Resources<</XObject<</X 3 0 R>>>>",
        more=[stream(b"/X Do", "/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 3 0 R>>>>")],
    ),
    "an object that is itself": lambda: joined([CATALOGUE, b"2 0 R"]),
    "a table of objects that follows itself": lambda: document(drawn(UIM), trailer="/Prev 9"),
}
DEAR: dict[str, Callable[[], bytes]] = {
    "a bomb": lambda: with_contents(packed(90 * MILLION)),
    "a bomb in a bomb in a bomb": lambda: with_contents(packed(90 * MILLION, 3)),
    "four thousand million characters": lambda: mapped(b"1 beginbfrange <00000000> <FFFFFFFF> <0000> endbfrange"),
    "a million pages that are one": lambda: joined(
        [CATALOGUE, b"<</Type/Pages/Count 1000000/Kids[%s]>>" % (b"3 0 R " * MILLION), b"<</Type/Page/Parent 2 0 R>>"]
    ),
}


def told(octets: bytes) -> tuple[Trouble, list[str]]:
    """What the parser's own process says: the trouble, and the words of the pages."""
    found = parse("pdf", octets)
    return found.trouble, [line for _, lines in found.content.get("pages", ()) for line in lines]


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_no_pdf_or_something_else_besides_cannot_be_read(name: str) -> None:
    assert in_process("pdf", BROKEN[name]()).trouble is Trouble.BROKEN


@pytest.mark.parametrize("name", DEEP)
def test_what_goes_round_or_has_no_bottom_is_left(name: str) -> None:
    found = in_process("pdf", DEEP[name]())
    assert found.trouble is not Trouble.NONE or len(found.content["pages"]) <= 1


@pytest.mark.parametrize("entry", ["5", "(x)", "null", "[null 5 /X]", "<</A 5>>", "99 0 R"])
def test_what_stands_where_something_else_should_is_passed_over(entry: str) -> None:
    names = ("Names", "OpenAction", "AcroForm", "AF", "Collection")
    root, page = "".join(f"/{name} {entry}" for name in names), f"/Annots {entry}"
    for octets in (document(drawn(UIM), root=root, page=page), document(b"", page=f"/Resources<</XObject {entry}>>")):
        found = in_process("pdf", octets)
        assert found.trouble is Trouble.NONE
        assert [lines for _, lines in found.content["pages"]] in ([], [[UIM]])


@pytest.mark.parametrize("name", DEAR)
def test_what_would_take_all_memory_or_time_ends_its_own_process_at_most(name: str) -> None:
    octets = DEAR[name]()
    began = time.perf_counter()
    trouble, lines = told(octets)
    assert trouble is not Trouble.NONE or lines in ([], [UIM])
    assert time.perf_counter() - began < 60  # 20 s of processor time are its limit


@pytest.mark.parametrize("password", ["", "secret"])
def test_the_closed_process_opens_what_needs_no_password_and_tells_the_rest(password: str) -> None:
    writer, octets = PdfWriter(clone_from=PdfReader(io.BytesIO(GOOD))), io.BytesIO()
    writer.encrypt(password, "owner", algorithm="AES-256")
    writer.write(octets)
    assert told(octets.getvalue()) == ((Trouble.ENCRYPTED, []) if password else (Trouble.NONE, [UIM]))


def test_a_hostile_pdf_costs_its_sender_an_answer(gate: FocalPoint) -> None:
    mail = EmailMessage()
    mail.set_content(request(SE_UIM))
    mail.add_attachment(BROKEN["a spreadsheet behind a PDF"](), "application", "pdf", filename="a.pdf")
    mail.add_attachment(
        document(drawn("list", f"1 {UIM} x", "2 0QQ8800771166ZZ y")), "application", "pdf", filename="b.pdf"
    )
    assert gate.send("officer", mail)["outcome"] == "taken"
    (receipt,) = gate.delivered()["officer"]
    words = " ".join(receipt.text.split())
    assert "The PDF “a.pdf” cannot be read" in words
    assert "The same UIMs stand a second time here, and were taken once: b.pdf, page 1, line 2." in words
    assert "b.pdf, page 1, line 3" in words
