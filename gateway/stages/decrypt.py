"""Opens an encrypted mail and finds the one signature that covers all of it; else nothing exists.

After decryption has begun there is one refusal for everything ([GSP-201]); the cause goes to the log only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from gateway.content import DecryptedMail, MimePart, SignatureFact
from gateway.facts import Ciphertext, EncryptedMail, PublicKey, digest
from gateway.mime import headers
from gateway.mime.tree import parse
from gateway.outcome import REASONS, Cause, Refuse
from gateway.ports import CryptoScheme, Opened, SignatureReport

_FIELD = re.compile(rb"[A-Za-z0-9-]+:")
_CONTENT_TYPE = re.compile(rb"(?:\A|\n)Content-Type:", re.IGNORECASE)
_CHARSET = re.compile(rb"-----BEGIN PGP MESSAGE-----\nCharset: ([a-z0-9_.:+-]{1,40})\n")


def decrypt(mail: EncryptedMail, scheme: CryptoScheme, claimed: Sequence[PublicKey], limit: int) -> DecryptedMail:
    """The opened mail, signed as a whole by exactly one good signature of one of the claimed keys."""
    opened = scheme.open(mail.ciphertext, claimed, limit)
    tree = entity(opened.octets, mail.ciphertext)
    report = _signature(opened, tree, scheme, claimed)
    if report.cause is not Cause.NONE or report.fingerprint is None or report.made_at is None:
        raise Refuse(REASONS[201], report.cause if report.cause is not Cause.NONE else Cause.BAD_SIGNATURE)
    tree = headers.without_legacy_display(unwrapped(tree))
    if any(_is_encrypted(part) for part in tree.walk()):
        raise Refuse(REASONS[201], Cause.NESTING)
    fact = SignatureFact(report.fingerprint, report.made_at, digest(report.identity))
    return DecryptedMail(mail, tree, headers.protected(tree), fact)


def _is_encrypted(part: MimePart) -> bool:
    if part.media_type in ("application/pkcs7-mime", "application/x-pkcs7-mime"):
        return part.parameter("smime-type").lower() not in ("signed-data", "certs-only")
    return part.media_type == "multipart/encrypted" or part.body.lstrip()[:27] == b"-----BEGIN PGP MESSAGE-----"


def entity(octets: bytes, ciphertext: Ciphertext) -> MimePart:
    """The tree of opened octets: a MIME entity, or (inline OpenPGP) plain text.

    Such text is UTF-8; where it cannot be, it is in the charset that its armour names (RFC 9580, 6.2.2). Nobody has
    signed that name: of text that is UTF-8 it changes nothing.
    """
    head = re.split(rb"\r?\n\r?\n", octets[:65536], maxsplit=1)[0]
    is_mime = _FIELD.match(head) is not None and _CONTENT_TYPE.search(head) is not None
    try:
        return parse(octets if is_mime else _text(octets, ciphertext) + octets)
    except Refuse:
        raise Refuse(REASONS[201], Cause.NESTING) from None


def _text(octets: bytes, ciphertext: Ciphertext) -> bytes:
    named = _CHARSET.match(ciphertext.octets)
    charset = b"utf-8"
    try:
        octets.decode()
    except UnicodeDecodeError:
        charset = named[1] if named else charset
    return b"Content-Type: text/plain; charset=" + charset + b"\r\n\r\n"


def unwrapped(tree: MimePart) -> MimePart:
    """What a signature around the content covers (RFC 1847: multipart/signed inside the encryption)."""
    return tree.children[0] if tree.media_type == "multipart/signed" and tree.children else tree


def _signature(opened: Opened, tree: MimePart, scheme: CryptoScheme, claimed: Sequence[PublicKey]) -> SignatureReport:
    if len(opened.signatures) > 1:
        raise Refuse(REASONS[201], Cause.SEVERAL_SIGNATURES)
    layered = tree.media_type == "multipart/signed"
    if opened.signatures:
        if layered:
            raise Refuse(REASONS[201], Cause.SEVERAL_SIGNATURES)
        return opened.signatures[0]
    if not layered:
        partly = any(part.media_type == "multipart/signed" for part in tree.walk())
        raise Refuse(REASONS[201], Cause.PARTLY_SIGNED if partly else Cause.NOT_SIGNED)
    return _detached(tree, scheme, claimed)


def _detached(tree: MimePart, scheme: CryptoScheme, claimed: Sequence[PublicKey]) -> SignatureReport:
    if len(tree.children) != 2 or tree.children[1].media_type != "application/pgp-signature":
        raise Refuse(REASONS[201], Cause.PARTLY_SIGNED)
    signed, signature = tree.children[0].raw, tree.children[1].body
    canonical = re.sub(rb"\r?\n", b"\r\n", signed)
    report = scheme.verify(canonical, signature, claimed)
    # Some programs sign the octets as they store them, against RFC 3156, 5.
    if report.cause is Cause.BAD_SIGNATURE and canonical != signed:
        return scheme.verify(signed, signature, claimed)
    return report
