"""What the letters of a change of the pattern library say, as values: one type a template, as in `letters`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from gateway.content import ClearValue, Finding, Text
from gateway.facts import PartyCode
from gateway.letters import Evidence


@dataclass(frozen=True, slots=True, repr=False)
class Described(ClearValue):
    """One marking as a change describes it. `certainty`: what a fit means, a fixed word of the form."""

    title: str
    scheme: str
    issuer: str
    pattern: str
    prefixes: str
    structure: str
    length: str
    certainty: Text
    source: str
    sample: str
    new: bool


@dataclass(frozen=True, slots=True, repr=False)
class Change(ClearValue):
    """A change of the library, and whose codes it touches: to who proposed it, and to the Secretariat, which decides.

    `mark` names it in the form; `by` is the address of who proposed it; `shares`: it names whose codes it shares.
    """

    TEMPLATE: ClassVar[str] = "pattern"
    headline: Text
    next_step: Text
    mark: str
    party: PartyCode
    by: str
    described: tuple[Described, ...]
    touched: tuple[Text, ...] = ()
    reason: str = ""
    evidence: Evidence | None = None
    findings: tuple[Finding, ...] = ()  # what of the mail was not taken
    shares: bool = False
