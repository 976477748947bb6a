"""The gateway's own OpenPGP key where mail programs look for it: in our mails, and in the Web Key Directory."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

from gateway.crypto import _keyblock, _publish
from gateway.crypto.openpgp import OpenPgp
from gateway.crypto.smime import Smime
from gateway.facts import Fingerprint
from gateway.ports import OwnKey


class Publication:
    """The key of `scheme` for one address; looked at once, because another one is used from the next start only."""

    def __init__(self, scheme: OpenPgp, smime: Smime, address: str) -> None:
        self._scheme = scheme
        self._smime = smime
        self._address = address

    @cached_property
    def key(self) -> OwnKey:
        """As mail carries it."""
        scheme = self._scheme
        minimal = scheme.minimal(self._address)
        return OwnKey(Fingerprint(scheme.fingerprint), scheme.export(), minimal, self._smime.certificate())

    def files(self) -> Mapping[str, bytes]:
        """The Web Key Directory, path to octets; raises ValueError where no program would take the key out of it."""
        names = [name.casefold() for name in _keyblock.names(self.key.minimal)]
        wanted = self._address.casefold()
        if not any(name == wanted or name.endswith(f"<{wanted}>") for name in names):
            raise ValueError(
                f"the gateway's OpenPGP key does not name {self._address}: make one that does, gsp key renew"
            )
        return _publish.directory(self._address, self.key.minimal)

    def write(self, folder: Path) -> tuple[str, ...]:
        """Writes the directory below a folder, readable by every program; gives the paths. A second run renews it."""
        files = self.files()
        for name, octets in files.items():
            path = folder / name
            for parent in reversed([parent for parent in path.parents if not parent.exists()]):
                parent.mkdir()
                parent.chmod(0o755)
            unfinished = path.with_name(path.name + ".new")
            unfinished.write_bytes(octets)
            unfinished.chmod(0o644)
            os.replace(unfinished, path)
        return tuple(files)
