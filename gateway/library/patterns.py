"""All patterns as one automaton: which schemes a code fits, by Google's RE2 in linear time.

`Set.Match` answers None both for "nothing" and when its automaton ran out of memory (google/re2
issue 136); so a code that fits nothing is tried once more against one joined pattern, which RE2
decides in any case, and `load` runs every sample (libraries.md, 3).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import re2

from gateway.content import Text, Uim, Verdict
from gateway.events import Doubt
from gateway.identifiers import gs1, misreads
from gateway.library import doubts, judge
from gateway.library.experience import Experience
from gateway.library.schemes import Agency, Catalogue, Scheme, TreatyParty, options


class PatternLibrary:
    """The library, ready to be asked. Holds no UIM. Shared between threads."""

    def __init__(self, catalogue: Catalogue, held: Iterable[Doubt] = ()) -> None:
        self._catalogue = catalogue
        self.experience = Experience(held, catalogue.schemes)
        self._published = tuple(scheme for scheme in catalogue.schemes if scheme.decides is not None)
        self._whole = _set(re2.Set.FullMatchSet(options()), (scheme.pattern for scheme in self._published))
        self._starting = tuple(scheme for scheme in self._published if scheme.begins)
        self._begins = _set(re2.Set.MatchSet(options()), (scheme.begins for scheme in self._starting))
        self._any = re2.compile("|".join(f"(?:{scheme.pattern})" for scheme in self._published), options())
        self._each = tuple(re2.compile(scheme.pattern, options()) for scheme in self._published)
        self._by_prefix: dict[str, tuple[Scheme, ...]] = {}
        for scheme in self._published:
            for prefix in scheme.prefixes if scheme.is_specific else ():
                self._by_prefix[prefix] = (*self._by_prefix.get(prefix, ()), scheme)
        self._lengths = sorted({len(prefix) for prefix in self._by_prefix}, reverse=True)
        # Of two prefixes that begin alike (LEAT1, LEAT1ET) the shorter is the one to be recognised.
        known = {prefix for scheme in self._published for prefix in scheme.prefixes}
        self.prefixes = misreads.Prefixes(p for p in known if not p.startswith(tuple(known - {p})))

    def weighed(self, held: Iterable[Doubt]) -> PatternLibrary:
        """The same library, with what answers say against its patterns."""
        return PatternLibrary(self._catalogue, held)

    @property
    def schemes(self) -> tuple[Scheme, ...]:
        """Every scheme, also those without a published format."""
        return self._catalogue.schemes

    def scheme(self, name: str) -> Scheme:
        """The scheme of this id, which there is."""
        return next(scheme for scheme in self._published if scheme.id == name)

    @property
    def others(self) -> tuple[TreatyParty, ...]:
        """The owners of known markings that are not Parties."""
        return tuple(self._catalogue.others.values())

    @property
    def parties(self) -> tuple[TreatyParty, ...]:
        """The Parties to the Protocol that the library lists, in its order."""
        return tuple(self._catalogue.parties.values())

    def agency(self, code: str) -> Agency | None:
        """The issuing agency with this code, None where the library knows none."""
        return self._catalogue.agencies.get(code)

    def canonical(self, uim: str) -> str:
        """The one form by which two ways of writing a UIM are known as the same (GS1 brackets, separators)."""
        return gs1.normalise(uim)

    def verdicts(self, uims: Sequence[Uim], now: datetime) -> tuple[Verdict, ...]:
        """The library's judgement on each UIM, in their order; `now` decides what lies in the future."""
        sitting = judge.Judge(self, now)
        return tuple(sitting.verdict(uim) for uim in uims)

    def fits(self, uim: str, now: datetime) -> tuple[str, ...]:
        """The ids of every scheme whose pattern and checks a UIM passes, whatever outranks what."""
        code = self.canonical(uim)
        return tuple(scheme.id for scheme in self.hits(code) if not scheme.faults(code, now))

    def deciding(self, uim: str, now: datetime) -> tuple[str, ...]:
        """The ids of the schemes that decide about a UIM; () where none does."""
        return tuple(scheme.id for scheme in judge.Judge(self, now).deciding(self.canonical(uim)))

    def refusal(self, scheme: str, uim: str, now: datetime) -> tuple[Text, ...]:
        """Why a UIM is not one of this scheme; () where it is."""
        code = self.canonical(uim)
        wanted = self.scheme(scheme)
        if wanted in self.hits(code):
            return wanted.faults(code, now)
        return (doubts.why_not(wanted, code, now),)

    def hits(self, code: str) -> tuple[Scheme, ...]:
        """Every scheme whose pattern, prefix and length a normalised code has, in the library's order; unchecked."""
        octets = code.encode("utf-8", "backslashreplace")
        found = self._whole.Match(octets)
        if found is None:
            if not self._any.fullmatch(octets):
                return ()
            found = [number for number, pattern in enumerate(self._each) if pattern.fullmatch(octets)]
        size = len(code)
        hit = [self._published[number] for number in sorted(found)]
        return tuple([s for s in hit if s.shortest <= size <= s.longest and code.startswith(s.prefixes or "")])

    def beginning(self, code: str) -> tuple[Scheme, ...]:
        """Every scheme whose `begins` a normalised code has."""
        found = self._begins.Match(code.encode("utf-8", "backslashreplace"))
        return tuple(self._starting[number] for number in sorted(found or ()))

    def named_by_prefix(self, code: str) -> tuple[Scheme, ...]:
        """The schemes of the longest specific prefix that a code begins with; () where there is none."""
        for length in self._lengths:
            if found := self._by_prefix.get(code[:length]):
                return found
        return ()


def _set(chosen: re2.Set, patterns: Iterable[str]) -> re2.Set:
    for pattern in patterns:
        chosen.Add(pattern)
    chosen.Compile()
    return chosen
