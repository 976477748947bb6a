"""What one attempt of sending means, by what the next server says (a scripted one on loopback)."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

import pytest

from gateway.settings import Outbound
from gateway.transports.submission import Submission, Verdict

MAIL = b"Subject: x\r\n\r\n.x\r\n"


class Script:
    """A mail server that answers each command as told, else as usual; remembers what it heard."""

    def __init__(self, answers: Mapping[str, str], features: str = "DSN") -> None:
        self._answers = {"EHLO": f"250-x\r\n250 {features}", "DATA": "354 go", "QUIT": "221 2.0.0 bye", **answers}
        self.heard: list[str] = []
        self.connections = 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)  # wakes accept
        self._listening.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            with connection, connection.makefile("rb") as lines:
                self._talk(connection, lines)

    def _talk(self, connection: socket.socket, lines) -> None:  # type: ignore[no-untyped-def]
        connection.sendall(self._answers.get("CONNECT", "220 x").encode() + b"\r\n")
        for line in lines:
            text = line.decode().strip()
            command, colon, rest = text.partition(
                ":"
            )  # which Python writes in capital letters or, since 3.12, in small
            self.heard.append(command.lower() + colon + rest if colon else text)
            verb = text.split(" ")[0].upper()
            answer = self._answers.get(verb, "250 2.0.0 ok")
            if answer == "HANG UP":
                return
            connection.sendall(answer.encode() + b"\r\n")
            if answer.startswith("354"):
                while (line := lines.readline()) != b".\r\n":
                    self.heard.append(f"> {line.decode().strip()}")
                if (end := self._answers.get("END", "250 2.0.0 queued")) == "HANG UP":
                    return
                connection.sendall(end.encode() + b"\r\n")


@contextmanager
def server(answers: Mapping[str, str], features: str = "DSN") -> Iterator[tuple[Script, Submission]]:
    script = Script(answers, features)
    with Submission(Outbound(host="127.0.0.1", port=script.port), "gsp.example.org") as submission:
        yield script, submission
    script.close()


def attempt(submission: Submission, rcpt_to: str = "desk@kra.example", octets: bytes = MAIL):  # type: ignore[no-untyped-def]
    return submission.send("bounce+id@gsp.example.org", rcpt_to, octets, "id")


@pytest.mark.parametrize(
    ("answers", "verdict", "reply", "of_server"),
    [
        ({}, Verdict.SENT, "250 2.0.0", False),
        ({"RCPT": "550 5.1.1 gone"}, Verdict.PERMANENT, "550 5.1.1", False),
        ({"RCPT": "450 4.2.1 later"}, Verdict.TRANSIENT, "450 4.2.1", False),
        ({"RCPT": "550 no code here"}, Verdict.PERMANENT, "550", False),
        ({"END": "554 5.6.0 no"}, Verdict.PERMANENT, "554 5.6.0", False),
        ({"END": "451 4.3.0 later"}, Verdict.TRANSIENT, "451 4.3.0", False),
        ({"DATA": "554 5.5.1 no"}, Verdict.PERMANENT, "554 5.5.1", False),
        ({"MAIL": "552 5.3.4 too large"}, Verdict.PERMANENT, "552 5.3.4", False),
        ({"MAIL": "550 5.7.1 not you"}, Verdict.TRANSIENT, "550 5.7.1", True),
        ({"CONNECT": "554 5.7.1 go away"}, Verdict.TRANSIENT, "554 5.7.1", True),
        ({"END": "HANG UP"}, Verdict.TRANSIENT, "", True),
        ({"RCPT": "HANG UP"}, Verdict.TRANSIENT, "no reply", True),
        ({"RCPT": "nonsense"}, Verdict.TRANSIENT, "no reply", True),
    ],
    ids=str,
)
def test_verdict_follows_who_said_what(answers: dict[str, str], verdict: Verdict, reply: str, of_server: bool) -> None:
    with server(answers) as (_, submission):
        delivery = attempt(submission)
    assert (delivery.verdict, delivery.server) == (verdict, of_server)
    assert not reply or delivery.reply == reply


def test_nobody_listening_is_transient() -> None:
    with server({}) as (script, submission):
        script.close()
        delivery = attempt(submission)
    assert (delivery.verdict, delivery.server) == (Verdict.TRANSIENT, True)


def test_reports_are_asked_for_where_the_server_can() -> None:
    with server({}) as (script, submission):
        attempt(submission)
    assert "mail from:<bounce+id@gsp.example.org> RET=HDRS ENVID=id" in script.heard
    wanted = "rcpt to:<desk@kra.example> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;desk@kra.example"
    assert wanted in script.heard
    with server({}, "HELP") as (script, submission):
        attempt(submission)
    assert "mail from:<bounce+id@gsp.example.org>" in script.heard
    assert "> ..x" in script.heard


def test_connection_is_used_again_and_replaced_when_the_server_has_closed_it() -> None:
    with server({}) as (script, submission):
        for _ in range(3):
            assert attempt(submission).verdict is Verdict.SENT
        assert script.connections == 1
    with server({"RSET": "HANG UP"}) as (script, submission):
        for _ in range(2):
            assert attempt(submission).verdict is Verdict.SENT
        assert script.connections == 2


def test_refused_mail_does_not_spoil_the_next() -> None:
    with server({"RCPT": "550 5.1.1 gone"}) as (_, submission):
        assert attempt(submission).verdict is Verdict.PERMANENT
        assert attempt(submission).verdict is Verdict.PERMANENT


@pytest.mark.parametrize("octets", [b"a\nb\r\n", b"a\rb\r\n", b"a\r\n.\rb\r\n", b"a\r"])
def test_bare_cr_or_lf_never_leaves(octets: bytes) -> None:
    with server({}) as (script, submission):
        delivery = attempt(submission, octets=octets)
    assert (delivery.verdict, delivery.enhanced) == (Verdict.PERMANENT, "5.6.0")
    assert script.connections == 0


def test_address_beyond_ascii_needs_smtputf8() -> None:
    with server({}) as (_, submission):
        assert attempt(submission, "бюро@таможня.example").reply == "5.6.7"
    with server({}, "SMTPUTF8") as (script, submission):
        assert attempt(submission, "бюро@таможня.example").verdict is Verdict.SENT
    assert "mail from:<bounce+id@gsp.example.org> SMTPUTF8" in script.heard


def test_missing_starttls_is_never_answered_with_clear_text() -> None:
    script = Script({})
    settings = Outbound(host="127.0.0.1", port=script.port, tls="starttls")
    with Submission(settings, "gsp.example.org") as submission:
        delivery = attempt(submission)
    script.close()
    assert (delivery.verdict, delivery.server) == (Verdict.TRANSIENT, True)
    assert script.heard
    assert not any(line.lower().startswith("mail") for line in script.heard)
