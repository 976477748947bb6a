"""What the weekly digests are made from, beside the figures: who reads them, what is open, what is new."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Engine, and_, func, or_, select
from sqlmodel import Field

from gateway.events import DigestReader, EventKind, OpenReferral
from gateway.facts import ExchangeNumber, PartyCode, ReferralNumber
from gateway.store.engine import reading, utc
from gateway.store.figures import offices
from gateway.store.tables import EventRow, ExchangeRow, PartyRow, PersonRow, ReferralRow, _Row, table
from gateway.treaty import ReferralState, Role


class DigestRow(_Row, table=True):
    """A weekly digest that was sent, with the mail in one transaction: at most one a person and end of its period."""

    __tablename__ = "digest"
    person: int = Field(primary_key=True)
    period_end: datetime = Field(primary_key=True)
    sent: datetime


_PARTIES, _PEOPLE, _DIGESTS, _EVENTS = table(PartyRow), table(PersonRow), table(DigestRow), table(EventRow)
_EXCHANGES, _REFERRALS = table(ExchangeRow), table(ReferralRow)
_READERS = (Role.ADMINISTRATOR, Role.OBSERVER, Role.SECRETARIAT)
_OPEN = (
    ReferralState.WAITING, ReferralState.SENT, ReferralState.DELIVERED, ReferralState.READ,
    ReferralState.PARTLY_ANSWERED, ReferralState.UNDELIVERABLE,
)  # fmt: skip


class Digests:
    """Look-ups only: that a digest was sent is written with its mail."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def readers(self, now: datetime) -> tuple[DigestReader, ...]:
        """Active administrators, observers and the Secretariat's people, in the order of their numbers.

        A digest of weeks that are not over yet was sent by a clock that was wrong: it does not count.
        """
        last, sent = func.max(_DIGESTS.c.period_end).label("reported"), func.max(_DIGESTS.c.sent).label("told")
        query = (
            select(_PEOPLE.c.id, _PEOPLE.c.party, _PEOPLE.c.role, _PEOPLE.c.since, last, sent)
            .outerjoin(_DIGESTS, and_(_DIGESTS.c.person == _PEOPLE.c.id, _DIGESTS.c.period_end <= now))
            .where(_PEOPLE.c.revoked_at.is_(None), _PEOPLE.c.role.in_([role.value for role in _READERS]))
            .group_by(_PEOPLE.c.id, _PEOPLE.c.party, _PEOPLE.c.role, _PEOPLE.c.since)
            .order_by(_PEOPLE.c.id)
        )
        return tuple(
            DigestReader(
                row.id, PartyCode(row.party), Role(row.role), utc(row.since), row.reported and utc(row.reported),
                row.told and utc(row.told),
            )
            for row in self._rows(query)
        )  # fmt: skip

    def open_referrals(self) -> tuple[OpenReferral, ...]:
        """Every referral of an open exchange from which something is still expected, oldest first."""
        same = and_(_EXCHANGES.c.year == _REFERRALS.c.year, _EXCHANGES.c.serial == _REFERRALS.c.serial)
        query = (
            select(_REFERRALS, _EXCHANGES.c.asking)
            .join(_EXCHANGES, same)
            .where(_REFERRALS.c.state.in_([state.value for state in _OPEN]), _EXCHANGES.c.state == "open")
            .order_by(_REFERRALS.c.asked_at, _REFERRALS.c.year, _REFERRALS.c.serial, _REFERRALS.c.party)
        )
        return tuple(
            OpenReferral(
                ReferralNumber(ExchangeNumber(row.year, row.serial), PartyCode(row.party)), PartyCode(row.asking),
                ReferralState(row.state), utc(row.asked_at), row.reminders,
            )
            for row in self._rows(query)
        )  # fmt: skip

    def new_parties(self, begin: datetime, end: datetime) -> tuple[PartyCode, ...]:
        """Parties that were registered in that time."""
        within = _PARTIES.c.until.is_(None), _PARTIES.c.since >= begin, _PARTIES.c.since < end
        found, none = self._rows(select(_PARTIES.c.code).where(*within).order_by(_PARTIES.c.code)), self.offices()
        return tuple(PartyCode(row.code) for row in found if row.code not in none)

    def offices(self) -> frozenset[str]:
        """Codes that are no Parties: under them people of the Secretariat stand."""
        with reading(self._engine) as connection:
            return offices(connection)

    def contacts_changed(self, begin: datetime, end: datetime) -> tuple[PartyCode, ...]:
        """Parties whose desk, or an administrator, was replaced, came or left in that time, but for the new Parties."""
        kind = EventKind.PARTY_CHANGED.value
        desks = select(_EVENTS.c.party).where(
            _EVENTS.c.actor == "", _EVENTS.c.at >= begin, _EVENTS.c.at < end, _EVENTS.c.kind == kind
        )
        came = and_(_PEOPLE.c.since >= begin, _PEOPLE.c.since < end)
        left = and_(_PEOPLE.c.revoked_at >= begin, _PEOPLE.c.revoked_at < end)
        people = select(_PEOPLE.c.party).where(_PEOPLE.c.role == Role.ADMINISTRATOR.value, or_(came, left))
        query = (
            select(_PARTIES.c.code)
            .where(_PARTIES.c.until.is_(None), _PARTIES.c.since < begin)
            .where(or_(_PARTIES.c.code.in_(desks), _PARTIES.c.code.in_(people)))
            .order_by(_PARTIES.c.code)
        )
        return tuple(PartyCode(row.code) for row in self._rows(query))

    def library_changes(self, begin: datetime, end: datetime) -> int:
        """How often another pattern library was put into use in that time."""
        kind = _EVENTS.c.kind == EventKind.LIBRARY_CHANGED.value
        within = _EVENTS.c.actor == "", _EVENTS.c.at >= begin, _EVENTS.c.at < end
        return int(self._rows(select(func.count().label("many")).where(*within, kind))[0].many)

    def _rows(self, query: Any) -> list[Any]:
        with reading(self._engine) as connection:
            return list(connection.execute(query).all())
