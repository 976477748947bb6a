"""What the templates can say: sentences, names and values, in one language and for one medium.

The same letter template is rendered twice, with the macros of `templates/medium/text.j2` and `html.j2`. A
`Voice` gives both the same functions; in HTML their results are escaped and isolated (Unicode UAX 9), in
plain text UIMs and digests stand alone on their lines, without invisible characters.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from markupsafe import Markup, escape
from xlsxwriter.utility import xl_rowcol_to_cell

from gateway.content import N_, ClearValue, Finding, Photograph, Text, Uim
from gateway.directory import Entry, EntryChange, Standing
from gateway.facts import PartyCode, Wording
from gateway.forms import Choice
from gateway.forms._fields import ANSWERS, ITEMS, REASONS_FOR_NO_DATA
from gateway.language import Catalogue, filled
from gateway.letters import AnsweredUim, LookupLine, ReferredPart, StatusLine, Suggestion, TrailLine, UimNote
from gateway.library.doubts import BEGINNING
from gateway.stages import _words
from gateway.stages._lines import isolated, plain, shown, turned, turned_left, words
from gateway.summary import Chart, Figure, Task
from gateway.treaty import Function, Item

MOST = 50  # UIMs, answers or findings that a letter lists; the spreadsheet has them all

_PLACES = 10  # that are named in one sentence
_SEPARATOR, _BETWEEN, _COLON = N_(", "), N_("; "), N_(": ")
_BEHIND_A_NAME = (", ", "، ", "，")  # what stands behind the Party's name in the title of a marking
_LABELS: dict[str, Choice] = {choice.name: choice for choice in ITEMS}


def _day(moment: datetime | None) -> object:
    return moment.date() if moment else "–"


@dataclass(frozen=True, slots=True, repr=False)
class Frame(ClearValue):
    """What stands around a letter's own text: its subject, and below it our key, forms to fill in, the survey."""

    subject: str
    form: str = ""
    as_it_is: bool = False  # the form: it wants nothing but to be sent back
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
            "overdue_nominations": self.overdue_nominations,
            "overdue_confirmations": self.overdue_confirmations,
            "entry_facts": self.entry_facts,
            "changed_facts": self.changed_facts,
            "items": lambda items: [self.item(item) for item in items],
            "pairs": lambda details: [[self.say(label), value] for label, value in details],
            "place_unsaid": self.place_unsaid,
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
            "colon": self._safe(self.gettext(_COLON)),
            "colon_at_end": self._safe(self.gettext(_COLON).rstrip(" ")),
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
        return Markup(filled(turned_left(self._catalogue.chosen(sentence)), sentence, self._put))  # noqa: S704 - escaped

    def _put(self, name: str, value: object) -> str:
        """A value of a sentence in HTML; a UIM as what is to be copied."""
        if isinstance(value, Text):
            return self.say(value)
        if isinstance(value, tuple):
            return self._between([Markup(self._put(name, one)) for one in value])  # noqa: S704 - escaped
        if name == "uim":
            return f'<code dir="ltr">{escape(words(str(value)))}</code>'
        said = turned_left(self._catalogue.value(value))
        return said if isinstance(value, int) or said.startswith("<bdi") else f"<bdi>{said}</bdi>"

    def formed(self, written: str) -> str:
        """A form in HTML: from right to left its labels give the direction of a line, and its values stand isolated.

        Left to each line's first letter, `(a)` before an Arabic label would turn the line around.
        """
        if self._catalogue.direction == "ltr":
            return written
        return Markup("\n").join(map(turned, written.split("\n")))

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
        return self.gettext(N_("Line {line}"), line=line) if line else self.gettext(N_("File “{name}”"), name=name)

    def place_unsaid(self, one: Finding) -> str:
        """The same; "" where it is nowhere, or only a file that the sentence itself names."""
        named = not one.line and one.where in dict(one.text.values).values()
        return self.place(one) if (one.line or one.where) and not named else ""

    def places(self, uims: Sequence[Uim]) -> str:
        """Where UIMs stand, each once; of many the first."""
        found = list(dict.fromkeys(self.place(uim) for uim in uims[: 2 * _PLACES] if uim.line))
        return self._between(found[:_PLACES]) + (self._safe(" …") if len(found) > _PLACES else "")

    def suggested(self, suggestion: Suggestion) -> str:
        """A Party that is suggested, and why; only the reason where no Party follows."""
        if not suggestion.party:
            return self.say(suggestion.reason)
        reason = self._of(suggestion.party, suggestion.reason)
        return self._value(self.party(suggestion.party)) + self.gettext(_COLON) + self.say(reason)

    def told(self, note: UimNote) -> tuple[str, list[str], list[str]]:
        """A UIM, what is to be said of it, and the Parties that are suggested."""
        remarks, suggested = self._reasons(note)
        remarks = [*([self.place(note.uim)] if note.uim.line else []), *remarks]
        if note.before:
            numbers = self._join([self._value(number) for number in note.before])
            remarks.append(self.gettext(N_("Asked before: {numbers}"), numbers=numbers))
        return shown(note.uim.text), remarks, suggested

    def suggested_and_remarks(self, line: LookupLine) -> list[str]:
        """Everything that a look-up says of one UIM."""
        where = [self.place(line.uim)] if line.uim.where else []
        remarks, suggested = self._reasons(line)
        return [*where, *suggested, *remarks]

    def _reasons(self, of: UimNote | LookupLine) -> tuple[list[str], list[str]]:
        """(what is remarked on a UIM, what is suggested), each once.

        A remark that says why a UIM is not quite of a marking stands for the suggestion that it is nearly of it.
        """
        nearly: dict[object, Suggestion] = {
            one.scheme: one for one in of.suggestions if one.reason.message == BEGINNING
        }
        remarks: list[str] = []
        explained: set[Suggestion] = set()
        for remark in of.remarks:
            near = nearly.get(dict(remark.values).get("scheme", ""))
            if near:
                explained.add(near)
            remarks.append(self.suggested(replace(near, reason=remark)) if near else self.say(remark))
        return remarks, [self.suggested(one) for one in of.suggestions if one not in explained]

    def _of(self, party: PartyCode, reason: Text) -> Text:
        """A sentence that stands behind a Party's name, without that name in the titles of its markings."""
        values: list[tuple[str, object]] = []
        for name, value in reason.values:
            within = self._of(party, value) if isinstance(value, Text) else value
            values.append((name, self._title(within, party) if isinstance(within, Wording) else within))
        return replace(reason, values=tuple(values))

    def _title(self, scheme: Wording, party: PartyCode) -> str:
        """The title of a marking where its Party has just been named: without the Party's name, if it begins so."""
        said, name = self._catalogue.value(scheme), self.party(party)
        return next((said[len(name + sign) :] for sign in _BEHIND_A_NAME if said.startswith(name + sign)), said)

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
        return self._between([self._value(self._title(one, part.number.party)) for one in part.schemes])

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

    def overdue_nominations(self, standings: Sequence[Standing]) -> list[list[object]]:
        """The rows of a table of Parties that have not nominated whom they should."""
        return [[self.party(s.party), self._functions(s.missing), s.open_since.date()] for s in standings]

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
            self.amount(day)
            + self.gettext(_COLON)
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

    def _between(self, parts: Sequence[str]) -> str:
        return self._safe(self.gettext(_BETWEEN)).join(parts)

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
