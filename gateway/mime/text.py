"""The readable lines of a mail: text parts and HTML, as the clients and servers of this world leave them."""

from __future__ import annotations

import codecs
import re
from collections import Counter
from html.parser import HTMLParser

from gateway.content import MimePart
from gateway.mime.charset import charset_of

_BLOCKS = frozenset(
    (
        "address article aside blockquote body center dd div dl dt fieldset footer form h1 h2 h3 h4 h5 h6 header hr li "
        "main ol p pre section table tbody tfoot thead tr ul"
    ).split()
)
_SKIPPED = frozenset({"script", "style", "head", "title", "template", "noscript"})
_APART = frozenset(
    "blockquote dl h1 h2 h3 h4 h5 h6 hr ol p table ul".split()
)  # shown with a blank line above and below
_ROWS = frozenset("table tbody tfoot thead tr".split())
_VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())
_WINGDINGS = {"\u00fe": "☑", "\u00fd": "☒", "\u00fc": "✓", "\u00a8": "☐", "\u006f": "☐", "\u0078": "☒", "\u00fb": "☒"}
_HIDDEN = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0(?:px|pt|em)?\s*(?:;|$)", re.IGNORECASE
)
_INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff\u180e]")
_DECLARED = re.compile(r"<(?:!\[|\?)[^<>]*>")
# Written as a number it would be dropped with other control characters (html.unescape).
_GROUP_SEPARATOR = re.compile(r"&#(?:0{0,5}29(?!\d)|x0{0,5}1d(?![0-9a-f]));?", re.IGNORECASE)
# The edges of the paragraphs that word processors put into each cell.
_BEFORE_CELL = re.compile("(?<![\x04\x05 ])[\x04\x05 ]++(?=\t)")
_IN_CELL = re.compile("(?<=\t)[\x04\x05 ]++")
_INDENT = re.compile("^ ++", re.MULTILINE)
_UNCLOSED = re.compile(r"<(?![^<>]*>)")
# Line end; quotation opens, closes; edge of a block, of one that stands apart, of a table or a row of it.
_MARKS = re.compile("([\n\x02-\x06])")
_DEEPEST = 20  # levels of quotation shown
# Codecs of Python that are no charsets of mail; some of them take time by the square (measured).
_NO_CHARSETS = frozenset({"punycode", "idna", "unicode-escape", "raw-unicode-escape", "utf-7", "undefined"})
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


def plain_lines(tree: MimePart) -> tuple[str, ...]:
    """The lines of the plain text parts that are shown, joined as format=flowed says (RFC 3676)."""
    return tuple(line for part in _shown(tree, "text/plain") for line in _plain(part))


def html_lines(tree: MimePart) -> tuple[str, ...]:
    """The lines of the HTML parts that are shown, as text."""
    return tuple(line for part in _shown(tree, "text/html") for line in html_to_lines(decode(part)))


def decode(part: MimePart) -> str:
    """A part's text. The declared charset is tried first, and not believed when it does not fit."""
    for bom, charset in _BOMS:
        if part.body.startswith(bom):
            return part.body.decode(charset, "replace").replace("\x00", "")
    for charset in (part.parameter("charset") or "utf-8", "utf-8", "cp1252"):
        try:
            if codecs.lookup(charset).name.replace("_", "-") not in _NO_CHARSETS:
                return part.body.decode(charset).replace("\x00", "")
        except (ValueError, LookupError):
            continue
    return part.body.decode("latin-1").replace("\x00", "")


def decode_file(part: MimePart) -> str:
    """A text file's text, in the charset that its octets tell rather than the one that was declared for it."""
    declared = part.parameter("charset").lower()
    return part.body.decode(charset_of(part.body, declared if _is_charset(declared) else ""), "replace").replace(
        "\0", ""
    )


def _is_charset(name: str) -> bool:
    try:
        return codecs.lookup(name).name.replace("_", "-") not in _NO_CHARSETS
    except (ValueError, LookupError):
        return False


def attachments(tree: MimePart) -> tuple[MimePart, ...]:
    """Leaves that are not shown as text."""
    shown = {id(part) for kind in ("text/plain", "text/html") for part in _shown(tree, kind)}
    return tuple(part for part in tree.walk() if not part.children and id(part) not in shown)


def _shown(tree: MimePart, kind: str) -> list[MimePart]:
    return [
        part
        for part in tree.walk()
        if part.media_type == kind
        and part.disposition != "attachment"
        and not part.filename
        and not part.parameter("hp-legacy-display")
    ] or [
        # RFC 9788, 4.5.3: the subject repeated on top for old clients stands before the first empty line.
        part
        for part in tree.walk()
        if part.media_type == kind and part.parameter("hp-legacy-display") and part.disposition != "attachment"
    ]


def _plain(part: MimePart) -> list[str]:
    text = decode(part)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if part.parameter("format").lower() == "flowed":
        return _unflowed(lines, part.parameter("delsp").lower() == "yes")
    return lines


def _unflowed(lines: list[str], delsp: bool) -> list[str]:
    joined: list[str] = []
    open_depth = -1
    for line in lines:
        depth = len(line) - len(line.lstrip(">"))
        bare = line[depth:].removeprefix(" ") if depth or line.startswith(" ") else line
        flowing = bare.endswith(" ") and bare != "-- "
        content = bare[:-1] if flowing and delsp else bare
        if open_depth == depth:
            joined[-1] += content
        else:
            joined.append(("> " if depth == 1 else ">" * depth + " ") + content if depth else content)
        open_depth = depth if flowing else -1
    return joined


def html_to_lines(source: str) -> list[str]:
    """HTML as lines of text: blocks and rows end lines, cells are apart by tabs, quotations begin with "> ".

    Hidden text, scripts and addresses behind links are left out; ticked boxes become `☑` and `☐`.
    """
    reader = _Html()
    reader.feed(_tamed(source))
    reader.close()
    return reader.lines()


def _tamed(source: str) -> str:
    """HTML without what the standard parser takes time by the square for, or stumbles over: unclosed constructs."""
    whole = _UNCLOSED.sub("&lt;", _DECLARED.sub("", _GROUP_SEPARATOR.sub("\x1d", source)))
    end = whole.rfind("-->") + 1
    return whole[:end] + whole[end:].replace("<!--", "&lt;!--")


class _Html(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._parts: list[str] = []
        self._stack: list[tuple[str, bool, bool]] = []  # tag, hidden, wingdings
        self._open: Counter[str] = Counter()
        self._quoted = 0
        self._pre = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "br":
            self._parts.append("\n")
        elif tag == "input" and values.get("type", "").lower() in ("checkbox", "radio"):
            self._parts.append("☑ " if "checked" in values else "☐ ")
        elif tag in ("td", "th"):
            self._parts.append("\t")
        elif tag in _BLOCKS:
            # Outlook writes each line as a paragraph, without a distance between them.
            apart = tag in _APART and not values.get("class", "").startswith("Mso")
            self._parts.append(("\x05" if apart else "\x04") + "\x06" * (tag in _ROWS))
        if tag in _VOID:
            return
        hidden = self._hidden or tag in _SKIPPED or bool(_HIDDEN.search(values.get("style", "")))
        face = f"{values.get('style', '')} {values.get('face', '')}".lower()
        wingdings = "wingdings" in face or (self._wingdings and "font-family" not in face)
        self._stack.append((tag, hidden, wingdings))
        self._open[tag] += 1
        if tag == "blockquote":
            self._quoted += 1
            self._parts.append("\x02")
        self._pre += tag == "pre"

    def handle_endtag(self, tag: str) -> None:
        if not self._open[tag]:
            return
        while self._stack:
            open_tag = self._stack.pop()[0]
            self._open[open_tag] -= 1
            if open_tag == "blockquote":
                self._parts.append("\x03")
            self._pre -= open_tag == "pre"
            if open_tag == tag:
                break
        if tag in _BLOCKS:
            self._parts.append(("\x05" if tag in _APART and tag != "p" else "\x04") + "\x06" * (tag in _ROWS))

    def handle_data(self, data: str) -> None:
        if self._hidden:
            return
        if self._wingdings:
            data = "".join(_WINGDINGS.get(character, "" if character == "J" else character) for character in data)
        if self._pre:
            data = _INDENT.sub(lambda found: "\u00a0" * len(found[0]), data)  # else a line is shown without
        else:
            data = re.sub(r"[ \t\r\n]+", " ", data)
        self._parts.append(re.sub("[\x02-\x06]", "", data))

    @property
    def _hidden(self) -> bool:
        return bool(self._stack) and self._stack[-1][1]

    @property
    def _wingdings(self) -> bool:
        return bool(self._stack) and self._stack[-1][2]

    def lines(self) -> list[str]:
        """The lines; the edge of a block ends a line only where something stands on it, as browsers show it.

        The first cell of a row begins it; an empty one before a second stays, so that columns do.
        """
        depth, shown = 0, ""
        lines: list[str] = []
        for piece in (*_MARKS.split(_IN_CELL.sub("", _BEFORE_CELL.sub("", "".join(self._parts)))), "\x04"):
            if not _MARKS.fullmatch(piece):
                shown += piece
                continue
            bare = _INVISIBLE.sub("", shown).strip(" ").removeprefix("\t").rstrip(" \t")
            shown = ""
            if bare or piece == "\n":
                lines.append(f"{'> ' * min(depth, _DEEPEST)}{bare}" if depth and bare else bare)
            if piece == "\x05" and lines and lines[-1]:
                lines.append("")
            depth += (piece == "\x02") - (piece == "\x03")
        return lines
