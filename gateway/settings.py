"""`gateway.toml` and the `GSP_*` variables as one frozen value; an unknown key is an error.

One declaration here gives default and check; `config/gateway.toml` shows every default, and a test
compares the two. An absent `[smtp]` or `[lmtp]` section, or port 0, means: this door is not opened.
"""

from __future__ import annotations

import difflib
import json
import os
import re
import tomllib
from collections.abc import Mapping
from datetime import UTC
from ipaddress import ip_address
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Self, get_args, get_origin
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from gateway import crontab, data
from gateway.overrides import SettingsError as SettingsError
from gateway.overrides import lay_over

FILE = "gateway.toml"
MAX_SIZE = 36 * 1024 * 1024

Port = Annotated[int, Field(ge=0, le=65535)]
# An address of IPv4, with or without a port, or of IPv6.
Resolver = Annotated[
    str, Field(pattern=r"^(\d{1,3}(\.\d{1,3}){3}(:\d{1,5})?|[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)$")
]
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
Days = Annotated[int, Field(ge=1, le=3650)]
ClientTls = Literal["none", "starttls", "tls"]


def domain_name(written: str) -> str:
    """The domain of the gateway's addresses as it is written; raises ValueError, with what to write, for no such."""
    if len(written) > 253 or not re.fullmatch(rf"{_LABEL}(\.{_LABEL})*", written):
        raise ValueError("a domain is written in small letters, such as gsp.example.org; one in other scripts as xn--…")
    return written


def _within_home(path: Path, info: ValidationInfo) -> Path:
    base: Path = (info.context or {}).get("home", Path())
    return base / path


HomePath = Annotated[Path, AfterValidator(_within_home)]
NoFile = Annotated[HomePath | None, BeforeValidator(lambda value: None if value == "" else value)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, validate_default=True)


class _Door(_Section):
    """A door with TLS. `port` 0: shut."""

    host: str = "127.0.0.1"
    port: Port = 0
    tls_certificate: NoFile = None
    tls_key: NoFile = None

    @model_validator(mode="after")
    def _has_certificate(self) -> Self:
        if (self.tls_certificate is None) != (self.tls_key is None):
            raise ValueError("tls_certificate and tls_key belong together: set both or neither")
        return self


class Smtp(_Door):
    """The SMTP listener. `tls`: STARTTLS offered or required, or TLS from the first octet. `login`: AUTH, with TLS."""

    port: Port = 8025
    tls: Literal["offer", "require", "implicit"] = "offer"
    max_size: Annotated[int, Field(ge=64 * 1024, le=1024**3)] = MAX_SIZE
    login: bool = False

    @model_validator(mode="after")
    def _can_do_so(self) -> Self:
        if (self.tls != "offer" or self.login) and self.tls_certificate is None:
            raise ValueError("this tls or login setting needs tls_certificate and tls_key")
        return self


class Lmtp(_Section):
    """The LMTP listener; without TLS, so keep it on loopback or on a network of your own."""

    host: str = "127.0.0.1"
    port: Port = 8024


class Http(_Door):
    """The door that gives out the Web Key Directory. Without a certificate for a proxy that has one."""


class _Client(_Section):
    """A server that we log in to."""

    host: str
    tls: ClientTls
    ca_file: NoFile = None
    user: str = ""
    password_file: NoFile = None

    @model_validator(mode="after")
    def _keeps_password_safe(self) -> Self:
        if self.tls == "none" and self.password_file is not None and not _is_loopback(self.host):
            raise ValueError("a password would cross the network in clear: set tls to starttls or tls")
        if self.password_file is not None and not self.user:
            raise ValueError("password_file needs user")
        return self


class Imap(_Client):
    """One IMAP mailbox. `oauth`: a file that holds an access token, or `|` and a command that prints one."""

    tls: ClientTls = "tls"
    port: Port = 993
    user: str = Field(min_length=1)
    oauth: str = ""
    folder: str = "INBOX"
    processed: str = "Processed"
    quarantine: str = "Quarantine"
    poll_seconds: Annotated[int, Field(ge=5, le=3600)] = 60

    @field_validator("oauth")
    @classmethod
    def _oauth_file(cls, value: str, info: ValidationInfo) -> str:
        if not value or value.startswith("|"):
            return value
        return str(_within_home(Path(value), info))

    @model_validator(mode="after")
    def _one_credential(self) -> Self:
        if (self.password_file is None) == (not self.oauth):
            raise ValueError("set either password_file or oauth")
        if self.oauth and self.tls == "none" and not _is_loopback(self.host):
            raise ValueError("a token would cross the network in clear: set tls to starttls or tls")
        return self


class Outbound(_Client):
    """The mail server that takes what we send."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 25
    tls: ClientTls = "none"


class Database(_Section):
    """Empty `url`: SQLite in the home; else `postgresql://...`."""

    url: str = Field(default="", repr=False)

    @field_validator("url")
    @classmethod
    def _known(cls, value: str) -> str:
        if value and not re.match(r"(sqlite|postgresql)(\+\w+)?://", value):
            raise ValueError("the database is sqlite:// or postgresql://")
        return value


class OpenPgp(_Section):
    """`engines`: how many GnuPG agents work side by side (one is one secret-key operation at a time); 0: as workers.

    `passphrase_file`: its first line is the passphrase of our key, or the PIN of the token that holds it.
    """

    engines: Annotated[int, Field(ge=0, le=64)] = 0
    passphrase_file: NoFile = None


class Smime(_Section):
    """S/MIME: what we encrypt with, and how much a revocation list must say. Certificates lie in the home.

    `key`, `module`, `pin_file`: our secret key on a PKCS #11 token, by its URI (RFC 7512), and how to reach it.
    """

    cipher: Literal["aes256-cbc", "aes256-gcm"] = "aes256-cbc"
    crl: Literal["known", "required"] = "known"
    crl_hours: Annotated[int, Field(ge=1, le=720)] = 12
    key: str = ""
    module: NoFile = None
    pin_file: NoFile = None

    @field_validator("key")
    @classmethod
    def _without_pin(cls, value: str) -> str:
        if value and (not value.startswith("pkcs11:") or "pin-" in value):
            raise ValueError("the key is a URI that begins with pkcs11:, without the PIN, which is in pin_file")
        return value


class Digest(_Section):
    """When the weekly digest is sent, as a crontab line; `zone`: whose clock and whose weeks count (tz database)."""

    cron: str = "0 6 * * 1"
    zone: str = "UTC"

    @field_validator("cron")
    @classmethod
    def _readable(cls, value: str) -> str:
        try:
            crontab.trigger(value, UTC)
        except ValueError:
            raise ValueError("not a crontab line of five fields") from None
        return value

    @field_validator("zone")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            return ZoneInfo(value).key
        except (ValueError, OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError
            raise ValueError("not a time zone of the tz database, such as Europe/Paris") from None


class Reminders(_Section):
    """After how many days a silent desk is reminded, a referral expires, and a quiet exchange is closed."""

    days: tuple[Days, ...] = (7, 14)
    expire_days: Days = 60
    close_days: Days = 60

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if list(self.days) != sorted(set(self.days)):
            raise ValueError("reminders.days must rise")
        if self.days and self.days[-1] >= self.expire_days:
            raise ValueError("the last reminder must come before expire_days")
        return self


class Directory(_Section):
    """In which months, on the first day, Parties are asked to confirm their entries, and when they are reminded."""

    months: tuple[Annotated[int, Field(ge=1, le=12)], ...] = (3, 9)
    days: tuple[Days, ...] = (14, 28)

    @field_validator("days")
    @classmethod
    def _in_order(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if list(value) != sorted(set(value)):
            raise ValueError("directory.days must rise")
        return value


class Limits(_Section):
    """How much one person and one Party may send; 0: as much as they like."""

    person_per_hour: Annotated[int, Field(ge=0)] = 600
    party_per_hour: Annotated[int, Field(ge=0)] = 3000
    uims_per_request: Annotated[int, Field(ge=0)] = 100_000
    person_uims_per_day: Annotated[int, Field(ge=0)] = 300_000
    party_uims_per_day: Annotated[int, Field(ge=0)] = 1_000_000


class Border(_Section):
    """Who proves a sender's address. `authserv_id`: whose Authentication-Results (RFC 8601) count; empty: nobody's.

    `dkim`: signatures of senders' domains are checked here, too; `resolvers`: the name servers asked for their keys,
    as `address` or `address:port`; none: the system's.
    """

    authserv_id: str = ""
    dkim: bool = True
    resolvers: tuple[Resolver, ...] = ()


class Settings(_Section):
    """Everything that can be set. Paths are absolute or below the home; `workers` 0: one a processor core."""

    domain: Annotated[str, AfterValidator(domain_name)]
    mailbox: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+$", max_length=64)] = "gsp"
    subaddress: bool = True
    workers: Annotated[int, Field(ge=0, le=256)] = 0
    smtp: Smtp = Field(default_factory=lambda: Smtp(port=0))
    lmtp: Lmtp = Field(default_factory=lambda: Lmtp(port=0))
    http: Http = Field(default_factory=Http)
    imap: tuple[Imap, ...] = ()
    outbound: Outbound = Field(default_factory=Outbound)
    database: Database = Field(default_factory=Database)
    openpgp: OpenPgp = Field(default_factory=OpenPgp)
    smime: Smime = Field(default_factory=Smime)
    digest: Digest = Field(default_factory=Digest)
    reminders: Reminders = Field(default_factory=Reminders)
    directory: Directory = Field(default_factory=Directory)
    limits: Limits = Field(default_factory=Limits)
    border: Border = Field(default_factory=Border)

    @property
    def worker_count(self) -> int:
        """How many mails are worked on at the same time."""
        return self.workers or os.cpu_count() or 1


def template(domain: str, passphrase_file: Path | None = None) -> str:
    """The text of a new home's `gateway.toml`: every default, commented, the domain, and where the passphrase is."""
    text = (data.folder("config") / FILE).read_text(encoding="utf-8")
    if passphrase_file is not None:
        text = text.replace('# passphrase_file = ""', f"passphrase_file = {json.dumps(str(passphrase_file))}", 1)
    return text.replace('domain = "gsp.example.org"', f'domain = "{domain}"', 1)


def load(home: Path, environ: Mapping[str, str]) -> Settings:
    """The settings of a home, with what the environment overrides; raises SettingsError.

    `GSP_SMTP__PORT=2525` overrides `port` in `[smtp]`; `GSP_IMAP__0__HOST` that of the first mailbox;
    a list is written as JSON or with commas.
    """
    path = home / FILE
    try:
        values: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SettingsError(f"there is no {path}: run `gsp init --domain DOMAIN` first") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{path} is not UTF-8 text") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path} is not TOML{_place(str(error))}") from None
    named = lay_over(values, environ, _is_list)
    try:
        return Settings.model_validate(values, context={"home": home.absolute()})
    except ValidationError as error:
        problems = error.errors(include_url=False, include_context=False, include_input=False)
        sentences = [_sentence(tuple(p["loc"]), p["type"], p["msg"], named) for p in problems]
    raise SettingsError(f"{path}: " + "; ".join(sentences))


def _is_list(keys: tuple[str, ...]) -> bool:
    annotation = _annotation(keys)
    return get_origin(annotation) is tuple


def _annotation(keys: tuple[str, ...]) -> Any:
    """The declared type of a setting, or None where there is no such setting."""
    found: Any = Settings
    for key in keys:
        if get_origin(found) is tuple and key.isdigit():
            found = get_args(found)[0]
        elif isinstance(found, type) and issubclass(found, BaseModel) and key in found.model_fields:
            found = found.model_fields[key].annotation
        else:
            return None
        if isinstance(found, UnionType):
            found = get_args(found)[0]
    return found


def _sentence(place: tuple[int | str, ...], kind: str, message: str, named: Mapping[tuple[str, ...], str]) -> str:
    keys = tuple(str(part) for part in place)
    shown = f'"{".".join(keys)}"' if keys else "the file"
    if keys in named:
        shown = f"{shown} (from {named[keys]})"
    if kind == "extra_forbidden":
        return f"unknown setting {shown}{_suggestion(keys)}"
    if kind == "missing":
        return f"the setting {shown} is missing"
    return f"{shown}: {message.removeprefix('Value error, ')}"


def _suggestion(keys: tuple[str, ...]) -> str:
    section = _annotation(keys[:-1])
    known = list(section.model_fields) if isinstance(section, type) and issubclass(section, BaseModel) else []
    close = difflib.get_close_matches(keys[-1], known, 1)
    return f'; did you mean "{".".join((*keys[:-1], close[0]))}"?' if close else ""


def _place(message: str) -> str:
    """Line and column out of the TOML reader's message; its rest may quote the file."""
    found = re.search(r"\(at line (\d+), column (\d+)\)", message)
    return f" (line {found[1]}, column {found[2]})" if found else ""


def _is_loopback(host: str) -> bool:
    if host in {"localhost", "localhost.localdomain"}:
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
