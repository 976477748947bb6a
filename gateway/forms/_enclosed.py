"""Registered keys as files for whoever is to encrypt to them."""

from __future__ import annotations

from datetime import datetime

from gateway.content import EnclosedKey
from gateway.facts import PartyCode, PublicKey
from gateway.mime.armour import armoured
from gateway.ports import View

_MOST = 4


def key_files(view: View, party: PartyCode, person: int, now: datetime) -> tuple[EnclosedKey, ...]:
    """Keys and certificates with which a mail to a desk (0) or person can be encrypted now, the newest first."""
    keys = [key for owner, key in view.keys_of_party(party) if owner == person and key.can_encrypt and key.usable(now)]
    return tuple(_file(party, key) for key in keys[:_MOST])


def _file(party: PartyCode, key: PublicKey) -> EnclosedKey:
    name = f"{party.lower()}-{key.fingerprint[-16:].lower()}"
    if key.scheme == "openpgp":
        octets = key.octets if key.octets.startswith(b"-----") else armoured("PUBLIC KEY BLOCK", key.octets)
        return EnclosedKey(f"{name}.asc", "application/pgp-keys", octets, key.fingerprint)
    return EnclosedKey(f"{name}.pem", "application/x-pem-file", key.octets, key.fingerprint)
