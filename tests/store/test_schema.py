"""The schema: migrated and declared are the same; opening is safe at any time."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel

from gateway.outcome import Defer, LostRace
from gateway.store import Store, ledger, tables
from gateway.store.engine import connect, writing
from tests.store.made import NUMBER, opening, rows, write

_OPEN = """
import sys
from gateway.store import Store
from tests.store.made import token_digest_of
sys.stdin.readline()
Store(sys.argv[1], token_digest_of).close()
"""
# The only columns in which a person's words may stand (brief of the store; security.md).
_FREE_TEXT = {("party", "name"), ("person", "name"), ("person", "revoked_reason"), ("pending", "name")} | {
    ("entry", name) for name in ("authority", "person", "telephone", "postal", "languages", "remarks")
}
_SECRETS = ("uim_text", "subject", "body", "question", "case", "justification", "content", "clear")


# SQLite tells nothing of an index on an expression; PostgreSQL does, and is compared.
@pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based index")
def test_migrated_schema_equals_the_declared_one(store: Store, url: str) -> None:
    assert ledger.__doc__, "loaded, and with it every module that declares a table: the store loads them when asked"
    engine = connect(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []
    engine.dispose()


def test_opening_again_changes_nothing(opened: Callable[[], Store], url: str) -> None:
    write(opened(), *opening())
    assert opened().view.exchange(NUMBER) is not None
    assert len(rows(url, "SELECT * FROM alembic_version")) == 1


def test_processes_that_open_a_new_database_at_once_all_succeed(url: str) -> None:
    root = Path(__file__).parents[2]
    running = [
        subprocess.Popen([sys.executable, "-c", _OPEN, url], cwd=root, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(4)
    ]
    for process in running:
        assert process.stdin is not None
        process.stdin.write(b"\n")
        process.stdin.flush()
    ends = [(process.communicate()[1].decode()[-400:], process.returncode) for process in running]
    assert [code for _, code in ends] == [0] * 4, ends


def test_no_column_is_made_for_words_of_a_mail() -> None:
    named = {(table.name, column.name) for table in SQLModel.metadata.sorted_tables for column in table.columns}
    assert named >= _FREE_TEXT
    assert [(table, column) for table, column in named if any(word in column for word in _SECRETS)] == []
    assert tables.__doc__


def test_sqlite_survives_power_loss_and_overwrites_what_it_deletes(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path}/gateway.db")
    with engine.connect() as connection:
        wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1}
        assert {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in wanted} == wanted
    engine.dispose()


def test_a_database_error_never_quotes_bound_values(store: Store, url: str) -> None:
    engine = connect(url)
    statement = tables.PartyRow.__table__.insert()  # type: ignore[attr-defined]
    with engine.connect() as connection, pytest.raises(IntegrityError) as caught:
        connection.execute(statement, {"code": "CANARY", "name": None})
    # PostgreSQL's own DETAIL line still quotes the row: it is never shown (see `writing`).
    assert "CANARY" not in str(caught.value).split("DETAIL")[0]
    engine.dispose()


@pytest.mark.parametrize(
    ("statements", "means"),
    [
        (["SELECT * FROM nowhere"], Defer),
        (["INSERT INTO counter (year, last) VALUES (2026, 1)"] * 2, LostRace),
    ],
    ids=["trouble", "clash"],
)
def test_database_trouble_is_deferred_and_a_clash_is_a_lost_race(
    store: Store, url: str, statements: list[str], means: type[Exception]
) -> None:
    engine = connect(url)
    with pytest.raises(means) as caught:
        execute(engine, statements)
    assert caught.value.__cause__ is None
    assert rows(url, "SELECT * FROM counter") == []
    engine.dispose()


def execute(engine: Engine, statements: list[str]) -> None:
    """Executes them in one transaction of the store."""
    with writing(engine) as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
