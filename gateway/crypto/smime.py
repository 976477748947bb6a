"""S/MIME by OpenSSL and `cryptography`: opens, verifies, seals; the registry decides whom to believe (RFC 8551).

OpenSSL opens and checks signatures, because it alone reads what all clients write (interop.md 3); signing and
encrypting to RSA is done in process, which is ten times as fast (libraries.md 2.4).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.serialization import pkcs7

from gateway import logs
from gateway.content import N_, MimePart
from gateway.crypto import _bundle, _certificate, _chain, _cms, _lists, _ocsp, _openssl, _readers, _signing
from gateway.crypto._chain import Trust
from gateway.facts import Ciphertext, PublicKey
from gateway.mime.tree import parse, parse_fields
from gateway.outcome import REASONS, Cause, Defer, Hold, Refuse
from gateway.ports import Addressed, Opened, SignatureReport

_FUTURE = timedelta(minutes=15)
_LAYERS = 4  # signatures and compression inside one encryption
_ENCRYPTED = ("application/pkcs7-mime", "application/x-pkcs7-mime")
_DETACHED = ("application/pkcs7-signature", "application/x-pkcs7-signature")
_VAGUE = ("application/octet-stream", "application/pkcs7", "application/x-pkcs7", "application/cms")
_FIELD = re.compile(rb"[A-Za-z0-9-]+:")
_NO_REPORT = SignatureReport(Cause.BAD_SIGNATURE, None, None, b"")


class Smime:
    """`ports.CryptoScheme`. `folder`: our certificate and key, trust anchors of the Parties, revocation lists.

    `gcm`: encrypt with AES-256-GCM, which GnuPG 2.2 and older programs cannot read. `strict`: as of `_chain.Trust`.
    `token`: has our secret key, unless the folder has it.
    """

    name = "smime"

    def __init__(
        self,
        folder: Path,
        clock: Callable[[], datetime],
        gcm: bool = False,
        strict: bool = False,
        token: _openssl.Token | None = None,
    ) -> None:
        if not _openssl.is_there():
            raise ValueError("OpenSSL cannot be run: install the package openssl")
        self._folder = folder
        self._clock = clock
        self._gcm = gcm
        self._own = _certificate.own(folder, token)
        self._key = _certificate.secret(self._own[0])
        self._trust = Trust(folder, strict)
        self.fingerprint = _bundle.fingerprint(self._own[0].certificate)

    # --- outside, before anything is opened -----------------------------------------------------------

    def recognise(self, tree: MimePart, anybody: bool = False) -> bytes | None:
        """The encrypted CMS object that a mail wholly is, with or without a signature around it; None: no S/MIME.

        A signature around the encryption (triple wrap, RFC 2634) binds nobody: whoever passes a mail on can put his
        there. It is taken off; only the one inside counts.
        """
        part = tree
        for _ in range(_LAYERS):
            if _is_detached(part):
                part = part.children[0]
                continue
            if not _is_cms(part):
                break
            if _cms.kind(part.body) != _cms.SIGNED:
                return self._accepted(part, anybody)
            signed = _cms.signed(part.body)
            if signed is None or signed.content is None:
                raise Refuse(REASONS[101])
            part = parse(signed.content)
        if part is not tree and not _is_multipart_with_cms(part):
            raise Refuse(REASONS[101])
        if _is_multipart_with_cms(part):
            raise Refuse(REASONS[102])
        return None

    def _accepted(self, part: MimePart, anybody: bool) -> bytes | None:
        kind = _cms.kind(part.body)
        if not kind and part.media_type not in _ENCRYPTED:
            return None
        if kind == _cms.COMPRESSED:
            raise Refuse(REASONS[101])
        seen = _cms.enveloped(part.body)
        if seen is None:
            raise Refuse(REASONS[104 if kind else 105])
        if seen.others or not seen.strong:
            raise Refuse(REASONS[104])
        if not anybody and self._addressed(seen) is None:
            raise Refuse(REASONS[103])
        return part.body

    def addressed(self, octets: bytes, keys: Sequence[PublicKey]) -> Addressed:
        """Whom the object names by issuer and serial number, or by key identifier; nothing is opened."""
        own = [key for key in keys if key.scheme == self.name]
        return _readers.of_object(octets, own, [mine.certificate for mine in self._own])

    def passed_on(self, octets: bytes, identifier: str) -> bytes:
        """The MIME entity that carries an object as it came (RFC 8551, 3.3)."""
        return self.wrapped(base64.encodebytes(octets).replace(b"\n", b"\r\n"), identifier)

    def _addressed(self, seen: _cms.Enveloped) -> _certificate.Own | None:
        named = (own for own in self._own if any(name.means(own.certificate) for name in seen.recipients))
        return next(named, None)

    # --- opening ----------------------------------------------------------------------------------------

    def open(self, ciphertext: Ciphertext, claimed: Sequence[PublicKey], limit: int) -> Opened:
        """What is inside, freed of signature and compression, with every signature judged against the claimed keys.

        CBC proves no integrity (EFAIL): content without a good signature over all of it is refused by whoever asked.
        Raises Refuse [GSP-201], or Defer [GSP-303] where our own key is away: that is not the sender's fault.
        """
        seen = _cms.enveloped(ciphertext.octets)
        mine = self._addressed(seen) if seen else None
        if mine is None:
            raise Refuse(REASONS[201], Cause.NOT_TO_OUR_KEY)
        octets = _openssl.decrypted(ciphertext.octets, _bundle.pem(mine.certificate), mine.key)
        if octets is None and mine.is_away():
            raise Defer(REASONS[303])
        if octets is None:
            raise Refuse(REASONS[201], Cause.CANNOT_DECRYPT)
        return self._inside(octets, claimed, limit)

    def _inside(self, octets: bytes, claimed: Sequence[PublicKey], limit: int) -> Opened:
        """Takes off one signature, and compression on either side of it (RFC 8551, 3.7)."""
        reports: list[SignatureReport] = []
        for _ in range(_LAYERS):
            if len(octets) > limit:
                raise Refuse(REASONS[201], Cause.TOO_LARGE_INSIDE)
            part = _entity(octets)
            if _is_detached(part):
                signed = part.children[0].raw
                reports.append(self._over_stored_or_canonical(signed, part.children[1].body, claimed))
                octets = signed
            elif _is_cms(part) and (found := _cms.signed(part.body)) is not None and found.content is not None:
                reports.append(self._report(found, part.body, None, claimed))
                octets = found.content
            elif _is_cms(part) and _cms.kind(part.body) == _cms.COMPRESSED:
                unpacked = _cms.decompressed(part.body, limit)
                if unpacked is None:
                    raise Refuse(REASONS[201], Cause.TOO_LARGE_INSIDE)
                octets = unpacked
            else:
                return Opened(octets, tuple(reports))
            if len(reports) > 1:
                raise Refuse(REASONS[201], Cause.SEVERAL_SIGNATURES)
        raise Refuse(REASONS[201], Cause.NESTING)

    def verify(self, signed: bytes, signature: bytes, claimed: Sequence[PublicKey]) -> SignatureReport:
        """Judges a detached signature over exactly these octets (RFC 8551, 3.5.3)."""
        found = _cms.signed(signature)
        # Other content inside would be what is signed, and not what is shown (Johnny, you are fired: C1).
        if found is None or found.content not in (None, signed):
            return _NO_REPORT
        return self._report(found, signature, signed, claimed)

    def _over_stored_or_canonical(
        self, signed: bytes, signature: bytes, claimed: Sequence[PublicKey]
    ) -> SignatureReport:
        canonical = re.sub(rb"\r?\n", b"\r\n", signed)
        report = self.verify(canonical, signature, claimed)
        # Some programs sign the octets as they store them, against RFC 8551, 3.1.1.
        if report.cause is Cause.BAD_SIGNATURE and canonical != signed:
            return self.verify(signed, signature, claimed)
        return report

    def _report(
        self, found: _cms.Signed, signature: bytes, signed: bytes | None, claimed: Sequence[PublicKey]
    ) -> SignatureReport:
        if len(found.signers) != 1:
            cause = Cause.SEVERAL_SIGNATURES if found.signers else Cause.NOT_SIGNED
            return SignatureReport(cause, None, None, b"")
        signer = found.signers[0]
        key = _named(signer.name, claimed)
        if key is None:
            return SignatureReport(Cause.UNKNOWN_KEY, None, None, b"")
        bundle = _bundle.load(key.octets)
        content = _openssl.verified(signature, _bundle.pem(bundle.signing), signed)
        expected = signed if signed is not None else found.content
        # Two readers, one content; and signed attributes must not pass for content (they begin with a SET).
        if content is None or content != expected or not (signer.attributes or _FIELD.match(content)):
            return _NO_REPORT
        made_at = signer.made_at or self._clock()
        identity = b"\0".join(
            (key.fingerprint.encode(), hashlib.sha256(content).digest(), str(signer.made_at or "").encode())
        )
        return SignatureReport(self._judge(key, bundle, signer, found.certificates), key.fingerprint, made_at, identity)

    def _judge(self, key: PublicKey, bundle: _bundle.Bundle, signer: _cms.Signer, more: Sequence[bytes]) -> Cause:
        now = self._clock()
        if not signer.strong:
            return Cause.WEAK_ALGORITHM
        if key.revoked:
            return Cause.REVOKED_KEY
        if signer.made_at is not None and signer.made_at > now + _FUTURE:
            return Cause.WRONG_TIME
        if not _bundle.can_sign(bundle.signing) or not _bundle.is_for_mail(bundle.signing):
            return Cause.UNTRUSTED
        return self._trusted(key, bundle.signing, (*bundle.links, *_readable(more)))

    def _trusted(self, key: PublicKey, leaf: x509.Certificate, links: Sequence[x509.Certificate]) -> Cause:
        try:
            return self._trust.verdict(key.party, leaf, links, self._clock())
        except (OSError, ValueError):
            logs.warn("a trust anchor or revocation list cannot be read: see gsp doctor")
            raise Defer(REASONS[303]) from None

    # --- sealing ----------------------------------------------------------------------------------------

    def seal(self, payload: bytes, to: PublicKey) -> bytes:
        """Signs with our key (detached), encrypts to exactly this certificate with AES-256; DER as base64 lines.

        Raises Hold [GSP-402] where the certificate cannot be used, Defer [GSP-303] where the fault is ours.
        """
        try:
            bundle = _bundle.load(to.octets)
        except ValueError:
            raise Hold(REASONS[402]) from None
        reader = bundle.encrypting
        if reader is None or self._trusted(to, reader, bundle.links) is not Cause.NONE:
            raise Hold(REASONS[402])
        signed = _signing.signed(payload, self._own[0], self._key)
        if signed is None:
            raise Defer(REASONS[303])
        octets = self._encrypted(signed, reader)
        seen = _cms.enveloped(octets) if octets else None
        if octets is None or seen is None or len(seen.recipients) != 1 or not seen.recipients[0].means(reader):
            raise Hold(REASONS[402])
        return base64.encodebytes(octets).replace(b"\n", b"\r\n")

    @staticmethod
    def wrapped(sealed: bytes, identifier: str) -> bytes:  # noqa: ARG004 - one part has no boundary
        """The MIME entity of what `seal` made (RFC 8551, 3.3, 3.4)."""
        kind = (
            "authEnveloped-data" if _cms.kind(binascii.a2b_base64(sealed)) == _cms.AUTH_ENVELOPED else "enveloped-data"
        )
        head = (
            f'Content-Type: application/pkcs7-mime; smime-type={kind}; name="smime.p7m"\r\n'
            'Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename="smime.p7m"\r\n\r\n'
        )
        return head.encode("ascii") + sealed

    def _encrypted(self, octets: bytes, reader: x509.Certificate) -> bytes | None:
        if self._gcm or not isinstance(reader.public_key(), rsa.RSAPublicKey):
            return _openssl.encrypted(octets, _bundle.pem(reader), self._gcm)
        builder = pkcs7.PKCS7EnvelopeBuilder().set_data(octets).add_recipient(reader)
        try:
            whole = builder.set_content_encryption_algorithm(algorithms.AES256)
            return whole.encrypt(serialization.Encoding.DER, [pkcs7.PKCS7Options.Binary])
        except (ValueError, TypeError, UnsupportedAlgorithm):
            return None

    # --- keys -------------------------------------------------------------------------------------------

    def read_key(self, octets: bytes) -> PublicKey:
        """The one person's certificate in these octets (PEM, DER, PKCS #7), with the issuers that stand beside it.

        Raises ValueError with a sentence for whoever sent it; an empty one: this is no certificate at all.
        """
        bundle = _bundle.read(octets, self._clock())
        if not _bundle.can_sign(bundle.signing):
            raise ValueError(N_("the certificate cannot sign: ask its issuer for the key usage digitalSignature"))
        return PublicKey(
            self.name, _bundle.fingerprint(bundle.signing), bundle.pem(), bundle.encrypting is not None, True,
            _bundle.usable_until(bundle), addresses=_bundle.addresses(bundle.signing),
        )  # fmt: skip

    def doubt(self, key: PublicKey) -> str:
        """Why a certificate must not be registered for its Party now, "" when nothing speaks against it."""
        bundle = _bundle.load(key.octets)
        try:
            causes = [self._trust.verdict(key.party, one, bundle.links, self._clock()) for one in bundle.leaves]
        except OSError:
            return N_("the trust anchors of the Party cannot be read: tell the operator of the focal point")
        cause = next((one for one in causes if one is not Cause.NONE), None)
        return _DOUBTS.get(cause, N_("the certificate is not accepted")) if cause else ""

    def export(self) -> bytes:
        """Our own certificate with its issuers, PEM."""
        return b"".join(_bundle.pem(one) for one in (self._own[0].certificate, *self._own[0].links))

    def certificate(self) -> bytes:
        """Our own certificate alone, DER."""
        return self._own[0].certificate.public_bytes(serialization.Encoding.DER)

    def own_key(self) -> PublicKey:
        """Our own certificate as a value."""
        return self.read_key(self.export())

    def refresh_lists(self, keys: Iterable[PublicKey], hours: int) -> tuple[int, int]:
        """Fetches what issuers say of registered certificates, as lists and by OCSP; gives (fetched, failed)."""
        chosen = [key for key in keys if key.scheme == self.name]
        bundles = [_bundle.load(key.octets) for key in chosen]
        found = [one for bundle in bundles for one in (*bundle.leaves, *bundle.links)]
        found += [one for party in {key.party for key in chosen} for one in self._trust.anchors(party)]
        now = self._clock()
        pairs = _chain.pairs(found)
        lists = _lists.refresh(self._folder, _lists.places(found, pairs), now, hours, _lists.fetched)
        answers = _ocsp.refresh(self._folder, pairs, now, hours, _ocsp.asked)
        return lists[0] + answers[0], lists[1] + answers[1]


_DOUBTS = {
    Cause.UNTRUSTED: N_(
        "the certificate does not lead to a trust anchor of the Party: add the certificates of its issuers"
        " to the file, or ask the operator to put the anchor into smime/anchors"
    ),
    Cause.REVOKED_KEY: N_("the certificate has been revoked by its issuer: a new one is needed"),
    Cause.REVOCATION_UNKNOWN: N_(
        "the issuer's revocation list is missing or out of date: ask the operator to fetch it into smime/crls"
    ),
}


def _named(name: _cms.Name, claimed: Sequence[PublicKey]) -> PublicKey | None:
    """The claimed certificate that a signature names; of several with one key, one that is not withdrawn."""
    known = [key for key in claimed if key.scheme == Smime.name and name.means(_bundle.load(key.octets).signing)]
    return min(known, key=lambda key: key.revoked, default=None)


def _readable(certificates: Sequence[bytes]) -> list[x509.Certificate]:
    found: list[x509.Certificate] = []
    for octets in certificates:
        found += _bundle.certificates(octets)
    return found


def _entity(octets: bytes) -> MimePart:
    """The tree of what may be a layer; else only the header fields of what is inside all of them."""
    try:
        part = parse_fields(octets)
        is_layer = part.media_type == "multipart/signed" or _is_named_so(part)
        return parse(octets) if is_layer else part
    except Refuse:
        raise Refuse(REASONS[201], Cause.NESTING) from None


def _is_named_so(part: MimePart) -> bool:
    named = part.filename.lower().endswith((".p7m", ".p7z"))
    return part.media_type in _ENCRYPTED or (named and part.media_type in _VAGUE)


def _is_cms(part: MimePart) -> bool:
    """Whether a leaf is a CMS object, by its type, or by its name where a server has changed the type."""
    return not part.children and _is_named_so(part)


def _is_detached(part: MimePart) -> bool:
    kinds = [child.media_type for child in part.children]
    return part.media_type == "multipart/signed" and len(kinds) == 2 and kinds[1] in _DETACHED


def _is_multipart_with_cms(part: MimePart) -> bool:
    """Whether an encrypted object stands beside other parts."""
    return bool(part.children) and any(
        _is_cms(one) and _cms.kind(one.body) in (_cms.ENVELOPED, _cms.AUTH_ENVELOPED) for one in part.walk()
    )
