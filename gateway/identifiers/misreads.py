"""What a marking may have been before it was misread, mistyped or damaged on its way: proposals, never corrections.

Each proposal must still pass every check of a scheme before anybody sees it; the library sees to that.
Source of the kinds of damage: domain.md 2.8 (samples) and 0 (traps 2 and 3). Source of the foreign letters: Unicode's
confusables.txt (UTS 39) for Cyrillic and Greek, by what a letter looks like *in its case*: that table makes l of I.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from gateway.content import N_, Text, text

if TYPE_CHECKING:
    from gateway.identifiers.prefixes import Prefixes

# Every message id below takes {uim}; those on one character take its {position}, counted from 1.
LOOK_ALIKE = N_("Perhaps {uim}: characters that look alike (O and 0; I, l and 1) were confused.")
ONE_ALIKE = N_("Perhaps {uim}: character {position} may be {meant}, not {found}.")
CASE = N_("Perhaps {uim}: capital and small letters were confused.")
FOREIGN_LETTERS = N_("Perhaps {uim}: letters of another alphabet, or full-width ones, stand for Latin letters.")
CYRILLIC = N_("Perhaps {uim}: character {position} is a Cyrillic letter that only looks like a Latin one.")
GREEK = N_("Perhaps {uim}: character {position} is a Greek letter that only looks like a Latin one.")
FULL_WIDTH = N_("Perhaps {uim}: character {position} is a full-width one, as East Asian keyboards write them.")
TYPOGRAPHIC = N_("Perhaps {uim}: a telephone or word processor changed its quotation marks or dashes.")
DIGITS = N_("Perhaps {uim}: digits of another script stand for 0 to 9.")
BRACKETS = N_("Perhaps {uim}: its identifiers were put into brackets of another kind.")
HYPHENS = N_("Perhaps {uim}: hyphens were put between its parts.")
AROUND = N_("Perhaps {uim}: signs around it (quotation marks, brackets, a comma) were copied with it.")
INVISIBLE = N_("Perhaps {uim}: spaces or invisible characters got into it.")
ENCODED = N_("Perhaps {uim}: a mail program wrote & or = in another way.")
LOST_ZERO = N_("Perhaps {uim}: a zero at its beginning was lost.")
LOST = N_("Perhaps {uim}: {character} may have been lost at place {position}.")
SEPARATOR = N_("Perhaps {uim}: the group separator before ({identifier}) was lost.")
TWICE = N_("Perhaps {uim}: character {position} ({character}) may have been written twice.")
MERGED = N_("Perhaps {uim}: the characters {found} from {position} on may be one {meant}.")
SWAPPED = N_("Perhaps {uim}: characters {position} and {next} may have been swapped.")
BROKEN = N_("Perhaps {uim}: it was broken at the edge of a column, and its rest stands on the next line.")
STAMP = N_("Perhaps {uim}: the time stamp on the next line belongs to it.")
REST = N_("This is probably the rest of the line above it. Together: {uim}.")
TOGETHER = N_(
    "These are probably {count} codes without a space between them: {first} is the first. Write each on its own line."
)
_SMALL = text("All its letters are small: a telephone may have made capital ones small. Compare it with the pack.")
PARTS = frozenset({BROKEN, REST})  # of a code that stands on several lines
# Damage that is certain to have happened, because no marking holds such characters there.
CERTAIN = frozenset({FOREIGN_LETTERS, CYRILLIC, GREEK, FULL_WIDTH, TYPOGRAPHIC, DIGITS, INVISIBLE, ENCODED, AROUND})

# Cyrillic and Greek letters that a keyboard or a text recognition puts where a Latin one stood.
LETTERS = str.maketrans(
    "АВЕЅЗІЈКМНОРСТУХЬЅаеіјкорсухԁһѕѵѡԛԝбгӏӀҮүԌԜѴΑΒΕΖΗΙΚΜΝΟΡΤΥΧϹϜͿαγικνορυχϲϳϱ",
    "ABES3IJKMHOPCTYXbSaeijkopcyxdhsvwqw6rlIYyGWVABEZHIKMNOPTYXCFJayikvopuxcjp",
)
# What telephones and word processors make of straight quotation marks and hyphens.
_TYPOGRAPHIC = str.maketrans(
    "\u2018\u2019\u201a\u201b\u2032\u02bc\u201c\u201d\u201e\u201f\u2033\u2010\u2011\u2012\u2013\u2014\u2212",
    "''''''\"\"\"\"\"------",
)
# Decimal digits of the scripts of Asia and Africa.
_NUMERALS = {code: str(unicodedata.decimal(chr(code))) for code in range(0x660, 0x1100) if chr(code).isdecimal()}
_DIGITS = str.maketrans("OoDQIil|ZSBG", "000011112586")
# What a number may begin with, misread or not.
LIKE_DIGITS = frozenset("0123456789OoDIil|ZSBG")
_ARTICLE = 13  # digits of an article number (EAN), which has no zero before it
_NUMBERS = (8, 12, 13, 14, 16, 18, 20)  # digits at the beginning of GS1 codes, identifier included
# What a character may have been, the likeliest first; the other case of a letter comes after these.
_ALIKE = {
    "0": "OQDo", "O": "0QD", "o": "0", "Q": "O0", "D": "O0", "1": "Il", "I": "1l", "l": "1I", "i": "1l", "|": "1Il",
    "8": "B", "B": "8", "5": "S", "S": "5", "s": "5", "2": "Z", "Z": "2", "z": "2", "6": "Gb", "G": "6", "b": "6",
}  # fmt: skip
_FEWEST_DIGITS = 7  # of a run for a digit to be looked for that was lost from it: a time stamp has eight
_MANY_SMALL = 8  # letters
_PAIR = {"rn": "m", "vv": "w", "VV": "W", "cl": "d"}  # letters that touch on a pack and look like one
_PAIRS = re.compile("|".join(_PAIR))
_ADDED = re.compile(r" |&[#A-Za-z]|[=%][0-9A-F]{2}")
_UNSEEN = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})
_NUMBER = re.compile(r"\d[.,]?\d*[eE]\+?\d{1,3}|\d{8,}[.,]0+|#{4,}")
_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|apos|#\d{1,4});")
_QUOTED_PRINTABLE = re.compile(r"[=%](3D|26|2B|2F|3F|3C|3E|3A|3B|25|22|27|28|29|2A|2C|2D|2E)")
_OPENING, _OTHER_BRACKETS = frozenset("[{<"), re.compile(r"[\[{<](\d{2,4})[\]}>]")
_BRACKET = frozenset("()")
_BEFORE, BEHIND = "\"'`*_#=+@|", "\"'`*_#,;.:!?"  # a bar behind a code alone may be a letter or a digit of it
_WRAPPED = re.compile(r"(?:<[a-z]{1,10}>|[<\[{])([!-~]+?)(?:</[a-z]{1,10}>|[>\]}])")
_RUNS = re.compile(rf"(?<!\d)\d{{{_FEWEST_DIGITS},20}}(?!\d)")
_ONE_WRONG = re.compile(r"([0-9]*)[^0-9][0-9]*")
_DOUBLED = re.compile(r"(.)\1+", re.DOTALL)


def _small_fault(part: str, _now: datetime) -> Text | None:
    """What is said where eight letters or more are all small: by chance once in 256 codes at most."""
    return _SMALL if part.islower() and sum(map(str.isalpha, part)) >= _MANY_SMALL else None


# What a scheme can name under `advice`.
CHECKS: Mapping[str, Callable[[str, datetime], Text | None]] = {"capital and small letters": _small_fault}


Values = tuple[tuple[str, object], ...]
Guess = tuple[str, str, Values]  # the fields of a Proposal: a hundred are made for one that becomes a Proposal


class Proposal(NamedTuple):
    """What a code may have been, the message id that says why, and its values beside {uim}."""

    uim: str
    why: str
    values: Values = ()


def spreadsheet_number(code: str) -> bool:
    """Whether a spreadsheet has turned a marking into a number (`4.6E+12`, `4780101164394.00`, `#####`)."""
    return _NUMBER.fullmatch(code) is not None


def holds_entity(code: str) -> bool:
    """Whether a code holds `&amp;` or the like: legal characters, but never by chance in this order."""
    return "&" in code and _ENTITY.search(code) is not None


def number_restored(code: str) -> str:
    """The code with a digit in place of the one character among its first fourteen that is none; "" if not one."""
    wrong = _ONE_WRONG.fullmatch(code, 0, 14) if len(code) > 14 else None
    return f"{wrong[1]}0{code[wrong.end(1) + 1 :]}" if wrong else ""


def like_number(code: str) -> bool:
    """Whether a code begins with a letter that may be a digit of a GS1 number: many digits follow."""
    return code[:1] in LIKE_DIGITS and code[:8].translate(_DIGITS).isdecimal() and len(code) >= 8


def proposals(code: str, prefixes: Prefixes) -> list[Proposal]:
    """What the whole of it may have been, or its prefix, its number, its time stamp; none of them is `code` itself.

    At most a dozen, most likely first; the caller keeps those that pass all checks of a scheme.
    """
    clean = cleaned(code)
    found: dict[str, Proposal] = {}
    for proposal in (clean, *_undressed(clean.uim), *_restored(clean, prefixes)):
        found.setdefault(proposal.uim, proposal)
    found.pop(code, None)
    return list(found.values())


def slips(code: str, since: int = 0) -> Iterator[Guess]:
    """The code with one character read otherwise, or one of two equal ones left out; the likeliest first.

    About one and a half proposals a character: most fail the checks of every scheme. Characters before the place
    `since` (from 0) are left as they are.
    """
    for place, found in enumerate(code[since:], since):
        for meant in _ALIKE.get(found, ""):
            yield one_alike(code, place, found, meant)
    for run in _DOUBLED.finditer(code, since):
        values = (("position", run.end()), ("character", run[1]))
        yield code[: run.end() - 1] + code[run.end() :], TWICE, values
    for pair in _PAIRS.finditer(code, since):
        meant = _PAIR[pair[0]]
        seen = (("position", pair.start() + 1), ("found", pair[0]), ("meant", meant))
        yield code[: pair.start()] + meant + code[pair.end() :], MERGED, seen
    for place, found in enumerate(code[since:], since):
        if found.isalpha() and found.isascii():
            yield one_alike(code, place, found, found.swapcase())


def swaps(code: str, since: int = 0) -> Iterator[Guess]:
    """The code with two neighbours in each other's place, as fingers do it; from the place `since` (from 0) on.

    No bracket is moved: another identifier would result.
    """
    for place in range(since, len(code) - 1):
        if code[place] != code[place + 1] and _BRACKET.isdisjoint(code[place : place + 2]):
            yield exchanged(code, place)


def lost(code: str, since: int = 0) -> tuple[tuple[Guess, ...], tuple[Guess, ...]]:
    """The code with one digit more where many stand in a row: (one of two equal ones or a leading zero, any other).

    Elsewhere nothing could tell a right guess from a wrong one. None is put before the place `since` (from 0).
    """
    twins: dict[str, Guess] = {}
    others: dict[str, Guess] = {}
    for run in _RUNS.finditer(code):
        for place in range(max(run.start(), since), run.end() + 1):
            beside = code[max(place - 1, run.start()) : place + 1]
            for digit in "0123456789":
                restored = code[:place] + digit + code[place:]
                values = (("character", digit), ("position", place + 1))
                likely = digit in beside or (digit == "0" and place == run.start())
                (twins if likely else others).setdefault(restored, (restored, LOST, values))
    return tuple(twins.values()), tuple(other for restored, other in others.items() if restored not in twins)


def one_case(code: str) -> bool:
    """Whether every letter is small, or all but the first as a telephone writes it: case that nobody can restore."""
    rest = code[1:]
    return rest == rest.lower() and (rest != rest.upper() or code != code.upper())


def one_alike(code: str, place: int, found: str, meant: str) -> Guess:
    """The code with another character at a place (from 0)."""
    values = (("position", place + 1), ("meant", meant), ("found", found))
    return code[:place] + meant + code[place + 1 :], ONE_ALIKE, values


def swapped(code: str, place: int) -> str:
    """The code with the character at a place (from 0) and the next one in each other's place."""
    return code[:place] + code[place + 1] + code[place] + code[place + 2 :]


def exchanged(code: str, place: int) -> Proposal:
    """That code as a proposal."""
    return Proposal(swapped(code, place), SWAPPED, (("position", place + 1), ("next", place + 2)))


def cleaned(code: str) -> Proposal:
    """The code without what mail programs and keyboards add; `why` is "" where nothing was to be done."""
    if code.isascii() and code.isprintable() and not _ADDED.search(code):
        return Proposal(code, "")
    found = Proposal(code, "")
    for reason, step in ((ENCODED, _decoded), (INVISIBLE, _visible), (FOREIGN_LETTERS, latin)):
        changed = step(found.uim)
        if changed != found.uim:
            reason, values = _foreign(found.uim) if reason is FOREIGN_LETTERS else (reason, ())
            found = Proposal(changed, found.why or reason, found.values or values)
    return found


def _foreign(code: str) -> tuple[str, tuple[tuple[str, object], ...]]:
    """Which alphabet the first foreign character is of, and where it stands; only in general if there are several."""
    places = [place for place, character in enumerate(code) if not character.isascii()]
    for why, table in ((TYPOGRAPHIC, _TYPOGRAPHIC), (DIGITS, _NUMERALS)):
        if all(ord(code[place]) in table for place in places):
            return why, ()
    name = unicodedata.name(code[places[0]], "")
    known = {"CYRILLIC": CYRILLIC, "GREEK": GREEK, "FULLWIDTH": FULL_WIDTH}.get(name.partition(" ")[0])
    if known is None or len(places) > 1:
        return FOREIGN_LETTERS, ()
    return known, (("position", places[0] + 1),)


def _decoded(code: str) -> str:
    plain = html.unescape(code)
    if plain != code:
        plain = html.unescape(plain)  # a mail program's copy of what a page had made of it
    return _QUOTED_PRINTABLE.sub(lambda found: chr(int(found[1], 16)), plain)


def _visible(code: str) -> str:
    if code.isascii() and code.isprintable() and " " not in code:
        return code
    return "".join(x for x in code if x == "\x1d" or unicodedata.category(x) not in _UNSEEN)


def latin(code: str) -> str:
    """A code with full-width and foreign letters as the Latin ones that they look like, digits of any script as 0-9."""
    if code.isascii():
        return code
    code = unicodedata.normalize("NFKC", code.translate(_TYPOGRAPHIC).translate(LETTERS))
    return code.translate(LETTERS).translate(_NUMERALS)


def _restored(clean: Proposal, prefixes: Prefixes) -> list[Proposal]:
    """The code with other characters in its prefix, its number, or its time stamp, or with capital letters."""
    code = clean.uim
    found: list[Proposal] = []
    meant = prefixes.meant(code)
    prefixed = meant + code[len(meant) :]
    if meant:
        same = code[: len(meant)].upper() == meant.upper()
        found.append(_told(code, prefixed, clean, CASE if same else LOOK_ALIKE))
    elif edited := prefixes.edited(code):
        found.append(edited)
    if one_case(code):
        found.append(Proposal(code.upper(), CASE))
    stamp = prefixed[-8:].translate(_DIGITS)
    if stamp.isdecimal() and stamp != code[-8:]:
        found.append(_told(code, prefixed[:-8] + stamp, clean, LOOK_ALIKE))
    if code[:1] not in LIKE_DIGITS:
        return found
    leading = code[: _NUMBERS[-1]].translate(_DIGITS)
    told = code
    for size in _NUMBERS if leading != code[: _NUMBERS[-1]] else ():
        if len(leading) < size or not leading[:size].isdecimal():
            break
        if (number := leading[:size] + code[size:]) != told:
            found.append(_told(code, number, clean, LOOK_ALIKE))
            told = number
    if code[:1] in "123456789":
        found.append(Proposal("0" + code, clean.why or LOST_ZERO, clean.values))
    return found


def _undressed(code: str) -> list[Proposal]:
    """The code without what people and programs put around it and between its parts."""
    found: list[Proposal] = []
    if (bare := code.lstrip(_BEFORE).rstrip(BEHIND + "|" if code[:1] == "|" else BEHIND)) != code:
        found.append(Proposal(bare, AROUND))
        if "0" < bare[:1] <= "9" and len(bare) > _ARTICLE:
            found.append(Proposal("0" + bare, LOST_ZERO))  # a formula (`=4600…`) has no zero at its beginning
    if code[:1] in _OPENING:
        if wrapped := _WRAPPED.fullmatch(code):
            found.append(Proposal(wrapped[1], AROUND))
        found.append(Proposal(_OTHER_BRACKETS.sub(r"(\1)", code), BRACKETS))
    if "-" in code:
        found.append(Proposal(code.replace("-", ""), HYPHENS))
    return found


def _told(code: str, restored: str, clean: Proposal, why: str) -> Proposal:
    """A proposal that says which character was taken for which, where it is one."""
    if clean.why and clean.why is not INVISIBLE:  # of a space and a misread character the character is worth telling
        return Proposal(restored, clean.why, clean.values)
    changed = [place for place, (a, b) in enumerate(zip(code, restored, strict=False)) if a != b]
    if len(changed) == 1 and len(code) == len(restored):
        return Proposal(*one_alike(code, changed[0], code[changed[0]], restored[changed[0]]))
    return Proposal(restored, why)
