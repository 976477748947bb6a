"""`openssl cms` run with our own rules: decrypts, checks one signature, encrypts where `cryptography` cannot.

All content goes through memory files without a name: nothing is on disk. Measured reasons: `libraries.md` 2.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from gateway.crypto._process import content, memory, waited
from gateway.outcome import REASONS, Defer

# No configuration of this machine decides what is accepted; no trust store of this machine is asked.
_PIN = "pin-source"  # where the PIN's descriptor goes: never on the command line
_MAKERS = ("HOME",)  # where libraries of tokens look for their settings
_ENVIRONMENT = {"PATH": os.defpath, "OPENSSL_CONF": "/dev/null", "LC_ALL": "C"}


@dataclass(frozen=True, slots=True, repr=False)
class Token:
    """A secret key on a PKCS #11 token: its URI (RFC 7512) without a PIN, the maker's library (None: those that
    p11-kit knows), the PIN."""

    uri: str
    module: Path | None
    pin: bytes


def is_there() -> bool:
    """Whether OpenSSL can be run."""
    return shutil.which("openssl", path=os.defpath) is not None


def decrypted(octets: bytes, certificate: bytes, key: Path | Token) -> bytes | None:
    """What an encrypted object holds, by the recipient info that names this certificate (PEM); None: it cannot be.

    With `-recip` a broken PKCS #1 padding yields a random content key, not an error (RFC 3218): no oracle.
    """
    arguments = ["-decrypt", "-inform", "DER", "-binary", *_with(key), "-recip"]
    return _run(arguments, octets, (certificate,), key if isinstance(key, Token) else None)


def signed(octets: bytes, certificate: bytes, links: bytes, key: Token) -> bytes | None:
    """A detached signature (DER) by a key on a token, with certificate (PEM) and issuers inside; None: it cannot be."""
    arguments = ["-sign", "-outform", "DER", "-binary", "-md", "sha256", *_with(key)]
    if not links:
        return _run([*arguments, "-signer"], octets, (certificate,), key)
    return _run([*arguments, "-signer", "{}", "-certfile"], octets, (certificate, links), key)


def verified(signature: bytes, certificate: bytes, signed: bytes | None) -> bytes | None:
    """What exactly this certificate (PEM) signed; None: it did not. `signed`: of a detached signature.

    Certificates inside the object count for nothing; who may sign is decided elsewhere.
    """
    # What is signed before the option that takes it; the certificate last.
    arguments = ["-verify", "-inform", "DER", "-binary", "-noverify", "-nointern"]
    if signed is None:
        return _run([*arguments, "-certfile"], signature, (certificate,))
    return _run([*arguments, "-certfile", "{}", "-content"], signature, (certificate, signed))


def encrypted(octets: bytes, certificate: bytes, gcm: bool) -> bytes | None:
    """Octets encrypted to exactly this certificate (PEM) with AES-256; None: it cannot be."""
    cipher = "-aes-256-gcm" if gcm else "-aes-256-cbc"
    arguments = ["-encrypt", "-outform", "DER", "-binary", cipher, "-recip"]
    return _run(arguments, octets, (certificate,))


def _with(key: Path | Token) -> list[str]:
    if isinstance(key, Path):
        return ["-inkey", str(key)]
    return ["-engine", "pkcs11", "-keyform", "engine", "-inkey", f"{key.uri}{'&' if '?' in key.uri else '?'}{_PIN}"]


def _run(arguments: Sequence[str], octets: bytes, files: Sequence[bytes], token: Token | None = None) -> bytes | None:
    """Output of a run that ended well. The files stand where `{}` is, the last one at the end.

    Raises Defer when OpenSSL cannot be run. Output of a run that failed is not looked at (security.md A24).
    """
    try:
        with ExitStack() as stack:
            source, target = stack.enter_context(memory(octets)), stack.enter_context(memory(b""))
            names = [stack.enter_context(memory(file)) for file in files]
            pin = stack.enter_context(memory(token.pin if token else b""))
            paths = iter(f"/proc/self/fd/{name}" for name in names)
            told = [argument.replace(_PIN, f"pin-source=file:/proc/self/fd/{pin}") for argument in arguments]
            filled = [next(paths) if argument == "{}" else argument for argument in told]
            process = subprocess.Popen(
                ["openssl", "cms", *filled, *paths], stdin=source, stdout=target, stderr=subprocess.DEVNULL,
                pass_fds=[*names, pin], env=_environment(token),
            )  # fmt: skip
            return content(target) if waited(process) == 0 else None
    except OSError:
        raise Defer(REASONS[303]) from None


def _environment(token: Token | None) -> dict[str, str]:
    if token is None:
        return _ENVIRONMENT
    found = _ENVIRONMENT | {name: os.environ[name] for name in _MAKERS if name in os.environ}
    return found | {"PKCS11_MODULE_PATH": str(token.module)} if token.module else found
