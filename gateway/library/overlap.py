"""Which schemes can fit one code, found by their automata: what the order of decision settles, and what it does not.

Only patterns, prefixes and lengths are compared: a check digit or a calendar may keep two schemes apart that meet
here. The order of decision is the judge's (`judge._steps`): the longest prefix, then kinds in their order.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache, reduce
from operator import or_

import re2

from gateway.content import VerdictKind
from gateway.library.automata import ANY, Automaton, Unclear, bits, of_scheme
from gateway.library.crossing import Work, covered, meeting, within
from gateway.library.dialect import options
from gateway.library.schemes import LONGEST, Scheme

_DEPTH = 8  # places of a code by which most pairs are told apart at once
_FEWEST, _NAMED = 2, 12  # patterns that take all codes of another only together; of so many the fewest are looked for
_KINDS = {
    VerdictKind.NOT_A_UIM: 0,
    VerdictKind.NOT_A_PARTY: 1,
    VerdictKind.SURE: 2,
    VerdictKind.AMBIGUOUS: 2,
    VerdictKind.HINT: 3,
}
_NAMING = frozenset({VerdictKind.SURE, VerdictKind.AMBIGUOUS})


_Known = tuple[Scheme, Automaton]
_Covering = tuple[Scheme, Automaton, str]  # and a code of it


class Relation(StrEnum):
    """What it means that two schemes fit one code.

    ORDERED: the order of decision says which counts. SAME: both do, and the same Party answers. RIVALS: both do, and
    different ones answer, or one Party's prefix lies within another's. UNCLEAR: it could not be computed.
    """

    ORDERED = "ordered"
    SAME = "same"
    RIVALS = "rivals"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Overlap:
    """Two schemes, that which counts first, and a shortest code that fits both ("" where it was not computed)."""

    one: Scheme
    other: Scheme
    relation: Relation
    example: str

    @property
    def ids(self) -> frozenset[str]:
        """Of both."""
        return frozenset((self.one.id, self.other.id))


def overlaps(schemes: Iterable[Scheme], work: Work, of: Collection[str] | None = None) -> Iterator[Overlap]:
    """Every pair of schemes that can fit one code; `of`: only pairs with one of these ids.

    Once `work` is done, what is left is UNCLEAR; so is what a pattern says that cannot be computed with.
    """
    published = [scheme for scheme in schemes if scheme.decides is not None]
    known = [(scheme, automaton) for scheme in published if (automaton := _automaton(scheme))]
    for scheme in published:
        if _automaton(scheme) is None and (of is None or scheme.id in of):
            yield Overlap(scheme, scheme, Relation.UNCLEAR, "")
    index = _Index([automaton for _, automaton in known])
    chosen = {place for place, (scheme, _) in enumerate(known) if of is None or scheme.id in of}
    for place in sorted(chosen):
        for other in index.like(known[place][1]):
            if other > place or (other != place and other not in chosen):
                yield from _met(known[place], known[other], work)


Shadow = tuple[Scheme, tuple[Scheme, ...], str]


def shadowed(schemes: Sequence[Scheme], found: Iterable[Overlap], work: Work) -> Iterator[Shadow]:
    """(scheme, others that between them decide every code of it, a code): the first never counts. Raises Unclear.

    `found`: the overlaps of these schemes. The fewest others are named, where there are not many.
    """
    before: dict[Scheme, list[Overlap]] = {}
    for pair in found:
        if pair.relation is Relation.UNCLEAR or not set(pair.one.checks) <= set(pair.other.checks):
            continue
        if not (same_step(pair.one, pair.other) and _answers(pair.one) != _answers(pair.other)):  # else both are named
            before.setdefault(pair.other, []).append(pair)
    specific = {prefix: scheme for scheme in schemes if scheme.is_specific for prefix in scheme.prefixes}
    for scheme in schemes:
        hidden = _automaton(scheme) if scheme.decides is not None else None
        if hidden is not None:
            pairs = before.get(scheme, ())
            known = [(pair.one, other, pair.example) for pair in pairs if (other := _automaton(pair.one))]
            blocked = {} if scheme.prefixes else specific
            hides = _alone(hidden, known, blocked, work) or _together(hidden, known, blocked, work)
            if hides:
                yield scheme, *hides


def _alone(
    hidden: Automaton, known: Sequence[_Covering], blocked: Mapping[str, Scheme], work: Work
) -> tuple[tuple[Scheme, ...], str] | None:
    """One pattern, or specific prefix, that takes all codes of another, and a code; None where none does."""
    for one, automaton, example in known:
        if within(hidden, automaton, work):
            return (one,), example
    beginning = _beginning(hidden) if blocked else ""
    for size in range(len(beginning)):
        if beginning[: size + 1] in blocked:
            return (blocked[beginning[: size + 1]],), beginning
    return None


def _together(
    hidden: Automaton, known: Sequence[_Covering], blocked: Mapping[str, Scheme], work: Work
) -> tuple[tuple[Scheme, ...], str] | None:
    """Several that take all codes of another between them, and a code; None where they do not.

    `blocked`: whatever begins with one of these prefixes is decided by its schemes, or by none.
    """
    several = [*known, *((one, _beginning_with(prefix), prefix) for prefix, one in blocked.items())]
    automata = [automaton for _, automaton, _ in several]
    if len(several) < _FEWEST or not _may_cover(hidden, automata) or not covered(hidden, automata, work):
        return None
    for one in tuple(several) if len(several) <= _NAMED else ():
        fewer = [other for other in several if other is not one]
        if covered(hidden, [automaton for _, automaton, _ in fewer], work):
            several = fewer
    return tuple(sorted({one for one, _, _ in several}, key=order)), several[0][2]


def _may_cover(one: Automaton, others: Sequence[Automaton]) -> bool:
    """Whether automata take together what can stand at each place of every code of one: most do not."""
    return not any(
        one.seen[place] & ~reduce(or_, (other.seen[place] for other in others if place < len(other.seen)), 0)
        for place in range(min(one.shortest, _DEPTH))
    )


@lru_cache(maxsize=4096)
def _beginning_with(prefix: str) -> Automaton:
    return of_scheme(".*", (prefix,), 1, LONGEST)


def order(scheme: Scheme) -> tuple[int, int, int, int, str]:
    """Of two schemes that fit, the one with the smaller order counts; the last two say who is named first."""
    kind = _KINDS[scheme.decides or VerdictKind.HINT]
    first = (0, -max(map(len, scheme.prefixes))) if scheme.prefixes else (1, 0)
    return (*first, kind, -scheme.rank, scheme.id)


def same_step(one: Scheme, other: Scheme) -> bool:
    """Whether both count where both fit."""
    return order(one)[:3] == order(other)[:3]


def _met(one: _Known, other: _Known, work: Work) -> Iterator[Overlap]:
    (first, mine), (second, theirs) = sorted((one, other), key=lambda known: order(known[0]))
    try:
        example = meeting(mine, theirs, work)
    except Unclear:
        yield Overlap(first, second, Relation.UNCLEAR, "")
        return
    if example is not None:
        yield Overlap(first, second, _relation(first, second, example), example)


def _relation(one: Scheme, other: Scheme, example: str) -> Relation:
    if not all(_compiled(scheme.pattern).fullmatch(example) for scheme in (one, other)):
        return Relation.UNCLEAR  # RE2, which decides, does not agree
    alike, nested = _answers(one) == _answers(other), one.decides in _NAMING and other.decides in _NAMING
    if same_step(one, other):
        return Relation.SAME if alike else Relation.RIVALS
    return Relation.RIVALS if nested and not alike else Relation.ORDERED


def _answers(scheme: Scheme) -> str:
    """Who does: where nobody is known, each scheme stands for itself."""
    return scheme.party or scheme.id


def _beginning(automaton: Automaton) -> str:
    """The characters with which every code begins."""
    only = ""
    for seen in automaton.seen[: automaton.shortest]:
        if seen.bit_count() != 1 or seen > ANY >> 1:
            break
        only += chr(seen.bit_length() - 1)
    return only


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re2._Regexp:
    return re2.compile(pattern, options())


def _automaton(scheme: Scheme) -> Automaton | None:
    try:
        return of_scheme(scheme.pattern, scheme.prefixes, scheme.shortest, scheme.longest)
    except Unclear:
        return None


class _Index:
    """Automata by their lengths and first characters: those that cannot meet are told apart without being looked at."""

    def __init__(self, automata: Sequence[Automaton]) -> None:
        self._tables: list[dict[int, int]] = [{} for _ in range(_DEPTH + 1)]  # a set -> who has it, a bit for each
        self._found: dict[tuple[int, int], int] = {}
        for number, one in enumerate(automata):
            for table, has in zip(self._tables, self._features(one), strict=True):
                table[has] = table.get(has, 0) | 1 << number

    def like(self, one: Automaton) -> Iterator[int]:
        """The numbers of all that may meet this one, itself among them."""
        found = -1
        for number, wanted in enumerate(self._features(one)):
            found &= self._sharing(number, wanted)
        return bits(found)

    @staticmethod
    def _features(one: Automaton) -> Iterator[int]:
        yield one.lengths
        yield from (one.seen[place] if place < one.shortest else ANY for place in range(_DEPTH))

    def _sharing(self, number: int, wanted: int) -> int:
        if (number, wanted) not in self._found:
            shared = 0
            for has, members in self._tables[number].items():
                shared |= members if has & wanted else 0
            self._found[number, wanted] = shared
        return self._found[number, wanted]
