"""Several threads, and several gateways, on one database."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from gateway.events import EventKind
from gateway.facts import ExchangeNumber
from gateway.outcome import Defer, LostRace
from gateway.store import Store
from gateway.store.engine import connect
from tests.store.made import NOW, NUMBER, SE, arriving, of, opening, outgoing, rows, token_digest_of, write
from tests.support.postgres import Postgres


def together(count: int, work: Callable[[int], object]) -> list[object]:
    """Runs work in so many threads that start at the same instant; gives what each returned or raised."""
    gate = threading.Barrier(count)

    def one(number: int) -> object:
        gate.wait()
        try:
            return work(number)
        except (LostRace, Defer) as failure:
            return type(failure)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def test_two_claimers_never_get_the_same_mail(opened: Callable[[], Store]) -> None:
    stores = [opened(), opened()]
    write(stores[0], *opening(), outgoing=tuple(outgoing(f"m{n}") for n in range(60)))
    got: list[int] = []

    def claim(number: int) -> None:
        while mails := stores[number % 2].outbox.claim(3, f"w{number}", NOW, timedelta(minutes=10)):
            got.extend(mail.id for mail in mails)

    together(4, claim)
    assert sorted(got) == sorted(set(got))
    assert len(got) == 60


def test_what_two_gateways_count_at_the_same_instant_is_all_in_the_sums(opened: Callable[[], Store], url: str) -> None:
    stores = [opened(), opened()]
    numbers = [ExchangeNumber(2026, serial) for serial in range(1, 13)]
    assert (
        together(4, lambda n: [write(stores[n % 2], *opening(number)) for number in numbers[n::4]]) == [[None] * 3] * 4
    )
    assert rows(url, "SELECT DISTINCT requests FROM tally") == [(12,)]
    found = rows(url, "SELECT span, asking, asked FROM tally ORDER BY 1, 2, 3")
    assert found == [(0, "KE", "SE"), (1, "", "SE"), (1, "KE", ""), (2, "KE", "SE")]


def test_of_decisions_on_one_version_exactly_one_is_written(opened: Callable[[], Store], url: str) -> None:
    stores = [opened(), opened()]
    write(stores[0], *opening())
    seen = stores[0].view.exchange(NUMBER)
    assert seen is not None
    based_on = ((NUMBER, seen.version),)
    results = together(
        4, lambda n: write(stores[n % 2], of(EventKind.MESSAGE_RECEIVED, SE, actor=SE), based_on=based_on)
    )
    assert sorted(map(str, results)) == sorted(map(str, [None, LostRace, LostRace, LostRace]))
    assert rows(url, "SELECT count(*) FROM event WHERE kind = 'message received'") == [(1,)]


def test_threads_that_commit_never_find_the_database_locked(opened: Callable[[], Store], url: str) -> None:
    store = opened()

    def commits(worker: int) -> None:
        for turn in range(25):
            number = ExchangeNumber(2026, 1000 * worker + turn + 1)
            write(store, *opening(number), outgoing=(outgoing(f"{number}", number),))
            store.view.exchange(number)

    assert together(4, commits) == [None] * 4
    assert rows(url, "SELECT count(*), count(DISTINCT chain) FROM event") == [(200, 200)]


def test_numbers_drawn_at_once_are_all_different(opened: Callable[[], Store]) -> None:
    stores = [opened(), opened()]
    drawn = together(4, lambda n: [stores[n % 2].ledger.draw(NOW) for _ in range(20)])
    numbers = [number for part in drawn if isinstance(part, list) for number in part]
    assert len(set(numbers)) == len(numbers) == 80


def test_the_same_mail_at_once_is_counted_or_a_lost_race(opened: Callable[[], Store], url: str) -> None:
    stores = [opened(), opened()]
    together(4, lambda n: stores[n % 2].ledger.begin(arriving(), NOW))
    assert rows(url, "SELECT count(*) FROM arrival") == [(1,)]


def test_reading_does_not_wait_for_a_writer(store: Store, url: str) -> None:
    write(store, *opening())
    engine = connect(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE exchange SET version = version + 1")
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(store.view.exchange, NUMBER).result(timeout=60) is not None
    engine.dispose()


@pytest.mark.parametrize("rounds", [30])
def test_commits_on_the_same_exchanges_in_any_order_end_or_lose_the_race(
    opened: Callable[[], Store], rounds: int
) -> None:
    stores = [opened(), opened()]
    numbers = [ExchangeNumber(2026, serial) for serial in (1, 2)]
    for number in numbers:
        write(stores[0], *opening(number))

    def both(worker: int) -> set[object]:
        order = numbers if worker % 2 else numbers[::-1]
        ends: set[object] = set()
        for _ in range(rounds):
            try:
                write(stores[worker % 2], *(of(EventKind.MESSAGE_RECEIVED, SE, number=n, actor=SE) for n in order))
            except LostRace:
                ends.add(LostRace)
        return ends

    assert all(end <= {LostRace} for end in together(4, both))  # type: ignore[operator]


def test_leadership_given_back_can_be_taken_by_another_gateway(postgres: Postgres) -> None:
    url = postgres.url()
    one, other = Store(url, token_digest_of), Store(url, token_digest_of)
    try:
        give_back = one.try_lead()
        assert give_back is not None
        assert other.try_lead() is None
        give_back()
        assert other.try_lead() is not None
        assert one.try_lead() is None
    finally:
        one.close()
        other.close()
