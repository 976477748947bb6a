"""Our own OpenPGP key under a passphrase: given by a descriptor, in no file of ours, and cheap to use."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway import service, serving
from gateway.crypto import openpgp
from gateway.facts import proven_ciphertext
from gateway.mime.tree import parse
from gateway.outcome import Defer
from tests.cli.running import failed_in_one_line, gsp
from tests.support.focalpoint import DOMAIN

SECRET = "correct-horse-4711-battery"
MAILBOX = f"gsp@{DOMAIN}"
TEXT = b"Content-Type: text/plain\r\n\r\nGSP HELP\r\n"


def clock() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def home(folder: Path) -> Path:
    """A home whose key is under the passphrase."""
    (folder / "secret").write_text(SECRET + "\n")
    done = gsp("init", "--domain", DOMAIN, "--passphrase-file", str(folder / "secret"), home=folder / "h")
    assert done.status == 0, done
    subprocess.run(["gpgconf", "--homedir", str(folder / "h" / "gnupg"), "--kill", "all"], check=True)
    return folder / "h"


def with_engine(home: Path, secret: str, use: Callable[[openpgp.OpenPgp], Any]) -> Any:
    """What comes of using the key with this passphrase, on an agent that remembers nothing."""
    scheme = openpgp.OpenPgp(home / "gnupg", range(1), clock, secret.encode())
    try:
        return use(scheme)
    finally:
        scheme.close()


def round_trip(scheme: openpgp.OpenPgp) -> bytes:
    own = scheme.own_key()
    octets = scheme.recognise(parse(scheme.wrapped(scheme.seal(TEXT, own), "x")))
    assert octets is not None
    return scheme.open(proven_ciphertext(octets), (own,), 10_000).octets


def test_the_key_is_used_with_its_passphrase_and_cannot_be_without(home: Path) -> None:
    assert with_engine(home, SECRET, round_trip) == TEXT
    for wrong in ("", "wrong"):
        with pytest.raises(Defer) as failure:
            with_engine(home, wrong, round_trip)
        assert failure.value.reason.number == 303


def test_a_mail_is_deferred_and_not_refused_while_the_passphrase_is_missing(home: Path) -> None:
    """The sender can do nothing about it: his server keeps the mail and comes again."""
    sealed = with_engine(home, SECRET, lambda scheme: scheme.seal(TEXT, scheme.own_key()))

    def opened(scheme: openpgp.OpenPgp) -> None:
        octets = scheme.recognise(parse(scheme.wrapped(sealed, "x")))
        assert octets is not None
        scheme.open(proven_ciphertext(octets), (scheme.own_key(),), 10_000)

    for wrong in ("", "wrong"):
        with pytest.raises(Defer) as failure:
            with_engine(home, wrong, opened)
        assert failure.value.reason.number == 303


def test_the_secret_key_lies_encrypted_and_costs_no_half_second(home: Path) -> None:
    files = list((home / "gnupg" / "private-keys-v1.d").glob("*.key"))
    assert len(files) == 2
    for file in files:
        octets = file.read_bytes()
        assert b"protected-private-key" in octets
        assert b"65536" in octets, "rounds of the key derivation"


def test_the_passphrase_is_on_no_command_line_in_no_environment_and_in_no_file_of_ours(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[Sequence[str]] = []
    started = subprocess.Popen

    def noting(command: Sequence[str], *arguments: Any, **options: Any) -> Any:
        commands.append([*command, *map(str, (options.get("env") or os.environ).values())])
        return started(command, *arguments, **options)

    monkeypatch.setattr(subprocess, "Popen", noting)
    assert with_engine(home, SECRET, round_trip) == TEXT
    assert len(commands) > 3
    assert not [word for command in commands for word in command if SECRET in str(word)]
    holding = [path for path in home.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]
    assert holding == []
    assert f'passphrase_file = "{home.parent / "secret"}"' in (home / "gateway.toml").read_text()


def test_the_gateway_does_not_begin_to_serve_with_a_key_that_it_cannot_use(home: Path) -> None:
    with service.Gateway.open(home) as gateway:
        assert gateway.self_test()
    (home.parent / "secret").unlink()
    assert gsp("key", "export", home=home).status == 0, "what needs no secret key goes on"
    assert gsp("key", "list", home=home).status == 0
    with service.Gateway.open(home) as gateway, pytest.raises(ValueError, match="passphrase_file"):
        serving.serve(gateway)
    assert "encryption" in gsp("doctor", home=home).out


def test_a_further_key_has_the_same_passphrase(home: Path) -> None:
    done = gsp("key", "renew", home=home)
    assert done.status == 0, done
    assert len(list((home / "gnupg" / "private-keys-v1.d").glob("*.key"))) == 4
    assert with_engine(home, SECRET, round_trip) == TEXT
    (home.parent / "secret").unlink()
    failed_in_one_line(gsp("key", "renew", home=home))


def test_every_engine_can_use_the_key(home: Path) -> None:
    scheme = openpgp.OpenPgp(home / "gnupg", range(2), clock, SECRET.encode())
    try:
        assert [round_trip(scheme) for _ in range(4)] == [TEXT] * 4
    finally:
        scheme.close()


def test_a_key_without_a_passphrase_can_be_given_one_later(folder: Path) -> None:
    """As docs/operator.md has it."""
    assert gsp("init", "--domain", DOMAIN, home=folder / "h").status == 0
    gnupg = folder / "h" / "gnupg"
    with service.Gateway.open(folder / "h") as gateway:
        mark = gateway.fingerprint
    change = ["--batch", "--pinentry-mode", "loopback", "--passphrase-fd", "0", "--change-passphrase", mark]
    done = subprocess.run(
        ["gpg", "--homedir", str(gnupg), *change], input=SECRET.encode(), capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    files = list((gnupg / "private-keys-v1.d").glob("*.key"))
    assert len(files) == 2
    assert all(b"protected-private-key" in file.read_bytes() and b"65536" in file.read_bytes() for file in files)
    assert with_engine(folder / "h", SECRET, round_trip) == TEXT
