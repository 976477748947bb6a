"""Automata gone through together: a shortest code that two take, and whether one, or several, take all of another's.

Both questions are answered for codes of up to 200 characters, place by place, with sets of states as integers.
`Work` bounds how far a question may go: whoever wrote a pattern does not decide how long a worker is busy.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, reduce
from itertools import accumulate, chain
from operator import or_

from gateway.library.automata import Automaton, Unclear, bits
from gateway.library.schemes import LONGEST

_NICE = "1A0a" + "".join(map(chr, range(0x21, 0x7F)))  # what an example is made of, where there is a choice


@dataclass(slots=True)
class Work:
    """What is left of the work that may be done, in steps from one state to the next. None: no bound."""

    left: int | None = None

    def spend(self, steps: int) -> None:
        """Takes steps off; raises Unclear where none is left."""
        if self.left is not None:
            self.left -= steps
            if self.left < 0:
                raise Unclear("it would take too much work")


def meeting(one: Automaton, other: Automaton, work: Work) -> str | None:
    """A shortest code that both take, None where there is none; raises Unclear."""
    if one.width > other.width:
        one, other = other, one  # the states of the other are gone through all at once
    common = one.lengths & other.lengths
    if common & 1 or not common:
        return "" if common else None
    walk = _walk(other)
    levels = [_entered(one, one.first, other.first, walk)]
    for size in range(1, common.bit_length()):
        level = levels[-1]
        if common >> size & 1:
            for state, others in level.items():
                if one.last >> state & 1 and others & other.last:
                    return "".join(reversed(list(_back(one, other, levels, state, others & other.last))))
        following: dict[int, int] = {}
        for state, others in level.items():
            work.spend(1 + one.after[state].bit_count())
            for target, found in _entered(one, one.after[state], walk.after(others), walk).items():
                following[target] = following.get(target, 0) | found
        if not following:
            return None
        levels.append(following)
    return None


def within(one: Automaton, other: Automaton, work: Work) -> bool:
    """Whether every code of `one` is one of `other`, too; raises Unclear."""
    return not one.lengths & ~other.lengths and _is_led(one, _walk(other), work)


def covered(one: Automaton, others: Sequence[Automaton], work: Work) -> bool:
    """Whether every code of `one` is one of any of the others; raises Unclear."""
    united = _Union(others, work)
    return not one.lengths & ~united.automaton.lengths and _is_led(one, united, work)


def _is_led(one: Automaton, walk: Walk, work: Work) -> bool:
    """Whether every code of `one` leads, by `walk`, to where a code may end."""
    left = _left(one)
    level: dict[int, set[int]] = {}
    _follow(one, one.first, walk.automaton.first, walk, level)
    for size in range(1, one.lengths.bit_length()):
        following: dict[int, set[int]] = {}
        for state, masks in level.items():
            if not left[state] << size & one.lengths:
                continue
            for mask in _smallest(masks):
                work.spend(1 + one.after[state].bit_count())
                if not mask or (one.lengths >> size & one.last >> state & 1 and not mask & walk.ends(size)):
                    return False
                _follow(one, one.after[state], walk.after(mask), walk, following)
        level = following
    return True


@dataclass(slots=True)
class Walk:
    """Where the states of an automaton lead to and which of them take a character: each asked once."""

    automaton: Automaton
    _after: dict[int, int] = field(default_factory=dict)
    _taking: dict[int, int] = field(default_factory=dict)
    _parts: dict[tuple[int, int], tuple[int, ...]] = field(default_factory=dict)

    def after(self, states: int) -> int:
        """The states after these."""
        if states not in self._after:
            self._after[states] = self._led(states)
        return self._after[states]

    def ends(self, size: int) -> int:
        """The states in which a code of so many characters may end."""
        return self.automaton.last if self.automaton.lengths >> size & 1 else 0

    def _led(self, states: int) -> int:
        found = 0
        for state in bits(states):
            found |= self.automaton.after[state]
        return found

    def taking(self, characters: int) -> int:
        """The states that take any of these characters."""
        if characters not in self._taking:
            self._taking[characters] = self._takers(characters)
        return self._taking[characters]

    def _takers(self, characters: int) -> int:
        return _takers(self.automaton, characters)

    def parts(self, characters: int, states: int) -> tuple[int, ...]:
        """The sets of these states that one of the characters leads into, one for each way of it."""
        states &= self.taking(characters)
        if (characters, states) not in self._parts:
            parts = {0: characters}
            for state in bits(states):
                accepts = self.automaton.accepts[state]
                cut: dict[int, int] = {}
                for entered, left in parts.items():
                    for mask, chosen in ((entered | 1 << state, left & accepts), (entered, left & ~accepts)):
                        if chosen:
                            cut[mask] = cut.get(mask, 0) | chosen
                parts = cut
            self._parts[characters, states] = tuple(parts)
        return self._parts[characters, states]


class _Union(Walk):
    """The states of several automata beside one another: where they lead to is worked out when it is asked."""

    __slots__ = ("_many", "_starts", "_work")

    def __init__(self, many: Sequence[Automaton], work: Work) -> None:
        self._many = many
        self._work = work
        self._starts = list(accumulate((len(one.accepts) for one in many), initial=0))
        work.spend(self._starts[-1])
        placed = list(zip(many, self._starts, strict=False))
        automaton = Automaton(
            tuple(chain.from_iterable(one.accepts for one in many)),
            reduce(or_, (one.first << start for one, start in placed)),
            reduce(or_, (one.last << start for one, start in placed)),
            (),
            reduce(or_, (one.lengths for one in many)),
            (),
            0,
        )
        super().__init__(automaton)

    def ends(self, size: int) -> int:
        """The states in which one that takes codes of so many characters may end."""
        placed = zip(self._many, self._starts, strict=False)
        return reduce(or_, (one.last << start for one, start in placed if one.lengths >> size & 1), 0)

    def _led(self, states: int) -> int:
        found = 0
        for state in bits(states):
            self._work.spend(1)
            number = bisect_right(self._starts, state) - 1
            found |= self._many[number].after[state - self._starts[number]] << self._starts[number]
        return found

    def _takers(self, characters: int) -> int:
        self._work.spend(len(self.automaton.accepts))
        found = 0
        for one, start in zip(self._many, self._starts, strict=False):
            found |= _takers(one, characters) << start
        return found


@lru_cache(maxsize=64)  # one pattern is compared with many
def _walk(automaton: Automaton) -> Walk:
    return Walk(automaton)


def _takers(automaton: Automaton, characters: int) -> int:
    found = 0
    for state, accepts in enumerate(automaton.accepts):
        found |= bool(accepts & characters) << state
    return found


def _entered(one: Automaton, states: int, others: int, walk: Walk) -> dict[int, int]:
    """State -> states of the other automaton that are entered by the same character."""
    found = {state: others & walk.taking(one.accepts[state]) for state in bits(states)} if others else {}
    return {state: mask for state, mask in found.items() if mask}


def _follow(one: Automaton, states: int, others: int, walk: Walk, level: dict[int, set[int]]) -> None:
    """Adds to a level what is entered by each character."""
    for state in bits(states):
        level.setdefault(state, set()).update(walk.parts(one.accepts[state], others))


def _smallest(masks: set[int]) -> list[int]:
    """The sets that hold no other one: where they suffice, the larger ones do."""
    kept: list[int] = []
    for mask in sorted(masks, key=int.bit_count):
        if not any(small & mask == small for small in kept):
            kept.append(mask)
    return kept


@lru_cache(maxsize=64)
def _left(one: Automaton) -> list[int]:
    """Of each state: a bit for each number of characters after which a code may end."""
    left = [one.last >> state & 1 for state in range(len(one.accepts))]
    bound = (1 << LONGEST + 1) - 1
    changed = True
    while changed:
        changed = False
        for state in reversed(range(len(left))):
            found = left[state]
            for target in bits(one.after[state]):
                found |= left[target] << 1 & bound
            if found != left[state]:
                left[state], changed = found, True
    return left


def _back(one: Automaton, other: Automaton, levels: list[dict[int, int]], state: int, others: int) -> Iterator[str]:
    """The characters of a code that was found, last first."""
    mine = next(bits(others))
    for level in reversed([{}, *levels[:-1]]):
        yield _character(one.accepts[state] & other.accepts[mine])
        state, mine = next(
            (
                (before, theirs)
                for before, masks in level.items()
                if one.after[before] >> state & 1
                for theirs in bits(masks)
                if other.after[theirs] >> mine & 1
            ),
            (0, 0),
        )


@lru_cache(maxsize=4096)
def _character(characters: int) -> str:
    nice = next((one for one in _NICE if characters >> ord(one) & 1), "")
    if nice:
        return nice
    number = next(bits(characters))
    return chr(number) if number < 128 else "\u00e9"
