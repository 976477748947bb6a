"""One verdict on one UIM: which of the schemes that fit decides, and if none does, what is probably wrong.

Order of decision (exchange.md 3, item 3): a known prefix, the longest first; a code that is no UIM; an
owner that is not a Party; a general structure, which never competes with those before and is only a hint.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import repeat
from typing import TYPE_CHECKING, cast

from gateway.content import N_, Candidate, Text, Uim, Verdict, VerdictKind, text
from gateway.identifiers import gs1, iso15459, misreads, tpd
from gateway.library import oddities
from gateway.library.doubts import Doubts, shown
from gateway.library.evidence import PREFIX_POINTS, points_for
from gateway.library.matching import Cell
from gateway.library.schemes import LONGEST, Scheme
from gateway.library.steps import Decided, Fit, Origin, Step, Tried, Weighed, judged

if TYPE_CHECKING:
    from gateway.library.patterns import PatternLibrary

_ISSUER = N_("It begins with {prefix}, the prefix of the ID issuer {issuer}.")
_PROBABLE = N_("It begins with {prefix}, probably the prefix of the ID issuer {issuer}: please confirm.")
_STRUCTURE = N_("It has this structure: {scheme}.")
_NUMBER = N_("It has this structure: {scheme}; and its GS1 prefix points there.")
_OWNER = text(
    "The owner of this marking is not a Party to the Protocol, so the focal point cannot ask there. What remains is "
    "assistance as in Articles 21 and 28 where another agreement provides for it, or another channel."
)
_NOT_A_UIM = {
    "article": text("This is an article or location number (EAN, GTIN, GLN): it is the same on every pack."),
    "operator": text("This is the code of an operator, facility or machine, not of a pack."),
    "test": text("This is a test code: no Party answers for it."),
}
_ORGANISATION = N_("Its GS1 number was given out by: {organisation}. That is not the country of origin.")
_AGENCY = N_("Its first characters ({code}) are those of the issuing agency {agency}; the company behind is not known.")
_NO_AGENCY = N_("The issuer's prefix is not in the pattern library.")
_TOO_LONG = N_(
    "It has {count} characters: no known marking is as long. If these are several codes, write each on its own line."
)
_FOREIGN = N_("It holds {character}, which no known marking uses.")
_LOOKS = N_("Character {position} is {character}: it only looks like {meant}. Write the code again with Latin letters.")


class Judge:
    """Judges the UIMs of one list; what several of them share is made once. Not shared between threads."""

    def __init__(self, library: PatternLibrary, now: datetime) -> None:
        self._library = library
        self._now = now
        self._matching = library.matching
        self._order = library.order
        self._tried = Tried(now)
        self._asked, self._cell = ("", 0), library.matching.cell("")
        self._doubts = Doubts(library, self.deciding, now)

    def verdicts(self, uims: Sequence[Uim]) -> tuple[Verdict, ...]:
        """What the library says of each, in their order.

        First those of which everything is known by their schemes, prefix by prefix; then the others, one after the
        other.
        """
        codes = gs1.all_normalised(uim.text for uim in uims)
        decided: list[Decided | None] = [None] * len(codes)
        left: dict[int, Fit | None] = {}
        for cell, places in self._matching.grouped(codes).items():
            self._certain(cell, places, codes, decided, left)
        for place in sorted(left):
            decided[place] = self._looked_into(uims[place].text, codes[place], left[place])
        return judged(uims, cast("list[Decided]", decided))

    def _certain(
        self,
        cell: Cell,
        places: Iterable[int],
        codes: Sequence[str],
        decided: list[Decided | None],
        left: dict[int, Fit | None],
    ) -> None:
        """Judges the codes of one cell of which all is known by their schemes; of the others `left` says what fits."""
        waiting = iter(places)
        for place in waiting:
            fit = self._alone(cell, place, codes[place], decided, left)
            lane = self._order.lane(cell, codes[place], fit, self._tried) if fit is not None else None
            if lane is not None:
                break
        else:
            return
        further = list(waiting)
        alike = [codes[place] for place in further]
        for place, code, fits in zip(further, alike, lane.fitting(alike), strict=True):
            if fits and not (lane.may_be_odd and oddities.suspect(code)):
                decided[place] = lane.decision
            else:
                self._alone(cell, place, code, decided, left)

    def _alone(
        self, cell: Cell, place: int, code: str, decided: list[Decided | None], left: dict[int, Fit | None]
    ) -> Fit | None:
        """The same for one code: what fits where that decides it, else None."""
        fit = self._fit(code, cell)
        if fit is None or not fit.is_certain or oddities.suspect(code):
            left[place] = fit
            return None
        decided[place] = self._decision(fit, code)
        return fit

    def _looked_into(self, written: str, code: str, fit: Fit | None) -> Decided:
        if len(code) > LONGEST:
            return VerdictKind.UNKNOWN, (), (text(_TOO_LONG, count=len(code)),)
        if fit is None and (core := gs1.core(code)):
            fit = self._fit(core, self._matching.cell(core))
            code = core if fit is not None else code
        if fit is not None and not self._suspicious(fit, code):
            kind, candidates, remarks = self._decision(fit, code)
            advised = bool(fit.advice) and any([one.message in tpd.ADVICE for one in remarks])
            beside = self._doubts.beside(code, fit.schemes, advised)
            return kind, candidates, (*remarks, *beside)
        near, doubts = self._doubts.about(written, code)
        if doubts:
            return VerdictKind.MALFORMED, near, doubts
        if fit is not None:
            return self._decision(fit, code)
        return VerdictKind.UNKNOWN, (), tuple(_strange(code))

    def deciding(self, code: str) -> tuple[Scheme, ...]:
        """The schemes that decide about a normalised code; () for none."""
        beginning = code[: self._matching.reach]
        if (beginning, len(code)) != self._asked:  # guesses about one code begin alike
            self._asked, self._cell = (beginning, len(code)), self._matching.cell(code)
        fit = self._fit(code, self._cell)
        return fit.schemes if fit is not None else ()

    def _fit(self, code: str, cell: Cell) -> Fit | None:
        """What decides: those on the first step of which any passes its checks; None where none does.

        Most codes are decided behind their prefix: what has no prefix is looked for only where that did not.
        """
        specific = cell.hits(code)
        if specific.schemes:
            for step in self._order.steps(specific):
                fit = step.fit(code, self._tried)
                if fit is not None and not (fit.may_yield and code.startswith("01")):
                    return fit
                if fit is not None or step.final:
                    break
        elif cell.branch.named:
            return None
        steps = self._order.steps(cell.joined(specific, code))
        for place, step in enumerate(steps):
            fit = step.fit(code, self._tried)
            if fit is not None and not (fit.may_yield and self._yields(fit, steps[place + 1 :], code)):
                return fit
            if step.final:
                return None
        return None

    def _yields(self, fit: Fit, later: tuple[Step, ...], code: str) -> bool:
        """Whether a mere shape gives way to an element string with a right check digit.

        A carton's (01)…(21)… of 29 characters has the shape of a Russian pack code one time in ten.
        """
        if not code.startswith("01"):
            return False
        if any(points_for(scheme, code) or "gs1 key" in {c.name for c in scheme.checks} for scheme in fit.schemes):
            return False
        return any(s.is_checked and not s.faults(code, self._now) for step in later for s in step.schemes)

    def _suspicious(self, fit: Fit, code: str) -> bool:
        """Whether a fit is probably an accident: `&amp;` in it, or a general structure with nearly a known prefix."""
        if misreads.holds_entity(code):
            return True
        if fit.is_checked or not code[:1].isalpha():
            return False
        return bool(self._library.prefixes.meant(code))

    def _decision(self, fit: Fit, code: str) -> Decided:
        """What the schemes that fit decide together; made once for all codes of which the same is to be said."""
        if fit.decision is not None:
            return fit.decision
        kind, candidates, said = self._candidates(fit, code)
        origin = _origin(code, fit.asks_agency) if fit.is_hint else ("", "")
        remarks = said.get(origin)
        if remarks is None:
            remarks = said[origin] = tuple(self._remarks(kind, fit.schemes, origin))
        if fit.is_certain:
            fit.decision = kind, candidates, remarks
        elif advice := self._advice(fit, code):  # two schemes may say the same
            remarks = (*remarks, *advice)
        return kind, candidates, remarks

    def _candidates(self, fit: Fit, code: str) -> Weighed:
        """Made once for all codes for which the same speaks."""
        points = tuple([points_for(scheme, code) for scheme in fit.schemes]) if fit.is_weighed else ()
        found = fit.weighed.get(points)
        if found is None:
            kind, counted = _kind(zip(fit.schemes, points or repeat(0), strict=False))
            found = (*self._library.experience.weighed(kind, _candidates(counted, code)), {})
            fit.weighed[points] = found
        return found

    def _advice(self, fit: Fit, code: str) -> dict[Text, None]:
        """What is to be said of this code alone, each once."""
        if fit.is_dated:
            return dict.fromkeys(remark for scheme in fit.advising for remark in scheme.remarks(code, self._now))
        return {said: None for advise, part in fit.advice if (said := advise(code[part], self._now))}

    def _remarks(self, kind: VerdictKind, deciding: tuple[Scheme, ...], origin: Origin) -> Iterator[Text]:
        if kind is VerdictKind.NOT_A_PARTY:
            yield _OWNER
        if kind is VerdictKind.NOT_A_UIM:
            yield _NOT_A_UIM[next(scheme.remark for scheme in deciding if scheme.remark)]
        organisation, code = origin
        if organisation:
            yield text(_ORGANISATION, organisation=organisation)
        if code:
            agency = self._library.agency(code)
            yield text(_AGENCY, code=code, agency=agency.name) if agency else text(_NO_AGENCY)


def _kind(scored: Iterable[tuple[Scheme, int]]) -> tuple[VerdictKind, tuple[tuple[Scheme, int], ...]]:
    """What schemes on one step decide together, and those of them that count."""
    scored = tuple(scored)
    for kind in (VerdictKind.NOT_A_UIM, VerdictKind.NOT_A_PARTY):
        counted = tuple((scheme, points) for scheme, points in scored if scheme.decides is kind)
        if counted:
            return kind, counted
    counted = tuple((s, points) for s, points in scored if s.decides in (VerdictKind.SURE, VerdictKind.AMBIGUOUS))
    if not counted:
        return VerdictKind.HINT, scored
    sure = all(scheme.decides is VerdictKind.SURE for scheme, _ in counted)
    one = len({scheme.party for scheme, _ in counted}) == 1
    return (VerdictKind.SURE if sure and one else VerdictKind.AMBIGUOUS), counted


def _candidates(scored: Iterable[tuple[Scheme, int]], code: str) -> tuple[Candidate, ...]:
    """One candidate a Party, the best first; schemes that name nobody each for themselves."""
    ranked = sorted(scored, key=lambda pair: (-pair[0].rank - pair[1], pair[0].id))
    best: dict[str, Candidate] = {}
    for scheme, points in ranked:
        candidate = Candidate(
            scheme.id, scheme.title, scheme.party, scheme.rank + points, _reason(scheme, points, code), scheme.verified
        )
        best.setdefault(scheme.party or scheme.id, candidate)
    return tuple(best.values())


def _reason(scheme: Scheme, points: int, code: str) -> Text:
    if scheme.prefixes and scheme.issuer:
        prefix = next(prefix for prefix in scheme.prefixes if code.startswith(prefix))
        return text(
            _PROBABLE if scheme.decides is VerdictKind.AMBIGUOUS else _ISSUER, prefix=prefix, issuer=scheme.issuer
        )
    return text(_NUMBER if points >= PREFIX_POINTS else _STRUCTURE, scheme=scheme.title)


def _origin(code: str, asks_agency: bool) -> Origin:
    """Of a code that is only a hint; each "" where it has none."""
    if number := gs1.number_of(code):
        return gs1.organisation(number), ""
    return "", iso15459.agency_code(code) if asks_agency else ""


def _strange(code: str) -> Iterator[Text]:
    if fault := gs1.link_fault(code):
        yield fault
        return
    if not code.isascii() and misreads.latin(code).isascii():
        place = next(n for n, character in enumerate(code) if not character.isascii())
        yield text(_LOOKS, position=place + 1, character=shown(code[place]), meant=misreads.latin(code[place]))
        return
    foreign = tpd.foreign(code.replace(gs1.SEPARATOR, ""), "iso646")
    if foreign:
        yield text(_FOREIGN, character=shown(foreign[1]))
