"""Weekly digests of 200 Parties over the ledger of `statistics.py`: drawn, encrypted, signed and in the outbox."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import text

from benchmarks.statistics import EXCHANGES, PARTIES, START, fill
from gateway import service
from gateway.digests import Digests
from gateway.treaty import Role

NOW = datetime(2026, 1, 5, 6, 0, tzinfo=UTC)  # a Monday, after the last exchange
_LANGUAGES = ("ar", "en", "es", "fr", "ru", "zh")
_KEY = (
    "%no-protection\nKey-Type: EDDSA\nKey-Curve: ed25519\nSubkey-Type: ECDH\nSubkey-Curve: cv25519\n"
    "Name-Email: {}\n%commit\n"
)


def run() -> list[tuple[str, str, str]]:
    """Rows of (what, figure, goal)."""
    with tempfile.TemporaryDirectory(prefix="g", dir="/tmp") as folder:
        home = Path(folder) / "h"
        prepare(home, Path(folder) / "k")
        started = time.perf_counter()
        child = subprocess.Popen([sys.executable, "-m", "benchmarks.digests", str(home)], stdout=subprocess.PIPE)
        assert child.stdout is not None
        sent = child.stdout.read().decode().strip()
        _, status, used = os.wait4(child.pid, 0)
        assert status == 0
        seconds = time.perf_counter() - started
    what = f"{sent} digests of {len(PARTIES)} Parties and the Secretariat, {EXCHANGES:,} exchanges"
    return [
        (f"{what}: from the start of the process to the last one in the outbox", f"{seconds:.0f} s", "at most 60 s"),
        ("the same: CPU of the process and of its gpg", f"{used.ru_utime + used.ru_stime:.0f} s", ""),
        ("the same: largest resident memory of its process", f"{used.ru_maxrss / 1024:.0f} MB", "at most 500 MB"),
    ]


def prepare(home: Path, keys: Path) -> None:
    """A home with the ledger, and an administrator with a key of his own for each Party."""
    service.init(home, "gsp.example")
    with service.Gateway.open(home) as gateway:
        database = gateway.home.database
    fill(database)
    people = [(code, f"a@{code.lower()}.example", Role.ADMINISTRATOR) for code in PARTIES]
    people.append((PARTIES[0], "head@secretariat.example", Role.SECRETARIAT))
    made = _keys(keys, [address for _, address, _ in people])
    with service.Gateway.open(home) as gateway:
        for place, (code, address, role) in enumerate(people):
            language = _LANGUAGES[place % len(_LANGUAGES)]
            gateway.registry.add_person(code, address, "A", role, language, made[address])
        with gateway.store._engine.begin() as connection:
            connection.execute(text("UPDATE person SET since = :since"), {"since": START})


def _keys(home: Path, addresses: list[str]) -> dict[str, bytes]:
    home.mkdir(mode=0o700)
    gpg = ["gpg", "--homedir", str(home), "--batch", "--quiet"]
    recipe = "".join(_KEY.format(address) for address in addresses)
    subprocess.run([*gpg, "--gen-key"], input=recipe.encode(), check=True, capture_output=True)
    made = {
        address: subprocess.run([*gpg, "--armor", "--export", f"<{address}>"], check=True, capture_output=True).stdout
        for address in addresses
    }
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=True)
    return made


def main() -> None:
    """Usage: `python -m benchmarks.digests HOME`: sends what is due on that Monday, as `gsp digest send` does."""
    with service.Gateway.open(Path(sys.argv[1]), clock=lambda: NOW, engine=service.OWN_ENGINE) as gateway:
        print(Digests(gateway).send())


if __name__ == "__main__":
    main()
