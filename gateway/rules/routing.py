"""Which UIMs of a request go to which Party, and which stay with the officer, as a value."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from gateway.content import Candidate, ClearValue, Text, Uim, Verdict, VerdictKind, text
from gateway.facts import NO_PARTY, PartyCode, Wording
from gateway.identifiers import misreads
from gateway.letters import Suggestion, UimNote

# A candidate of at least SURE_RANK names its Party for certain; one of at least CHOICE_RANK can be
# offered as a choice; below that only a structure fits, and no Party follows (ranks: library.py).
SURE_RANK = 80
CHOICE_RANK = 40


class Routed(NamedTuple):
    """One UIM on its way to a Party: by which scheme ("" where only the officer says so), and why."""

    uim: Uim
    scheme: Wording
    reason: Text


@dataclass(frozen=True, slots=True, repr=False)
class Routing(ClearValue):
    """Every UIM of a request in exactly one group; each group in the order in which it was written.

    `to_send` holds only Parties with a desk, by code in alphabetical order; `no_desk` are UIMs whose
    Party is certain but not registered here; `own` are the asking Party's. `doubtful` are sent, too: their Party is
    certain, but something in them is unusual.
    """

    to_send: Mapping[PartyCode, tuple[Routed, ...]]
    ambiguous: tuple[Verdict, ...] = ()
    hints: tuple[Verdict, ...] = ()
    not_a_party: tuple[Verdict, ...] = ()
    not_a_uim: tuple[Verdict, ...] = ()
    malformed: tuple[Verdict, ...] = ()
    unknown: tuple[Verdict, ...] = ()
    own: tuple[Verdict, ...] = ()
    no_desk: tuple[Verdict, ...] = ()
    doubtful: tuple[Verdict, ...] = ()

    def schemes(self, party: PartyCode) -> tuple[Wording, ...]:
        """Titles of the schemes by which UIMs go to a Party, sorted; () where the officer named it."""
        return tuple(sorted({routed.scheme for routed in self.to_send.get(party, ()) if routed.scheme}))


# What a verdict means once the officer's own word and earlier "not ours" are counted in.
_GROUPS = {
    VerdictKind.AMBIGUOUS: "ambiguous",
    VerdictKind.HINT: "hints",
    VerdictKind.NOT_A_PARTY: "not_a_party",
    VerdictKind.NOT_A_UIM: "not_a_uim",
    VerdictKind.MALFORMED: "malformed",
    VerdictKind.UNKNOWN: "unknown",
}
# The officer may send these anywhere; the others have nobody who could look them up.
_SENDABLE = frozenset({VerdictKind.SURE, VerdictKind.AMBIGUOUS, VerdictKind.HINT, VerdictKind.UNKNOWN})

_NO_SCHEME = Wording("")
_NAMED = text("The officer named the Party.")
_RETURNED = text("Every Party that its pattern suggests has answered that it is not theirs.")


def route(
    verdicts: Iterable[Verdict],
    asking_party: PartyCode,
    override: PartyCode = NO_PARTY,
    struck_out: frozenset[PartyCode] = frozenset(),
    desks: frozenset[PartyCode] = frozenset(),
) -> Routing:
    """Sorts verdicts into what is sent to whom and what is told to the officer (exchange.md 3, item 3).

    `override` is the Party the officer named with `To:` ("" none): it gets every UIM that is sure,
    ambiguous, a hint or unknown. `struck_out` are Parties that said "not ours": their candidates no
    longer count, and neither does an override that names one. `desks` are the Parties registered here.
    Only a sure match is sent unasked.
    """
    named = NO_PARTY if override in struck_out else override
    sent: dict[PartyCode, list[Routed]] = {}
    groups: dict[str, list[Verdict]] = {name: [] for name in (*_GROUPS.values(), "own", "no_desk", "doubtful")}
    for given in verdicts:
        verdict = without(given, struck_out)
        party, routed = _destination(verdict, asking_party, named)
        if not party:
            groups[_GROUPS[verdict.kind]].append(verdict)
        elif party == asking_party:
            groups["own"].append(verdict)
        elif party not in desks:
            groups["no_desk"].append(verdict)
        else:
            sent.setdefault(party, []).append(routed)
            if verdict.kind is VerdictKind.SURE and verdict.remarks:
                groups["doubtful"].append(verdict)
    return Routing(
        to_send={party: tuple(sent[party]) for party in sorted(sent)},
        **{name: tuple(members) for name, members in groups.items()},
    )


def without(verdict: Verdict, struck_out: frozenset[PartyCode]) -> Verdict:
    """The verdict as it stands when some Parties have said "not ours": the next candidate moves up."""
    if not struck_out or not any(candidate.party in struck_out for candidate in verdict.candidates):
        return verdict
    if verdict.kind not in (VerdictKind.SURE, VerdictKind.AMBIGUOUS, VerdictKind.HINT):
        return verdict
    left = tuple(candidate for candidate in verdict.candidates if candidate.party not in struck_out)
    return Verdict(verdict.uim, _kind(left), left, (*verdict.remarks, *(() if left else (_RETURNED,))))


def deduplicate(
    verdicts: Sequence[Verdict], canonical: Callable[[str], str]
) -> tuple[tuple[Verdict, ...], tuple[Uim, ...]]:
    """(the verdict on every UIM once, as first written; the later repetitions). `canonical`: the library's.

    The parts of a code that stands on several lines are the same only where the whole code is.
    """
    seen: set[str | tuple[str, str]] = set()
    unique: list[Verdict] = []
    doubled: list[Uim] = []
    for verdict in verdicts:
        form: str | tuple[str, str] = canonical(verdict.uim.text)
        if verdict.remarks and (whole := _whole(verdict)):
            form = whole, verdict.uim.text
        if form in seen:
            doubled.append(verdict.uim)
        else:
            unique.append(verdict)
            seen.add(form)
    return tuple(unique), tuple(doubled)


def _whole(verdict: Verdict) -> str:
    """The code of which this is a part, as the library proposes it; "" where it is none."""
    return next((str(dict(one.values)["uim"]) for one in verdict.remarks if one.message in misreads.PARTS), "")


def note(verdict: Verdict, decoded: tuple[Text, ...] = ()) -> UimNote:
    """What a letter says of a verdict: remarks, what the UIM says itself, and candidates as suggestions, best first."""
    suggestions = tuple(Suggestion(c.party, c.title, c.reason) for c in verdict.candidates)
    return UimNote(verdict.uim, (*verdict.remarks, *decoded), suggestions)


def notes(
    verdicts: Sequence[Verdict], decoded: Callable[[Verdict], tuple[Text, ...]], shown: int
) -> tuple[UimNote, ...]:
    """The notes of verdicts; the first `shown`, which a letter has room for, with what the UIMs say themselves."""
    return tuple(note(verdict, decoded(verdict) if n < shown else ()) for n, verdict in enumerate(verdicts))


def _destination(verdict: Verdict, asking_party: PartyCode, override: PartyCode) -> tuple[PartyCode, Routed]:
    best = verdict.candidates[0] if verdict.candidates else None
    if override and verdict.kind in _SENDABLE:
        scheme = next((c.title for c in verdict.candidates if c.party == override), _NO_SCHEME)
        return override, Routed(verdict.uim, scheme, _NAMED)
    if best and verdict.kind is VerdictKind.AMBIGUOUS and {c.party for c in verdict.candidates} == {asking_party}:
        return asking_party, Routed(verdict.uim, best.title, best.reason)
    if best and verdict.kind is VerdictKind.SURE:
        return best.party, Routed(verdict.uim, best.title, best.reason)
    return NO_PARTY, Routed(verdict.uim, _NO_SCHEME, _NAMED)


def _kind(left: tuple[Candidate, ...]) -> VerdictKind:
    """What remains: one certain Party is sure, several or an uncertain one a choice, else a hint."""
    if not left:
        return VerdictKind.UNKNOWN
    parties = {candidate.party for candidate in left if candidate.rank >= CHOICE_RANK and candidate.party}
    if len(parties) == 1 and left[0].rank >= SURE_RANK:
        return VerdictKind.SURE
    return VerdictKind.AMBIGUOUS if parties else VerdictKind.HINT
