"""The record under seal: the gateway's key signs its head from time to time; every change since is found, and where."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from gateway import logs
from gateway.events import EventKind
from gateway.facts import Fingerprint, digest
from gateway.store.limits import Limits
from gateway.store.seals import Link, Seal, Seals

_TEXT = re.compile(
    r"GSP RECORD SEAL\nevents: (?P<events>\d+)\nlast event: (?P<event>\d+)\nhead: (?P<chain>[0-9a-f]{64})\n"
    r"at: (?P<at>\S+)\nseal before: (?P<before>[0-9a-f]{64}|none)\n"
)
_HEAD = re.compile(r"(?:(?P<event>\d{1,18})\s*:\s*)?(?P<chain>[0-9a-f]{64})", re.IGNORECASE)
_MOST_PROBLEMS = 50  # told one by one: after so many, somebody must look at the whole table anyway


class Signer(Protocol):
    """The gateway's OpenPGP key."""

    def sign(self, octets: bytes) -> bytes:
        """A detached signature, armoured."""
        ...

    def signed_by_us(self, octets: bytes, signature: bytes) -> Fingerprint | None:
        """Which of our keys made a good signature over these octets."""
        ...


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is not as it was written. `event` 0: no single event; `seal` 0: no seal."""

    says: str
    event: int = 0
    seal: int = 0


@dataclass(slots=True)
class Report:
    """What was found: how much, the head, the last seal, and every problem (of very many the first)."""

    events: int = 0
    event: int = 0  # number of the last one
    head: str = ""
    seals: int = 0
    unsealed: int = 0
    sealed_at: datetime | None = None
    problems: list[Problem] = field(default_factory=list)
    further: int = 0  # problems that are not in the list

    def add(self, says: str, event: int = 0, seal: int = 0) -> None:
        """Notes a problem."""
        if len(self.problems) < _MOST_PROBLEMS:
            self.problems.append(Problem(says, event, seal))
        else:
            self.further += 1

    def values(self) -> dict[str, Any]:
        """As `gsp audit verify --json` prints it."""
        return {
            "result": "wrong" if self.problems else "right", "events": self.events, "last_event": self.event,
            "head": self.head,
            "seals": self.seals, "sealed_at": self.sealed_at.isoformat() if self.sealed_at else None,
            "unsealed": self.unsealed,
            "problems": [{"event": p.event or None, "seal": p.seal or None, "says": p.says} for p in self.problems],
            "further_problems": self.further,
        }  # fmt: skip


class Audit:
    """Seals the record, verifies it, and writes it out for auditors."""

    def __init__(
        self, seals: Seals, limits: Limits, signer: Signer, library: Mapping[str, str], clock: Callable[[], datetime]
    ) -> None:
        self._seals = seals
        self._limits = limits
        self._library = (
            digest("".join(f"{name}\0{library[name]}\0" for name in sorted(library)).encode()),
            len(library),
        )
        self._signer = signer
        self._clock = clock

    def seal(self) -> Seal | None:
        """Signs the head, if the record has grown since the last seal; notes another pattern library before."""
        self._seals.note_library(*self._library, self._clock())
        event, events, chain = self._seals.head()
        last = self._seals.last()
        if not events or (last is not None and last.event == event):
            return None
        at = self._clock()
        text = (
            f"GSP RECORD SEAL\nevents: {events}\nlast event: {event}\nhead: {chain}\nat: {at.isoformat()}\n"
            f"seal before: {_digest(last) if last else 'none'}\n"
        )
        made = Seal(0, event, events, chain, at, text, self._signer.sign(text.encode()).decode("ascii"))
        self._seals.append(made)
        logs.note("record sealed", events=events)
        return made

    def last(self) -> tuple[datetime | None, int]:
        """When the last seal was made, and how many events have been added since."""
        _, events, _ = self._seals.head()
        last = self._seals.last()
        return (last.at, events - last.events) if last else (None, events)

    def head(self) -> str:
        """The head of the record, as Parties keep it for witness: `EVENT:SHA256`; "" of an empty one."""
        event, chain = self._seals.newest()
        return f"{event}:{chain}" if chain else ""

    def verify(self, head: str = "") -> Report:
        """Goes over every event and every seal.

        `head`: one that was noted before (`EVENT:SHA256` as a digest prints it, or `SHA256` alone); it must still be in
        the record, at that event. Raises ValueError for anything else.
        """
        noted = _HEAD.fullmatch(head) if head else None
        if head and noted is None:
            raise ValueError("a head is 64 hexadecimal digits, with or without the number of its event and a colon")
        report = Report()
        seals = self._seals.all()
        wanted = {seal.event: None for seal in seals}
        places: dict[int, tuple[int, str]] = {}  # of sealed events: which one from the first, and the head there
        witnessed = not head
        refusals = {mark for _, _, mark in self._limits.refusals()}
        for link in self._seals.links():
            if not link.follows(report.head):
                report.add(_broken(link), link.id)
            report.events += 1
            report.event, report.head = link.id, link.chain
            witnessed = witnessed or (noted is not None and _is(noted, link))
            if link.fields["kind"] == EventKind.REFUSALS.value and link.fields["digest"] not in refusals:
                report.add(f"event {link.id}: the counts of refused mails of that hour were changed", link.id)
            if link.id in wanted:
                places[link.id] = (report.events, link.chain)
        self._check_seals(seals, places, report)
        if not witnessed:
            report.add("no event has the head that was noted: the record was rewritten or cut off since then")
        return report

    def _check_seals(self, seals: list[Seal], places: dict[int, tuple[int, str]], report: Report) -> None:
        before: Seal | None = None
        for seal in seals:
            for says in self._faults(seal, before, places.get(seal.event)):
                report.add(says, seal.event, seal.id)
            before = seal
        report.seals = len(seals)
        report.sealed_at = before.at if before else None
        report.unsealed = max(0, report.events - before.events) if before else report.events

    def _faults(self, seal: Seal, before: Seal | None, place: tuple[int, str] | None) -> Iterator[str]:
        read = _TEXT.fullmatch(seal.text)
        told = (str(seal.events), str(seal.event), seal.chain, seal.at.isoformat())
        if self._signer.signed_by_us(seal.text.encode(), seal.signature.encode("ascii", "replace")) is None:
            yield "the seal is forged: it is not signed by a key of this gateway"
        elif read is None or read.group("events", "event", "chain", "at") != told:
            yield "the seal was changed: its row does not say what was signed"
        elif read["before"] != (_digest(before) if before else "none"):
            yield "a seal before this one was removed, moved or changed"
        if place is None:
            yield "the event that was sealed last is missing: events at or before it were removed"
        elif place[1] != seal.chain:
            yield "the head is not the one that was sealed: events up to it were rewritten"
        elif place[0] != seal.events:
            yield "there were more or fewer events when it was sealed: some were removed or put in"

    def export(self) -> Iterator[str]:
        """The record as lines of JSON: every event, every seal, and how many mails were refused each hour."""
        for link in self._seals.links():
            yield json.dumps({"event": link.id, **link.fields, "told": link.told, "chain": link.chain})
        for seal in self._seals.all():
            yield json.dumps({"seal": seal.id, "event": seal.event, "text": seal.text, "signature": seal.signature})
        for hour, counts, mark in self._limits.refusals():
            yield json.dumps(
                {"hour": hour.isoformat(), "refused": {f"GSP-{n}": c for n, c in counts.items()}, "digest": mark}
            )


def _is(noted: re.Match[str], link: Link) -> bool:
    """Whether an event is the one whose head was noted."""
    return link.chain == noted["chain"].lower() and (not noted["event"] or int(noted["event"]) == link.id)


def _digest(seal: Seal) -> str:
    return hashlib.sha256(seal.text.encode()).hexdigest()


def _broken(link: Link) -> str:
    kind = link.fields.get("kind", "")
    return f"event {link.id} ({kind}) does not follow the one before it: it was changed, or one was removed or put in"
