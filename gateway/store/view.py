"""What a decision may ask the store: look-ups, each in a short transaction that only reads."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine

from gateway.directory import Entry
from gateway.events import AskedBefore, EventKind, EventView, ExchangeView, Keep
from gateway.facts import (
    Address,
    Correspondent,
    Digest,
    ExchangeNumber,
    Fingerprint,
    Language,
    MessageId,
    Party,
    PartyCode,
    Pending,
    Person,
    PublicKey,
    ReferralNumber,
    Sender,
    key_mark,
)
from gateway.figures import Measured, Period, Quality
from gateway.store import meant, quality, queries, roster
from gateway.store.engine import reading, utc
from gateway.store.figures import fewest_others, measured
from gateway.store.patterns import Patterns
from gateway.store.prepared import Prepared
from gateway.treaty import ExchangeState, Role, Side, UimAnswer

_CHUNK = 500
_SHOWN = 200


class View:
    """`ports.View` on a database."""

    def __init__(self, engine: Engine, connection: Connection | None = None) -> None:
        self._engine = engine
        self._connection = connection
        self._remembered: dict[Any, Any] = {}

    # --- who ----------------------------------------------------------------------------------------

    def party(self, code: PartyCode) -> Party | None:
        """The registered Party of this code."""
        if self._connection is not None:
            return next((party for party in self.parties() if party.code == code), None)
        rows = self._rows(queries.PARTY, code=code)
        return meant.party(rows[0]) if rows else None

    @contextmanager
    def snapshot(self) -> Iterator[View]:
        """The same view at one instant, for one mail: one transaction, and Parties are looked up once."""
        with reading(self._engine, one_instant=True) as connection:
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
        return tuple(meant.party(row) for row in self._rows(queries.PARTIES))

    def desk(self, code: PartyCode, now: datetime) -> Correspondent | None:
        """The Party's desk; `key` None when no registered key can be used now."""
        party = self.party(code)
        if party is None:
            return None
        key = self._usable(now, queries.DESK_ENCRYPTING, party=code)
        return Correspondent(party.mailbox, party.language, code, 0, Role.DESK, key)

    def correspondent(self, person: int, now: datetime) -> Correspondent | None:
        """An active person as a reader; 0 or a withdrawn one: None."""
        rows = self._rows(queries.PERSON, person=person)
        return self._reader(rows[0], now) if rows else None

    def administrators(self, code: PartyCode, now: datetime) -> tuple[Correspondent, ...]:
        """The Party's active administrators."""
        rows = self._rows(queries.ROLE_IN_PARTY, role=Role.ADMINISTRATOR.value, party=code)
        return tuple(self._reader(row, now) for row in rows)

    def all_administrators(self, now: datetime) -> tuple[Correspondent, ...]:
        """The active administrators of every Party."""
        return tuple(self._reader(row, now) for row in self._rows(queries.ROLE, role=Role.ADMINISTRATOR.value))

    def secretariat(self, now: datetime) -> tuple[Correspondent, ...]:
        """The Secretariat's active people."""
        rows = self._rows(queries.ROLE, role=Role.SECRETARIAT.value)
        return tuple(self._reader(row, now) for row in rows)

    def person_by_address(self, address: Address) -> Person | None:
        """The active person (or desk) of this address, compared without regard to case."""
        folded = address.casefold()
        for row in self._like(queries.PEOPLE, queries.PEOPLE_LIKE, folded):
            if row.address.casefold() == folded:
                return meant.person(row)
        for party in self.parties():
            if party.mailbox.casefold() == folded:
                return meant.desk_person(party)
        return None

    def keys_claimed_by(self, address: Address) -> tuple[PublicKey, ...]:
        """Every key ever registered for an address, revoked ones too: to judge signatures by."""
        folded = address.casefold()
        owned = self._like(queries.OWNED_KEYS, queries.OWNED_KEYS_LIKE, folded)
        found = [meant.key(row) for row in owned if row.address.casefold() == folded]
        for party in self.parties():
            if party.mailbox.casefold() == folded:
                found += [meant.key(row) for row in self._rows(queries.DESK_KEYS, party=party.code)]
        return tuple(found)

    def keys_of_party(self, code: PartyCode) -> tuple[tuple[int, PublicKey], ...]:
        """Every key of a Party's desk (0) and active people that is not withdrawn, with its owner; newest first."""
        return tuple((row.person, meant.key(row)) for row in self._rows(queries.PARTY_KEYS, party=code))

    def sender_by_fingerprint(self, fingerprint: Fingerprint, now: datetime) -> Sender | None:
        """The active person (or desk) whose usable registered key this is."""
        rows = self._rows(queries.KEY, fingerprint=fingerprint)
        if not rows or not meant.key(rows[0]).usable(now):
            return None
        if rows[0].person == 0:
            party = self.party(PartyCode(rows[0].party))
            return Sender(meant.desk_person(party), fingerprint) if party else None
        found = self._rows(queries.PERSON, person=rows[0].person)
        return Sender(meant.person(found[0]), fingerprint) if found else None

    def key_known(self, fingerprint: Fingerprint) -> bool:
        """Whether a key is, or ever was, registered for anybody."""
        return bool(self._rows(queries.KEY, fingerprint=fingerprint))

    def key_replaced(self, key: PublicKey) -> bool:
        """Whether a renewal has put another key in its place, and nobody has extended it since."""
        if key.usable_until is None:
            return False
        return bool(self._rows(queries.REPLACED, digest=key_mark(key.fingerprint, key.usable_until)))

    # --- exchanges ------------------------------------------------------------------------------------

    def exchange(self, number: ExchangeNumber) -> ExchangeView | None:
        """The exchange of this number, with its referrals by Party code."""
        rows = self._rows(queries.EXCHANGE, year=number.year, serial=number.serial)
        return self._exchanges(rows)[0] if rows else None

    def exchanges_of(self, party: PartyCode, limit: int) -> tuple[ExchangeView, ...]:
        """Exchanges in which the Party asks or is asked: open ones first, then the newest, at most so many."""
        return self._exchanges(self._rows(queries.OF_PARTY, party=party, limit=limit))

    def all_exchanges(self, limit: int = _SHOWN) -> tuple[ExchangeView, ...]:
        """The newest exchanges."""
        return self._exchanges(self._rows(queries.NEWEST, limit=limit))

    def open_exchanges(self) -> tuple[ExchangeView, ...]:
        """Every exchange that is not closed, oldest first."""
        return self._exchanges(self._rows(queries.OPEN))

    def referral_by_token(self, digest: Digest) -> tuple[ReferralNumber, Side] | None:
        """The referral and the side that a token (by its keyed digest) belongs to."""
        return meant.referral_side(self._rows(queries.TOKEN, digest=digest))

    def referral_by_message_ids(self, ids: Iterable[str]) -> tuple[ReferralNumber, Side] | None:
        """The referral of the first Message-ID that belongs to one."""
        found = (meant.referral_side(self._rows(queries.MESSAGE, message_id=message_id)) for message_id in ids)
        return next((referral for referral in found if referral is not None), None)

    def thread(self, referral: ReferralNumber, side: Side) -> tuple[MessageId, ...]:
        """Message-IDs of the conversation with one side, oldest first; the asking side has the request's too."""
        number, whole = referral.exchange, "" if side is Side.ASKING else referral.party
        rows = self._rows(
            queries.THREAD, year=number.year, serial=number.serial, side=side.value, party=referral.party, whole=whole
        )
        return tuple(MessageId(row.message_id) for row in rows)

    def uims_of(self, referral: ReferralNumber) -> Mapping[Digest, UimAnswer]:
        """The referral's UIMs by keyed digest, with what was answered."""
        number = referral.exchange
        rows = self._rows(queries.UIMS, year=number.year, serial=number.serial, party=referral.party)
        return {Digest(row.digest): UimAnswer(row.answer) for row in rows}

    def asked_before(self, party: PartyCode, digests: Sequence[Digest]) -> tuple[AskedBefore, ...]:
        """Earlier referrals in which this Party asked these UIMs."""
        return tuple(meant.asked(row) for row in self._before(digests) if row.asking == party)

    def referred_before(self, party: PartyCode, digests: Sequence[Digest]) -> tuple[AskedBefore, ...]:
        """Earlier referrals in which this Party was asked these UIMs."""
        return tuple(meant.asked(row) for row in self._before(digests) if row.party == party)

    def trail(self, number: ExchangeNumber) -> tuple[EventView, ...]:
        """The exchange's events in their order."""
        return tuple(
            EventView(
                utc(row.at), EventKind(row.kind), number, PartyCode(row.party), PartyCode(row.actor),
                row.count, Digest(row.digest), row.person,
            )
            for row in self._rows(queries.TRAIL, year=number.year, serial=number.serial)
        )  # fmt: skip

    def kept(self, number: ExchangeNumber, party: PartyCode, side: Side) -> tuple[Keep, ...]:
        """The ciphertext kept for a later step, oldest first."""
        rows = self._rows(queries.KEPT, year=number.year, serial=number.serial, party=party, side=side.value)
        return tuple(meant.keep(row) for row in rows)

    def waiting(self) -> tuple[Keep, ...]:
        """Everything kept that waits for a usable key, oldest first."""
        return tuple(meant.keep(row) for row in self._rows(queries.WAITING))

    def signature_seen(self, digest: Digest) -> bool:
        """Whether a signature was accepted before."""
        return bool(self._rows(queries.SIGNATURE, digest=digest))

    def mail_by_envelope_id(self, envelope_id: str) -> tuple[ReferralNumber, Side] | None:
        """The referral and side of one of our mails, by its envelope id."""
        return meant.referral_side(self._rows(queries.ENVELOPE, envelope_id=envelope_id))

    def challenged_address(self, envelope_id: str) -> Address | None:
        """Whom one of our mails, by its envelope id, asked to confirm a registration; None: it is another mail."""
        rows = self._rows(queries.CHALLENGE, envelope_id=envelope_id)
        return Address(rows[0].rcpt_to) if rows else None

    def advised_since(self, person: int, since: datetime) -> bool:
        """Whether a person was told since then how to set the mail client."""
        return bool(self._rows(queries.ADVISED, person=person, since=since))

    def pending(self, number: int) -> Pending | None:
        """The registration of this number that is not active yet."""
        rows = self._rows(queries.PENDING, number=number)
        return meant.pending(rows[0]) if rows else None

    def pending_for(self, address: Address) -> tuple[Pending, ...]:
        """Every registration of an address that is not active yet, at most one of a Party, expired ones too."""
        return tuple(meant.pending(row) for row in self._rows(queries.PENDING_FOR, folded=address.casefold()))

    def all_pending(self) -> tuple[Pending, ...]:
        """Every registration that is not active yet, in their order."""
        return tuple(meant.pending(row) for row in self._rows(queries.ALL_PENDING))

    def registrations_by(self, person: Person, since: datetime) -> int:
        """How many registrations somebody ordered."""
        found = self._rows(queries.REGISTRATIONS_BY, actor=person.party, person=person.id, since=since)
        return int(found[0].orders)

    def registrations_for(self, party: PartyCode, since: datetime) -> int:
        """How many registrations were ordered for a Party, by whomever."""
        return int(self._rows(queries.REGISTRATIONS_FOR, party=party, since=since)[0].orders)

    def figures(self, period: Period, pairs_of: Collection[PartyCode] = ()) -> Measured:
        """Everything that is counted of a period; `pairs_of`: the Parties whose pairs get a median, too."""
        with self._reading() as connection:
            return measured(connection, period, pairs_of)

    def quality(self, period: Period, asking: PartyCode, asked: PartyCode) -> Quality:
        """The quality of what a Party asks, of what one is asked, or of all."""
        with self._reading() as connection:
            return quality.measured(connection, period, asking, asked)

    def fewest_others(self, period: Period, party: PartyCode) -> int:
        """How many other Parties asked one another in the month of the period in which they were fewest."""
        with self._reading() as connection:
            return fewest_others(connection, period, party)

    def directory(self) -> tuple[Entry, ...]:
        """Every entry of the directory, desks and administrators among them, by Party and function."""
        with self._reading() as connection:
            return roster.listed(connection)

    def directory_orders(self, party: PartyCode, since: datetime) -> int:
        """How many mails changed a Party's entries."""
        return int(self._rows(queries.DIRECTORY_ORDERS, party=party, since=since)[0].orders)

    def last_event_at(self) -> datetime | None:
        """When the record was last added to."""
        rows = self._rows(queries.LAST_EVENT)
        return utc(rows[0].at) if rows else None

    @property
    def patterns(self) -> Patterns:
        """The changes of the pattern library, at the same instant."""
        return Patterns(self._rows)

    # --- parts --------------------------------------------------------------------------------------

    def _reading(self) -> AbstractContextManager[Connection]:
        return reading(self._engine) if self._connection is None else nullcontext(self._connection)

    def _rows(self, query: Prepared, **values: Any) -> Sequence[Any]:
        if self._connection is not None:
            return query.rows(self._connection, **values)
        with reading(self._engine) as connection:
            return query.rows(connection, **values)

    def _like(self, everybody: Any, alike: Any, folded: str) -> Sequence[Any]:
        """The rows whose address may be this one; databases fold the case of ASCII letters only."""
        return self._rows(alike, folded=folded) if folded.isascii() else self._rows(everybody)

    def _reader(self, row: Any, now: datetime) -> Correspondent:
        key = self._usable(now, queries.PERSON_ENCRYPTING, person=row.id)
        return Correspondent(
            Address(row.address), Language(row.language), PartyCode(row.party), row.id, Role(row.role), key
        )

    def _usable(self, now: datetime, query: Any, **whose: Any) -> PublicKey | None:
        keys = (meant.key(row) for row in self._rows(query, **whose))
        return next((key for key in keys if key.usable(now)), None)

    def _exchanges(self, rows: Sequence[Any]) -> tuple[ExchangeView, ...]:
        if self._connection is None and rows:  # one transaction for all, not one for each
            with self.snapshot() as view:
                return view._exchanges(rows)
        views = []
        for row in rows:
            number = ExchangeNumber(row.year, row.serial)
            found = self._rows(queries.REFERRALS, year=number.year, serial=number.serial)
            views.append(
                ExchangeView(
                    number, row.version, row.state == ExchangeState.CLOSED.value, PartyCode(row.asking),
                    row.person, utc(row.opened), utc(row.last_activity), row.uims,
                    tuple(meant.referral(referral) for referral in found),
                )
            )  # fmt: skip
        return tuple(views)

    def _before(self, digests: Sequence[Digest]) -> Iterator[Any]:
        for start in range(0, len(digests), _CHUNK):
            part = digests[start : start + _CHUNK]
            named = {f"digest{place}": found for place, found in enumerate(part)}
            yield from self._rows(queries.before(len(part)), **named)
