"""Everything that can be wrong, as a list of checks; each says what to do."""

from __future__ import annotations

import shutil
import stat
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway import inspection, reports, service
from gateway.crypto import _chain
from gateway.home import Home
from gateway.transports import imap
from gateway.transports.submission import Submission

_PATIENCE = 5.0  # seconds that another server has to answer


@dataclass(frozen=True, slots=True)
class Result:
    """One check: `mark` is right, note or wrong; `says` one sentence, with the remedy where there is one."""

    mark: str
    name: str
    says: str


def examine(home: Path) -> list[Result]:
    """Every check on the gateway of this home; raises ValueError when there is none."""
    results: list[Result] = []
    with service.Gateway.open(home) as gateway:
        for name, check in _CHECKS:
            try:
                results.extend(Result(mark, name, says) for mark, says in check(gateway))
            except Exception as error:  # one broken check must not hide the others
                results.append(Result("wrong", name, f"could not be checked ({type(error).__name__})"))
    return results


_Findings = Iterator[tuple[str, str]]


def _programs(_: service.Gateway) -> _Findings:
    for program, package in (("gpg", "gnupg"), ("gpg-agent", "gnupg"), ("gpgconf", "gnupg"), ("openssl", "openssl")):
        found = shutil.which(program)
        yield ("right", f"{program} found") if found else ("wrong", f"{program} is missing: apt-get install {package}")
    version = subprocess.run(["gpg", "--version"], capture_output=True, text=True, check=True).stdout.split()[2]
    old = tuple(int(part) for part in version.split(".")[:3]) < (2, 2, 40)
    yield ("wrong", f"gpg {version} is older than 2.2.40: upgrade") if old else ("right", f"gpg {version}")


def _permissions(gateway: service.Gateway) -> _Findings:
    home: Home = gateway.home
    for path in (home.root, home.gnupg, home.secret, home.smime):
        mode = stat.S_IMODE(path.stat().st_mode)
        open_to_others = bool(mode & 0o077)
        yield (
            ("wrong", f"{path.name or path} is open to other users: chmod -R go-rwx {path}")
            if open_to_others
            else ("right", f"{path.name} is closed to other users")
        )


def _own_key(gateway: service.Gateway) -> _Findings:
    key = gateway.own_public_key()
    if key.usable_until is None:
        yield "right", f"the gateway's key {key.fingerprint} does not expire"
        return
    left = (key.usable_until - datetime.now(UTC)).days
    says = f"the gateway's key expires in {left} days"
    yield ("wrong", f"{says}: gsp key renew") if left < 30 else ("right", says)


def _round_trip(gateway: service.Gateway) -> _Findings:
    yield (
        ("right", "signing, encrypting and opening work")
        if gateway.self_test()
        else (
            "wrong",
            "the gateway cannot open what it encrypts: check gnupg/, gpg-agent, [openpgp] passphrase_file, the token",
        )
    )


def _registered_keys(gateway: service.Gateway) -> _Findings:
    rows, offices = gateway.registry.key_rows(30), gateway.store.digests.offices()
    for row in rows:
        yield "note", f"key {row[0]} of {row[2]} ({row[3]}): {row[5]}, expires {row[4]}"
    for code, *_, key in gateway.registry.party_rows():
        if key == "none usable" and code not in offices:
            yield "wrong", f"the desk of {code} has no usable key: gsp party add {code} ... --key FILE"
    if not rows:
        yield "right", "no registered key expires within 30 days"


def _items(gateway: service.Gateway) -> _Findings:
    items = gateway.open_items()
    yield from (("note", says) for says in items)
    if not items:
        yield "right", "nothing waits for a person"


def _outbound(gateway: service.Gateway) -> _Findings:
    outbound = gateway.settings.outbound
    server = f"{outbound.host}:{outbound.port}"
    try:
        Submission(outbound, gateway.settings.domain, timeout=_PATIENCE).check()
        yield "right", f"the outgoing server {server} answers"
    except ValueError as error:
        yield "wrong", f"the outgoing server {server} cannot be used ({error}): see [outbound]"


def _doors(gateway: service.Gateway) -> _Findings:
    settings = gateway.settings
    doors = [name for name, port in (("SMTP", settings.smtp.port), ("LMTP", settings.lmtp.port)) if port]
    doors += ["IMAP"] if settings.imap else []
    if doors:
        yield "right", f"mail comes in by {', '.join(doors)}"
    else:
        yield "wrong", "no mail can come in: set [smtp] port, [lmtp] port or [[imap]]"


def _mailboxes(gateway: service.Gateway) -> _Findings:
    for mailbox in gateway.settings.imap:
        server = f"{mailbox.host}:{mailbox.port}"
        try:
            imap.Mailbox(mailbox, gateway.process, lambda _: 0.0, gateway.settings.smtp.max_size).check()
            yield "right", f"the IMAP server {server} lets us in"
        except ValueError as error:
            yield "wrong", f"the IMAP server {server} cannot be used ({error}): see [[imap]]"


def _certificates(gateway: service.Gateway) -> _Findings:
    smtp = gateway.settings.smtp
    if not smtp.tls_certificate:
        yield "note", "no TLS on the listener: right behind a mail server on this machine, wrong on a network"
        return
    for path, what in ((Path(smtp.tls_certificate), "certificate"), (Path(smtp.tls_key or ""), "key")):
        if not path.is_file():
            yield "wrong", f"the TLS {what} {path} is not there: see [smtp] tls_{what}"
            return
    left = inspection.certificate_expiry(Path(smtp.tls_certificate)) - datetime.now(UTC)
    when = f"expires in {left.days} days" if left > timedelta() else f"expired {-left.days} days ago"
    if left < timedelta(days=14):
        yield "wrong", f"the TLS certificate {when}: renew {smtp.tls_certificate}, then restart the gateway"
    else:
        yield "right", f"the TLS certificate {when}"


def _anchors(gateway: service.Gateway) -> _Findings:
    problems = _chain.Trust(gateway.home.smime, strict=False).problems()
    yield from (("wrong", says) for says in problems)
    if not problems:
        yield "right", "trust anchors and revocation lists can be read"


def _clock(gateway: service.Gateway) -> _Findings:
    last = gateway.last_event_at()
    ahead = last is not None and last > datetime.now(UTC) + timedelta(minutes=5)
    yield ("wrong", "the clock is behind the record's last event: check NTP") if ahead else ("right", "plausible")


def _record(gateway: service.Gateway) -> _Findings:
    sealed, since = gateway.audit.last()
    if sealed is None:
        yield "note", f"{since} event(s), never sealed: gsp serve seals them every hour, gsp audit seal at once"
        return
    says = f"last sealed at {sealed.isoformat(timespec='minutes')}, {since} event(s) since"
    late = since and datetime.now(UTC) - sealed > timedelta(days=1)
    yield ("wrong", f"{says}: does gsp serve run? gsp audit seal") if late else ("right", says)


def _library(gateway: service.Gateway) -> _Findings:
    wrong = sum(not problem.idle for problem in gateway.patterns.problems())
    yield ("wrong", f"{wrong} problem(s): gsp pattern lint --home") if wrong else ("right", "clean")


def _facts(gateway: service.Gateway) -> _Findings:
    try:
        facts = reports.outside_facts(gateway.home.root)
    except ValueError as error:
        yield "wrong", str(error)
        return
    says = f"{len(facts.parties)} Parties to the Protocol are known"
    yield ("right", says) if facts.complete else ("note", f"{says}, not all: complete facts.yaml for gsp report")


def _templates(_: service.Gateway) -> _Findings:
    broken = inspection.broken_templates()
    for name in broken:
        yield "wrong", f"the template {name} is broken: restore it from the installation"
    if not broken:
        yield "right", "every template can be read"


def _languages(gateway: service.Gateway) -> _Findings:
    missing = gateway.untranslated()
    for language, count in missing.items():
        yield "note", f"{count} sentence(s) are shown in English to readers of {language}"
    if not missing:
        yield "right", "complete in six languages"


_CHECKS: tuple[tuple[str, Callable[[service.Gateway], _Findings]], ...] = (
    ("programs", _programs),
    ("permissions", _permissions),
    ("own key", _own_key),
    ("encryption", _round_trip),
    ("registered keys", _registered_keys),
    ("items", _items),
    ("outgoing mail", _outbound),
    ("doors", _doors),
    ("mailboxes", _mailboxes),
    ("TLS", _certificates),
    ("S/MIME", _anchors),
    ("clock", _clock),
    ("record", _record),
    ("pattern library", _library),
    ("outside facts", _facts),
    ("templates", _templates),
    ("languages", _languages),
)
