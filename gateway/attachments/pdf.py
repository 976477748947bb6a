"""PDF files: the UIMs in their text, with page and line. What is no UIM is passed over, and that is told.

A PDF holds letters and tables, not one UIM a line. So a word is taken for a UIM where it can hardly be anything else,
and a line of one word with a digit in it; docs/decisions/0012-pdf-received.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from gateway.attachments import AttachmentReading, Foreign, Parsed, Trouble
from gateway.attachments._unread import in_trouble
from gateway.content import Finding, MimePart, Severity, Text, Uim, text, texts
from gateway.identifiers.written import looks_like_code, read_uim, read_uims

_MOST = 250_000
_ALONE = 8  # characters of a UIM that stands alone on its line: what is shorter is a page's number or a year
_REST = re.compile(r"[!-~]{1,40}")  # of a UIM that was broken at the edge of a column
_OTHER = re.compile(r"\d{1,4}(?:[-./:]\d{1,4})+|\+\d+|\S+@[^\s@]+\.[a-z]{2,}|www\.\S+|\S*://\S*")  # dates, addresses
# Letters that fonts draw as one sign; neither stands in a UIM.
_LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"})
_TROUBLES = {
    Trouble.ENCRYPTED: text(
        "The PDF “{name}” is protected by a password and cannot be opened. Your mail is encrypted already: save the "
        "file without the password and send it again."
    ),
    Trouble.BROKEN: text(
        "The PDF “{name}” cannot be read: it is damaged, or of another kind than its name says. Print it to a new PDF, "
        "or send the list as text or as a spreadsheet."
    ),
    Trouble.TOO_MUCH: text(
        "The PDF “{name}” is too large or too intricate to be read. Send the list as text or as a spreadsheet."
    ),
}
_ONLY_PICTURES = text(
    "This PDF holds only pictures, no text. Attach the photographs themselves, or send the list as text."
)
_PICTURES = text(
    "These pages hold only pictures and were not read: {pages}. Attach the photographs themselves, or send what is on "
    "them as text."
)
_NOTHING = text(
    "No UIM was found in the text of this PDF. Send the list as text, one UIM on a line, or as a spreadsheet."
)
_UNSEEN = text(
    "The PDF holds text that is not shown, as scanners put it behind a picture, often with mistakes. Compare every UIM "
    "with the pack."
)
_SCRIPTS = text("The PDF holds programs. They were neither run nor read.")
_FILES = text("The PDF holds other files, which were not opened. If they count, attach them to the mail themselves.")
_FIELDS = text(
    "The PDF is a form; what is typed into its fields was not read. If it counts, print the form to a new PDF, or send "
    "the UIMs as text."
)
_TOO_LONG = text(
    "The file has more pages or lines than are accepted; the rest was not read. Send the rest in another mail."
)


def accepts(part: MimePart) -> bool:
    """Files named .pdf, and nameless ones of that type."""
    name = part.filename.lower()
    return name.endswith(".pdf") or (part.media_type == "application/pdf" and "." not in name)


def read(part: MimePart, parsed: Parsed) -> AttachmentReading:
    """The UIMs of all pages."""
    name = part.filename
    if parsed.trouble:
        return in_trouble(parsed, _TROUBLES, name)
    told, passed = parsed.content, 0
    uims: list[Uim] = []
    findings: list[Finding] = []
    for page, lines in told.get("pages", ()):
        found, wrong, other = _page([str(line) for line in lines], name, int(page))
        uims += found
        findings += wrong
        passed += other
    findings += [Finding(said, severity, name) for said, severity in _remarks(told, len(uims), passed)]
    return AttachmentReading(tuple(uims[:_MOST]), findings=tuple(findings))


def _page(lines: list[str], name: str, page: int) -> tuple[tuple[Uim, ...], tuple[Finding, ...], int]:
    """The UIMs of a page, what is almost one, and how many lines hold neither."""
    taken = [(number, code) for number, line in enumerate(lines, 1) for code in _codes(line.translate(_LIGATURES))]
    uims, findings = read_uims(taken, name, page=page)
    read = {number for number, _ in taken}
    below = {number - 1: line.strip() for number, line in enumerate(lines, 1) if number not in read}
    uims = tuple(
        replace(uim, below=below[uim.line]) if _REST.fullmatch(below.get(uim.line, "")) else uim for uim in uims
    )
    return uims, findings, len(lines) - len(read)


def _codes(line: str) -> Iterator[str]:
    """What of a line is to be read as a UIM: all of it, or single words."""
    words = line.split()
    if len(words) == 1:
        alone = len(words[0]) >= _ALONE and any(map(str.isdecimal, words[0])) and not _OTHER.fullmatch(words[0])
        if alone or looks_like_code(line):
            yield line
    elif line.startswith("(") and not isinstance(read_uim(line), Text):
        yield line  # a GS1 code with brackets and blanks
    else:
        yield from filter(looks_like_code, words)


def _remarks(told: Mapping[str, Any], uims: int, passed: int) -> Iterator[tuple[Text, Severity]]:
    """What is to be said of the file."""
    if not told.get("pages") and told.get("pictures"):
        yield _ONLY_PICTURES, Severity.PART
    elif told.get("pictures"):
        yield text(_PICTURES.message, pages=str(told["pictures"])), Severity.PART
    if not uims and (told.get("pages") or not told.get("pictures")):
        yield _NOTHING, Severity.PART
    elif passed:
        yield (
            texts(
                "One line of this PDF holds no UIM and was passed over.",
                "{count} lines of this PDF hold no UIM and were passed over.",
                passed,
            ),
            Severity.NOTE,
        )
    for name, sentence in (("unseen", _UNSEEN), ("scripts", _SCRIPTS), ("files", _FILES), ("fields", _FIELDS)):
        if told.get(name):
            yield sentence, Severity.NOTE
    if told.get("cut"):
        yield _TOO_LONG, Severity.PART


ATTACHMENT = Foreign(accepts, "pdf", read)
