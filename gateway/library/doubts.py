"""What keeps an undecided code from being a known marking, and what it may have been: reasons and proposals.

A repair is proposed, never made; and only where the repaired code passes every check of a scheme that a chance text
would not pass (docs/decisions/0002).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from gateway.content import N_, Candidate, Text, text
from gateway.identifiers import gs1, misreads, tpd
from gateway.library.evidence import points_for
from gateway.library.schemes import Scheme

if TYPE_CHECKING:
    from gateway.library.patterns import PatternLibrary

_PROPOSALS = 3
_NEAR = 2  # characters more or fewer than a scheme has, for it to be recognised

_BEGINNING = N_("It begins like this, but is not whole or was misread: {scheme}.")
_SPREADSHEET = text("A spreadsheet has turned it into a number and lost digits: copy it again as text.")
_ONE_CASE = text("Capital and small letters were made equal, which cannot be undone: copy it again from the source.")


class _Proposal(NamedTuple):
    """What a malformed code may have been: the scheme it would be of, and the sentence that proposes it."""

    scheme: Scheme
    remark: Text


class Doubts:
    """Looks into the undecided codes of one list. `deciding`: the schemes that decide about a normalised code."""

    def __init__(self, library: PatternLibrary, deciding: Callable[[str], tuple[Scheme, ...]], now: datetime) -> None:
        self._library = library
        self._deciding = deciding
        self._now = now
        self._nearly: dict[Scheme, Candidate] = {}

    def about(
        self, written: str, code: str, hits: tuple[Scheme, ...]
    ) -> tuple[tuple[Candidate, ...], tuple[Text, ...]]:
        """What an undecided code was probably meant to be, and why it is not; empty where nothing is known."""
        if misreads.spreadsheet_number(code):
            return (), (_SPREADSHEET,)
        if misreads.one_case(code) and self._library.prefixes.meant(code):
            return (), (_ONE_CASE,)
        proposed = tuple(self._proposals(code))
        certain = any(proposal.remark.message in misreads.CERTAIN for proposal in proposed)
        near = () if certain else self._near(code, hits)
        reason = (why_not(near[0], code, self._now),) if near else ()
        if not certain and written.startswith("(") and (fault := gs1.bracket_fault(written)):
            reason = (fault,)
        meant = near[:1] or tuple(proposal.scheme for proposal in proposed[:1])
        return tuple(map(self._likely, meant)), (*reason, *(proposal.remark for proposal in proposed))

    def _likely(self, scheme: Scheme) -> Candidate:
        """A candidate that every malformed code near this scheme shares."""
        found = self._nearly.get(scheme)
        if found is None:
            reason = text(_BEGINNING, scheme=scheme.title)
            found = self._nearly[scheme] = Candidate(scheme.id, scheme.title, scheme.party, 1, reason, False)
        return found

    def _near(self, code: str, hits: tuple[Scheme, ...]) -> tuple[Scheme, ...]:
        """The schemes that a code nearly is, nearest first."""
        named = self._library.named_by_prefix(code)
        if named:
            return tuple(sorted(named, key=lambda scheme: (_distance(scheme, code), -scheme.rank)))
        failing = [scheme for scheme in hits if scheme.is_checked and scheme.faults(code, self._now)]
        if failing:
            return tuple(sorted(failing, key=lambda scheme: -scheme.rank - points_for(scheme, code)))
        alike = [scheme for scheme in self._library.beginning(code) if self._is_near(scheme, code)]
        return tuple(
            sorted(alike, key=lambda scheme: (_distance(scheme, code), -scheme.rank - points_for(scheme, code)))
        )

    def _is_near(self, scheme: Scheme, code: str) -> bool:
        if _distance(scheme, code) > _NEAR:
            return False
        return not any(check.start is not None and check.fault(code, self._now) for check in scheme.checks)

    def _proposals(self, code: str) -> Iterator[_Proposal]:
        """What the code may have been: only what passes every check of a scheme that does not fit by chance."""
        given = 0
        for proposal, why in misreads.proposals(code, self._library.prefixes):
            deciding = self._deciding(proposal) if given < _PROPOSALS else ()
            certain = why in misreads.CERTAIN and any(scheme.checks for scheme in deciding)
            if deciding and (certain or deciding[0].is_checked):
                given += 1
                best = max(deciding, key=lambda scheme: scheme.rank + points_for(scheme, proposal))
                yield _Proposal(best, text(why, uim=proposal))


def why_not(scheme: Scheme, code: str, now: datetime) -> Text:
    """The first thing that keeps a normalised code from being one of this scheme, as a sentence to its writer."""
    foreign = tpd.foreign(code, scheme.alphabet) if scheme.alphabet else None
    if foreign:
        return text(
            "Character {position} is {character}, which does not occur in: {scheme}.",
            position=foreign[0],
            character=shown(foreign[1]),
            scheme=scheme.title,
        )
    missing = scheme.shortest - len(code) if len(code) < scheme.shortest else scheme.longest - len(code)
    if not scheme.shortest <= len(code) <= scheme.longest:
        return _wrong_length(scheme, code, missing)
    faults = scheme.faults(code, now)
    return faults[0] if faults else text("It does not have this structure: {scheme}.", scheme=scheme.title)


def _wrong_length(scheme: Scheme, code: str, missing: int) -> Text:
    expected = str(scheme.shortest) if scheme.shortest == scheme.longest else f"{scheme.shortest}-{scheme.longest}"
    values = {"count": len(code), "expected": expected, "scheme": scheme.title}
    if missing == 1:
        return text("One character is missing: it has {count}, not {expected} ({scheme}).", **values)
    if missing == -1:
        return text("It has one character too many: {count}, not {expected} ({scheme}).", **values)
    return text("It has {count} characters, not {expected} ({scheme}).", **values)


def _distance(scheme: Scheme, code: str) -> int:
    return max(scheme.shortest - len(code), len(code) - scheme.longest, 0)


def shown(character: str) -> str:
    """A character so that it can be seen: its name where it has no form of its own."""
    visible = character.isprintable() and not character.isspace()
    return character if visible else unicodedata.name(character, f"U+{ord(character):04X}").lower()
