"""Mail in from an IMAP mailbox: waits by IDLE or looks now and then, moves a mail only after its answer.

RFC 9051 and 3501, 2177 (IDLE), 6851 (MOVE), 4315 (UIDPLUS), 2342 (NAMESPACE); XOAUTH2 for Exchange and Microsoft 365.
A crash between answer and move leads to the same mail again, which changes nothing.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from email.parser import BytesHeaderParser
from email.policy import compat32
from pathlib import Path
from typing import Protocol

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import LoginError

from gateway import logs
from gateway.facts import Envelope
from gateway.outcome import Answer
from gateway.transports._secrets import first_line, token
from gateway.transports._visit import Visit, Waiting
from gateway.transports.workers import Process

_TIMEOUT = SocketTimeout(connect=30, read=120)
_HEADERS = 64 * 1024


class ImapSettings(Protocol):
    """What one mailbox needs of the settings."""

    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def tls(self) -> str: ...
    @property
    def ca_file(self) -> Path | None: ...
    @property
    def user(self) -> str: ...
    @property
    def password_file(self) -> Path | None: ...
    @property
    def oauth(self) -> str: ...
    @property
    def folder(self) -> str: ...
    @property
    def processed(self) -> str: ...
    @property
    def quarantine(self) -> str: ...
    @property
    def poll_seconds(self) -> int: ...


class Mailbox:
    """One mailbox and its thread.

    `process` as everywhere; `back_off` gives the seconds to wait before connection attempt n (0, 1, ...), with
    chance in it; `max_size` in octets: larger mails go to quarantine unread.
    """

    def __init__(
        self, settings: ImapSettings, process: Process, back_off: Callable[[int], float], max_size: int
    ) -> None:
        self._settings = settings
        self._process = process
        self._back_off = back_off
        self._max_size = max_size
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="imap", daemon=True)
        self._waiting = Waiting()
        self._failures = 0

    def start(self) -> None:
        """Begins to look after the mailbox; a server that cannot be reached is tried again for ever."""
        self._thread.start()

    def stop(self) -> None:
        """Returns when the mail that is being worked on has its answer and is moved."""
        self._stopping.set()
        self._thread.join()

    def check(self) -> None:
        """Logs in and looks at the folder once, for `gsp doctor`; raises ValueError saying what failed."""
        try:
            with connect(self._settings) as client:
                client.select_folder(self._settings.folder, readonly=True)
        except LoginError:
            raise ValueError(f"the server {self._settings.host} refuses the login") from None
        except (IMAPClient.Error, OSError) as error:
            raise ValueError(f"the mailbox on {self._settings.host}: {type(error).__name__}") from None

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with connect(self._settings) as client:
                    visit = Visit(client, self._settings, self._take, self._max_size, self._waiting)
                    visit.stay(self._stopping, self._is_well)
            except Exception as error:  # the mailbox must be looked after as long as the gateway runs
                logs.warn("mailbox away", host=self._settings.host, type=type(error).__name__, failures=self._failures)
                self._stopping.wait(self._back_off(self._failures))
                self._failures += 1

    def _is_well(self) -> None:
        if self._failures:
            logs.note("mailbox back", host=self._settings.host)
        self._failures = 0

    def _take(self, raw: bytes) -> Answer:
        """The answer to a mail, with the envelope that the delivering server wrote on it."""
        headers = BytesHeaderParser(policy=compat32).parsebytes(raw[:_HEADERS])
        delivered = (*headers.get_all("Delivered-To", ()), *headers.get_all("X-Original-To", ()))
        envelope = Envelope(
            mail_from=_bare(headers.get("Return-Path", "")),
            rcpt_tos=tuple(dict.fromkeys(_bare(value) for value in delivered)),
            tls=self._settings.tls != "none",
            transport="imap",
        )
        return self._process(raw, envelope)


def _bare(value: object) -> str:
    return str(value).strip().removeprefix("<").removesuffix(">")


def connect(settings: ImapSettings) -> IMAPClient:
    """A logged-in connection. Certificates are always checked."""
    context = ssl.create_default_context(cafile=settings.ca_file)
    implicit = settings.tls == "tls"
    client = IMAPClient(
        settings.host, settings.port, ssl=implicit, ssl_context=context if implicit else None, timeout=_TIMEOUT
    )
    try:
        if settings.tls == "starttls":
            client.starttls(context)
        if settings.oauth:
            client.oauth2_login(settings.user, token(settings.oauth))
        else:
            client.login(settings.user, first_line(settings.password_file))
    except BaseException:
        with suppress(OSError):
            client.shutdown()
        raise
    return client
