"""A form survives what mail clients do to it: the values that were written are the values that are read."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from functools import partial

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gateway import data, discovery, forms
from gateway.content import Block, FilledForm, MimePart, Uim
from gateway.forms import Field, FieldKind, Form
from gateway.forms._grammar import Vocabulary, write
from gateway.forms._reading import filled_in, read_form
from gateway.language import LANGUAGES, Languages
from gateway.mime.text import html_lines, plain_lines
from tests.support.cost import allowed, spent

KNOWN = Languages.from_texts(data.catalogues())
FORMS: dict[str, Form] = discovery.find(forms, "FORM")
VOCABULARY = Vocabulary(FORMS, KNOWN)
PARTIES = ("KE", "SE", "FR", "AT", "CN", "EG")

# --- what people write --------------------------------------------------------------------------------

_LETTERS = "abcdefghijklmnopqrstuvwxyzABCXYZéèñüçßабвгджзийЖЩабجدهوزحطيمسش案件编号扣押香烟"
words = st.text(_LETTERS, min_size=2, max_size=12)
numbers = st.integers(0, 10**6).map(str)
prose = st.lists(st.one_of(words, words, numbers), min_size=1, max_size=25).map(" ".join)
sentences = st.tuples(prose, st.sampled_from(("", ".", "?", ", " + "no", "; " + "see above", " (1/2)"))).map("".join)
lines_of_text = st.lists(sentences, min_size=1, max_size=4).map("\n".join)
# Without what people write for a group separator, and without what begins a box, an item, a list or bold text.
_CODE = "".join(chr(c) for c in range(0x21, 0x7F) if chr(c) not in "()[]{}<>^\\*_#-.")
uims = (
    st.tuples(st.text(_CODE, max_size=24), st.sampled_from("0123456789"), st.text(_CODE + "()*-.", max_size=24))
    .map(lambda parts: "".join(parts).rstrip("*"))
    .filter(lambda code: not re.fullmatch(r"\d(?:[.,]\d+)?E\+?\d{1,3}", code, re.IGNORECASE))
)


def _readable(filled: FilledForm) -> bool:
    """Whether no text happens to be a label or title: only the writer could tell them apart."""
    form = FORMS[filled.name]
    texts = [*filled.values.values(), *(value for block in filled.blocks for value in block.values.values())]
    lines = [line for value in texts for line in value.split("\n")]
    return not any(VOCABULARY.label(form, line.split(":")[0]) or VOCABULARY.title(line) for line in lines)


def _value(field: Field) -> st.SearchStrategy[str]:
    if field.kind is FieldKind.CHOICE:
        return st.sampled_from([choice.name for choice in field.choices])
    if field.kind is FieldKind.DATE:
        return st.dates().map(lambda day: day.isoformat()).filter(lambda day: day > "1000")
    if field.kind is FieldKind.EXCHANGE:
        return st.tuples(st.integers(2020, 2099), st.integers(1, 999_999), st.sampled_from(("", "/KE", "/FR"))).map(
            lambda parts: f"GSP-{parts[0]}-{parts[1]:06d}{parts[2]}"
        )
    if field.kind is FieldKind.PARTY:
        return st.sampled_from(PARTIES)
    if field.kind is FieldKind.TEXT:
        return lines_of_text
    return uims if field.name == "uim" else sentences


def _values(fields: tuple[Field, ...], always: frozenset[str]) -> st.SearchStrategy[dict[str, str]]:
    simple = [field for field in fields if field.kind not in (FieldKind.TICKS, FieldKind.UIMS)]
    return st.fixed_dictionaries(
        {field.name: _value(field) for field in simple if field.name in always},
        optional={field.name: _value(field) for field in simple if field.name not in always},
    )


@st.composite
def filled_forms(draw: st.DrawFn, names: tuple[str, ...] = ("request", "reply", "message")) -> FilledForm:
    form = FORMS[draw(st.sampled_from(names))]
    values = draw(_values(form.fields, frozenset(f.name for f in form.fields if f.required)))
    ticks: dict[str, frozenset[str]] = {}
    listed: tuple[Uim, ...] = ()
    blocks: tuple[Block, ...] = ()
    if form.name == "request":
        ticks = {"data_requested": draw(st.frozensets(st.sampled_from("abcdefghij")))}
        listed = tuple(Uim(code) for code in draw(st.lists(uims, min_size=1, max_size=6)))
    if form.group:
        some = draw(st.lists(_values(form.group, frozenset({"uim"})), min_size=1, max_size=3))
        blocks = tuple(Block({f.name: one[f.name] for f in form.group if f.name in one}) for one in some)
    filled = FilledForm(form.name, values, ticks, listed, blocks)
    assume(_readable(filled))
    assume(filled_in(filled, form))  # one that nobody completed, below a quotation, is the mail that was replied to
    return filled


# --- what clients and servers do ----------------------------------------------------------------------

Damage = Callable[[list[str]], list[str]]


def _at_label(change: Callable[[str], str]) -> Damage:
    """Changes what stands before the colon of a label, and nothing in lists of UIMs."""

    def damage(lines: list[str]) -> list[str]:
        return [_labels(line, change) for line in lines]

    return damage


def _labels(line: str, change: Callable[[str], str]) -> str:
    label, colon, rest = line.partition(":")
    known = any(VOCABULARY.label(form, label) for form in FORMS.values())
    return change(label + colon) + rest if colon and known else line


def _spaces(lines: list[str]) -> list[str]:
    return [re.sub("(?<=[^ ]) (?=[^ ])", "\u00a0", line) if _is_label(line) else line for line in lines]


def _is_label(line: str) -> bool:
    return _labels(line, str.upper) != line or VOCABULARY.title(line) != ""


def _quoted(mark: str, lines: list[str]) -> list[str]:
    return [mark + line if line else mark.rstrip() for line in lines]


def _above(text: str, lines: list[str]) -> list[str]:
    return [*text.split("\n"), "", *lines]


def _below(text: str, lines: list[str]) -> list[str]:
    return [*lines, *text.split("\n")]


def _around(before: str, after: str, lines: list[str]) -> list[str]:
    return [before + line + after if line else line for line in lines]


BANNER = "[EXTERNAL] This mail came from outside.\nDo not open links."
SIGNATURE = "-- \nDesk 4, Customs\nTel. +254 000 000"
DISCLAIMER = "This mail is confidential and meant only for the person to whom it is addressed."
ATTRIBUTION = "On Tue, 3 Nov 2026 at 10:00, Focal Point <gsp@example.org> wrote:"
OUTLOOK = "________________\nDe : Gateway <gsp@example.org>\nEnvoyé : vendredi\nÀ : Officier\nObjet : x\n\nUIM: OLD1"
WRAPPED = ("On Tue, 3 Nov 2026 at 10:00, Focal Point <gsp@example.org>", "wrote:")

LINE_DAMAGE: Mapping[str, Damage] = {
    "capital labels": _at_label(str.upper),
    "small labels": _at_label(str.lower),
    "full-width colon": _at_label(lambda label: label.replace(":", "：")),
    "French space before the colon": _at_label(lambda label: label.replace(":", "\u00a0:")),
    "bold labels": _at_label(lambda label: f"*{label}*"),
    "typographic quotes around labels": _at_label(lambda label: f"“{label.removesuffix(':')}”:"),
    "zero-width spaces in labels": _at_label(lambda label: label[:1] + "\u200b" + label[1:]),
    "soft hyphen in labels": _at_label(lambda label: label[:2] + "\u00ad" + label[2:]),
    "non-breaking spaces": _spaces,
    "left-to-right marks": partial(_around, "\u200e", "\u200e"),
    "right-to-left isolates": partial(_around, "\u2067", "\u2069"),
    "embedding": partial(_around, "\u202a", "\u202c"),
    "byte order mark": lambda lines: ["\ufeff" + lines[0], *lines[1:]],
    "spaces at line ends": lambda lines: [line + "  " for line in lines],
    "indented": lambda lines: ["    " + line if line else line for line in lines],
    "blank lines above": lambda lines: ["", " ", *lines],
}
WHOLE_DAMAGE: Mapping[str, Damage] = {
    "nothing": lambda lines: lines,
    "quoted": partial(_quoted, "> "),
    "quoted twice": partial(_quoted, ">> "),
    "quoted without a space": partial(_quoted, ">"),
    "quoted below an attribution": lambda lines: [ATTRIBUTION, "", *_quoted("> ", lines)],
    "blank original quoted below": lambda lines: [*lines, "", ATTRIBUTION, "", "> GSP MESSAGE", "> ", "> Message: old"],
    "earlier mail below, unmarked": partial(_below, "\n" + OUTLOOK),
    "attribution on two lines": lambda lines: [*lines, "", *WRAPPED, "> GSP MESSAGE", "> Message: old"],
    "banner above": partial(_above, BANNER),
    "signature below": partial(_below, "\n" + SIGNATURE),
}


def _part(body: str, kind: str = "text/plain", **parameters: str) -> MimePart:
    octets = body.encode()
    return MimePart((), kind, (("charset", "utf-8"), *parameters.items()), "", "", octets, (), octets)


def _crlf(lines: list[str]) -> list[str]:
    return list(plain_lines(_part("\r\n".join(lines))))


def _flowed(lines: list[str]) -> list[str]:
    """As RFC 3676, 4.2 has it: long lines broken behind a space, lines stuffed that begin with a space or "From "."""
    out: list[str] = []
    for line in lines:
        rest = line.rstrip(" ")
        while len(rest) > 72 and " " in rest[1:70]:
            cut = rest.rindex(" ", 1, 70) + 1
            out.append(rest[:cut])
            rest = rest[cut:]
        out.append(rest)
    stuffed = [" " + line if line.startswith((" ", "From ", ">")) else line for line in out]
    return list(plain_lines(_part("\r\n".join(stuffed), format="flowed")))


def _flowed_delsp(lines: list[str]) -> list[str]:
    out = [line.rstrip(" ") for line in lines]
    broken = [f"{line[:60]} \r\n{line[60:]}" if len(line) > 60 and line[60] != " " else line for line in out]
    stuffed = [" " + line if line.startswith((" ", "From ", ">")) else line for line in broken]
    return list(plain_lines(_part("\r\n".join(stuffed), format="flowed", delsp="yes")))


def _html(opening: str, closing: str, lines: list[str]) -> list[str]:
    body = "\n".join(f"{opening}{html.escape(line) or '<br>'}{closing}" for line in lines)
    return list(html_lines(_part(f"<html><body>{body}</body></html>", "text/html")))


def _html_pre(lines: list[str]) -> list[str]:
    return list(html_lines(_part(f"<pre>{html.escape(chr(10).join(lines))}</pre>", "text/html")))


CARRIED: Mapping[str, Damage] = {
    "lines as they are": list,
    "CRLF": _crlf,
    "format=flowed": _flowed,
    "format=flowed delsp=yes": _flowed_delsp,
    "Outlook paragraphs": partial(_html, '<p class="MsoNormal"><span>', "<o:p></o:p></span></p>"),
    "Gmail divs": partial(_html, '<div dir="auto">', "</div>"),
    "line breaks": partial(_html, "", "<br>"),
    "preformatted": _html_pre,
    "HTML quotation": lambda lines: _quoted("> ", _html("<div>", "</div>", lines)),
}

# --- promises -----------------------------------------------------------------------------------------


def _flat(value: str) -> str:
    """Text as compared: clients change kinds and numbers of spaces; marks of direction in free text are left there."""
    bare = re.sub("[\u200e\u200f\u202a-\u202c\u2066-\u2069]", "", value)
    return "\n".join(" ".join(line.split()) for line in bare.split("\n")).strip()


def _said(filled: FilledForm) -> object:
    values = {name: _flat(value) for name, value in filled.values.items() if value.strip()}
    blocks = [{name: _flat(value) for name, value in block.values.items() if value} for block in filled.blocks]
    return values, filled.ticked("data_requested"), [uim.text for uim in filled.uims], blocks


def _check(filled: FilledForm, language: str, *damages: Damage) -> None:
    lines = write(filled, FORMS[filled.name], KNOWN.catalogue(language)).split("\n")
    for damage in damages:
        lines = damage(lines)
    form, findings, _ = read_form(lines, VOCABULARY)
    assert form.name == filled.name, lines
    assert _said(form) == _said(filled), lines
    assert findings == (), lines


languages = st.sampled_from(LANGUAGES)


@settings(max_examples=settings().max_examples * 4 // 10)  # more by `make properties`
@given(filled_forms(), languages)
def test_what_is_written_is_read_in_every_language(filled: FilledForm, language: str) -> None:
    _check(filled, language)


@settings(max_examples=settings().max_examples * 4 // 10)
@given(filled_forms(), languages, st.sampled_from(sorted(LINE_DAMAGE)), st.sampled_from(sorted(LINE_DAMAGE)))
def test_damaged_lines_say_the_same(filled: FilledForm, language: str, first: str, second: str) -> None:
    _check(filled, language, LINE_DAMAGE[first], LINE_DAMAGE[second])


@settings(max_examples=settings().max_examples * 4 // 10)
@given(filled_forms(), languages, st.sampled_from(sorted(WHOLE_DAMAGE)), st.sampled_from(sorted(CARRIED)))
def test_a_damaged_mail_says_the_same(filled: FilledForm, language: str, whole: str, carried: str) -> None:
    _check(filled, language, WHOLE_DAMAGE[whole], CARRIED[carried])


@settings(max_examples=settings().max_examples * 4 // 10)
@given(
    filled_forms(),
    languages,
    st.sampled_from(sorted(LINE_DAMAGE)),
    st.sampled_from(sorted(WHOLE_DAMAGE)),
    st.sampled_from(["lines as they are", "CRLF"]),
)
def test_damages_add_up(filled: FilledForm, language: str, line: str, whole: str, carried: str) -> None:
    _check(filled, language, LINE_DAMAGE[line], WHOLE_DAMAGE[whole], CARRIED[carried])


@settings(max_examples=settings().max_examples * 2 // 10)
@given(filled_forms(("request",)), languages)
def test_a_disclaimer_below_the_list_is_no_uim_and_is_kept(filled: FilledForm, language: str) -> None:
    lines = write(filled, FORMS["request"], KNOWN.catalogue(language)).split("\n")
    form, findings, outside = read_form([*lines, "", DISCLAIMER], VOCABULARY)
    assert _said(form) == _said(filled)
    assert findings == ()
    assert DISCLAIMER in outside


def test_a_hundred_thousand_uims_are_read_in_a_second_and_a_half() -> None:
    head = ["GSP REQUEST", "Purpose: investigation", "Justification: seized in transit", "", "UIMs:"]
    codes = [f"QCALL{number:09d}ABCD25051914" for number in range(100_000)]
    began = spent()
    form, findings, _ = read_form([*head, *codes], VOCABULARY)
    assert spent() - began < allowed(1.5)
    assert [uim.text for uim in form.uims] == codes
    assert findings == ()
