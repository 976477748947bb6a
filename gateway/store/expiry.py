"""Which keys will expire soon, and which warnings of it the record holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Engine, func, or_, select

from gateway.events import EventKind
from gateway.facts import Digest, Fingerprint, PartyCode, key_mark
from gateway.store.engine import reading, utc
from gateway.store.tables import EventRow, KeyRow, PersonRow, table

Ending = tuple[str, Fingerprint, PartyCode, int, datetime]  # scheme, key, Party, person, end


class Expiry:
    """Look-ups only: a warning is written like every event, with its letters."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def ending(self, now: datetime, within: timedelta) -> list[Ending]:
        """Keys of people and desks that end within so long, by expiry.

        Not those of which the owner has registered one that lasts longer, nor those that a renewal has replaced.
        """
        keys, people = table(KeyRow), table(PersonRow)
        query = (
            select(
                keys.c.scheme, keys.c.fingerprint, keys.c.party, keys.c.person, keys.c.usable_until,
                keys.c.can_encrypt, keys.c.can_sign,
            )
            .outerjoin(people, people.c.id == keys.c.person)
            .where(keys.c.revoked_at.is_(None), or_(keys.c.person == 0, people.c.revoked_at.is_(None)))
        )  # fmt: skip
        lasts: dict[Any, datetime] = {}
        found: list[tuple[Any, Ending]] = []
        for row in self._rows(query):
            owner = row["party"], row["person"], row["scheme"]
            until = utc(row["usable_until"]) if row["usable_until"] else datetime.max.replace(tzinfo=UTC)
            if row["can_encrypt"] and row["can_sign"]:
                lasts[owner] = max(until, lasts.get(owner, until))
            if now < until <= now + within:
                mark, party = Fingerprint(row["fingerprint"]), PartyCode(row["party"])
                found.append((owner, (row["scheme"], mark, party, row["person"], until)))
        ending = [key for owner, key in found if lasts.get(owner, key[-1]) <= key[-1] and not self._replaced(key)]
        return sorted(ending, key=lambda key: (key[-1], key[1]))

    def _replaced(self, key: Ending) -> bool:
        events = table(EventRow)
        mark = key_mark(key[1], key[-1])
        which = events.c.kind == EventKind.KEY_REPLACED.value, events.c.digest == mark
        return bool(self._rows(select(events.c.id).where(*which).limit(1)))

    def last_warning(self, mark: Digest) -> int | None:
        """How many days before its end the record's last warning of a key (by its mark) was; None: none yet."""
        events = table(EventRow)
        which = events.c.kind == EventKind.KEY_WARNED.value, events.c.digest == mark
        days: int | None = self._rows(select(func.min(events.c.count).label("days")).where(*which))[0]["days"]
        return days

    def _rows(self, query: Any) -> list[Any]:
        with reading(self._engine) as connection:
            return list(connection.execute(query).mappings())
