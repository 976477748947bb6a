"""The certificates of one correspondent: who signs, who is encrypted to, and the links to the issuer (RFC 8550)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gateway.content import N_
from gateway.facts import Fingerprint

KEY_LIMIT = 200_000  # octets of certificates that somebody registers
_MOST = 12
MAIL = frozenset({ExtendedKeyUsageOID.EMAIL_PROTECTION, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE})
_CURVES = ("secp256r1", "secp384r1", "secp521r1")
_SECRET = re.compile(rb"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----")
_PKCS12 = re.compile(rb"\x30(?:[\x00-\x7f]|\x80|\x81.|\x82..|\x83...|\x84....)\x02\x01\x03", re.DOTALL)
_HASHES = (hashes.SHA256, hashes.SHA384, hashes.SHA512, hashes.SHA3_256, hashes.SHA3_384, hashes.SHA3_512)
_Unreadable = (ValueError, TypeError, x509.InvalidVersion)


@dataclass(frozen=True, slots=True)
class Bundle:
    """`signing` and `encrypting` may be one certificate; some issuers give two. `links` lead to the issuer."""

    signing: x509.Certificate
    encrypting: x509.Certificate | None
    links: tuple[x509.Certificate, ...]

    @property
    def leaves(self) -> tuple[x509.Certificate, ...]:
        """The person's own certificates, the signing one first."""
        if self.encrypting is None or self.encrypting == self.signing:
            return (self.signing,)
        return (self.signing, self.encrypting)

    def pem(self) -> bytes:
        """All certificates, the signing one first."""
        return b"".join(pem(certificate) for certificate in (*self.leaves, *self.links))


@lru_cache(maxsize=4096)
def load(octets: bytes) -> Bundle:
    """A bundle as it was registered (PEM); not judged again."""
    return _sorted(x509.load_pem_x509_certificates(octets))


def read(octets: bytes, now: datetime) -> Bundle:
    """The certificates in a file (PEM, DER or PKCS #7), judged for mail.

    Raises ValueError with a sentence that tells the remedy; with an empty one where there is no certificate at all.
    """
    if len(octets) > KEY_LIMIT:
        raise ValueError(N_("the file is too large for a certificate: export the certificate and its issuers only"))
    if _SECRET.search(octets) or _PKCS12.match(octets):
        raise ValueError(
            N_("this file holds a secret key: never send it to anybody, revoke the certificate, and get a new one")
        )
    found = list(dict.fromkeys(certificates(octets)))
    if not found:
        raise ValueError("")
    if len(found) > _MOST:
        raise ValueError(N_("too many certificates: export the person's own one and those of its issuers only"))
    bundle = _sorted(found)
    for certificate in bundle.leaves:
        _judge(certificate, now)
    return bundle


def certificates(octets: bytes) -> list[x509.Certificate]:
    """Every certificate in a file, in whichever of the usual forms; [] where it holds none that can be read."""
    readers = (
        (b"-----BEGIN CERTIFICATE", x509.load_pem_x509_certificates),
        (b"-----BEGIN PKCS7", pkcs7.load_pem_pkcs7_certificates),
        (b"0", lambda der: [x509.load_der_x509_certificate(der)]),
        (b"0", pkcs7.load_der_pkcs7_certificates),
    )
    for mark, reader in readers:
        if mark not in octets if mark != b"0" else not octets.startswith(mark):
            continue
        try:
            return list(reader(octets))
        except _Unreadable:
            continue
    return []


def pem(certificate: x509.Certificate) -> bytes:
    """One certificate, PEM."""
    return certificate.public_bytes(serialization.Encoding.PEM)


def fingerprint(certificate: x509.Certificate) -> Fingerprint:
    """SHA-256 of the certificate, in capitals."""
    return Fingerprint(certificate.fingerprint(hashes.SHA256()).hex().upper())


def addresses(certificate: x509.Certificate) -> tuple[str, ...]:
    """The mail addresses that it names (RFC 8550, 3): as subject alternative names, else in the subject."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        found: list[str] = []
    else:
        found = names.get_values_for_type(x509.RFC822Name)
    subject = certificate.subject.get_attributes_for_oid(NameOID.EMAIL_ADDRESS)
    return tuple(found or (str(one.value) for one in subject))


def usable_until(bundle: Bundle) -> datetime:
    """When the first of its own certificates ends."""
    return min(certificate.not_valid_after_utc for certificate in bundle.leaves)


def can_sign(certificate: x509.Certificate) -> bool:
    """Whether its key usage allows signatures on mail (RFC 8550, 4.4.2)."""
    usage = _usage(certificate)
    return usage is None or usage.digital_signature or usage.content_commitment


def can_encrypt(certificate: x509.Certificate) -> bool:
    """Whether its key usage allows that a content key is encrypted to it, or agreed upon with it."""
    usage = _usage(certificate)
    if usage is None:
        return True
    is_rsa = isinstance(certificate.public_key(), rsa.RSAPublicKey)
    return usage.key_encipherment if is_rsa else usage.key_agreement


def is_for_mail(certificate: x509.Certificate) -> bool:
    """Whether extended key usage, where it is there at all, names mail (RFC 8550, 4.4.4)."""
    try:
        found = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound:
        return True
    return bool(MAIL & set(found.value))


def _sorted(found: Sequence[x509.Certificate]) -> Bundle:
    """Who is who. Raises ValueError where it is not plain."""
    leaves = list(found) if len(found) == 1 else [one for one in found if not _issues(one, found)]
    if len(leaves) == 2 and leaves[0].subject == leaves[1].subject:
        signing = [one for one in leaves if can_sign(one)]
        encrypting = [one for one in leaves if can_encrypt(one)]
        if len(signing) == len(encrypting) == 1 and signing != encrypting:
            return Bundle(signing[0], encrypting[0], _rest(found, leaves))
    if len(leaves) != 1:
        raise ValueError(
            N_(
                "exactly one person's certificate is needed in the file (or one to sign and one to encrypt to), "
                "with the certificates of its issuers if you like"
            )
        )
    leaf = leaves[0]
    return Bundle(leaf, leaf if can_encrypt(leaf) else None, _rest(found, leaves))


def _rest(found: Iterable[x509.Certificate], leaves: Sequence[x509.Certificate]) -> tuple[x509.Certificate, ...]:
    return tuple(one for one in found if one not in leaves)


def _issues(certificate: x509.Certificate, found: Iterable[x509.Certificate]) -> bool:
    if any(one.issuer == certificate.subject for one in found if one != certificate):
        return True
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def _judge(certificate: x509.Certificate, now: datetime) -> None:
    """Raises ValueError for a certificate that must not be registered."""
    try:
        certificate.extensions  # noqa: B018 - reading them is what fails
        key = certificate.public_key()
        digest = certificate.signature_hash_algorithm
    except (*_Unreadable, x509.UnsupportedGeneralNameType, x509.DuplicateExtension, LookupError):
        raise ValueError(
            N_("the certificate is damaged or of a kind unknown here: ask its issuer for another")
        ) from None
    _judge_key(key)
    if digest is not None and not isinstance(digest, _HASHES):
        raise ValueError(
            N_("the certificate is signed with SHA-1 or weaker: ask its issuer for one signed with SHA-256")
        )
    if now >= certificate.not_valid_after_utc:
        raise ValueError(N_("the certificate has expired: a new one is needed"))
    if now < certificate.not_valid_before_utc:
        raise ValueError(N_("the certificate is not valid yet: register it when it is, or check the clock"))
    if not is_for_mail(certificate):
        raise ValueError(
            N_("the certificate is not made for mail: ask its issuer for the extended usage emailProtection")
        )
    if not can_sign(certificate) and not can_encrypt(certificate):
        raise ValueError(N_("the certificate's key usage allows neither signatures nor encryption"))


def _judge_key(key: object) -> None:
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size < 2048:
            raise ValueError(N_("the certificate's RSA key is too short: at least 2048 bits are needed"))
        if key.key_size > 16384:
            raise ValueError(N_("the certificate's RSA key is too long: at most 16384 bits can be used"))
    elif not isinstance(key, ec.EllipticCurvePublicKey) or key.curve.name not in _CURVES:
        raise ValueError(
            N_("the certificate's kind of key cannot be used for mail here: use RSA, P-256, P-384 or P-521")
        )


def _usage(certificate: x509.Certificate) -> x509.KeyUsage | None:
    try:
        return certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return None
