"""The whole chain with real servers: Postfix, LMTP, the gateway as a process, Postfix, and Dovecot for everybody."""

from __future__ import annotations

import shutil
import smtplib
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from gateway.correspondence import Correspondent, ReadMail
from tests.support.dovecot import Dovecot
from tests.support.focalpoint import DOMAIN, FocalPoint, focal_point
from tests.support.ports import PATIENCE, free_port, until
from tests.support.postfix import Postfix
from tests.support.sealed import VOUCHED, border
from tests.support.server import Server
from tests.support.smime import SmimePerson

GATEWAY = f"gsp@{DOMAIN}"


@dataclass
class Chain:
    """Everything that runs."""

    point: FocalPoint
    postfix: Postfix
    dovecot: Dovecot

    def submit(self, who: str, raw: bytes) -> None:
        """Hands a mail to Postfix, as the person's mail client does."""
        with smtplib.SMTP("127.0.0.1", self.postfix.port, timeout=PATIENCE) as client:
            client.sendmail(self.point.people[who].address, [GATEWAY], raw)

    def arrived(self, who: str, *words: str) -> ReadMail:
        """The mail with these words in the person's Dovecot mailbox, opened, once it is there.

        Not the last one: receipts of earlier tests may still be on their way, and Dovecot sorts what comes within one
        second by the numbers of files.
        """
        person = self.point.people[who]
        opened: list[ReadMail] = []
        found: list[ReadMail] = []

        def there() -> bool:
            opened.extend(person.read(octets) for octets in self.dovecot.mails(person.address)[len(opened) :])
            found[:] = [mail for mail in opened if all(word in " ".join(mail.text.split()) for word in words)]
            return bool(found)

        until(there, f"{who} has not got a mail with {words}")
        return found[0]


@contextmanager
def chain(
    people: Mapping[str, Correspondent | SmimePerson],
    settings: Callable[[Path, Dovecot], None] | None = None,
    prepared: Callable[[FocalPoint], None] | None = None,
    mailboxes: Sequence[str] = (),
    further: Mapping[str, int] = MappingProxyType({}),
) -> Iterator[Chain]:
    """Postfix in front of and behind the gateway, and Dovecot.

    `settings` may write into the home before the gateway opens it, `prepared` do something before it serves.
    `mailboxes` are addresses of people whom this gateway does not know, `further` the domains of other gateways behind
    the same Postfix, each with its LMTP port.
    """

    def written(home: Path) -> None:
        border(home)
        if settings:
            settings(home, dovecot)

    dovecot, folder = Dovecot(), Path(tempfile.mkdtemp(prefix="gw", dir="/tmp"))
    lmtp = free_port()
    behind = {DOMAIN: lmtp, **further}
    lines = {
        "relay_domains": ", ".join(behind),
        "relay_recipient_maps": "",
        "transport_maps": f"inline:{{{', '.join(f'{name}=lmtp:inet:127.0.0.1:{to}' for name, to in behind.items())}}}",
        "recipient_delimiter": "+",
        # As a border server that has checked DKIM: whoever submits here is who he says.
        "smtpd_data_restrictions": f"check_client_access inline:{{{{127.0.0.1=PREPEND {VOUCHED.decode().strip()}}}}}",
    }
    readers = [*(person.address for person in people.values()), *mailboxes]
    (folder / "t").mkdir()
    try:
        with (
            dovecot,
            Postfix(lines, maildirs=dovecot.maildirs, mailboxes=readers) as postfix,
            focal_point(people, settings=written) as point,
        ):
            if prepared:
                prepared(point)
            server = Server(point.home, free_port(), lmtp, postfix.port, folder / "t")
            server.start()
            try:
                yield Chain(point, postfix, dovecot)
            finally:
                assert server.stop() == 0
    finally:
        shutil.rmtree(folder, ignore_errors=True)
