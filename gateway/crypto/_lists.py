"""Revocation lists fetched from where certificates say they are, and kept as files (RFC 5280, 4.2.1.13)."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509

from gateway.crypto import _chain
from gateway.crypto._process import content, memory

LARGEST = 32 * 1024 * 1024
_SECONDS, _LONGEST_SECONDS = 20, 300  # of one read; of a whole list
_MOST_PLACES = 4  # of one certificate: one that names thousands must not keep the others' lists waiting
_KNOWN = ("PATH", "PYTHONPATH", "http_proxy", "https_proxy", "no_proxy")  # no password of ours goes along
_SCHEMES = ("http://", "https://")
# HTTP and nothing else, whatever an answer redirects to.
_HANDLERS = (
    urllib.request.ProxyHandler, urllib.request.HTTPHandler, urllib.request.HTTPSHandler,
    urllib.request.HTTPRedirectHandler, urllib.request.HTTPErrorProcessor, urllib.request.HTTPDefaultErrorHandler,
    urllib.request.UnknownHandler,
)  # fmt: skip


Issuers = Collection[x509.Certificate]


def places(
    certificates: Iterable[x509.Certificate], pairs: Iterable[tuple[x509.Certificate, x509.Certificate]] = ()
) -> Mapping[str, Issuers]:
    """Where these certificates' revocation lists are, by HTTP, and who signs each: by the `pairs` of certificate and
    issuer, nobody where the issuer is not known. Sorted, each once. LDAP is not asked.
    """
    issuers: dict[x509.Certificate, x509.Certificate] = dict(pairs)
    found: dict[str, set[x509.Certificate]] = {}
    for certificate in certificates:
        for url in _named(certificate):
            known = found.setdefault(url, set())
            if certificate in issuers:
                known.add(issuers[certificate])
    return dict(sorted(found.items()))


def _named(certificate: x509.Certificate) -> list[str]:
    with suppress(x509.ExtensionNotFound, ValueError):
        points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
        names = [name for point in points for name in point.full_name or ()]
        urls: list[str] = [name.value for name in names if isinstance(name, x509.UniformResourceIdentifier)]
        return [url for url in urls if url.lower().startswith(_SCHEMES)][:_MOST_PLACES]
    return []


def refresh(
    folder: Path, urls: Mapping[str, Issuers], now: datetime, hours: int, fetch: Callable[[str], bytes]
) -> tuple[int, int]:
    """Fetches each list that is not there or older than so many hours; gives (fetched, failed).

    A list that cannot be had, is none, is another's or an earlier one, leaves the file as it was: what was revoked
    stays so, whoever is on the way.
    """
    lists = folder / _chain.LISTS
    lists.mkdir(mode=0o700, exist_ok=True)
    fetched = failed = 0
    for url, issuers in urls.items():
        path = lists / f"fetched-{hashlib.sha256(url.encode()).hexdigest()[:32]}.crl"
        if path.exists() and now.timestamp() - path.stat().st_mtime < timedelta(hours=hours).total_seconds():
            continue
        try:
            octets = fetch(url)
        except (OSError, ValueError):
            octets = b""
        if not _counts(octets, path, issuers):
            failed += 1
            continue
        unfinished = path.with_name(f".{path.name}")  # names that begin with a dot are not read
        unfinished.write_bytes(octets)
        os.utime(unfinished, (now.timestamp(), now.timestamp()))
        os.replace(unfinished, path)
        fetched += 1
    return fetched, failed


def _counts(octets: bytes, path: Path, issuers: Issuers) -> bool:
    """Whether it is a list that may take the place of the file's."""
    crl = _chain.parsed(octets)
    if crl is None or (issuers and not any(_chain.is_of(crl, one) for one in issuers)):
        return False
    before = _chain.parsed(path.read_bytes()) if path.exists() else None
    return before is None or (before.issuer == crl.issuer and before.last_update_utc <= crl.last_update_utc)


def fetched(url: str) -> bytes:
    """The octets at an HTTP address; raises OSError or ValueError. Lists are signed: the way needs no trust.

    By a process of its own, which is ended when it takes too long: whoever answers an octet at a time would keep the
    lists of everybody else waiting.
    """
    if not url.lower().startswith(_SCHEMES):
        raise ValueError("not an HTTP address")
    known = {name: os.environ[name] for name in _KNOWN if name in os.environ}
    with memory(b"") as made:
        try:
            subprocess.run(
                [sys.executable, "-m", __name__, url], stdin=subprocess.DEVNULL, stdout=made, env=known,
                stderr=subprocess.DEVNULL, timeout=_LONGEST_SECONDS, check=True,
            )  # fmt: skip
        except subprocess.SubprocessError:
            raise OSError("no list could be fetched") from None
        octets = content(made)
    if len(octets) > LARGEST:
        raise ValueError("larger than any revocation list")
    return octets


def _answer(url: str) -> bytes:
    opener = urllib.request.OpenerDirector()
    for handler in _HANDLERS:
        opener.add_handler(handler())
    with opener.open(url, timeout=_SECONDS) as answer:
        return bytes(answer.read(LARGEST + 1))


if __name__ == "__main__":
    sys.stdout.buffer.write(_answer(sys.argv[1]))
