"""One connection to an IMAP folder: takes every mail that is due, moves it, and waits for the next."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from imapclient import DELETED, IMAPClient

from gateway import logs
from gateway.outcome import REASONS, Answer, Deferred, Held, Refused, Taken

# A server that went away without a word is noticed at the next renewal, and a mail that came in the instant before IDLE
# began; also below any NAT's patience.
RENEW_SECONDS = 60.0
_SLICE = 1.0  # seconds of one look at an idle connection; also how late a stop is noticed
_FIRST_WAIT, _LONGEST_WAIT = 60.0, 3600.0  # before a mail that was deferred is tried again


class Folders(Protocol):
    """Which folders, and how often to look where the server has no IDLE."""

    @property
    def folder(self) -> str: ...
    @property
    def processed(self) -> str: ...
    @property
    def quarantine(self) -> str: ...
    @property
    def poll_seconds(self) -> int: ...


@dataclass(slots=True)
class Waiting:
    """Mails that were deferred: how often, and when they are due again (monotonic seconds)."""

    validity: int = 0
    due: dict[int, float] = field(default_factory=dict)
    times: dict[int, int] = field(default_factory=dict)

    def begin(self, validity: int) -> None:
        """Forgets everything when the server has numbered its mails anew (UIDVALIDITY)."""
        if validity != self.validity:
            self.validity = validity
            self.due.clear()
            self.times.clear()

    def add(self, uid: int) -> None:
        """A minute, then twice as long each time, an hour at most."""
        times = self.times.get(uid, 0)
        self.times[uid] = times + 1
        self.due[uid] = time.monotonic() + min(_FIRST_WAIT * 2**times, _LONGEST_WAIT)

    def keep(self, uids: Iterable[int]) -> None:
        """Forgets the mails that are no longer there."""
        for gone in self.due.keys() - set(uids):
            del self.due[gone], self.times[gone]

    def is_due(self, uid: int) -> bool:
        """Whether a mail may be tried now."""
        return self.due.get(uid, 0.0) <= time.monotonic()

    def seconds(self) -> float:
        """Until the next one is due."""
        return max(min(self.due.values(), default=float("inf")) - time.monotonic(), 0.0)


class Visit:
    """The work of one connection; any trouble with the server raises and ends it."""

    def __init__(
        self, client: IMAPClient, folders: Folders, take: Callable[[bytes], Answer], max_size: int, waiting: Waiting
    ) -> None:
        self._client = client
        self._settings = folders
        self._take = take
        self._max_size = max_size
        self._waiting = waiting

    def stay(self, stopping: threading.Event, is_well: Callable[[], None]) -> None:
        """Looks after the folder until told to stop; `is_well` is called after every complete look."""
        self._processed = self._made(self._settings.processed)
        self._quarantine = self._made(self._settings.quarantine)
        selected = self._client.select_folder(self._settings.folder)
        self._waiting.begin(int(selected.get(b"UIDVALIDITY", 0)))
        idle = self._client.has_capability("IDLE")
        while not stopping.is_set():
            seen = 0
            # What comes while mails are worked on the server tells then, and not once more when IDLE begins.
            while (newest := self._take_all(stopping)) > seen:
                seen = newest
            is_well()
            if idle:
                self._idle(stopping, min(RENEW_SECONDS, self._waiting.seconds()))
            else:
                stopping.wait(min(self._settings.poll_seconds, self._waiting.seconds()))

    def _made(self, name: str) -> str:
        """A folder's name as the server wants it; the folder is made if it is missing."""
        if self._client.has_capability("NAMESPACE"):
            prefix, separator = (self._client.namespace().personal or (("", "/"),))[0]
            name = name.replace("/", separator or "/")
            name = name if name.startswith(prefix) else prefix + name
        if not self._client.folder_exists(name):
            self._client.create_folder(name)
            self._client.subscribe_folder(name)
        return name

    def _take_all(self, stopping: threading.Event) -> int:
        """The newest mail that was looked at; 0 where there was none, or no time."""
        uids = sorted(self._client.search("UNDELETED"))
        self._waiting.keep(uids)
        sizes = self._client.fetch(uids, ["RFC822.SIZE"]) if uids else {}
        for uid in uids:
            if stopping.is_set():
                return 0
            if not self._waiting.is_due(uid):
                continue
            answer = self._answer(uid, int(sizes.get(uid, {}).get(b"RFC822.SIZE", 0)))
            if isinstance(answer, Deferred):
                self._waiting.add(uid)
            elif answer is not None:
                self._move(uid, answer)
        return max(uids, default=0)

    def _answer(self, uid: int, size: int) -> Answer | None:
        """The answer to one mail; None where somebody else has taken it away meanwhile."""
        if size > self._max_size:
            return Refused(REASONS[106])
        fetched: dict[bytes, Any] = self._client.fetch([uid], ["BODY.PEEK[]"]).get(uid, {})
        raw = fetched.get(b"BODY[]")
        return None if raw is None else self._take(raw)

    def _move(self, uid: int, answer: Taken | Refused | Held) -> None:
        """To *Processed* or *Quarantine*. Without MOVE: copy, then delete exactly this one."""
        target = self._processed if isinstance(answer, Taken) else self._quarantine
        if not isinstance(answer, Taken):
            logs.note("quarantined", reason=answer.reason.number)
        if self._client.has_capability("MOVE"):
            self._client.move([uid], target)
        else:
            self._client.copy([uid], target)
            self._client.add_flags([uid], [DELETED], silent=True)
            if self._client.has_capability("UIDPLUS"):
                self._client.uid_expunge([uid])
        self._waiting.keep(known for known in tuple(self._waiting.due) if known != uid)

    def _idle(self, stopping: threading.Event, seconds: float) -> None:
        """Returns when mail has come, or after some seconds; raises when the link is dead.

        After the server's end `idle_check` gives an empty answer at once, for ever and without an exception:
        an empty answer before its time makes us leave IDLE, which raises on a dead link.
        """
        self._client.idle()
        deadline = time.monotonic() + seconds
        while not stopping.is_set() and (left := deadline - time.monotonic()) > 0:
            began = time.monotonic()
            said = self._client.idle_check(timeout=min(_SLICE, left))
            if any(b"EXISTS" in item or b"BYE" in item for item in said):
                break
            if not said and time.monotonic() - began < min(_SLICE, left) / 2:
                stopping.wait(_SLICE)
                break
        self._client.idle_done()
