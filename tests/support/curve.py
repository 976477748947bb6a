"""A small, real scheme at the port `CryptoScheme` for tests that need thousands of mails: no process, no file.

X25519, ChaCha20-Poly1305 and Ed25519 as the library `cryptography` has them. Like OpenPGP it signs what is encrypted
without naming the reader, and encrypts to several readers what each may open. Nothing is left to chance, so that a run
can be repeated: keys are made from a name, and what is used once from what is encrypted.

It takes the name `openpgp`, because that is what clear notices and the registry expect.
"""

from __future__ import annotations

import base64
import email
import email.policy
import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage, Message
from email.utils import format_datetime
from functools import cached_property, lru_cache

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from gateway.content import MimePart
from gateway.facts import Ciphertext, Fingerprint, PublicKey, digest
from gateway.outcome import REASONS, Cause, Hold, Refuse
from gateway.ports import Addressed, Opened, SignatureReport
from tests.support.rings import Holders, Ring

MEDIA_TYPE = "application/x-curve"
_MARK = b"curve key "


def _made(*parts: bytes) -> bytes:
    """32 octets that only these make."""
    return hashlib.sha256(b"\0".join(parts)).digest()


class Keys:
    """Somebody's pair of keys: one signs, one opens. `until`: when they expire."""

    def __init__(self, name: str, until: datetime | None = None) -> None:
        self._signing = Ed25519PrivateKey.from_private_bytes(_made(b"signs", name.encode()))
        self._opening = X25519PrivateKey.from_private_bytes(_made(b"opens", name.encode()))
        self.signs = self._signing.public_key().public_bytes_raw()
        self.reads = self._opening.public_key().public_bytes_raw()
        self.until = until

    @cached_property
    def mark(self) -> str:
        """The fingerprint: with another end it is the same."""
        return hashlib.sha256(self.signs + self.reads).hexdigest()[:40].upper()

    @cached_property
    def public(self) -> bytes:
        """What is given to others."""
        stamp = int(self.until.timestamp()) if self.until else 0
        return _MARK + base64.b64encode(self.signs + self.reads + stamp.to_bytes(8, "big"))

    def signed(self, payload: bytes, when: datetime) -> bytes:
        """The payload with signature, key and time before it."""
        dated = int(when.timestamp()).to_bytes(8, "big") + payload
        return b"S" + self.signs + self._signing.sign(dated) + dated

    def opened(self, octets: bytes) -> bytes:
        """What was encrypted to these keys, signature before it; raises ValueError for anything else."""
        sealed = Sealed.read(octets)
        for reader, sender, wrapped in sealed.readers:
            if reader == self.reads:
                shared = self._opening.exchange(X25519PublicKey.from_public_bytes(sender))
                try:
                    key = ChaCha20Poly1305(_made(shared)).decrypt(bytes(12), wrapped, None)
                    return ChaCha20Poly1305(key).decrypt(bytes(12), sealed.content, None)
                except InvalidTag:
                    raise ValueError("changed on the way") from None
        raise ValueError("to another key")


@dataclass(frozen=True)
class Sealed:
    """An encrypted object: for each reader his public key, the sender's for this once, and the wrapped key."""

    readers: tuple[tuple[bytes, bytes, bytes], ...]
    content: bytes

    @classmethod
    def read(cls, octets: bytes) -> Sealed:
        """The object in these octets; raises ValueError where they are none."""
        many = octets[1] if octets[:1] == b"C" and len(octets) > 100 else 0
        heads = [octets[2 + 112 * place : 2 + 112 * (place + 1)] for place in range(many)]
        if not many or len(heads[-1]) < 112:
            raise ValueError("no encrypted object")
        readers = tuple((head[:32], head[32:64], head[64:]) for head in heads)
        return cls(readers, octets[2 + 112 * many :])


def sealed_to(octets: bytes, *publics: bytes) -> bytes:
    """Octets encrypted to the keys of each `Keys.public`."""
    key = _made(b"key", octets, *publics)
    heads = []
    for reads in (_raw(public)[32:64] for public in publics):
        once = X25519PrivateKey.from_private_bytes(_made(b"once", key, reads))
        shared = once.exchange(X25519PublicKey.from_public_bytes(reads))
        heads.append(reads + once.public_key().public_bytes_raw())
        heads.append(ChaCha20Poly1305(_made(shared)).encrypt(bytes(12), key, None))
    return b"C" + bytes([len(publics)]) + b"".join(heads) + ChaCha20Poly1305(key).encrypt(bytes(12), octets, None)


def wrapped(octets: bytes) -> bytes:
    """The MIME entity around an encrypted object."""
    lines = base64.encodebytes(octets).replace(b"\n", b"\r\n")
    return f"Content-Type: {MEDIA_TYPE}\r\nContent-Transfer-Encoding: base64\r\n\r\n".encode() + lines


class Curve:
    """`ports.CryptoScheme`."""

    name = "openpgp"

    def __init__(self, clock: Callable[[], datetime], keys: Keys) -> None:
        self.keys = keys
        self._clock = clock

    def recognise(self, tree: MimePart, anybody: bool = False) -> bytes | None:
        if tree.media_type != MEDIA_TYPE:
            return None
        try:
            sealed = Sealed.read(tree.body)
        except ValueError:
            raise Refuse(REASONS[105]) from None
        if not anybody and all(reader != self.keys.reads for reader, _, _ in sealed.readers):
            raise Refuse(REASONS[103])
        return tree.body

    def addressed(self, octets: bytes, keys: Sequence[PublicKey]) -> Addressed:
        sealed = Sealed.read(octets)
        owners = {_raw(key.octets)[32:64]: key.fingerprint for key in keys}
        named = [reader for reader, _, _ in sealed.readers]
        return Addressed(
            known=frozenset(owners[reader] for reader in named if reader in owners),
            foreign=any(reader not in owners and reader != self.keys.reads for reader in named),
            hidden=False,
            ours=self.keys.reads in named,
            content=digest(sealed.content),
        )

    def passed_on(self, octets: bytes, identifier: str) -> bytes:
        return wrapped(octets)

    def open(self, ciphertext: Ciphertext, claimed: Sequence[PublicKey], limit: int) -> Opened:
        try:
            clear = self.keys.opened(ciphertext.octets)
        except ValueError:
            raise Refuse(REASONS[201], Cause.CANNOT_DECRYPT) from None
        if len(clear) > limit:
            raise Refuse(REASONS[201], Cause.TOO_LARGE_INSIDE)
        if not clear.startswith(b"S"):
            return Opened(clear[1:], ())
        return Opened(clear[105:], (self._judge(clear, claimed),))

    def _judge(self, clear: bytes, claimed: Sequence[PublicKey]) -> SignatureReport:
        signer, signature, dated = clear[1:33], clear[33:97], clear[97:]
        made_at = datetime.fromtimestamp(int.from_bytes(dated[:8], "big"), UTC)
        key = next((key for key in claimed if _raw(key.octets)[:32] == signer), None)
        if key is None:
            return SignatureReport(Cause.UNKNOWN_KEY, None, made_at, signature)
        cause = Cause.NONE if key.usable(self._clock()) else Cause.REVOKED_KEY if key.revoked else Cause.EXPIRED_KEY
        try:
            Ed25519PublicKey.from_public_bytes(signer).verify(signature, dated)
        except InvalidSignature:
            cause = Cause.BAD_SIGNATURE
        return SignatureReport(cause, key.fingerprint, made_at, signature)

    def verify(self, signed: bytes, signature: bytes, claimed: Sequence[PublicKey]) -> SignatureReport:
        """There are no detached signatures here."""
        return SignatureReport(Cause.BAD_SIGNATURE, None, None, signature)

    def seal(self, payload: bytes, to: PublicKey) -> bytes:
        if not to.usable(self._clock()):
            raise Hold(REASONS[402])
        return sealed_to(self.keys.signed(payload, self._clock()), to.octets)

    def wrapped(self, sealed: bytes, identifier: str) -> bytes:
        return wrapped(sealed)

    def read_key(self, octets: bytes) -> PublicKey:
        if not octets.startswith(_MARK):
            raise ValueError("")
        raw = _raw(octets)
        stamp = int.from_bytes(raw[64:], "big")
        mark = hashlib.sha256(raw[:64]).hexdigest()[:40].upper()
        until = datetime.fromtimestamp(stamp, UTC) if stamp else None
        return PublicKey(self.name, Fingerprint(mark), octets, True, True, until)

    def doubt(self, key: PublicKey) -> str:
        return ""


_keys = lru_cache(maxsize=4096)(Keys)


@lru_cache(maxsize=4096)
def _raw(public: bytes) -> bytes:
    return base64.b64decode(public.removeprefix(_MARK))


class Crowd(Holders[Keys]):
    """Everybody with such keys, by short name, and the gateway's; `rings`: each one's, oldest first."""

    def __init__(self, names: Iterable[str], ends: Mapping[str, datetime], own: Keys) -> None:
        self.rings = {name: [_keys(f"{name} 0", ends.get(name))] for name in names}
        self.own = own
        self._readers = {keys[0].reads: (name, 0) for name, keys in self.rings.items()}

    def again(self) -> Crowd:
        """The same people at the beginning, each with the first keys only."""
        same = Crowd((), {}, self.own)
        same.rings = {name: keys[:1] for name, keys in self.rings.items()}
        same._readers = {keys[0].reads: (name, 0) for name, keys in same.rings.items()}
        return same

    def renew(self, name: str, until: datetime | None = None) -> int:
        """Makes further keys of somebody's; gives their place among his rings."""
        place = len(self.rings[name])
        self.rings[name].append(_keys(f"{name} {place}", until))
        self._readers[self.rings[name][place].reads] = name, place
        return place

    def extend(self, ring: Ring, until: datetime | None) -> bool:
        """Gives keys another end; False where that cannot be done."""
        name, place = ring
        self.rings[name][place] = _keys(f"{name} {place}", until)
        return True

    def until(self, ring: Ring) -> datetime | None:
        """When keys end."""
        return self.rings[ring[0]][ring[1]].until

    def write(
        self, ring: Ring, to: str, body: str, when: datetime, readers: Sequence[Ring] = (), ours: bool = True,
        subject: str = "...", in_reply_to: str = "", from_: str = "", signed: bool = True, attach: bytes = b"",
    ) -> bytes:  # fmt: skip
        """A mail to these keys and (`ours`) the gateway's, signed with a key whatever From says."""
        inner = EmailMessage(policy=email.policy.SMTP)
        inner.set_content(body, cte="quoted-printable")
        if attach:
            inner.add_attachment(attach, maintype="application", subtype="pgp-keys", filename="key.asc")
        payload, address = inner.as_bytes(), from_ or self.address(ring[0])
        clear = self.rings[ring[0]][ring[1]].signed(payload, when) if signed else b"U" + payload
        threads = [f"In-Reply-To: {in_reply_to}", f"References: {in_reply_to}"] if in_reply_to else []
        fields = [
            f"From: {address}", f"To: {to}", f"Subject: {subject}", f"Date: {format_datetime(when)}",
            f"Message-ID: <{hashlib.sha256(clear).hexdigest()[:24]}@party.example>", *threads, "MIME-Version: 1.0",
        ]  # fmt: skip
        keys = [*map(self.public, readers), *([self.own.public] if ours else [])]
        return "\r\n".join([*fields, ""]).encode() + wrapped(sealed_to(clear, *keys))

    def opens(self, mail: Message) -> list[Ring]:
        readers = [reader for reader, _, _ in Sealed.read(_octets(mail)).readers]
        return [self._readers[reader] for reader in readers if reader in self._readers]

    def opened(self, mail: Message, ring: Ring) -> bytes:
        clear = self.rings[ring[0]][ring[1]].opened(_octets(mail))
        return clear[105:] if clear.startswith(b"S") else clear[1:]


def _octets(mail: Message) -> bytes:
    octets = mail.get_payload(decode=True)
    assert isinstance(octets, bytes)
    return octets
