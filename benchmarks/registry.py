"""What 10,000 registered people and their keys cost a request, in either scheme."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, datetime

from sqlalchemy import insert

from benchmarks.meter import metered
from benchmarks.whole_path import swedish
from gateway.facts import Envelope
from gateway.outcome import Taken
from gateway.store.tables import KeyRow, PersonRow, table
from tests.support.focalpoint import FocalPoint, focal_point, people_with_keys, request
from tests.support.smime import Authority, SmimePerson

PEOPLE = 10_000
MAILS = 40
ROUNDS = 5


def run() -> Iterator[tuple[str, str, str]]:
    """Rows of (what, figure, goal)."""
    authority = Authority()
    with people_with_keys() as people:
        certified = {name: SmimePerson(f"{name}@party.example", name, authority) for name in ("officer", "desk.se")}
        try:
            for name, everybody in (("OpenPGP", people), ("S/MIME", people | certified)):
                with focal_point(everybody) as point:
                    yield _slower(name, point)
        finally:
            for person in certified.values():
                person.close()


def _slower(name: str, point: FocalPoint) -> tuple[str, str, str]:
    few = min(_cost(point, f"{name} few {turn}") for turn in range(ROUNDS))
    _register(point)
    many = min(_cost(point, f"{name} many {turn}") for turn in range(ROUNDS))
    return f"{name}: CPU with {PEOPLE:,} people registered to that with nine", f"{many / few:.2f}", "at most 1.10"


def _cost(point: FocalPoint, seed: str) -> float:
    """CPU seconds of a request, on the mean."""
    mails = [
        point.mail("officer", request(*swedish(random.Random(f"{seed} {n}"), 20), case=seed)) for n in range(MAILS)
    ]
    with metered(str(point.home)) as spent:
        for raw in mails:
            assert isinstance(point.gateway.process(raw, Envelope()), Taken)
    point.gateway.take_outbox()
    return spent.total / MAILS


def _register(point: FocalPoint) -> None:
    """Rows as the registry writes them, each with the octets of a real key."""
    now = datetime.now(UTC)
    key = {
        "scheme": "openpgp", "party": "KE", "octets": point.people["officer"].public_key, "can_encrypt": True,
        "can_sign": True, "usable_until": None, "registered_at": now, "revoked_at": None,
    }  # fmt: skip
    person = {
        "party": "KE", "name": "Officer", "role": "officer", "language": "en", "since": now, "revoked_at": None,
        "revoked_reason": "",
    }  # fmt: skip
    numbers = range(1000, 1000 + PEOPLE)
    with point.gateway.store._engine.begin() as connection:
        people = [{**person, "id": n, "address": f"officer{n}@customs.example"} for n in numbers]
        connection.execute(insert(table(PersonRow)), people)
        connection.execute(insert(table(KeyRow)), [{**key, "person": n, "fingerprint": f"{n:040X}"} for n in numbers])
