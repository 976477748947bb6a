"""One verdict on one UIM: which of the schemes that fit decides, and if none does, what is probably wrong.

Order of decision (exchange.md 3, item 3): a known prefix, the longest first; a code that is no UIM; an
owner that is not a Party; a general structure, which never competes with those before and is only a hint.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from gateway.content import N_, Candidate, Text, Uim, Verdict, VerdictKind, text
from gateway.identifiers import gs1, iso15459, misreads, tpd
from gateway.library.doubts import Doubts, shown
from gateway.library.evidence import PREFIX_POINTS, points_for
from gateway.library.schemes import Scheme

if TYPE_CHECKING:
    from gateway.library.patterns import PatternLibrary

LONGEST = 200  # no known marking has more than 100 characters; what is longer is not looked into
_ORDER = (VerdictKind.NOT_A_UIM, VerdictKind.NOT_A_PARTY, VerdictKind.HINT)

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
_TOO_LONG = N_("It has {count} characters: no known marking is as long.")
_FOREIGN = N_("It holds {character}, which no known marking uses.")


class _Group(NamedTuple):
    """Schemes that stand on the same step of the order of decision. `final`: nothing after it may decide."""

    schemes: tuple[Scheme, ...]
    final: bool


class Judge:
    """Judges the UIMs of one list; what several of them share is made once. Not shared between threads."""

    def __init__(self, library: PatternLibrary, now: datetime) -> None:
        self._library = library
        self._now = now
        self._steps: dict[tuple[Scheme, ...], tuple[_Group, ...]] = {}
        self._doubts = Doubts(library, self.deciding, now)
        self._decided: dict[object, tuple[VerdictKind, tuple[Candidate, ...], tuple[Text, ...]]] = {}

    def verdict(self, uim: Uim) -> Verdict:
        """What the library says of this UIM."""
        code = gs1.normalise(uim.text)
        if len(code) > LONGEST:
            return Verdict(uim, VerdictKind.UNKNOWN, (), (text(_TOO_LONG, count=len(code)),))
        hits = self._library.hits(code)
        deciding = self._deciding(hits, code)
        if deciding and not self._suspicious(deciding, code):
            kind, candidates, remarks = self._decision(deciding, code)
            beside = self._doubts.beside(code, deciding, any(a.message in tpd.ADVICE for a in remarks))
            return Verdict(uim, kind, candidates, (*remarks, *beside) if beside else remarks)
        near, doubts = self._doubts.about(uim.text, code, hits)
        if doubts:
            return Verdict(uim, VerdictKind.MALFORMED, near, doubts)
        if deciding:
            return Verdict(uim, *self._decision(deciding, code))
        return Verdict(uim, VerdictKind.UNKNOWN, (), tuple(_strange(code)))

    def deciding(self, code: str) -> tuple[Scheme, ...]:
        """The schemes that decide about a normalised code."""
        return self._deciding(self._library.hits(code), code)

    def _deciding(self, hits: tuple[Scheme, ...], code: str) -> tuple[Scheme, ...]:
        """The schemes that decide: those on the first step of which any passes its checks; () for none."""
        steps = self._steps.get(hits)
        if steps is None:
            steps = self._steps[hits] = tuple(_steps(hits))
        if not (steps and steps[0].schemes[0].prefixes) and self._library.named_by_prefix(code):
            return ()
        for place, step in enumerate(steps):
            fitting = tuple(scheme for scheme in step.schemes if not scheme.faults(code, self._now))
            if fitting and not self._yields(fitting, steps[place + 1 :], code):
                return fitting
            if step.final:
                return ()
        return ()

    def _yields(self, fitting: tuple[Scheme, ...], later: tuple[_Group, ...], code: str) -> bool:
        """Whether a mere shape gives way to an element string with a right check digit.

        A carton's (01)…(21)… of 29 characters has the shape of a Russian pack code one time in ten.
        """
        if fitting[0].decides is not VerdictKind.NOT_A_PARTY or not code.startswith("01"):
            return False
        if any(points_for(scheme, code) or "gs1 key" in {c.name for c in scheme.checks} for scheme in fitting):
            return False
        return any(s.is_checked and not s.faults(code, self._now) for step in later for s in step.schemes)

    def _suspicious(self, deciding: tuple[Scheme, ...], code: str) -> bool:
        """Whether a fit is probably an accident: `&amp;` in it, or a general structure with nearly a known prefix."""
        if misreads.holds_entity(code):
            return True
        if deciding[0].is_checked or not code[:1].isalpha():
            return False
        return bool(self._library.prefixes.meant(code))

    def _decision(
        self, deciding: tuple[Scheme, ...], code: str
    ) -> tuple[VerdictKind, tuple[Candidate, ...], tuple[Text, ...]]:
        scored = tuple((scheme, points_for(scheme, code)) for scheme in deciding)
        origin = _origin(code) if deciding[0].decides is VerdictKind.HINT else ("", "")
        advice = tuple(remark for scheme in deciding for remark in scheme.remarks(code, self._now))
        key = (scored, origin, advice)
        found = self._decided.get(key)
        if found is None:
            kind, counted = _kind(scored)
            kind, candidates = self._library.experience.weighed(kind, _candidates(counted, code))
            remarks = (*self._remarks(kind, deciding, origin), *dict.fromkeys(advice))  # two schemes may say the same
            found = self._decided[key] = (kind, candidates, remarks)
        return found

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


def _steps(hits: tuple[Scheme, ...]) -> Iterator[_Group]:
    by_length: dict[int, list[Scheme]] = {}
    for scheme in hits:
        if scheme.prefixes:
            by_length.setdefault(max(map(len, scheme.prefixes)), []).append(scheme)
    lengths = sorted(by_length, reverse=True)
    for length in lengths:
        members = tuple(by_length[length])
        yield _Group(members, final=length == lengths[-1] and any(s.is_specific for s in members))
    for kind in _ORDER:
        members = tuple(scheme for scheme in hits if not scheme.prefixes and scheme.decides is kind)
        if members:
            yield _Group(members, final=False)


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


def _origin(code: str) -> tuple[str, str]:
    """(GS1 organisation, issuing agency's code) of a code that is only a hint; each "" where it has none."""
    number = gs1.number_of(code)
    return (gs1.organisation(number), "") if number else ("", iso15459.agency_code(code))


def _strange(code: str) -> Iterator[Text]:
    foreign = tpd.foreign(code.replace(gs1.SEPARATOR, ""), "iso646")
    if foreign:
        yield text(_FOREIGN, character=shown(foreign[1]))
