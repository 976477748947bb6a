"""Patterns that are a row of characters and classes of them: what can be told of two without any code.

Most patterns of the library are such rows: a prefix, a serial number, digits of a time stamp.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import groupby, islice, takewhile
from math import prod
from typing import NamedTuple

import re2

from gateway.library.dialect import options

_BEGINNING = 6  # characters with which any code of a pattern may begin, as far as RE2 is asked for them
_WAYS = 16  # of dividing a code among the pieces of a pattern that `re` may try, the longest of them aside
_SIGNS = r"0-9A-Za-z!\"%&'()*+,./:;<=>?_"
_ONE = rf"(?:[0-9A-Za-z]|\\d|\\x1d|\[(?:[{_SIGNS}]-[{_SIGNS}]|[{_SIGNS}]|\\-|\\x1d)+\])"
_TIMES = r"(?:\{\d{1,3}(?:,\d{1,3})?\}|\?)?(?![?*+{])"
# A character or a class of them: once, as often as a number says, or perhaps; and a row of these that may be absent.
_PIECE = re.compile(rf"(?P<one>{_ONE})(?P<times>{_TIMES})|\(\?:(?P<row>(?:{_ONE}{_TIMES})+)\)\?(?![?*+{{])")
_LAYOUTS = 40  # ways to lay out a pattern over one length, as far as they are looked at


class Simple(NamedTuple):
    """A pattern that `re` reads as RE2 does, in time that hardly grows: a row of pieces, few of them of any length.

    `lead`: the characters with which it begins; `tail`: the pattern of the rest; how long what it matches can be.
    `is_plain`: of one length, letters and digits only.
    """

    lead: str
    tail: str
    least: int
    most: int
    is_plain: bool


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


@lru_cache(maxsize=4096)
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
    plain = least == most and all(_is_alphanumeric(piece.one) for piece in row if piece.one)
    return Simple(lead, pattern[len(lead) :], least, most, plain)


@lru_cache(maxsize=8192)
def beginning(pattern: str) -> tuple[frozenset[str], ...]:
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
def _is_alphanumeric(one: str) -> bool:
    return "".join(_characters(one)).isalnum()


@lru_cache(maxsize=256)
def _characters(one: str) -> frozenset[str]:
    return frozenset(character for character in map(chr, range(128)) if re.fullmatch(one, character, re.ASCII))


class Rest(NamedTuple):
    """What is still to be asked of a code so that it has a pattern, too: whether `fullmatch` takes it, start to end."""

    fullmatch: Callable[[str, int, int], object]
    start: int
    end: int


def rest_of(pattern: str, other: str, size: int) -> Rest | bool | None:
    """Which codes of a pattern that are so long have another pattern: all (True), none (False), or those of a rest.

    None where it cannot be told by laying the one over the other.
    """
    ours, theirs = _layouts(pattern, size), _layouts(other, size)
    if not ours or theirs is None:
        return None
    if not any(_meets(one, another) for another in theirs for one in ours):
        return False
    if len(ours) > 1 or len(theirs) > 1:
        return None
    asked = [place for place, (one, other_) in enumerate(zip(ours[0], theirs[0], strict=True)) if not one <= other_]
    if not asked:
        return True
    start, end = asked[0], asked[-1] + 1
    return Rest(_row_of(theirs[0][start:end]).fullmatch, start, end)


@lru_cache(maxsize=1024)
def _row_of(layout: tuple[frozenset[str], ...]) -> re.Pattern[str]:
    """One class of characters for each place."""
    each = ((f"[{re.escape(''.join(sorted(one)))}]", len(list(those))) for one, those in groupby(layout))
    return re.compile("".join(f"{one}{{{count}}}" for one, count in each), re.ASCII)


@lru_cache(maxsize=8192)
def _layouts(pattern: str, size: int) -> tuple[tuple[frozenset[str], ...], ...] | None:
    """Every way to lay a row over so many characters, but such as another way allows: what may stand at each place.

    None where that is not known.
    """
    row = _row(pattern)
    if row is None or any(not piece.one for piece in row):
        return None
    found = tuple(islice(_laid(row, size), _LAYOUTS + 1))
    if len(found) > _LAYOUTS:
        return None
    wide: list[tuple[frozenset[str], ...]] = []
    for one in found:
        if not any(_lies_in(one, another) for another in wide):
            wide = [another for another in wide if not _lies_in(another, one)] + [one]
    return tuple(wide)


def _laid(row: tuple[_Piece, ...], size: int) -> Iterator[tuple[frozenset[str], ...]]:
    if not row:
        yield from ((),) if size == 0 else ()
        return
    first, *others = row
    rest = tuple(others)
    least, most = sum(piece.least for piece in rest), sum(piece.most for piece in rest)
    for count in range(max(first.least, size - most), min(first.most, size - least) + 1):
        for laid in _laid(rest, size - count):
            yield (_characters(first.one),) * count + laid


def _lies_in(one: tuple[frozenset[str], ...], other: tuple[frozenset[str], ...]) -> bool:
    return all(here <= there for here, there in zip(one, other, strict=True))


def _meets(one: tuple[frozenset[str], ...], other: tuple[frozenset[str], ...]) -> bool:
    return not any(here.isdisjoint(there) for here, there in zip(one, other, strict=True))
