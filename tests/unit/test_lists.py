"""Revocation lists are fetched when they are due, and a bad one replaces nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.crypto import _lists
from tests.support.smime import Authority, new_key

NOW = datetime.now(UTC)
ROOT = Authority("Root")
URL, OTHER = "http://crl.test/a.crl", "http://crl.test/b.crl"


def points(*urls: str) -> x509.CRLDistributionPoints:
    names = [x509.UniformResourceIdentifier(url) for url in urls]
    return x509.CRLDistributionPoints([x509.DistributionPoint([name], None, None, None) for name in names])


def test_the_places_are_those_that_certificates_name_by_http() -> None:
    certificate = ROOT.issue("o@kra.example", new_key("p256"), extra=[points("ldap://x/y", OTHER, URL, "file:///etc")])
    assert _lists.places([certificate, certificate, ROOT.certificate]) == {URL: set(), OTHER: set()}
    pairs = [(certificate, ROOT.certificate)]
    assert _lists.places([certificate], pairs) == {URL: {ROOT.certificate}, OTHER: {ROOT.certificate}}


def test_one_certificate_cannot_name_thousands_of_places() -> None:
    certificate = ROOT.issue("o@kra.example", new_key("p256"), extra=[points(*(f"http://x/{n}" for n in range(1000)))])
    assert len(_lists.places([certificate])) < 10


def test_a_list_is_fetched_once_until_it_is_due_again(tmp_path: Path) -> None:
    asked: list[str] = []

    def fetch(url: str) -> bytes:
        asked.append(url)
        return ROOT.revocations()

    both = {URL: [ROOT.certificate], OTHER: []}
    assert _lists.refresh(tmp_path, both, NOW, 12, fetch) == (2, 0)
    assert _lists.refresh(tmp_path, both, NOW + timedelta(hours=11), 12, fetch) == (0, 0)
    assert _lists.refresh(tmp_path, {URL: []}, NOW + timedelta(hours=13), 12, fetch) == (1, 0)
    assert asked == [URL, OTHER, URL]


def earlier() -> bytes:
    """A list that its issuer has signed, as it was before."""
    then = datetime.now(UTC) - timedelta(days=40)
    builder = x509.CertificateRevocationListBuilder().issuer_name(ROOT.name).last_update(then)
    return builder.next_update(then + timedelta(days=60)).sign(ROOT.key, hashes.SHA256()).public_bytes(Encoding.DER)


@pytest.mark.parametrize("known", [True, False], ids=["of a known issuer", "of nobody known"])
@pytest.mark.parametrize(
    "given",
    [earlier, lambda: Authority("Root").revocations(), lambda: Authority("X").revocations()],
    ids=["an earlier one", "of the same name", "another's"],
)
def test_whoever_is_on_the_way_takes_no_revocation_back(
    tmp_path: Path, given: Callable[[], bytes], known: bool, request: pytest.FixtureRequest
) -> None:
    issuers = [ROOT.certificate] if known else []
    good = ROOT.revocations()
    _lists.refresh(tmp_path, {URL: issuers}, NOW, 12, lambda _: good)
    done = _lists.refresh(tmp_path, {URL: issuers}, NOW + timedelta(days=1), 12, lambda _: given())
    if not known and "of the same name" in request.node.callspec.id:
        assert done == (1, 0), "whose signature that is nobody can say"
        return
    assert done == (0, 1)
    assert [path.read_bytes() for path in (tmp_path / "crls").iterdir()] == [good]


@pytest.mark.parametrize("bad", [b"", b"<html>busy</html>", OSError(), ValueError()])
def test_what_is_no_list_leaves_the_one_before(tmp_path: Path, bad: bytes | Exception) -> None:
    good = ROOT.revocations()
    _lists.refresh(tmp_path, {URL: []}, NOW, 12, lambda _: good)

    def fetch(_: str) -> bytes:
        if isinstance(bad, Exception):
            raise bad
        return bad

    assert _lists.refresh(tmp_path, {URL: []}, NOW + timedelta(days=1), 12, fetch) == (0, 1)
    assert [path.read_bytes() for path in (tmp_path / "crls").iterdir()] == [good]


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://x/y", "crl"])
def test_nothing_but_http_is_asked(url: str) -> None:
    with pytest.raises(ValueError, match="not an HTTP address"):
        _lists.fetched(url)
