"""Colons, ticks, letters and dates as people write them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from functools import cache

from babel import Locale

from gateway.language import LANGUAGES, normalise

COLON = re.compile("[:：﹕︓∶]")
LONG = 200  # no label, and no part of one, is longer
_TICK = re.compile(
    r"[\s*_•·\-–]*(?:[\[［]\s*(?P<mark>[xXхХ✓✔✗✘×*☒☑✅+VvѴ√])\s*[\]］]|[(（]\s*(?P<round>[xXхХ✓✔✗✘×*☒☑✅√])\s*[)）]|"
    r"(?P<sign>[☑☒✓✔✅🗹🗵√])|(?P<bare>[xX×✗✘])(?=\s*[(（]\s*[a-jA-J]\s*[)）])|"
    r"(?P<blank>[\[（(［][\s_]*[\]）)］]|[☐□▢⬜]))\s*(?P<rest>.*)"
)
_HANDLING = re.compile(r"\W*H\s?([0-3])(?![0-9A-Za-z_])\W*(.*)", re.IGNORECASE | re.DOTALL)
_CODES = re.compile(r"(?<![0-9A-Za-z_])H\s?[0-9]", re.IGNORECASE)
_CODED = 60  # characters of a line that says such a code behind a word
_OFFERED = re.compile(r"\W*H0\W+H1\W+H2\W+H3\W*", re.IGNORECASE)
# Letters that look like ours, and those by which the Arabic text of the Protocol counts: (أ) to (ي).
_ALIKE = str.maketrans("асіјأاإبجدهوزحطيى", "acijaaabcdefghijj", "\u0640")
# Begun only where a row of blanks begins: else a long row takes its square.
_AND = re.compile(r"(?<![\s,،])[\s,،]+(?:(?:and|et|y|и)\s+|و(?:\s+|(?=[(（])))|[和及]")
# Blanks are read in one way only: else a line of letters with blanks between takes hours.
_LETTER = r"(?:[(（]\s*)?[a-j](?:\s*[)）])?"
_LETTERS = re.compile(rf"{_LETTER}(?:(?:\s*[,;،、/&+]\s*|\s+){_LETTER})*\s*\.?", re.IGNORECASE)
_RANGE = re.compile(rf"({_LETTER})\s*[-–—]\s*({_LETTER})\s*\.?", re.IGNORECASE)


def tick(line: str) -> tuple[bool, str] | None:
    """(ticked, what stands behind the box) of a line that begins with a box; None for any other line."""
    found = _TICK.fullmatch(line.replace("\ufe0f", "")) if len(line) < 400 else None
    if found is None:
        return None
    return found["blank"] is None, found["rest"]


def letters(written: str) -> frozenset[str]:
    """The data (a) to (j) that a line such as `a, b, f`, `(a), (b)` or `(a) - (d)` names; nothing for other lines."""
    if len(written) > 80:
        return frozenset()
    text = _AND.sub(",", unicodedata.normalize("NFKC", written).strip().lower()).translate(_ALIKE)
    ends = _RANGE.fullmatch(text)
    if ends:
        first, last = (re.sub("[^a-j]", "", end) for end in ends.groups())
        return frozenset(chr(code) for code in range(ord(first), ord(last) + 1))
    return frozenset(re.findall("[a-j]", text)) if _LETTERS.fullmatch(text) else frozenset()


def handling(written: str) -> tuple[str, str] | None:
    """(code H0 to H3, words behind it) of a Handling line that begins with one code and names no other; else None.

    ("", "") where it holds the choice that the form offers, whose sign a client has lost: nothing was chosen.
    """
    line = unicodedata.normalize("NFKC", written)
    if _OFFERED.fullmatch(line):
        return "", ""
    found = _HANDLING.fullmatch(line)
    return None if found is None or _CODES.search(found[2]) else (f"H{found[1]}", found[2].strip())


def coded(line: str) -> str | None:
    """The code H0 to H3 that stands alone behind a word and a colon; None in any other line."""
    word, _, rest = line.partition(":") if ":" in line else line.partition("：")
    if not rest or len(line) > _CODED or any(map(str.isdigit, word)):
        return None
    read = handling(rest)
    return read[0] if read and read[0] and not read[1] else None


@cache
def _months() -> Mapping[str, int]:
    """Names of months in the six languages, long and short, normalised."""
    names: dict[str, int] = {}
    for language in LANGUAGES:
        months = Locale.parse(language).months
        for context in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, name in months[context].get(width, {}).items():
                    key = normalise(name)
                    if not key.isdecimal():
                        names[key] = number
    return names


def read_date(written: str) -> str | None:
    """A date as YYYY-MM-DD; None when it can be read in more than one way, "" when it is none.

    Year first, or day.month.year with dots, or the month's name in one of the six languages; day and month between
    slashes or dashes only where one of them is above 12.
    """
    plain = "".join(str(unicodedata.digit(c)) if c.isdigit() else c for c in unicodedata.normalize("NFKC", written))
    plain = re.sub(r"\d{1,2}:\d{2}.*", "", plain)
    month = next((n for word in re.findall(r"[^\W\d_]+\.?", plain) if (n := _months().get(normalise(word), 0))), 0)
    numbers = [int(number) for number in re.findall(r"\d{1,4}(?!\d)", plain)]
    if month and len(numbers) == 2:
        numbers.sort()
        return _iso(numbers[1], month, numbers[0])
    if len(numbers) != 3 or month or re.search(r"[^\W\d_]{4,}", plain):
        return ""
    if numbers[0] > 31:
        return _iso(*numbers)
    day, month, year = numbers
    if year < 100 or ("." not in plain and day <= 12 and month <= 12 and day != month):
        return None
    return _iso(year, day, month) if month > 12 else _iso(year, month, day)


def _iso(year: int, month: int, day: int) -> str:
    try:
        return date(year, month, day).isoformat() if year >= 1000 else ""
    except ValueError:
        return ""
