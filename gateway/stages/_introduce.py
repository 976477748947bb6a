"""The first mail to the owner of an OpenPGP key brings our own: whoever answers can encrypt at once.

Whoever has an S/MIME certificate gets ours with every signature (RFC 8551, 3.5.2).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from gateway.content import Letter
from gateway.facts import Fingerprint


def introduce(letters: Iterable[Letter], own: Fingerprint) -> Iterator[Letter]:
    """The letters of one decision; `our_key` is set in the first one to each key whose owner was not sent ours yet.

    After our key was renewed everybody is sent the new one. Two decisions at the same time may both bring it.
    """
    brought: set[Fingerprint] = set()
    for letter in letters:
        key = letter.to.key
        if key is None or key.scheme != "openpgp" or key.given == own or key.fingerprint in brought:
            yield letter
            continue
        brought.add(key.fingerprint)
        yield replace(letter, our_key=own)
