"""Certificates and people with S/MIME for the tests: a small authority, and real `openssl cms` as the mail client."""

from __future__ import annotations

import base64
import email
import email.policy
import subprocess
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime, formataddr, make_msgid
from pathlib import Path
from types import TracebackType

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gateway.correspondence import ReadMail

Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
MAIL = ExtendedKeyUsageOID.EMAIL_PROTECTION


def new_key(kind: str = "rsa") -> Key:
    """A fresh key: rsa (2048 bits), rsa1024, p256 or p384."""
    if kind in ("p256", "p384"):
        return ec.generate_private_key(ec.SECP256R1() if kind == "p256" else ec.SECP384R1())
    return rsa.generate_private_key(65537, 1024 if kind == "rsa1024" else 2048)


def name_of(common: str) -> x509.Name:
    """A distinguished name."""
    return x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Test"),
                      x509.NameAttribute(NameOID.COMMON_NAME, common)])  # fmt: skip


def pem(*certificates: x509.Certificate) -> bytes:
    """Certificates, PEM."""
    return b"".join(one.public_bytes(serialization.Encoding.PEM) for one in certificates)


def secret_pem(key: Key) -> bytes:
    """A secret key, PEM, without a passphrase."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


class Authority:
    """An issuer of certificates; `parent` None: a root."""

    def __init__(self, common: str = "Root", parent: Authority | None = None, kind: str = "p256") -> None:
        self.key = new_key(kind)
        self.name = name_of(common)
        self.parent = parent
        ca = x509.BasicConstraints(ca=True, path_length=None)
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        signer, issuer = (parent.key, parent.name) if parent else (self.key, self.name)
        builder = _begun(self.name, issuer, self.key, days=3650)
        builder = builder.add_extension(ca, True).add_extension(usage, True)
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(self.key.public_key()), False)
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key())
        self.certificate = builder.add_extension(identifier, False).sign(signer, hashes.SHA256())

    def issue(
        self,
        address: str,
        key: Key,
        *,
        usages: Sequence[x509.ObjectIdentifier] | None = (MAIL,),
        sign: bool = True,
        encrypt: bool = True,
        since: int = -1,
        days: int = 365,
        digest: hashes.HashAlgorithm | None = None,
        extra: Sequence[x509.ExtensionType] = (),
        names: x509.SubjectAlternativeName | None = None,
    ) -> x509.Certificate:
        """A person's certificate, or with `names` a server's; `usages` None: without. `since`, `days`: from now."""
        is_rsa = isinstance(key, rsa.RSAPrivateKey)
        usage = x509.KeyUsage(sign, sign, encrypt and is_rsa, False, encrypt and not is_rsa, False, False, False, False)
        builder = _begun(name_of(address), self.name, key, since, days).add_extension(usage, True)
        builder = builder.add_extension(names or x509.SubjectAlternativeName([x509.RFC822Name(address)]), False)
        builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        builder = builder.add_extension(identifier, False)
        if usages is not None:
            builder = builder.add_extension(x509.ExtendedKeyUsage(list(usages)), False)
        for extension in extra:
            builder = builder.add_extension(extension, False)
        return builder.sign(self.key, digest or hashes.SHA256())

    def sign_request(self, octets: bytes, days: int = 365) -> x509.Certificate:
        """The certificate that a request (PEM) asks for, with the extensions it asks for."""
        asked = x509.load_pem_x509_csr(octets)
        builder = _begun(asked.subject, self.name, asked.public_key(), days=days)
        for extension in asked.extensions:
            builder = builder.add_extension(extension.value, extension.critical)
        return builder.sign(self.key, hashes.SHA256())

    def revocations(self, *revoked: x509.Certificate, hours: int = 24) -> bytes:
        """A revocation list, PEM, that ends in so many hours (less than none: it has ended)."""
        now = datetime.now(UTC)
        builder = x509.CertificateRevocationListBuilder().issuer_name(self.name)
        builder = builder.last_update(now - timedelta(days=30)).next_update(now + timedelta(hours=hours))
        for one in revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(one.serial_number)
            builder = builder.add_revoked_certificate(entry.revocation_date(now - timedelta(days=1)).build())
        return builder.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def _begun(
    subject: x509.Name, issuer: x509.Name, key: object, since: int = -1, days: int = 365
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    public = key.public_key() if hasattr(key, "public_key") else key
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)  # type: ignore[arg-type]
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=since))
        .not_valid_after(now + timedelta(days=since + days))
    )


class SmimePerson:
    """A person with a certificate, in place of `correspondence.Correspondent`; writes and reads with `openssl cms`.

    `style`: how this client signs before it encrypts: detached (Thunderbird, Apple Mail) or opaque (Outlook).
    """

    def __init__(
        self,
        address: str,
        name: str,
        authority: Authority | None = None,
        kind: str = "rsa",
        style: str = "detached",
    ) -> None:
        self.address = address
        self.name = name
        self.style = style
        self.authority = authority or Authority(f"Root of {name}")
        self.key = new_key(kind)
        self.certificate = self.authority.issue(address, self.key)
        self.public_key = pem(self.certificate)
        self.folder = Path(tempfile.mkdtemp(prefix="sp", dir="/tmp"))
        (self.folder / "own.pem").write_bytes(self.public_key)
        (self.folder / "own.key").write_bytes(secret_pem(self.key))

    def __enter__(self) -> SmimePerson:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Removes the folder."""
        for path in self.folder.iterdir():
            path.unlink()
        self.folder.rmdir()

    def knows(self, certificate: bytes) -> str:
        """Keeps the gateway's certificate."""
        (self.folder / "gateway.pem").write_bytes(certificate)
        return ""

    def write(
        self, to: str, key: str, body: str | bytes, when: datetime, subject: str = "...", in_reply_to: str = ""
    ) -> bytes:
        """A signed and encrypted mail to the gateway; `key` is of other schemes and not looked at."""
        return self.wrap(self.seal(entity(body)), to, when, subject, in_reply_to)

    def sign(self, octets: bytes, *options: str, style: str = "") -> bytes:
        """An entity with its signature, as another entity."""
        opaque = (style or self.style) == "opaque"
        shape = ["-nodetach", "-outform", "DER"] if opaque else ["-outform", "SMIME", "-crlfeol"]
        made = self.cms("-sign", "-binary", "-signer", "own.pem", "-inkey", "own.key", *shape, *options, stdin=octets)
        return cms_part(made, "signed-data") if opaque else made.replace(b"MIME-Version: 1.0\r\n", b"", 1)

    def seal(self, octets: bytes, *options: str, style: str = "") -> bytes:
        """An entity signed by this person and encrypted to the gateway: DER."""
        return self.encrypt(self.sign(octets, style=style), *options)

    def encrypt(self, octets: bytes, *options: str, to: str = "gateway.pem") -> bytes:
        """Octets encrypted to the gateway, unsigned: DER."""
        chosen = options or ("-aes-256-cbc",)
        return self.cms("-encrypt", "-binary", "-outform", "DER", *chosen, "-recip", to, stdin=octets)

    def wrap(self, sealed: bytes, to: str, when: datetime, subject: str = "...", in_reply_to: str = "") -> bytes:
        """The outer message around an encrypted object (DER)."""
        headers = [
            f"From: {formataddr((self.name, self.address))}",
            f"To: {to}",
            f"Subject: {subject}",
            f"Date: {format_datetime(when)}",
            f"Message-ID: {make_msgid(domain=self.address.rpartition('@')[2])}",
            *([f"In-Reply-To: {in_reply_to}", f"References: {in_reply_to}"] if in_reply_to else []),
            "MIME-Version: 1.0",
        ]
        return "".join(f"{line}\r\n" for line in headers).encode() + cms_part(sealed, "enveloped-data")

    def read(self, raw: bytes) -> ReadMail:
        """Opens a mail as a mail client would; raises ValueError when it cannot be opened."""
        outer = email.message_from_bytes(raw, policy=email.policy.default)
        octets, signed_by = raw, ""
        if outer.get_content_type() == "application/pkcs7-mime":
            octets, signed_by = self.open(outer.get_payload(decode=True))  # type: ignore[arg-type]
        inner = email.message_from_bytes(octets, policy=email.policy.default)
        plain, html = inner.get_body(("plain",)), inner.get_body(("html",))
        attached = [(part.get_filename() or "", part.get_payload(decode=True)) for part in inner.iter_attachments()]
        return ReadMail(
            subject=str(inner["Subject"] or outer["Subject"]),
            outer_subject=str(outer["Subject"]),
            text=plain.get_content() if plain else "",
            html=html.get_content() if html else "",
            attachments=tuple((name, octets) for name, octets in attached if isinstance(octets, bytes)),
            signed_by=signed_by,
            message_id=str(outer["Message-ID"]),
            reply_to=str(outer["Reply-To"] or outer["From"]),
        )

    def open(self, sealed: bytes) -> tuple[bytes, str]:
        """What is inside, and "gateway" where the gateway's certificate signed it."""
        inside = self.cms("-decrypt", "-binary", "-inform", "DER", "-recip", "own.pem", "-inkey", "own.key",
                          stdin=sealed)  # fmt: skip
        arguments = ("-verify", "-noverify", "-nointern", "-certfile", "gateway.pem", "-inform", "SMIME")
        return self.cms(*arguments, stdin=inside), "gateway"

    def cms(self, *arguments: str, stdin: bytes) -> bytes:
        """The output of `openssl cms`; ValueError where it fails."""
        command = ["openssl", "cms", *arguments]
        done = subprocess.run(command, input=stdin, capture_output=True, cwd=self.folder, check=False)
        if done.returncode:
            raise ValueError(f"openssl ended with {done.returncode}: {done.stderr.decode()[:300]}")
        return done.stdout


def entity(body: str | bytes, *fields: str) -> bytes:
    """A text entity with CRLF; octets are taken as they are."""
    if isinstance(body, bytes):
        return body
    inner = EmailMessage(policy=email.policy.SMTP)
    inner.set_content(body, cte="quoted-printable")
    for field in fields:
        name, _, value = field.partition(": ")
        inner[name] = value
    return inner.as_bytes(policy=email.policy.SMTP)


def cms_part(der: bytes, kind: str, ending: str = "p7m") -> bytes:
    """An entity that carries a CMS object. The ending of its name is said here: base64, too, may hold "p7m"."""
    head = (
        f'Content-Type: application/pkcs7-mime; smime-type={kind}; name="smime.{ending}"\r\n'
        f'Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename="smime.{ending}"\r\n\r\n'
    )
    return head.encode() + base64.encodebytes(der).replace(b"\n", b"\r\n")
