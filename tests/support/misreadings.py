"""Valid codes made from a scheme's own description, and what one misread character makes of them.

The tables here are the tests' own: what the gateway knows of look-alikes is measured against them.
"""

from __future__ import annotations

import re._parser as sre  # the parser of the standard library: how a pattern is built, character by character
import string
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from random import Random
from typing import Any, NamedTuple

from biip.checksums import gs1_standard_check_digit
from hypothesis import strategies as st

from gateway.content import Uim, Verdict, VerdictKind
from gateway.library import PatternLibrary, Scheme

NOW = datetime(2026, 11, 21, tzinfo=UTC)
KINDS = ("looks alike", "small letter", "other alphabet", "full width", "lost", "doubled")

_ALIKE = {"O": "0", "0": "O", "I": "l1", "l": "I1", "1": "Il", "B": "8", "8": "B", "S": "5", "5": "S"}
_ALIKE |= {"Z": "2", "2": "Z", "G": "6", "6": "G"}
_FOREIGN = dict(zip("ABEKMHOPCTXaceopxyijsSIJZNv", "АВЕКМНОРСТХасеорхуіјѕЅІЈΖΝν", strict=True))
_OLDEST, _HOURS = datetime(2019, 5, 20, tzinfo=UTC), 24 * 365 * 7
_MOST_REPEATED = 14  # of what may be repeated often: bodies of a usual length
_TRIES = 300


class Misreading(NamedTuple):
    """One misread character: what is left of the code, and whether a part was hit that can be checked at all."""

    kind: str
    written: str
    checkable: bool


# --- valid codes ------------------------------------------------------------------------------


def code(library: PatternLibrary, scheme: Scheme, random: Random) -> str:
    """A code that this scheme (or one declared beside it) decides about; separators as 0x1D."""
    for _ in range(_TRIES):
        made = _checked(scheme, "".join(_walk(_parsed(scheme.pattern), random)).rstrip("\x1d"), random)
        if scheme.prefixes and not made.startswith(scheme.prefixes):
            made = random.choice(scheme.prefixes) + made[len(scheme.prefixes[0]) :]
        if scheme.id in library.fits(made, NOW) and {scheme.id} & set(library.deciding(made, NOW)):
            (verdict,) = library.verdicts([Uim(made)], NOW)
            if verdict.kind is scheme.decides and not noticed(verdict):
                return made
    raise AssertionError(f"no code of {scheme.id} in {_TRIES} tries")


def codes(library: PatternLibrary, scheme: Scheme) -> st.SearchStrategy[str]:
    """The same for hypothesis."""
    return st.randoms(use_true_random=False).map(lambda random: code(library, scheme, random))


@lru_cache(maxsize=128)
def _parsed(pattern: str) -> Any:
    return sre.parse(pattern)


def _walk(parsed: Any, random: Random) -> Iterator[str]:
    for kind, value in parsed:
        match str(kind):
            case "LITERAL":
                yield chr(value)
            case "IN":
                yield random.choice(_members(tuple(value)))
            case "SUBPATTERN":
                yield from _walk(value[-1], random)
            case "BRANCH":
                yield from _walk(random.choice(value[1]), random)
            case "MAX_REPEAT":
                least, most, what = value
                for _ in range(random.randint(least, min(most, max(least, _MOST_REPEATED)))):
                    yield from _walk(what, random)
            case other:
                raise AssertionError(f"a part of a pattern that is not made here: {other}")


@lru_cache(maxsize=256)
def _members(of: tuple[Any, ...]) -> str:
    found = ""
    for kind, value in of:
        match str(kind):
            case "LITERAL":
                found += chr(value)
            case "RANGE":
                found += "".join(map(chr, range(value[0], value[1] + 1)))
            case "CATEGORY":
                found += string.digits
    if len(found) > 80:  # the whole set of a marking: letters and digits are what issuers mostly use
        found += (string.ascii_letters + string.digits) * 4
    return found


def _checked(scheme: Scheme, made: str, random: Random) -> str:
    """The code with stamps, check digits and repetitions put right."""
    for check in (*scheme.checks, *scheme.advice):
        if check.name == "prefix again":
            middle = (len(made) - 8) // 2
            made = made[:middle] + made[:5] + made[middle + 5 :]
        if check.name == "time stamp" or (check.name == "time stamp if any" and _has_room(scheme, made, random)):
            made = made[:-8] + _stamp(random)
        if check.name == "gs1 production time" and made[-12:-8] == "8008":
            made = made[:-8] + _stamp(random)
        if check.name.startswith("gs1 ") and check.name != "gs1 production time":
            first, last = _number(scheme, check.name, made)
            number = made[first:last]
            if not number:  # a machine's code (8004) has none
                continue
            if scheme.gs1_prefixes and random.random() < 0.8:
                number = "0" + random.choice(sorted(scheme.gs1_prefixes)) + number[4:]
            made = made[:first] + number[:-1] + str(gs1_standard_check_digit(number[:-1])) + made[last:]
    return made


def _has_room(scheme: Scheme, made: str, random: Random) -> bool:
    return len(made) - 8 >= scheme.shortest and random.random() < 0.7


def _stamp(random: Random) -> str:
    return (_OLDEST + timedelta(hours=random.randrange(_HOURS))).strftime("%y%m%d%H")


def _number(scheme: Scheme, check: str, made: str) -> tuple[int, int]:
    """Where the number stands whose last digit is a check digit."""
    if check == "gs1 number":
        return 0, 14
    if made[:2] == "00" and len(made) == 20:
        return 2, 20
    if scheme.id == "gs1-article" and len(made) in (8, 12, 13, 14):
        return 0, len(made)
    if made[:2] in ("01", "02"):
        return 2, 16
    return (3, 16) if made[:2] == "41" else (0, 0)


# --- misreadings ------------------------------------------------------------------------------


def misreadings(library: PatternLibrary, scheme: Scheme, made: str) -> list[Misreading]:
    """Every one that one character of this code can suffer."""
    parts = _checkable(scheme, made)
    found = []
    for kind in KINDS:
        for place, character in enumerate(made):
            if character == "\x1d":
                continue
            for instead in _instead(kind, character):
                written = made[:place] + instead + made[place + 1 :]
                if written == made:
                    continue
                moved = kind in ("lost", "doubled") and scheme.shortest == scheme.longest
                # A character written twice at the edge of a part is one more of what stands beside it.
                within = place in parts and (kind != "doubled" or place + 1 in parts or place + 1 == len(made))
                hit = moved or within or scheme.id not in library.fits(written, NOW)
                found.append(Misreading(kind, written, hit))
    return found


def _instead(kind: str, character: str) -> Sequence[str]:
    match kind:
        case "looks alike":
            return _ALIKE.get(character, "")
        case "small letter":
            return character.lower() if character.isupper() else ""
        case "other alphabet":
            return _FOREIGN.get(character, "")
        case "full width":
            return chr(ord(character) + 0xFEE0)
        case "lost":
            return [""]
        case _:
            return [character * 2]


def _checkable(scheme: Scheme, made: str) -> frozenset[int]:
    """The positions that a prefix, a check digit or a date covers."""
    places: set[int] = set()
    for prefix in scheme.prefixes:
        places |= set(range(len(prefix))) if made.startswith(prefix) else set()
    for check in (*scheme.checks, *scheme.advice):
        if check.name == "time stamp" or (check.name == "time stamp if any" and made[-8:].isdecimal()):
            places |= set(range(len(made) - 8, len(made)))
        if check.name == "gs1 production time" and made[-12:-8] == "8008":
            places |= set(range(len(made) - 12, len(made)))
        if check.name in ("gs1 key", "gs1 number"):
            places |= set(range(_number(scheme, check.name, made)[1]))
    return frozenset(places)


# --- what the gateway makes of them -----------------------------------------------------------


def proposals(verdict: Verdict) -> list[str]:
    """What is proposed instead, in its order."""
    return [str(dict(remark.values)["uim"]) for remark in verdict.remarks if "uim" in dict(remark.values)]


def noticed(verdict: Verdict) -> bool:
    """Whether the officer is told that something is wrong: not taken, or taken with a warning."""
    if verdict.kind in (VerdictKind.MALFORMED, VerdictKind.UNKNOWN):
        return True
    return bool(proposals(verdict)) or any("misread" in remark.message for remark in verdict.remarks)


@dataclass
class Figures:
    """Counts of one scheme (or of all): by kind of misreading, of those that hit a checkable part."""

    all: Counter[str] = field(default_factory=Counter)
    checkable: Counter[str] = field(default_factory=Counter)
    noticed: Counter[str] = field(default_factory=Counter)
    proposed: Counter[str] = field(default_factory=Counter)
    unnoticed: list[tuple[str, str, str]] = field(default_factory=list)  # kind, code, misread

    def add(self, other: Figures) -> None:
        """Adds the counts of another."""
        for name in ("all", "checkable", "noticed", "proposed"):
            getattr(self, name).update(getattr(other, name))

    def share(self, part: str, of: str, kind: str = "") -> float:
        """One count in relation to another, 1.0 where there was nothing to count."""
        parts, whole = getattr(self, part), getattr(self, of)
        numbers = (parts[kind], whole[kind]) if kind else (parts.total(), whole.total())
        return float(numbers[0] / numbers[1]) if numbers[1] else 1.0


def measured(library: PatternLibrary, scheme: Scheme, random: Random, many: int, each: int = 3) -> Figures:
    """Figures of `many` codes of a scheme: of each, `each` misreadings of every kind, drawn by chance."""
    figures = Figures()
    for _ in range(many):
        made = code(library, scheme, random)
        possible = misreadings(library, scheme, made)
        chosen = []
        for kind in KINDS:
            of_kind = [one for one in possible if one.kind == kind]
            chosen += random.sample(of_kind, min(each, len(of_kind)))
        for one, verdict in zip(chosen, library.verdicts([Uim(one.written) for one in chosen], NOW), strict=True):
            figures.all[one.kind] += 1
            if not one.checkable:
                continue
            figures.checkable[one.kind] += 1
            if not noticed(verdict):
                figures.unnoticed.append((one.kind, made, one.written))
                continue
            figures.noticed[one.kind] += 1
            meant = [library.canonical(uim).replace(" ", "") for uim in proposals(verdict)[:3]]
            figures.proposed[one.kind] += made.replace(" ", "") in meant
    return figures


def has_checkable_field(scheme: Scheme) -> bool:
    """Whether a scheme has a known prefix, a check digit or a date: more than a mere shape."""
    return scheme.decides is not None and bool(scheme.prefixes or scheme.checks or "(?:0[1-9]" in scheme.pattern)
