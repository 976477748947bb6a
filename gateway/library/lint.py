"""The library checked against itself: samples, fields, dangerous patterns, and all pairs that can fit one code."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from itertools import combinations

from gateway.content import text
from gateway.identifiers import gs1, tpd
from gateway.library.automata import Unclear
from gateway.library.crossing import Work
from gateway.library.fields import problems
from gateway.library.hazards import hazard
from gateway.library.overlap import Overlap, Relation, overlaps, shadowed
from gateway.library.patterns import PatternLibrary
from gateway.library.schemes import Catalogue, Problem, Scheme, plain, read

# Samples do not age: their time stamps lie before this instant, whenever the library is checked.
SAMPLES_UNTIL = datetime(2099, 12, 31, 23, tzinfo=UTC)
_NOT_ONE = text("valid: sample {number} is not one of this scheme.")
_WHY = text("valid: sample {number} is not one of this scheme. {why}")
_NOT_IN = text("alphabet: sample {number} has “{character}”, which is not in it.")
_NAMED = 5  # of patterns that hide another together
_WORK = 5_000_000  # steps of comparing patterns, some twenty seconds: ten times what 2,000 patterns take


def load(texts: Mapping[str, str]) -> PatternLibrary:
    """The library that these texts (by file name, `*.yaml`) describe.

    Raises ValueError naming file, scheme and field for the first problem; every sample has been
    matched, so that a pattern the automaton lost would be seen here.
    """
    return _load(tuple(sorted(texts.items())))


@lru_cache(maxsize=2)  # a program that opens a second gateway has read these texts already
def _load(texts: tuple[tuple[str, str], ...]) -> PatternLibrary:
    with _unswept():
        catalogue, found = read(dict(texts))
        library = None if found else PatternLibrary(catalogue)
        if library:
            found = tuple(sample_problems(catalogue, library))
    if not library or found:
        raise ValueError(f"pattern library: {found[0]}")
    return library


@contextmanager
def _unswept() -> Iterator[None]:
    """Garbage is not looked for meanwhile: nearly all that is made stays, and looking took a tenth of the time."""
    was_looked_for = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_looked_for:
            gc.enable()


def lint(texts: Mapping[str, str]) -> tuple[Problem, ...]:
    """Every problem of these texts: schema, references, samples, overlaps that are not declared."""
    catalogue, found = read(texts)
    library = PatternLibrary(catalogue)
    return (
        *found,
        *sample_problems(catalogue, library),
        *field_problems(catalogue),
        *_shared_samples(catalogue, library),
        *_hazards(catalogue),
        *_crossings(catalogue),
    )


def sample_problems(catalogue: Catalogue, library: PatternLibrary) -> Iterator[Problem]:
    """Valid samples that their own scheme refuses, invalid ones that it takes."""
    for scheme in catalogue.schemes:
        for number, sample in enumerate(scheme.valid, 1):
            if not library.takes(scheme, sample, SAMPLES_UNTIL):
                why = library.refusal(scheme.id, sample, SAMPLES_UNTIL) if scheme.pattern else ()
                says = text(_WHY.message, number=number, why=why[0]) if why else text(_NOT_ONE.message, number=number)
                yield Problem(scheme.file, scheme.id, says)
            if scheme.prefixes and not gs1.normalise(sample).startswith(scheme.prefixes):
                yield Problem(
                    scheme.file, scheme.id, text("prefixes: sample {number} begins with none of them.", number=number)
                )
        for number, (sample, _) in enumerate(scheme.invalid, 1):
            if library.takes(scheme, sample, SAMPLES_UNTIL):
                yield Problem(
                    scheme.file, scheme.id, text("invalid: sample {number} is one of this scheme.", number=number)
                )


def field_problems(catalogue: Catalogue) -> Iterator[Problem]:
    """Named fields that the valid samples of their scheme do not have, and characters that its alphabet has not."""
    for scheme in catalogue.schemes:
        samples = [gs1.normalise(sample) for sample in scheme.valid]
        for said in problems(scheme.fields, samples):
            yield Problem(scheme.file, scheme.id, said)
        for number, sample in enumerate(samples if scheme.alphabet else (), 1):
            if foreign := tpd.foreign(sample.replace(gs1.SEPARATOR, ""), scheme.alphabet):
                yield Problem(scheme.file, scheme.id, text(_NOT_IN.message, number=number, character=foreign[1]))


def _shared_samples(catalogue: Catalogue, library: PatternLibrary) -> Iterator[Problem]:
    """Schemes that decide a sample of another, where neither says `ambiguous_with`."""
    known = {scheme.id: scheme for scheme in catalogue.schemes}
    for scheme in catalogue.schemes:
        for other in sorted(scheme.ambiguous_with - known.keys()):
            yield Problem(scheme.file, scheme.id, plain(f"ambiguous_with: there is no scheme {other}"), idle=True)
        for number, sample in enumerate(scheme.valid, 1):
            deciding = library.deciding(sample, SAMPLES_UNTIL)
            for other in deciding:
                if other != scheme.id and not accepts(catalogue, scheme, known[other]):
                    yield Problem(
                        scheme.file,
                        scheme.id,
                        plain(f"valid: sample {number} is also decided by {other}"),
                    )
            if not deciding:
                yield Problem(scheme.file, scheme.id, plain(f"valid: sample {number} is not decided at all"))


def _hazards(catalogue: Catalogue) -> Iterator[Problem]:
    for scheme in catalogue.schemes:
        for pattern in (scheme.pattern, scheme.begins):
            if wrong := hazard(pattern):
                yield Problem(scheme.file, scheme.id, wrong)


def pairs(texts: Mapping[str, str]) -> Iterator[tuple[Overlap, bool]]:
    """Every pair of these schemes that can fit one code, and whether it is accepted that different ones answer."""
    catalogue, _ = read(texts)
    for pair in overlaps(catalogue.schemes, Work(_WORK)):
        yield pair, accepts(catalogue, pair.one, pair.other)


def _crossings(catalogue: Catalogue) -> Iterator[Problem]:
    """Pairs that different ones answer for and nobody has accepted, schemes that never count, and acceptances that
    are none."""
    work = Work(_WORK)
    found = tuple(overlaps(catalogue.schemes, work))
    for pair in found:
        if pair.relation is Relation.UNCLEAR:
            other = f"and {pair.other.id} " if pair.other is not pair.one else ""
            yield _says(pair.one, f"overlap: which codes it {other}shares could not be computed")
        elif pair.relation is Relation.RIVALS and not accepts(catalogue, pair.one, pair.other):
            says = (
                f"overlap: {pair.other.id} fits the same codes, such as {pair.example}, and another one answers for it"
            )
            yield _says(pair.one, f"{says}: make one of them narrower, or accept it: ambiguous_with, or _overlaps.yaml")
    try:
        for scheme, instead, example in shadowed(catalogue.schemes, found, work):
            names = " or ".join(one.id for one in instead[:_NAMED]) + (" and others" if instead[_NAMED:] else "")
            yield _says(scheme, f"every code of it, such as {example}, is decided as {names}: it never counts")
    except Unclear:
        yield Problem("", "", plain("whether a scheme takes all codes of another could not be computed for all"))
    yield from _needless(catalogue, {pair.ids: pair.relation for pair in found})


def _needless(catalogue: Catalogue, found: Mapping[frozenset[str], Relation]) -> Iterator[Problem]:
    """Accepted or declared overlaps that are none, or that the order of decision settles."""
    known = {scheme.id for scheme in catalogue.schemes}
    for row in catalogue.accepted:
        for name in sorted(row - known):
            yield Problem("_overlaps.yaml", "", plain(f"there is no scheme {name}"), idle=True)
        for one, other in combinations(sorted(row & known), 2):
            if found.get(frozenset((one, other)), Relation.ORDERED) is Relation.ORDERED:
                says = plain(f"{one} and {other} need no acceptance (any more)")
                yield Problem("_overlaps.yaml", "", says, idle=True)
    for scheme in catalogue.schemes:
        for other in sorted(scheme.ambiguous_with & known):
            if frozenset((scheme.id, other)) not in found:
                yield _says(scheme, f"ambiguous_with: no code fits both it and {other}", idle=True)


def _says(scheme: Scheme, sentence: str, *, idle: bool = False) -> Problem:
    return Problem(scheme.file, scheme.id, plain(sentence), idle)


def accepts(catalogue: Catalogue, one: Scheme, other: Scheme) -> bool:
    """Whether it is known, and meant, that both fit the same codes."""
    listed = any({one.id, other.id} <= row for row in catalogue.accepted)
    return listed or other.id in one.ambiguous_with or one.id in other.ambiguous_with
