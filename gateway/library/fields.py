"""The named fields of a marking: which characters of a code are the prefix, the serial number, the time stamp …"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any, NamedTuple

from gateway.content import N_, Text, text
from gateway.facts import Wording
from gateway.identifiers import gs1, tpd

STAMP = "time stamp"
# What a field is called in letters, in the reader's language; the keys are those of the published schema.
NAMES: Mapping[str, str] = {
    "agency": N_("Issuing agency"),
    "company": N_("Company"),
    "prefix": N_("Prefix of the issuer"),
    "serial": N_("Serial number"),
    "product code": N_("Product code"),
    "middle block": N_("Part in the issuer's own format"),
    "facility": N_("Facility"),
    STAMP: N_("Time stamp"),
    "date": N_("Date"),
    "gtin": N_("Article number (GTIN)"),
    "sscc": N_("Logistic unit (SSCC)"),
    "gln": N_("Location number (GLN)"),
    "asset": N_("Asset number (GIAI)"),
    "issuer code": N_("Code of the ID issuer (UIC)"),
    "extension": N_("Extension"),
    "importer index": N_("Importer index"),
    "price": N_("Price"),
    "verification code": N_("Verification code"),
    "kind": N_("Kind of code"),
    "number": N_("Number"),
    "body": N_("Rest of the code"),
}
_NOWHERE = (None, None)
_DIGITS = {"gtin": (8, 12, 13, 14), "sscc": (18,), "gln": (13,)}
_ALONE = {"01": (8, 12, 13, 14), "00": (18,)}  # GS1 numbers that also stand without their identifier

_UNKNOWN = N_("{field}: sample {number} has no such characters.")
_DIGIT = N_("{field}: what stands there in sample {number} is no such number.")
_STAMP = N_("{field}: what stands there in sample {number} is no time stamp.")
_TWICE = N_("{field}: it stands where “{other}” stands.")
_BEYOND = N_("{field}: the code ends before it.")
_EARLY = N_("Its time stamp lies before {date}, from when on this marking is used: {scheme}.")
_LATE = N_("Its time stamp lies after {date}, until when this marking was used: {scheme}.")


@dataclass(frozen=True, slots=True)
class Field:
    """One field. `start`/`end` as in a slice: of the code, or of the value of a GS1 application identifier (`ai`).

    None of `start` and `ai`: it is there, but where is not published. `length`: of the identifier's value, where GS1
    leaves it open. `optional`: it may be absent; `assumed`: its place was not read in a source.
    """

    name: str
    start: int | None = None
    end: int | None = None
    ai: str = ""
    length: int = 0
    what: str = ""
    optional: bool = False
    assumed: bool = False

    @property
    def placed(self) -> bool:
        """Whether it is known where it stands."""
        return self.start is not None or bool(self.ai)


class Part(NamedTuple):
    """A field in one code: its characters are `code[start:end]`."""

    field: Field
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Validity:
    """From when and until when (both included) a marking is made; None: not known."""

    begin: date | None = None
    end: date | None = None

    def fault(self, parts: Iterable[Part], code: str, title: Wording) -> Text | None:
        """What to say of a code whose time stamp lies outside; None where it has none, or lies within."""
        for part in parts:
            made = tpd.stamp(code[part.start : part.end]) if part.field.name == STAMP else None
            if made and self.begin and made.date() < self.begin:
                return text(_EARLY, date=self.begin, scheme=title)
            if made and self.end and made.date() > self.end:
                return text(_LATE, date=self.end, scheme=title)
        return None


ALWAYS = Validity()


def fields_of(raw: Mapping[str, Any]) -> tuple[Field, ...]:
    """The fields of a scheme as it stands in a file."""
    return tuple(
        Field(
            one["name"],
            one.get("at", _NOWHERE)[0],
            one.get("at", _NOWHERE)[1],
            ai=one.get("ai", ""),
            length=one.get("length", 0),
            what=one.get("what", ""),
            optional=one.get("optional", False),
            assumed=one.get("assumed", False),
        )
        for one in raw.get("fields", ())
    )


def validity_of(raw: Mapping[str, Any]) -> Validity:
    """The validity of a scheme as it stands in a file."""
    begin, end = (raw.get("validity", {}).get(key) for key in ("from", "to"))
    return Validity(date.fromisoformat(begin) if begin else None, date.fromisoformat(end) if end else None)


def cut(fields: Sequence[Field], code: str, names: Container[str] | None = None) -> tuple[Part, ...]:
    """The fields that a normalised code has, in its order; what an optional one takes, the one before does not have.

    `names`: of the values of GS1 identifiers only these are looked for.
    """
    lengths = {field.ai: field.length for field in fields if field.length}
    asked = {field.ai for field in fields if field.ai and (names is None or field.name in names)}
    elements: dict[str, tuple[int, int]] = {}
    for ai, start, end in gs1.elements(code, lengths) if asked else ():
        elements[ai] = (start, end)
        if asked <= elements.keys():
            break
    if code.isdecimal():
        elements |= {ai: (0, len(code)) for ai, sizes in _ALONE.items() if len(code) in sizes}
    found = sorted((part for field in fields for part in _part(field, code, elements)), key=lambda part: part.start)
    ended = [one._replace(end=min(one.end, after.start)) for one, after in pairwise(found)] + found[-1:]
    return tuple(part for part in ended if part.start < part.end)


def placed(fields: Sequence[Field], size: int) -> tuple[Part, ...] | None:
    """The same of every code that is so long; None where that depends on its characters."""
    if any(field.ai or (field.optional and field.name == STAMP) for field in fields):
        return None
    return cut(fields, " " * size)


def problems(fields: Sequence[Field], samples: Sequence[str]) -> Iterator[Text]:
    """Where the fields do not go with one another, or with the valid samples (normalised)."""
    for number, sample in enumerate(samples, 1):
        parts = {part.field: sample[part.start : part.end] for part in cut(fields, sample)}
        for field in fields:
            value = parts.get(field, "")
            if not value and field.placed and not field.ai and not field.optional:
                yield text(_UNKNOWN, field=field.name, number=number)
            elif value and field.name in _DIGITS and not _is_number(field.name, value):
                yield text(_DIGIT, field=field.name, number=number)
            elif value and field.name == STAMP and tpd.stamp(value) is None:
                yield text(_STAMP, field=field.name, number=number)
        if fields and all(field.ai for field in fields) and not parts:
            yield text(_UNKNOWN, field=fields[0].name, number=number)


def overlapping(fields: Sequence[Field], longest: int) -> Iterator[Text]:
    """Fields that stand on one another, or behind the end of the longest code."""
    placed = [field for field in fields if field.start is not None and not field.ai and not field.optional]
    spans = [(field, *slice(field.start, field.end).indices(longest)[:2]) for field in placed]
    for field, start, end in spans:
        if start >= end or (field.end or 0) > longest:
            yield text(_BEYOND, field=field.name)
    for place, (field, start, end) in enumerate(spans):
        for other, begin, stop in spans[:place]:
            if start < stop and begin < end and not _from_both_ends(field, other):
                yield text(_TWICE, field=field.name, other=other.name)


def _from_both_ends(one: Field, other: Field) -> bool:
    """Whether one is counted from the beginning and one from the end: where they meet depends on the code."""
    return (one.start or 0) < 0 or (other.start or 0) < 0 or one.end is None or other.end is None


def _part(field: Field, code: str, elements: Mapping[str, tuple[int, int]]) -> Iterator[Part]:
    if not field.placed or (field.ai and field.ai not in elements):
        return
    begin, stop = elements[field.ai] if field.ai else (0, len(code))
    start, end, _ = slice(field.start, field.end).indices(stop - begin)
    if start < end and not (
        field.optional and field.name == STAMP and not _is_stamp(code[begin + start : begin + end])
    ):
        yield Part(field, begin + start, begin + end)


def _is_stamp(value: str) -> bool:
    return tpd.stamp(value) is not None


def _is_number(name: str, value: str) -> bool:
    return value.isdecimal() and len(value) in _DIGITS[name]
