"""A person with a mail client and GnuPG, for the demonstration and the tests: writes and reads real mail."""

from __future__ import annotations

import email
import email.policy
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage, Message
from email.utils import format_datetime, formataddr, make_msgid
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ReadMail:
    """A mail as its reader sees it: the inner subject, the text, the attachments, what the signature says."""

    subject: str
    outer_subject: str
    text: str
    html: str
    attachments: tuple[tuple[str, bytes], ...]
    signed_by: str
    message_id: str
    reply_to: str


class Correspondent:
    """One person (or desk) with an own GnuPG home. Use as a context manager: the home is removed."""

    def __init__(self, address: str, name: str, rsa: bool = False) -> None:
        self.address = address
        self.name = name
        # gpg-agent's socket wants a short path.
        self.home = Path(tempfile.mkdtemp(prefix="gp", dir="/tmp"))
        self.home.chmod(0o700)
        self._gpg(
            "--quick-generate-key", f"{name} <{address}>", "default" if rsa else "future-default", "default", "never"
        )
        listing = self._gpg("--list-keys", "--with-colons", address).decode()
        self.fingerprint = next(line.split(":")[9] for line in listing.splitlines() if line.startswith("fpr"))
        self.public_key = self._gpg("--armor", "--export", self.fingerprint)

    def __enter__(self) -> Correspondent:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends the agent and removes the home."""
        subprocess.run(["gpgconf", "--homedir", str(self.home), "--kill", "all"], check=False, capture_output=True)
        shutil.rmtree(self.home, ignore_errors=True)

    def knows(self, key: bytes) -> str:
        """Imports somebody's public key; gives its fingerprint."""
        self._gpg("--import", stdin=key)
        shown = self._gpg("--show-keys", "--with-colons", stdin=key).decode()
        return next(line.split(":")[9] for line in shown.splitlines() if line.startswith("fpr"))

    def write(
        self,
        to: str,
        key: str,
        body: str | EmailMessage,
        when: datetime,
        subject: str = "...",
        in_reply_to: str = "",
    ) -> bytes:
        """A signed and encrypted PGP/MIME mail (RFC 3156), as octets with CRLF."""
        if isinstance(body, EmailMessage):
            inner = body
        else:
            inner = EmailMessage(policy=email.policy.SMTP)
            inner.set_content(body, cte="quoted-printable")
            # The same words signed twice within a second are one signature to whoever looks for replays.
            inner["Content-ID"] = make_msgid(domain=self.address.rpartition("@")[2])
        armoured = self.seal(inner.as_bytes(policy=email.policy.SMTP), key)
        return self.wrap(armoured, to, when, subject, in_reply_to)

    def seal(self, octets: bytes, key: str, *options: str, sign: bool = True) -> bytes:
        """Octets signed by this person and encrypted to a key (a fingerprint)."""
        signing = ["--sign", "--local-user", self.fingerprint] if sign else []
        return self._gpg("--armor", *options, *signing, "--encrypt", "--recipient", key, stdin=octets)

    def wrap(self, armoured: bytes, to: str, when: datetime, subject: str = "...", in_reply_to: str = "") -> bytes:
        """The outer message around an encrypted object."""
        boundary = "=-=" + make_msgid(domain="b")[1:20].replace(".", "")
        headers = [
            f"From: {formataddr((self.name, self.address))}",
            f"To: {to}",
            f"Subject: {subject}",
            f"Date: {format_datetime(when)}",
            f"Message-ID: {make_msgid(domain=self.address.rpartition('@')[2])}",
            *([f"In-Reply-To: {in_reply_to}", f"References: {in_reply_to}"] if in_reply_to else []),
            "MIME-Version: 1.0",
            f'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary="{boundary}"',
        ]
        lines = [
            *headers,
            "",
            f"--{boundary}",
            "Content-Type: application/pgp-encrypted",
            "",
            "Version: 1",
            "",
            f"--{boundary}",
            'Content-Type: application/octet-stream; name="encrypted.asc"',
            "",
            *armoured.decode("ascii").splitlines(),
            f"--{boundary}--",
            "",
        ]
        return "\r\n".join(lines).encode()

    def read(self, raw: bytes) -> ReadMail:
        """Opens a mail as a mail client would; raises ValueError when it cannot be opened."""
        outer = email.message_from_bytes(raw, policy=email.policy.default)
        signed_by, octets = "", raw
        if outer.get_content_type() == "multipart/encrypted":
            octets, signed_by = self.open(_octets(list(outer.iter_parts())[1]))
        inner = email.message_from_bytes(octets, policy=email.policy.default)
        plain, html = inner.get_body(("plain",)), inner.get_body(("html",))
        return ReadMail(
            subject=str(inner["Subject"] or outer["Subject"]),
            outer_subject=str(outer["Subject"]),
            text=plain.get_content() if plain else "",
            html=html.get_content() if html else "",
            attachments=tuple((part.get_filename() or "", _octets(part)) for part in inner.iter_attachments()),
            signed_by=signed_by,
            message_id=str(outer["Message-ID"]),
            reply_to=str(outer["Reply-To"] or outer["From"]),
        )

    def open(self, armoured: bytes) -> tuple[bytes, str]:
        """What is inside, and the fingerprint of the key that signed it ("" when unsigned)."""
        status = os.memfd_create("status")  # nothing of a mail ever touches a disk, here either
        try:
            done = subprocess.run(
                [*self._command(), "--status-fd", str(status), "--decrypt"],
                input=armoured,
                capture_output=True,
                pass_fds=(status,),
                check=False,
            )
            said = os.pread(status, os.fstat(status).st_size, 0).decode("utf-8", "replace")
        finally:
            os.close(status)
        if done.returncode:
            raise ValueError("the mail cannot be opened with this person's key")
        valid = [line.split() for line in said.splitlines() if line.startswith("[GNUPG:] VALIDSIG ")]
        return done.stdout, valid[0][-1] if valid else ""

    def _command(self) -> list[str]:
        return ["gpg", "--homedir", str(self.home), "--batch", "--yes", "--quiet", "--trust-model", "always",
                "--no-auto-check-trustdb", "--pinentry-mode", "loopback", "--passphrase", ""]  # fmt: skip

    def _gpg(self, *arguments: str, stdin: bytes = b"") -> bytes:
        done = subprocess.run([*self._command(), *arguments], input=stdin, capture_output=True, check=False)
        if done.returncode:
            raise ValueError(f"gpg ended with {done.returncode}")
        return done.stdout


def _octets(part: Message) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""
