"""Values of the directory (R12, R24): what Parties say of their authorities, and how far each has come with it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime

from gateway.facts import NO_PARTY, Digest, PartyCode, digest
from gateway.treaty import Function

NOMINATED = (Function.COMPETENT_AUTHORITY, Function.CONTACT_POINT, Function.CENTRAL_AUTHORITY)  # of every Party (R23)
KEPT = (*NOMINATED, Function.EXPERT)  # what a Party writes itself


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a Party, public among Parties. `number` 0: not written, or told by the registry.

    An entry that changes gets a new number: who changes an earlier state of it is told so.
    """

    party: PartyCode
    function: Function
    authority: str = ""
    person: str = ""
    address: str = ""
    telephone: str = ""
    postal: str = ""
    languages: str = ""
    remarks: str = ""
    number: int = 0
    since: datetime | None = None

    @property
    def mark(self) -> Digest:
        """Names what the entry says in the record."""
        said = [str(getattr(self, field.name)) for field in fields(self) if field.name not in ("number", "since")]
        return digest("\0".join(said).encode("utf-8", "surrogatepass"))


@dataclass(frozen=True, slots=True)
class EntryChange:
    """An entry that is new (`was` None), replaced, corrected, or gone (`now` None)."""

    was: Entry | None
    now: Entry | None

    @property
    def replaces(self) -> bool:
        """Whether somebody else stands there now; else the same one is reached in another way."""
        if self.was is None or self.now is None:
            return False
        return (self.was.authority, self.was.person) != (self.now.authority, self.now.person)


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a Party has come: what it has not nominated since when, and whether it has confirmed its entries.

    Of nominations it was reminded `steps` times, the last at `step_at`, and the Secretariat told at `told_at`; it was
    asked to confirm at `asked_at`, and reminded of that `asks` times, the last at `ask_at`, and so on. `replaced`
    counts the entries in which somebody else stands now, ever.
    """

    party: PartyCode
    missing: tuple[Function, ...]
    open_since: datetime
    entries: int = 0
    replaced: int = 0
    steps: int = 0
    step_at: datetime | None = None
    told_at: datetime | None = None
    asks: int = 0
    asked_at: datetime | None = None
    ask_at: datetime | None = None
    ask_told_at: datetime | None = None
    confirmed_at: datetime | None = None
    changed_at: datetime | None = None

    @property
    def unconfirmed(self) -> bool:
        """Whether it was asked to confirm and has not done so since."""
        return self.asked_at is not None and (self.confirmed_at is None or self.confirmed_at < self.asked_at)


def missing(entries: tuple[Entry, ...], party: PartyCode = NO_PARTY) -> tuple[Function, ...]:
    """What is not nominated among these entries (of a Party), in the order of the treaty."""
    have = {entry.function for entry in entries if party in (NO_PARTY, entry.party)}
    return tuple(function for function in NOMINATED if function not in have)
