"""Octets of a `winmail.dat` to its text and attachments (MS-OXTNEF); every length is checked before it is believed.

No library: the one there is (tnefparse 1.4.0) needs more than 20 seconds for 51 hostile octets (docs/decisions/0004).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from compressed_rtf import decompress
from striprtf.striprtf import font_table_group, rtf_to_text

from gateway.content import ClearValue

_SIGNATURE = 0x223E9F78
_ATTACHMENT = 2  # level of an attribute that belongs to an attachment
_MOST_ATTRIBUTES, _MOST_PROPERTIES, _MOST_ATTACHMENTS = 5_000, 20_000, 100
_MOST_RTF = 2 * 1024 * 1024  # octets of rich text, unpacked: a form is far below
_MOST_FONTS = 8 * 1024  # characters of its table of fonts, which is read in time by the square
# Attributes (MS-OXTNEF, 2.1.3.3) and properties (MS-OXPROPS) that are used; all others are skipped.
_BODY, _DATA, _TITLE, _NEW_ATTACHMENT, _MESSAGE_PROPERTIES, _ATTACHMENT_PROPERTIES, _CODE_PAGE = (
    0x800C, 0x800F, 0x8010, 0x9002, 0x9003, 0x9005, 0x9007,
)  # fmt: skip
_TEXT, _RICH, _HTML, _OBJECT, _SHORT_NAME, _LONG_NAME, _HTML_CODE_PAGE = (
    0x1000, 0x1009, 0x1013, 0x3701, 0x3704, 0x3707, 0x3FDE,
)  # fmt: skip
_SIZES = {0x02: 2, 0x03: 4, 0x04: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x0A: 4, 0x0B: 2, 0x14: 8, 0x40: 8, 0x48: 16}
_STRING, _UNICODE, _EMBEDDED, _BINARY = 0x1E, 0x1F, 0x0D, 0x102
_SEVERAL, _NAMED = 0x1000, 0x8000
_CHARSETS = {0: "cp1252", 1200: "utf-16-le", 20127: "us-ascii", 20866: "koi8-r", 21866: "koi8-u", 65001: "utf-8"}


@dataclass(slots=True, repr=False)
class Attached(ClearValue):
    """One attachment: its name ("" where it has none) and content."""

    name: str = ""
    octets: bytes = b""


@dataclass(slots=True, repr=False)
class Winmail(ClearValue):
    """What the file holds; `text` and `html` as octets in a charset, b"" where there is none."""

    text: bytes = b""
    charset: str = "cp1252"
    html: bytes = b""
    html_charset: str = "cp1252"
    attached: list[Attached] = field(default_factory=list)


class _Octets:
    """A cursor that never goes beyond the end."""

    def __init__(self, octets: memoryview) -> None:
        self._octets, self._at = octets, 0

    @property
    def left(self) -> int:
        return len(self._octets) - self._at

    def take(self, count: int) -> memoryview:
        if count > self.left:
            raise ValueError("cut off")
        self._at += count
        return self._octets[self._at - count : self._at]

    def number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "little")

    def padded(self) -> memoryview:
        """A counted value, with the octets that fill it up to four."""
        count = self.number(4)
        value = self.take(count)
        self.take(min(-count % 4, self.left))
        return value


def read(octets: bytes) -> Winmail:
    """The content of a winmail.dat; ValueError where it is none, is damaged, or holds more than is accepted."""
    try:
        return _read(octets)
    except ValueError:
        raise ValueError("this is no winmail.dat that can be read") from None


def _read(octets: bytes) -> Winmail:
    cursor = _Octets(memoryview(octets))
    if cursor.number(4) != _SIGNATURE:
        raise ValueError("not TNEF")
    cursor.take(2)  # a key that nothing refers to
    found, charset = Winmail(), "cp1252"
    seen = 0
    for level, name, value in _attributes(cursor):
        if name == _CODE_PAGE:
            charset = _charset(int.from_bytes(value[:4], "little"))
        elif name == _BODY and level != _ATTACHMENT:
            found.text, found.charset = bytes(value).rstrip(b"\0"), charset
        elif name in (_MESSAGE_PROPERTIES, _ATTACHMENT_PROPERTIES):
            listed = list(_properties(_Octets(value), charset, _MOST_PROPERTIES - seen))
            seen += len(listed)
            (_attachment if level == _ATTACHMENT else _message)(found, listed)
        elif name == _NEW_ATTACHMENT:
            found.attached.append(Attached())
            if len(found.attached) > _MOST_ATTACHMENTS:
                raise ValueError("too many attachments")
        elif found.attached and name == _TITLE:
            last = found.attached[-1]
            last.name = last.name or _string(value, charset)
        elif found.attached and name == _DATA:
            found.attached[-1].octets = bytes(value)
    return found


def _attributes(cursor: _Octets) -> Iterator[tuple[int, int, memoryview]]:
    """Level, name and value of each attribute; the checksum behind it is a sum, and proves nothing."""
    for _ in range(_MOST_ATTRIBUTES):
        if cursor.left < 11 and not bytes(cursor.take(cursor.left)).strip(b"\0\r\n"):
            return
        level, name = cursor.number(1), cursor.number(2)
        cursor.take(2)
        yield level, name, cursor.take(cursor.number(4))
        cursor.take(2)
    raise ValueError("too many attributes")


def _properties(cursor: _Octets, charset: str, most: int) -> Iterator[tuple[int, int, bytes]]:
    """Name, kind and (first) value of each property (MS-OXTNEF, 2.1.3.4); strings as UTF-8."""
    count = cursor.number(4)
    if count > most:
        raise ValueError("too many properties")
    for _ in range(count):
        kind, name = cursor.number(2), cursor.number(2)
        if name >= _NAMED:
            cursor.take(16)
            if cursor.number(4):
                cursor.padded()
            else:
                cursor.take(4)
        value = _value(cursor, kind)
        if kind in (_STRING, _UNICODE):
            value = _string(value, "utf-16-le" if kind == _UNICODE else charset).encode("utf-8", "replace")
        yield name, kind, bytes(value)


def _value(cursor: _Octets, kind: int) -> memoryview | bytes:
    single = kind & ~_SEVERAL
    size = _SIZES.get(single)
    if size is None:
        if single not in (_STRING, _UNICODE, _EMBEDDED, _BINARY):
            raise ValueError("unknown kind")
        values = cursor.number(4)
        if values * 4 > cursor.left:
            raise ValueError("cut off")
        first = cursor.padded() if values else b""
        for _ in range(values - 1):
            cursor.padded()
        return first
    total = size * (cursor.number(4) if kind & _SEVERAL else 1)
    value = cursor.take(total)
    cursor.take(min(-total % 4, cursor.left))
    return value


def _message(found: Winmail, listed: list[tuple[int, int, bytes]]) -> None:
    values = {name: (kind, value) for name, kind, value in listed}
    kind, text = values.get(_TEXT, (0, b""))
    if text.strip(b"\0"):
        found.text, found.charset = text, "utf-8"
    kind, html = values.get(_HTML, (0, b""))
    code_page = int.from_bytes(values.get(_HTML_CODE_PAGE, (0, b""))[1], "little")
    found.html, found.html_charset = html.rstrip(b"\0"), _charset(code_page) if kind == _BINARY else "utf-8"
    if _RICH in values and not found.text and not found.html:
        found.text, found.charset = _rich(values[_RICH][1]).encode("utf-8", "replace"), "utf-8"


def _attachment(found: Winmail, listed: list[tuple[int, int, bytes]]) -> None:
    if not found.attached:
        raise ValueError("an attachment that does not begin")
    values = {name: (kind, value) for name, kind, value in listed}
    last = found.attached[-1]
    for name in (_LONG_NAME, _SHORT_NAME):
        kind, value = values.get(name, (0, b""))
        if kind in (_STRING, _UNICODE) and value:
            last.name = value.decode()
            break
    if _OBJECT in values:
        kind, last.octets = values[_OBJECT]
        # A message within the message is told by its name, and not opened.
        last.name = f"{last.name or 'message'}.msg" if kind == _EMBEDDED else last.name


def _rich(packed: bytes) -> str:
    """The text of compressed rich text (MS-OXRTFCP), as a reader of it shows it."""
    declared = int.from_bytes(packed[4:8], "little")
    if declared > _MOST_RTF or len(packed) > _MOST_RTF:
        raise ValueError("too much text")
    try:
        rtf = decompress(packed).decode("latin-1")
        if len(rtf) > _MOST_RTF or len(font_table_group(rtf)) > _MOST_FONTS:
            raise ValueError("too much text")
        # A space more, and the library leaves out its search for links, which takes time by the square.
        text = str(rtf_to_text(re.sub(r"\\field\s*\{", r"\\field {", rtf), errors="replace"))
    except Exception:  # the library raises nothing narrower; only what it was given can be the cause
        raise ValueError("no rich text") from None
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _string(value: memoryview | bytes, charset: str) -> str:
    try:
        return bytes(value).decode(charset, "replace").rstrip("\0")
    except LookupError:
        return bytes(value).decode("cp1252", "replace").rstrip("\0")


def _charset(code_page: int) -> str:
    if 28591 <= code_page <= 28605:
        return f"iso-8859-{code_page - 28590}"
    return _CHARSETS.get(code_page, f"cp{code_page}")
