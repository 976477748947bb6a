"""python-gnupg with one gpg-agent of its own, run without its threads, and with a status channel of its own.

python-gnupg writes the command and knows the operations; how the program is run is ours: its three pump threads a
call cost more than the wait, and reading status lines from standard error lets a message forge them (CVE-2018-12020).
All content goes through memory files without a name: nothing is on disk.
"""

from __future__ import annotations

import io
import os
import shutil
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gnupg

from gateway.crypto import _status
from gateway.crypto._process import content, memory, waited
from gateway.outcome import REASONS, Defer

# Deterministic, no network, trust decided by us (libraries.md 1.3).
_OPTIONS = (
    "--no-options", "--quiet", "--trust-model", "always", "--no-auto-check-trustdb", "--no-auto-key-locate",
    "--no-auto-key-retrieve", "--disable-dirmngr", "--lock-never", "--no-random-seed-file",
)  # fmt: skip


_ENVIRONMENT = ("PATH", "HOME", "TMPDIR")
_ENDING_SECONDS = 10
_LOCKED = ("--pinentry-mode", "error")  # a key whose passphrase we do not have: nobody is asked, it fails at once


@dataclass(frozen=True, slots=True)
class Done:
    """A run of gpg: exit status, what its status lines say, output."""

    status: int
    said: _status.Said
    output: bytes


class Engine(gnupg.GPG):  # type: ignore[misc]  # python-gnupg has no types
    """One gpg-agent and the calls to it, one at a time. Every operation's result has `done`, a `Done`.

    Only `done` counts: python-gnupg's own verdict is true for revoked, expired and unknown signers (measured).
    """

    _descriptor = 2  # the constructor's look at gpg's version goes python-gnupg's own way
    _unlocking: tuple[str, ...] = ()

    def __init__(self, home: Path, secret: bytes = b"") -> None:
        self.files: tuple[int, ...] = ()
        self._secret = secret
        # No language: nothing that gpg writes for people is read, and to load one takes time at every call.
        self._environment = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ} | {"LC_ALL": "C"}
        # By its path: else the system tries to run one in each folder of PATH, at every call.
        super().__init__(shutil.which("gpg") or "gpg", gnupghome=str(home), options=list(_OPTIONS))

    def make_args(self, args: Sequence[str], passphrase: bool) -> list[str]:
        """The command as python-gnupg writes it, with our own descriptor for status lines."""
        command: list[str] = super().make_args(args, passphrase)
        command[command.index("--status-fd") + 1] = str(self._descriptor)
        command[1:1] = self._unlocking
        return command

    def run(self, arguments: Sequence[str], octets: bytes = b"") -> Done:
        """An operation that python-gnupg has no name for, or reads too kindly."""
        done: Done = self._handle_io(arguments, io.BytesIO(octets), self.result_map["verify"](self)).done
        return done

    def verify_detached(self, signed: bytes, signature: bytes) -> Done:
        """Checks a signature over octets; neither is in a file with a name."""
        with memory(signature) as file:
            self.files = (file,)
            try:
                done: Done = self.verify_data(f"/proc/self/fd/{file}", signed).done
            finally:
                self.files = ()
        return done

    def end(self) -> None:
        """Ends the agent; one that does not hear is left to notice that its home is gone."""
        command = ["gpgconf", "--homedir", self.gnupghome, "--kill", "all"]
        with suppress(subprocess.TimeoutExpired):
            subprocess.run(command, check=False, capture_output=True, timeout=_ENDING_SECONDS)

    def _handle_io(
        self,
        args: Sequence[str],
        fileobj_or_path: Any,
        result: Any,
        passphrase: Any = None,  # noqa: ARG002 - our keys are used through the agent
        binary: bool = True,  # noqa: ARG002 - octets always
    ) -> Any:
        """python-gnupg's one place that runs gpg: feeds and collects. Raises Defer when gpg cannot be run."""
        try:
            with (
                memory(fileobj_or_path.read()) as source,
                memory(b"") as target,
                memory(b"") as status,
                memory(self._secret + b"\n") as secret,
            ):
                self._descriptor = status
                self._unlocking = _unlocking(secret) if self._secret else _LOCKED
                result.returncode = waited(
                    subprocess.Popen(
                        self.make_args(args, False), stdin=source, stdout=target, stderr=subprocess.DEVNULL,
                        pass_fds=(status, secret, *self.files), env=self._environment,
                    )
                )  # fmt: skip
                result.data = content(target)
                result.done = Done(result.returncode, _status.read(content(status)), result.data)
        except OSError:
            raise Defer(REASONS[303]) from None
        finally:
            self._descriptor, self._unlocking = 2, ()
        return result


def _unlocking(secret: int) -> tuple[str, ...]:
    """The passphrase, or a token's PIN, comes through a descriptor: never on a command line, never from a person."""
    return "--pinentry-mode", "loopback", "--passphrase-fd", str(secret)
