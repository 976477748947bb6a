"""Octets to a bounded tree that keeps what a signature covers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.mime import tree
from gateway.mime.tree import parse
from gateway.outcome import Refuse
from tests.support.cost import allowed, spent


def multipart(*parts: bytes, boundary: bytes = b"b1", end: bytes = b"\r\n", tail: bytes = b"") -> bytes:
    lines = b'Content-Type: multipart/mixed; boundary="' + boundary + b'"' + end + end
    for part in parts:
        lines += b"--" + boundary + tail + end + part + end
    return lines + b"--" + boundary + b"--" + tail + end


SIGNED = [
    b"Content-Type: text/plain\r\n\r\nGSP HELP\r\n",
    b"Content-Type: text/plain;\r\n\tcharset=utf-8\r\nX-Folded: a\r\n  b\r\n\r\ntext",
    b"Content-Type:  text/plain\r\nSubject : spaced\r\n\r\ndouble space",
    b"Content-Type: text/plain\n\nbare line feeds\nand\n",
    b"Content-Type: text/plain\r\n\r\n\r\n\r\nblank lines around\r\n\r\n",
    b"Content-Type: text/plain\r\n\r\nFrom the beginning\r\n.\r\n-- \r\n--b\r\n--b11\r\n",
    b"Content-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\nbody\r\n",
    b"\r\nno header fields",
    b"Content-Type: text/plain\r\n\r\n" + b"x" * 5000,
]


@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
@pytest.mark.parametrize("tail", [b"", b" \t"])
@pytest.mark.parametrize("part", SIGNED)
def test_a_part_keeps_its_octets_exactly(part: bytes, end: bytes, tail: bytes) -> None:
    found = parse(multipart(part, b"\r\nother", end=end, tail=tail))
    assert [child.raw for child in found.children] == [part, b"\r\nother"]


def test_a_part_inside_a_part_keeps_its_octets() -> None:
    inner = multipart(b"\r\none", b"\r\ntwo", boundary=b"b1x")
    (child, _) = parse(multipart(inner, b"\r\nlast")).children
    assert child.raw == inner
    assert [part.body for part in child.children] == [b"one", b"two"]


def test_text_outside_the_parts_is_nowhere_in_the_tree() -> None:
    raw = multipart(b"\r\none").replace(b"--b1\r\n", b"before\r\n--b1\r\n", 1) + b"after"
    assert [part.body for part in parse(raw).walk()] == [b"", b"one"]


def nested(depth: int) -> bytes:
    raw = b"\r\ninnermost"
    for level in range(depth):
        raw = multipart(raw, boundary=b"b%d" % level)
    return raw


def refused(raw: bytes) -> int:
    with pytest.raises(Refuse) as failure:
        parse(raw)
    return failure.value.reason.number


def test_a_mail_nested_a_thousand_deep_is_refused_quickly_and_does_not_crash() -> None:
    begun = spent()
    assert refused(nested(1000)) == 105
    assert spent() - begun < allowed(5)
    assert len(list(parse(nested(tree.MAX_DEPTH)).walk())) == tree.MAX_DEPTH + 1


def test_too_many_parts_are_refused() -> None:
    assert refused(multipart(*[b"\r\nx"] * tree.MAX_PARTS)) == 105
    assert len(parse(multipart(*[b"\r\nx"] * (tree.MAX_PARTS - 1))).children) == tree.MAX_PARTS - 1


def test_a_header_out_of_bounds_is_refused() -> None:
    assert refused(b"X: " + b"y" * tree.MAX_HEADER + b"\r\n\r\nbody") == 105
    assert refused(b"Content-Type: text/plain; a=" + b'";' * tree.MAX_PARAMETERS + b"\r\n\r\n") == 105


def test_nesting_cannot_multiply_a_large_mail() -> None:
    raw = b"Content-Type: text/plain\r\n\r\n" + b"x" * 2_000_000
    for level in range(tree.MAX_COPIES + 2):
        raw = multipart(raw, boundary=b"b%d" % level)
    assert refused(raw) == 105


def test_the_fields_of_a_message_are_read_whatever_its_body() -> None:
    found = tree.parse_fields(b"Message-ID: <a@b>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + nested(900))
    assert found.header("message-id") == ("<a@b>",)
    assert not found.children


@pytest.mark.parametrize(
    ("encoding", "body", "content"),
    [
        ("base64", b"R1NQ\r\nIEhFTFA=\r\n", b"GSP HELP"),
        ("base64", b"R1NQ!IEhF TFA", b"GSP HELP"),
        ("base64", b"R1NQIEhFTFA=\r\n____\r\nlist footer\r\n", b"GSP HELP"),
        ("base64", b"R1NQI", b"GSP"),
        ("base64", b"=", b""),
        ("quoted-printable", b"GSP=20HE=\r\nLP=ZZ=", b"GSP HELP=ZZ"),
        ("x-unknown", b"GSP\x00HELP", b"GSP\x00HELP"),
        ("8bit", b"\xff\xfe", b"\xff\xfe"),
    ],
)
def test_damaged_encodings_give_what_can_be_read(encoding: str, body: bytes, content: bytes) -> None:
    assert parse(b"Content-Transfer-Encoding: " + encoding.encode() + b"\r\n\r\n" + body).body == content


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        (b'attachment; filename="list.csv"', "list.csv"),
        (b'attachment; filename="../../etc/passwd"', "passwd"),
        (b'attachment; filename="C:\\\\x\\\\list.csv"', "list.csv"),
        (b"attachment; filename*=utf-8''na%C3%AFve.txt", "naïve.txt"),
        (b"attachment; filename*=no-such-charset''a%41.txt", "aA.txt"),
        (b"attachment; filename*0=li; filename*1=st.csv", "list.csv"),
        ('attachment; filename="صورة.jpg"'.encode(), "صورة.jpg"),
        (b'attachment; filename="=?utf-8?B?2LXZiNix2KkuanBn?="', "صورة.jpg"),
        (b'attachment; filename="=?utf-8?B?Li4vLi4v2LXZiNix2Kku?= =?utf-8?Q?jpg?="', "صورة.jpg"),
        (b"attachment; filename*=utf-8''a%0D%0AGSP%20REQUEST%E2%80%A9b.jpg", "a GSP REQUEST b.jpg"),
        (b"attachment; filename*=utf-8''photo%E2%80%AEgpj.exe", "photogpj.exe"),  # shown to others as photoexe.jpg
        (b"attachment; filename*=utf-8''%E2%81%A7%E2%80%8B%EF%BB%BFa%00b.jpg", "a b.jpg"),
        (b"attachment; filename*=utf-8''a%ED%A0%80.jpg", "a\ufffd\ufffd\ufffd.jpg"),
        (b'attachment; filename="' + b"x" * 3000 + b'.jpg"', "x" * 39 + "…" + "x" * 16 + ".jpg"),
    ],
)
def test_a_file_name_is_a_name_and_no_path(disposition: bytes, name: str) -> None:
    assert parse(b"Content-Disposition: " + disposition + b"\r\n\r\nx").filename == name


def test_a_nul_in_a_header_is_no_way_to_write_another_address() -> None:
    (value,) = parse(b"From: officer@gov.example\x00<eve@evil.example>\r\n\r\n").header("From")
    assert "\x00" not in value
    assert value != "officer@gov.example<eve@evil.example>"


def test_header_fields_are_unfolded_and_utf_8_is_read() -> None:
    found = parse("Subject: caf\u00e9\r\n\tnoir\r\nX: \r\n\r\n".encode())
    assert found.header("subject") == ("café\tnoir",)


def test_octets_that_are_no_text_leave_nothing_that_cannot_be_encoded() -> None:
    (value,) = parse(b"Subject: \xff\xfe\r\n\r\n").header("Subject")
    assert value.encode()


@given(st.binary(max_size=400))
def test_any_octets_give_a_tree_that_holds_them(octets: bytes) -> None:
    assert parse(octets).raw == octets


_LINES = st.lists(
    st.sampled_from(
        [b"--b1", b"--b1--", b"--b2", b"", b"Content-Type: multipart/signed; boundary=b2", b"R1NQ", b"\x00",
         b"Content-Transfer-Encoding: base64", b"Content-Type: multipart/x; boundary=\xff", b" folded"]
    ),
    max_size=30,
)  # fmt: skip


@given(_LINES, st.sampled_from([b"\r\n", b"\n"]))
def test_parts_lie_inside_their_whole(lines: list[bytes], end: bytes) -> None:
    raw = b"Content-Type: multipart/mixed; boundary=b1" + end + end + end.join(lines)
    for part in parse(raw).walk():
        position = 0
        for child in part.children:
            position = part.raw.index(child.raw, position) + len(child.raw)
