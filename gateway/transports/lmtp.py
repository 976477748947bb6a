# ruff: noqa: N802, ARG002 - the names and arguments of the methods are aiosmtpd's
"""Mail in by LMTP, from a mail server on this machine (RFC 2033)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from gateway.transports._listener import Listener
from gateway.transports._session import Door, Session
from gateway.transports.workers import Workers


class LmtpSettings(Protocol):
    """What this door needs of the settings."""

    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int: ...


class LmtpSession(Session):
    """LHLO instead of EHLO, and one reply a recipient."""

    each_recipient = True

    async def smtp_LHLO(self, arg: str) -> None:
        """The greeting of LMTP."""
        await super().smtp_EHLO(arg)

    async def smtp_EHLO(self, hostname: str) -> None:
        """Not a command of LMTP (RFC 2033, 4.1)."""
        await self.push("500")

    async def smtp_HELO(self, hostname: str) -> None:
        """Not a command of LMTP (RFC 2033, 4.1)."""
        await self.push("500")


def listener(
    settings: LmtpSettings,
    hostname: str,
    max_size: int,
    workers: Workers,
    accepts: Callable[[str], bool],
    time_limit: float = 120.0,
) -> Listener:
    """The LMTP listener, not yet started."""
    door = Door("lmtp", hostname, max_size, workers, accepts, time_limit=time_limit)
    return Listener(LmtpSession, door, settings.host, settings.port)
