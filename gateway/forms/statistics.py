"""`GSP STATISTICS`: the figures of a period, as the asker may see them (R10)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import ClassVar, TypeVar

from gateway.content import ClearValue, Decision, FilledForm, Letter, Sheet, Text, text
from gateway.events import Event, EventKind, MailKind
from gateway.facts import NO_PARTY, PartyCode
from gateway.figures import Counts, Figures, Measured, PairFigures, PartyFigures, Period
from gateway.forms import Form
from gateway.forms._common import READERS_OF_FIGURES, blocks, notice, own_thread, sender, weighed
from gateway.forms._fields import STATISTICS_FIELDS
from gateway.ports import Situation, View
from gateway.rules import merits
from gateway.rules.merits import Judged
from gateway.rules.quality import own as own_part
from gateway.rules.statistics import FIGURES, WHY_WITHHELD, Figure, Unit, Value, cell, everything, heading, seen_by
from gateway.treaty import Role, Side

_SHOWN = 30  # rows of a table in the letter; the spreadsheets have them all
_DECISIVE = frozenset({"period", "first", "last"})
_WRITE = text("Write a period, for example 2026, 2026-Q1 or 2026-03, or the first and the last day, and reply.")

_T = TypeVar("_T")
Line = tuple[Text, object]
Row = tuple[object, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Statistics(ClearValue):
    """To whoever may see them: the figures of a period, `first` to `last` day. A line is a label and an amount."""

    TEMPLATE: ClassVar[str] = "statistics"
    first: date
    last: date
    own: tuple[tuple[Text, object], ...]  # of the reader's Party; empty: of the Secretariat
    totals: tuple[tuple[Text, object], ...]
    tables: tuple[tuple[Text, tuple[Text, ...], tuple[tuple[object, ...], ...]], ...]  # title, headings, rows
    withheld: Text | None = None  # why a part of the totals is missing
    cut: bool = False  # the spreadsheets have more rows
    quality: tuple[tuple[Text, tuple[tuple[Text, object], ...]], ...] = ()  # of whom, lines


def decide(situation: Situation) -> Decision:
    """The figures of the period, or of the last full month; a period that is not understood comes back."""
    form, person = situation.reading.form, situation.submission.sender.person
    to = sender(situation)
    if to is None:
        return Decision()
    findings = weighed(STATISTICS_FIELDS, form, situation.reading.findings, _DECISIVE)
    period = _period(form, situation)
    if period is None or blocks(findings):
        again = FilledForm("statistics", form.values)
        return notice(situation, text("The figures were not sent: the period is not clear"), _WRITE, findings, again)
    secretariat = person.role is Role.SECRETARIAT
    measured = situation.view.figures(period, () if secretariat else (person.party,))
    figures = everything(measured) if secretariat else _seen(situation, measured, person.party)
    judged = _judged(situation.view, figures)
    answer = Letter(
        MailKind.NOTICE,
        to,
        text("Figures from {first} to {last}", first=period.first, last=period.last),
        letter(figures, judged),
        form=FilledForm("statistics", {}),
        sheets=_sheets(figures, judged),
        thread=own_thread(situation),
    )
    days = (period.last - period.first).days + 1
    event = Event(EventKind.STATISTICS_ASKED, person=person.id, actor=person.party, count=days)
    return Decision(events=(event,), letters=(answer,))


def _seen(situation: Situation, measured: Measured, party: PartyCode) -> Figures:
    fewest = situation.view.fewest_others(measured.period, party)
    return seen_by(measured, party, fewest, situation.moment.now)


def letter(figures: Figures, judged: Iterable[Judged] = ()) -> Statistics:
    """What the letter says of them, and of the quality of what these asked and answered."""
    told = _secretariats(figures) if figures.own is None else _partys(figures, figures.own)
    lines = ((of, merits.lines(quality, counts)) for of, quality, counts in judged)
    return replace(told, quality=tuple((of, some) for of, some in lines if some))


def _judged(view: View, figures: Figures) -> tuple[Judged, ...]:
    """All Parties together for the Secretariat; for a Party what it asks and is asked, as it may see it."""
    period, own, totals = figures.period, figures.own, figures.totals
    if own is None:
        counts = totals.counts if totals is not None else Counts()
        return ((text("Quality of requests and answers"), view.quality(period, NO_PARTY, NO_PARTY), counts),)
    asks, asked = view.quality(period, own.party, NO_PARTY), view.quality(period, NO_PARTY, own.party)
    return (
        (text("Quality of what your Party asked"), own_part(asks, Side.ASKING), own.asking),
        (text("Quality of what your Party was asked"), own_part(asked, Side.ANSWERING), own.answering),
    )


def _period(form: FilledForm, situation: Situation) -> Period | None:
    named, first, last = (form.get(name).strip() for name in ("period", "first", "last"))
    try:
        if named:
            return Period.named(named)
        if first or last:
            return Period(date.fromisoformat(first), date.fromisoformat(last))
    except ValueError:
        return None
    return Period.last_month(situation.moment.now)


# --- to a Party -------------------------------------------------------------------------------------


def _partys(figures: Figures, own: PartyFigures) -> Statistics:
    totals = _lines((figure, figure.of_all(figures.totals)) for figure in FIGURES if figure.of_all and figures.totals)
    others = sorted((_other(figures, code, own) for code in _others(figures, own)), key=_much)
    tables = ((_WITH_WHOM, _OTHER_HEADINGS, tuple(others[:_SHOWN])),) if others else ()
    return Statistics(
        figures.period.first,
        figures.period.last,
        _lines((figure, take(own)) for figure, take in _OF_PARTY if figure.unit is not Unit.PARTIES),
        totals or ((text(FIGURES[0].name), figures.registered),),
        tables,
        WHY_WITHHELD.get(figures.withheld) if figures.withheld else None,
        len(others) > _SHOWN,
    )


_WITH_WHOM = text("With whom your Party exchanged")
_OTHER_HEADINGS = (
    text("Party"), text("Requests of yours"), text("UIMs"), text("Mean time you waited"), text("Requests to you"),
    text("UIMs"), text("Your mean time to answer"), text("Messages in both directions"),
)  # fmt: skip


def _others(figures: Figures, own: PartyFigures) -> list[str]:
    return sorted({code for pair in figures.pairs for code in (pair.asking, pair.asked)} - {own.party})


def _other(figures: Figures, code: str, own: PartyFigures) -> Row:
    ours = _counts(figures.pairs, lambda pair: (pair.asking, pair.asked) == (own.party, code))
    theirs = _counts(figures.pairs, lambda pair: (pair.asking, pair.asked) == (code, own.party))
    both = ours.messages + theirs.messages
    return code, ours.requests, ours.uims, ours.mean, theirs.requests, theirs.uims, theirs.mean, both


def _much(row: Row) -> tuple[int, str]:
    return -int(str(row[-1])), str(row[0])


def _counts(pairs: Iterable[PairFigures], wanted: Callable[[PairFigures], bool]) -> Counts:
    return next((pair.counts for pair in pairs if wanted(pair)), Counts())


# --- to the Secretariat -----------------------------------------------------------------------------


def _secretariats(figures: Figures) -> Statistics:
    parties = sorted((party for party in figures.parties if party.sent or party.received), key=_busy)
    pairs = sorted(figures.pairs, key=lambda pair: (-pair.counts.requests, pair.asking, pair.asked))
    return Statistics(
        figures.period.first,
        figures.period.last,
        (),
        _lines((figure, figure.of_all(figures.totals)) for figure in FIGURES if figure.of_all and figures.totals),
        tuple(
            (title, tuple(text(name) for name in headings), rows)
            for title, headings, rows in (
                (text("Parties"), _PARTY_HEADINGS, tuple(map(_party_row, parties[:_SHOWN]))),
                (text("Who asks whom"), _PAIR_HEADINGS, tuple(map(_pair_row, pairs[:_SHOWN]))),
            )
            if rows
        ),
        cut=len(parties) > _SHOWN or len(pairs) > _SHOWN,
    )


_PARTY_HEADINGS = tuple(
    text(words).message for words in ("Party", "Users", "Messages sent", "Messages received", "Requests received",
                                      "Median time to answer", "Requests left without action")
)  # fmt: skip
_PAIR_HEADINGS = tuple(
    text(words).message for words in ("Asking Party", "Asked Party", "Requests sent", "UIMs asked about",
                                      "Mean time to answer", "Requests left without action")
)  # fmt: skip


def _busy(party: PartyFigures) -> tuple[int, str]:
    return -(party.sent + party.received), party.party


def _party_row(party: PartyFigures) -> Row:
    received, unread = party.answering.requests, party.answering.unread
    return party.party, party.people, party.sent, party.received, received, party.median_answered, unread


def _pair_row(pair: PairFigures) -> Row:
    counts = pair.counts
    return pair.asking, pair.asked, counts.requests, counts.uims, counts.mean, counts.unread


# --- tables -----------------------------------------------------------------------------------------


def _lines(values: Iterable[tuple[Figure, Value]]) -> tuple[Line, ...]:
    return tuple((text(figure.name), value) for figure, value in values)


def _sheets(figures: Figures, judged: Sequence[Judged]) -> tuple[Sheet, ...]:
    """Every figure of the Parties that the asker may see, and of their pairs; and their quality."""
    parties = figures.parties if figures.own is None else (figures.own,)
    stem = f"GSP-{figures.period.first}-{figures.period.last}"
    found = [_sheet(f"{stem}-parties", (text("Party"),), [((party.party,), party) for party in parties], _OF_PARTY)]
    if figures.pairs:
        pairs = [((pair.asking, pair.asked), pair) for pair in figures.pairs]
        found.append(_sheet(f"{stem}-pairs", (text("Asking Party"), text("Asked Party")), pairs, _OF_PAIR))
    quality = merits.sheet(f"{stem}-quality", judged)
    return (*found, quality) if quality.rows else tuple(found)


_OF_PARTY = tuple((figure, figure.of_party) for figure in FIGURES if figure.of_party)
_OF_PAIR = tuple((figure, figure.of_pair) for figure in FIGURES if figure.of_pair)


def _sheet(
    stem: str, names: tuple[Text, ...], rows: Sequence[tuple[tuple[str, ...], _T]],
    columns: Sequence[tuple[Figure, Callable[[_T], Value]]],
) -> Sheet:  # fmt: skip
    headings = tuple(heading(figure) for figure, _ in columns)
    return Sheet(
        stem,
        (*names, *headings),
        tuple((*of, *(cell(take(one)) for _, take in columns)) for of, one in rows),
    )


FORM = Form(
    name="statistics",
    title="STATISTICS",
    fields=STATISTICS_FIELDS,
    senders=READERS_OF_FIGURES,
    decide=decide,
    summary="Get the figures of a period: your Party's, and the totals.",
)
