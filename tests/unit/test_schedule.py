"""Jobs run once, by the leader, again when asked, and in spite of faults."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from gateway.schedule import FileLeader, Job, Schedule
from tests.support.ports import until


def clock() -> datetime:
    return datetime.now(UTC)


@contextmanager
def running(*jobs: Job, leads: bool = True) -> Iterator[Schedule]:
    schedule = Schedule(jobs, lambda: leads, clock)
    schedule.start()
    try:
        yield schedule
    finally:
        schedule.stop()


def test_job_runs_at_the_start_and_at_its_interval() -> None:
    ran: list[int] = []
    with running(Job("deliver", lambda: ran.append(1), every=0.05)):
        until(lambda: len(ran) >= 3, "it did not run again")


def test_only_the_leader_runs_the_leaders_jobs() -> None:
    leaders: list[int] = []
    everybodys: list[int] = []
    jobs = (
        Job("remind", lambda: leaders.append(1), every=0.05),
        Job("deliver", lambda: everybodys.append(1), every=0.05, by_leader=False),
    )
    with running(*jobs, leads=False):
        until(lambda: len(everybodys) >= 3, "it did not run")
    assert leaders == []


def test_job_asked_for_runs_before_its_time() -> None:
    ran = threading.Event()
    with running(Job("deliver", ran.set, every=3600, at_start=False)) as schedule:
        assert not ran.is_set()
        schedule.soon("deliver")
        assert ran.wait(60)


def test_job_asked_for_while_it_runs_runs_once_more_and_never_beside_itself() -> None:
    begun, go, ran = threading.Event(), threading.Event(), []

    def slow() -> None:
        ran.append(1)
        begun.set()
        assert go.wait(60)

    with running(Job("deliver", slow, every=3600)) as schedule:
        assert begun.wait(60)
        schedule.soon("deliver")
        schedule.soon("deliver")
        assert len(ran) == 1
        go.set()
        until(lambda: len(ran) == 2, "the second run is missing")
    assert len(ran) == 2


def test_fault_does_not_end_a_job() -> None:
    ran: list[int] = []

    def fails() -> None:
        ran.append(1)
        raise ValueError("UIM 0105 SECRET")

    with running(Job("deliver", fails, every=0.05)):
        until(lambda: len(ran) >= 3, "it did not run again")


def test_stopping_waits_for_the_job_that_runs() -> None:
    begun, done = threading.Event(), threading.Event()

    def slow() -> None:
        begun.set()
        threading.Event().wait(0.2)
        done.set()

    with running(Job("deliver", slow, every=3600)):
        assert begun.wait(60)
    assert done.is_set()


def test_crontab_lines_are_accepted() -> None:
    with running(Job("digest", lambda: None, cron="0 6 * * 1", at_start=False)):
        pass


def test_one_of_two_leads_and_the_other_takes_over(tmp_path: Path) -> None:
    one, two = FileLeader(tmp_path / "leader.lock"), FileLeader(tmp_path / "leader.lock")
    assert (one(), two(), one(), two()) == (True, False, True, False)
    one.close()
    assert (two(), one()) == (True, False)
    two.close()
