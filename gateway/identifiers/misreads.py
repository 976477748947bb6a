"""What a marking may have been before it was misread, mistyped or damaged on its way: proposals, never corrections.

Each proposal must still pass every check of a scheme before anybody sees it; the library sees to that.
Source of the kinds of damage: domain.md 2.8 (samples) and 0 (traps 2 and 3).
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable, Iterator

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
_LIKE_DIGITS = frozenset("0123456789OoDIil|ZSBG")
_NUMBERS = (8, 12, 13, 14, 16, 18, 20)  # digits at the beginning of GS1 codes, identifier included
_LOOKS = str.maketrans("oil|szb", "0111528")
_PLAIN = re.compile(r"[!\"%'()*+,\-./0-9:;<>?A-Z_a-z\x1d]*")  # neither & nor =
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


class Prefixes:
    """Known issuers' prefixes, to be found again in a code that was misread there."""

    __slots__ = ("_by_look", "_lengths")

    def __init__(self, prefixes: Iterable[str]) -> None:
        self._by_look = {folded(prefix): prefix for prefix in prefixes}
        self._lengths = sorted({len(prefix) for prefix in self._by_look}, reverse=True)

    def meant(self, code: str) -> str:
        """The prefix that a code's beginning was probably meant to be, "" if none, or if it is that one."""
        look = folded(code[: self._lengths[0]]) if self._lengths else ""
        for length in self._lengths:
            found = self._by_look.get(look[:length], "")
            if found:
                return "" if code.startswith(found) else found
        return ""


def proposals(code: str, prefixes: Prefixes) -> Iterator[tuple[str, str]]:
    """Pairs of (what it may have been, message id that says why); none of them is `code` itself.

    At most a dozen, most likely first; the caller keeps those that pass all checks of a scheme.
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


def _clean(code: str) -> tuple[str, str]:
    """The code without what mail programs and keyboards add, and why ("" where nothing was to be done)."""
    why = ""
    if _PLAIN.fullmatch(code):
        return code, ""
    for reason, step in ((ENCODED, _decoded), (INVISIBLE, _visible), (FOREIGN_LETTERS, _latin)):
        changed = step(code)
        why = why or (reason if changed != code else "")
        code = changed
    return code, why


def _decoded(code: str) -> str:
    return _QUOTED_PRINTABLE.sub(lambda found: chr(int(found[1], 16)), html.unescape(code))


def _visible(code: str) -> str:
    return "".join(x for x in code if x == "\x1d" or unicodedata.category(x) not in _UNSEEN)


def _latin(code: str) -> str:
    return unicodedata.normalize("NFKC", code).translate(_LETTERS)


def _attempts(cleaned: str, why: str, prefixes: Prefixes) -> Iterable[tuple[str, str]]:
    yield cleaned, why
    meant = prefixes.meant(cleaned)
    prefixed = meant + cleaned[len(meant) :]
    if meant:
        same = cleaned[: len(meant)].upper() == meant.upper()
        yield prefixed, why or (CASE if same else LOOK_ALIKE)
    stamp = prefixed[-8:].translate(_DIGITS)
    if stamp.isdecimal():
        yield prefixed[:-8] + stamp, why or LOOK_ALIKE
    if cleaned[:1] not in _LIKE_DIGITS:
        return
    leading = cleaned[: _NUMBERS[-1]].translate(_DIGITS)
    for size in _NUMBERS:
        if leading[:size].isdecimal() and len(leading) >= size:
            yield leading[:size] + cleaned[size:], why or LOOK_ALIKE
    if cleaned[:1] in "123456789":
        yield "0" + cleaned, why or LOST_ZERO
