"""The ledger's database: tables, transactions, look-ups, outbox, registry."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import text

from gateway.facts import Digest, ReferralNumber
from gateway.store.digests import Digests
from gateway.store.engine import connect, upgrade
from gateway.store.experience import Experience
from gateway.store.expiry import Expiry
from gateway.store.figures import Statistics
from gateway.store.items import Items
from gateway.store.ledger import Ledger
from gateway.store.limits import Limits
from gateway.store.logins import Logins
from gateway.store.members import Members
from gateway.store.outbox import Outbox
from gateway.store.quality import QualityFigures
from gateway.store.roster import Roster
from gateway.store.seals import Seals
from gateway.store.spread import Spread
from gateway.store.view import View
from gateway.treaty import Side

_LEADER = 0x6753_5003


class Store:
    """One database, brought to this program's schema when opened."""

    def __init__(self, url: str, token_digest_of: Callable[[ReferralNumber, Side], Digest]) -> None:
        self._engine = connect(url)
        upgrade(self._engine)
        self.ledger = Ledger(self._engine, token_digest_of)
        self.view = View(self._engine)
        self.members = Members(self._engine)
        self.logins = Logins(self._engine)
        self.items = Items(self._engine)
        self.expiry = Expiry(self._engine)
        self.outbox = Outbox(self._engine)
        self.statistics = Statistics(self._engine)
        self.spread = Spread(self._engine)
        self.roster = Roster(self._engine)
        self.quality = QualityFigures(self._engine)
        self.experience = Experience(self._engine)
        self.digests = Digests(self._engine)
        self.seals = Seals(self._engine)
        self.limits = Limits(self._engine)
        self.is_sqlite = self._engine.dialect.name == "sqlite"

    def try_lead(self) -> Callable[[], None] | None:
        """On PostgreSQL: leadership of the scheduled work, as a function that gives it back; None when taken."""
        connection = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        if connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": _LEADER}).scalar():

            def give_back() -> None:
                # The lock is the session's: a connection that only went back to the pool would keep it.
                connection.invalidate()
                connection.close()

            return give_back
        connection.close()
        return None

    def close(self) -> None:
        """Closes every connection."""
        self._engine.dispose()
