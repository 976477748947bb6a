"""Codes that stand on several lines, broken at the edge of a column: what they make together is proposed, not assumed.

The first line then says what the lines may be together, the others that they are its rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from gateway.content import Candidate, Text, Uim, Verdict, VerdictKind, text
from gateway.identifiers import gs1, misreads, tpd
from gateway.library.doubts import BEGINNING, CUT
from gateway.library.evidence import points_for
from gateway.library.schemes import Scheme

_LINES = 4  # that one code is looked for in
_LONGEST = 100  # characters of a marking
_TRIED = 1000  # lines of one list that are tried: a list that is broken throughout says no more in the next thousand
_STAMP = 8  # digits
_LEADING = (VerdictKind.SURE, VerdictKind.AMBIGUOUS, VerdictKind.NOT_A_PARTY)  # no set: enumerations hash slowly
_RECOGNISED = (*_LEADING, VerdictKind.HINT)

Deciding = Callable[[str], tuple[Scheme, ...]]


def rejoined(verdicts: tuple[Verdict, ...], deciding: Deciding, now: datetime) -> tuple[Verdict, ...]:
    """The verdicts of one list, with what several of its lines make together where that is a known marking.

    `deciding`: the schemes that decide about a normalised code. Of a code that is recognised without the line below
    it, only a time stamp, what ends in one and is no marking, or a further element in brackets, counts as the rest.
    """
    found: list[Verdict] | None = None
    tried, after = 0, 0
    for place in [place for place, verdict in enumerate(verdicts) if verdict.uim.below][:_TRIED]:
        tried += 1
        verdict = verdicts[place]
        code = verdict.uim.text + verdict.uim.below
        schemes = deciding(gs1.normalise(code))
        if schemes and _counts(verdict.uim.text, verdict.uim.below, schemes[0], deciding, now):
            found = found or list(verdicts)
            found[place] = _first(verdict, code, schemes)
    for place in _loose(verdicts):
        if place <= after or not _follows(verdicts[place - 1].uim, verdicts[place].uim):
            continue
        tried += 1
        if tried > _TRIED:
            break
        first, rest = verdicts[place - 1].uim.text, verdicts[place].uim.text
        for size, code in _whole(verdicts, place - 1):
            schemes = deciding(gs1.normalise(code))
            if schemes and _counts(first, rest, schemes[0], deciding, now):
                found = found or list(verdicts)
                after = place - 1 + size
                found[place - 1] = _first(verdicts[place - 1], code, schemes)
                for below in range(place, after):
                    found[below] = Verdict(verdicts[below].uim, VerdictKind.MALFORMED, (), (_rest(code),))
                break
    return verdicts if found is None else tuple(found)


def _loose(verdicts: Sequence[Verdict]) -> list[int]:
    """The places of lines that are no marking that leads somewhere."""
    return [place for place, verdict in enumerate(verdicts) if verdict.kind not in _LEADING]


def _follows(one: Uim, other: Uim) -> bool:
    """Whether a line stands right below another one, and may be its rest by its length."""
    if not (one.line and one.text and other.text) or other.line - one.line not in (0, 1):  # 0: in one cell of a table
        return False
    if one.region or one.listed or (one.where, one.column, one.page) != (other.where, other.column, other.page):
        return False  # nor are the numbers of the codes in a picture lines, or the elements of a list broken
    return len(other.text) <= len(one.text) or one.text.isdecimal() or one.text[0] == other.text[0] == "("


def _whole(verdicts: Sequence[Verdict], start: int) -> Iterator[tuple[int, str]]:
    """(how many lines, what they make together), the most first; of a column all but the last are equally long."""
    first = verdicts[start].uim
    found = [(1, first.text)]
    for size, verdict in enumerate(verdicts[start + 1 : start + _LINES], 2):
        before = verdicts[start + size - 2].uim
        if not _follows(before, verdict.uim) or len(found[-1][1]) + len(verdict.uim.text) > _LONGEST:
            break
        if size > 2 and len(before.text) != len(first.text) and verdict.uim.text[0] != "(":
            break
        found.append((size, found[-1][1] + verdict.uim.text))
    return reversed(found[1:])


def _counts(first: str, rest: str, scheme: Scheme, deciding: Deciding, now: datetime) -> bool:
    """Whether it is more likely that lines are one code of a scheme than that each is what it is alone."""
    if len(rest) == _STAMP and tpd.stamp_fault(rest, now) is None:
        return _is_stamped(scheme) and tpd.stamp_fault(first[-_STAMP:], now) is not None
    if scheme.decides is VerdictKind.NOT_A_UIM or (len(first) == len(rest) and (first + rest).isdecimal()):
        return False  # nobody looks that up; and of a list of numbers every tenth pair has the check digit by chance
    if not (scheme.is_checked or scheme.decides is VerdictKind.NOT_A_PARTY):
        return False  # a chance text may be decided so
    if first[0] == rest[0] == "(":
        return True
    below = deciding(gs1.normalise(rest))
    if below and below[0].is_checked:
        return False
    if _is_stamped(scheme) and len(rest) > _STAMP and tpd.stamp_fault(rest[-_STAMP:], now) is None:
        return tpd.stamp_fault(first[-_STAMP:], now) is not None
    alone = deciding(gs1.normalise(first))
    return not alone or not alone[0].is_checked or first.isdecimal()  # an article number, above its serial number


def _is_stamped(scheme: Scheme) -> bool:
    return any(check.name.startswith("time stamp") for check in (*scheme.checks, *scheme.advice))


def _first(verdict: Verdict, code: str, schemes: tuple[Scheme, ...]) -> Verdict:
    """What is said of the first line; one that is recognised, and only lacks its time stamp, is so still."""
    if code[len(verdict.uim.text) :].isdecimal() and verdict.kind in _RECOGNISED:
        return Verdict(
            verdict.uim, verdict.kind, verdict.candidates, (*verdict.remarks, text(misreads.STAMP, uim=code))
        )
    if verdict.kind in _LEADING:  # it may be the short code of the same pack: it goes where it leads, with the remark
        return Verdict(
            verdict.uim, verdict.kind, verdict.candidates, (*verdict.remarks, text(misreads.BROKEN, uim=code))
        )
    best = max(schemes, key=lambda scheme: scheme.rank + points_for(scheme, gs1.normalise(code)))
    meant = Candidate(best.id, best.title, best.party, 1, text(BEGINNING, scheme=best.title), False)
    cut = text(CUT, count=len(verdict.uim.text), expected=len(code), scheme=best.title)
    return Verdict(verdict.uim, VerdictKind.MALFORMED, (meant,), (cut, text(misreads.BROKEN, uim=code)))


def _rest(code: str) -> Text:
    return text(misreads.REST, uim=code)
