"""One request of 20 UIMs by S/MIME, accept to commit, against the bare openssl calls it needs."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Iterator
from email import message_from_bytes

from benchmarks.meter import Spent, metered
from benchmarks.whole_path import swedish
from gateway.facts import Envelope
from gateway.outcome import Taken
from tests.support.focalpoint import FocalPoint, focal_point, people_with_keys, request
from tests.support.smime import Authority, SmimePerson

MAILS = 40
ROUNDS = 3


def run() -> Iterator[tuple[str, str, str]]:
    """Rows of (what, figure, goal)."""
    authority = Authority()
    with people_with_keys() as people:
        certified = {name: SmimePerson(f"{name}@party.example", name, authority) for name in ("officer", "desk.se")}
        try:
            with focal_point({**people, **certified}) as point:
                yield from _ratio(point, certified)
        finally:
            for person in certified.values():
                person.close()


def _ratio(point: FocalPoint, people: dict[str, SmimePerson]) -> Iterator[tuple[str, str, str]]:
    found = []
    for turn in range(ROUNDS):
        chance = random.Random(turn)
        mails = [point.mail("officer", request(*swedish(chance, 20), case=f"S-{turn}-{n}")) for n in range(MAILS)]
        point.gateway.process_file(mails[0])
        letters = point.gateway.take_outbox()
        with metered(str(point.home)) as ours:
            for raw in mails[1:]:
                assert isinstance(point.gateway.process(raw, Envelope()), Taken)
        theirs = _bare(point, people, mails[1:], [octets for _, octets in letters])
        point.gateway.take_outbox()
        found.append((ours.total / theirs.total, ours.total / (MAILS - 1), theirs.total / (MAILS - 1)))
    ratio, whole, bare = sorted(found)[ROUNDS // 2]
    yield "S/MIME: one request of 20 UIMs, CPU", f"{whole * 1000:.1f} ms", ""
    yield "S/MIME: the bare openssl calls it needs, CPU", f"{bare * 1000:.1f} ms", ""
    yield "S/MIME: ratio", f"{ratio:.2f}", "at most 1.25"


def _bare(point: FocalPoint, people: dict[str, SmimePerson], mails: list[bytes], letters: list[bytes]) -> Spent:
    """openssl from a shell's distance: decrypt and verify each mail, then sign and encrypt two letters of true size."""
    own, key = (point.home / "smime" / name for name in ("certificate.pem", "key.pem"))
    clear = [(people[who].open(_object(letter))[0], people[who].folder / "own.pem")
             for who, letter in zip(("officer", "desk.se"), letters, strict=True)]  # fmt: skip
    sealed = [_object(raw) for raw in mails]
    with metered(str(point.home)) as spent:
        for octets in sealed:
            signed = _cms(["-decrypt", "-inform", "DER", "-recip", str(own), "-inkey", str(key)], octets)
            _cms(["-verify", "-noverify", "-nointern", "-certfile", str(people["officer"].folder / "own.pem")], signed)
            for payload, reader in clear:
                opaque = _cms(["-sign", "-nodetach", "-binary", "-signer", str(own), "-inkey", str(key)], payload)
                _cms(["-encrypt", "-binary", "-aes-256-cbc", "-recip", str(reader), "-outform", "DER"], opaque)
    return spent


def _cms(arguments: list[str], octets: bytes) -> bytes:
    return subprocess.run(["openssl", "cms", *arguments], input=octets, check=True, capture_output=True).stdout


def _object(raw: bytes) -> bytes:
    payload = message_from_bytes(raw).get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload
