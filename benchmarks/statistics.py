"""A ledger of 1,000,000 exchanges between 200 Parties over five years: how long its figures take, and its counting."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import pairwise, product
from pathlib import Path
from statistics import median, quantiles
from string import ascii_uppercase

from alembic import command
from alembic.config import Config

from benchmarks.meter import metered
from benchmarks.whole_path import requests, unlimited
from gateway import service
from gateway.events import Commit, Event, EventKind
from gateway.facts import ExchangeNumber, PartyCode
from gateway.figures import Period
from gateway.store import Store, engine, tally
from tests.store.made import token_digest_of
from tests.support.focalpoint import focal_point, people_with_keys

EXCHANGES = int(os.environ.get("EXCHANGES", "1000000"))
PARTIES = [one + other for one, other in product(ascii_uppercase[:15], ascii_uppercase[:15])][:200]
START, DAYS = datetime(2021, 1, 1, tzinfo=UTC), 5 * 365
_MARK = "0" * 64
_COMMITS = 400
_TURNS, _BLOCK = 40, 10


def run() -> list[tuple[str, str, str]]:
    """Rows of (what, figure, goal)."""
    with tempfile.TemporaryDirectory(prefix="g", dir="/tmp") as folder:
        home = Path(folder) / "h"
        service.init(home, "gsp.example")
        with service.Gateway.open(home) as gateway:
            database = gateway.home.database
        fill(database)
        started = time.perf_counter()
        store = Store(f"sqlite:///{database}", token_digest_of)
        brought = time.perf_counter() - started
        rows = [
            (f"{EXCHANGES:,} exchanges of 200 Parties: database", f"{database.stat().st_size / 1e9:.2f} GB", ""),
            ("the same: brought to the schema with the figures, once", f"{brought:.0f} s", ""),
        ]
        rows += [(f"gsp stats {what}", _stats(home, *options), "at most 2 s") for what, options in (
            ("of the whole five years", ("--from", "2021-01-01", "--to", "2025-12-31")),
            ("of half a year", ("--from", "2025-01-01", "--to", "2025-06-30", "--time-zone", "Europe/Paris")),
            ("of a week", ("--period", "2025-W23")),
            ("of half a year, two Parties and their pair",
             ("--from", "2025-01-01", "--to", "2025-06-30", "--party", "AB", "--party", "AC", "--pair", "AB,AC")),
        )]  # fmt: skip
        started = time.perf_counter()
        store.statistics.measure(Period.named("2025"), None)
        rows.append(("a year with the medians of all pairs", f"{time.perf_counter() - started:.2f} s", ""))
        with_, without = _commits(store)
        both = f"{with_ * 1000:.2f} and {without * 1000:.2f} ms"
        rows.append(
            (
                "a request and its answer committed, CPU, with and without counting",
                both,
                "not measurable beside the 40 ms of a mail",
            )
        )
        store.close()
    return rows + ingestion()


def _stats(home: Path, *options: str) -> str:
    """The quickest of three, start of Python and all; and its CPU, which other programs on the machine change less."""
    taken: list[tuple[float, float]] = []
    for _ in range(3):
        started, before = time.perf_counter(), os.times()
        command = [sys.executable, "-m", "gateway.cli", "stats", "--home", str(home), "--json", *options]
        subprocess.run(command, check=True, capture_output=True)
        after = os.times()
        cpu = after.children_user + after.children_system - before.children_user - before.children_system
        taken.append((time.perf_counter() - started, cpu))
    wall, cpu = (min(times) for times in zip(*taken, strict=True))
    return f"{wall:.2f} s, CPU {cpu:.2f} s"


def _commits(store: Store) -> tuple[float, float]:
    """CPU seconds of a request's and its answer's commit, middle of many, by turns with and without counting."""
    draw, count = random.Random("commits"), tally.count
    times: dict[bool, list[float]] = {True: [], False: []}
    now = START + timedelta(days=DAYS + 1)
    for turn in range(_COMMITS):
        counting = turn % 2 == 0
        tally.count = count if counting else (lambda connection, events, at: None)
        asking, asked = map(PartyCode, draw.sample(PARTIES, 2))
        number, now = ExchangeNumber(2030, turn + 1), now + timedelta(minutes=7)
        opened = Event(EventKind.EXCHANGE_OPENED, number, person=1, actor=asking, count=20)
        sent = Event(EventKind.REFERRAL_SENT, number, asked, 1, asking, 20)
        received = Event(EventKind.ANSWER_RECEIVED, number, asked, 2, asked, 20)
        answered = Event(EventKind.ANSWERED, number, asked, 0, asked)
        started = time.process_time()
        store.ledger.commit(Commit(now, (opened, sent)), None)
        store.ledger.commit(Commit(now + timedelta(minutes=3), (received, answered)), None)
        times[counting].append(time.process_time() - started)
    tally.count = count
    with_, without = (sorted(times[counting])[len(times[counting]) // 2] for counting in (True, False))
    return with_, without


def ingestion(turns: int = _TURNS) -> list[tuple[str, str, str]]:
    """Requests of 20 UIMs from accept to commit, in blocks by turns with and without counting, all processes' CPU.

    Whether what counting costs can be seen: beside the middle of the differences of two blocks that follow one another
    stands the middle half of them, and the same of two blocks that are alike.
    """
    count, spent = tally.count, dict[bool, list[float]]({True: [], False: []})
    with people_with_keys(False) as people, focal_point(people, settings=unlimited) as point:
        for turn in range(turns * 2):
            mails = requests(point, _BLOCK, f"block {turn}")
            counting = turn % 4 in (0, 3)  # with, without, without, with: what becomes slower is the same for both
            tally.count = count if counting else (lambda connection, events, at: None)
            with metered(str(point.home)) as used:
                for raw in mails:
                    assert point.gateway.process_file(raw)["outcome"] == "taken"
            point.gateway.take_outbox()
            spent[counting].append(used.total / _BLOCK * 1000)
    tally.count = count
    costs = [one - other for one, other in zip(spent[True], spent[False], strict=True)]
    alike = [after - before for times in spent.values() for before, after in pairwise(times)]
    what = f"a request of 20 UIMs, CPU, {turns} blocks of {_BLOCK} each by turns"
    both = f"{median(spent[True]):.1f} and {median(spent[False]):.1f} ms"
    return [
        (f"{what}: with and without counting", both, "no difference that can be seen"),
        ("the same: what counting costs, and two blocks that are alike", f"{_half(costs)}; {_half(alike)}", ""),
    ]


def _half(values: list[float]) -> str:
    first, middle, last = quantiles(values, n=4)
    return f"{middle:+.2f} ms (half of them {first:+.2f} to {last:+.2f})"


# --- the ledger -------------------------------------------------------------------------------------


def fill(database: Path) -> None:
    """Writes exchanges, referrals and their events past the gateway, as a version before the figures left them."""
    _taken_back(database)
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA synchronous=OFF")
        since = f"{START:%Y-%m-%d %H:%M:%S.%f}"
        connection.executemany(
            "INSERT INTO party (code, name, mailbox, language, since) VALUES (?, ?, ?, 'en', ?)",
            ((code, code, f"desk@{code}.example", since) for code in PARTIES),
        )
        connection.executemany(
            "INSERT INTO person (party, address, name, role, language, since, revoked_reason) "
            "VALUES (?, ?, 'x', 'officer', 'en', ?, '')",
            ((PARTIES[n % 200], f"p{n}@people.example", since) for n in range(2000)),
        )
        rows: dict[str, list[tuple[object, ...]]] = {"exchange": [], "referral": [], "event": []}
        for row in _exchanges():
            for table, values in row:
                rows[table].append(values)
            if len(rows["exchange"]) == 50_000:
                _write(connection, rows)
        _write(connection, rows)
        connection.commit()


def _taken_back(database: Path) -> None:
    """The schema as it was before the figures; opening the store brings it forward again."""
    config = Config()
    config.set_main_option("script_location", str(Path(engine.__file__).parent / "alembic"))
    opened = engine.connect(f"sqlite:///{database}")
    with opened.begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "0005")
    opened.dispose()


def _write(connection: sqlite3.Connection, rows: dict[str, list[tuple[object, ...]]]) -> None:
    for table, columns in (
        ("exchange", "year, serial, asking, person, state, opened, last_activity, uims, version"),
        ("referral", "year, serial, party, state, asked_at, last_activity, reminders, uims, answered"),
        ("event", "at, kind, year, serial, party, person, actor, count, digest, chain"),
    ):
        marks = ", ".join("?" * (columns.count(",") + 1))
        connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows[table])
        rows[table].clear()


def _exchanges() -> Iterator[list[tuple[str, tuple[object, ...]]]]:
    """Any Party asks any other, one time in five two of them; nine in ten are answered, half of these read first."""
    draw = random.Random("ledger")
    step = timedelta(days=DAYS) / EXCHANGES
    for serial in range(1, EXCHANGES + 1):
        at = START + serial * step
        asking, *asked = draw.sample(PARTIES, 3 if serial % 5 == 0 else 2)
        uims, when = draw.randrange(1, 60), _written(at)
        of = (at.year, serial)
        row: list[tuple[str, tuple[object, ...]]] = [
            ("exchange", (*of, asking, 1, "closed", when, when, uims, 1)),
            ("event", (when, "exchange opened", *of, "", 1, asking, uims, _MARK, _MARK)),
        ]
        for party in asked:
            row.append(("referral", (*of, party, "answered", when, when, 0, uims, uims)))
            row.append(("event", (when, "referral sent", *of, party, 1, asking, uims, _MARK, _MARK)))
            row.append(("event", (when, "delivered", *of, party, 0, "", 0, _MARK, _MARK)))
            if draw.random() < 0.45:
                row.append(("event", (_written(at + step * 50), "read", *of, party, 0, "", 0, "", _MARK)))
            if draw.random() < 0.9:
                later = _written(at + timedelta(seconds=draw.expovariate(1 / 400_000)))
                row.append(("event", (later, "answer received", *of, party, 2, party, uims, _MARK, _MARK)))
                row.append(("event", (later, "answered", *of, party, 0, party, 0, "", _MARK)))
        yield row


def _written(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S.%f")
