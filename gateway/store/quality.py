"""The quality of requests and answers in a period (R11, R22), counted by SQL from the record."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from functools import reduce
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, case, func, or_, select

from gateway.events import EventKind
from gateway.facts import NO_PARTY, PartyCode
from gateway.figures import Merits, Period, Quality, Question
from gateway.rules.quality import REASONS, unpacked
from gateway.store.engine import instant, reading
from gateway.store.tables import QUALITY_KINDS, EventRow, ExchangeRow, TimingRow, table
from gateway.treaty import NoDataReason, Side

_EVENTS, _EXCHANGES, _TIMING = table(EventRow), table(ExchangeRow), table(TimingRow)
# The values stand in the statement as they do in the index `ix_event_quality`; SQLite does not use it otherwise.
_COUNTED = _EVENTS.c.kind.in_(bindparam("kinds", QUALITY_KINDS, expanding=True, literal_execute=True))


class QualityFigures:
    """What `rules.quality` names, measured. Reads only."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def measure(self, period: Period, asking: PartyCode = NO_PARTY, asked: PartyCode = NO_PARTY) -> Quality:
        """Everything of a period, of all Parties or of what one asks, is asked, or asks the other.

        Malformed and repeated lines belong to who asks: where an asked Party is named, they are not counted.
        """
        with reading(self._engine) as connection:
            return measured(connection, period, asking, asked)

    def merits(self, period: Period) -> Mapping[PartyCode, Merits]:
        """What weekly digests tell: of each Party of which there is something to tell, and of all (`NO_PARTY`)."""
        with reading(self._engine) as connection:
            found = _merits(connection, period)
            survey, _ = _survey(connection, period, NO_PARTY, NO_PARTY)
        all_ = reduce(Merits.__add__, found.values(), Merits())
        useful = Quality(survey=survey)
        mark, marks = useful.mark(Question.USEFUL), useful.asked(Question.USEFUL)
        return {**found, NO_PARTY: replace(all_, mark=mark, marks=marks)}


def measured(connection: Connection, period: Period, asking: PartyCode, asked: PartyCode) -> Quality:
    """As `QualityFigures.measure`, within a transaction."""
    referrals, judged, not_ours = map(int, connection.execute(_referrals(period, asking, asked)).one())
    malformed, repeated = (None, None) if asked else _lines(connection, period, asking)
    survey, evaluations = _survey(connection, period, asking, asked)
    reasons = _reasons(connection, period, asking, asked)
    return Quality(referrals, judged, not_ours, malformed, repeated, reasons, survey, evaluations)


def _merits(connection: Connection, period: Period) -> dict[PartyCode, Merits]:
    found: dict[PartyCode, Merits] = {}

    def add(party: str, more: Merits) -> None:
        found[PartyCode(party)] = found.get(PartyCode(party), Merits()) + more

    for _, judged, not_ours, party in connection.execute(_referrals(period, NO_PARTY, NO_PARTY, _TIMING.c.asking)):
        add(party, Merits(int(judged), int(not_ours)))
    for kind, party, name, of in (
        (EventKind.UIMS_MALFORMED, _EVENTS.c.actor, "malformed", func.sum(_EVENTS.c.count)),
        (EventKind.NO_DATA, _EVENTS.c.party, "without_data", func.count()),
    ):
        query = select(party, of).where(*_of_kind(kind), *_within(period)).group_by(party)
        for code, number in connection.execute(query):
            add(code, Merits(**{name: int(number)}))
    return found


def _of_kind(kind: EventKind) -> Any:
    return (_COUNTED, _EVENTS.c.kind == kind.value)


def _within(period: Period) -> tuple[Any, ...]:
    return _EVENTS.c.at >= period.start, _EVENTS.c.at < period.end


def _between(asking: PartyCode, asked: PartyCode) -> tuple[Any, ...]:
    """Conditions on an event of a referral: who asks in its exchange, and who is asked."""
    of_exchange = select(_EXCHANGES.c.year).where(
        _EXCHANGES.c.year == _EVENTS.c.year, _EXCHANGES.c.serial == _EVENTS.c.serial, _EXCHANGES.c.asking == asking
    )
    return (*((of_exchange.exists(),) if asking else ()), *((_EVENTS.c.party == asked,) if asked else ()))


def _referrals(period: Period, asking: PartyCode, asked: PartyCode, *by: Any) -> Any:
    """How many were asked in the period; of these how many are judged by its end, and how many "not ours"; by whom."""
    since, until = instant(period.start), instant(period.end)
    named = (  # an answer is not given before the question: it lies in the period, too
        select(_EVENTS.c.year, _EVENTS.c.serial, _EVENTS.c.party)
        .where(*_of_kind(EventKind.UIMS_NOT_OURS), *_within(period))
        .distinct()
        .subquery()
    )
    same = (named.c.year == _TIMING.c.year) & (named.c.serial == _TIMING.c.serial) & (named.c.party == _TIMING.c.asked)
    is_named = named.c.year.is_not(None)
    query = (
        select(
            func.count(),
            func.coalesce(func.sum(case((or_(_TIMING.c.answered_at < until, is_named), 1), else_=0)), 0),
            func.coalesce(func.sum(case((is_named, 1), else_=0)), 0),
            *by,
        )
        .select_from(_TIMING.outerjoin(named, same))
        .where(_TIMING.c.asked_at >= since, _TIMING.c.asked_at < until)
        .group_by(*by)
    )
    query = query.where(_TIMING.c.asking == asking) if asking else query
    return query.where(_TIMING.c.asked == asked) if asked else query


def _lines(connection: Connection, period: Period, asking: PartyCode) -> tuple[int, int]:
    """Lines of requests that hold no UIM, and UIMs that were asked before."""
    found = []
    for kind in (EventKind.UIMS_MALFORMED, EventKind.UIMS_REPEATED):
        query = select(func.coalesce(func.sum(_EVENTS.c.count), 0)).where(*_of_kind(kind), *_within(period))
        query = query.where(_EVENTS.c.actor == asking) if asking else query
        found.append(int(connection.execute(query).scalar_one()))
    return found[0], found[1]


def _reasons(
    connection: Connection, period: Period, asking: PartyCode, asked: PartyCode
) -> dict[NoDataReason | None, int]:
    query = (
        select(_EVENTS.c.count, func.count())
        .where(*_of_kind(EventKind.NO_DATA), *_within(period), *_between(asking, asked))
        .group_by(_EVENTS.c.count)
        .order_by(_EVENTS.c.count)
    )
    return {REASONS[place - 1] if place else None: number for place, number in connection.execute(query)}


def _survey(
    connection: Connection, period: Period, asking: PartyCode, asked: PartyCode
) -> tuple[dict[Question, dict[int, int]], dict[Side, int]]:
    """How often each answer was given, and how many evaluations there are of each side; of one side the last counts.

    The last one of the period is the last one until its end, where it is in the period at all.
    """
    answering = case((_EVENTS.c.actor == _EVENTS.c.party, 1), else_=0)
    last = (
        select(func.max(_EVENTS.c.id))
        .where(*_of_kind(EventKind.EVALUATED), *_within(period))
        .group_by(_EVENTS.c.year, _EVENTS.c.serial, _EVENTS.c.party, answering)
    )
    query = (
        select(answering, _EVENTS.c.count, func.count())
        .where(*_of_kind(EventKind.EVALUATED), _EVENTS.c.id.in_(last), *_between(asking, asked))
        .group_by(answering, _EVENTS.c.count)
    )
    survey: dict[Question, Counter[int]] = {}
    evaluations: Counter[Side] = Counter()
    for is_answering, packed, number in connection.execute(query):
        side = Side.ANSWERING if is_answering else Side.ASKING
        evaluations[side] += number
        for question, digit in unpacked(packed, side).items():
            survey.setdefault(question, Counter())[digit] += number
    return {question: dict(answers) for question, answers in survey.items()}, dict(evaluations)
