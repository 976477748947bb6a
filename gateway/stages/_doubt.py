"""A key that turns out unusable is doubted: the same decision is taken again as if there were no such key."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from gateway.facts import Correspondent, PartyCode
from gateway.ports import View


class Unsealable(Exception):
    """The engine refuses a key that the registry thought usable."""

    def __init__(self, fingerprint: str) -> None:
        super().__init__(fingerprint)
        self.fingerprint = fingerprint


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


def doubting(view: View, doubted: frozenset[str]) -> View:
    """The view, in which the keys of these fingerprints count as unusable."""
    return cast(View, _Doubting(view, doubted))
