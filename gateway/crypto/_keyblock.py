"""A key that somebody sends, looked at before GnuPG is: how many packets of each kind (RFC 9580, 10.1)."""

from __future__ import annotations

from collections import Counter

from gateway.crypto._packets import _packet

_NAME = 13
_SECRET, _PUBLIC = 5, 6
_SIGNATURE, _NAMES, _SUBKEYS = 2, frozenset({13, 17}), frozenset({7, 14})
_MOST_SIGNATURES, _MOST_NAMES, _MOST_SUBKEYS = 200, 20, 20


def flooded(octets: bytes) -> bool:
    """Whether a binary key has more on it than its owner needs.

    Anybody can put signatures and names on a key. GnuPG takes minutes for 500 of each (measured with 2.2.40), by the
    square of their number (CVE-2019-13050 is of this family). Raises IndexError where the packets do not parse.
    """
    counts: Counter[int] = Counter()
    position = 0
    while position < len(octets):
        tag, _, position = _packet(octets, position)
        counts[tag] += 1
    return (
        counts[_SIGNATURE] > _MOST_SIGNATURES
        or sum(counts[tag] for tag in _NAMES) > _MOST_NAMES
        or sum(counts[tag] for tag in _SUBKEYS) > _MOST_SUBKEYS
    )


def too_new(octets: bytes) -> bool:
    """Whether a binary key is of version 5 or 6, or has one of the algorithms (25 to 28) that came with version 6.

    GnuPG 2.2 passes over both without a word (RFC 9580, 5.5.2 and 9.1).
    """
    tag, head = _first(octets)
    return tag in (_PUBLIC, _SECRET) and (head[:1] in (b"\5", b"\6") or (head[:1] == b"\4" and head[5:6] >= b"\x19"))


def secret(octets: bytes) -> bool:
    """Whether a binary key begins with a secret one, of whatever version."""
    return _first(octets)[0] == _SECRET


def _first(octets: bytes) -> tuple[int, bytes]:
    """The tag of the first packet, and how it begins: version, time (4 octets), algorithm."""
    try:
        tag, body, end = _packet(octets, 0)
    except IndexError:
        return 0, b""
    return tag, octets[body : min(end, body + 6)]


def names(octets: bytes) -> tuple[str, ...]:
    """The names (user IDs) on a binary key, as written. Raises IndexError where the packets do not parse."""
    found, position = [], 0
    while position < len(octets):
        tag, body, position = _packet(octets, position)
        if tag == _NAME:
            found.append(octets[body:position].decode("utf-8", "replace"))
    return tuple(found)
