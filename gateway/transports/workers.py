"""The bounded pool of threads in which mails are worked on; a full pool says so at once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

from gateway import logs
from gateway.facts import Envelope
from gateway.outcome import REASONS, Answer, Deferred

Process = Callable[[bytes, Envelope], Answer]

# Mails that may wait for one thread: enough for a border server's usual twenty parallel deliveries,
# few enough that the last one is answered within seconds.
WAITING_PER_WORKER = 10


class Workers:
    """Runs `process` in at most `size` threads; `process` gives an answer and does not raise.

    A mail whose other server has gone away is still worked on to its end once begun; the same mail
    arriving again gets the same answer from the ledger.
    """

    def __init__(self, process: Process, size: int) -> None:
        self._process = process
        self._pool = ThreadPoolExecutor(max_workers=size, thread_name_prefix="mail")
        self._free = threading.Semaphore(size * (1 + WAITING_PER_WORKER))

    def submit(self, raw: bytes, envelope: Envelope) -> Future[Answer] | None:
        """The answer to come, or None where all threads are busy and enough mails wait already."""
        if not self._free.acquire(blocking=False):
            return None
        try:
            future = self._pool.submit(self._run, raw, envelope)
        except RuntimeError:  # closed: the gateway is going down
            self._free.release()
            return None
        future.add_done_callback(lambda _: self._free.release())
        return future

    def close(self) -> None:
        """Waits until what has begun is finished."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _run(self, raw: bytes, envelope: Envelope) -> Answer:
        try:
            return self._process(raw, envelope)
        except Exception as error:  # the other server must hear 451, whatever happened
            logs.fault(error, transport=envelope.transport)
            return Deferred(REASONS[304])
