"""What a decision may ask the store: look-ups, each in a short transaction that only reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, and_, func, or_, select, true

from gateway.facts import (
    Address,
    AskedBefore,
    Correspondent,
    Digest,
    EventKind,
    EventView,
    ExchangeNumber,
    ExchangeView,
    Fingerprint,
    Keep,
    Language,
    MessageId,
    Party,
    PartyCode,
    Person,
    PublicKey,
    ReferralNumber,
    ReferralView,
    Sender,
    proven_ciphertext,
)
from gateway.store.engine import reading
from gateway.store.ledger import table
from gateway.store.tables import (
    EventRow,
    ExchangeRow,
    KeptRow,
    KeyRow,
    OutboxRow,
    PartyRow,
    PersonRow,
    ReferralRow,
    SignatureRow,
    ThreadRow,
    TokenRow,
    UimRow,
)
from gateway.treaty import ExchangeState, ReferralState, Role, Side, UimAnswer

_CHUNK = 500
_SHOWN = 200


class View:
    """`ports.View` on a database."""

    def __init__(self, engine: Engine, connection: Connection | None = None) -> None:
        self._engine = engine
        self._connection = connection
        self._remembered: dict[Any, Any] = {}
        self._parties, self._people, self._keys = table(PartyRow), table(PersonRow), table(KeyRow)

    # --- who ----------------------------------------------------------------------------------------

    def party(self, code: PartyCode) -> Party | None:
        """The registered Party of this code."""
        if self._connection is not None:
            return next((party for party in self.parties() if party.code == code), None)
        rows = self._rows(select(self._parties).where(self._parties.c.code == code, self._parties.c.until.is_(None)))
        return _party(rows[0]) if rows else None

    @contextmanager
    def snapshot(self) -> Iterator[View]:
        """The same view at one instant, for one mail: one transaction, and Parties are looked up once."""
        with reading(self._engine) as connection:
            yield View(self._engine, connection)

    def parties(self) -> tuple[Party, ...]:
        """Every registered Party, by code."""
        if self._connection is None:
            return self._parties_now()
        if "parties" not in self._remembered:
            self._remembered["parties"] = self._parties_now()
        found: tuple[Party, ...] = self._remembered["parties"]
        return found

    def _parties_now(self) -> tuple[Party, ...]:
        return tuple(
            _party(row)
            for row in self._rows(
                select(self._parties).where(self._parties.c.until.is_(None)).order_by(self._parties.c.code)
            )
        )

    def desk(self, code: PartyCode, now: datetime) -> Correspondent | None:
        """The Party's desk; `key` None when no registered key can be used now."""
        party = self.party(code)
        if party is None:
            return None
        key = self._encrypting_key(and_(self._keys.c.person == 0, self._keys.c.party == code), now)
        return Correspondent(party.mailbox, party.language, code, 0, Role.DESK, key)

    def correspondent(self, person: int, now: datetime) -> Correspondent | None:
        """An active person as a reader; 0 or a withdrawn one: None."""
        people = self._people
        rows = self._rows(select(people).where(people.c.id == person, people.c.revoked_at.is_(None)))
        return self._reader(rows[0], now) if rows else None

    def administrators(self, code: PartyCode, now: datetime) -> tuple[Correspondent, ...]:
        """The Party's active administrators."""
        return self._role(Role.ADMINISTRATOR, now, self._people.c.party == code)

    def secretariat(self, now: datetime) -> tuple[Correspondent, ...]:
        """The Secretariat's active people."""
        return self._role(Role.SECRETARIAT, now)

    def person_by_address(self, address: Address) -> Person | None:
        """The active person (or desk) of this address, compared without regard to case."""
        people, folded = self._people, address.casefold()
        for row in self._rows(select(people).where(people.c.revoked_at.is_(None), _alike(people, folded))):
            if row["address"].casefold() == folded:
                return _person(row)
        for party in self.parties():
            if party.mailbox.casefold() == folded:
                return _desk_person(party)
        return None

    def keys_claimed_by(self, address: Address) -> tuple[PublicKey, ...]:
        """Every key ever registered for an address, revoked ones too: to judge signatures by."""
        keys, people, folded = self._keys, self._people, address.casefold()
        owned = select(keys, people.c.address).join(people, people.c.id == keys.c.person)
        found = [
            _key(row) for row in self._rows(owned.where(_alike(people, folded))) if row["address"].casefold() == folded
        ]
        for party in self.parties():
            if party.mailbox.casefold() == folded:
                rows = self._rows(select(keys).where(keys.c.person == 0, keys.c.party == party.code))
                found += [_key(row) for row in rows]
        return tuple(found)

    def sender_by_fingerprint(self, fingerprint: Fingerprint, now: datetime) -> Sender | None:
        """The active person (or desk) whose usable registered key this is."""
        rows = self._rows(select(self._keys).where(self._keys.c.fingerprint == fingerprint))
        if not rows or not _key(rows[0]).usable(now):
            return None
        if rows[0]["person"] == 0:
            party = self.party(PartyCode(rows[0]["party"]))
            return Sender(_desk_person(party), fingerprint) if party else None
        people = self._people
        found = self._rows(select(people).where(people.c.id == rows[0]["person"], people.c.revoked_at.is_(None)))
        return Sender(_person(found[0]), fingerprint) if found else None

    # --- exchanges ------------------------------------------------------------------------------------

    def exchange(self, number: ExchangeNumber) -> ExchangeView | None:
        """The exchange of this number, with its referrals by Party code."""
        exchanges = table(ExchangeRow)
        rows = self._rows(select(exchanges).where(_of(exchanges, number)))
        return self._exchanges(rows)[0] if rows else None

    def exchanges_of(self, party: PartyCode) -> tuple[ExchangeView, ...]:
        """Exchanges in which the Party asks or is asked, newest first, at most 200."""
        exchanges, referrals = table(ExchangeRow), table(ReferralRow)
        asked = select(referrals.c.serial).where(
            referrals.c.party == party, referrals.c.year == exchanges.c.year, referrals.c.serial == exchanges.c.serial
        )
        return self._newest(or_(exchanges.c.asking == party, asked.exists()))

    def all_exchanges(self, limit: int = _SHOWN) -> tuple[ExchangeView, ...]:
        """The newest exchanges."""
        return self._newest(None, limit)

    def open_exchanges(self) -> tuple[ExchangeView, ...]:
        """Every exchange that is not closed, oldest first."""
        exchanges = table(ExchangeRow)
        query = select(exchanges).where(exchanges.c.state == ExchangeState.OPEN.value)
        return self._exchanges(self._rows(query.order_by(exchanges.c.year, exchanges.c.serial)))

    def referral_by_token(self, digest: Digest) -> tuple[ReferralNumber, Side] | None:
        """The referral and the side that a token (by its keyed digest) belongs to."""
        tokens = table(TokenRow)
        rows = self._rows(select(tokens).where(tokens.c.digest == digest))
        return (_referral_number(rows[0]), Side(rows[0]["side"])) if rows else None

    def referral_by_message_ids(self, ids: Iterable[str]) -> tuple[ReferralNumber, Side] | None:
        """The referral of the first Message-ID that belongs to one."""
        threads = table(ThreadRow)
        for message_id in ids:
            rows = self._rows(
                select(threads).where(threads.c.message_id == message_id, threads.c.party != "").order_by(threads.c.id)
            )
            if rows:
                return _referral_number(rows[0]), Side(rows[0]["side"])
        return None

    def thread(self, referral: ReferralNumber, side: Side) -> tuple[MessageId, ...]:
        """Message-IDs of the conversation with one side, oldest first; the asking side has the request's too."""
        threads = table(ThreadRow)
        query = select(threads.c.message_id).where(
            _of(threads, referral.exchange),
            threads.c.side == side.value,
            threads.c.party.in_((referral.party, "") if side is Side.ASKING else (referral.party,)),
        )
        return tuple(MessageId(row["message_id"]) for row in self._rows(query.order_by(threads.c.id)))

    def uims_of(self, referral: ReferralNumber) -> Mapping[Digest, UimAnswer]:
        """The referral's UIMs by keyed digest, with what was answered."""
        uims = table(UimRow)
        query = select(uims.c.digest, uims.c.answer).where(_of(uims, referral.exchange), uims.c.party == referral.party)
        return {Digest(row["digest"]): UimAnswer(row["answer"]) for row in self._rows(query.order_by(uims.c.id))}

    def asked_before(self, party: PartyCode, digests: Sequence[Digest]) -> tuple[AskedBefore, ...]:
        """Earlier referrals in which this Party asked these UIMs."""
        exchanges = table(ExchangeRow)
        return self._before(digests, exchanges.c.asking == party)

    def referred_before(self, party: PartyCode, digests: Sequence[Digest]) -> tuple[AskedBefore, ...]:
        """Earlier referrals in which this Party was asked these UIMs."""
        return self._before(digests, table(UimRow).c.party == party)

    def trail(self, number: ExchangeNumber) -> tuple[EventView, ...]:
        """The exchange's events in their order."""
        events = table(EventRow)
        return tuple(
            EventView(
                _utc(row["at"]), EventKind(row["kind"]), number, PartyCode(row["party"]), PartyCode(row["actor"]),
                row["count"], Digest(row["digest"]),
            )
            for row in self._rows(select(events).where(_of(events, number)).order_by(events.c.id))
        )  # fmt: skip

    def kept(self, number: ExchangeNumber, party: PartyCode, side: Side) -> tuple[Keep, ...]:
        """The ciphertext kept for a later step, oldest first."""
        kept = table(KeptRow)
        query = select(kept).where(_of(kept, number), kept.c.party == party, kept.c.side == side.value)
        return tuple(_keep(row) for row in self._rows(query.order_by(kept.c.id)))

    def waiting(self) -> tuple[Keep, ...]:
        """Everything kept that waits for a usable key, oldest first."""
        kept = table(KeptRow)
        query = select(kept).where(kept.c.waiting, kept.c.party != "").order_by(kept.c.id)
        return tuple(_keep(row) for row in self._rows(query))

    def signature_seen(self, digest: Digest) -> bool:
        """Whether a signature was accepted before."""
        signatures = table(SignatureRow)
        return bool(self._rows(select(signatures.c.digest).where(signatures.c.digest == digest)))

    def mail_by_envelope_id(self, envelope_id: str) -> tuple[ReferralNumber, Side] | None:
        """The referral and side of one of our mails, by its envelope id."""
        outbox = table(OutboxRow)
        rows = self._rows(select(outbox).where(outbox.c.envelope_id == envelope_id, outbox.c.party != ""))
        return (_referral_number(rows[0]), Side(rows[0]["side"])) if rows else None

    def advised_since(self, person: int, since: datetime) -> bool:
        """Whether a person was told since then how to set the mail client."""
        events = table(EventRow)
        query = select(events.c.id).where(
            events.c.kind == EventKind.ADVISED.value, events.c.person == person, events.c.at >= since
        )
        return bool(self._rows(query.limit(1)))

    def last_event_at(self) -> datetime | None:
        """When the record was last added to."""
        events = table(EventRow)
        rows = self._rows(select(events.c.at).order_by(events.c.id.desc()).limit(1))
        return _utc(rows[0]["at"]) if rows else None

    # --- parts --------------------------------------------------------------------------------------

    def _rows(self, query: Any) -> list[Any]:
        if self._connection is not None:
            return list(self._connection.execute(query).mappings())
        with reading(self._engine) as connection:
            return list(connection.execute(query).mappings())

    def _role(self, role: Role, now: datetime, *more: Any) -> tuple[Correspondent, ...]:
        people = self._people
        query = select(people).where(people.c.role == role.value, people.c.revoked_at.is_(None), *more)
        return tuple(self._reader(row, now) for row in self._rows(query.order_by(people.c.id)))

    def _reader(self, row: Any, now: datetime) -> Correspondent:
        key = self._encrypting_key(self._keys.c.person == row["id"], now)
        return Correspondent(
            Address(row["address"]),
            Language(row["language"]),
            PartyCode(row["party"]),
            row["id"],
            Role(row["role"]),
            key,
        )

    def _encrypting_key(self, whose: Any, now: datetime) -> PublicKey | None:
        keys = self._keys
        query = select(keys).where(whose, keys.c.can_encrypt, keys.c.revoked_at.is_(None))
        usable = (_key(row) for row in self._rows(query.order_by(keys.c.registered_at.desc(), keys.c.fingerprint)))
        return next((key for key in usable if key.usable(now)), None)

    def _newest(self, which: Any, limit: int = _SHOWN) -> tuple[ExchangeView, ...]:
        exchanges = table(ExchangeRow)
        query = select(exchanges) if which is None else select(exchanges).where(which)
        ordered = query.order_by(exchanges.c.year.desc(), exchanges.c.serial.desc()).limit(limit)
        return self._exchanges(self._rows(ordered))

    def _exchanges(self, rows: Sequence[Any]) -> tuple[ExchangeView, ...]:
        referrals = table(ReferralRow)
        views = []
        for row in rows:
            number = ExchangeNumber(row["year"], row["serial"])
            found = self._rows(select(referrals).where(_of(referrals, number)).order_by(referrals.c.party))
            views.append(
                ExchangeView(
                    number, row["version"], row["state"] == ExchangeState.CLOSED.value, PartyCode(row["asking"]),
                    row["person"], _utc(row["opened"]), _utc(row["last_activity"]), row["uims"],
                    tuple(_referral(referral) for referral in found),
                )
            )  # fmt: skip
        return tuple(views)

    def _before(self, digests: Sequence[Digest], which: Any) -> tuple[AskedBefore, ...]:
        uims, exchanges = table(UimRow), table(ExchangeRow)
        same = and_(uims.c.year == exchanges.c.year, uims.c.serial == exchanges.c.serial)
        found: list[AskedBefore] = []
        for start in range(0, len(digests), _CHUNK):
            part = digests[start : start + _CHUNK]
            query = select(uims).join(exchanges, same).where(uims.c.digest.in_(part), which).order_by(uims.c.id)
            found += [AskedBefore(Digest(row["digest"]), _referral_number(row)) for row in self._rows(query)]
        return tuple(found)


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _of(rows: Any, number: ExchangeNumber) -> Any:
    return and_(rows.c.year == number.year, rows.c.serial == number.serial)


def _alike(people: Any, folded: str) -> Any:
    """Narrows to addresses that may be this one; SQLite folds the case of ASCII letters only."""
    return func.lower(people.c.address) == folded if folded.isascii() else true()


def _party(row: Any) -> Party:
    return Party(PartyCode(row["code"]), row["name"], Address(row["mailbox"]), Language(row["language"]))


def _person(row: Any) -> Person:
    return Person(
        row["id"],
        PartyCode(row["party"]),
        Address(row["address"]),
        row["name"],
        Role(row["role"]),
        Language(row["language"]),
    )


def _desk_person(party: Party) -> Person:
    return Person(0, party.code, party.mailbox, party.name, Role.DESK, party.language)


def _key(row: Any) -> PublicKey:
    until = row["usable_until"]
    return PublicKey(
        row["scheme"], Fingerprint(row["fingerprint"]), bytes(row["octets"]), row["can_encrypt"], row["can_sign"],
        _utc(until) if until else None, row["revoked_at"] is not None,
    )  # fmt: skip


def _referral_number(row: Any) -> ReferralNumber:
    return ReferralNumber(ExchangeNumber(row["year"], row["serial"]), PartyCode(row["party"]))


def _referral(row: Any) -> ReferralView:
    return ReferralView(
        _referral_number(row), ReferralState(row["state"]), _utc(row["asked_at"]), _utc(row["last_activity"]),
        row["reminders"], row["uims"], row["answered"],
    )  # fmt: skip


def _keep(row: Any) -> Keep:
    return Keep(
        ExchangeNumber(row["year"], row["serial"]), PartyCode(row["party"]), Side(row["side"]), Digest(row["digest"]),
        row["scheme"], proven_ciphertext(bytes(row["ciphertext"])),
    )  # fmt: skip
