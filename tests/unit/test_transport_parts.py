"""The parts of the transports that need no server."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.facts import Envelope
from gateway.outcome import REASONS, Answer, Deferred, Held, Refused, Taken
from gateway.transports import _body, _parameters, _secrets, directory
from gateway.transports._session import reply
from gateway.transports._visit import Waiting
from gateway.transports.submission import _original, _xtext
from gateway.transports.workers import WAITING_PER_WORKER, Workers


def received(wire: bytes, cuts: list[int], limit: int = 1 << 20) -> _body.Body:
    """A body fed as the reader does it: to every `.CRLF`, and cut besides, but never within one."""
    body = _body.Body(limit)
    start = 0
    ends = {i + 3 for i in range(len(wire)) if wire[i : i + 3] == b".\r\n"}
    cuttable = {cut for cut in cuts if 0 < cut < len(wire) and not ends & {cut + 1, cut + 2}}
    for stop in sorted(ends | cuttable | {len(wire)}):
        piece = wire[start:stop]
        body.add(piece, ended=piece.endswith(b".\r\n"))
        start = stop
        if body.complete:
            break
    assert start == len(wire)
    return body


LINES = st.lists(st.text(alphabet=".ax", max_size=4), max_size=8)


@given(LINES, st.lists(st.integers(0, 60), max_size=4))
def test_any_mail_comes_through_unchanged_however_it_is_cut(lines: list[str], cuts: list[int]) -> None:
    mail = "".join(f"{line}\r\n" for line in lines)
    stuffed = "".join(f".{line}\r\n" if line.startswith(".") else f"{line}\r\n" for line in lines)
    body = received(f"{stuffed}.\r\n".encode(), cuts)
    assert body.complete
    assert not body.bare
    assert body.octets() == mail.encode()


@given(st.binary(max_size=30), st.lists(st.integers(0, 30), max_size=4))
def test_bare_cr_or_lf_is_seen_wherever_it_stands(octets: bytes, cuts: list[int]) -> None:
    inner = octets.replace(b"\r\n.", b"\r\n,")
    wire = b"x" + inner + b"\r\n.\r\n"
    rest = (b"x" + inner + b"\r\n").replace(b"\r\n", b"")
    assert received(wire, cuts).bare == (b"\r" in rest or b"\n" in rest)


def test_too_large_mail_is_read_to_its_end_but_not_kept() -> None:
    body = received(b"0123456789\r\n" * 20 + b".\r\n", [50, 100], limit=100)
    assert body.complete
    assert body.too_large
    assert body.octets() == b""


@pytest.mark.parametrize(
    ("command", "params", "left"),
    [
        ("MAIL", ["RET=FULL", "ENVID=A+2B", "SIZE=5"], {"SIZE": "5"}),
        ("MAIL", ["NOTIFY=NEVER"], {"NOTIFY": "NEVER"}),
        ("RCPT", ["NOTIFY=SUCCESS,DELAY", "ORCPT=RFC822;A@B"], {}),
        ("RCPT", ["ORCPT=UTF-8;ОФ@B"], {}),
        ("MAIL", ["RET"], None),
        ("MAIL", ["ENVID=A+2"], None),
        ("MAIL", [f"ENVID={'A' * 101}"], None),
        ("MAIL", ["X_Y=1"], None),
        ("RCPT", ["NOTIFY=SUCCESS,NEVER"], None),
        ("RCPT", ["ORCPT=A@B"], None),
    ],
)
def test_dsn_parameters_are_checked_and_the_others_left(
    command: str, params: list[str], left: dict[str, str] | None
) -> None:
    assert _parameters.without_dsn(command, params) == left


@given(st.text(max_size=40))
def test_path_never_raises_and_gives_an_address_or_nothing(text: str) -> None:
    found, _ = _parameters.path(text)
    assert found is None or found == "<>" or "@" in found


@pytest.mark.parametrize("reason", REASONS.values(), ids=str)
def test_every_reason_makes_one_reply_line(reason) -> None:  # type: ignore[no-untyped-def]
    said = reply(Held(reason) if reason.code == 250 else Refused(reason))
    assert said.startswith(f"{reason.code} ")
    assert "\n" not in said


def test_transient_and_permanent_answers_keep_their_class() -> None:
    assert reply(Taken()) == "250 2.0.0 taken"
    assert reply(Deferred(REASONS[301])).startswith("451 4.3.2 [GSP-301]")


def test_full_pool_takes_no_more_and_a_fault_is_transient() -> None:
    go = threading.Event()

    def process(raw: bytes, envelope: Envelope) -> Answer:
        assert go.wait(60)
        raise ValueError("UIM 0105 SECRET")

    pool = Workers(process, 1)
    futures = [pool.submit(b"", Envelope()) for _ in range(1 + WAITING_PER_WORKER)]
    assert all(futures)
    assert pool.submit(b"", Envelope()) is None
    go.set()
    assert [future.result(10) for future in futures if future] == [Deferred(REASONS[304])] * len(futures)
    pool.close()
    assert pool.submit(b"", Envelope()) is None


def test_deferred_mail_waits_longer_each_time_and_is_forgotten_when_gone() -> None:
    waiting = Waiting()
    waiting.begin(1)
    waiting.add(7)
    first = waiting.seconds()
    waiting.add(7)
    assert 50 < first <= 60
    assert 110 < waiting.seconds() <= 120
    assert not waiting.is_due(7)
    assert waiting.is_due(8)
    waiting.begin(1)
    assert not waiting.is_due(7)
    waiting.begin(2)
    assert waiting.is_due(7)
    waiting.add(9)
    waiting.keep([8])
    assert waiting.seconds() == float("inf")


def test_envelope_id_and_original_recipient_are_written_as_xtext() -> None:
    assert _xtext("a+b=c d") == "a+2Bb+3Dc+20d"
    assert _original("gsp+x@a.example") == "rfc822;gsp+2Bx@a.example"
    assert _original("оф+x@a.example") == "utf-8;оф+2Bx@a.example"


def test_token_comes_from_a_file_or_a_command(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("abc\nrest\n")
    assert _secrets.token(str(file)) == "abc"
    assert _secrets.token(f"|cat {file}") == "abc"


@pytest.mark.parametrize("source", ["|false", "|/no/such/program CANARY", "|true", "/no/such/file"])
def test_missing_token_is_said_without_quoting(source: str) -> None:
    with pytest.raises(ValueError, match=r"token|file") as caught:
        _secrets.token(source)
    assert "CANARY" not in str(caught.value)


def test_same_mail_written_twice_is_one_private_file(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    first = directory.write(folder, "<../../a b@gsp.example.org>", b"one")
    second = directory.write(folder, "<../../a b@gsp.example.org>", b"one")
    assert first == second
    assert first.parent == folder
    assert first.stat().st_mode & 0o777 == 0o600
    directory.write(folder, "<b@gsp.example.org>", b"two")
    assert [octets for _, octets in directory.read(folder)] == [b"one", b"two"]
    assert directory.read(first) == ((first.name, b"one"),)


def test_missing_mail_file_is_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="cannot read"):
        directory.read(tmp_path / "none.eml")
