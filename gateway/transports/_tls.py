"""TLS of the doors that listen."""

from __future__ import annotations

import ssl
from pathlib import Path


def tls_context(certificate: Path | None, key: Path | None) -> ssl.SSLContext | None:
    """TLS 1.2 or later with this certificate chain; None without one; raises ValueError."""
    if certificate is None or key is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(certificate, key)
    except (OSError, ssl.SSLError):
        raise ValueError(f"the certificate {certificate} and its key {key} cannot be read as PEM") from None
    return context
