"""Chains to the anchors of a Party, and revocation lists."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import ExtendedKeyUsageOID

from gateway.crypto._chain import Trust, parsed
from gateway.facts import PartyCode
from gateway.outcome import Cause
from tests.support.smime import MAIL, Authority, name_of, new_key, pem

KE, SE = PartyCode("KE"), PartyCode("SE")
NOW = datetime.now(UTC)
KEY = new_key("p256")
ROOT = Authority("Root")
MIDDLE = Authority("Middle", ROOT)
LEAF = MIDDLE.issue("o@kra.example", KEY)
LINKS = (MIDDLE.certificate,)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "anchors" / "KE").mkdir(parents=True)
    (tmp_path / "crls").mkdir()
    (tmp_path / "anchors" / "KE" / "root.pem").write_bytes(pem(ROOT.certificate))
    return tmp_path


def verdict(
    folder: Path,
    leaf: x509.Certificate = LEAF,
    links: Sequence[x509.Certificate] = LINKS,
    party: PartyCode = KE,
    now: datetime = NOW,
    strict: bool = False,
) -> Cause:
    return Trust(folder, strict).verdict(party, leaf, links, now)


def issued(
    *extensions: tuple[x509.ExtensionType, bool], by: Authority = ROOT, common: str = "Middle"
) -> tuple[Authority, x509.Certificate]:
    """An authority below another one, whose certificate says just this."""
    made = Authority(common, by)
    builder = (
        x509.CertificateBuilder()
        .subject_name(made.name)
        .issuer_name(by.name)
        .public_key(made.key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=100))
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return made, builder.sign(by.key, hashes.SHA256())


CA = (x509.BasicConstraints(ca=True, path_length=None), True)


def test_a_chain_to_the_anchor_of_the_party_is_believed(folder: Path) -> None:
    assert verdict(folder) is Cause.NONE


def test_a_missing_link_another_root_and_a_look_alike_are_not(folder: Path) -> None:
    assert verdict(folder, links=()) is Cause.UNTRUSTED
    alike = Authority("Middle", Authority("Root"))
    assert verdict(folder, alike.issue("o@kra.example", KEY), (alike.certificate,)) is Cause.UNTRUSTED


def test_the_anchors_of_one_party_are_not_those_of_another(folder: Path) -> None:
    (folder / "anchors" / "SE").mkdir()
    (folder / "anchors" / "SE" / "root.der").write_bytes(
        Authority("Other").certificate.public_bytes(serialization.Encoding.DER)
    )
    assert verdict(folder, party=SE) is Cause.UNTRUSTED


def test_a_party_without_anchors_trusts_what_is_pinned(folder: Path) -> None:
    assert verdict(folder, party=SE) is Cause.NONE
    assert verdict(folder, party=PartyCode("")) is Cause.NONE


def test_an_anchor_that_is_added_or_damaged_counts_at_once(folder: Path) -> None:
    trust = Trust(folder, False)
    other = Authority("Other")
    leaf = other.issue("o@kra.example", KEY)
    assert trust.verdict(KE, leaf, (), NOW) is Cause.UNTRUSTED
    (folder / "anchors" / "KE" / "other.pem").write_bytes(pem(other.certificate))
    assert trust.verdict(KE, leaf, (), NOW) is Cause.NONE
    (folder / "anchors" / "KE" / "note.txt").write_bytes(b"no certificate")
    with pytest.raises(ValueError, match="holds no certificate"):
        trust.verdict(KE, leaf, (), NOW)
    (folder / "crls" / "list.crl").write_bytes(b"no list")
    first, second = trust.problems()
    assert "note.txt holds no certificate" in first
    assert "list.crl is no certificate revocation list" in second


@pytest.mark.parametrize(
    ("extensions", "expected"),
    [
        ((CA,), Cause.NONE),
        (((x509.BasicConstraints(True, None), False),), Cause.NONE),
        ((), Cause.UNTRUSTED),
        (((x509.BasicConstraints(False, None), True),), Cause.UNTRUSTED),
        ((CA, (x509.KeyUsage(True, False, False, False, False, False, False, False, False), True)), Cause.UNTRUSTED),
        ((CA, (x509.ExtendedKeyUsage([MAIL]), False)), Cause.NONE),
        ((CA, (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)), Cause.UNTRUSTED),
        ((CA, (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True)), Cause.UNTRUSTED),
        ((CA, (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), False)), Cause.NONE),
        ((CA, (x509.NameConstraints([x509.RFC822Name("other.example")], None), True)), Cause.UNTRUSTED),
    ],
)
def test_an_issuer_must_be_an_authority_for_mail(
    folder: Path, extensions: tuple[tuple[x509.ExtensionType, bool], ...], expected: Cause
) -> None:
    middle, certificate = issued(*extensions)
    assert verdict(folder, middle.issue("o@kra.example", KEY), (certificate,)) is expected


def test_a_person_cannot_issue_for_another(folder: Path) -> None:
    person = ROOT.issue("officer@kra.example", KEY)
    forged = (
        x509.CertificateBuilder()
        .subject_name(name_of("o@kra.example"))
        .issuer_name(person.subject)
        .public_key(new_key("p256").public_key())
        .serial_number(1)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=1))
        .sign(KEY, hashes.SHA256())
    )
    assert verdict(folder, forged, (person,)) is Cause.UNTRUSTED


def test_length_of_the_path_is_kept(folder: Path) -> None:
    short, certificate = issued((x509.BasicConstraints(ca=True, path_length=0), True), common="Short")
    below = Authority("Below", short)
    assert verdict(folder, short.issue("o@kra.example", KEY), (certificate,)) is Cause.NONE
    assert verdict(folder, below.issue("o@kra.example", KEY), (certificate, below.certificate)) is Cause.UNTRUSTED


def test_time_is_that_of_the_judgement(folder: Path) -> None:
    assert verdict(folder, now=NOW + timedelta(days=400)) is Cause.EXPIRED_KEY
    assert verdict(folder, now=NOW - timedelta(days=400)) is Cause.WRONG_TIME


def test_a_weakly_signed_link_is_not_believed(folder: Path) -> None:
    leaf = MIDDLE.issue("o@kra.example", KEY, digest=hashes.SHA224())
    assert verdict(folder, leaf) is Cause.UNTRUSTED


@pytest.mark.parametrize("encoding", ["pem", "der"])
def test_who_is_on_the_list_of_his_issuer_is_revoked(folder: Path, encoding: str) -> None:
    octets = MIDDLE.revocations(LEAF)
    if encoding == "der":
        octets = x509.load_pem_x509_crl(octets).public_bytes(serialization.Encoding.DER)
    (folder / "crls" / f"middle.{encoding}").write_bytes(octets)
    assert verdict(folder) is Cause.REVOKED_KEY
    other = MIDDLE.issue("p@kra.example", KEY)
    assert verdict(folder, other) is Cause.NONE


def test_a_revoked_issuer_takes_all_below_it_along(folder: Path) -> None:
    (folder / "crls" / "root.pem").write_bytes(ROOT.revocations(MIDDLE.certificate))
    assert verdict(folder) is Cause.REVOKED_KEY


def test_a_list_that_the_issuer_did_not_sign_says_nothing(folder: Path) -> None:
    (folder / "crls" / "forged.pem").write_bytes(Authority("Middle", Authority("Root")).revocations(LEAF))
    assert verdict(folder) is Cause.NONE


def test_a_pinned_certificate_is_revoked_by_the_issuer_registered_with_it(folder: Path) -> None:
    (folder / "crls" / "middle.pem").write_bytes(MIDDLE.revocations(LEAF))
    assert verdict(folder, party=SE) is Cause.REVOKED_KEY


def test_when_lists_are_required_each_issuer_needs_one_that_is_up_to_date(folder: Path) -> None:
    assert verdict(folder, strict=True) is Cause.REVOCATION_UNKNOWN
    (folder / "crls" / "middle.pem").write_bytes(MIDDLE.revocations())
    assert verdict(folder, strict=True) is Cause.REVOCATION_UNKNOWN
    (folder / "crls" / "root.pem").write_bytes(ROOT.revocations())
    assert verdict(folder, strict=True) is Cause.NONE
    assert verdict(folder, strict=True, now=NOW + timedelta(days=3)) is Cause.REVOCATION_UNKNOWN


def test_a_list_of_changes_only_is_not_taken_for_the_whole() -> None:
    builder = x509.CertificateRevocationListBuilder().issuer_name(ROOT.name).last_update(NOW)
    builder = builder.next_update(NOW + timedelta(days=1))
    whole = builder.sign(ROOT.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)
    changes = builder.add_extension(x509.DeltaCRLIndicator(1), True).sign(ROOT.key, hashes.SHA256())
    assert parsed(whole) is not None
    assert parsed(changes.public_bytes(serialization.Encoding.DER)) is None
    assert parsed(b"") is parsed(b"<html>") is None
