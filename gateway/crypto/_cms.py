"""CMS objects looked at without keys: to whom, by which algorithms, signed by whom (RFC 5652, RFC 5083, RFC 8551).

Reading is asn1crypto's; what it cannot read, or reads with an error, does not exist. Nothing is decrypted or verified.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from asn1crypto import algos, cms, core, x509
from cryptography.x509 import Certificate
from cryptography.x509.oid import ExtensionOID

ENVELOPED, AUTH_ENVELOPED, SIGNED, COMPRESSED = (
    "1.2.840.113549.1.7.3",
    "1.2.840.113549.1.9.16.1.23",
    "1.2.840.113549.1.7.2",
    "1.2.840.113549.1.9.16.1.9",
)
_CBC = frozenset({"2.16.840.1.101.3.4.1.2", "2.16.840.1.101.3.4.1.22", "2.16.840.1.101.3.4.1.42"})
_GCM = frozenset({"2.16.840.1.101.3.4.1.6", "2.16.840.1.101.3.4.1.26", "2.16.840.1.101.3.4.1.46"})
_RSA_TRANSPORT = frozenset({"1.2.840.113549.1.1.1", "1.2.840.113549.1.1.7"})  # PKCS #1 v1.5, OAEP
_STRONG_HASHES = frozenset({"sha256", "sha384", "sha512"})
_ZLIB = "1.2.840.113549.1.9.16.3.8"
_MOST_RECIPIENTS, _MOST_CERTIFICATES, _MOST_SIGNERS = 100, 10, 10
_MOST_ELEMENTS = 100_000
_OCTETS = 0x04
# Whatever damaged octets make asn1crypto stumble over.
_DAMAGED = (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError, RecursionError)


@dataclass(frozen=True, slots=True)
class Name:
    """How a recipient or signer is named: issuer and serial number, or subject key identifier."""

    issuer: x509.Name | None
    serial: int
    key_id: bytes

    def means(self, certificate: Certificate) -> bool:
        """Whether it is this certificate."""
        if self.issuer is None:
            return bool(self.key_id) and self.key_id == key_id(certificate)
        if self.serial != certificate.serial_number:
            return False
        try:
            return bool(self.issuer == x509.Name.load(certificate.issuer.public_bytes()))
        except _DAMAGED:
            return False


@dataclass(frozen=True, slots=True)
class Enveloped:
    """An encrypted object: whom it names, and whether its algorithms are ones that are accepted here."""

    recipients: tuple[Name, ...]
    others: bool  # for a passphrase, or a key shared in advance
    strong: bool
    authenticated: bool  # AES-GCM


@dataclass(frozen=True, slots=True)
class Signer:
    """One signature as it describes itself."""

    name: Name
    strong: bool
    attributes: bool  # signed attributes are there
    made_at: datetime | None


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed object; `content` None: the signature is detached."""

    content: bytes | None
    signers: tuple[Signer, ...]
    certificates: tuple[bytes, ...]  # DER, at most ten; believed in nothing but as links of a chain


def kind(octets: bytes) -> str:
    """The content type of a CMS object that is wholly these octets, "" where it is none."""
    info = _loaded(octets)
    return "" if info is None else _kind(info)


def enveloped(octets: bytes) -> Enveloped | None:
    """An encrypted object, BER or DER; None where it is damaged or another one."""
    info = _loaded(octets)
    if info is None:
        return None
    what = _kind(info)
    if what not in (ENVELOPED, AUTH_ENVELOPED):
        return None
    gcm = what == AUTH_ENVELOPED
    try:
        content = info["content"]
        inside = content["auth_encrypted_content_info" if gcm else "encrypted_content_info"]
        cipher = inside["content_encryption_algorithm"]["algorithm"].dotted
        infos = list(content["recipient_infos"])
        if not infos or len(infos) > _MOST_RECIPIENTS:
            return None
        strong = cipher in (_GCM if gcm else _CBC)
        names = [name for one in infos for name in _recipients(one)]
        others = any(one.name not in ("ktri", "kari") for one in infos)
        transports = [one.chosen for one in infos if one.name == "ktri"]
        known = all(one["key_encryption_algorithm"]["algorithm"].dotted in _RSA_TRANSPORT for one in transports)
        return Enveloped(tuple(names), others, strong and known, gcm)
    except _DAMAGED:
        return None


def encrypted_data(octets: bytes) -> bytes:
    """What is encrypted in an encrypted object, in one piece; b"" where there is none."""
    info = _loaded(octets)
    name = {ENVELOPED: "encrypted_content_info", AUTH_ENVELOPED: "auth_encrypted_content_info"}.get(kind(octets))
    if info is None or name is None:
        return b""
    try:
        held = info["content"][name]["encrypted_content"]
        return _joined(held) if _is_there(held) else b""
    except _DAMAGED:
        return b""


def signed(octets: bytes) -> Signed | None:
    """A signed object; None where it is damaged or another one."""
    info = _loaded(octets)
    try:
        if info is None or _kind(info) != SIGNED:
            return None
        content = info["content"]
        held = content["encap_content_info"]["content"]
        signers = list(content["signer_infos"])[:_MOST_SIGNERS]
        return Signed(
            content=_joined(held) if _is_there(held) else None,
            signers=tuple(_signer(one) for one in signers),
            certificates=tuple(_certificates(content["certificates"])),
        )
    except _DAMAGED:
        return None


def decompressed(octets: bytes, limit: int) -> bytes | None:
    """What a compressed object holds (RFC 3274); None where it is damaged or larger than the limit."""
    info = _loaded(octets)
    try:
        if info is None or _kind(info) != COMPRESSED:
            return None
        content = info["content"]
        if content["compression_algorithm"]["algorithm"].dotted != _ZLIB:
            return None
        stream = zlib.decompressobj()
        opened = stream.decompress(_joined(content["encap_content_info"]["content"]), limit + 1)
        return opened if stream.eof and len(opened) <= limit else None
    except (*_DAMAGED, zlib.error):
        return None


def key_id(certificate: Certificate) -> bytes:
    """The subject key identifier that a certificate says it has, b"" where it says none."""
    try:
        found = certificate.extensions.get_extension_for_oid(ExtensionOID.SUBJECT_KEY_IDENTIFIER)
    except (LookupError, ValueError):
        return b""
    return bytes(getattr(found.value, "digest", b""))


def _loaded(octets: bytes) -> Any:
    if not _is_bounded(octets):
        return None
    try:
        info = cms.ContentInfo.load(octets, strict=True)
        _kind(info)  # reading is put off until something is asked for
    except _DAMAGED:
        return None
    return info


def _kind(info: Any) -> str:
    return str(info["content_type"].dotted)


def _is_bounded(octets: bytes) -> bool:
    """Whether the elements are as few as in an honest mail: asn1crypto takes 5 µs for each piece of a BER string."""
    return sum(1 for _ in islice(_elements(octets), _MOST_ELEMENTS)) < _MOST_ELEMENTS


def _elements(octets: bytes) -> Iterator[tuple[int, int, int]]:
    """Every element, as (tag, begin, end of its content); one that holds others is entered (X.690, 8.1)."""
    position = 0
    while position + 1 < len(octets):
        tag, length = octets[position], octets[position + 1]
        position += 2
        if length & 0x80:
            count = length & 0x7F  # none: it ends where an end is marked (BER)
            length = int.from_bytes(octets[position : position + count], "big")
            position += count
        yield tag, position, position + length
        if not tag & 0x20:
            position += length


def _joined(held: Any) -> bytes:
    """The octets of an OCTET STRING, in one piece or (BER) in many; asn1crypto joins them in time by the square."""
    if not held.method:
        return bytes(held)
    whole = held.contents
    return b"".join(whole[begin:end] for tag, begin, end in _elements(whole) if tag == _OCTETS)


def _is_there(optional: Any) -> bool:
    """Whether an optional value is there. Asking for its `native` would read, and stumble over, all that is in it."""
    return not isinstance(optional, core.Void)


def _recipients(info: Any) -> Iterator[Name]:
    if info.name == "ktri":
        yield _name(info.chosen["rid"])
    elif info.name == "kari":
        for key in info.chosen["recipient_encrypted_keys"]:
            yield _name(key["rid"])


def _name(identifier: Any) -> Name:
    if identifier.name == "issuer_and_serial_number":
        return Name(identifier.chosen["issuer"], int(identifier.chosen["serial_number"].native), b"")
    chosen = identifier.chosen
    value = chosen["subject_key_identifier"].native if identifier.name == "r_key_id" else chosen.native
    return Name(None, 0, bytes(value))


def _signer(info: Any) -> Signer:
    attributes = info["signed_attrs"]
    made_at = None
    present = _is_there(attributes)
    for attribute in attributes if present else ():
        if attribute["type"].native == "signing_time":
            made_at = attribute["values"][0].native
    digest = info["digest_algorithm"]["algorithm"].native
    return Signer(
        name=_name(info["sid"]),
        strong=digest in _STRONG_HASHES and _is_strong(info["signature_algorithm"]),
        attributes=present,
        made_at=made_at if isinstance(made_at, datetime) and made_at.tzinfo else None,
    )


def _is_strong(algorithm: algos.SignedDigestAlgorithm) -> bool:
    name = str(algorithm["algorithm"].native)
    if name == "rsassa_pkcs1v15":  # rsaEncryption: the digest is named beside it
        return True
    if name not in ("rsassa_pss", "sha256_rsa", "sha384_rsa", "sha512_rsa") and not name.endswith("_ecdsa"):
        return False
    return str(algorithm.hash_algo) in _STRONG_HASHES


def _certificates(choices: Any) -> Iterator[bytes]:
    for choice in list(choices)[:_MOST_CERTIFICATES] if _is_there(choices) else ():
        if choice.name == "certificate":
            yield bytes(choice.chosen.dump())
