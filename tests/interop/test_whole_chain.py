"""The whole chain with real servers: Postfix, LMTP, the gateway as a process, Postfix, Dovecot; gpg and neomutt."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.correspondence import Correspondent
from tests.support.chain import GATEWAY, Chain
from tests.support.chain import chain as running
from tests.support.dovecot import Dovecot
from tests.support.focalpoint import SE_UIM, form_of, request
from tests.support.neomutt import Neomutt
from tests.support.ports import until
from tests.support.sealed import ANSWERED, ASKED, LOOK_UP, boxes, key_file


def with_mailbox(home: Path, dovecot: Dovecot) -> None:
    """The gateway has an IMAP mailbox as well."""
    (home / "imap.password").write_text("secret\n")
    with (home / "gateway.toml").open("a") as settings:
        settings.write(
            f'\n[[imap]]\nhost = "127.0.0.1"\nport = {dovecot.port}\ntls = "none"\nuser = "gateway"\n'
            'password_file = "imap.password"\npoll_seconds = 5\n'
        )


@pytest.fixture(scope="module")
def chain(people: dict[str, Correspondent]) -> Iterator[Chain]:
    """Postfix in front of and behind the gateway; Dovecot holds everybody's mail, and one mailbox of the gateway's."""
    with running(people, with_mailbox) as made:
        yield made


def test_by_lmtp_a_request_goes_to_the_desk_and_the_answer_comes_back(chain: Chain) -> None:
    chain.submit("officer", chain.point.mail("officer", request(SE_UIM, questions="By LMTP?")))
    referral = chain.arrived("desk.se", "By LMTP?", SE_UIM)
    reply = (
        form_of(referral.text).replace("Status:", "Status: valid", 1).replace("manufacture:", "manufacture: Malmö", 1)
    )
    chain.submit("desk.se", chain.point.mail("desk.se", reply, subject=referral.outer_subject))
    chain.arrived("officer", "Malmö")


def test_by_imap_a_mail_is_moved_when_it_is_taken_and_set_apart_when_it_is_refused(chain: Chain) -> None:
    chain.dovecot.append("gateway", chain.point.mail("officer", "GSP HELP\n"))
    until(lambda: len(chain.dovecot.mails("gateway", "Processed")) == 1, "the mail is not moved")
    chain.arrived("officer", "To begin, copy one of the blank forms")
    chain.dovecot.append("gateway", f"From: x@y.example\r\nTo: {GATEWAY}\r\nSubject: x\r\n\r\nin clear\r\n".encode())
    until(lambda: len(chain.dovecot.mails("gateway", "Quarantine")) == 1, "the mail is not moved")
    chain.dovecot.wait_for_none("gateway")


def test_neomutt_writes_a_request_and_reads_the_receipt(chain: Chain, tmp_path: Path) -> None:
    officer = chain.point.people["officer"]
    neomutt = Neomutt(officer, chain, tmp_path)
    neomutt.send(GATEWAY, "Request", request(SE_UIM, case="BY-NEOMUTT"))
    receipt = chain.arrived("officer", "BY-NEOMUTT")
    assert "Exchange: GSP-" in neomutt.shown(receipt.message_id, "Focal point")


def test_with_neomutt_sealed_mail_goes_both_ways(chain: Chain, tmp_path: Path) -> None:
    officer, desk = chain.point.people["officer"], chain.point.people["desk.se"]
    Neomutt(officer, chain, tmp_path).send(GATEWAY, "Look-up", LOOK_UP)
    letter = chain.arrived("officer", "for you alone:")
    (box,), key = boxes(letter.text), key_file(letter)
    assert (officer.knows(key), desk.knows(officer.public_key)) == (desk.fingerprint, officer.fingerprint)

    officers_client = Neomutt(officer, chain, tmp_path, {box: desk.fingerprint})
    officers_client.send(box, "Cartons", ASKED)
    question = chain.arrived("desk.se", ASKED)
    desks_client = Neomutt(desk, chain, tmp_path / "desk", {question.reply_to: officer.fingerprint})
    desks_client.reply(question.message_id, "officer", ANSWERED)
    answer = chain.arrived("officer", ANSWERED)
    assert ANSWERED in officers_client.shown(answer.message_id, "desk.se")
