"""How the UIMs of each pattern were answered: sums by the Party that asked and by month, and what follows from them.

No row names a UIM, an exchange or a referral. Of a UIM is kept in which month it was counted, and by which library.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    Index,
    Integer,
    bindparam,
    case,
    cast,
    distinct,
    func,
    insert,
    select,
)
from sqlmodel import Field

from gateway.events import Doubt, Event, EventKind, Pattern, UimFact
from gateway.facts import Digest, PartyCode
from gateway.rules.experience import JUDGED, MONTHS, MOST, WHOLE, Weight, concluded, month_of
from gateway.store.engine import reading, utc
from gateway.store.prepared import Prepared, Upsert
from gateway.store.tables import ExchangeRow, _Row, table
from gateway.treaty import UimAnswer


class ExperienceRow(_Row, table=True):
    """How many UIMs of a pattern, asked by one Party, have an answer that was given in one month."""

    __tablename__ = "experience"
    scheme: str = Field(primary_key=True)
    mark: str = Field(primary_key=True)
    month: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    asking: str = Field(primary_key=True)
    asked: str
    valid: int
    not_valid: int
    not_ours: int


class DoubtRow(_Row, table=True):
    """What is held against a pattern from an instant on; the latest row of a pattern counts."""

    __tablename__ = "doubt"
    __table_args__ = (Index("ix_doubt_pattern", "scheme", "mark"),)
    number: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    scheme: str
    mark: str
    party: str
    loss: int
    asks: bool
    share: int
    at: datetime


_TRIED, _DOUBTS, _EXCHANGES = table(ExperienceRow), table(DoubtRow), table(ExchangeRow)
_COLUMNS = {UimAnswer.VALID: "valid", UimAnswer.NOT_VALID: "not_valid", UimAnswer.NOT_OURS: "not_ours"}


def _adding(insert_: Any) -> Any:
    new = insert_(_TRIED)
    sums = {name: _TRIED.c[name] + new.excluded[name] for name in _COLUMNS.values()}
    kept = {name: case((more < 0, 0), else_=more) for name, more in sums.items()}
    return new.on_conflict_do_update(index_elements=["scheme", "mark", "month", "asking"], set_=kept)


_ADD = Upsert(_adding)
_answers = _TRIED.c.valid + _TRIED.c.not_valid + _TRIED.c.not_ours
_part = cast(_TRIED.c.not_ours, BigInteger) * WHOLE
_HELD = (
    select(_DOUBTS.c.number)
    .where(_DOUBTS.c.scheme == bindparam("of_scheme"), _DOUBTS.c.mark == bindparam("of_mark"))
    .order_by(_DOUBTS.c.number.desc())
    .limit(1)
    .scalar_subquery()
)
# What `rules.experience.concluded` is told, in one row, and what is held against the pattern so far.
_LATELY = (
    select(
        func.sum(case((_answers < MOST, _answers), else_=MOST)).label("answers"),
        func.sum(case((_answers <= MOST, _part), else_=_part * MOST // _answers)).label("not_ours"),
        func.count(distinct(_TRIED.c.asking)).label("parties"),
    )
    .where(_TRIED.c.scheme == bindparam("of_scheme"), _TRIED.c.mark == bindparam("of_mark"))
    .where(_TRIED.c.month > bindparam("since"), _answers > 0)
    .subquery()
)
_STANDING = Prepared(
    select(
        _LATELY.c.answers, _LATELY.c.not_ours, _LATELY.c.parties, _DOUBTS.c.loss, _DOUBTS.c.asks, _DOUBTS.c.share
    ).select_from(_LATELY.outerjoin(_DOUBTS, _DOUBTS.c.number == _HELD))
)
_ASKING = Prepared(
    select(_EXCHANGES.c.asking).where(
        _EXCHANGES.c.year == bindparam("of_year"), _EXCHANGES.c.serial == bindparam("of_serial")
    )
)
_LATEST = select(func.max(_DOUBTS.c.number)).group_by(_DOUBTS.c.scheme, _DOUBTS.c.mark)
DOUBTS = Prepared(select(_DOUBTS).where(_DOUBTS.c.number.in_(_LATEST)).order_by(_DOUBTS.c.number))
NUMBER = select(func.coalesce(func.max(_DOUBTS.c.number), 0)).scalar_subquery()
_NUMBER = Prepared(select(func.coalesce(func.max(_DOUBTS.c.number), 0).label("number")))
_ADD_DOUBT = Prepared(insert(_DOUBTS))


class Counted(NamedTuple):
    """Where a UIM was counted: in which month (0: nowhere), and by which library."""

    month: int = 0
    library: int = 0


class Sums:
    """What the UIMs of one reply add to the experience with each pattern, and take away from it."""

    def __init__(self, at: datetime) -> None:
        self._month = month_of(at)
        self._more: dict[tuple[Pattern, int], Counter[UimAnswer]] = {}

    def move(self, fact: UimFact, answer: UimAnswer, counted: Counted) -> Counted:
        """Counts an answer in the place of the one before; gives where the UIM is counted now.

        Where the library has changed in between, nobody can say by which pattern it was counted: that stays.
        """
        if fact.answer is answer or not (counted.month or fact.by):
            return counted
        if counted.month:
            if fact.by is None or fact.by.library != counted.library:
                return counted
            self._of(fact.by, counted.month)[answer] -= 1
        if fact.by is None or fact.answer not in JUDGED:
            return Counted()
        self._of(fact.by, self._month)[fact.answer] += 1
        return Counted(self._month, fact.by.library)

    def _of(self, pattern: Pattern, month: int) -> Counter[UimAnswer]:
        return self._more.setdefault((pattern, month), Counter())

    def write(self, connection: Connection, event: Event, at: datetime) -> tuple[Event, ...]:
        """Adds them up, and writes what follows for the patterns; gives events that say so."""
        if not self._more or event.exchange is None:
            return ()
        of = event.exchange
        asking = _ASKING.first(connection, of_year=of.year, of_serial=of.serial).asking
        for (pattern, month), more in self._more.items():
            _ADD.run(
                connection, scheme=pattern.scheme, mark=pattern.mark, month=month, asking=asking, asked=event.party,
                **{name: more[answer] for answer, name in _COLUMNS.items()},
            )  # fmt: skip
        patterns = sorted({pattern for pattern, _ in self._more}, key=lambda pattern: (pattern.scheme, pattern.mark))
        found = (_weighed(connection, pattern, event.party, at) for pattern in patterns)
        return tuple(one for one in found if one is not None)


def _weighed(connection: Connection, pattern: Pattern, party: PartyCode, at: datetime) -> Event | None:
    """Writes what is held against a pattern now, where that is something else than before."""
    of = {"of_scheme": pattern.scheme, "of_mark": pattern.mark}
    row = _STANDING.first(connection, **of, since=month_of(at) - MONTHS)
    now = concluded(int(row.answers or 0), int(row.not_ours or 0), row.parties)
    if now == (Weight() if row.loss is None else Weight(row.loss, row.asks, row.share)):
        return None
    number = _NUMBER.first(connection).number + 1
    _ADD_DOUBT.run(
        connection, number=number, scheme=pattern.scheme, mark=pattern.mark, party=party, loss=now.loss, asks=now.asks,
        share=now.share, at=at,
    )  # fmt: skip
    return Event(EventKind.PATTERN_WEIGHED, party=party, count=now.loss, digest=pattern.mark)


def doubt(row: Any) -> Doubt:
    """A row as a value."""
    return Doubt(
        row.scheme, Digest(row.mark), PartyCode(row.party), row.loss, bool(row.asks), row.share, utc(row.at), row.number
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class PatternQuality:
    """How UIMs of a pattern were answered since a month; `asking`: how many Parties had asked."""

    scheme: str
    mark: Digest
    party: PartyCode
    asking: int
    valid: int
    not_valid: int
    not_ours: int
    doubt: Doubt | None


class Experience:
    """Look-ups for the reports. Reads only."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def quality(self, now: datetime, months: int = MONTHS) -> tuple[PatternQuality, ...]:
        """Every pattern that was answered in so many months up to now, the present one among them; by id and age.

        Those against which something is held from earlier months come last.
        """
        sums = [func.coalesce(func.sum(_TRIED.c[name]), 0) for name in _COLUMNS.values()]
        asked = func.count(distinct(_TRIED.c.asking))
        query = (
            select(_TRIED.c.scheme, _TRIED.c.mark, _TRIED.c.asked, asked, *sums)
            .where(_TRIED.c.month > month_of(now) - months, _answers > 0)
            .group_by(_TRIED.c.scheme, _TRIED.c.mark, _TRIED.c.asked)
            .order_by(_TRIED.c.scheme, func.min(_TRIED.c.month), _TRIED.c.mark)
        )
        with reading(self._engine) as connection:
            held = {(one.scheme, one.mark): one for one in map(doubt, DOUBTS.rows(connection))}
            rows: Sequence[Any] = connection.execute(query).all()
        found = [
            PatternQuality(
                scheme, Digest(mark), PartyCode(party), int(many), int(valid), int(not_valid), int(not_ours),
                held.pop((scheme, Digest(mark)), None),
            )
            for scheme, mark, party, many, valid, not_valid, not_ours in rows
        ]  # fmt: skip
        past = (PatternQuality(one.scheme, one.mark, one.party, 0, 0, 0, 0, one) for one in held.values() if one.loss)
        return (*found, *past)
