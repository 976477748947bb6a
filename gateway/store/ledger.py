"""What the core tells the store, each in one transaction: everything or nothing."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, and_, delete, insert, select, text, update
from sqlmodel import SQLModel

from gateway.facts import (
    NO_NUMBER,
    Commit,
    Digest,
    EncryptedMail,
    Event,
    EventKind,
    ExchangeNumber,
    Keep,
    OutgoingMail,
    PartyCode,
    ReferralNumber,
)
from gateway.outcome import REASONS, Answer, Beginning, Cause, Held, LostRace, Refuse, Refused, Taken
from gateway.store.engine import writing
from gateway.store.fold import OPEN_ANSWERS, next_state
from gateway.store.tables import (
    ArrivalRow,
    CounterRow,
    EventRow,
    ExchangeRow,
    ItemRow,
    KeptRow,
    OutboxRow,
    ReferralRow,
    SignatureRow,
    ThreadRow,
    TokenRow,
    UimRow,
)
from gateway.treaty import ExchangeState, ReferralState, Side, UimAnswer

MAIL_LIFE = timedelta(days=2)
_CHUNK = 5000
_CHAIN_LOCK = 0x6753_5002
_QUIET = frozenset({EventKind.DELIVERED, EventKind.READ, EventKind.REMINDED, EventKind.ESCALATED})


def table(row: type[SQLModel]) -> Any:
    """The SQLAlchemy table of a row type."""
    return row.__table__  # type: ignore[attr-defined]


class Ledger:
    """`ports.Ledger` on a database. `token_digest_of` gives the keyed digest of a referral's token."""

    def __init__(self, engine: Engine, token_digest_of: Callable[[ReferralNumber, Side], Digest]) -> None:
        self._engine = engine
        self._token_digest_of = token_digest_of

    def begin(self, mail: EncryptedMail, now: datetime) -> Beginning:
        """Counts an attempt at a mail before its content is looked at; gives the answer it had, if any."""
        arrivals = table(ArrivalRow)
        with writing(self._engine) as connection:
            row = connection.execute(select(arrivals).where(arrivals.c.digest == mail.digest)).mappings().first()
            if row is None:
                connection.execute(
                    insert(arrivals).values(
                        digest=mail.digest, attempts=1, first_seen=now, last_seen=now, outcome="", reason=0,
                        form="", year=0, serial=0, parties="",
                    )
                )  # fmt: skip
                return Beginning(None, 1)
            attempts = row["attempts"] + 1
            connection.execute(
                update(arrivals).where(arrivals.c.digest == mail.digest).values(attempts=attempts, last_seen=now)
            )
            return Beginning(_answer(row), attempts)

    def draw(self, now: datetime) -> ExchangeNumber:
        """The next exchange number of the year (UTC). Gaps are allowed: a drawn number may stay unused."""
        counters = table(CounterRow)
        year = now.year
        for _ in range(3):
            try:
                with writing(self._engine) as connection:
                    last = connection.execute(
                        update(counters)
                        .where(counters.c.year == year)
                        .values(last=counters.c.last + 1)
                        .returning(counters.c.last)
                    ).scalar()
                    if last is None:
                        connection.execute(insert(counters).values(year=year, last=1))
                        last = 1
                    return ExchangeNumber(year, last)
            except LostRace:
                continue
        raise LostRace

    def commit(self, commit: Commit, answer: Answer | None) -> None:
        """Writes events, projections, outbox, kept ciphertext and the arrival's answer in one transaction.

        Raises `LostRace` where `based_on` no longer holds, `Refuse` for a signature accepted before.
        """
        with writing(self._engine) as connection:
            self._check(connection, commit)
            for event in commit.events:
                self._event(connection, event, commit.at)
            self._keep(connection, commit)
            self._outbox(connection, commit)
            for item in commit.items:
                number = item.exchange or ExchangeNumber(0, 0)
                connection.execute(
                    insert(table(ItemRow)).values(
                        at=commit.at, reason=item.reason, year=number.year, serial=number.serial, party=item.party,
                        arrival=item.arrival, resolved_at=None,
                    )
                )  # fmt: skip
            if commit.arrival and answer is not None:
                _finish(connection, commit.arrival, answer, commit.at)

    def finish(self, arrival: Digest, answer: Answer, now: datetime) -> None:
        """Writes the answer to an arrival that changed nothing."""
        with writing(self._engine) as connection:
            _finish(connection, arrival, answer, now)

    def undo_attempt(self, arrival: Digest) -> None:
        """An attempt ended, or ended for an outside cause: it does not count."""
        arrivals = table(ArrivalRow)
        with writing(self._engine) as connection:
            connection.execute(
                update(arrivals)
                .where(arrivals.c.digest == arrival, arrivals.c.attempts > 0)
                .values(attempts=arrivals.c.attempts - 1)
            )

    # --- parts of the transaction -----------------------------------------------------------------

    def _check(self, connection: Connection, commit: Commit) -> None:
        exchanges, signatures = table(ExchangeRow), table(SignatureRow)
        for number, version in commit.based_on:
            changed = connection.execute(
                update(exchanges)
                .where(_of(exchanges, number), exchanges.c.version == version)
                .values(version=version + 1)
            ).rowcount
            if changed != 1:
                raise LostRace
        if commit.signature:
            seen = connection.execute(
                select(signatures.c.digest).where(signatures.c.digest == commit.signature)
            ).first()
            if seen:
                raise Refuse(REASONS[201], Cause.REPLAY)
            connection.execute(insert(signatures).values(digest=commit.signature, at=commit.at))

    def _event(self, connection: Connection, event: Event, at: datetime) -> None:
        append(connection, event, at)
        if event.exchange is None:
            return
        if event.kind is EventKind.EXCHANGE_OPENED:
            self._open(connection, event, event.exchange, at)
            return
        self._project(connection, event, event.exchange, at)
        if event.message_id:
            side = Side.ANSWERING if event.actor and event.actor == event.party else Side.ASKING
            _thread(connection, event.exchange, event.party, side, event.message_id)

    def _open(self, connection: Connection, event: Event, number: ExchangeNumber, at: datetime) -> None:
        connection.execute(
            insert(table(ExchangeRow)).values(
                year=number.year, serial=number.serial, asking=event.actor, person=event.person,
                state=ExchangeState.OPEN.value, opened=at, last_activity=at, uims=event.count, version=1,
            )
        )  # fmt: skip
        if event.message_id:
            _thread(connection, number, PartyCode(""), Side.ASKING, event.message_id)

    def _project(self, connection: Connection, event: Event, number: ExchangeNumber, at: datetime) -> None:
        exchanges = table(ExchangeRow)
        touched: dict[str, Any] = {"version": exchanges.c.version + 1}
        if event.kind not in _QUIET:
            touched["last_activity"] = at
        if event.kind is EventKind.EXCHANGE_CLOSED:
            touched["state"] = ExchangeState.CLOSED.value
            connection.execute(delete(table(KeptRow)).where(_of(table(KeptRow), number)))
        connection.execute(update(exchanges).where(_of(exchanges, number)).values(**touched))
        if event.kind in (EventKind.REFERRAL_SENT, EventKind.REFERRAL_WAITING):
            self._refer(connection, event, number, at)
        elif event.party:
            self._move(connection, event, number, at)

    def _refer(self, connection: Connection, event: Event, number: ExchangeNumber, at: datetime) -> None:
        state = ReferralState.SENT if event.kind is EventKind.REFERRAL_SENT else ReferralState.WAITING
        connection.execute(
            insert(table(ReferralRow)).values(
                year=number.year, serial=number.serial, party=event.party, state=state.value, asked_at=at,
                last_activity=at, reminders=0, uims=event.count, answered=0,
            )
        )  # fmt: skip
        for side in Side:
            digest = self._token_digest_of(ReferralNumber(number, event.party), side)
            connection.execute(
                insert(table(TokenRow)).values(
                    digest=digest, year=number.year, serial=number.serial, party=event.party, side=side.value
                )
            )
        _add_uims(connection, event, number)

    def _move(self, connection: Connection, event: Event, number: ExchangeNumber, at: datetime) -> None:
        referrals, uims = table(ReferralRow), table(UimRow)
        here = and_(_of(referrals, number), referrals.c.party == event.party)
        row = connection.execute(select(referrals).where(here)).mappings().first()
        if row is None:
            return
        if event.kind is EventKind.REFERRAL_EXTENDED:
            _add_uims(connection, event, number)
        elif event.kind is EventKind.ANSWER_RECEIVED:
            _answer_uims(connection, event, number)
        counts: Counter[UimAnswer] = Counter()
        if event.kind in (EventKind.REFERRAL_EXTENDED, EventKind.ANSWER_RECEIVED):
            found = connection.execute(select(uims.c.answer).where(_of(uims, number), uims.c.party == event.party))
            counts.update(UimAnswer(answer) for (answer,) in found)
        values: dict[str, Any] = {"state": next_state(ReferralState(row["state"]), event.kind, counts).value}
        if counts:
            values["uims"] = sum(counts.values())
            values["answered"] = values["uims"] - sum(counts[answer] for answer in OPEN_ANSWERS)
        if event.kind in (EventKind.REMINDED, EventKind.ESCALATED):
            values["reminders"] = row["reminders"] + 1
        if event.kind not in _QUIET:
            values["last_activity"] = at
        connection.execute(update(referrals).where(here).values(**values))

    def _keep(self, connection: Connection, commit: Commit) -> None:
        kept = table(KeptRow)
        for keep in commit.keeps:
            connection.execute(insert(kept).values(**_kept(keep)))
        for sent in commit.released:  # this mail alone: another that waits for the same key goes out by itself
            here = and_(_of(kept, sent.exchange), kept.c.party == sent.party, kept.c.side == sent.side.value)
            connection.execute(delete(kept).where(here, kept.c.digest == sent.digest, kept.c.waiting))

    def _outbox(self, connection: Connection, commit: Commit) -> None:
        for mail in commit.outgoing:
            connection.execute(insert(table(OutboxRow)).values(**_outgoing(mail, commit.at)))
            if mail.exchange is not None:
                _thread(connection, mail.exchange, mail.party, mail.side, mail.message_id)


def append(connection: Connection, event: Event, at: datetime) -> None:
    """Appends an event to the record, chained to the one before."""
    events = table(EventRow)
    if connection.dialect.name == "postgresql":  # one writer of the chain at a time, else it would fork
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _CHAIN_LOCK})
    before = connection.execute(select(events.c.chain).order_by(events.c.id.desc()).limit(1)).scalar() or ""
    number = event.exchange or ExchangeNumber(0, 0)
    values = {
        "at": at, "kind": event.kind.value, "year": number.year, "serial": number.serial, "party": event.party,
        "person": event.person, "actor": event.actor, "count": event.count, "digest": event.digest,
    }  # fmt: skip
    told = "\n".join([before, at.isoformat(), *(str(value) for key, value in values.items() if key != "at")])
    connection.execute(insert(events).values(**values, chain=hashlib.sha256(told.encode()).hexdigest()))


def _of(rows: Any, number: ExchangeNumber) -> Any:
    return and_(rows.c.year == number.year, rows.c.serial == number.serial)


def _thread(connection: Connection, number: ExchangeNumber, party: str, side: Side, message_id: str) -> None:
    connection.execute(
        insert(table(ThreadRow)).values(
            message_id=message_id, year=number.year, serial=number.serial, party=party, side=side.value
        )
    )


def _add_uims(connection: Connection, event: Event, number: ExchangeNumber) -> None:
    rows: Sequence[dict[str, Any]] = [
        {"year": number.year, "serial": number.serial, "party": event.party, "digest": fact.digest,
         "answer": fact.answer.value}
        for fact in event.uims
    ]  # fmt: skip
    for start in range(0, len(rows), _CHUNK):
        connection.execute(insert(table(UimRow)), rows[start : start + _CHUNK])


def _answer_uims(connection: Connection, event: Event, number: ExchangeNumber) -> None:
    """Many rows a statement, by their ids: one a statement held the lock for half a minute with a large list.

    By digest PostgreSQL, without fresh statistics, compares every row with every digest (minutes).
    """
    uims = table(UimRow)
    here = select(uims.c.digest, uims.c.id).where(_of(uims, number), uims.c.party == event.party)
    ids = {found: row for found, row in connection.execute(here)}
    same: dict[UimAnswer, list[int]] = {}
    for fact in event.uims:
        if fact.digest in ids:
            same.setdefault(fact.answer, []).append(ids[fact.digest])
    for answer, rows in same.items():
        for start in range(0, len(rows), _CHUNK):
            part = rows[start : start + _CHUNK]
            connection.execute(update(uims).where(uims.c.id.in_(part)).values(answer=answer.value))


def _kept(keep: Keep) -> dict[str, Any]:
    return {
        "year": keep.exchange.year, "serial": keep.exchange.serial, "party": keep.party, "side": keep.side.value,
        "digest": keep.digest, "scheme": keep.scheme, "ciphertext": keep.ciphertext.octets,
        "waiting": bool(keep.party) or keep.exchange == NO_NUMBER,
    }  # fmt: skip


def _outgoing(mail: OutgoingMail, at: datetime) -> dict[str, Any]:
    number = mail.exchange or ExchangeNumber(0, 0)
    return {
        "message_id": mail.message_id, "envelope_id": mail.envelope_id, "kind": mail.kind.value,
        "mail_from": mail.mail_from, "rcpt_to": mail.rcpt_to, "octets": mail.ciphertext.octets,
        "digest": mail.digest, "year": number.year, "serial": number.serial, "party": mail.party,
        "side": mail.side.value, "state": "pending", "attempts": 0, "created": at,
        "next_attempt": mail.not_before or at, "expires": at + MAIL_LIFE, "claimed_by": "", "claimed_until": None,
        "reply": "",
    }  # fmt: skip


def _finish(connection: Connection, arrival: Digest, answer: Answer, now: datetime) -> None:
    arrivals = table(ArrivalRow)
    values: dict[str, Any] = {"last_seen": now}
    match answer:
        case Taken():
            number = answer.exchange or ExchangeNumber(0, 0)
            values |= {
                "outcome": "taken", "form": answer.form, "year": number.year, "serial": number.serial,
                "parties": " ".join(referral.party for referral in answer.referrals),
            }  # fmt: skip
        case Refused():
            values |= {"outcome": "refused", "reason": answer.reason.number}
        case Held():
            values |= {"outcome": "held", "reason": answer.reason.number}
        case _:
            return  # a deferral is not an ending
    connection.execute(update(arrivals).where(arrivals.c.digest == arrival).values(**values))


def _answer(row: Any) -> Answer | None:
    match row["outcome"]:
        case "taken":
            number = ExchangeNumber(row["year"], row["serial"]) if row["year"] else None
            parties = [PartyCode(code) for code in row["parties"].split()]
            referrals = tuple(ReferralNumber(number, party) for party in parties) if number else ()
            return Taken(row["form"], number, referrals, repeated=True)
        case "refused":
            return Refused(REASONS[row["reason"]])
        case "held":
            return Held(REASONS[row["reason"]])
        case _:
            return None
