"""People who are to be registered, with the mail program of each: what they do in it from the first mail on."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from tests.support.chain import Chain
from tests.support.neomutt import Neomutt
from tests.support.ports import until
from tests.support.thunderbird import Thunderbird


class MailProgram(Protocol):
    """One person's mail program, as far as its windows or its screen show it."""

    def send(self, text: str, *files: Path) -> None:
        """Writes a new mail to the focal point, encrypted and signed, with these files attached."""

    def add_key(self, message_id: str) -> None:
        """Takes the focal point's key or certificate out of a mail that brings it."""

    def reply(self, message_id: str, filled: Mapping[str, str] = MappingProxyType({})) -> None:
        """Replies to a mail, which is quoted; completes lines of what is quoted."""

    def shown(self, message_id: str) -> str:
        """A mail on the screen, which must be encrypted and signed by the focal point."""


@dataclass
class AtNeomutt:
    """neomutt with OpenPGP."""

    neomutt: Neomutt
    to: str

    def send(self, text: str, *files: Path) -> None:
        self.neomutt.send(self.to, "Mail", text, files)

    def add_key(self, message_id: str) -> None:
        self.neomutt.add_sent_key(message_id)

    def reply(self, message_id: str, filled: Mapping[str, str] = MappingProxyType({})) -> None:
        self.neomutt.complete(message_id, "Focal point", filled)

    def shown(self, message_id: str) -> str:
        return self.neomutt.shown(message_id, "Focal point")


@dataclass
class AtThunderbird:
    """An account of Thunderbird, with OpenPGP or S/MIME."""

    thunderbird: Thunderbird
    address: str
    to: str
    technology: str

    def send(self, text: str, *files: Path) -> None:
        self.thunderbird.send(self.address, self.to, "Mail", text, files)

    def add_key(self, message_id: str) -> None:
        if self.technology == "OpenPGP":
            self.thunderbird.add_sent_key(self.address, message_id)
        else:  # whoever has opened a signed mail has its signer's certificate
            self.shown(message_id)

    def reply(self, message_id: str, filled: Mapping[str, str] = MappingProxyType({})) -> None:
        self.thunderbird.reply(self.address, message_id, filled=filled)

    def shown(self, message_id: str) -> str:
        seen = self.thunderbird.shown(self.address, message_id)
        assert (seen.technology, seen.encrypted) == (self.technology, "ok"), seen
        assert seen.signed in ("verified", "unverified", "ok"), seen
        return f"{seen.subject}\n{seen.text}"


@dataclass
class Newcomer:
    """Somebody at a mail program; remembers which mails of the own mailbox were read."""

    name: str
    program: MailProgram
    chain: Chain
    read: set[str] = field(default_factory=set)

    @property
    def address(self) -> str:
        """The own address."""
        return self.chain.point.people[self.name].address

    def next(self) -> str:
        """The Message-ID of the next mail in the mailbox."""
        found: list[str] = []

        def arrived() -> bool:
            mails = (email.message_from_bytes(octets, policy=email.policy.default) for octets in
                     self.chain.dovecot.mails(self.address))  # fmt: skip
            found[:] = [one for mail in mails if (one := str(mail["Message-ID"])) not in self.read]
            return bool(found)

        until(arrived, f"{self.name} gets nothing")
        self.read.add(found[0])
        return found[0]

    def shown(self) -> str:
        """The next mail, read."""
        return self.program.shown(self.next())

    def reply(self, filled: Mapping[str, str] = MappingProxyType({})) -> None:
        """Reads the next mail, and replies to it."""
        arrived = self.next()
        self.program.shown(arrived)
        self.program.reply(arrived, filled)

    def confirm(self) -> None:
        """Answers the mail that asks to confirm, as it is, with the key that it brings."""
        asked = self.next()
        self.program.add_key(asked)
        self.program.reply(asked)
