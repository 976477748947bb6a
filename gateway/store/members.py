"""The registry's writes: Parties, desks, people, keys. Each also appends its event to the record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, insert, select, update

from gateway.events import Event, EventKind
from gateway.facts import NO_PARTY, Address, Digest, Language, PartyCode, PublicKey, digest, same_address
from gateway.store import logins
from gateway.store.engine import reading, writing
from gateway.store.record import append
from gateway.store.registrations import withdraw
from gateway.store.tables import ItemRow, KeyRow, PartyRow, PersonRow, table
from gateway.treaty import Role


class Members:
    """Who takes part. Raises ValueError with a sentence that says what to do."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._parties, self._people, self._keys = table(PartyRow), table(PersonRow), table(KeyRow)

    def add_party(
        self, code: PartyCode, name: str, mailbox: Address, language: Language, key: PublicKey | None, now: datetime
    ) -> bool:
        """Registers a Party, or changes its desk; True when it is new."""
        with writing(self._engine) as connection:
            return self.enter_party(connection, code, name, mailbox, language, key, now)

    def enter_party(
        self, connection: Connection, code: PartyCode, name: str, mailbox: Address, language: Language,
        key: PublicKey | None, now: datetime,
    ) -> bool:  # fmt: skip
        """As `add_party`, in a transaction that does more.

        Where the desk has another mailbox, whoever read the one before has no part in it any more: its password ends,
        and where a key comes with the mailbox, so do the earlier keys.
        """
        known = connection.execute(select(self._parties).where(self._parties.c.code == code)).mappings().first()
        self._free(connection, mailbox, code, 0)
        values = {"name": name, "mailbox": mailbox, "language": language, "until": None}
        if known:
            connection.execute(update(self._parties).where(self._parties.c.code == code).values(**values))
            if any(known[field] != value for field, value in values.items()):
                # Where a Party's mail goes is what a thief of it would change.
                now_is = digest("\0".join((name, mailbox, language)).encode())
                append(connection, [Event(EventKind.PARTY_CHANGED, party=code, digest=now_is)], now)
        else:
            connection.execute(insert(self._parties).values(code=code, since=now, **values))
            append(connection, [Event(EventKind.PARTY_ADDED, party=code)], now)
        if known and not same_address(known["mailbox"], mailbox):
            logins.end(connection, code, 0, now)
            if key is not None:
                earlier = (
                    self._keys.c.person == 0,
                    self._keys.c.party == code,
                    self._keys.c.fingerprint != key.fingerprint,
                )
                ended = update(self._keys).where(*earlier, self._keys.c.revoked_at.is_(None))
                connection.execute(ended.values(revoked_at=now))
        if key is not None:
            self._add_key(connection, key, 0, code, now)
        return known is None

    def add_person(
        self,
        party: PartyCode,
        address: Address,
        name: str,
        role: Role,
        language: Language,
        key: PublicKey,
        now: datetime,
    ) -> bool:
        """Registers a person; an address already registered in the Party gets a further key. True when new."""
        with writing(self._engine) as connection:
            return self.enter_person(connection, party, address, name, role, language, key, now)

    def enter_person(
        self, connection: Connection, party: PartyCode, address: Address, name: str, role: Role, language: Language,
        key: PublicKey, now: datetime,
    ) -> bool:  # fmt: skip
        """As `add_person`, in a transaction that does more."""
        if not connection.execute(select(self._parties.c.code).where(self._parties.c.code == party)).first():
            raise ValueError(f"Party {party} is not registered: add it first with `gsp party add {party}`")
        person = self._person(connection, address)
        if person and person["party"] != party:
            raise ValueError("this address is registered for another Party: revoke it there first")
        self._free(connection, address, party, person["id"] if person else -1)
        if person:
            number = int(person["id"])
        else:
            values = {"party": party, "address": address, "name": name, "role": role.value, "language": language}
            number = connection.execute(
                insert(self._people)
                .values(since=now, revoked_at=None, revoked_reason="", **values)
                .returning(self._people.c.id)
            ).scalar_one()
            append(connection, [Event(EventKind.PERSON_ADDED, party=party, person=number)], now)
        self._add_key(connection, key, number, party, now)
        return person is None

    def describe_person(self, address: Address, name: str, language: Language) -> None:
        """Calls an active person by another name, or writes to them in another language."""
        with writing(self._engine) as connection:
            active = (self._people.c.address == address) & self._people.c.revoked_at.is_(None)
            connection.execute(update(self._people).where(active).values(name=name, language=language))

    def revoke(self, address: Address, reason: str, now: datetime) -> None:
        """Withdraws a person's access, and the keys with it."""
        with writing(self._engine) as connection:
            person = self._person(connection, address)
            if person is None:
                raise ValueError("no active person has this address: see `gsp user list`")
            number = person["id"]
            withdraw(connection, number, reason, now)
            append(connection, [Event(EventKind.PERSON_REVOKED, party=person["party"], person=number)], now)

    def parties(self) -> Sequence[Any]:
        """Rows of Parties by code."""
        return self._rows(select(self._parties).order_by(self._parties.c.code))

    def people(self) -> Sequence[Any]:
        """Rows of people by Party and address, withdrawn ones too."""
        return self._rows(select(self._people).order_by(self._people.c.party, self._people.c.address))

    def listed_keys(self) -> Sequence[Any]:
        """Rows of keys with the owner's address ("" for a desk), by expiry."""
        keys, people = self._keys, self._people
        query = select(keys, people.c.address).outerjoin(people, people.c.id == keys.c.person)
        return self._rows(query.order_by(keys.c.party, keys.c.fingerprint))

    def items(self) -> Sequence[Any]:
        """Rows of what a person must look at, oldest first."""
        items = table(ItemRow)
        return self._rows(select(items).where(items.c.resolved_at.is_(None)).order_by(items.c.id))

    def _rows(self, query: Any) -> Sequence[Any]:
        with reading(self._engine) as connection:
            return list(connection.execute(query).mappings())

    def _person(self, connection: Connection, address: Address) -> Any:
        rows = connection.execute(select(self._people).where(self._people.c.revoked_at.is_(None))).mappings()
        return next((row for row in rows if same_address(row["address"], address)), None)

    def _free(self, connection: Connection, address: Address, party: PartyCode, person: int) -> None:
        """One address is one person or one desk, never two."""
        other = self._person(connection, address)
        if other is not None and other["id"] != person:
            raise ValueError("this address is registered for a person: a desk needs a mailbox of its own")
        for row in connection.execute(select(self._parties)).mappings():
            if same_address(row["mailbox"], address) and (row["code"] != party or person != 0):
                raise ValueError("this address is a desk's mailbox already: give another one")

    def _add_key(self, connection: Connection, key: PublicKey, person: int, party: PartyCode, now: datetime) -> None:
        known = connection.execute(
            select(self._keys).where(self._keys.c.fingerprint == key.fingerprint)
        ).mappings().first()  # fmt: skip
        if known and (known["person"] != person or known["party"] != party):
            raise ValueError("this key is registered for somebody else: every person and desk needs an own key")
        if known and known["revoked_at"] is not None:
            raise ValueError("this key was withdrawn: it cannot be registered again, a new one is needed")
        values = {
            "scheme": key.scheme, "octets": key.octets, "can_encrypt": key.can_encrypt, "can_sign": key.can_sign,
            "usable_until": key.usable_until,
        }  # fmt: skip
        if known:
            connection.execute(update(self._keys).where(self._keys.c.fingerprint == key.fingerprint).values(**values))
        else:
            connection.execute(
                insert(self._keys).values(
                    fingerprint=key.fingerprint,
                    person=person,
                    party=party,
                    registered_at=now,
                    revoked_at=None,
                    **values,
                )
            )
        mark: Digest = digest(key.fingerprint.encode())
        append(connection, [Event(EventKind.KEY_ADDED, party=party or NO_PARTY, person=person, digest=mark)], now)
