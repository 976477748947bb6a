"""Armour and packet headers of an OpenPGP message, looked at from outside (RFC 9580, 4.2, 6); nothing is opened."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from itertools import takewhile

_BEGIN = re.compile(rb"-----BEGIN PGP MESSAGE-----[ \t]*\r?\n")
_END = b"-----END PGP MESSAGE-----"
_CHARSET = re.compile(rb"Charset:[ \t]*([A-Za-z0-9_.:+-]{1,40})", re.IGNORECASE)
_UTF8 = frozenset({b"utf-8", b"utf8", b"us-ascii", b"ascii"})
PKESK, SKESK, SED, SEIPD, AEAD = 1, 3, 9, 18, 20
ENCRYPTED = frozenset({SED, SEIPD, AEAD})
_IGNORED = frozenset({10, 21})  # marker and padding packets
_MOST_PACKETS, _MOST_CHUNKS = 50, 100_000  # GnuPG tries our keys on every packet that hides its key id


@dataclass(frozen=True, slots=True)
class Outline:
    """What can be seen of a message: key ids it is encrypted to (zeros: hidden), how its content is protected."""

    key_ids: tuple[str, ...]
    passphrase: bool
    content: int  # tag of the last packet
    version: int  # of that packet (SEIPD)
    whole: bool  # nothing before, between or after


def armoured(octets: bytes) -> tuple[bytes, bytes, bytes] | None:
    """(text before, binary content, text after) of the one armoured message; None if there is not exactly one."""
    octets = octets.replace(b"\xef\xbb\xbf", b"").replace(b"\xc2\xa0", b" ").replace(b"\xa0", b" ")
    if octets.count(b"-----BEGIN PGP") != 1:  # first: the search takes time by the square of their number
        return None
    begin = _BEGIN.search(octets)
    end = octets.find(_END, begin.end()) if begin else -1
    if begin is None or end < 0:
        return None
    lines = [line.strip() for line in octets[begin.end() : end].splitlines()]
    body = lines[lines.index(b"") + 1 :] if b"" in lines else [line for line in lines if b":" not in line]
    data = [line for line in body if line and not line.startswith(b"=")]
    try:
        return octets[: begin.start()], base64.b64decode(b"".join(data), validate=True), octets[end + len(_END) :]
    except (binascii.Error, ValueError):
        return None


def with_charset(armour: bytes, octets: bytes) -> bytes:
    """The binary content, or where the armour names another charset than UTF-8, armoured again with that one line.

    So the text can still be read when the ciphertext was kept (RFC 9580, 6.2.2).
    """
    begin = _BEGIN.search(armour)
    fields = takewhile(bytes.strip, armour[begin.end() : begin.end() + 2000].splitlines()) if begin else ()
    named = next(filter(None, map(_CHARSET.fullmatch, map(bytes.strip, fields))), None)
    if named is None or named[1].lower() in _UTF8:
        return octets
    lines = base64.encodebytes(octets)
    return b"-----BEGIN PGP MESSAGE-----\nCharset: " + named[1].lower() + b"\n\n" + lines + _END + b"\n"


def binary(octets: bytes) -> bytes:
    """The binary message of what `with_charset` gave."""
    found = armoured(octets) if octets.startswith(b"-----BEGIN") else None
    return found[1] if found else octets


def outline(octets: bytes) -> Outline | None:
    """The outline of a binary message; None when its packets do not parse."""
    key_ids: list[str] = []
    passphrase, content, version, position, packets = False, 0, 0, 0, 0
    try:
        while position < len(octets):
            packets += 1
            if packets > _MOST_PACKETS:
                return None
            tag, body, position = _packet(octets, position)
            if content:
                return Outline(tuple(key_ids), passphrase, content, version, whole=False)
            if tag == PKESK:
                key_ids.append(octets[body + 1 : body + 9].hex().upper() if octets[body] == 3 else "")
            elif tag == SKESK:
                passphrase = True
            elif tag in ENCRYPTED:
                content, version = tag, octets[body]
            elif tag not in _IGNORED:
                return Outline(tuple(key_ids), passphrase, tag, 0, whole=False)
    except IndexError:
        return None
    return Outline(tuple(key_ids), passphrase, content, version, whole=bool(content))


def encrypted_data(octets: bytes) -> bytes:
    """The content of the encrypted packet, however its length is written; b"" where there is none."""
    position = 0
    while position < len(octets):
        tag, body, end = _packet(octets, position)
        if tag in ENCRYPTED:
            return _joined(octets, position) if octets[position] & 0x40 else octets[body:end]
        position = end
    return b""


def _joined(octets: bytes, position: int) -> bytes:
    pieces, partial = [], True
    position += 1
    while partial:
        length, position, partial = _new_length(octets, position)
        pieces.append(octets[position : position + length])
        position += length
    return b"".join(pieces)


def _packet(octets: bytes, position: int) -> tuple[int, int, int]:
    """(tag, where the body begins, where the next packet begins). Old and new headers, partial lengths."""
    first = octets[position]
    if not first & 0x80:
        raise IndexError
    if not first & 0x40:
        return _old_packet(octets, position, first)
    tag, position = first & 0x3F, position + 1
    length, position, partial = _new_length(octets, position)
    body, position = position, position + length
    chunks = 0
    while partial:
        chunks += 1
        if chunks > _MOST_CHUNKS:
            raise IndexError
        length, position, partial = _new_length(octets, position)
        position += length
    if position > len(octets):
        raise IndexError
    return tag, body, position


def _old_packet(octets: bytes, position: int, first: int) -> tuple[int, int, int]:
    tag, kind, position = (first >> 2) & 0x0F, first & 3, position + 1
    if kind == 3:  # indeterminate: to the end
        return tag, position, len(octets)
    size = 1 << kind
    length = int.from_bytes(octets[position : position + size], "big")
    position += size
    if position + length > len(octets):
        raise IndexError
    return tag, position, position + length


def _new_length(octets: bytes, position: int) -> tuple[int, int, bool]:
    first = octets[position]
    if first < 192:
        return first, position + 1, False
    if first < 224:
        return ((first - 192) << 8) + octets[position + 1] + 192, position + 2, False
    if first < 255:
        return 1 << (first & 0x1F), position + 1, True
    return int.from_bytes(octets[position + 1 : position + 5], "big"), position + 5, False
