"""SIGKILL at random moments while mails pass: nothing lost, nothing doubled, nothing in clear."""

from __future__ import annotations

import random
import shutil
import smtplib
import tempfile
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.correspondence import Correspondent
from gateway.outcome import Taken
from tests.support.focalpoint import DOMAIN, FR_UIM, SE_UIM, focal_point, request
from tests.support.ports import free_port
from tests.support.server import Server
from tests.support.sink import Sink, sink

MAILS = 200
MARKER = "KZQXMARKER"


def send_until_taken(port: int, sender: str, raw: bytes, deadline: float) -> None:
    """As a mail server does: tries again until it hears 250."""
    while time.monotonic() < deadline:
        try:
            with smtplib.SMTP("127.0.0.1", port, timeout=30) as client:
                client.sendmail(sender, [f"gsp@{DOMAIN}"], raw)
                return
        except (OSError, smtplib.SMTPException):
            time.sleep(0.05)
    raise AssertionError("a mail was not taken in time")


def search(folder: Path, words: list[bytes]) -> list[str]:
    """Files below a folder that hold one of the words."""
    found = []
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            octets = path.read_bytes()
            found += [f"{path.name}: {word.decode()}" for word in words if word in octets]
    return found


@pytest.mark.slow
@pytest.mark.timeout(1500)
def test_nothing_is_lost_doubled_or_in_clear_when_the_gateway_is_killed(people: dict[str, Correspondent]) -> None:
    seed = random.randrange(1 << 30)
    chance = random.Random(seed)
    folder = Path(tempfile.mkdtemp(prefix="gk", dir="/tmp"))
    temporary = folder / "t"
    temporary.mkdir()
    try:
        with focal_point(people) as point, sink() as received:
            mails = [
                point.mail("officer", request(f"QCALL{MARKER[:4]}{n:05d}b7Kd"[:18], FR_UIM, case=f"{MARKER}-{n}"))
                for n in range(MAILS)
            ]
            point.gateway.close()
            server = Server(point.home, free_port(), free_port(), received.port, temporary)
            server.start()
            kills = run(server, mails, people["officer"].address, chance)
            wait_until_quiet(received, MAILS * 3)
            assert server.stop() == 0
            # What a killed worker had claimed, or what was put off, goes out when its time has come.
            point.now = datetime.now(UTC) + timedelta(minutes=15)
            point.start()
            # A mail that was cut off more than three times is held for a person, who has it worked on again.
            for item in point.gateway.store.items.open():
                assert isinstance(point.gateway.items.again(item["id"]), Taken)
            point.deliver_to(received.port)
            check(received, people, kills, seed)
            assert search(point.home, [MARKER.encode(), SE_UIM.encode(), FR_UIM.encode()]) == []
            assert search(folder, [MARKER.encode(), FR_UIM.encode()]) == []
            assert len(point.gateway.exchange_rows()) == MAILS
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run(server: Server, mails: list[bytes], sender: str, chance: random.Random) -> int:
    """Sends every mail from four clients while the server is killed and started; gives how often."""
    deadline = time.monotonic() + 1200
    waiting = list(enumerate(mails))
    lock = threading.Lock()

    def client() -> None:
        while True:
            with lock:
                if not waiting:
                    return
                _, raw = waiting.pop()
            send_until_taken(server.smtp_port, sender, raw, deadline)

    clients = [threading.Thread(target=client) for _ in range(4)]
    for thread in clients:
        thread.start()
    kills = 0
    while any(thread.is_alive() for thread in clients) and kills < 12:
        time.sleep(chance.uniform(0.2, 1.5))
        server.kill()
        kills += 1
        server.start()
    for thread in clients:
        thread.join()
    return kills


def wait_until_quiet(received: Sink, wanted: int) -> None:
    """Until everything has been delivered, or nothing has come for a while."""
    last, since = -1, time.monotonic()
    while time.monotonic() - since < 20:
        distinct = len({octets for _, octets in received.mails})
        if distinct != last:
            last, since = distinct, time.monotonic()
        if distinct >= wanted and time.monotonic() - since > 2:
            return
        time.sleep(0.2)


def check(received: Sink, people: dict[str, Correspondent], kills: int, seed: int) -> None:
    """One receipt and one referral a Party for every request, by Message-ID; twins only where a kill explains them."""
    by_address = {person.address: person for person in people.values()}
    counted: Counter[tuple[str, str]] = Counter()
    seen: dict[str, bytes] = {}
    twins = 0
    for address, octets in received.mails:
        mail = by_address[address].read(octets)
        if mail.message_id in seen:
            twins += 1
            continue
        seen[mail.message_id] = octets
        case = next(word for word in mail.text.split() if word.startswith(MARKER + "-"))
        counted[case, address] += 1
    readers = [people[name].address for name in ("officer", "desk.se", "desk.fr")]
    wrong = [
        (n, address, counted[f"{MARKER}-{n}", address])
        for n in range(MAILS)
        for address in readers
        if counted[f"{MARKER}-{n}", address] != 1
    ]
    assert wrong == [], f"seed {seed}"
    assert kills >= 3, f"seed {seed}: the mails were through before the killing began"
    assert twins <= kills * 10, f"seed {seed}: {twins} mails were delivered twice in {kills} kills"
