"""The report: it says what was measured, to each reader what he may see, in every language, and needs no network."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from gateway import reports
from gateway.content import Text, text
from gateway.document import Cell, Document, Line, Look, Table
from gateway.facts import PartyName
from gateway.figures import SPREAD, Counts, Measured, Period, Quality, Share, Withheld
from gateway.rules import report
from gateway.rules.forecast import Forecast, Outlook, before, forecasts
from gateway.rules.outside import OutsideFacts
from gateway.rules.report import document
from gateway.rules.statistics import FIGURES, WHY_WITHHELD
from tests.support import reporting
from tests.support.rendering import languages
from tests.support.reporting import CODES, EVERYBODY, FACTS, MEETING, ONE, SECRETARIAT, YEAR, measured, measurements

READERS = {"secretariat": EVERYBODY, "meeting": MEETING, "party": ONE}


def tables(made: Document) -> Iterator[Table]:
    return (block for section in made.sections for block in section.blocks if isinstance(block, Table))


def table(made: Document, name: str) -> Table:
    (found,) = [one for one in tables(made) if one.name.message == name]
    return found


def lines(made: Document) -> list[Text]:
    return [block.says for section in made.sections for block in section.blocks if isinstance(block, Line)]


def cells(made: Document) -> Iterator[Cell]:
    return (cell for one in tables(made) for row in one.rows for cell in row)


def html(made: Document, language: str = "en") -> str:
    return reports.formats()["html"].write(made, languages().catalogue(language)).decode()


# --- what it says -----------------------------------------------------------------------------------


def test_every_figure_is_that_of_gsp_stats() -> None:
    known = measurements()
    shown = {row[0].message: row[1:] for row in table(document(known, SECRETARIAT), "All Parties together").rows}  # type: ignore[union-attr]
    assert shown == {
        one.name: (one.of_all(known.now.totals), one.of_all(known.before.totals)) for one in FIGURES if one.of_all
    }
    own = {row[0].message: row[1] for row in table(document(measurements(ONE), ONE), "The figures of your Party").rows}  # type: ignore[union-attr]
    (figures,) = [party for party in known.now.parties if party.party == ONE.party]
    assert own == {one.name: one.of_party(figures) for one in FIGURES if one.of_party and one.number != 3}


def test_months_add_up_to_what_was_measured() -> None:
    known = measurements()
    rows = table(document(known, SECRETARIAT), "Requests and UIMs over time").rows
    assert [row[0] for row in rows] == list(YEAR.split(1))
    assert [row[1] for row in rows] == [part.totals.counts.requests for part in known.parts]


def test_every_column_over_time_shows_what_its_heading_says() -> None:
    known = measurements()
    made, own = document(known, SECRETARIAT), document(measurements(ONE), ONE)
    totals = [part.totals for part in known.parts]
    assert [row[1:] for row in table(made, "Registered and active Parties").rows] == [
        (one.registered, one.active) for one in totals
    ]
    assert [row[1:] for row in table(made, "Requests and UIMs over time").rows] == [
        (one.counts.requests, one.counts.answered, one.counts.uims) for one in totals
    ]
    of_one = [party for part in known.parts for party in part.parties if party.party == ONE.party]
    assert [row[1:] for row in table(own, "Your Party's requests over time").rows] == [
        (one.asking.requests, one.answering.requests) for one in of_one
    ]


def test_parties_and_pairs_with_most_requests_come_first_with_their_own_figures() -> None:
    known = measurements()
    made = document(known, SECRETARIAT)
    parties = sorted(known.now.parties, key=lambda one: -one.asking.requests - one.answering.requests)
    assert list(table(made, "By Party").rows) == [
        (PartyName(one.party), one.asking.requests, one.answering.requests, one.asking.uims, one.answering.unread)
        for one in parties
        if one.asking.requests + one.answering.requests
    ]
    pairs = sorted(known.now.pairs, key=lambda one: (-one.counts.requests, one.asking, one.asked))[: report.PAIRS]
    assert list(table(made, "The pairs of Parties with most requests").rows) == [
        (PartyName(p.asking), PartyName(p.asked), p.counts.requests, p.counts.answered, p.counts.mean) for p in pairs
    ]
    cut = [line.message for line in lines(made) if line.message.startswith("Shown are")]
    assert len(cut) == 1  # of the matrix: there are more Parties than it has columns, and all are in the list


def test_the_matrix_has_the_requests_of_every_pair_of_the_busiest() -> None:
    known = measurements()
    matrix = table(document(known, SECRETARIAT), "Requests by asking and asked Party")
    assert matrix.look is Look.MATRIX
    columns = matrix.headings[1:]
    assert len(columns) == len(matrix.rows) == report.MATRIX
    found = {(row[0].code, of): cell for row in matrix.rows for of, cell in zip(columns, row[1:], strict=True) if cell}  # type: ignore[union-attr]
    assert found == {
        (pair.asking, pair.asked): pair.counts.requests
        for pair in known.now.pairs
        if {pair.asking, pair.asked} <= set(columns)
    }


def test_the_spread_of_times_rises_to_all_of_them() -> None:
    rows = table(document(measurements(), SECRETARIAT), "How quickly requests were answered").rows
    assert [row[2] for row in rows] == sorted(row[2] for row in rows)  # type: ignore[type-var]
    assert rows[-1][2] == Share(1)


def test_times_by_party_stand_there_on_request_only() -> None:
    assert "Times to answer by Party" not in {one.name.message for one in tables(document(measurements(), SECRETARIAT))}
    rows = table(document(measurements(), EVERYBODY), "Times to answer by Party").rows
    assert [row[0] for row in rows] == [PartyName(code) for code in CODES]


def test_times_to_answer_are_those_of_whom_the_table_names() -> None:
    known = measurements(EVERYBODY)
    made = document(known, EVERYBODY)
    assert [row[1] for row in table(made, "How quickly requests were answered").rows] == [
        sum(column) for column in zip(*known.times.values(), strict=True)
    ]
    week = SPREAD.index(timedelta(days=7)) + 1
    shares = {code: Share(sum(spread[:week]) / sum(spread)) for code, spread in known.times.items()}
    assert [row[1:] for row in table(made, "Times to answer by Party").rows] == [
        (one.answering.answered, one.median_answered, one.answering.mean, shares.get(one.party), one.answering.unread)
        for one in known.now.parties
    ]
    few = replace(SECRETARIAT, times_of=frozenset(CODES[2:4]))
    assert [row[0] for row in table(document(known, few), "Times to answer by Party").rows] == [
        PartyName(code) for code in CODES[2:4]
    ]


def test_a_party_reads_how_quickly_it_answered_and_how_long_it_waited() -> None:
    known = measurements(ONE)
    made = document(known, ONE)
    answered, waited = (
        table(made, name) for name in ("How quickly your Party answered", "How long your Party waited for answers")
    )
    assert tuple(row[1] for row in answered.rows) == known.times[ONE.party]
    assert tuple(row[1] for row in waited.rows) == known.waited[ONE.party]
    (own,) = [party for party in known.now.parties if party.party == ONE.party]
    assert [line for line in lines(made) if line.message.startswith("Median")] == [
        text("Median: {median}. Mean: {mean}.", median=own.median_answered, mean=own.answering.mean),
        text("Median: {median}. Mean: {mean}.", median=own.median_waited, mean=own.asking.mean),
    ]


def test_a_period_without_anything_is_a_report_that_says_so() -> None:
    nothing = Measured(YEAR, replace(measured(YEAR).totals, active=0, counts=Counts(), median=None), (), ())
    known = replace(
        measurements(), now=nothing, before=nothing, parts=(nothing,), times={}, quality=(Quality(),),
        difficulties={}, standings=(),
    )  # fmt: skip
    shown = html(document(known, SECRETARIAT))
    for sentence in (
        "Nothing was exchanged in this period.", "nothing was answered in full", "Nobody reported a difficulty.",
        "All Parties: no answer withheld data.", "there is nothing to judge by yet",
    ):  # fmt: skip
        assert sentence in shown


# --- who sees what ----------------------------------------------------------------------------------


def test_the_meeting_is_not_told_who_asks_whom() -> None:
    made = document(measurements(), MEETING)
    assert {one.name.message for one in tables(made)} & {"All Parties together", "Nominations outstanding"}
    named = [cell for one in tables(made) for row in one.rows for cell in row if isinstance(cell, PartyName)]
    nominations = table(made, "Nominations outstanding").rows + table(made, "Entries not confirmed").rows
    assert sorted(one.code for one in named) == sorted(row[0].code for row in nominations)  # type: ignore[union-attr]


@pytest.mark.parametrize("reader", [MEETING, ONE])
@pytest.mark.parametrize(
    ("period", "fewest", "made"),
    [
        (YEAR, 4, datetime(2027, 1, 8, tzinfo=UTC)),
        (YEAR, 9, datetime(2026, 12, 31, tzinfo=UTC)),
        (Period(date(2026, 1, 1), date(2026, 3, 30)), 9, datetime(2027, 1, 8, tzinfo=UTC)),
    ],
)
def test_totals_are_kept_back_where_they_would_tell_of_single_exchanges(
    reader: report.Reader, period: Period, fewest: int, made: datetime
) -> None:
    few = measured(period)
    known = replace(
        measurements(reader), now=few, before=few, parts=(few,), fewest=fewest, fewest_before=fewest, made=made
    )  # fmt: skip
    shown = {one.name.message for one in tables(document(known, reader))}
    assert not shown & {
        "All Parties together", "Requests and UIMs over time", "How quickly requests were answered", "All Parties",
    } - ({"All Parties together"} if reader is MEETING else set())  # fmt: skip
    (criteria,) = (one for one in tables(document(known, reader)) if one.name.message.startswith("Criteria"))
    assert len(criteria.rows) == 3, "only those that rest on no exchange"
    counted = {few.totals.counts.requests, few.totals.counts.uims, few.totals.counts.messages}
    assert not counted & {cell for cell in cells(document(known, reader)) if type(cell) is int}


def test_totals_of_the_time_before_are_kept_back_by_themselves() -> None:
    """The period may be told where the one before it, in which fewer took part, may not."""
    rows = table(document(replace(measurements(MEETING), fewest_before=4), MEETING), "All Parties together").rows
    now, then = ({row[0].message for row in rows if row[place] is not None} for place in (1, 2))  # type: ignore[union-attr]
    assert then == {"Registered Parties"} < now


def test_who_may_not_see_all_totals_reads_why() -> None:
    told = {
        name: any(line.message.startswith("Totals are told only for whole months") for line in lines(made))
        for name, made in ((name, document(measurements(one), one)) for name, one in READERS.items())
    }
    assert told == {"secretariat": False, "meeting": True, "party": True}


def test_where_totals_are_missing_the_reader_reads_which_period_has_them() -> None:
    known = replace(measurements(MEETING), made=datetime(2026, 12, 31, tzinfo=UTC))
    assert WHY_WITHHELD[Withheld.OPEN] in lines(document(known, MEETING))


def test_how_many_parties_have_nominated_is_told_with_how_many_have_not() -> None:
    known = measurements()
    known = replace(known, standings=tuple(replace(one, replaced=2) for one in known.standings))
    late = sum(bool(one.missing) for one in known.standings)
    many = [row[1] for row in table(document(known, SECRETARIAT), "How many Parties have nominated").rows]
    assert 0 < late < len(known.standings)
    assert many[:2] == [len(known.standings) - late, late]
    assert many[3] == 2 * len(known.standings)


def test_a_party_is_told_of_its_own_nominations_only() -> None:
    one, two = (replace(ONE, party=CODES[place]) for place in (1, 3))
    assert [row[0] for row in table(document(measurements(ONE), one), "Nominations outstanding").rows] == [
        PartyName(one.party)
    ]
    assert "Your Party has nominated everybody" in html(document(measurements(ONE), two))


def test_a_party_sees_no_pair_but_its_own_and_no_survey() -> None:
    made = document(measurements(ONE), ONE)
    shown = {row[:2] for row in table(made, "Requests by asking and asked Party").rows}
    assert shown == {
        (PartyName(pair.asking), PartyName(pair.asked))
        for pair in measurements(ONE).now.pairs
        if ONE.party in (pair.asking, pair.asked)
    }
    survey = {"Usefulness of answers", "Requests called clear"}
    assert not survey & {cell.message for cell in cells(made) if isinstance(cell, Text)}
    assert survey < {cell.message for cell in cells(document(measurements(), SECRETARIAT)) if isinstance(cell, Text)}


# --- forecasts --------------------------------------------------------------------------------------


SETTLED = replace(FACTS, parties=tuple(replace(one, deposited=date(2019, 3, 1)) for one in FACTS.parties))


def forecast(*shares: int, facts: OutsideFacts = SETTLED, place: int = 3) -> Forecast:
    """What is expected of the share of Parties that send and receive, of which so many did in years that follow."""

    def year(period: Period, count: int) -> Measured:
        found = measured(period, parties=0)
        both = Counts(requests=1)
        each = tuple(
            replace(one, asking=both, answering=both) if place < count else one
            for place, one in enumerate(found.parties)
        )
        return replace(found, parties=each, totals=replace(found.totals, registered=15 if count >= 0 else 0))

    periods = (*before(YEAR), YEAR)
    counted = [year(period, count) for period, count in zip(periods, shares, strict=True)]
    return forecasts(counted[-1], counted[:-1], facts)[place]


def test_a_forecast_is_a_line_through_four_periods() -> None:
    assert forecast(2, 3, 4, 5) == Forecast(Outlook.EXPECTED, 2029)  # a Party more each year: 8 of 15 are half
    assert forecast(8, 8, 8, 8) == Forecast(Outlook.MET)
    assert forecast(5, 5, 5, 5) == forecast(7, 6, 5, 4) == Forecast(Outlook.NEVER)
    assert forecast(4, 5, 5, 5, place=4) == Forecast(Outlook.LATE)


def test_what_the_data_do_not_allow_is_not_forecast() -> None:
    assert forecast(-1, -1, 4, 5) == Forecast(Outlook.UNKNOWN)  # in use for two years only
    assert forecast(-1, 3, 4, 5).outlook is Outlook.EXPECTED
    assert forecast(2, 3, 4, 5, facts=replace(SETTLED, complete=False)) == Forecast(Outlook.UNKNOWN)
    assert forecast(2, 3, 4, 5, place=2) == Forecast(Outlook.NO_THRESHOLD)
    undated = replace(FACTS, parties=tuple(replace(one, deposited=None) for one in FACTS.parties))
    assert forecast(2, 3, 4, 5, facts=undated, place=0) == Forecast(Outlook.UNKNOWN)


# --- parts of a period ------------------------------------------------------------------------------


def test_the_parts_of_a_period_follow_one_another_and_are_few() -> None:
    for period in (
        YEAR,
        Period.named("2026-Q1"),
        Period(date(2021, 3, 5), date(2026, 2, 27)),
        Period.named("2026-W12"),
    ):
        parts = report.division(period)
        assert (parts[0].start, parts[-1].end) == (period.start, period.end)
        assert all(one.end == two.start for one, two in pairwise(parts))
        assert len(parts) <= 15
    assert len(report.division(Period(date(2025, 10, 1), date(2026, 12, 31)))) == 15


# --- as a page --------------------------------------------------------------------------------------


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("language", ["ar", "en", "es", "fr", "ru", "zh"])
def test_the_page_is_complete_in_itself(language: str, reader: str) -> None:
    made = document(measurements(READERS[reader]), READERS[reader])
    page = html(made, language)
    assert f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}">' in page
    assert "http" not in page.replace("http-equiv", "")
    assert not re.search(r"<(script|link|img|iframe|object)|url\(|@import|src=", page)
    assert page.count("<h2") == len(made.sections)
    assert "{" not in page.partition("</style>")[2]


def test_numbers_days_and_shares_are_written_as_the_language_does() -> None:
    pages = {language: html(document(measurements(), SECRETARIAT), language) for language in ("en", "fr", "ar")}
    assert "January 1, 2026 to December 31, 2026" in pages["en"]
    assert "28,458" in pages["en"]
    assert "28\u202f458" in pages["fr"]
    assert "28,1\u202f%" in pages["fr"].replace("\u00a0", "\u202f")
    assert "يناير 2026" in pages["ar"]


def test_what_a_name_holds_is_not_taken_for_markup() -> None:
    odd = replace(measurements(), standings=(reporting.standings()[1],))
    made = document(odd, SECRETARIAT)
    sections = (replace(made.sections[0], title=Text("<b>&")), *made.sections[1:])
    assert "&lt;b&gt;&amp;" in html(replace(made, sections=sections))
