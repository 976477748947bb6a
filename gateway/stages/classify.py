"""Octets to one encrypted object, or a delivery or disposition report; structure only, nothing is opened."""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress

from gateway import discovery, repairs
from gateway.content import MimePart
from gateway.facts import (
    NO_PARTY,
    Address,
    DeliveryAction,
    DeliveryReport,
    DispositionReport,
    EncryptedMail,
    Envelope,
    PartyCode,
    address,
    digest,
    proven_ciphertext,
)
from gateway.mime import headers
from gateway.mime.tree import beside, parse, parse_fields
from gateway.outcome import REASONS, Refuse
from gateway.ports import CryptoScheme, SealedMail

_REPAIRS = [repair for repair in discovery.find(repairs, "REPAIR").values() if repair.where == "outside"]
_ENCRYPTED = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime", "multipart/encrypted"})
_CLEAR = frozenset({"signed-data", "certs-only"})  # smime-type of what is signed but not encrypted (RFC 8551, 3.2.2)
_MAX_REPORT = 16 * 1024
_NAMED = re.compile(r"[A-Za-z0-9]{1,64}")
_NOBODY = Address("")
# What clients write for those that cannot read MIME (Thunderbird, Enigmail, Apple Mail).
_USUAL = re.compile(rb"This is an (?:OpenPGP/MIME|S/MIME) (?:encrypted|signed) message[ A-Za-z0-9()]{0,40}\.?|"
                    rb"This is a (?:multi-part|cryptographically signed) message in MIME format\.{0,3}")  # fmt: skip
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
# Our mails have one reader each. Where an address stands for several, one mailbox of the desk's is enough.
_ACTIONS = (
    DeliveryAction.DELIVERED,
    DeliveryAction.RELAYED,
    DeliveryAction.EXPANDED,
    DeliveryAction.DELAYED,
    DeliveryAction.FAILED,
)


def classify(
    raw: bytes, envelope: Envelope, schemes: Sequence[CryptoScheme], max_size: int, own: Address = _NOBODY
) -> EncryptedMail | SealedMail | DeliveryReport | DispositionReport:
    """What a mail is, from outside; raises Refuse [GSP-101] to [GSP-108] for what is none of these.

    `own` is our mailbox; without it there are no sealed addresses.
    """
    if len(raw) > max_size:
        raise Refuse(REASONS[106])
    tree = parse(raw)
    visible = headers.visible(tree)
    if visible.received_count > headers.MAX_RECEIVED:
        raise Refuse(REASONS[107])
    report = _report(tree, envelope)
    if report is not None:
        return report
    for repair in _REPAIRS:
        tree = repair.mend(tree)
    recipients = envelope.rcpt_tos or headers.addresses((*tree.header("To"), *tree.header("Cc")))
    places = headers.sealed_places(recipients, own) if own else ()
    tokens = headers.tokens((*recipients, visible.subject_tag))
    for scheme in schemes:
        sealed = bool(places)
        try:
            octets = scheme.recognise(tree, anybody=True) if sealed else scheme.recognise(tree)
        except Refuse as refusal:
            if refusal.reason.number != 103 or not tokens:
                raise
            octets, sealed = scheme.recognise(tree, anybody=True), True
        if octets is not None:
            mail = EncryptedMail(scheme.name, proven_ciphertext(octets), digest(octets), visible, envelope, len(raw))
            return _sealed(mail, tree, places, tokens) if sealed else mail
    if any(p.media_type in _ENCRYPTED and p.parameter("smime-type").lower() not in _CLEAR for p in tree.walk()):
        raise Refuse(REASONS[104])
    raise Refuse(
        REASONS[108] if visible.auto_submitted or (not envelope.mail_from and envelope.rcpt_tos) else REASONS[101]
    )


def _sealed(
    mail: EncryptedMail, tree: MimePart, places: Sequence[tuple[PartyCode, str]], tokens: Sequence[str]
) -> SealedMail:
    """A sealed mail with nothing beside it that can be read, for one Party."""
    if len(places) > 1:
        raise Refuse(REASONS[115])
    words = beside(tree).strip()
    version = tree.children[0].body.strip() if tree.media_type == "multipart/encrypted" else b""
    if (words and not _USUAL.fullmatch(words)) or version not in (b"", b"Version: 1"):
        raise Refuse(REASONS[102])
    own_token = [token for _, token in places if token]
    return SealedMail(mail, places[0][0] if places else NO_PARTY, tuple(dict.fromkeys((*own_token, *tokens))))


def _report(tree: MimePart, envelope: Envelope) -> DeliveryReport | DispositionReport | None:
    if tree.media_type != "multipart/report":
        return None
    # In mail with addresses beyond ASCII the same reports are called `global` (RFC 6533).
    kinds = {part.media_type.replace("message/global-d", "message/d"): part for part in tree.children}
    ids = _original_ids(kinds)
    if "message/delivery-status" in kinds:
        return _delivery(kinds["message/delivery-status"], ids, envelope)
    if "message/disposition-notification" in kinds:
        fields = _fields(kinds["message/disposition-notification"].body)
        ids = (*headers.message_ids(fields.get("original-message-id", ())), *ids)
        types = (value.rpartition(";")[2].partition("/")[0] for value in fields.get("disposition", ()))
        return DispositionReport(envelope, ids, any(kind.strip().lower() == "displayed" for kind in types))
    return None


def _delivery(part: MimePart, ids: tuple[str, ...], envelope: Envelope) -> DeliveryReport | None:
    fields = _fields(part.body)
    actions = {value.partition("(")[0].strip().lower() for value in fields.get("action", ())}
    known = [action for action in _ACTIONS if action in actions]
    if not known:
        return None
    status = _STATUS.match(next(iter(fields.get("status", ())), "").strip())
    named = _NAMED.fullmatch(next(iter(fields.get("original-envelope-id", ())), "").strip())
    return DeliveryReport(
        envelope, ids, named[0].lower() if named else "", known[0], status[0] if status else "", _recipient(fields)
    )


def _recipient(fields: Mapping[str, tuple[str, ...]]) -> str:
    """The address that the mail was sent to: as we gave it (ORCPT) where that came back, else as it was in the end."""
    for name in ("original-recipient", "final-recipient"):
        for value in fields.get(name, ()):
            with suppress(ValueError):
                return address(value.partition(";")[2].strip().strip("<>"))
    return ""


def _original_ids(kinds: dict[str, MimePart]) -> tuple[str, ...]:
    """Message-ID of the mail that a report speaks of (RFC 3464, 2; RFC 8098, 3)."""
    for kind in ("message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers"):
        if kind in kinds:
            returned = parse_fields(kinds[kind].body)
            return headers.message_ids(returned.header("Message-ID"))
    return ()


def _fields(body: bytes) -> dict[str, tuple[str, ...]]:
    """All fields of all blocks of a report, names in lower case; of a long one the beginning."""
    found: dict[str, tuple[str, ...]] = {}
    for block in re.split(rb"\r?\n\r?\n", body[:_MAX_REPORT]):
        for name, value in email.message_from_bytes(block + b"\n\n", policy=email.policy.compat32).items():
            found[name.lower()] = (*found.get(name.lower(), ()), str(value))
    return found
