"""The schema. Metadata only: no column holds what a mail says; free text only where a name is registered."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Index, LargeBinary, UniqueConstraint, func, text
from sqlalchemy import Integer as SqlInteger
from sqlalchemy import column as sql_column
from sqlmodel import Field, SQLModel

# SQLite gives row ids of its own only to INTEGER; PostgreSQL wants the larger one.
_Id = BigInteger().with_variant(SqlInteger, "sqlite")

_ANSWERED = text("answered_at IS NOT NULL")  # PostgreSQL's, in alembic/versions: here they would load its dialect
_SLOW = text("acted_at IS NULL OR acted_at - asked_at > 2592000000000")  # 30 days
QUALITY_KINDS = ("evaluated", "no data given", "uims malformed", "uims not ours", "uims repeated")
_OF_QUALITY = text(f"kind IN ({', '.join(map(repr, QUALITY_KINDS))})")


def table(row: type[SQLModel]) -> Any:
    """The SQLAlchemy table of a row type."""
    return row.__table__  # type: ignore[attr-defined]


def _id() -> Column[int]:
    return Column("id", _Id, primary_key=True, autoincrement=True)


class _Row(SQLModel):
    """Nothing is ever read into a row: pydantic need not compile what would check it (a tenth of every start)."""

    model_config = {"defer_build": True}


class PartyRow(_Row, table=True):
    """A registered Party and its desk."""

    __tablename__ = "party"
    code: str = Field(primary_key=True)
    name: str
    mailbox: str = Field(index=True)
    language: str
    since: datetime
    until: datetime | None = None


class PersonRow(_Row, table=True):
    """A registered person."""

    __tablename__ = "person"
    __table_args__ = (Index("ix_person_folded", func.lower(sql_column("address"))),)
    id: int | None = Field(default=None, sa_column=_id())
    party: str = Field(index=True)
    address: str = Field(index=True)
    name: str
    role: str
    language: str
    since: datetime
    revoked_at: datetime | None = None
    revoked_reason: str = ""


class KeyRow(_Row, table=True):
    """A registered key; of a person, or (person 0) of a Party's desk. `given`: our own key that the owner was sent."""

    __tablename__ = "key"
    fingerprint: str = Field(primary_key=True)
    scheme: str
    person: int = Field(index=True)
    party: str = Field(index=True)
    octets: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    can_encrypt: bool
    can_sign: bool
    usable_until: datetime | None = None
    registered_at: datetime
    revoked_at: datetime | None = None
    given: str = ""


class PendingRow(_Row, table=True):
    """A registration that is not active yet, by a number that is never given again; gone once it is decided.

    `folded` is the address without regard to case, `word` the keyed digest of the challenge's word.
    """

    __tablename__ = "pending"
    __table_args__ = (UniqueConstraint("party", "folded"), {"sqlite_autoincrement": True})
    id: int | None = Field(default=None, sa_column=_id())
    party: str
    address: str
    folded: str = Field(index=True)
    name: str
    role: str
    language: str
    scheme: str
    fingerprint: str
    octets: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    usable_until: datetime | None = None
    ordered_by: int
    word: str
    expires: datetime
    approval: bool
    proven: bool
    sent: int


class EntryRow(_Row, table=True):
    """An entry of the directory, by a number that is never given again. Never changed: it ends, and another begins.

    `replaces`: the number of the entry before it, 0: none.
    """

    __tablename__ = "entry"
    __table_args__ = ({"sqlite_autoincrement": True},)
    id: int | None = Field(default=None, sa_column=_id())
    party: str = Field(index=True)
    function: str
    authority: str
    person: str
    address: str
    telephone: str
    postal: str
    languages: str
    remarks: str
    replaces: int
    since: datetime
    until: datetime | None = None


class StandingRow(_Row, table=True):
    """How far a Party has come with its entries: computed from the record, for what the clock brings."""

    __tablename__ = "standing"
    party: str = Field(primary_key=True)
    open_since: datetime | None = None
    replaced: int
    steps: int
    step_at: datetime | None = None
    told_at: datetime | None = None
    asks: int
    asked_at: datetime | None = None
    ask_at: datetime | None = None
    ask_told_at: datetime | None = None
    confirmed_at: datetime | None = None
    changed_at: datetime | None = None


class CounterRow(_Row, table=True):
    """The last exchange number of a year."""

    __tablename__ = "counter"
    year: int = Field(primary_key=True)
    last: int


class ArrivalRow(_Row, table=True):
    """One mail as it came in, by the digest of its ciphertext, and the answer it got."""

    __tablename__ = "arrival"
    digest: str = Field(primary_key=True)
    attempts: int
    first_seen: datetime
    last_seen: datetime
    outcome: str = ""
    reason: int = 0
    form: str = ""
    year: int = 0
    serial: int = 0
    parties: str = ""


class SignatureRow(_Row, table=True):
    """A signature that was accepted: never again in another wrapping."""

    __tablename__ = "signature"
    digest: str = Field(primary_key=True)
    at: datetime


class ExchangeRow(_Row, table=True):
    """One request and all that follows."""

    __tablename__ = "exchange"
    year: int = Field(primary_key=True)
    serial: int = Field(primary_key=True)
    asking: str = Field(index=True)
    person: int
    state: str
    opened: datetime
    last_activity: datetime
    uims: int
    version: int


class ReferralRow(_Row, table=True):
    """The part of an exchange that went to one Party."""

    __tablename__ = "referral"
    year: int = Field(primary_key=True)
    serial: int = Field(primary_key=True)
    party: str = Field(primary_key=True, index=True)
    state: str = Field(index=True)
    asked_at: datetime
    last_activity: datetime
    reminders: int
    uims: int
    answered: int


class UimRow(_Row, table=True):
    """One UIM of a referral, as a keyed digest; what was answered, and where that counts (`experience.Counted`)."""

    __tablename__ = "uim"
    __table_args__ = (
        UniqueConstraint("year", "serial", "party", "digest"),
        Index("ix_uim_digest", "digest"),
    )
    id: int | None = Field(default=None, sa_column=_id())
    year: int
    serial: int
    party: str
    digest: str
    answer: str
    counted_in: int = Field(sa_column=Column(SqlInteger, nullable=False, server_default="0"))
    counted_by: int = Field(sa_column=Column(SqlInteger, nullable=False, server_default="0"))


class TokenRow(_Row, table=True):
    """The keyed digest of a referral's token, for one side."""

    __tablename__ = "token"
    digest: str = Field(primary_key=True)
    year: int
    serial: int
    party: str
    side: str


class ThreadRow(_Row, table=True):
    """Message-IDs of the conversation with one side of a referral; party "" is the whole exchange."""

    __tablename__ = "thread"
    id: int | None = Field(default=None, sa_column=_id())
    message_id: str = Field(index=True)
    year: int = Field(index=True)
    serial: int
    party: str
    side: str


class KeptRow(_Row, table=True):
    """Ciphertext that a later step needs again, as it came; gone when the exchange closes."""

    __tablename__ = "kept"
    id: int | None = Field(default=None, sa_column=_id())
    year: int = Field(index=True)
    serial: int
    party: str
    side: str
    digest: str
    scheme: str
    ciphertext: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    waiting: bool


class OutboxRow(_Row, table=True):
    """A finished mail: ciphertext, until it is delivered or given up."""

    __tablename__ = "outbox"
    id: int | None = Field(default=None, sa_column=_id())
    message_id: str = Field(unique=True)
    envelope_id: str = Field(index=True)
    kind: str
    mail_from: str
    rcpt_to: str
    octets: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    digest: str
    year: int
    serial: int
    party: str
    side: str
    state: str = Field(index=True)
    attempts: int
    created: datetime
    next_attempt: datetime
    expires: datetime
    claimed_by: str = ""
    claimed_until: datetime | None = None
    reply: str = ""


class ItemRow(_Row, table=True):
    """Something that a person must look at."""

    __tablename__ = "item"
    id: int | None = Field(default=None, sa_column=_id())
    at: datetime
    reason: int
    year: int
    serial: int
    party: str
    arrival: str
    resolved_at: datetime | None = None


class EventRow(_Row, table=True):
    """The record: appended, never changed; `chain` is SHA-256 over this event and the chain before it."""

    __tablename__ = "event"
    __table_args__ = (
        Index("ix_event_exchange", "year", "serial"),
        Index("ix_event_actor", "actor", "at"),
        # Of the few kinds that the figures of quality are made of: they need not look through the whole record.
        Index("ix_event_quality", "kind", "at", sqlite_where=_OF_QUALITY),
    )
    id: int | None = Field(default=None, sa_column=_id())
    at: datetime
    kind: str
    year: int
    serial: int
    party: str
    person: int
    actor: str
    count: int
    digest: str
    chain: str


class SealRow(_Row, table=True):
    """A head of the record signed by the gateway: `events` up to the one numbered `event`, their `chain`."""

    __tablename__ = "seal"
    id: int | None = Field(default=None, sa_column=_id())
    event: int = Field(sa_column=Column(BigInteger, nullable=False))
    events: int = Field(sa_column=Column(BigInteger, nullable=False))
    chain: str
    at: datetime
    text: str
    signature: str


class TallyRow(_Row, table=True):
    """What passed between two Parties at an instant; and sums of months and years, from their beginnings (UTC).

    `span`: `spans.Span`; `start`: the instant or the beginning, in microseconds since 1970. A month has a row of each
    Party that asked, with nobody as the asked one, and one of each that was asked.
    """

    __tablename__ = "tally"
    __table_args__ = ({"sqlite_with_rowid": False},)
    span: int = Field(sa_column=Column(SqlInteger, primary_key=True, autoincrement=False))
    start: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    asking: str = Field(primary_key=True)
    asked: str = Field(primary_key=True)
    forth: int
    back: int
    requests: int
    uims: int = Field(sa_type=BigInteger)
    undeclared: int
    answers: int
    uims_answered: int = Field(sa_type=BigInteger)
    answered: int
    seconds: int = Field(sa_type=BigInteger)


class TimingRow(_Row, table=True):
    """When a referral was asked, when its Party first did anything, and when it had answered all (microseconds)."""

    __tablename__ = "timing"
    __table_args__ = (
        Index("ix_timing_unread", "asked_at", "acted_at", "asking", "asked"),
        # Of those only on which nothing was done within 30 days: few of a long period are still open at its end.
        Index("ix_timing_slow", "asked_at", "acted_at", "asking", "asked", sqlite_where=_SLOW),
        # Of those that are answered only, by how long it took: the middle is found by counting.
        Index("ix_timing_seconds", "seconds", "answered_at", sqlite_where=_ANSWERED),
        Index("ix_timing_asking", "asking", "seconds", "answered_at", sqlite_where=_ANSWERED),
        Index("ix_timing_asked", "asked", "seconds", "answered_at", "asking", sqlite_where=_ANSWERED),
        {"sqlite_with_rowid": False},
    )
    year: int = Field(primary_key=True)
    serial: int = Field(primary_key=True)
    asked: str = Field(primary_key=True)
    asking: str
    asked_at: int = Field(sa_type=BigInteger)
    acted_at: int | None = Field(default=None, sa_type=BigInteger)
    answered_at: int | None = Field(default=None, sa_type=BigInteger)
    seconds: int | None = Field(default=None, sa_type=BigInteger)


class RefusalRow(_Row, table=True):
    """How many mails of unproven senders were refused in an hour, by reason."""

    __tablename__ = "refusal"
    hour: datetime = Field(primary_key=True)
    reason: int = Field(primary_key=True)
    count: int
