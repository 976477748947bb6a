"""Outlook's `winmail.dat` (TNEF): its text and attachments stand in the mail as those of any other.

Outlook sends it where its user chose rich text, or an Exchange server was told to always use it. The text beside it
is the same text: where that holds the form, it counts. A file that cannot be read stays, and is told
(attachments/winmail.py). Corpus: mimekit/*.tnef.
"""

from __future__ import annotations

from dataclasses import replace
from html import escape

from gateway.content import MimePart
from gateway.mime.text import decode
from gateway.mime.tree import file_name
from gateway.repairs import Repair
from gateway.repairs._tnef import Winmail, read

_TYPES = ("application/ms-tnef", "application/vnd.ms-tnef")


def mend(tree: MimePart) -> MimePart:
    """The tree with the content of each winmail.dat in its place, or the same tree."""
    shown = {part.media_type for part in tree.walk() if _is_text(part) and decode(part).strip()}
    return _mended(tree, frozenset(shown))


def _mended(part: MimePart, shown: frozenset[str]) -> MimePart:
    if part.children:
        children = tuple(_mended(child, shown) for child in part.children)
        same = all(new is old for new, old in zip(children, part.children, strict=True))
        return part if same else replace(part, children=children)
    if part.media_type not in _TYPES and part.filename.lower() != "winmail.dat":
        return part
    try:
        return replace(_made("multipart/mixed"), children=_content(read(part.body), shown))
    except ValueError:
        return part


def _content(winmail: Winmail, shown: frozenset[str]) -> tuple[MimePart, ...]:
    parts = []
    if winmail.text and not shown:
        parts.append(_made("text/plain", winmail.text, winmail.charset))
    elif winmail.text and not winmail.html and "text/html" not in shown:
        # Beside a text without a form, as the other way of saying it.
        lines = escape(winmail.text.decode(winmail.charset, "replace"), quote=False)
        parts.append(_made("text/html", f"<pre>{lines}</pre>".encode(), "utf-8"))
    if winmail.html and "text/html" not in shown:
        parts.append(_made("text/html", winmail.html, winmail.html_charset))
    for place, attached in enumerate(winmail.attached, 1):
        name = file_name(attached.name) or f"attachment {place}"
        parts.append(replace(_made("application/octet-stream", attached.octets), filename=name))
    return tuple(parts)


def _made(media_type: str, body: bytes = b"", charset: str = "") -> MimePart:
    parameters = (("charset", charset),) if charset else ()
    return MimePart((), media_type, parameters, "" if charset else "attachment", "", body, (), b"")


def _is_text(part: MimePart) -> bool:
    return part.media_type in ("text/plain", "text/html") and part.disposition != "attachment" and not part.filename


REPAIR = Repair("inside", mend)
