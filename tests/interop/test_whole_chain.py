"""The whole chain with real servers: Postfix, LMTP, the gateway as a process, Postfix, Dovecot; gpg and neomutt."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.correspondence import Correspondent
from tests.support.chain import GATEWAY, Chain
from tests.support.chain import chain as running
from tests.support.dovecot import Dovecot
from tests.support.focalpoint import SE_UIM, form_of, request
from tests.support.ports import until

NEOMUTT = """set smtp_url="smtp://127.0.0.1:{smtp}/"
set ssl_starttls=no ssl_force_tls=no from="{address}" use_from=yes realname="{name}"
set crypt_use_gpgme=yes crypt_autosign=yes crypt_autoencrypt=yes
set pgp_sign_as="{fingerprint}" pgp_default_key="{fingerprint}" crypt_protected_headers_write=yes
set editor="true" abort_unmodified=no record="" text_flowed=no
set imap_user="{address}" imap_pass="secret" folder="imap://127.0.0.1:{imap}/" spoolfile="imap://127.0.0.1:{imap}/INBOX"
set pipe_decode=yes wait_key=no quit=yes mail_check=1
set header_cache=""
ignore *
unignore from date subject to cc
"""


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
    before = len(chain.dovecot.mails(chain.point.people["officer"].address))
    desk_before = len(chain.dovecot.mails(chain.point.people["desk.se"].address))
    chain.submit("officer", chain.point.mail("officer", request(SE_UIM, case="BY-LMTP")))
    referral = chain.arrived("desk.se", desk_before + 1)[-1]
    assert SE_UIM in referral.text
    reply = (
        form_of(referral.text).replace("Status:", "Status: valid", 1).replace("manufacture:", "manufacture: Malmö", 1)
    )
    chain.submit("desk.se", chain.point.mail("desk.se", reply, subject=referral.outer_subject))
    mails = chain.arrived("officer", before + 2)
    assert any("Malmö" in mail.text for mail in mails)


def test_by_imap_a_mail_is_moved_when_it_is_taken_and_set_apart_when_it_is_refused(chain: Chain) -> None:
    before = len(chain.dovecot.mails(chain.point.people["officer"].address))
    chain.dovecot.append("gateway", chain.point.mail("officer", "GSP HELP\n"))
    until(lambda: len(chain.dovecot.mails("gateway", "Processed")) == 1, 40)
    chain.arrived("officer", before + 1)  # the tests share the mailbox: what this one caused arrives within it
    chain.dovecot.append("gateway", f"From: x@y.example\r\nTo: {GATEWAY}\r\nSubject: x\r\n\r\nin clear\r\n".encode())
    until(lambda: len(chain.dovecot.mails("gateway", "Quarantine")) == 1, 40)
    assert chain.dovecot.mails("gateway") == []


class Terminal:
    """neomutt in a pseudo-terminal."""

    def __init__(self, person: Correspondent, chain: Chain, folder: Path) -> None:
        self.socket = f"gsp-{person.name}"
        self.home = person.home
        self.rc = folder / "rc"
        self.rc.write_text(
            NEOMUTT.format(
                smtp=chain.postfix.port, imap=chain.dovecot.port, address=person.address, name=person.name,
                fingerprint=person.fingerprint,
            )
        )  # fmt: skip
        for trusted in (person.fingerprint, chain.point.key):
            command = ["gpg", "--homedir", str(person.home), "--batch", "--quiet", "--import-ownertrust"]
            subprocess.run(command, input=f"{trusted}:6:\n".encode(), check=True, capture_output=True)

    def tmux(self, *arguments: str) -> str:
        done = subprocess.run(
            ["tmux", "-L", self.socket, "-f", "/dev/null", *arguments], capture_output=True, text=True
        )
        return done.stdout

    def start(self, arguments: str) -> None:
        environment = f"env TERM=screen LANG=C.UTF-8 GNUPGHOME={self.home} HOME={self.rc.parent}"
        shell = f"{environment} neomutt -n -F {self.rc} {arguments}"
        self.tmux("new-session", "-d", "-x", "140", "-y", "200", f"{shell}; echo EXIT=$?; sleep 30")

    def wait(self, text: str) -> str:
        deadline = time.monotonic() + 25
        shown = ""
        while time.monotonic() < deadline:
            shown = self.tmux("capture-pane", "-p")
            if text in shown:
                return shown
            time.sleep(0.2)
        raise AssertionError(f"neomutt does not show {text!r}: {shown}")

    def press(self, *keys: str) -> None:
        self.tmux("send-keys", *keys)

    def stop(self) -> None:
        self.tmux("kill-server")


def test_neomutt_writes_a_request_and_reads_the_receipt(chain: Chain, tmp_path: Path) -> None:
    officer = chain.point.people["officer"]
    before = len(chain.dovecot.mails(officer.address))
    body = tmp_path / "body"
    body.write_text(request(SE_UIM, case="BY-NEOMUTT"))
    terminal = Terminal(officer, chain, tmp_path)
    try:
        terminal.start(f"-s Request -i {body} {GATEWAY}")
        terminal.wait("To:")
        terminal.press("Enter")
        terminal.wait("Subject:")
        terminal.press("Enter")
        assert "Sign, Encrypt (PGP/MIME)" in terminal.wait("Security")
        terminal.press("y")
        terminal.wait("EXIT=0")
    finally:
        terminal.stop()
    receipt = chain.arrived("officer", before + 1)[-1]
    assert "BY-NEOMUTT" in receipt.text
    try:
        terminal.start("")
        terminal.wait("Msgs:")
        terminal.press("/")
        terminal.wait("Search for")
        terminal.press(f"~i {receipt.message_id.strip('<>')}", "Enter")  # among the mails that other tests caused
        terminal.press("Enter")
        shown = terminal.wait("Good signature from: Focal point")
        assert "successfully decrypted" in shown
        assert "Exchange: GSP-" in terminal.wait("Exchange")
    finally:
        terminal.stop()
