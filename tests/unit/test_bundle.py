"""Certificates that somebody registers: who is who in a file, and what is refused with which remedy."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import pkcs7, pkcs12
from cryptography.x509.oid import ExtendedKeyUsageOID

from gateway.crypto import _bundle
from tests.support.smime import MAIL, Authority, new_key, pem, secret_pem

NOW = datetime.now(UTC)
KEY, RSA = new_key("p256"), new_key()
ROOT = Authority("Root")
MIDDLE = Authority("Middle", ROOT)
LEAF = MIDDLE.issue("o@kra.example", KEY)
ALL = [LEAF, MIDDLE.certificate, ROOT.certificate]


@pytest.mark.parametrize(
    "octets",
    [
        pem(LEAF),
        pem(*ALL),
        pem(*reversed(ALL)),
        b"Bag Attributes\n  friendlyName: o\n" + pem(LEAF),
        LEAF.public_bytes(serialization.Encoding.DER),
        pkcs7.serialize_certificates(ALL, serialization.Encoding.DER),
        pkcs7.serialize_certificates(ALL, serialization.Encoding.PEM),
        pem(LEAF, LEAF),
    ],
    ids=["pem", "chain", "chain reversed", "with remarks", "der", "p7b", "p7b pem", "twice"],
)
def test_a_certificate_is_read_from_every_usual_file(octets: bytes) -> None:
    bundle = _bundle.read(octets, NOW)
    assert bundle.leaves == (LEAF,)
    assert set(bundle.links) <= {MIDDLE.certificate, ROOT.certificate}
    assert _bundle.load(bundle.pem()) == bundle
    assert _bundle.usable_until(bundle) == LEAF.not_valid_after_utc


@pytest.mark.parametrize(
    "octets", [b"", b"0", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", b"0\x82\x01"]
)
def test_what_is_no_certificate_is_left_to_other_schemes(octets: bytes) -> None:
    with pytest.raises(ValueError, match=r"^$"):
        _bundle.read(octets, NOW)


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        (pem(LEAF) + secret_pem(KEY), "secret key: never send it"),
        (
            pkcs12.serialize_key_and_certificates(b"o", KEY, LEAF, None, serialization.BestAvailableEncryption(b"x")),
            "secret key: never send it",
        ),
        (pem(LEAF) + b"\n" * 200_000, "too large"),
        (pem(LEAF, MIDDLE.issue("p@kra.example", RSA)), "exactly one person's certificate"),
        (pem(MIDDLE.issue("o@kra.example", new_key("rsa1024"))), "at least 2048 bits"),
        (pem(MIDDLE.issue("o@kra.example", KEY, digest=hashes.SHA224())), "ask its issuer for one signed with SHA-256"),
        (pem(MIDDLE.issue("o@kra.example", KEY, since=-10, days=5)), "has expired: a new one is needed"),
        (pem(MIDDLE.issue("o@kra.example", KEY, since=5)), "not valid yet"),
        (pem(MIDDLE.issue("o@kra.example", KEY, usages=[ExtendedKeyUsageOID.SERVER_AUTH])), "emailProtection"),
        (pem(MIDDLE.issue("o@kra.example", KEY, sign=False, encrypt=False)), "neither signatures nor encryption"),
        (pem(MIDDLE.issue("o@kra.example", ed25519.Ed25519PrivateKey.generate())), "use RSA, P-256"),  # type: ignore[arg-type]
    ],
)
def test_a_certificate_that_cannot_be_used_is_refused_with_the_remedy(octets: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        _bundle.read(octets, NOW)


def test_extended_usage_may_be_absent_or_any() -> None:
    for usages in (None, [MAIL], [ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]):
        assert _bundle.read(pem(MIDDLE.issue("o@kra.example", KEY, usages=usages)), NOW)


def test_a_person_with_two_certificates_signs_with_one_and_reads_with_the_other() -> None:
    signing = MIDDLE.issue("o@kra.example", KEY, encrypt=False)
    reading = MIDDLE.issue("o@kra.example", RSA, sign=False, days=100)
    bundle = _bundle.read(pem(MIDDLE.certificate, reading, signing), NOW)
    assert (bundle.signing, bundle.encrypting, bundle.links) == (signing, reading, (MIDDLE.certificate,))
    assert _bundle.usable_until(bundle) == reading.not_valid_after_utc


def test_key_usage_is_read_by_the_kind_of_key() -> None:
    for key in (KEY, RSA):
        both, only = MIDDLE.issue("o@kra.example", key), MIDDLE.issue("o@kra.example", key, encrypt=False)
        assert _bundle.can_sign(both)
        assert _bundle.can_encrypt(both)
        assert _bundle.can_sign(only)
        assert not _bundle.can_encrypt(only)


def test_a_self_signed_certificate_that_calls_itself_an_authority_is_taken_alone() -> None:
    """`openssl req -x509` makes such ones; pinned, it vouches for nobody else."""
    alone = Authority("o@kra.example").certificate
    with pytest.raises(ValueError, match="neither signatures"):  # the test authority's key usage
        _bundle.read(pem(alone), NOW)
    assert _bundle.load(pem(alone)).signing == alone


def test_the_judgement_is_of_the_given_instant() -> None:
    with pytest.raises(ValueError, match="expired"):
        _bundle.read(pem(LEAF), NOW + timedelta(days=4000))
