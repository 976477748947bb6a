"""The one key or certificate that a mail brings for somebody: which it is, or why none was taken."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from gateway.content import Finding, KeyFile, Severity, Text, text
from gateway.facts import Address, Fingerprint, PartyCode, PublicKey, same_address
from gateway.mime.keys import MOST, is_secret
from gateway.ports import Situation

_NONE = text(
    "No key was found in this mail. Attach the public key (a file .asc) or the certificate (a file .cer), or paste it."
)
_MANY = text("This mail brings too many keys. Attach the one key that is to be registered and nothing else.")
_TWO = text("This mail brings more than one key that could be meant. Attach only the one that is to be registered.")
_REFUSED = text("The key in “{name}” was not taken: {why}.")
_PASTED = text("The key in the text was not taken: {why}.")
_OF_ANOTHER = text(
    "The key is made for {found}, not for {address}. Add this address to the key, or send the key that is made for it."
)


def brought(
    situation: Situation,
    party: PartyCode,
    address: Address,
    writers: frozenset[Fingerprint],
    known: frozenset[Fingerprint] = frozenset(),
) -> PublicKey | tuple[Finding, ...]:
    """The key that the mail brings for whoever has this address in this Party; or findings, each of which blocks.

    A new key is meant rather than one that is `known` for this address, and that rather than one of the `writers`,
    which mail clients attach by themselves. A key that names other addresses only was picked by mistake.
    """
    files = situation.reading.keys
    if not files or len(files) >= MOST:
        return (_blocking(_MANY if files else _NONE),)
    keys: dict[Fingerprint, PublicKey] = {}
    refused: list[Finding] = []
    for file in files:
        try:
            key = situation.read_key(file.octets, party)
        except ValueError as error:
            refused.append(_blocking(_why(file, str(error))))
            continue
        if key.fingerprint not in keys or _ends(key) > _ends(keys[key.fingerprint]):
            keys[key.fingerprint] = key
    meant = [key for mark, key in keys.items() if mark not in writers | known]
    if len(meant) > 1:
        meant = [key for key in meant if _names(key, address)]
    if not meant and not refused:
        meant = [key for mark, key in keys.items() if mark in known] or list(keys.values())
    if len(meant) != 1 or any(map(is_secret, files)):
        return tuple(refused) or (_blocking(_TWO),)
    (key,) = meant
    if key.addresses and not _names(key, address):
        found = ", ".join(key.addresses[:3])
        return (_blocking(text(_OF_ANOTHER.message, found=found, address=address)),)
    return key


def _ends(key: PublicKey) -> datetime:
    return key.usable_until or datetime.max.replace(tzinfo=UTC)


def _names(key: PublicKey, address: str) -> bool:
    return any(same_address(one, address) for one in key.addresses)


def _why(file: KeyFile, sentence: str) -> Text:
    if not file.name:
        return text(_PASTED.message, why=text(sentence))
    return text(_REFUSED.message, name=file.name, why=text(sentence))


def _blocking(sentence: Text) -> Finding:
    return Finding(sentence, Severity.BLOCKS)


def marks(keys: Sequence[PublicKey]) -> frozenset[Fingerprint]:
    """Their fingerprints."""
    return frozenset(key.fingerprint for key in keys)
