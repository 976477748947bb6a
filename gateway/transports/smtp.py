"""Mail in by SMTP, from the border mail server (RFC 5321)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from gateway.transports._listener import Listener
from gateway.transports._session import Door, Session
from gateway.transports._tls import tls_context
from gateway.transports.workers import Workers


class SmtpSettings(Protocol):
    """What this door needs of the settings."""

    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def tls(self) -> str: ...
    @property
    def tls_certificate(self) -> Path | None: ...
    @property
    def tls_key(self) -> Path | None: ...
    @property
    def max_size(self) -> int: ...


def listener(
    settings: SmtpSettings,
    hostname: str,
    workers: Workers,
    accepts: Callable[[str], bool],
    time_limit: float = 120.0,
    login: Callable[[str, str], str] | None = None,
) -> Listener:
    """The SMTP listener, not yet started. `accepts` says whether an address is a mailbox here; `login` whose name and
    password these are.

    Raises ValueError where the certificate cannot be read.
    """
    tls = tls_context(settings.tls_certificate, settings.tls_key)
    implicit = settings.tls == "implicit"
    door = Door(
        transport="smtp",
        hostname=hostname,
        max_size=settings.max_size,
        workers=workers,
        accepts=accepts,
        tls=None if implicit else tls,
        tls_required=settings.tls == "require",
        time_limit=time_limit,
        login=login,
    )
    return Listener(Session, door, settings.host, settings.port, tls if implicit else None)
