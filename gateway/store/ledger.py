"""What the core tells the store, each in one transaction: everything or nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, and_, bindparam, delete, insert, select, update
from sqlmodel import SQLModel

from gateway.events import EXTENSIONS, Commit, Event, EventKind, Keep, OutgoingMail
from gateway.facts import NO_NUMBER, Digest, EncryptedMail, ExchangeNumber, PartyCode, ReferralNumber
from gateway.outcome import REASONS, Answer, Beginning, Cause, Held, LostRace, Refuse, Refused, Taken
from gateway.store import patterns, pending, registrations, roster, tally, uims
from gateway.store.digests import DigestRow
from gateway.store.engine import writing
from gateway.store.fold import next_state
from gateway.store.members import Members
from gateway.store.outbox import MAIL_LIFE
from gateway.store.prepared import Prepared, Upsert
from gateway.store.record import append
from gateway.store.tables import (
    ArrivalRow,
    CounterRow,
    ExchangeRow,
    ItemRow,
    KeptRow,
    KeyRow,
    OutboxRow,
    ReferralRow,
    SignatureRow,
    ThreadRow,
    TokenRow,
    table,
)
from gateway.treaty import OPEN_ANSWERS, ExchangeState, ReferralState, Side, UimAnswer

_CHUNK = 5000
_NONE = ExchangeNumber(0, 0)  # as stored where there is no exchange
_WRITTEN = frozenset({EventKind.MESSAGE_RECEIVED, EventKind.SEALED_PASSED})
_QUIET = frozenset({EventKind.DELIVERED, EventKind.READ, EventKind.REMINDED, EventKind.ESCALATED, EventKind.EVALUATED})


_ARRIVALS, _COUNTERS, _SIGNATURES = table(ArrivalRow), table(CounterRow), table(SignatureRow)
_EXCHANGES, _REFERRALS = table(ExchangeRow), table(ReferralRow)
_KEPT, _OUTBOX, _KEYS = table(KeptRow), table(OutboxRow), table(KeyRow)


def _of(rows: Any) -> Any:
    return and_(rows.c.year == bindparam("of_year"), rows.c.serial == bindparam("of_serial"))


def _of_party(rows: Any) -> Any:
    return and_(_of(rows), rows.c.party == bindparam("of_party"))


# Statements are built once: building one costs more than running it (measured). What is set beside the values
# written here is given when a statement is run.
_ARRIVED = _ARRIVALS.c.digest == bindparam("arrival")
_SET_ARRIVAL = Prepared(update(_ARRIVALS).where(_ARRIVED))
# A refused copy (of another sender, or under another envelope) says nothing against the mail that was taken.
_REFUSE_ARRIVAL = _SET_ARRIVAL.where(_ARRIVALS.c.outcome != "taken", _ARRIVALS.c.outcome != "held")
_UNDO_ATTEMPT = Prepared(
    update(_ARRIVALS).where(_ARRIVED, _ARRIVALS.c.attempts > 0).values(attempts=_ARRIVALS.c.attempts - 1)
)
_DRAW = Prepared(
    update(_COUNTERS)
    .where(_COUNTERS.c.year == bindparam("of_year"))
    .values(last=_COUNTERS.c.last + 1)
    .returning(_COUNTERS.c.last)
)
_TOUCH = Prepared(update(_EXCHANGES).where(_of(_EXCHANGES)).values(version=_EXCHANGES.c.version + 1))
_TOUCH_UNCHANGED = _TOUCH.where(_EXCHANGES.c.version == bindparam("based_on"))
_REFERRAL = Prepared(select(_REFERRALS).where(_of_party(_REFERRALS)))
_SET_REFERRAL = Prepared(update(_REFERRALS).where(_of_party(_REFERRALS)))
_FORGET_KEPT = Prepared(delete(_KEPT).where(_of(_KEPT)))
_FORGET_FAILED = Prepared(update(_OUTBOX).where(_of(_OUTBOX), _OUTBOX.c.state == "failed").values(octets=b""))
_GIVE = Prepared(update(_KEYS).where(_KEYS.c.fingerprint == bindparam("to_key")))
_RELEASE = Prepared(
    delete(_KEPT).where(
        _of_party(_KEPT),
        _KEPT.c.side == bindparam("of_side"),
        _KEPT.c.digest == bindparam("of_digest"),
        _KEPT.c.waiting,
    )
)


def _attempt(insert_: Any) -> Any:
    new = insert_(_ARRIVALS)
    again = {"attempts": _ARRIVALS.c.attempts + 1, "last_seen": new.excluded.last_seen}
    return new.on_conflict_do_update(index_elements=["digest"], set_=again).returning(_ARRIVALS)


_ATTEMPT = Upsert(_attempt)
_ACCEPT = Upsert(lambda insert_: insert_(_SIGNATURES).on_conflict_do_nothing().returning(_SIGNATURES.c.digest))
_GIVE_TOKENS = Upsert(lambda insert_: insert_(table(TokenRow)).on_conflict_do_nothing())
_INSERTS: dict[type[SQLModel], Prepared] = {
    row: Prepared(insert(table(row)))
    for row in (ArrivalRow, CounterRow, DigestRow, ExchangeRow, ItemRow, KeptRow, OutboxRow, ReferralRow, SignatureRow,
                ThreadRow)
}  # fmt: skip


class Ledger:
    """`ports.Ledger` on a database. `token_digest_of` gives the keyed digest of a referral's token."""

    def __init__(self, engine: Engine, token_digest_of: Callable[[ReferralNumber, Side], Digest]) -> None:
        self._engine = engine
        self._token_digest_of = token_digest_of
        self._members = Members(engine)

    def begin(self, mail: EncryptedMail, now: datetime) -> Beginning:
        """Counts an attempt at a mail before its content is looked at; gives the answer it had, if any."""
        first = {
            "digest": mail.digest, "attempts": 1, "first_seen": now, "last_seen": now, "outcome": "", "reason": 0,
            "form": "", "year": 0, "serial": 0, "parties": "",
        }  # fmt: skip
        with writing(self._engine) as connection:
            row = _ATTEMPT.first(connection, **first)
            return Beginning(_answer(row), row.attempts, row.first_seen)

    def draw(self, now: datetime) -> ExchangeNumber:
        """The next exchange number of the year (UTC). Gaps are allowed: a drawn number may stay unused."""
        year = now.year
        for _ in range(3):
            try:
                with writing(self._engine) as connection:
                    drawn = _DRAW.first(connection, of_year=year)
                    if drawn is None:
                        _insert(connection, CounterRow, year=year, last=1)
                    return ExchangeNumber(year, drawn.last if drawn else 1)
            except LostRace:
                continue
        raise LostRace

    def commit(self, commit: Commit, answer: Answer | None) -> None:
        """Writes events, projections, outbox, kept ciphertext and the arrival's answer in one transaction.

        Raises `LostRace` where `based_on` no longer holds, `Refuse` for a signature accepted before.
        """
        with writing(self._engine) as connection:
            self._check(connection, commit)
            append(connection, commit.events, commit.at)
            opened = {event.exchange for event in commit.events if event.kind is EventKind.EXCHANGE_OPENED}
            told = [self._event(connection, event, commit.at, event.exchange in opened) for event in commit.events]
            append(connection, [event for events in told for event in events], commit.at)
            tally.count(connection, commit.events, commit.at)
            pending.enter(connection, commit.pending)
            roster.write(connection, commit.entries, commit.at)
            patterns.write(connection, commit.patterns, commit.at)
            for renewal in commit.renewals:
                registrations.renew(connection, renewal, commit.at)
            self._keep(connection, commit)
            self._outbox(connection, commit)
            for person, end in commit.digests:
                _insert(connection, DigestRow, person=person, period_end=end, sent=commit.at)
            for item in commit.items:
                number = item.exchange or _NONE
                _insert(
                    connection, ItemRow, at=commit.at, reason=item.reason, year=number.year, serial=number.serial,
                    party=item.party, arrival=item.arrival, resolved_at=None,
                )  # fmt: skip
            if commit.arrival and answer is not None:
                _finish(connection, commit.arrival, answer, commit.at)

    def finish(self, arrival: Digest, answer: Answer, now: datetime) -> None:
        """Writes the answer to an arrival that changed nothing."""
        with writing(self._engine) as connection:
            _finish(connection, arrival, answer, now)

    def undo_attempt(self, arrival: Digest) -> None:
        """An attempt ended, or ended for an outside cause: it does not count."""
        with writing(self._engine) as connection:
            _UNDO_ATTEMPT.run(connection, arrival=arrival)

    # --- parts of the transaction -----------------------------------------------------------------

    def _check(self, connection: Connection, commit: Commit) -> None:
        for number, version in commit.based_on:
            if _TOUCH_UNCHANGED.run(connection, **_named(number), based_on=version) != 1:
                raise LostRace
        if commit.signature:
            accepted = {"digest": commit.signature, "at": commit.at}
            if _ACCEPT.first(connection, **accepted) is None:
                raise Refuse(REASONS[201], Cause.REPLAY)

    def _event(self, connection: Connection, event: Event, at: datetime, new: bool) -> tuple[Event, ...]:
        """Writes what an event means; gives the events that follow from it."""
        if event.exchange is None:
            registrations.carry_out(connection, event, at)
            pending.carry_out(connection, event, at, self._members)
            roster.carry_out(connection, event, at)
            return ()
        if event.kind is EventKind.EXCHANGE_OPENED:
            self._open(connection, event, event.exchange, at)
            return ()
        if event.kind is EventKind.SEALED_OFFERED:
            self._give_tokens(connection, ReferralNumber(event.exchange, event.party), (Side.ASKING,))
            return ()
        if not new:
            self._touch(connection, event, event.exchange, at)
        if event.kind in (EventKind.REFERRAL_SENT, EventKind.REFERRAL_WAITING):
            self._refer(connection, event, event.exchange, at)
        elif event.party:
            return self._move(connection, event, event.exchange, at)
        return ()

    def _open(self, connection: Connection, event: Event, number: ExchangeNumber, at: datetime) -> None:
        _insert(
            connection, ExchangeRow, year=number.year, serial=number.serial, asking=event.actor, person=event.person,
            state=ExchangeState.OPEN.value, opened=at, last_activity=at, uims=event.count, version=1,
        )  # fmt: skip

    def _touch(self, connection: Connection, event: Event, number: ExchangeNumber, at: datetime) -> None:
        touched = _named(number)
        if event.kind not in _QUIET:
            touched["last_activity"] = at
        if event.kind is EventKind.EXCHANGE_CLOSED:
            touched["state"] = ExchangeState.CLOSED.value
            _FORGET_KEPT.run(connection, **_named(number))
            _FORGET_FAILED.run(connection, **_named(number))
        _TOUCH.run(connection, **touched)

    def _refer(self, connection: Connection, event: Event, number: ExchangeNumber, at: datetime) -> None:
        state = ReferralState.SENT if event.kind is EventKind.REFERRAL_SENT else ReferralState.WAITING
        _insert(
            connection, ReferralRow, year=number.year, serial=number.serial, party=event.party, state=state.value,
            asked_at=at, last_activity=at, reminders=0, uims=event.count, answered=0,
        )  # fmt: skip
        self._give_tokens(connection, ReferralNumber(number, event.party), tuple(Side))
        uims.add(connection, event, number)

    def _give_tokens(self, connection: Connection, referral: ReferralNumber, sides: Sequence[Side]) -> None:
        """Makes the tokens of a referral known; that of the asking side may have been offered by a look-up before."""
        of = {"year": referral.exchange.year, "serial": referral.exchange.serial, "party": referral.party}
        rows = [{"digest": self._token_digest_of(referral, side), "side": side.value, **of} for side in sides]
        _GIVE_TOKENS.run_all(connection, rows)

    def _move(self, connection: Connection, event: Event, number: ExchangeNumber, at: datetime) -> tuple[Event, ...]:
        here = {**_named(number), "of_party": event.party}
        row = _REFERRAL.first(connection, **here)
        told: tuple[Event, ...] = ()
        if row is None:
            return told
        if event.kind in EXTENSIONS:
            uims.add(connection, event, number)
        elif event.kind is EventKind.ANSWER_RECEIVED:
            told = uims.answer(connection, event, number, at)
        counts: Counter[UimAnswer] = Counter()
        if event.kind in EXTENSIONS or event.kind is EventKind.ANSWER_RECEIVED:
            counts.update(uims.answers(connection, event, number))
        values: dict[str, Any] = {"state": next_state(ReferralState(row.state), event.kind, counts).value}
        if counts:
            values["uims"] = sum(counts.values())
            values["answered"] = values["uims"] - sum(counts[answer] for answer in OPEN_ANSWERS)
        if event.kind in (EventKind.REMINDED, EventKind.ESCALATED):
            values["reminders"] = row.reminders + 1
        elif event.kind in EXTENSIONS:
            values["reminders"] = 0  # further UIMs went out: the desk is given the same time again
        # What the requester writes does not give the desk more time.
        if event.kind not in _QUIET and not (event.kind in _WRITTEN and event.actor != event.party):
            values["last_activity"] = at
        _SET_REFERRAL.run(connection, **here, **values)
        return told

    def _keep(self, connection: Connection, commit: Commit) -> None:
        _insert_all(connection, KeptRow, [_kept(keep) for keep in commit.keeps])
        for sent in commit.released:  # this mail alone: another that waits for the same key goes out by itself
            here = {"of_party": sent.party, "of_side": sent.side.value, "of_digest": sent.digest}
            _RELEASE.run(connection, **_named(sent.exchange), **here)

    def _outbox(self, connection: Connection, commit: Commit) -> None:
        _insert_all(connection, OutboxRow, [_outgoing(mail, commit.at) for mail in commit.outgoing])
        for reader, ours in (mail.brings for mail in commit.outgoing if mail.brings):
            _GIVE.run(connection, to_key=reader, given=ours)
        threads = [
            _thread(event.exchange, *_conversation(event), event.message_id)
            for event in commit.events
            if event.exchange and event.message_id
        ]
        threads += [
            _thread(mail.exchange, mail.party, mail.side, mail.message_id) for mail in commit.outgoing if mail.exchange
        ]
        _insert_all(connection, ThreadRow, threads)


def _insert(connection: Connection, row: type[SQLModel], **values: Any) -> None:
    _INSERTS[row].run(connection, **values)


def _insert_all(connection: Connection, row: type[SQLModel], rows: Sequence[dict[str, Any]]) -> None:
    for start in range(0, len(rows), _CHUNK):
        _INSERTS[row].run_all(connection, rows[start : start + _CHUNK])


def _named(number: ExchangeNumber) -> dict[str, Any]:
    return {"of_year": number.year, "of_serial": number.serial}


def _conversation(event: Event) -> tuple[str, Side]:
    """The Party and the side in whose conversation the mail stands that led to an event."""
    if event.kind is EventKind.EXCHANGE_OPENED:
        return "", Side.ASKING
    return event.party, Side.ANSWERING if event.actor and event.actor == event.party else Side.ASKING


def _thread(number: ExchangeNumber, party: str, side: Side, message_id: str) -> dict[str, Any]:
    return {
        "message_id": message_id, "year": number.year, "serial": number.serial, "party": party, "side": side.value
    }  # fmt: skip


def _kept(keep: Keep) -> dict[str, Any]:
    return {
        "year": keep.exchange.year, "serial": keep.exchange.serial, "party": keep.party, "side": keep.side.value,
        "digest": keep.digest, "scheme": keep.scheme, "ciphertext": keep.ciphertext.octets,
        "waiting": bool(keep.party) or keep.exchange == NO_NUMBER,
    }  # fmt: skip


def _outgoing(mail: OutgoingMail, at: datetime) -> dict[str, Any]:
    number = mail.exchange or _NONE
    return {
        "message_id": mail.message_id, "envelope_id": mail.envelope_id, "kind": mail.kind.value,
        "mail_from": mail.mail_from, "rcpt_to": mail.rcpt_to, "octets": mail.ciphertext.octets,
        "digest": mail.digest, "year": number.year, "serial": number.serial, "party": mail.party,
        "side": mail.side.value, "state": "pending", "attempts": 0, "created": at,
        "next_attempt": mail.not_before or at, "expires": at + MAIL_LIFE, "claimed_by": "", "claimed_until": None,
        "reply": "",
    }  # fmt: skip


def _finish(connection: Connection, arrival: Digest, answer: Answer, now: datetime) -> None:
    values: dict[str, Any] = {"last_seen": now}
    match answer:
        case Taken():
            number = answer.exchange or _NONE
            values |= {
                "outcome": "taken", "form": answer.form, "year": number.year, "serial": number.serial,
                "parties": " ".join(referral.party for referral in answer.referrals),
            }  # fmt: skip
        case Refused():
            values |= {"outcome": "refused", "reason": answer.reason.number}
            _REFUSE_ARRIVAL.run(connection, arrival=arrival, **values)
            return
        case Held():
            values |= {"outcome": "held", "reason": answer.reason.number}
        case _:
            return  # a deferral is not an ending
    _SET_ARRIVAL.run(connection, arrival=arrival, **values)


def _answer(row: Any) -> Answer | None:
    match row.outcome:
        case "taken":
            number = ExchangeNumber(row.year, row.serial) if row.year else None
            parties = [PartyCode(code) for code in row.parties.split()]
            referrals = tuple(ReferralNumber(number, party) for party in parties) if number else ()
            return Taken(row.form, number, referrals, repeated=True)
        case "refused":
            return Refused(REASONS[row.reason])
        case "held":
            return Held(REASONS[row.reason])
        case _:
            return None
