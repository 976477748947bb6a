"""A focal point for the tests: a home with Parties, and people with real GnuPG homes who write and read."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from functools import cache
from pathlib import Path

from gateway import service
from gateway.correspondence import Correspondent, ReadMail
from gateway.settings import Outbound
from gateway.treaty import Role
from tests.support.smime import SmimePerson

DOMAIN = "gsp.example.org"
SE_UIM = "QCALL7hT2kQ9mZb7Kd25051914"
SE_UIM_2 = "QCALLaa11bb22cABCD25060107"
FR_UIM = "KPL2F9aK3mW7Qz2T25051914"
RU_UIM = "04600000123455a<B,7=ZACN8k9+Q"
REQUEST = """GSP REQUEST

Case reference: {case}
Purpose: investigation
Justification: {justification}
Handling: H2

Data requested:
[x] (a) Date and location of manufacture
[x] (b) Manufacturing facility

Questions:
{questions}

UIMs:
{uims}
"""


def request(
    *uims: str, case: str = "MOM-2026-0117", justification: str = "cartons in transit", questions: str = ""
) -> str:
    """A request form in English."""
    return REQUEST.format(
        case=case, justification=justification, questions=questions or "Declared for export?", uims="\n".join(uims)
    )


@dataclass
class FocalPoint:
    """One gateway, its people by short name, and a clock that the test moves."""

    home: Path
    people: Mapping[str, Correspondent | SmimePerson]
    now: datetime | None = None
    key: str = ""
    gateway: service.Gateway = field(init=False)

    def clock(self) -> datetime:
        """The test's time, or the real one."""
        return self.now or datetime.now(UTC)

    def start(self) -> None:
        """Opens the gateway on its home."""
        self.gateway = service.Gateway.open(self.home, clock=self.clock)

    def mail(self, who: str, body: str | EmailMessage, **options: str) -> bytes:
        """A signed and encrypted mail of one of the people to the gateway."""
        to = options.pop("to", f"gsp@{DOMAIN}")
        return self.people[who].write(to, self.key, body, self.clock(), **options)

    def send(self, who: str, body: str | EmailMessage, **options: str) -> dict[str, object]:
        """Puts a mail through the pipeline; gives what `gsp process --json` prints."""
        return self.gateway.process_file(self.mail(who, body, **options))

    def deliver_to(self, port: int) -> None:
        """Hands everything in the outbox to a mail server on this machine."""
        self.gateway._deliverer.deliver(Outbound(port=port), force=True)

    def delivered(self) -> dict[str, list[ReadMail]]:
        """Takes everything out of the outbox, opened by the people it was written to, by short name."""
        names = {person.address: name for name, person in self.people.items()}
        mails: dict[str, list[ReadMail]] = {}
        for address, octets in self.gateway.take_outbox():
            name = names[address]
            mails.setdefault(name, []).append(self.people[name].read(octets))
        return mails


def form_of(text: str) -> str:
    """The form in a mail's text: from its last title to the end."""
    lines = text.replace("\r\n", "\n").split("\n")
    start = max(number for number, line in enumerate(lines) if line.startswith("GSP "))
    return "\n".join(lines[start:])


PARTIES = (
    ("KE", "Kenya", "en", "desk.ke"),
    ("SE", "Sweden", "en", "desk.se"),
    ("FR", "France", "fr", "desk.fr"),
    ("AT", "Austria", "en", "desk.at"),
)
OFFICERS = (
    ("officer", "KE", Role.OFFICER, "en"),
    ("colleague", "SE", Role.OFFICER, "en"),
    ("admin", "SE", Role.ADMINISTRATOR, "en"),
    ("secretariat", "KE", Role.SECRETARIAT, "en"),
)


@contextmanager
def people_with_keys(rsa: bool = False) -> Iterator[dict[str, Correspondent]]:
    """Everybody the tests know, each with an own key; "stranger" is never registered."""
    names = [name for *_, name in PARTIES] + [name for name, *_ in OFFICERS] + ["stranger"]
    people = {name: Correspondent(f"{name}@party.example", name, rsa) for name in names}
    try:
        yield people
    finally:
        for person in people.values():
            person.close()


def _quiet(home: Path) -> None:
    """Nobody is reminded of the directory."""
    settings = home / "gateway.toml"
    text = settings.read_text(encoding="utf-8")
    settings.write_text(text.replace("# days = [14, 28]", "days = []").replace("# months = [3, 9]", "months = []"))


@cache
def _made(algorithm: str) -> Path:
    """A home as `gsp init` leaves it, made once for this process: every test gets a copy, with the same keys."""
    folder = Path(tempfile.mkdtemp(prefix="gf", dir="/tmp"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    service.init(folder / "h", DOMAIN, algorithm)
    return folder / "h"


def _register(point: FocalPoint) -> None:
    for code, name, language, desk in PARTIES:
        person = point.people[desk]
        point.gateway.registry.add_party(code, name, person.address, language, person.public_key)
    for name, code, role, language in OFFICERS:
        person = point.people[name]
        point.gateway.registry.add_person(code, person.address, name, role, language, person.public_key)


@cache
def _peopled(algorithm: str, people: tuple[tuple[str, Correspondent], ...]) -> Path:
    """A home in which these people are registered, made once for this process: sixty programs less for every test."""
    folder = Path(tempfile.mkdtemp(prefix="gf", dir="/tmp"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    point = FocalPoint(_copy(_made(algorithm), folder / "h"), dict(people))
    point.start()
    _register(point)
    point.gateway.close()
    return point.home


def _copy(made: Path, home: Path) -> Path:
    return Path(shutil.copytree(made, home, symlinks=True, ignore=shutil.ignore_patterns("S.*")))


@cache
def _introduced(person: Correspondent, key: bytes) -> str:
    """The gateways of one process have the same key, and a person has to be given it once."""
    return person.knows(key)


@contextmanager
def focal_point(
    people: Mapping[str, Correspondent | SmimePerson],
    now: datetime | None = None,
    settings: Callable[[Path], None] | None = None,
    algorithm: str = "curve25519",
    nominations: bool = False,
) -> Iterator[FocalPoint]:
    """A fresh home in which Parties and people are registered; removed afterwards.

    `nominations`: Parties are reminded to nominate; else not, as most tests let months pass for other things.
    """
    folder = Path(tempfile.mkdtemp(prefix="gf", dir="/tmp"))
    point = FocalPoint(folder / "h", people, now)
    simple = tuple((name, person) for name, person in people.items() if isinstance(person, Correspondent))
    usual = now is None and len(simple) == len(people)
    _copy(_peopled(algorithm, simple) if usual else _made(algorithm), point.home)
    if not nominations:
        _quiet(point.home)
    if settings:
        settings(point.home)
    point.start()
    try:
        if not point.gateway.store.view.parties():  # of another day, by S/MIME, or in a database of the settings
            _register(point)
        for person in people.values():
            if isinstance(person, SmimePerson):
                person.knows(point.gateway.own_certificate())
            else:
                point.key = _introduced(person, point.gateway.own_key())
        yield point
    finally:
        point.gateway.close()
        shutil.rmtree(folder, ignore_errors=True)
