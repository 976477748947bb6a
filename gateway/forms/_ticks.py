"""The data (a) to (j) as people tick and name them: by a box, their words, or their letters in another alphabet."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from gateway.content import N_, Finding, Severity, text
from gateway.forms import Field
from gateway.forms._grammar import Vocabulary
from gateway.forms._lines import Line
from gateway.forms._values import letters, tick
from gateway.language import normalise

ALL = N_("all")
_LETTERED = re.compile(r"[(（]\s*(\w{1,2})\s*[)）]\s*(.*)")
_NOT_AN_ITEM = text("This line is not one of the data of Article 8.4.1, (a) to (j).")
_SO_ALL = text(
    "This line is not one of the data of Article 8.4.1, (a) to (j). As nothing else is ticked, all of them are asked "
    "for."
)


def lettered(written: str) -> tuple[str, str] | None:
    """(letter a to j, what stands behind it) of `(a) Date …`; the letter is "" where it is another one; else None."""
    found = _LETTERED.match(written)
    if found is None:
        return None
    named = letters(f"({found[1]})")
    return (min(named) if len(named) == 1 else "", found[2])


def named(written: str, field: Field, vocabulary: Vocabulary) -> frozenset[str]:
    """The choices that a line names: by letters, by their words, or all of them at once. Words count before a letter
    that stands in another alphabet: there it may count otherwise than ours, (е) is the sixth in Russian."""
    if normalise(written) in vocabulary.languages.spellings(ALL):
        return frozenset(choice.name for choice in field.choices)
    by_letters = letters(written)
    item = None if by_letters else lettered(written.strip())
    if item is None:
        return by_letters or frozenset({vocabulary.choice(field, written)} - {""})
    letter, words = item
    meant = vocabulary.choice(field, words)
    return frozenset({meant if meant and not written.strip()[1:].lstrip()[:1].isascii() else letter or meant} - {""})


def ticked(
    lines: Sequence[Line], field: Field, vocabulary: Vocabulary, tell: Callable[[Finding], None]
) -> frozenset[str]:
    """Names of ticked choices. Without any box: the lines, or letters such as "a, b, f", that were left.

    `tell` gets a finding for each line that is none; where nothing is left, it says what that means.
    """
    boxed: set[str] = set()
    left: set[str] = set()
    strange: list[Line] = []
    boxes = False
    for number, line in lines:
        box = tick(line)
        names = named(box[1] if box else line, field, vocabulary)
        boxes = boxes or box is not None
        (left if box is None else boxed if box[0] else set()).update(names)
        if not names:
            strange.append((number, line))
    found = frozenset(boxed if boxes else left)
    for number, line in strange:
        tell(Finding(_NOT_AN_ITEM if found else _SO_ALL, Severity.NOTE, line=number, got=line, field=field.name))
    return found
