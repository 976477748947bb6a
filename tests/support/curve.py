"""A small, real scheme at the port `CryptoScheme` for tests that need thousands of mails: no process, no file.

X25519, ChaCha20-Poly1305 and Ed25519 as the library `cryptography` has them. Like OpenPGP it signs what is encrypted
without naming the reader. It takes the name `openpgp`, because that is what clear notices and the registry expect.
"""

from __future__ import annotations

import base64
import email
import email.policy
import hashlib
import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from gateway.content import MimePart
from gateway.facts import Ciphertext, Fingerprint, PublicKey
from gateway.outcome import REASONS, Cause, Hold, Refuse
from gateway.ports import Opened, SignatureReport

MEDIA_TYPE = "application/x-curve"
_MARK = b"curve key "


class Keys:
    """Somebody's pair of keys: one signs, one opens. `until`: when they expire."""

    def __init__(self, until: datetime | None = None) -> None:
        self._signing = Ed25519PrivateKey.generate()
        self._opening = X25519PrivateKey.generate()
        stamp = int(until.timestamp()) if until else 0
        both = self._signing.public_key().public_bytes_raw() + self._opening.public_key().public_bytes_raw()
        self.public = _MARK + base64.b64encode(both + stamp.to_bytes(8, "big"))

    def signed(self, payload: bytes, when: datetime) -> bytes:
        """The payload with signature, key and time before it."""
        dated = int(when.timestamp()).to_bytes(8, "big") + payload
        return b"S" + self._signing.public_key().public_bytes_raw() + self._signing.sign(dated) + dated

    def opened(self, octets: bytes) -> bytes:
        """What was encrypted to these keys, signature before it; raises ValueError for anything else."""
        reader, sender, nonce, sealed = octets[:32], octets[32:64], octets[64:76], octets[76:]
        if reader != self._opening.public_key().public_bytes_raw():
            raise ValueError("to another key")
        try:
            shared = self._opening.exchange(X25519PublicKey.from_public_bytes(sender))
            return ChaCha20Poly1305(hashlib.sha256(shared).digest()).decrypt(nonce, sealed, None)
        except (InvalidTag, ValueError):
            raise ValueError("changed on the way") from None

    @property
    def reads(self) -> bytes:
        """The public half of what opens."""
        return self._opening.public_key().public_bytes_raw()


def sealed_to(public: bytes, octets: bytes) -> bytes:
    """Octets encrypted to the keys of `Keys.public`, without a signature."""
    key = base64.b64decode(public.removeprefix(_MARK))[32:64]
    once = X25519PrivateKey.generate()
    nonce = os.urandom(12)
    shared = hashlib.sha256(once.exchange(X25519PublicKey.from_public_bytes(key))).digest()
    return key + once.public_key().public_bytes_raw() + nonce + ChaCha20Poly1305(shared).encrypt(nonce, octets, None)


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

    def recognise(self, tree: MimePart) -> bytes | None:
        if tree.media_type != MEDIA_TYPE:
            return None
        if len(tree.body) < 100:
            raise Refuse(REASONS[105])
        if tree.body[:32] != self.keys.reads:
            raise Refuse(REASONS[103])
        return tree.body

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
        return sealed_to(to.octets, self.keys.signed(payload, self._clock()))

    def wrapped(self, sealed: bytes, identifier: str) -> bytes:
        return wrapped(sealed)

    def read_key(self, octets: bytes) -> PublicKey:
        if not octets.startswith(_MARK):
            raise ValueError("")
        stamp = int.from_bytes(_raw(octets)[64:], "big")
        mark = hashlib.sha256(octets).hexdigest()[:40].upper()
        until = datetime.fromtimestamp(stamp, UTC) if stamp else None
        return PublicKey(self.name, Fingerprint(mark), octets, True, True, until)

    def doubt(self, key: PublicKey) -> str:
        return ""


def _raw(public: bytes) -> bytes:
    return base64.b64decode(public.removeprefix(_MARK))


class Writer:
    """A person with such keys who writes and reads mails, also with keys of long ago."""

    def __init__(self, address: str, until: datetime | None = None) -> None:
        self.address = address
        self.rings = [Keys(until)]

    @property
    def public_key(self) -> bytes:
        return self.rings[-1].public

    def again(self) -> Writer:
        """The same person at the beginning, with the first keys only."""
        same = Writer.__new__(Writer)
        same.address, same.rings = self.address, self.rings[:1]
        return same

    def renew(self) -> None:
        """Makes further keys; from now on these sign."""
        self.rings.append(Keys())

    def write(
        self, to: str, key: bytes, body: str, when: datetime, subject: str = "...", in_reply_to: str = "",
        from_: str = "", signed: bool = True, ring: int = -1, attach: bytes = b"",
    ) -> bytes:  # fmt: skip
        """A mail to the keys `key`, signed by this person's keys whatever From says."""
        inner = EmailMessage(policy=email.policy.SMTP)
        inner.set_content(body, cte="quoted-printable")
        if attach:
            inner.add_attachment(attach, maintype="application", subtype="pgp-keys", filename="key.asc")
        payload = inner.as_bytes()
        clear = self.rings[ring].signed(payload, when) if signed else b"U" + payload
        threads = [f"In-Reply-To: {in_reply_to}", f"References: {in_reply_to}"] if in_reply_to else []
        fields = [
            f"From: {from_ or self.address}", f"To: {to}", f"Subject: {subject}", f"Date: {format_datetime(when)}",
            f"Message-ID: {make_msgid(domain=self.address.rpartition('@')[2])}", *threads, "MIME-Version: 1.0",
        ]  # fmt: skip
        return "\r\n".join([*fields, ""]).encode() + wrapped(sealed_to(key, clear))

    def opened(self, raw: bytes) -> bytes:
        """The MIME entity inside a mail to this person; raises ValueError where no key of his opens it."""
        part = email.message_from_bytes(raw, policy=email.policy.default)
        octets = part.get_payload(decode=True)
        assert isinstance(octets, bytes)
        for ring in self.rings:
            if octets[:32] == ring.reads:
                return ring.opened(octets)[105:]
        raise ValueError("to nobody here")
