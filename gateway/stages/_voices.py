"""What the templates can say: sentences, names and values, in one language and for one medium.

The same letter template is rendered twice, with the macros of `templates/medium/text.j2` and `html.j2`. A
`Voice` gives both the same functions; in HTML their results are escaped and isolated (Unicode UAX 9), in
plain text UIMs and digests stand alone on their lines, without invisible characters.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from markupsafe import Markup, escape
from xlsxwriter.utility import xl_rowcol_to_cell

from gateway.content import N_, ClearValue, Finding, Photograph, Text, Uim
from gateway.directory import Entry, EntryChange, Standing
from gateway.facts import ExchangeNumber, PartyCode, ReferralNumber
from gateway.forms import Choice
from gateway.forms._fields import ANSWERS, ITEMS, REASONS_FOR_NO_DATA
from gateway.language import Catalogue, filled
from gateway.letters import AnsweredUim, LookupLine, ReferredPart, StatusLine, Suggestion, TrailLine, UimNote
from gateway.stages import _words
from gateway.summary import Chart, Figure, Task
from gateway.treaty import Function, Item

MOST = 50  # UIMs, answers or findings that a letter lists; the spreadsheet has them all

_PLACES = 10  # that are named in one sentence
_SEPARATOR = N_(", ")
_COLUMNS = 76
# Control characters, and what turns or hides the text around it; the group separator is shown instead.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff]")
_BREAKS = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_LEFT_TO_RIGHT = re.compile(r"GSP-\d{4}-\d{6,9}(?:/[A-Z]{2})?|[\w.+-]+@[\w.-]*\w")  # numbers and addresses
_WORD = re.compile("[ \t]*[^ \t]+[ \t]*|[ \t]+")  # no-break spaces hold
# Between wide characters, but a line does not begin with a closing sign (Unicode UAX 14, class CL).
_WIDE = re.compile("(?<=[\u3000-\u303f\u3400-\u9fff\uff00-\uffef])(?![、。，．：；！？）》」』】〕”’…])")
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_LABELS: dict[str, Choice] = {choice.name: choice for choice in ITEMS}


def words(value: str) -> str:
    """A person's words without characters that control or turn the text around them; lines end in `\\n`."""
    return _CONTROLS.sub("", _BREAKS.sub("\n", value.replace("\x1d", "<GS>")))


def plain(value: object) -> str:
    """A value on one line: instants in UTC to the minute, days as ISO 8601, a person's words cleaned."""
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M UTC")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return value if value.isascii() and value.isprintable() else " / ".join(words(value).split("\n"))
    return str(value)


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
        columns = len(chunk) if chunk.isascii() else sum(map(_columns, chunk))
        if line.strip() and width + columns - (chunk[-1] == " ") > _COLUMNS:
            yield line.rstrip()
            line, width = indent, len(indent)
        line += chunk
        width += columns
    yield line.rstrip()


def _chunks(paragraph: str) -> Iterable[str]:
    """Words with the white space after them; between wide characters a line may be broken as well."""
    words = _WORD.findall(paragraph)
    return words if paragraph.isascii() else (part for word in words for part in _WIDE.split(word) if part)


def _columns(character: str) -> int:
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def quoted(value: str) -> str:
    """A person's words, each line marked with a bar: nobody can take them for the gateway's own."""
    lines = [line for own in words(value).strip("\n").split("\n") for line in wrapped(own).split("\n")]
    return "\n".join(["| " + line if line else "|" for line in lines])


def _turned_left(spoken: str) -> str:
    """Words in HTML, in which what reads from left to right in every language is isolated."""
    return _LEFT_TO_RIGHT.sub(r'<bdi dir="ltr">\g<0></bdi>', str(escape(words(spoken))))


def _turned(line: str) -> Markup:
    label, colon, value = line.partition(": ")
    if _RIGHT_TO_LEFT.search(label):
        return escape(label + colon) + (Markup("<bdi>{}</bdi>").format(value) if value else "")
    return Markup("<bdi>{}</bdi>").format(line) if line else Markup("")


def isolated(value: object) -> Markup:
    """A value in HTML, isolated from the direction of the text around it."""
    if isinstance(value, Markup):
        return value
    # Not Markup.format, which takes three times as long (measured); what is put in is escaped here.
    if isinstance(value, ReferralNumber | ExchangeNumber | date):
        return Markup(f'<bdi dir="ltr">{escape(plain(value))}</bdi>')  # noqa: S704
    return Markup(f"<bdi>{escape(plain(value))}</bdi>" if isinstance(value, str) else plain(value))  # noqa: S704


def _day(moment: datetime | None) -> object:
    return moment.date() if moment else "–"


@dataclass(frozen=True, slots=True, repr=False)
class Frame(ClearValue):
    """What stands around a letter's own text: its subject, and below it our key, forms to fill in, the survey."""

    subject: str
    form: str = ""
    blanks: tuple[str, ...] = ()
    survey: str = ""
    side: str = ""
    our_key: str = ""
    our_certificate: str = ""


class Voice:
    """The functions of the templates for one language and one medium; made once."""

    def __init__(self, catalogue: Catalogue, html: bool) -> None:
        self._catalogue = catalogue
        self._html = html
        self._sentences: dict[str, str] = {}

    def variables(self) -> dict[str, Any]:
        """Every name that a template may use besides the letter's own."""
        names: dict[str, Any] = {
            "_": self.gettext,
            "ngettext": self.ngettext,
            "say": self.say,
            "label": self.gettext,
            "party": self.party,
            "parties": lambda codes: self._join([self.party(code) for code in codes]),
            "handling": self._word(_words.HANDLING),
            "purpose": self._word(_words.PURPOSE),
            "answer": self._word(_words.ANSWER),
            "reason": self._word(_words.REASON),
            "state": self._word(_words.STATE),
            "role": self._word(_words.ROLE),
            "function": self._word(_words.FUNCTION),
            "functions": self._functions,
            "difficulty": self._word(_words.DIFFICULTY),
            "overdue_nominations": lambda all_: [
                [self.party(s.party), self._functions(s.missing), s.open_since.date()] for s in all_
            ],
            "overdue_confirmations": self.overdue_confirmations,
            "entry_facts": self.entry_facts,
            "changed_facts": self.changed_facts,
            "items": lambda items: [self.item(item) for item in items],
            "pairs": lambda details: [[self.say(label), value] for label, value in details],
            "place": self.place,
            "places": self.places,
            "seen": self.seen,
            "told": lambda notes: [self.told(note) for note in notes],
            "suggested_and_remarks": self.suggested_and_remarks,
            "answered": self.answered,
            "sent_rows": self.sent_rows,
            "status_rows": self.status_rows,
            "trail_rows": self.trail_rows,
            "amount": self.amount,
            "figures": lambda lines: [[self.say(label), self.amount(value)] for label, value in lines],
            "figure_rows": lambda rows: [list(map(self.amount, row)) for row in rows],
            "sentences": lambda texts: list(map(self.say, texts)),
            "digest_rows": self.digest_rows,
            "chart_lines": self.chart_lines,
            "said": self.said,
            "answer_words": self._join([self.gettext(choice.label) for choice in ANSWERS]),
            "reason_words": self._join([self.gettext(choice.label) for choice in REASONS_FOR_NO_DATA]),
            "language": self._catalogue.language,
            "direction": self._catalogue.direction,
            "formed": self.formed,
            "most": MOST,
        }
        return names

    def gettext(self, message: str, **values: object) -> str:
        """The sentence in this language, its values put in."""
        sentence = self._sentences.get(message)
        if sentence is None:
            sentence = self._sentences[message] = self._safe(self._catalogue.gettext(message))
        return self._filled(sentence, values) if values else sentence

    def ngettext(self, singular: str, plural: str, count: int, **values: object) -> str:
        """The sentence in the plural form for this number, which stands for `{count}`."""
        sentence = self._safe(self._catalogue.ngettext(singular, plural, count))
        return self._filled(sentence, {"count": count, **values})

    def say(self, sentence: Text) -> str:
        """A sentence made by the core; in HTML, its values and the numbers of exchanges and addresses are isolated."""
        if not self._html:
            return words(self._catalogue.say(sentence))
        return Markup(filled(_turned_left(self._catalogue.chosen(sentence)), sentence, self._put))  # noqa: S704 - escaped

    def _put(self, name: str, value: object) -> str:
        """A value of a sentence in HTML; a UIM as what is to be copied."""
        if isinstance(value, Text):
            return self.say(value)
        if name == "uim":
            return f'<code dir="ltr">{escape(words(str(value)))}</code>'
        said = _turned_left(self._catalogue.value(value))
        return said if isinstance(value, int) or said.startswith("<bdi") else f"<bdi>{said}</bdi>"

    def formed(self, written: str) -> str:
        """A form in HTML: from right to left its labels give the direction of a line, and its values stand isolated.

        Left to each line's first letter, `(a)` before an Arabic label would turn the line around.
        """
        if self._catalogue.direction == "ltr":
            return written
        return Markup("\n").join(map(_turned, written.split("\n")))

    def party(self, code: PartyCode) -> str:
        """A Party's name in this language, its code where the name is not known."""
        return self._catalogue.party(code) if code else ""

    def amount(self, value: object) -> str:
        """A figure as this language writes it; a dash where there is none; a Party by its name."""
        if isinstance(value, int | timedelta | date | Text):
            return self._safe(self._catalogue.value(value))
        return self._safe("–") if value is None else self._safe(self.party(PartyCode(str(value))))

    def item(self, item: Item) -> str:
        """One of the ten data, by letter and name."""
        return self._safe(f"({item.value}) ") + self.gettext(_LABELS[item].label)

    def place(self, one: Uim | Finding) -> str:
        """Where something stands: an attachment's name; a cell, a line, a page and its line; a code in a picture."""
        name, line = one.where, one.line
        if one.region:
            there = self.gettext(_words.REGION[one.region])
            return self.gettext(N_("{name}, code {number}, {region}"), name=name, number=line, region=there)
        if one.page:
            return self.gettext(N_("{name}, page {page}, line {line}"), name=name, page=one.page, line=line)
        if one.column:
            return self.gettext(N_("{name}, cell {cell}"), name=name, cell=xl_rowcol_to_cell(line - 1, one.column - 1))
        if name and line:
            return self.gettext(N_("{name}, line {line}"), name=name, line=line)
        return self.gettext(N_("Line {line}"), line=line) if line else self._value(name)

    def places(self, uims: Sequence[Uim]) -> str:
        """Where UIMs stand, each once; of many the first."""
        found = list(dict.fromkeys(self.place(uim) for uim in uims[: 2 * _PLACES] if uim.line))
        return self._safe("; ").join(found[:_PLACES]) + (self._safe(" …") if len(found) > _PLACES else "")

    def suggested(self, suggestion: Suggestion) -> str:
        """A Party that is suggested, and why; only the reason where no Party follows."""
        if not suggestion.party:
            return self.say(suggestion.reason)
        return self._value(self.party(suggestion.party)) + ": " + self.say(suggestion.reason)

    def told(self, note: UimNote) -> tuple[str, list[str], list[str]]:
        """A UIM, what is to be said of it, and the Parties that are suggested."""
        remarks = [self.place(note.uim)] if note.uim.line else []
        remarks += map(self.say, note.remarks)
        if note.before:
            numbers = self._join([self._value(number) for number in note.before])
            remarks.append(self.gettext(N_("Asked before: {numbers}"), numbers=numbers))
        return shown(note.uim.text), remarks, [self.suggested(one) for one in note.suggestions]

    def suggested_and_remarks(self, line: LookupLine) -> list[str]:
        """Everything that a look-up says of one UIM."""
        where = [self.place(line.uim)] if line.uim.where else []
        return [*where, *map(self.suggested, line.suggestions), *map(self.say, line.remarks)]

    def seen(self, picture: Photograph) -> list[tuple[str, str]]:
        """The codes of a picture in order: where each stands and of what kind it is; what it says."""
        return [
            (self._join([self.gettext(_words.REGION[region]), self._value(kind)]), said)
            for said, kind, region in picture.codes
        ]

    def answered(self, one: AnsweredUim) -> list[list[str]]:
        """The data given for one UIM, and its remarks, as label and value."""
        rows = [[self.item(item), value] for item, value in one.items]
        return [*rows, [self.gettext(N_("Remarks")), one.remarks]] if one.remarks else rows

    def sent_rows(self, parts: Sequence[ReferredPart]) -> list[list[object]]:
        """The rows of a table of referrals."""
        return [[self.party(p.number.party), p.number, p.count, self._schemes(p), self._sent(p)] for p in parts]

    def _schemes(self, part: ReferredPart) -> str:
        return self._safe("; ").join([self._value(self._catalogue.value(one)) for one in part.schemes])

    def _sent(self, part: ReferredPart) -> str:
        if part.waiting:
            return self.gettext(N_("waits: the desk's key cannot be used now; it goes out by itself later"))
        return self.gettext(N_("sent to the Party that you named")) if part.chosen else self.gettext(N_("sent"))

    def status_rows(self, lines: Sequence[StatusLine], ours: bool) -> list[list[object]]:
        """The rows of a status list; the Party shown is the other one (`ours`: our Party asks)."""
        state = self._word(_words.STATE)

        def row(line: StatusLine) -> list[object]:
            other = line.number.party if ours else line.asking
            done = self.gettext(N_("{answered} of {count}"), answered=line.answered, count=line.uims)
            return [line.number, self.party(other), state(line.state), line.asked_at, line.last_activity, done]

        return [row(line) for line in lines]

    def trail_rows(self, lines: Sequence[TrailLine]) -> list[list[object]]:
        """The rows of an exchange's trail."""
        event = self._word(_words.EVENT)
        return [[x.at, event(x.kind), self.party(x.party), self.party(x.actor), x.count or "", x.digest] for x in lines]

    def entry_facts(self, entry: Entry) -> list[list[str]]:
        """What an entry of the directory says, as label and value."""
        said = [[label, getattr(entry, name)] for label, name in self._entry_labels()]
        return [[self.gettext(N_("Function")), self._word(_words.FUNCTION)(entry.function)], *said]

    def changed_facts(self, change: EntryChange) -> list[list[str]]:
        """What has changed in an entry: what is the same as it was stands once."""
        now = change.now or change.was
        if now is None or change.was is None or change.now is None:
            return self.entry_facts(now) if now is not None else []
        said = [[self.gettext(N_("Function")), self._word(_words.FUNCTION)(now.function)]]
        for label, name in self._entry_labels():
            before, after = getattr(change.was, name), getattr(change.now, name)
            was = self.gettext(N_("{now} (until now: {before})"), now=after or "–", before=before or "–")
            said.append([label, after if before == after else was])
        return said

    def overdue_confirmations(self, standings: Sequence[Standing]) -> list[list[object]]:
        """The rows of a table of Parties that have not confirmed their entries."""
        return [[self.party(s.party), s.entries, _day(s.asked_at), _day(s.confirmed_at)] for s in standings]

    def _functions(self, functions: Sequence[Function]) -> str:
        return self._join([self.gettext(_words.FUNCTION[one]) for one in functions])

    def _entry_labels(self) -> list[tuple[str, str]]:
        return [(self.gettext(label), name) for label, name in _words.ENTRY]

    def digest_rows(self, figures: Sequence[Figure]) -> list[list[object]]:
        """The rows of a digest's figures."""
        return [[self.say(one.label), self._number(one.now), self._number(one.before)] for one in figures]

    def _number(self, value: int | Text) -> str:
        return self.say(value) if isinstance(value, Text) else self._safe(self._catalogue.value(value))

    def chart_lines(self, chart: Chart) -> list[str]:
        """What a chart shows, a line a week."""
        names = [self.say(name) for name, _ in chart.series]
        shown = [list(map(self._number, values)) for _, values in chart.series]
        separator = self._safe(self.gettext(_SEPARATOR))
        return [
            self._value(day)
            + ": "
            + separator.join(f"{name} {values[week]}" for name, values in zip(names, shown, strict=True))
            for week, day in enumerate(chart.weeks)
        ]

    def said(self, task: Task) -> list[str]:
        """The lines of a task, and how many more there are."""
        lines = [self.say(line) for line in task.lines]
        return [*lines, self.ngettext("And {count} more.", "And {count} more.", task.more)] if task.more else lines

    def _word(self, table: Mapping[Any, str]) -> Callable[[Any], str]:
        """A function from an enumeration to its word; what stands in no table is a person's word."""
        return lambda member: self.gettext(table[member]) if member in table else self._value(member)

    def _join(self, parts: Sequence[str]) -> str:
        return self._safe(self.gettext(_SEPARATOR)).join(parts)

    def _safe(self, sentence: str) -> str:
        return escape(sentence) if self._html else sentence

    def _value(self, value: object) -> str:
        return isolated(value) if self._html else plain(value)

    def _filled(self, sentence: str, values: Mapping[str, object]) -> str:
        if not self._html:
            return sentence.format(**{name: plain(value) for name, value in values.items()})
        # As text, whose format is faster: both the sentence and every value are escaped.
        escaped = {name: str(isolated(value)) for name, value in values.items()}
        return Markup(str(sentence).format(**escaped))  # noqa: S704
