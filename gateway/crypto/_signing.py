"""Our S/MIME signature: in process with a key in a file, by OpenSSL with a key on a token (RFC 8551, 3.5.3)."""

from __future__ import annotations

import base64
import hashlib

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.serialization import pkcs7

from gateway.crypto import _bundle, _certificate, _openssl


def signed(payload: bytes, mine: _certificate.Own, key: _certificate.Key | _openssl.Token) -> bytes | None:
    """The payload with our signature beside it: every client reads that, and shows the text in any case.

    None where the token does not sign.
    """
    made = _by_token(payload, mine, key) if isinstance(key, _openssl.Token) else _in_process(payload, mine, key)
    if made is None:
        return None
    signature = base64.encodebytes(made).replace(b"\n", b"\r\n")
    boundary = "=_s" + hashlib.sha256(payload).hexdigest()[:32]
    line = f"--{boundary}".encode("ascii")
    head = (
        'Content-Type: multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256;\r\n'
        f'\tboundary="{boundary}"\r\n\r\n'
    )
    beside = (
        b'\r\nContent-Type: application/pkcs7-signature; name="smime.p7s"\r\nContent-Transfer-Encoding: base64\r\n'
        b'Content-Disposition: attachment; filename="smime.p7s"\r\n\r\n'
    )
    return b"".join((head.encode("ascii"), line, b"\r\n", payload, b"\r\n", line, beside, signature, line, b"--\r\n"))


def _by_token(payload: bytes, mine: _certificate.Own, key: _openssl.Token) -> bytes | None:
    return _openssl.signed(payload, _bundle.pem(mine.certificate), b"".join(map(_bundle.pem, mine.links)), key)


def _in_process(payload: bytes, mine: _certificate.Own, key: _certificate.Key) -> bytes:
    builder = pkcs7.PKCS7SignatureBuilder().set_data(payload)
    builder = builder.add_signer(mine.certificate, key, hashes.SHA256())
    for certificate in mine.links:  # last: what comes after drops it (libraries.md 2.1)
        builder = builder.add_certificate(certificate)
    options = [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary]
    return builder.sign(serialization.Encoding.DER, options)
