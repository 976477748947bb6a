"""Who wrote a mail: the signature's key against the registry, and From against the key's owner.

Every disagreement is the one refusal [GSP-201]; the cause goes to the log only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime

from gateway.content import Candidacy, DecryptedMail, MimePart, ProtectedHeaders, SignatureFact, Submission
from gateway.events import Keep
from gateway.facts import (
    UNANSWERED,
    Address,
    EncryptedMail,
    Envelope,
    Fingerprint,
    Moment,
    Pending,
    Person,
    Sender,
    VisibleHeaders,
    same_address,
)
from gateway.mime import headers
from gateway.mime.tree import parse_fields
from gateway.outcome import REASONS, Cause, Defer, Refuse
from gateway.ports import CryptoScheme, Policy, View
from gateway.stages import decrypt
from gateway.treaty import Side

_NOBODY = Address("")


def claimed_address(visible: VisibleHeaders) -> Address:
    """The address a mail says it is from; "" when From is not exactly one clean address."""
    return headers.one_address(visible.from_) or _NOBODY


def challenged(view: View, address: Address, now: datetime) -> tuple[Pending, ...]:
    """The registrations of an address whose challenge waits for its answer: only their keys may be tried."""
    return tuple(
        one for one in view.pending_for(address) if not one.proven and now < one.expires and one.key.usable(now)
    )


def identify(
    mail: DecryptedMail, view: View, moment: Moment, policy: Policy, pending: Sequence[Pending] = ()
) -> Submission | Candidacy:
    """The mail with its proven sender. Closes security.md A1 to A6: who signed, for whom, and once only.

    `pending`: registrations of the address in From whose challenge waits. What is signed with the key of one of them
    is a `Candidacy`, with which nothing can be done but answer that challenge.
    """
    visible = mail.mail.visible
    written = headers.one_address(visible.from_)
    if written is None:
        raise Refuse(REASONS[201], Cause.FROM_UNCLEAR)
    sender = view.sender_by_fingerprint(mail.signature.fingerprint, moment.now)
    if sender is None:
        return _candidacy(mail, written, view, policy, pending)
    if not same_address(sender.person.address, written):
        raise Refuse(REASONS[201], Cause.FROM_OF_ANOTHER)
    try:
        _check(mail, sender.person.address, view, policy)
    except Refuse as refusal:
        raise Refuse(refusal.reason, refusal.cause, sender.person) from None
    return Submission(mail, sender)


def _candidacy(
    mail: DecryptedMail, written: Address, view: View, policy: Policy, pending: Sequence[Pending]
) -> Candidacy:
    for one in pending:
        if one.key.fingerprint == mail.signature.fingerprint and same_address(one.address, written):
            _check(mail, one.address, view, policy)
            return Candidacy(mail, one)
    raise Refuse(REASONS[201], Cause.UNKNOWN_KEY)


def _check(mail: DecryptedMail, sender: Address, view: View, policy: Policy) -> None:
    """What a mail may be refused for although its sender is proven: it goes on record under the sender's name."""
    _check_inside(mail.headers, mail.tree, sender, policy)
    if mail.mail.visible.auto_submitted or headers.is_automatic(mail.tree):
        raise Refuse(REASONS[201], Cause.AUTOMATIC)
    if view.signature_seen(mail.signature.digest):
        raise Refuse(REASONS[201], Cause.REPLAY)


def _check_inside(inside: ProtectedHeaders, tree: MimePart, sender: Address, policy: Policy) -> None:
    """Fields in the signed part bind it even where the part does not say that it protects them."""
    signed_from = inside.from_ or tree.header("From")
    if signed_from:
        written = headers.one_address(signed_from)
        if written is None or not same_address(written, sender):
            raise Refuse(REASONS[201], Cause.FROM_OF_ANOTHER)
    signed_to = inside.to or (*tree.header("To"), *tree.header("Cc"))
    if signed_to:
        domains = {spec.rpartition("@")[2].lower() for spec in headers.addresses(signed_to)}
        # Somebody could pass on, under his own envelope, what an officer signed for another reader.
        if policy.domain.lower() not in domains:
            raise Refuse(REASONS[201], Cause.NOT_FOR_US)


def reopened(keep: Keep, scheme: CryptoScheme, view: View, limit: int, moment: Moment) -> Submission:
    """Kept ciphertext opened again: who wrote it was proven when it was taken, and its digest is the proof."""
    opened = scheme.open(keep.ciphertext, (), limit)
    tree = headers.without_legacy_display(decrypt.unwrapped(decrypt.entity(opened.octets, keep.ciphertext)))
    mail = EncryptedMail(keep.scheme, keep.ciphertext, keep.digest, VisibleHeaders(), Envelope(), 0)
    fact = SignatureFact(Fingerprint(""), moment.now, keep.digest)
    decrypted = DecryptedMail(mail, tree, headers.protected(tree), fact)
    return Submission(decrypted, Sender(_writer(keep, view, moment), fact.fingerprint))


def _writer(keep: Keep, view: View, moment: Moment) -> Person:
    exchange = view.exchange(keep.exchange)
    if exchange is None:
        raise Defer(REASONS[303])
    desk_wrote = keep.side is Side.ANSWERING or exchange.person == 0
    party = keep.party if keep.side is Side.ANSWERING else exchange.asking_party
    person = None if desk_wrote else view.correspondent(exchange.person, moment.now)
    reader = person or view.desk(party, moment.now)  # who has left wrote for his Party all the same
    if reader is None:
        raise Defer(REASONS[303])
    return Person(reader.person, reader.party, reader.address, "", reader.role, reader.language)


def vouched_sender(raw: bytes, envelope: Envelope, policy: Policy) -> Address | None:
    """The From address of a mail in clear, where the trusted border server vouches for its domain (RFC 8601).

    Only the topmost Authentication-Results field of the configured server counts: the border server must
    remove fields that claim to be its own.
    """
    part = _head(raw)
    if part is None or not envelope.mail_from or headers.is_automatic(part):
        return None
    return _vouched(part, envelope, policy)


def vouched_address(raw: bytes, envelope: Envelope, policy: Policy) -> Address | None:
    """The same for a mail that nobody will be answered because of: whatever its reverse-path."""
    part = _head(raw)
    return _vouched(part, envelope, policy) if part else None


def vouched_for(claimed: Person | None, raw: bytes, envelope: Envelope, policy: Policy) -> Address | None:
    """Whose address a login, the sender's own domain (DKIM), or the border server answers for.

    Raises Defer [GSP-303] where only a name server could have told, and none did.
    """
    if envelope.authenticated_as:
        return Address(envelope.authenticated_as)
    if (found := vouched_address(raw, envelope, policy)) is not None or claimed is None:
        return found
    if envelope.signed_by == UNANSWERED:
        raise Defer(REASONS[303])
    return claimed.address if same_address(claimed.address.rpartition("@")[2], envelope.signed_by) else None


def _head(raw: bytes) -> MimePart | None:
    try:
        return parse_fields(raw)
    except Refuse:
        return None


def _vouched(part: MimePart, envelope: Envelope, policy: Policy) -> Address | None:
    sender = headers.one_address(part.header("From"))
    results = [value for value in part.header("Authentication-Results") if _by(value, policy.authserv_id)]
    if sender is None or not policy.authserv_id or not results:
        return None
    if policy.open_smtp and envelope.transport == "smtp":  # who else than the border server comes there, we cannot tell
        return None
    domain = re.escape(sender.rpartition("@")[2])
    # What the sender chose (a reason, an address of his) may stand in quotes or comments: no result can hide there.
    # A mark that is not closed takes the rest with it.
    said = re.sub(r'"(?>(?:[^"\\]|\\.?)*)(?:"|\Z)|\([^()]*\)', "", results[0]).split(";")[1:]
    aligned = re.compile(
        rf"\s*(?:dmarc\s*=\s*pass\s(?:.*\s)?header\.from|dkim\s*=\s*pass\s(?:.*\s)?header\.d)\s*=\s*{domain}(?:\s.*)?",
        re.IGNORECASE | re.DOTALL,
    )
    return sender if any(aligned.fullmatch(one) for one in said) else None


def _by(value: str, authserv_id: str) -> bool:
    return value.split(";")[0].split()[:1] == [authserv_id]
