"""The store on SQLite and on a real PostgreSQL: every test runs on both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.store import Store
from tests.store.made import token_digest_of
from tests.support.postgres import Postgres


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One server for all tests; every test has a database of its own."""
    server = Postgres()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/gateway.db"
    made: Postgres = request.getfixturevalue("postgres")
    return made.url()


@pytest.fixture
def opened(url: str) -> Iterator[Callable[[], Store]]:
    """Opens the database once more, as a further process of the gateway would."""
    stores: list[Store] = []

    def more() -> Store:
        stores.append(Store(url, token_digest_of))
        return stores[-1]

    yield more
    for store in stores:
        store.close()


@pytest.fixture
def store(opened: Callable[[], Store]) -> Store:
    """An opened, empty store."""
    return opened()
