"""A real Postfix on loopback, with its own configuration, queue and data in a temporary folder.

Needs root, as Postfix does. Its daemons run as `postfix`, so the folder lies in /tmp and can be entered.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.support.ports import PATIENCE, free_port, until, wait_for_port

_MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
pickup    unix n - n 60 1 pickup
cleanup   unix n - n - 0 cleanup
qmgr      unix n - n 1 1 qmgr
tlsmgr    unix - - n 1000? 1 tlsmgr
rewrite   unix - - n - - trivial-rewrite
bounce    unix - - n - 0 bounce
defer     unix - - n - 0 bounce
trace     unix - - n - 0 bounce
verify    unix - - n - 1 verify
flush     unix n - n 1000? 0 flush
proxymap  unix - - n - - proxymap
smtp      unix - - n - - smtp
relay     unix - - n - - smtp
lmtp      unix - - n - - lmtp
showq     unix n - n - - showq
error     unix - - n - - error
retry     unix - - n - - error
discard   unix - - n - - discard
virtual   unix - n n - - virtual
anvil     unix - - n - 1 anvil
scache    unix - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
"""


class Postfix:
    """Start it, send to `port`, look at `log()` and whether any mail `waits()`, stop it. Also a context manager.

    `main` are lines of main.cf (they win over the defaults here), `master` more lines of master.cf, `{port2}` in them
    is a second free port, `self.port2`. `maildirs`: a folder where mail to `mailboxes` (addresses) is delivered as
    `ADDRESS/Maildir/`, as `Dovecot` reads it.
    """

    def __init__(
        self,
        main: Mapping[str, str] | None = None,
        master: str = "",
        maildirs: Path | None = None,
        mailboxes: Sequence[str] = (),
    ) -> None:
        for program in ("postfix", "postqueue", "postsuper"):
            if shutil.which(program, path="/usr/sbin:/usr/bin") is None:
                raise RuntimeError(f"{program} is missing: apt-get install postfix")
        self.folder = Path(tempfile.mkdtemp(prefix="pf", dir="/tmp"))
        self.folder.chmod(0o755)
        self.port = free_port()
        self.port2 = free_port()
        for name in ("etc", "queue", "data"):
            (self.folder / name).mkdir()
        shutil.chown(self.folder / "data", "postfix")
        etc = self.folder / "etc"
        settings = {**self._defaults(), **self._delivering(maildirs, mailboxes), **(main or {})}
        (etc / "main.cf").write_text("".join(f"{key} = {value}\n" for key, value in settings.items()))
        (etc / "master.cf").write_text((_MASTER + master).format(port=self.port, port2=self.port2))

    def __enter__(self) -> Postfix:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Returns when Postfix answers."""
        done = self._run("/usr/sbin/postfix", "start")
        if done.returncode:
            raise RuntimeError(f"Postfix does not start: {done.stderr}{self.log()}")
        wait_for_port(self.port)

    def stop(self) -> None:
        """Stops Postfix and removes its folder."""
        self._run("/usr/sbin/postfix", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    def flush(self) -> None:
        """Tries what was deferred again, now."""
        self._run("/usr/sbin/postqueue", "-f")

    def waits(self) -> bool:
        """Whether any mail is in its queue.

        `postqueue` reads a folder after the other, and misses a mail that is moved meanwhile. A mail goes from incoming
        to active, from there perhaps to deferred, and back after a second: read so, and once more, none is missed.
        """
        folders = ("incoming", "active", "deferred", "incoming", "active")
        return any(files for folder in folders for *_, files in os.walk(self.folder / "queue" / folder))

    def wait_for_empty(self) -> None:
        """Returns when no mail is in its queue."""
        try:
            until(lambda: not self.waits(), "")
        except TimeoutError:
            raise AssertionError(f"mail waits:\n{self.log()}") from None

    def empty(self) -> None:
        """Throws away what waits, again where a mail was moved meanwhile from a folder to one that was read already."""

        def thrown() -> bool:
            self._run("/usr/sbin/postsuper", "-d", "ALL")
            return not self.waits()

        until(thrown, "mail waits")

    def log(self) -> str:
        """Everything it has logged."""
        file = self.folder / "maillog"
        return file.read_text() if file.exists() else ""

    def wait_for_log(self, text: str) -> None:
        """Returns when the log has the text."""
        try:
            until(lambda: text in self.log(), "")
        except TimeoutError:
            raise AssertionError(f"{text!r} is not in Postfix's log:\n{self.log()}") from None

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [program, "-c", str(self.folder / "etc"), *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)

    def _defaults(self) -> dict[str, str]:
        return {
            "compatibility_level": "3.6",
            "queue_directory": str(self.folder / "queue"),
            "data_directory": str(self.folder / "data"),
            "maillog_file": str(self.folder / "maillog"),
            "maillog_file_prefixes": "/tmp",
            "myhostname": "border.example",
            "mydestination": "",
            "inet_interfaces": "127.0.0.1",
            "inet_protocols": "ipv4",
            "mynetworks": "127.0.0.0/8",
            "alias_maps": "",
            "alias_database": "",
            "recipient_delimiter": "+",
            "smtpd_relay_restrictions": "permit_mynetworks, reject",
            "smtpd_peername_lookup": "no",
            "smtp_host_lookup": "native",
            "disable_dns_lookups": "yes",
            "biff": "no",
            "message_size_limit": "41943040",
            "minimal_backoff_time": "1s",
            "maximal_backoff_time": "2s",
            "queue_run_delay": "1s",
            "default_destination_concurrency_failed_cohort_limit": "100",
        }

    def _delivering(self, maildirs: Path | None, mailboxes: Sequence[str]) -> dict[str, str]:
        if maildirs is None:
            return {}
        nobody = 65534
        os.chown(maildirs, nobody, nobody)
        table = self.folder / "etc" / "mailboxes"
        table.write_text("".join(f"{address} {address}/Maildir/\n" for address in mailboxes))
        return {
            "virtual_mailbox_domains": ", ".join(sorted({address.rpartition("@")[2] for address in mailboxes})),
            "virtual_mailbox_base": str(maildirs),
            "virtual_mailbox_maps": f"texthash:{table}",
            "virtual_uid_maps": f"static:{nobody}",
            "virtual_gid_maps": f"static:{nobody}",
            "virtual_mailbox_limit": "0",
        }
