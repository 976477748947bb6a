"""MIME entities as octets: header fields that nothing can be injected into, leaves, multiparts.

Written once, with CRLF, 7-bit lines, and no chance: boundaries follow from the Message-ID. A boundary
begins with `=_`, which neither quoted-printable nor base64 can produce (RFC 2045, 6.7, 6.8).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Sequence
from email.charset import BASE64, Charset
from email.header import Header

Field = tuple[str, str]

_UNSAFE = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_MESSAGE_ID = re.compile(r"<[!-;=?A-~]{1,200}@[!-;=?-~]{1,200}>")
_MOST_REFERENCES = 20
_LINE = 76
_LONGEST = 900  # octets of a field that may stand as it is; a line holds 998 (RFC 5322, 2.1.1)
_ENCODED = Charset("utf-8")
_ENCODED.header_encoding = BASE64  # to find the shorter of two encodings takes four times the time (measured)


def unstructured(name: str, value: str) -> Field:
    """A field of free text (RFC 5322, 2.2.1); whatever is not printable ASCII as encoded words (RFC 2047)."""
    clean = _UNSAFE.sub(" ", value).strip()
    charset: Charset | str = _ENCODED
    if clean.isascii() and "=?" not in clean and len(clean) <= _LONGEST:
        if len(name) + 2 + len(clean) <= _LINE:
            return name, clean
        charset = "us-ascii"  # folded at spaces: an address must never become an encoded word (RFC 2047, 5)
    folded = Header(clean, charset, header_name=name, maxlinelen=_LINE).encode(linesep="\r\n")
    return name, folded.removeprefix("\r\n ")


def identifiers(name: str, values: Iterable[str]) -> Field:
    """A field of message identifiers, one a line, the first and the latest ones where there are many.

    They came from outside: what is not a message identifier is left out (RFC 5322, 3.6.4).
    """
    found = [one for value in values for one in _MESSAGE_ID.findall(value)]
    kept = found if len(found) <= _MOST_REFERENCES else [found[0], *found[1 - _MOST_REFERENCES :]]
    return name, "\r\n ".join(kept)


def autocrypt(address: str, key: bytes) -> Field:
    """The field from which mail programs learn a key; `address` is that in From (Autocrypt Level 1, 2.1)."""
    lines = base64.encodebytes(key).decode("ascii").replace("\n", "\r\n ").rstrip()
    return "Autocrypt", f"addr={address}; prefer-encrypt=mutual; keydata=\r\n {lines}"


def fields(pairs: Iterable[Field]) -> bytes:
    """Header fields as octets; UTF-8 stands only in addresses (RFC 6532)."""
    return "".join([f"{name}: {value}\r\n" for name, value in pairs]).encode()


def text_part(media_type: str, content: str) -> bytes:
    """A text leaf, UTF-8 as quoted-printable: soft breaks vanish when it is decoded, so no line is altered."""
    octets = content.replace("\n", "\r\n").encode("utf-8", "replace")
    if not octets.endswith(b"\r\n"):
        octets += b"\r\n"
    head = f"Content-Type: {media_type}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    return head.encode() + binascii.b2a_qp(octets, istext=True)


def inline(media_type: str, identifier: str, octets: bytes) -> bytes:
    """A picture that the HTML part shows: `cid:` and this identifier, without angle brackets, name it (RFC 2392)."""
    head = (
        f"Content-Type: {media_type}\r\nContent-Transfer-Encoding: base64\r\n"
        f"Content-ID: <{identifier}>\r\nContent-Disposition: inline\r\n\r\n"
    )
    return head.encode() + base64.encodebytes(octets).replace(b"\n", b"\r\n")


def attachment(media_type: str, name: str, octets: bytes) -> bytes:
    """An attached file, base64. Of the name only letters, digits, dots and hyphens remain."""
    safe = re.sub(r"\.{2,}", ".", re.sub(r"[^A-Za-z0-9.-]+", "-", name)).lstrip(".-") or "table"
    head = (
        f"Content-Type: {media_type}\r\nContent-Transfer-Encoding: base64\r\n"
        f'Content-Disposition: attachment; filename="{safe}"\r\n\r\n'
    )
    return head.encode() + base64.encodebytes(octets).replace(b"\n", b"\r\n")


def multipart(subtype: str, boundary: str, parts: Sequence[bytes], parameters: str = "", head: bytes = b"") -> bytes:
    """A multipart entity (RFC 2046, 5.1); `head` are header fields before its Content-Type."""
    delimiter = f"--{boundary}".encode()
    pieces = [head, f'Content-Type: multipart/{subtype}; boundary="{boundary}"{parameters}\r\n\r\n'.encode()]
    for part in parts:
        pieces += [delimiter, b"\r\n", part, b"" if part.endswith(b"\r\n") else b"\r\n"]
    return b"".join([*pieces, delimiter, b"--\r\n"])
