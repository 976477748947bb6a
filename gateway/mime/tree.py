"""Octets to a bounded, immutable MIME tree that keeps every part's exact octets (RFC 2045, 2046).

The standard library reads header fields and transfer encodings; only the cutting at boundaries is ours,
because a signature covers a part's octets as they stood and re-serialising changes them.
"""

from __future__ import annotations

import base64
import email.message
import email.policy
import email.utils
import quopri
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from email.parser import BytesHeaderParser

from gateway.content import MimePart
from gateway.mime.headers import decoded
from gateway.outcome import REASONS, Refuse

MAX_DEPTH = 20
MAX_PARTS = 200
MAX_HEADER = 64 * 1024
MAX_PARAMETERS = 4000  # octets of one Content-* field: reading its parameters takes time by the square (measured)
MAX_COPIES = 8  # octets of all parts together, by those of the mail: every level keeps its own

_NAMES = ("content-disposition", "content-type")
_LONGEST_NAME = 60  # of a file or sheet, as letters show it
# Of a name by Unicode's categories: controls and ends of lines become spaces, marks of direction go.
_IN_A_NAME = {"Cc": " ", "Zl": " ", "Zp": " ", "Cf": "", "Cs": "", "Co": "", "Cn": ""}

_BLANK = re.compile(rb"\r?\n\r?\n")
_FIELDS = BytesHeaderParser(policy=email.policy.compat32)  # does not look for parts: half the time for a multipart
_DELIMITER_END = re.compile(rb"(--)?[ \t]*(?=\r?\n|\Z)")


def parse(raw: bytes) -> MimePart:
    """The tree of a message or MIME entity; raises Refuse [GSP-105] beyond the limits."""
    return _part(raw, 0, _Left(MAX_PARTS, MAX_COPIES * len(raw) + 1024 * 1024))


def beside(part: MimePart) -> bytes:
    """What stands before the first and after the last part of a multipart: shown by no client, readable on the way."""
    body = _split(part.raw)[1]
    mark = part.parameter("boundary").encode("utf-8", "surrogateescape")
    places = list(_delimiters(body, b"--" + mark)) if part.children else []
    if not places:
        return b""
    last = next((place for place in places if place[2]), (0, len(body), True))
    return body[: places[0][0]] + body[last[1] :]


def parse_fields(raw: bytes) -> MimePart:
    """The header fields of a message, whatever its body: a part without content."""
    return parse(_BLANK.split(raw[:MAX_HEADER], maxsplit=1)[0] + b"\r\n\r\n")


@dataclass(slots=True)
class _Left:
    parts: int
    octets: int


def _part(raw: bytes, depth: int, left: _Left) -> MimePart:
    left.parts -= 1
    left.octets -= len(raw)
    if depth > MAX_DEPTH or left.parts < 0 or left.octets < 0:
        raise Refuse(REASONS[105])
    head, body = _split(raw)
    if len(head) > MAX_HEADER:
        raise Refuse(REASONS[105])
    # NUL is no character of a header field; DEL is none either, and no parser overlooks it.
    fields = _FIELDS.parsebytes(head.replace(b"\x00", b"\x7f"))
    if any(len(value) > MAX_PARAMETERS for name, value in fields.raw_items() if name.lower().startswith("content-")):
        raise Refuse(REASONS[105])
    media_type = fields.get_content_type()
    parameters = _parameters(fields)
    boundary = dict(parameters).get("boundary", "")
    children: tuple[MimePart, ...] = ()
    content = b""
    if media_type.startswith("multipart/") and boundary:
        children = tuple(_part(piece, depth + 1, left) for piece in _pieces(body, boundary, left.parts))
    else:
        content = _decoded(body, str(fields.get("Content-Transfer-Encoding", "")).strip().lower())
    return MimePart(
        headers=tuple((name, _unfolded(value)) for name, value in fields.raw_items()),
        media_type=media_type,
        parameters=parameters,
        disposition=(fields.get_content_disposition() or ""),
        filename=_filename(fields),
        body=content,
        children=children,
        raw=raw,
    )


def _split(raw: bytes) -> tuple[bytes, bytes]:
    if raw[:1] in (b"\r", b"\n"):  # a part without header fields
        return b"", raw[2:] if raw[:2] == b"\r\n" else raw[1:]
    found = _BLANK.search(raw)
    return (raw[: found.start()] + b"\n\n", raw[found.end() :]) if found else (raw, b"")


def _pieces(body: bytes, boundary: str, most: int) -> list[bytes]:
    """The octets between delimiter lines; the line end before a delimiter belongs to the delimiter."""
    pieces: list[bytes] = []
    start = -1
    for begin, end, last in _delimiters(body, b"--" + boundary.encode("utf-8", "surrogateescape")):
        if start >= 0:
            pieces.append(_after_line_end(body[start:begin]))
            if len(pieces) > most:
                raise Refuse(REASONS[105])
        if last:
            return pieces
        start = end
    if start >= 0:
        pieces.append(_after_line_end(body[start:]))
    return pieces


def _delimiters(body: bytes, mark: bytes) -> Iterator[tuple[int, int, bool]]:
    """Where each delimiter line begins (its line end before it included) and ends, and whether it is the last."""
    at = body.find(mark)  # many times faster than a regular expression over a large mail
    while at >= 0:
        found = _DELIMITER_END.match(body, at + len(mark))
        if found and (at == 0 or body[at - 1] == 10):
            yield max(0, at - (2 if body[at - 2 : at] == b"\r\n" else 1)), found.end(), bool(found[1])
        at = body.find(mark, at + 1)


def _after_line_end(piece: bytes) -> bytes:
    return piece[2:] if piece[:2] == b"\r\n" else piece[1:] if piece[:1] == b"\n" else piece


def _decoded(body: bytes, encoding: str) -> bytes:
    if encoding == "base64":
        return _base64(body)
    return quopri.decodestring(body) if encoding == "quoted-printable" else body


def _base64(body: bytes) -> bytes:
    """What can be read: to the first padding, so that a footer added below is not read as content."""
    data = re.sub(rb"[^A-Za-z0-9+/=]", b"", body).partition(b"=")[0]
    data = data[:-1] if len(data) % 4 == 1 else data
    return base64.b64decode(data + b"=" * (-len(data) % 4))


def _unfolded(value: object) -> str:
    """A field's value on one line; octets beyond ASCII are UTF-8 (RFC 6532) or not readable."""
    text = str(value).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return re.sub(r"\r?\n(?=[ \t])", "", text).replace("\r", "").replace("\n", " ").strip()


def _parameters(fields: email.message.Message) -> tuple[tuple[str, str], ...]:
    try:
        found = fields.get_params(failobj=[]) or []
    except (ValueError, LookupError, UnicodeError):
        return ()
    pairs = []
    for name, value in found[1:]:
        text = email.utils.collapse_rfc2231_value(value) if isinstance(value, tuple) else value
        pairs.append((name.lower(), text))
    return tuple(pairs)


def _filename(fields: email.message.Message) -> str:
    readable = email.message.Message()
    for field, value in fields.raw_items():
        if field.lower() in _NAMES and field not in readable:
            readable[field] = _unfolded(value)  # UTF-8 as it stands (RFC 6532): the standard library drops it
    try:
        name = readable.get_filename("") or ""
    except (ValueError, LookupError, UnicodeError):
        return ""
    # Outlook and others write encoded words here, which RFC 2047, 5 does not allow.
    return file_name(decoded(name) if "=?" in name else name)


def file_name(written: str) -> str:
    """The name of a file as letters show it: without folders, on one line (`one_line`)."""
    return one_line(written.replace("\\", "/").rpartition("/")[2])


def one_line(written: str) -> str:
    """A name without what breaks, hides or turns the text around it; a long one without its middle.

    Its ending, by which the kind of a file is known, stays: `photo\\u202egpj.exe` is what it is, an .exe.
    """
    name = " ".join("".join([_IN_A_NAME.get(unicodedata.category(sign), sign) for sign in written[:4000]]).split())
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 21]}…{name[-20:]}"
