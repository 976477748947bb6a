"""What stands beside the form that is read: further forms of the same mail, and words above it. None of it vanishes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from gateway.content import Finding, Severity, text
from gateway.forms import FieldKind
from gateway.forms._grammar import Vocabulary
from gateway.forms._lines import Line, is_signature, own_text, visible
from gateway.forms._listed import goes_on
from gateway.forms._reading import filled_in, read_form
from gateway.forms._values import COLON
from gateway.identifiers.written import looks_like_code, unnumbered

_PASSED_ON = frozenset({"reply", "message", "evaluation"})  # their writer may think that all of it is read
# How servers mark mail from outside, in words of their own above everything else.
_BANNER = re.compile(r"\W*(?:\[|external\b|caution\b|warning\b|attention\b|achtung\b|extern)", re.IGNORECASE)
# Letters and digits of one piece, as numbers of vehicles and containers are, too: these are only told of.
_SHORT = re.compile(r"(?=[^0-9]*[0-9])(?=[^A-Za-z]*[A-Za-z])[0-9A-Za-z-]{6,}")
_SMALL = re.compile("[A-Za-z][a-z]{2,14}[.:]?")
_SAYS = 80  # characters of a line that says where the UIMs are
_WORDS = re.compile(r"\w\W*\w")

_NOT_READ = text("The form “GSP {form}” that begins here was not read. Send it in a mail of its own.")
_TWO = text("This mail holds more than one form “GSP {form}”; none was taken. Send each in a mail of its own.")
_EARLIER = text(
    "UIMs stand in the earlier mail below your form, which is not read. Copy them into the form, one on a line."
)
_PERHAPS = text(
    "This line may be a UIM, but it does not stand below “{label}”. If so, move it there; UIMs stand one on a line."
)
_OUTSIDE = text(
    "This text stands outside the form and was not passed on. To send it, write it into the form, or into a message."
)


def beside(lines: Sequence[str], vocabulary: Vocabulary, name: str) -> tuple[Finding, ...]:
    """Findings on what the writer typed beside the form of that name: each further form, and words that go nowhere.

    Of two requests neither is sent: nobody can say which one was meant. Earlier mails below count as read.
    """
    own = own_text(lines, vocabulary)
    titles = [place for place, (_, line) in enumerate(own) if vocabulary.title(visible(line))]
    found = [_above(own[: titles[0]] if titles else own)] if name in _PASSED_ON else []
    read = next((place for place in titles if vocabulary.title(visible(own[place][1])) == name), None)
    for place, end in zip(titles, [*titles[1:], len(own)], strict=False):
        if place not in (read, titles[0]):
            found.append(_further(own[place:end], vocabulary, name))
    return tuple(finding for finding in found if finding)


def labelled(lines: Sequence[str], vocabulary: Vocabulary, name: str) -> tuple[str, ...]:
    """The same lines with the label of the list, where its writer wrote another one above the UIMs, or none; else ().

    For a form in which there is no UIM: elsewhere what stands within a text belongs to it.
    """
    form, own = vocabulary.forms[name], own_text(lines, vocabulary)
    uims = next(field.label for field in form.fields if field.kind is FieldKind.UIMS)
    first = next((place for place, (_, line) in enumerate(own, 1) if vocabulary.title(visible(line))), 0)
    before = above = (0, "")  # the line before, and the last that is not empty
    for number, line in own[first:]:
        shown = visible(line)
        if goes_on(shown) and not vocabulary.label(form, COLON.split(shown, maxsplit=1)[0]):
            if above[1][-1:] in (":", "："):
                at = 0 if vocabulary.label(form, above[1][:-1]) else above[0]
            else:
                at = 0 if before[1] else before[0]
            if at:
                return (*lines[: at - 1], f"{uims}:", *lines[at:])
        before = (number, shown)
        above = before if shown else above
    return ()


def in_earlier(lines: Sequence[str], vocabulary: Vocabulary) -> tuple[Finding, ...]:
    """The finding on UIMs that stand in a mail forwarded or replied to, where the form above it has none."""
    own = {number for number, _ in own_text(lines, vocabulary)}
    below = ((number, visible(line).lstrip("> ")) for number, line in enumerate(lines, 1) if number not in own)
    first = next(((number, line) for number, line in below if looks_like_code(unnumbered(line))), None)
    return (Finding(_EARLIER, Severity.PART, line=first[0], got=first[1], field="uims"),) if first else ()


def perhaps_uims(lines: Sequence[str], vocabulary: Vocabulary, name: str) -> tuple[Finding, ...]:
    """The finding on the first line of a form without UIMs that may be one, too short to be taken for it."""
    uims = next(field.label for field in vocabulary.forms[name].fields if field.kind is FieldKind.UIMS)
    for number, line in own_text(lines, vocabulary):
        shown = visible(line)
        if is_signature(line):
            break
        if _SHORT.fullmatch(unnumbered(shown)):
            says = text(_PERHAPS.message, label=text(uims))
            return (Finding(says, Severity.NOTE, line=number, got=shown),)  # that the list is missing is told as well
    return ()


def points_to(shown: str, names: Iterable[str]) -> bool:
    """Whether what stands in the list only says that the UIMs are attached: words without a digit but in file names."""
    for name in filter(None, names):
        shown = shown.replace(name, "").replace(name.rpartition(".")[0] or name, "")
    worded = not shown.isascii() or " " in shown or _SMALL.fullmatch(shown) is not None
    return worded and len(shown) < _SAYS and not any(map(str.isdigit, shown))


def without(lines: Sequence[str], vocabulary: Vocabulary, name: str) -> tuple[Finding, ...]:
    """The finding on words that the writer typed where a file has the form of that name, which goes on without them."""
    own = own_text(lines, vocabulary)
    ends = (place for place, (_, line) in enumerate(own) if is_signature(line) or vocabulary.title(visible(line)))
    found = _above(own[: next(ends, len(own))]) if name in _PASSED_ON else None
    return (found,) if found else ()


def _above(own: Sequence[Line]) -> Finding | None:
    banner = False
    for number, line in own:
        shown = visible(line)
        banner = bool(shown) and (banner or bool(_BANNER.match(shown)))  # to the end of its paragraph
        if not banner and _WORDS.search(shown):
            return Finding(_OUTSIDE, Severity.NOTE, line=number)
    return None


def _further(lines: Sequence[Line], vocabulary: Vocabulary, name: str) -> Finding | None:
    form, _, outside = read_form([line for _, line in lines], vocabulary)
    if not form.name or not (outside or filled_in(form, vocabulary.forms[form.name])):
        return None  # blank: nothing is lost
    both = form.name == name == "request"
    title = text(vocabulary.forms[form.name].title)
    sentence = text((_TWO if both else _NOT_READ).message, form=title)
    return Finding(sentence, Severity.BLOCKS if both else Severity.NOTE, line=lines[0][0])
