"""What issuers answer: who is silent does not keep others waiting, and no answer is taken back by an earlier one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID

from gateway.crypto import _ocsp
from tests.support.smime import Authority, new_key

NOW = datetime.now(UTC)
ROOT, KEY = Authority("Root"), new_key("p256")


def certificate(name: str, url: str = "http://ocsp.test/") -> x509.Certificate:
    where = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(url))
    return ROOT.issue(f"{name}@kra.example", KEY, extra=[x509.AuthorityInformationAccess([where])])


def answer(about: x509.Certificate, revoked: bool, at: datetime) -> bytes:
    """The issuer's word on a certificate, as given at that time."""
    status = ocsp.OCSPCertStatus.REVOKED if revoked else ocsp.OCSPCertStatus.GOOD
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=about, issuer=ROOT.certificate, algorithm=hashes.SHA256(), cert_status=status, this_update=at,
        next_update=at + timedelta(days=7), revocation_time=at if revoked else None, revocation_reason=None,
    )  # fmt: skip
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, ROOT.certificate)
    return builder.sign(ROOT.key, hashes.SHA256()).public_bytes(Encoding.DER)


def test_an_earlier_answer_takes_no_revocation_back(tmp_path: Path) -> None:
    one = certificate("one")
    pairs = [(one, ROOT.certificate)]
    told = [answer(one, True, NOW), answer(one, False, NOW - timedelta(days=1)), answer(one, False, NOW)]

    def ask(*_: object) -> bytes:
        return told.pop(0)

    later = NOW + timedelta(days=1)
    assert _ocsp.refresh(tmp_path, pairs, NOW, 12, ask) == (1, 0)
    assert _ocsp.refresh(tmp_path, pairs, later, 12, ask) == (0, 1)
    found = _ocsp.kept(tmp_path, one, ROOT.certificate)
    assert found
    assert found.revoked
    assert _ocsp.refresh(tmp_path, pairs, later, 12, ask) == (1, 0)
    found = _ocsp.kept(tmp_path, one, ROOT.certificate)
    assert found
    assert found.good, "a hold was taken back"


@pytest.mark.parametrize("silent", [True, False], ids=["silent", "answers wrongly"])
def test_who_is_silent_is_not_asked_for_all_his_certificates(tmp_path: Path, silent: bool) -> None:
    asked: list[str] = []

    def ask(url: str, *_: object) -> bytes:
        asked.append(url)
        if silent and "away" in url:
            raise OSError
        return b""

    away = [(certificate(f"a{n}", "http://away.test/"), ROOT.certificate) for n in range(9)]
    there = [(certificate(f"b{n}"), ROOT.certificate) for n in range(3)]
    assert _ocsp.refresh(tmp_path, [*away, *there], NOW, 12, ask) == (0, 12)
    assert len([url for url in asked if "away" in url]) == (2 if silent else 9)
    assert len([url for url in asked if "away" not in url]) == 3
