"""S/MIME mails written by every program at hand are taken, and each reads and verifies what the gateway writes.

Writes docs/interoperability-smime.md when asked to (`WRITE_DOCS=1`); else the page must say what was found.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Protocol

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.serialization import pkcs7

from gateway.correspondence import Correspondent
from gateway.crypto import _lists
from gateway.mime.tree import parse
from tests.support.focalpoint import DOMAIN, FocalPoint, focal_point
from tests.support.smime import Authority, SmimePerson, cms_part

PAGE = Path(__file__).resolve().parents[2] / "docs" / "interoperability-smime.md"
JARS = ":".join(f"/usr/share/java/{name}.jar" for name in ("bcprov", "bcpkix", "bcutil"))
DESK = "desk.se@party.example"


def run(command: list[str], octets: bytes = b"", **more: object) -> bytes:
    """The program's standard output; its failure is the test's."""
    done = subprocess.run(command, input=octets, capture_output=True, check=False, **more)  # type: ignore[call-overload]
    assert done.returncode == 0, f"{command[:3]} ended with {done.returncode}: {done.stderr[-400:]!r}"
    return bytes(done.stdout)


class Program(Protocol):
    """A mail program's S/MIME: `styles` are the ways in which it signs."""

    styles: tuple[str, ...]

    def write(self, entity: bytes, style: str) -> bytes:
        """The entity signed and encrypted to the gateway, DER or BER."""
        ...

    def decrypt(self, octets: bytes) -> bytes:
        """What the gateway encrypted to this person."""
        ...

    def verify(self, content: bytes, signature: bytes) -> bool:
        """Whether the gateway signed this content."""
        ...


class OpenSsl:
    styles = ("detached", "opaque", "opaque and streamed (BER)", "AES-256-GCM", "OAEP and PSS")

    def __init__(self, person: SmimePerson) -> None:
        self.person = person

    def write(self, entity: bytes, style: str) -> bytes:
        sign = self.person.sign
        if style == "AES-256-GCM":
            return self.person.encrypt(sign(entity), "-aes-256-gcm")
        if style == "OAEP and PSS":
            signed = sign(entity, "-keyopt", "rsa_padding_mode:pss")
            oaep = ("-recip", "gateway.pem", "-keyopt", "rsa_padding_mode:oaep", "-keyopt", "rsa_oaep_md:sha256")
            return self.person.cms("-encrypt", "-binary", "-outform", "DER", "-aes256", *oaep, stdin=signed)
        if "streamed" in style:
            return self.person.encrypt(
                sign(entity, "-stream", "-indef", style="opaque"), "-aes256", "-stream", "-indef"
            )
        return self.person.seal(entity, style=style)

    def decrypt(self, octets: bytes) -> bytes:
        arguments = ("-decrypt", "-binary", "-inform", "DER", "-recip", "own.pem", "-inkey", "own.key")
        return self.person.cms(*arguments, stdin=octets)

    def verify(self, content: bytes, signature: bytes) -> bool:
        (self.person.folder / "content").write_bytes(content)
        arguments = ("-verify", "-binary", "-inform", "DER", "-content", "content", "-CAfile", "gateway.pem")
        return self.person.cms(*arguments, stdin=signature) == content


class Cryptography:
    """python cryptography: DER and RSA only."""

    styles = ("detached", "opaque")

    def __init__(self, person: SmimePerson) -> None:
        self.person = person

    def write(self, entity: bytes, style: str) -> bytes:
        builder = pkcs7.PKCS7SignatureBuilder().set_data(entity)
        builder = builder.add_signer(self.person.certificate, self.person.key, hashes.SHA512())
        if style == "detached":
            signed = builder.sign(serialization.Encoding.SMIME, [pkcs7.PKCS7Options.DetachedSignature])
            signed = re.sub(rb"\r?\n", b"\r\n", signed.replace(b"MIME-Version: 1.0\n", b"", 1))
        else:
            signed = cms_part(builder.sign(serialization.Encoding.DER, [pkcs7.PKCS7Options.Binary]), "signed-data")
        gateway = _certificates(self.person)
        envelope = pkcs7.PKCS7EnvelopeBuilder().set_data(signed).add_recipient(gateway)
        chosen = envelope.set_content_encryption_algorithm(algorithms.AES128)
        return chosen.encrypt(serialization.Encoding.DER, [pkcs7.PKCS7Options.Binary])

    def decrypt(self, octets: bytes) -> bytes:
        return pkcs7.pkcs7_decrypt_der(octets, self.person.certificate, self.person.key, [])

    def verify(self, content: bytes, signature: bytes) -> bool:
        return True  # it has no call for it


def _certificates(person: SmimePerson):  # type: ignore[no-untyped-def]
    from cryptography.x509 import load_pem_x509_certificate

    return load_pem_x509_certificate((person.folder / "gateway.pem").read_bytes())


def pkcs12(person: SmimePerson, folder: Path, *options: str) -> Path:
    """The person's key and certificate as programs import them, passphrase x."""
    made = folder / "person.p12"
    run(["openssl", "pkcs12", "-export", *options, "-passout", "pass:x", "-inkey", str(person.folder / "own.key"),
         "-in", str(person.folder / "own.pem"), "-certfile", str(folder / "root.pem"), "-name", "desk",
         "-out", str(made)])  # fmt: skip
    return made


class GpgSm:
    """GnuPG's S/MIME: KMail, Evolution (in part), GpgOL, neomutt."""

    styles = ("detached", "opaque")

    def __init__(self, person: SmimePerson, folder: Path) -> None:
        self.home = folder / "gpgsm"
        self.home.mkdir(mode=0o700)
        (self.home / "gpgsm.conf").write_text("disable-crl-checks\ndisable-policy-checks\n")
        (self.home / "gpg-agent.conf").write_text("allow-loopback-pinentry\n")
        self.sm = ["gpgsm", "--homedir", str(self.home), "--batch", "--yes", "--quiet", "--pinentry-mode", "loopback",
                   "--passphrase-fd", "0"]  # fmt: skip
        legacy = pkcs12(person, folder, "-legacy")
        run([*self.sm, "--import", str(legacy)], b"x\n")
        run([*self.sm, "--import", str(person.folder / "gateway.pem")])
        run([*self.sm, "--import", str(folder / "root.pem")])
        listing = run([*self.sm, "--with-colons", "--list-keys"]).decode()
        marks = [line.split(":")[9] for line in listing.splitlines() if line.startswith("fpr")]
        (self.home / "trustlist.txt").write_text("".join(f"{mark} S relax\n" for mark in marks))
        own = run([*self.sm, "--with-colons", "--list-secret-keys"]).decode()
        self.own = next(line.split(":")[9] for line in own.splitlines() if line.startswith("fpr"))
        other = run([*self.sm, "--with-colons", "--list-keys", f"gsp@{DOMAIN}"]).decode()
        self.gateway = next(line.split(":")[9] for line in other.splitlines() if line.startswith("fpr"))
        self.folder = folder

    def close(self) -> None:
        subprocess.run(["gpgconf", "--homedir", str(self.home), "--kill", "all"], check=False, capture_output=True)

    def _sm(self, *arguments: str, octets: bytes) -> bytes:
        (self.folder / "in").write_bytes(octets)
        return run([*self.sm, *arguments, str(self.folder / "in")], b"x\n")

    def write(self, entity: bytes, style: str) -> bytes:
        detached = ["--detach-sign"] if style == "detached" else ["--sign"]
        signature = self._sm("--local-user", self.own, *detached, octets=entity)
        signed = multipart_signed(entity, signature) if style == "detached" else cms_part(signature, "signed-data")
        return self._sm("--encrypt", "--recipient", self.gateway, octets=signed)

    def decrypt(self, octets: bytes) -> bytes:
        return self._sm("--decrypt", octets=octets)

    def verify(self, content: bytes, signature: bytes) -> bool:
        (self.folder / "content").write_bytes(content)
        (self.folder / "in").write_bytes(signature)
        run([*self.sm, "--verify", str(self.folder / "in"), str(self.folder / "content")])
        return True


class Nss:
    """Network Security Services: Thunderbird's engine."""

    styles = ("detached", "opaque")

    def __init__(self, person: SmimePerson, folder: Path) -> None:
        self.store = folder / "nss"
        self.store.mkdir()
        database = f"sql:{self.store}"
        run(["certutil", "-N", "-d", database, "--empty-password"])
        modern = pkcs12(person, folder)
        run(["certutil", "-A", "-d", database, "-n", "root", "-t", "CT,C,C", "-i", str(folder / "root.pem")])
        run(["pk12util", "-i", str(modern), "-d", database, "-W", "x"])
        gateway = str(person.folder / "gateway.pem")
        run(["certutil", "-A", "-d", database, "-n", "gateway", "-t", "P,P,P", "-i", gateway])
        self.cms = ["cmsutil", "-d", database]
        self.folder = folder

    def _cms(self, *arguments: str, octets: bytes) -> bytes:
        (self.folder / "in").write_bytes(octets)
        return run([*self.cms, *arguments, "-i", str(self.folder / "in")])

    def write(self, entity: bytes, style: str) -> bytes:
        detached = ["-T"] if style == "detached" else []
        signature = self._cms("-S", "-N", "desk", "-H", "SHA256", "-G", *detached, octets=entity)
        signed = multipart_signed(entity, signature) if style == "detached" else cms_part(signature, "signed-data")
        return self._cms("-E", "-r", f"gsp@{DOMAIN}", octets=signed)

    def decrypt(self, octets: bytes) -> bytes:
        return self._cms("-D", octets=octets)

    def verify(self, content: bytes, signature: bytes) -> bool:
        (self.folder / "content").write_bytes(content)
        said = self._cms("-D", "-h", "0", "-c", str(self.folder / "content"), octets=signature).decode()
        return "signer0.status=GoodSignature" in said


class BouncyCastle:
    """Bouncy Castle, the engine of many mail gateways in Java."""

    styles = ("detached", "opaque")

    def __init__(self, person: SmimePerson, folder: Path) -> None:
        source = Path(__file__).parent / "bouncycastle" / "Peer.java"
        run(["javac", "-cp", JARS, "-d", str(folder), str(source)])
        self.arguments = [str(pkcs12(person, folder)), str(person.folder / "gateway.pem")]
        self.java = ["java", "-XX:TieredStopAtLevel=1", "-cp", f"{JARS}:{folder}", "Peer"]
        self.folder = folder

    def write(self, entity: bytes, style: str) -> bytes:
        signature = run([*self.java, "sign", *self.arguments, style], entity)
        signed = multipart_signed(entity, signature) if style == "detached" else cms_part(signature, "signed-data")
        return run([*self.java, "encrypt", *self.arguments], signed)

    def decrypt(self, octets: bytes) -> bytes:
        return run([*self.java, "read", *self.arguments], octets)

    def verify(self, content: bytes, signature: bytes) -> bool:
        (self.folder / "signature").write_bytes(signature)
        return run([*self.java, "verify", *self.arguments, str(self.folder / "signature")], content) == b"good"


def multipart_signed(entity: bytes, signature: bytes) -> bytes:
    """A detached signature beside what it signs."""
    head = (
        'Content-Type: multipart/signed; protocol="application/pkcs7-signature"; micalg=sha-256; boundary="bb"\r\n\r\n'
    )
    part = cms_part(signature, "x", "p7s").replace(
        b"application/pkcs7-mime; smime-type=x", b"application/pkcs7-signature"
    )
    return head.encode() + b"--bb\r\n" + entity + b"\r\n--bb\r\n" + part + b"\r\n--bb--\r\n"


PROGRAMS: dict[str, Callable[[SmimePerson, Path], Program]] = {
    "OpenSSL cms": lambda person, _: OpenSsl(person),
    "GnuPG gpgsm": GpgSm,
    "NSS cmsutil (Thunderbird's engine)": Nss,
    "Bouncy Castle (libbcmail-java)": BouncyCastle,
    "python cryptography": lambda person, _: Cryptography(person),
}
# What tests/interop/test_thunderbird.py shows.
THUNDERBIRD = "| Thunderbird (whole mails, from its own windows) | detached | decrypted, signature verified |"
CANNOT_VERIFY = {"python cryptography"}


@pytest.fixture(scope="module")
def setting(people: dict[str, Correspondent]) -> Iterator[tuple[FocalPoint, SmimePerson, Path]]:
    """A focal point whose Swedish desk has a certificate, and a folder for the programs."""
    folder = Path(tempfile.mkdtemp(prefix="gi", dir="/tmp"))
    authority = Authority("Root of the Party", kind="rsa")
    with SmimePerson(DESK, "desk.se", authority) as desk, focal_point(people | {"desk.se": desk}) as point:
        (folder / "root.pem").write_bytes(authority.certificate.public_bytes(serialization.Encoding.PEM))
        anchors = point.home / "smime" / "anchors" / "SE"
        anchors.mkdir(parents=True)
        shutil.copy(folder / "root.pem", anchors)
        yield point, desk, folder
    shutil.rmtree(folder, ignore_errors=True)


def exchanged(name: str, program: Program, point: FocalPoint, desk: SmimePerson) -> str:
    """What one program writes is taken, and it reads what the gateway writes; gives the cells of the page."""
    for style in program.styles:
        point.gateway.take_outbox()
        # Other words each time: the same signature is never accepted twice.
        entity = f"Content-Type: text/plain; charset=utf-8\r\n\r\nGSP HELP\r\n\r\n-- \r\n{name} {style}\r\n".encode()
        sealed = program.write(entity, style)
        outcome = point.gateway.process_file(desk.wrap(sealed, f"gsp@{DOMAIN}", datetime.now(UTC)))
        assert outcome["outcome"] == "taken", (name, style, outcome)
    ((recipient, octets),) = point.gateway.take_outbox()
    assert recipient == DESK
    inside = parse(program.decrypt(parse(octets).body))
    assert inside.media_type == "multipart/signed"
    content, signature = inside.children
    assert content.parameter("hp") == "cipher"
    assert program.verify(content.raw, signature.body), name
    read = "decrypted (it cannot verify)" if name in CANNOT_VERIFY else "decrypted, signature verified"
    return f"{', '.join(program.styles)} | {read}"


def test_every_program_writes_to_the_gateway_and_reads_it(setting: tuple[FocalPoint, SmimePerson, Path]) -> None:
    point, desk, folder = setting
    rows = []
    for number, (name, start) in enumerate(PROGRAMS.items()):
        place = folder / str(number)
        place.mkdir()
        shutil.copy(folder / "root.pem", place)
        program = start(desk, place)
        try:
            rows.append(f"| {name} | {exchanged(name, program, point, desk)} |")
        finally:
            getattr(program, "close", lambda: None)()
    page = (
        "# Interoperability: S/MIME\n\nWritten by `tests/interop/test_smime.py` (`WRITE_DOCS=1`): a mail that each "
        "program signs and encrypts (RSA) is\ntaken by the gateway, and each opens what the gateway writes.\n\n"
        "| program | taken from it | what the gateway writes |\n|---|---|---|\n"
        + "\n".join([*rows, THUNDERBIRD])
        + "\n\n"
        "With P-256 and P-384 keys (ECDH, ECDSA): OpenSSL, both ways (`tests/contract/test_smime.py`). Stored mails\n"
        "of Thunderbird and others: `tests/corpus/test_smime_corpus.py`. Ed25519 and X25519 certificates, which\n"
        "OpenSSL 3.0 cannot use for mail, are refused when they are registered.\n"
    )
    if os.environ.get("WRITE_DOCS"):
        PAGE.write_text(page)
    assert PAGE.read_text() == page


class Lists(BaseHTTPRequestHandler):
    """Serves a revocation list, a redirection to a file, and one without end."""

    def __init__(self, octets: bytes, *rest: object) -> None:
        self.octets = octets
        super().__init__(*rest)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        if self.path == "/slow":
            with suppress(OSError):
                for octet in b"HTTP/1.0 200 OK\r\nA: " + b"a" * 6000:
                    self.wfile.write(bytes([octet]))
                    time.sleep(0.01)
            return
        if self.path == "/away":
            self.send_response(302)
            self.send_header("Location", "file:///etc/hostname")
            self.end_headers()
            return
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.octets)

    def log_message(self, *_: object) -> None:
        return


def test_a_revocation_list_is_fetched_by_http_and_nothing_else_is(monkeypatch: pytest.MonkeyPatch) -> None:
    octets = Authority().revocations()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Lists, octets))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    base = f"http://127.0.0.1:{server.server_port}"
    try:
        assert _lists.fetched(f"{base}/list.crl") == octets
        with pytest.raises(OSError, match="no list"):
            _lists.fetched(f"{base}/away")
        monkeypatch.setattr(_lists, "_LONGEST_SECONDS", 2)
        began = time.monotonic()
        with pytest.raises(OSError, match="no list"):
            _lists.fetched(f"{base}/slow")
        assert time.monotonic() - began < 30
        monkeypatch.setattr(_lists, "_LONGEST_SECONDS", 60)
        monkeypatch.setattr(_lists, "LARGEST", 10)
        with pytest.raises(ValueError, match="larger"):
            _lists.fetched(f"{base}/list.crl")
    finally:
        server.shutdown()
        server.server_close()
