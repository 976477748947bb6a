"""What each person and Party sent of late, as the record has it, and how many mails of strangers were refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, and_, bindparam, func, or_, select

from gateway.events import EXTENSIONS, Event, EventKind
from gateway.facts import Digest, PartyCode, digest
from gateway.store.engine import reading, writing
from gateway.store.prepared import inserting
from gateway.store.record import append
from gateway.store.tables import EventRow, RefusalRow, table

_EVENTS, _REFUSALS = table(EventRow), table(RefusalRow)
_HOUR = timedelta(hours=1)
_GRACE = timedelta(minutes=5)  # another gateway on the same database may still add to the hour that is over
# What a mail of the person (0: the desk) who is named writes, whatever it asks for.
_SENT = tuple(
    kind.value
    for kind in (
        EventKind.EXCHANGE_OPENED, EventKind.ANSWER_RECEIVED, EventKind.MESSAGE_RECEIVED, EventKind.LOOKUP_MADE,
        EventKind.STATUS_ASKED, EventKind.HELP_ASKED, EventKind.NOTICE_SENT, EventKind.REVOCATION_ORDERED,
        EventKind.REGISTRATION_ORDERED, EventKind.REGISTRATION_APPROVED, EventKind.REGISTRATION_REFUSED,
        EventKind.RENEWAL_ORDERED, EventKind.REFUSED, EventKind.DIRECTORY_ASKED, EventKind.DIRECTORY_ORDERED,
        EventKind.DIRECTORY_CONFIRMED, EventKind.DIFFICULTY_REPORTED, EventKind.DIFFICULTY_ANSWERED,
    )
)  # fmt: skip
# Further UIMs in an open exchange write only these; with nobody's name on them another Party's reply passed them on.
_EXTENDED = tuple(kind.value for kind in sorted(EXTENSIONS))
_REFERRED = (EventKind.REFERRAL_SENT.value, EventKind.REFERRAL_WAITING.value, *_EXTENDED)

_OF_PARTY = _EVENTS.c.actor == bindparam("party"), _EVENTS.c.at > bindparam("since")
# What follows from one mail is written at one instant: mails are counted, not events.
_SENDS = (
    *_OF_PARTY,
    or_(_EVENTS.c.kind.in_(_SENT), and_(_EVENTS.c.kind.in_(_REFERRED), _EVENTS.c.person > 0)),
)
_HOW_MANY = select(func.count(_EVENTS.c.at.distinct())).where(*_SENDS)
_MAILS = (
    select(_EVENTS.c.at).where(*_SENDS).distinct().order_by(_EVENTS.c.at.desc()).limit(1).offset(bindparam("before"))
)
_COUNTED = or_(
    _EVENTS.c.kind.in_((EventKind.EXCHANGE_OPENED.value, EventKind.LOOKUP_MADE.value)),
    and_(_EVENTS.c.kind.in_(_EXTENDED), _EVENTS.c.person > 0),
)
_OF_PERSON = _EVENTS.c.person == bindparam("person")
_MAILS_OF_PERSON = _MAILS.where(_OF_PERSON)
_HOW_MANY_OF_PERSON = _HOW_MANY.where(_OF_PERSON)
_UIMS = (
    select(_EVENTS.c.at, _EVENTS.c["count"].label("uims"))
    .where(*_OF_PARTY, _COUNTED, _EVENTS.c["count"] > 0)
    .order_by(_EVENTS.c.id.desc())
)
_SUM = select(func.coalesce(func.sum(_EVENTS.c["count"]), 0)).where(*_OF_PARTY, _COUNTED)
_SUM_OF_PERSON = _SUM.where(_OF_PERSON)
_UIMS_OF_PERSON = _UIMS.where(_OF_PERSON)
_OF_KIND = select(func.count()).where(*_OF_PARTY, _EVENTS.c.kind == bindparam("kind"), _OF_PERSON)
_COUNTS = select(_REFUSALS.c.hour, _REFUSALS.c.reason, _REFUSALS.c["count"].label("mails")).order_by(
    _REFUSALS.c.hour, _REFUSALS.c.reason
)


class Limits:
    """The record is what is counted, so that a restart forgets nothing and forgives nothing."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def last_mail_but(self, before: int, party: PartyCode, person: int | None, since: datetime) -> datetime | None:
        """When the last mail but so many came, of a person (0: the desk), or (None) of the whole Party; None: none."""
        values: dict[str, Any] = {"party": party, "since": since, "before": before}
        with reading(self._engine) as connection:
            if person is None:
                return connection.execute(_MAILS, values).scalar()
            return connection.execute(_MAILS_OF_PERSON, {**values, "person": person}).scalar()

    def mails(self, party: PartyCode, person: int | None, since: datetime) -> int:
        """How many mails came of a person, or (None) of the whole Party."""
        values: dict[str, Any] = {"party": party, "since": since}
        with reading(self._engine) as connection:
            if person is None:
                return int(connection.execute(_HOW_MANY, values).scalar_one())
            return int(connection.execute(_HOW_MANY_OF_PERSON, {**values, "person": person}).scalar_one())

    def uims(self, party: PartyCode, person: int | None, since: datetime) -> int:
        """How many UIMs a person, or (None) the whole Party, asked about."""
        values: dict[str, Any] = {"party": party, "since": since}
        with reading(self._engine) as connection:
            if person is None:
                return int(connection.execute(_SUM, values).scalar_one())
            return int(connection.execute(_SUM_OF_PERSON, {**values, "person": person}).scalar_one())

    def lists(self, party: PartyCode, person: int | None, since: datetime) -> list[tuple[datetime, int]]:
        """(time, UIMs) of each list that they asked about, newest first."""
        values: dict[str, Any] = {"party": party, "since": since}
        with reading(self._engine) as connection:
            query = _UIMS if person is None else _UIMS_OF_PERSON
            found = connection.execute(query, values if person is None else {**values, "person": person})
            return [(row.at, row.uims) for row in found]

    def events_of(self, kind: EventKind, party: PartyCode, person: int, since: datetime) -> int:
        """How many events of a kind the record has of a person since then."""
        values = {"kind": kind.value, "party": party, "person": person, "since": since}
        with reading(self._engine) as connection:
            return int(connection.execute(_OF_KIND, values).scalar_one())

    def note(self, event: Event, now: datetime) -> None:
        """Appends one event."""
        with writing(self._engine) as connection:
            append(connection, [event], now)

    def add_refusals(self, counts: Mapping[int, int], now: datetime) -> None:
        """Adds to the counts of the present hour, by the number of the reason."""
        hour = now.replace(minute=0, second=0, microsecond=0)
        with writing(self._engine) as connection:
            new = inserting(connection.dialect)(_REFUSALS)
            add = new.on_conflict_do_update(
                index_elements=["hour", "reason"], set_={"count": _REFUSALS.c["count"] + new.excluded["count"]}
            )
            for reason, count in sorted(counts.items()):
                connection.execute(add, {"hour": hour, "reason": reason, "count": count})

    def record_refusals(self, now: datetime) -> None:
        """Puts the counts of each hour that is over on record, once: their sum, and a digest that proves them."""
        with writing(self._engine) as connection:
            since = now - timedelta(days=7)
            told = {
                row.digest
                for row in connection.execute(
                    select(_EVENTS.c.digest).where(
                        _EVENTS.c.actor == "", _EVENTS.c.at > since, _EVENTS.c.kind == EventKind.REFUSALS.value
                    )
                )
            }
            rows = connection.execute(
                _COUNTS.where(_REFUSALS.c.hour > since, _REFUSALS.c.hour <= now - _HOUR - _GRACE)
            ).all()
            hours: dict[datetime, Counter[int]] = {}
            for row in rows:
                hours.setdefault(row.hour, Counter())[row.reason] = row.mails
            proofs = [(proof(hour, counts), counts) for hour, counts in sorted(hours.items())]
            events = [
                Event(EventKind.REFUSALS, count=counts.total(), digest=mark)
                for mark, counts in proofs
                if mark not in told
            ]
            append(connection, events, now)

    def refusals(self) -> list[tuple[datetime, dict[int, int], Digest]]:
        """(hour, number of refusals by reason, the digest that the record has of them), oldest first."""
        hours: dict[datetime, dict[int, int]] = {}
        with reading(self._engine) as connection:
            for row in connection.execute(_COUNTS):
                hours.setdefault(row.hour, {})[row.reason] = row.mails
        return [(hour, counts, proof(hour, counts)) for hour, counts in hours.items()]


def proof(hour: datetime, counts: Mapping[int, int]) -> Digest:
    """SHA-256 of the hour and, by reason, the counts, a line each: `101 5`."""
    lines = [hour.isoformat(), *(f"{reason} {count}" for reason, count in sorted(counts.items()))]
    return digest("".join(f"{line}\n" for line in lines).encode())
