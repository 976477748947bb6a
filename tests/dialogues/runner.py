"""Plays a dialogue file against a real socket.

Lines: `C: text` sends text and CRLF; `C! text` sends the octets of text with Python's escapes and nothing
else; `S: text` reads one line (`*` stands for anything); `TLS` turns the connection into TLS; `CLOSED`
expects the end; `P: mails 1`, `P: from x`, `P: to x y`, `P: body x` look at what the pipeline was given.
Before the dialogue, `key = value` lines choose the door and the pipeline's answer. `#` begins a comment.
"""

from __future__ import annotations

import re
import socket
import ssl
from pathlib import Path

from tests.support.doors import Recorder, answer_named, open_lmtp, open_smtp
from tests.support.ports import PATIENCE


def play(file: Path, certificate: tuple[Path, Path]) -> None:
    """Raises AssertionError at the line where the dialogue goes another way."""
    options, steps = _read(file)
    recorder = Recorder(answer=answer_named(options.get("answer", "taken")))
    if options.get("door") == "lmtp":
        door = open_lmtp(recorder, max_size=int(options.get("max_size", 1 << 20)))
    else:
        door = open_smtp(
            recorder,
            tls=options.get("tls", "offer"),
            certificate=certificate if "tls" in options else None,
            max_size=int(options.get("max_size", 1 << 20)),
            login=_login if "login" in options else None,
        )
    with door as port:
        _Player(port, recorder, file, options.get("tls") == "implicit").run(steps)


def _login(name: str, password: str) -> str:
    return name if (name, password) == ("o@customs.example", "secret") else ""


def _read(file: Path) -> tuple[dict[str, str], list[tuple[int, str, str]]]:
    options: dict[str, str] = {}
    steps = []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        step = re.match(r"(C:|C!|S:|P:|TLS|CLOSED) ?(.*)", line)
        option = re.match(r"(\w+) = (.*)", line)
        if step:
            steps.append((number, step[1], step[2]))
        elif option:
            options[option[1]] = option[2]
        else:
            assert not line or line.startswith("#"), f"{file.name}:{number}: not a line of a dialogue"
    return options, steps


class _Player:
    def __init__(self, port: int, recorder: Recorder, file: Path, implicit: bool) -> None:
        self._socket: socket.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self._recorder = recorder
        self._file = file
        if implicit:
            self._wrap()
        self._lines = self._socket.makefile("rb")

    def run(self, steps: list[tuple[int, str, str]]) -> None:
        with self._socket:
            for number, kind, text in steps:
                self._step(f"{self._file.name}:{number}", kind, text)

    def _step(self, place: str, kind: str, text: str) -> None:
        if kind == "C:":
            self._socket.sendall(text.encode() + b"\r\n")
        elif kind == "C!":
            self._socket.sendall(text.encode("latin-1").decode("unicode_escape").encode("latin-1"))
        elif kind == "S:":
            line = self._lines.readline().decode().removesuffix("\r\n")
            pattern = re.escape(text).replace(r"\*", ".*")
            assert re.fullmatch(pattern, line), f"{place}: wanted {text!r}, read {line!r}"
        elif kind == "TLS":
            self._wrap()
            self._lines = self._socket.makefile("rb")
        elif kind == "CLOSED":
            assert self._lines.readline() == b"", f"{place}: the connection is still open"
        else:
            self._look(place, text)

    def _look(self, place: str, text: str) -> None:
        what, _, wanted = text.partition(" ")
        if what == "mails":
            assert len(self._recorder.mails) == int(wanted), f"{place}: {len(self._recorder.mails)} mails"
            return
        raw, envelope = self._recorder.mails[-1]
        seen = {"from": envelope.mail_from, "to": " ".join(envelope.rcpt_tos), "tls": str(envelope.tls)}
        seen["login"] = envelope.authenticated_as
        seen["body"] = raw.decode("latin-1").encode("unicode_escape").decode()
        assert seen[what] == wanted, f"{place}: {what} is {seen[what]!r}"

    def _wrap(self) -> None:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        self._socket = context.wrap_socket(self._socket)
