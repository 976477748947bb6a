"""Which patterns a code has: the known prefix it begins with, its length, and then the few patterns that are left.

One automaton of all patterns has so many states that most of its work is waiting for memory; of those of one prefix
and one length there are a handful. RE2 takes linear time whatever a pattern is. Where every pattern left is `simple`,
Python's `re` cannot go astray either, and answers in a quarter of the time.

`Set.Match` answers None both for "nothing" and when its automaton ran out of memory (google/re2
issue 136). 2,000 patterns of usual size were never near it; so where those left are large, a code that fits nothing
is tried once more against one joined pattern, which RE2 decides in any case, and `load` runs every sample.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple

import re2

from gateway.library import oddities
from gateway.library.dialect import compiled, encoded, options
from gateway.library.rows import Rest, beginning, rest_of, simple
from gateway.library.schemes import LONGEST, Scheme

_HEAD = 4  # characters of a code that say how long its prefix may be
_HEAD_OF = itemgetter(slice(_HEAD))
_FEW = 3  # patterns that are tried one by one
_MOST = 50_000  # answers that are remembered in one place
_LARGE = 20_000  # steps of RE2's machine; 60,000 take 8 of the 256 MiB that an automaton may take

FullMatch = Callable[[str, int], object]


class Hits:
    """The schemes that codes of one known prefix fit, in the library's order: the same object for each of them.

    `named`: those that the prefix alone is enough to name, whether a code fits them or not.
    """

    __slots__ = ("named", "schemes")

    def __init__(self, named: tuple[Scheme, ...], schemes: Iterable[Scheme] = ()) -> None:
        self.named = named
        self.schemes = tuple(schemes)


class _Beside(NamedTuple):
    """Which patterns every code of another one has, by their numbers, and what is to be asked about further ones."""

    sure: tuple[int, ...]
    asked: tuple[tuple[int, Callable[[str, int, int], object], int, int], ...]


def _beside(pattern: str, others: Sequence[str], size: int) -> _Beside | None:
    """That of the codes of a pattern that are so long; None where it is not known of each."""
    found = [rest_of(pattern, other, size) for other in others]
    if None in found:
        return None
    sure = tuple(number for number, one in enumerate(found) if one is True)
    return _Beside(sure, tuple((number, *one) for number, one in enumerate(found) if isinstance(one, Rest)))


class Cell:
    """The patterns that are left for codes of one prefix and some lengths."""

    def __init__(self, branch: Branch, schemes: tuple[Scheme, ...]) -> None:
        prefix, nothing = branch.prefix, branch.nothing
        self.branch = branch
        self.schemes = schemes
        self._general: dict[int, Cell | None] = {}  # those that need no prefix, by the length of a code
        self._joined: dict[tuple[Hits, Hits], Hits] = {}
        self._patterns = tuple(dict.fromkeys(scheme.pattern for scheme in schemes))  # some schemes share theirs
        parts = [one for pattern in self._patterns if (one := simple(pattern)) and prefix.startswith(one.lead)]
        # The one pattern that is left, and how much of a code its prefix tells already.
        self.only: tuple[FullMatch, int] | None = None
        self._is_simple = len(parts) == len(self._patterns) <= _FEW
        self._tails = [(number, _tail(one.tail).fullmatch, len(one.lead)) for number, one in enumerate(parts)]
        self._nothing, self._all = nothing, Hits(nothing.named, schemes)
        self._known = {(): nothing, tuple(range(len(self._patterns))): self._all}
        self._beside: dict[int, _Beside | None] = {}
        self._with: dict[int, Hits] = {}  # what every code of the one pattern left has that is so long
        # With a code of one length, letters and digits only, nothing can have been copied; and a short one is but one.
        self.may_be_odd = prefix.startswith("01") or not all(
            one.is_plain and one.most < 2 * oddities.SHORTEST for one in parts
        )
        if self._is_simple and len(parts) == 1:
            self.only = (self._tails[0][1], self._tails[0][2])
        if not self._is_simple:
            self._set = compiled(re2.Set.FullMatchSet(options()), self._patterns)
            any_ = re2.compile("|".join(f"(?:{pattern})" for pattern in self._patterns), options())
            self._any = any_ if any_.programsize > _LARGE else None

    def hits(self, code: str) -> Hits:
        """Which of them a code has."""
        if self.only is not None:
            fullmatch, after = self.only
            return self._all if fullmatch(code, after) else self._nothing
        if not self.schemes:
            return self._nothing
        if self._is_simple:
            found = tuple([number for number, fullmatch, after in self._tails if fullmatch(code, after)])
        else:
            octets = encoded(code)
            found = tuple(self._set.Match(octets) or self._one_by_one(octets))
        return self._of(found)

    def _of(self, found: tuple[int, ...]) -> Hits:
        """The schemes of these patterns."""
        hits = self._known.get(found)
        if hits is None:
            _make_room(self._known)
            fitting = {self._patterns[number] for number in found}
            schemes = (scheme for scheme in self.schemes if scheme.pattern in fitting)
            hits = self._known[found] = Hits(self._nothing.named, schemes)
        return hits

    def all_hits(self, code: str) -> Hits:
        """Also those that need no prefix; in the library's order."""
        return self.joined(self.hits(code), code)

    def joined(self, specific: Hits, code: str) -> Hits:
        """The hits of a code behind its prefix together with those that need none, in the library's order."""
        if specific is self._all:
            found = self._with.get(len(code))
            if found is not None:
                return found
        return self._looked_up(specific, code)

    def _looked_up(self, specific: Hits, code: str) -> Hits:
        size = min(len(code), LONGEST + 1)
        general = self._general[size] if size in self._general else self._found_general(size)
        if general is None:
            return specific
        if specific is not self._all or self.only is None:
            return self._both(specific, general.hits(code))
        beside = self._beside[size] if size in self._beside else self._found_beside(general, size)
        if beside is None:
            return self._both(specific, general.hits(code))
        found = self._both(specific, general.of(beside, code))
        if not beside.asked:
            self._with[size] = found
        return found

    def _found_general(self, size: int) -> Cell | None:
        found = self._general[size] = self.branch.general_cell(size)
        return found

    def _both(self, specific: Hits, general: Hits) -> Hits:
        if not general.schemes:
            return specific
        hits = self._joined.get((specific, general))
        if hits is None:
            _make_room(self._joined)
            both = sorted((*specific.schemes, *general.schemes), key=self.branch.order.__getitem__)
            hits = self._joined[specific, general] = Hits(specific.named, both)
        return hits

    def _found_beside(self, general: Cell, size: int) -> _Beside | None:
        found = self._beside[size] = _beside(self._patterns[0], general._patterns, size)
        return found

    def of(self, beside: _Beside, code: str) -> Hits:
        """Which of them a code has of which so much is known."""
        asked = [number for number, fullmatch, start, end in beside.asked if fullmatch(code, start, end)]
        return self._of(tuple(sorted((*beside.sure, *asked))) if asked else beside.sure)

    def _one_by_one(self, octets: bytes) -> list[int]:
        if self._any is None or not self._any.fullmatch(octets):
            return []
        each = enumerate(self._patterns)
        return [number for number, one in each if re2.compile(one, options()).fullmatch(octets)]


class Branch:
    """The schemes of a known prefix; `named`: those of them, or of a shorter one, that it alone is enough to name."""

    def __init__(
        self,
        prefix: str,
        schemes: Iterable[Scheme],
        order: Mapping[Scheme, int],
        named: tuple[Scheme, ...] = (),
        general: Callable[[str], Branch] | None = None,
    ) -> None:
        """`order`: the library's; `general`: what leads to the schemes without a prefix that may begin so."""
        self.named = named
        self.nothing = Hits(named)
        self.prefix = prefix
        self.order = order
        self._schemes = tuple((scheme, *_lengths(scheme)) for scheme in schemes)
        self._find_general = general
        self._general: Branch | None = None
        self._cells: dict[int, Cell] = {}
        self._shared: dict[tuple[Scheme, ...], Cell] = {}

    def cell(self, size: int) -> Cell:
        """The patterns left for codes of this length."""
        size = min(size, LONGEST + 1)
        found = self._cells.get(size)
        if found is None:
            schemes = tuple(scheme for scheme, least, most in self._schemes if least <= size <= most)
            found = self._shared.get(schemes) or Cell(self, schemes)
            self._cells[size] = self._shared[schemes] = found
        return found

    def general_cell(self, size: int) -> Cell | None:
        """The patterns that need no prefix, and are left for codes that begin so and are so long; None for none."""
        if self._find_general is None:
            return None
        if self._general is None:
            self._general = self._find_general(self.prefix)
        found = self._general.cell(size)
        return found if found.schemes else None


class Matching:
    """All published patterns of a library, in its order. Shared between threads."""

    def __init__(self, schemes: tuple[Scheme, ...]) -> None:
        self._place = {scheme: number for number, scheme in enumerate(schemes)}
        self._general = [(scheme, beginning(scheme.pattern)) for scheme in schemes if not scheme.prefixes]
        self._generals: dict[tuple[Scheme, ...], Branch] = {}
        of: dict[str, list[Scheme]] = {}
        for scheme in schemes:
            for prefix in scheme.prefixes:
                of.setdefault(prefix, []).append(scheme)
        self.prefixes = dict.fromkeys(of)  # in their order
        self._specific = {prefix for prefix, those in of.items() if any(one.is_specific for one in those)}
        self._branches = {prefix: self._branch(prefix, of) for prefix in of}
        short = {len(prefix) for prefix in of if len(prefix) < _HEAD}
        self._short = tuple(sorted(short, reverse=True))
        long: dict[str, set[int]] = {}
        for prefix in of:
            if len(prefix) >= _HEAD:
                long.setdefault(prefix[:_HEAD], set(short)).add(len(prefix))
        # How long the prefixes may be of codes that begin so, the longest first.
        self._sizes = {head: tuple(sorted(sizes, reverse=True)) for head, sizes in long.items()}
        self.reach = max(map(len, of), default=0)  # characters of a code that say all about its prefix
        self._unknown = Branch("", (), self._place, general=self._without)

    def _branch(self, prefix: str, of: dict[str, list[Scheme]]) -> Branch:
        beginnings = [prefix[:length] for length in range(1, len(prefix) + 1)]
        members = {scheme for beginning in beginnings for scheme in of.get(beginning, ())}
        longest = next((one for one in reversed(beginnings) if one in self._specific), "")
        named = tuple(scheme for scheme in of.get(longest, ()) if scheme.is_specific)
        return Branch(prefix, sorted(members, key=self._place.__getitem__), self._place, named, self._without)

    def branch(self, code: str) -> Branch:
        """What the longest known prefix of a normalised code leads to."""
        for size in self._sizes.get(code[:_HEAD], self._short):
            found = self._branches.get(code[:size])
            if found is not None:
                return found
        return self._unknown

    def cell(self, code: str) -> Cell:
        """The patterns left for codes that begin so and are so long."""
        return self.branch(code).cell(len(code))

    def grouped(self, codes: Sequence[str]) -> Mapping[Cell, list[int]]:
        """The places of codes by the patterns that are left for them.

        In a mixed list what is known of a prefix would otherwise have to be fetched from memory for each code: asked
        cell by cell they take a third of the time.
        """
        alike: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
        for place, key in enumerate(zip(map(_HEAD_OF, codes), map(len, codes), strict=True)):
            alike[key].append(place)
        of: defaultdict[Cell, list[int]] = defaultdict(list)
        for (head, size), places in alike.items():
            reach = self._sizes.get(head, (0,))[0]
            if reach <= _HEAD:
                of[self.branch(head).cell(size)] += places
                continue
            begun: defaultdict[str, list[int]] = defaultdict(list)
            for place in places:
                begun[codes[place][:reach]].append(place)
            for start, those in begun.items():
                of[self.branch(start).cell(size)] += those
        return of

    def hits(self, code: str) -> tuple[Scheme, ...]:
        """Every scheme whose pattern, prefix and length a normalised code has, in the library's order; unchecked."""
        return self.cell(code).all_hits(code).schemes

    def _without(self, prefix: str) -> Branch:
        """The schemes without a prefix that can begin as a branch does: few, and the same for many branches."""
        members = tuple(
            scheme
            for scheme, known in self._general
            if all([one in those for one, those in zip(prefix, known, strict=False)])
        )
        return self._generals.setdefault(members, Branch("", members, self._place))


def _lengths(scheme: Scheme) -> tuple[int, int]:
    """How long its codes can be, at least and at most."""
    known = simple(scheme.pattern)
    least, most = (known.least, known.most) if known else (scheme.shortest, scheme.longest)
    return max(least, scheme.shortest), min(most, scheme.longest, LONGEST)


@lru_cache(maxsize=4096)
def _tail(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII)


def _make_room(known: dict[Any, Hits]) -> None:
    """What is remembered has a bound; what is forgotten is found again."""
    if len(known) >= _MOST:
        known.clear()
