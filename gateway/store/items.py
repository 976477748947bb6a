"""What a person must look at: the open items, how they are settled, and the mails that are held with them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Engine, and_, delete, select, update

from gateway.events import Event, EventKind, Keep
from gateway.facts import NO_NUMBER, NO_PARTY, Address, Digest, proven_ciphertext
from gateway.store.engine import reading, writing
from gateway.store.record import append
from gateway.store.tables import ArrivalRow, EventRow, ItemRow, KeptRow, PartyRow, PersonRow, table
from gateway.treaty import Side


class Items:
    """Items are written with the decision that needs a person; only a person settles them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._items, self._kept = table(ItemRow), table(KeptRow)

    def open(self) -> Sequence[Any]:
        """Rows of what nobody has settled yet, oldest first."""
        return self._rows(select(self._items).where(self._items.c.resolved_at.is_(None)).order_by(self._items.c.id))

    def one(self, number: int) -> Any:
        """The row of one item, settled or not; None where there is none."""
        return next(iter(self._rows(select(self._items).where(self._items.c.id == number))), None)

    def settle(self, number: int, now: datetime) -> bool:
        """Marks an open item as settled, on record; a held mail's ciphertext goes. False where it was settled."""
        items, kept = self._items, self._kept
        with writing(self._engine) as connection:
            arrival = connection.execute(
                update(items)
                .where(items.c.id == number, items.c.resolved_at.is_(None))
                .values(resolved_at=now)
                .returning(items.c.arrival)
            ).scalar()
            if arrival is None:
                return False
            if arrival:
                connection.execute(delete(kept).where(_held(kept), kept.c.digest == arrival))
            append(connection, [Event(EventKind.ITEM_SETTLED, count=number, digest=Digest(arrival))], now)
        return True

    def held(self, arrival: Digest) -> Keep | None:
        """The ciphertext of a held mail."""
        kept = self._kept
        for row in self._rows(select(kept).where(_held(kept), kept.c.digest == arrival)):
            octets = proven_ciphertext(bytes(row["ciphertext"]))
            return Keep(NO_NUMBER, NO_PARTY, Side.ASKING, arrival, row["scheme"], octets)
        return None

    def held_from(self, arrival: Digest) -> Address | None:
        """The registered address that a held mail says it is from; None: nobody's."""
        events, people, parties = table(EventRow), table(PersonRow), table(PartyRow)
        which = and_(events.c.kind == EventKind.MAIL_HELD.value, events.c.digest == arrival)
        for event in self._rows(select(events).where(which).order_by(events.c.id.desc()).limit(1)):
            if event["person"]:
                found = self._rows(select(people.c.address).where(people.c.id == event["person"]))
            else:
                found = self._rows(select(parties.c.mailbox.label("address")).where(parties.c.code == event["actor"]))
            return Address(found[0]["address"]) if found else None
        return None

    def was_taken(self, arrival: Digest) -> bool:
        """Whether a mail that was held has been taken since."""
        arrivals = table(ArrivalRow)
        which = and_(arrivals.c.digest == arrival, arrivals.c.outcome == "taken")
        return bool(self._rows(select(arrivals.c.digest).where(which)))

    def _rows(self, query: Any) -> Sequence[Any]:
        with reading(self._engine) as connection:
            return list(connection.execute(query).mappings())


def _held(kept: Any) -> Any:
    """Of no exchange: mail that was never worked on to its end."""
    return and_(kept.c.year == NO_NUMBER.year, kept.c.serial == NO_NUMBER.serial, kept.c.party == NO_PARTY)
