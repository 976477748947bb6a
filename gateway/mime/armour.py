"""Binary OpenPGP data as armoured text (RFC 9580, 6.2)."""

from __future__ import annotations

import base64

_CRC_INIT, _CRC_POLYNOMIAL = 0xB704CE, 0x864CFB


def armoured(kind: str, octets: bytes) -> bytes:
    """The octets between the lines for `kind` (`MESSAGE`, `PUBLIC KEY BLOCK`), CRLF; with the checksum that older
    programs look for."""
    lines = base64.encodebytes(octets).replace(b"\n", b"\r\n")
    check = base64.b64encode(_crc24(octets).to_bytes(3, "big"))
    mark = kind.encode("ascii")
    return b"".join(
        (b"-----BEGIN PGP ", mark, b"-----\r\n\r\n", lines, b"=", check, b"\r\n-----END PGP ", mark, b"-----\r\n")
    )


def _crc24(octets: bytes) -> int:
    crc = _CRC_INIT
    for octet in octets:
        crc = ((crc << 8) & 0xFFFFFF) ^ _TABLE[(crc >> 16) ^ octet]
    return crc


def _entry(octet: int) -> int:
    crc = octet << 16
    for _ in range(8):
        crc = (crc << 1) ^ (_CRC_POLYNOMIAL if crc & 0x800000 else 0)
    return crc & 0xFFFFFF


_TABLE = tuple(map(_entry, range(256)))
