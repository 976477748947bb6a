"""A real Thunderbird, from Debian, under Xvfb, that a test drives through Marionette (its WebDriver protocol).

It has a profile of its own with one account for each address (IMAP and SMTP on loopback), keys and certificates as
their owner would have imported them, and writes and shows mail in its own windows. Its side of the calls is
`thunderbird.js`.
"""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import load_pem_x509_certificate

from tests.support.ports import PATIENCE, until

SCRIPT = Path(__file__).with_suffix(".js")
PASSWORD = "secret"
_SETTINGS: dict[str, object] = {
    "app.donation.eoy.version.viewed": 999,
    "app.update.enabled": False,
    "browser.region.network.url": "",
    "calendar.timezone.local": "UTC",
    "datareporting.policy.bypassNotification": True,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.systemAddon.update.enabled": False,
    "extensions.update.enabled": False,
    "intl.locale.requested": "en-US",
    "mail.accounthub.enabled": False,
    "mailnews.database.global.indexer.enabled": False,
    "mail.biff.play_sound": False,
    "mail.biff.show_alert": False,
    "mail.chat.enabled": False,
    "mail.inappnotifications.enabled": False,
    "mail.provider.enabled": False,
    "mail.provider.suppress_dialog_on_startup": True,
    "mail.rights.version": 1,
    "mail.shell.checkDefaultClient": False,
    "mail.spellcheck.inline": False,
    "mail.spotlight.firstRunDone": True,
    "mail.winsearch.firstRunDone": True,
    "mailnews.start_page.enabled": False,
    "marionette.port": 0,  # any that is free: written to MarionetteActivePort
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "security.OCSP.enabled": 0,
    "services.settings.server": "",
    "toolkit.telemetry.enabled": False,
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A mail as Thunderbird shows it: what its two badges say, the subject, the text."""

    technology: str
    encrypted: str
    signed: str
    subject: str
    text: str


class Thunderbird:
    """Start it once for several tests; accounts are by mail address."""

    def __init__(self, imap_port: int, smtp_port: int, addresses: Sequence[str]) -> None:
        for program in ("thunderbird", "Xvfb"):
            if shutil.which(program) is None:
                raise RuntimeError(f"{program} is missing: apt-get install thunderbird xvfb")
        self.folder = Path(tempfile.mkdtemp(prefix="tb", dir="/tmp"))
        self.profile = self.folder / "profile"
        self.profile.mkdir(mode=0o700)
        settings = {**_SETTINGS, **_accounts(imap_port, smtp_port, addresses)}
        lines = (f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in settings.items())
        (self.profile / "user.js").write_text("".join(lines))
        self.imap_port = imap_port
        self._processes: list[subprocess.Popen[bytes]] = []
        self._line: _Line | None = None

    def __enter__(self) -> Thunderbird:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Returns when its windows can be driven."""
        screen = self._run("Xvfb", "-displayfd", "1", "-screen", "0", "1280x1024x24", "-nolisten", "tcp", spoken=True)
        assert screen.stdout
        number = screen.stdout.readline().decode().strip()
        self._run("thunderbird", "--no-remote", "--profile", str(self.profile), "--marionette",
                  "-remote-allow-system-access", display=f":{number}")  # fmt: skip
        port = self.profile / "MarionetteActivePort"
        until(lambda: port.exists() and port.read_text().strip(), "Thunderbird does not start")
        self._line = _Line(int(port.read_text()))
        self._line.ask("WebDriver:NewSession", {})
        self._line.ask("Marionette:SetContext", {"value": "chrome"})
        self._line.ask("WebDriver:SetTimeouts", {"script": int(PATIENCE + 10) * 1000})
        self.call("ready", port=self.imap_port, password=PASSWORD)

    def stop(self) -> None:
        """Ends it and its display, and removes the profile."""
        if self._line:
            self._line.close()
        for process in reversed(self._processes):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(timeout=60)
        shutil.rmtree(self.folder, ignore_errors=True)

    def log(self) -> str:
        """The end of what it printed."""
        file = self.folder / "log"
        return file.read_text(errors="replace")[-2000:] if file.exists() else ""

    def call(self, function: str, **arguments: object) -> object:
        """One of the functions of thunderbird.js; raises AssertionError with what it says went wrong."""
        assert self._line
        script = (
            f"{SCRIPT.read_text()}\nconst [asked, done] = arguments;\n"
            f"calls.{function}(asked).then(value => done({{value}}), error => done({{error: `${{error}}`}}));"
        )
        result = self._line.ask(
            "WebDriver:ExecuteAsyncScript",
            {"script": script, "args": [{**arguments, "patience": PATIENCE}], "newSandbox": True},
        )["value"]  # fmt: skip
        assert "error" not in result, f"Thunderbird: {function}: {result['error']}\n{self.log()}"
        return result["value"]

    def own_key(self, address: str, secret: bytes, fingerprint: str) -> None:
        """The account's own OpenPGP key, as "Add key: import an existing key" does it."""
        self.call("ownKey", address=address, key=_text(secret), fingerprint=fingerprint)

    def accept_key(self, address: str, key: bytes, fingerprint: str) -> None:
        """Somebody's public key (armoured), accepted as verified for the address."""
        self.call("acceptKey", address=address, key=key.decode("ascii"), fingerprint=fingerprint)

    def add_sent_key(self, address: str, message_id: str) -> None:
        """Opens a mail that brings its sender's key, waits until that is offered, and accepts it."""
        self.call("addSentKey", address=address, id=message_id.strip("<>"))

    def own_certificate(self, address: str, pkcs12: Path, passphrase: str) -> None:
        """The account's own certificate and key, from a PKCS #12 file, for signing and encryption."""
        self.call("ownCertificate", address=address, file=str(pkcs12), passphrase=passphrase)

    def accept_certificate(self, pem: bytes, trust: str) -> None:
        """A certificate of somebody else; trust as of NSS: ",C," is an authority for mail."""
        self.call("acceptCertificate", certificate=_text(load_pem_x509_certificate(pem).public_bytes(Encoding.DER)),
                  trust=trust)  # fmt: skip

    def send(self, address: str, to: str, subject: str, text: str, files: Sequence[Path] = ()) -> None:
        """Types a mail into a compose window, attaches files, switches on encryption and signature, and sends it."""
        self.call("send", address=address, to=to, subject=subject, text=text, files=[file.as_uri() for file in files])

    def reply(
        self, address: str, message_id: str, text: str = "", filled: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        """Replies to one of the account's mails, quoting it as usual; completes lines of what is quoted."""
        self.call("reply", address=address, id=message_id.strip("<>"), text=text, filled=list(filled.items()))

    def use_key_for(self, keys: Mapping[str, str]) -> None:
        """Rules for addresses that no key names ("OpenPGP recipient alias rules"): address, fingerprint."""
        rules = [{"email": address, "keys": [{"fingerprint": mark}]} for address, mark in keys.items()]
        (self.profile / "aliases.json").write_text(json.dumps({"description": "sealed mail", "rules": rules}))
        self.call("aliases", file="aliases.json")

    def shown(self, address: str, message_id: str) -> Shown:
        """Fetches the account's mail and opens one of its mails."""
        return Shown(**self.call("show", address=address, id=message_id.strip("<>")))  # type: ignore[arg-type]

    def _run(self, *command: str, display: str = "", spoken: bool = False) -> subprocess.Popen[bytes]:
        environment = {"HOME": str(self.folder), "LANG": "C.UTF-8", "PATH": os.environ["PATH"], "DISPLAY": display,
                       "GDK_BACKEND": "x11", "NO_AT_BRIDGE": "1", "MOZ_CRASHREPORTER_DISABLE": "1"}  # fmt: skip
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                command, env=environment, stdout=subprocess.PIPE if spoken else log, stderr=log,
                stdin=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip
        self._processes.append(process)
        return process


class _Line:
    """The Marionette protocol: `LENGTH:[type, number, name, parameters]` over TCP."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE + 30)
        self._file = self._socket.makefile("rb")
        self._number = 0
        self._message()

    def close(self) -> None:
        """Hangs up."""
        self._file.close()
        self._socket.close()

    def ask(self, name: str, parameters: dict[str, object]) -> dict[str, dict[str, object]]:
        """The answer to a command; raises AssertionError with the error it reports."""
        self._number += 1
        octets = json.dumps([0, self._number, name, parameters]).encode()
        self._socket.sendall(b"%d:%s" % (len(octets), octets))
        _, _, error, result = self._message()
        assert error is None, f"Marionette: {name}: {error}"
        return dict(result)

    def _message(self) -> list[object]:
        length = b""
        while not length.endswith(b":"):
            octet = self._file.read(1)
            assert octet, "Thunderbird hung up"
            length += octet
        return json.loads(self._file.read(int(length[:-1])))


def _accounts(imap_port: int, smtp_port: int, addresses: Sequence[str]) -> dict[str, object]:
    """The settings of one account for each address."""
    names = range(1, len(addresses) + 1)
    settings: dict[str, object] = {
        "mail.accountmanager.accounts": ",".join(f"account{n}" for n in names),
        "mail.accountmanager.defaultaccount": "account1",
        "mail.smtpservers": "smtp1",
        "mail.smtp.defaultserver": "smtp1",
        "mail.smtpserver.smtp1.hostname": "127.0.0.1",
        "mail.smtpserver.smtp1.port": smtp_port,
        "mail.smtpserver.smtp1.try_ssl": 0,
        "mail.smtpserver.smtp1.authMethod": 1,
    }
    for n, address in zip(names, addresses, strict=True):
        settings |= {
            f"mail.account.account{n}.identities": f"id{n}",
            f"mail.account.account{n}.server": f"server{n}",
            f"mail.identity.id{n}.fullName": address.partition("@")[0],
            f"mail.identity.id{n}.useremail": address,
            f"mail.identity.id{n}.smtpServer": "smtp1",
            f"mail.identity.id{n}.valid": True,
            f"mail.identity.id{n}.fcc": False,
            f"mail.server.server{n}.type": "imap",
            f"mail.server.server{n}.name": address,
            f"mail.server.server{n}.hostname": "127.0.0.1",
            f"mail.server.server{n}.port": imap_port,
            f"mail.server.server{n}.userName": address,
            f"mail.server.server{n}.socketType": 0,
            f"mail.server.server{n}.authMethod": 3,
            f"mail.server.server{n}.login_at_startup": False,
            f"mail.server.server{n}.check_new_mail": False,
            f"mail.server.server{n}.using_subscription": False,
            f"mail.server.server{n}.offline_download": False,
            f"mail.server.server{n}.autosync_offline_stores": False,
        }
    return settings


def _text(octets: bytes) -> str:
    return base64.b64encode(octets).decode()
