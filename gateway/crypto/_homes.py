"""GnuPG homes: the gateway's own with its key, and a further one for each engine, which shares the secret keys."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

from gateway.crypto._gpg import Done, Engine

_OLDEST_GPG = (2, 2, 40)
_KEY = """{protection}Key-Type: {kind}
Key-Usage: sign,cert
Subkey-Type: {subkind}
Subkey-Usage: encrypt
Name-Real: Focal point
Name-Email: {address}
Expire-Date: 0
%commit
"""
_KINDS = {
    "curve25519": ("EDDSA\nKey-Curve: ed25519", "ECDH\nSubkey-Curve: cv25519"),
    "rsa3072": ("RSA\nKey-Length: 3072", "RSA\nSubkey-Length: 3072"),
}
# Before the key is made: a passphrase must not cost half a second of CPU each time it is used (measured). It has to be
# a long random one, which nobody can guess however fast he tries.
_FAST = "s2k-count 65536"
# What an engine's home has of the gateway's own.
_SHARED = ("private-keys-v1.d", "gpg-agent.conf", "gnupg-pkcs11-scd.conf")


def create(home: Path, address: str, kind: str = "curve25519", beside: bool = False, secret: bytes = b"") -> None:
    """Makes a GnuPG home with the gateway's key (Ed25519 and Curve25519), unless there is one.

    Another `kind`, or `beside`, adds a key, which is used from then on. `secret`: its passphrase. Raises ValueError
    with a sentence.
    """
    _prepare(home)
    if (home / "pubring.kbx").exists() and kind == "curve25519" and not beside:
        return
    main, sub = _KINDS[kind]
    protection = "" if secret else "%no-protection\n"
    if not _made(home, _KEY.format(protection=protection, kind=main, subkind=sub, address=address), secret):
        raise ValueError("GnuPG could not make the gateway's key: is gpg-agent installed?")


def adopt(home: Path, address: str, grips: tuple[str, str], secret: bytes) -> None:
    """Makes an OpenPGP key of two RSA keys that are on a card or token: for signatures, for encryption (key grips).

    `secret`: the PIN. It is used from then on. Raises ValueError with a sentence.
    """
    _prepare(home)
    with tempfile.TemporaryDirectory(prefix="gsp-") as folder:
        link = Path(folder) / "h"
        link.symlink_to(home.resolve())
        learn = ["gpg-connect-agent", "--homedir", str(link), "SCD LEARN --force", "LEARN --force", "/bye"]
        done = subprocess.run(learn, capture_output=True, check=False)
        subprocess.run(["gpgconf", "--homedir", str(link), "--kill", "all"], check=False, capture_output=True)
    if any(grip.encode() not in done.stdout for grip in grips):
        raise ValueError("no key with this grip is on the token: see what `gpg-connect-agent 'SCD LEARN' /bye` lists")
    kinds = [f"RSA\n{name}-Grip: {grip}" for name, grip in zip(("Key", "Subkey"), grips, strict=True)]
    if not _made(home, _KEY.format(protection="", kind=kinds[0], subkind=kinds[1], address=address), secret):
        raise ValueError("GnuPG could not use the keys on the token: check the PIN, and that the keys are RSA")


def started(home: Path, secret: bytes = b"") -> Engine:
    """An engine on a home; raises ValueError where GnuPG is missing or too old."""
    try:
        engine = Engine(home, secret)
    except OSError:
        raise ValueError("GnuPG cannot be run: install the packages gnupg and gpg-agent") from None
    if (engine.version or (0,)) < _OLDEST_GPG:
        raise ValueError("GnuPG is older than 2.2.40: upgrade it")
    return engine


def of_engine(home: Path, number: int) -> Path:
    """The home of an engine: number 0 works in the gateway's own."""
    if number == 0:
        return home.resolve()
    engine = home.resolve() / f"engine-{number}"
    engine.mkdir(mode=0o700, exist_ok=True)
    for name in _SHARED:
        if (home / name).exists() or name == _SHARED[0]:
            _link(engine / name)
    return engine


def _link(place: Path) -> None:
    # Relative: in a home that was copied or restored elsewhere, what is shared is that home's, not the first one's.
    wanted = Path("..") / place.name
    if not place.exists() or (place.is_symlink() and place.readlink() != wanted):
        made = place.with_name(f"link-{os.getpid()}")
        made.symlink_to(wanted)
        os.replace(made, place)


def _prepare(home: Path) -> None:
    home.mkdir(mode=0o700, exist_ok=True)
    home.chmod(0o700)
    settings = home / "gpg-agent.conf"
    said = settings.read_text(encoding="utf-8") if settings.exists() else ""
    if "s2k-count" not in said:
        settings.write_text(f"{_FAST}\n{said}", encoding="utf-8")


def _made(home: Path, recipe: str, secret: bytes) -> bool:
    with tempfile.TemporaryDirectory(prefix="gsp-") as folder:
        link = Path(folder) / "h"
        link.symlink_to(home.resolve())
        gpg = started(link, secret)
        gpg.keyring = [str(link / "pubring.kbx")]
        try:
            done: Done = gpg.gen_key(recipe).done
        finally:
            gpg.end()
    return not done.status and done.said.made_key
