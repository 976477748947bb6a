# ruff: noqa: N802, ARG002 - the names and arguments of the methods are aiosmtpd's
"""One SMTP or LMTP connection: what it takes, its limits, its replies.

RFC 5321, 2033 (LMTP), 3207 (STARTTLS), 1870 (SIZE), 6152 (8BITMIME), 6531 (SMTPUTF8), 3461 (DSN parameters),
2034 (enhanced codes), 2920 (PIPELINING). No reply quotes what the other side sent.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, TLSSetupException

from gateway import logs
from gateway.facts import Envelope
from gateway.outcome import REASONS, Answer, Deferred, Failure, Held, Refused, Taken
from gateway.transports import _parameters
from gateway.transports._body import END, Body
from gateway.transports.workers import Workers

RECIPIENTS = 50
SESSIONS = 100
WRONG_LOGINS = 3
IDLE_SECONDS = 300  # RFC 5321, 4.5.3.2.7
RECEIVE_SECONDS = 900
_CHUNK = 16 * 1024
_PIECES = 256

# Our words for aiosmtpd's replies, by reply code: with enhanced codes (RFC 2034), without the other side's text.
_WORDS = {
    221: "2.0.0 goodbye",
    252: "2.5.0 send the mail and see",
    500: "5.5.2 command not understood",
    501: "5.5.4 syntax error in parameters",
    502: "5.5.1 command not implemented",
    503: "5.5.1 commands in the wrong order",
    530: "5.7.0 STARTTLS first",
    538: "5.7.11 not without encryption",
    553: "5.1.3 not an address",
    554: "5.7.0 refused: TLS could not be established",
    555: "5.5.4 unknown parameter",
}
_ENHANCED = re.compile(r"\d{3}[ -]\d\.\d{1,3}\.\d{1,3} ")


@dataclass(frozen=True, slots=True)
class Door:
    """What a session needs to know: who we are, what we take, and who works on it.

    `accepts` says whether an address is a mailbox here (it may look into the database);
    `time_limit` is in seconds, for one mail from its last octet to our answer.
    """

    transport: str
    hostname: str
    max_size: int
    workers: Workers
    accepts: Callable[[str], bool]
    tls: ssl.SSLContext | None = None
    tls_required: bool = False
    time_limit: float = 120.0
    idle: float = IDLE_SECONDS
    login: Callable[[str, str], str] | None = None  # the address that a name and password belong to, "" for none


def reply(answer: Answer) -> str:
    """The reply line that tells another server our answer."""
    match answer:
        case Refused(reason) | Deferred(reason):
            return reason.reply
        case Taken() | Held():
            return "250 2.0.0 taken"


class _Reader(asyncio.StreamReader):
    """A reader for which a command line ends in CRLF and nothing else (RFC 5321, 2.3.8)."""

    async def readuntil(self, separator: Any = b"\n") -> bytes:
        line: bytes = await super().readuntil(separator)
        if separator == b"\n" and (line[-2:] != b"\r\n" or b"\r" in line[:-2]):
            return b"\r\n"  # an empty command, which is answered with 500
        return line


class Session(SMTP):
    """One connection. Overrides of aiosmtpd 1.4.6, each for a reason given at its place."""

    line_length_limit = _CHUNK
    each_recipient = False  # LMTP: one reply a recipient (RFC 2033, 4.2)

    def __init__(self, door: Door, sessions: set[Session], loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(
            _Hooks(door),
            data_size_limit=door.max_size,
            enable_SMTPUTF8=True,
            hostname=door.hostname,
            ident="ready",
            tls_context=door.tls,
            require_starttls=door.tls_required,
            timeout=door.idle,
            auth_require_tls=False,  # asked for in `smtp_AUTH`: aiosmtpd does not know TLS from the first octet
            authenticator=self._authenticator_of,
            loop=loop,
        )
        # aiosmtpd shares and clears one dictionary for all connections.
        self.command_size_limits = defaultdict(lambda: 2048)
        self.door = door
        self._sessions = sessions
        self._turned_away = False
        self._busy = False
        self._ending = False
        self._parsing = ""
        self._wrong_logins = 0

    # --- connection -------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Turns a connection away when there are too many; also called a second time after STARTTLS."""
        if self not in self._sessions and len(self._sessions) >= SESSIONS:
            self._turned_away = True
            assert isinstance(transport, asyncio.Transport)
            transport.write(b"421 4.3.2 too many connections, try again later\r\n")
            transport.close()
            return
        self._sessions.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        """Forgets the session."""
        self._sessions.discard(self)
        if not self._turned_away:
            super().connection_lost(error)

    def eof_received(self) -> bool | None:
        """As aiosmtpd, but for connections that were turned away."""
        return False if self._turned_away else super().eof_received()

    def _cb_client_connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # The reader is made in aiosmtpd's constructor; only its behaviour is exchanged.
        reader.__class__ = _Reader
        super()._cb_client_connected(reader, writer)

    def _timeout_cb(self) -> None:
        if self.transport is not None:
            self._writer.write(b"421 4.4.2 idle for too long, goodbye\r\n")
            super()._timeout_cb()  # type: ignore[no-untyped-call]

    def end(self) -> None:
        """Says goodbye, at once or after the mail that is being worked on."""
        self._ending = True
        if not self._busy and self.transport is not None:
            self._writer.write(b"421 4.3.2 shutting down, try again later\r\n")
            self.transport.close()

    # --- replies ----------------------------------------------------------------------------------

    async def push(self, status: Any) -> None:
        """Every reply passes here and gets our words; greeting, EHLO and our own replies stay."""
        text = status if isinstance(status, str) else str(status, "ascii", "replace")
        code = int(text[:3])
        if text.startswith("552 Error"):
            text = REASONS[106].reply
        elif code in _WORDS and ("Error" in text or not _ENHANCED.match(text)):
            text = f"{code} {_WORDS[code]}"
        elif text == "250 OK":
            text = "250 2.0.0 ok"
        elif text == "220 Ready to start TLS":
            text = "220 2.0.0 ready to start TLS"
        await super().push(text)

    async def handle_exception(self, error: Exception) -> str:
        """Any fault is transient, and its text is not looked at (it may quote the mail)."""
        if not isinstance(error, TLSSetupException):
            logs.fault(error, transport=self.door.transport)
        return REASONS[304].reply

    # --- commands ---------------------------------------------------------------------------------

    async def smtp_MAIL(self, arg: str | None) -> None:
        """MAIL, with the DSN parameters RET and ENVID."""
        self._parsing = "MAIL"
        await super().smtp_MAIL(arg)

    async def smtp_RCPT(self, arg: str | None) -> None:
        """RCPT, with the DSN parameters NOTIFY and ORCPT."""
        self._parsing = "RCPT"
        await super().smtp_RCPT(arg)

    def _getparams(self, params: Sequence[str]) -> dict[str, str | bool] | None:
        # aiosmtpd knows no DSN parameters and answers 555, with which real servers give the mail up.
        return _parameters.without_dsn(self._parsing, params)

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        # aiosmtpd reads addresses as header fields have them: comments, no closing bracket, and worse.
        return _parameters.path(arg)

    async def smtp_STARTTLS(self, arg: str) -> None:
        """STARTTLS, once: aiosmtpd would begin a second handshake inside the first."""
        if self._tls_protocol is not None:
            await self.push("503 5.5.1 TLS is active already")
            return
        await super().smtp_STARTTLS(arg)

    async def smtp_AUTH(self, arg: str) -> None:
        """A login proves who sends sealed mail (of other mail the signature decides): with TLS only, three tries."""
        if self.door.login is None:
            await self.push("502")
        elif not self._has_tls():
            await self.push("538")
        elif self._wrong_logins >= WRONG_LOGINS:
            await self.push("421 4.7.0 too many wrong passwords, goodbye")
            if self.transport is not None:
                self.transport.close()
        else:
            await super().smtp_AUTH(arg)

    def _authenticator_of(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        """One look into the database, in the loop: a login is rare, and cheaper than the handshake before it."""
        assert self.door.login is not None
        name, password = (octets.decode("utf-8", "replace") for octets in (data.login, data.password))
        try:
            found = self.door.login(name, password)
        except Failure as failure:
            return AuthResult(success=False, handled=False, message=failure.reason.reply)
        if not found:
            self._wrong_logins += 1
            return AuthResult(success=False, handled=False)
        return AuthResult(success=True, auth_data=found)

    def _has_tls(self) -> bool:
        return self.transport is not None and self.transport.get_extra_info("sslcontext") is not None

    async def smtp_VRFY(self, arg: str) -> None:
        """Says nothing about anybody."""
        await self.push("252")

    async def smtp_HELP(self, arg: str) -> None:
        """Points nowhere: another server needs no help, and a person gets it by GSP HELP."""
        await self.push("214 2.0.0 see RFC 5321")

    async def smtp_DATA(self, arg: str) -> None:
        """Receives a mail and answers after it is committed, refused or deferred.

        Replaces aiosmtpd's reading by lines: lines may be as long as the mail, a bare CR or LF is seen, and in
        LMTP every refusal is told once a recipient.
        """
        if await self.check_helo_needed():
            return
        assert self.envelope is not None
        if arg or not self.envelope.rcpt_tos:
            await self.push("501" if arg else "503")
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        recipients = len(self.envelope.rcpt_tos) if self.each_recipient else 1
        said = await self._received_and_answered()
        self._set_post_data_state()  # type: ignore[no-untyped-call]
        for _ in range(recipients):
            await self.push(said)
        self._busy = False
        if self._ending:
            self.end()

    async def _received_and_answered(self) -> str:
        self._reset_timeout(RECEIVE_SECONDS)
        body = Body(self.door.max_size)
        while not body.complete:
            try:
                body.add(await self._reader.readuntil(END))
            except asyncio.LimitOverrunError as long:
                body.add(await self._reader.readexactly(long.consumed), ended=False)
            if body.pieces % _PIECES == 0:
                await asyncio.sleep(0)  # a mail of nothing but dots must not keep the loop
        if body.too_large:
            return REASONS[106].reply
        if body.bare:
            return REASONS[109].reply
        self._busy = True
        self._reset_timeout(self.door.time_limit + 60)
        said = await self._answered(body.octets())
        self._reset_timeout()
        return said

    async def _answered(self, raw: bytes) -> str:
        door = self.door
        future = door.workers.submit(raw, self._facts())
        if future is None:
            logs.warn("busy", transport=door.transport)
            return REASONS[301].reply
        try:
            return reply(await asyncio.wait_for(asyncio.wrap_future(future), door.time_limit))
        except TimeoutError:
            # The thread goes on and commits; the ledger gives the same answer when the mail comes again.
            logs.warn("time limit", transport=door.transport)
            return REASONS[306].reply

    def _facts(self) -> Envelope:
        assert self.envelope is not None
        assert self.session is not None
        assert self.transport is not None
        sender = self.envelope.mail_from or ""
        return Envelope(
            mail_from="" if sender == "<>" else sender,  # aiosmtpd keeps the null reverse-path as it was written
            rcpt_tos=tuple(self.envelope.rcpt_tos),
            authenticated_as=str(self.session.auth_data) if self.session.authenticated else "",
            tls=self._has_tls(),
            transport=self.door.transport,
        )


class _Hooks:
    """aiosmtpd's hooks: what is announced, and which addresses are taken."""

    def __init__(self, door: Door) -> None:
        self._door = door

    async def handle_EHLO(
        self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        kept = [line[4:] for line in responses if not line[4:].startswith(("AUTH", "HELP"))]
        offers = ["AUTH LOGIN PLAIN"] if self._door.login and server._has_tls() else []
        lines = [*kept, *offers, "PIPELINING", "ENHANCEDSTATUSCODES", "DSN"]
        return [f"250{' ' if line is lines[-1] else '-'}{line}" for line in lines]

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        refusal = _unreadable(address, envelope.smtp_utf8)
        if refusal:
            return refusal
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 sender ok"

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        if len(envelope.rcpt_tos) >= RECIPIENTS:
            return "452 4.5.3 too many recipients, send the rest in another mail"
        refusal = _unreadable(address, envelope.smtp_utf8)
        if refusal:
            return refusal
        try:
            known = await asyncio.to_thread(self._door.accepts, address)
        except Exception as error:  # the database is away: the other server comes again
            logs.fault(error, transport=self._door.transport)
            return REASONS[303].reply
        if not known:
            return REASONS[501].reply
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 recipient ok"


def _unreadable(address: str, announced: bool) -> str:
    """Why an address cannot be taken: not UTF-8, or beyond ASCII without SMTPUTF8 (RFC 6531, 3.5)."""
    try:
        address.encode("utf-8")
    except UnicodeEncodeError:
        return "501 5.5.4 the address is not UTF-8"
    if not address.isascii() and not announced:
        return "553 5.6.7 an address beyond ASCII needs SMTPUTF8"
    return ""
