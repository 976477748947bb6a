"""A full disk: mail is put off with [GSP-302], nothing is half done, and once there is room the same mail is taken."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import event, text

from gateway.correspondence import Correspondent
from gateway.facts import Envelope
from gateway.outcome import REASONS, Defer, Deferred, Taken
from gateway.store.engine import connect, writing
from tests.support.focalpoint import focal_point, request
from tests.support.postgres import Postgres


@contextmanager
def small_disk(megabytes: int) -> Iterator[Path]:
    """A file system of its own, of so many megabytes; only root may mount one."""
    folder = Path(tempfile.mkdtemp(prefix="df", dir="/tmp"))
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0700", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
        if mounted.returncode:
            pytest.fail(f"A small disk is needed, and could not be mounted; run this test as root. {mounted.stderr}")
        try:
            yield folder
        finally:
            subprocess.run(["umount", str(folder)], check=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def fill(folder: Path, spare: int) -> Path:
    """Takes all the room there is, but for so many octets."""
    file = folder / "rubbish"
    with file.open("wb", buffering=0) as rubbish:
        for size in (1 << 16, 1):
            try:
                while rubbish.write(b"x" * size):
                    pass
            except OSError:
                continue
        rubbish.truncate(rubbish.tell() - spare)
    return file


@pytest.fixture(params=["sqlite", "postgresql"])
def disk(request: pytest.FixtureRequest) -> Iterator[tuple[str, Path]]:
    """The URL of a database whose tables lie on a small disk, and that disk."""
    with small_disk(24) as folder:
        if request.param == "sqlite":
            yield f"sqlite:///{folder}/gateway.db", folder
            return
        server = Postgres()
        try:
            tables = folder / "tables"
            tables.mkdir()
            for made in (folder, tables):
                shutil.chown(made, "postgres" if os.getuid() == 0 else os.getuid())
            url = server.url()
            name = url.partition("@/")[2].partition("?")[0]
            with psycopg.connect(host=str(server.folder), user="postgres", dbname="postgres", autocommit=True) as tell:
                tell.execute(f"CREATE TABLESPACE small LOCATION '{tables}'")
                tell.execute(f"ALTER DATABASE {name} SET TABLESPACE small")
            yield url, folder
        finally:
            server.stop()


@pytest.mark.parametrize("spare", [0, 200_000])
def test_on_a_full_disk_mail_is_put_off_and_taken_once_when_there_is_room(
    people: dict[str, Correspondent], disk: tuple[str, Path], spare: int
) -> None:
    url, folder = disk

    def there(home: Path) -> None:
        settings = home / "gateway.toml"
        settings.write_text(settings.read_text().replace('# url = ""', f'url = "{url}"'))

    with focal_point(people, settings=there) as point:
        # With a little room the attempt is counted, and the disk is full in the midst of a long list.
        raw = point.mail("officer", request(*(f"QCALL7hT2kQ{number:05d}Kd25051914" for number in range(4000))))
        rubbish = fill(folder, spare)
        refused = [point.gateway.process(raw, Envelope()) for _ in range(5)]
        assert refused == [Deferred(REASONS[302])] * 5
        assert REASONS[302].reply.startswith("452 4.3.1 [GSP-302]")
        assert point.gateway.exchange_rows() == []
        rubbish.unlink()
        # More attempts than a mail has: none of them counted, the mail is not held for a person.
        answer = point.gateway.process(raw, Envelope())
        assert isinstance(answer, Taken)
        assert len(point.gateway.exchange_rows()) == 1
        assert sorted(point.delivered()) == ["desk.se", "officer"]


def test_a_database_at_its_largest_is_out_of_storage(tmp_path: Path) -> None:
    engine = connect(f"sqlite:///{tmp_path}/gateway.db")
    with writing(engine) as connection:
        connection.execute(text("CREATE TABLE t (x BLOB)"))
    engine.dispose()
    event.listen(engine, "connect", lambda opened, _: opened.execute("PRAGMA max_page_count = 4"))
    with pytest.raises(Defer) as deferred, writing(engine) as connection:
        connection.execute(text("INSERT INTO t VALUES (zeroblob(100000))"))
    assert deferred.value.reason.number == 302
    with writing(engine) as connection:
        connection.execute(text("INSERT INTO t VALUES (zeroblob(10))"))
    engine.dispose()
