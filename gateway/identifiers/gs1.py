"""GS1 codes: one spelling of an element string, check digits, and who gave a number out.

Sources: GS1 General Specifications (element strings, FNC1, check digit 7.9); ISO/IEC 15424 (symbology
identifiers). Application identifiers and prefixes are biip's tables.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from biip import ParseError
from biip.checksums import gs1_standard_check_digit
from biip.gs1_application_identifiers import GS1ApplicationIdentifier
from biip.gs1_digital_link_uris import GS1DigitalLinkURI
from biip.gs1_element_strings import GS1ElementString
from biip.gs1_prefixes import GS1Prefix

from gateway.content import N_, Text, text

SEPARATOR = "\x1d"

_SYMBOLOGY = re.compile(r"\][A-Za-z][0-9A-Za-z]")
_AI_FIRST = re.compile(r"\(\d{2,4}\)|00\d|01\d|41[0-7]\d|8004|235")
_SPELT = r"<GS>|[{\[]GS[}\]]|\u241d|\\x1d|\\u001d|\^\]|&#(?:29|x1d);"
SPELT_SEPARATOR = re.compile(_SPELT, re.IGNORECASE)  # as scanners, editors, HTML and JSON write what cannot be seen
# And in an element string: some scanners write a bar, which no value may hold; a misread 1 stands before no identifier.
_ELEMENT_SEPARATOR = re.compile(
    rf"{_SPELT}|[<{{]FNC1[>}}]|\|(?=10|1[1-7]\d{{6}}|2[01]|235|24[01]|8005|8008|9\d)", re.IGNORECASE
)
# A Digital Link as it is printed below its QR code, without the scheme.
_BARE_LINK = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+/(?:[^?#]*/)?(?:01/\d{8,14}|00/\d{18})(?:[/?#]|$)")
_LIKE_LINK = re.compile(r"(?:https?://)?[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+/(?:[^?#]*/)?0[01]/(\d{6,20})", re.IGNORECASE)
_IN_BRACKETS = re.compile(r"\(([^()]{2,4})\)")
_BRACKETED = re.compile(r"\((\d{2,4})\)")
# The keys whose last digit is a check digit, by their application identifier: start and end.
_KEYS = {"00": (2, 20), "01": (2, 16), "02": (2, 16), **{f"41{n}": (3, 16) for n in range(8)}}
_BARE_KEYS = frozenset({8, 12, 13, 14, 18})  # EAN-8, UPC-A, EAN-13 or GLN, GTIN-14, SSCC

# GTIN; dates, variants and lots; the serial number, or TPX; and the like of these behind a separator.
_SET = r"[!\"%&'()*+,\-./0-9:;<=>?A-Z_a-z]"
_FURTHER = rf"(?:(?:1[1-7]\d{{6}}|20\d\d|8008\d{{8}})\x1d?|(?:10|22|24[01]){_SET}{{1,30}}(?:\x1d|$))"
_ITEM = re.compile(
    rf"01(?P<gtin>\d{{14}})\x1d?{_FURTHER}*+(?P<serial>21{_SET}{{1,20}}|235{_SET}{{5,28}})(?:\x1d(?P<more>{_FURTHER}+))?"
)
_SHORTEST_ITEM = 16
_MADE = re.compile(r"(?<![^\x1d])8008\d{8}")

WRONG_VALUE = N_("After ({identifier}) stands {value}: too long, too short, or with wrong characters.")
_NOT_PRODUCED = N_("The production time {stamp} after (8008) is not possible: year, month, day, hour.")
# Clocks of packing lines and of this machine may differ by this much.
_TOLERANCE = timedelta(hours=1)

Check = Callable[[str, datetime], Text | None]


def normalise(code: str) -> str:
    """The code in its one spelling: no symbology identifier, no brackets, separators as 0x1D.

    Only what looks like a GS1 element string is touched beyond its ends; `<GS>` and `(21)` are legal
    characters of other markings. A GS1 Digital Link becomes its element string.
    """
    return code if code.isalnum() else _normal(code)


def all_normalised(codes: Iterable[str]) -> list[str]:
    """Each of them as `normalise` has it."""
    return [code if code.isalnum() else _normal(code) for code in codes]


def _normal(code: str) -> str:
    """The same of a code that is not letters and digits only: in such nothing of this is to be found."""
    code = code.strip()
    if code.startswith("]"):
        code = _SYMBOLOGY.sub("", code, count=1).lstrip(SEPARATOR)
    first = code[:1]
    if first.isalpha():
        if first in "hH" and code[:8].lower().startswith(("http://", "https://")):
            return _from_link(code)
        return _from_link("https://" + code, code) if "/0" in code and _BARE_LINK.match(code) else code
    if not _AI_FIRST.match(code):
        return code
    code = _ELEMENT_SEPARATOR.sub(SEPARATOR, code)
    return _without_brackets(code) if code.startswith("(") else code


@lru_cache(maxsize=1 << 16)
def check_digit(number: str) -> int | None:
    """The digit that would be right at the end of a number, None where it is right already."""
    right = gs1_standard_check_digit(number[:-1])
    return None if right == int(number[-1]) else right


_NO_OFFICE = ("reserved for future use", "identification", "common currency areas")


@lru_cache(maxsize=4096)
def organisation(number: str) -> str:
    """The GS1 organisation that gave out a GTIN-14, SSCC-18 or GTIN-13, "" where unknown.

    It says who issued the number, never where goods were made.
    """
    start = number[1:] if len(number) in (14, 18) else number
    found = GS1Prefix.extract(start) if start.isdecimal() else None
    named = found is not None and found.usage.startswith("GS1 ") and not found.usage.endswith(_NO_OFFICE)
    return found.usage if found and named else ""  # others say for what a prefix is kept: coupons, books, a shop's own


def number_of(code: str) -> str:
    """The GTIN, SSCC or GLN in a normalised code, "" where there is none."""
    if code[:1].isalpha():
        return ""
    start, end = _KEYS.get(code[:2]) or _KEYS.get(code[:3]) or (0, 0)
    if end and len(code) >= end and code[start:end].isdecimal():
        return code[start:end]
    return code if len(code) in _BARE_KEYS and code.isdecimal() else ""


def elements(code: str, lengths: Mapping[str, int] | None = None) -> Iterator[tuple[str, int, int]]:
    """(application identifier, start, end of its value) of a normalised element string, as far as it can be read.

    `lengths`: identifiers whose value a scheme makes so long, where GS1 leaves it open and a separator may be missing.
    """
    at = 0
    if code.startswith("01") and code[2:16].isdecimal() and len(code) >= 16 and check_digit(code[2:16]) is None:
        at = 16  # most begin with a GTIN, and biip takes a tenth of a millisecond for it
        yield "01", 2, at
    while at < len(code):
        if code[at] == SEPARATOR:
            at += 1
            continue
        try:
            found = GS1ElementString.extract(code[at:])
        except (ParseError, ValueError):
            return
        start = at + len(found.ai.ai)
        size = len(found.value)
        at = start + min((lengths or {}).get(found.ai.ai, size), size)
        yield found.ai.ai, start, at


def core(code: str) -> str:
    """What names one item in a normalised element string that says more of it: GTIN and serial number, or TPX.

    "" where it says no more, or cannot be read to its end. Lots, dates and the like are no part of a marking.
    Without biip, which takes half a millisecond for each: lists of such codes are long.
    """
    found = _ITEM.fullmatch(code) if code.startswith("01") and len(code) > _SHORTEST_ITEM else None
    if found is None or (not found["more"] and found.start("serial") == _SHORTEST_ITEM):
        return ""
    if check_digit(found["gtin"]) is not None:
        return ""
    made = _MADE.search(found["more"] or "") if found["serial"].startswith("235") else None
    return f"01{found['gtin']}{found['serial']}" + (SEPARATOR + made[0] if made else "")


def keeps_identifiers(code: str) -> bool:
    """Whether every pair of brackets in a bracketed string holds an identifier: else a value has swallowed one."""
    return not code.startswith("(") or all(_identifier(one) for one in _IN_BRACKETS.findall(code))


def separated(code: str) -> Iterator[tuple[str, str]]:
    """(the code with a separator before an identifier where one may have been lost, that identifier)."""
    for identifier in ("21", "235", "8008"):
        at = code.find(identifier, 19)
        while 0 < at < len(code) - 1:
            if code[at - 1] != SEPARATOR:
                yield code[:at] + SEPARATOR + code[at:], identifier
            at = code.find(identifier, at + 1)


def no_digit(code: str, check: str, start: int | None, end: int | None) -> int | None:
    """Where the first character that is no digit stands in what a check wants to be one number; None if nowhere."""
    first, last, _ = slice(start, end).indices(len(code))
    if check == "gs1 key":
        first, last = _KEYS.get(code[:2]) or _KEYS.get(code[:3]) or (0, 0)
    if check == "gs1 production time":
        first, last = (len(code) - 8, len(code)) if code[-12:-8] == "8008" else (0, 0)
    return next((place for place in range(first, min(last, len(code))) if not "0" <= code[place] <= "9"), None)


def _from_link(link: str, otherwise: str = "") -> str:
    """The element string of a link; `otherwise`, or the link itself, where it is none."""
    try:
        elements = GS1DigitalLinkURI.parse(link).element_strings
    except (ParseError, ValueError):
        return otherwise or link
    parts = [(element.ai.ai + element.value, element.ai.separator_required) for element in elements]
    return _joined(parts)


def link_fault(link: str) -> Text | None:
    """What is wrong with what looks like a GS1 Digital Link, but could not be read as one; None where it is no such."""
    found = _LIKE_LINK.match(link)
    if found is None:
        return None
    number = found[1]
    wrong = wrong_number(number) if len(number) in _BARE_KEYS else None
    return wrong or text("It is a GS1 Digital Link, but not whole: a part is missing, or has wrong characters.")


def bracket_fault(code: str) -> Text | None:
    """What is wrong with the first element of a bracketed string that cannot be right; None where none is seen."""
    for identifier, value in _elements(code.strip()):
        known = _identifier(identifier)
        if known is not None and not re.fullmatch(known.pattern, identifier + value):
            if identifier == "8008" and value.isdecimal() and len(value) == 8:
                return text(_NOT_PRODUCED, stamp=value)
            return text(WRONG_VALUE, identifier=identifier, value=value)
    return None


def _elements(code: str) -> list[tuple[str, str]]:
    """(application identifier, value) of a bracketed string; [] where it does not begin with one.

    Brackets are legal characters of a serial number, too: digits in brackets that are no identifier stay.
    """
    pieces = _BRACKETED.split(code)  # "", identifier, value, identifier, value ...
    elements: list[tuple[str, str]] = []
    for identifier, value in zip(pieces[1::2], pieces[2::2], strict=True):
        if _identifier(identifier) is not None:
            elements.append((identifier, value))
        elif elements:
            elements[-1] = (elements[-1][0], f"{elements[-1][1]}({identifier}){value}")
        else:
            return []
    return [] if pieces[0] else elements


def _without_brackets(code: str) -> str:
    elements = [(identifier, value.rstrip(SEPARATOR)) for identifier, value in _elements(code)]
    return _joined([(part + value, _is_open(part)) for part, value in elements]) if elements else code


@lru_cache(maxsize=1024)
def _is_open(identifier: str) -> bool:
    """Whether a value of this identifier has no fixed end, so that a separator must follow."""
    known = _identifier(identifier)
    return known is not None and known.separator_required


def _joined(parts: list[tuple[str, bool]]) -> str:
    last = len(parts) - 1
    return "".join(part + (SEPARATOR if separated and n < last else "") for n, (part, separated) in enumerate(parts))


@lru_cache(maxsize=1024)
def _identifier(code: str) -> GS1ApplicationIdentifier | None:
    try:
        found = GS1ApplicationIdentifier.extract(code)
    except ParseError:
        return None
    return found if found.ai == code else None


def wrong_number(number: str) -> Text | None:
    """What is wrong with the check digit of a GS1 number; None where it is right, or where this is no number."""
    if len(number) < 2 or not number.isdecimal() or check_digit(number) is None:
        return None
    return text(
        "The check digit of {number} is wrong: one of its digits was misread, or two were swapped.", number=number
    )


def _number_fault(number: str, _now: datetime) -> Text | None:
    return wrong_number(number)


def _key_fault(code: str, _now: datetime) -> Text | None:
    return wrong_number(number_of(code))


@lru_cache(maxsize=4096)
def _produced(element: str) -> datetime | None:
    try:
        at = GS1ElementString.extract(element).datetime
    except (ParseError, ValueError):
        return None
    return at.replace(tzinfo=UTC) if at else None


def _production_fault(code: str, now: datetime) -> Text | None:
    """AI 8008 at the end of a code: year, month, day and hour, which may not lie in the future."""
    if code[-12:-8] != "8008":
        return None
    at = _produced(code[-12:])
    if at and at <= now + _TOLERANCE:
        return None
    return text(_NOT_PRODUCED, stamp=code[-8:])


# What a scheme can name under `checks`. Each gives None, or what is wrong.
CHECKS: Mapping[str, Check] = {
    "gs1 number": _number_fault,
    "gs1 key": _key_fault,
    "gs1 production time": _production_fault,
}

# Base 80, most significant first.
_PRICE_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!\"%&'*+-./_,:;=<>?"
_PLAUSIBLE_KOPECKS = range(2_000, 100_000)


def price(characters: str) -> int | None:
    """Four characters read as the maximum retail price of a pack in kopecks (base 80); None where it is not likely.

    About one code in 400 of another origin passes by chance. Source: domain.md 2.4.
    """
    value = 0
    for character in characters:
        digit = _PRICE_DIGITS.find(character)
        if digit < 0:
            return None
        value = value * 80 + digit
    return value if value in _PLAUSIBLE_KOPECKS else None
