"""A real Dovecot IMAP server on loopback, in a temporary folder; any user logs in with `secret`.

Needs root. Mail lies in `maildirs/USER/Maildir`, where `Postfix(maildirs=...)` delivers.
"""

from __future__ import annotations

import imaplib
import os
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

from tests.support.ports import PATIENCE, free_port, until, wait_for_no_port, wait_for_port

PASSWORD = "secret"
_NOBODY = 65534

_CONF = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap
verbose_proctitle = yes
mail_max_userip_connections = 100
listen = 127.0.0.1
first_valid_uid = 1
default_internal_user = dovecot
default_login_user = dovenull
service imap-login {{
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
  }}
}}
service stats {{
  unix_listener stats-writer {{
    mode = 0666
  }}
}}
"""
# What Dovecot 2.4 (Debian 13) calls otherwise than 2.3 (Debian 12).
_USERS = """
disable_plaintext_auth = no
mail_location = maildir:{maildirs}/%u/Maildir
userdb {{
  driver = static
  args = uid=65534 gid=65534 home={maildirs}/%u
}}
"""
_USERS_24 = """
auth_allow_cleartext = yes
mail_driver = maildir
mail_path = {maildirs}/%{{user}}/Maildir
userdb static {{
  fields {{
    uid = 65534
    gid = 65534
    home = {maildirs}/%{{user}}
  }}
}}
"""
_VERSION_24 = "dovecot_config_version = 2.4.0\ndovecot_storage_version = 2.4.0\n"
_STATIC = "passdb {{\n  driver = static\n  args = password={password}\n  mechanisms = plain\n}}\n"
_STATIC_24 = "passdb static {{\n  password = {password}\n  mechanisms_filter = plain\n}}\n"
_OAUTH = """
auth_mechanisms = plain xoauth2
passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {folder}/oauth2.conf
}}
"""
_OAUTH_ARGS = "introspection_mode = get\nusername_attribute = email\nintrospection_url = {url}\n"
_OAUTH_24 = """
auth_mechanisms = plain xoauth2
oauth2 {{
  introspection_mode = get
  username_attribute = email
  active_attribute = active
  active_value = true
  introspection_url = {url}
}}
passdb oauth2 {{
  mechanisms_filter = xoauth2
}}
"""


class Dovecot:
    """Start it, use `port` (or `tls_port` where a certificate is given), kill it, start it again, stop it.

    `more` are further lines of its configuration; `tokens` is a URL that tells whose token one is, for XOAUTH2 beside
    the password; `capabilities` replaces what it announces, to look like a poorer server.
    """

    def __init__(
        self,
        certificate: tuple[Path, Path] | None = None,
        more: str = "",
        tokens: str = "",
        capabilities: str = "",
    ) -> None:
        if shutil.which("dovecot", path="/usr/sbin:/usr/bin") is None:
            raise RuntimeError("dovecot is missing: apt-get install dovecot-imapd")
        self.folder = Path(tempfile.mkdtemp(prefix="dc", dir="/tmp"))
        self.folder.chmod(0o755)
        self.maildirs = self.folder / "mail"
        self.maildirs.mkdir()
        os.chown(self.maildirs, _NOBODY, _NOBODY)
        self.port = free_port()
        self.tls_port = free_port() if certificate else 0
        is_24 = subprocess.check_output(["/usr/sbin/dovecot", "--version"]).startswith(b"2.4")
        parts = (_VERSION_24, _USERS_24, _STATIC_24, _OAUTH_24) if is_24 else ("", _USERS, _STATIC, _OAUTH)
        version, users, static, oauth = parts
        text = (version + _CONF + users + (oauth if tokens else "") + static).format(
            folder=self.folder, maildirs=self.maildirs, port=self.port, tls_port=self.tls_port, password=PASSWORD,
            url=tokens,
        )  # fmt: skip
        if tokens:
            (self.folder / "oauth2.conf").write_text(_OAUTH_ARGS.format(url=tokens))
        names = ("ssl_server_cert_file = ", "ssl_server_key_file = ") if is_24 else ("ssl_cert = <", "ssl_key = <")
        tls = "ssl = no\n"
        if certificate:
            tls = "ssl = yes\n" + "".join(f"{name}{file}\n" for name, file in zip(names, certificate, strict=True))
        announced = f"protocol imap {{\n  imap_capability = {capabilities}\n}}\n" if capabilities else ""
        self._conf = self.folder / "dovecot.conf"
        self._conf.write_text(text + tls + announced + more)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Dovecot:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        """Returns when it answers."""
        command = ["/usr/sbin/dovecot", "-F", "-c", str(self._conf)]
        with (self.folder / "start.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        try:
            wait_for_port(self.port)
        except TimeoutError:
            raise RuntimeError(f"Dovecot does not start: {self.log()}") from None

    def stop(self) -> None:
        """Ends the server; connections are closed."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=PATIENCE)
            self._process = None

    def kill(self) -> None:
        """SIGKILL to the server and to every process of its connections."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(timeout=PATIENCE)
            self._process = None
            wait_for_no_port(self.port)  # the others listen, too, and end when they get to it
        (self.folder / "run" / "master.pid").unlink(missing_ok=True)

    def log(self) -> str:
        """Everything it has logged."""
        files = (self.folder / "start.log", self.folder / "log")
        return "".join(file.read_text() for file in files if file.exists())

    def append(self, user: str, octets: bytes, folder: str = "INBOX") -> None:
        """Puts a mail into a folder, as another IMAP client would."""
        client = self._login(user)
        try:
            status, _ = client.append(folder, "", "", octets)
            assert status == "OK"
        finally:
            client.logout()

    def mails(self, user: str, folder: str = "INBOX") -> list[bytes]:
        """The mails of a folder; none where there is no such folder."""
        client = self._login(user)
        try:
            if client.select(folder, readonly=True)[0] != "OK":
                return []
            numbers = client.search(None, "UNDELETED")[1][0].split()
            fetched = [client.fetch(number.decode(), "(BODY.PEEK[])")[1][0] for number in numbers]
            return [part[1] for part in fetched if isinstance(part, tuple)]
        finally:
            client.logout()

    def wait_for_mails(self, user: str, folder: str, count: int) -> list[bytes]:
        """The mails of a folder once there are so many."""
        found: list[bytes] = []

        def enough() -> bool:
            found[:] = self.mails(user, folder)
            return len(found) >= count

        until(enough, f"{folder} of {user} has not got {count} mails")
        return found

    def wait_for_none(self, user: str) -> None:
        """Returns when the inbox is empty: whoever moves a mail copies it first, and then deletes it."""
        until(lambda: not self.mails(user), f"there are mails left for {user}")

    def wait_for_idle(self, user: str) -> None:
        """Returns when a client waits for mail (IDLE), by the titles of Dovecot's processes."""
        title = f"dovecot/imap [{user} 127.0.0.1 IDLE]"
        until(lambda: title in self._titles(), f"no client of {user} waits")

    def _titles(self) -> list[str]:
        """What its processes call themselves."""
        assert self._process
        found = []
        for child in Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split():
            with suppress(OSError):  # it has ended meanwhile
                found.append(Path(f"/proc/{child}/cmdline").read_text().rstrip("\0"))
        return found

    def _login(self, user: str) -> imaplib.IMAP4:
        client = imaplib.IMAP4("127.0.0.1", self.port)
        client.login(user, PASSWORD)
        return client
