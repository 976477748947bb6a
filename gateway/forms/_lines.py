"""Which lines of a mail are the form: quotations, earlier mails, banners, signatures and disclaimers put aside."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gateway.forms._grammar import Vocabulary

Line = tuple[int, str]  # number as the writer sees it, text

_QUOTE = re.compile(r"[ \t]*(?:>[ \t]?)+")
_INVISIBLE = re.compile("[\u00ad\u200b\u200e\u200f\u061c\u2060\u2066-\u2069\u202a-\u202c\ufeff\u180e]")
_SIGNATURE = re.compile(r"-- ?")
# The line by which clients introduce a quotation ends with a colon, in any language.
_ATTRIBUTION = re.compile(r".{4,}[:：]\s*")


def form_lines(lines: Sequence[str], vocabulary: Vocabulary) -> tuple[str, list[Line], list[str]]:
    """(name of the form, its lines below the title, text outside it); name "" when there is no title.

    A form above a quotation counts before one inside it; a quoted form that was filled in counts when
    there is no other.
    """
    numbered = [(number, line) for number, line in enumerate(lines, 1)]
    unquoted = [(number, line) for number, line in numbered if not _QUOTE.match(line)]
    for candidate in (_without_attribution(numbered, unquoted), [(n, _QUOTE.sub("", t, count=1)) for n, t in numbered]):
        found = _from_title(candidate, vocabulary)
        if found is not None:
            return found
    return "", [], [line for _, line in unquoted]


def _without_attribution(numbered: list[Line], unquoted: list[Line]) -> list[Line]:
    quoted = {number for number, line in numbered if _QUOTE.match(line)}
    text = dict(numbered)

    def introduces(number: int, line: str) -> bool:
        if len(line) <= 20 or _ATTRIBUTION.fullmatch(line.strip()) is None:
            return False  # first: to look below every line of an empty mail takes time by the square
        below = number + 1
        while below in text and not text[below].strip():
            below += 1
        return below in quoted

    return [(number, line) for number, line in unquoted if not introduces(number, line)]


def _from_title(lines: list[Line], vocabulary: Vocabulary) -> tuple[str, list[Line], list[str]] | None:
    titles = [(place, name) for place, (_, line) in enumerate(lines) if (name := vocabulary.title(visible(line)))]
    if not titles:
        return None
    first, name = titles[0]
    end = titles[1][0] if len(titles) > 1 else len(lines)
    body = [(number, line) for number, line in lines[first + 1 : end]]
    body, tail = _signature_apart(body, name, vocabulary)
    return name, body, [*(line for _, line in lines[:first]), *tail, *(line for _, line in lines[end:])]


def _signature_apart(body: list[Line], name: str, vocabulary: Vocabulary) -> tuple[list[Line], list[str]]:
    """What stands below "-- " is a signature, unless the writer went on with the form there."""
    form = vocabulary.forms[name]
    for place, (_, line) in enumerate(body):
        if not _SIGNATURE.fullmatch(line.rstrip("\r\n")):
            continue
        below = body[place + 1 :]
        goes_on = any(
            vocabulary.label(form, visible(text).split(":")[0]) or tick(visible(text)) is not None for _, text in below
        )
        if goes_on:
            return [*body[:place], *below], []
        return body[:place], [text for _, text in below]
    return body, []


def visible(line: str) -> str:
    """A line without invisible marks, with plain spaces."""
    if line.isascii():
        return line.strip()
    return re.sub(r"[\u00a0\u2000-\u200a\u202f\u3000]", " ", _INVISIBLE.sub("", line)).strip()


_TICK = re.compile(
    r"[\s*_•·\-–]*(?:[\[（(［]\s*(?P<mark>[xXхХ✓✔✗✘×*☒☑✅+VvJj])\s*[\]）)］]|(?P<sign>[☑☒✓✔✅🗹🗵])|"
    r"(?P<blank>[\[（(［][\s_]*[\]）)］]|[☐□▢⬜]))\s*(?P<rest>.*)"
)


def tick(line: str) -> tuple[bool, str] | None:
    """(ticked, what stands behind the box) of a line that begins with a box; None for any other line."""
    found = _TICK.fullmatch(line)
    if found is None:
        return None
    return found["blank"] is None, found["rest"]
