"""A change of the library before it is made: is it well formed, do its samples hold, whose codes does it touch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

from gateway.content import ClearValue, Text, VerdictKind, text
from gateway.facts import NO_PARTY, PartyCode, Wording
from gateway.library.automata import Unclear
from gateway.library.changes import Raw, laid_over, standing, written
from gateway.library.crossing import Work
from gateway.library.hazards import hazard
from gateway.library.lint import SAMPLES_UNTIL, accepts, field_problems, sample_problems
from gateway.library.overlap import Overlap, Relation, overlaps, same_step, shadowed
from gateway.library.patterns import PatternLibrary
from gateway.library.reading import Unreadable, read_schemes, unfit
from gateway.library.schemes import Catalogue, Problem, Scheme, read, schema_problems, scheme_of

_FILE = "proposed.yaml"
_WORK = 250_000  # steps of comparing patterns with the library: about a second
_MOST_TOUCHED = 3  # markings of others that a Party's own description may touch
_OURS = frozenset({VerdictKind.SURE, VerdictKind.AMBIGUOUS, VerdictKind.HINT, None})

_NOT_YOURS = text("party: you describe the markings of your own Party only; the Secretariat those of all.")
_TAKEN = text("id: a marking of another Party has this name. Choose another one.")
_ID_TWICE = text("id: two markings of the file have this name.")
_TITLE = text("title: a marking of another Party has this title. Choose another one.")
_NO_OTHER = text("ambiguous_with: no marking with the name “{name}” fits the same codes.")
_DECIDES = text("decides: a Party may write “sure”, “ambiguous” or “hint”.")
_TOO_WIDE = text(
    "pattern: it changes what is said of the codes of {count} other markings. Make it narrower, so that it fits your "
    "own codes only."
)
_SAME = text("There is no change: the library says this already.")


@dataclass(frozen=True, slots=True, repr=False)
class Touched(ClearValue):
    """Another marking of which something else is said than before, or that fits a sample of the change, too.

    `sample`: the code that shows it; `now`: the titles of what decides about it with the change. `own`: the sample is
    the change's own; `hidden`: the marking decides every code of the change; `kept`: it still decides this one.
    """

    title: Wording
    party: PartyCode
    sample: str
    now: tuple[Wording, ...]
    own: bool = False
    hidden: bool = False
    kept: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class Examined(ClearValue):
    """What was found: nothing is made of it where there are `problems`. `text` as it would be kept.

    `unclear`: titles of markings of which it could not be computed whether the change touches their codes. `shared`: by
    scheme the others that fit codes of it, too, which the file did not name; `text` does: who approves it accepts them.
    """

    schemes: tuple[Scheme, ...] = ()
    raw: tuple[Raw, ...] = ()
    new: frozenset[str] = frozenset()  # ids that the library did not have
    problems: tuple[Problem, ...] = ()
    touched: tuple[Touched, ...] = ()
    unclear: tuple[Wording, ...] = ()
    shared: tuple[tuple[str, str], ...] = ()

    @property
    def text(self) -> str:
        """The file of the change."""
        return written(self.raw)

    @property
    def party(self) -> PartyCode:
        """Who answers for all of it, "" where several do."""
        parties = {scheme.party for scheme in self.schemes}
        return parties.pop() if len(parties) == 1 else NO_PARTY


def examine(texts: Mapping[str, str], octets: bytes, only: PartyCode = NO_PARTY) -> Examined:
    """A file of patterns against the whole library as it is (`texts`). `only`: the one Party it may speak for."""
    try:
        schemes = read_schemes(octets)
    except Unreadable as unreadable:
        return Examined(problems=(Problem("", "", unreadable.says),))
    wrong = schema_problems(_FILE, {"schemes": schemes})
    if wrong:
        return Examined(problems=wrong)
    return _examined(texts, tuple(schemes), only)


def _examined(texts: Mapping[str, str], raw: tuple[Raw, ...], only: PartyCode) -> Examined:
    found = tuple(scheme_of(_FILE, one) for one in raw)
    before, _ = read(texts)
    known = {scheme.id: scheme for scheme in before.schemes}
    problems = [Problem("", one["id"], says) for one in raw for says in unfit(one)]
    problems += [Problem("", one.id, says) for one in found for says in _refused(one, known.get(one.id), only)]
    problems += _not_alone(found, before)
    if problems:
        return Examined(found, raw, problems=tuple(problems))
    said = {one["id"]: one for one in raw}
    after, broken = read(laid_over(texts, said))
    ids = said.keys()
    problems += [Problem("", one.scheme, one.says) for one in broken]
    if problems:
        return Examined(found, raw, problems=tuple(problems))
    library = PatternLibrary(after)
    of_samples = (*sample_problems(after, library), *field_problems(after))
    problems += [Problem("", p.scheme, p.says) for p in of_samples if p.scheme in ids]
    work = Work(_WORK)
    pairs = tuple(overlaps(after.schemes, work, ids))
    problems += _needless(after, ids, pairs)
    touched, unclear = _reached(after, ids, tuple(_touched(before, after, library, ids)), pairs, work)
    others = {one.title for one in touched if not (one.own or one.hidden or one.kept) and one.party != only}
    if only and len(others) > _MOST_TOUCHED:
        problems.append(Problem("", found[0].id, text(_TOO_WIDE.message, count=len(others))))
    shared = tuple(_shared(after, library, ids, pairs))
    raw = tuple(_naming(one, [other for name, other in shared if name == one["id"]]) for one in raw)
    if not problems and standing(texts, ids) == {one["id"]: one for one in raw}:
        problems.append(Problem("", "", _SAME))
    return Examined(found, raw, frozenset(ids - known.keys()), tuple(problems), touched, unclear, shared)


def _refused(scheme: Scheme, before: Scheme | None, only: PartyCode) -> Iterator[Text]:
    """What a Party may not describe, and what would cost every list of UIMs too much."""
    if only and scheme.party != only:
        yield _NOT_YOURS
    if only and before is not None and before.party != only:
        yield _TAKEN
    if only and scheme.decides not in _OURS:
        yield _DECIDES
    for pattern in (scheme.pattern, scheme.begins):
        if wrong := hazard(pattern):
            yield wrong


def _not_alone(found: Sequence[Scheme], before: Catalogue) -> Iterator[Problem]:
    """Two of which one would be lost, and a title by which a reader would take one Party's marking for another's."""
    ids = Counter(scheme.id for scheme in found)
    there = {(one.title.casefold(), one.party) for one in (*found, *before.schemes) if one in found or not ids[one.id]}
    for scheme in found:
        if ids[scheme.id] > 1:
            yield Problem("", scheme.id, _ID_TWICE)
        elif any(title == scheme.title.casefold() and party != scheme.party for title, party in there):
            yield Problem("", scheme.id, _TITLE)


def _needless(after: Catalogue, ids: Set[str], pairs: Sequence[Overlap]) -> Iterator[Problem]:
    """Others that a change says share its codes, and that do not: `lint` would name them for ever."""
    shared = {pair.ids for pair in pairs}
    for scheme in after.schemes:
        for name in sorted(scheme.ambiguous_with) if scheme.id in ids else ():
            if {scheme.id, name} not in shared:
                yield Problem("", scheme.id, text(_NO_OTHER.message, name=name))


def _shared(
    after: Catalogue, library: PatternLibrary, ids: Set[str], pairs: Sequence[Overlap]
) -> Iterator[tuple[str, str]]:
    """(a scheme of the change, another one) that both decide the same codes, which nobody has accepted.

    What `lint` would name for ever, although the Secretariat has seen it (`_taken`) and approved.
    """
    for pair in pairs:
        both = pair.relation is Relation.RIVALS or (pair.relation is Relation.SAME and _in_samples(pair, library))
        if both and not accepts(after, pair.one, pair.other):
            one = pair.one if pair.one.id in ids else pair.other
            yield one.id, _other(pair, ids).id


def _in_samples(pair: Overlap, library: PatternLibrary) -> bool:
    samples = (*pair.one.valid, *pair.other.valid)
    return any(pair.ids <= set(library.deciding(sample, SAMPLES_UNTIL)) for sample in samples)


def _naming(raw: Raw, others: Sequence[str]) -> Raw:
    return {**raw, "ambiguous_with": sorted({*raw.get("ambiguous_with", ()), *others})} if others else raw


def _touched(before: Catalogue, after: Catalogue, library: PatternLibrary, ids: Set[str]) -> Iterator[Touched]:
    """Every other marking of which a sample is judged in another way, and every one that a new sample fits, too."""
    was = PatternLibrary(before)
    known = {scheme.id: scheme for scheme in after.schemes}
    for scheme in before.schemes:
        damaged = tuple(code for code, _ in scheme.invalid)  # nobody's: whoever takes them takes anything
        for sample in (*scheme.valid, *damaged) if scheme.id not in ids else ():
            now = library.deciding(sample, SAMPLES_UNTIL)
            if now != was.deciding(sample, SAMPLES_UNTIL):
                yield Touched(scheme.title, scheme.party, sample, tuple(known[one].title for one in now))
                break
    for scheme in after.schemes:
        for sample in scheme.valid if scheme.id in ids else ():
            now = library.deciding(sample, SAMPLES_UNTIL)
            for other in now:
                if other not in ids:
                    one = known[other]
                    yield Touched(one.title, one.party, sample, tuple(known[each].title for each in now), own=True)


def _reached(
    after: Catalogue, ids: Set[str], touched: tuple[Touched, ...], found: tuple[Overlap, ...], work: Work
) -> tuple[tuple[Touched, ...], tuple[Wording, ...]]:
    """What samples show with what the automata find, one a marking; and the titles of what could not be computed."""
    shown = {one.title for one in touched}
    more = [one for pair in found for one in _taken(after, pair, ids) if one.kept or one.title not in shown]
    unclear = [_other(pair, ids).title for pair in found if pair.relation is Relation.UNCLEAR]
    try:
        for scheme, instead, code in shadowed(after.schemes, found, work):
            if scheme.id in ids and not any(one.id in ids for one in instead):
                titles = tuple(one.title for one in instead)
                more.append(Touched(instead[0].title, instead[0].party, code, titles, hidden=True))
    except Unclear:
        unclear += [one.title for one in after.schemes if one.id in ids]
    return (*touched, *more), tuple(dict.fromkeys(unclear))


def _taken(after: Catalogue, pair: Overlap, ids: Set[str]) -> Iterator[Touched]:
    """The marking of another of which a change takes codes, or shares them, so that the order of decision says nothing.

    From a general structure a change may take what it likes: no Party follows from that.
    """
    other = _other(pair, ids)
    within = ids >= pair.ids and pair.relation is not Relation.RIVALS
    if within or (other.decides is VerdictKind.HINT and not same_step(pair.one, pair.other)):
        return
    if pair.relation is Relation.RIVALS and not _meant(after, pair, ids):
        titles = (pair.one.title, pair.other.title) if same_step(pair.one, pair.other) else (pair.one.title,)
        yield Touched(other.title, other.party, pair.example, titles, kept=titles == (other.title,))
    elif pair.relation is Relation.ORDERED and other is pair.other and other.party != pair.one.party:
        yield Touched(other.title, other.party, pair.example, (pair.one.title,))


def _meant(after: Catalogue, pair: Overlap, ids: Set[str]) -> bool:
    """Whether the library says already that both share codes: what a change says of itself is shown all the same."""
    listed = any(row >= pair.ids for row in after.accepted)
    return listed or bool(_other(pair, ids).ambiguous_with & (pair.ids & ids))


def _other(pair: Overlap, ids: Set[str]) -> Scheme:
    """The one of both that is not of the change, where there is one."""
    return pair.other if pair.one.id in ids else pair.one
