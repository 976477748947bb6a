"""Whom an encrypted object names as its readers, as GnuPG and asn1crypto read it; nothing is opened."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from cryptography.x509 import Certificate

from gateway.crypto import _bundle, _cms, _packets, _status
from gateway.crypto._gpg import Engine
from gateway.facts import PublicKey, digest
from gateway.outcome import REASONS, Refuse
from gateway.ports import Addressed


def of_message(
    gpg: Engine, octets: bytes, keys: Sequence[PublicKey], ours: Collection[str], now: datetime
) -> Addressed:
    """The readers of a binary OpenPGP message (RFC 9580, 5.1) among these keys; `ours` are the ids of our own subkeys.

    Raises Refuse [GSP-105] where GnuPG sees other readers than we do.
    """
    named = gpg.run(["--list-only", "--decrypt"], octets).said.readers
    seen = _packets.outline(octets)
    if seen is None or not named or named != seen.key_ids:
        raise Refuse(REASONS[105])
    together = b"".join(key.octets for key in keys)
    listed = gpg.run(["--import-options", "show-only", "--import"], together).output if together else b""
    owners = {key_id: key.fingerprint for key in _status.listing(listed, now).keys for key_id in key.encryption_ids}
    return Addressed(
        known=frozenset(owners[key_id] for key_id in named if key_id in owners),
        foreign=any(key_id not in owners and key_id not in ours and not _is_hidden(key_id) for key_id in named),
        hidden=any(map(_is_hidden, named)),
        ours=any(key_id in ours for key_id in named),
        content=digest(_packets.encrypted_data(octets)),
    )


def _is_hidden(key_id: str) -> bool:
    return set(key_id) <= {"0"}


def of_object(octets: bytes, keys: Sequence[PublicKey], ours: Sequence[Certificate]) -> Addressed:
    """The readers of a CMS object (RFC 5652, 6.2), by issuer and serial number or by key identifier.

    Raises Refuse [GSP-105] where it cannot be read.
    """
    seen = _cms.enveloped(octets)
    if seen is None:
        raise Refuse(REASONS[105])
    owned = [(key.fingerprint, _bundle.load(key.octets).leaves) for key in keys]
    known = [{mark for mark, leaves in owned if any(map(name.means, leaves))} for name in seen.recipients]
    mine = [any(map(name.means, ours)) for name in seen.recipients]
    return Addressed(
        known=frozenset().union(*known),
        foreign=any(not marks and not us for marks, us in zip(known, mine, strict=True)),
        hidden=False,
        ours=any(mine),
        content=digest(_cms.encrypted_data(octets)),
    )
