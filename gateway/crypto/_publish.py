"""Our own OpenPGP key as mail programs look for it: one address, nothing that is not needed, and where it is put.

The Web Key Directory (draft-koch-openpgp-webkey-service) is a tree of static files below `.well-known/openpgpkey/`.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping

from gateway.crypto import _keyblock
from gateway.crypto._gpg import Engine
from gateway.facts import Fingerprint

_RFC_4648, _Z_BASE_32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "ybndrfg8ejkmcpqxot1uwisza345h769"
_TRANSLATED = str.maketrans(_RFC_4648, _Z_BASE_32)
_ROOT = ".well-known/openpgpkey"


def minimal(gpg: Engine, fingerprint: Fingerprint, address: str) -> bytes:
    """The key, binary: its name for this address, its encryption subkeys, no signatures of others.

    Where it has no name for this address, all its names: then no directory will give it out.
    """
    reduced = ["--export-options", "export-minimal", "--export-filter", "drop-subkey=usage !~ e"]
    names = ["--export-filter", f"keep-uid=mbox = {address}"]
    found = gpg.run([*reduced, *names, "--export", fingerprint]).output
    return found if _keyblock.names(found) else gpg.run([*reduced, "--export", fingerprint]).output


def directory(address: str, key: bytes) -> Mapping[str, bytes]:
    """The files of the Web Key Directory with this key, path to octets: by the direct and by the advanced method.

    Both lie below one folder: a web server for the domain uses the first, one for `openpgpkey.DOMAIN` the second.
    """
    local, _, domain = address.rpartition("@")
    name = hashed(local)
    return {
        f"{place}/{file}": octets
        for place in (_ROOT, f"{_ROOT}/{domain}")
        for file, octets in ((f"hu/{name}", key), ("policy", b""))
    }


def hashed(local: str) -> str:
    """The name of a key's file: SHA-1 of the local part in lower case (ASCII letters only), in z-base-32."""
    lower = "".join(one.lower() if one.isascii() else one for one in local)
    octets = hashlib.sha1(lower.encode(), usedforsecurity=False).digest()
    return base64.b32encode(octets).decode("ascii").translate(_TRANSLATED)
