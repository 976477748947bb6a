"""Two gateways, as two processes with the same identity, on one PostgreSQL: mails, outbox and clock are shared."""

from __future__ import annotations

import email
import shutil
import smtplib
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway import service
from gateway.correspondence import Correspondent
from tests.support.focalpoint import DOMAIN, SE_UIM, FocalPoint, focal_point, request
from tests.support.ports import free_port, until
from tests.support.postgres import Postgres, rows
from tests.support.server import Server
from tests.support.sink import Sink, sink

MAILS = 60
BOTH = 12  # of them go to both gateways at the same instant
GATEWAY = f"gsp@{DOMAIN}"


@dataclass
class Pair:
    """One focal point in two homes, on one database."""

    point: FocalPoint
    other: Path
    url: str
    servers: tuple[Server, Server]
    received: Sink


@contextmanager
def started(pair: Pair) -> Iterator[None]:
    """Both gateways, started at the same instant and ended as an operator ends them."""
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda server: server.start(), pair.servers))
    try:
        yield
    finally:
        ended = [server.stop() for server in pair.servers]
    assert ended == [0, 0]


@pytest.fixture(scope="module")
def pair(people: dict[str, Correspondent]) -> Iterator[Pair]:
    """A home, and its copy as on a second machine."""
    folder = Path(tempfile.mkdtemp(prefix="g2", dir="/tmp"))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        database = Postgres()
        stack.callback(database.stop)
        url = database.url()

        def on_postgresql(home: Path) -> None:
            settings = home / "gateway.toml"
            written = settings.read_text()
            assert '# url = ""' in written
            settings.write_text(written.replace('# url = ""', f'url = "{url}"'))

        point = stack.enter_context(focal_point(people, settings=on_postgresql))
        received = stack.enter_context(sink())
        other = folder / "h"
        shutil.copytree(point.home, other, ignore=shutil.ignore_patterns("S.*"))
        servers = []
        for number, home in enumerate((point.home, other)):
            temporary = folder / str(number) / "t"
            temporary.mkdir(parents=True)
            servers.append(Server(home, free_port(), free_port(), received.port, temporary))
        yield Pair(point, other, url, (servers[0], servers[1]), received)


def send(port: int, sender: str, raw: bytes, deadline: float) -> list[int]:
    """As a mail server does: again until it hears 250. Gives the codes it heard."""
    codes = []
    while time.monotonic() < deadline:
        try:
            with smtplib.SMTP("127.0.0.1", port, timeout=60) as client:
                client.sendmail(sender, [GATEWAY], raw)
                return [*codes, 250]
        except smtplib.SMTPResponseException as answer:
            codes.append(answer.smtp_code)
            if answer.smtp_code >= 500:
                return codes
        except (OSError, smtplib.SMTPException):
            pass
        time.sleep(0.05)
    raise AssertionError(f"a mail was not taken in time: {codes}")


def feed(pair: Pair, mails: list[bytes]) -> list[list[int]]:
    """Every mail to one of the two or to both; one is killed in the midst and started again. Gives the codes heard."""
    sender, deadline = pair.point.people["officer"].address, time.monotonic() + 450
    ports = [server.smtp_port for server in pair.servers]
    begun = threading.Semaphore(0)

    def one(number: int) -> list[list[int]]:
        begun.release()
        if number % (MAILS // BOTH):
            return [send(ports[number % 2], sender, mails[number], deadline)]
        with ThreadPoolExecutor(2) as twins:
            return list(twins.map(lambda port: send(port, sender, mails[number], deadline), ports))

    with ThreadPoolExecutor(6) as pool:
        codes = [pool.submit(one, number) for number in range(MAILS)]
        for _ in range(MAILS // 3):
            begun.acquire()
        pair.servers[0].kill()
        pair.servers[0].start()
        return [heard for future in codes for heard in future.result()]


def test_sixty_mails_to_two_gateways_lead_to_one_receipt_and_one_referral_each(pair: Pair) -> None:
    cases = [f"CASE-{number:02d}-END" for number in range(MAILS)]
    mails = [pair.point.mail("officer", request(f"QCALL7hT2kQ9m{n:03d}Kd", case=c)) for n, c in enumerate(cases)]
    opened = "SELECT count(*) FROM event WHERE kind = 'exchange opened'"
    ((before,),) = rows(pair.url, opened)
    with started(pair):
        codes = feed(pair, mails)
        # What the killed one had claimed goes out when it comes back: its claims are known by its process.
        until(lambda: pair.point.gateway.store.outbox.pending() == 0, "mail waits")
    assert [heard for heard in codes if heard[-1] != 250] == []
    assert rows(pair.url, opened) == [(before + MAILS,)]  # type: ignore[operator]
    assert rows(pair.url, "SELECT count(*) - count(DISTINCT chain) FROM event") == [(0,)]
    counted: Counter[tuple[str, str]] = Counter()
    seen: Counter[str] = Counter()
    people = {person.address: person for person in pair.point.people.values()}
    for address, octets in pair.received.mails:
        mail = people[address].read(octets)
        for case in [case for case in cases if case in mail.text]:
            seen[mail.message_id] += 1
            counted[case, address] += seen[mail.message_id] == 1
    readers = [pair.point.people[name].address for name in ("officer", "desk.se")]
    assert counted == {(case, address): 1 for case in cases for address in readers}
    # The kill may fall between the sink's 250 and the note of it: that one mail comes twice, as the same mail.
    assert sum(seen.values()) - len(seen) <= 1


def test_a_desk_is_reminded_once_however_many_gateways_look_at_the_clock(pair: Pair) -> None:
    sent = [pair.point.send("officer", request(SE_UIM, case=f"SILENT-{number}"))["exchange"] for number in range(10)]
    serials = ", ".join(str(int(str(number)[-6:])) for number in sent)
    rows(pair.url, f"UPDATE referral SET last_activity = last_activity - interval '8 days' WHERE serial IN ({serials})")
    reminded = f"SELECT serial, count(*) FROM event WHERE kind = 'reminded' AND serial IN ({serials}) GROUP BY serial"
    third = service.Gateway.open(pair.other)
    before = len(pair.received.mails)
    try:
        # The two servers agree who leads. Others that do not know of leadership at all must do no harm either.
        with ThreadPoolExecutor(2) as pool, started(pair):
            for ticked in [pool.submit(gateway.tick) for gateway in (pair.point.gateway, third)]:
                ticked.result()
            until(lambda: len(rows(pair.url, reminded)) == len(sent), "not everybody is reminded")
            pair.point.deliver_to(pair.received.port)
            until(lambda: pair.point.gateway.store.outbox.pending() == 0, "mail waits")
    finally:
        third.close()
    assert [count for _, count in rows(pair.url, reminded)] == [1] * len(sent)
    desk = pair.point.people["desk.se"]
    mails = [desk.read(octets) for address, octets in pair.received.mails[before:] if address == desk.address]
    reminders = [mail for mail in mails if mail.subject.startswith("Waiting for an answer")]
    assert len(reminders) == len({mail.message_id for mail in reminders}) == len(sent)


def test_the_same_mail_at_once_from_two_sides_is_taken_from_both(pair: Pair) -> None:
    other = service.Gateway.open(pair.other)
    try:
        for number in range(8):
            raw = pair.point.mail("officer", request(SE_UIM, case=f"TWICE-{number}"))
            with ThreadPoolExecutor(2) as pool:
                found = list(pool.map(lambda gateway, raw=raw: gateway.process_file(raw), (pair.point.gateway, other)))
            assert [answer["outcome"] for answer in found] == ["taken", "taken"]
            assert found[0]["exchange"] == found[1]["exchange"]
    finally:
        other.close()


def test_a_gateway_slowed_by_the_next_server_sends_nothing_that_another_took_over(point: FocalPoint) -> None:
    point.now = datetime.now(UTC)  # people sign by the real clock
    for number in range(4):
        point.send("officer", request(SE_UIM, case=f"SLOW-{number}"))
    everything = {mail.message_id for mail in point.gateway.store.outbox.listed()}
    taken_over: list[str] = []
    with sink() as slow:

        class Slow(list[tuple[str, bytes]]):
            """Every mail takes four minutes, and each time another gateway looks for work."""

            def extend(self, mails: Iterable[tuple[str, bytes]]) -> None:
                assert point.now
                point.now += timedelta(minutes=4)
                other = point.gateway.store.outbox.claim(1, "other", point.now, timedelta(hours=9))
                taken_over.extend(mail.message_id for mail in other)
                super().extend(mails)

        slow.mails = Slow()
        point.deliver_to(slow.port)
        sent = [str(email.message_from_bytes(octets)["Message-ID"]) for _, octets in slow.mails]
    assert taken_over
    assert sent
    assert sorted([*sent, *taken_over]) == sorted(everything)
