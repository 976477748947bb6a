"""The outbox: mails are claimed in small batches, tried, backed off, and given up after two days.

Delivery is at least once: a worker that dies after the other server's 250 sends again, with the same
Message-ID, by which the receiver knows the twin.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Engine, and_, func, or_, select, update

from gateway.events import MailKind
from gateway.facts import ExchangeNumber, PartyCode
from gateway.store.engine import reading, writing
from gateway.store.tables import OutboxRow, PersonRow, table
from gateway.treaty import Side

MAIL_LIFE = timedelta(days=2)
BACK_OFF = (60, 300, 600, 1200, 2400, 3600, 7200)  # seconds after the first, second ... attempt


@dataclass(frozen=True, slots=True)
class Waiting:
    """One mail of the outbox."""

    id: int
    message_id: str
    envelope_id: str
    kind: MailKind
    mail_from: str
    rcpt_to: str
    octets: bytes
    exchange: ExchangeNumber | None
    party: PartyCode
    side: Side
    state: str
    attempts: int
    next_attempt: datetime
    expires: datetime
    claimed_by: str
    claimed_until: datetime | None


class Outbox:
    """What waits to be sent, shared by every gateway on the database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._rows = table(OutboxRow)

    def claim(
        self, limit: int, worker: str, now: datetime, lease: timedelta, force: bool = False
    ) -> tuple[Waiting, ...]:
        """So many mails that are due, for this worker alone until the lease ends. `force`: due or not."""
        rows = self._rows
        free = or_(rows.c.claimed_until.is_(None), rows.c.claimed_until < now)
        due = and_(rows.c.state == "pending", free)
        if not force:
            due = and_(due, rows.c.next_attempt <= now)
        with writing(self._engine) as connection:
            query = select(rows.c.id).where(due).order_by(rows.c.next_attempt, rows.c.id).limit(limit)
            ids = list(connection.execute(query.with_for_update(skip_locked=True)).scalars())
            if not ids:
                return ()
            connection.execute(
                update(rows).where(rows.c.id.in_(ids)).values(claimed_by=worker, claimed_until=now + lease)
            )
            found = connection.execute(select(rows).where(rows.c.id.in_(ids)).order_by(rows.c.id)).mappings()
            return tuple(_waiting(row) for row in found)

    def recalled(self) -> tuple[Waiting, ...]:
        """What waits, or is kept, for people whose access was withdrawn after it was written."""
        rows, people = self._rows, table(PersonRow)
        query = select(rows).join(people, func.lower(people.c.address) == func.lower(rows.c.rcpt_to)).where(
            or_(rows.c.state == "pending", and_(rows.c.state == "failed", func.length(rows.c.octets) > 0)),
            people.c.revoked_at > rows.c.created,
        )  # fmt: skip
        with reading(self._engine) as connection:
            return tuple(_waiting(row) for row in connection.execute(query.order_by(rows.c.id)).mappings())

    def renewed(self, mail: Waiting, until: datetime) -> Waiting | None:
        """The claim with a longer lease; None where the lease ended and another worker has the mail, or had it."""
        rows = self._rows
        with writing(self._engine) as connection:
            kept = connection.execute(update(rows).where(self._held(mail)).values(claimed_until=until)).rowcount
        return replace(mail, claimed_until=until) if kept else None

    def workers(self) -> tuple[str, ...]:
        """Who holds claims now."""
        rows = self._rows
        with reading(self._engine) as connection:
            held = select(rows.c.claimed_by).where(rows.c.state == "pending", rows.c.claimed_by != "").distinct()
            return tuple(connection.execute(held.order_by(rows.c.claimed_by)).scalars())

    def release(self, worker: str) -> None:
        """A worker that died lets go of what it claimed, without waiting for the end of its lease."""
        rows = self._rows
        with writing(self._engine) as connection:
            connection.execute(
                update(rows).where(rows.c.claimed_by == worker).values(claimed_by="", claimed_until=None)
            )

    def delivered(self, mail: int, reply: str) -> None:
        """The other server took it, whoever's claim it is now: the octets go, the fact stays.

        `reply` is code and enhanced code only.
        """
        self._end(mail, "delivered", reply)

    def given_up(self, mail: int, reply: str, kept: bool = False) -> None:
        """It will not be delivered; says nothing against a delivery that another worker reported.

        `kept`: its octets stay, until it is sent once more or the exchange closes.
        """
        self._end(mail, "failed", reply, kept)

    def kept(self) -> tuple[Waiting, ...]:
        """What was given up and is kept, oldest first."""
        rows = self._rows
        with reading(self._engine) as connection:
            query = select(rows).where(rows.c.state == "failed", func.length(rows.c.octets) > 0).order_by(rows.c.id)
            return tuple(_waiting(row) for row in connection.execute(query).mappings())

    def once_more(self, now: datetime) -> int:
        """Puts everything that was given up and is kept among what waits; how many mails."""
        rows = self._rows
        with writing(self._engine) as connection:
            again = update(rows).where(rows.c.state == "failed", func.length(rows.c.octets) > 0)
            values = {"state": "pending", "attempts": 0, "next_attempt": now, "expires": now + MAIL_LIFE}
            return int(connection.execute(again.values(values)).rowcount)

    def postponed(self, mail: Waiting, reply: str, now: datetime, jitter: float) -> bool:
        """Try later: 1, 5, 10 ... minutes, times 1 + jitter. False when its time is over: give it up."""
        if now >= mail.expires:
            return False
        wait = timedelta(seconds=BACK_OFF[min(mail.attempts, len(BACK_OFF) - 1)] * (1 + jitter))
        with writing(self._engine) as connection:
            connection.execute(
                update(self._rows)
                .where(self._held(mail))
                .values(
                    attempts=mail.attempts + 1, next_attempt=now + wait, claimed_by="", claimed_until=None, reply=reply
                )
            )
        return True

    def listed(self) -> tuple[Waiting, ...]:
        """Everything that is not delivered, oldest first."""
        rows = self._rows
        with reading(self._engine) as connection:
            found = connection.execute(select(rows).where(rows.c.state != "delivered").order_by(rows.c.id)).mappings()
            return tuple(_waiting(row) for row in found)

    def pending(self) -> int:
        """How many mails wait."""
        with reading(self._engine) as connection:
            query = select(func.count()).select_from(self._rows).where(self._rows.c.state == "pending")
            return int(connection.execute(query).scalar_one())

    def _held(self, mail: Waiting) -> Any:
        """Still this worker's: one that comes back after its lease must not touch the claim of the next one."""
        rows = self._rows
        return and_(
            rows.c.id == mail.id,
            rows.c.state == "pending",
            rows.c.claimed_by == mail.claimed_by,
            rows.c.claimed_until == mail.claimed_until,
        )

    def _end(self, mail: int, state: str, reply: str, kept: bool = False) -> None:
        rows = self._rows
        values = {
            "state": state, "attempts": rows.c.attempts + 1, "claimed_by": "", "claimed_until": None, "reply": reply
        }  # fmt: skip
        if not kept:
            values["octets"] = b""
        with writing(self._engine) as connection:
            connection.execute(update(rows).where(rows.c.id == mail, rows.c.state != "delivered").values(values))


def _waiting(row: Any) -> Waiting:
    exchange = ExchangeNumber(row["year"], row["serial"]) if row["year"] else None
    return Waiting(
        row["id"], row["message_id"], row["envelope_id"], MailKind(row["kind"]), row["mail_from"], row["rcpt_to"],
        bytes(row["octets"]), exchange, PartyCode(row["party"]), Side(row["side"]), row["state"], row["attempts"],
        row["next_attempt"], row["expires"], row["claimed_by"], row["claimed_until"],
    )  # fmt: skip
