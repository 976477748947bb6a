"""Every S/MIME mail of the shared corpus gets the outcome that `outcomes.tsv` says.

The corpus is read where it lies. Thunderbird's certificates are of 2013 to 2033, the corpus's own of 2026 to 2029:
each folder is judged at a time when its certificates were valid, and by its own authority.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.utils import parseaddr
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509 import RFC822Name, SubjectAlternativeName, load_pem_x509_certificate

from gateway.crypto import _bundle, smime
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
)
from gateway.outcome import Failure
from gateway.ports import Policy
from gateway.stages import classify, decrypt, identify
from gateway.treaty import Role
from tests.corpus.places import CORPUS, OUTCOMES, ROWS, WHOLE, is_smime
from tests.support.smime import pem, secret_pem

pytestmark = pytest.mark.corpus
KE = PartyCode("KE")
LIMIT = 20_000_000
PEOPLE = ("officer1", "officer2", "mallory", "revoked", "selfsigned")


@dataclass
class Registry:
    """The registry as far as opening asks it."""

    keys: list[tuple[str, PublicKey]]

    def keys_claimed_by(self, address: Address) -> tuple[PublicKey, ...]:
        return tuple(key for owner, key in self.keys if owner == address.lower())

    def sender_by_fingerprint(self, fingerprint: Fingerprint, now: datetime) -> Sender | None:
        for owner, key in self.keys:
            if key.fingerprint == fingerprint:
                return Sender(Person(1, KE, Address(owner), "", Role.OFFICER, Language("en")), fingerprint)
        return None

    def signature_seen(self, seen: str) -> bool:
        return False


@dataclass
class Point:
    """A gateway with a folder's certificates, at a time when they were valid."""

    scheme: smime.Smime
    registry: Registry
    now: datetime

    def verdict(self, raw: bytes) -> str:
        """`taken`, or the number of the refusal and (for the one uniform refusal) its cause."""
        domain = parseaddr(str(message_from_bytes(raw)["To"]))[1].rpartition("@")[2]
        try:
            mail = classify.classify(raw, Envelope("a@b.example"), (self.scheme,), LIMIT)
            assert isinstance(mail, EncryptedMail)
            claimed = self.registry.keys_claimed_by(identify.claimed_address(mail.visible))
            opened = decrypt.decrypt(mail, self.scheme, claimed, LIMIT)
            identify.identify(opened, self.registry, Moment(self.now), Policy(domain, "gsp", True))  # type: ignore[arg-type]
        except Failure as failure:
            return f"{failure.reason.number} {failure.cause}".removesuffix(" none")
        return "taken"


def mail(name: str) -> bytes:
    raw = (CORPUS / name).read_bytes()
    return raw.partition(b"\n")[2] if raw.startswith(b"From ") else raw


def home(certificate: bytes, key: bytes, anchor: bytes) -> Path:
    made = Path(tempfile.mkdtemp(prefix="gc", dir="/tmp"))
    (made / "anchors" / "KE").mkdir(parents=True)
    (made / "crls").mkdir()
    (made / "certificate.pem").write_bytes(certificate)
    (made / "key.pem").write_bytes(key)
    (made / "anchors" / "KE" / "ca.pem").write_bytes(anchor)
    return made


def selfmade(folder: Path) -> tuple[Path, Point]:
    keys = folder / "selfmade" / "smime"
    made = home(
        (keys / "gateway.crt").read_bytes(), (keys / "gateway.key").read_bytes(), (keys / "ca.crt").read_bytes()
    )
    shutil.copy(keys / "ca.crl", made / "crls")
    now = datetime(2026, 11, 22, tzinfo=UTC)
    scheme = smime.Smime(made, lambda: now)
    people = []
    for name in PEOPLE:
        key = scheme.read_key((keys / f"{name}.crt").read_bytes())
        names = load_pem_x509_certificate(key.octets).extensions.get_extension_for_class(SubjectAlternativeName)
        owner = names.value.get_values_for_type(RFC822Name)[0].lower()
        people.append((owner, replace(key, party=KE)))
    return made, Point(scheme, Registry(people), now)


def thunderbird(folder: Path) -> tuple[Path, Point]:
    keys = folder / "thunderbird"
    found = {
        name: pkcs12.load_key_and_certificates((keys / f"{name}.p12").read_bytes(), b"nss")
        for name in ("Alice", "Bob", "Dave", "Fran")
    }
    secret, own, _ = found["Bob"]
    made = home(pem(own), secret_pem(secret), (keys / "TestCA.pem").read_bytes())  # type: ignore[arg-type]
    (made / "old").mkdir()
    (made / "old" / "fran.pem").write_bytes(pem(found["Fran"][1]))  # type: ignore[arg-type]
    (made / "old" / "fran.key").write_bytes(secret_pem(found["Fran"][0]))  # type: ignore[arg-type]
    now = own.not_valid_before_utc + timedelta(days=30)  # type: ignore[union-attr]
    scheme = smime.Smime(made, lambda: now)
    people = [
        (f"{name}@example.com".lower(), replace(scheme.read_key(pem(found[name][1])), party=KE))  # type: ignore[arg-type]
        for name in ("Alice", "Dave")
    ]
    return made, Point(scheme, Registry(people), now)


@pytest.fixture(scope="module")
def points() -> Iterator[Callable[[str], Point]]:
    """The point of a folder."""
    made = {"": selfmade(CORPUS / "keys")}
    if WHOLE:
        made["thunderbird"] = thunderbird(CORPUS / "keys")
    yield lambda folder: made.get(folder, made[""])[1]
    for path, _ in made.values():
        shutil.rmtree(path)


@pytest.mark.parametrize("row", [pytest.param(row, id=row["file"]) for row in ROWS if is_smime(row)])
def test_a_mail_gets_its_verdict(row: dict[str, str], points: Callable[[str], Point]) -> None:
    name = row["file"]
    assert points(name.split("/")[0]).verdict(mail(name)) == OUTCOMES[name].outcome


def test_certificates_that_must_not_be_registered_are_refused_with_the_remedy() -> None:
    keys = CORPUS / "keys" / "selfmade" / "smime"
    now = datetime(2026, 11, 22, tzinfo=UTC)
    for name, words in (("expired", "has expired"), ("tlsonly", "emailProtection")):
        with pytest.raises(ValueError, match=words):
            _bundle.read((keys / f"{name}.crt").read_bytes(), now)
