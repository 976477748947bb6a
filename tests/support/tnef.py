"""Writes a `winmail.dat` as Outlook does (MS-OXTNEF): text, HTML, rich text and attachments, octet by octet."""

from __future__ import annotations

import struct

from compressed_rtf import compress

SIGNATURE = struct.pack("<IH", 0x223E9F78, 1)


def attribute(level: int, name: int, value: bytes) -> bytes:
    """One attribute with its checksum."""
    return struct.pack("<BHHI", level, name, 6, len(value)) + value + struct.pack("<H", sum(value) & 0xFFFF)


def properties(*values: tuple[int, int, bytes | int | str]) -> bytes:
    """A list of properties: kind, name, value."""
    return struct.pack("<I", len(values)) + b"".join(_property(*one) for one in values)


def _property(kind: int, name: int, value: bytes | int | str) -> bytes:
    head = struct.pack("<HH", kind, name)
    if isinstance(value, int):
        return head + struct.pack("<I", value)
    octets = value.encode("utf-16-le") + b"\0\0" if isinstance(value, str) else value
    return head + struct.pack("<II", 1, len(octets)) + octets + b"\0" * (-len(octets) % 4)


def winmail(
    text: str = "", html: bytes = b"", rtf: str = "", attached: dict[str, bytes] | None = None, codepage: int = 1252
) -> bytes:
    """A whole file; `text` as Unicode, `html` in `codepage`."""
    listed: list[tuple[int, int, bytes | int | str]] = [(0x03, 0x3FDE, codepage)]
    if text:
        listed.append((0x1F, 0x1000, text))
    if html:
        listed.append((0x102, 0x1013, html))
    if rtf:
        listed.append((0x102, 0x1009, compress(rtf.encode("ascii"))))
    whole = SIGNATURE + attribute(1, 0x9006, b"\0\0\1\0") + attribute(1, 0x9007, struct.pack("<Q", codepage))
    whole += attribute(1, 0x9003, properties(*listed))
    for name, octets in (attached or {}).items():
        whole += attribute(2, 0x9002, bytes(14)) + attribute(2, 0x8010, name.encode("cp1252", "replace")[:8] + b"\0")
        whole += attribute(2, 0x800F, octets) + attribute(2, 0x9005, properties((0x1F, 0x3707, name)))
    return whole
