"""The pattern library, ready to be asked: which schemes a code fits, and what that says of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import re2

from gateway.content import Text, Uim, Verdict, VerdictKind
from gateway.events import Doubt
from gateway.identifiers import gs1
from gateway.identifiers.prefixes import Prefixes
from gateway.library import broken, decoding, doubts, judge
from gateway.library.dialect import compiled, encoded, options
from gateway.library.experience import Experience
from gateway.library.matching import Matching
from gateway.library.schemes import Agency, Catalogue, Scheme, TreatyParty
from gateway.library.steps import Order

_NOT_READ = (VerdictKind.MALFORMED, VerdictKind.UNKNOWN)


class PatternLibrary:
    """The library, ready to be asked. Holds no UIM. Shared between threads."""

    def __init__(self, catalogue: Catalogue, held: Iterable[Doubt] = ()) -> None:
        self.catalogue = catalogue
        self.experience = Experience(held, catalogue.schemes)
        self._published = tuple(scheme for scheme in catalogue.schemes if scheme.decides is not None)
        self._by_id = {scheme.id: scheme for scheme in self._published}
        self._decoder = decoding.Decoder()
        self.matching = Matching(self._published)
        self.order = Order()
        self._starting = tuple(scheme for scheme in self._published if scheme.begins)
        self._begins = compiled(re2.Set.MatchSet(options()), (scheme.begins for scheme in self._starting))
        # Of two prefixes that begin alike (LEAT1, LEAT1ET) the shorter is the one to be recognised.
        known = self.matching.prefixes
        self.prefixes = Prefixes(
            one for one in known if not any(one[:length] in known for length in range(1, len(one)))
        )

    def weighed(self, held: Iterable[Doubt]) -> PatternLibrary:
        """The same library, with what answers say against its patterns."""
        return PatternLibrary(self.catalogue, held)

    @property
    def schemes(self) -> tuple[Scheme, ...]:
        """Every scheme, also those without a published format."""
        return self.catalogue.schemes

    def scheme(self, name: str) -> Scheme:
        """The scheme of this id, which there is."""
        return self._by_id[name]

    @property
    def others(self) -> tuple[TreatyParty, ...]:
        """The owners of known markings that are not Parties."""
        return tuple(self.catalogue.others.values())

    @property
    def parties(self) -> tuple[TreatyParty, ...]:
        """The Parties to the Protocol that the library lists, in its order."""
        return tuple(self.catalogue.parties.values())

    def agency(self, code: str) -> Agency | None:
        """The issuing agency with this code, None where the library knows none."""
        return self.catalogue.agencies.get(code)

    def canonical(self, uim: str) -> str:
        """The one form by which two ways of writing a UIM are known as the same (GS1 brackets, separators)."""
        return gs1.normalise(uim)

    def verdicts(self, uims: Sequence[Uim], now: datetime) -> tuple[Verdict, ...]:
        """The library's judgement on each UIM, in their order; `now` decides what lies in the future."""
        found = judge.Judge(self, now)
        return broken.rejoined(found.verdicts(uims), found.deciding, now)

    def decoded(self, verdict: Verdict) -> tuple[Text, ...]:
        """What a recognised UIM says by itself (date, product, price …); () where nothing is published of it."""
        if verdict.kind in _NOT_READ or not verdict.candidates:
            return ()
        scheme = self._by_id.get(verdict.candidates[0].scheme)
        return self._decoder.decoded(scheme, self.canonical(verdict.uim.text)) if scheme else ()

    def fits(self, uim: str, now: datetime) -> tuple[str, ...]:
        """The ids of every scheme whose pattern and checks a UIM passes, whatever outranks what."""
        code = self.canonical(uim)
        return tuple(scheme.id for scheme in self.hits(code) if not scheme.faults(code, now))

    def takes(self, scheme: Scheme, uim: str, now: datetime) -> bool:
        """Whether a UIM passes the pattern and the checks of one scheme."""
        code = self.canonical(uim)
        hits = self.matching.cell(code).hits(code).schemes if scheme.prefixes else self.hits(code)
        return scheme in hits and not scheme.faults(code, now)

    def deciding(self, uim: str, now: datetime) -> tuple[str, ...]:
        """The ids of the schemes that decide about a UIM; () where none does."""
        return tuple(scheme.id for scheme in judge.Judge(self, now).deciding(self.canonical(uim)))

    def refusal(self, scheme: str, uim: str, now: datetime) -> tuple[Text, ...]:
        """Why a UIM is not one of this scheme; () where it is."""
        code = self.canonical(uim)
        wanted = self.scheme(scheme)
        if wanted in self.hits(code):
            return wanted.faults(code, now)
        reason = doubts.why_not(wanted, code, now, placed=code == uim.strip())
        return ((gs1.bracket_fault(uim) if reason.message == doubts.MISBUILT else None) or reason,)

    def hits(self, code: str) -> tuple[Scheme, ...]:
        """Every scheme whose pattern, prefix and length a normalised code has, in the library's order; unchecked."""
        return self.matching.hits(code)

    def beginning(self, code: str) -> tuple[Scheme, ...]:
        """Every scheme whose `begins` a normalised code has."""
        found = self._begins.Match(encoded(code))
        return tuple(self._starting[number] for number in sorted(found or ()))

    def named_by_prefix(self, code: str) -> tuple[Scheme, ...]:
        """The schemes of the longest specific prefix that a code begins with; () where there is none."""
        return self.matching.branch(code).named
