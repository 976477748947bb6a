"""What runs when: jobs by interval or crontab line, in one of several instances only where that matters.

Nothing is stored: jobs are in code, what they do is idempotent, and what is due is read from the ledger.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import IO

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.combining import OrTrigger
from apscheduler.triggers.interval import IntervalTrigger

from gateway import crontab, logs
from gateway.outcome import Failure

_GRACE_SECONDS = 600  # a tick that comes late (suspended machine, busy threads) still runs, once


@dataclass(frozen=True, slots=True)
class Job:
    """Something to do `every` so many seconds, or (`cron`) at the times of a crontab line in the time `zone`, or both.

    `by_leader`: in one instance only. A job is never run twice at the same time by one instance.
    """

    name: str
    run: Callable[[], None]
    every: float = 0.0
    cron: str = ""
    zone: tzinfo = UTC
    by_leader: bool = True
    at_start: bool = True


def apart(step: Callable[[], object]) -> bool:
    """Does one of many things, which must not keep the others from being done; whether it ended well.

    What a defect stops is logged, and tried again when its time comes. Raises `Failure`: the database is away, or our
    keys, and it is so for all.
    """
    try:
        step()
    except Failure:
        raise
    except Exception as error:  # as in `pipeline`: its text is not looked at
        logs.fault(error)
        return False
    return True


class Schedule:
    """Runs jobs in threads. `is_leader` says whether this instance may do the leader's work now."""

    def __init__(
        self, jobs: Sequence[Job], is_leader: Callable[[], bool], clock: Callable[[], datetime], threads: int = 4
    ) -> None:
        self._is_leader = is_leader
        self._clock = clock
        self._bells = {job.name: _Bell() for job in jobs}
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(threads)},
            job_defaults={"coalesce": True, "max_instances": 2, "misfire_grace_time": _GRACE_SECONDS},
        )
        for job in jobs:
            self._add(job)

    def start(self) -> None:
        """Begins; jobs with `at_start` run at once."""
        self._scheduler.start()

    def stop(self) -> None:
        """Returns when the jobs that run now have ended."""
        self._scheduler.shutdown(wait=True)

    def soon(self, name: str) -> None:
        """Runs a job now instead of at its next time; once more if it is running already."""
        if self._bells[name].rings_while_running():
            return
        try:
            self._scheduler.modify_job(name, next_run_time=self._clock())
        except JobLookupError:
            return  # stopped

    def _add(self, job: Job) -> None:
        triggers = [IntervalTrigger(seconds=job.every)] if job.every else []
        triggers += [crontab.trigger(job.cron, job.zone)] if job.cron else []
        trigger = triggers[0] if len(triggers) == 1 else OrTrigger(triggers)
        first = {"next_run_time": self._clock()} if job.at_start else {}
        self._scheduler.add_job(lambda: self._tick(job), trigger, id=job.name, name=job.name, **first)

    def _tick(self, job: Job) -> None:
        bell = self._bells[job.name]
        if not bell.begins():
            return
        try:
            if not job.by_leader or self._is_leader():
                job.run()
                while bell.rang():
                    job.run()
        except Exception as error:  # the next tick tries again
            logs.fault(error, job=job.name)
        finally:
            bell.ends()


class _Bell:
    """Whether a job runs now, and whether it was asked for once more meanwhile."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running = self._again = False

    def begins(self) -> bool:
        """Marks the job as running; False if it is already."""
        with self._lock:
            if self._running:
                return False
            self._running, self._again = True, False
            return True

    def rings_while_running(self) -> bool:
        """Asks for once more; False if the job is not running, so that it must be started."""
        with self._lock:
            self._again = self._running
            return self._running

    def rang(self) -> bool:
        """Whether it was asked for once more; then it is running on, else it has ended."""
        with self._lock:
            again, self._again = self._again, False
            self._running = again
            return again

    def ends(self) -> None:
        """Marks the job as not running."""
        with self._lock:
            self._running = False


class FileLeader:
    """Leadership by a lock on a file, for instances on one machine (SQLite).

    Called, it says whether this instance leads; who leads stays so until `close` or the end of the process.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None
        self._lock = threading.Lock()

    def __call__(self) -> bool:
        with self._lock:
            if self._file is not None:
                return True
            file = os.fdopen(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+b")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.close()
                return False
            self._file = file
            return True

    def close(self) -> None:
        """Gives leadership up."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None
