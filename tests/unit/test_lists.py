"""Revocation lists are fetched when they are due, and a bad one replaces nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

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
    assert _lists.places([certificate, certificate, ROOT.certificate]) == (URL, OTHER)


def test_a_list_is_fetched_once_until_it_is_due_again(tmp_path: Path) -> None:
    asked: list[str] = []

    def fetch(url: str) -> bytes:
        asked.append(url)
        return ROOT.revocations()

    assert _lists.refresh(tmp_path, [URL, OTHER], NOW, 12, fetch) == (2, 0)
    assert _lists.refresh(tmp_path, [URL, OTHER], NOW + timedelta(hours=11), 12, fetch) == (0, 0)
    assert _lists.refresh(tmp_path, [URL], NOW + timedelta(hours=13), 12, fetch) == (1, 0)
    assert asked == [URL, OTHER, URL]


@pytest.mark.parametrize("bad", [b"", b"<html>busy</html>", OSError(), ValueError()])
def test_what_is_no_list_leaves_the_one_before(tmp_path: Path, bad: bytes | Exception) -> None:
    good = ROOT.revocations()
    _lists.refresh(tmp_path, [URL], NOW, 12, lambda _: good)

    def fetch(_: str) -> bytes:
        if isinstance(bad, Exception):
            raise bad
        return bad

    assert _lists.refresh(tmp_path, [URL], NOW + timedelta(days=1), 12, fetch) == (0, 1)
    assert [path.read_bytes() for path in (tmp_path / "crls").iterdir()] == [good]


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://x/y", "crl"])
def test_nothing_but_http_is_asked(url: str) -> None:
    with pytest.raises(ValueError, match="not an HTTP address"):
        _lists.fetched(url)
