"""The ledger's database: tables, transactions, look-ups, outbox, registry."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from sqlalchemy import text

from gateway.facts import Digest, ReferralNumber
from gateway.store.engine import connect, upgrade
from gateway.treaty import Side

if TYPE_CHECKING:
    from gateway.store.digests import Digests
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

_LEADER = 0x6753_5003
_PARTS = {
    "view": "view.View", "members": "members.Members", "logins": "logins.Logins", "items": "items.Items",
    "expiry": "expiry.Expiry", "outbox": "outbox.Outbox", "statistics": "figures.Statistics",
    "spread": "spread.Spread", "roster": "roster.Roster", "quality": "quality.QualityFigures",
    "experience": "experience.Experience", "digests": "digests.Digests", "seals": "seals.Seals",
    "limits": "limits.Limits",
}  # fmt: skip


class Store:
    """One database, brought to this program's schema when opened.

    Its parts are loaded when they are first asked for: `gsp stats` need not wait for the outbox.
    """

    ledger: Ledger
    view: View
    members: Members
    logins: Logins
    items: Items
    expiry: Expiry
    outbox: Outbox
    statistics: Statistics
    spread: Spread
    roster: Roster
    quality: QualityFigures
    experience: Experience
    digests: Digests
    seals: Seals
    limits: Limits

    def __init__(self, url: str, token_digest_of: Callable[[ReferralNumber, Side], Digest]) -> None:
        self._engine = connect(url)
        upgrade(self._engine)
        self._token_digest_of = token_digest_of
        self.is_sqlite = self._engine.dialect.name == "sqlite"

    def __getattr__(self, name: str) -> Any:
        if name == "ledger":
            from gateway.store.ledger import Ledger

            made: object = Ledger(self._engine, self._token_digest_of)
        elif name in _PARTS:
            module, _, kind = _PARTS[name].partition(".")
            made = getattr(import_module(f"{__name__}.{module}"), kind)(self._engine)
        else:
            raise AttributeError(name)
        return self.__dict__.setdefault(name, made)  # of two threads that ask at once one is heard

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
