"""The figures, charts, tables and news of a weekly digest, of what `rules.statistics` lets its reader see. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeVar

from gateway.content import Sheet, Text, text, texts
from gateway.facts import NO_PARTY, PartyCode, PartyName
from gateway.figures import Measured
from gateway.rules.statistics import FIGURES, cell, heading, seen_by
from gateway.rules.statistics import Figure as Source
from gateway.summary import Chart, Figure

WEEKS = 8  # of a chart and of the table
_Value = int | timedelta | None
_Measured = TypeVar("_Measured")
_OWN = (
    "requests_sent", "requests_received", "requests_answered", "median_time_to_answer", "median_time_waited", "unread",
)  # fmt: skip
_ALL = ("active_parties", "requests_sent", "requests_answered", "median_time_to_answer", "unread", "uims_asked")


@dataclass(frozen=True, slots=True)
class Weeks:
    """What was measured of the period, of the same time before it, of each of the last weeks, and of the last month."""

    now: Measured
    before: Measured
    single: tuple[Measured, ...]
    month: Measured  # the last calendar month that is over, in UTC


def figures_for(party: PartyCode, weeks: Weeks) -> tuple[Figure, ...]:
    """The few figures that a digest shows, the period's against those of the same time before."""
    return tuple(
        Figure(text(one.name), _shown(_of(one, weeks.now, party)), _shown(_of(one, weeks.before, party)))
        for one in _named(_OWN if party else _ALL)
    )


def notes_for(party: PartyCode, weeks: Weeks, fewest: int, now: datetime) -> tuple[Text, ...]:
    """What must be said beside a Party's figures: what all Parties asked in the last month; `fewest` as in `seen_by`.

    Of weeks it is not told: months less weeks would tell of single days.
    """
    if not party:
        return ()
    totals = seen_by(weeks.month, party, fewest, now).totals
    if totals is None:
        return (text("Totals of all Parties are left out where they would tell of single exchanges."),)
    return (
        texts(
            "From {first} to {last} all Parties together sent {count} request.",
            "From {first} to {last} all Parties together sent {count} requests.",
            totals.counts.requests,
            first=weeks.month.period.first,
            last=weeks.month.period.last,
        ),
    )


def charts_for(party: PartyCode, weeks: Weeks) -> tuple[Chart, ...]:
    """Requests by week: the Party's own; for the Secretariat those of all, and how many Parties took part.

    None of weeks in which there was nothing: it would be an empty frame.
    """
    return tuple(chart for chart in _charts(party, weeks) if any(any(values) for _, values in chart.series))


def _charts(party: PartyCode, weeks: Weeks) -> tuple[Chart, ...]:
    days = tuple(one.period.first for one in weeks.single)
    if party == NO_PARTY:
        return (
            _chart(
                text("Requests by week"), days, weeks.single,
                (text("Requests sent"), lambda m: m.totals.counts.requests),
                (text("Requests answered"), lambda m: m.totals.counts.answered),
            ),
            _chart(
                text("Active Parties by week"), days, weeks.single, (text("Active Parties"), lambda m: m.totals.active)
            ),
        )  # fmt: skip
    return (
        _chart(
            text("Your Party's requests by week"), days, weeks.single,
            (text("Requests sent"), lambda m: m.of(party).asking.requests),
            (text("Requests received"), lambda m: m.of(party).answering.requests),
        ),
    )  # fmt: skip


def sheets_for(party: PartyCode, weeks: Weeks) -> tuple[Sheet, ...]:
    """Every figure by week; for the Secretariat also the period's by Party."""
    day = weeks.now.period.last.isoformat()
    headings = (text("Figure"), *(text("{day}", day=one.period.first) for one in weeks.single))
    some = [one for one in FIGURES if (one.of_all if party == NO_PARTY else one.of_party) is not None]
    rows: tuple[tuple[str | int | float | Text, ...], ...] = tuple(
        (heading(one), *(cell(_of(one, week, party)) for week in weeks.single)) for one in some
    )
    sheets = (Sheet(f"GSP-{day}-weeks", headings, rows),)
    if party != NO_PARTY:
        return sheets
    columns = [one for one in FIGURES if one.of_party is not None]
    by_party: tuple[tuple[str | int | float | Text, ...], ...] = tuple(
        (own.party, text("{party}", party=PartyName(own.party)), *(cell(_value(one.of_party, own)) for one in columns))
        for own in weeks.now.parties
    )
    return (
        *sheets,
        Sheet(f"GSP-{day}-Parties", (text("Code"), text("Party"), *map(heading, columns)), by_party),
    )


def news(
    new: Sequence[PartyCode],
    changed: Sequence[PartyCode],
    contacts: Sequence[PartyCode],
    library_changes: int,
    described: Sequence[PartyCode] = (),
) -> tuple[Text, ...]:
    """What is new since the last digest: Parties, those whose entries, or whose desk or administrators have changed,
    and the library. `described`: the Parties whose markings are described anew in it."""
    found = [text("New Party: {party}", party=PartyName(code)) for code in new]
    found += [text("Directory: {party} has changed its entries.", party=PartyName(code)) for code in changed]
    found += [text("Directory: {party} has changed its desk or administrators.", party=PartyName(p)) for p in contacts]
    anew = text("Pattern library: the markings of {party} are described anew. GSP LOOKUP answers with them.")
    found += [text(anew.message, party=PartyName(code)) for code in described]
    if library_changes:
        found.append(
            texts(
                "The pattern library has changed {count} time: GSP LOOKUP answers with the new one.",
                "The pattern library has changed {count} times: GSP LOOKUP answers with the new one.",
                library_changes,
            )
        )
    return tuple(found)


def _named(keys: Iterable[str]) -> list[Source]:
    known = {one.key: one for one in FIGURES}
    return [known[key] for key in keys]


def _of(one: Source, measured: Measured, party: PartyCode) -> _Value:
    """A figure of a Party; for the Secretariat that of all."""
    return _value(one.of_party, measured.of(party)) if party else _value(one.of_all, measured.totals)


def _value(take: Callable[[_Measured], _Value] | None, of: _Measured) -> _Value:
    return take(of) if take is not None else None


def _shown(value: _Value) -> int | Text:
    """As a letter says it: a time in its largest unit."""
    if isinstance(value, int):
        return value
    if value is None:
        return text("none")
    minutes = round(value / timedelta(minutes=1))
    if minutes < 60:
        return texts("{count} minute", "{count} minutes", minutes)
    if value < timedelta(days=2):
        return texts("{count} hour", "{count} hours", round(minutes / 60))
    return texts("{count} day", "{count} days", round(value / timedelta(days=1)))


def _chart(
    title: Text, days: tuple[date, ...], weeks: Sequence[Measured], *series: tuple[Text, Callable[[Measured], int]]
) -> Chart:
    return Chart(title, days, tuple((name, tuple(map(value, weeks))) for name, value in series))
