"""Signs and encrypts a rendered mail to exactly its reader, in the scheme of the key; without one there is no mail."""

from __future__ import annotations

import re

from gateway.content import RenderedMail
from gateway.events import MailKind, OutgoingMail
from gateway.facts import MessageId, address, digest, proven_ciphertext
from gateway.outcome import REASONS, Hold
from gateway.ports import CryptoScheme, Policy

_NEW_LINE = re.compile(r"[\r\n](?![ \t])(?!(?<=\r)\n[ \t])")
_MIME = b"MIME-Version: 1.0\r\n"  # RFC 2045, 4


def encrypt(rendered: RenderedMail, scheme: CryptoScheme, identifier: str, policy: Policy) -> OutgoingMail:
    """The finished mail. `identifier` is unguessable and brings delivery reports home.

    Raises Hold [GSP-402] where it cannot be encrypted. The one mail that may go in clear is the
    content-free notice to the owner of an unusable key.
    """
    letter = rendered.letter
    if letter.to.key is not None:
        sealed = scheme.seal(rendered.payload, letter.to.key)
        octets = _lines(rendered.outer) + _MIME + scheme.wrapped(sealed, identifier)
    elif letter.kind is MailKind.KEY_NOTICE:
        octets = _lines(rendered.outer) + _MIME + rendered.payload
    else:
        raise Hold(REASONS[402])
    if not octets.count(b"\r\n") == octets.count(b"\r") == octets.count(b"\n"):  # we never smuggle: RFC 5321, 2.3.8
        raise Hold(REASONS[402])
    local = f"bounce+{identifier}" if policy.subaddress else policy.mailbox
    return OutgoingMail(
        kind=letter.kind,
        message_id=MessageId(rendered.message_id),
        envelope_id=identifier,
        mail_from=address(f"{local}@{policy.domain}"),
        rcpt_to=letter.to.address,
        ciphertext=proven_ciphertext(octets),
        digest=digest(octets),
        exchange=letter.exchange,
        party=letter.party,
        side=letter.side,
        brings=(letter.to.key.fingerprint, letter.our_key) if letter.to.key and letter.our_key else None,
    )


def _lines(fields: tuple[tuple[str, str], ...]) -> bytes:
    # A value that begins a line of its own would be a field of the writer's choice (security.md A22).
    if any(_NEW_LINE.search(f"{name}: {value}") for name, value in fields):
        raise Hold(REASONS[402])
    return "".join(f"{name}: {value}\r\n" for name, value in fields).encode("utf-8")
