"""PDF files, octet by octet: lists, and what no program would write."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

UIM = "QCALL7hT2kQ9mZb7Kd25051914"
_ESCAPED = str.maketrans({"(": "\\(", ")": "\\)", "\\": "\\\\"})
_FONT = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>"


def drawn(*lines: str, before: str = "") -> bytes:
    """A content stream with these lines of text; `before` is drawn before them."""
    shown = "".join(f"({line.translate(_ESCAPED)}) Tj T*\n" for line in lines)
    return f"{before} BT /F1 9 Tf 11 TL 40 800 Td\n{shown}ET".encode("latin-1")


def document(*pages: bytes, root: str = "", page: str = "", more: Sequence[bytes] = (), trailer: str = "") -> bytes:
    """A PDF of these content streams. `root`, `page` and `trailer` are further entries; `more` objects from 3 on."""
    first = 3 + len(more)
    kids = " ".join(f"{first + 1 + 2 * n} 0 R" for n in range(len(pages)))
    objects = [
        f"<</Type/Catalog/Pages 2 0 R{root}>>".encode(),
        f"<</Type/Pages/Count {len(pages)}/Kids[{kids}]>>".encode(),
        *more,
        _FONT,
    ]
    for number, content in enumerate(pages):
        resources = f"/Resources<</Font<</F1 {first} 0 R>>>>" if "/Resources" not in page else ""
        entries = (
            f"/Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]{resources}/Contents {first + 2 + 2 * number} 0 R{page}"
        )
        objects.append(f"<<{entries}>>".encode())
        objects.append(stream(content))
    return joined(objects, trailer)


def mapped(cmap: bytes) -> bytes:
    """A page whose font says by this table which letters its octets are."""
    font = b"<</Type/Font/Subtype/Type1/BaseFont/X/ToUnicode 3 0 R>>"
    return document(drawn(UIM), page="/Resources<</Font<</F1 4 0 R>>>>", more=[stream(cmap), font])


def stream(content: bytes, entries: str = "") -> bytes:
    """An object that holds octets."""
    return b"<</Length %d%s>>stream\n%s\nendstream" % (len(content), entries.encode(), content)


def joined(objects: Sequence[bytes], trailer: str = "") -> bytes:
    """A file of these objects, the first of which is its root."""
    octets, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(octets))
        octets += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = f"trailer<</Size {len(objects) + 1}/Root 1 0 R{trailer}>>\nstartxref\n{len(octets)}\n%%EOF\n"
    return octets + b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, table) + end.encode()


def packed(size: int, times: int = 1) -> bytes:
    """A content stream that unpacks to blanks: `size` octets, packed several times over."""
    octets = b" " * size
    for _ in range(times):
        octets = zlib.compress(octets, 9)
    return stream(octets, f"/Filter[{'/FlateDecode' * times}]")
