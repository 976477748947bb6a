"""The figures of a period by SQL: sums at its two edges, the middle of the times to answer, what was left unread."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, Engine, Integer, bindparam, false, func, or_, select, text

from gateway.facts import NO_PARTY, PartyCode
from gateway.figures import MIN_GROUP, Counts, Measured, PairFigures, PartyFigures, Period, Totals, together
from gateway.store.engine import reading
from gateway.store.prepared import Prepared
from gateway.store.tables import PartyRow, PersonRow, TimingRow, table
from gateway.store.tally import instant
from gateway.treaty import Role

_PARTIES, _PEOPLE, _TIMING = table(PartyRow), table(PersonRow), table(TimingRow)
# ISO 3166-1 leaves these to their users; XI is Northern Ireland's in trade.
_OWN_CODES = frozenset(
    {"AA", "ZZ", *(f"Q{last}" for last in "MNOPQRSTUVWXYZ"), *(f"X{last}" for last in "ABCDEFGHJKLMNOPQRSTUVWXYZ")}
)

_REGISTERED = select(_PARTIES.c.code).where(
    _PARTIES.c.since < bindparam("until", type_=_PARTIES.c.since.type),
    or_(_PARTIES.c.until.is_(None), _PARTIES.c.until >= bindparam("until", type_=_PARTIES.c.since.type)),
).order_by(_PARTIES.c.code)  # fmt: skip
_USERS = select(_PEOPLE.c.party, _PEOPLE.c.role, func.count()).where(
    _PEOPLE.c.since < bindparam("until", type_=_PEOPLE.c.since.type),
    or_(_PEOPLE.c.revoked_at.is_(None), _PEOPLE.c.revoked_at >= bindparam("until", type_=_PEOPLE.c.since.type)),
).group_by(_PEOPLE.c.party, _PEOPLE.c.role).order_by(_PEOPLE.c.party, _PEOPLE.c.role)  # fmt: skip
_SECRETARIAT = select(_PEOPLE.c.party).where(_PEOPLE.c.role == Role.SECRETARIAT.value).distinct()
# The sums of the last instants before the two edges. The order of the joins is told by CROSS JOIN: left to itself,
# SQLite goes through the whole table (measured: thirty times as long).
_PAIRS = text("""
WITH pair AS MATERIALIZED (
    SELECT a.code AS asking, b.code AS asked,
        (SELECT max(at) FROM tally WHERE asking = a.code AND asked = b.code AND at < :since) AS since,
        (SELECT max(at) FROM tally WHERE asking = a.code AND asked = b.code AND at < :until) AS until
    FROM party a CROSS JOIN party b
)
SELECT pair.asking, pair.asked,
    e.forth - COALESCE(s.forth, 0), e.back - COALESCE(s.back, 0), e.requests - COALESCE(s.requests, 0),
    e.uims - COALESCE(s.uims, 0), e.undeclared - COALESCE(s.undeclared, 0), e.answers - COALESCE(s.answers, 0),
    e.uims_answered - COALESCE(s.uims_answered, 0), e.answered - COALESCE(s.answered, 0),
    e.seconds - COALESCE(s.seconds, 0)
FROM pair CROSS JOIN tally e
LEFT JOIN tally s ON s.asking = pair.asking AND s.asked = pair.asked AND s.at = pair.since
WHERE e.asking = pair.asking AND e.asked = pair.asked AND e.at = pair.until
    AND (pair.since IS NULL OR pair.since < pair.until)
ORDER BY pair.asking, pair.asked
""")
_UNREAD = text("""
SELECT asking, asked, count(*) FROM timing
WHERE asked_at >= :since AND asked_at < :until AND (acted_at IS NULL OR acted_at >= :until)
GROUP BY asking, asked
""")
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
_Found = tuple[PartyCode, PartyCode, tuple[int, ...]]
_ASKING, _ASKED = itemgetter(0), itemgetter(1)


class Statistics:
    """What `rules.statistics` names, measured. Reads only."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def measure(
        self, period: Period, pairs_of: Collection[PartyCode] | None = (), group: Collection[PartyCode] = ()
    ) -> Measured:
        """Everything of a period, by Party and by pair.

        `pairs_of`: the Parties whose pairs get a median, too (None: all of them; it is the costly figure). `group`:
        Parties that are also counted together.
        """
        with reading(self._engine) as connection:
            return measured(connection, period, pairs_of, group)


def measured(
    connection: Connection, period: Period, pairs_of: Collection[PartyCode] | None = (),
    group: Collection[PartyCode] = (),
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
    medians = times.of_pairs(pairs_of) if pairs_of is None or pairs_of else {}
    pairs = tuple(PairFigures(*pair, counts, medians.get(pair)) for pair, counts in passed.pairs.items())
    return Measured(period, totals, parties, pairs, _together(group, parties, times) if group else None)


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
    """What passed between two Parties, from and to each, and in all."""

    def __init__(self, connection: Connection, period: Period) -> None:
        edges = _edges(period)
        unread = {(asking, asked): count for asking, asked, count in connection.execute(_UNREAD, edges).all()}
        found = [
            (by, of, (*sums, unread.get((by, of), 0))) for by, of, *sums in connection.execute(_PAIRS, edges).all()
        ]
        self.pairs: dict[Pair, Counts] = {(by, of): Counts(*sums) for by, of, sums in found}
        self.asking = _summed(found, _ASKING)
        self.asked = _summed(sorted(found, key=_ASKED), _ASKED)
        self.all = together(self.asking.values())


def _summed(found: Iterable[_Found], side: Callable[[_Found], PartyCode]) -> dict[PartyCode, Counts]:
    """The sums of each Party on one side, by which the rows are in order. A column at a time: there may be 40,000."""
    return {
        code: Counts(*map(sum, zip(*(sums for _, _, sums in rows), strict=True)))
        for code, rows in groupby(found, key=side)
    }


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

    def of_pairs(self, parties: Collection[PartyCode] | None) -> dict[Pair, timedelta]:
        """The same for every pair to which one of these Parties belongs; None: for all pairs."""
        ranked = select(_TIMING.c.asking, _TIMING.c.asked, _TIMING.c.seconds, _PLACE, _OF).where(*_IN_PERIOD)
        if parties is not None:
            named = sorted(parties)
            ranked = ranked.where(or_(_TIMING.c.asking.in_(named), _TIMING.c.asked.in_(named)))
        rows = ranked.subquery()
        last = rows.c.place * 2 - rows.c.total  # 0 or 2 in the middle of an even number, 1 of an odd one
        query = select(rows.c.asking, rows.c.asked, func.sum(rows.c.seconds), func.count()).where(last.between(0, 2))
        found = self._connection.execute(query.group_by(rows.c.asking, rows.c.asked), self._edges)
        return {(asking, asked): timedelta(seconds=int(total) // count) for asking, asked, total, count in found}
