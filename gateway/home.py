"""The folder of one gateway: where everything lies, and the key under which digests and tokens are made."""

from __future__ import annotations

import base64
import hmac
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from gateway.facts import Digest, ReferralNumber, Token
from gateway.treaty import Side


@dataclass(frozen=True, slots=True)
class Home:
    """Paths below the home. Everything that needs a backup is here and nowhere else."""

    root: Path

    @property
    def settings(self) -> Path:
        """The settings, TOML."""
        return self.root / "gateway.toml"

    @property
    def database(self) -> Path:
        """The default database (SQLite)."""
        return self.root / "gateway.db"

    @property
    def gnupg(self) -> Path:
        """The gateway's own GnuPG home."""
        return self.root / "gnupg"

    @property
    def smime(self) -> Path:
        """The gateway's certificate and its key."""
        return self.root / "smime"

    @property
    def secret(self) -> Path:
        """The key of digests and tokens. Losing it loses "asked before" and all open reply tokens."""
        return self.root / "secret.key"

    @property
    def leader(self) -> Path:
        """Lock file of the instance that does the scheduled work."""
        return self.root / "leader.lock"

    def exists(self) -> bool:
        """Whether `gsp init` has made this home."""
        return self.settings.is_file() and self.secret.is_file()


def create_secret(path: Path) -> None:
    """Writes 32 random octets, readable by the owner only, unless the file is there."""
    if path.exists():
        return
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_bytes(32))
        file.flush()
        os.fsync(file.fileno())


class HomeKey:
    """`ports.Keyed`: HMAC-SHA256 (RFC 2104) under the home's key, one purpose each."""

    def __init__(self, path: Path) -> None:
        key = path.read_bytes()
        if len(key) < 32:
            raise ValueError("the key file is too short: restore secret.key from the backup")
        self._keyed = hmac.new(key, digestmod="sha256")  # copied for each use: to begin anew takes longer (measured)

    def uim(self, canonical: str) -> Digest:
        """What is kept of a UIM: enough to know it again, not to read it."""
        return Digest(self._mac("uim", canonical).hex())

    def token(self, referral: ReferralNumber, side: Side) -> Token:
        """120 unguessable bits, bound to one side of one referral; letters and digits of one case."""
        return Token(_base32(self._mac("token", str(referral), side.value)[:15]))

    def token_digest(self, token: str) -> Digest:
        """What is kept of a token, so that the database alone does not give any away."""
        return Digest(self._mac("token digest", token.strip().lower()).hex())

    def token_digest_of(self, referral: ReferralNumber, side: Side) -> Digest:
        """The digest under which the store knows a referral's token."""
        return self.token_digest(self.token(referral, side))

    def password(self, party: str, person: int, number: int) -> str:
        """A password of 120 unguessable bits for somebody who logs in; another `number`, another password."""
        return _base32(self._mac("password", party, str(person), str(number))[:15])

    def identifier(self, *parts: str) -> str:
        """Twenty-four letters and digits, the same for the same parts: Message-IDs and envelope ids."""
        return _base32(self._mac("identifier", *parts)[:15])

    def _mac(self, purpose: str, *parts: str) -> bytes:
        mac = self._keyed.copy()
        mac.update("\0".join((purpose, *parts)).encode("utf-8", "surrogatepass"))
        return mac.digest()


def _base32(octets: bytes) -> str:
    return base64.b32encode(octets).decode("ascii").rstrip("=").lower()
