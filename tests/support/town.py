"""Three Parties, their people and the real pipeline in one process, fast enough for thousands of mails.

Everything is the gateway's own but for the scheme that encrypts, where a test does not bring GnuPG.
"""

from __future__ import annotations

import csv
import email
import hmac
import io
import re
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.header import decode_header, make_header
from email.message import Message
from pathlib import Path
from typing import Protocol

from sqlalchemy import select

from gateway import service
from gateway.border import Border
from gateway.facts import Envelope, ExchangeNumber, Moment, PartyCode, ReferralNumber
from gateway.guard import Guard
from gateway.home import HomeKey
from gateway.outcome import Answer
from gateway.pipeline import Pipeline
from gateway.ports import CryptoScheme
from gateway.registry import Registry
from gateway.rules.limits import Allowance
from gateway.store import Store
from gateway.store.engine import reading
from gateway.store.outbox import Waiting, _waiting
from gateway.store.tables import OutboxRow, table
from gateway.store.view import View
from gateway.treaty import Role, Side
from gateway.upkeep import Upkeep
from tests.support.rings import Ring

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


_Member = tuple[str, str, set[tuple[str, datetime | None]]]  # Party, role, keys that were not withdrawn with their ends
_Order = tuple[str, str, bool, datetime, int]  # role, key, whether it was proven, its end, its number


class Crowd(Protocol):
    """Everybody with their keys, by short name: with those of `curve.py`, or with GnuPG."""

    def address(self, name: str) -> str: ...
    def public(self, ring: Ring) -> bytes:
        """A public key, to be registered."""
        ...

    def opens(self, mail: Message) -> list[Ring]:
        """Every key that opens a mail, of whomever."""
        ...

    def opened(self, mail: Message, ring: Ring) -> bytes:
        """The entity inside."""
        ...


class _Key(HomeKey):
    """The home's key, without a home."""

    def __init__(self) -> None:
        self._keyed = hmac.new(bytes(range(32)), digestmod="sha256")


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

    reader: str  # short name of him at whose address it came
    keys: tuple[Ring, ...]  # which open it; none where it came in clear
    row: Waiting
    words: str  # every word of it: fields, text, HTML, attachments
    text: str
    in_clear: bool
    fields: Message


@dataclass
class Town:
    """The gateway with its people, by short name; `now` is moved by the test."""

    gateway: service.Gateway
    names: tuple[str, ...]
    crowd: Crowd
    scheme: Callable[[Callable[[], datetime]], CryptoScheme]
    now: datetime = START
    database: Path | None = None
    keyed: _Key = field(default_factory=_Key)
    seen: int = 0  # the last mail that was taken

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
        self.border = Border(self.store, self.keyed, policy, None)
        self.seen = max((mail.id for mail in self.store.outbox.listed()), default=0)
        self.addresses = {self.crowd.address(name): name for name in self.names}
        self.upkeep = Upkeep(self.store, self.pipeline, self.keyed, policy, self.clock, tuple)

    def settle(self, first_mail: Callable[[str], bytes]) -> Path:
        """Registers everybody, has each write a first mail, and gives the database from which towns begin.

        The first answer to each brings the gateway's key: it would be unlike every other.
        """
        for name, code in DESKS.items():
            self.registry.add_party(code, PARTIES[code], self.crowd.address(name), "en", self.crowd.public((name, 0)))
        for name, (code, role) in PEOPLE.items():
            self.register((name, 0), code, role)
        for name in (*DESKS, *PEOPLE):
            self.process(first_mail(name), Envelope(self.crowd.address(name), (MAILBOX,)))
        assert len(self.outgoing()) == len(DESKS) + len(PEOPLE)
        path = self.gateway.home.root / f"{self.folder.name}.sqlite"
        self.store.close()
        shutil.copy(self.folder / "town.sqlite", path)
        shutil.rmtree(self.folder)
        return path

    def clock(self) -> datetime:
        """The test's time."""
        return self.now

    def register(self, ring: Ring, code: str, role: Role = Role.OFFICER) -> None:
        """Registers somebody with a key of his, as the operator does."""
        address = self.crowd.address(ring[0])
        self.registry.add_person(code, address, ring[0], role, "en", self.crowd.public(ring))

    def renew(self, name: str, ring: Ring, at_once: bool) -> None:
        """Registers a further key, as the operator does."""
        decision = self.registry.renewal(self.crowd.address(name), self.crowd.public(ring), at_once)
        self.pipeline.carry_out(decision, Moment(self.now), f"renewal {ring} {self.now.isoformat()}")

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
        """The mails that were written since the last time, opened by whoever has a key that opens them."""
        rows = table(OutboxRow)
        with reading(self.store._engine) as connection:
            new = connection.execute(select(rows).where(rows.c.id > self.seen).order_by(rows.c.id)).mappings().all()
        found = []
        for row in map(_waiting, new):
            self.seen = row.id
            assert row.rcpt_to in self.addresses, "a mail to an address that nobody named"
            found.append(self._read(self.addresses[row.rcpt_to], row))
        return found

    def _read(self, name: str, row: Waiting) -> Got:
        # The older policy of the standard library: with the newer one reading takes half the time of a whole step.
        outer = email.message_from_bytes(row.octets)
        kind = outer.get_content_type()
        clear = kind.startswith("text/") or (kind.startswith("multipart/") and kind != "multipart/encrypted")
        keys = () if clear else tuple(self.crowd.opens(outer))
        inner = email.message_from_bytes(self.crowd.opened(outer, keys[0])) if keys else outer
        heads = [f"{key}: {_plain(value)}" for part in (outer, *inner.walk()) for key, value in part.items()]
        bodies = [(part.get_content_type(), _words(part)) for part in inner.walk() if not part.is_multipart()]
        text = next((words for kind, words in bodies if kind == "text/plain"), "")
        return Got(name, keys, row, "\n".join(heads + [words for _, words in bodies]), text, clear, outer)

    def states(self, numbers: Iterable[ExchangeNumber]) -> dict[ExchangeNumber, str]:
        """Everything the ledger knows of exchanges, to compare."""
        with self.view.snapshot() as view:
            return {number: repr(_state(view, number)) for number in numbers}

    def registered(self) -> tuple[dict[str, _Member], dict[tuple[str, str], _Order]]:
        """Everybody registered, by short name, and every registration that waits, by short name and Party."""
        found: dict[str, _Member] = {}
        owners: dict[tuple[str, int], str] = {}
        for row in self.store.members.people():
            if row["revoked_at"] is None:
                name = self.addresses[row["address"]]
                owners[row["party"], row["id"]] = name
                found[name] = (row["party"], row["role"], set())
        with self.view.snapshot() as view:
            for party in view.parties():
                name = self.addresses[party.mailbox]
                owners[party.code, 0] = name
                found[name] = (party.code, Role.DESK.value, set())
                for person, key in view.keys_of_party(party.code):
                    found[owners[party.code, person]][2].add((key.fingerprint, key.usable_until))
            orders = {
                (self.addresses[one.address], str(one.party)):
                (one.role.value, str(one.key.fingerprint), one.proven, one.expires, one.id)
                for one in view.all_pending()
            }  # fmt: skip
        return found, orders

    def close(self) -> None:
        """Ends it."""
        self.store.close()
        shutil.rmtree(self.folder)


def _state(view: View, number: ExchangeNumber) -> object:
    exchange = view.exchange(number)
    assert exchange is not None
    answers = [sorted(view.uims_of(referral.number).items()) for referral in exchange.referrals]
    return exchange, view.trail(number), answers


def _plain(value: object) -> str:
    """A field as it is read: what is encoded in it (RFC 2047) too."""
    written = str(value)
    return str(make_header(decode_header(written))) if "=?" in written else written


def _words(part: Message) -> str:
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
