"""Revocation lists fetched from where certificates say they are, and kept as files (RFC 5280, 4.2.1.13)."""

from __future__ import annotations

import hashlib
import os
import urllib.request
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509

from gateway.crypto import _chain

LARGEST = 32 * 1024 * 1024
_SECONDS = 20
_SCHEMES = ("http://", "https://")
# HTTP and nothing else, whatever an answer redirects to.
_HANDLERS = (
    urllib.request.ProxyHandler, urllib.request.HTTPHandler, urllib.request.HTTPSHandler,
    urllib.request.HTTPRedirectHandler, urllib.request.HTTPErrorProcessor, urllib.request.HTTPDefaultErrorHandler,
    urllib.request.UnknownHandler,
)  # fmt: skip


def places(certificates: Iterable[x509.Certificate]) -> tuple[str, ...]:
    """Where these certificates' revocation lists are, by HTTP; sorted, each once. LDAP is not asked."""
    found: set[str] = set()
    for certificate in certificates:
        with suppress(x509.ExtensionNotFound, ValueError):
            points = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
            names = [name for point in points for name in point.full_name or ()]
            found |= {name.value for name in names if isinstance(name, x509.UniformResourceIdentifier)}
    return tuple(sorted(url for url in found if url.lower().startswith(_SCHEMES)))


def refresh(
    folder: Path, urls: Iterable[str], now: datetime, hours: int, fetch: Callable[[str], bytes]
) -> tuple[int, int]:
    """Fetches each list that is not there or older than so many hours; gives (fetched, failed).

    A list that cannot be had, or is none, leaves the file as it was: what was revoked stays so.
    """
    lists = folder / _chain.LISTS
    lists.mkdir(mode=0o700, exist_ok=True)
    fetched = failed = 0
    for url in urls:
        path = lists / f"fetched-{hashlib.sha256(url.encode()).hexdigest()[:32]}.crl"
        if path.exists() and now.timestamp() - path.stat().st_mtime < timedelta(hours=hours).total_seconds():
            continue
        try:
            octets = fetch(url)
        except (OSError, ValueError):
            octets = b""
        if _chain.parsed(octets) is None:
            failed += 1
            continue
        unfinished = path.with_name(f".{path.name}")  # names that begin with a dot are not read
        unfinished.write_bytes(octets)
        os.utime(unfinished, (now.timestamp(), now.timestamp()))
        os.replace(unfinished, path)
        fetched += 1
    return fetched, failed


def fetched(url: str) -> bytes:
    """The octets at an HTTP address; raises OSError or ValueError. Lists are signed: the way needs no trust."""
    if not url.lower().startswith(_SCHEMES):
        raise ValueError("not an HTTP address")
    opener = urllib.request.OpenerDirector()
    for handler in _HANDLERS:
        opener.add_handler(handler())
    with opener.open(url, timeout=_SECONDS) as answer:  # the time limit is of each read
        octets = answer.read(LARGEST + 1)
    if len(octets) > LARGEST:
        raise ValueError("larger than any revocation list")
    return bytes(octets)
