"""Whether a registered certificate is still to be believed: trust anchors, revocation lists (RFC 5280), OCSP answers.

Path building and signatures are `cryptography`'s. Files are read again when they change; nothing is fetched here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.x509 import verification

from gateway.crypto import _bundle, _ocsp
from gateway.facts import PartyCode
from gateway.outcome import Cause

ANCHORS, LISTS = "anchors", "crls"
_DEPTH = 6
_Stamp = tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class List:
    """One certificate revocation list."""

    crl: x509.CertificateRevocationList
    serials: frozenset[int]

    def fresh(self, now: datetime) -> bool:
        """Whether its issuer has not promised a newer one by now."""
        until = self.crl.next_update_utc
        return self.crl.last_update_utc <= now + timedelta(hours=1) and (until is None or now < until)


class Trust:
    """`folder` holds `anchors/<PARTY>/` with certificates and `crls/` with revocation lists, PEM or DER.

    A Party without anchors: the registered certificate counts by itself (it is pinned). `strict`: a certificate
    whose issuer's list or answer is missing or out of date is not believed; else what is revoked there stays so.
    """

    def __init__(self, folder: Path, strict: bool) -> None:
        self._folder = folder
        self._strict = strict
        self._anchors: dict[PartyCode, tuple[_Stamp, tuple[x509.Certificate, ...]]] = {}
        self._lists: tuple[_Stamp, tuple[List, ...]] = ((), ())
        self._signed: dict[tuple[bytes, bytes], bool] = {}

    def verdict(
        self, party: PartyCode, leaf: x509.Certificate, links: Sequence[x509.Certificate], now: datetime
    ) -> Cause:
        """NONE: to be believed. Raises OSError or ValueError where a file of ours cannot be read."""
        if now >= leaf.not_valid_after_utc:
            return Cause.EXPIRED_KEY
        if now < leaf.not_valid_before_utc:
            return Cause.WRONG_TIME
        anchors = self.anchors(party)
        chain = _chain(leaf, links, anchors, now) if anchors else _guessed(leaf, links)
        if chain is None:
            return Cause.UNTRUSTED
        return self._revocation(chain, bool(anchors), now)

    def anchors(self, party: PartyCode) -> tuple[x509.Certificate, ...]:
        """The trust anchors configured for a Party."""
        folder = self._folder / ANCHORS / party if party else None
        stamp = _stamp(folder) if folder else ()
        known = self._anchors.get(party)
        if known is None or known[0] != stamp:
            found = tuple(one for name, *_ in stamp for one in _anchors_in(Path(name)))
            known = self._anchors[party] = (stamp, found)
        return known[1]

    def problems(self) -> list[str]:
        """What of these files cannot be read, a sentence each: while it is so, mail that they decide about waits."""
        readers = ((ANCHORS, lambda path: list(_anchors_in(path))), (LISTS, _list))
        found = []
        for folder, reader in readers:
            for name, *_ in _stamp(self._folder / folder):
                try:
                    reader(Path(name))
                except OSError:
                    found.append(f"{name} cannot be opened: check its permissions")
                except ValueError as error:
                    found.append(str(error))
        return found

    def _revocation(self, chain: Sequence[x509.Certificate], anchored: bool, now: datetime) -> Cause:
        for certificate, issuer in pairwise(chain):
            lists = [one for one in self._known() if self._is_of(one, issuer)]
            answer = _ocsp.kept(self._folder, certificate, issuer)
            if any(certificate.serial_number in one.serials for one in lists) or (answer and answer.revoked):
                return Cause.REVOKED_KEY
            vouched = answer is not None and answer.good and answer.fresh(now)
            if anchored and self._strict and not vouched and not any(one.fresh(now) for one in lists):
                return Cause.REVOCATION_UNKNOWN
        return Cause.NONE

    def _is_of(self, one: List, issuer: x509.Certificate) -> bool:
        if one.crl.issuer != issuer.subject:
            return False
        mark = (one.crl.signature, issuer.signature)
        if mark not in self._signed:
            self._signed[mark] = is_of(one.crl, issuer)
        return self._signed[mark]

    def _known(self) -> tuple[List, ...]:
        stamp = _stamp(self._folder / LISTS)
        if self._lists[0] != stamp:
            lists = tuple(_list(Path(name)) for name, *_ in stamp)
            self._lists = (stamp, lists)
            self._signed = {}
        return self._lists[1]


def _chain(
    leaf: x509.Certificate, links: Sequence[x509.Certificate], anchors: Sequence[x509.Certificate], now: datetime
) -> Sequence[x509.Certificate] | None:
    """The certificates from the leaf to an anchor, or None."""
    anything, agnostic = verification.ExtensionPolicy.permit_all(), verification.Criticality.AGNOSTIC
    # Not the rules of the web: authorities of governments are older, and mark and name things otherwise.
    issuers = anything.require_present(x509.BasicConstraints, agnostic, _is_authority)
    issuers = issuers.may_be_present(x509.KeyUsage, agnostic, _signs_certificates)
    issuers = issuers.may_be_present(x509.ExtendedKeyUsage, agnostic, _allows_mail)
    builder = verification.PolicyBuilder().store(verification.Store(list(anchors))).time(now).max_chain_depth(_DEPTH)
    try:
        verifier = builder.extension_policies(ee_policy=anything, ca_policy=issuers).build_client_verifier()
        chain = list(verifier.verify(leaf, list(links)).chain)
    except (verification.VerificationError, UnsupportedAlgorithm, ValueError):
        return None
    return None if any(_demands_more(certificate) for certificate in chain) else chain


def _is_authority(_: verification.Policy, __: x509.Certificate, constraints: x509.BasicConstraints) -> None:
    """Raises where the certificate is not one of an authority (RFC 5280, 6.1.4 k)."""
    if not constraints.ca:
        raise ValueError("not an authority")


def _signs_certificates(_: verification.Policy, __: x509.Certificate, usage: x509.KeyUsage | None) -> None:
    """Raises where the key is not for signing certificates (RFC 5280, 6.1.4 n)."""
    if usage is not None and not usage.key_cert_sign:
        raise ValueError("not for certificates")


def _allows_mail(_: verification.Policy, __: x509.Certificate, usage: x509.ExtendedKeyUsage | None) -> None:
    """Raises where an issuer may not issue for mail (RFC 5280, 4.2.1.12, as all programs read it)."""
    if usage is not None and not _bundle.MAIL & set(usage):
        raise ValueError("not for mail")


def _demands_more(certificate: x509.Certificate) -> bool:
    """Whether a critical extension is one that nobody here understands (RFC 5280, 4.2)."""
    return any(one.critical and isinstance(one.value, x509.UnrecognizedExtension) for one in certificate.extensions)


def _guessed(leaf: x509.Certificate, links: Sequence[x509.Certificate]) -> list[x509.Certificate]:
    """A pinned certificate with those that issued it, as far as they were registered with it."""
    chain = [leaf]
    while len(chain) <= _DEPTH:
        issuer = next((one for one in links if one not in chain and _issued(one, chain[-1])), None)
        if issuer is None:
            break
        chain.append(issuer)
    return chain


def pairs(found: Sequence[x509.Certificate]) -> list[tuple[x509.Certificate, x509.Certificate]]:
    """Each certificate with the one among them that issued it; roots and orphans are left out."""
    known = list(dict.fromkeys(found))
    named: dict[bytes, list[x509.Certificate]] = {}
    for one in known:
        named.setdefault(one.subject.public_bytes(), []).append(one)
    issuers = (
        (one, next((other for other in named.get(one.issuer.public_bytes(), ()) if _issued(other, one)), one))
        for one in known
    )
    return [(one, issuer) for one, issuer in issuers if issuer is not one]


def _issued(issuer: x509.Certificate, certificate: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError, TypeError):
        return False
    return True


def _stamp(folder: Path) -> _Stamp:
    """The files below a folder with size and time of change."""
    try:
        files = sorted(path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
        return tuple((str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in files)
    except OSError:
        return ()


def _anchors_in(path: Path) -> Iterator[x509.Certificate]:
    found = _bundle.certificates(path.read_bytes())
    if not found:
        raise ValueError(f"{path} holds no certificate: a trust anchor is a certificate, PEM or DER")
    yield from found


def _list(path: Path) -> List:
    crl = parsed(path.read_bytes())
    if crl is None:
        raise ValueError(f"{path} is no certificate revocation list: remove it, or fetch it again")
    return List(crl, frozenset(entry.serial_number for entry in crl))


def is_of(crl: x509.CertificateRevocationList, issuer: x509.Certificate) -> bool:
    """Whether a list is this issuer's: by its name, and signed by it."""
    try:
        return crl.issuer == issuer.subject and crl.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]
    except (TypeError, ValueError, UnsupportedAlgorithm):
        return False


def parsed(octets: bytes) -> x509.CertificateRevocationList | None:
    """A whole revocation list, PEM or DER; None where it is none, or lists changes only (RFC 5280, 5.2.4)."""
    loader = x509.load_pem_x509_crl if octets.lstrip().startswith(b"-----BEGIN") else x509.load_der_x509_crl
    try:
        crl = loader(octets)
        delta = any(isinstance(extension.value, x509.DeltaCRLIndicator) for extension in crl.extensions)
    except (ValueError, TypeError):
        return None
    return None if delta else crl
