"""Real Thunderbird, in its own windows: officers and a desk write to a running gateway and read what it writes."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.correspondence import Correspondent, ReadMail
from tests.support.chain import GATEWAY, Chain, chain
from tests.support.focalpoint import FR_UIM, SE_UIM, FocalPoint, request
from tests.support.smime import Authority, SmimePerson, pem
from tests.support.thunderbird import Thunderbird

OPENPGP = ("officer", "desk.se")  # Curve25519, RSA-3072
SMIME = "colleague"


@dataclass
class Bench:
    """The whole chain, and one Thunderbird with an account of each person."""

    chain: Chain
    thunderbird: Thunderbird

    def address(self, who: str) -> str:
        """The person's address."""
        return self.chain.point.people[who].address

    def newest(self, who: str, count: int) -> ReadMail:
        """The last of the person's mails, once there are so many."""
        return self.chain.arrived(who, count)[-1]


@pytest.fixture(scope="module")
def bench(people: dict[str, Correspondent]) -> Iterator[Bench]:
    """One Thunderbird for all tests: its start takes longer than a mail."""
    authority = Authority("Root of the Party", kind="rsa")

    def with_certificate(point: FocalPoint) -> None:
        """Thunderbird believes no certificate for mail but an authority's: the gateway gets one, as by `gsp key`."""
        registry, folder = point.gateway.registry, point.gateway.home.smime
        asked = registry.request_certificate(folder, GATEWAY, "rsa3072", "CN=Focal point,O=Organization,C=CH")
        issued = authority.sign_request(asked)
        registry.install_certificate(folder, pem(issued), GATEWAY)
        colleague.knows(pem(issued))

    with (
        Correspondent("desk.se@party.example", "desk.se", rsa=True) as desk,
        SmimePerson("colleague@party.example", SMIME, authority) as colleague,
        chain(people | {"desk.se": desk, SMIME: colleague}, prepared=with_certificate) as made,
        Thunderbird(
            made.dovecot.port, made.postfix.port, [made.point.people[who].address for who in (*OPENPGP, SMIME)]
        ) as thunderbird,
    ):
        for who in OPENPGP:
            person = made.point.people[who]
            assert isinstance(person, Correspondent)
            secret = person._gpg("--export-secret-keys", person.fingerprint)
            thunderbird.own_key(person.address, secret, person.fingerprint)
        thunderbird.accept_key(GATEWAY, desk._gpg("--export", made.point.key), made.point.key)
        thunderbird.accept_certificate(pem(authority.certificate), ",C,")
        thunderbird.accept_certificate((colleague.folder / "gateway.pem").read_bytes(), ",,")
        thunderbird.own_certificate(colleague.address, pkcs12(colleague, thunderbird.folder), "x")
        yield Bench(made, thunderbird)


def pkcs12(person: SmimePerson, folder: Path) -> Path:
    """The person's key and certificate as they are imported, passphrase x."""
    made = folder / "person.p12"
    command = ["openssl", "pkcs12", "-export", "-passout", "pass:x", "-name", person.name, "-out", str(made)]
    subprocess.run([*command, "-inkey", "own.key", "-in", "own.pem"], cwd=person.folder, check=True)
    return made


def test_with_openpgp_an_officer_asks_and_a_desk_answers_in_its_quoted_form(bench: Bench) -> None:
    thunderbird, officer, desk = bench.thunderbird, bench.address("officer"), bench.address("desk.se")
    officers, desks = bench.chain.count("officer"), bench.chain.count("desk.se")
    thunderbird.send(officer, GATEWAY, "Request", request(SE_UIM, case="BY-THUNDERBIRD"))

    receipt = thunderbird.shown(officer, bench.newest("officer", officers + 1).message_id)
    assert (receipt.technology, receipt.encrypted, receipt.signed) == ("OpenPGP", "ok", "verified")
    assert "Receipt for your request: GSP-2026-" in receipt.subject  # the one inside the encryption
    assert "BY-THUNDERBIRD" in receipt.text

    arrived = bench.newest("desk.se", desks + 1)
    referral = thunderbird.shown(desk, arrived.message_id)
    assert (referral.technology, referral.encrypted, referral.signed) == ("OpenPGP", "ok", "verified")
    assert SE_UIM in referral.text
    thunderbird.reply(desk, arrived.message_id, {"Status:": "Status: valid", "manufacture:": "manufacture: Malmö"})

    answer = thunderbird.shown(officer, bench.newest("officer", officers + 2).message_id)
    assert (answer.encrypted, answer.signed) == ("ok", "verified")
    assert "Malmö" in answer.text


def test_with_smime_an_officer_asks_and_reads_the_receipt(bench: Bench) -> None:
    thunderbird, colleague, before = bench.thunderbird, bench.address(SMIME), bench.chain.count(SMIME)
    thunderbird.send(colleague, GATEWAY, "Request", request(FR_UIM, case="BY-CERTIFICATE"))
    receipt = thunderbird.shown(colleague, bench.newest(SMIME, before + 1).message_id)
    assert (receipt.technology, receipt.encrypted, receipt.signed) == ("S/MIME", "ok", "ok")
    assert "BY-CERTIFICATE" in receipt.text
