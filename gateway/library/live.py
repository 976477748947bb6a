"""The library as it is at a mail: the shipped files with the changes made since, taken over without a restart."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from threading import Lock
from typing import NamedTuple

from gateway import logs
from gateway.content import Text, Uim, Verdict, VerdictKind
from gateway.events import Pattern
from gateway.facts import PartyCode, digest
from gateway.identifiers import gs1
from gateway.library.changes import merged
from gateway.library.lint import load
from gateway.library.patterns import PatternLibrary
from gateway.library.schemes import read
from gateway.ports import Patterns, View


class Loaded(NamedTuple):
    """A library with its files: its version, the last doubt's number, and a number that stands for the files."""

    version: int
    doubts: int
    texts: Mapping[str, str]
    library: PatternLibrary
    mark: int


class LiveLibrary:
    """Holds the newest library that it has seen; shared between threads. Raises ValueError for broken shipped files."""

    def __init__(self, shipped: Mapping[str, str]) -> None:
        self._shipped = shipped
        self._lock = Lock()
        self._newest = Loaded(0, 0, shipped, load(shipped), _mark(shipped))

    def __call__(self, view: View) -> Consulted:
        """The library at the instant of a view."""
        return Consulted(self, view.patterns)

    def current(self, patterns: Patterns) -> Loaded:
        """The library as it is: asks for two numbers, and for what has changed only where one is another."""
        state, newest = patterns.state(), self._newest  # read once: another thread may put a later one there
        if state == newest[:2]:
            return newest
        with self._lock:
            if state != self._newest[:2]:  # lower, too: the database was put back
                self._newest = self._loaded(state, self._newest, patterns)
            return self._newest

    def _loaded(self, state: tuple[int, int], before: Loaded, patterns: Patterns) -> Loaded:
        """What does not fit together (after an update of the shipped files) is left out, and the log says so."""
        version, number = state
        doubts = [one for one in patterns.doubts() if one.number <= number] if number else []
        if version == before.version:
            return before._replace(doubts=number, library=before.library.weighed(doubts))
        texts = merged(self._shipped, [one for one in patterns.made() if one.version <= version])
        catalogue, problems = read(texts)
        for problem in problems:
            logs.warn("pattern left out", file=problem.file, scheme=problem.scheme)
        logs.note("pattern library loaded", version=version, schemes=len(catalogue.schemes))
        return Loaded(version, number, texts, PatternLibrary(catalogue, doubts), _mark(texts))


def _mark(texts: Mapping[str, str]) -> int:
    """A number of these files, which others have by chance only (28 bits: every database takes it)."""
    return int(digest(json.dumps(sorted(texts.items())).encode())[:7], 16)


class Consulted:
    """`ports.Library` for one mail: looks which library is current when it is first needed, and stays with that."""

    def __init__(self, live: LiveLibrary, patterns: Patterns) -> None:
        self._live = live
        self._patterns = patterns
        self._found: Loaded | None = None

    def _current(self) -> Loaded:
        if self._found is None:
            self._found = self._live.current(self._patterns)
        return self._found

    def verdicts(self, uims: Sequence[Uim], now: datetime) -> tuple[Verdict, ...]:
        """The library's judgement on each UIM, in their order."""
        return self._current().library.verdicts(uims, now)

    def leading(self, uims: Sequence[Uim], party: PartyCode, now: datetime) -> tuple[Pattern | None, ...]:
        """The pattern by which each UIM leads to that Party; None where it does not."""
        _, _, _, library, mark = self._current()
        led: dict[str, Pattern | None] = {"": None}
        found = []
        for verdict in library.verdicts(uims, now):
            leads = verdict.kind in (VerdictKind.SURE, VerdictKind.AMBIGUOUS)
            name = next((one.scheme for one in verdict.candidates if leads and one.party == party), "")
            if name not in led:
                led[name] = Pattern(name, library.scheme(name).mark, mark)
            found.append(led[name])
        return tuple(found)

    def decoded(self, verdict: Verdict) -> tuple[Text, ...]:
        """What a recognised UIM says by itself."""
        return self._current().library.decoded(verdict)

    def canonical(self, uim: str) -> str:
        """The one form by which two ways of writing a UIM are known as the same: no matter of the library's content."""
        return gs1.normalise(uim)

    @property
    def version(self) -> int:
        """Of the library that this mail sees."""
        return self._current().version

    def texts(self) -> Mapping[str, str]:
        """Its files."""
        return self._current().texts
