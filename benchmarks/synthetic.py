"""A pattern library of 2,000 patterns (the real one and Parties made up here) and lists of UIMs of it."""

from __future__ import annotations

import random
import re
import string
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from biip.checksums import gs1_standard_check_digit

from gateway import data
from gateway.library import PatternLibrary
from gateway.library.changes import written

PATTERNS = 2_000
_LETTERS, _DIGITS = string.ascii_uppercase, string.digits
_BOTH = string.ascii_letters + _DIGITS
_SIGNS = _BOTH + "!\"%&'()*+,-./_:;=<>?"
_CLASSES = {_DIGITS: "[0-9]", _LETTERS + _DIGITS: "[0-9A-Z]", _BOTH: "[0-9A-Za-z]",
            _SIGNS: "[!\"%&'()*+,\\-./0-9:;<=>?A-Z_a-z]"}  # fmt: skip
_STAMP = {"check": "time stamp", "from": -8}

AT = datetime(2026, 11, 21, tzinfo=UTC)

Scheme = dict[str, Any]


def texts(seed: str = "library") -> dict[str, str]:
    """The files of the library: the shipped ones, and one for every made-up Party."""
    shipped = data.pattern_texts()
    real = sum(text.count("\n    pattern: ") - text.count("\n    pattern: null") for text in shipped.values())
    files: dict[str, list[Scheme]] = {}
    for scheme in _schemes(random.Random(seed), PATTERNS - real):
        files.setdefault(f"made_up_{(scheme['party'] or 'nobody').lower()}.yaml", []).append(scheme)
    return {**shipped, **{name: written(schemes) for name, schemes in files.items()}}


def _schemes(chance: random.Random, count: int) -> Iterator[Scheme]:
    """As in the real library: a Party has a prefix, and several kinds of markings that begin with it.

    One pattern of twenty is a general structure without any prefix, which no index by prefixes can help with.
    """
    parties = ("KE", "SE", "PL", "LT", "GB", "UY", "TR", "BR", "EC", "PK", "IN", "FR", "ES", "AT", "CZ", "MU", "QA")
    taken: set[str] = set()
    made = 0
    while made < count:
        prefix = _new(chance, taken)
        party = chance.choice(parties)
        alphabet = chance.choice((_DIGITS, _LETTERS + _DIGITS, _BOTH, _BOTH, _SIGNS))
        size = chance.randint(7, 18)
        family: list[Scheme] = []
        match chance.randrange(5):
            case 0:
                family = [_coded(prefix, alphabet, size, True), _coded(prefix, alphabet, size, False)]
            case 1:
                family = [_coded(prefix, alphabet, size, stamped) for stamped in (True, False)]
                family.append(_coded(prefix, alphabet, max(size - 4, 5), False))
            case 2:
                family = [_ranging(prefix, alphabet, size)]
            case 3:
                family = [_numbered(chance, taken, size)]
            case 4:
                family = [_coded(prefix, alphabet, size, False)]
        if made % 20 < len(family):
            family[0] = _general(chance)
        for kind, scheme in enumerate(family[: count - made]):
            name = {"id": f"made-up-{made}", "title": f"Made up, marking {made}, kind {kind}"}
            yield {
                **name,
                "party": party,
                "issuer": f"Printing works {made % 211}",
                **scheme,
                **_described(chance, scheme),
            }
            made += 1


def _described(chance: random.Random, scheme: Mapping[str, Any]) -> Scheme:
    """What every entry tells, and its samples."""
    samples = [_sample(scheme, chance) for _ in range(2)]
    return {
        "structure": "made up for the measurement: prefix, serial number, time stamp where there is one",
        "valid": samples,
        "invalid": [{"uim": samples[0] + "\x7f", "because": "a character too many"}],
        "confidence": "high",
        "verified": True,
        "source": "made up for the measurement, in the form of the published ones",
    } | ({"party": None, "confidence": "low", "verified": False} if scheme["decides"] == "hint" else {})


def _new(chance: random.Random, taken: set[str]) -> str:
    """A prefix of four to six characters as issuing agencies give them out; none begins with another."""
    while True:
        prefix = chance.choice("KLQ") + "".join(chance.choices(_LETTERS + _DIGITS, k=chance.choice((3, 4, 4, 5))))
        beginnings = {prefix[:n] for n in range(3, 7)}
        if not beginnings & taken and prefix[1] in _LETTERS:
            taken |= {prefix}
            return prefix


def _coded(prefix: str, alphabet: str, size: int, stamped: bool) -> Scheme:
    """Prefix, characters of an alphabet, and a time stamp or none: the form of Implementing Regulation 2018/574."""
    length = len(prefix) + size + 8 * stamped
    return {
        "level": "unit packet",
        "pattern": f"{prefix}{_CLASSES[alphabet]}{{{size}}}" + r"\d{8}" * stamped,
        "prefixes": [prefix],
        "length": {"min": length, "max": length},
        "alphabet": "iso646" if alphabet == _SIGNS else "alphanumeric",
        **({"checks": [dict(_STAMP)]} if stamped else {}),
        "fields": _fields(prefix, stamped),
        "decides": "sure",
        "rank": 95 if stamped else 90,
    }


def _fields(prefix: str, stamped: bool) -> list[Scheme]:
    """The named fields of such a code."""
    serial: Scheme = {"name": "serial", "at": [len(prefix), -8 if stamped else None]}
    stamp_: list[Scheme] = [{"name": "time stamp", "at": [-8, None]}] if stamped else []
    return [{"name": "prefix", "at": [0, len(prefix)]}, serial, *stamp_]


def _ranging(prefix: str, alphabet: str, size: int) -> Scheme:
    """As before, of no fixed length."""
    return {
        "level": "unit packet",
        "pattern": f"{prefix}{_CLASSES[alphabet]}{{{size - 2},{size + 6}}}" + r"\d{8}",
        "prefixes": [prefix],
        "length": {"min": len(prefix) + size + 6, "max": len(prefix) + size + 14},
        "checks": [dict(_STAMP)],
        "fields": _fields(prefix, True),
        "decides": "ambiguous",
        "rank": 60,
    }


def _numbered(chance: random.Random, taken: set[str], size: int) -> Scheme:
    """A GTIN of one company and a serial number, with or without the group separator: the form of GS1 markings."""
    while (company := "".join(chance.choices(_DIGITS, k=5))) in taken:
        pass
    taken.add(company)
    return {
        "level": "unit packet",
        "pattern": rf"010{company}\d{{8}}21[!-Z_a-z]{{{size - 3},{size}}}(?:\x1d93[0-9A-Za-z]{{4}})?",
        "prefixes": [f"010{company}"],
        "checks": [{"check": "gs1 key"}],
        "fields": [{"name": "gtin", "ai": "01"}, {"name": "serial", "ai": "21"}],
        "decides": "sure",
        "rank": 90,
    }


def _general(chance: random.Random) -> Scheme:
    """Letters and digits at certain places, and no prefix."""
    letters, digits, more = chance.randint(1, 3), chance.randint(6, 9), chance.randint(4, 8)
    return {
        "level": "unit packet",
        "pattern": rf"[A-Z]{{{letters}}}\d{{{digits}}}[0-9A-F]{{{more}}}",
        "decides": "hint",
        "rank": 10,
    }


def _sample(scheme: Mapping[str, Any], chance: random.Random) -> str:
    """A code of a scheme that was made here."""
    return next(codes(scheme["pattern"], chance))


def codes(pattern: str, chance: random.Random) -> Iterator[str]:
    """Codes without end that a pattern of ours has, with right check digits and time stamps."""
    parts = _parts(pattern)
    while True:
        code = "".join(part(chance) for part in parts)
        if pattern.startswith("010"):
            code = f"{code[:15]}{gs1_standard_check_digit(code[2:15])}{code[16:]}"
        yield code


def _parts(pattern: str) -> tuple[Callable[[random.Random], str], ...]:
    """The pieces of a pattern, each as a function that makes one."""
    found: list[Callable[[random.Random], str]] = []
    for piece in re.findall(r"\(\?:.*?\)\?|(?:\[[^]]*\]|\\d)\{[\d,]+\}|.", pattern):
        if piece.startswith("(?:"):
            found.append(lambda chance: "\x1d93" + "".join(chance.choices(_BOTH, k=4)) if chance.random() < 0.5 else "")
        elif piece == r"\d{8}" and not pattern.startswith("010"):
            found.append(stamp)
        elif piece.endswith("}"):
            found.append(_several(*piece[:-1].rsplit("{", 1)))
        else:
            found.append(partial(_same, piece))
    return tuple(found)


def _same(piece: str, _chance: random.Random) -> str:
    return piece


def _several(one: str, times: str) -> Callable[[random.Random], str]:
    alphabets = {**{written_: alphabet for alphabet, written_ in _CLASSES.items()}, r"\d": _DIGITS, "[A-Z]": _LETTERS}
    alphabet = alphabets.get(one, _DIGITS + "ABCDEF" if one == "[0-9A-F]" else _BOTH)
    least, _, most = times.partition(",")
    return lambda chance: "".join(chance.choices(alphabet, k=chance.randint(int(least), int(most or least))))


def stamp(chance: random.Random) -> str:
    """An hour of the years before 2026."""
    return f"{chance.randint(19, 25)}{chance.randint(1, 12):02d}{chance.randint(1, 28):02d}{chance.randint(0, 23):02d}"


def mixed(library: PatternLibrary, chance: random.Random, count: int, party: str = "") -> list[str]:
    """Of a hundred UIMs ninety valid, five damaged, three unknown, two as a scanner or a label gives them.

    `party`: whose markings; "" for those of all.
    """
    good = _valid(library, chance, party)
    made: list[str] = []
    for number in range(count):
        code = next(good[number % len(good)])
        match chance.randrange(100):
            case 0 | 1 | 2 | 3 | 4:
                code = damaged(code, chance)
            case 5 | 6 | 7:
                code = "".join(chance.choices(_SIGNS, k=chance.randint(6, 40)))
            case 8 | 9:
                code = f"]d2{code}" if chance.random() < 0.5 else _bracketed(code)
        made.append(code)
    return made


def damaged(code: str, chance: random.Random) -> str:
    """A code as it comes after a misreading, a phone, a mail program or a spreadsheet."""
    place = chance.randrange(len(code))
    match chance.randrange(6):
        case 0:
            return code[:place] + chance.choice("OIlSBZ015826") + code[place + 1 :]
        case 1:
            return code[:place] + code[place + 1 :]
        case 2:
            return code[:place] + code[place : place + 1] + code[place:]
        case 3:
            return code.lower()
        case 4:
            return code.replace("A", "\u0410", 1) if "A" in code else code[:place] + "\u00a0" + code[place:]
        case _:
            return code[:-8] + "25130199"


def _bracketed(code: str) -> str:
    return re.sub(r"^(01)(\d{14})(21)", r"(\1)\2(\3)", code)


def _valid(library: PatternLibrary, chance: random.Random, party: str) -> Sequence[Iterator[str]]:
    """Codes without end of each scheme in turn; those of real schemes are their samples with other serial numbers."""
    made: list[Iterator[str]] = []
    for scheme in library.schemes:
        if party not in ("", scheme.party):
            continue
        if scheme.id.startswith("made-up-"):
            made.append(codes(scheme.pattern, chance))
        elif scheme.valid:
            made.append(_like(library, scheme.id, scheme.valid, chance))
    return made


def _like(library: PatternLibrary, scheme: str, samples: Sequence[str], chance: random.Random) -> Iterator[str]:
    """Samples with characters changed for others of their kind as long as the code stays one of the scheme."""
    known = list(samples)
    while True:
        code = chance.choice(known)
        if len(known) < 100:
            place = chance.randrange(len(code))
            kind = next((one for one in (_DIGITS, _LETTERS, string.ascii_lowercase) if code[place] in one), code[place])
            changed = code[:place] + chance.choice(kind) + code[place + 1 :]
            if scheme in library.fits(changed, AT):
                known.append(changed)
        yield code
