"""What opens our own secret keys: a passphrase or PIN out of the file that the settings name."""

from __future__ import annotations

from pathlib import Path

from gateway.crypto._openssl import Token
from gateway.settings import Smime
from gateway.transports import _secrets


def secret(file: Path | None, needed: bool = False) -> bytes:
    """A passphrase or PIN; empty where no file is named.

    Empty too where the file is not there now, unless it is `needed` (ValueError then): most commands work without.
    """
    try:
        return _secrets.first_line(file).encode() if file else b""
    except ValueError:
        if needed:
            raise
        return b""


def token(settings: Smime) -> Token | None:
    """Where our S/MIME key is, unless in the home."""
    return Token(settings.key, settings.module, secret(settings.pin_file)) if settings.key else None
