"""`gsp serve`: listeners, mailboxes and the work at intervals, until the gateway is told to end."""

from __future__ import annotations

import os
import random
import signal
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gateway import digests, logs, memory
from gateway.crew import Crew
from gateway.facts import Envelope
from gateway.outcome import REASONS, Answer, Deferred, Taken
from gateway.schedule import FileLeader, Schedule
from gateway.service import Gateway
from gateway.transports import imap, lmtp, smtp, web
from gateway.transports.workers import Process, Workers


def serve(gateway: Gateway, verbose: bool = False) -> None:
    """Everything, until SIGTERM or SIGINT; what has begun is finished. `verbose`: how much the workers log.

    Raises ValueError where every door is shut: a gateway that nothing reaches must not look healthy.
    """
    settings = gateway.settings
    if not (settings.smtp.port or settings.lmtp.port or settings.http.port or settings.imap):
        raise ValueError("every door is shut: set [smtp] port, [lmtp] port or [[imap]] in gateway.toml")
    memory.keep_private()
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    # A terminal was closed, or somebody wants settings read anew: neither may end the gateway in the midst of a mail.
    signal.signal(signal.SIGHUP, lambda *_: logs.warn("settings are read at the start only: restart"))
    gateway.check_keys()
    schedule = Schedule((*gateway.jobs(), digests.job(gateway)), _leader(gateway), gateway.clock)

    crew = Crew(gateway.home.root, settings.worker_count, verbose)
    process = answering(gateway.border.vouched, crew.process, lambda: schedule.soon("deliver"))
    workers = Workers(process, settings.worker_count)
    listeners = _listeners(gateway, workers)
    mailboxes = [imap.Mailbox(box, process, _back_off, settings.smtp.max_size) for box in settings.imap]
    _release_the_dead(gateway)
    schedule.start()
    for door in (*listeners, *mailboxes):
        door.start()
    logs.note("serving", smtp=settings.smtp.port, lmtp=settings.lmtp.port, imap=len(mailboxes))
    ended.wait()
    for door in (*listeners, *mailboxes):
        door.stop()
    workers.close()
    schedule.stop()
    crew.stop()
    logs.note("ended")


def answering(vouched: Callable[[bytes, Envelope], Envelope], work: Process, taken: Callable[[], None]) -> Process:
    """What every door hands its mails to: the sender is looked at here, the mail by a worker; it raises nothing."""

    def process(raw: bytes, envelope: Envelope) -> Answer:
        try:
            answer = work(raw, vouched(raw, envelope))
        except Exception as error:  # one mail, by a defect, must not end the visit to a mailbox of others
            logs.fault(error, transport=envelope.transport)
            return Deferred(REASONS[304])
        if isinstance(answer, Taken):
            taken()
        return answer

    return process


def _release_the_dead(gateway: Gateway) -> None:
    """Claims of a gateway that was killed on this machine are free at once, not after their lease."""
    for worker in gateway.store.outbox.workers():
        machine, _, process = worker.rpartition("/")[0].rpartition("/")
        if machine == socket.gethostname() and not _serves(process):
            gateway.store.outbox.release(worker)


def _listeners(gateway: Gateway, workers: Workers) -> list[Any]:
    settings, doors = gateway.settings, list[Any]()
    if settings.smtp.port:
        login = gateway.border.login if settings.smtp.login else None
        doors.append(smtp.listener(settings.smtp, settings.domain, workers, gateway.accepts, login=login))
    if settings.lmtp.port:
        doors.append(lmtp.listener(settings.lmtp, settings.domain, settings.smtp.max_size, workers, gateway.accepts))
    if settings.http.port:
        doors.append(web.Web(settings.http, gateway.publication.files()))
    return doors


def _leader(gateway: Gateway) -> Callable[[], bool]:
    if gateway.store.is_sqlite:
        return FileLeader(gateway.home.leader)
    held: list[Callable[[], None]] = []

    def leads() -> bool:
        if not held and (give_back := gateway.store.try_lead()):
            held.append(give_back)
        return bool(held)

    return leads


def _serves(process: str) -> bool:
    """Whether another gateway runs under this process number, which may have been given to some program since."""
    try:
        return int(process) != os.getpid() and b"\0serve\0" in Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return False


def _back_off(attempt: int) -> float:
    """Seconds before an IMAP server is tried again: 1, 2, 4 … 300, with jitter."""
    return min(300.0, 2.0**attempt) * (0.75 + random.SystemRandom().random() / 2)
