"""An opened mail exists only when exactly one good signature covers all of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from gateway.content import DecryptedMail
from gateway.facts import (
    Ciphertext,
    EncryptedMail,
    Envelope,
    Fingerprint,
    PublicKey,
    VisibleHeaders,
    digest,
    proven_ciphertext,
)
from gateway.mime.text import decode
from gateway.outcome import Cause, Refuse
from gateway.ports import Opened, SignatureReport
from gateway.stages.decrypt import decrypt

NOW = datetime(2026, 11, 21, tzinfo=UTC)
MARK = Fingerprint("A" * 40)
GOOD = SignatureReport(Cause.NONE, MARK, NOW, b"one")
BAD = SignatureReport(Cause.BAD_SIGNATURE, None, None, b"")
TEXT = b"Content-Type: text/plain\r\n\r\nGSP HELP\r\n"
SIGNATURE = b"Content-Type: application/pgp-signature\r\n\r\nsignature"


class Opens:
    """A scheme that opens to these octets and signatures; a detached signature is good over `signed` only."""

    name = "openpgp"

    def __init__(self, octets: bytes, *signatures: SignatureReport, signed: bytes = b"") -> None:
        self._opened = Opened(octets, signatures)
        self._signed = signed
        self.asked: list[bytes] = []

    def open(self, ciphertext: Ciphertext, claimed: Sequence[PublicKey], limit: int) -> Opened:
        return self._opened

    def verify(self, signed: bytes, signature: bytes, claimed: Sequence[PublicKey]) -> SignatureReport:
        assert signature == b"signature"
        self.asked.append(signed)
        return GOOD if signed == self._signed else BAD


def multipart(kind: str, *parts: bytes, more: str = "") -> bytes:
    body = b"".join(b"--b\r\n" + part + b"\r\n" for part in parts)
    return f"Content-Type: multipart/{kind}; boundary=b{more}\r\n\r\n".encode() + body + b"--b--\r\n"


def opened(scheme: Opens, ciphertext: bytes = b"x") -> DecryptedMail:
    mail = EncryptedMail("openpgp", proven_ciphertext(ciphertext), digest(b"x"), VisibleHeaders(), Envelope(), 1)
    return decrypt(mail, scheme, (), 1000)  # type: ignore[arg-type]


def cause(scheme: Opens) -> Cause:
    with pytest.raises(Refuse) as failure:
        opened(scheme)
    assert failure.value.reason.number == 201
    return failure.value.cause


def test_a_signature_made_with_the_encryption_covers_all() -> None:
    mail = opened(Opens(TEXT, GOOD))
    assert (mail.tree.body, mail.signature.fingerprint, mail.signature.made_at) == (b"GSP HELP\r\n", MARK, NOW)
    assert mail.signature.digest == digest(b"one")


def test_inline_text_is_text_even_where_it_begins_like_a_field() -> None:
    mail = opened(Opens(b"GSP REQUEST\r\n\r\nPurpose: detection\r\n", GOOD))
    assert (mail.tree.media_type, mail.tree.body) == ("text/plain", b"GSP REQUEST\r\n\r\nPurpose: detection\r\n")
    assert opened(Opens(b"Purpose: detection\r\n\r\nx", GOOD)).tree.body == b"Purpose: detection\r\n\r\nx"


def test_a_signature_inside_covers_the_octets_as_they_stand() -> None:
    scheme = Opens(multipart("signed", TEXT, SIGNATURE), signed=TEXT)
    assert opened(scheme).tree.raw == TEXT
    assert scheme.asked == [TEXT]


def test_a_program_that_signs_what_it_stores_is_understood() -> None:
    stored = TEXT.replace(b"\r\n", b"\n")
    scheme = Opens(multipart("signed", stored, SIGNATURE), signed=stored)
    assert opened(scheme).tree.body == b"GSP HELP\n"
    assert scheme.asked == [TEXT, stored]


INNER = multipart("signed", TEXT, SIGNATURE).replace(b"--b", b"--c").replace(b"=b", b"=c")


@pytest.mark.parametrize(
    ("scheme", "expected"),
    [
        (Opens(TEXT), Cause.NOT_SIGNED),
        (Opens(TEXT, GOOD, GOOD), Cause.SEVERAL_SIGNATURES),
        (Opens(TEXT, GOOD, BAD), Cause.SEVERAL_SIGNATURES),
        (Opens(TEXT, BAD), Cause.BAD_SIGNATURE),
        (Opens(TEXT, SignatureReport(Cause.UNKNOWN_KEY, None, None, b"")), Cause.UNKNOWN_KEY),
        (Opens(TEXT, SignatureReport(Cause.EXPIRED_KEY, MARK, NOW, b"one")), Cause.EXPIRED_KEY),
        (Opens(TEXT, SignatureReport(Cause.REVOKED_KEY, MARK, NOW, b"one")), Cause.REVOKED_KEY),
        (Opens(TEXT, SignatureReport(Cause.NONE, None, NOW, b"")), Cause.BAD_SIGNATURE),
        (Opens(multipart("signed", TEXT, SIGNATURE), GOOD, signed=TEXT), Cause.SEVERAL_SIGNATURES),
        (Opens(multipart("signed", TEXT, SIGNATURE), signed=b"other"), Cause.BAD_SIGNATURE),
        (Opens(multipart("signed", TEXT), signed=TEXT), Cause.PARTLY_SIGNED),
        (Opens(multipart("signed", TEXT, SIGNATURE, TEXT), signed=TEXT), Cause.PARTLY_SIGNED),
        (Opens(multipart("signed", TEXT, TEXT), signed=TEXT), Cause.PARTLY_SIGNED),
        (Opens(multipart("mixed", TEXT, INNER)), Cause.PARTLY_SIGNED),
        (Opens(multipart("mixed", *[b"\r\nx"] * 300), GOOD), Cause.NESTING),
        (Opens(multipart('encrypted; protocol="x"', TEXT, TEXT), GOOD), Cause.NESTING),
        (Opens(b"Content-Type: text/plain\r\n\r\n\r\n-----BEGIN PGP MESSAGE-----\r\n", GOOD), Cause.NESTING),
        (Opens(multipart("mixed", TEXT, b"\r\n-----BEGIN PGP MESSAGE-----"), GOOD), Cause.NESTING),
    ],
)  # fmt: skip
def test_everything_else_is_the_one_refusal(scheme: Opens, expected: Cause) -> None:
    assert cause(scheme) is expected


def test_only_the_signed_part_protects_header_fields() -> None:
    inner = TEXT.replace(b"text/plain", b'text/plain; protected-headers="v1"').replace(
        b"Con", b"Subject: inner\r\nCon", 1
    )
    outer = multipart("signed", inner, SIGNATURE, more='; protected-headers="v1"').replace(
        b"Con", b"Subject: outer\r\nCon", 1
    )
    assert opened(Opens(outer, signed=inner)).headers.subject == "inner"


def test_the_copy_of_header_fields_for_old_programs_is_left_out() -> None:
    copy = b'Content-Type: text/plain; hp="cipher"; hp-legacy-display="1"\r\n\r\nSubject: a\r\n\r\nGSP HELP'
    assert opened(Opens(copy, GOOD)).tree.body == b"GSP HELP"


def test_inline_text_is_read_in_the_charset_of_its_armour_only_where_it_cannot_be_utf_8() -> None:
    armour = b"-----BEGIN PGP MESSAGE-----\nCharset: koi8-r\n\n"
    russian = opened(Opens("GSP ЗАПРОС".encode("koi8-r"), GOOD), armour).tree
    assert decode(russian) == "GSP ЗАПРОС"
    # Nobody has signed what the armour names: text in UTF-8 cannot be turned into another by it.
    assert decode(opened(Opens("GSP ЗАПРОС".encode(), GOOD), armour).tree) == "GSP ЗАПРОС"
    assert decode(opened(Opens("précis".encode("cp1252"), GOOD)).tree) == "précis"
    mime = b"Content-Type: text/plain; charset=cp1251\r\n\r\n" + "ЗАПРОС".encode("cp1251")
    assert decode(opened(Opens(mime, GOOD), armour).tree) == "ЗАПРОС"
