"""A statement compiled once for each kind of database, and run on the driver itself.

SQLAlchemy writes the SQL and knows how each type is stored. What it does at every run (a context, a result, their
caches) takes ten times as long as SQLite does, and a request runs some thirty statements (measured).
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Dialect
from sqlalchemy.exc import DBAPIError

_Convert = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Compiled:
    sql: str
    order: tuple[str, ...] | None  # the parameters' names where they are given by position
    fixed: Mapping[str, Any]  # values that stand in the statement
    writes: Mapping[str, _Convert]
    reads: tuple[_Convert | None, ...]
    row: Callable[[Sequence[Any]], Any]

    def parameters(self, values: Mapping[str, Any]) -> Any:
        """As the driver wants them, each converted by its type."""
        ready = {**self.fixed, **values}
        for name, convert in self.writes.items():
            ready[name] = convert(ready[name])
        return [ready[name] for name in self.order] if self.order is not None else ready

    def converted(self, found: Sequence[Any]) -> Any:
        """A row with its columns as attributes."""
        return self.row([value if read is None else read(value) for value, read in zip(found, self.reads, strict=True)])


class Prepared:
    """`statement` is SQLAlchemy's, with `bindparam`s; columns that are set may also be named when it is run."""

    def __init__(self, statement: Any) -> None:
        self._statement = statement
        self._compiled: dict[tuple[str, frozenset[str]], _Compiled] = {}

    def where(self, *conditions: Any) -> Prepared:
        """The same with further conditions."""
        return Prepared(self._statement.where(*conditions))

    def rows(self, connection: Connection, **values: Any) -> list[Any]:
        """Every row that it gives, its columns as attributes."""
        compiled = self._for(connection.dialect, values)
        found = _driven(connection, compiled.sql, compiled.parameters(values)).fetchall()
        return [compiled.converted(row) for row in found]

    def first(self, connection: Connection, **values: Any) -> Any:
        """The first row; None where there is none."""
        return next(iter(self.rows(connection, **values)), None)

    def run(self, connection: Connection, **values: Any) -> int:
        """How many rows it changed."""
        compiled = self._for(connection.dialect, values)
        return int(_driven(connection, compiled.sql, compiled.parameters(values)).rowcount)

    def run_all(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Once for each of these values, which all have the same names."""
        if len(rows) == 1:
            self.run(connection, **rows[0])
        elif rows:
            compiled = self._for(connection.dialect, rows[0])
            _driven(connection, compiled.sql, [compiled.parameters(values) for values in rows], many=True)

    def _for(self, dialect: Dialect, values: Mapping[str, Any]) -> _Compiled:
        key = (dialect.name, frozenset(values))
        found = self._compiled.get(key)
        if found is None:
            found = self._compiled[key] = _compiled(self._built(dialect), dialect, tuple(values))
        return found

    def _built(self, _dialect: Dialect) -> Any:
        return self._statement


class Upsert(Prepared):
    """One with ON CONFLICT: `make` builds it with the INSERT of the kind of database that it is run on."""

    def _built(self, _dialect: Dialect) -> Any:
        return self._statement(inserting(_dialect))


def inserting(dialect: Dialect) -> Any:
    """The INSERT that knows ON CONFLICT. Imported here: PostgreSQL's costs every start a twelfth, needed or not."""
    if dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql

        return postgresql.insert
    from sqlalchemy.dialects import sqlite

    return sqlite.insert


def _compiled(statement: Any, dialect: Dialect, names: Sequence[str]) -> _Compiled:
    columns = () if statement.is_select else statement.table.c
    made: Any = statement.compile(dialect=dialect, column_keys=[name for name in names if name in columns] or None)
    impls = {name: bind.type.dialect_impl(dialect) for name, bind in made.binds.items()}
    writes = {name: impl.bind_processor(dialect) for name, impl in impls.items()}
    shown = statement.column_descriptions if statement.is_select else statement.returning_column_descriptions
    row: Any = namedtuple("Row", [column["name"] for column in shown], rename=True)  # type: ignore[misc]
    return _Compiled(
        made.string,
        tuple(made.positiontup) if dialect.positional else None,
        {name: bind.value for name, bind in made.binds.items() if not bind.required and name not in names},
        {name: convert for name, convert in writes.items() if convert is not None},
        tuple(column["type"].dialect_impl(dialect).result_processor(dialect, None) for column in shown),
        row._make,
    )


def _driven(connection: Connection, sql: str, parameters: Any, many: bool = False) -> Any:
    """The driver's cursor. Its errors come as SQLAlchemy's own, without the values."""
    driver: Any = connection.connection.dbapi_connection
    try:
        cursor = driver.cursor()
        (cursor.executemany if many else cursor.execute)(sql, parameters)
    except connection.dialect.loaded_dbapi.Error as error:
        base = connection.dialect.loaded_dbapi.Error
        raise DBAPIError.instance(None, None, error, base, True, dialect=connection.dialect) from None
    return cursor
