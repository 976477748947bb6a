"""OpenPGP by GnuPG, in a home of its own: opens, verifies, seals; the registry decides whom to believe.

python-gnupg finds and starts the program; what GnuPG says is read from a status file of its own, because
python-gnupg's verdict is true for revoked, expired and unknown signers (measured). All clear text goes through
anonymous memory files: no pipe threads, nothing on disk.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from queue import Queue

import gnupg

from gateway.content import MimePart
from gateway.crypto import _packets, _status
from gateway.facts import Ciphertext, PublicKey, digest
from gateway.outcome import REASONS, Cause, Defer, Hold, Refuse
from gateway.ports import Opened, SignatureReport

_LIMIT_SECONDS = 100
_KEY_LIMIT = 200_000  # octets of a key that somebody registers
_FUTURE = timedelta(minutes=15)
# Deterministic, no network, trust decided by us (libraries.md 1.3).
_OPTIONS = (
    "--no-options", "--batch", "--no-tty", "--quiet", "--no-verbose", "--trust-model", "always",
    "--no-auto-check-trustdb", "--no-auto-key-locate", "--no-auto-key-retrieve", "--disable-dirmngr", "--lock-never",
    "--no-random-seed-file", "--no-default-keyring",
)  # fmt: skip
_KEY = """%no-protection
Key-Type: {kind}
Key-Usage: sign,cert
Subkey-Type: {subkind}
Subkey-Usage: encrypt
Name-Real: Focal point
Name-Email: {address}
Expire-Date: 0
%commit
"""
_KINDS = {
    "ed25519": ("EDDSA\nKey-Curve: ed25519", "ECDH\nSubkey-Curve: cv25519"),
    "rsa3072": ("RSA\nKey-Length: 3072", "RSA\nSubkey-Length: 3072"),
}


@dataclass(frozen=True, slots=True)
class _Done:
    """A run of gpg: exit status, status lines, output."""

    status: int
    said: _status.Said
    output: bytes


class OpenPgp:
    """`ports.CryptoScheme`. `home` is the GnuPG home, `engines` how many gpg-agents work side by side.

    One gpg-agent serves one secret-key operation at a time: each engine has a home with an agent of its
    own, all sharing one folder of secret keys.
    """

    name = "openpgp"

    def __init__(self, home: Path, engines: int, clock: Callable[[], datetime]) -> None:
        self._home = home
        self._clock = clock
        self._engines: Queue[Path] = Queue()
        self._links: list[Path] = []
        for number in range(engines):
            self._engines.put(self._reachable(_engine_home(home, number)))
        self._gpg = gnupg.GPG(gnupghome=str(home), use_agent=True)
        self._certificates = home / "certificates"
        self._certificates.mkdir(mode=0o700, exist_ok=True)
        self._lock = threading.Lock()
        own = self._list(["--keyring", str(home / "pubring.kbx"), "--list-keys"])
        if not own.keys:
            raise ValueError("the gateway has no OpenPGP key: run `gsp init`")
        self.fingerprint = own.keys[-1].fingerprint
        self._subkeys = frozenset(key_id for key in own.keys for key_id in key.encryption_ids)

    # --- outside, before anything is opened -----------------------------------------------------------

    def recognise(self, tree: MimePart) -> bytes | None:
        """The binary OpenPGP message that a mail wholly is (RFC 3156, or inline armour); None: no OpenPGP."""
        if tree.media_type == "multipart/encrypted" and tree.parameter("protocol") == "application/pgp-encrypted":
            kinds = [child.media_type for child in tree.children]
            if len(kinds) != 2 or kinds[0] != "application/pgp-encrypted":
                raise Refuse(REASONS[102])
            return self._accepted(tree.children[1].body)
        holders = [part for part in tree.walk() if b"-----BEGIN PGP MESSAGE" in part.body]
        if not holders:
            return None
        if tree.children or tree.media_type != "text/plain":
            raise Refuse(REASONS[102])
        return self._accepted(tree.body)

    def _accepted(self, body: bytes) -> bytes:
        found = _packets.armoured(body)
        if found is None:
            raise Refuse(REASONS[105])
        before, octets, after = found
        if before.strip() or after.strip():
            raise Refuse(REASONS[102])
        seen = _packets.outline(octets)
        if seen is None:
            raise Refuse(REASONS[105])
        if not seen.whole:
            raise Refuse(REASONS[102] if seen.content else REASONS[104])
        if seen.passphrase or seen.content == _packets.SED or seen.version > 1 or not seen.key_ids:
            raise Refuse(REASONS[104])
        if not any(key_id in self._subkeys or set(key_id) == {"0"} for key_id in seen.key_ids):
            raise Refuse(REASONS[103])
        return octets

    # --- opening ----------------------------------------------------------------------------------------

    def open(self, ciphertext: Ciphertext, claimed: Sequence[PublicKey], limit: int) -> Opened:
        """What is inside, integrity proven, with every signature judged against the claimed keys only."""
        done = self._run(["--max-output", str(limit), "--decrypt"], ciphertext.octets, self._rings(claimed))
        if len(done.output) >= limit:
            raise Refuse(REASONS[201], Cause.TOO_LARGE_INSIDE)
        if done.said.agent_away:
            raise Defer(REASONS[303])
        if not done.said.opened:
            raise Refuse(REASONS[201], Cause.NO_INTEGRITY if done.said.tampered else Cause.CANNOT_DECRYPT)
        reports = tuple(self._judge(signature) for signature in done.said.signatures)
        if done.status and all(report.cause is Cause.NONE for report in reports):
            raise Refuse(REASONS[201], Cause.CANNOT_DECRYPT)
        return Opened(done.output, reports)

    def verify(self, signed: bytes, signature: bytes, claimed: Sequence[PublicKey]) -> SignatureReport:
        """Judges a detached signature over exactly these octets (RFC 3156, 5)."""
        with _memory(signature) as file:
            arguments = ["--verify", f"/proc/self/fd/{file}", "-"]
            done = self._run(arguments, signed, self._rings(claimed), (file,))
        reports = [self._judge(one) for one in done.said.signatures]
        if len(reports) != 1:
            cause = Cause.SEVERAL_SIGNATURES if reports else Cause.BAD_SIGNATURE
            return SignatureReport(cause, None, None, b"")
        return reports[0]

    def _judge(self, signature: _status.Signature) -> SignatureReport:
        cause = signature.cause
        if cause is Cause.NONE and signature.made_at > self._clock() + _FUTURE:
            cause = Cause.WRONG_TIME  # GnuPG calls a signature of 2038 good
        return SignatureReport(cause, signature.fingerprint, signature.made_at, signature.identity)

    # --- sealing ----------------------------------------------------------------------------------------

    def seal(self, payload: bytes, to: PublicKey) -> bytes:
        """Signed with our key, encrypted to exactly this key by its fingerprint; armoured."""
        arguments = [
            "--armor", "--compress-level", "1", "--local-user", self.fingerprint, "--recipient", to.fingerprint,
            "--sign", "--encrypt",
        ]  # fmt: skip
        done = self._run(arguments, payload, self._rings((to,)))
        if done.said.agent_away:
            raise Defer(REASONS[303])
        if done.status or not done.said.sealed:
            raise Hold(REASONS[402])
        return done.output

    # --- keys -------------------------------------------------------------------------------------------

    def read_key(self, octets: bytes) -> PublicKey:
        """The one public key in these octets, without other people's signatures on it.

        Raises ValueError with a sentence for whoever sent it.
        """
        if len(octets) > _KEY_LIMIT:
            raise ValueError("the key is too large: export it without signatures of others")
        found = self._list(["--import-options", "show-only", "--import"], octets)
        if found.secret:
            raise ValueError("this is a secret key: never send it to anybody, revoke it, and make a new one")
        if len(found.keys) != 1:
            raise ValueError("exactly one OpenPGP public key (version 4) is needed in the file")
        key = found.keys[0]
        if key.weak:
            raise ValueError("the key's algorithm is too weak: use Curve25519, or RSA with at least 2048 bits")
        if key.revoked:
            raise ValueError("the key is revoked")
        if not key.can_sign:
            raise ValueError("the key cannot sign (or has expired): extend it, or make a new one")
        with tempfile.TemporaryDirectory(dir=self._home) as folder:
            ring = ["--keyring", str(Path(folder) / "k.kbx")]
            self._run(["--import-options", "import-minimal", "--import"], octets, ring)
            cleaned = self._run(["--export-options", "export-minimal", "--export"], b"", ring).output
        return PublicKey(
            self.name, key.fingerprint, cleaned, key.can_encrypt, key.can_sign, key.usable_until, key.revoked
        )

    def export(self) -> bytes:
        """Our own public key, armoured."""
        return self._run(["--armor", "--export", self.fingerprint], b"", self._rings(())).output

    def own_key(self) -> PublicKey:
        """Our own public key as a value."""
        return self.read_key(self.export())

    def close(self) -> None:
        """Ends the agents."""
        while not self._engines.empty():
            home = self._engines.get()
            subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=False, capture_output=True)
        for link in self._links:
            shutil.rmtree(link.parent, ignore_errors=True)

    # --- running gpg ------------------------------------------------------------------------------------

    def _reachable(self, home: Path) -> Path:
        """The home by a short name where its own is too long for gpg-agent's socket (108 octets)."""
        if len(str(home)) <= 80:
            return home
        link = Path(tempfile.mkdtemp(prefix="gsp-")) / "h"
        link.symlink_to(home)
        self._links.append(link)
        return link

    def _rings(self, keys: Sequence[PublicKey]) -> list[str]:
        """Our own key and these, each in a small keybox: a large ring makes every call slow (measured)."""
        rings = ["--keyring", str(self._home / "pubring.kbx")]
        for key in keys:
            if key.scheme != self.name:
                continue
            box = self._certificates / f"{digest(key.octets)[:40]}.kbx"
            if not box.exists():
                self._make_box(box, key.octets)
            rings += ["--keyring", str(box)]
        return rings

    def _make_box(self, box: Path, octets: bytes) -> None:
        with self._lock, tempfile.TemporaryDirectory(dir=self._home) as folder:
            made = Path(folder) / box.name
            self._run(["--import"], octets, ["--keyring", str(made)])
            if made.exists():
                os.replace(made, box)

    def _list(self, arguments: Sequence[str], octets: bytes = b"") -> _status.Listing:
        done = self._run(["--with-colons", "--fixed-list-mode", *arguments], octets, [])
        return _status.listing(done.output, self._clock())

    def _run(self, arguments: Sequence[str], octets: bytes, rings: Sequence[str], files: tuple[int, ...] = ()) -> _Done:
        engine = self._engines.get()
        try:
            with _memory(octets) as source, _memory(b"") as target, _memory(b"") as status:
                command = [
                    self._gpg.gpgbinary, "--homedir", str(engine), *_OPTIONS, *rings, "--status-fd", str(status),
                    *arguments,
                ]  # fmt: skip
                done = subprocess.run(
                    command, stdin=source, stdout=target, stderr=subprocess.DEVNULL, pass_fds=(status, *files),
                    timeout=_LIMIT_SECONDS, check=False,
                )  # fmt: skip
                return _Done(done.returncode, _status.read(_content(status)), _content(target))
        except (OSError, subprocess.TimeoutExpired):
            raise Defer(REASONS[303]) from None
        finally:
            self._engines.put(engine)


def create(home: Path, address: str, kind: str = "ed25519") -> None:
    """Makes a GnuPG home with the gateway's key (Ed25519 and Curve25519 by default), unless there is one."""
    home.mkdir(mode=0o700, exist_ok=True)
    home.chmod(0o700)
    # Before the key is made: a passphrase set later must not cost half a second of CPU each time (measured).
    (home / "gpg-agent.conf").write_text("s2k-count 65536\n")
    if (home / "pubring.kbx").exists() and kind == "ed25519":
        return
    main, sub = _KINDS[kind]
    with tempfile.TemporaryDirectory(prefix="gsp-") as folder:
        link = Path(folder) / "h"
        link.symlink_to(home.resolve())
        parameters = _KEY.format(kind=main, subkind=sub, address=address)
        done = subprocess.run(
            ["gpg", "--homedir", str(link), "--batch", "--quiet", "--generate-key"],
            input=parameters.encode(), capture_output=True, check=False,
        )  # fmt: skip
        subprocess.run(["gpgconf", "--homedir", str(link), "--kill", "all"], check=False, capture_output=True)
    if done.returncode:
        raise ValueError("GnuPG could not make the gateway's key: is gpg-agent installed?")


def _engine_home(home: Path, number: int) -> Path:
    if number == 0:
        return home.resolve()
    engine = home.resolve() / f"engine-{number}"
    engine.mkdir(mode=0o700, exist_ok=True)
    keys = engine / "private-keys-v1.d"
    if not keys.exists():
        keys.symlink_to(home.resolve() / "private-keys-v1.d")
    return engine


@contextmanager
def _memory(octets: bytes) -> Iterator[int]:
    """A file in memory that has no name, holding these octets, read from its beginning."""
    file = os.memfd_create("gsp", os.MFD_CLOEXEC)
    try:
        view = memoryview(octets)
        while view:
            view = view[os.write(file, view) :]
        os.lseek(file, 0, os.SEEK_SET)
        yield file
    finally:
        os.close(file)


def _content(file: int) -> bytes:
    size = os.fstat(file).st_size
    return os.pread(file, size, 0) if size else b""


SCHEME = OpenPgp
