"""The order of decision for codes that fit the same schemes: made once, then only their checks are looked at."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import datetime
from itertools import count, repeat
from operator import itemgetter
from typing import NamedTuple

from gateway.content import Candidate, Text, Uim, Verdict, VerdictKind
from gateway.library.matching import Cell, FullMatch, Hits
from gateway.library.schemes import Check, Scheme

_ORDER = (VerdictKind.NOT_A_UIM, VerdictKind.NOT_A_PARTY, VerdictKind.HINT)
_PART, _MOST = 20, 50_000  # characters of a part of a code whose check is remembered, and how many of them

Decided = tuple[VerdictKind, tuple[Candidate, ...], tuple[Text, ...]]
Origin = tuple[str, str]  # (GS1 organisation, issuing agency's code)
Weighed = tuple[VerdictKind, tuple[Candidate, ...], dict[Origin, tuple[Text, ...]]]  # and what is to be said of each


class _Parts(dict[str, bool]):
    """Whether a part of a code fails one check: found out when it is first asked for."""

    __slots__ = ("_fails", "_now")

    def __init__(self, fails: Callable[[str, datetime], object], now: datetime) -> None:
        self._fails, self._now = fails, now

    def __missing__(self, part: str) -> bool:
        fails = bool(self._fails(part, self._now))
        if len(part) <= _PART and len(self) < _MOST:
            self[part] = fails
        return fails


class Tried(dict[int, _Parts]):
    """Which parts of the codes of one list fail which check, by its number, at one time."""

    __slots__ = ("_halves", "_now")

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._halves: dict[str, tuple[_Part, ...]] = {}

    def parts(self, number: int, check: Check) -> Mapping[str, bool]:
        """Those of one check."""
        found = self.get(number)
        if found is None:
            found = self[number] = _Parts(check.of_part, self._now)
        return found

    def quick(self, number: int, check: Check) -> tuple[_Part, ...]:
        """The parts of a code that are looked at: it passes the check if none of them fails."""
        if check.halves is None:
            return ((check.part, self.parts(number, check)),)
        if check.name not in self._halves:
            self._halves[check.name] = tuple((part, _Parts(fails, self._now)) for part, fails in check.halves)
        return self._halves[check.name]


_Part = tuple[slice, Mapping[str, bool]]  # of a code, and which such parts fail
_NUMBERS = count()  # of checks, each another one whatever other threads do


class Fit:
    """The schemes of one step that codes of one known prefix pass.

    `is_certain`: of every such code the same is said, the `decision` (None: not made yet). `is_weighed`: some have
    points for what stands in a code; `advising` those that may remark upon it, by their `advice` or (`is_dated`) the
    time of their validity. `may_yield`: it is a mere shape of somebody who is not a Party.
    """

    __slots__ = (
        "advice",
        "advising",
        "asks_agency",
        "decision",
        "is_certain",
        "is_checked",
        "is_dated",
        "is_hint",
        "is_weighed",
        "may_yield",
        "schemes",
        "weighed",
    )

    def __init__(self, schemes: tuple[Scheme, ...], named: tuple[Scheme, ...]) -> None:
        self.schemes = schemes
        self.is_checked = schemes[0].is_checked
        self.is_hint = schemes[0].decides is VerdictKind.HINT
        self.asks_agency = any(one.asks_agency for one in schemes)
        self.may_yield = schemes[0].decides is VerdictKind.NOT_A_PARTY
        self.is_weighed = any(one.gs1_prefixes or one.price for one in schemes)
        self.advising = tuple(one for one in schemes if one.advice or one.is_dated)
        advice = dict.fromkeys(check for one in schemes for check in one.advice)
        self.advice = tuple((check.of_part, check.part) for check in advice)
        self.is_dated = any(one.is_dated for one in schemes)
        is_named = not named or not set(named).isdisjoint(schemes)
        says_more = self.is_weighed or self.advising or self.is_hint
        self.is_certain = bool(schemes[0].prefixes) and is_named and not says_more
        self.decision: Decided | None = None
        self.weighed: dict[tuple[int, ...], Weighed] = {}


class Step:
    """Schemes that stand on the same step of the order of decision. `final`: nothing after it may decide."""

    __slots__ = ("_fits", "_named", "checks", "final", "schemes")

    def __init__(self, schemes: tuple[Scheme, ...], final: bool, hits: Hits, numbers: dict[Check, int]) -> None:
        self.schemes = schemes
        self.final = final
        self._named = hits.named
        checks = dict.fromkeys(check for scheme in schemes for check in scheme.checks)
        self.checks = tuple((numbers.setdefault(one, next(_NUMBERS)), one.part, one) for one in checks)
        self._fits: dict[int, Fit | None] = {}

    def fit(self, code: str, tried: Tried) -> Fit | None:
        """Those that a code of their shape passes; None where there are none."""
        failed = 0
        for number, part, check in self.checks:
            failed += failed + tried.parts(number, check)[code[part]]
        try:
            return self._fits[failed]
        except KeyError:
            return self._made(failed)

    def _made(self, failed: int) -> Fit | None:
        """What fits where these checks failed: one bit each, the last check's the lowest."""
        wrong = {check for number, (*_, check) in enumerate(reversed(self.checks)) if failed >> number & 1}
        fitting = tuple(scheme for scheme in self.schemes if wrong.isdisjoint(scheme.checks))
        found = self._fits[failed] = Fit(fitting, self._named) if fitting else None
        return found


class Lane(NamedTuple):
    """All that has to be looked at in the codes of one cell to say `decision` of them.

    `fullmatch`: the one pattern left, asked from a place `after` their prefix; `parts`: what is checked. A code of
    which one fails, and one that `may_be_odd` and is suspect, is looked at again.
    """

    fullmatch: FullMatch
    after: int
    parts: tuple[_Part, ...]
    may_be_odd: bool
    decision: Decided

    def fitting(self, codes: Sequence[str]) -> list[object]:
        """Which of some codes its pattern and its checks take: something true for each that they do."""
        found: list[object] = list(map(self.fullmatch, codes, repeat(self.after)))
        for part, fails in self.parts:
            found = [fits and not fails[code[part]] for fits, code in zip(found, codes, strict=True)]
        return found


class Order:
    """The steps for all that codes have fitted so far. Holds no UIM; shared between threads."""

    def __init__(self) -> None:
        self._steps: dict[Hits, tuple[Step, ...]] = {}
        self._numbers: dict[Check, int] = {}

    def steps(self, hits: Hits) -> tuple[Step, ...]:
        """The schemes that codes fit, step by step: the longest prefix first, then what is told by its shape alone."""
        found = self._steps.get(hits)
        if found is None:
            if len(self._steps) >= _MOST:
                self._steps.clear()
            found = self._steps[hits] = tuple(self._made(hits))
        return found

    def lane(self, cell: Cell, code: str, fit: Fit, tried: Tried) -> Lane | None:
        """The way to decide all that is like a code that `fit` decides; None where more must be looked at."""
        if cell.only is None or fit.decision is None or fit.may_yield:
            return None
        step = self.steps(cell.hits(code))[0]
        if fit.schemes != step.schemes:
            return None
        parts = tuple(part for number, _, check in step.checks for part in tried.quick(number, check))
        return Lane(*cell.only, parts, cell.may_be_odd, fit.decision)

    def _made(self, hits: Hits) -> Iterator[Step]:
        by_length: dict[int, list[Scheme]] = {}
        for scheme in hits.schemes:
            if scheme.prefixes:
                by_length.setdefault(max(map(len, scheme.prefixes)), []).append(scheme)
        lengths = sorted(by_length, reverse=True)
        for length in lengths:
            members = tuple(by_length[length])
            final = length == lengths[-1] and any(one.is_specific for one in members)
            yield Step(members, final, hits, self._numbers)
        for kind in _ORDER:
            members = tuple(scheme for scheme in hits.schemes if not scheme.prefixes and scheme.decides is kind)
            if members:
                yield Step(members, False, hits, self._numbers)


def judged(uims: Sequence[Uim], decided: Sequence[Decided]) -> tuple[Verdict, ...]:
    """A Verdict on each, all at once: in a quarter of the time that the `__init__` of a frozen class takes for each."""
    made = tuple(map(object.__new__, repeat(Verdict, len(uims))))
    _set(_UIM, made, uims)
    for place, field in enumerate(_DECIDED):
        _set(field, made, map(itemgetter(place), decided))
    return made


_UIM, *_DECIDED = (Verdict.__dict__[field.name].__set__ for field in fields(Verdict))


def _set(field: Callable[[Verdict, object], None], verdicts: Iterable[Verdict], values: Iterable[object]) -> None:
    deque(map(field, verdicts, values), maxlen=0)
