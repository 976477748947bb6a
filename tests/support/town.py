"""Three Parties, their people and the real pipeline in one process, fast enough for thousands of mails.

Everything is the gateway's own but for the scheme that encrypts, where a test does not bring GnuPG.
"""

from __future__ import annotations

import csv
import email
import email.policy
import io
import re
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Protocol

from gateway import service
from gateway.facts import Envelope, ExchangeNumber, PartyCode, ReferralNumber
from gateway.guard import Guard
from gateway.home import HomeKey
from gateway.outcome import Answer
from gateway.pipeline import Pipeline
from gateway.ports import CryptoScheme
from gateway.registry import Registry
from gateway.rules.limits import Allowance
from gateway.store import Store
from gateway.store.outbox import Waiting
from gateway.treaty import Role, Side
from gateway.upkeep import Upkeep

DOMAIN = "gsp.example.org"
MAILBOX = f"gsp@{DOMAIN}"
SHARED = Path("/dev/shm")  # a database for seconds need not reach a disk
BORDER = "border.example.org"
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
PARTIES = {"KE": "Kenya", "SE": "Sweden", "FR": "France", "AT": "Austria"}
PEOPLE = {
    "ke.one": ("KE", Role.OFFICER), "ke.two": ("KE", Role.OFFICER), "ke.admin": ("KE", Role.ADMINISTRATOR),
    "se.one": ("SE", Role.OFFICER), "se.admin": ("SE", Role.ADMINISTRATOR), "fr.one": ("FR", Role.OFFICER),
    "at.secretariat": ("AT", Role.SECRETARIAT),
}  # fmt: skip
DESKS = {f"desk.{code.lower()}": code for code in PARTIES}


class Person(Protocol):
    """Somebody with keys: `curve.Writer`, or a person with a GnuPG home."""

    address: str

    @property
    def public_key(self) -> bytes: ...

    def opened(self, raw: bytes) -> bytes:
        """The entity inside a mail; raises ValueError."""
        ...


class _Key(HomeKey):
    """The home's key, without a home."""

    def __init__(self) -> None:
        self._key = bytes(range(32))


@contextmanager
def wiring() -> Iterator[service.Gateway]:
    """A gateway as `service.py` joins it, whose parts every town shares: made once, it costs a second."""
    folder = Path(tempfile.mkdtemp(prefix="gt", dir="/tmp"))
    try:
        service.init(folder / "h", DOMAIN)
        with service.Gateway.open(folder / "h") as gateway:
            yield gateway
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True)
class Got:
    """A mail that left the gateway, as its reader has it."""

    reader: str  # short name
    row: Waiting
    raw: bytes
    words: str  # every word of it: fields, text, HTML, attachments
    text: str
    in_clear: bool
    fields: EmailMessage


@dataclass
class Town:
    """The gateway with its people, by short name; `now` is moved by the test."""

    gateway: service.Gateway
    people: Mapping[str, Person]
    scheme: Callable[[Callable[[], datetime]], CryptoScheme]
    now: datetime = START
    database: Path | None = None
    keyed: _Key = field(default_factory=_Key)

    def __post_init__(self) -> None:
        scheme = self.scheme(self.clock)
        schemes = {scheme.name: scheme}
        self.folder = Path(tempfile.mkdtemp(prefix="gt", dir=SHARED if SHARED.is_dir() else None))
        if self.database:
            shutil.copy(self.database, self.folder / "town.sqlite")
        self.store = Store(f"sqlite:///{self.folder / 'town.sqlite'}", self.keyed.token_digest_of)
        self.view = self.store.view
        self.registry = Registry(self.store, schemes, self.clock)
        self.guard = Guard(self.store.limits, self.view, Allowance(0, 0, 0, 0), self.clock)
        parts = self.gateway.pipeline._parts
        policy = replace(parts.policy, authserv_id=BORDER)
        self.pipeline = Pipeline(
            replace(
                parts, schemes=schemes, view=self.view, ledger=self.store.ledger, guard=self.guard, keyed=self.keyed,
                read_key=self.registry.read_key, policy=policy, clock=self.clock,
            )
        )  # fmt: skip
        self.upkeep = Upkeep(self.store, self.pipeline, self.keyed, policy, self.clock, tuple)

    def settle(self, first_mail: Callable[[str], bytes]) -> Path:
        """Registers everybody, has each write a first mail, and gives the database from which towns begin.

        The first answer to each brings the gateway's key: it would be unlike every other.
        """
        for name, code in DESKS.items():
            person = self.people[name]
            self.registry.add_party(code, PARTIES[code], person.address, "en", person.public_key)
        for name, (code, role) in PEOPLE.items():
            self.register(name, code, role)
        for name in (*DESKS, *PEOPLE):
            self.process(first_mail(name), Envelope(self.people[name].address, (MAILBOX,)))
        assert len(self.outgoing()) == len(DESKS) + len(PEOPLE)
        path = self.gateway.home.root / f"{self.folder.name}.sqlite"
        self.store.close()
        shutil.copy(self.folder / "town.sqlite", path)
        shutil.rmtree(self.folder)
        return path

    def clock(self) -> datetime:
        """The test's time."""
        return self.now

    def register(self, name: str, code: str, role: Role = Role.OFFICER) -> None:
        """Registers somebody, as the operator does."""
        person = self.people[name]
        self.registry.add_person(code, person.address, name, role, "en", person.public_key)

    def process(self, raw: bytes, envelope: Envelope) -> Answer:
        """One mail through the pipeline."""
        return self.pipeline.process(raw, envelope)

    def tick(self, days: int) -> None:
        """Time passes, and what the clock brings is done."""
        self.now += timedelta(days=days)
        self.upkeep.run()
        self.upkeep.warn()
        self.guard.tick(self.pipeline)

    def token(self, number: ExchangeNumber, party: str, side: Side) -> str:
        """The reply token of one side of a referral."""
        return str(self.keyed.token(ReferralNumber(number, PartyCode(party)), side))

    def outgoing(self) -> list[Got]:
        """Takes everything out of the outbox, and has it opened by those to whom it was written."""
        names = {person.address: name for name, person in self.people.items()}
        found = []
        while batch := self.store.outbox.claim(100, "hand", self.now, timedelta(minutes=1), force=True):
            for row in batch:
                self.store.outbox.delivered(row.id, "taken")
                assert row.rcpt_to in names, "a mail to an address that nobody registered"
                found.append(self._read(names[row.rcpt_to], row))
        return found

    def _read(self, name: str, row: Waiting) -> Got:
        outer = email.message_from_bytes(row.octets, policy=email.policy.default)
        assert isinstance(outer, EmailMessage)
        clear = outer.get_content_maintype() == "multipart" and outer.get_content_subtype() != "encrypted"
        clear = clear or outer.get_content_maintype() == "text"
        entity = row.octets if clear else self.people[name].opened(row.octets)
        inner = email.message_from_bytes(entity, policy=email.policy.default)
        assert isinstance(inner, EmailMessage)
        plain = inner.get_body(("plain",))
        parts = [outer, *inner.walk()]
        heads = [f"{key}: {value}" for part in parts for key, value in part.items()]
        bodies = [_words(part) for part in inner.walk() if not part.is_multipart()]
        text = plain.get_content() if plain else ""
        return Got(name, row, row.octets, "\n".join(heads + bodies), text, clear, outer)

    def state_of(self, number: ExchangeNumber) -> str:
        """Everything the ledger knows of an exchange, to compare."""
        exchange = self.view.exchange(number)
        assert exchange is not None
        answers = [sorted(self.view.uims_of(referral.number).items()) for referral in exchange.referrals]
        return repr((exchange, self.view.trail(number), answers))

    def close(self) -> None:
        """Ends it."""
        self.store.close()
        shutil.rmtree(self.folder)


def _words(part: EmailMessage) -> str:
    """What a part says, a spreadsheet cell by cell."""
    octets = part.get_payload(decode=True)
    assert isinstance(octets, bytes)
    if octets.startswith(b"PK"):
        sheet = zipfile.ZipFile(io.BytesIO(octets))
        return "\n".join(sheet.read(name).decode("utf-8", "replace") for name in sheet.namelist())
    said = octets.decode(part.get_content_charset("utf-8"), "replace")
    if (part.get_filename() or "").endswith(".csv"):
        return "\n".join(cell for row in csv.reader(io.StringIO(said)) for cell in row)
    return said


def form_of(text: str) -> str:
    """The form in a letter: from its last title to the end."""
    lines = text.replace("\r\n", "\n").split("\n")
    start = max((number for number, line in enumerate(lines) if re.match(r"GSP [A-Z]+$", line)), default=len(lines))
    return "\n".join(lines[start:])
