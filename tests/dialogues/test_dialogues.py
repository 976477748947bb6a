"""Every dialogue file, and what a file cannot say: time, load, large mails, shutting down."""

from __future__ import annotations

import gc
import smtplib
import socket
import struct
import threading
import time
from pathlib import Path

import pytest

from gateway.settings import Lmtp
from gateway.transports import lmtp, workers
from gateway.transports.workers import Workers
from tests.dialogues import runner
from tests.hostile import attacks
from tests.hostile.attacks import attack
from tests.support.certificates import self_signed
from tests.support.doors import DOMAIN, Recorder, open_smtp
from tests.support.ports import PATIENCE, free_port, until

HERE = Path(__file__).parent
ATTACKS = ("smuggling", "starttls_injection")
FILES = sorted(file for file in HERE.glob("*/*.txt") if file.stem not in ATTACKS)
TO = f"gsp@{DOMAIN}"
MAIL = b"Subject: x\r\n\r\nx\r\n"


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return self_signed(tmp_path_factory.mktemp("tls"))


@pytest.mark.parametrize("file", FILES, ids=[f"{file.parent.name}-{file.stem}" for file in FILES])
def test_dialogue(file: Path, certificate: tuple[Path, Path]) -> None:
    runner.play(file, certificate)


@attack(attacks.SMUGGLING, "bare CR or LF around the dot that would end the mail, and in commands", 109)
def test_smuggling_is_refused_as_one_mail_with_109(certificate: tuple[Path, Path]) -> None:
    runner.play(HERE / "smtp" / "smuggling.txt", certificate)


@attack(attacks.STARTTLS, "commands pipelined before TLS begins", "dropped; nothing of them is answered after it")
def test_what_was_pipelined_before_tls_is_dropped(certificate: tuple[Path, Path]) -> None:
    runner.play(HERE / "smtp" / "starttls_injection.txt", certificate)


def send(port: int, octets: bytes = MAIL) -> tuple[int, bytes]:
    client = smtplib.SMTP("127.0.0.1", port, "border.example", timeout=PATIENCE)
    try:
        client.ehlo()
        client.mail("o@customs.example")
        client.rcpt(TO)
        return client.data(octets)
    finally:
        client.close()


def test_full_pool_defers_at_once() -> None:
    process = Recorder(hold=True)
    limit = 1 + workers.WAITING_PER_WORKER
    with open_smtp(process, workers=1) as port:
        threads = [threading.Thread(target=send_until_taken, args=(port,)) for _ in range(limit)]
        for thread in threads:
            thread.start()
        until(lambda: process.mails, "no mail came")
        code, text = send_when_full(port, time.monotonic() + PATIENCE)
        assert (code, text[:15]) == (451, b"4.3.2 [GSP-301]")
        process.release.set()
        for thread in threads:
            thread.join()
        assert send(port)[0] == 250


def send_until_taken(port: int) -> None:
    while send(port)[0] != 250:
        time.sleep(0.02)


def send_when_full(port: int, deadline: float) -> tuple[int, bytes]:
    """Sends with a short patience until the pool is full; a mail that waits in it is given up."""
    while time.monotonic() < deadline:
        try:
            with smtplib.SMTP("127.0.0.1", port, "border.example", timeout=1) as client:
                client.ehlo()
                client.mail("o@customs.example")
                client.rcpt(TO)
                return client.data(MAIL)
        except (TimeoutError, smtplib.SMTPServerDisconnected):
            continue
    raise TimeoutError("the pool never filled")


def test_time_limit_defers_and_the_work_ends_by_itself() -> None:
    process = Recorder(hold=True)
    with open_smtp(process, time_limit=0.2) as port:
        code, text = send(port)
        assert (code, text[:15]) == (451, b"4.3.0 [GSP-306]")
        process.release.set()
        send_until_taken(port)  # on a busy machine the limit is over before work that takes no time has been done


def test_loop_answers_others_while_a_mail_is_worked_on() -> None:
    process = Recorder(hold=True)
    with open_smtp(process, workers=1) as port:
        working = threading.Thread(target=send, args=(port,))
        working.start()
        until(lambda: process.mails, "no mail came")
        # A loop that is kept busy says nothing.
        with smtplib.SMTP("127.0.0.1", port, "border.example", timeout=PATIENCE) as other:
            for _ in range(50):
                assert other.noop()[0] == 250
        process.release.set()
        working.join()


def test_line_as_long_as_the_mail_is_taken_unchanged() -> None:
    process = Recorder()
    octets = b"Subject: x\r\n\r\n" + b"0123456789" * 90_000 + b"\r\n"
    with open_smtp(process) as port:
        assert send(port, octets)[0] == 250
    assert process.mails[0][0] == octets


@pytest.mark.parametrize("size", [16383, 16384, 16385, 32768, 40000])
def test_octets_arrive_unchanged_at_the_borders_of_the_reader(size: int) -> None:
    process = Recorder()
    octets = (b"." * 60 + b"\r\n") * (size // 62) + b"x" * (size % 62) + b"\r\n"
    with open_smtp(process) as port:
        assert send(port, octets)[0] == 250
    assert process.mails[0][0] == octets


def test_largest_mail_is_taken_and_the_loop_stays_awake() -> None:
    process = Recorder()
    octets = (b"0123456789abcdef" * 4 + b"\r\n") * (36 * 1024 * 1024 // 66)
    slowest = 0.0
    with open_smtp(process, max_size=36 * 1024 * 1024) as port:
        sending = threading.Thread(target=send, args=(port, octets))
        sending.start()
        with smtplib.SMTP("127.0.0.1", port, "border.example", timeout=PATIENCE) as other:
            while sending.is_alive():
                began = time.monotonic()
                other.noop()
                slowest = max(slowest, time.monotonic() - began)
                time.sleep(0.005)
        sending.join()
    assert process.mails[0][0] == octets
    assert slowest < 5  # a machine under load; the benchmark measures the 99th percentile


def test_mail_of_dots_does_not_keep_the_loop() -> None:
    process = Recorder()
    with open_smtp(process) as port:
        assert send(port, b".\r\n" * 100_000)[0] == 250
    assert process.mails[0][0] == b".\r\n" * 100_000


def test_fifty_recipients_and_not_one_more() -> None:
    with open_smtp(Recorder()) as port, smtplib.SMTP("127.0.0.1", port, "border.example") as client:
        client.ehlo()
        client.mail("o@customs.example")
        codes = [client.rcpt(TO)[0] for _ in range(51)]
    assert codes == [250] * 50 + [452]


def test_client_that_hangs_up_does_not_stop_the_work() -> None:
    process = Recorder(hold=True)
    with open_smtp(process) as port:
        with socket.create_connection(("127.0.0.1", port)) as client:
            lines = ["HELO x", "MAIL FROM:<o@customs.example>", f"RCPT TO:<{TO}>", "DATA", "x", ".", ""]
            client.sendall("\r\n".join(lines).encode())
            until(lambda: process.mails, "no mail came")
        process.release.set()
        assert send(port)[0] == 250
    assert len(process.mails) == 2


def test_connection_reset_in_the_middle_leaves_no_trace_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    process = Recorder()
    with open_smtp(process) as port:
        for lines in (b"", b"HELO x\r\n", b"HELO x\r\nMAIL FROM:<o@customs.example>\r\nRCPT TO:<CANARY@x>\r\nDA"):
            client = socket.create_connection(("127.0.0.1", port))
            client.sendall(lines)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # close() resets
            client.close()
        assert send(port)[0] == 250
    gc.collect()
    assert [record.name for record in caplog.records if record.name != "gateway"] == []


def test_uncaught_fault_is_logged_by_type_and_place_and_a_reset_not_at_all(caplog: pytest.LogCaptureFixture) -> None:
    settings = Lmtp(port=free_port())
    pool = Workers(Recorder(), 1)
    listener = lmtp.listener(settings, DOMAIN, 1000, pool, lambda address: True)
    listener.start()
    for error in (ConnectionResetError(104, "CANARY"), ValueError("CANARY")):
        listener._loop.call_exception_handler({"message": "CANARY", "exception": error})
    listener.stop()
    pool.close()
    said = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert len(said) == 1
    assert "type=ValueError" in said[0]
    assert "CANARY" not in caplog.text


def test_stopping_says_goodbye_to_the_idle_and_answers_what_has_begun() -> None:
    process = Recorder(hold=True)
    answers: list[tuple[int, bytes]] = []
    door = open_smtp(process)
    port = door.__enter__()
    idle = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    greeting = idle.recv(200)
    working = threading.Thread(target=lambda: answers.append(send(port)))
    working.start()
    until(lambda: process.mails, "no mail came")
    stopping = threading.Thread(target=door.__exit__, args=(None, None, None))
    stopping.start()  # releases the mail, then stops the listener
    stopping.join(PATIENCE)
    working.join(PATIENCE)
    assert greeting.startswith(b"220 ")
    assert idle.recv(200).startswith(b"421 4.3.2")
    assert answers[0][0] == 250
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=1)
