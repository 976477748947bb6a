"""`gsp serve` as a process that a test starts, kills and starts again."""

from __future__ import annotations

import os
import signal
import smtplib
import subprocess
import sys
import time
from pathlib import Path

from tests.support.ports import PATIENCE


class Server:
    """The gateway as a process on a home, with its listener and its next mail server on loopback."""

    def __init__(self, home: Path, smtp_port: int, lmtp_port: int, outbound_port: int, temporary: Path) -> None:
        self.smtp_port = smtp_port
        self.log = temporary.parent / "serve.log"
        self._command = [sys.executable, "-m", "gateway.cli", "serve", "--home", str(home)]
        self._environment = {
            **os.environ,
            "TMPDIR": str(temporary),
            "GSP_SMTP__PORT": str(smtp_port),
            "GSP_LMTP__PORT": str(lmtp_port),
            "GSP_OUTBOUND__HOST": "127.0.0.1",
            "GSP_OUTBOUND__PORT": str(outbound_port),
            "GSP_OUTBOUND__TLS": "none",
            "GSP_DIGEST__CRON": "0 0 29 2 *",  # else whoever tests on a Monday at six gets mails more
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts the process and waits until it answers."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, env=self._environment, stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                with smtplib.SMTP("127.0.0.1", self.smtp_port, timeout=5) as client:
                    client.noop()
                return
            except OSError:
                if self._process.poll() is not None:
                    break
                time.sleep(0.05)
        raise AssertionError(f"gsp serve did not come up: {self.log.read_text()[-2000:]}")

    @property
    def pid(self) -> int:
        """The process."""
        assert self._process
        return self._process.pid

    def kill(self) -> None:
        """SIGKILL, to the whole process group: no chance to tidy up."""
        assert self._process
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def stop(self) -> int:
        """SIGTERM; gives the exit status."""
        assert self._process
        self._process.terminate()
        return self._process.wait(timeout=PATIENCE)
