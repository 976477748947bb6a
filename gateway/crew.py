"""The worker processes of `gsp serve`: mails are opened and answered there, one at a time in each.

The process that speaks to the network hands a mail over and waits; a worker that dies costs that mail a
"try again later" and is replaced. Between the two goes JSON and the mail's octets, nothing that runs on arrival.
"""

from __future__ import annotations

import json
import signal
import socket
import struct
import subprocess
import sys
from contextlib import suppress
from dataclasses import asdict
from multiprocessing.connection import Connection
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from gateway import logs
from gateway.facts import Envelope, exchange_number, referral_number
from gateway.outcome import REASONS, Answer, Deferred, Held, Refused, Taken

_ENDING_SECONDS = 60  # longer than a mail takes; who has not ended then is ended
_LONGEST_SECONDS = 600  # for one mail: a worker that has not answered by then hangs, and every worker could in turn


class Crew:
    """`size` worker processes on one home; `process` may be called from any number of threads.

    Raises ValueError where they cannot be started: a gateway that puts every mail off must not look healthy.
    """

    def __init__(self, home: Path, size: int, verbose: bool = False) -> None:
        self._free: SimpleQueue[_Worker] = SimpleQueue()
        self._all = [_Worker(home, number, verbose) for number in range(size)]
        try:
            for worker in self._all:
                worker.greet()
                self._free.put(worker)
        except (EOFError, OSError):
            self.stop()
            raise ValueError("the worker processes cannot be started: the log says why") from None

    def process(self, raw: bytes, envelope: Envelope) -> Answer:
        """The answer of the first worker that is free."""
        worker = self._free.get()
        try:
            return worker.ask(raw, envelope)
        finally:
            self._free.put(worker)

    def stop(self) -> None:
        """Ends the workers; nobody asks them any more."""
        for worker in self._all:
            worker.leave()
        for worker in self._all:
            worker.end()


class _Worker:
    def __init__(self, home: Path, number: int, verbose: bool) -> None:
        self._arguments = [str(home), str(number), "verbose" if verbose else "quiet"]
        self._start()

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-m", "gateway.worker", *self._arguments, str(theirs.fileno())]
            # `gsp serve` hears of these too, and closes the line when it is time: a worker inherits the mask.
            before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM, signal.SIGINT, signal.SIGHUP))
            try:
                self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, pass_fds=[theirs.fileno()])
            finally:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)
        for side in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):  # reading or writing then ends with an OSError
            ours.setsockopt(socket.SOL_SOCKET, side, struct.pack("ll", _LONGEST_SECONDS, 0))
        self._line: Connection[Any, Any] = Connection(ours.detach())
        self._greeted = False

    def greet(self) -> None:
        """Waits until the worker has opened the home; raises EOFError where it could not."""
        if not self._greeted:
            self._line.recv_bytes()
            self._greeted = True

    def ask(self, raw: bytes, envelope: Envelope) -> Answer:
        try:
            self.greet()
            self._line.send_bytes(json.dumps(asdict(envelope)).encode())
            self._line.send_bytes(raw)
            return answer_of(self._line.recv_bytes())
        except (EOFError, OSError) as error:
            self.leave()
            if isinstance(error, BlockingIOError):  # the limit: it hangs, and hears of nothing
                self._process.kill()
            self.end()
            # What it had begun is counted in the ledger: a mail that kills each worker is held for a person.
            logs.warn("a worker process ended", status=self._process.returncode, transport=envelope.transport)
            self._start()
            return Deferred(REASONS[304])

    def leave(self) -> None:
        """The worker hears that there is no more to do."""
        with suppress(OSError):
            self._line.close()

    def end(self) -> None:
        """Waits until it has ended."""
        try:
            self._process.wait(_ENDING_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def envelope_of(octets: bytes) -> Envelope:
    """The envelope that came over the line."""
    facts = json.loads(octets)
    return Envelope(**{**facts, "rcpt_tos": tuple(facts["rcpt_tos"])})


def octets_of(answer: Answer) -> bytes:
    """An answer as it goes over the line."""
    match answer:
        case Taken(form, exchange, referrals, repeated):
            facts = {
                "form": form,
                "exchange": str(exchange or ""),
                "referrals": [str(number) for number in referrals],
                "repeated": repeated,
            }
        case Refused(reason) | Deferred(reason) | Held(reason):
            facts = {"number": reason.number}
    return json.dumps({"kind": type(answer).__name__, **facts}).encode()


def answer_of(octets: bytes) -> Answer:
    """The same read back."""
    facts = json.loads(octets)
    match facts["kind"]:
        case "Taken":
            exchange = exchange_number(facts["exchange"]) if facts["exchange"] else None
            referrals = tuple(referral_number(number) for number in facts["referrals"])
            return Taken(facts["form"], exchange, referrals, facts["repeated"])
        case "Refused":
            return Refused(REASONS[facts["number"]])
        case "Held":
            return Held(REASONS[facts["number"]])
        case _:
            return Deferred(REASONS[facts["number"]])
