"""What a marking may have been before it was misread, mistyped or damaged on its way: proposals, never corrections.

Each proposal must still pass every check of a scheme before anybody sees it; the library sees to that.
Source of the kinds of damage: domain.md 2.8 (samples) and 0 (traps 2 and 3).
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping

from gateway.content import N_

# Every message id below takes {uim}.
LOOK_ALIKE = N_("Perhaps {uim}: characters that look alike (O and 0; I, l and 1) were confused.")
CASE = N_("Perhaps {uim}: capital and small letters were confused.")
FOREIGN_LETTERS = N_("Perhaps {uim}: letters of another alphabet, or full-width ones, stand for Latin letters.")
INVISIBLE = N_("Perhaps {uim}: spaces or invisible characters got into it.")
ENCODED = N_("Perhaps {uim}: a mail program wrote & or = in another way.")
LOST_ZERO = N_("Perhaps {uim}: a zero at its beginning was lost.")
# Damage that is certain to have happened, because no marking holds such characters.
CERTAIN = frozenset({FOREIGN_LETTERS, INVISIBLE, ENCODED})

# Cyrillic and Greek letters that a keyboard or a text recognition puts where a Latin one stood.
_LETTERS = str.maketrans(
    "АВЕЅЗІЈКМНОРСТУХаеіјорсухԁһΑΒΕΖΗΙΚΜΝΟΡΤΥΧο",
    "ABES3IJKMHOPCTYXaeijopcyxdhABEZHIKMNOPTYXo",
)
_DIGITS = str.maketrans("OoQDIil|ZSBG", "000011112586")
_LOOKS = str.maketrans("oil|szb", "0111528")
_UNSEEN = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp"})
_NUMBER = re.compile(r"\d[.,]?\d*[eE]\+?\d{1,3}|\d{8,}[.,]0+")
_ENTITY = re.compile(r"&(?:amp|lt|gt|quot|apos|#\d{1,4});")
_QUOTED_PRINTABLE = re.compile(r"=(3D|26|2B|2F|3F|3C|3E|3A|3B|25|22|27|28|29|2A|2C|2D|2E)")


def spreadsheet_number(code: str) -> bool:
    """Whether a spreadsheet has turned a marking into a number (`4.6E+12`, `4780101164394.00`)."""
    return _NUMBER.fullmatch(code) is not None


def holds_entity(code: str) -> bool:
    """Whether a code holds `&amp;` or the like: legal characters, but never by chance in this order."""
    return "&" in code and _ENTITY.search(code) is not None


def folded(code: str) -> str:
    """A code with everything made equal that is confused with one another: for comparing beginnings."""
    return code.translate(_LETTERS).casefold().translate(_LOOKS)


def proposals(code: str, prefixes: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Pairs of (what it may have been, message id that says why); none of them is `code` itself.

    `prefixes` are the known issuers' prefixes by their `folded` form. At most a dozen, most likely
    first; the caller keeps those that pass all checks of a scheme.
    """
    seen = {code}
    cleaned, why = _clean(code)
    for attempt, reason in _attempts(cleaned, why, prefixes):
        if attempt not in seen:
            seen.add(attempt)
            yield attempt, reason


def one_case(code: str) -> bool:
    """Whether every letter is small: a marking folded to one case, which nobody can undo."""
    return code == code.lower() and code != code.upper()


def near_prefix(code: str, prefixes: Mapping[str, str]) -> str:
    """The known prefix that a code's beginning was probably meant to be, "" if none (or if it is one)."""
    for length in {len(prefix) for prefix in prefixes}:
        meant = prefixes.get(folded(code[:length]), "")
        if meant and not code.startswith(meant):
            return meant
    return ""


def _clean(code: str) -> tuple[str, str]:
    """The code without what mail programs and keyboards add, and why ("" where nothing was to be done)."""
    steps = (
        (ENCODED, lambda c: _QUOTED_PRINTABLE.sub(lambda found: chr(int(found[1], 16)), html.unescape(c))),
        (INVISIBLE, lambda c: "".join(x for x in c if x == "\x1d" or unicodedata.category(x) not in _UNSEEN)),
        (FOREIGN_LETTERS, lambda c: unicodedata.normalize("NFKC", c).translate(_LETTERS)),
    )
    why = ""
    for reason, step in steps:
        changed = step(code)
        why = why or (reason if changed != code else "")
        code = changed
    return code, why


def _attempts(cleaned: str, why: str, prefixes: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    yield cleaned, why
    meant = near_prefix(cleaned, prefixes)
    prefixed = meant + cleaned[len(meant) :]
    reason = CASE if meant and cleaned[: len(meant)].upper() == meant.upper() else LOOK_ALIKE
    if meant:
        yield prefixed, why or reason
    yield prefixed[:-8] + prefixed[-8:].translate(_DIGITS), why or LOOK_ALIKE
    for digits in (14, 16, 18, 20):
        yield cleaned[:digits].translate(_DIGITS) + cleaned[digits:], why or LOOK_ALIKE
    if cleaned[:1].isdecimal():
        yield "0" + cleaned, why or LOST_ZERO
