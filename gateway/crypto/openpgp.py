"""OpenPGP by GnuPG, in a home of its own: opens, verifies, seals; the registry decides whom to believe."""

from __future__ import annotations

import io
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from queue import Queue

from gateway.content import N_, MimePart
from gateway.crypto import _homes, _keyblock, _packets, _publish, _readers, _status
from gateway.crypto._gpg import Done, Engine
from gateway.facts import Ciphertext, Fingerprint, PublicKey, digest
from gateway.mime.armour import armoured
from gateway.outcome import REASONS, Cause, Defer, Hold, Refuse
from gateway.ports import Addressed, Opened, SignatureReport

_KEY_LIMIT = 200_000  # octets of a key that somebody registers
_CLEAN_LIMIT = 30_000  # octets of it that are its owner's own: names, pictures, subkeys
_FUTURE = timedelta(minutes=15)
_WRITE_BUFFER = 128 * 1024  # gpg stops at --max-output up to two of its buffers early (measured)
_NO_KEY = "the gateway has no usable OpenPGP key, or gpg-agent does not start: restore gnupg/, or run `gsp key renew`"
_ONE_KEY = N_("exactly one OpenPGP public key (version 4) is needed in the file")
_TOO_NEW = N_(
    "the focal point cannot use this kind of key yet (OpenPGP version 6, or an algorithm that came with it): make a "
    "key of version 4 with RSA or Curve25519, as GnuPG and Thunderbird make them, and send that"
)
_INLINE = ("text/plain", "application/pgp")


class OpenPgp:
    """`ports.CryptoScheme`. `home` is the GnuPG home, `engines` the numbers of the gpg-agents that work side by side.

    One gpg-agent serves one secret-key operation at a time: each engine has a home with an agent of its
    own, all sharing one folder of secret keys. `secret`: the keys' passphrase, or the PIN of their token.
    """

    name = "openpgp"

    def __init__(self, home: Path, engines: Iterable[int], clock: Callable[[], datetime], secret: bytes = b"") -> None:
        self._home = home
        self._clock = clock
        self._links: list[Path] = []
        self._engines: Queue[Engine] = Queue()
        if not home.is_dir():
            raise ValueError(_NO_KEY)
        for number in engines:
            self._engines.put(_homes.started(self._reachable(_homes.of_engine(home, number)), secret))
        self._certificates = home / "certificates"
        self._certificates.mkdir(mode=0o700, exist_ok=True)
        self._lock = threading.Lock()
        self._own_ring = str(home / "pubring.kbx")
        with self._engine(()) as gpg:
            own = self._listed(gpg, ["--list-secret-keys"]).keys
            exported = gpg.run(["--export", *(key.fingerprint for key in own)]).output
        usable = [key for key in own if key.can_sign and key.can_encrypt]
        if not usable:
            self.close()
            raise ValueError(_NO_KEY)
        self.fingerprint = usable[-1].fingerprint
        self._own = tuple(key.fingerprint for key in own)
        # Mail to an older key of ours can still be read.
        self._subkeys = frozenset(key_id for key in own for key_id in key.encryption_ids)
        # GnuPG remembers that a key's own signatures are good only where it was imported, not where it was made:
        # with the ring it was made in, opening a mail takes more than twice the time (measured).
        self._own_ring = self._box(exported)

    # --- outside, before anything is opened -----------------------------------------------------------

    def recognise(self, tree: MimePart, anybody: bool = False) -> bytes | None:
        """The binary OpenPGP message that a mail wholly is (RFC 3156, or inline armour); None: no OpenPGP."""
        if (
            tree.media_type == "multipart/encrypted"
            and tree.parameter("protocol").lower() == "application/pgp-encrypted"
        ):
            kinds = [child.media_type for child in tree.children]
            if len(kinds) != 2 or kinds[0] != "application/pgp-encrypted":
                raise Refuse(REASONS[102])
            return self._accepted(tree.children[1].body, 105, anybody)
        if not any(b"-----BEGIN PGP MESSAGE" in part.body for part in tree.walk()):
            return None
        if tree.children or tree.media_type not in _INLINE:
            raise Refuse(REASONS[102])
        return _packets.with_charset(tree.body, self._accepted(tree.body, 101, anybody))

    def _accepted(self, body: bytes, damaged: int, anybody: bool) -> bytes:
        found = _packets.armoured(body)
        if found is None:
            raise Refuse(REASONS[102 if body.count(b"-----BEGIN PGP") > 1 else damaged])
        before, octets, after = found
        if before.strip() or after.strip():
            raise Refuse(REASONS[102])
        seen = _packets.outline(octets)
        if seen is None:
            raise Refuse(REASONS[105])
        if not seen.whole:
            # Armour around what is signed or compressed only is no encryption.
            raise Refuse(REASONS[102 if seen.content in _packets.ENCRYPTED else 101 if seen.content else 105])
        if seen.passphrase or seen.content == _packets.SED or seen.version > 1 or not seen.key_ids:
            raise Refuse(REASONS[104])
        if not anybody and not any(key_id in self._subkeys or set(key_id) == {"0"} for key_id in seen.key_ids):
            raise Refuse(REASONS[103])
        return octets

    def addressed(self, octets: bytes, keys: Sequence[PublicKey]) -> Addressed:
        """Whom the message names by key ids, as GnuPG lists them; nothing is opened.

        Raises Refuse [GSP-105] where GnuPG sees other readers than we do.
        """
        own = [key for key in keys if key.scheme == self.name]
        with self._engine(()) as gpg:
            return _readers.of_message(gpg, _packets.binary(octets), own, self._subkeys, self._clock())

    def passed_on(self, octets: bytes, identifier: str) -> bytes:
        """The MIME entity that carries a message as it came (RFC 3156, 4)."""
        return self.wrapped(armoured("MESSAGE", _packets.binary(octets)), identifier)

    # --- opening ----------------------------------------------------------------------------------------

    def open(self, ciphertext: Ciphertext, claimed: Sequence[PublicKey], limit: int) -> Opened:
        """What is inside, integrity proven, with every signature judged against the claimed keys only.

        Raises Refuse [GSP-201], or Defer [GSP-303] where our own agent is away: that is not the sender's fault.
        """
        with self._engine(claimed) as gpg:
            done = self._decrypted(gpg, _packets.binary(ciphertext.octets), limit)
            if not done.said.found_key and self._signed(gpg, b"").status:  # agent, passphrase or token: our own fault
                raise Defer(REASONS[303])
        if done.status and len(done.output) + _WRITE_BUFFER > limit:
            raise Refuse(REASONS[201], Cause.TOO_LARGE_INSIDE)
        if not done.said.opened:
            cause = Cause.NO_INTEGRITY if done.said.found_key and done.said.failed else Cause.CANNOT_DECRYPT
            raise Refuse(REASONS[201], cause)
        if done.said.weak:
            raise Refuse(REASONS[201], Cause.WEAK_ALGORITHM)
        reports = tuple(self._judge(signature, done.output) for signature in done.said.signatures)
        if done.status and all(report.cause is Cause.NONE for report in reports):
            raise Refuse(REASONS[201], Cause.CANNOT_DECRYPT)
        return Opened(done.output, reports)

    def _decrypted(self, gpg: Engine, octets: bytes, limit: int) -> Done:
        """The run without complaint: a key tried in vain for a hidden recipient is one, so each goes first once."""
        options = ["--max-output", str(limit)]
        done: Done = gpg.decrypt_file(io.BytesIO(octets), extra_args=options).done
        seen = _packets.outline(octets)
        hidden = seen is not None and any(set(key_id) == {"0"} for key_id in seen.key_ids)
        if done.status and done.said.opened and hidden and len(self._own) > 1:
            for mark in self._own:
                again: Done = gpg.decrypt_file(io.BytesIO(octets), extra_args=[*options, "--try-secret-key", mark]).done
                if not again.status:
                    return again
        return done

    def verify(self, signed: bytes, signature: bytes, claimed: Sequence[PublicKey]) -> SignatureReport:
        """Judges a detached signature over exactly these octets (RFC 3156, 5)."""
        with self._engine(claimed) as gpg:
            done = gpg.verify_detached(signed, signature)
        reports = [self._judge(one, signed) for one in done.said.signatures]
        if len(reports) != 1:
            cause = Cause.SEVERAL_SIGNATURES if reports else Cause.BAD_SIGNATURE
            return SignatureReport(cause, None, None, b"")
        if done.status and reports[0].cause is Cause.NONE:
            return SignatureReport(Cause.BAD_SIGNATURE, None, None, b"")
        return reports[0]

    def _judge(self, signature: _status.Signature, content: bytes) -> SignatureReport:
        cause = signature.cause
        if cause is Cause.NONE and signature.made_at > self._clock() + _FUTURE:
            cause = Cause.WRONG_TIME  # GnuPG calls a signature of 2038 good
        return SignatureReport(cause, signature.fingerprint, signature.made_at, _identity(signature, content))

    def sign(self, octets: bytes) -> bytes:
        """A detached signature over these octets by our own key, armoured."""
        with self._engine(()) as gpg:
            done = self._signed(gpg, octets)
        if done.status or not done.output:
            raise Defer(REASONS[303])
        return done.output

    def _signed(self, gpg: Engine, octets: bytes) -> Done:
        return gpg.run(["--armor", "--local-user", self.fingerprint, "--detach-sign"], octets)

    def signed_by_us(self, octets: bytes, signature: bytes) -> Fingerprint | None:
        """Which of our own keys, the present one or an older one, made a good signature over these octets."""
        report = self.verify(octets, signature, ())
        return report.fingerprint if report.cause is Cause.NONE and report.fingerprint in self._own else None

    # --- sealing ----------------------------------------------------------------------------------------

    def seal(self, payload: bytes, to: PublicKey) -> bytes:
        """Signs with our key, encrypts to exactly this key by its fingerprint (security.md A7, A27); armoured.

        Raises Hold [GSP-402] where the key cannot be used, Defer [GSP-303] where the fault is ours.
        """
        with self._engine((to,)) as gpg:
            # Not sign=..., which becomes --default-key and asks the agent once more: 2 ms a mail (measured).
            options = ["--local-user", self.fingerprint, "--compress-level", "1"]
            result = gpg.encrypt_file(io.BytesIO(payload), [to.fingerprint], sign=True, extra_args=options)
            done: Done = result.done
        if done.said.bad_recipient:
            raise Hold(REASONS[402])
        if done.status or not done.said.sealed:
            raise Defer(REASONS[303])
        found = _packets.armoured(done.output)
        seen = _packets.outline(found[1]) if found else None
        if seen is None or not seen.whole or len(seen.key_ids) != 1:
            raise Hold(REASONS[402])
        return done.output

    @staticmethod
    def wrapped(sealed: bytes, identifier: str) -> bytes:
        """The MIME entity of what `seal` made (RFC 3156, 4)."""
        boundary = f"=-{identifier}-="
        lines = sealed.strip().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        head = (
            'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted";\r\n'
            f'\tboundary="{boundary}"\r\n\r\n--{boundary}\r\nContent-Type: application/pgp-encrypted'
            f"\r\n\r\nVersion: 1\r\n\r\n--{boundary}\r\n"
            'Content-Type: application/octet-stream; name="encrypted.asc"\r\n'
            'Content-Disposition: inline; filename="encrypted.asc"\r\n\r\n'
        )
        return head.encode("ascii") + lines + f"\r\n\r\n--{boundary}--\r\n".encode("ascii")

    # --- keys -------------------------------------------------------------------------------------------

    def read_key(self, octets: bytes) -> PublicKey:
        """The one public key in these octets, without other people's signatures on it.

        Raises ValueError with a sentence for whoever sent it.
        """
        if len(octets) > _KEY_LIMIT:
            raise ValueError(N_("the key is too large: export it without signatures of others"))
        with self._engine(()) as gpg:
            octets = _unflooded(octets if octets[:1] >= b"\x80" else gpg.run(["--dearmor"], octets).output)
            found = self._listed(gpg, ["--import-options", "show-only", "--import"], octets)
        if found.secret or _keyblock.secret(octets):
            raise ValueError(N_("this is a secret key: never send it to anybody, revoke it, and make a new one"))
        if _keyblock.too_new(octets):
            raise ValueError(_TOO_NEW)
        if len(found.keys) != 1:
            raise ValueError(_ONE_KEY)
        key = found.keys[0]
        if key.weak:
            raise ValueError(N_("the key's algorithm is too weak: use Curve25519, or RSA with at least 2048 bits"))
        if key.costly:
            raise ValueError(N_("the key is longer than 8192 bits: use Curve25519, or RSA with 3072 or 4096 bits"))
        if key.revoked:
            raise ValueError(N_("the key is revoked"))
        if not key.can_sign:
            raise ValueError(N_("the key cannot sign (or has expired): extend it, or make a new one"))
        with tempfile.TemporaryDirectory(dir=self._home) as folder, self._engine(()) as gpg:
            gpg.keyring = [str(Path(folder) / "k.kbx")]
            gpg.import_keys(octets, extra_args=["--import-options", "import-minimal"])
            cleaned = gpg.run(["--export-options", "export-minimal", "--export"]).output
        if len(cleaned) > _CLEAN_LIMIT:
            raise ValueError(N_("the key has too many names, pictures or subkeys: remove those that are not needed"))
        return PublicKey(
            self.name, key.fingerprint, cleaned, key.can_encrypt, key.can_sign, key.usable_until, key.revoked,
            addresses=key.addresses,
        )  # fmt: skip

    def doubt(self, key: PublicKey) -> str:  # noqa: ARG002 - whom to believe is registered, nobody else vouches
        """Nothing: a key that was read can be registered."""
        return ""

    def export(self) -> bytes:
        """Our own public key, armoured."""
        with self._engine(()) as gpg:
            return gpg.run(["--armor", "--export", self.fingerprint]).output

    def minimal(self, address: str) -> bytes:
        """Our own public key for this address alone, binary, as directories and header fields carry it."""
        with self._engine(()) as gpg:
            return _publish.minimal(gpg, self.fingerprint, address)

    def own_key(self) -> PublicKey:
        """Our own public key as a value."""
        return self.read_key(self.export())

    def close(self) -> None:
        """Ends the agents."""
        while not self._engines.empty():
            self._engines.get().end()
        for link in self._links:
            shutil.rmtree(link.parent, ignore_errors=True)

    # --- engines ----------------------------------------------------------------------------------------

    def _reachable(self, home: Path) -> Path:
        """The home by a short name where its own is too long for gpg-agent's socket (108 octets)."""
        if len(str(home)) <= 80:
            return home
        link = Path(tempfile.mkdtemp(prefix="gsp-")) / "h"
        link.symlink_to(home)
        self._links.append(link)
        return link

    @contextmanager
    def _engine(self, keys: Sequence[PublicKey]) -> Iterator[Engine]:
        """An engine that is free, knowing our own keys and these."""
        rings = self._rings(keys)
        engine = self._engines.get()
        engine.keyring = rings
        try:
            yield engine
        finally:
            self._engines.put(engine)

    def _rings(self, keys: Sequence[PublicKey]) -> list[str]:
        """Our own keys and these, each in a small keybox: a large ring makes every call slow (measured)."""
        # Our own key once only: GnuPG finds it ambiguous where it stands in two boxes.
        others = (key for key in keys if key.scheme == self.name and key.fingerprint not in self._own)
        boxes = [self._own_ring, *(self._box(key.octets) for key in others)]
        # Each once: gpg fails on a key ring given twice, as our own is where we write to ourselves (`gsp doctor`).
        return [box for box in dict.fromkeys(boxes) if os.path.exists(box)]

    def _box(self, octets: bytes) -> str:
        """The keybox with just these keys; not there when GnuPG cannot read them."""
        box = f"{self._certificates}/{digest(octets)[:40]}.kbx"
        if not os.path.exists(box):
            with self._lock, tempfile.TemporaryDirectory(dir=self._home) as folder, self._engine(()) as gpg:
                made = f"{folder}/new.kbx"
                gpg.keyring = [made]
                gpg.import_keys(octets)
                if os.path.exists(made):
                    os.replace(made, box)
        return box

    def _listed(self, gpg: Engine, arguments: Sequence[str], octets: bytes = b"") -> _status.Listing:
        return _status.listing(gpg.run(arguments, octets).output, self._clock())


def _unflooded(octets: bytes) -> bytes:
    """A binary key as it came; raises ValueError where GnuPG should not even begin to read it."""
    try:
        flooded = _keyblock.flooded(octets)
    except IndexError:
        raise ValueError(_ONE_KEY) from None
    if flooded:
        raise ValueError(N_("too much is on the key: export it without signatures of others, and with few names"))
    return octets


def _identity(signature: _status.Signature, content: bytes) -> bytes:
    """Who signed what when, for replay protection; white space apart, of which a text signature leaves some open.

    Not GnuPG's SIG_ID, which is made of the signature's numbers: from one signature by ECDSA or EdDSA anybody can
    compute another that is as good (n - s; s + L), with another SIG_ID (measured with GnuPG 2.2.40).
    """
    said = digest(content.translate(None, b" \t\r\n\v\f"))
    return "\0".join((str(signature.fingerprint), said, signature.made_at.isoformat())).encode()


create, adopt = _homes.create, _homes.adopt
