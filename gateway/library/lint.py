"""The library checked against itself: every sample of every scheme against all schemes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache

from gateway.content import text
from gateway.identifiers import gs1
from gateway.library.fields import problems
from gateway.library.patterns import PatternLibrary
from gateway.library.schemes import Catalogue, Problem, Scheme, plain, read

# Samples do not age: their time stamps lie before this instant, whenever the library is checked.
SAMPLES_UNTIL = datetime(2099, 12, 31, 23, tzinfo=UTC)


def load(texts: Mapping[str, str]) -> PatternLibrary:
    """The library that these texts (by file name, `*.yaml`) describe.

    Raises ValueError naming file, scheme and field for the first problem; every sample has been
    matched, so that a pattern the automaton lost would be seen here.
    """
    return _load(tuple(sorted(texts.items())))


@lru_cache(maxsize=2)  # a program that opens a second gateway has read these texts already
def _load(texts: tuple[tuple[str, str], ...]) -> PatternLibrary:
    catalogue, found = read(dict(texts))
    library = None if found else PatternLibrary(catalogue)
    if library:
        found = tuple(sample_problems(catalogue, library))
    if not library or found:
        raise ValueError(f"pattern library: {found[0]}")
    return library


def lint(texts: Mapping[str, str]) -> tuple[Problem, ...]:
    """Every problem of these texts: schema, references, samples, overlaps that are not declared."""
    catalogue, found = read(texts)
    library = PatternLibrary(catalogue)
    return (
        *found,
        *sample_problems(catalogue, library),
        *field_problems(catalogue),
        *_overlaps(catalogue, library),
    )


def sample_problems(catalogue: Catalogue, library: PatternLibrary) -> Iterator[Problem]:
    """Valid samples that their own scheme refuses, invalid ones that it takes."""
    for scheme in catalogue.schemes:
        for number, sample in enumerate(scheme.valid, 1):
            if scheme.id not in library.fits(sample, SAMPLES_UNTIL):
                yield Problem(
                    scheme.file, scheme.id, text("valid: sample {number} is not one of this scheme.", number=number)
                )
            if scheme.prefixes and not gs1.normalise(sample).startswith(scheme.prefixes):
                yield Problem(
                    scheme.file, scheme.id, text("prefixes: sample {number} begins with none of them.", number=number)
                )
        for number, (sample, _) in enumerate(scheme.invalid, 1):
            if scheme.id in library.fits(sample, SAMPLES_UNTIL):
                yield Problem(
                    scheme.file, scheme.id, text("invalid: sample {number} is one of this scheme.", number=number)
                )


def field_problems(catalogue: Catalogue) -> Iterator[Problem]:
    """Named fields that the valid samples of their scheme do not have."""
    for scheme in catalogue.schemes:
        for said in problems(scheme.fields, [gs1.normalise(sample) for sample in scheme.valid]):
            yield Problem(scheme.file, scheme.id, said)


def _overlaps(catalogue: Catalogue, library: PatternLibrary) -> Iterator[Problem]:
    """Schemes that decide a sample of another, where neither says `ambiguous_with`."""
    known = {scheme.id: scheme for scheme in catalogue.schemes}
    for scheme in catalogue.schemes:
        for other in sorted(scheme.ambiguous_with - known.keys()):
            yield Problem(scheme.file, scheme.id, plain(f"ambiguous_with: there is no scheme {other}"))
        for number, sample in enumerate(scheme.valid, 1):
            deciding = library.deciding(sample, SAMPLES_UNTIL)
            for other in deciding:
                if other != scheme.id and not _declared(scheme, known[other]):
                    yield Problem(
                        scheme.file,
                        scheme.id,
                        plain(f"valid: sample {number} is also decided by {other}"),
                    )
            if not deciding:
                yield Problem(scheme.file, scheme.id, plain(f"valid: sample {number} is not decided at all"))


def _declared(one: Scheme, other: Scheme) -> bool:
    return other.id in one.ambiguous_with or one.id in other.ambiguous_with
