"""Sealed mail for the tests: by real clients, vouched for by the border server or signed by the domain (DKIM)."""

from __future__ import annotations

import base64
import re
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import dkim
import dns.message
import dns.rdatatype
import dns.rrset
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from gateway.correspondence import Correspondent, ReadMail
from tests.support.focalpoint import DOMAIN, SE_UIM, FocalPoint
from tests.support.smime import SmimePerson, entity

LOOK_UP = f"GSP LOOKUP\n\nKeys for sealed mail: yes\n\nUIMs:\n{SE_UIM}\n"
ASKED = "Two lorries, night of the third: who bought the carton in the photograph?"
ANSWERED = "The buyer is known to us; the file follows by courier."
BORDER = "mx.gsp.example.org"
VOUCHED = b"Authentication-Results: mx.gsp.example.org; dkim=pass header.d=party.example\r\n"


def border(home: Path) -> None:
    """Settings that believe one border server."""
    file = home / "gateway.toml"
    file.write_text(file.read_text().replace('# authserv_id = ""', f'authserv_id = "{BORDER}"'))


def sealed(
    writer: Correspondent | SmimePerson, to: str, key: bytes, body: str, point: FocalPoint, **options: str
) -> bytes:
    """A mail encrypted by a real client to a key (and to nobody else), without anybody's word for its sender."""
    if isinstance(writer, SmimePerson):
        (writer.folder / "reader.pem").write_bytes(key)
        return writer.wrap(writer.encrypt(writer.sign(entity(body)), to="reader.pem"), to, point.clock(), **options)
    octets = entity(body)
    return writer.wrap(writer.seal(octets, writer.knows(key)), to, point.clock(), **options)


def key_file(letter: ReadMail) -> bytes:
    """The one key that a letter brings for sealed mail."""
    (octets,) = (octets for name, octets in letter.attachments if re.match(r"[a-z]{2}-[0-9a-f]{16}\.", name))
    return octets


def boxes(text: str) -> list[str]:
    """The sealed addresses in a letter."""
    return re.findall(rf"\b[a-z]{{2}}\+[a-z2-7]{{24}}@{re.escape(DOMAIN)}", text)


class Domain:
    """A domain's DKIM key: signs mail, and says what its TXT record is."""

    def __init__(self, name: str = "party.example", bits: int = 2048) -> None:
        self.name = name
        self._key = rsa.generate_private_key(65537, bits)

    def sign(
        self, raw: bytes, fields: Sequence[bytes] = (b"from", b"to", b"subject", b"date"), **options: object
    ) -> bytes:
        """The mail with the domain's signature on top."""
        pem = self._key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
        signature: bytes = dkim.sign(raw, b"s1", self.name.encode(), pem, include_headers=list(fields), **options)
        return signature + raw

    @property
    def record(self) -> str:
        """The TXT record."""
        public = self._key.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return "v=DKIM1; k=rsa; p=" + base64.b64encode(public).decode()


@contextmanager
def name_server(*domains: Domain) -> Iterator[str]:
    """A small name server on the loopback that knows these domains' keys; gives `address:port`."""
    records = {f"s1._domainkey.{domain.name}.": domain.record for domain in domains}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as line:
        line.bind(("127.0.0.1", 0))

        def answer() -> None:
            while True:
                octets, peer = line.recvfrom(4096)
                if octets == b"end":
                    return
                line.sendto(_answer(octets, records), peer)

        thread = threading.Thread(target=answer)
        thread.start()
        host, port = line.getsockname()
        try:
            yield f"{host}:{port}"
        finally:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
                other.sendto(b"end", (host, port))
            thread.join()


def _answer(octets: bytes, records: dict[str, str]) -> bytes:
    asked = dns.message.from_wire(octets)
    said = dns.message.make_response(asked)
    name = asked.question[0].name.to_text()
    if name in records:
        pieces = " ".join(f'"{records[name][start : start + 200]}"' for start in range(0, len(records[name]), 200))
        said.answer.append(dns.rrset.from_text(name, 60, "IN", "TXT", pieces))
    else:
        said.set_rcode(3)
    return said.to_wire()
