"""A real SMTP server on loopback that keeps what it is given, in memory: the next mail server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.support.ports import PATIENCE, free_port


@dataclass
class Sink:
    """What arrived, as (recipient, octets), in order."""

    port: int
    mails: list[tuple[str, bytes]] = field(default_factory=list)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Takes everything."""
        octets = envelope.original_content or b""
        self.mails.extend((recipient, octets) for recipient in envelope.rcpt_tos)
        return "250 2.0.0 taken"


@contextmanager
def sink() -> Iterator[Sink]:
    """A running sink."""
    made = Sink(free_port())
    controller = Controller(made, hostname="127.0.0.1", port=made.port, ready_timeout=PATIENCE)
    controller.start()
    try:
        yield made
    finally:
        controller.stop()
