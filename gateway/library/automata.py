"""A pattern as an automaton: a state for each character of the pattern (Glushkov), and sets of states as integers.

`interegular` reads the pattern; what it and RE2 might read in two ways is not taken (`Unclear`). An automaton is never
made deterministic: two are gone through together, so that 42 optional characters cost 42 states, not 2 to the 42nd.
Source of the construction: Glushkov, "The abstract theory of automata" (1961).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache, wraps
from typing import Any, ParamSpec

from gateway.library.schemes import LONGEST

MOST_STATES, MOST_WAYS = 3000, 200_000  # of one automaton
_KEPT = 200_000  # states of all that are kept: those of 4,000 patterns as Parties write them
_P = ParamSpec("_P")
ANY = (1 << 129) - 1  # a set of characters: a bit for each of ASCII, and one for every other character
_OTHER = 1 << 128
# What RE2 and interegular read alike. A class holds no `[` of its own ([:alpha:]) and does not begin with `]`.
_ESCAPE = r"\\(?:[dDwW]|x[0-9A-Fa-f]{2}|[!-/:-@\[-`{-~])"
_CLASS = rf"\[\^?(?:{_ESCAPE}|[^\\\[\]\x00-\x1f\x7f-\U0010ffff])+\]"
_PART = rf"{_ESCAPE}|{_CLASS}|\((?:\?:|\?P<\w+>)?|[|).]|[^\\\[\](){{}}|*+?.^$\x00-\x1f\x7f-\U0010ffff]"
_READABLE = re.compile(rf"(?:(?:{_PART})(?:(?:[*+?]|\{{\d{{1,4}}(?:,\d{{0,4}})?\}})\??)?)*", re.ASCII)


class Unclear(ValueError):
    """The pattern, or a question about two patterns, is beyond what can be computed here."""


@dataclass(frozen=True, slots=True, eq=False)
class Automaton:
    """States 0 … n-1, each entered by one of its `accepts` characters. Sets of states are integers, a bit a state.

    `first`: where a code may begin, `last`: where it may end; `after[s]`: where it may go on. `lengths`: a bit for each
    length of a code that is accepted, up to `LONGEST`; `seen[d]`: every character that may stand at place d of one;
    `width`: the states that may be entered at one place, at most.
    `again`: ways from one state to another that are there more than once, and how often.
    """

    accepts: tuple[int, ...]
    first: int
    last: int
    after: tuple[int, ...]
    lengths: int
    seen: tuple[int, ...]
    width: int
    again: tuple[tuple[int, int, int], ...] = ()

    @property
    def shortest(self) -> int:
        """Characters of the shortest code; 0 where there is none at all."""
        return (self.lengths & -self.lengths).bit_length() - 1 if self.lengths else 0


def bits(mask: int) -> Iterator[int]:
    """The members of a set, smallest first."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


def _remembered(make: Callable[_P, Automaton]) -> Callable[_P, Automaton]:
    """Each is made once, by its content, while all that are kept are small together: anybody may send a large one."""
    known: dict[object, Automaton] = {}
    states = 0

    @wraps(make)
    def asked(*key: _P.args, **none: _P.kwargs) -> Automaton:
        nonlocal states
        found = known.get(key)
        if found is None:
            found = make(*key, **none)
            if states > _KEPT:
                known.clear()
                states = 0
            states += len(found.accepts)
            known[key] = found
        return found

    return asked


@_remembered
def of_pattern(pattern: str) -> Automaton:
    """The automaton of a pattern that RE2 takes; raises Unclear."""
    import interegular  # only who compares patterns needs it

    if not _READABLE.fullmatch(pattern):
        raise Unclear("the pattern holds something that cannot be computed with")
    try:
        tree = interegular.parse_pattern(pattern)
        made = _Maker()
        whole = made.read(tree)
    except (interegular.InvalidSyntax, interegular.Unsupported, RecursionError):
        raise Unclear("the pattern holds something that cannot be computed with") from None
    lengths, seen, width = _levels(made.accepts, whole.first, whole.last, made.after)
    return Automaton(
        tuple(made.accepts), whole.first, whole.last, tuple(made.after), lengths | whole.empty, seen, width,
        tuple((one, other, count) for (one, other), count in made.again.items()),
    )  # fmt: skip


def begun(pattern: str, code: str) -> int:
    """How many characters at the beginning of a code may begin one of the pattern; raises Unclear."""
    made = of_pattern(pattern)
    states = made.first
    for place, character in enumerate(code):
        wanted = 1 << ord(character) if ord(character) < 128 else _OTHER
        taking = [state for state in bits(states) if made.accepts[state] & wanted]
        if not taking:
            return place
        states = _or(made.after[state] for state in taking)
    return len(code)


@_remembered
def of_scheme(pattern: str, prefixes: tuple[str, ...], shortest: int, longest: int) -> Automaton:
    """The automaton of all codes that are hit: of this pattern, with one of the prefixes (if any), of these lengths."""
    found = of_pattern(pattern)
    if prefixes:
        found = _prefixed(found, prefixes)
    wanted = (1 << min(longest, LONGEST) + 1) - (1 << shortest)
    if not found.lengths & ~wanted:
        return found
    return replace(found, lengths=found.lengths & wanted)


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of a pattern: where it begins, where it ends, and whether it may be empty."""

    first: int
    last: int
    empty: bool


_NOTHING = _Piece(0, 0, True)


class _Maker:
    """Reads a pattern's tree; every class of characters becomes a state, in each copy of a repetition."""

    def __init__(self) -> None:
        self.accepts: list[int] = []
        self.after: list[int] = []
        self.again: dict[tuple[int, int], int] = {}
        self._ways = 0

    def read(self, node: Any) -> _Piece:
        """A node by its kind: alternatives, a row, a repetition, a class of characters, any one, or nothing."""
        if hasattr(node, "options"):
            if node.added_flags or node.removed_flags:
                raise Unclear("the pattern has flags")
            read = [self.read(one) for one in node.options]
            return _Piece(_or(p.first for p in read), _or(p.last for p in read), any(p.empty for p in read))
        if hasattr(node, "parts"):
            row = _NOTHING
            for part in node.parts:
                row = self._joined(row, self.read(part))
            return row
        if hasattr(node, "base"):
            return self._repeated(node)
        if hasattr(node, "chars"):
            return self._state(_characters(node.chars, node.negated))
        return self._state(ANY & ~(1 << ord("\n"))) if node.lengths == (1, 1) else _NOTHING

    def _state(self, accepts: int) -> _Piece:
        if len(self.accepts) >= MOST_STATES:
            raise Unclear("the pattern is too large")
        self.accepts.append(accepts)
        self.after.append(0)
        state = 1 << len(self.accepts) - 1
        return _Piece(state, state, False)

    def _repeated(self, node: Any) -> _Piece:
        most = node.min if node.max is None else node.max
        copies = [self.read(node.base) for _ in range(max(most, node.max is None))]
        if node.max is None:
            loop = copies[-1]
            self._connect(loop.last, loop.first)
        rest = _NOTHING  # of copies that need not be there, each but the first needs the one before
        for copy in reversed(copies[node.min :]):
            whole = self._joined(copy, rest)
            rest = _Piece(whole.first, whole.last, True)
        row = _NOTHING
        for copy in copies[: node.min]:
            row = self._joined(row, copy)
        return self._joined(row, rest)

    def _joined(self, one: _Piece, other: _Piece) -> _Piece:
        self._connect(one.last, other.first)
        return _Piece(
            one.first | (other.first if one.empty else 0),
            other.last | (one.last if other.empty else 0),
            one.empty and other.empty,
        )

    def _connect(self, sources: int, targets: int) -> None:
        self._ways += sources.bit_count() * targets.bit_count()
        if self._ways > MOST_WAYS:
            raise Unclear("the pattern is too large")
        for source in bits(sources):
            for target in bits(self.after[source] & targets):
                self.again[source, target] = self.again.get((source, target), 1) + 1
            self.after[source] |= targets


def _or(masks: Iterator[int]) -> int:
    found = 0
    for mask in masks:
        found |= mask
    return found


@lru_cache(maxsize=1024)
def _characters(characters: frozenset[str], negated: bool) -> int:
    found = _or(1 << ord(one) for one in characters)
    return ANY & ~found if negated else found


def _levels(accepts: list[int], first: int, last: int, after: list[int]) -> tuple[int, tuple[int, ...], int]:
    """(lengths that are accepted, characters at each place, most states at one place), as far as `LONGEST`."""
    lengths, width, now = 0, 0, first
    seen: list[int] = []
    steps: dict[int, tuple[int, int]] = {}  # states -> (characters, states after them): a loop comes back to itself
    while now and len(seen) < LONGEST:
        if now not in steps:
            states = list(bits(now))
            steps[now] = _or(accepts[s] for s in states), _or(after[s] for s in states)
        characters, following = steps[now]
        width = max(width, now.bit_count())
        seen.append(characters)
        lengths |= bool(now & last) << len(seen)
        now = following
    return lengths, tuple(seen), width


def _prefixed(found: Automaton, prefixes: tuple[str, ...]) -> Automaton:
    """The automaton of the codes that begin with one of the prefixes: its states, each with what was read of one."""
    number: dict[tuple[int, str, int], int] = {}  # in a loop, the end of a prefix and what follows are the same state
    accepts: list[int] = []
    after: list[int] = []
    last = 0

    def entered(states: int, read: str) -> int:
        """The states, with what is read of a prefix, that can be entered next; each is made when first needed."""
        targets = 0
        for state in bits(states):
            for now, characters in _reads(found.accepts[state], read, prefixes):
                if (state, now, characters) not in number:
                    number[state, now, characters] = len(accepts)
                    accepts.append(characters)
                    open_.append((state, now))
                targets |= 1 << number[state, now, characters]
        return targets

    open_: list[tuple[int, str]] = []
    first = entered(found.first, "")
    while len(after) < len(open_):
        state, read = open_[len(after)]
        if found.last >> state & 1 and read == _READ:
            last |= 1 << len(after)
        after.append(0)
        after[-1] = entered(found.after[state], read)
        if len(accepts) > MOST_STATES:
            raise Unclear("the pattern is too large")
    return Automaton(tuple(accepts), first, last, tuple(after), *_levels(accepts, first, last, after))


_READ = "*"  # a whole prefix was read: no prefix holds this character


def _reads(accepts: int, read: str, prefixes: tuple[str, ...]) -> Iterator[tuple[str, int]]:
    """(what is read of a prefix then, by which characters) where a state is entered."""
    if read == _READ:
        yield _READ, accepts
        return
    for character in sorted({prefix[len(read)] for prefix in prefixes if prefix.startswith(read) and prefix != read}):
        if accepts >> ord(character) & 1:
            longer = read + character
            yield (_READ if longer in prefixes else longer), 1 << ord(character)
