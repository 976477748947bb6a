"""What a verdict becomes where answers speak against a pattern: a lower rank, or a choice for the officer."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from gateway.content import N_, Candidate, Text, VerdictKind, text
from gateway.events import Doubt
from gateway.library.schemes import Scheme

_SURE, _CHOICE = 80, 40  # the lowest rank of a certain Party, and of one to choose from (`rules.routing`)
_OFTEN = N_("UIMs like this have often come back as “not ours”: please confirm that this Party is to be asked.")
_SHARE = N_(
    "At least {percent} % of UIMs like this came back as “not ours” in the past twelve months: please confirm that "
    "this Party is to be asked."
)
_SOME = N_("Some UIMs like this have come back as “not ours”.")
_BOTH = N_("{reason} {experience}")


class Experience:
    """What is held against the patterns of one library. A doubt counts for what the pattern fitted when it arose."""

    def __init__(self, doubts: Iterable[Doubt], schemes: Iterable[Scheme]) -> None:
        known = {doubt.scheme: doubt for doubt in doubts if doubt.loss or doubt.asks}
        self._doubts = {
            scheme.id: known[scheme.id] for scheme in schemes
            if scheme.id in known and scheme.mark == known[scheme.id].mark
        }  # fmt: skip

    def held(self, scheme: str) -> Doubt | None:
        """What is held against the scheme of this id, as it is described now."""
        return self._doubts.get(scheme)

    def weighed(
        self, kind: VerdictKind, candidates: tuple[Candidate, ...]
    ) -> tuple[VerdictKind, tuple[Candidate, ...]]:
        """The verdict's kind and its candidates, best first, as they stand when answers are counted in.

        A candidate stays one, and a certain Party at worst becomes a choice: nothing is sent elsewhere by it.
        """
        doubts = self._doubts
        if kind not in (VerdictKind.SURE, VerdictKind.AMBIGUOUS) or not any(c.scheme in doubts for c in candidates):
            return kind, candidates
        asks = any(doubts[c.scheme].asks for c in candidates if c.scheme in doubts)
        found = VerdictKind.AMBIGUOUS if asks else kind
        now = (_weighed(c, doubts[c.scheme], found) if c.scheme in doubts else c for c in candidates)
        return found, tuple(sorted(now, key=lambda candidate: -candidate.rank))


def rank(base: int, doubt: Doubt | None) -> int:
    """A rank when answers are counted in: it leaves its class (`rules.routing`) only where the officer is asked."""
    if doubt is None:
        return base
    if base >= _SURE:
        return min(_SURE - 1, base - doubt.loss) if doubt.asks else max(_SURE, base - doubt.loss)
    return max(_CHOICE, base - doubt.loss)


def _weighed(candidate: Candidate, doubt: Doubt, kind: VerdictKind) -> Candidate:
    reason = candidate.reason
    if kind is VerdictKind.AMBIGUOUS:  # there the officer reads it
        reason = text(_BOTH, reason=reason, experience=_says(doubt))
    return replace(candidate, rank=rank(candidate.rank, doubt), reason=reason)


def _says(doubt: Doubt) -> Text:
    if not doubt.asks:
        return text(_SOME)
    return text(_SHARE, percent=doubt.share) if doubt.share else text(_OFTEN)
