"""What is fuzzed: for each entry point a function that takes any octets, and samples to begin from.

A function raises where the program has a defect: an exception that is not documented, or a result that breaks its
promise. What a library makes of a broken file is not looked at; the parser's own process ends with it.
"""

from __future__ import annotations

import base64
import importlib
import io
import json
import re
import traceback
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pillow_heif
import yaml
from PIL import Image

from gateway import attachments, data, discovery, forms, parsers
from gateway.attachments import AttachmentReading
from gateway.content import MimePart, Uim
from gateway.crypto import _bundle as bundle
from gateway.crypto import _keyblock as keyblock
from gateway.forms._grammar import Vocabulary
from gateway.forms._pasted import misplaced, pasted_patterns
from gateway.forms._reading import read_form
from gateway.identifiers import gs1
from gateway.identifiers.written import read_uims
from gateway.language import Languages
from gateway.library.hazards import hazard
from gateway.library.lint import load
from gateway.library.patterns import PatternLibrary
from gateway.library.reading import Unreadable, read_schemes, unfit
from gateway.library.schema import schema_problems
from gateway.mime.armour import armoured
from gateway.mime.keys import gathered, pasted_keys
from gateway.parsers.__main__ import answer
from tests.support import hostile_pdfs, hostile_sheets, photographs
from tests.support.parsed import in_process
from tests.support.patterns import stamp
from tests.support.samples import UIMS

ROOT = Path(__file__).resolve().parents[2]
_OURS = (TypeError, AttributeError, NameError, IndexError, KeyError, ArithmeticError, AssertionError)
_SIDE = 72  # pixels of a picture of shades
_MOST_PIXELS = 250_000
_BREAK = re.compile("[\r\n]+")  # a line end of an old kind within a line is one, too
_CONTROLS = {"Cc", "Cf", "Cs", "Zl", "Zp"}  # Unicode: categories of what nobody sees
NOW = datetime(2026, 11, 21, tzinfo=UTC)
_LINES = ("]d2010460123456789021ABC<GS>93xyz=", "(01)04601234567890(21)A+B", "4.6E+12", '"=""0104"""', "1) ABCD1234 x",
          "https://id.gs1.org/01/04601234567893/21/ABC", "А1234", "> a", "UIM: KPL2F9aK3mW7Qz2T25051914")  # fmt: skip


@dataclass(frozen=True)
class Target:
    """One entry point; `longest`: octets of an input."""

    run: Callable[[bytes], None]
    seeds: Callable[[], Sequence[bytes]]
    longest: int = 4096


class Defect(AssertionError):
    """A promise that was broken; no input stands in it."""


@cache
def _vocabulary() -> Vocabulary:
    return Vocabulary(discovery.find(forms, "FORM"), Languages.from_texts(data.catalogues()))


@cache
def _library() -> PatternLibrary:
    return load(data.pattern_texts())


@cache
def _kinds() -> dict[str, attachments.Attachment]:
    return attachments.joined(discovery.find(attachments, "ATTACHMENT"), in_process)


def prepare(name: str) -> Target:
    """The target, with all that it uses loaded: what is loaded later cannot lead the fuzzer."""
    loaders = {"broken": (), "list": (_vocabulary,), "pasted": (_vocabulary,), "gs1": (_library,), "csv": (_kinds,)}
    for loaded in loaders.get(name, (_kinds, lambda: importlib.import_module(f"gateway.parsers.{name}"))):
        loaded()
    return TARGETS[name]


def _checked(uims: Sequence[Uim]) -> None:
    """A UIM is one piece, without what controls or hides text but the separator of GS1, and says where it stood.

    Damage that the library can explain, blanks between groups and letters that look like others, stays in it.
    """
    for uim in uims:
        controls = {unicodedata.category(character) for character in uim.text.replace(gs1.SEPARATOR, "")} & _CONTROLS
        if not uim.text or controls or uim.text != uim.text.strip(" "):
            raise Defect("a UIM holds what no UIM can hold")
        if uim.line < 1:
            raise Defect("a UIM without its line")


def form_list(octets: bytes) -> None:
    """The list of a form in a mail, and the whole form, from any text."""
    text = octets.decode("utf-8", "replace")
    lines = text.split("\n")
    uims, findings = read_uims(enumerate(lines, 1))
    _checked(uims)
    if len(uims) + len(findings) > sum(bool(line.strip()) for line in _BREAK.split(text)):
        raise Defect("more came out of a list than it has lines")
    for body in (f"GSP REQUEST\nUIMs:\n{text}".split("\n"), lines):
        form, _, _ = read_form(body, _vocabulary(), "")
        _checked([uim for uim in form.uims if uim.line])


def pasted(octets: bytes) -> None:
    """Patterns and keys in the text of a mail, up to what the library and the packets of the keys say of them."""
    text = octets.decode("utf-8", "replace")
    lines = text.split("\n")
    left, file = pasted_patterns(lines, _vocabulary())
    without, keys = pasted_keys(lines)
    for kept in (left, without):
        if any(one not in ("", line) for one, line in zip(kept, lines, strict=True)):
            raise Defect("a line was changed that was not taken")
    written = file.decode().split("\n")
    said = {"".join(filter(str.isalnum, line)).lower() for line in (*lines, "")}
    if not {"".join(filter(str.isalnum, line)).lower() for line in written} <= said:
        raise Defect("a file of patterns says what the mail does not")
    for key in gathered(keys):
        _key(key.octets)
    try:
        found = read_schemes(file) if file else []
    except Unreadable:
        if (told := misplaced(file)) and dict(told.values)["line"] > len(lines):  # type: ignore[operator]
            raise Defect("a line that the mail does not have") from None
        return
    if not schema_problems("pasted.yaml", {"schemes": found}):
        for one in found:
            list(unfit(one))
            hazard(one["pattern"] or "")


def _key(octets: bytes) -> None:
    """What is asked of a key, or of certificates, before GnuPG or OpenSSL see it."""
    block = octets.decode("ascii")
    if "PGP" not in block:
        with suppress(ValueError):
            bundle.read(octets, NOW)
        return
    with suppress(ValueError):
        packets = base64.b64decode("".join(block.split("\n")[2:-2]).partition("=")[0], validate=True)
        keyblock.too_new(packets)
        keyblock.secret(packets)
        for asked in (keyblock.flooded, keyblock.names):
            with suppress(IndexError):
                asked(packets)


def gs1_code(octets: bytes) -> None:
    """One UIM: its one spelling, and everything that the whole library says of it."""
    code = octets.decode("latin-1").strip()
    if not code:
        return
    gs1.bracket_fault(code)
    normal = gs1.normalise(code)
    gs1.organisation(gs1.number_of(normal))
    (verdict,) = _library().verdicts((Uim(code),), NOW)
    if verdict.uim.text != code or _library().canonical(code) != _library().canonical(code):
        raise Defect("a verdict on another UIM")


def text_file(octets: bytes) -> None:
    """A CSV or text file in any charset."""
    for name in ("a.csv", "a.txt"):
        _read(octets, name)


def workbook(octets: bytes) -> None:
    """A spreadsheet: octets as they are, or, by the first of them, one part of a whole workbook."""
    mode, body = octets[:1], octets[1:]
    parts = {b"s": "xl/worksheets/sheet1.xml", b"t": "xl/sharedStrings.xml", b"b": "xl/workbook.xml",
             b"r": "xl/_rels/workbook.xml.rels"}  # fmt: skip
    if mode == b"o":
        octets = hostile_sheets.packed([("content.xml", body)])
    elif mode in parts:
        octets = hostile_sheets.replaced(parts[mode], body)
    # Cells far away take all memory, by calamine; in the parser's own process that is its end, here it would be ours.
    if not _is_far(body):
        _foreign("sheets", octets, "a.xlsx")


def pdf(octets: bytes) -> None:
    """A PDF as it is, or, where it begins with a `c`, the drawing of one page, `m`: the letters of a font."""
    mode, body = octets[:1], octets[1:]
    if mode == b"c":
        octets = hostile_pdfs.document(body)
    elif mode == b"m":
        octets = hostile_pdfs.mapped(body)
    _foreign("pdf", octets, "a.pdf")


def picture(octets: bytes) -> None:
    """A photograph as it is, or, where it begins with a `g`, the shades of a small picture."""
    parser = importlib.import_module("gateway.parsers.pictures")
    parser.MOST_PIXELS = _MOST_PIXELS  # a large picture takes seconds, and shows nothing that a small one does not
    if octets[:1] == b"g":
        octets = _png(Image.frombytes("L", (_SIDE, _SIDE), octets[1:].ljust(_SIDE**2, b"\xff")[: _SIDE**2]))
    _foreign("pictures", octets, "a.jpg")


def _png(image: Image.Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def _is_far(body: bytes) -> bool:
    """Whether a part names a column or a number that lays out a large sheet."""
    digits, letters = 0, 0
    for octet in body:
        digits = digits + 1 if 48 <= octet <= 57 else 0
        letters = letters + 1 if 65 <= octet <= 90 else letters if digits == 1 and letters >= 3 else 0
        if digits > 4 or (digits and letters >= 3):
            return True
    return False


def _foreign(parser: str, octets: bytes, name: str) -> None:
    """A file that a library reads: nothing of ours fails, and what comes out is read as in a mail."""
    module = importlib.import_module(f"gateway.parsers.{parser}")
    try:
        module.PARSER(octets)
    except parsers.Unreadable as error:
        if error.trouble not in ("encrypted", "broken", "too much"):
            raise Defect("a trouble that nobody knows") from None
    except Exception as error:
        # Libraries in C have no place in the traceback: of what stands at our own line these are ours.
        if isinstance(error, _OURS) and "/gateway/" in traceback.extract_tb(error.__traceback__)[-1].filename:
            raise
    except BaseException as error:  # a panic of a library in Rust
        if type(error).__name__ != "PanicException":
            raise
    if set(answer(module.PARSER, octets)) - {"trouble", "content"}:
        raise Defect("an answer of another shape")
    _read(octets, name)


def _read(octets: bytes, name: str) -> None:
    part = MimePart((), "application/octet-stream", (), "attachment", name, octets, (), octets)
    reading = next(kind for kind in _kinds().values() if kind.accepts(part)).read(part)
    for one in (reading, *reading.more):
        _checked(one.uims)
        _placed(one)


def _placed(reading: AttachmentReading) -> None:
    if any(finding.line < 0 for finding in (*reading.findings, *reading.remarks)):
        raise Defect("a finding on no line")


def _codes() -> list[bytes]:
    samples = [
        sample for scheme in _library().schemes for sample in (*scheme.valid, *(bad for bad, _ in scheme.invalid))
    ]
    return [sample.encode("latin-1", "replace") for sample in (*samples, *UIMS, *_LINES)]


def _lists() -> list[bytes]:
    known = "\n".join((*UIMS, *_LINES))
    form = f"Purpose: detection\nJustification: seized\n[x] (a)\nDate of seizure: 2026-11-03\n\nUIMs:\n{known}\n"
    return [known.encode(), form.encode(), "Цель: обнаружение\nУИМ:\nABC1234".encode(), b"a\n\n\n1. b\n2. c"]


def _pasted() -> Iterator[bytes]:
    for name in ("brazil.yaml", "ecuador.yaml"):
        yield (ROOT / "pattern_library" / name).read_bytes()[:4000]
    patterns = stamp().decode()
    yield f"GSP PATTERN\n{patterns}\n-- \nA. Person".encode()
    yield f"```yaml\n{patterns}```".replace("    ", "\t\t").replace("'", "’").encode()
    yield (
        patterns.replace(" ", "\u00a0")
        .replace("\n", "\n> ")
        .replace("title:", "Title：")
        .replace("- id", "• id")
        .encode()
    )
    yield json.dumps(yaml.safe_load(patterns), indent=1).encode()
    yield b"- title: a\n  id: b\n  level: c\n\nand\n  rank: 4\n---\n[{id: a, level: b}]\nschemes: [{'id': 'a'}]"
    yield armoured("PUBLIC KEY BLOCK", bytes.fromhex("c602040fcd0341203cc20102")) + b"\n> -----BEGIN PKCS7-----\n"
    yield b"a\n-----BEGIN CERTIFICATE-----\n\xc2\xa0MIIB\n\n-----END CERTIFICATE-----\n-----BEGIN PRIVATE KEY-----\n"


def _files() -> list[bytes]:
    rows = 'Nr;UIM;Ort\n1;QCALL7hT2kQ9mZb7Kd25051914;Köln\n2;"a;""b""";"zwei\nZeilen"\n3;\'=1+1;x\n'
    answers = "UIM,Status,Remarks\nQCALL7hT2kQ9mZb7Kd25051914,valid,Malmö\n"
    charsets = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp1252")
    more = (
        "№;УИМ\n1;ABC1234567".encode("cp1251"),
        "代码,地点\nABC1234567,上海".encode("gb18030"),
        b"sep=|\nUIM|x\na|b",
    )
    return [*(rows.encode(charset) for charset in charsets), answers.encode(), *more]


def _workbooks() -> Iterator[bytes]:
    folder = ROOT / "tests" / "unit" / "spreadsheets"
    yield from ((folder / f"libreoffice.{ending}").read_bytes() for ending in ("xlsx", "ods", "xls"))
    cells = hostile_sheets.cell("A1", "UIM") + hostile_sheets.cell("A2")
    cells += '<row r="3" hidden="1"><c t="e"><v>#N/A</v></c></row>'
    formula = '<row><c r="B4" t="str"><f>A1</f><v>x</v></c><c><f>1</f></c><c t="b"><v>1</v></c></row>'
    yield hostile_sheets.workbook(cells)
    yield b"s" + hostile_sheets.sheet(cells + formula, columns='<col min="2" max="3" hidden="1"/>').encode()
    yield b"t" + f'<sst xmlns="{hostile_sheets.MAIN}"><si><t>UIM</t></si></sst>'.encode()
    for mode, name in ((b"b", "xl/workbook.xml"), (b"r", "xl/_rels/workbook.xml.rels")):
        yield mode + hostile_sheets.part(hostile_sheets.workbook(cells), name)
    yield b"o" + hostile_sheets.part((folder / "libreoffice.ods").read_bytes(), "content.xml")[:6000]


def _pdfs() -> Iterator[bytes]:
    page = hostile_pdfs.drawn("Nr UIM Place", f"1 {hostile_pdfs.UIM} Mombasa", "(01) 04601234567890 (21) ABC")
    yield hostile_pdfs.document(page, root="/OpenAction<</S/JavaScript>>/AcroForm<</Fields[]>>")
    yield hostile_pdfs.document(page, page, page="/Annots[<</Subtype/FileAttachment>>]")
    yield b"c" + page
    yield b"cq BT 3 Tr /F1 9 Tf [(QCALL) -250 (7hT2kQ)] TJ ET Q BI /W 1 /H 1 ID x EI /X Do"
    yield b"m1 begincodespacerange <00> <FF> endcodespacerange 2 beginbfchar <66> <FB03> <67> <0041> endbfchar"
    yield b"m1 beginbfrange <20> <7E> <0020> endbfrange"


def _pictures() -> Iterator[bytes]:
    for kind, said in (("Data Matrix", "ABC1234567"), ("QR Code", "KPL2F9aK3mW7"), ("Aztec", "A1")):
        small = photographs.code(kind, said, 2)
        shades = Image.new("L", (_SIDE, _SIDE), 255)
        shades.paste(small, (8, 8))
        yield from (b"g" + shades.tobytes(), _png(small), photographs.jpeg(small))
        heic = io.BytesIO()
        pillow_heif.from_pillow(small.convert("RGB")).save(heic, quality=50)
        yield heic.getvalue()


def broken(octets: bytes) -> None:
    """What fails, so that a test can see it found."""
    if octets.endswith(b"crash!"):
        raise Defect("it does")


TARGETS = {
    "broken": Target(broken, lambda: [b"", b"no crash", b"a crash!"]),
    "list": Target(form_list, _lists),
    "pasted": Target(pasted, lambda: list(_pasted()), 8192),
    "gs1": Target(gs1_code, _codes, 256),
    "csv": Target(text_file, _files),
    "sheets": Target(workbook, lambda: list(_workbooks()), 32_768),
    "pdf": Target(pdf, lambda: list(_pdfs()), 8192),
    "pictures": Target(picture, lambda: list(_pictures()), _SIDE**2 + 1),
}
