"""Sections of a report that judge: reasons for no data, quality, difficulties, nominations, criteria for moving on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from gateway.content import N_, Text, text
from gateway.directory import Standing
from gateway.document import Cell, Line, Look, Section, Table
from gateway.facts import PartyName
from gateway.figures import Quality, Share
from gateway.rules import merits
from gateway.rules import quality as quality_rules
from gateway.rules.criteria import Criterion
from gateway.rules.directory import FUNCTIONS
from gateway.rules.forecast import Forecast, Outlook
from gateway.rules.merits import Judged
from gateway.treaty import Difficulty

Block = Line | Table
_SHARE = text("Share")


def reasons(said: Sequence[tuple[Text, Quality]]) -> Section:
    """Why data was not given, of each of these (of all, or what one asks and what it is asked)."""
    return Section(text("Reasons for no data"), tuple(block for name, one in said for block in _reasons(name, one)))


def _reasons(name: Text, quality: Quality) -> Iterator[Block]:
    whole = sum(quality.reasons.values())
    if not whole:
        yield Line(text("{of}: no answer withheld data.", of=name))
        return
    rows: list[tuple[Cell, ...]] = [
        (merits.reason_of(reason), count, Share(count / whole))
        for reason in (*quality_rules.REASONS, None)
        if (count := quality.reasons.get(reason, 0)) or reason
    ]
    yield Table(name, (text("Reason"), text("Answers"), _SHARE), tuple(rows), Look.BARS)


def quality(said: Sequence[Judged], survey: bool) -> Section:
    """How good requests and answers are. `survey`: also what was marked in the survey."""
    blocks: list[Block] = []
    for name, one, counts in said:
        seen = one if survey else replace(one, survey={})
        rows: tuple[tuple[Cell, ...], ...] = tuple(
            (label, _value(criterion), criterion.of) for label, criterion in merits.told(seen, counts)
        )
        if rows:
            headings = (text("What is looked at"), text("Value"), text("Cases"))
            blocks.append(Table(name, headings, rows))
        else:
            blocks.append(Line(text("{of}: there is nothing to judge by yet.", of=name)))
    blocks.append(Line(text("What rests on few cases says little. No thresholds are agreed for these values."), True))
    return Section(text("Quality of requests and answers"), tuple(blocks))


def _value(criterion: quality_rules.Criterion) -> Cell:
    value = criterion.value or 0
    if criterion.unit is quality_rules.Unit.MARK:
        return text("{mark} of {best}", mark=round(value, 2), best=quality_rules.BEST)
    return Share(value)


def difficulties(found: Mapping[Difficulty, int]) -> Section:
    """What people reported to have trouble with."""
    whole = sum(found.values())
    if not whole:
        return Section(_DIFFICULTIES, (Line(text("Nobody reported a difficulty.")),))
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (Text(_KINDS[kind]), count, Share(count / whole)) for kind, count in found.items()
    )
    return Section(
        _DIFFICULTIES, (Table(_DIFFICULTIES, (text("Difficulty"), text("Reports"), _SHARE), rows, Look.BARS),)
    )


_DIFFICULTIES = text("Difficulties reported")
_KINDS = {kind: kind.value for kind in Difficulty} | {Difficulty.CANNOT_READ: N_("cannot read a mail")}


def nominations(standings: Sequence[Standing], own: bool) -> Section:
    """What Parties (`own`: the reader's) have not nominated or confirmed on the day on which the report is made."""
    late = [one for one in standings if one.missing]
    unconfirmed = [one for one in standings if one.unconfirmed]
    blocks: list[Block] = []
    if not own:
        blocks.append(_how_many(standings, len(late), len(unconfirmed)))
    elif not late and not unconfirmed:
        blocks.append(Line(text("Your Party has nominated everybody, and confirmed what was asked.")))
    rows: list[tuple[Cell, ...]]
    if late:
        headings = (text("Party"), text("Not nominated"), text("Open since"), text("Reminders"))
        rows = [
            (
                PartyName(one.party), tuple(Text(FUNCTIONS[function]) for function in one.missing),
                one.open_since.date(), one.steps,
            )
            for one in late
        ]  # fmt: skip
        blocks.append(Table(text("Nominations outstanding"), headings, tuple(rows)))
    if unconfirmed:
        rows = [
            (
                PartyName(one.party),
                one.asked_at.date() if one.asked_at else None,
                one.confirmed_at.date() if one.confirmed_at else text("never"),
            )
            for one in unconfirmed
        ]
        columns = (text("Party"), text("Asked to confirm on"), text("Last confirmed on"))
        blocks.append(Table(text("Entries not confirmed"), columns, tuple(rows)))
    blocks.append(Line(text("As of the day on which this report was made."), True))
    return Section(text("Nominations outstanding"), tuple(blocks))


def _how_many(standings: Sequence[Standing], late: int, unconfirmed: int) -> Table:
    rows = (
        (text("Parties that have nominated everybody"), len(standings) - late),
        (text("Parties with nominations outstanding"), late),
        (text("Parties that have not confirmed their entries"), unconfirmed),
        (text("Contacts replaced since the beginning"), sum(one.replaced for one in standings)),
    )
    headings = (text("Nominations"), text("Parties"))
    return Table(text("How many Parties have nominated"), headings, rows, Look.CARDS)


_OUTLOOKS = {
    Outlook.MET: text("met"),
    Outlook.LATE: text("not within ten years at this pace"),
    Outlook.NEVER: text("not at this pace: it does not rise"),
    Outlook.UNKNOWN: text("cannot be said"),
    Outlook.NO_THRESHOLD: text("no threshold agreed"),
}


def criteria(found: Sequence[Criterion], expected: Sequence[Forecast], told: bool) -> Section:
    """The criteria of R21 with thresholds, and when each is met if things go on as they have.

    `told`: whether the reader may know totals of all Parties; else those that rest on no exchange.
    """
    shown = [(one, forecast) for one, forecast in zip(found, expected, strict=True) if told or one.outside]
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (one.name, one.threshold, one.value, _outlook(forecast)) for one, forecast in shown
    )
    missing = {one.message: one for criterion, _ in shown for one in criterion.missing}  # each said once
    headings = (text("Criterion"), text("Threshold"), text("Now"), text("Forecast"))
    blocks: list[Block] = [Table(_CRITERIA, headings, rows)]
    blocks += [Line(text("Not known: {what}.", what=one), True) for one in missing.values()]
    blocks.append(
        Line(
            text(
                "A forecast is a straight line through this period and the three of the same length before it. It is an"
                " indication and no promise. With fewer than three periods, or where something is not known, it cannot"
                " be said."
            ),
            True,
        )
    )
    return Section(_CRITERIA, tuple(blocks))


_CRITERIA = text("Criteria for moving on to the next version")


def _outlook(forecast: Forecast) -> Text:
    return _OUTLOOKS.get(forecast.outlook) or text("about {year}", year=str(forecast.year))
