"""The gateway's own certificate: made, asked for, installed, kept."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from gateway.crypto import _bundle, _certificate
from tests.support.smime import Authority, new_key, pem

NOW = datetime.now(UTC)
MAILBOX = "gsp@gsp.example"
ROOT = Authority("Root")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    _certificate.create(tmp_path / "s", MAILBOX, NOW)
    return tmp_path / "s"


def test_a_certificate_is_made_once_fit_for_mail_and_its_key_is_closed_to_others(folder: Path) -> None:
    mark = _certificate.fingerprint(folder)
    _certificate.create(folder, MAILBOX, NOW)
    assert _certificate.fingerprint(folder) == mark
    assert _bundle.read(_certificate.exported(folder), NOW).encrypting is not None
    assert stat.S_IMODE((folder / "key.pem").stat().st_mode) == 0o600
    (own,) = _certificate.own(folder)
    assert _certificate.secret(own).public_key() == own.certificate.public_key()


@pytest.mark.parametrize("algorithm", ["rsa3072", "p256", "p384"])
def test_a_requested_certificate_is_installed_and_the_one_before_kept(folder: Path, algorithm: str) -> None:
    before = _certificate.own(folder)[0].certificate
    asked = _certificate.request(folder, MAILBOX, algorithm, "CN=Focal point,O=Organization,C=CH")
    request = x509.load_pem_x509_csr(asked)
    assert request.is_signature_valid
    assert request.subject.rfc4514_string() == "CN=Focal point,O=Organization,C=CH"
    assert _certificate.own(folder)[0].certificate == before  # in use until another is installed
    issued = ROOT.sign_request(asked)
    _certificate.install(folder, pem(issued, ROOT.certificate), MAILBOX, NOW)
    new, old = _certificate.own(folder)
    assert (new.certificate, new.links, old.certificate) == (issued, (ROOT.certificate,), before)
    for own in (new, old):
        assert _certificate.secret(own).public_key() == own.certificate.public_key()
        assert stat.S_IMODE(own.key.stat().st_mode) == 0o600
    assert not (folder / "request-key.pem").exists()


def test_a_renewed_certificate_for_the_key_in_use_is_installed(folder: Path) -> None:
    first = ROOT.sign_request(_certificate.request(folder, MAILBOX, "p256", "CN=Focal point"))
    _certificate.install(folder, pem(first), MAILBOX, NOW)
    again = ROOT.issue(MAILBOX, _certificate.secret(_certificate.own(folder)[0]))
    _certificate.install(folder, pem(again), MAILBOX, NOW)
    assert next(own.certificate for own in _certificate.own(folder)) == again
    assert len(_certificate.own(folder)) == 3


def test_what_does_not_fit_is_refused_with_the_remedy_and_changes_nothing(folder: Path) -> None:
    before = _certificate.exported(folder)
    asked = _certificate.request(folder, MAILBOX, "p256", "CN=Focal point")
    key = serialization.load_pem_private_key((folder / "request-key.pem").read_bytes(), None)
    cases = (
        (b"", "PEM, DER or PKCS #7"),
        (pem(ROOT.issue(MAILBOX, new_key("p256"))), "gsp key request"),
        (pem(ROOT.issue("other@gsp.example", key)), "does not name the gateway's address"),
        (pem(ROOT.issue(MAILBOX, key, encrypt=False)), "signatures and encryption"),
        (pem(ROOT.issue(MAILBOX, key, since=-9, days=2)), "expired"),
    )
    for octets, words in cases:
        with pytest.raises(ValueError, match=words):
            _certificate.install(folder, octets, MAILBOX, NOW)
    assert _certificate.exported(folder) == before
    _certificate.install(folder, pem(ROOT.sign_request(asked)), MAILBOX, NOW)


def test_a_subject_that_cannot_be_read_is_told_so(folder: Path) -> None:
    with pytest.raises(ValueError, match="the subject is not readable"):
        _certificate.request(folder, MAILBOX, "p256", "Focal point")


def test_without_a_certificate_the_remedy_is_told(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="gsp init"):
        _certificate.own(tmp_path)


def test_the_self_made_certificate_lasts_three_years(folder: Path) -> None:
    until = _certificate.own(folder)[0].certificate.not_valid_after_utc
    assert timedelta(days=1000) < until - NOW < timedelta(days=1100)


def test_a_key_that_is_not_the_certificates_is_refused(folder: Path) -> None:
    _certificate.request(folder, MAILBOX, "p256", "CN=Focal point")
    (folder / "request-key.pem").replace(folder / "key.pem")
    with pytest.raises(ValueError, match="does not belong to the certificate"):
        _certificate.secret(_certificate.own(folder)[0])
