"""What letters and reports call the quality of requests and answers: lines, a table, a digest's few rows. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from gateway.content import N_, Sheet, Text, text, texts
from gateway.facts import NO_PARTY, PartyCode
from gateway.figures import Counts, Merits, Quality, Share
from gateway.rules.quality import REASONS, Criterion, Unit, criteria
from gateway.summary import Figure
from gateway.treaty import NoDataReason

Judged = tuple[Text, Quality, Counts]  # of whom, and what was counted

# What `rules.quality`, which knows no sentences, calls a criterion, and people do; others are figures of R10.
LABELS = {
    "right recipient at first try": N_("Right recipient at first try"),
    "UIMs asked before by the same Party": N_("UIMs asked before by the same Party"),
    "malformed lines in requests": N_("Malformed lines in requests"),
    "requests called rightly addressed": N_("Requests called rightly addressed"),
    "requests called duplicate": N_("Requests called duplicates"),
    "requests called clear": N_("Requests called clear"),
    "requests whose UIMs were identified": N_("Requests whose UIMs were identified"),
    "requests whose justification was given": N_("Requests whose justification was given"),
    "answers: usefulness": N_("Usefulness of answers"),
    "answers called complete": N_("Answers called complete"),
    "answers called in time": N_("Answers called in time"),
    "answers whose reason for missing data was clear": N_("Answers whose reason for missing data was clear"),
}


def lines(quality: Quality, counts: Counts) -> tuple[tuple[Text, object], ...]:
    """The criteria that are told, as label and value; then the answers without data, by reason."""
    judged = ((label, _value(one)) for label, one in told(quality, counts))
    return (*judged, *((_no_data(reason), count) for reason, count in _reasons(quality)))


def sheet(stem: str, judged: Sequence[Judged]) -> Sheet:
    """The same as a table, of each of whom it is told."""
    headings = text("Of whom"), text("What is judged"), text("Value"), text("Unit"), text("Cases")
    rows: list[tuple[str | int | float | Text, ...]] = []
    for of, quality, counts in judged:
        for label, one in told(quality, counts):
            shown = round(100 * (one.value or 0), 1) if one.unit is Unit.SHARE else round(one.value or 0, 2)
            unit = "%" if one.unit is Unit.SHARE else text("of 5")
            rows.append((of, label, shown, unit, one.of))
        without = sum(quality.reasons.values())
        rows += [(of, _no_data(reason), count, text("answers"), without) for reason, count in _reasons(quality)]
    return Sheet(stem, headings, tuple(rows))


def figures_for(party: PartyCode, now: Merits, before: Merits) -> tuple[Figure, ...]:
    """A digest's rows: those of which there is something to tell, this time or the time before."""
    found = [
        Figure(text("Right recipient at first try"), _right(now), _right(before)),
        Figure(text("Malformed lines in requests"), now.malformed, before.malformed),
        Figure(text("Answers without data"), now.without_data, before.without_data),
    ]
    if party == NO_PARTY:
        found.append(Figure(text("Usefulness of answers"), _useful(now), _useful(before)))
    return tuple(one for one in found if {one.now, one.before} - {0, _NONE})


_NONE = text("none")


def _right(merits: Merits) -> int | Text:
    return _share(merits.judged - merits.not_ours, merits.judged) if merits.judged else _NONE


def _useful(merits: Merits) -> int | Text:
    return _mark(merits.mark, merits.marks) if merits.mark is not None else _NONE


def told(quality: Quality, counts: Counts) -> Iterator[tuple[Text, Criterion]]:
    """Every criterion that rests on something, with what people call it; figures of R10 are not among them."""
    found = criteria(quality, counts, None)
    return ((text(LABELS[one.name]), one) for one in found if one.name in LABELS and one.value is not None)


def reason_of(reason: NoDataReason | None) -> Text:
    """Why data was not given."""
    return Text(reason.value) if reason else text("no reason given")


def _reasons(quality: Quality) -> Iterable[tuple[NoDataReason | None, int]]:
    return [(reason, quality.reasons[reason]) for reason in (*REASONS, None) if quality.reasons.get(reason)]


def _no_data(reason: NoDataReason | None) -> Text:
    return text("No data: {reason}", reason=reason_of(reason))


def _value(one: Criterion) -> Text:
    value = one.value or 0
    return _mark(value, one.of) if one.unit is Unit.MARK else _share(round(value * one.of), one.of)


def _share(part: int, whole: int) -> Text:
    return text("{share} ({part} of {all})", share=Share(round(part / whole, 2)), part=part, all=whole)


def _mark(mark: float, marks: int) -> Text:
    return texts("{mark} of 5 ({count} mark)", "{mark} of 5 ({count} marks)", marks, mark=round(mark, 1))
