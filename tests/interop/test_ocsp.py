"""Whether certificates are revoked, asked of OpenSSL's own OCSP responder."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID

from gateway.crypto import _chain, _ocsp
from gateway.facts import PartyCode
from gateway.outcome import Cause
from tests.support.ports import free_port
from tests.support.smime import Authority, new_key, pem, secret_pem

KE = PartyCode("KE")
ROOT = Authority("Root")
MIDDLE = Authority("Middle", ROOT)
KEY = new_key("p256")


class Responder:
    """`openssl ocsp` for certificates of the middle authority; those in `revoked` are."""

    def __init__(self, folder: Path, signer: tuple[x509.Certificate, object]) -> None:
        self.port = free_port()
        self.folder = folder
        self.signer = signer
        self.process: subprocess.Popen[bytes] | None = None

    def certificate(self, address: str) -> x509.Certificate:
        """A person's certificate that says where to ask."""
        where = x509.UniformResourceIdentifier(f"http://127.0.0.1:{self.port}/")
        access = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, where)
        return MIDDLE.issue(address, KEY, extra=[x509.AuthorityInformationAccess([access])])

    def start(self, known: list[x509.Certificate], revoked: list[x509.Certificate]) -> None:
        """Answers from now on."""
        rows = []
        for one in known:
            serial = f"{one.serial_number:X}"
            state = "R\t350101000000Z\t260101000000Z" if one in revoked else "V\t350101000000Z\t"
            rows.append(f"{state}\t{'0' * (len(serial) % 2)}{serial}\tunknown\t/CN={serial}\n")
        files = {"index": "".join(rows).encode(), "ca": pem(MIDDLE.certificate), "signer": pem(self.signer[0]),
                 "key": secret_pem(self.signer[1])}  # fmt: skip
        for name, octets in files.items():
            (self.folder / name).write_bytes(octets)
        self.process = subprocess.Popen(
            ["openssl", "ocsp", "-index", "index", "-port", str(self.port), "-CA", "ca", "-rsigner", "signer", "-rkey",
             "key", "-ndays", "1"],
            cwd=self.folder, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        assert self.process.stderr
        while b"waiting" not in self.process.stderr.readline():
            assert self.process.poll() is None

    def stop(self) -> None:
        """Answers no more."""
        if self.process:
            self.process.kill()
            self.process.communicate()
            self.process = None


@pytest.fixture(params=["the issuer", "whom it has empowered", "somebody else"])
def responder(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Responder]:
    """A responder that signs as the issuer, with a certificate of the issuer for OCSP, or with one of another."""
    signing = new_key("p256")
    usages = [ExtendedKeyUsageOID.OCSP_SIGNING]
    signers: dict[str, tuple[x509.Certificate, object]] = {
        "the issuer": (MIDDLE.certificate, MIDDLE.key),
        "whom it has empowered": (MIDDLE.issue("ocsp@x.example", signing, usages=usages), signing),
        "somebody else": (Authority("Middle").issue("ocsp@x.example", signing, usages=usages), signing),
    }
    made = Responder(tmp_path, signers[request.param])
    try:
        yield made
    finally:
        made.stop()


def test_what_the_issuer_answers_counts_and_what_somebody_else_answers_does_not(
    responder: Responder, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad, unheard = (responder.certificate(f"{name}@kra.example") for name in ("good", "bad", "unheard"))
    responder.start([good, bad], [bad])
    home, now = tmp_path / "smime", datetime.now(UTC)
    (home / "anchors" / "KE").mkdir(parents=True)
    (home / "anchors" / "KE" / "root.pem").write_bytes(pem(MIDDLE.certificate))

    def verdicts(strict: bool, at: datetime = now) -> list[Cause]:
        trust = _chain.Trust(home, strict)
        return [trust.verdict(KE, one, (), at) for one in (good, bad, unheard)]

    unknown = Cause.REVOCATION_UNKNOWN
    assert verdicts(strict=True) == [unknown, unknown, unknown]
    pairs = _chain.pairs([good, bad, unheard, MIDDLE.certificate, ROOT.certificate])
    assert {one for one, _ in pairs} == {good, bad, unheard, MIDDLE.certificate}
    true = request.node.callspec.params["responder"] != "somebody else"
    assert _ocsp.refresh(home, pairs, now, 12, _ocsp.asked) == ((3, 0) if true else (0, 3))
    if not true:
        assert verdicts(strict=True) == [unknown, unknown, unknown]
        return
    assert verdicts(strict=True) == [Cause.NONE, Cause.REVOKED_KEY, unknown]
    assert verdicts(strict=False) == [Cause.NONE, Cause.REVOKED_KEY, Cause.NONE]
    later = now + timedelta(days=2)  # answers have ended; what was revoked stays so
    assert verdicts(strict=True, at=later) == [unknown, Cause.REVOKED_KEY, unknown]
    responder.stop()
    monkeypatch.setattr(_ocsp, "_SECONDS", 1)  # so long OpenSSL asks again an address that refuses
    assert _ocsp.refresh(home, pairs, now + timedelta(hours=1), 12, _ocsp.asked) == (0, 0)
    assert _ocsp.refresh(home, pairs, now + timedelta(hours=13), 12, _ocsp.asked) == (0, 3)
    assert verdicts(strict=False)[1] is Cause.REVOKED_KEY


def test_an_answer_about_another_certificate_is_none(tmp_path: Path) -> None:
    made = Responder(tmp_path, (MIDDLE.certificate, MIDDLE.key))
    one, other = made.certificate("one@kra.example"), made.certificate("other@kra.example")
    try:
        made.start([one], [])
        octets = _ocsp.asked(_ocsp.place(one), one, MIDDLE.certificate)
    finally:
        made.stop()
    said = _ocsp.read(octets, one, MIDDLE.certificate)
    assert said
    assert said.good
    assert _ocsp.read(octets, other, MIDDLE.certificate) is None
    assert _ocsp.read(octets, one, ROOT.certificate) is None
    assert _ocsp.read(b"<html>busy</html>", one, MIDDLE.certificate) is None


def test_only_http_is_asked() -> None:
    def places(*urls: str) -> str:
        of = AuthorityInformationAccessOID.OCSP
        said = [x509.AccessDescription(of, x509.UniformResourceIdentifier(url)) for url in urls]
        return _ocsp.place(MIDDLE.issue("o@kra.example", KEY, extra=[x509.AuthorityInformationAccess(said)]))

    assert places("file:///etc/passwd", "ldap://x/y", "http://ocsp.test/") == "http://ocsp.test/"
    assert places("file:///etc/passwd") == ""
    assert _ocsp.place(MIDDLE.certificate) == ""
