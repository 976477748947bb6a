"""The database: SQLite (WAL, synchronous FULL) by default, PostgreSQL by its URL; and the schema's versions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from gateway.facts import utc as aware
from gateway.outcome import REASONS, Defer, LostRace

_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
_LOCK = 0x6753_5001  # advisory lock under which the schema is brought up to date

_DISK_FULL = "53100"  # of PostgreSQL
_SCRIPTS = Path(__file__).parent / "alembic"


def connect(url: str) -> Engine:
    """An engine for the URL (`sqlite:////path` or `postgresql://...`). Bound values never stand in errors."""
    if url.startswith("sqlite"):
        engine = create_engine(url, hide_parameters=True, connect_args={"timeout": 30})
        event.listen(engine, "connect", _sqlite_settings)
        event.listen(engine, "begin", _begin_immediate)
        return engine
    if url.startswith("postgresql://"):
        url = "postgresql+psycopg://" + url.removeprefix("postgresql://")
    engine = create_engine(url, hide_parameters=True, pool_pre_ping=True)
    event.listen(engine, "connect", _postgresql_settings)
    return engine


def _postgresql_settings(connection: Any, _record: object) -> None:
    # To compile a query takes longer than any of ours: the figures of a small ledger took ten times as long.
    connection.execute("SET jit = off")
    connection.commit()


def _sqlite_settings(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # BEGIN is ours: see _begin_immediate
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_immediate(connection: Connection) -> None:
    # A deferred transaction that reads and then writes fails at once when another has written.
    writes = connection.get_execution_options().get("writes", True)
    driver: Any = connection.connection.dbapi_connection
    driver.execute("BEGIN IMMEDIATE" if writes else "BEGIN")  # past SQLAlchemy, whose way takes ten times as long


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """One transaction that writes everything or nothing.

    A clash with another transaction is `LostRace`; a full disk, or a database that is away, is `Defer`.
    """
    try:
        with engine.begin() as connection:
            yield connection
    except IntegrityError:
        raise LostRace from None
    except OperationalError as error:
        if "serialize" in str(error.orig) or "deadlock" in str(error.orig):
            raise LostRace from None
        raise _deferral(error) from None
    except DBAPIError as error:
        raise _deferral(error) from None


@contextmanager
def reading(engine: Engine, one_instant: bool = False) -> Iterator[Connection]:
    """A short transaction that only reads; `one_instant`: all its queries see the database as it was at the first.

    SQLite's always do; PostgreSQL's see what others wrote meanwhile, unless told.
    """
    told = {"isolation_level": "REPEATABLE READ"} if one_instant and engine.dialect.name == "postgresql" else {}
    try:
        with engine.connect().execution_options(writes=False, **told) as connection, connection.begin():
            yield connection
    except DBAPIError as error:
        raise _deferral(error) from None


def utc(moment: datetime) -> datetime:
    """An instant as it came out of the database: SQLite keeps it in UTC and drops the zone."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def instant(moment: datetime) -> int:
    """Microseconds since 1970 in UTC: how the figures keep time."""
    return (aware(moment) - _EPOCH) // _MICROSECOND


def _deferral(error: DBAPIError) -> Defer:
    """Out of storage [GSP-302], or the database is away [GSP-303]."""
    full = (
        getattr(error.orig, "sqlite_errorname", "") == "SQLITE_FULL"
        or getattr(error.orig, "sqlstate", "") == _DISK_FULL
    )
    return Defer(REASONS[302 if full else 303])


def upgrade(engine: Engine) -> None:
    """Brings the schema to this program's version. Two processes that start at once wait for each other.

    Raises ValueError, with what to do, where the database is away or no database.
    """
    try:
        _upgrade(engine)
    except DBAPIError as error:
        what = type(error.orig).__name__
        raise ValueError(
            f"the database cannot be used ({what}): check [database] url and that its server runs, or restore the file"
        ) from None


def _upgrade(engine: Engine) -> None:
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        if _version(connection) != _newest():
            _migrate(connection)


def _version(connection: Connection) -> str:
    """The revision of the schema in this database, "" of an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none() or "")


def _newest() -> str:
    """The newest revision: a script's name begins with its own, and they are one chain (a house test says so)."""
    return max(path.name[:4] for path in (_SCRIPTS / "versions").glob("[0-9]*.py"))


def _migrate(connection: Connection) -> None:
    # Imported here: every command would wait for it (a seventh of its start), and few have anything to migrate.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
