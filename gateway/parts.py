"""Everything the flow works with, as one value that `service.py` puts together; and a step taken again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from gateway.attachments import Attachment
from gateway.content import Letter, RenderedMail
from gateway.facts import Fingerprint, Moment, PartyCode, PublicKey
from gateway.forms._grammar import Vocabulary
from gateway.outcome import REASONS, Defer, LostRace
from gateway.ports import CryptoScheme, Guard, Keyed, Ledger, Library, Policy, View

RACES = 3
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts by name."""

    schemes: Mapping[str, CryptoScheme]
    view: View
    ledger: Ledger
    guard: Guard
    keyed: Keyed
    library: Callable[[View], Library]  # as it is at that instant
    vocabulary: Vocabulary
    attachments: Mapping[str, Attachment]
    render: Callable[[Letter, Moment, str], RenderedMail]
    read_key: Callable[[bytes, PartyCode], PublicKey]
    own_key: Fingerprint  # the OpenPGP key that people's first mails bring
    policy: Policy
    clock: Callable[[], datetime]
    max_size: int
    open_limit: int


def raced(step: Callable[[], _T]) -> _T:
    """What a step gives, tried again where another transaction was faster."""
    for _ in range(RACES):
        with suppress(LostRace):
            return step()
    raise Defer(REASONS[301])
