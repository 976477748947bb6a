"""Patterns that are dangerous: too large for RE2's budget, or with too many ways to read one code.

RE2 takes linear time whatever the pattern. The library is exported, though, and an engine that goes back and tries
again (Python's `re`, PCRE, Java) takes as long as there are ways to read the beginning of a code: `(?:\\d+)+` has
2 to the 40th for 40 digits. A loop that reads one text in two ways is found for certain; else the ways are counted
along a code that is built to have many, which is a witness, no bound.
Source: Weber and Seidl, "On the degree of ambiguity of finite automata" (1991), criterion EDA.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations, product
from typing import NamedTuple

import re2

from gateway.content import Text, text
from gateway.library.automata import ANY, Automaton, Unclear, bits, of_pattern
from gateway.library.crossing import Walk, Work
from gateway.library.dialect import options
from gateway.library.schemes import LONGEST

STEPS = 1000  # of the machine that RE2 makes of a pattern
_MEMORY = 4 << 20  # octets that RE2 may take for one pattern
_WAYS = 10_000  # of reading one code that an engine which goes back may have to try
_KEPT = 3  # beginnings of the code that is built that are followed
_WORK = 2_000_000

_REPEATED = re.compile(r"repetition size: \{(\d{1,9}),(\d{1,9})\}")
_TOO_LARGE = text("pattern: it is too large. Write fewer and smaller repetitions.")
_TOO_MANY = text(
    "pattern: it can be read in too many ways, so that a program which tries them all would stand still. Do not put a "
    "repetition into a repetition, nor two beside one another that take the same characters."
)
_UNUSUAL = text(
    "pattern: it cannot be compared with the others. Leave out ^, $, \\b, \\s, \\p, (?i), [[:digit:]] and letters that "
    "are not ASCII: it is always of the whole code."
)


@lru_cache(maxsize=4096)
def hazard(pattern: str) -> Text | None:
    """What makes a pattern dangerous; None where nothing is seen, and where RE2 refuses it for another reason."""
    try:
        if re2.compile(pattern, options(_MEMORY)).programsize > STEPS:
            return _TOO_LARGE
    except re2.error as error:
        backwards = _REPEATED.search(said := str(error))
        if backwards and int(backwards[1]) > int(backwards[2]):
            return None  # {5,3}
        return _TOO_LARGE if "too large" in said or "repetition size" in said else None
    try:
        automaton = of_pattern(pattern)
    except Unclear:
        return _UNUSUAL
    try:
        work = Work(_WORK)
        return _TOO_MANY if multiplies(automaton, work) or ways(automaton, work) > _WAYS else None
    except Unclear:
        return _TOO_LARGE


def multiplies(automaton: Automaton, work: Work) -> bool:
    """Whether a loop reads some text in two ways, so that each round doubles them; raises Unclear."""
    after, accepts = automaton.after, automaton.accepts
    if not any(states & (2 << state) - 1 for state, states in enumerate(after)) or _is_unambiguous(automaton):
        return False  # states are numbered as they stand in the pattern: none goes back
    loops = _loops(after, work)
    if any(loops[one] >> other & 1 for one, other, _ in automaton.again):
        return True
    open_ = [
        (one, other) for state, loop in enumerate(loops)
        for one, other in combinations(bits(after[state] & loop), 2) if accepts[one] & accepts[other]
    ]  # fmt: skip
    seen = set(open_)
    while open_:
        left, right = open_.pop()
        if after[left] & after[right] & loops[left]:
            return True
        for one, other in product(bits(after[left] & loops[left]), bits(after[right] & loops[left])):
            work.spend(1)
            if accepts[one] & accepts[other] and (one, other) not in seen:
                seen.add((one, other))
                open_.append((one, other))
    return False


def _loops(after: Sequence[int], work: Work) -> list[int]:
    """Of each state the states that it goes round with: those that it reaches, and that reach it."""
    reached = list(after)
    work.spend(len(after) ** 2)
    for state in range(len(after)):
        for one, states in enumerate(reached):
            if states >> state & 1:
                reached[one] |= reached[state]
    return [
        sum(1 << other for other in bits(states) if reached[other] >> state & 1) for state, states in enumerate(reached)
    ]


class _Begun(NamedTuple):
    """The beginning of a code: state -> ways in which it is reached."""

    ways: dict[int, int]

    @property
    def total(self) -> int:
        return sum(self.ways.values())


def ways(automaton: Automaton, work: Work) -> int:
    """In how many ways an automaton reads the beginning of one code, at least; raises Unclear."""
    if _is_unambiguous(automaton):
        return 1
    walk = Walk(automaton)
    again = {(one, other): count for one, other, count in automaton.again}
    level = [_Begun(dict.fromkeys(bits(states), 1)) for states in walk.parts(ANY, automaton.first) if states]
    most = 1
    for _ in range(LONGEST):
        following = []
        for begun in level:
            reached = 0
            for state in begun.ways:
                reached |= automaton.after[state]
            for states in walk.parts(ANY, reached):
                work.spend(1 + states.bit_count() * len(begun.ways))
                following.append(_entered(begun, states, automaton, again))
        level = sorted((one for one in following if one.ways), key=lambda one: -one.total)[:_KEPT]
        most = max([most, *(one.total for one in level)])
        if not level or most > _WAYS:
            break
    return most


def _entered(begun: _Begun, states: int, automaton: Automaton, again: dict[tuple[int, int], int]) -> _Begun:
    found: dict[int, int] = {}
    for state, count in begun.ways.items():
        for target in bits(automaton.after[state] & states):
            found[target] = found.get(target, 0) + count * again.get((state, target), 1)
    return _Begun(found)


def _is_unambiguous(automaton: Automaton) -> bool:
    """Whether each character leads to one state only, in one way."""
    if automaton.again:
        return False
    for states in {automaton.first, *automaton.after}:
        taken = 0
        for state in bits(states):
            if taken & automaton.accepts[state]:
                return False
            taken |= automaton.accepts[state]
    return True
