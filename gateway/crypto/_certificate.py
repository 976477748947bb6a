"""The gateway's own S/MIME certificates: self-signed until an authority issues one (RFC 8551, RFC 5280, RFC 2986)."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gateway.crypto import _bundle, _openssl

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

_YEARS = timedelta(days=3 * 365)
_KEY, _CERTIFICATE, _ASKED, _OLD = "key.pem", "certificate.pem", "request-key.pem", "old"


@dataclass(frozen=True, slots=True)
class Own:
    """A certificate of ours with its issuers, and where its secret key is."""

    certificate: x509.Certificate
    links: tuple[x509.Certificate, ...]
    key: Path | _openssl.Token

    def is_away(self) -> bool:
        """Whether the secret key cannot be used now, whatever is to be done with it."""
        if isinstance(self.key, Path):
            return not self.key.exists()
        return _openssl.signed(b"", _bundle.pem(self.certificate), b"", self.key) is None


def create(folder: Path, address: str, now: datetime) -> None:
    """Makes an RSA-3072 key and a certificate for the address, for signing and encryption, unless there is one."""
    folder.mkdir(mode=0o700, exist_ok=True)
    if (folder / _CERTIFICATE).exists():
        return
    key = _new_key("rsa3072")
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Focal point")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + _YEARS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    for extension, critical in _extensions(key, address):
        builder = builder.add_extension(extension, critical)
    certificate = builder.sign(key, hashes.SHA256())
    _write_key(folder / _KEY, key)
    (folder / _CERTIFICATE).write_bytes(_bundle.pem(certificate))


def request(folder: Path, address: str, algorithm: str, subject: str) -> bytes:
    """A request for a certificate (PKCS #10, PEM) with a new key, which waits in the home for its certificate.

    `subject` as in RFC 4514, "CN=Focal point,O=...,C=..."; raises ValueError with a sentence. A second request
    replaces the first: an authority's answer to that can then no longer be installed.
    """
    try:
        name = x509.Name.from_rfc4514_string(subject)
    except (ValueError, TypeError):
        raise ValueError('the subject is not readable: write it as "CN=Focal point,O=Organization,C=KE"') from None
    key = _new_key(algorithm)
    builder = x509.CertificateSigningRequestBuilder().subject_name(name)
    for extension, critical in _extensions(key, address):
        builder = builder.add_extension(extension, critical)
    asked = builder.sign(key, hashes.SHA256())
    _write_key(folder / _ASKED, key)
    return asked.public_bytes(serialization.Encoding.PEM)


def install(
    folder: Path, octets: bytes, address: str, now: datetime, token: _openssl.Token | None = None
) -> x509.Certificate:
    """Takes a certificate (with its issuers) for the key of the last request, a renewed one for the key in use, or one
    for the key on the token.

    The one before is kept to read mail that was encrypted to it. Raises ValueError with a sentence.
    """
    try:
        bundle = _bundle.read(octets, now)
    except ValueError as error:
        raise ValueError(str(error) or "there is no certificate in this file: PEM, DER or PKCS #7 is needed") from None
    certificate = bundle.signing
    if bundle.encrypting != certificate:
        raise ValueError("the certificate must allow signatures and encryption: ask for both key usages")
    if not any(name.casefold() == address.casefold() for name in _addresses(certificate)):
        raise ValueError(f"the certificate does not name the gateway's address {address}: ask for it anew")
    public = certificate.public_key()
    waiting = next((path for path in (folder / _ASKED, folder / _KEY) if _holds(path, public)), None)
    if waiting is None and not (token and _proven(token, certificate)):
        raise ValueError("the certificate is for a key that is not here: make a request with `gsp key request`")
    _put_away(folder)
    unfinished = folder / (_CERTIFICATE + ".new")
    unfinished.write_bytes(bundle.pem())
    if waiting is not None and waiting.name == _ASKED:
        os.replace(waiting, folder / _KEY)
    os.replace(unfinished, folder / _CERTIFICATE)
    return certificate


def own(folder: Path, token: _openssl.Token | None = None) -> tuple[Own, ...]:
    """Our certificates, the one in use first; older ones only open mail. Raises ValueError where there is none.

    `token`: has the secret key of the one in use, unless the file has it, and of older ones with the same key.
    """
    try:
        mine = _own(folder / _CERTIFICATE, folder / _KEY)
        public = mine.certificate.public_key()
        if token is not None and not _holds(folder / _KEY, public):
            mine = replace(mine, key=token)
    except (OSError, ValueError):
        raise ValueError("the gateway has no S/MIME certificate, or it is damaged: run `gsp init`") from None
    found = [mine]
    for path in sorted((folder / _OLD).glob("*.pem"), reverse=True):
        older = _own(path, path.with_suffix(".key"))
        if path.with_suffix(".key").exists():
            found.append(older)
        elif token is not None and older.certificate.public_key() == public:
            found.append(replace(older, key=token))
    return tuple(found)


def secret(mine: Own) -> Key | _openssl.Token:
    """The secret key of a certificate of ours; raises ValueError where it is not the certificate's."""
    if isinstance(mine.key, _openssl.Token):
        return mine.key
    # The gateway made it: to test its numbers for primes again would cost a tenth of a second at each start.
    key = serialization.load_pem_private_key(mine.key.read_bytes(), None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, Key):
        raise ValueError("the gateway's S/MIME key is of a kind that cannot be used")
    if key.public_key() != mine.certificate.public_key():
        raise ValueError("the S/MIME key does not belong to the certificate: run `gsp key install` again")
    return key


def exported(folder: Path) -> bytes:
    """The certificate in use with its issuers, PEM."""
    return (folder / _CERTIFICATE).read_bytes()


def fingerprint(folder: Path) -> str:
    """SHA-256 of the certificate in use, in capitals."""
    return _bundle.fingerprint(load(folder / _CERTIFICATE))


def load(path: Path) -> x509.Certificate:
    """A certificate from a PEM file."""
    return x509.load_pem_x509_certificate(path.read_bytes())


def _own(certificate: Path, key: Path) -> Own:
    first, *links = x509.load_pem_x509_certificates(certificate.read_bytes())
    return Own(first, tuple(links), key)


def _new_key(algorithm: str) -> Key:
    if algorithm in ("p256", "p384"):
        return ec.generate_private_key(ec.SECP256R1() if algorithm == "p256" else ec.SECP384R1())
    return rsa.generate_private_key(public_exponent=65537, key_size=int(algorithm.removeprefix("rsa")))


def _extensions(key: Key, address: str) -> tuple[tuple[x509.ExtensionType, bool], ...]:
    is_rsa = isinstance(key, rsa.RSAPrivateKey)
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=True, key_encipherment=is_rsa, data_encipherment=False,
        key_agreement=not is_rsa, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    return (
        (usage, True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), False),
        (x509.SubjectAlternativeName([x509.RFC822Name(address)]), False),
    )


def _addresses(certificate: x509.Certificate) -> list[str]:
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return list(names.get_values_for_type(x509.RFC822Name))
    except x509.ExtensionNotFound:
        return [str(one.value) for one in certificate.subject.get_attributes_for_oid(NameOID.EMAIL_ADDRESS)]


def _proven(token: _openssl.Token, certificate: x509.Certificate) -> bool:
    """Whether the token has the secret key of this certificate."""
    challenge, own_pem = b"Content-Type: text/plain\r\n\r\nproof\r\n", _bundle.pem(certificate)
    signature = _openssl.signed(challenge, own_pem, b"", token)
    return signature is not None and _openssl.verified(signature, own_pem, challenge) == challenge


def _holds(path: Path, public: object) -> bool:
    if not path.exists():
        return False
    key = serialization.load_pem_private_key(path.read_bytes(), None)
    return key.public_key() == public


def _put_away(folder: Path) -> None:
    """The certificate in use and its key go to `old/`, named by the certificate's fingerprint."""
    old = folder / _OLD
    old.mkdir(mode=0o700, exist_ok=True)
    name = fingerprint(folder)
    (old / f"{name}.pem").write_bytes(exported(folder))
    if _holds(folder / _KEY, load(folder / _CERTIFICATE).public_key()):
        _write(old / f"{name}.key", (folder / _KEY).read_bytes())


def _write_key(path: Path, key: Key) -> None:
    _write(
        path,
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    )


def _write(path: Path, octets: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(octets)
