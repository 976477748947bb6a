"""Building blocks of hostile mail, and the check that a refusal leaves nothing behind."""

from __future__ import annotations

import base64
import hashlib
import re
import subprocess
import textwrap
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.decrepit.ciphers.modes import CFB
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms

from gateway.correspondence import Correspondent
from gateway.crypto import _packets
from gateway.facts import Envelope
from gateway.outcome import REASONS, Refused
from tests.support.focalpoint import DOMAIN, FocalPoint

TO = f"gsp@{DOMAIN}"
OUTSIDE = Envelope("eve@evil.example", rcpt_tos=(TO,), transport="smtp")


@dataclass(frozen=True)
class Tried:
    """What came of a hostile mail: the number that everybody may see, the cause for the operator's log."""

    number: int
    cause: str


def refused(gate: FocalPoint, raw: bytes, caplog: pytest.LogCaptureFixture, envelope: Envelope = OUTSIDE) -> Tried:
    """Processes a mail that must be refused; nothing may be sent, stored or put before a person by it."""
    before = traces(gate)
    caplog.clear()
    answer = gate.gateway.process(raw, envelope)
    said = caplog.text
    assert isinstance(answer, Refused), f"{answer}: {said}"
    assert traces(gate) == before
    if 200 <= answer.reason.number < 300:
        assert answer.reason.reply == REASONS[201].reply
    found = re.search(r"""cause=(?:'([^']*)'|"([^"]*)"|(\S+))""", said)
    assert found, said
    return Tried(answer.reason.number, found[1] or found[2] or found[3])


def traces(gate: FocalPoint) -> tuple[object, ...]:
    """Everything that a mail which was taken would change."""
    made = gate.gateway
    return (
        made.outbox_rows(), made.exchange_rows(), made.store.view.waiting(), made.open_items(),
        [link.told for link in made.store.seals.links() if "\nrefused\n" not in link.told],
    )  # fmt: skip


def text(body: str, *fields: str, parameters: str = "") -> bytes:
    """A text entity; `fields` stand above its Content-Type."""
    head = "".join(f"{field}\r\n" for field in fields)
    lines = body.replace("\n", "\r\n")
    return f"{head}Content-Type: text/plain; charset=utf-8{parameters}\r\n\r\n{lines}\r\n".encode()


def multipart(kind: str, *parts: bytes, boundary: str = "b1") -> bytes:
    """A multipart entity of these parts; `kind` may hold parameters."""
    head = f'Content-Type: multipart/{kind}; boundary="{boundary}"\r\n\r\n'.encode()
    return (
        head
        + b"".join(b"--" + boundary.encode() + b"\r\n" + part + b"\r\n" for part in parts)
        + (f"--{boundary}--\r\n".encode())
    )


def detached(who: Correspondent, octets: bytes, *options: str) -> bytes:
    """An armoured signature over octets."""
    user = () if "--local-user" in options else ("--local-user", who.fingerprint)
    return who._gpg(*options, *user, "--armor", "--detach-sign", stdin=octets)


def signed(entity: bytes, signature: bytes, *more: bytes, boundary: str = "s1") -> bytes:
    """multipart/signed (RFC 3156, 5)."""
    part = b"Content-Type: application/pgp-signature\r\n\r\n" + signature.replace(b"\n", b"\r\n")
    kind = 'signed; protocol="application/pgp-signature"; micalg=pgp-sha512'
    return multipart(kind, entity, part, *more, boundary=boundary)


def now() -> datetime:
    """The real time: GnuPG knows no other."""
    return datetime.now(UTC)


def sent(gate: FocalPoint, who: str, armoured: bytes, from_: str = "") -> bytes:
    """The whole mail around an armoured object, by somebody, under any From field."""
    raw = gate.people[who].wrap(armoured, TO, now())
    return re.sub(rb"^From: [^\r]*", b"From: " + from_.encode(), raw) if from_ else raw


def forged(gate: FocalPoint, entity: bytes, from_: str = "officer <officer@party.example>") -> bytes:
    """An entity encrypted, unsigned, by a stranger, under somebody else's name."""
    return sent(gate, "stranger", gate.people["stranger"].seal(entity, gate.key, sign=False), from_)


def binary(armoured: bytes) -> bytes:
    """The packets in an armour."""
    found = _packets.armoured(armoured)
    assert found
    return found[1]


def armour(octets: bytes) -> bytes:
    """Packets in an armour."""
    lines = "\n".join(textwrap.wrap(base64.b64encode(octets).decode(), 64))
    return f"-----BEGIN PGP MESSAGE-----\n\n{lines}\n-----END PGP MESSAGE-----\n".encode()


def packet(tag: int, body: bytes) -> bytes:
    """A packet with a five-octet length (RFC 9580, 4.2.1.3)."""
    return bytes((0xC0 | tag, 0xFF)) + len(body).to_bytes(4, "big") + body


def taken_apart(octets: bytes) -> tuple[bytes, bytes]:
    """The session key packets of a message, and the body of its encrypted packet (one length, no chunks)."""
    position = 0
    while True:
        tag, body, end = _packets._packet(octets, position)
        if tag == _packets.SEIPD:
            return octets[:position], octets[body:end]
        position = end


def integrity_protected(session_key: bytes, packets: bytes, prefix: bytes) -> bytes:
    """A SEIPD version 1 packet (RFC 9580, 5.13.1) around packets, under a session key that is known."""
    clear = prefix + prefix[-2:] + packets + b"\xd3\x14"
    clear += hashlib.sha1(clear, usedforsecurity=False).digest()
    encryptor = Cipher(algorithms.AES(session_key), CFB(bytes(16))).encryptor()
    return packet(_packets.SEIPD, b"\x01" + encryptor.update(clear) + encryptor.finalize())


def session_key(who: Correspondent, armoured: bytes) -> bytes:
    """What any reader of a mail can learn of it."""
    command = [*who._command(), "--status-fd", "1", "--show-session-key", "--output", "/dev/null", "--decrypt"]
    said = subprocess.run(command, input=armoured, capture_output=True, check=True).stdout
    found = re.search(rb"SESSION_KEY \d+:(\w+)", said)
    assert found
    return bytes.fromhex(found[1].decode())


def opened(session_key: bytes, body: bytes) -> bytes:
    """The packets inside the body of a SEIPD version 1 packet."""
    decryptor = Cipher(algorithms.AES(session_key), CFB(bytes(16))).decryptor()
    return (decryptor.update(body[1:]) + decryptor.finalize())[18:-22]


HELP = text("GSP HELP\n")
OFFICER = "officer <officer@party.example>"
CLEAR = (
    f"From: {OFFICER}\r\nTo: {TO}\r\nSubject: hello\r\nMessage-ID: <1@party.example>\r\nMIME-Version: 1.0\r\n"
).encode()


def seal(gate: FocalPoint, who: str, entity: bytes, *options: str, sign: bool = True) -> bytes:
    """An entity encrypted to the gateway."""
    return gate.people[who].seal(entity, gate.key, *options, sign=sign)
