"""The library as it is at a mail: the shipped files with the changes made since, taken over without a restart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from threading import Lock

from gateway import logs
from gateway.content import Uim, Verdict
from gateway.identifiers import gs1
from gateway.library.changes import merged
from gateway.library.lint import load
from gateway.library.patterns import PatternLibrary
from gateway.library.schemes import read
from gateway.ports import Patterns, View


class LiveLibrary:
    """Holds the newest library that it has seen; shared between threads. Raises ValueError for broken shipped files."""

    def __init__(self, shipped: Mapping[str, str]) -> None:
        self._shipped = shipped
        self._lock = Lock()
        self._newest = (0, shipped, load(shipped))

    def __call__(self, view: View) -> Consulted:
        """The library at the instant of a view."""
        return Consulted(self, view.patterns)

    def current(self, patterns: Patterns) -> tuple[int, Mapping[str, str], PatternLibrary]:
        """(version, its files, the library): asks for one number, and for the changes only where that is another."""
        version, newest = patterns.version(), self._newest  # read once: another thread may put a later one there
        if version == newest[0]:
            return newest
        with self._lock:
            if version != self._newest[0]:  # lower, too: the database was put back
                self._newest = self._loaded(version, patterns)
            return self._newest

    def _loaded(self, version: int, patterns: Patterns) -> tuple[int, Mapping[str, str], PatternLibrary]:
        """What does not fit together (after an update of the shipped files) is left out, and the log says so."""
        texts = merged(self._shipped, [one for one in patterns.made() if one.version <= version])
        catalogue, problems = read(texts)
        for problem in problems:
            logs.warn("pattern left out", file=problem.file, scheme=problem.scheme)
        logs.note("pattern library loaded", version=version, schemes=len(catalogue.schemes))
        return version, texts, PatternLibrary(catalogue)


class Consulted:
    """`ports.Library` for one mail: looks which library is current when it is first needed, and stays with that."""

    def __init__(self, live: LiveLibrary, patterns: Patterns) -> None:
        self._live = live
        self._patterns = patterns
        self._found: tuple[int, Mapping[str, str], PatternLibrary] | None = None

    def _current(self) -> tuple[int, Mapping[str, str], PatternLibrary]:
        if self._found is None:
            self._found = self._live.current(self._patterns)
        return self._found

    def verdicts(self, uims: Sequence[Uim], now: datetime) -> tuple[Verdict, ...]:
        """The library's judgement on each UIM, in their order."""
        return self._current()[2].verdicts(uims, now)

    def canonical(self, uim: str) -> str:
        """The one form by which two ways of writing a UIM are known as the same: no matter of the library's content."""
        return gs1.normalise(uim)

    @property
    def version(self) -> int:
        """Of the library that this mail sees."""
        return self._current()[0]

    def texts(self) -> Mapping[str, str]:
        """Its files."""
        return self._current()[1]
