"""A real PostgreSQL in a temporary folder, reached by a Unix socket only; an own database for whoever asks."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from sqlalchemy import text

from gateway.store.engine import connect
from tests.support.ports import PATIENCE, until

# Debian has each major version in a folder of its own; where there are several, any will do.
_PROGRAMS = next((str(found.parent) for found in Path("/usr/lib/postgresql").glob("*/bin/initdb")), "")
_SETTINGS = {"listen_addresses": "", "fsync": "off", "max_connections": "200", "shared_buffers": "32MB"}


class Postgres:
    """Running when made. `url` gives a new database; `stop` ends the server and removes the folder."""

    def __init__(self) -> None:
        if not _PROGRAMS:
            raise RuntimeError("PostgreSQL is missing: apt-get install postgresql")
        self.folder = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))
        self._count = itertools.count(1)
        self._as: list[str] = []
        if os.getuid() == 0:  # PostgreSQL refuses to run as root
            shutil.chown(self.folder, "postgres")
            self._as = ["runuser", "-u", "postgres", "--"]
        data = self.folder / "data"
        self._run("initdb", "--auth=trust", "--username=postgres", "--no-sync", "-D", str(data))
        options = [part for name, value in _SETTINGS.items() for part in ("-c", f"{name}={value}")]
        self._log = (self.folder / "log").open("wb")
        self._server = subprocess.Popen(
            [*self._as, f"{_PROGRAMS}/postgres", "-D", str(data), "-k", str(self.folder),
             *options],
            stdout=self._log, stderr=self._log, cwd=self.folder,
        )  # fmt: skip
        until(self._answers, "PostgreSQL does not answer")

    def url(self, like: str = "") -> str:
        """The URL of a new, empty database; `like`: a copy of the one of that URL, to which nobody is connected."""
        name = f"test{next(self._count)}"
        template = urlsplit(like).path.removeprefix("/") or "template1"
        with self._connect() as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')
        return f"postgresql://postgres@/{name}?host={self.folder}"

    def stop(self) -> None:
        """Ends the server (SIGINT to it alone: fast shutdown) and removes the folder."""
        pid = int((self.folder / "data" / "postmaster.pid").read_text().splitlines()[0])
        os.kill(pid, 2)
        self._server.wait(PATIENCE)
        self._log.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [*self._as, f"{_PROGRAMS}/{program}", *arguments], check=True, capture_output=True, cwd=self.folder
        )

    def _connect(self) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(host=str(self.folder), user="postgres", dbname="postgres", autocommit=True)

    def _answers(self) -> bool:
        if self._server.poll() is not None:
            raise RuntimeError("PostgreSQL ended at once")
        try:
            self._connect().close()
        except psycopg.OperationalError:
            return False
        return True


def rows(url: str, query: str) -> list[tuple[object, ...]]:
    """What the database of that URL answers; [] to a statement that gives no rows."""
    engine = connect(url)
    try:
        with engine.begin() as connection:
            done = connection.execute(text(query))
            return [tuple(row) for row in done] if done.returns_rows else []
    finally:
        engine.dispose()
