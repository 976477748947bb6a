"""Outlook's winmail.dat: what it holds is read like any mail; a damaged or hostile one gets advice, at once."""

from __future__ import annotations

import random
import struct
from contextlib import suppress

import pytest

from gateway import data, discovery, forms
from gateway.content import MimePart, ProtectedHeaders, Reading
from gateway.facts import EncryptedMail, Envelope, VisibleHeaders, digest, proven_ciphertext
from gateway.forms._grammar import Vocabulary
from gateway.language import Languages
from gateway.repairs import _tnef, winmail
from gateway.stages.read import read
from tests.support import tnef
from tests.support.cost import allowed, spent
from tests.unit.test_attachments import KINDS

ONE, TWO = "QCALL7hT2kQ9mZb7Kd25051914", "010460123456789021ABC+DEF"
FORM = f"GSP REQUEST\r\n\r\nPurpose: detection\r\nJustification: seized\r\n\r\nUIMs:\r\n{ONE}\r\n"
VOCABULARY = Vocabulary(discovery.find(forms, "FORM"), Languages.from_texts(data.catalogues()))


def leaf(body: bytes | str, kind: str = "text/plain", name: str = "") -> MimePart:
    octets = body.encode() if isinstance(body, str) else body
    parameters = (("charset", "utf-8"),) if kind.startswith("text/") else ()
    return MimePart((), kind, parameters, "attachment" if name else "", name, octets, (), octets)


def mail(*parts: MimePart) -> MimePart:
    return MimePart((), "multipart/mixed", (), "", "", b"", parts, b"")


def file(octets: bytes, name: str = "winmail.dat", kind: str = "application/ms-tnef") -> MimePart:
    return leaf(octets, kind, name)


def reading(tree: MimePart) -> Reading:
    seen = EncryptedMail("openpgp", proven_ciphertext(b"x"), digest(b"x"), VisibleHeaders(), Envelope(), 1)
    return read(tree, ProtectedHeaders(), seen, VOCABULARY, KINDS)


def rich(text: str) -> str:
    lines = "\\par\r\n".join(text.split("\r\n"))
    return "{\\rtf1\\ansi\\ansicpg1252\\fromtext{\\fonttbl{\\f0\\fswiss Arial;}}\\uc1\\pard\\f0 " + lines + "}"


@pytest.mark.parametrize(
    "octets",
    [
        tnef.winmail(text=FORM),
        tnef.winmail(html=("<html><body>" + "".join(f"<p>{x}</p>" for x in FORM.split("\r\n"))).encode()),
        tnef.winmail(rtf=rich(FORM)),
        tnef.SIGNATURE + tnef.attribute(1, 0x9007, struct.pack("<Q", 1252)) + tnef.attribute(1, 0x800C, FORM.encode()),
    ],
    ids=["text", "html", "rich text", "old body"],
)
@pytest.mark.parametrize("beside", ["", " \r\n", "Our mail is confidential.\r\n"])
def test_a_form_inside_a_winmail_dat_is_read(octets: bytes, beside: str) -> None:
    read_back = reading(mail(leaf(beside), file(octets)))
    assert read_back.form.name == "request"
    assert [uim.text for uim in read_back.form.uims] == [ONE]
    assert read_back.form.get("justification") == "seized"
    assert read_back.findings == ()


def test_the_same_text_beside_the_file_is_read_once() -> None:
    octets = tnef.winmail(text=FORM, html=b"<p>GSP REQUEST</p>")
    for tree in (
        mail(leaf(FORM), file(octets)),
        mail(leaf(FORM), leaf(f"<pre>{FORM}</pre>", "text/html"), file(octets)),
    ):
        assert [uim.text for uim in reading(tree).form.uims] == [ONE]


def test_attachments_inside_are_read_like_any_other_and_the_rest_is_told_by_its_name() -> None:
    octets = tnef.winmail(attached={"long name of a list.csv": f"UIM\r\n{TWO}\r\n".encode(), "a\\b\\photo.bmp": b"BM"})
    read_back = reading(mail(leaf(FORM), file(octets, "WINMAIL.DAT", "application/octet-stream")))
    assert [(uim.text, uim.where) for uim in read_back.form.uims] == [(ONE, ""), (TWO, "long name of a list.csv")]
    assert [finding.where for finding in read_back.findings] == ["photo.bmp"]


def test_a_message_within_the_message_is_told_and_not_opened() -> None:
    inner = tnef.winmail(text=f"GSP REQUEST\n\nUIMs:\n{TWO}\n")
    embedded = tnef.properties((0x0D, 0x3701, b"\7\3\2" + inner), (0x1F, 0x3707, "Forwarded"))
    octets = tnef.winmail() + tnef.attribute(2, 0x9002, bytes(14)) + tnef.attribute(2, 0x9005, embedded)
    read_back = reading(mail(leaf(FORM), file(octets)))
    assert [uim.text for uim in read_back.form.uims] == [ONE]
    assert [finding.where for finding in read_back.findings] == ["Forwarded.msg"]


@pytest.mark.parametrize(
    ("codepage", "charset"), [(1251, "cp1251"), (28595, "iso8859_5"), (65001, "utf-8"), (936, "gbk"), (20866, "koi8-r")]
)
def test_the_code_page_of_the_html_is_believed(codepage: int, charset: str) -> None:
    word = "独特识别标记" if codepage == 936 else "основание"
    mended = winmail.mend(file(tnef.winmail(html=f"<p>{word}</p>".encode(charset), codepage=codepage)))
    assert [part.body.decode(charset) for part in mended.walk() if part.body] == [f"<p>{word}</p>"]
    assert winmail.decode(mended.children[0]) == f"<p>{word}</p>"


def test_mending_twice_changes_nothing_more_and_other_mail_is_left_alone() -> None:
    once = winmail.mend(mail(leaf(FORM), file(tnef.winmail(text="x", attached={"a.csv": b"1"}))))
    assert winmail.mend(once) is once
    other = mail(leaf(FORM), leaf("x", "application/octet-stream", "data.dat"))
    assert winmail.mend(other) is other


WHOLE = tnef.winmail(text=FORM, html=b"<p>x</p>", rtf=rich(FORM), attached={"list.csv": ONE.encode()})
HOSTILE = {
    "nothing": b"",
    "text": b"GSP REQUEST",
    "length beyond the end": tnef.SIGNATURE + struct.pack("<BHHI", 1, 0x9003, 6, 0xFFFFFFFF),
    "four thousand million properties": tnef.SIGNATURE + tnef.attribute(1, 0x9003, struct.pack("<I", 0xFFFFFFFF)),
    "twenty million values": tnef.SIGNATURE
    + tnef.attribute(1, 0x9003, struct.pack("<IHHI", 1, 0x1002, 0x1000, 20_000_000)),
    "strings without end": tnef.SIGNATURE
    + tnef.attribute(1, 0x9003, struct.pack("<IHHI", 1, 0x101F, 0x1000, 0x7FFFFFFF)),
    "a name without end": tnef.SIGNATURE
    + tnef.attribute(1, 0x9003, struct.pack("<IHH", 1, 0x1F, 0x8000) + bytes(16) + struct.pack("<II", 1, 0xFFFFFFF0)),
    "no such kind": tnef.SIGNATURE + tnef.attribute(1, 0x9003, struct.pack("<IHH", 1, 0x99, 0x1000)),
    "attributes without end": tnef.SIGNATURE + tnef.attribute(1, 0x8005, b"") * 200_000,
    "attachments without end": tnef.SIGNATURE + tnef.attribute(2, 0x9002, b"") * 4_000,
    "an attachment that does not begin": tnef.SIGNATURE + tnef.attribute(2, 0x9005, tnef.properties((3, 0x3705, 1))),
    "rich text that unpacks too far": tnef.winmail(rtf="x")[:-40]
    + tnef.attribute(
        1, 0x9003, tnef.properties((0x102, 0x1009, struct.pack("<II", 99, 1 << 31) + b"LZFu" + bytes(40)))
    ),
    "rich text with a false sum": tnef.SIGNATURE
    + tnef.attribute(
        1, 0x9003, tnef.properties((0x102, 0x1009, struct.pack("<II4sI", 40, 99, b"LZFu", 7) + bytes(28)))
    ),
    "a table of fonts without end": tnef.winmail(rtf="{\\rtf1{\\fonttbl" + "\\f1" * 100_000),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_damaged_or_hostile_file_gets_advice_at_once_and_the_form_beside_it_is_read(case: str) -> None:
    began = spent()
    read_back = reading(mail(leaf(FORM), file(HOSTILE[case])))
    assert spent() - began < allowed(2)
    assert [uim.text for uim in read_back.form.uims] == [ONE]
    assert [(finding.where, finding.text.values) for finding in read_back.findings] == [
        ("winmail.dat", (("name", "winmail.dat"),))
    ]
    assert "Plain text" in read_back.findings[0].text.message


def test_a_file_that_is_cut_off_anywhere_is_never_read_half() -> None:
    whole = 0
    for end in range(len(WHOLE) - 20):
        try:
            found = _tnef.read(WHOLE[:end])
        except ValueError:
            continue
        whole += 1
        # Cut exactly between two attributes, it is a whole file with less in it.
        assert found.text in (b"", FORM.encode())
        assert all(one.octets in (b"", ONE.encode()) for one in found.attached)
    assert 0 < whole < 20


def test_any_octets_changed_give_a_value_or_the_one_error() -> None:
    chance = random.Random(7)
    for _ in range(3000):
        octets = bytearray(WHOLE)
        for _ in range(chance.randrange(1, 8)):
            octets[chance.randrange(len(octets))] = chance.choice((0, 1, 0x7F, 0xFF, chance.randrange(256)))
        with suppress(ValueError):
            _tnef.read(bytes(octets))


def test_rich_text_as_large_as_it_may_be_costs_seconds_at_most() -> None:
    began = spent()
    _tnef._rich(_uncompressed("{\\rtf1 " + "{\\field{\\*\\fldinst{HYPERLINK " * 20_000))
    _tnef._rich(_uncompressed("{\\rtf1 " + "x" * 1_000_000 + "}"))
    assert spent() - began < allowed(6)


def _uncompressed(rtf: str) -> bytes:
    return struct.pack("<II4sI", len(rtf) + 12, len(rtf), b"MELA", 0) + rtf.encode()
