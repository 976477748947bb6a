"""neomutt in a pseudo-terminal (tmux): its keys are pressed and its screen is read, as a person does."""

from __future__ import annotations

import itertools
import os
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

from gateway.correspondence import Correspondent
from tests.support.chain import Chain
from tests.support.ports import PATIENCE

_SETTINGS = """set smtp_url="smtp://127.0.0.1:{smtp}/"
set ssl_starttls=no ssl_force_tls=no from="{address}" use_from=yes realname="{name}"
set crypt_use_gpgme=yes crypt_autosign=yes crypt_autoencrypt=yes crypt_confirm_hook=no
set pgp_sign_as="{fingerprint}" pgp_default_key="{fingerprint}" crypt_protected_headers_write=yes
set editor="cp {body} %s" abort_unmodified=no record="" text_flowed=no include=no
set imap_user="{address}" imap_pass="secret" folder="imap://127.0.0.1:{imap}/" spoolfile="imap://127.0.0.1:{imap}/INBOX"
set pipe_decode=yes wait_key=no quit=yes mail_check=1
set header_cache=""
ignore *
unignore from date subject to cc
"""
_NUMBERS = itertools.count()


class Neomutt:
    """A person's neomutt with the person's GnuPG home.

    `keys`: further keys (fingerprints) that the person trusts, by the address that they are used for. The home must
    hold them.
    """

    def __init__(
        self, person: Correspondent, chain: Chain, folder: Path, keys: Mapping[str, str] | None = None
    ) -> None:
        self._socket = ""
        self._name = person.name
        self._home = person.home
        folder.mkdir(exist_ok=True)
        self._rc, self._body, self._edits = folder / "rc", folder / "body", folder / "edits"
        hooks = [f'crypt-hook "^{to.replace("+", ".")}$" 0x{key}\n' for to, key in (keys or {}).items()]
        self._rc.write_text(
            _SETTINGS.format(
                smtp=chain.postfix.port, imap=chain.dovecot.port, address=person.address, name=person.name,
                fingerprint=person.fingerprint, body=self._body,
            ) + "".join(hooks)
        )  # fmt: skip
        for trusted in (person.fingerprint, chain.point.key, *(keys or {}).values()):
            command = ["gpg", "--homedir", str(person.home), "--batch", "--quiet", "--import-ownertrust"]
            subprocess.run(command, input=f"{trusted}:6:\n".encode(), check=True, capture_output=True)

    def send(self, to: str, subject: str, text: str, files: Sequence[Path] = ()) -> None:
        """Writes a mail with these files attached, signed and encrypted, and sends it."""
        self._body.write_text(text)
        attached = " ".join(("-a", *map(str, files), "--")) if files else ""
        with self._running(f"-s '{subject}' {attached} {to}"):
            self._answer(("To:", "Enter"), ("Subject:", "Enter"))
            self._sent()
            self._wait("EXIT=0")

    def shown(self, message_id: str, signer: str) -> str:
        """A mail of the inbox on the screen, decrypted and with a good signature of this name."""
        with self._running(""):
            return self._opened(message_id, signer)

    def reply(self, message_id: str, signer: str, text: str) -> None:
        """Opens a mail of the inbox, and replies to where it asks for."""
        self._body.write_text(text)
        with self._running(""):
            self._opened(message_id, signer)
            self._press("r")
            self._answer(("Reply to", "y"), ("To:", "Enter"), ("Subject:", "Enter"))
            self._sent()
            self._wait(f"Good signature from: {signer}")  # the mail comes back when its reply is sent

    def add_sent_key(self, message_id: str) -> None:
        """Opens a mail that brings its sender's key, and gives the attached key to GnuPG."""
        with self._running("-e 'set wait_key=yes'"):
            self._found(message_id)
            self._answer(("Problem signature from: KeyID", "v"), ("pgp-keys, ", "/"), ("Search for", "OpenPGP"))
            self._press("Enter", "|")
            self._answer(("Pipe to", "gpg --import"))
            self._press("Enter")
            # GnuPG prints its counts before it updates its trust database; a key whose import is killed in between
            # stays without trust for ever. neomutt asks for a key to be pressed once GnuPG has ended.
            self._wait("imported: 1", "Press any key")

    def complete(self, message_id: str, signer: str, filled: Mapping[str, str] = MappingProxyType({})) -> None:
        """Opens a mail of the inbox, and replies with what it quotes, lines of which are completed in an editor."""
        self._edits.write_text("".join(f"/{old}/s//{new}/\n" for old, new in filled.items()) + "w\nq\n")
        with self._running(f"-e 'set include=yes editor=\"ed -s %s < {self._edits}\"'"):
            self._opened(message_id, signer)
            self._press("r")
            self._answer(("To: GSP focal point", "Enter"), ("Subject: Re: ", "Enter"))
            self._sent()
            self._wait(f"Good signature from: {signer}")

    def _found(self, message_id: str) -> None:
        self._answer(("Msgs:", "/"), ("Search for", f"~i {message_id.strip('<>')}"))
        self._press("Enter")
        self._press("Enter")

    def _opened(self, message_id: str, signer: str) -> str:
        self._found(message_id)
        # What stands in the page: the word below it ("successfully decrypted") goes when another mail comes. The bar
        # with the part of the mail that is shown is drawn last.
        return self._wait(f"Good signature from: {signer}", "[-- End of PGP/MIME signed and encrypted data", "-- (all)")

    def _sent(self) -> None:
        self._wait("Security", "Sign, Encrypt (PGP/MIME)")
        self._press("y")

    def _answer(self, *steps: tuple[str, str]) -> None:
        for question, key in steps:
            self._wait(question)
            self._press(key)

    @contextmanager
    def _running(self, arguments: str) -> Iterator[None]:
        environment = (
            f"env TERM=screen LINES=200 COLUMNS=140 LANG=C.UTF-8 GNUPGHOME={self._home} HOME={self._rc.parent}"
        )
        shell = f"{environment} neomutt -n -F {self._rc} {arguments}"
        # A server that is being killed takes no new session: each has its own. Tests run in two processes.
        self._socket = f"gsp-{os.getpid()}-{self._name}-{next(_NUMBERS)}"
        # So high that every letter is on one page.
        self._tmux("new-session", "-d", "-x", "140", "-y", "200", f"{shell}; echo EXIT=$?; sleep 30")
        try:
            yield
        finally:
            self._tmux("kill-server")

    def _tmux(self, *arguments: str) -> str:
        command = ["tmux", "-L", self._socket, "-f", "/dev/null", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout

    def _press(self, *keys: str) -> None:
        self._tmux("send-keys", *keys)

    def _wait(self, *texts: str) -> str:
        """The screen once all of this is on it: it is drawn line by line."""
        deadline = time.monotonic() + PATIENCE
        shown = ""
        while time.monotonic() < deadline:
            shown = self._tmux("capture-pane", "-p")
            if all(text in shown for text in texts):
                return shown
            time.sleep(0.1)
        raise AssertionError(f"neomutt does not show {texts}: {shown.strip()}")
