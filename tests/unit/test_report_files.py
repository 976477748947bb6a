"""The report as PDF and as a document of a word processor: what a reader's program, or a screen reader, finds in it."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import docx
import pypdf
import pytest
from docx.oxml.ns import qn

from gateway import reports
from gateway.document import Document, Look, Table
from gateway.rules.report import document
from tests.support.rendering import languages
from tests.support.reporting import EVERYBODY, measurements


def short(rows: int = 2) -> Document:
    """The report with so many rows of each table: a whole one takes seconds."""
    made = document(measurements(), EVERYBODY)
    return replace(
        made,
        sections=tuple(
            replace(
                one, blocks=tuple(replace(b, rows=b.rows[:rows]) if isinstance(b, Table) else b for b in one.blocks)
            )
            for one in made.sections
        ),
    )  # fmt: skip


def written(made: Document, form: str, language: str) -> io.BytesIO:
    return io.BytesIO(reports.formats()[form].write(made, languages().catalogue(language)))


# --- PDF --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["ar", "fr"])
def test_a_pdf_names_its_language_and_title_and_is_tagged(language: str) -> None:
    made = short()
    read = pypdf.PdfReader(written(made, "pdf", language))
    root: Any = read.trailer["/Root"]
    assert root["/Lang"] == language
    assert root["/MarkInfo"]["/Marked"]
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert b'pdfuaid:part="1"' in root["/Metadata"].get_data()
    assert read.metadata is not None
    assert read.metadata.title == languages().catalogue(language).say(made.title)
    tags = Counter(_tags(root["/StructTreeRoot"]["/K"]))
    assert tags["/H1"] == 1
    assert tags["/H2"] == len(made.sections)
    tables = [one for section in made.sections for one in section.blocks if isinstance(one, Table)]
    assert tags["/Table"] >= sum(one.look is not Look.CARDS for one in tables)
    assert tags["/TH"] >= sum(len(one.headings) for one in tables if one.look is not Look.CARDS)
    assert "/Figure" not in tags
    if language == "fr":
        assert "28\u202f458" in "".join(page.extract_text() for page in read.pages)


def _tags(node: Any) -> Iterator[str]:
    node = node.get_object() if hasattr(node, "get_object") else node
    if isinstance(node, list):
        for child in node:
            yield from _tags(child)
    elif hasattr(node, "get"):
        if "/S" in node:
            yield str(node["/S"])
        if "/K" in node:
            yield from _tags(node["/K"])


# --- a word processor's document --------------------------------------------------------------------


@pytest.mark.parametrize("language", ["ar", "en", "es", "fr", "ru", "zh"])
def test_a_word_processor_finds_headings_tables_and_charts_with_texts(language: str) -> None:
    made, say = short(), languages().catalogue(language).say
    read = docx.Document(written(made, "docx", language))
    assert read.core_properties.title == say(made.title)
    assert read.core_properties.language.startswith(language)
    titles = [one.text for one in read.paragraphs if one.style is not None and one.style.name == "Heading 1"]
    assert titles == [say(section.title) for section in made.sections]
    tables = [one for section in made.sections for one in section.blocks if isinstance(one, Table)]
    assert [len(one.rows) for one in read.tables] == [1 + len(one.rows) for one in tables]
    for one in read.tables:
        assert one.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None
        assert one._tbl.tblPr.find(qn("w:tblCaption")).get(qn("w:val"))
    pictures = [shape._inline.docPr.get("descr") for shape in read.inline_shapes]
    assert len(pictures) == 2  # Parties and requests by month
    assert all(len(described) > 40 for described in pictures)
    assert {one.get(qn(f"w:{slot}"))[:2] for one in read.styles.element.iter(qn("w:lang")) for slot in ("val", "bidi")
            } == {language}  # fmt: skip


def test_arabic_runs_from_right_to_left_in_every_paragraph_and_table() -> None:
    read = docx.Document(written(short(), "docx", "ar"))
    cells = [cell for one in read.tables for row in one.rows for cell in row.cells]
    for paragraph in (*read.paragraphs, *(cell.paragraphs[0] for cell in cells)):
        if paragraph.text:
            assert paragraph._p.pPr.find(qn("w:bidi")) is not None
            assert all(run.font.rtl for run in paragraph.runs)
    assert all(one._tbl.tblPr.find(qn("w:bidiVisual")) is not None for one in read.tables)


def test_figures_are_the_same_in_every_format() -> None:
    read = docx.Document(written(document(measurements(), EVERYBODY), "docx", "en"))
    words = [[cell.text for cell in row.cells] for row in read.tables[2].rows]
    assert ["UIMs asked about", "28,458", "9,911"] in words
