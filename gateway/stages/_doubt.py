"""A key that turns out unusable is doubted: the same decision is taken again as if there were no such key.

One that the mail itself brings is not registered: its writer hears so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from gateway.content import N_
from gateway.facts import Correspondent, PartyCode, PublicKey
from gateway.ports import View


class Unsealable(Exception):
    """The engine refuses a key that the registry thought usable, or (`brought`) one that the mail is to register."""

    def __init__(self, fingerprint: str, brought: bool = False) -> None:
        super().__init__(fingerprint)
        self.fingerprint = fingerprint
        self.brought = brought


class _Doubting:
    """The view, in which some keys count as unusable."""

    def __init__(self, view: View, doubted: frozenset[str]) -> None:
        self._view = view
        self._doubted = doubted

    def __getattr__(self, name: str) -> Any:
        return getattr(self._view, name)

    def desk(self, code: PartyCode, now: datetime) -> Correspondent | None:
        """The desk, without a doubted key."""
        return self._without(self._view.desk(code, now))

    def correspondent(self, person: int, now: datetime) -> Correspondent | None:
        """The person, without a doubted key."""
        return self._without(self._view.correspondent(person, now))

    def _without(self, reader: Correspondent | None) -> Correspondent | None:
        if reader is None or reader.key is None or reader.key.fingerprint not in self._doubted:
            return reader
        return replace(reader, key=None)


_USELESS = N_("nothing can be encrypted to this key here, although it is made for that: make a new one and send that")
_ReadKey = Callable[[bytes, PartyCode], PublicKey]


def useful(read_key: _ReadKey, useless: frozenset[str]) -> _ReadKey:
    """`Situation.read_key`, to which keys with these fingerprints are not fit to be registered."""

    def read(octets: bytes, party: PartyCode) -> PublicKey:
        key = read_key(octets, party)
        if key.fingerprint in useless:
            raise ValueError(_USELESS)
        return key

    return read


def doubting(view: View, doubted: frozenset[str]) -> View:
    """The view, in which the keys of these fingerprints count as unusable."""
    return cast(View, _Doubting(view, doubted))
