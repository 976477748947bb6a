"""Reads a form back from lines of text: nothing is lost, what is not understood becomes a finding."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field as default
from datetime import date

from gateway.content import Block, FilledForm, Finding, Severity, Text, Uim, text
from gateway.facts import exchange_number, referral_number
from gateway.forms import Field, FieldKind, Form
from gateway.forms._grammar import Vocabulary, is_item, without_hint
from gateway.forms._lines import Line, form_lines, tick, visible
from gateway.identifiers.written import read_uim, read_uims

_COLON = re.compile("[:：﹕︓∶]")
_ITEM = re.compile(r"[(（]\s*([a-jA-J])\s*[)）]\s*(.*)")
_CODE = re.compile(r"[!-9;-~]*\d[!-9;-~]*")  # a code without a colon: never a label
_LETTERS = re.compile(r"[a-j](?:\s*[,;، ]\s*[a-j])*")
_NUMBER = re.compile(r"GSP\s?-?\s?\d{4}\s?-?\s?\d{6,9}(?:\s?/\s?[A-Za-z]{2})?", re.IGNORECASE)
_LINE_KINDS = frozenset({FieldKind.LINE, FieldKind.CHOICE, FieldKind.DATE, FieldKind.EXCHANGE, FieldKind.PARTY})


def read_form(lines: Sequence[str], vocabulary: Vocabulary) -> tuple[FilledForm, tuple[Finding, ...], str]:
    """(what was understood, what was not, text outside the form)."""
    name, body, outside = form_lines(lines, vocabulary)
    if not name:
        return FilledForm(""), (), "\n".join(outside).strip()
    reader = _Reader(vocabulary.forms[name], vocabulary)
    for number, line in body:
        reader.line(number, line)
    form, findings = reader.done()
    return form, findings, "\n".join((*outside, *reader.leftover)).strip()


@dataclass
class _Taken:
    """Lines collected for one field."""

    field: Field
    lines: list[Line] = default(default_factory=list)


class _Reader:
    """Goes down the lines; each belongs to the field whose label stands above it."""

    def __init__(self, form: Form, vocabulary: Vocabulary) -> None:
        self._form = form
        self._vocabulary = vocabulary
        self._head: list[_Taken] = []
        self._blocks: list[list[_Taken]] = []
        self._current: _Taken | None = None
        self._ended = False
        self.leftover: list[str] = []
        self._findings: list[Finding] = []

    def line(self, number: int, raw: str) -> None:
        """Takes one line."""
        current = self._current
        in_uims = current is not None and current.field.kind is FieldKind.UIMS
        bare = raw.strip()
        if in_uims and not self._ended and _CODE.fullmatch(bare):
            current.lines.append((number, raw))  # type: ignore[union-attr]
            return
        shown = visible(raw)
        labelled = self._label(shown)
        if labelled is not None:
            self._begin(number, *labelled)
        elif self._ended or current is None:
            if shown:
                self.leftover.append(raw)
        else:
            self._more(current, number, raw, shown)

    def _more(self, current: _Taken, number: int, raw: str, shown: str) -> None:
        kind = current.field.kind
        if kind is FieldKind.UIMS:
            blank_above = bool(current.lines) and not current.lines[-1][1].strip()
            if shown and blank_above and _is_prose(shown) and any(text.strip() for _, text in current.lines):
                self._ended = True  # a disclaimer or a signature below the list
                self.leftover.append(raw)
                return
            current.lines.append((number, raw))
        elif kind is FieldKind.TEXT or (kind is FieldKind.TICKS and shown):
            current.lines.append((number, raw.strip() if kind is FieldKind.TEXT else shown))
        elif shown:
            filled = any(text.strip() for _, text in current.lines)
            adjacent = bool(current.lines) and current.lines[-1][0] == number - 1
            if not filled or (
                adjacent and kind is FieldKind.LINE and not _COLON.search(shown) and not self._is_uim(current)
            ):
                current.lines.append((number, shown))
            else:
                self.leftover.append(raw)
                sentence = text("This line was not understood. Begin it with one of the labels of the form.")
                self._findings.append(Finding(sentence, Severity.NOTE, line=number, got=shown))

    def _is_uim(self, taken: _Taken) -> bool:
        return taken.field.name == "uim"

    def _label(self, shown: str) -> tuple[Field, str] | None:
        """The field that a line begins, and what stands behind its label."""
        line = shown.lstrip("*_•· ") if shown[:1] in "*_•·" else shown
        if self._form.group and (item := _ITEM.match(line)) and self._blocks:
            found = next((f for f in self._form.group if f.name == item[1].lower() and is_item(f)), None)
            if found is not None:
                colon = _COLON.search(item[2])
                return found, item[2][colon.end() :].strip(" *_") if colon else ""
        colon = _COLON.search(line[:160])
        if colon is None:
            return self._bare_label(line)
        fields = self._vocabulary.label(self._form, line[: colon.start()])
        value = line[colon.end() :].strip(" \t")
        if value.startswith("*"):
            value = value.lstrip("* ")
        return (self._of(fields), value) if fields else None

    def _bare_label(self, line: str) -> tuple[Field, str] | None:
        if not line or len(line) > 60 or tick(line) is not None:
            return None
        fields = self._vocabulary.label(self._form, without_hint(line))
        blocks = (FieldKind.TEXT, FieldKind.UIMS, FieldKind.TICKS)
        return (self._of(fields), "") if fields and self._of(fields).kind in blocks else None

    def _of(self, fields: Sequence[Field]) -> Field:
        """Where head and block have a label in common, the block's once a block has begun."""
        group = [found for found in fields if found in self._form.group]
        head = [found for found in fields if found in self._form.fields]
        return group[0] if group and (self._blocks or not head) else (head or list(fields))[0]

    def _begin(self, number: int, found: Field, value: str) -> None:
        self._ended = False
        taken = _Taken(found, [(number, without_hint(value))] if without_hint(value).strip() else [])
        self._current = taken
        if self._form.group and found == self._form.group[0]:
            self._blocks.append([taken])
        elif found in self._form.group and self._blocks:
            self._blocks[-1].append(taken)
        else:
            self._head.append(taken)

    # --- values -------------------------------------------------------------------------------------

    def done(self) -> tuple[FilledForm, tuple[Finding, ...]]:
        """The form, and what was not understood of it."""
        values: dict[str, str] = {}
        ticks: dict[str, frozenset[str]] = {}
        uims: tuple[Uim, ...] = ()
        for taken in self._head:
            if taken.field.kind is FieldKind.UIMS:
                read, findings = read_uims(taken.lines)
                uims += read
                self._findings += findings
            elif taken.field.kind is FieldKind.TICKS:
                ticks[taken.field.name] = ticks.get(taken.field.name, frozenset()) | self._ticked(taken)
            else:
                value = self._value(taken)
                if value or taken.field.name not in values:
                    values[taken.field.name] = value
        blocks = tuple(self._block(block) for block in self._blocks if block[0].lines)
        form = FilledForm(self._form.name, values, ticks, uims, blocks)
        return form, tuple(self._findings)

    def _block(self, taken: Sequence[_Taken]) -> Block:
        values = {one.field.name: self._value(one) for one in taken}
        return Block(values, taken[0].lines[0][0])

    def _value(self, taken: _Taken) -> str:
        found = taken.field
        written = "\n".join(line for _, line in taken.lines).strip()
        if not written:
            return ""
        if found.kind not in _LINE_KINDS:
            return _unhinted(written)
        flat = " ".join(without_hint(written).split("\n")).strip(" *")
        if found.name == "uim":
            code = read_uim(written.split("\n")[0])
            return self._wrong(taken, written, code) if isinstance(code, Text) else code
        if found.kind is FieldKind.LINE or not flat:
            return flat
        return self._fixed(taken, found, flat)

    def _fixed(self, taken: _Taken, found: Field, flat: str) -> str:
        """Choices, dates, numbers and Parties: understood, or a finding."""
        if found.kind is FieldKind.CHOICE:
            name = self._vocabulary.choice(found, flat)
            if name:
                return name
            sentence = text("“{got}” was not understood here. Write one of the words of the form.", got=flat)
            severity = Severity.BLOCKS if found.required else Severity.PART
            self._findings.append(Finding(sentence, severity, line=_first(taken), got=flat, field=found.name))
            return ""
        if found.kind is FieldKind.DATE:
            read = read_date(flat)
            sentence = text(
                "The date “{got}” can be read in more than one way. Write it as year-month-day, 2026-11-30.", got=flat
            )
            return read or self._wrong(taken, flat, sentence, Severity.PART)
        if found.kind is FieldKind.PARTY:
            party = self._vocabulary.languages.party(flat)
            sentence = text("“{got}” is not the name or code of a Party.", got=flat)
            return party or self._wrong(taken, flat, sentence, Severity.BLOCKS)
        number = _NUMBER.search(unicodedata.normalize("NFKC", flat))
        if number is None:
            sentence = text("“{got}” is not the number of an exchange, such as GSP-2026-000042/KE.", got=flat)
            return self._wrong(taken, flat, sentence, Severity.BLOCKS)
        try:
            return str(referral_number(number[0]))
        except ValueError:
            return str(exchange_number(number[0]))

    def _wrong(self, taken: _Taken, got: str, sentence: Text, severity: Severity = Severity.PART) -> str:
        self._findings.append(Finding(sentence, severity, line=_first(taken), got=got, field=taken.field.name))
        return ""

    def _ticked(self, taken: _Taken) -> frozenset[str]:
        """Names of ticked choices. Without any box: the lines, or letters such as "a, b, f", that were left."""
        boxed: dict[str, bool] = {}
        named: set[str] = set()
        for number, line in taken.lines:
            box = tick(line)
            name = self._choice(taken.field, box[1] if box else line)
            if not box and _LETTERS.fullmatch(line.strip().lower().strip(".")):
                named |= set(re.findall("[a-j]", line.lower()))
            elif name:
                boxed[name] = box[0] if box else boxed.get(name, False)
                named |= set() if box else {name}
            elif line.strip():
                sentence = text("This line is not one of the data of Article 8.4.1, (a) to (j).")
                self._findings.append(Finding(sentence, Severity.NOTE, line=number, got=line, field=taken.field.name))
        ticked = {name for name, on in boxed.items() if on}
        return frozenset(ticked or (named if not any(tick(line) for _, line in taken.lines) else set()))

    def _choice(self, found: Field, written: str) -> str:
        item = _ITEM.match(written.strip())
        if item:
            return item[1].lower() if any(choice.name == item[1].lower() for choice in found.choices) else ""
        return self._vocabulary.choice(found, written)


def read_date(written: str) -> str:
    """A date as YYYY-MM-DD; "" when it is none, or can be read in two ways."""
    plain = "".join(str(unicodedata.digit(c)) if c.isdigit() else c for c in written)
    numbers = [int(number) for number in re.findall(r"\d+", plain)]
    if len(numbers) != 3 or re.search(r"[^\W\d_]{4,}", plain):
        return ""
    if numbers[0] > 999:
        year, month, day = numbers
    else:
        day, month, year = numbers
        slashed = "/" in plain
        if slashed and day <= 12 and month <= 12 and day != month:
            return ""
        if month > 12:
            day, month = month, day
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return ""


def _unhinted(written: str) -> str:
    return "\n".join(without_hint(line) for line in written.split("\n")).strip()


def _first(taken: _Taken) -> int:
    return taken.lines[0][0] if taken.lines else 0


def _is_prose(line: str) -> bool:
    return len(line.split()) >= 2 and not line.startswith("(")
