"""Periods, who may see what of the figures, and `GSP STATISTICS`."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import combinations, product

import pytest

from gateway.facts import PartyCode
from gateway.figures import MIN_GROUP, Counts, Measured, PairFigures, PartyFigures, Period, Totals, Withheld
from gateway.forms.statistics import Statistics, letter
from gateway.letters import Notice
from gateway.rules.statistics import FIGURES, everything, seen_by
from tests.support.world import World, said

NOW = datetime(2026, 4, 2, 9, 0, tzinfo=UTC)
MARCH = Period.named("2026-03")
OTHERS = tuple(map(PartyCode, ("AT", "BR", "FR", "SE", "ZA")))
KE = PartyCode("KE")


# --- periods ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "first", "last"),
    [
        ("2026", "2026-01-01", "2026-12-31"), ("2026-Q1", "2026-01-01", "2026-03-31"),
        ("2026-q4", "2026-10-01", "2026-12-31"), ("2024-02", "2024-02-01", "2024-02-29"),
        ("2026-W01", "2025-12-29", "2026-01-04"), (" 2020-W53 ", "2020-12-28", "2021-01-03"),
    ],
)  # fmt: skip
def test_a_period_has_a_short_name(written: str, first: str, last: str) -> None:
    period = Period.named(written)
    assert (period.first.isoformat(), period.last.isoformat()) == (first, last)


@pytest.mark.parametrize(
    "written", ["", "2026-13", "2026-Q5", "2025-W53", "1999", "3000", "last month", "2026-00", "2026-W00"]
)
def test_what_is_no_period_is_refused_with_what_to_write(written: str) -> None:
    with pytest.raises(ValueError, match="write a year"):
        Period.named(written)


def test_a_period_ends_where_the_next_begins_in_every_zone() -> None:
    for zone in ("UTC", "Europe/Paris", "America/Havana", "Asia/Beirut", "Australia/Lord_Howe"):
        month = Period.named("2026-03", zone)
        assert month.end == Period.named("2026-04", zone).start
        assert month.before().end == month.start


def test_a_day_is_as_long_as_the_clocks_make_it() -> None:
    def length(day: date) -> timedelta:
        period = Period(day, day, "Europe/Paris")
        return period.end - period.start

    assert [length(date(2026, 3, 28)), length(date(2026, 3, 29)), length(date(2026, 10, 25))] == [
        timedelta(hours=24), timedelta(hours=23), timedelta(hours=25)
    ]  # fmt: skip


def test_the_period_before_is_as_many_months_or_days_long() -> None:
    assert MARCH.before() == Period.named("2026-02")
    assert Period.named("2026-Q1").before() == Period.named("2025-Q4")
    assert Period.week(date(2026, 3, 4)).before(2) == Period(date(2026, 2, 16), date(2026, 2, 22))
    assert Period.last_month(NOW) == MARCH


def test_the_last_month_is_that_of_the_zone() -> None:
    at = datetime(2026, 3, 31, 23, 30, tzinfo=UTC)
    assert Period.last_month(at, "Europe/Paris") == Period.named("2026-03", "Europe/Paris")
    assert Period.last_month(at) == Period.named("2026-02")


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc/passwd"])
def test_an_unknown_zone_or_a_period_that_ends_before_it_begins_is_refused(zone: str) -> None:
    with pytest.raises(ValueError, match="time zone is not known"):
        Period(date(2026, 1, 1), date(2026, 1, 1), zone)
    with pytest.raises(ValueError, match="before the first"):
        Period(date(2026, 1, 2), date(2026, 1, 1))


# --- who may see what -------------------------------------------------------------------------------


def measured(period: Period, others: int, asks: int = 1) -> Measured:
    """So many other Parties ask one another, and KE asks each of them."""
    counts = Counts(forth=1, requests=1, uims=asks)
    pairs = [PairFigures(KE, other, counts) for other in OTHERS]
    pairs += [PairFigures(one, other, counts) for one, other in combinations(OTHERS[:others], 2)]
    parties = tuple(PartyFigures(code, asking=counts) for code in (KE, *OTHERS))
    return Measured(period, Totals(6, 9, 6, counts, None), parties, tuple(pairs))


def test_a_party_sees_its_own_part_and_not_who_asks_whom_elsewhere() -> None:
    seen = seen_by(measured(MARCH, 5), KE, MIN_GROUP, NOW)
    assert {pair.asking for pair in seen.pairs} == {KE}
    assert seen.own is not None
    assert seen.own.party == KE
    assert seen.parties == ()
    assert seen.totals is not None


def test_totals_of_few_others_are_withheld() -> None:
    seen = seen_by(measured(MARCH, MIN_GROUP - 1), KE, MIN_GROUP - 1, NOW)
    assert (seen.totals, seen.withheld, seen.registered) == (None, Withheld.FEW, 6)


@pytest.mark.parametrize(
    "period",
    [
        Period(date(2026, 3, 1), date(2026, 3, 30)), Period.named("2026-03", "Europe/Paris"),
        Period(date(2025, 12, 1), date(2026, 3, 1)),  # Monday to Sunday: less three whole months, a single day
    ],
    ids=["days", "zone", "weeks"],
)  # fmt: skip
def test_totals_that_could_be_subtracted_from_one_another_are_withheld(period: Period) -> None:
    assert seen_by(measured(period, 5), KE, MIN_GROUP, NOW).withheld is Withheld.UNEVEN
    assert everything(measured(period, 2)).totals is not None


def test_totals_are_not_told_before_the_period_is_over() -> None:
    """Asked twice, they would tell of the time between."""
    seen = [seen_by(measured(MARCH, 5), KE, MIN_GROUP, at) for at in (MARCH.end - timedelta(seconds=1), MARCH.end)]
    assert [one.withheld for one in seen] == [Withheld.OPEN, None]


def test_the_secretariat_sees_all() -> None:
    seen = everything(measured(MARCH, 2))
    assert (len(seen.pairs), len(seen.parties), seen.own) == (6, 6, None)


def test_every_figure_of_the_mission_is_declared_with_meaning_and_source() -> None:
    assert {figure.number for figure in FIGURES} == set(range(1, 9))
    assert len({figure.key for figure in FIGURES}) == len(FIGURES)
    assert all(figure.meaning and figure.events for figure in FIGURES)


# --- by mail ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def world() -> World:
    made = World()
    made.opened("SE1", "FR1")
    made.now = NOW
    return made


def figures(world: World, who: str, **values: str) -> Statistics:
    letter = world.send(who, "statistics", values).letters[0]
    assert isinstance(letter.values, Statistics)
    return letter.values


def test_the_last_full_month_is_answered_where_none_is_named(world: World) -> None:
    told = figures(world, "chief")
    assert (told.first, told.last) == (MARCH.first, MARCH.last)
    own = {label.message: value for label, value in told.own}
    assert (own["Requests sent"], own["UIMs asked about"], own["Requests received"]) == (2, 2, 0)


def test_the_month_that_is_not_over_is_told_without_totals(world: World) -> None:
    told = figures(world, "chief", period="2026-04")
    assert told.withheld is not None
    assert "when the period is over" in said(told.withheld)
    assert [label.message for label, _ in told.totals] == ["Registered Parties"]


def test_a_party_is_not_told_of_others(world: World) -> None:
    told = said(figures(world, "observer"))
    assert "KE" not in told
    assert "SE" not in told


def test_the_secretariat_is_told_who_asks_whom(world: World) -> None:
    told = figures(world, "secretariat", period="2026-Q1")
    pairs = [row[:2] for title, _, rows in told.tables for row in rows if title.message == "Who asks whom"]
    assert pairs == [("KE", "FR"), ("KE", "SE")]
    sheets = world.log[-1].sheets
    assert [len(sheet.rows) for sheet in sheets] == [4, 2, 2]


@pytest.mark.parametrize("who", ["officer", "SE"])
def test_an_officer_or_desk_is_told_that_the_role_may_not_ask(world: World, who: str) -> None:
    decision = world.send(who, "statistics")
    assert isinstance(decision.letters[0].values, Notice)
    assert "role" in said(decision.letters[0].subject)


@pytest.mark.parametrize(
    "values", [{"period": "spring"}, {"first": "2026-01-01"}, {"first": "2026-02-01", "last": "2026-01-01"}]
)
def test_a_period_that_is_not_clear_comes_back_with_what_to_write(world: World, values: dict[str, str]) -> None:
    letter = world.send("chief", "statistics", values).letters[0]
    assert isinstance(letter.values, Notice)
    assert letter.form is not None
    assert letter.form.values == values


def test_a_partys_answer_does_not_change_when_others_exchange_and_judge_one_another() -> None:
    """Neither figures nor quality, nor the tables; whether the total is told or not is the same, too."""
    world = World()
    world.opened("SE1", "FR1")
    number = world.view.exchanges_of(KE, 1)[0].number
    heard = []
    for turn in range(2):
        world.now = NOW
        heard.append([answered(world, who, "2026-03") for who in ("observer", "admin")])
        world.now = datetime(2026, 3, 9, 12, tzinfo=UTC)
        if not turn:
            before = world.now
            world.send("FR", "reply", {"exchange": f"{number}/FR", "reason": "law"},
                       blocks=[{"uim": "FR1", "status": "withheld"}])  # fmt: skip
            world.send("FR", "evaluation", {"exchange": f"{number}/FR", "clear": "no"})
            world.send("officer", "evaluation", {"exchange": f"{number}/FR", "useful": "1", "close": "no"})
            world.send("officer", "request", {"purpose": "investigation", "justification": "x"}, ["FR2", "?!"])
            assert world.now == before
    assert heard[0] == heard[1]
    world.now = NOW
    assert "No data" in answered(world, "secretariat", "2026-03")


def answered(world: World, who: str, period: str) -> str:
    """Everything that a letter with figures says, its tables with it."""
    letter = world.send(who, "statistics", {"period": period}).letters[0]
    told = letter.values
    assert isinstance(told, Statistics)
    sheets = [(sheet.stem, *map(said, sheet.headings), [list(map(str, map(said, row))) for row in sheet.rows])
              for sheet in letter.sheets]  # fmt: skip
    return said(told) + repr(sheets)


def test_of_the_survey_a_party_is_told_what_it_marked_itself_and_the_secretariat_all() -> None:
    world = World()
    world.opened("SE1")
    number = world.view.exchanges_of(KE, 1)[0].number
    world.send("SE", "reply", {"exchange": f"{number}/SE"}, blocks=[{"uim": "SE1", "status": "valid", "a": "2026"}])
    world.send("SE", "evaluation", {"exchange": f"{number}/SE", "clear": "no"})
    world.send("officer", "evaluation", {"exchange": f"{number}/SE", "useful": "2"})
    month = f"{world.now:%Y-%m}"
    useful, clear = "Usefulness of answers", "Requests called clear"
    heard = {who: answered(world, who, month) for who in ("chief", "admin", "secretariat")}
    assert {who: (useful in told, clear in told) for who, told in heard.items()} == {
        "chief": (True, False), "admin": (False, True), "secretariat": (True, True),
    }  # fmt: skip
    assert "Right recipient at first try" in heard["chief"]


def test_of_many_parties_the_letter_shows_those_with_whom_most_was_exchanged() -> None:
    """As it says; the spreadsheet has all."""
    pairs = [
        PairFigures(KE, PartyCode(f"{a}{b}"), Counts(forth=1 + place, requests=1))
        for place, (a, b) in enumerate(product("ABCDEF", repeat=2))
    ]
    told = letter(seen_by(Measured(MARCH, Totals(37, 0, 1, Counts(), None), (), tuple(pairs)), KE, 0, NOW))
    (_, _, rows), *_ = told.tables
    assert told.cut
    assert [row[-1] for row in rows] == list(range(36, 6, -1))
