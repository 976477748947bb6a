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
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import takewhile
from math import prod
from typing import Any, NamedTuple

import re2

from gateway.library.schemes import Scheme, options

_HEAD = 4  # characters of a code that say how long its prefix may be
_FEW = 3  # patterns that are tried one by one
_BEGINNING = 6  # characters with which any code of a pattern may begin, as far as RE2 is asked for them
_MOST = 50_000  # answers that are remembered in one place
_LARGE = 20_000  # steps of RE2's machine; 60,000 take 8 of the 256 MiB that an automaton may take
_WAYS = 16  # of dividing a code among the pieces of a pattern that `re` may try, the longest of them aside
_SIGNS = r"0-9A-Za-z!\"%&'()*+,./:;<=>?_"
_ONE = rf"(?:[0-9A-Za-z]|\\d|\\x1d|\[(?:[{_SIGNS}]-[{_SIGNS}]|[{_SIGNS}]|\\-|\\x1d)+\])"
_TIMES = r"(?:\{\d{1,3}(?:,\d{1,3})?\}|\?)?(?![?*+{])"
# A character or a class of them: once, as often as a number says, or perhaps; and a row of these that may be absent.
_PIECE = re.compile(rf"(?P<one>{_ONE})(?P<times>{_TIMES})|\(\?:(?P<row>(?:{_ONE}{_TIMES})+)\)\?(?![?*+{{])")


FullMatch = Callable[[str, int], object]


class Simple(NamedTuple):
    """A pattern that `re` reads as RE2 does, in time that hardly grows: a row of pieces, few of them of any length.

    `lead`: the characters with which it begins; `tail`: the pattern of the rest; how long what it matches can be.
    """

    lead: str
    tail: str
    least: int
    most: int


class _Piece(NamedTuple):
    """`one`: its character or class, "" for a row; how long it is; `ways`: between how many lengths it may choose."""

    one: str
    is_literal: bool
    least: int
    most: int
    ways: tuple[int, ...]


@lru_cache(maxsize=8192)
def _row(pattern: str) -> tuple[_Piece, ...] | None:
    """The pieces of a pattern that is a row of them, else None."""
    pieces: list[_Piece] = []
    place = 0
    while place < len(pattern):
        found = _PIECE.match(pattern, place)
        if found is None:
            return None
        pieces.append(_absent(found["row"]) if found["row"] else _repeated(found["one"], found["times"]))
        place = found.end()
    return tuple(pieces)


def _repeated(one: str, times: str) -> _Piece:
    least, _, most = "0,1".partition(",") if times == "?" else times[1:-1].partition(",")
    low = int(least or 1)
    high = int(most or low)
    return _Piece(one, len(one) == 1 and not times, low, high, (high - low + 1,) if high > low else ())


def _absent(row: str) -> _Piece:
    """A row that may be absent."""
    pieces = _row(row) or ()
    ways = tuple(way for piece in pieces for way in piece.ways)
    return _Piece("", False, 0, sum(piece.most for piece in pieces), (2, *ways))


@lru_cache(maxsize=8192)
def simple(pattern: str) -> Simple | None:
    """The pattern in its parts where it is as simple as that, else None."""
    row = _row(pattern)
    if row is None or prod(sorted(way for piece in row for way in piece.ways)[:-1]) > _WAYS:
        return None
    lead = "".join(piece.one for piece in takewhile(lambda piece: piece.is_literal, row))
    least, most = sum(piece.least for piece in row), sum(piece.most for piece in row)
    return Simple(lead, pattern[len(lead) :], least, most)


@lru_cache(maxsize=8192)
def _beginning(pattern: str) -> tuple[frozenset[str], ...]:
    """The characters that can stand at the first places of what a pattern matches, as far as they are known."""
    row = _row(pattern)
    if row is None:
        return tuple(_range(*re2.compile(pattern, options()).possiblematchrange(_BEGINNING)))
    places: list[frozenset[str]] = []
    for piece in row:
        places += [_characters(piece.one)] * piece.least if piece.one else []
        if piece.ways:
            break
    return tuple(places)


def _range(low: bytes, high: bytes) -> Iterator[frozenset[str]]:
    """The same of the strings between two: up to the first place where the two differ."""
    for one, other in zip(low, high, strict=False):
        if other > 127:
            return
        yield frozenset(map(chr, range(one, other + 1)))
        if one != other:
            return


@lru_cache(maxsize=256)
def _characters(one: str) -> frozenset[str]:
    return frozenset(character for character in map(chr, range(128)) if re.fullmatch(one, character, re.ASCII))


class Hits:
    """The schemes that codes of one known prefix fit, in the library's order: the same object for each of them.

    `named`: those that the prefix alone is enough to name, whether a code fits them or not.
    """

    __slots__ = ("named", "schemes")

    def __init__(self, named: tuple[Scheme, ...], schemes: Iterable[Scheme] = ()) -> None:
        self.named = named
        self.schemes = tuple(schemes)


class Cell:
    """The patterns that are left for codes of one prefix and one length."""

    def __init__(self, schemes: tuple[Scheme, ...], prefix: str, nothing: Hits) -> None:
        self._schemes = schemes
        self._known: dict[tuple[int, ...], Hits] = {(): nothing}
        parts = [one for scheme in schemes if (one := simple(scheme.pattern)) and prefix.startswith(one.lead)]
        # The one pattern that is left, and how much of a code its prefix tells already.
        self.only: tuple[FullMatch, int] | None = None
        self._is_simple = len(parts) == len(schemes) <= _FEW
        self._tails = [(number, _tail(one.tail).fullmatch, len(one.lead)) for number, one in enumerate(parts)]
        self._nothing, self._all = nothing, Hits(nothing.named, schemes)
        if self._is_simple and len(parts) == 1:
            self.only = (self._tails[0][1], self._tails[0][2])
        if not self._is_simple:
            patterns = [scheme.pattern for scheme in schemes]
            self._set = compiled(re2.Set.FullMatchSet(options()), patterns)
            any_ = re2.compile("|".join(f"(?:{pattern})" for pattern in patterns), options())
            self._any = any_ if any_.programsize > _LARGE else None

    def hits(self, code: str) -> Hits:
        """Which of them a code has."""
        if self.only is not None:
            fullmatch, after = self.only
            return self._all if fullmatch(code, after) else self._nothing
        if self._is_simple:
            found = tuple([number for number, fullmatch, after in self._tails if fullmatch(code, after)])
        else:
            octets = encoded(code)
            found = tuple(self._set.Match(octets) or self._one_by_one(octets))
        hits = self._known.get(found)
        if hits is None:
            _make_room(self._known)
            schemes = (self._schemes[number] for number in sorted(found))
            hits = self._known[found] = Hits(self._nothing.named, schemes)
        return hits

    def _one_by_one(self, octets: bytes) -> list[int]:
        if self._any is None or not self._any.fullmatch(octets):
            return []
        each = enumerate(self._schemes)
        return [number for number, one in each if re2.compile(one.pattern, options()).fullmatch(octets)]


class Branch:
    """The schemes of a known prefix; `named`: those of them, or of a shorter one, that it alone is enough to name."""

    def __init__(self, prefix: str, schemes: Iterable[Scheme], named: tuple[Scheme, ...] = ()) -> None:
        self.named = named
        self.nothing = Hits(named)
        self.prefix = prefix
        self.general: Branch | None = None  # those without a prefix that such a code may fit; found when first asked
        self._schemes = tuple((scheme, *_lengths(scheme)) for scheme in schemes)
        self._cells: dict[int, Cell] = {}
        self._shared: dict[tuple[Scheme, ...], Cell] = {}

    def hits(self, code: str) -> Hits:
        """Which of its schemes a code has that begins with its prefix."""
        cell = self._cells.get(len(code))
        return (cell or self.cell(len(code))).hits(code)

    def alike(self, code: str) -> list[int]:
        """The lengths, of all seen so far, of codes for which the same patterns are left."""
        cell = self.cell(len(code))
        return [size for size, other in self._cells.items() if other is cell]

    def cell(self, size: int) -> Cell:
        """The patterns left for codes of this length."""
        found = self._cells.get(size)
        if found is None:
            schemes = tuple(scheme for scheme, least, most in self._schemes if least <= size <= most)
            found = self._shared.get(schemes) or Cell(schemes, self.prefix, self.nothing)
            self._cells[size] = self._shared[schemes] = found
        return found


class Matching:
    """All published patterns of a library, in its order. Shared between threads."""

    def __init__(self, schemes: tuple[Scheme, ...]) -> None:
        self._place = {scheme: number for number, scheme in enumerate(schemes)}
        self._general = tuple(scheme for scheme in schemes if not scheme.prefixes)
        self._generals: dict[tuple[Scheme, ...], Branch] = {}
        self._joined: dict[tuple[Hits, Hits], Hits] = {}
        of: dict[str, list[Scheme]] = {}
        for scheme in schemes:
            for prefix in scheme.prefixes:
                of.setdefault(prefix, []).append(scheme)
        self.prefixes = dict.fromkeys(of)  # in their order
        self._specific = {prefix for prefix, those in of.items() if any(one.is_specific for one in those)}
        self._branches = {prefix: self._branch(prefix, of) for prefix in of}
        self._short = tuple(sorted({len(prefix) for prefix in of if len(prefix) < _HEAD}, reverse=True))
        self._sizes: dict[str, tuple[int, ...]] = {}
        for size in sorted({len(prefix) for prefix in of if len(prefix) >= _HEAD}):
            for prefix in of:
                if len(prefix) == size:
                    known = self._sizes.get(prefix[:_HEAD], self._short)
                    self._sizes[prefix[:_HEAD]] = (size, *(one for one in known if one != size))
        self._unknown = Branch("", ())

    def _branch(self, prefix: str, of: dict[str, list[Scheme]]) -> Branch:
        beginnings = [prefix[:length] for length in range(1, len(prefix) + 1)]
        members = {scheme for beginning in beginnings for scheme in of.get(beginning, ())}
        longest = next((one for one in reversed(beginnings) if one in self._specific), "")
        named = tuple(scheme for scheme in of.get(longest, ()) if scheme.is_specific)
        return Branch(prefix, sorted(members, key=self._place.__getitem__), named)

    def branch(self, code: str) -> Branch:
        """What the longest known prefix of a normalised code leads to."""
        for size in self._sizes.get(code[:_HEAD], self._short):
            found = self._branches.get(code[:size])
            if found is not None:
                return found
        return self._unknown

    def grouped(self, codes: Iterable[str]) -> dict[Branch, list[int]]:
        """The places of codes by what their prefixes lead to.

        In a mixed list what is known of a prefix would otherwise have to be fetched from memory for each code: asked
        prefix by prefix they take a third of the time.
        """
        of: dict[Branch, list[int]] = {}
        for place, code in enumerate(codes):
            branch = self.branch(code)
            if branch in of:
                of[branch].append(place)
            else:
                of[branch] = [place]
        return of

    def hits(self, code: str) -> tuple[Scheme, ...]:
        """Every scheme whose pattern, prefix and length a normalised code has, in the library's order; unchecked."""
        branch = self.branch(code)
        return self.joined(branch, branch.hits(code), code).schemes

    def joined(self, branch: Branch, specific: Hits, code: str) -> Hits:
        """The hits behind its prefix together with those that need none."""
        general = (branch.general or self._without(branch)).hits(code)
        if not general.schemes:
            return specific
        hits = self._joined.get((specific, general))
        if hits is None:
            _make_room(self._joined)
            both = (*specific.schemes, *general.schemes)
            hits = self._joined[specific, general] = Hits(specific.named, sorted(both, key=self._place.__getitem__))
        return hits

    def _without(self, branch: Branch) -> Branch:
        """The schemes without a prefix that can begin as a branch does: few, and the same for many branches."""
        members = tuple(
            scheme
            for scheme in self._general
            if all(one in known for one, known in zip(branch.prefix, _beginning(scheme.pattern), strict=False))
        )
        branch.general = self._generals.setdefault(members, Branch("", members))
        return branch.general


def encoded(code: str) -> bytes:
    """A code as RE2 reads it; half of a pair of surrogates is told by its number."""
    return code.encode("utf-8", "backslashreplace")


def compiled(chosen: re2.Set, patterns: Iterable[str]) -> re2.Set:
    """A set of patterns made ready."""
    for pattern in patterns:
        chosen.Add(pattern)
    chosen.Compile()
    return chosen


def _lengths(scheme: Scheme) -> tuple[int, int]:
    """How long its codes can be, at least and at most."""
    known = simple(scheme.pattern)
    least, most = (known.least, known.most) if known else (scheme.shortest, scheme.longest)
    return max(least, scheme.shortest), min(most, scheme.longest)


@lru_cache(maxsize=4096)
def _tail(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII)


def _make_room(known: dict[Any, Hits]) -> None:
    """What is remembered has a bound; what is forgotten is found again."""
    if len(known) >= _MOST:
        known.clear()
