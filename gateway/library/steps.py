"""The order of decision for codes that fit the same schemes: made once, then only their checks are looked at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from datetime import datetime

from gateway.content import Candidate, Text, Uim, Verdict, VerdictKind
from gateway.library.matching import Branch, FullMatch, Hits
from gateway.library.schemes import Check, Scheme

_ORDER = (VerdictKind.NOT_A_UIM, VerdictKind.NOT_A_PARTY, VerdictKind.HINT)
_PART, _MOST = 20, 50_000  # characters of a part of a code whose check is remembered, and how many of them

Tried = dict[int, dict[str, bool]]  # by the number of a check: which parts of codes fail it
Decided = tuple[VerdictKind, tuple[Candidate, ...], tuple[Text, ...]]


class Fit:
    """The schemes of one step that codes of one known prefix pass.

    `is_certain`: of every such code the same is said, the `decision` (None: not made yet). `is_weighed`: some have
    points for what stands in a code; `advising` those that may remark upon it, by their `advice` or (`is_dated`) the
    time of their validity. `may_yield`: it is a mere shape of
    somebody who is not a Party.
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
    )

    def __init__(self, schemes: tuple[Scheme, ...], named: tuple[Scheme, ...]) -> None:
        self.schemes = schemes
        self.is_checked = schemes[0].is_checked
        self.is_hint = schemes[0].decides is VerdictKind.HINT
        self.asks_agency = any(one.asks_agency for one in schemes)
        self.may_yield = schemes[0].decides is VerdictKind.NOT_A_PARTY
        self.is_weighed = any(one.gs1_prefixes or one.price for one in schemes)
        self.advising = tuple(one for one in schemes if one.advice or one.is_dated)
        self.advice = tuple(dict.fromkeys(check for one in schemes for check in one.advice))
        self.is_dated = any(one.is_dated for one in schemes)
        is_named = not named or not set(named).isdisjoint(schemes)
        self.is_certain = bool(schemes[0].prefixes) and is_named and not (self.is_weighed or self.advising)
        self.decision: Decided | None = None


class Step:
    """Schemes that stand on the same step of the order of decision. `final`: nothing after it may decide."""

    __slots__ = ("_fits", "_named", "checks", "final", "schemes")

    def __init__(self, schemes: tuple[Scheme, ...], final: bool, hits: Hits, numbers: dict[Check, int]) -> None:
        self.schemes = schemes
        self.final = final
        self._named = hits.named
        checks = dict.fromkeys(check for scheme in schemes for check in scheme.checks)
        self.checks = tuple((one.start, one.end, numbers.setdefault(one, len(numbers)), one) for one in checks)
        self._fits: dict[int, Fit | None] = {}

    def fit(self, code: str, now: datetime, tried: Tried) -> Fit | None:
        """Those that a code of their shape passes; None where there are none. `now` is that of all that was `tried`."""
        failed = 0
        for start, end, number, check in self.checks:
            known = tried.get(number)
            fails = known.get(code[start:end]) if known else None
            if fails is None:
                fails = _fails(check, tried.setdefault(number, {}), code, now)
            failed += failed + fails
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


class Lane:
    """All that has to be looked at in codes of one prefix and one length to say `decision` of them.

    `fullmatch`: the one pattern left, asked from a place `after` their prefix; then the one check, if there is any.
    """

    __slots__ = ("_check", "_end", "_known", "_start", "after", "decision", "fullmatch")

    def __init__(
        self, only: tuple[FullMatch, int], check: Check | None, known: dict[str, bool], decision: Decided
    ) -> None:
        self.fullmatch, self.after = only
        self.decision = decision
        self._check, self._known = check, known
        self._start, self._end = (check.start, check.end) if check else (None, None)

    def fails(self, code: str, now: datetime) -> bool:
        """Whether a code of this pattern fails the check."""
        if self._check is None:
            return False
        fails = self._known.get(code[self._start : self._end])
        return _fails(self._check, self._known, code, now) if fails is None else fails


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

    def lane(self, branch: Branch, code: str, fit: Fit, tried: Tried) -> Lane | None:
        """The way to decide all that is like a code that `fit` decides; None where more must be looked at."""
        only = branch.cell(len(code)).only
        step = self.steps(branch.hits(code))[0]
        if only is None or fit.decision is None or fit.schemes != step.schemes or len(step.checks) > 1:
            return None
        for _, _, number, check in step.checks:
            return Lane(only, check, tried.setdefault(number, {}), fit.decision)
        return Lane(only, None, {}, fit.decision)

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


def judged(uim: Uim, kind: VerdictKind, candidates: tuple[Candidate, ...], remarks: tuple[Text, ...]) -> Verdict:
    """A Verdict, in a third of the time that the generated `__init__` of a frozen class takes."""
    made: Verdict = _new(Verdict)
    _uim(made, uim)
    _kind(made, kind)
    _candidates(made, candidates)
    _remarks(made, remarks)
    return made


_new = object.__new__
_uim, _kind, _candidates, _remarks = (Verdict.__dict__[field.name].__set__ for field in fields(Verdict))


def _fails(check: Check, known: dict[str, bool], code: str, now: datetime) -> bool:
    part = code[check.start : check.end]
    fails = check.fault(code, now) is not None
    if len(part) <= _PART and len(known) < _MOST:
        known[part] = fails
    return fails
