"""The store on SQLite and on a real PostgreSQL: every test runs on both."""

from __future__ import annotations

import shutil
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


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite database with the schema and nothing else."""
    path = tmp_path_factory.mktemp("made") / "gateway.db"
    Store(f"sqlite:///{path}", token_digest_of).close()
    return path


@pytest.fixture(scope="session")
def made_there(postgres: Postgres) -> str:
    """The URL of the same on PostgreSQL."""
    url = postgres.url()
    Store(url, token_digest_of).close()
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database; to a test that asks for an opened `store`, of a copy of one with the schema."""
    ready = "store" in request.fixturenames  # to make the schema takes longer than most of these tests
    if request.param == "sqlite":
        if ready:
            shutil.copy(request.getfixturevalue("made"), tmp_path)
        return f"sqlite:///{tmp_path}/gateway.db"
    server: Postgres = request.getfixturevalue("postgres")
    return server.url(like=request.getfixturevalue("made_there") if ready else "")


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
