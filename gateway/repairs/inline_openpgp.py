"""Inline OpenPGP that a client or server has wrapped again: in HTML, in both text and HTML, or in a lone part.

Outlook sends the armour as text and as HTML of the same; Exchange turns it into HTML with non-breaking spaces. Mended
only where every part shows this one armoured message and nothing else. Corpus: thunderbird bob-enc-html-nbsp.
"""

from __future__ import annotations

import re
from dataclasses import replace

from gateway.content import MimePart
from gateway.mime.text import decode, html_to_lines
from gateway.repairs import Repair

_BEGIN, _END = "-----BEGIN PGP MESSAGE-----", "-----END PGP MESSAGE-----"
_MOST = 1024 * 1024  # octets of HTML that is read for a stranger
_WRAPPERS = ("multipart/mixed", "multipart/alternative")


def mend(tree: MimePart) -> MimePart:
    """The armoured message as one text part, or the same tree."""
    if tree.media_type == "text/plain" or (tree.children and tree.media_type not in _WRAPPERS):
        return tree
    leaves = [part for part in tree.walk() if not part.children]
    shown = [_armour(part) for part in leaves]
    # What counts is the same in all of them: HTML loses empty lines and the case of nothing.
    if not shown or None in shown or len({re.sub(r"\s", "", armour or "") for armour in shown}) != 1:
        return tree
    body = (shown[0] or "").encode("ascii", "replace")
    return replace(tree, media_type="text/plain", parameters=(), body=body, children=())


def _armour(part: MimePart) -> str | None:
    """The armoured message that a text part wholly is; None for any other part."""
    if part.filename or part.media_type not in ("text/plain", "text/html"):
        return None
    if part.media_type == "text/html" and len(part.body) > _MOST:
        return None
    lines = html_to_lines(decode(part)) if part.media_type == "text/html" else decode(part).splitlines()
    text = "\n".join(line.replace("\u00a0", " ").strip() for line in lines).strip()
    whole = text.startswith(_BEGIN) and text.endswith(_END) and text.count("-----BEGIN PGP") == 1
    return text if whole else None


REPAIR = Repair("outside", mend)
