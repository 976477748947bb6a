"""Mail out: hands finished mails to the next mail server (RFC 5321, 6409, 3461, 3207, 4954).

Every failure is transient unless that server says of this recipient or this mail that it is permanent.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from types import TracebackType
from typing import Protocol

from gateway import logs
from gateway.transports._secrets import first_line

_TIMEOUT = 300.0
_ENHANCED = re.compile(rb"([245]\.\d{1,3}\.\d{1,3})\b")
_BARE = re.compile(rb"\r(?!\n)|(?<!\r)\n")


class Verdict(StrEnum):
    """How one attempt ended."""

    SENT = "sent"
    TRANSIENT = "transient"
    PERMANENT = "permanent"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt: the verdict, the reply code (0: none), and the enhanced status code (RFC 3463).

    `server` True: the trouble is the server's, not this mail's; the rest of the batch can wait.
    """

    verdict: Verdict
    code: int = 0
    enhanced: str = ""
    server: bool = False

    @property
    def reply(self) -> str:
        """The numbers of the reply as one text, e.g. `550 5.1.1`; the other server's words are not kept."""
        return f"{self.code or ''} {self.enhanced}".strip() or "no reply"


class OutboundSettings(Protocol):
    """What is needed of the settings."""

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


class _Refused(Exception):
    """A reply that ends an attempt; holds numbers only."""

    def __init__(self, code: int, text: bytes, about_mail: bool) -> None:
        super().__init__(code)
        found = _ENHANCED.match(text)
        permanent = about_mail and 500 <= code < 600
        verdict = Verdict.PERMANENT if permanent else Verdict.TRANSIENT
        self.delivery = Delivery(verdict, code, found[1].decode("ascii") if found else "", not about_mail)


class Submission:
    """A connection that is opened at the first mail and used for all of a batch.

        with Submission(settings.outbound, settings.domain) as submission:
            delivery = submission.send(mail_from, rcpt_to, octets, envelope_id)

    For one thread. Never raises for anything another server does.
    """

    def __init__(self, settings: OutboundSettings, hostname: str, timeout: float = _TIMEOUT) -> None:
        self._settings = settings
        self._hostname = hostname
        self._timeout = timeout
        self._client: smtplib.SMTP | None = None

    def __enter__(self) -> Submission:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Says goodbye."""
        client, self._client = self._client, None
        if client is not None:
            with suppress(smtplib.SMTPException, OSError):
                client.quit()
            client.close()

    def check(self) -> None:
        """Connects and logs in, for `gsp doctor`; raises ValueError saying what failed."""
        try:
            self._connected().noop()
        except _Refused as refused:
            raise ValueError(f"{self._settings.host} answers {refused.delivery.code}") from None
        except (smtplib.SMTPException, OSError) as error:
            raise ValueError(f"{self._settings.host}: {type(error).__name__}") from None
        finally:
            self.close()

    def send(self, mail_from: str, rcpt_to: str, octets: bytes, envelope_id: str) -> Delivery:
        """One attempt for one recipient. `octets` is the whole message with CRLF line ends."""
        if _BARE.search(octets):
            # Would let the next server see a second mail in it (CVE-2023-51764); a defect of ours.
            logs.warn("outgoing mail with a bare CR or LF")
            return Delivery(Verdict.PERMANENT, 0, "5.6.0")
        try:
            return self._attempt(mail_from, rcpt_to, octets, envelope_id)
        except _Refused as refused:
            return refused.delivery
        except smtplib.SMTPDataError as error:
            return _Refused(error.smtp_code, _octets(error.smtp_error), about_mail=True).delivery
        except (smtplib.SMTPServerDisconnected, OSError) as error:
            logs.warn("next mail server away", host=self._settings.host, type=type(error).__name__)
            self._drop()
            return Delivery(Verdict.TRANSIENT, server=True)
        except Exception as error:  # unknown means transient: a desk must not be lost to a defect
            logs.fault(error, host=self._settings.host)
            self._drop()
            return Delivery(Verdict.TRANSIENT, server=True)

    def _attempt(self, mail_from: str, rcpt_to: str, octets: bytes, envelope_id: str) -> Delivery:
        client = self._connected()
        beyond_ascii = not (mail_from + rcpt_to).isascii()
        if beyond_ascii and not client.has_extn("smtputf8"):
            return Delivery(Verdict.PERMANENT, 0, "5.6.7")
        dsn = client.has_extn("dsn")
        mail_options = ["SMTPUTF8"] if beyond_ascii else []
        if not octets.isascii() and client.has_extn("8bitmime"):
            mail_options.append("BODY=8BITMIME")
        if client.has_extn("size"):
            mail_options.append(f"SIZE={len(octets)}")
        if dsn:
            mail_options += ["RET=HDRS", f"ENVID={_xtext(envelope_id)}"]
        rcpt_options = ["NOTIFY=SUCCESS,FAILURE,DELAY", f"ORCPT={_original(rcpt_to)}"] if dsn else []
        # What is said of the sender is said of our set-up, but that the mail is too large (552) is said of the mail.
        code, text = client.mail(mail_from, mail_options)
        _expect(code, text, about_mail=code == 552)
        code, text = client.rcpt(rcpt_to, rcpt_options)
        _expect(code, text, about_mail=True)
        code, text = client.data(octets)
        _expect(code, text, about_mail=True)
        found = _ENHANCED.match(text)
        return Delivery(Verdict.SENT, code, found[1].decode("ascii") if found else "")

    def _connected(self) -> smtplib.SMTP:
        """The connection, if it is still good for another mail; else a new one."""
        if self._client is not None:
            with suppress(smtplib.SMTPException, OSError):
                if self._client.rset()[0] == 250:
                    return self._client
            self._drop()
        client = None
        try:
            client = self._opened()
            self._greet(client)
        except smtplib.SMTPResponseException as error:
            _close(client)
            raise _Refused(error.smtp_code, _octets(error.smtp_error), about_mail=False) from None
        except BaseException:
            _close(client)
            raise
        self._client = client
        return client

    def _opened(self) -> smtplib.SMTP:
        settings = self._settings
        if settings.tls == "tls":
            context = ssl.create_default_context(cafile=settings.ca_file)
            return smtplib.SMTP_SSL(
                settings.host, settings.port, self._hostname, timeout=self._timeout, context=context
            )
        return smtplib.SMTP(settings.host, settings.port, self._hostname, timeout=self._timeout)

    def _greet(self, client: smtplib.SMTP) -> None:
        settings = self._settings
        client.ehlo_or_helo_if_needed()
        if settings.tls == "starttls":
            client.starttls(context=ssl.create_default_context(cafile=settings.ca_file))
            client.ehlo_or_helo_if_needed()
        if settings.user:
            client.login(settings.user, first_line(settings.password_file))

    def _drop(self) -> None:
        client, self._client = self._client, None
        _close(client)


def _close(client: smtplib.SMTP | None) -> None:
    if client is not None:
        client.close()


def _expect(code: int, text: bytes, about_mail: bool) -> None:
    if not 200 <= code < 600:
        raise smtplib.SMTPServerDisconnected("not a reply")
    if code >= 300:
        raise _Refused(code, text, about_mail)


def _xtext(text: str) -> str:
    """RFC 3461, 4: `+` and two hexadecimal digits for what is not printable, and for + and = themselves."""
    return "".join(chr(c) if 33 <= c <= 126 and c not in b"+=" else f"+{c:02X}" for c in text.encode("utf-8"))


def _original(rcpt_to: str) -> str:
    """ORCPT of an address; beyond ASCII as RFC 6533 (3) has it."""
    if rcpt_to.isascii():
        return f"rfc822;{_xtext(rcpt_to)}"
    return "utf-8;" + "".join(_xtext(c) if c.isascii() else c for c in rcpt_to)


def _octets(text: bytes | str) -> bytes:
    return text if isinstance(text, bytes) else text.encode("utf-8", "replace")
