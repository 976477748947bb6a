"""The worker processes of `gsp serve`: one that dies costs nothing, and none outlives the gateway."""

from __future__ import annotations

import email.policy
import os
import re
import resource
import shutil
import signal
import smtplib
import socket
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from email.message import EmailMessage
from pathlib import Path

import pytest

from gateway.correspondence import Correspondent
from gateway.crew import Crew
from gateway.facts import Address, Envelope
from gateway.outcome import REASONS, Deferred, Taken
from tests.support.focalpoint import DOMAIN, FocalPoint, focal_point
from tests.support.ports import PATIENCE, free_port, until
from tests.support.server import Server
from tests.support.sink import sink
from tests.support.smime import SmimePerson


@pytest.fixture
def served(people: dict[str, Correspondent]) -> Iterator[tuple[FocalPoint, Server]]:
    """A gateway with two workers."""

    def two(home: Path) -> None:
        settings = home / "gateway.toml"
        settings.write_text("workers = 2\n" + settings.read_text())

    folder = Path(tempfile.mkdtemp(prefix="gw", dir="/tmp"))
    (folder / "t").mkdir()
    try:
        with focal_point(people, settings=two) as point, sink() as received:
            server = Server(point.home, free_port(), free_port(), received.port, folder / "t")
            server.start()
            try:
                yield point, server
            finally:
                with suppress(ProcessLookupError):
                    server.kill()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def workers(server: Server) -> list[int]:
    """The process numbers of the workers that run."""
    threads = Path(f"/proc/{server.pid}/task").iterdir()  # each has the children that it made
    children = [child for thread in threads for child in (thread / "children").read_text().split()]
    return [int(child) for child in children if b"gateway.worker" in Path(f"/proc/{child}/cmdline").read_bytes()]


def reply(server: Server, raw: bytes) -> int:
    """The code of the reply to DATA."""
    with smtplib.SMTP("127.0.0.1", server.smtp_port, timeout=PATIENCE) as client:
        client.ehlo()
        client.mail("officer@ke.example")
        client.rcpt(f"gsp@{DOMAIN}")
        return client.data(raw)[0]


def test_a_mail_whose_worker_died_is_deferred_and_taken_by_the_next_one(served: tuple[FocalPoint, Server]) -> None:
    point, server = served
    dead = workers(server)[0]
    os.kill(dead, signal.SIGKILL)
    mails = [point.mail("officer", f"GSP HELP\n\nCase: {n}\n") for n in range(4)]
    codes = [reply(server, raw) for raw in mails]
    assert sorted(codes) == [250, 250, 250, 451]
    assert reply(server, mails[codes.index(451)]) == 250
    assert len(workers(server)) == 2
    assert dead not in workers(server)


def test_a_worker_reads_the_keys_and_certificates_that_renewals_bring(served: tuple[FocalPoint, Server]) -> None:
    point, server = served
    with Correspondent("colleague@party.example", "c") as fresh, SmimePerson("officer@party.example", "o") as certified:
        for who, person, kind in (("officer", certified, "pkix-cert"), ("colleague", fresh, "pgp-keys")):
            mail = EmailMessage(policy=email.policy.SMTP)
            mail.set_content("GSP RENEW\n")
            mail.add_attachment(person.public_key, maintype="application", subtype=kind, filename="new")
            writer = point.people[who]
            assert isinstance(writer, Correspondent)
            assert reply(server, writer.write(f"gsp@{DOMAIN}", point.key, mail, point.clock())) == 250
            known = point.gateway.store.view.keys_claimed_by(Address(person.address))
            assert sorted(key.scheme for key in known) == ["openpgp", "smime" if person is certified else "openpgp"]


def test_workers_end_with_the_gateway_however_it_ends(served: tuple[FocalPoint, Server]) -> None:
    _, server = served
    first = workers(server)
    assert len(first) == 2
    os.kill(server.pid, signal.SIGKILL)
    until(lambda: not any(alive(process) for process in first), "a worker outlives the gateway")
    server.start()
    second = workers(server)
    assert len(second) == 2
    for process in second:  # as when a terminal or systemd sends the signal to all of them
        os.kill(process, signal.SIGTERM)
    assert reply(server, served[0].mail("officer", "GSP HELP\n")) == 250
    assert workers(server) == second
    assert server.stop() == 0
    assert not any(alive(process) for process in second)


def test_no_process_leaves_a_core_file_and_memory_is_locked_where_it_may_be(served: tuple[FocalPoint, Server]) -> None:
    point, server = served
    assert reply(server, point.mail("officer", "GSP HELP\n")) == 250
    unlimited = resource.getrlimit(resource.RLIMIT_MEMLOCK)[0] == resource.RLIM_INFINITY
    for process in (server.pid, *workers(server)):
        limits = Path(f"/proc/{process}/limits").read_text()
        assert re.search(r"Max core file size +0 +0 ", limits)
        locked = re.search(r"VmLck:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
        assert locked
        assert (int(locked[1]) > 0) == unlimited


def test_a_worker_reaches_no_network(served: tuple[FocalPoint, Server]) -> None:
    point, server = served
    assert reply(server, point.mail("officer", "GSP HELP\n")) == 250
    filtered = ["Seccomp:\t2" in Path(f"/proc/{process}/status").read_text() for process in workers(server)]
    assert filtered == [True, True]
    tried = """
import os, socket, subprocess, sys
from gateway.confine import confine
assert confine(network=False)
socket.socketpair()
for family in (socket.AF_INET, socket.AF_INET6):
    try:
        socket.socket(family)
    except PermissionError:
        print("none")
        continue
    print("reached")
print(subprocess.run([sys.executable, "-c", "import socket; socket.socket()"], capture_output=True).returncode)
try:
    os.chroot("/")
except PermissionError:
    print("no")
"""
    done = subprocess.run([sys.executable, "-c", tried], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["none", "none", "1", "no"]


def test_workers_that_cannot_start_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot be started"):
        Crew(tmp_path / "no home", 2)


def alive(process: int) -> bool:
    """Whether the process runs, and is not only waiting to be reaped."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_worker_that_hangs_is_ended_and_replaced(people: dict[str, Correspondent]) -> None:
    with focal_point(people) as point:
        crew = Crew(point.home, 1)
        try:
            (worker,) = crew._all
            hanging = worker._process
            with socket.socket(fileno=os.dup(worker._line.fileno())) as line:
                for side in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
                    assert struct.unpack("ll", line.getsockopt(socket.SOL_SOCKET, side, 16)) == (600, 0)
                line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", 1, 0))
            hanging.send_signal(signal.SIGSTOP)
            raw = point.mail("officer", "GSP HELP\n")
            assert crew.process(raw, Envelope()) == Deferred(REASONS[304])
            assert hanging.returncode == -signal.SIGKILL
            assert crew.process(raw, Envelope()) == Taken("help")
        finally:
            crew.stop()


def test_a_process_that_parses_touches_no_file_and_no_other_process(tmp_path: Path) -> None:
    tried = """
import ctypes, os, resource, signal, sys
from gateway.confine import confine
os.chdir(sys.argv[1])
os.mkdir("folder")
open("file", "w").close()
other = os.getppid()
libc = ctypes.CDLL(None, use_errno=True)
def tgkill():
    if libc.tgkill(other, other, 0):
        raise OSError(ctypes.get_errno(), "")
assert confine(network=False, files=False)
resource.prlimit(0, resource.RLIMIT_CPU)
for what in (
    lambda: open("file"), lambda: os.rmdir("folder"), lambda: os.unlink("file"), lambda: os.mkfifo("pipe"),
    lambda: os.chown("file", -1, -1), lambda: os.utime("file"), lambda: os.kill(other, 0), tgkill,
    lambda: os.pidfd_open(other), lambda: resource.prlimit(other, resource.RLIMIT_CPU, (1, 1)),
):
    try:
        what()
    except PermissionError:
        print("no", end=" ")
        continue
    print("yes", end=" ")
sys.stdout.flush()
os.abort()
"""
    done = subprocess.run([sys.executable, "-c", tried, tmp_path], capture_output=True, text=True, check=False)
    assert done.stdout.split() == ["no"] * 10, done.stderr
    assert done.returncode == -signal.SIGABRT
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]
