"""The people of `town.py` with GnuPG: one home for all of them, in which everybody may have several keys.

Who can open a mail is not tried but read, from the keys that GnuPG lists as its readers. Keys that were made are used
again in the next town: there they are new.
"""

from __future__ import annotations

import email.policy
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage, Message

from gateway.correspondence import Correspondent
from tests.support.rings import Holders, Ring


@dataclass(frozen=True)
class GnuKey:
    """A key: its fingerprint, the id of what opens, and what is given to others."""

    mark: str
    opens: str
    public: bytes


@dataclass
class _Pool:
    """The home, and all keys that were ever made in it. `mails`: how many were written."""

    home: Correspondent
    own: str  # the gateway's fingerprint
    keys: dict[str, list[GnuKey]] = field(default_factory=dict)
    mails: int = 0

    def key(self, name: str, place: int) -> GnuKey:
        made = self.keys.setdefault(name, [])
        while len(made) <= place:
            who = f"{name} {len(made)} <{name}@party.example>"
            self.home._gpg("--quick-generate-key", who, "future-default", "default", "never")
            lines = self.home._gpg("--list-keys", "--with-colons", f"={who}").decode().splitlines()
            mark = next(line.split(":")[9] for line in lines if line.startswith("fpr"))
            opens = next(line.split(":")[4] for line in lines if line.startswith("sub"))
            made.append(GnuKey(mark, opens, self.home._gpg("--armor", "--export", mark)))
        return made[place]


class GnuCrowd(Holders[GnuKey]):
    """`town.Crowd`; as `curve.Crowd`, but that keys have no end."""

    def __init__(self, pool: _Pool, names: Iterable[str]) -> None:
        self._pool = pool
        self.rings = {name: [pool.key(name, 0)] for name in names}

    @classmethod
    @contextmanager
    def made(cls, names: Iterable[str], own: bytes, fingerprint: str) -> Iterator[GnuCrowd]:
        """Everybody with a key, in a home that ends with the block; `own`: the gateway's key."""
        with Correspondent("town@party.example", "town") as home:
            home.knows(own)
            yield cls(_Pool(home, fingerprint), names)

    def again(self) -> GnuCrowd:
        """The same people at the beginning, each with the first key only."""
        return GnuCrowd(self._pool, self.rings)

    def renew(self, name: str, until: datetime | None = None) -> int:
        """A further key of somebody's; gives its place."""
        self.rings[name].append(self._pool.key(name, len(self.rings[name])))
        return len(self.rings[name]) - 1

    def extend(self, ring: Ring, until: datetime | None) -> bool:
        """It is not."""
        return False

    def until(self, ring: Ring) -> datetime | None:
        """There is no end."""
        return None

    def write(
        self, ring: Ring, to: str, body: str, when: datetime, readers: Sequence[Ring] = (), ours: bool = True,
        subject: str = "...", in_reply_to: str = "", from_: str = "", signed: bool = True, attach: bytes = b"",
    ) -> bytes:  # fmt: skip
        """A mail to these keys and (`ours`) the gateway's, signed with a key whatever From says."""
        pool = self._pool
        pool.mails += 1  # the same text in the same second would have the same signature, and be a copy
        inner = EmailMessage(policy=email.policy.SMTP)
        inner.set_content(f"{body}\n-- \nNo. {pool.mails}\n", cte="quoted-printable")
        if attach:
            inner.add_attachment(attach, maintype="application", subtype="pgp-keys", filename="key.asc")
        to_whom = [*map(self.mark, readers), *([pool.own] if ours else [])]
        named = [part for mark in to_whom for part in ("--recipient", mark)]
        signing = ["--sign", "--local-user", self.mark(ring)] if signed else []
        armoured = pool.home._gpg("--armor", *signing, "--encrypt", *named, stdin=inner.as_bytes())
        raw = pool.home.wrap(armoured, to, datetime.now(UTC), subject, in_reply_to)
        return re.sub(rb"\AFrom: [^\r]*", b"From: " + (from_ or self.address(ring[0])).encode(), raw)

    def opens(self, mail: Message) -> list[Ring]:
        said = self._pool.home._gpg("--status-fd", "1", "--list-only", "--decrypt", stdin=_armoured(mail)).decode()
        owners = {key.opens: (name, place) for name, keys in self.rings.items() for place, key in enumerate(keys)}
        return [owners[found] for found in re.findall(r"\[GNUPG:\] ENC_TO ([0-9A-F]{16})", said) if found in owners]

    def opened(self, mail: Message, ring: Ring) -> bytes:
        return self._pool.home.open(_armoured(mail))[0]


def _armoured(mail: Message) -> bytes:
    octets = list(mail.walk())[2].get_payload(decode=True)
    assert isinstance(octets, bytes)
    return octets
