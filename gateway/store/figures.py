"""The figures of a period by SQL: sums at its two edges, the middle of the times to answer, what was left unread."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import (
    Connection,
    DateTime,
    Engine,
    Integer,
    TextClause,
    bindparam,
    column,
    false,
    func,
    or_,
    select,
    table,
    text,
)

from gateway.facts import NO_PARTY, PartyCode
from gateway.figures import MIN_GROUP, Counts, Measured, PairFigures, PartyFigures, Period, Totals, together
from gateway.store.engine import instant, reading
from gateway.store.prepared import Prepared
from gateway.store.spans import Span, whole
from gateway.treaty import Role

# Named here, not taken from `tables`: that is SQLModel's, to load which takes `gsp stats` longer than a year's figures.
_INSTANT = DateTime(timezone=True)
_PARTIES = table("party", column("code"), column("since", _INSTANT), column("until", _INSTANT))
_PEOPLE = table("person", column("party"), column("role"), column("since", _INSTANT), column("revoked_at", _INSTANT))
_TIMING = table("timing", column("asking"), column("asked"), column("answered_at"), column("seconds"))
# ISO 3166-1 leaves these to their users; XI is Northern Ireland's in trade.
_OWN_CODES = frozenset(
    {"AA", "ZZ", *(f"Q{last}" for last in "MNOPQRSTUVWXYZ"), *(f"X{last}" for last in "ABCDEFGHJKLMNOPQRSTUVWXYZ")}
)

_REGISTERED = select(_PARTIES.c.code).where(
    _PARTIES.c.since < bindparam("until", type_=_INSTANT),
    or_(_PARTIES.c.until.is_(None), _PARTIES.c.until >= bindparam("until", type_=_INSTANT)),
).order_by(_PARTIES.c.code)  # fmt: skip
_USERS = select(_PEOPLE.c.party, _PEOPLE.c.role, func.count()).where(
    _PEOPLE.c.since < bindparam("until", type_=_INSTANT),
    or_(_PEOPLE.c.revoked_at.is_(None), _PEOPLE.c.revoked_at >= bindparam("until", type_=_INSTANT)),
).group_by(_PEOPLE.c.party, _PEOPLE.c.role).order_by(_PEOPLE.c.party, _PEOPLE.c.role)  # fmt: skip
_SECRETARIAT = select(_PEOPLE.c.party).where(_PEOPLE.c.role == Role.SECRETARIAT.value).distinct()
_SUMS = ("forth", "back", "requests", "uims", "undeclared", "answers", "uims_answered", "answered", "seconds")
_TOLD = ", ".join(_SUMS)
_ADDED = ", ".join(f"CAST(sum({name}) AS BIGINT) AS {name}" for name in _SUMS)  # PostgreSQL's sums are decimal numbers
# What passed at the edges of a period, beside its whole months or years (`spans`), by pair.
_EDGES = f"""
SELECT asking, asked, {_TOLD} FROM tally WHERE span = {Span.INSTANT} AND start >= :since AND start < :first
UNION ALL
SELECT asking, asked, {_TOLD} FROM tally WHERE span = {Span.INSTANT} AND start >= :last AND start < :until
"""  # noqa: S608 - ours
# A row for each Party that asked, with nobody as the asked one, and one for each that was asked.
_PASSED_BY_SIDE = text(f"""
WITH edge AS MATERIALIZED ({_EDGES}), part AS (
    SELECT asking, asked, {_TOLD} FROM tally WHERE span = {Span.MONTH} AND start >= :first AND start < :last
    UNION ALL SELECT asking, '', {_ADDED} FROM edge GROUP BY asking
    UNION ALL SELECT '', asked, {_ADDED} FROM edge GROUP BY asked
) SELECT asking, asked, {_ADDED} FROM part GROUP BY asking, asked
""")  # noqa: S608 - ours
# On which nothing was done until the end: of the last 30 days all are looked at, of earlier ones those for which that
# long was too short (the words of an index, which SQLite must find here).
_SLOW = "acted_at IS NULL OR acted_at - asked_at > 2592000000000"
_LEFT = f"""
SELECT asking, asked FROM timing WHERE asked_at >= :late AND asked_at < :until AND (acted_at IS NULL OR acted_at >= :until)
UNION ALL
SELECT asking, asked FROM timing
WHERE asked_at >= :since AND asked_at < :late AND ({_SLOW}) AND (acted_at IS NULL OR acted_at >= :until)
"""  # noqa: E501, S608 - ours
_LEFT_BY_SIDE = text(f"""
WITH unread AS MATERIALIZED ({_LEFT})
SELECT asking, '', count(*) FROM unread GROUP BY asking UNION ALL SELECT '', asked, count(*) FROM unread GROUP BY asked
""")  # noqa: S608 - ours
_LATE = timedelta(days=30)


def _by_pair(among: bool) -> tuple[TextClause, TextClause]:
    """What passed, and what was left; `among`: between some Parties only."""
    some = "WHERE asking IN :among AND asked IN :among" if among else ""
    passed = f"""
WITH part AS (
    SELECT asking, asked, {_TOLD} FROM tally WHERE span = {Span.YEAR} AND start >= :first AND start < :last
    UNION ALL {_EDGES}
) SELECT asking, asked, {_ADDED} FROM part {some} GROUP BY asking, asked ORDER BY asking, asked
"""  # noqa: S608 - ours
    left = f"SELECT asking, asked, count(*) FROM ({_LEFT}) AS unread {some} GROUP BY asking, asked"  # noqa: S608 - ours
    named: list[Any] = [bindparam("among", expanding=True)] if among else []
    return text(passed).bindparams(*named), text(left).bindparams(*named)


_ALL_PAIRS, _SOME_PAIRS = _by_pair(False), _by_pair(True)
_FIRST_OF_OTHERS = text(
    "SELECT asked_at FROM timing WHERE asking <> :party AND asked <> :party ORDER BY asked_at LIMIT 1"
)
_OTHERS = text("""
SELECT DISTINCT asking, asked FROM timing
WHERE asked_at >= :since AND asked_at < :until AND asking <> :party AND asked <> :party LIMIT :most
""")
_ENOUGH = (MIN_GROUP - 1) * (MIN_GROUP - 2) + 1  # so many pairs have MIN_GROUP Parties among them
_IN_PERIOD = (_TIMING.c.answered_at >= bindparam("since"), _TIMING.c.answered_at < bindparam("until"))
_TIMES = (
    select(_TIMING.c.seconds)
    .where(*_IN_PERIOD)
    .order_by(_TIMING.c.seconds)
    .limit(bindparam("many", type_=Integer))
    .offset(bindparam("skipped", type_=Integer))
)
# Of all, and of one Party: run twice for each of them, through SQLAlchemy they would take half as long again.
_OF_ALL, _OF_ASKING, _OF_ASKED = (
    Prepared(_TIMES.where(*whose))
    for whose in ((), (_TIMING.c.asking == bindparam("party"),), (_TIMING.c.asked == bindparam("party"),))
)
_PLACE = func.row_number().over(
    partition_by=(_TIMING.c.asking, _TIMING.c.asked), order_by=_TIMING.c.seconds
).label("place")  # fmt: skip
_OF = func.count().over(partition_by=(_TIMING.c.asking, _TIMING.c.asked)).label("total")

Pair = tuple[PartyCode, PartyCode]


class Statistics:
    """What `rules.statistics` names, measured. Reads only."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def measure(
        self, period: Period, pairs_of: Collection[PartyCode] | None = (), group: Collection[PartyCode] = (),
        among: Collection[PartyCode] | None = None,
    ) -> Measured:  # fmt: skip
        """Everything of a period, by Party and by pair.

        `pairs_of`: the Parties whose pairs get a median, too (None: all of them; it is the costly figure). `group`:
        Parties that are also counted together. `among`: only pairs of two of these Parties (none of them: no pairs).
        """
        with reading(self._engine, one_instant=True) as connection:
            return measured(connection, period, pairs_of, group, among)


def measured(
    connection: Connection, period: Period, pairs_of: Collection[PartyCode] | None = (),
    group: Collection[PartyCode] = (), among: Collection[PartyCode] | None = None,
) -> Measured:  # fmt: skip
    """As `Statistics.measure`, within a transaction."""
    until = {"until": period.end}
    users = _users(connection, until)
    none = offices(connection)
    registered = [PartyCode(code) for code in connection.execute(_REGISTERED, until).scalars() if code not in none]
    passed, times = _Passed(connection, period), _Times(connection, period)
    parties = tuple(_party(code, passed, times, users.get(code, ())) for code in registered)
    everywhere = passed.all
    totals = Totals(
        len(registered),
        sum(party.people for party in parties),
        sum(party.active for party in parties),
        everywhere,
        times.middle(everywhere.answered, _OF_ALL),
    )
    any_pairs = among is None or len(among) > 1
    medians = times.of_pairs(pairs_of, among) if any_pairs and (pairs_of is None or pairs_of) else {}
    between = passed.pairs(among) if any_pairs else {}
    found = tuple(PairFigures(*pair, counts, medians.get(pair)) for pair, counts in between.items())
    return Measured(period, totals, parties, found, _together(group, parties, times) if group else None)


def offices(connection: Connection) -> frozenset[str]:
    """Codes of their own under which people of the Secretariat stand, or stood: they are no Parties."""
    return _OWN_CODES.intersection(connection.execute(_SECRETARIAT).scalars())


def fewest_others(connection: Connection, period: Period, party: PartyCode) -> int:
    """How many Parties beside this one asked one another in the month of the period in which they were fewest.

    Months before the first such request do not count: nothing had passed between others that a total could tell.
    Many are not counted to the end: what is told is then less, and MIN_GROUP at least.
    """
    first = connection.execute(_FIRST_OF_OTHERS, {"party": party}).scalar()
    if first is None:
        return 0
    months = (_edges(month) for month in period.split(1))
    return min((_others(connection, month, party) for month in months if month["until"] > first), default=0)


def _others(connection: Connection, edges: dict[str, int], party: PartyCode) -> int:
    pairs = connection.execute(_OTHERS, {**edges, "party": party, "most": _ENOUGH}).all()
    return len({code for pair in pairs for code in pair})


def _users(connection: Connection, until: Mapping[str, Any]) -> dict[PartyCode, tuple[tuple[Role, int], ...]]:
    found: dict[PartyCode, tuple[tuple[Role, int], ...]] = {}
    for party, role, count in connection.execute(_USERS, until):
        found[PartyCode(party)] = (*found.get(PartyCode(party), ()), (Role(role), count))
    return found


def _party(code: PartyCode, passed: _Passed, times: _Times, users: tuple[tuple[Role, int], ...]) -> PartyFigures:
    asking, answering = passed.asking.get(code, Counts()), passed.asked.get(code, Counts())
    waited = times.middle(asking.answered, _OF_ASKING, party=code)
    answered = times.middle(answering.answered, _OF_ASKED, party=code)
    return PartyFigures(code, users, asking, answering, waited, answered)


def _together(group: Collection[PartyCode], parties: Iterable[PartyFigures], times: _Times) -> PartyFigures:
    """The Parties of a group as if they were one."""
    found = [party for party in parties if party.party in group]
    users: dict[Role, int] = {}
    for role, count in (pair for party in found for pair in party.users):
        users[role] = users.get(role, 0) + count
    asking, answering = together(one.asking for one in found), together(one.answering for one in found)
    codes = sorted(party.party for party in found)
    waited = times.middle(asking.answered, _of_any(_TIMING.c.asking, codes))
    answered = times.middle(answering.answered, _of_any(_TIMING.c.asked, codes))
    return PartyFigures(NO_PARTY, tuple(sorted(users.items())), asking, answering, waited, answered)


def _of_any(side: Any, codes: Iterable[PartyCode]) -> Prepared:
    return Prepared(_TIMES.where(or_(false(), *(side == code for code in codes))))


def _edges(period: Period) -> dict[str, int]:
    return {"since": instant(period.start), "until": instant(period.end)}


class _Passed:
    """What passed from and to each Party, and in all."""

    def __init__(self, connection: Connection, period: Period) -> None:
        self._connection, self._period = connection, period
        found = self._counts(Span.MONTH, (_PASSED_BY_SIDE, _LEFT_BY_SIDE))
        self.asking = {asking: counts for (asking, _), counts in found.items() if asking}
        self.asked = {asked: counts for (_, asked), counts in found.items() if asked}
        self.all = together(self.asking.values())

    def pairs(self, among: Collection[PartyCode] | None) -> dict[Pair, Counts]:
        """The same between two Parties (of these): there may be 40,000."""
        if among is None:
            return self._counts(Span.YEAR, _ALL_PAIRS)
        return self._counts(Span.YEAR, _SOME_PAIRS, among=sorted(among))

    def _counts(self, span: Span, queries: tuple[TextClause, TextClause], **named: Any) -> dict[Pair, Counts]:
        edges = whole(span, self._period)
        late = max(edges["since"], instant(self._period.end - _LATE))
        rows, unread = (self._connection.execute(query, {**edges, "late": late, **named}) for query in queries)
        left = {(by, of): count for by, of, count in unread}
        return {(by, of): Counts(*(*sums, left.get((by, of), 0))) for by, of, *sums in rows}


class _Times:
    """The middle of the times to answer."""

    def __init__(self, connection: Connection, period: Period) -> None:
        self._connection = connection
        self._edges = _edges(period)

    def middle(self, count: int, times: Prepared, **whose: str) -> timedelta | None:
        """The median of so many times, in whole seconds; of an even number the mean of the two in the middle."""
        if not count:
            return None
        place = {"many": 2 - count % 2, "skipped": (count - 1) // 2}
        seconds = [row.seconds for row in times.rows(self._connection, **self._edges, **place, **whose)]
        return timedelta(seconds=sum(seconds) // len(seconds)) if seconds else None

    def of_pairs(
        self, parties: Collection[PartyCode] | None, among: Collection[PartyCode] | None
    ) -> dict[Pair, timedelta]:
        """The same for every pair to which one of these Parties belongs; None: for all pairs (of two `among` these)."""
        ranked = select(_TIMING.c.asking, _TIMING.c.asked, _TIMING.c.seconds, _PLACE, _OF).where(*_IN_PERIOD)
        if parties is not None:
            named = sorted(parties)
            ranked = ranked.where(or_(_TIMING.c.asking.in_(named), _TIMING.c.asked.in_(named)))
        if among is not None:
            ranked = ranked.where(_TIMING.c.asking.in_(sorted(among)), _TIMING.c.asked.in_(sorted(among)))
        rows = ranked.subquery()
        last = rows.c.place * 2 - rows.c.total  # 0 or 2 in the middle of an even number, 1 of an odd one
        query = select(rows.c.asking, rows.c.asked, func.sum(rows.c.seconds), func.count()).where(last.between(0, 2))
        found = self._connection.execute(query.group_by(rows.c.asking, rows.c.asked), self._edges)
        return {(asking, asked): timedelta(seconds=int(total) // count) for asking, asked, total, count in found}
