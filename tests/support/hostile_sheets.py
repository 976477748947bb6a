"""Spreadsheets that no spreadsheet program would write, octet by octet."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterable

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
UIM = "QCALL7hT2kQ9mZb7Kd25051914"
_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/></Types>'
)
_BOOK = (
    f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}"><sheets>'
    '<sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>'
)


def _relations(*kinds: tuple[str, str]) -> str:
    lines = "".join(
        f'<Relationship Id="rId{number}" Type="{RELATIONS}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(kinds, 1)
    )
    return (
        f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{lines}</Relationships>'
    )


def sheet(rows: str, before: str = "", columns: str = "") -> str:
    """A worksheet around its rows."""
    columns = f"<cols>{columns}</cols>" if columns else ""
    return f'{before}<worksheet xmlns="{MAIN}">{columns}<sheetData>{rows}</sheetData></worksheet>'


def cell(place: str, value: str = UIM) -> str:
    """A row of one cell of text."""
    return f'<row><c r="{place}" t="inlineStr"><is><t>{value}</t></is></c></row>'


def workbook(rows: str, *more: tuple[str, str], strings: str = "", book: str = _BOOK, whole: str = "") -> bytes:
    """An XLSX of one sheet; `more` are further parts, `strings` the shared ones, `whole` the whole sheet."""
    parts = {
        "[Content_Types].xml": _TYPES,
        "_rels/.rels": _relations(("officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": book,
        "xl/_rels/workbook.xml.rels": _relations(
            ("worksheet", "worksheets/sheet1.xml"), *([("sharedStrings", "sharedStrings.xml")] if strings else [])
        ),
        "xl/worksheets/sheet1.xml": whole or sheet(rows),
    }
    if strings:
        parts["xl/sharedStrings.xml"] = strings
    return packed([*parts.items(), *more])


def moved(octets: bytes, target: str) -> bytes:
    """The workbook with its sheet in another place."""
    return packed((name, old.replace(b"worksheets/sheet1.xml", target.encode())) for name, old in _parts(octets))


def replaced(name: str, content: bytes) -> bytes:
    """A workbook of one cell, of whose parts one is this."""
    whole = workbook('<row><c t="s"><v>0</v></c></row>', strings=f'<sst xmlns="{MAIN}"><si><t>UIM</t></si></sst>')
    return packed((known, content if known == name else old) for known, old in _parts(whole))


def part(octets: bytes, name: str) -> bytes:
    """One part of an archive."""
    return dict(_parts(octets))[name]


def _parts(octets: bytes) -> list[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(octets)) as archive:
        return [(name, archive.read(name)) for name in archive.namelist()]


def packed(parts: Iterable[tuple[str, str | bytes]]) -> bytes:
    """A ZIP archive."""
    octets = io.BytesIO()
    with zipfile.ZipFile(octets, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts:
            archive.writestr(name, content)
    return octets.getvalue()


def bomb(size: int, says: int) -> bytes:
    """A workbook whose sheet unpacks to `size` octets of blanks, and says that it holds `says`."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    blank = b" " * (1 << 20)
    body = b"".join([squeeze.compress(blank) for _ in range(size >> 20)]) + squeeze.flush()
    with zipfile.ZipFile(io.BytesIO(workbook(""))) as archive:
        whole = [(name, archive.read(name)) for name in archive.namelist() if name != "xl/worksheets/sheet1.xml"]
    entries = [(name, zlib.compress(part)[2:-4], len(part), zlib.crc32(part)) for name, part in whole]
    return _raw([*entries, ("xl/worksheets/sheet1.xml", body, says, 0)])


def _raw(entries: Iterable[tuple[str, bytes, int, int]]) -> bytes:
    """An archive of entries that are packed already: name, octets, size and checksum, which need not be true."""
    local, central, count = b"", b"", 0
    for name, body, size, check in entries:
        numbers = struct.pack("<HHHHHIIIHH", 20, 0, 8, 0, 33, check, len(body), size, len(name), 0)
        place = struct.pack("<HHHII", 0, 0, 0, 0, len(local))
        central += b"PK\1\2" + struct.pack("<H", 20) + numbers + place + name.encode()
        local += b"PK\3\4" + numbers + name.encode() + body
        count += 1
    return local + central + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, count, count, len(central), len(local), 0)


def quine() -> bytes:
    """An archive that holds a workbook that holds itself in turn, forty deep."""
    octets = workbook(cell("A1"))
    for _ in range(40):
        octets = packed([("xl/worksheets/sheet1.xml", octets)])
    return octets


def container(*names: str) -> bytes:
    """An OLE file whose directory names these streams (MS-CFB), as far as anybody looks at it here."""
    directory = b"".join(name.encode("utf-16-le").ljust(128, b"\0") for name in ("Root Entry", *names))
    return b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + directory.ljust(2048, b"\0")
