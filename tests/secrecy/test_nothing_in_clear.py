"""Canary words go through a whole exchange, with mistakes and faults; then everything on disk is searched."""

from __future__ import annotations

import base64
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway import logs
from gateway.correspondence import Correspondent
from gateway.facts import Envelope
from tests.support.focalpoint import SE_UIM, FocalPoint, form_of, request

CANARY = "CANARYQX"
UIM = "QCALL" + CANARY + "1b7Kd"
OPENED: list[str] = []


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    writes = os.O_WRONLY | os.O_RDWR | os.O_CREAT
    if event == "open" and isinstance(arguments[2], int) and arguments[2] & writes:
        OPENED.append(str(arguments[0]))


sys.addaudithook(_watch)


def traces(word: str) -> list[bytes]:
    """A word as it stands, in UTF-16, and at each alignment of base64."""
    octets = word.encode()
    coded = [base64.b64encode(b"x" * shift + octets)[4:-4] for shift in range(3)]
    return [octets, word.encode("utf-16-le"), *coded]


@contextmanager
def recorded(capfd: pytest.CaptureFixture[str]) -> Iterator[list[str]]:
    """What is logged, at the most talkative setting."""
    lines: list[str] = []
    logs.configure(verbose=True)
    capfd.readouterr()
    yield lines
    lines += list(capfd.readouterr())


def talk(point: FocalPoint) -> None:
    """An exchange with everything in it that a log or an error might be tempted to quote."""
    number = point.send(
        "officer",
        request(UIM, SE_UIM, CANARY + "not a uim ☃", case=f"{CANARY}-case", justification=f"{CANARY} why",
                questions=f"{CANARY}?"),
    )["exchange"]  # fmt: skip
    referral = point.delivered()["desk.se"][0]
    assert UIM in referral.text
    reply = form_of(referral.text).replace("Status:", "Status: valid", 1).replace("(b)", f"({CANARY})", 1)
    point.send("desk.se", reply + f"\n{CANARY} stray line\n")
    point.send("officer", f"GSP MESSAGE\n\nExchange: {number}/SE\n\nMessage:\n{CANARY} message\n")
    point.send("officer", f"GSP {CANARY}\n\n{CANARY}: {CANARY}\n")
    point.send("stranger", request(UIM, case=CANARY))
    point.send("officer", f"GSP REPLY\n\nExchange: {number}/SE\n\nUIM: {CANARY}\nStatus: {CANARY}\n")
    clear = f"From: officer@party.example\r\nSubject: {CANARY}\r\n\r\n{CANARY}\r\n".encode()
    point.gateway.process(clear, Envelope(mail_from=f"{CANARY}@party.example", transport="smtp"))
    point.gateway.process(b"\x00" + CANARY.encode(), Envelope())
    point.delivered()


def test_no_word_of_a_mail_is_on_disk_or_in_the_log(point: FocalPoint, capfd: pytest.CaptureFixture[str]) -> None:
    OPENED.clear()
    with recorded(capfd) as lines:
        talk(point)
    found = [
        f"{path.relative_to(point.home)}"
        for path in point.home.rglob("*")
        if path.is_file() and any(trace in path.read_bytes() for trace in traces(CANARY))
    ]
    assert found == []
    assert CANARY not in "".join(lines)
    assert "refused" in "".join(lines)  # the log did say something: the check can fail
    outside = {path for path in OPENED if not _allowed(path, point)}
    assert outside == set(), "files were opened for writing outside the home"


def _allowed(path: str, point: FocalPoint) -> bool:
    if path.isdigit():  # a descriptor: a pipe to gpg
        return True
    below = Path(path)
    homes = (point.home, *(person.home for person in point.people.values()))
    return any(home in (below, *below.parents) for home in homes) or path.startswith(("/dev/", "/proc/"))


def test_the_search_finds_what_is_written_down(point: FocalPoint, people: dict[str, Correspondent]) -> None:
    (point.home / "leak").write_bytes(base64.b64encode(b"a word: " + CANARY.encode() + b" and more"))
    octets = (point.home / "leak").read_bytes()
    assert any(trace in octets for trace in traces(CANARY))
