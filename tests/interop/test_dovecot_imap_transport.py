"""Our IMAP mailboxes against a real Dovecot: IDLE, polling, restarts, TLS, XOAUTH2, moves."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from gateway import data
from gateway.outcome import REASONS, Deferred, Held, Refused, Taken
from gateway.settings import Imap
from gateway.transports import _visit
from gateway.transports.imap import Mailbox
from tests.support.certificates import self_signed
from tests.support.doors import Recorder
from tests.support.dovecot import PASSWORD, Dovecot
from tests.support.ports import until

USER = "gsp@gsp.example.org"
LIMIT = 1 << 20


def mail(subject: str) -> bytes:
    return f"Return-Path: <o@customs.example>\r\nDelivered-To: {USER}\r\nSubject: {subject}\r\n\r\n.x\r\n".encode()


@pytest.fixture
def password(tmp_path: Path) -> Path:
    file = tmp_path / "imap.password"
    file.write_text(f"{PASSWORD}\n")
    return file


def settings(dovecot: Dovecot, password: Path | None, **changes: Any) -> Imap:
    values = {"host": "127.0.0.1", "port": dovecot.port, "tls": "none", "user": USER, "password_file": password}
    imap = Imap.model_validate({**values, **changes})
    return imap.model_copy(update={"poll_seconds": 1})  # unchecked: quicker than makes sense


@pytest.fixture(scope="module")
def server() -> Iterator[Dovecot]:
    with Dovecot() as dovecot:
        yield dovecot


@pytest.fixture
def user(request: pytest.FixtureRequest) -> str:
    """A mailbox of its own for each test on the shared server."""
    return f"gsp{abs(hash(request.node.name))}@gsp.example.org"


@contextmanager
def watching(imap: Imap, process: Recorder) -> Iterator[Mailbox]:
    mailbox = Mailbox(imap, process, lambda attempt: 0.1, LIMIT)
    mailbox.start()
    try:
        yield mailbox
    finally:
        process.release.set()
        mailbox.stop()


@pytest.fixture
def untold(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is looked for but what the server tells."""
    monkeypatch.setattr(_visit, "RENEW_SECONDS", 3600.0)


@pytest.mark.usefixtures("untold")
def test_mail_is_taken_by_idle_and_moved_to_processed(server: Dovecot, user: str, password: Path) -> None:
    process = Recorder()
    server.append(user, mail("before"))
    with watching(settings(server, password, user=user), process):
        server.wait_for_idle(user)
        server.append(user, mail("while idle"))
        assert server.wait_for_mails(user, "Processed", 2) == [mail("before"), mail("while idle")]
        server.wait_for_none(user)
    raw, envelope = process.mails[0]
    assert raw == mail("before")
    assert (envelope.mail_from, envelope.rcpt_tos, envelope.transport) == ("o@customs.example", (USER,), "imap")


@pytest.mark.usefixtures("untold")
def test_mail_that_comes_while_another_is_worked_on_waits_for_nothing_more(
    server: Dovecot, user: str, password: Path
) -> None:
    """The server tells of it in answer to the move of the other."""
    process = Recorder(hold=True)
    server.append(user, mail("first"))
    with watching(settings(server, password, user=user), process):
        until(lambda: process.mails, "no mail came")
        server.append(user, mail("meanwhile"))
        process.release.set()
        server.wait_for_mails(user, "Processed", 2)
    assert [raw for raw, _ in process.mails] == [mail("first"), mail("meanwhile")]


@pytest.mark.parametrize("answer", [Refused(REASONS[101]), Held(REASONS[401])], ids=["refused", "held"])
def test_what_is_not_taken_lies_in_quarantine(
    server: Dovecot, user: str, password: Path, answer: Refused | Held
) -> None:
    with watching(settings(server, password, user=user), Recorder(answer=answer)):
        server.append(user, mail("x"))
        server.wait_for_mails(user, "Quarantine", 1)
        server.wait_for_none(user)


def test_deferred_mail_stays_and_is_tried_again(
    server: Dovecot, user: str, password: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_visit, "_FIRST_WAIT", 1.0)
    process = Recorder(answer=Deferred(REASONS[303]))
    with watching(settings(server, password, user=user), process):
        server.append(user, mail("x"))
        until(lambda: len(process.mails) > 1, "it was not tried again")
        assert len(server.mails(user)) == 1
        process.answer = Taken()
        server.wait_for_mails(user, "Processed", 1)


def test_mail_is_moved_only_after_its_answer(server: Dovecot, user: str, password: Path) -> None:
    process = Recorder(hold=True)
    server.append(user, mail("x"))
    with watching(settings(server, password, user=user), process):
        until(lambda: process.mails, "no mail came")
        assert len(server.mails(user)) == 1
        assert server.mails(user, "Processed") == []
        process.release.set()
        server.wait_for_mails(user, "Processed", 1)


def test_server_restart_while_idle_loses_nothing(password: Path) -> None:
    process = Recorder()
    with Dovecot() as dovecot, watching(settings(dovecot, password), process):
        dovecot.append(USER, mail("before"))
        dovecot.wait_for_mails(USER, "Processed", 1)
        dovecot.wait_for_idle(USER)  # else the server dies between the mail's copy and its end in the inbox
        dovecot.kill()
        dovecot.start()
        dovecot.append(USER, mail("after"))
        dovecot.wait_for_mails(USER, "Processed", 2)
    assert [raw for raw, _ in process.mails] == [mail("before"), mail("after")]


def test_server_that_dies_before_the_move_gives_the_mail_again(password: Path) -> None:
    process = Recorder(hold=True)
    with Dovecot() as dovecot:
        dovecot.append(USER, mail("x"))
        with watching(settings(dovecot, password), process):
            until(lambda: process.mails, "no mail came")
            dovecot.kill()
            process.release.set()
            dovecot.start()
            dovecot.wait_for_mails(USER, "Processed", 1)
            dovecot.wait_for_none(USER)
    assert [raw for raw, _ in process.mails] == [mail("x"), mail("x")]


@pytest.mark.parametrize("capabilities", ["IMAP4rev1 UIDPLUS", "IMAP4rev1"], ids=["uidplus", "bare"])
def test_poor_server_is_polled_and_mail_is_copied_and_deleted(password: Path, capabilities: str) -> None:
    process = Recorder()
    with Dovecot(capabilities=capabilities) as dovecot, watching(settings(dovecot, password), process):
        dovecot.append(USER, mail("one"))
        dovecot.wait_for_mails(USER, "Processed", 1)
        dovecot.append(USER, mail("two"))
        assert dovecot.wait_for_mails(USER, "Processed", 2) == [mail("one"), mail("two")]
        dovecot.wait_for_none(USER)
    assert len(process.mails) == 2


def test_too_large_mail_goes_to_quarantine_unread(server: Dovecot, user: str, password: Path) -> None:
    process = Recorder()
    with watching(settings(server, password, user=user), process):
        server.append(user, mail("x") + b"y" * LIMIT + b"\r\n")
        server.wait_for_mails(user, "Quarantine", 1)
    assert process.mails == []


def test_folders_are_made_below_the_servers_prefix(password: Path) -> None:
    namespace = "namespace inbox {\n  inbox = yes\n  prefix = INBOX.\n  separator = .\n}\n"
    with Dovecot(more=namespace) as dovecot, watching(settings(dovecot, password), Recorder()):
        dovecot.append(USER, mail("x"))
        dovecot.wait_for_mails(USER, "INBOX.Processed", 1)


@pytest.mark.parametrize("tls", ["tls", "starttls"])
def test_tls_is_used_and_the_certificate_is_checked(tmp_path: Path, password: Path, tls: str) -> None:
    certificate = self_signed(tmp_path)
    with Dovecot(certificate=certificate) as dovecot:
        port = dovecot.tls_port if tls == "tls" else dovecot.port
        good = settings(dovecot, password, tls=tls, port=port, ca_file=certificate[0])
        bad = settings(dovecot, password, tls=tls, port=port)
        with watching(good, Recorder()):
            dovecot.append(USER, mail("x"))
            dovecot.wait_for_mails(USER, "Processed", 1)
            dovecot.wait_for_idle(USER)
            dovecot.append(USER, mail("while idle"))
            dovecot.wait_for_mails(USER, "Processed", 2)
        with pytest.raises(ValueError, match="SSLCertVerificationError"):
            Mailbox(bad, Recorder(), lambda attempt: 0.1, LIMIT).check()


def test_wrong_password_is_said_without_quoting_it(server: Dovecot, user: str, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("not-it-CANARY\n")
    with pytest.raises(ValueError, match="refuses the login") as caught:
        Mailbox(settings(server, wrong, user=user), Recorder(), lambda attempt: 0.1, LIMIT).check()
    assert "CANARY" not in repr(caught.value)


class _Authority(BaseHTTPRequestHandler):
    """Gives tokens for the right secret, and tells Dovecot whose token one is."""

    def do_POST(self) -> None:
        form = self.rfile.read(int(self.headers["Content-Length"])).decode()
        good = "client_secret=s3cret%2B" in form and "grant_type=client_credentials" in form
        self._say({"access_token": "token-of-gsp"} if good else {"error": "invalid_client"}, 200 if good else 401)

    def do_GET(self) -> None:
        active = parse_qs(urlsplit(self.path).query).get("token") == ["token-of-gsp"]
        self._say({"active": active, "username": USER, "email": USER}, 200)

    def _say(self, value: object, status: int) -> None:
        octets = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(octets)))
        self.end_headers()
        self.wfile.write(octets)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def authority() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Authority)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def test_xoauth2_with_the_shipped_token_command(
    tmp_path: Path, authority: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = tmp_path / "client.secret"
    secret.write_text("s3cret+")
    monkeypatch.setenv("GSP_TOKEN_URL", f"http://127.0.0.1:{authority}/token")
    command = f"|{data.folder('config')}/microsoft365-token tenant client {secret}"
    process = Recorder()
    with Dovecot(tokens=f"http://127.0.0.1:{authority}/?token=") as dovecot:
        with watching(settings(dovecot, None, oauth=command), process):
            dovecot.append(USER, mail("x"))
            dovecot.wait_for_mails(USER, "Processed", 1)
        secret.write_text("wrong")
        with pytest.raises(ValueError, match="gave none"):
            Mailbox(settings(dovecot, None, oauth=command), process, lambda attempt: 0.1, LIMIT).check()
        stale = tmp_path / "token"
        stale.write_text("stale\n")
        with pytest.raises(ValueError, match="refuses the login"):
            Mailbox(settings(dovecot, None, oauth=str(stale)), process, lambda attempt: 0.1, LIMIT).check()
