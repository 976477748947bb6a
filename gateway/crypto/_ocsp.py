"""What issuers answer when asked whether a certificate is revoked (OCSP, RFC 6960), kept as files.

`openssl ocsp` asks and proves the answer; `cryptography` reads it. Asked beforehand and at intervals, never while a
mail is worked on: no mail waits for a foreign server, and no issuer learns when one came.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID

from gateway.crypto import _bundle
from gateway.crypto._process import content, memory

ANSWERS = "ocsp"
_SECONDS = 20
_PATIENCE = 2  # questions in vain, one after the other, to one address: each takes as long as others wait
_SOON = timedelta(hours=2)  # asked every hour: an answer is replaced before it ends
_NOBODY = "Error querying OCSP responder"  # as OpenSSL says it
_SCHEMES = ("http://", "https://")
_PROXIES = ("http_proxy", "https_proxy", "no_proxy")
Ask = Callable[[str, x509.Certificate, x509.Certificate], bytes]


@dataclass(frozen=True, slots=True)
class Status:
    """What the issuer said of one certificate, and until when that holds (None: it did not say)."""

    revoked: bool
    good: bool
    since: datetime
    until: datetime | None

    def fresh(self, now: datetime) -> bool:
        """Whether its issuer has not promised a newer answer by now."""
        return self.since <= now + timedelta(hours=1) and self.until is not None and now < self.until


def place(certificate: x509.Certificate) -> str:
    """Where the certificate's issuer answers, by HTTP; "" where it says nothing."""
    with suppress(x509.ExtensionNotFound, ValueError):
        access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
        for one in access:
            name = one.access_location
            if one.access_method == AuthorityInformationAccessOID.OCSP and isinstance(
                name, x509.UniformResourceIdentifier
            ):
                url: str = name.value
                if url.lower().startswith(_SCHEMES):
                    return url
    return ""


def refresh(
    folder: Path, pairs: Iterable[tuple[x509.Certificate, x509.Certificate]], now: datetime, hours: int, ask: Ask
) -> tuple[int, int]:
    """Asks about each (certificate, issuer) whose answer is not there, ends soon, or is older than so many hours.

    Gives (fetched, failed). Where no proven answer can be had, or an earlier one than is there, the file stays as it
    was: what was revoked stays so. `ask` raises OSError where nobody answers; who is silent is not asked for long.
    """
    answers = folder / ANSWERS
    answers.mkdir(mode=0o700, exist_ok=True)
    fetched = failed = 0
    silent: Counter[str] = Counter()
    for certificate, issuer in pairs:
        url, path = place(certificate), answers / _name(certificate)
        if not url or not _due(folder, certificate, issuer, now, hours):
            continue
        octets = b""
        if silent[url] < _PATIENCE:
            try:
                octets = ask(url, certificate, issuer)
                silent[url] = 0
            except OSError:
                silent[url] += 1
        said, before = read(octets, certificate, issuer), kept(folder, certificate, issuer)
        if said is None or (before is not None and said.since < before.since):
            failed += 1
            continue
        unfinished = path.with_name(f".{path.name}")
        unfinished.write_bytes(octets)
        os.utime(unfinished, (now.timestamp(), now.timestamp()))
        os.replace(unfinished, path)
        fetched += 1
    return fetched, failed


def _due(folder: Path, certificate: x509.Certificate, issuer: x509.Certificate, now: datetime, hours: int) -> bool:
    answer = kept(folder, certificate, issuer)
    if answer is None or not answer.fresh(now + _SOON):
        return True
    return now.timestamp() - (folder / ANSWERS / _name(certificate)).stat().st_mtime >= hours * 3600


def kept(folder: Path, certificate: x509.Certificate, issuer: x509.Certificate) -> Status | None:
    """The answer that was fetched last; it was proven then."""
    try:
        octets = (folder / ANSWERS / _name(certificate)).read_bytes()
    except FileNotFoundError:
        return None
    return read(octets, certificate, issuer)


def read(octets: bytes, certificate: x509.Certificate, issuer: x509.Certificate) -> Status | None:
    """What an answer says of this certificate of this issuer; None: it is none, or about another one."""
    try:
        answer = ocsp.load_der_ocsp_response(octets)
        if answer.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            return None
        asked = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, answer.hash_algorithm).build()
        about = (answer.serial_number, answer.issuer_key_hash, answer.issuer_name_hash)
        if about != (asked.serial_number, asked.issuer_key_hash, asked.issuer_name_hash):
            return None
        said = answer.certificate_status
        return Status(
            said is ocsp.OCSPCertStatus.REVOKED,
            said is ocsp.OCSPCertStatus.GOOD,
            answer.this_update_utc,
            answer.next_update_utc,
        )
    except (ValueError, TypeError):
        return None


def asked(url: str, certificate: x509.Certificate, issuer: x509.Certificate) -> bytes:
    """The responder's answer (DER), signed by the issuer or by whom it has empowered for that; b"" where it is not.

    Raises OSError where nobody answers.
    """
    with ExitStack() as stack:
        files = [stack.enter_context(memory(_bundle.pem(one))) for one in (issuer, certificate)]
        answer = stack.enter_context(memory(b""))
        issuer_path, path, answer_path = (f"/proc/self/fd/{number}" for number in (*files, answer))
        command = [
            "openssl", "ocsp", "-issuer", issuer_path, "-cert", path, "-url", url, "-CAfile", issuer_path,
            "-partial_chain", "-no-CApath", "-no-CAstore", "-timeout", str(_SECONDS), "-respout", answer_path,
        ]  # fmt: skip
        said = _said(command, (*files, answer))
        return content(answer) if "Response verify OK" in said else b""


def _said(command: Sequence[str], files: Sequence[int]) -> str:
    proxies = {name: os.environ[name] for name in _PROXIES if name in os.environ}
    environment = {"PATH": os.defpath, "OPENSSL_CONF": "/dev/null", "LC_ALL": "C", **proxies}
    try:
        done = subprocess.run(
            command, pass_fds=files, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, timeout=_SECONDS * 2, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise OSError("no answer in time") from None
    said = done.stderr.decode("ascii", "replace")
    if _NOBODY in said:
        raise OSError("no answer")
    return said if done.returncode == 0 else ""


def _name(certificate: x509.Certificate) -> str:
    return hashlib.sha256(certificate.tbs_certificate_bytes).hexdigest()[:32] + ".der"
