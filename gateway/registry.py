"""The operator's side of the registry: who takes part, with which key."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from gateway.facts import Party, PublicKey, address, party_code
from gateway.language import LANGUAGES
from gateway.ports import CryptoScheme
from gateway.store import Store
from gateway.treaty import Role


class Registry:
    """Registers, lists and withdraws; every change is also an event of the record."""

    def __init__(self, store: Store, schemes: dict[str, CryptoScheme], clock: Callable[[], datetime]) -> None:
        self._store = store
        self._schemes = schemes
        self._clock = clock
