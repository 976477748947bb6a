"""How words stand in a letter: cleaned, on lines of 76 columns, and in HTML isolated from the direction around them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from markupsafe import Markup, escape

from gateway.facts import ExchangeNumber, ReferralNumber
from gateway.forms._grammar import HINT
from gateway.language import normalise

_COLUMNS = 76
# Control characters, and what turns or hides the text around it; the group separator is shown instead.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
_BREAKS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_LEFT_TO_RIGHT = re.compile(r"GSP-\d{4}-\d{6,9}(?:/[A-Z]{2})?|(?<![\w.+-])[\w.+-]++@[\w.-]*\w")  # numbers and addresses
_ADDRESS = re.compile(r"[\w.+-]+@[\w.-]+")  # is no title, and is copied
_WORD = re.compile("[ \t]*[^ \t]+[ \t]*|[ \t]+")  # no-break spaces hold
_FRENCH = frozenset(":;?!»")  # no line begins with one, whatever space stands before it; and none ends with «
# Between wide characters, but no line begins with a closing or ends with an opening sign (Unicode UAX 14, CL, OP).
_WIDE = re.compile(
    "(?<=[\u3000-\u303f\u3400-\u9fff\uff00-\uffef])(?<![（《「『【〔])(?![、。，．：；！？）》」』】〕”’…])"
)
_HINT = f"{HINT} "
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")


def words(value: str) -> str:
    """A person's words without characters that control or turn the text around them; lines end in `\\n`."""
    return _CONTROLS.sub("", _BREAKS.sub("\n", value.replace("\x1d", "<GS>")))


def plain(value: object) -> str:
    """A value on one line: instants in UTC to the minute, days as ISO 8601, a person's words cleaned."""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M UTC")
    if isinstance(value, date):
        return value.isoformat()
    if not isinstance(value, str):
        return str(value)
    one = value if value.isascii() and value.isprintable() else " / ".join(words(value).split("\n"))
    return f"| {one}" if "gsp" in one.casefold() and _is_like_a_title(one) and not _ADDRESS.fullmatch(one) else one


def _is_like_a_title(words: str) -> bool:
    """Whether a mail program that puts the words on a line of their own makes the title of a form of them."""
    bare = normalise(words)
    return (bare.startswith("gsp") and bare[3:4].isalpha()) or bare.endswith("gsp")


def shown(value: object) -> str:
    """A value to be copied (a UIM, a number, a digest): octet for octet, the group separator as `<GS>`."""
    return words(value).replace("\n", " ") if isinstance(value, str) else plain(value)


def wrapped(value: object, indent: str = "") -> str:
    """Lines of at most 76 columns; broken at spaces, and between wide characters, never inside a word."""
    text = str(value)
    if len(text) * 2 <= _COLUMNS or (text.isascii() and len(text) <= _COLUMNS and "\n" not in text):
        return text
    return "\n".join(line for paragraph in text.split("\n") for line in _lines(paragraph, indent))


def _lines(paragraph: str, indent: str) -> Iterable[str]:
    line, width = "", 0
    for chunk in _chunks(paragraph):
        wide = len(chunk) if chunk.isascii() else sum(map(columns, chunk))
        if line.strip() and width + wide - (chunk[-1] == " ") > _COLUMNS:
            yield line.rstrip()
            line, width = indent, len(indent)
        line += chunk
        width += wide
    yield line.rstrip()


def _chunks(paragraph: str) -> Iterable[str]:
    """Words with the white space after them; between wide characters a line may be broken as well."""
    words = _held(_WORD.findall(paragraph))
    return words if paragraph.isascii() else (part for word in words for part in _WIDE.split(word) if part)


def _held(words: Sequence[str]) -> list[str]:
    """The same, joined where no line may break. GSP keeps its neighbours: another's words are no title of a form."""
    held: list[str] = []
    last, opened = "", False
    for word in words:
        bare = "".join(filter(str.isalnum, word)).casefold() if "G" in word or "g" in word else ""
        if held and ("gsp" in (bare, last) or opened or word.lstrip(" \t")[:1] in _FRENCH):
            held[-1] += word
        else:
            held.append(word)
        last, opened = bare, word.rstrip(" \t").endswith("«")
    return held


def columns(character: str) -> int:
    """How many columns of a terminal a character takes."""
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def quoted(value: str) -> str:
    """A person's words, each line marked with a bar: nobody can take them for the gateway's own."""
    return barred("\n".join(map(wrapped, words(value).strip("\n").split("\n"))))


def barred(value: str) -> str:
    """The same for HTML, whose lines the reader's program breaks: where it makes text of them, the bars stay."""
    return "\n".join(["| " + line if line else "|" for line in words(value).strip("\n").split("\n")])


def turned_left(spoken: str) -> str:
    """Words in HTML, in which what reads from left to right in every language is isolated."""
    return _LEFT_TO_RIGHT.sub(r'<bdi dir="ltr">\g<0></bdi>', str(escape(words(spoken))))


def turned(line: str) -> Markup:
    """A line of a form from right to left: its label gives the direction, its value and the hint stand isolated."""
    label, colon, rest = line.partition(": ")
    if _RIGHT_TO_LEFT.search(label):
        value, arrow, hint = rest.partition(_HINT)
        said = value.rstrip(" ")  # a space at its end would stand on its other side
        return Markup("{}{}{}").format(label + colon, _apart(said), value[len(said) :] + arrow) + _apart(hint)
    return Markup("<bdi>{}</bdi>").format(line) if line else Markup("")


def _apart(words: str) -> Markup:
    return Markup("<bdi>{}</bdi>").format(words) if words else Markup("")


def isolated(value: object) -> Markup:
    """A value in HTML, isolated from the direction of the text around it."""
    if isinstance(value, Markup):
        return value
    # Not Markup.format, which takes three times as long (measured); what is put in is escaped here.
    if isinstance(value, ReferralNumber | ExchangeNumber | date):
        return Markup(f'<bdi dir="ltr">{escape(plain(value))}</bdi>')  # noqa: S704
    return Markup(f"<bdi>{escape(plain(value))}</bdi>" if isinstance(value, str) else plain(value))  # noqa: S704
