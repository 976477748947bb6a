"""A report as a document of a word processor (Office Open XML), to be worked on: headings, tables, charts."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from gateway.charts import HEIGHT, WIDTH, draw
from gateway.document import Document, Line, Look, Table
from gateway.figures import Period
from gateway.language import Catalogue
from gateway.reports import Format, _words
from gateway.summary import Drawing

_MOST_BARS = 12  # of one chart: more numbers do not stand side by side
_LABELS = 6  # below them
_WIDTH, _HEIGHT, _MARGIN = 21.0, 29.7, 2.0  # centimetres
_CHART = 16.0
_LONG = 36  # letters; what is longer does not make its column wider
_SHADES = ("FFFFFF", "EBF2F9", "D0E0F0", "B5CEE7", "93B8DC")
_FONTS = {"ascii": "Noto Sans", "hAnsi": "Noto Sans", "cs": "Noto Sans Arabic", "eastAsia": "Noto Sans CJK SC"}
_TAGS = {"ar": "ar-SA", "en": "en-GB", "es": "es-ES", "fr": "fr-FR", "ru": "ru-RU", "zh": "zh-CN"}

# What the schema puts after the direction of a paragraph (17.3.1.26).
_AFTER_BIDI = tuple(
    f"w:{name}"
    for name in ("adjustRightInd", "snapToGrid", "spacing", "ind", "contextualSpacing", "mirrorIndents", "jc",
                 "textDirection", "textAlignment", "outlineLvl", "rPr", "sectPr")
)  # fmt: skip


def write(document: Document, catalogue: Catalogue) -> bytes:
    """The file."""
    return _Writer(catalogue).written(document)


class _Writer:
    """One document in the making. From right to left every paragraph, run and table is marked as such."""

    def __init__(self, catalogue: Catalogue) -> None:
        import docx  # a quarter of a second

        self._made: Any = docx.Document()
        self._words = catalogue
        self._mirrored = catalogue.direction == "rtl"
        self._styles()
        self._paper()

    def written(self, document: Document) -> bytes:
        properties = self._made.core_properties
        properties.title = self._words.say(document.title)
        properties.language = _TAGS[self._words.language]
        properties.author = properties.comments = ""
        self._heading(self._words.say(document.title), 0)
        for line in document.lines:
            self._paragraph(self._words.say(line))
        for section in document.sections:
            title = self._words.say(section.title)
            self._heading(title, 1)
            for block in section.blocks:
                if isinstance(block, Line):
                    self._paragraph(self._words.say(block.says), small=block.small)
                else:
                    self._block(block, title)
        octets = io.BytesIO()
        self._made.save(octets)
        return octets.getvalue()

    # --- text -----------------------------------------------------------------------------------

    def _styles(self) -> None:
        """The language, and fonts that have its signs, for everything."""
        from docx.oxml.ns import qn
        from docx.shared import Pt

        tag = _TAGS[self._words.language]
        for name in ("Normal", "Title", "Heading 1", "Heading 2", "Caption"):
            style = self._made.styles[name]
            fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
            for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
                fonts.attrib.pop(qn(f"w:{theme}"), None)
            for slot, font in _FONTS.items():
                fonts.set(qn(f"w:{slot}"), font)
        self._made.styles["Normal"].font.size = Pt(10)
        for language in self._made.styles.element.iter(qn("w:lang")):
            for slot in ("val", "eastAsia", "bidi"):
                language.set(qn(f"w:{slot}"), tag)

    def _paper(self) -> None:
        from docx.shared import Cm

        page = self._made.sections[0]
        page.page_width, page.page_height = Cm(_WIDTH), Cm(_HEIGHT)
        page.left_margin = page.right_margin = page.top_margin = page.bottom_margin = Cm(_MARGIN)

    def _heading(self, words: str, level: int) -> None:
        self._turned(self._made.add_heading(words, level))

    def _paragraph(self, words: str, small: bool = False) -> None:
        from docx.shared import Pt

        paragraph = self._made.add_paragraph()
        run = paragraph.add_run(words)
        if small:
            run.font.size = Pt(9)
        self._turned(paragraph)

    def _turned(self, paragraph: Any) -> None:
        """A paragraph in the direction of the language (ISO/IEC 29500-1, 17.3.1.6 and 17.3.2.30)."""
        from docx.oxml import OxmlElement
        from docx.oxml.ns import qn

        if not self._mirrored:
            return
        paragraph._p.get_or_add_pPr().insert_element_before(OxmlElement("w:bidi"), *_AFTER_BIDI)
        for run in paragraph.runs:
            run.font.rtl, run.font.cs_bold = True, run.bold
            size = run._r.rPr.sz  # of Arabic letters by itself
            if size is not None:
                other = OxmlElement("w:szCs")
                other.set(qn("w:val"), size.get(qn("w:val")))
                size.addnext(other)

    # --- tables and charts ----------------------------------------------------------------------

    def _block(self, table: Table, title: str) -> None:
        name = self._words.say(table.name)
        if name != title and table.look is not Look.CARDS:
            self._heading(name, 2)
        if len(table.rows) <= _MOST_BARS and all(isinstance(row[0], Period) for row in table.rows):
            self._chart(table, name)
        self._table(table, name)
        self._made.add_paragraph()

    def _chart(self, table: Table, name: str) -> None:
        """The counts of the first column by month; the table below has them and the others."""
        from docx.shared import Cm

        columns = [column for column in range(len(table.headings)) if _words.barred(table, column)]
        if not columns:
            return
        column = columns[0]
        values = tuple(cell for row in table.rows if isinstance(cell := row[column], int))
        heading = _words.said(table.headings[column], self._words)
        every = -(-len(table.rows) // _LABELS)
        months = [self._words.short_month(row[0].first) for row in table.rows if isinstance(row[0], Period)]
        shown = tuple(label if place % every == 0 else "" for place, label in enumerate(months))
        drawn = draw(Drawing(name, shown, ((heading, values),), self._mirrored))
        picture = self._made.add_picture(io.BytesIO(drawn), width=Cm(_CHART), height=Cm(_CHART * HEIGHT / WIDTH))
        said = [_words.said(row[0], self._words) for row in table.rows]
        described = "; ".join(f"{of}: {self._words.value(value)}" for of, value in zip(said, values, strict=True))
        picture._inline.docPr.set("descr", f"{name}. {heading}. {described}")
        picture._inline.docPr.set("title", name)
        self._turned(self._made.paragraphs[-1])

    def _table(self, table: Table, name: str) -> None:
        from docx.enum.table import WD_TABLE_DIRECTION

        made = self._made.add_table(rows=1, cols=len(table.headings), style="Table Grid")
        properties = made._tbl.tblPr
        _mark(properties, "w:tblCaption", name)
        if self._mirrored:
            made.table_direction = WD_TABLE_DIRECTION.RTL
        _mark(made.rows[0]._tr.get_or_add_trPr(), "w:tblHeader")
        measured = _words.measured(table)
        lines = [[_words.said(cell, self._words) for cell in table.headings]]
        lines += [[_words.begun(cell, self._words) if not place else _words.said(cell, self._words)
                   for place, cell in enumerate(row)] for row in table.rows]  # fmt: skip
        widths = _widths(lines)
        made.autofit = False
        for column, width in zip(made.columns, widths, strict=True):
            column.width = width
        for number, words in enumerate(lines):
            line = made.add_row() if number else made.rows[0]
            _mark(line._tr.get_or_add_trPr(), "w:cantSplit")
            for place, cell in enumerate(line.cells):
                shade = _SHADES[_words.shade(table, table.rows[number - 1][place])] if number else _SHADES[0]
                cell.width = widths[place]
                self._fill(cell, words[place], bold=not number, at_end=measured[place], shade=shade)

    def _fill(self, cell: Any, words: str, bold: bool = False, at_end: bool = False, shade: str = _SHADES[0]) -> None:
        from docx.enum.text import WD_ALIGN_PARAGRAPH
        from docx.shared import Pt

        paragraph = cell.paragraphs[0]
        run = paragraph.add_run(words)
        run.font.size, run.bold = Pt(9), bold or None
        paragraph.paragraph_format.space_after = Pt(0)
        if at_end:
            paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT  # where the line ends, whatever its direction
        if shade != _SHADES[0]:
            _mark(cell._tc.get_or_add_tcPr(), "w:shd", fill=shade)
        self._turned(paragraph)


def _widths(lines: Sequence[Sequence[str]]) -> list[Any]:
    """How wide columns are, by the longest text in each; a very long one is broken."""
    from docx.shared import Cm

    longest = [min(max(map(len, column), default=0), _LONG) + 3 for column in zip(*lines, strict=True)]
    return [Cm((_WIDTH - 2 * _MARGIN) * one / sum(longest)) for one in longest]


def _mark(element: Any, name: str, value: str = "", fill: str = "") -> None:
    """Adds a property that the schema puts after those that are there."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    made = OxmlElement(name)
    if value:
        made.set(qn("w:val"), value)
    if fill:
        made.set(qn("w:val"), "clear")
        made.set(qn("w:fill"), fill)
    element.append(made)


FORMAT = Format("docx", write)
