"""With the gateway's disk, database and secret keys in hand, sealed mail cannot be read; what it could open, can."""

from __future__ import annotations

import base64
import binascii
import re
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.correspondence import Correspondent
from tests.support.focalpoint import DOMAIN, SE_UIM, FocalPoint, focal_point, people_with_keys, request
from tests.support.sealed import VOUCHED, border, sealed
from tests.support.smime import SmimePerson

MARKER = "MARKER-sealed-4711-kestrel"
CONTROL = "MARKER-opened-4711-kestrel"
_ARMOUR = re.compile(rb"-----BEGIN PGP MESSAGE-----.*?-----END PGP MESSAGE-----", re.DOTALL)
_BASE64 = re.compile(rb"(?:[A-Za-z0-9+/]{60,}\r?\n)+[A-Za-z0-9+/]*={0,2}")


@pytest.fixture(scope="module")
def people() -> Iterator[dict[str, Correspondent]]:
    with people_with_keys() as people:
        yield people


def stored(home: Path) -> Iterator[bytes]:
    """Every file of the home, and every value of the database."""
    yield from (path.read_bytes() for path in home.rglob("*") if path.is_file())
    with sqlite3.connect(home / "gateway.db") as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for name in tables:
            for row in database.execute(f'SELECT * FROM "{name}"'):
                yield from (value if isinstance(value, bytes) else str(value).encode() for value in row if value)


def objects(octets: bytes) -> Iterator[bytes]:
    """Everything in some octets that may be an encrypted object: themselves, armour, base64."""
    yield octets
    yield from _ARMOUR.findall(octets)
    for found in _BASE64.findall(octets):
        try:
            yield base64.b64decode(found)
        except binascii.Error:
            continue


def recovered(home: Path, octets: bytes) -> bytes:
    """What the gateway's own secret keys, OpenPGP and S/MIME, make of an object."""
    gpg = ["gpg", "--homedir", str(home / "gnupg"), "--batch", "--quiet", "--no-options", "--trust-model", "always",
           "--ignore-mdc-error", "--decrypt"]  # fmt: skip
    keys = home / "smime"
    cms = ["openssl", "cms", "-decrypt", "-inform", "DER", "-recip", str(keys / "certificate.pem"), "-inkey",
           str(next(keys.glob("*key*.pem")))]  # fmt: skip
    done = [subprocess.run(command, input=octets, capture_output=True, check=False).stdout for command in (gpg, cms)]
    return b"\n".join(done)


def everything(point: FocalPoint) -> bytes:
    """All that a thief of the whole machine can read: the stored octets, and what the keys open of them."""
    found = list(dict.fromkeys(stored(point.home)))
    beginnings = (b"\x84", b"\x85", b"\xc1", b"\x30", b"-----BEGIN PGP MESSAGE")
    encrypted = {part for octets in found for part in objects(octets) if part.startswith(beginnings)}
    assert encrypted
    return b"\n".join([*found, *(recovered(point.home, part) for part in encrypted)])


@pytest.mark.parametrize("scheme", ["openpgp", "smime"])
def test_sealed_mail_cannot_be_read_with_all_that_the_gateway_has(
    scheme: str, people: dict[str, Correspondent]
) -> None:
    everybody: dict[str, Correspondent | SmimePerson] = dict(people)
    certified = [SmimePerson(f"{name}@party.example", name) for name in ("officer", "desk.se")]
    if scheme == "smime":
        everybody |= {person.name: person for person in certified}
    try:
        with focal_point(everybody, settings=border) as point:
            raw = sealed(everybody["officer"], f"se@{DOMAIN}", everybody["desk.se"].public_key, MARKER, point)
            assert point.gateway.process_file(VOUCHED + raw)["outcome"] == "taken"
            # An open request is kept as it came: the search must be able to find something.
            assert point.send("officer", request(SE_UIM, questions=CONTROL))["outcome"] == "taken"
            seen = everything(point)
            assert CONTROL.encode() in seen
            assert MARKER.encode() not in seen
            assert MARKER.encode().hex() not in seen.hex()
    finally:
        for person in certified:
            person.close()
