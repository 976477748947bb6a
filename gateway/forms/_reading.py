"""Reads a form back from lines of text: nothing is lost, what is not understood becomes a finding."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field as default

from gateway.content import Block, FilledForm, Finding, Severity, Text, Uim, text
from gateway.facts import exchange_number, referral_number
from gateway.forms import Field, FieldKind, Form
from gateway.forms._grammar import Vocabulary, is_item, without_hint
from gateway.forms._lines import Line, form_lines, is_added, own_lines, own_text, visible, without_closing
from gateway.forms._listed import ends, goes_on, is_alike
from gateway.forms._rejoin import rejoined
from gateway.forms._ticks import lettered, named, ticked
from gateway.forms._values import COLON, LONG, coded, handling, read_date, tick
from gateway.identifiers.written import looks_like_code, read_uim, read_uims
from gateway.language import normalise

_CODE = re.compile(r"[!-9;-~]++")  # without a colon: never a label
_SHORT_LABEL = re.compile(r"[!-~]{1,2}:[!-~]++")  # in a list, "A:12" is a code and not Spanish for "To: 12"
_DIGIT = re.compile("[0-9]")
_CELL = re.compile("\t|$")  # where the first cell of a row ends
_WORD = re.compile(r"\w|^#{4,}$")  # a spreadsheet shows the latter for what a column has no room for
_NUMBER = re.compile(r"GSP\s?-?\s?(\d{4})\s?-?\s?(\d{6,9})(?:\s?/\s?([A-Z]{2}))?", re.IGNORECASE | re.ASCII)
_LINE_KINDS = frozenset({FieldKind.LINE, FieldKind.CHOICE, FieldKind.DATE, FieldKind.EXCHANGE, FieldKind.PARTY})
_BLOCK_KINDS = frozenset({FieldKind.TEXT, FieldKind.UIMS, FieldKind.TICKS})
_BESIDE = 3  # forms beside one another that are looked at
_GIVEN = frozenset({"exchange", "handling"})  # stand in a form that nobody has completed yet
_EDGES = " \t\r\n\u00a0\u200b\u200e\u200f\u061c\u2066\u2067\u2068\u2069\u202a\u202b\u202c\ufeff"
_MARKS = "*_•·"  # bold and underlined text as mail clients write it, and bullets

_NOT_UNDERSTOOD = text("This line was not understood. Begin it with one of the labels of the form.")
_TAKEN_FOR = text("This line was read as “{label}”, because it holds one of its codes.")
_ONLY_THE_CODE = text("Of this line only “{code}” was passed on. Write conditions into the text of the form.")
_TWICE = text("This is said twice, differently; “{got}” was taken.")


def read_form(
    lines: Sequence[str], vocabulary: Vocabulary, title: str = ""
) -> tuple[FilledForm, tuple[Finding, ...], str]:
    """(what was understood, what was not, text outside the form). `title`: the form that the mail's subject names.

    Of several forms beside one another, as a letter brings them, it is the first that was filled in.
    """
    first = _read_nth(lines, vocabulary, title, 0)
    if not first[0].name or filled_in(first[0], vocabulary.forms[first[0].name]):
        return first
    for nth in range(1, _BESIDE):
        further = _read_nth(lines, vocabulary, "", nth)
        if further[0].name and filled_in(further[0], vocabulary.forms[further[0].name]):
            return further
    return first


def _read_nth(
    lines: Sequence[str], vocabulary: Vocabulary, title: str, nth: int
) -> tuple[FilledForm, tuple[Finding, ...], str]:
    name, body, outside = form_lines(lines, vocabulary, nth)
    earlier = bool(body) and _is_earlier(body[0][0] - 1, lines)
    if not name and title:
        bare = ("" if visible(line).lstrip("> ").startswith("|") else line for line in lines)
        name, below, outside = form_lines((f"GSP {vocabulary.forms[title].title}", *bare), vocabulary)
        body = [(number - 1, line) for number, line in below]
    if not name:
        return FilledForm(""), (), "\n".join(outside).strip()
    form = vocabulary.forms[name]
    reader = _Reader(form, vocabulary)
    for number, line in rejoined(body, vocabulary.long_labels(form)):
        reader.line(number, line)
    filled, findings = reader.done()
    if earlier:
        own = frozenset(line for _, line in own_text(lines, vocabulary))
        outside = [line for line in outside if line in own]
        if any(map(visible, outside)) and not filled_in(filled, form):
            return FilledForm(""), (), "\n".join(outside).strip()
    return filled, findings, "\n".join((*outside, *reader.leftover)).strip()


def _is_earlier(title: int, lines: Sequence[str]) -> bool:
    """Whether the line of that number stands in the mail that was replied to, marked as quoted or not."""
    return visible(lines[title - 1]).startswith(">") or own_lines(lines[:title]) < title


def filled_in(filled: FilledForm, form: Form) -> bool:
    """Whether somebody completed a form that was sent to him blank: anything that is needed of it, or any answer."""
    if form.group:
        _, *others = (field.name for field in form.group)
        chosen = any(filled.get(field.name) for field in form.fields if field.name not in _GIVEN)
        return chosen or any(block.values.get(name) for block in filled.blocks for name in others)
    needed = [field.name for field in form.fields if field.required]
    needed = needed or [field.name for field in form.fields if field.name not in _GIVEN]  # everything may be left out
    return bool(filled.uims) or any(filled.get(name) for name in needed)


@dataclass
class _Taken:
    """Lines collected for one field."""

    field: Field
    lines: list[Line] = default(default_factory=list)
    blank: bool = False  # the line above is empty, and something was read before it


class _Reader:
    """Goes down the lines; each belongs to the field whose label stands above it."""

    def __init__(self, form: Form, vocabulary: Vocabulary) -> None:
        self._form = form
        self._vocabulary = vocabulary
        self._group = frozenset(field.name for field in form.group)
        self._items = {field.name: field for field in form.group if is_item(field)}
        self._boxes = next((field for field in form.fields if field.kind is FieldKind.TICKS), None)
        self._list = next((field for field in form.fields if field.kind is FieldKind.UIMS), None)
        self._head: list[_Taken] = []
        self._blocks: list[list[_Taken]] = []
        self._current: _Taken | None = None
        self._ended = False
        self.leftover: list[str] = []
        self._findings: list[Finding] = []
        self._codes: list[tuple[str, int, str]] = []  # of Handling, behind a word that is not its label

    def line(self, number: int, raw: str) -> None:
        """Takes one line."""
        current = self._current
        if current is not None and not self._ended and current.field.kind is FieldKind.UIMS:
            bare = raw.strip()
            if (_CODE.fullmatch(bare) or _SHORT_LABEL.fullmatch(bare)) and _DIGIT.search(bare):
                current.lines.append((number, bare))
                current.blank = False
                return
        shown = visible(raw)
        labelled = self._label(shown)
        if labelled is not None:
            self._begin(number, *labelled)
            return
        if (code := coded(shown)) is not None:
            self._codes.append((code, number, shown))
        if self._stray_box(number, shown, current):
            return
        if current is None:
            self._before_labels(number, raw, shown)
        elif current.field.kind is not FieldKind.TEXT and is_added(shown):
            current.blank = bool(current.lines)
            self.leftover.append(raw)
        elif current.field.kind is FieldKind.UIMS:
            self._more_uims(current, number, raw, shown)
        else:
            self._more(current, number, raw, shown)

    def _before_labels(self, number: int, raw: str, shown: str) -> None:
        """UIMs right below the title need no label; all else there is text outside the form."""
        if self._list is not None and looks_like_code(shown):
            self._begin(number, self._list, shown)
        elif shown:
            self.leftover.append(raw)

    def _stray_box(self, number: int, shown: str, current: _Taken | None) -> bool:
        """Takes a ticked or empty box of the data that are asked for, wherever it stands."""
        if self._boxes is None or (current is not None and current.field is self._boxes):
            return False
        box = tick(shown)
        if box is None or not named(box[1], self._boxes, self._vocabulary):
            return False
        self._head.append(_Taken(self._boxes, [(number, shown)]))
        return True

    def _more_uims(self, current: _Taken, number: int, raw: str, shown: str) -> None:
        if not _WORD.search(shown):  # empty, or a rule of dashes
            current.blank = bool(current.lines)
            return
        if self._ended:
            if goes_on(shown) or is_alike(shown, visible(current.lines[-1][1])):
                self._ended = False
                current.lines.append((number, raw))
            else:
                self.leftover.append(raw)
        elif current.blank and ends(shown) and not goes_on(shown):
            self._ended = True  # a disclaimer or a signature below the list
            self.leftover.append(raw)
        else:
            current.lines.append((number, raw))
        current.blank = False

    def _more(self, current: _Taken, number: int, raw: str, shown: str) -> None:
        kind = current.field.kind
        if kind is FieldKind.TEXT:
            current.lines.append((number, _trimmed(raw)))
        elif not shown:
            return
        elif kind is FieldKind.TICKS or not current.lines:
            current.lines.append((number, shown))
        elif (
            kind is FieldKind.LINE
            and current.field.name != "uim"
            and current.lines[-1][0] == number - 1
            and not COLON.search(shown)
        ):
            current.lines.append((number, shown))  # a client has broken a long line
        else:
            self.leftover.append(raw)
            self._findings.append(Finding(_NOT_UNDERSTOOD, Severity.NOTE, line=number, got=shown))

    def _label(self, shown: str) -> tuple[Field, str] | None:
        """The field that a line begins, and what stands behind its label."""
        line = shown.lstrip(_MARKS + " ") if shown[:1] in _MARKS else shown
        if self._blocks and self._items and (item := lettered(line)) and item[0]:
            return self._item(*item)
        if "\t" in line and (beside := self._cells(line)):
            return beside
        colon = COLON.search(line, 0, LONG)
        if colon is None:
            return self._bare_label(line)
        fields = self._vocabulary.label(self._form, line[: colon.start()])
        if not fields:
            return None
        value = line[colon.end() :].strip(" \t")
        if value[:1] in ("*", "_") and value[0] in line[: colon.start()] + shown[:1]:  # *Label:* value
            value = value.lstrip("*_ ")
        return self._of(fields), value

    def _cells(self, line: str) -> tuple[Field, str] | None:
        """The same of a row of two cells, where the form was made a table; the headings of a list are none."""
        label, _, value = line.partition("\t")
        fields = self._vocabulary.label(self._form, label) if len(label) < LONG else ()
        if not fields or "\t" in value or self._vocabulary.label(self._form, value[:LONG]):
            return None
        found = self._of(fields)
        listed = found.kind is FieldKind.UIMS or found.name == "uim"
        return (found, value.strip()) if looks_like_code(value) or not listed else None

    def _item(self, name: str, rest: str) -> tuple[Field, str] | None:
        """One of the data (a) to (j) in a block: the label may be shortened or left out, the answer is what counts."""
        found = self._items.get(name)
        if found is None:
            return None
        spellings = self._vocabulary.languages.spellings(found.label)
        for cut in (COLON.search(rest, 0, LONG), _CELL.search(rest)):
            known = normalise(rest[: cut.start()]) if cut else ""
            if cut and (not known or any(spelling.startswith(known) for spelling in spellings)):
                return found, rest[cut.end() :].strip(" *_\t")
        return found, rest

    def _bare_label(self, line: str) -> tuple[Field, str] | None:
        if not line or len(line) > 60 or tick(line) is not None:
            return None
        fields = self._vocabulary.label(self._form, without_hint(line))
        return (self._of(fields), "") if fields and self._of(fields).kind in _BLOCK_KINDS else None

    def _of(self, fields: Sequence[Field]) -> Field:
        """Where head and block have a label in common, the block's once a block has begun."""
        if len(fields) == 1:
            return fields[0]
        group = [found for found in fields if found.name in self._group]
        head = [found for found in fields if found.name not in self._group]
        return group[0] if group and (self._blocks or not head) else (head or list(fields))[0]

    def _begin(self, number: int, found: Field, value: str) -> None:
        self._ended = False
        value = without_hint(value)
        taken = _Taken(found, [(number, value)] if value.strip() else [])
        self._current = taken
        if self._form.group and found is self._form.group[0]:
            self._blocks.append([taken])
        elif found.name in self._group and self._blocks:
            self._blocks[-1].append(taken)
        else:
            self._head.append(taken)

    # --- values -------------------------------------------------------------------------------------

    def done(self) -> tuple[FilledForm, tuple[Finding, ...]]:
        """The form, and what was not understood of it."""
        of_kind: dict[FieldKind, list[_Taken]] = {FieldKind.UIMS: [], FieldKind.TICKS: []}
        plain: list[_Taken] = []
        for taken in self._head:
            of_kind.get(taken.field.kind, plain).append(taken)
        uims = self._uims([line for taken in of_kind[FieldKind.UIMS] for line in taken.lines])
        ticks: dict[str, list[Line]] = {}
        for taken in of_kind[FieldKind.TICKS]:
            ticks.setdefault(taken.field.name, []).extend(taken.lines)
        fields = {field.name: field for field in self._form.fields}
        boxes = {
            name: ticked(lines, fields[name], self._vocabulary, self._findings.append) for name, lines in ticks.items()
        }
        read = [(self._values(block), next((_first(one) for one in block if one.lines), 0)) for block in self._blocks]
        blocks = tuple(Block(values, line) for values, line in read if any(map(str.strip, values.values())))
        plain += self._coded(plain)
        form = FilledForm(self._form.name, self._values(plain), boxes, uims, blocks)
        return form, tuple(sorted(self._findings, key=lambda finding: finding.line))

    def _coded(self, plain: Sequence[_Taken]) -> list[_Taken]:
        """What binds the other side: a code of Handling behind another word, where its own label has none.

        Within a text the line stays there: the word may mean something else.
        """
        field = next((one for one in self._form.fields if one.name == "handling"), None)
        if field is None or not self._codes or any(one.field is field and one.lines for one in plain):
            return []
        code, number, shown = max(self._codes)
        self._findings = [one for one in self._findings if (one.line, one.text) != (number, _NOT_UNDERSTOOD)]
        says = text(_TAKEN_FOR.message, label=text(field.label))
        self._findings.append(Finding(says, Severity.NOTE, line=number, got=shown, field=field.name))
        return [_Taken(field, [(number, code)])]

    def _uims(self, lines: Sequence[Line]) -> tuple[Uim, ...]:
        uims, findings = read_uims(lines)
        self._findings += findings
        return uims

    def _values(self, taken: Sequence[_Taken]) -> dict[str, str]:
        """Values by field; of what is said twice nothing is lost."""
        values: dict[str, str] = {}
        for one in taken:
            name, value = one.field.name, self._value(one) if one.lines else ""
            before = values.get(name, "")
            if before and value and before != value:
                if one.field.kind is FieldKind.TEXT:
                    value = f"{before}\n{value}"
                else:
                    sentence = text(_TWICE.message, got=value)
                    self._findings.append(Finding(sentence, Severity.NOTE, line=_first(one), got=value, field=name))
            values[name] = value or before
        return values

    def _value(self, taken: _Taken) -> str:
        found = taken.field
        lines = [line for _, line in taken.lines]
        if found.kind is FieldKind.TEXT:
            lines = without_closing(lines, found.name)
        if found.kind not in _LINE_KINDS:
            return "\n".join(lines).strip()
        if found.name == "uim":
            code = read_uim(lines[0])
            return self._wrong(taken, lines[0], code) if isinstance(code, Text) else code
        flat = " ".join(lines).strip(" *")
        return flat if found.kind is FieldKind.LINE or not flat else self._fixed(taken, found, flat)

    def _fixed(self, taken: _Taken, found: Field, flat: str) -> str:
        """Choices, dates, numbers and Parties: understood, or a finding."""
        if found.kind is FieldKind.CHOICE:
            name = self._vocabulary.choice(found, flat)
            if name:
                return name
            if found.name == "handling" and (code := handling(flat)):
                return self._handling(taken, *code)
            sentence = text("“{got}” was not understood here. Write one of the words of the form.", got=flat)
            severity = Severity.BLOCKS if found.required else Severity.PART
            return self._wrong(taken, flat, sentence, severity)
        if found.kind is FieldKind.DATE:
            return self._date(taken, flat)
        if found.kind is FieldKind.PARTY:
            party = self._vocabulary.languages.party(flat)
            sentence = text("“{got}” is not the name or code of a Party.", got=flat)
            return party or self._wrong(taken, flat, sentence, Severity.BLOCKS)
        number = _NUMBER.search(unicodedata.normalize("NFKC", flat))
        if number is None or not int(number[2]):
            sentence = text("“{got}” is not the number of an exchange, such as GSP-2026-000042/KE.", got=flat)
            return self._wrong(taken, flat, sentence, Severity.BLOCKS)
        return _exchange(number)

    def _handling(self, taken: _Taken, code: str, words: str) -> str:
        """The code; of words behind it the writer is told that they went nowhere."""
        if words:
            sentence = text(_ONLY_THE_CODE.message, code=code)
            found = Finding(sentence, Severity.NOTE, line=_first(taken), got=words, field=taken.field.name)
            self._findings.append(found)
        return code

    def _date(self, taken: _Taken, flat: str) -> str:
        read = read_date(flat)
        if read:
            return read
        sentence = (
            text("The date “{got}” can be read in more than one way. Write it as year-month-day, 2026-11-30.", got=flat)
            if read is None
            else text("“{got}” is not a date. Write it as year-month-day, 2026-11-30.", got=flat)
        )
        return self._wrong(taken, flat, sentence)

    def _wrong(self, taken: _Taken, got: str, sentence: Text, severity: Severity = Severity.PART) -> str:
        self._findings.append(Finding(sentence, severity, line=_first(taken), got=got, field=taken.field.name))
        return ""


def _trimmed(line: str) -> str:
    """A line without spaces and marks of direction at its ends."""
    return line.strip() if line.isascii() else line.strip(_EDGES)


def _exchange(found: re.Match[str]) -> str:
    number = f"GSP-{found[1]}-{found[2]}"
    return str(referral_number(f"{number}/{found[3]}")) if found[3] else str(exchange_number(number))


def _first(taken: _Taken) -> int:
    return taken.lines[0][0] if taken.lines else 0
