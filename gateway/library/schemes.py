"""The schemes, Parties and issuing agencies of the library, read from its YAML texts and checked one by one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any

import re2
import yaml

from gateway.content import Text, VerdictKind, text
from gateway.facts import NO_PARTY, Digest, PartyCode, Wording, digest
from gateway.identifiers import gs1, iso15459, misreads, tpd
from gateway.library import files
from gateway.library.dialect import options
from gateway.library.fields import ALWAYS, STAMP, Field, Part, Validity, cut, fields_of, overlapping, validity_of
from gateway.library.rows import simple
from gateway.library.schema import AGENCIES, OVERLAPS, PARTIES, Problem, plain, schema_problems

__all__ = [
    "Agency", "Answers", "Catalogue", "Check", "Problem", "Scheme", "TreatyParty", "plain", "read", "schema_problems",
    "scheme_of",
]  # fmt: skip

_CHECKS = {**gs1.CHECKS, **tpd.CHECKS, **misreads.CHECKS}
NOTHING_SAID = Wording("")
LONGEST = 200  # characters of a code that the library looks into: no known marking has more than 100
NONE_KNOWN = "none known"  # a file says so where somebody has looked
_IN_TABLE = "issuer in table"  # an advice that takes the library's own table of agencies: the judge gives it


@dataclass(frozen=True, slots=True)
class TreatyParty:
    """A Party to the Protocol, or (`status` not "Party") the owner of a known marking that is none."""

    code: PartyCode
    name: str
    status: str = "Party"
    languages: tuple[str, ...] = ()
    verified: bool = True


@dataclass(frozen=True, slots=True)
class Agency:
    """An issuing agency of ISO/IEC 15459-2."""

    code: str
    name: str
    verified: bool


@dataclass(frozen=True, slots=True)
class Check:
    """A named check of a part of a code (`identifiers`), `start`/`end` as in a slice."""

    name: str
    start: int | None = None
    end: int | None = None

    @property
    def part(self) -> slice:
        """The part of a normalised code that it looks at."""
        return slice(self.start, self.end)

    @property
    def of_part(self) -> gs1.Check:
        """What is wrong with such a part; None where nothing is."""
        return _CHECKS[self.name]

    @property
    def halves(self) -> tuple[tuple[slice, tpd.Fails], tuple[slice, tpd.Fails]] | None:
        """Two parts of a normalised code that are quicker to look at: it passes where neither fails."""
        return tpd.HALVES.get(self.name) if (self.start, self.end) == (-8, None) else None

    def fault(self, code: str, now: datetime) -> Text | None:
        """The same, of a whole code."""
        return _CHECKS[self.name](code[self.start : self.end], now)


@dataclass(frozen=True, slots=True, eq=False)
class Scheme:
    """One way to build markings. `decides` None: known to exist, but no format is published.

    `party` answers for it ("" where nobody is known to); `rank` as in `rules.routing`; lengths in
    characters of the normalised code; `invalid` are (code, why not); `contact` whom to ask where nothing is public;
    `picture` the name of a file; both "" where none is known. `asks_agency`: the issuing agency is named.
    """

    file: str
    id: str
    title: Wording
    party: PartyCode
    issuer: str
    pattern: str
    decides: VerdictKind | None
    rank: int
    confidence: str
    verified: bool
    source: str
    prefixes: tuple[str, ...] = ()
    begins: str = ""
    shortest: int = 1
    longest: int = LONGEST
    alphabet: str = ""
    checks: tuple[Check, ...] = ()
    advice: tuple[Check, ...] = ()
    gs1_prefixes: frozenset[str] = frozenset()
    price: slice | None = None
    remark: str = ""
    ambiguous_with: frozenset[str] = frozenset()
    valid: tuple[str, ...] = ()
    invalid: tuple[tuple[str, str], ...] = ()
    structure: Wording = NOTHING_SAID
    agency: str = ""
    carriers: tuple[Wording, ...] = ()
    contact: Wording = NOTHING_SAID
    picture: str = ""
    fields: tuple[Field, ...] = ()
    validity: Validity = ALWAYS
    asks_agency: bool = False
    # Whether a chance text is unlikely to fit: a prefix, or a check digit.
    is_checked: bool = field(init=False)
    # Whether a code of it can be outside of its validity: without a time stamp nobody can know.
    is_dated: bool = field(init=False)

    def __post_init__(self) -> None:
        checked = bool(self.prefixes) or any(check.name.startswith("gs1") for check in self.checks)
        object.__setattr__(self, "is_checked", checked)
        dated = self.validity != ALWAYS and any(one.name == STAMP for one in self.fields)
        object.__setattr__(self, "is_dated", dated)

    @property
    def is_specific(self) -> bool:
        """Whether a code that begins with its prefix can be nothing else."""
        return bool(self.prefixes) and self.decides in (VerdictKind.SURE, VerdictKind.NOT_A_UIM)

    @property
    def mark(self) -> Digest:
        """The digest of what it fits and of who answers for it: another one means that it is another pattern.

        What is only said of it (title, source, samples), and how surely it decides, is no part of that.
        """
        checks = [(check.name, check.start, check.end) for check in self.checks]
        fits = (self.party, self.pattern, self.prefixes, self.shortest, self.longest, checks)
        return digest(json.dumps(fits).encode())

    def faults(self, code: str, now: datetime) -> tuple[Text, ...]:
        """What its checks say against a code that has its pattern; () where it fits."""
        return tuple(fault for check in self.checks if (fault := check.fault(code, now)))

    def parts(self, code: str) -> tuple[Part, ...]:
        """The named fields of a normalised code that has its pattern, in the code's order."""
        return cut(self.fields, code)

    def remarks(self, code: str, now: datetime) -> Iterator[Text]:
        """What is to be said of a code that fits: what its advice has against it, and its time stamp outside of the
        scheme's validity."""
        yield from (fault for check in self.advice if (fault := check.fault(code, now)))
        if self.is_dated and (fault := self.validity.fault(self.parts(code), code, self.title)):
            yield fault


class Answers(StrEnum):
    """Who answers for a marking: a Party to the Protocol, a State that is none, nobody who is known."""

    PARTY = "Party"
    NO_PARTY = "non-Party"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything the texts say."""

    schemes: tuple[Scheme, ...]
    parties: Mapping[PartyCode, TreatyParty]
    others: Mapping[PartyCode, TreatyParty]
    agencies: Mapping[str, Agency]
    accepted: tuple[frozenset[str], ...] = ()  # ids of schemes that may fit one code although different ones answer

    def answers(self, scheme: Scheme) -> Answers:
        """Who answers for the markings of a scheme."""
        if not scheme.party:
            return Answers.NOBODY
        return Answers.PARTY if scheme.party in self.parties else Answers.NO_PARTY


def read(texts: Mapping[str, str]) -> tuple[Catalogue, tuple[Problem, ...]]:
    """What the texts (by file name) say, and every problem seen on the way; what has problems is left out."""
    problems: list[Problem] = []
    documents = {name: _document(name, texts[name], problems) for name in sorted(texts) if name.endswith(".yaml")}
    parties, others = _parties(documents.get(PARTIES, {}))
    if not parties:
        problems.append(Problem(PARTIES, "", plain("the list of Parties is missing")))
    schemes: dict[str, Scheme] = {}
    owners = {**others, **parties}
    for name, document in documents.items():
        for raw in document.get("schemes", ()):
            scheme = scheme_of(name, raw)
            wrong = list(_wrong(scheme, owners, parties, schemes))
            problems.extend(Problem(name, scheme.id, said) for said in wrong)
            if not wrong:
                schemes[scheme.id] = scheme
    agencies = {
        raw["code"]: Agency(raw["code"], raw["name"], raw["check"] == "verified")
        for raw in documents.get(AGENCIES, {}).get("agencies", ())
    }
    accepted = tuple(frozenset(row["schemes"]) for row in documents.get(OVERLAPS, {}).get("overlaps", ()))
    catalogue = Catalogue(
        tuple(schemes.values()),
        MappingProxyType(parties),
        MappingProxyType(others),
        MappingProxyType(agencies),
        accepted,
    )
    return catalogue, tuple(problems)


def _document(name: str, content: str, problems: list[Problem]) -> dict[str, Any]:
    """A file's content where it is valid by the schema, else {}."""
    try:
        document = files.load(content)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        problems.append(Problem(name, "", plain(f"not valid YAML, line {line}")))
        return {}
    except yaml.YAMLError:
        problems.append(Problem(name, "", plain("not valid YAML")))
        return {}
    wrong = schema_problems(name, document)
    problems.extend(wrong)
    return {} if wrong or not isinstance(document, dict) else document


def _parties(document: Mapping[str, Any]) -> tuple[dict[PartyCode, TreatyParty], dict[PartyCode, TreatyParty]]:
    parties = {
        PartyCode(raw["iso2"]): TreatyParty(
            PartyCode(raw["iso2"]),
            raw["name"],
            languages=tuple(raw.get("lang", "").split()),
            verified=raw["check"] == "verified",
        )
        for raw in document.get("parties", ())
    }
    others = {
        PartyCode(raw["iso2"]): TreatyParty(PartyCode(raw["iso2"]), raw["name"], raw["status"])
        for raw in document.get("others", ())
    }
    return parties, others


def scheme_of(file: str, raw: Mapping[str, Any]) -> Scheme:
    """The scheme in a file's mapping, which keeps to the schema."""
    support = raw.get("support", {})
    price = support.get("price")
    length = raw.get("length", {})
    return Scheme(
        file=file,
        id=raw["id"],
        title=Wording(raw["title"]),
        party=PartyCode(raw["party"]) if raw["party"] else NO_PARTY,
        issuer=raw.get("issuer", ""),
        pattern=raw["pattern"] or "",
        decides=VerdictKind(raw["decides"]) if raw["pattern"] else None,
        rank=raw.get("rank", 0),
        confidence=raw["confidence"],
        verified=raw["verified"],
        source=raw["source"],
        prefixes=tuple(raw.get("prefixes", ())),
        begins=raw.get("begins", ""),
        shortest=length.get("min", 1),
        longest=length.get("max", LONGEST),
        alphabet=raw.get("alphabet", ""),
        checks=_checks(raw, "checks"),
        advice=_checks(raw, "advice"),
        gs1_prefixes=frozenset(n for span in support.get("gs1_prefixes", ()) for n in _span(span)),
        price=slice(price.get("from"), price.get("to")) if price else None,
        remark=raw.get("remark", ""),
        ambiguous_with=frozenset(raw.get("ambiguous_with", ())),
        valid=tuple(raw.get("valid", ())),
        invalid=tuple((sample["uim"], sample["because"]) for sample in raw.get("invalid", ())),
        structure=Wording(raw["structure"]),
        agency=raw.get("agency", ""),
        carriers=tuple(map(Wording, raw.get("carriers", ()))),
        contact=Wording(_known(raw, "contact")),
        picture=_known(raw, "picture"),
        fields=fields_of(raw),
        validity=validity_of(raw),
        asks_agency=any(one["check"] == _IN_TABLE for one in raw.get("advice", ())),
    )


def _known(raw: Mapping[str, Any], key: str) -> str:
    said = raw.get(key, NONE_KNOWN)
    return "" if said == NONE_KNOWN else str(said)


def _checks(raw: Mapping[str, Any], key: str) -> tuple[Check, ...]:
    return tuple(
        Check(one["check"], one.get("from"), one.get("to")) for one in raw.get(key, ()) if one["check"] != _IN_TABLE
    )


def _span(written: str) -> Iterator[str]:
    first, _, last = written.partition("-")
    return (f"{number:03d}" for number in range(int(first), int(last or first) + 1))


_NOT_RE2 = text(
    "{field}: RE2 does not accept it at “{place}”: a bracket may not be closed there, or a range run backwards; "
    "look-ahead and back-references are not possible."
)
_RANKS = {
    VerdictKind.SURE: range(80, 100),
    VerdictKind.AMBIGUOUS: range(40, 80),
    VerdictKind.NOT_A_PARTY: range(40, 80),
    VerdictKind.NOT_A_UIM: range(80, 100),
    VerdictKind.HINT: range(1, 40),
}


def _wrong(
    scheme: Scheme,
    known: Mapping[PartyCode, TreatyParty],
    parties: Mapping[PartyCode, TreatyParty],
    others: Mapping[str, Scheme],
) -> Iterator[Text]:
    """What the schema cannot say about one scheme."""
    if scheme.id in others:
        yield plain(f"id: another scheme, in {others[scheme.id].file}, has the same")
    if scheme.party and scheme.party not in known:
        yield text("party: {code} is neither a Party nor among the other owners of markings.", code=scheme.party)
    for field_, pattern in (("pattern", scheme.pattern), ("begins", scheme.begins)):
        try:
            _put_to_re2(pattern) if pattern else None
        except re2.error as error:
            place = error.args[0].decode("utf-8", "replace").partition(": ")[2]  # "" of a backslash at the end
            yield text(_NOT_RE2.message, field=field_, place=place or pattern)
    yield from _described(scheme)
    if scheme.decides is not None:
        yield from _claimed(scheme, scheme.decides, parties)


def _put_to_re2(pattern: str) -> None:
    """Raises re2.error where RE2 does not read a pattern, or would need too much memory for it."""
    known = simple(pattern)
    if known and known.most <= LONGEST:  # it is small: that it can be read is enough to know, in a tenth of the time
        with suppress(re2.error):  # which does not say why
            re2.Set.FullMatchSet(options()).Add(pattern)
            return
    re2.compile(pattern, options())


def _described(scheme: Scheme) -> Iterator[Text]:
    """What in the description of one scheme does not go together."""
    if scheme.shortest > scheme.longest:
        yield text("length: the least is greater than the most.")
        return
    yield from overlapping(scheme.fields, scheme.longest)
    if scheme.agency and any(iso15459.agency_code(prefix) != scheme.agency for prefix in scheme.prefixes):
        yield text("agency: {code} is not how the prefix begins.", code=scheme.agency)
    if (scheme.validity.begin or date.min) > (scheme.validity.end or date.max):
        yield text("validity: it ends before it begins.")


def _claimed(scheme: Scheme, decides: VerdictKind, parties: Mapping[PartyCode, TreatyParty]) -> Iterator[Text]:
    """Where a scheme says more than its Party, prefix or confidence allow."""
    if scheme.rank not in _RANKS[decides]:
        fit = _RANKS[decides]
        yield text(
            "rank: {rank} does not go with “decides: {decides}”: write a number from {least} to {most}.",
            rank=scheme.rank,
            decides=decides.value,
            least=fit[0],
            most=fit[-1],
        )
    if decides in (VerdictKind.SURE, VerdictKind.AMBIGUOUS) and not (scheme.party in parties and scheme.prefixes):
        yield text("decides: only a Party's scheme with a prefix can name that Party.")
    if decides is VerdictKind.NOT_A_PARTY and scheme.party in parties:
        yield plain(f"decides: {scheme.party} is a Party")
    if decides is VerdictKind.SURE and scheme.confidence in ("low", "none"):
        yield text("decides: a scheme of low confidence cannot be sure; write “ambiguous”.")
