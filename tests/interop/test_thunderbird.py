"""Real Thunderbird, in its own windows: officers and a desk write to a running gateway and read what it writes.

And from nothing to two Parties that exchange, one of them with Thunderbird, the other with neomutt.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.correspondence import Correspondent
from tests.cli.running import gsp
from tests.support.chain import GATEWAY, Chain, chain
from tests.support.focalpoint import FR_UIM, SE_UIM, FocalPoint, request
from tests.support.neomutt import Neomutt
from tests.support.newcomers import AtNeomutt, AtThunderbird, Newcomer
from tests.support.ports import free_port
from tests.support.sealed import ANSWERED, ASKED, LOOK_UP, boxes, key_file
from tests.support.server import Server
from tests.support.smime import Authority, SmimePerson, pem
from tests.support.thunderbird import Thunderbird

OPENPGP = ("officer", "desk.se")  # Curve25519, RSA-3072
SMIME = "colleague"
NEW = "new.example.org"  # a gateway with which nobody is registered
AT_THUNDERBIRD = {"desk.se": "desk@tull.example", "admin.se": "admin@tull.example", "deputy.se": "deputy@tull.example"}
AT_NEOMUTT = {"head": "head@secretariat.example", "desk.ke": "desk@kra.example", "admin.ke": "admin@kra.example",
              "officer.ke": "o@kra.example"}  # fmt: skip
CERTIFIED = ("desk.se", "admin.se")


@dataclass
class Bench:
    """The whole chain, and one Thunderbird with an account of each person."""

    chain: Chain
    thunderbird: Thunderbird
    authority: Authority
    new_port: int

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
        chain(
            people | {"desk.se": desk, SMIME: colleague},
            prepared=with_certificate,
            mailboxes=[*AT_THUNDERBIRD.values(), *AT_NEOMUTT.values()],
            further={NEW: (new_port := free_port())},
        ) as made,
        Thunderbird(
            made.dovecot.port,
            made.postfix.port,
            [*(made.point.people[who].address for who in (*OPENPGP, SMIME)), *AT_THUNDERBIRD.values()],
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
        yield Bench(made, thunderbird, authority, new_port)


def pkcs12(person: SmimePerson, folder: Path) -> Path:
    """The person's key and certificate as they are imported, passphrase x."""
    made = folder / "person.p12"
    command = ["openssl", "pkcs12", "-export", "-passout", "pass:x", "-name", person.name, "-out", str(made)]
    subprocess.run([*command, "-inkey", "own.key", "-in", "own.pem"], cwd=person.folder, check=True)
    return made


def test_with_openpgp_an_officer_asks_and_a_desk_answers_in_its_quoted_form(bench: Bench) -> None:
    thunderbird, officer, desk = bench.thunderbird, bench.address("officer"), bench.address("desk.se")
    thunderbird.send(officer, GATEWAY, "Request", request(SE_UIM, case="BY-THUNDERBIRD"))

    receipt = thunderbird.shown(officer, bench.chain.arrived("officer", "BY-THUNDERBIRD").message_id)
    assert (receipt.technology, receipt.encrypted, receipt.signed) == ("OpenPGP", "ok", "verified")
    assert re.search(r"Receipt for your request: GSP-\d{4}-", receipt.subject)  # the one inside the encryption
    assert "BY-THUNDERBIRD" in receipt.text

    arrived = bench.chain.arrived("desk.se", SE_UIM)
    referral = thunderbird.shown(desk, arrived.message_id)
    assert (referral.technology, referral.encrypted, referral.signed) == ("OpenPGP", "ok", "verified")
    assert SE_UIM in referral.text
    blanks = {"Status:": "Status: valid", "manufacture:": "manufacture: Malmö"}
    thunderbird.reply(desk, arrived.message_id, filled=blanks)

    answer = thunderbird.shown(officer, bench.chain.arrived("officer", "Malmö").message_id)
    assert (answer.encrypted, answer.signed) == ("ok", "verified")
    assert "Malmö" in answer.text


def test_with_smime_an_officer_asks_and_reads_the_receipt(bench: Bench) -> None:
    thunderbird, colleague = bench.thunderbird, bench.address(SMIME)
    thunderbird.send(colleague, GATEWAY, "Request", request(FR_UIM, case="BY-CERTIFICATE"))
    receipt = thunderbird.shown(colleague, bench.chain.arrived(SMIME, "BY-CERTIFICATE").message_id)
    assert (receipt.technology, receipt.encrypted, receipt.signed) == ("S/MIME", "ok", "ok")
    assert "BY-CERTIFICATE" in receipt.text


def test_sealed_mail_goes_both_ways(bench: Bench) -> None:
    made, thunderbird, people = bench.chain, bench.thunderbird, bench.chain.point.people
    officer, desk = people["officer"], people["desk.se"]
    assert isinstance(officer, Correspondent)
    assert isinstance(desk, Correspondent)
    thunderbird.send(officer.address, GATEWAY, "Look-up", LOOK_UP)
    letter = made.arrived("officer", "for you alone:")
    (box,), key = boxes(letter.text), key_file(letter)
    assert (officer.knows(key), desk.knows(officer.public_key)) == (desk.fingerprint, officer.fingerprint)

    # Thunderbird has both keys already: they are its accounts' own.
    thunderbird.use_key_for({box: desk.fingerprint})
    thunderbird.send(officer.address, box, "Cartons", ASKED)
    question = made.arrived("desk.se", ASKED)
    seen = thunderbird.shown(desk.address, question.message_id)
    # The mail comes from the focal point, the signature in it from the officer: Thunderbird shows the difference.
    assert (seen.technology, seen.encrypted, seen.signed) == ("OpenPGP", "ok", "mismatch")
    assert ASKED in seen.text

    thunderbird.use_key_for({question.reply_to: officer.fingerprint})
    thunderbird.reply(desk.address, question.message_id, ANSWERED)
    answer = made.arrived("officer", ANSWERED)
    seen = thunderbird.shown(officer.address, answer.message_id)
    assert (seen.encrypted, seen.signed) == ("ok", "mismatch")
    assert ANSWERED in seen.text


@contextmanager
def newcomers(bench: Bench) -> Iterator[dict[str, Newcomer]]:
    """A gateway made by `gsp init` that knows one person of the Secretariat, and people who know nothing of it.

    Each has the own key in the own mail program, and has heard the focal point's fingerprint by telephone.
    """
    made, thunderbird = bench.chain, bench.thunderbird
    folder = Path(tempfile.mkdtemp(prefix="gn", dir="/tmp"))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        people: dict[str, Correspondent | SmimePerson] = {}
        for name, address in (AT_THUNDERBIRD | AT_NEOMUTT).items():
            person = SmimePerson(address, name, bench.authority) if name in CERTIFIED else Correspondent(address, name)
            people[name] = stack.enter_context(person)
            (folder / f"{name}.asc").write_bytes(person.public_key)
        home, mailbox = folder / "h", f"gsp@{NEW}"
        assert gsp("init", "--domain", NEW, home=home).status == 0
        assert gsp("party", "add", "XS", "--name", "Secretariat", "--mailbox", "office@secretariat.example",
                   "--language", "en", home=home).status == 0  # fmt: skip
        assert gsp("user", "add", "--party", "XS", "--email", AT_NEOMUTT["head"], "--name", "Head",
                   "--role", "secretariat", "--key", folder / "head.asc", home=home).status == 0  # fmt: skip
        asked = gsp("key", "request", "--subject", "CN=Focal point,O=Organization,C=CH", home=home)
        (folder / "gsp.pem").write_bytes(pem(bench.authority.sign_request(asked.out.encode())))
        assert gsp("key", "install", folder / "gsp.pem", home=home).status == 0
        point = FocalPoint(home, people)
        point.start()
        stack.callback(point.gateway.close)
        point.key = point.gateway.fingerprint
        (folder / "t").mkdir()
        server = Server(home, free_port(), bench.new_port, made.postfix.port, folder / "t")
        server.start()
        stack.callback(server.stop)
        chained = Chain(point, made.postfix, made.dovecot)
        everybody: dict[str, Newcomer] = {}
        people["head"].knows(point.gateway.own_key())  # the operator gave the file
        for name, person in people.items():
            if isinstance(person, SmimePerson):
                thunderbird.own_certificate(person.address, pkcs12(person, thunderbird.folder), "x")
                program = AtThunderbird(thunderbird, person.address, mailbox, "S/MIME")
            elif name in AT_THUNDERBIRD:
                secret = person._gpg("--export-secret-keys", person.fingerprint)
                thunderbird.own_key(person.address, secret, person.fingerprint)
                program = AtThunderbird(thunderbird, person.address, mailbox, "OpenPGP")
            else:
                program = AtNeomutt(Neomutt(person, chained, folder / name), mailbox)
            everybody[name] = Newcomer(name, program, chained)
        yield everybody


def order(person: str, role: str, language: str = "English", party: str = "") -> str:
    """`GSP REGISTER` as it is typed."""
    address = (AT_THUNDERBIRD | AT_NEOMUTT)[person]
    named = f"\nParty: {party}" if party else ""
    name = {"desk.ke": "Kenya", "desk.se": "Sweden"}.get(person, f"N. {person}")
    return f"GSP REGISTER\n\nAddress: {address}\nName: {name}\nRole: {role}\nLanguage: {language}{named}\n"


@pytest.mark.timeout(900)  # some fifty steps in two mail programs: 40 s alone, minutes beside ten others
def test_from_nothing_to_two_parties_that_exchange_all_by_mail(bench: Bench) -> None:
    with newcomers(bench) as at:
        home = at["head"].chain.point.home

        def read(who: str, *words: str) -> None:
            shown = at[who].shown()
            assert [word for word in words if word not in " ".join(shown.split())] == [], shown

        for by, who, welcome, *said in (
            ("head", "desk.ke", "requests to your Party come to this mailbox", "desk", "English", "Kenya"),
            ("head", "desk.se", "السويد", "desk", "Arabic", "Sweden"),
            ("head", "admin.ke", "", "administrator", "English", "KE"),
            ("head", "admin.se", "GSP ENREGISTREMENT", "administrator", "French", "Suède"),
            ("admin.ke", "officer.ke", "To ask about UIMs", "officer"),
            ("admin.se", "deputy.se", None, "administrateur", "anglais"),
        ):
            at[by].program.send(order(who, *said), home.parent / f"{who}.asc")
            at[by].next()  # "was asked to confirm"
            at[who].confirm()
            at[by].next()  # "is registered", or "the Secretariat decides now"
            if welcome:
                read(who, welcome)
            elif welcome is not None:
                at[who].next()
        at["head"].reply(filled={"Decision:": "Decision: approve"})
        read("head", at["deputy.se"].address)
        read("deputy.se", "GSP REGISTER")

        at["officer.ke"].program.send(request(SE_UIM))
        read("officer.ke", "Sweden")
        at["desk.se"].reply(filled={one: f"{one} {said}" for one, said in (("الحالة:", "valid"), ("الصنع:", "Malmö"))})
        read("officer.ke", "Malmö")
        at["deputy.se"].program.send("GSP REQUEST\n\nTo: Kenya\n" + request("KE0000001").partition("\n\n")[2])
        read("deputy.se", "Kenya")
        at["desk.ke"].reply(filled={"Status:": "Status: not valid"})
        read("deputy.se", "not valid")
        assert gsp("audit", "verify", home=home).status == 0
