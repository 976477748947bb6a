"""Patterns that are dangerous: too large for RE2's budget, or with too many ways to read one code.

RE2 takes linear time whatever the pattern. The library is exported, though, and an engine that goes back and tries
again (Python's `re`, PCRE, Java) takes as long as there are ways to read the beginning of a code: `(?:\\d+)+` has
2 to the 40th for 40 digits. The ways are counted along a code that is built to have many; it is a witness, no bound.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import re2

from gateway.content import Text, text
from gateway.library.automata import ANY, Automaton, Unclear, bits, of_pattern
from gateway.library.crossing import Walk, Work
from gateway.library.schemes import options

STEPS = 1000  # of the machine that RE2 makes of a pattern
_MEMORY = 4 << 20  # octets that RE2 may take for one pattern
_WAYS = 10_000  # of reading one code that an engine which goes back may have to try
_PLACES, _KEPT = 64, 3  # characters of the code that is built; beginnings of it that are followed
_WORK = 100_000

_TOO_LARGE = text("pattern: it is too large. Write fewer and smaller repetitions.")
_TOO_MANY = text(
    "pattern: it can be read in too many ways, so that a program which tries them all would stand still. Do not put a "
    "repetition into a repetition, nor two beside one another that take the same characters."
)


@lru_cache(maxsize=4096)
def hazard(pattern: str) -> Text | None:
    """What makes a pattern dangerous; None where nothing is seen, and where RE2 refuses it for another reason."""
    bounds = options()
    bounds.max_mem = _MEMORY
    try:
        if re2.compile(pattern, bounds).programsize > STEPS:
            return _TOO_LARGE
    except re2.error as error:
        return _TOO_LARGE if "too large" in str(error) or "repetition size" in str(error) else None
    try:
        automaton = of_pattern(pattern)
    except Unclear:
        return None  # whoever compares it with others says so
    try:
        return _TOO_MANY if ways(automaton, Work(_WORK)) > _WAYS else None
    except Unclear:
        return _TOO_LARGE


class _Begun(NamedTuple):
    """The beginning of a code: state -> ways in which it is reached."""

    ways: dict[int, int]

    @property
    def total(self) -> int:
        return sum(self.ways.values())


def ways(automaton: Automaton, work: Work) -> int:
    """In how many ways an automaton reads the beginning of one code, at least; raises Unclear."""
    if not automaton.again and _is_determined(automaton):
        return 1
    walk = Walk(automaton)
    again = {(one, other): count for one, other, count in automaton.again}
    level = [_Begun(dict.fromkeys(bits(states), 1)) for states in walk.parts(ANY, automaton.first) if states]
    most = 1
    for _ in range(_PLACES):
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


def _is_determined(automaton: Automaton) -> bool:
    """Whether each character leads to one state only."""
    for states in {automaton.first, *automaton.after}:
        taken = 0
        for state in bits(states):
            if taken & automaton.accepts[state]:
                return False
            taken |= automaton.accepts[state]
    return True
