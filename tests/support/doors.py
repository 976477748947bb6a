"""Our SMTP and LMTP listeners on free ports, with a stand-in for the pipeline that records what it gets."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from gateway.facts import Envelope
from gateway.outcome import REASONS, Answer, Deferred, Held, Refused, Taken
from gateway.settings import Lmtp, Smtp
from gateway.transports import lmtp, smtp
from gateway.transports.workers import Workers
from tests.support.ports import PATIENCE, free_port

DOMAIN = "gsp.example.org"


@dataclass
class Recorder:
    """A `process` that remembers its calls and answers as told; `hold` makes it wait for `release`."""

    answer: Answer | Exception = field(default_factory=Taken)
    mails: list[tuple[bytes, Envelope]] = field(default_factory=list)
    hold: bool = False
    release: threading.Event = field(default_factory=threading.Event)

    def __call__(self, raw: bytes, envelope: Envelope) -> Answer:
        self.mails.append((raw, envelope))
        if self.hold:
            assert self.release.wait(PATIENCE)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def answer_named(text: str) -> Answer | Exception:
    """`taken`, `refused 101`, `deferred 303`, `held 401`, or `fault`."""
    kind, _, number = text.partition(" ")
    if kind == "taken":
        return Taken()
    if kind == "fault":
        return ValueError("UIM 0105 SECRET")
    return {"refused": Refused, "deferred": Deferred, "held": Held}[kind](REASONS[int(number)])


def accepts(address: str) -> bool:
    """Takes gsp@, reply+...@ and bounce+...@ in our domain; the database is away for `broken@`."""
    local, _, domain = address.rpartition("@")
    if local == "broken":
        raise OSError("database away")
    return domain == DOMAIN and (local in {"gsp", "gsp2"} or local.startswith(("reply+", "bounce+")))


@contextmanager
def open_smtp(
    process: Recorder,
    workers: int = 2,
    time_limit: float = 30.0,
    tls: str = "offer",
    certificate: tuple[Path, Path] | None = None,
    max_size: int = 1 << 20,
    login: Callable[[str, str], str] | None = None,
) -> Iterator[int]:
    """The port of an SMTP listener."""
    settings = Smtp.model_construct(  # unchecked: a test's size limit is below what makes sense
        port=free_port(),
        tls=tls,
        max_size=max_size,
        tls_certificate=certificate[0] if certificate else None,
        tls_key=certificate[1] if certificate else None,
    )
    pool = Workers(process, workers)
    listener = smtp.listener(settings, DOMAIN, pool, accepts, time_limit, login)
    listener.start()
    try:
        yield settings.port
    finally:
        process.release.set()
        listener.stop()
        pool.close()


@contextmanager
def open_lmtp(process: Recorder, workers: int = 2, max_size: int = 1 << 20) -> Iterator[int]:
    """The port of an LMTP listener."""
    settings = Lmtp(port=free_port())
    pool = Workers(process, workers)
    listener = lmtp.listener(settings, DOMAIN, max_size, pool, accepts, 30.0)
    listener.start()
    try:
        yield settings.port
    finally:
        process.release.set()
        listener.stop()
        pool.close()
