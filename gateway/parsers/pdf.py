"""PDF files to lines of text, by pypdf: what a reader sees as text, page by page.

`{"pages": [[number, [line, ...]], ...], "pictures": "2–4, 9", ...}`: lines that are not empty; `pictures` names the
pages that show something, but no text. True where it is so: `cut` (there were more pages or lines), `unseen` (text that
is drawn invisibly, as by a scanner that recognises letters), `scripts`, `files` (inside of it), `fields` (of a form).
Nothing is run, no picture is decoded, nothing outside of the file is followed.
"""

from __future__ import annotations

import encodings.charmap
import encodings.cp932
import encodings.cp950
import encodings.gb2312
import encodings.gb18030
import encodings.gbk
import encodings.latin_1
import encodings.utf_16
import encodings.utf_16_be  # noqa: F401 - none of these could be loaded once the process is confined
import io
import zipfile
from collections.abc import Iterator
from typing import Any

import pypdf._codecs._codecs
import pypdf._codecs.core_font_metrics
import pypdf.filters  # noqa: F401 - as above; fontTools is left out: it would read hostile fonts, and pypdf does without
from pypdf import PageObject, PdfReader
from pypdf.errors import DependencyError, FileNotDecryptedError, LimitReachedError
from pypdf.generic import ArrayObject, DictionaryObject

from gateway.parsers import Unreadable
from gateway.parsers._ranges import ranges

MOST_PAGES = 1_500  # of a list with 80 lines a page 120,000 UIMs, in some 12 s (measured)
MOST_LINES = 250_001
_MOST_CHARACTERS = 65_536  # of one line
_DRAWN = 1_000  # octets of drawing without text: less is a frame or an empty page
_INVISIBLE = (3, 7)  # text rendering modes (ISO 32000-2, 9.3.6)
_SHOWS = (b"Tj", b"TJ", b"'", b'"')


def parse(octets: bytes) -> dict[str, Any]:
    """The text of the pages. Raises `Unreadable`; what pypdf raises besides means a broken file."""
    # What a program that opens archives would read differently is not read.
    if not octets.lstrip(b"\xef\xbb\xbf\r\n\t ").startswith(b"%PDF-") or zipfile.is_zipfile(io.BytesIO(octets)):
        raise Unreadable("broken")
    try:
        reader = PdfReader(io.BytesIO(octets))
        # Without a password to open it, but with one against printing or copying: everybody can read it.
        if reader.is_encrypted and not reader.decrypt(""):
            raise Unreadable("encrypted")
        return _told(reader)
    except FileNotDecryptedError:
        raise Unreadable("encrypted") from None
    except (LimitReachedError, RecursionError):
        raise Unreadable("too much") from None
    except DependencyError:
        raise Unreadable("broken") from None


def _told(reader: PdfReader) -> dict[str, Any]:
    root, page = reader.root_object, _Page()
    told: dict[str, Any] = {"pages": [], "cut": False, "fields": _has_fields(root), **_inside(root)}
    pictures: set[int] = set()
    lines = 0
    for number, one in enumerate(reader.pages, 1):
        if number > MOST_PAGES or lines >= MOST_LINES:
            told["cut"] = True
            break
        found = page.lines(one)
        lines += len(found)
        if found:
            told["pages"].append([number, found])
        elif _shows_something(one):
            pictures.add(number)
        told["files"] = told["files"] or any(_kinds(one, "/Annots", "/FileAttachment"))
    return {**told, "pictures": ranges(pictures), "unseen": page.unseen}


class _Page:
    """Takes the text of pages, and notes whether any of it is drawn so that nobody sees it."""

    def __init__(self) -> None:
        self.unseen = False
        self._modes = [0]

    def lines(self, page: PageObject) -> list[str]:
        """Lines that are not empty, from top to bottom as they are drawn."""
        self._modes = [0]
        found = [line.strip() for line in page.extract_text(visitor_operand_before=self._operator).split("\n")]
        if any(len(line) > _MOST_CHARACTERS for line in found):
            raise Unreadable("broken")
        return [line for line in found if line]

    def _operator(self, operator: bytes, operands: list[Any], *_: object) -> None:
        if operator in _SHOWS:
            self.unseen = self.unseen or self._modes[-1] in _INVISIBLE
        elif operator == b"Tr" and operands:
            self._modes[-1] = operands[0]
        elif operator == b"q":
            self._modes.append(self._modes[-1])
        elif operator == b"Q" and len(self._modes) > 1:
            self._modes.pop()


def _shows_something(page: PageObject) -> bool:
    """Whether a page without text has a picture, or letters that are drawn as lines."""
    contents = page.get_contents()
    return any(_kinds(page.get("/Resources"), "/XObject", "/Image")) or (
        contents is not None and len(contents.get_data()) > _DRAWN
    )


def _kinds(owner: Any, name: str, subtype: str) -> Iterator[bool]:
    """Of each object that a dictionary or an array holds under a name: whether it is of that subtype."""
    owner = owner.get_object() if owner is not None else None
    held = owner.get(name) if isinstance(owner, DictionaryObject) else None
    held = held.get_object() if held is not None else None
    many = list(held.values()) if isinstance(held, DictionaryObject) else held if isinstance(held, ArrayObject) else []
    for one in many:
        found = one.get_object()
        yield isinstance(found, DictionaryObject) and found.get("/Subtype") == subtype


def _inside(root: DictionaryObject) -> dict[str, bool]:
    """Whether the document holds programs or other files (ISO 32000-2, 7.7.4 and 12.6)."""
    names = _dictionary(root, "/Names")
    action = _dictionary(root, "/OpenAction")
    return {
        "scripts": "/JavaScript" in names or "/AA" in root or action.get("/S") in ("/JavaScript", "/Launch"),
        "files": "/EmbeddedFiles" in names or "/AF" in root or "/Collection" in root,
    }


def _has_fields(root: DictionaryObject) -> bool:
    form = _dictionary(root, "/AcroForm")
    fields = form.get("/Fields")
    return "/XFA" in form or bool(fields is not None and fields.get_object())


def _dictionary(owner: DictionaryObject, name: str) -> DictionaryObject:
    held = owner.get(name)
    held = held.get_object() if held is not None else None
    return held if isinstance(held, DictionaryObject) else DictionaryObject()


PARSER = parse
