"""Real Thunderbird, in its own windows: officers and a desk write to a running gateway and read what it writes."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.correspondence import Correspondent
from tests.support.chain import GATEWAY, Chain, chain
from tests.support.focalpoint import FR_UIM, SE_UIM, FocalPoint, request
from tests.support.sealed import ANSWERED, ASKED, LOOK_UP, boxes, key_file
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
        thunderbird.accept_key(GATEWAY, made.point.gateway.own_key(), made.point.key)
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

    receipt = thunderbird.shown(officer, bench.chain.newest("officer", officers + 1).message_id)
    assert (receipt.technology, receipt.encrypted, receipt.signed) == ("OpenPGP", "ok", "verified")
    assert "Receipt for your request: GSP-2026-" in receipt.subject  # the one inside the encryption
    assert "BY-THUNDERBIRD" in receipt.text

    arrived = bench.chain.newest("desk.se", desks + 1)
    referral = thunderbird.shown(desk, arrived.message_id)
    assert (referral.technology, referral.encrypted, referral.signed) == ("OpenPGP", "ok", "verified")
    assert SE_UIM in referral.text
    blanks = {"Status:": "Status: valid", "manufacture:": "manufacture: Malmö"}
    thunderbird.reply(desk, arrived.message_id, filled=blanks)

    answer = thunderbird.shown(officer, bench.chain.newest("officer", officers + 2).message_id)
    assert (answer.encrypted, answer.signed) == ("ok", "verified")
    assert "Malmö" in answer.text


def test_with_smime_an_officer_asks_and_reads_the_receipt(bench: Bench) -> None:
    thunderbird, colleague, before = bench.thunderbird, bench.address(SMIME), bench.chain.count(SMIME)
    thunderbird.send(colleague, GATEWAY, "Request", request(FR_UIM, case="BY-CERTIFICATE"))
    receipt = thunderbird.shown(colleague, bench.chain.newest(SMIME, before + 1).message_id)
    assert (receipt.technology, receipt.encrypted, receipt.signed) == ("S/MIME", "ok", "ok")
    assert "BY-CERTIFICATE" in receipt.text


def test_sealed_mail_goes_both_ways(bench: Bench) -> None:
    made, thunderbird, people = bench.chain, bench.thunderbird, bench.chain.point.people
    officer, desk = people["officer"], people["desk.se"]
    assert isinstance(officer, Correspondent)
    assert isinstance(desk, Correspondent)
    officers, desks = made.count("officer"), made.count("desk.se")
    thunderbird.send(officer.address, GATEWAY, "Look-up", LOOK_UP)
    letter = made.newest("officer", officers + 1)
    (box,), key = boxes(letter.text), key_file(letter)
    assert (officer.knows(key), desk.knows(officer.public_key)) == (desk.fingerprint, officer.fingerprint)

    # Thunderbird has both keys already: they are its accounts' own.
    thunderbird.use_key_for({box: desk.fingerprint})
    thunderbird.send(officer.address, box, "Cartons", ASKED)
    question = next(mail for mail in made.arrived("desk.se", desks + 2) if ASKED in mail.text)
    seen = thunderbird.shown(desk.address, question.message_id)
    # The mail comes from the focal point, the signature in it from the officer: Thunderbird shows the difference.
    assert (seen.technology, seen.encrypted, seen.signed) == ("OpenPGP", "ok", "mismatch")
    assert ASKED in seen.text

    thunderbird.use_key_for({question.reply_to: officer.fingerprint})
    thunderbird.reply(desk.address, question.message_id, ANSWERED)
    answer = next(mail for mail in made.arrived("officer", officers + 3) if ANSWERED in mail.text)
    seen = thunderbird.shown(officer.address, answer.message_id)
    assert (seen.encrypted, seen.signed) == ("ok", "mismatch")
    assert ANSWERED in seen.text
