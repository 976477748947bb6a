"""An OpenPGP message looked at from outside: armour, packet headers, nothing opened."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.crypto import _packets
from gateway.crypto._packets import AEAD, PKESK, SED, SEIPD, SKESK, Outline, armoured, binary, outline, with_charset

KEY_ID = "0123456789ABCDEF"
SESSION = b"\x03" + bytes.fromhex(KEY_ID) + b"\x12rest"
HIDDEN = b"\x03" + bytes(8) + b"\x12rest"
CONTENT = b"\x01ciphertext"


def old(tag: int, body: bytes) -> bytes:
    return bytes((0x80 | tag << 2 | 1,)) + len(body).to_bytes(2, "big") + body


def new(tag: int, body: bytes) -> bytes:
    return bytes((0xC0 | tag, len(body))) + body


def partial(tag: int, body: bytes) -> bytes:
    return bytes((0xC0 | tag, 0xE0 | 3)) + body[:8] + bytes((len(body) - 8,)) + body[8:]


def indeterminate(tag: int, body: bytes) -> bytes:
    return bytes((0x80 | tag << 2 | 3,)) + body


@pytest.mark.parametrize("session", [old, new])
@pytest.mark.parametrize("content", [new, partial])
@pytest.mark.parametrize("tag", [SEIPD, AEAD])
def test_old_and_new_headers_and_partial_lengths_are_one_message(session, content, tag: int) -> None:  # type: ignore[no-untyped-def]
    octets = session(PKESK, SESSION) + session(PKESK, HIDDEN) + content(tag, CONTENT)
    assert outline(octets) == Outline((KEY_ID, "0" * 16), False, tag, 1, whole=True)


def test_packets_without_meaning_are_overlooked() -> None:
    octets = new(10, b"PGP") + new(PKESK, SESSION) + new(21, bytes(9)) + new(SEIPD, CONTENT)
    assert outline(octets) == Outline((KEY_ID,), False, SEIPD, 1, whole=True)


def test_the_content_may_be_of_a_length_that_is_not_told() -> None:
    assert outline(new(PKESK, SESSION) + indeterminate(SED, CONTENT)) == Outline((KEY_ID,), False, SED, 1, whole=True)


def test_a_passphrase_and_a_newer_version_are_seen() -> None:
    assert outline(new(SKESK, b"\x04x") + new(PKESK, SESSION) + new(SEIPD, b"\x02x")) == Outline(
        (KEY_ID,), True, SEIPD, 2, whole=True
    )
    newer = outline(new(PKESK, b"\x06" + SESSION) + new(SEIPD, b"\x02x"))
    assert newer
    assert newer.key_ids == ("",)


@pytest.mark.parametrize(
    "octets",
    [
        new(PKESK, SESSION) + new(SEIPD, CONTENT) + new(SEIPD, CONTENT),
        new(PKESK, SESSION) + new(SEIPD, CONTENT) + new(11, b"clear"),
        new(11, b"clear") + new(PKESK, SESSION) + new(SEIPD, CONTENT),
        new(PKESK, SESSION) + new(8, b"compressed"),
        new(PKESK, SESSION) + new(2, b"signature"),
        new(PKESK, SESSION),
        b"",
    ],
)
def test_what_is_more_or_less_than_one_message_is_not_whole(octets: bytes) -> None:
    seen = outline(octets)
    assert seen is not None
    assert not seen.whole


@pytest.mark.parametrize(
    "octets",
    [
        b"text",
        b"\xc1",
        new(PKESK, SESSION)[:-1],
        new(SEIPD, CONTENT)[:-1],
        bytes((0xC0 | SEIPD, 255)) + b"\xff\xff\xff\xff",
        bytes((0xC0 | SEIPD, 0xE0)) + b"x",
        old(PKESK, SESSION)[:2],
        new(PKESK, SESSION) * 201 + new(SEIPD, CONTENT),
    ],
)
def test_what_does_not_parse_has_no_outline(octets: bytes) -> None:
    assert outline(octets) is None


@given(st.binary(max_size=200))
def test_no_octets_crash_the_look(octets: bytes) -> None:
    seen = outline(octets)
    assert seen is None or isinstance(seen, Outline)


def armour(octets: bytes, fields: str = "", blank: str = "\n", end: str = "\n") -> bytes:
    lines = base64.encodebytes(octets).decode().replace("\n", end)
    text = f"-----BEGIN PGP MESSAGE-----{end}{fields}{blank}{lines}=abcd{end}-----END PGP MESSAGE-----{end}"
    return text.encode()


@pytest.mark.parametrize(
    "octets",
    [
        armour(CONTENT),
        armour(CONTENT, end="\r\n", blank="\r\n"),
        armour(CONTENT, "Version: x\nCharset: utf-8\n"),
        armour(CONTENT, "Version: x\n", blank=""),
        armour(CONTENT, blank="\xa0\n"),
        armour(CONTENT).replace(b"\n", b" \n"),
        armour(CONTENT).replace(b"=abcd\n", b""),
        b"\xef\xbb\xbf" + armour(CONTENT),
    ],
)
def test_armour_is_read_as_clients_and_servers_leave_it(octets: bytes) -> None:
    found = armoured(octets)
    assert found is not None
    assert (found[0].strip(), found[1], found[2].strip()) == (b"", CONTENT, b"")


def test_text_around_the_armour_is_told() -> None:
    found = armoured(b"banner\n" + armour(CONTENT) + b"footer")
    assert found is not None
    assert (found[0], found[2].strip()) == (b"banner\n", b"footer")


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"prose on -----BEGIN PGP MESSAGE----- lines",
        armour(CONTENT) + armour(CONTENT),
        armour(CONTENT) + b"-----BEGIN PGP SIGNATURE-----",
        armour(CONTENT).replace(b"AWNp", b"A%$p"),
        armour(CONTENT).replace(b"-----END", b"----END"),
    ],
)
def test_anything_but_one_whole_armour_is_none(octets: bytes) -> None:
    assert armoured(octets) is None


@given(st.binary(max_size=300))
def test_what_is_armoured_is_read_back(octets: bytes) -> None:
    found = _packets.armoured(armour(octets))
    assert found is not None
    assert found[1] == octets


# --- the charset that an armour names ---------------------------------------------------------------


@pytest.mark.parametrize("fields", ["", "Version: x\n", "Charset: utf-8\n", "Charset: US-ASCII\n", "Charset: x y\n"])
def test_a_message_in_utf_8_is_kept_without_its_armour(fields: str) -> None:
    assert with_charset(armour(CONTENT, fields), CONTENT) == CONTENT
    assert binary(CONTENT) == CONTENT


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_another_charset_stays_with_the_message_that_is_kept(end: str) -> None:
    kept = with_charset(armour(CONTENT, f"Version: x{end}charset:  KOI8-R {end}", end, end), CONTENT)
    assert kept.startswith(b"-----BEGIN PGP MESSAGE-----\nCharset: koi8-r\n\n")
    assert binary(kept) == CONTENT
    assert with_charset(kept, CONTENT) == kept
    assert with_charset(armour(CONTENT) + b"Charset: koi8-r\n", CONTENT) == CONTENT
