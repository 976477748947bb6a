"""Weekly digests: for which weeks, what needs action, and that nobody's shows what concerns others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import crontab
from gateway.directory import Standing
from gateway.events import DigestReader, OpenReferral
from gateway.facts import NO_PARTY, PartyCode, Wording, exchange_number, referral_number
from gateway.figures import MIN_GROUP, Counts, Measured, PairFigures, PartyFigures, Period, Totals
from gateway.rules import digest, periods, weekly
from gateway.rules.digest import Ending, Today
from gateway.treaty import Function, ReferralState, Role
from tests.support import samples
from tests.support.rendering import languages

KE, SE, FR, AT = samples.KE, samples.SE, samples.FR, samples.AT
OTHERS = tuple(PartyCode(f"A{letter}") for letter in "BCDEFGHI")
CRON = "0 6 * * 1"
ZONES = (
    "UTC",
    "Europe/Berlin",
    "Africa/Nairobi",
    "America/Santiago",
    "Pacific/Auckland",
    "Asia/Beirut",
    "Asia/Kolkata",
)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


MIDWINTER = at("2026-01-07T03:00")


def reader(reported: datetime | None = None, since: datetime = LONG_AGO) -> DigestReader:
    return DigestReader(7, KE, Role.ADMINISTRATOR, since, reported)


def due(now: str, reported: str = "", name: str = "UTC", since: datetime = LONG_AGO) -> Period | None:
    fired = crontab.last(CRON, ZoneInfo(name), at(now))
    return periods.due(reader(at(reported) if reported else None, since), fired, name)


# --- which weeks --------------------------------------------------------------------------------------


def test_the_first_digest_is_for_the_last_full_week() -> None:
    assert due("2026-11-18T12:00") == Period(date(2026, 11, 9), date(2026, 11, 15))


def test_it_is_due_from_the_hour_of_digests_on_and_once() -> None:
    assert due("2026-11-16T05:59", "2026-11-09T00:00") is None
    assert due("2026-11-16T06:00", "2026-11-09T00:00") == Period(date(2026, 11, 9), date(2026, 11, 15))
    assert due("2026-11-16T06:01", "2026-11-16T00:00") is None
    assert due("2026-11-22T23:59", "2026-11-16T00:00") is None


def test_three_weeks_without_the_gateway_give_one_digest_for_three_weeks() -> None:
    period = due("2026-11-18T12:00", "2026-10-26T00:00")
    assert period == Period(date(2026, 10, 26), date(2026, 11, 15))
    assert periods.weeks(period) == 3
    assert periods.weeks(periods.before(period)) == 3
    assert periods.before(period).last == date(2026, 10, 25)


def test_who_was_registered_after_the_hour_waits_for_the_next_one() -> None:
    assert due("2026-11-18T12:00", since=at("2026-11-17T00:00")) is None
    assert due("2026-11-23T06:00", since=at("2026-11-17T00:00")) is not None


def test_another_zone_does_not_make_a_digest_of_some_hours() -> None:
    sent = Period(date(2026, 11, 9), date(2026, 11, 15), "Pacific/Auckland").end
    assert periods.due(reader(sent), at("2026-11-18T12:00"), "UTC") is None
    sent = Period(date(2026, 11, 9), date(2026, 11, 15), "America/Santiago").end
    assert periods.due(reader(sent), at("2026-11-24T12:00"), "Pacific/Auckland") == Period(
        date(2026, 11, 16), date(2026, 11, 22), "Pacific/Auckland"
    )


@pytest.mark.parametrize("name", ZONES)
def test_a_year_of_weeks_has_no_gap_and_no_overlap_where_clocks_are_changed(name: str) -> None:
    found = list(_sent(name, [timedelta(days=1)] * 400))
    assert len(found) in (56, 57, 58)
    for earlier, later in pairwise(found):
        assert earlier.end == later.start
        assert periods.weeks(later) == 1
        assert (later.end - later.start) / timedelta(hours=1) in (167, 168, 169)


@given(st.lists(st.integers(1, 24 * 40), min_size=3, max_size=30), st.sampled_from(ZONES))
def test_however_long_the_gateway_is_off_each_week_is_told_once(hours: list[int], name: str) -> None:
    found = list(_sent(name, [timedelta(hours=some) for some in hours]))
    assert all(earlier.end == later.start for earlier, later in pairwise(found))


@pytest.mark.parametrize("line", [CRON, "30 2 * * 0", "0 0 * * 1", "30 0 * * *"])
@pytest.mark.parametrize(
    ("name", "spring", "autumn"),
    [
        ("Europe/Berlin", "2026-03-29", "2026-10-25"),  # from 2 to 3 o'clock, and back
        ("Asia/Beirut", "2026-03-29", "2026-10-25"),  # at midnight
        ("America/Havana", "2026-03-08", "2026-11-01"),  # from 0 to 1 o'clock, and back
        ("Pacific/Auckland", "2026-09-27", "2026-04-05"),
        ("Australia/Lord_Howe", "2026-10-04", "2026-04-05"),  # by half an hour
    ],
)
def test_three_weeks_off_while_clocks_are_changed_give_one_digest_of_three_weeks(
    line: str, name: str, spring: str, autumn: str
) -> None:
    for day, sign in ((spring, 1), (autumn, -1)):
        before = at(day) - timedelta(days=9)
        steps = [timedelta(hours=7)] * 20 + [timedelta(days=21)] + [timedelta(hours=7)] * 20
        sent = list(_sent(name, steps, line, before - timedelta(days=6)))
        assert [periods.weeks(period) for period in sent] in ([1, 1, 3, 1], [1, 3, 1], [1, 1, 3], [1, 3]), (day, sent)
        assert all(earlier.last + timedelta(days=1) == later.first for earlier, later in pairwise(sent))
        assert all(earlier.end == later.start for earlier, later in pairwise(sent))
        zone = ZoneInfo(name)
        begins = {(period.start.astimezone(zone).weekday(), period.start.astimezone(zone).hour) for period in sent}
        assert begins == {(0, 0)}, "Mondays at midnight by the clock of the zone"
        lengths = [period.end - period.start - timedelta(weeks=periods.weeks(period)) for period in sent]
        changed = timedelta(minutes=30 if name == "Australia/Lord_Howe" else 60)
        assert sum(lengths, timedelta()) == -sign * changed


def _sent(name: str, steps: list[timedelta], line: str = CRON, start: datetime = MIDWINTER) -> Iterator[Period]:
    """Looks twice at each step of the clock; what is due is sent."""
    now, reported = start, None
    for step in steps:
        now += step
        for _ in range(2):
            period = periods.due(reader(reported), crontab.last(line, ZoneInfo(name), now), name)
            if period is not None:
                yield period
                reported = period.end


# --- what needs action --------------------------------------------------------------------------------


def referral(
    number: int, asked: PartyCode, asking: PartyCode, days: int, state: ReferralState = ReferralState.SENT,
    reminders: int = 0,
) -> OpenReferral:  # fmt: skip
    named = referral_number(f"{exchange_number(f'GSP-2026-{number:06d}')}/{asked}")
    return OpenReferral(named, asking, state, samples.NOW - timedelta(days=days), reminders)


def said(today: Today, party: PartyCode = KE, language: str = "en") -> list[list[str]]:
    tasks = digest.tasks_of(party, today) if party else digest.tasks_of_secretariat(today)
    say = languages().catalogue(language).say
    return [[say(task.says), *map(say, task.lines), *([f"+{task.more}"] if task.more else [])] for task in tasks]


def test_nothing_to_do_is_said_in_one_sentence() -> None:
    say = languages().catalogue("en").say
    assert said(Today(samples.NOW)) == []
    assert say(digest.headline(KE, ())) == "You need do nothing today: nothing waits for your Party."
    assert say(digest.headline(NO_PARTY, ())) == "You need do nothing today: nothing waits for the Secretariat."


def test_a_partys_tasks_are_in_the_order_of_urgency_and_of_its_own() -> None:
    state = ReferralState.UNDELIVERABLE
    today = Today(
        samples.NOW,
        (referral(1, KE, SE, 9), referral(2, KE, FR, 1), referral(3, KE, FR, 0, ReferralState.WAITING),
         referral(4, KE, FR, 2, state), referral(5, SE, KE, 2, state), referral(6, SE, FR, 30, reminders=2)),
        locked=(KE, AT),
        ending=(Ending("o@kra.example", KE, Role.OFFICER, date(2026, 12, 1)),
                Ending("o@tull.example", SE, Role.OFFICER, date(2026, 12, 1))),
    )  # fmt: skip
    assert said(today) == [
        ["Please answer: 1 request is overdue; waiting in all: 2.", "GSP-2026-000001/KE, asked by Sweden 9 days ago",
         "GSP-2026-000002/KE, asked by France 1 day ago"],
        ["Please have your desk's key renewed: no request can be sent to it.", "1 request waits for it"],
        ["Please check your desk's mailbox: 1 request could not be delivered to it.", "GSP-2026-000004/KE"],
        ["1 request of your Party could not be delivered; the Secretariat knows.", "GSP-2026-000005/SE"],
        ["1 key ends soon: please have it renewed.", "o@kra.example: December 1, 2026"],
    ]  # fmt: skip


def test_an_observer_is_asked_for_nothing_but_the_own_key_and_told_what_waits_for_others() -> None:
    """Somebody who may only read can neither answer, renew a desk's key, nor keep the directory or the library."""
    state, own = ReferralState.UNDELIVERABLE, Ending("observer@kra.example", KE, Role.OBSERVER, date(2026, 11, 30))
    today = Today(
        samples.NOW,
        (referral(1, KE, SE, 1), referral(2, KE, FR, 0, ReferralState.WAITING), referral(3, KE, FR, 2, state)),
        locked=(KE,),
        ending=(own, Ending("o@kra.example", KE, Role.OFFICER, date(2026, 12, 1))),
        doubted=((KE, Wording("Kenya, stamp of 2027")),),
        standings=(
            standing(KE, Function.CONTACT_POINT, Function.CENTRAL_AUTHORITY, asked_at=at("2026-09-01T00:00")),
            standing(SE, Function.CONTACT_POINT),
        ),
    )
    say = languages().catalogue("en").say
    tasks, told = digest.observed(KE, own.owner, today)
    assert [(say(task.says), *map(say, task.lines)) for task in tasks] == [
        ("1 key ends soon: please have it renewed.", "observer@kra.example: November 30, 2026")
    ]
    assert [(say(task.says), len(task.lines)) for task in told] == [
        ("1 request waits for your Party's answer.", 1),
        ("Your Party's desk has no key that can be used: no request can be sent to it.", 1),
        ("1 request could not be delivered to your Party's desk.", 1),
        ("1 key ends soon.", 1),
        ("Your Party's desk often answers “not ours” to UIMs of 1 marking, so officers now confirm before they ask it; "
         "your administrators can describe it anew.", 1),
        ("Your Party lacks 2 authorities in the directory: its administrators can name them.", 3),
        ("Your Party's administrators have yet to confirm its entries in the directory.", 1),
    ]  # fmt: skip
    assert say(told[3].lines[0]) == "o@kra.example: December 1, 2026"
    late = replace(today, referrals=(referral(1, KE, SE, 9), referral(2, KE, FR, 1)))
    assert say(digest.observed(KE, "", late)[1][0].says) == "1 request to your Party is overdue; waiting in all: 2."
    assert say(digest.headline(KE, tasks, told)) == "1 key ends soon: please have it renewed."
    assert say(digest.headline(KE, (), told)) == "You need do nothing yourself: below is what waits for your Party."
    assert digest.observed(AT, "observer@bmf.example", today) == ((), ())


def test_today_and_yesterday_are_said_by_the_calendar_of_the_digests_zone() -> None:
    """At six in the morning what came last evening came yesterday; what is overdue goes by full days."""
    six = datetime(2026, 11, 16, 6, 0, tzinfo=UTC)
    asked = replace(referral(1, KE, SE, 0), asked_at=six - timedelta(hours=8))
    assert said(Today(six, (asked,)))[0][1:] == ["GSP-2026-000001/KE, asked by Sweden 1 day ago"]
    assert said(Today(six, (asked,), zone="America/Bogota"))[0][1:] == ["GSP-2026-000001/KE, asked by Sweden 1 day ago"]
    assert said(Today(six, (asked,), zone="Pacific/Auckland"))[0][1:] == ["GSP-2026-000001/KE, asked by Sweden today"]
    week = replace(asked, asked_at=six - timedelta(days=7) + timedelta(minutes=1))
    assert said(Today(six, (week,)))[0] == ["1 request waits for your answer.",
                                            "GSP-2026-000001/KE, asked by Sweden 7 days ago"]  # fmt: skip


def test_where_nobody_is_reminded_no_request_is_unanswered_after_every_reminder() -> None:
    fresh, escalated = referral(1, KE, SE, 0), referral(2, SE, KE, 30, reminders=1)
    assert said(Today(samples.NOW, (fresh,), reminder_days=()), NO_PARTY) == []
    assert said(Today(samples.NOW, (fresh, escalated), reminder_days=()), NO_PARTY)[0][1:] == ["Sweden: 1"]


def test_nothing_is_said_of_no_requests_and_no_days() -> None:
    asked = standing(KE, asked_at=samples.NOW - timedelta(hours=9), ask_at=samples.NOW - timedelta(hours=9))
    assert [len(lines) for lines in said(Today(samples.NOW, locked=(KE,), standings=(asked,)))] == [1, 1]


def test_of_many_requests_the_oldest_are_listed() -> None:
    many = tuple(referral(number, KE, SE, 6) for number in range(1, 9))
    ((headline, *lines),) = said(Today(samples.NOW, many))
    assert headline == "8 requests wait for your answer."
    assert (len(lines), lines[-1]) == (6, "+3")


def test_the_secretariats_tasks() -> None:
    state = ReferralState.UNDELIVERABLE
    today = Today(
        samples.NOW,
        (referral(1, KE, SE, 20, reminders=2), referral(2, KE, FR, 16, reminders=1), referral(3, SE, FR, 1, state)),
        locked=(AT,), unled=(FR, SE), items=2, difficulties=1,
        ending=(Ending("o@kra.example", KE, Role.OFFICER, date(2026, 12, 1)),
                Ending("", NO_PARTY, Role.SECRETARIAT, date(2026, 12, 2))),
    )  # fmt: skip
    assert said(today, NO_PARTY) == [
        ["Please ask which mailbox works: 1 request could not be delivered.", "Sweden: 1"],
        ["1 desk has no key that can be used: please see that it is renewed.", "Austria"],
        ["Please see to administrators: 2 Parties have none who can be written to.", "France", "Sweden"],
        ["Please speak with the Party asked: 1 request is unanswered after every reminder.", "Kenya: 1"],
        ["1 key ends soon: please have it renewed.", "the focal point's own key: December 2, 2026"],
        ["1 difficulty was reported in the last seven days: please see that it is answered."],
        ["2 items wait for the operator."],
    ]


def standing(party: PartyCode, *missing: Function, **more: object) -> Standing:
    return Standing(party, missing, at("2026-09-01T00:00"), entries=3 - len(missing), **more)  # type: ignore[arg-type]


def test_a_party_is_told_what_it_has_not_nominated_or_confirmed_and_nothing_of_others() -> None:
    today = Today(
        samples.NOW,
        standings=(
            standing(AT, Function.CONTACT_POINT),
            standing(KE, Function.CONTACT_POINT, Function.CENTRAL_AUTHORITY, told_at=at("2026-10-27T00:00")),
            standing(SE, asked_at=at("2026-09-01T00:00"), ask_at=at("2026-09-29T00:00")),
        ),
    )
    assert said(today, KE) == [
        ["Please name the 2 authorities that your Party lacks in the directory: write GSP DIRECTORY.",
         "contact point (Article 28)", "central authority (Article 29)", "outstanding since September 1, 2026",
         "The Secretariat has been told that the reminders were in vain."],
    ]  # fmt: skip
    days = (samples.NOW - at("2026-09-01T00:00")).days
    assert said(today, SE) == [
        ["Please confirm your Party's entries in the directory: reply to our mail of September 29, 2026.",
         f"first asked {days} days ago"],
    ]  # fmt: skip
    assert said(today, FR) == []
    assert said(replace(today, nominations=False), KE) == []


def test_the_secretariat_is_told_first_of_nominations_that_are_overdue_then_of_those_outstanding() -> None:
    told = at("2026-10-27T00:00")
    today = Today(
        samples.NOW,
        standings=(
            standing(AT, Function.CONTACT_POINT),
            standing(FR, asked_at=at("2026-09-01T00:00"), ask_told_at=told, confirmed_at=at("2026-03-02T00:00")),
            standing(KE, Function.CONTACT_POINT, told_at=told),
            standing(SE, asked_at=at("2026-09-01T00:00"), ask_told_at=told, confirmed_at=at("2026-10-30T00:00")),
        ),
    )
    days = (samples.NOW - at("2026-09-01T00:00")).days
    assert said(today, NO_PARTY) == [
        ["Please speak with 1 Party: reminders to name its authorities were in vain.",
         f"Kenya: for {days} days"],
        ["Please speak with 1 Party: reminders to confirm its entries in the directory were in vain.", "France"],
        ["1 Party has yet to name its authorities; the focal point reminds it.", f"Austria: for {days} days"],
    ]  # fmt: skip
    assert len(said(replace(today, nominations=False), NO_PARTY)) == 1


# --- figures ------------------------------------------------------------------------------------------

WEEK = Period(date(2026, 11, 9), date(2026, 11, 15))
MONTH = Period.named("2026-10")


def measured(pairs: dict[tuple[PartyCode, PartyCode], Counts], period: Period = WEEK) -> Measured:
    codes = sorted({code for pair in pairs for code in pair} | {KE, SE, FR, AT})
    parties = tuple(
        PartyFigures(
            code, (),
            sum_of(counts for (by, _), counts in pairs.items() if by == code),
            sum_of(counts for (_, of), counts in pairs.items() if of == code),
        )
        for code in codes
    )  # fmt: skip
    found = tuple(PairFigures(by, of, counts) for (by, of), counts in sorted(pairs.items()))
    active = sum(party.active for party in parties)
    return Measured(period, Totals(200, 900, active, sum_of(pairs.values()), None), parties, found)


def sum_of(counts: object) -> Counts:
    total = Counts()
    for one in counts:  # type: ignore[attr-defined]
        total = total + one
    return total


def everything_told(party: PartyCode, pairs: dict[tuple[PartyCode, PartyCode], Counts], others: int = 0) -> str:
    """All that a digest says of figures, charts and tables, in words."""
    weeks = weekly.Weeks(
        measured(pairs), measured({}, WEEK.before()), tuple(measured(pairs, week) for week in periods.latest(WEEK, 8)),
        measured(pairs, MONTH),
    )  # fmt: skip
    return "\n".join(
        repr([_values(one) for one in some])
        for some in (
            weekly.figures_for(party, weeks), weekly.charts_for(party, weeks), weekly.sheets_for(party, weeks),
            weekly.notes_for(party, weeks, others, samples.NOW),
        )
    )  # fmt: skip


def _values(value: object) -> object:
    names = getattr(type(value), "__dataclass_fields__", None)
    if names is not None:
        return [(name, _values(getattr(value, name))) for name in names]
    return [_values(one) for one in value] if isinstance(value, tuple) else value


COUNTS = st.builds(Counts, **{name: st.integers(0, 9) for name in ("forth", "back", "requests", "uims", "answered")})


@given(COUNTS, COUNTS, COUNTS)
def test_a_partys_digest_does_not_change_when_two_others_exchange(own: Counts, one: Counts, other: Counts) -> None:
    mine = {(KE, SE): own}
    assert everything_told(KE, mine | {(SE, FR): one}) == everything_told(KE, mine | {(SE, FR): other, (AT, FR): one})


def test_of_all_parties_the_last_month_is_told_and_only_where_a_group_of_others_took_part() -> None:
    """Not the week: a month less the weeks in it would tell of single days."""
    pairs = {(OTHERS[0], OTHERS[1]): Counts(forth=70, requests=70)}
    assert "70" not in everything_told(KE, pairs, MIN_GROUP - 1)
    weeks = weekly.Weeks(*(measured(pairs),) * 2, (), measured(pairs, MONTH))
    say = languages().catalogue("en").say
    assert [say(note) for note in weekly.notes_for(KE, weeks, MIN_GROUP - 1, samples.NOW)] == [
        "Totals of all Parties are left out where they would tell of single exchanges."
    ]
    assert [say(note) for note in weekly.notes_for(KE, weeks, MIN_GROUP, samples.NOW)] == [
        "From October 1, 2026 to October 31, 2026 all Parties together sent 70 requests."
    ]
    assert weekly.notes_for(NO_PARTY, weeks, 0, samples.NOW) == ()


def test_a_digests_spreadsheet_has_numbers_and_says_in_what_times_are() -> None:
    part = PartyFigures(
        KE, answering=Counts(requests=3, answered=2, seconds=9000), median_answered=timedelta(hours=1.5)
    )
    weeks = weekly.Weeks(*(replace(measured({}), parties=(part,)),) * 2, (replace(measured({}), parties=(part,)),),
                         measured({}, MONTH))  # fmt: skip
    say = languages().catalogue("en").say
    (sheet,) = weekly.sheets_for(KE, weeks)
    rows = {say(row[0]): row[1] for row in sheet.rows}  # type: ignore[arg-type]
    assert (rows["Requests received"], rows["Mean time to answer (hours)"], rows["Median time waited (hours)"]) == (
        3, 1.2, "",
    )  # fmt: skip
    *_, of_parties = weekly.sheets_for(NO_PARTY, weeks)
    named = dict(zip(map(say, of_parties.headings), of_parties.rows[0], strict=True))
    assert (named["Requests received"], named["Median time to answer (hours)"]) == (3, 1.5)


def test_nobody_but_the_secretariat_gets_other_parties_figures() -> None:
    pairs = {(SE, FR): Counts(forth=1, requests=1)}
    weeks = weekly.Weeks(measured(pairs), measured(pairs), (measured(pairs),), measured(pairs, MONTH))
    assert [sheet.stem for sheet in weekly.sheets_for(KE, weeks)] == ["GSP-2026-11-15-weeks"]
    (_, by_party) = weekly.sheets_for(NO_PARTY, weeks)
    assert [row[0] for row in by_party.rows] == ["AT", "FR", "KE", "SE"]


def test_times_are_said_in_their_largest_unit() -> None:
    say = languages().catalogue("en").say
    for spent, words in (
        (timedelta(seconds=20), "0 minutes"), (timedelta(minutes=59), "59 minutes"), (timedelta(hours=5), "5 hours"),
        (timedelta(hours=47), "47 hours"), (timedelta(days=3, hours=2), "3 days"), (None, "none"),
    ):  # fmt: skip
        counts = PartyFigures(KE, median_answered=spent)
        weeks = weekly.Weeks(*(replace(measured({}), parties=(counts,)),) * 2, (), measured({}, MONTH))
        found = [one for one in weekly.figures_for(KE, weeks) if say(one.label) == "Median time to answer"]
        assert say(found[0].now) == words  # type: ignore[arg-type]


def test_weeks_without_requests_give_no_chart() -> None:
    pairs = {(KE, SE): Counts(requests=1)}
    weeks = weekly.Weeks(
        *(measured({}, WEEK),) * 2, (measured({}, WEEK.before()), measured(pairs)), measured({}, MONTH)
    )
    for party, charts in ((KE, 1), (FR, 0), (NO_PARTY, 2)):
        assert len(weekly.charts_for(party, weeks)) == charts
