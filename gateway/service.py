"""Joins the parts: the only module that knows all of them."""

from __future__ import annotations

import os
import random
import secrets
import socket
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any

from jinja2 import FileSystemLoader

from gateway import attachments, data, discovery, forms, inspection, logs, parsing, unlocking
from gateway import settings as configuration
from gateway.audit import Audit
from gateway.border import Border
from gateway.charts import draw
from gateway.crypto import _certificate, openpgp, smime
from gateway.delivery import Deliverer
from gateway.facts import (
    Envelope,
    Fingerprint,
    Moment,
    PartyCode,
    PublicKey,
    exchange_number,
    fingerprint,
    proven_ciphertext,
)
from gateway.forms._grammar import Vocabulary
from gateway.guard import Guard
from gateway.home import Home, HomeKey, create_secret
from gateway.items import Items
from gateway.language import Languages
from gateway.mime.tree import parse
from gateway.outcome import Answer, Failure
from gateway.parts import Parts
from gateway.patterns import Patterns
from gateway.pipeline import Pipeline
from gateway.ports import CryptoScheme, Policy
from gateway.publication import Publication
from gateway.reader import store_of
from gateway.registry import Registry
from gateway.rules.limits import Allowance
from gateway.schedule import Job
from gateway.stages._doubt import Unsealable
from gateway.stages.render import Renderer
from gateway.transports import directory
from gateway.transports.dkim import Dkim
from gateway.upkeep import Upkeep

_LEASE = timedelta(minutes=10)
OPEN_LIMIT = 25 * 1024 * 1024  # octets of a mail once opened: ten times a list of 100,000 UIMs
DELIVER_EVERY, UPKEEP_EVERY, WARN_EVERY, SEAL_EVERY = 15.0, 60.0, 3600.0, 3600.0
_LOCKED = (
    "the gateway's keys cannot be used: check [openpgp] passphrase_file and that it can be read, that gpg-agent starts,"
    " and that the token is there where the keys are on one"
)
OWN_ENGINE = -1
_CODE = 2  # letters of a Party's code: the name of a sealed address
# Convenience names; the form's title decides, whichever is used.
_NAMES = frozenset({"request", "lookup", "reply", "message", "status", "help", "admin", "postmaster"})


@dataclass(frozen=True, slots=True)
class Made:
    """What `gsp init` made, or found."""

    fresh: bool
    mailbox: str
    openpgp: str
    smime: str


def init(
    root: Path, domain: str, algorithm: str = "curve25519", passphrase_file: Path | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Made:  # fmt: skip
    """Makes a home, or leaves the one that is there as it is. `algorithm`: of the OpenPGP key, or rsa3072."""
    home = Home(root.absolute())
    fresh = not home.exists()
    if fresh:
        _make(home, domain, algorithm, passphrase_file.absolute() if passphrase_file else None)
    with Gateway.open(root, environ=environ) as gateway:
        mailbox = f"{gateway.settings.mailbox}@{gateway.settings.domain}"
        return Made(fresh, mailbox, gateway.fingerprint, _certificate.fingerprint(home.smime))


def _make(home: Home, domain: str, algorithm: str, passphrase_file: Path | None) -> None:
    template = configuration.template(configuration.domain_name(domain), passphrase_file)
    secret = unlocking.secret(passphrase_file, needed=True)
    home.root.mkdir(mode=0o700, parents=True, exist_ok=True)
    home.root.chmod(0o700)
    create_secret(home.secret)
    openpgp.create(home.gnupg, f"gsp@{domain}", algorithm, secret=secret)
    _certificate.create(home.smime, f"gsp@{domain}", _now())
    # Last: an init that was killed before is no home yet and begins again.
    unfinished = home.settings.with_suffix(".new")
    unfinished.write_text(template, encoding="utf-8")
    os.replace(unfinished, home.settings)


def renew(root: Path, algorithm: str, grips: tuple[str, str] | None = None) -> str:
    """Makes a further OpenPGP key of our own, also where the old one has expired or is lost; gives its fingerprint.

    `grips`: of two keys on a token (for signatures, for encryption) that it is made of.
    """
    home = Home(root.absolute())
    settings = configuration.load(home.root, os.environ)
    address = f"{settings.mailbox}@{settings.domain}"
    secret = unlocking.secret(settings.openpgp.passphrase_file, needed=True)
    if grips:
        openpgp.adopt(home.gnupg, address, grips, secret)
    else:
        openpgp.create(home.gnupg, address, algorithm, beside=True, secret=secret)
    with Gateway.open(root) as gateway:
        gateway.registry.note_own_key(gateway.fingerprint)
        return gateway.fingerprint


def _now() -> datetime:
    return datetime.now(UTC)


class Gateway:
    """One gateway on its home."""

    def __init__(self, home: Home, clock: Callable[[], datetime], engine: int | None, environ: Mapping[str, str]):
        self.home, self.clock, self.settings = home, clock, configuration.load(home.root, environ)
        self._key = HomeKey(home.secret)
        self._own: tuple[PublicKey, ...] = ()
        workers = self.settings.worker_count
        engines = self.settings.openpgp.engines or workers
        used = range(engines) if engine is None else (engines if engine == OWN_ENGINE else engine % engines,)
        secret = unlocking.secret(self.settings.openpgp.passphrase_file)
        self._openpgp = openpgp.OpenPgp(home.gnupg, used, clock, secret)
        self.smime_token = unlocking.token(self.settings.smime)
        gcm, strict = self.settings.smime.cipher == "aes256-gcm", self.settings.smime.crl == "required"
        self._smime = smime.Smime(home.smime, clock, gcm, strict, self.smime_token)
        schemes: dict[str, CryptoScheme] = {self._openpgp.name: self._openpgp, self._smime.name: self._smime}
        self.store = store_of(home, self.settings.database.url, self._key)
        self.registry = Registry(self.store, schemes, clock)
        self._languages = Languages.from_texts(data.catalogues())
        self._forms = discovery.find(forms, "FORM")
        self._policy = self._make_policy()
        self.publication = Publication(self._openpgp, self._smime, f"{self._policy.mailbox}@{self._policy.domain}")
        border = self.settings.border
        self.border = Border(self.store, self._key, self._policy, Dkim(border.resolvers) if border.dkim else None)
        allowance = Allowance(**self.settings.limits.model_dump(exclude={"uims_per_request"}))
        self._guard = Guard(self.store.limits, self.store.view, allowance, clock, workers)
        paths = FileSystemLoader(data.folder("templates"))
        self.patterns = Patterns(self.store, data.pattern_texts(), clock)
        self.pipeline = Pipeline(
            Parts(
                schemes=schemes,
                view=self.store.view,
                ledger=self.store.ledger,
                guard=self._guard,
                keyed=self._key,
                library=self.patterns.live,
                vocabulary=Vocabulary(self._forms, self._languages),
                attachments=attachments.joined(discovery.find(attachments, "ATTACHMENT"), parsing.parse),
                render=Renderer(self._languages, paths, self._forms, self._policy, lambda: self.publication.key, draw),
                read_key=self.registry.read_key,
                own_key=Fingerprint(self._openpgp.fingerprint),
                policy=self._policy,
                clock=clock,
                max_size=self.settings.smtp.max_size,
                open_limit=OPEN_LIMIT,
            )
        )
        self._deliverer = self._make_deliverer()
        self.items = Items(self.store, self.pipeline, clock)
        self.audit = Audit(self.store.seals, self.store.limits, self._openpgp, data.pattern_texts(), clock)
        self._upkeep = Upkeep(self.store, self.pipeline, self._key, self._policy, clock, self.own_keys)

    @classmethod
    def open(
        cls, root: Path, clock: Callable[[], datetime] = _now, engine: int | None = None,
        environ: Mapping[str, str] = os.environ,
    ) -> Gateway:  # fmt: skip
        """Opens a home; raises ValueError, with what to do, where there is none.

        `engine`: the one GnuPG agent that a worker process uses; None: all; OWN_ENGINE: one beside the workers'.
        """
        return cls(Home(root.absolute()), clock, engine, environ)

    def _make_policy(self) -> Policy:
        settings = self.settings
        return Policy(
            domain=settings.domain,
            mailbox=settings.mailbox,
            subaddress=settings.subaddress,
            reminder_days=tuple(settings.reminders.days),
            expire_days=settings.reminders.expire_days,
            close_days=settings.reminders.close_days,
            directory_months=settings.directory.months,
            directory_days=settings.directory.days,
            uims_per_request=settings.limits.uims_per_request,
            authserv_id=settings.border.authserv_id,
            open_smtp=settings.smtp.login,
        )

    def _make_deliverer(self) -> Deliverer:
        worker = f"{socket.gethostname()}/{os.getpid()}/{secrets.token_hex(4)}"
        chance = random.SystemRandom().random
        return Deliverer(self.store, self.pipeline, self._key, self._policy, worker, self.clock, lambda: chance() / 4)

    def __enter__(self) -> Gateway:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Closes database and agents; what was counted is written down."""
        with suppress(Failure):
            self._guard.flush()
        self.store.close()
        self._openpgp.close()

    # --- mail ---------------------------------------------------------------------------------------

    def process(self, raw: bytes, envelope: Envelope) -> Answer:
        """One mail through the whole pipeline."""
        return self.pipeline.process(raw, envelope)

    def process_file(self, raw: bytes) -> dict[str, Any]:
        """One mail as if received, and its outcome as `gsp process --json` prints it."""
        envelope = self.border.vouched(raw, Envelope(transport="directory"))
        return inspection.outcome(self.process(raw, envelope))

    def tick(self) -> None:
        """Everything that is due now."""
        self._upkeep.run()
        self._upkeep.warn()
        self.note_limits()

    def note_limits(self) -> None:
        """Writes down what the limits counted, and tells who must wait."""
        self._guard.tick(self.pipeline)

    def flush(self, folder: Path | None = None) -> tuple[int, int]:
        """Delivers everything now, or writes it out as files; gives (sent, failed)."""
        if folder is None:
            return self._deliverer.deliver(self.settings.outbound, force=True)
        taken = self._take()
        for mail in taken:
            directory.write(folder, mail.message_id, mail.octets)
            self.store.outbox.delivered(mail.id, "written")
        return len(taken), 0

    def take_outbox(self) -> list[tuple[str, bytes]]:
        """Takes everything out of the outbox, as (recipient, mail)."""
        taken = self._take()
        for mail in taken:
            self.store.outbox.delivered(mail.id, "taken")
        return [(mail.rcpt_to, mail.octets) for mail in taken]

    def _take(self) -> list[Any]:
        taken: list[Any] = []
        self._deliverer.recall()
        while batch := self.store.outbox.claim(100, "hand", self.clock(), _LEASE, force=True):
            taken += batch
        return taken

    def renew_key(self, mailbox: str, octets: bytes, at_once: bool) -> str:
        """The operator registers a new or extended key of somebody, who is told as after a mail; gives a sentence."""
        decision = self.registry.renewal(mailbox, octets, at_once)
        mark = decision.renewals[0].key.fingerprint
        moment = Moment(self.clock())
        try:
            self.pipeline.carry_out(decision, moment, f"renewal {mark} {moment.now.isoformat()}")
        except Unsealable:
            raise ValueError("nothing can be encrypted to this key: ask its owner for another one") from None
        return f"{mailbox} has the key {mark} from now on."

    # --- what there is --------------------------------------------------------------------------------

    @property
    def fingerprint(self) -> str:
        """The gateway's OpenPGP key."""
        return self._openpgp.fingerprint

    def own_key(self) -> bytes:
        """The gateway's OpenPGP public key, armoured."""
        return self._openpgp.export()

    def own_public_key(self) -> PublicKey:
        """The same as a value."""
        return self._openpgp.own_key()

    def own_keys(self) -> tuple[PublicKey, ...]:
        """What people encrypt to: the OpenPGP key, and the S/MIME certificate."""
        if not self._own:
            until = inspection.certificate_expiry(self.home.smime / "certificate.pem")
            mark = fingerprint(_certificate.fingerprint(self.home.smime))
            self._own = (self.own_public_key(), PublicKey("smime", mark, b"", True, True, until))
        return self._own

    def own_certificate(self) -> bytes:
        """The gateway's S/MIME certificate, PEM."""
        return self._smime.export()

    def self_test(self) -> bool:
        """Whether the gateway can open what it encrypts."""
        schemes: tuple[openpgp.OpenPgp | smime.Smime, ...] = (self._openpgp, self._smime)
        try:
            return all(_round_trip(scheme) for scheme in schemes)
        except Failure:
            return False

    def check_keys(self) -> None:
        """Raises ValueError, with what to do, where our own keys cannot be used."""
        if not self.self_test():
            raise ValueError(_LOCKED)

    def outbox_rows(self) -> list[tuple[Any, ...]]:
        """What waits or was given up."""
        return [
            (m.message_id, m.kind.value, m.rcpt_to, f"{m.exchange}/{m.party}" if m.exchange and m.party else
             str(m.exchange or ""), m.state, m.attempts, m.next_attempt.isoformat(timespec="seconds"))
            for m in self.store.outbox.listed()
        ]  # fmt: skip

    def exchange_rows(self) -> list[tuple[Any, ...]]:
        """Exchanges, newest first."""
        return [
            (str(e.number), e.asking_party, "closed" if e.closed else "open", e.opened_at.isoformat(timespec="seconds"),
             e.uims, " ".join(f"{r.number.party}:{r.state.value}" for r in e.referrals))
            for e in self.store.view.all_exchanges()
        ]  # fmt: skip

    def exchange_details(self, number: str) -> dict[str, Any]:
        """One exchange with referrals and trail; raises ValueError where there is none."""
        exchange = self.store.view.exchange(exchange_number(number))
        if exchange is None:
            raise ValueError(f"there is no exchange {number}")
        return inspection.exchange(exchange, self.store.view.trail(exchange.number))

    def open_items(self) -> list[str]:
        """What a person must look at, a sentence each."""
        return self.items.sentences()

    def last_event_at(self) -> datetime | None:
        """When the record was last added to."""
        return self.store.view.last_event_at()

    def untranslated(self) -> dict[str, int]:
        """How many sentences a language lacks."""
        return self._languages.untranslated()

    # --- running --------------------------------------------------------------------------------------

    def jobs(self) -> tuple[Job, ...]:
        """What is done at intervals while the gateway serves."""
        return (
            Job("deliver", lambda: _ignore(self._deliverer.deliver(self.settings.outbound)), DELIVER_EVERY,
                by_leader=False),
            Job("upkeep", self._upkeep.run, UPKEEP_EVERY),
            Job("limits", self.note_limits, UPKEEP_EVERY, by_leader=False),
            Job("key warnings", self._upkeep.warn, WARN_EVERY),
            Job("seal", lambda: _ignore(self.audit.seal()), SEAL_EVERY),
            Job("revocations", self._fetch_revocations, WARN_EVERY, by_leader=False),
        )  # fmt: skip

    def _fetch_revocations(self) -> None:
        _, failed = self._smime.refresh_lists(self.registry.certificates(), self.settings.smime.crl_hours)
        if failed:
            logs.warn("revocation lists or answers could not be fetched", count=failed)

    def accepts(self, recipient: str) -> bool:
        """Whether an address is one of ours (exchange.md, 2); a reply token must be one we gave."""
        local, _, domain = recipient.rpartition("@")
        name, _, tag = local.lower().partition("+")
        if domain.lower() != self.settings.domain:
            return False
        if tag and (name == "reply" or len(name) == _CODE):
            return self.store.view.referral_by_token(self._key.token_digest(tag)) is not None
        if len(name) == _CODE and self.store.view.party(PartyCode(name.upper())) is not None:
            return True
        return name in _NAMES or name == self.settings.mailbox.lower() or (name == "bounce" and bool(tag))


def _round_trip(scheme: openpgp.OpenPgp | smime.Smime) -> bool:
    own = scheme.own_key()
    mail = scheme.wrapped(scheme.seal(b"Content-Type: text/plain\r\n\r\ntest\r\n", own), "test")
    octets = scheme.recognise(parse(mail))
    opened = scheme.open(proven_ciphertext(octets), (own,), 10_000) if octets else None
    return opened is not None and opened.octets.endswith(b"test\r\n") and len(opened.signatures) == 1


def _ignore(_: object) -> None:
    return None
