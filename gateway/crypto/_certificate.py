"""The gateway's own S/MIME certificate: self-signed until a government CA issues one (RFC 8551, RFC 5280)."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_YEARS = timedelta(days=3 * 365)
_KEY, _CERTIFICATE = "key.pem", "certificate.pem"


def create(folder: Path, address: str, now: datetime) -> None:
    """Makes an RSA-3072 key and a certificate for the address, for signing and encryption, unless there is one."""
    folder.mkdir(mode=0o700, exist_ok=True)
    if (folder / _CERTIFICATE).exists():
        return
    key = rsa.generate_private_key(public_exponent=65537, key_size=3072)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Focal point")])
    usage = x509.KeyUsage(
        digital_signature=True, content_commitment=True, key_encipherment=True, data_encipherment=False,
        key_agreement=False, key_cert_sign=False, crl_sign=False, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + _YEARS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.RFC822Name(address)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    with os.fdopen(os.open(folder / _KEY, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(private)
    (folder / _CERTIFICATE).write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def exported(folder: Path) -> bytes:
    """The certificate, PEM."""
    return (folder / _CERTIFICATE).read_bytes()


def fingerprint(folder: Path) -> str:
    """SHA-256 of the certificate, in capitals."""
    return load(folder / _CERTIFICATE).fingerprint(hashes.SHA256()).hex().upper()


def load(path: Path) -> x509.Certificate:
    """A certificate from a PEM file."""
    return x509.load_pem_x509_certificate(path.read_bytes())
