"""Every OpenPGP mail of the shared corpus, and every mail in clear, gets the outcome that `outcomes.tsv` says.

Each folder's keys go into a home of their own: mixed, they revoke one another. The corpus is read where it lies.
For GnuPG, which is told so by an option of its own, and for us it is the day after the corpus was made: some of its
keys end in 2027.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.utils import parseaddr
from pathlib import Path
from typing import cast

import pytest

from gateway.crypto import openpgp
from gateway.facts import (
    Address,
    EncryptedMail,
    Envelope,
    Fingerprint,
    Language,
    Moment,
    PartyCode,
    Person,
    PublicKey,
    Sender,
    digest,
)
from gateway.outcome import Failure
from gateway.ports import Policy, View
from gateway.stages import classify, decrypt, identify
from gateway.treaty import Role
from tests.corpus.places import CORPUS, OUTCOMES, ROWS, is_smime, whole

pytestmark = pytest.mark.corpus
CRYPTO = ("pgp", "client", "rfc9580")
KEYS = {"clients": "selfmade", "gpgol": "kde-mimetreeparser", "bouncycastle": "selfmade", "notmuch": "selfmade"}
LIMIT = 20_000_000
NOW = datetime(2026, 11, 23, tzinfo=UTC)
THEN = f"--faked-system-time {NOW:%Y%m%dT%H%M%S}!"

# Mails whose person is registered under the address in From, which no user id of the key names.
REGISTERED_AS = {
    "kde-mimetreeparser/openpgp-inline-charset-encrypted.mbox": "test@example.com",
    "schleuder/qp-encoding-encrypted+signed.eml": "test@localhost",
}


@dataclass
class Registry:
    """The registry as far as opening asks it: everybody whose key lies in the folder, but for mallory."""

    keys: dict[str, PublicKey] = field(default_factory=dict)
    addresses: dict[str, list[str]] = field(default_factory=dict)
    also: str = ""

    def keys_claimed_by(self, address: Address) -> tuple[PublicKey, ...]:
        return tuple(key for mark, key in self.keys.items() if address.lower() in (*self.addresses[mark], self.also))

    def sender_by_fingerprint(self, fingerprint: Fingerprint, now: datetime) -> Sender | None:
        key = self.keys.get(fingerprint)
        if key is None or not key.usable(now) or not self.addresses[fingerprint]:
            return None
        address = Address(self.also or self.addresses[fingerprint][0])
        return Sender(Person(1, PartyCode("KE"), address, "", Role.OFFICER, Language("en")), fingerprint)

    def signature_seen(self, seen: str) -> bool:
        return False


@dataclass
class Point:
    """A folder's keys: the secret ones are the gateway's, the public ones are registered."""

    home: Path
    scheme: openpgp.OpenPgp
    registry: Registry

    def verdict(self, raw: bytes, registered_as: str) -> str:
        """`taken`, or the number of the refusal and (for the one uniform refusal) its cause."""
        self.registry.also = registered_as
        domain = parseaddr(str(message_from_bytes(raw)["To"]))[1].rpartition("@")[2]
        try:
            mail = classify.classify(raw, Envelope("a@b.example"), (self.scheme,), LIMIT)
            assert isinstance(mail, EncryptedMail)
            claimed = self.registry.keys_claimed_by(identify.claimed_address(mail.visible))
            opened = decrypt.decrypt(mail, self.scheme, claimed, LIMIT)
            identify.identify(opened, cast(View, self.registry), Moment(NOW), Policy(domain, "gsp", True))
        except Failure as failure:
            return f"{failure.reason.number} {failure.cause}".removesuffix(" none")
        return "taken"


def _gpg(home: Path, *arguments: str) -> bytes:
    command = ["gpg", "--homedir", str(home), "--batch", "--quiet", *arguments]
    return subprocess.run(command, capture_output=True, check=False).stdout


def _ours(path: Path) -> bool:
    """Whether a key file of the corpus is to be known here at all."""
    others = ("pp.asc", "lookalike", "-rev.asc", "mallory", ".kbx", "revocation")
    person = path.parent.name == "pgp" and path.name.startswith("officer") and ".sec" in path.name
    return (
        path.suffix in (".asc", ".gpg", ".txt", ".sec", ".pub")
        and not person
        and not any(o in path.name for o in others)
    )


def _registry(home: Path, own: str) -> Registry:
    registry = Registry()
    for block in re.split(r"^pub:", _gpg(home, "--list-keys", "--with-colons").decode("utf-8", "replace"), flags=re.M)[
        1:
    ]:
        lines = [line.split(":") for line in f"pub:{block}".splitlines()]
        mark = next(line[9] for line in lines if line[0] == "fpr")
        if mark == own:
            continue
        validity, until = lines[0][1], lines[0][6]
        octets = _gpg(home, "--export-options", "export-minimal", "--export", mark)
        names = [re.search(r"([^<\s]+@[^>\s]+)", line[9]) for line in lines if line[0] == "uid"]
        registry.addresses[mark] = [name[1].lower() for name in names if name]
        registry.keys[mark] = PublicKey(
            "openpgp", Fingerprint(mark), octets, True, True,
            datetime.fromtimestamp(int(until), UTC) if until else None, validity == "r",
        )  # fmt: skip
    return registry


def _point(folder: str) -> Point:
    home = Path(tempfile.mkdtemp(prefix="gc", dir="/tmp"))
    openpgp.create(home, "own@gsp.example")
    own = _gpg(home, "--list-keys", "--with-colons").decode().split("fpr:::::::::")[1][:40]
    for path in sorted((CORPUS / "keys" / folder).rglob("*")):
        if _ours(path):
            _gpg(home, "--import", str(path))
    if folder == "selfmade":
        _gpg(home, "--import", str(CORPUS / "keys" / "selfmade" / "pgp" / "officer4-revocation.asc"))
    return Point(home, openpgp.OpenPgp(home, range(1), lambda: NOW), _registry(home, own))


@pytest.fixture(scope="module")
def then(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The first `gpg` in PATH starts GnuPG with the time of the corpus."""
    program = tmp_path_factory.mktemp("then") / "gpg"
    program.write_text(f'#!/bin/sh\nexec {shutil.which("gpg")} {THEN} "$@"\n')
    program.chmod(0o700)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", str(program.parent), prepend=os.pathsep)
        yield


@pytest.fixture(scope="module")
def points(then: None) -> Iterator[Callable[[str], Point]]:
    """The point of a folder, made when it is first asked for."""
    made: dict[str, Point] = {}

    def of(folder: str) -> Point:
        name = KEYS.get(folder, folder if (CORPUS / "keys" / folder).exists() else "selfmade")
        if name not in made:
            made[name] = _point(name)
        return made[name]

    yield of
    for point in made.values():
        point.scheme.close()
        shutil.rmtree(point.home, ignore_errors=True)


def _mail(name: str) -> bytes:
    """The mail; what is only an armoured message becomes an inline one."""
    raw = (CORPUS / name).read_bytes()
    if raw.startswith(b"From "):
        raw = raw.partition(b"\n")[2]
    if raw.startswith(b"-----BEGIN PGP"):
        raw = b"From: a@b.example\nTo: gsp@gsp.example\nContent-Type: text/plain\n\n" + raw
    return raw


@whole
def test_every_mail_that_is_named_here_is_in_the_corpus() -> None:
    assert {row["file"] for row in ROWS} >= set(REGISTERED_AS)


@pytest.mark.parametrize("row", [pytest.param(r, id=r["file"]) for r in ROWS if not is_smime(r)])
def test_a_mail_gets_its_verdict(row: dict[str, str], points: Callable[[str], Point]) -> None:
    """Mails in clear too, of whatever kind: none stops the reader."""
    encrypted = row["kind"].startswith(CRYPTO)
    point = points(row["file"].split("/")[0] if encrypted else "selfmade")
    assert point.verdict(_mail(row["file"]), REGISTERED_AS.get(row["file"], "")) == OUTCOMES[row["file"]].outcome


@pytest.mark.parametrize("row", [pytest.param(r, id=r["file"]) for r in ROWS if is_smime(r)])
def test_an_smime_mail_is_refused_unopened_where_nobody_reads_smime(
    row: dict[str, str], points: Callable[[str], Point]
) -> None:
    point = points(row["file"].split("/")[0])
    assert point.verdict(_mail(row["file"]), "") in ("101", "102", "104")


def test_the_same_object_in_another_wrapping_is_the_same_arrival(points: Callable[[str], Point]) -> None:
    point = points("selfmade")
    raw = _mail("clients/neomutt-inline-signed-encrypted.eml")
    head, _, body = raw.replace(b"\r\n", b"\n").partition(b"\n\n")
    again = head.replace(b"Subject: ", b"Subject: Fwd ") + b"\n\n" + body.replace(b"\n", b" \r\n")
    digests = set()
    for version in (raw, again):
        mail = classify.classify(version, Envelope("a@b.example"), (point.scheme,), LIMIT)
        assert isinstance(mail, EncryptedMail)
        assert mail.digest == digest(mail.ciphertext.octets)
        digests.add(mail.digest)
    assert len(digests) == 1
