"""The report on the use of the focal point (R16), for one kind of reader, as a document without a language.

docs/reports.md says what each section counts and who sees what.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from operator import add

from gateway.content import Text, text
from gateway.directory import Standing
from gateway.document import Cell, Document, Line, Look, Section, Table
from gateway.facts import NO_PARTY, PartyCode, PartyName
from gateway.figures import SPREAD, Counts, Measured, PairFigures, PartyFigures, Period, Quality, Share, Withheld
from gateway.rules import _judged
from gateway.rules.criteria import Criterion
from gateway.rules.forecast import Forecast
from gateway.rules.statistics import FIGURES, WHY_WITHHELD, seen_by
from gateway.treaty import Difficulty

MATRIX, PAIRS, PARTIES = 12, 15, 30  # how many Parties, pairs and Parties the tables show, those with most requests
_WEEK = timedelta(days=7)
_MOST_PARTS = 15  # rows of a table of months, quarters, years
_Counted = Callable[[Measured], Cell]


class Audience(StrEnum):
    """For whom a report is made."""

    SECRETARIAT = "secretariat"  # sees who asks whom
    MEETING = "meeting"  # of the Parties, and its Bureau: totals, where they tell nothing of single exchanges
    PARTY = "party"  # one Party: its own figures, and totals likewise


@dataclass(frozen=True, slots=True)
class Reader:
    """For whom; `party` only of one Party's report; `times_of`: Parties whose answer times are shown each by itself."""

    audience: Audience
    party: PartyCode = NO_PARTY
    times_of: frozenset[PartyCode] = frozenset()


@dataclass(frozen=True, slots=True)
class Measurements:
    """All that a report is made of.

    `fewest`, `fewest_before`: as in `statistics.seen_by`, of the period and of the one before it, for this reader.
    `parts`: the period's months (quarters, years), in order. `times`, `waited`: how the times to answer spread, by the
    Party that answers, and by the one that asked. `quality`: of all, or of what one Party asks and what it is asked.
    """

    made: datetime
    now: Measured
    before: Measured
    fewest: int
    fewest_before: int
    parts: tuple[Measured, ...]
    times: Mapping[PartyCode, tuple[int, ...]]
    waited: Mapping[PartyCode, tuple[int, ...]]
    quality: tuple[Quality, ...]
    difficulties: Mapping[Difficulty, int]
    standings: tuple[Standing, ...]
    criteria: tuple[Criterion, ...]
    forecasts: tuple[Forecast, ...]


def may_see_totals(measured: Measured, reader: Reader, fewest: int, now: datetime) -> bool:
    """Whether figures of all Parties together tell the reader nothing of single exchanges."""
    return withheld(measured, reader, fewest, now) is None


def withheld(measured: Measured, reader: Reader, fewest: int, now: datetime) -> Withheld | None:
    """Why the reader is not told figures of all Parties together; None where he is."""
    if reader.audience is Audience.SECRETARIAT:
        return None
    return seen_by(measured, reader.party, fewest, now).withheld


def division(period: Period) -> tuple[Period, ...]:
    """The period in months, or in quarters, half-years, years, where that would be more than `_MOST_PARTS` rows."""
    found = (period.split(months) for months in (1, 3, 6, 12, 60))
    return next((parts for parts in found if len(parts) <= _MOST_PARTS), (period,))


def document(known: Measurements, reader: Reader) -> Document:
    """The report; figures that the reader may not see are not in it."""
    told = may_see_totals(known.now, reader, known.fewest, known.made)
    sections = [section for section in _sections(known, reader, told) if section.blocks]
    period = known.now.period
    lines = (
        text(
            "{first} to {last}, both days included; days begin at midnight by the clock of {zone}.",
            first=period.first, last=period.last, zone=period.zone,
        ),
        text("Made on {day}.", day=known.made.date()),
        _for_whom(reader),
    )  # fmt: skip
    return Document(text("Report on the use of the focal point"), lines, tuple(sections))


def _for_whom(reader: Reader) -> Text:
    if reader.audience is Audience.SECRETARIAT:
        return text("For the Secretariat only: this report says who asks whom.")
    if reader.audience is Audience.MEETING:
        return text("For the Meeting of the Parties and its Bureau: this report does not say who asks whom.")
    return text("For {party}: its own figures, and what all Parties may know.", party=PartyName(reader.party))


def _sections(known: Measurements, reader: Reader, told: bool) -> Iterator[Section]:
    one = reader.audience is Audience.PARTY
    own = known.now.of(reader.party)
    yield Section(text("In short"), tuple(_in_short(known, reader, told)))
    yield Section(text("Parties over time"), (_over_time(known, told),))
    yield Section(text("Exchange volumes"), tuple(_volumes(known, reader, told)))
    yield from _who_asks_whom(known, reader)
    yield Section(text("Times to answer"), tuple(_times(known, reader, told)))
    if one or told:
        names = (text("What your Party asked"), text("What your Party was asked")) if one else (text("All Parties"),)
        counts = (own.asking, own.answering) if one else (known.now.totals.counts,)
        yield _judged.reasons(tuple(zip(names, known.quality, strict=True)))
        yield _judged.quality(tuple(zip(names, known.quality, counts, strict=True))[: 1 if one else None], not one)
    yield _judged.difficulties(known.difficulties)
    yield _judged.nominations([s for s in known.standings if reader.party in (NO_PARTY, s.party)], one)
    yield _judged.criteria(known.criteria, known.forecasts, told)
    yield Section(text("How to read this report"), tuple(_how_to_read(reader)))


# --- volumes ----------------------------------------------------------------------------------------

_CARDS = ("registered_parties", "active_parties", "requests_sent", "uims_asked", "median_time_to_answer", "unread")
_OWN_CARDS = (
    "requests_sent", "requests_received", "requests_answered", "median_time_to_answer", "median_time_waited", "unread",
)  # fmt: skip


def _figures(known: Measurements, reader: Reader, told: bool) -> Iterator[tuple[str, Text, Cell, Cell]]:
    """Key, name, value of the period and of the time before, of every figure of R10 that the reader may see."""
    before = may_see_totals(known.before, reader, known.fewest_before, known.made)
    for figure in FIGURES:
        if reader.audience is Audience.PARTY:
            if figure.of_party and figure.key != "active_parties":  # of one Party: whether it is
                now, then = (figure.of_party(measured.of(reader.party)) for measured in (known.now, known.before))
                yield figure.key, Text(figure.name), now, then
        elif figure.of_all and (told or figure.key == "registered_parties"):
            open_before = before or figure.key == "registered_parties"
            then = figure.of_all(known.before.totals) if open_before else None
            yield figure.key, Text(figure.name), figure.of_all(known.now.totals), then


def _in_short(known: Measurements, reader: Reader, told: bool) -> Iterator[Line | Table]:
    figures = {key: (name, now) for key, name, now, _ in _figures(known, reader, told)}
    cards = _OWN_CARDS if reader.audience is Audience.PARTY else _CARDS
    rows: tuple[tuple[Cell, ...], ...] = tuple(figures[key] for key in cards if key in figures)
    yield Table(text("The most important figures"), (text("Figure"), text("Value")), rows, Look.CARDS)
    why = withheld(known.now, reader, known.fewest, known.made)
    if not told and why:
        yield Line(WHY_WITHHELD[why])


def _over_time(known: Measurements, told: bool) -> Table:
    columns: list[tuple[Text, _Counted]] = [(text("Registered Parties"), lambda m: m.totals.registered)]
    if told:
        columns.append((text("Active Parties"), lambda m: m.totals.active))
    name = text("Registered and active Parties") if told else text("Registered Parties")
    return _by_part(name, known.parts, columns)


def _by_part(name: Text, parts: Sequence[Measured], columns: Sequence[tuple[Text, _Counted]]) -> Table:
    rows = tuple((part.period, *(take(part) for _, take in columns)) for part in parts)
    return Table(name, (text("Period"), *(heading for heading, _ in columns)), rows, Look.BARS)


def _volumes(known: Measurements, reader: Reader, told: bool) -> Iterator[Line | Table]:
    one = reader.audience is Audience.PARTY
    rows = tuple((name, now, then) for _, name, now, then in _figures(known, reader, told))
    headings = (text("Figure"), text("This period"), text("The period before"))
    yield Table(text("The figures of your Party") if one else text("All Parties together"), headings, rows)
    if one:
        party = reader.party
        yield _by_part(text("Your Party's requests over time"), known.parts, (
            (text("Requests sent"), lambda m: m.of(party).asking.requests),
            (text("Requests received"), lambda m: m.of(party).answering.requests),
        ))  # fmt: skip
    elif told:
        yield _by_part(text("Requests and UIMs over time"), known.parts, (
            (text("Requests sent"), lambda m: m.totals.counts.requests),
            (text("Requests answered"), lambda m: m.totals.counts.answered),
            (text("UIMs asked about"), lambda m: m.totals.counts.uims),
        ))  # fmt: skip
    if reader.audience is Audience.SECRETARIAT:
        yield from _by_party(known.now.parties)


def _by_party(parties: Sequence[PartyFigures]) -> Iterator[Line | Table]:
    active = [one for one in parties if one.sent or one.received]
    most = sorted(active, key=lambda one: (-one.asking.requests - one.answering.requests, one.party))[:PARTIES]
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (PartyName(one.party), one.asking.requests, one.answering.requests, one.asking.uims, one.answering.unread)
        for one in most
    )
    headings = (
        text("Party"), text("Requests sent"), text("Requests received"), text("UIMs asked about"),
        text("Requests left without action"),
    )  # fmt: skip
    if rows:
        yield Table(text("By Party"), headings, rows)
    if len(active) > len(most):
        yield Line(text("Shown are the {count} Parties with most requests.", count=len(most)), small=True)


# --- who asks whom ----------------------------------------------------------------------------------


def _who_asks_whom(known: Measurements, reader: Reader) -> Iterator[Section]:
    pairs = known.now.pairs
    if reader.audience is Audience.PARTY:
        own = [pair for pair in pairs if reader.party in (pair.asking, pair.asked)]
        name = text("Requests by asking and asked Party")
        blocks = (
            (_pairs(name, own, len(own)),) if own else (Line(text("Your Party exchanged nothing in this period.")),)
        )
        yield Section(text("With whom your Party exchanged"), blocks)
    if reader.audience is Audience.SECRETARIAT:
        title = text("Who asks whom")
        yield Section(title, tuple(_matrix(pairs)) or (Line(text("Nothing was exchanged in this period.")),))


def _matrix(pairs: Sequence[PairFigures]) -> Iterator[Line | Table]:
    busy: dict[PartyCode, int] = {}
    for pair in pairs:
        for code in (pair.asking, pair.asked):
            busy[code] = busy.get(code, 0) + pair.counts.requests
    asked = {(pair.asking, pair.asked): pair.counts.requests for pair in pairs if pair.counts.requests}
    most = sorted(sorted(busy, key=lambda code: (-busy[code], code))[:MATRIX])
    if not asked:
        return
    rows: tuple[tuple[Cell, ...], ...] = tuple((PartyName(by), *(asked.get((by, of)) for of in most)) for by in most)
    yield Line(text("A line is a Party that asks, a column a Party that is asked; the numbers are requests."))
    yield Table(text("Requests by asking and asked Party"), (text("Asks"), *most), rows, Look.MATRIX)
    if len(busy) > len(most):
        yield Line(text("Shown are the {count} Parties with most requests.", count=len(most)), small=True)
    yield _pairs(text("The pairs of Parties with most requests"), pairs, PAIRS)


def _pairs(name: Text, pairs: Iterable[PairFigures], count: int) -> Table:
    most = sorted(pairs, key=lambda pair: (-pair.counts.requests, pair.asking, pair.asked))[:count]
    headings = (
        text("Asks"), text("Is asked"), text("Requests"), text("Requests answered"), text("Mean time to answer"),
    )  # fmt: skip
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (PartyName(p.asking), PartyName(p.asked), p.counts.requests, p.counts.answered, p.counts.mean) for p in most
    )
    return Table(name, headings, rows)


# --- times to answer --------------------------------------------------------------------------------


def _times(known: Measurements, reader: Reader, told: bool) -> Iterator[Line | Table]:
    totals = known.now.totals
    if reader.audience is Audience.PARTY:
        own = known.now.of(reader.party)
        yield from _spread(text("How quickly your Party answered"), known.times.get(reader.party, ()), own.answering,
                           own.median_answered)  # fmt: skip
        yield from _spread(text("How long your Party waited for answers"), known.waited.get(reader.party, ()),
                           own.asking, own.median_waited)  # fmt: skip
    elif told:
        together = [0] * (len(SPREAD) + 1)
        for one in known.times.values():
            together = list(map(add, together, one))
        yield from _spread(text("How quickly requests were answered"), together, totals.counts, totals.median)
    if reader.times_of:
        yield _times_by_party(known, reader.times_of)


def _spread(name: Text, spread: Sequence[int], counts: Counts, median: timedelta | None) -> Iterator[Line | Table]:
    whole = sum(spread)
    if not whole:
        yield Line(text("{of}: nothing was answered in full in this period.", of=name))
        return
    labels = [text("up to {most}", most=SPREAD[0])]
    labels += [text("more than {least}, up to {most}", least=low, most=high) for low, high in pairwise(SPREAD)]
    labels.append(text("more than {least}", least=SPREAD[-1]))
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (label, count, Share(sum(spread[: place + 1]) / whole))
        for place, (label, count) in enumerate(zip(labels, spread, strict=True))
    )
    yield Table(name, (text("Time to answer"), text("Requests answered"), text("Up to here")), rows, Look.BARS)
    yield Line(text("Median: {median}. Mean: {mean}.", median=median, mean=counts.mean))


def _times_by_party(known: Measurements, parties: Collection[PartyCode]) -> Table:
    week = SPREAD.index(_WEEK) + 1
    rows: list[tuple[Cell, ...]] = []
    for one in known.now.parties:
        if one.party in parties:
            spread = known.times.get(one.party, ())
            soon = Share(sum(spread[:week]) / sum(spread)) if spread else None
            rows.append(
                (PartyName(one.party), one.answering.answered, one.median_answered, one.answering.mean, soon,
                 one.answering.unread)
            )  # fmt: skip
    headings = (
        text("Party"), text("Requests answered"), text("Median time to answer"), text("Mean time to answer"),
        text("Within {time}", time=_WEEK), text("Requests left without action"),
    )  # fmt: skip
    return Table(text("Times to answer by Party"), headings, tuple(rows))


# --- notes ------------------------------------------------------------------------------------------


def _how_to_read(reader: Reader) -> Iterator[Line]:
    yield Line(
        text(
            "Figures are made of what the focal point records (when, from whom, to whom, how many), never of what a"
            " mail says."
        )
    )
    yield Line(
        text(
            "A request to several Parties counts once for each of them. A UIM counts for each Party to which it goes. A"
            " Party is active when it sent a request or answered one."
        )
    )
    yield Line(
        text(
            "Times count from the question to the full answer. The median is the middle of them: half of the answers"
            " were quicker. Requests that were never answered are in no time: see the requests left without action."
        )
    )
    if reader.audience is not Audience.SECRETARIAT:
        yield Line(
            text(
                "Totals are told only for whole months that are over, in each of which at least five other Parties took"
                " part: less one's own part, a total would otherwise tell what a single Party did."
            )
        )
