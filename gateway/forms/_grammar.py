"""The text grammar of forms (exchange.md, 1): writes a form in a language; what every reader of it needs to know."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from textwrap import wrap

from gateway.content import N_, FilledForm, Text
from gateway.forms import Field, FieldKind, Form
from gateway.language import Catalogue, Languages, normalise

HINT = "←"  # from this sign to the end of a line is for the writer, never read back
OPENING = 12  # characters of a long label by which its beginning is known
_HINT_WIDTH = 40  # columns: with its label, less than the 66 or more at which clients break lines
_HEADINGS = (N_("Form"), N_("Survey"), N_("Blank form"))
_ITEMS = frozenset("abcdefghij")
_BRACKETED = re.compile(r"(?:\s*\[[^\]]{0,40}\])+")


class Vocabulary:
    """What titles, labels and fixed values mean, in any of the languages at once."""

    def __init__(self, forms: Mapping[str, Form], languages: Languages) -> None:
        self.forms = forms
        self.languages = languages
        self._titles = {
            written: name
            for name, form in forms.items()
            for spelling in languages.spellings(form.title)
            for written in ("gsp" + spelling, spelling + "gsp")
        }
        self._headings = {spelling for heading in _HEADINGS for spelling in languages.spellings(heading)}
        self._labels = {name: self._words((*form.fields, *form.group)) for name, form in forms.items()}
        self._long = {name: self._long_labels(form) for name, form in forms.items()}

    def title(self, line: str) -> str:
        """The name of the form whose title a line is; "" for any other line, and for an address: letters show those."""
        if len(line) > 80 or "@" in line or (line.isascii() and "gsp" not in line.lower()):
            return ""
        return self._titles.get(normalise(line), "")

    def subject(self, subject: str) -> str:
        """The name of the form whose title a subject is, whatever a server has put in brackets before it."""
        return self.title(_BRACKETED.sub("", subject)) if len(subject) < 200 else ""

    def heading(self, line: str) -> bool:
        """Whether a line is one of those that a letter puts above a form."""
        return len(line) < 80 and normalise(line) in self._headings

    def long_labels(self, form: Form) -> Mapping[str, Sequence[str]]:
        """Labels that a client may break, normalised, by their first `OPENING` characters."""
        return self._long[form.name]

    def label(self, form: Form, written: str) -> Sequence[Field]:
        """The fields that a label means in a form: several only where a block repeats a label of the head."""
        return self._labels[form.name].get(normalise(written), ())

    def choice(self, field: Field, written: str) -> str:
        """The fixed value that is meant; "" when none is."""
        return self._choices(field).get(normalise(written), "")

    @cache  # noqa: B019 - one vocabulary lives as long as the program
    def _choices(self, field: Field) -> dict[str, str]:
        return {
            spelling: choice.name
            for choice in field.choices
            for label in (*self.languages.spellings(choice.label), "")
            for spelling in (label or normalise(choice.name), normalise(choice.name) + label)
        }

    def _long_labels(self, form: Form) -> dict[str, list[str]]:
        ticked = [
            spelling for field in form.fields if field.kind is FieldKind.TICKS for spelling in self._choices(field)
        ]
        found: dict[str, list[str]] = {}
        for label in (*self._labels[form.name], *ticked):
            if len(label) > 2 * OPENING:
                found.setdefault(label[:OPENING], []).append(label)
        return found

    def _words(self, fields: Sequence[Field]) -> dict[str, tuple[Field, ...]]:
        words: dict[str, tuple[Field, ...]] = {}
        for field in fields:
            for spelling in self.languages.spellings(field.label):
                for key in (spelling, field.name + spelling) if is_item(field) else (spelling,):
                    words[key] = (*words.get(key, ()), field)
        return words


def is_item(field: Field) -> bool:
    """Whether a field of a block is one of the ten data, written `(a) …`."""
    return field.name in _ITEMS


def write(filled: FilledForm, form: Form, catalogue: Catalogue) -> str:
    """A form in a language, with the values that there are; blank fields stand ready to be completed."""
    lines = [f"GSP {catalogue.gettext(form.title)}", ""]
    parts = {field.part for field in form.fields if field.part and field.name in filled.values}
    for field in form.fields:
        if (not parts or not field.part or field.part in parts) and (not field.quiet or filled.get(field.name)):
            lines += _field(field, filled, catalogue)
    for block in filled.blocks:
        lines.append("")
        for field in form.group:
            if block.values.get(field.name) or (field.name in block.values and not field.quiet):
                lines += _labelled(field, block.values[field.name], catalogue, "")
    if form.group and not filled.blocks:
        lines.append("")
        for field in form.group:
            if not field.quiet:
                lines += _labelled(field, "", catalogue, _hint(field, filled, catalogue))
    return "\n".join(lines) + "\n"


def _field(field: Field, filled: FilledForm, catalogue: Catalogue) -> list[str]:
    hint = _hint(field, filled, catalogue)
    label = catalogue.gettext(field.label)
    if field.kind is FieldKind.TICKS:
        ticked = filled.ticked(field.name)
        boxes = [
            f"[{'x' if choice.name in ticked else ' '}] ({choice.name}) {catalogue.gettext(choice.label)}"
            for choice in field.choices
        ]
        return ["", f"{label}:{hint}", *boxes, ""]
    if field.kind is FieldKind.UIMS:
        return ["", f"{label}:{hint}", *(written(uim.text) for uim in filled.uims)]
    return _labelled(field, filled.get(field.name), catalogue, hint)


def _labelled(field: Field, value: str, catalogue: Catalogue, hint: str) -> list[str]:
    label = catalogue.gettext(field.label)
    if is_item(field):
        label = f"({field.name}) {label}"
    shown = _value(field, value, catalogue)
    if field.kind is FieldKind.TEXT and "\n" in shown:
        return [f"{label}:{hint}", *shown.split("\n")]
    return [f"{label}: {shown}{hint}".rstrip() if shown else f"{label}:{hint}"]


def _value(field: Field, value: str, catalogue: Catalogue) -> str:
    if field.kind is FieldKind.CHOICE:
        return next((catalogue.gettext(choice.label) for choice in field.choices if choice.name == value), value)
    if field.kind is FieldKind.PARTY and value:
        return catalogue.party(value)  # type: ignore[arg-type]
    return written(value)


def written(uim: str) -> str:
    """A UIM or other value as it can be typed: the group separator is visible."""
    return uim.replace("\x1d", "<GS>")


def _hint(field: Field, filled: FilledForm, catalogue: Catalogue) -> str:
    said = filled.hints.get(field.name) or (Text(field.hint) if field.hint else None)
    choices = " / ".join(catalogue.gettext(choice.label) for choice in field.choices)
    offered = field.required or field.offered
    if said is None and field.kind is FieldKind.CHOICE and offered and not filled.get(field.name):
        return _broken(choices)
    if said is None:
        return ""
    more = f" ({choices})" if field.kind is FieldKind.CHOICE else ""
    return _broken(f"{catalogue.say(said)}{more}")


def _broken(hint: str) -> str:
    """A hint in lines that no client breaks: a piece of it would be read as a value. Each begins with the sign.

    Of words to choose from none is broken, where each has room on a line.
    """
    words = hint.split(" / ")
    if max(map(len, words)) + 2 <= _HINT_WIDTH and len(words) > 1:
        hint = " / ".join(word.replace(" ", "\xa0") for word in words).replace(" /", "\xa0/")
    lines = wrap(hint, _HINT_WIDTH, break_on_hyphens=False)
    return " " + "\n".join(f"{HINT} {line}" for line in lines).replace("\xa0", " ")


def without_hint(line: str) -> str:
    """A line without what was written on it for the writer."""
    return line.split(HINT, 1)[0].rstrip() if HINT in line else line
