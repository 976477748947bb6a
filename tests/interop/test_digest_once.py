"""Weekly digests of a focal point on two machines: processes that run at once, and are killed, send each once only."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from gateway import service
from gateway.treaty import Role
from tests.support.ports import PATIENCE, until
from tests.support.postgres import Postgres, rows

READERS = 6
# Whoever notes a third digest waits for the test: they are killed in the midst, however busy the machine is.
HELD = (
    "CREATE FUNCTION held() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    "IF (SELECT count(*) FROM digest) > 2 THEN PERFORM pg_advisory_xact_lock(1); END IF; RETURN NULL; END $$",
    "CREATE TRIGGER held AFTER INSERT ON digest FOR EACH ROW EXECUTE FUNCTION held()",
)
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
KEY = "%no-protection\nKey-Type: EDDSA\nKey-Curve: ed25519\nSubkey-Type: ECDH\nSubkey-Curve: cv25519\n"


@dataclass
class Machines:
    """One focal point in two homes, on one database, with many observers."""

    homes: tuple[Path, Path]
    url: str

    def send(self) -> list[subprocess.Popen[bytes]]:
        """`gsp digest send` on both machines at once."""
        command = [sys.executable, "-m", "gateway.cli", "digest", "send", "--now", "--home"]
        return [subprocess.Popen([*command, str(home)], start_new_session=True) for home in self.homes]


def keys(folder: Path, addresses: list[str]) -> list[bytes]:
    """A public key for each address; the secret ones are thrown away."""
    folder.mkdir(mode=0o700)
    gpg = ["gpg", "--homedir", str(folder), "--batch", "--quiet"]
    recipe = "".join(f"{KEY}Name-Email: {address}\n%commit\n" for address in addresses)
    subprocess.run([*gpg, "--gen-key"], input=recipe.encode(), check=True, capture_output=True)
    exported = [subprocess.run([*gpg, "--export", f"<{one}>"], check=True, capture_output=True) for one in addresses]
    subprocess.run(["gpgconf", "--homedir", str(folder), "--kill", "all"], check=True)
    return [done.stdout for done in exported]


@contextmanager
def prepared(folder: Path, url: str) -> Iterator[Machines]:
    """A home with observers who have been there for long, and its copy as on a second machine."""
    homes = folder / "1", folder / "2"
    service.init(homes[0], "gsp.example")
    settings = homes[0] / "gateway.toml"
    settings.write_text(settings.read_text().replace('# url = ""', f'url = "{url}"'))
    addresses = [f"o{number}@party.example" for number in range(READERS)]
    with service.Gateway.open(homes[0]) as gateway:
        public = keys(folder / "k", addresses)
        gateway.registry.add_party("SE", "Sweden", "desk@party.example", "en", None)
        for address, octets in zip(addresses, public, strict=True):
            gateway.registry.add_person("SE", address, "O", Role.OBSERVER, "en", octets)
        with gateway.store._engine.begin() as connection:
            long_ago = {"since": datetime(2020, 1, 1, tzinfo=UTC)}
            connection.execute(text("UPDATE person SET since = :since"), long_ago)
    shutil.copytree(*homes, ignore=shutil.ignore_patterns("S.*"))
    yield Machines(homes, url)


@pytest.fixture
def machines() -> Iterator[Machines]:
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="gd", dir="/tmp"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        database = Postgres()
        stack.callback(database.stop)
        yield stack.enter_context(prepared(folder, database.url()))


def test_processes_that_are_killed_while_they_send_send_each_digest_once(machines: Machines) -> None:
    """A digest is noted in the transaction that puts its mail into the outbox: there is nothing between the two."""

    def sent() -> int:
        ((count,),) = rows(machines.url, "SELECT count(*) FROM digest")
        assert isinstance(count, int)
        return count

    for statement in HELD:
        rows(machines.url, statement)
    with psycopg.connect(machines.url) as holding:
        holding.execute("SELECT pg_advisory_lock(1)")
        running = machines.send()
        until(lambda: rows(machines.url, WAITING) == [(len(running),)], "they do not wait")
        for process in running:
            os.killpg(process.pid, signal.SIGKILL)
            assert process.wait() == -signal.SIGKILL
    assert 1 < sent() < READERS

    assert [process.wait(PATIENCE) for process in machines.send()] == [0, 0]
    assert rows(machines.url, "SELECT count(*), count(DISTINCT person), count(DISTINCT period_end) FROM digest") == [
        (READERS, READERS, 1)
    ]
    digests = "SELECT count(*), count(DISTINCT rcpt_to), count(DISTINCT message_id) FROM outbox WHERE kind = 'digest'"
    assert rows(machines.url, digests) == [(READERS, READERS, READERS)]
