"""Deciding about UIMs slowly and obviously right: each pattern tried on each code, nothing remembered."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import re2

from gateway.content import Uim, Verdict, VerdictKind
from gateway.library.dialect import encoded, options
from gateway.library.evidence import points_for
from gateway.library.judge import Judge
from gateway.library.matching import Cell
from gateway.library.schemes import Scheme
from gateway.library.steps import Fit

_ORDER = (VerdictKind.NOT_A_UIM, VerdictKind.NOT_A_PARTY, VerdictKind.HINT)


def hits(schemes: Sequence[Scheme], code: str) -> tuple[Scheme, ...]:
    """Every scheme whose pattern, prefix and length a normalised code has."""
    return tuple(
        scheme
        for scheme in schemes
        if scheme.decides is not None
        and scheme.shortest <= len(code) <= scheme.longest
        and (not scheme.prefixes or any(code.startswith(prefix) for prefix in scheme.prefixes))
        and _compiled(scheme.pattern).fullmatch(encoded(code))
    )


@cache
def _compiled(pattern: str) -> re2._Regexp:
    return re2.compile(pattern, options())


class PlainJudge(Judge):
    """Judges as `Judge` does, one UIM after the other."""

    def verdicts(self, uims: Sequence[Uim]) -> tuple[Verdict, ...]:
        """In their order."""
        codes = [self._library.canonical(uim.text) for uim in uims]
        said = (self._looked_into(uim.text, code, self._plainly(code)) for uim, code in zip(uims, codes, strict=True))
        return tuple(Verdict(uim, *one) for uim, one in zip(uims, said, strict=True))

    def _fit(self, code: str, cell: Cell) -> Fit | None:
        return self._plainly(code)

    def _plainly(self, code: str) -> Fit | None:
        named = _named(self._library.schemes, code)
        steps = _steps(hits(self._library.schemes, code))
        if named and not (steps and steps[0][0][0].prefixes):
            return None
        for place, (members, final) in enumerate(steps):
            fitting = tuple(scheme for scheme in members if not scheme.faults(code, self._now))
            if fitting and not self._gives_way(fitting, [one for one, _ in steps[place + 1 :]], code):
                return Fit(fitting, named)
            if final:
                return None
        return None

    def _gives_way(self, fitting: tuple[Scheme, ...], later: list[tuple[Scheme, ...]], code: str) -> bool:
        if fitting[0].decides is not VerdictKind.NOT_A_PARTY or not code.startswith("01"):
            return False
        if any(points_for(one, code) or any(check.name == "gs1 key" for check in one.checks) for one in fitting):
            return False
        return any(one.is_checked and not one.faults(code, self._now) for members in later for one in members)


def _steps(found: Sequence[Scheme]) -> list[tuple[tuple[Scheme, ...], bool]]:
    """(schemes, whether nothing after them may decide), in the order of decision."""
    lengths = sorted({_length(scheme) for scheme in found if scheme.prefixes}, reverse=True)
    steps = []
    for length in lengths:
        members = tuple(scheme for scheme in found if scheme.prefixes and _length(scheme) == length)
        steps.append((members, length == lengths[-1] and any(scheme.is_specific for scheme in members)))
    for kind in _ORDER:
        members = tuple(scheme for scheme in found if not scheme.prefixes and scheme.decides is kind)
        steps += [(members, False)] if members else []
    return steps


def _named(schemes: Sequence[Scheme], code: str) -> tuple[Scheme, ...]:
    known = [
        prefix for scheme in schemes if scheme.is_specific for prefix in scheme.prefixes if code.startswith(prefix)
    ]
    longest = max(known, key=len, default=None)
    return tuple(scheme for scheme in schemes if scheme.is_specific and longest in scheme.prefixes)


def _length(scheme: Scheme) -> int:
    return max(map(len, scheme.prefixes))
