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
from gateway.library.doubts import Doubts, shown
from gateway.library.evidence import PREFIX_POINTS, points_for
from gateway.library.matching import Branch
from gateway.library.schemes import Scheme
from gateway.library.steps import Decided, Fit, Lane, Step, Tried, judged

if TYPE_CHECKING:
    from gateway.library.patterns import PatternLibrary

LONGEST = 200  # no known marking has more than 100 characters; what is longer is not looked into

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
        self._tried: Tried = {}
        self._doubts = Doubts(library, self.deciding, now)
        self._decided: dict[tuple[Fit, tuple[int, ...], tuple[str, str]], Decided] = {}

    def verdicts(self, uims: Sequence[Uim]) -> tuple[Verdict, ...]:
        """What the library says of each, in their order.

        First those of which everything is known by their schemes, prefix by prefix; then the others, one after the
        other.
        """
        codes = [gs1.normalise(uim.text) for uim in uims]
        found: list[Verdict | None] = [None] * len(codes)
        left: dict[int, Fit | None] = {}
        for branch, places in self._matching.grouped(codes).items():
            self._certain(branch, places, codes, uims, found, left)
        for place in sorted(left):
            found[place] = self._verdict(uims[place], codes[place], left[place])
        return cast("tuple[Verdict, ...]", tuple(found))

    def _certain(
        self,
        branch: Branch,
        places: Iterable[int],
        codes: Sequence[str],
        uims: Sequence[Uim],
        found: list[Verdict | None],
        left: dict[int, Fit | None],
    ) -> None:
        """Judges the UIMs of one prefix of which all is known by their schemes; of the others `left` says what fits."""
        lanes: dict[int, Lane | None] = {}
        for place in places:
            code = codes[place]
            if len(code) > LONGEST:
                left[place] = None
                continue
            lane = lanes.get(len(code)) if "&" not in code else None
            if lane is not None and lane.fullmatch(code, lane.after) and not lane.fails(code, self._now):
                found[place] = judged(uims[place], *lane.decision)
                continue
            fit = self._fit(code, branch)
            if fit is None or not fit.is_certain or "&" in code:
                left[place] = fit
            else:
                found[place] = judged(uims[place], *self._decision(fit, code))
                if len(code) not in lanes:
                    lanes |= dict.fromkeys(branch.alike(code), self._order.lane(branch, code, fit, self._tried))

    def _verdict(self, uim: Uim, code: str, fit: Fit | None) -> Verdict:
        if len(code) > LONGEST:
            return Verdict(uim, VerdictKind.UNKNOWN, (), (text(_TOO_LONG, count=len(code)),))
        if fit is None and (core := gs1.core(code)):
            fit = self._fit(core, self._matching.branch(core))
            code = core if fit is not None else code
        if fit is not None and not self._suspicious(fit, code):
            kind, candidates, remarks = self._decision(fit, code)
            beside = self._doubts.beside(code, fit.schemes, any(a.message in tpd.ADVICE for a in remarks))
            return judged(uim, kind, candidates, (*remarks, *beside) if beside else remarks)
        near, doubts = self._doubts.about(uim.text, code)
        if doubts:
            return Verdict(uim, VerdictKind.MALFORMED, near, doubts)
        if fit is not None:
            return Verdict(uim, *self._decision(fit, code))
        return Verdict(uim, VerdictKind.UNKNOWN, (), tuple(_strange(code)))

    def deciding(self, code: str) -> tuple[Scheme, ...]:
        """The schemes that decide about a normalised code; () for none."""
        fit = self._fit(code, self._matching.branch(code))
        return fit.schemes if fit is not None else ()

    def _fit(self, code: str, branch: Branch) -> Fit | None:
        """What decides: those on the first step of which any passes its checks; None where none does.

        Most codes are decided behind their prefix: what has no prefix is looked for only where that did not.
        """
        specific = branch.hits(code)
        if specific.schemes:
            for step in self._order.steps(specific):
                fit = step.fit(code, self._now, self._tried)
                if fit is not None and not (fit.may_yield and code.startswith("01")):
                    return fit
                if fit is not None or step.final:
                    break
        elif branch.named:
            return None
        steps = self._order.steps(self._matching.joined(branch, specific, code))
        for place, step in enumerate(steps):
            fit = step.fit(code, self._now, self._tried)
            if fit is not None and not self._yields(fit, steps[place + 1 :], code):
                return fit
            if step.final:
                return None
        return None

    def _yields(self, fit: Fit, later: tuple[Step, ...], code: str) -> bool:
        """Whether a mere shape gives way to an element string with a right check digit.

        A carton's (01)…(21)… of 29 characters has the shape of a Russian pack code one time in ten.
        """
        if not (fit.may_yield and code.startswith("01")):
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
        points = tuple([points_for(scheme, code) for scheme in fit.schemes]) if fit.is_weighed else ()
        origin = _origin(code, fit.asks_agency) if fit.is_hint else ("", "")
        decided = self._decided.get((fit, points, origin))
        if decided is None:
            kind, counted = _kind(zip(fit.schemes, points or repeat(0), strict=False))
            kind, candidates = self._library.experience.weighed(kind, _candidates(counted, code))
            decided = (kind, candidates, tuple(self._remarks(kind, fit.schemes, origin)))
            self._decided[fit, points, origin] = decided
        if fit.is_certain:
            fit.decision = decided
        elif advice := self._advice(fit, code):  # two schemes may say the same
            return (*decided[:2], (*decided[2], *advice))
        return decided

    def _advice(self, fit: Fit, code: str) -> dict[Text, None]:
        """What is to be said of this code alone, each once."""
        if fit.is_dated:
            return dict.fromkeys(remark for scheme in fit.advising for remark in scheme.remarks(code, self._now))
        return {fault: None for check in fit.advice if (fault := check.fault(code, self._now))}

    def _remarks(self, kind: VerdictKind, deciding: tuple[Scheme, ...], origin: tuple[str, str]) -> Iterator[Text]:
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


def _origin(code: str, asks_agency: bool) -> tuple[str, str]:
    """(GS1 organisation, issuing agency's code) of a code that is only a hint; each "" where it has none."""
    if number := gs1.number_of(code):
        return gs1.organisation(number), ""
    return "", iso15459.agency_code(code) if asks_agency else ""


def _strange(code: str) -> Iterator[Text]:
    if fault := gs1.link_fault(code):
        yield fault
        return
    place = next((n for n, character in enumerate(code) if not character.isascii()), 0)
    if not code.isascii() and (meant := misreads.latin(code[place])).isascii() and misreads.latin(code).isascii():
        yield text(_LOOKS, position=place + 1, character=shown(code[place]), meant=meant)
        return
    foreign = tpd.foreign(code.replace(gs1.SEPARATOR, ""), "iso646")
    if foreign:
        yield text(_FOREIGN, character=shown(foreign[1]))
