"""The weekly digests: who is due one, made and sent; each once a week, whatever restarts or runs beside it."""

from __future__ import annotations

import email
import email.policy
import subprocess
import sys
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from email.message import EmailMessage
from functools import cache, partial
from zoneinfo import ZoneInfo

from gateway import crontab, logs
from gateway.content import Decision, Letter, Text, text
from gateway.events import DigestReader, MailKind
from gateway.facts import NO_PARTY, Correspondent, Language, Moment, PartyCode, party_code
from gateway.facts import address as mail_address
from gateway.figures import Measured, Merits, Period
from gateway.library.changes import parties_described
from gateway.outcome import LostRace
from gateway.rules import digest as rules
from gateway.rules import merits, periods, weekly
from gateway.schedule import Job, apart
from gateway.service import Gateway
from gateway.stages._doubt import Unsealable
from gateway.summary import Digest, Figure, Task
from gateway.treaty import Role

_WEEK = timedelta(days=7)
_SENT, _ELSEWHERE, _LOCKED = "sent", "sent elsewhere", "locked"
LOOK_EVERY = 3600.0  # beside the crontab line: what failed, or fell due while nobody led, is made up for


class Digests:
    """On an open gateway, one run: what is measured is measured once."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._store = gateway.store
        self._zone = gateway.settings.digest.zone
        self._now = gateway.clock()
        self._month = Period.last_month(self._now)
        self._measured: Callable[[Period], Measured] = cache(self._store.statistics.measure)
        self._merits: Callable[[Period], Mapping[PartyCode, Merits]] = cache(self._store.quality.merits)
        self._news = cache(self._news_since)
        self._head = cache(gateway.audit.head)
        self._known: rules.Today | None = None

    def due(self, at_once: bool = False) -> list[tuple[DigestReader, Period]]:
        """Whose digest is due, with the weeks it tells of. `at_once`: without waiting for the hour of digests."""
        cron = self._gateway.settings.digest.cron
        fired = self._now if at_once else crontab.last(cron, ZoneInfo(self._zone), self._now)
        found = [(reader, periods.due(reader, fired, self._zone)) for reader in self._store.digests.readers(self._now)]
        return [(reader, period) for reader, period in found if period is not None]

    def send(self, at_once: bool = False) -> int:
        """Sends what is due; how many. Who has no key that can be used gets it when there is one."""
        done: Counter[str] = Counter()
        for reader, period in self.due(at_once):
            if not apart(partial(self._send, reader, period, done)):
                done["failed"] += 1  # it is for the next run
        if done:
            logs.note("digests sent", count=done[_SENT], locked=done[_LOCKED], failed=done["failed"])
        return done[_SENT]

    def _send(self, reader: DigestReader, period: Period, done: Counter[str]) -> None:
        done[self._sent(reader, period)] += 1

    def _sent(self, reader: DigestReader, period: Period) -> str:
        """What became of one digest."""
        try:
            to = self._store.view.correspondent(reader.person, self._now)
            if to is None or to.key is None:
                return _LOCKED
            decision = Decision(letters=(self.letter(to, period, reader.told),), digests=((reader.person, period.end),))
            cause = f"digest {reader.person} {period.end.isoformat()}"
            self._gateway.pipeline.carry_out(decision, Moment(self._now), cause)
            return _SENT
        except LostRace:
            return _ELSEWHERE  # another instance has sent it
        except Unsealable:
            return _LOCKED  # the engine does not take the key

    def letter(self, to: Correspondent, period: Period, told: datetime | None = None) -> Letter:
        """The digest of one reader: of his Party, or of all for the Secretariat. `told`: when he had the last one.

        A Party gets the head of the record without its number: two numbers would tell how much others exchanged.
        """
        party = NO_PARTY if to.role is Role.SECRETARIAT else to.party
        weeks = self._weeks(period)
        tasks, observed = self._tasks(to, party)
        values = Digest(
            party=party,
            first=period.first,
            last=period.last,
            weeks=periods.weeks(period),
            headline=rules.headline(party, tasks, observed),
            tasks=tasks,
            observed=observed,
            figures=(*weekly.figures_for(party, weeks), *self._quality(party, period)),
            charts=weekly.charts_for(party, weeks),
            news=self._news(told or period.start),
            head=self._head() if party == NO_PARTY else self._head().rpartition(":")[2],
            notes=weekly.notes_for(party, weeks, self._fewest(party), self._now),
        )
        subject = text("Weekly digest, {first} to {last}", first=period.first, last=period.last)
        return Letter(MailKind.DIGEST, to, subject, values, sheets=weekly.sheets_for(party, weeks))

    def _tasks(self, to: Correspondent, party: PartyCode) -> tuple[tuple[Task, ...], tuple[Task, ...]]:
        """What the reader is asked to do; and, to an observer, what others of the Party are."""
        if party == NO_PARTY:
            return rules.tasks_of_secretariat(self._today()), ()
        if to.role is Role.OBSERVER:
            return rules.observed(party, to.address, self._today())
        return rules.tasks_of(party, self._today()), ()

    def preview(self, party: str = "", address: str = "") -> EmailMessage:
        """A digest of the last full week as its reader would get it, not encrypted; raises ValueError.

        Of a Party, of the person with an address, or (neither) of the Secretariat.
        """
        last = periods.due(DigestReader(0, NO_PARTY, Role.OBSERVER, self._now, None), self._now, self._zone)
        assert last is not None  # the hour is now, and he is registered since now
        letter = self.letter(self._reader(party, address), last)
        shown = self._gateway.pipeline.shown(letter, Moment(self._now))
        return email.message_from_bytes(shown.payload, _class=EmailMessage, policy=email.policy.default)

    def _reader(self, party: str, address: str) -> Correspondent:
        view = self._store.view
        if address:
            person = view.person_by_address(mail_address(address))
            reader = view.correspondent(person.id, self._now) if person else None
            if reader is None:
                raise ValueError(f"nobody is registered with the address {address}")
            return reader
        registered = view.party(party_code(party)) if party else None
        if party and registered is None:
            raise ValueError(f"there is no Party {party}: see `gsp party list`")
        role = Role.ADMINISTRATOR if registered else Role.SECRETARIAT
        own = mail_address(f"{self._gateway.settings.mailbox}@{self._gateway.settings.domain}")
        language, code = (registered.language, registered.code) if registered else (Language("en"), NO_PARTY)
        return Correspondent(own, language, code, 0, role, None)

    # --- what all of them tell --------------------------------------------------------------------------

    def _fewest(self, party: PartyCode) -> int:
        return self._store.view.fewest_others(self._month, party) if party else 0

    def _weeks(self, period: Period) -> weekly.Weeks:
        single = tuple(self._measured(week) for week in periods.latest(period, weekly.WEEKS))
        return weekly.Weeks(
            self._measured(period), self._measured(periods.before(period)), single, self._measured(self._month)
        )

    def _quality(self, party: PartyCode, period: Period) -> tuple[Figure, ...]:
        now, before = (self._merits(one).get(party, Merits()) for one in (period, periods.before(period)))
        return merits.figures_for(party, now, before)

    def _today(self) -> rules.Today:
        if self._known is None:
            view, offices = self._store.view, self._store.digests.offices()
            led = {one.party for one in view.all_administrators(self._now) if one.key is not None}
            self._known = rules.Today(
                now=self._now,
                zone=self._zone,
                referrals=self._store.digests.open_referrals(),
                locked=tuple(
                    party.code
                    for party in view.parties()
                    if party.code not in offices
                    and (desk := view.desk(party.code, self._now)) is not None
                    and desk.key is None
                ),
                unled=tuple(one.code for one in view.parties() if one.code not in led and one.code not in offices),
                ending=tuple(self._ending()),
                patterns=view.patterns.waiting(),
                doubted=self._gateway.patterns.doubted(),
                pending=tuple(one for one in view.all_pending() if one.expires > self._now),
                standings=self._store.roster.standings(),
                nominations=bool(self._gateway.settings.directory.days),
                items=len(self._store.items.open()),
                difficulties=sum(self._store.roster.difficulties(self._now - _WEEK, self._now).values()),
                reminder_days=tuple(self._gateway.settings.reminders.days),
            )
        return self._known

    def _ending(self) -> Iterator[rules.Ending]:
        within = timedelta(days=rules.KEY_DAYS)
        for _, _, party, person, until in self._store.expiry.ending(self._now, within):
            view = self._store.view
            owner = view.correspondent(person, self._now) if person else view.desk(party, self._now)
            if owner is not None:
                yield rules.Ending(owner.address, party, owner.role, until.date())
        for key in self._gateway.own_keys():
            if key.usable_until is not None and self._now < key.usable_until <= self._now + within:
                yield rules.Ending("", NO_PARTY, Role.SECRETARIAT, key.usable_until.date())

    def _news_since(self, begin: datetime) -> tuple[Text, ...]:
        digests = self._store.digests
        changed = sorted(self._store.roster.changes(begin, self._now))
        described = parties_described(self._store.view.patterns.made(), begin, self._now)
        contacts = digests.contacts_changed(begin, self._now)
        library = digests.library_changes(begin, self._now)
        return weekly.news(digests.new_parties(begin, self._now), changed, contacts, library, described)


def job(gateway: Gateway) -> Job:
    """Looks whether digests are due, and has them made in a process of their own: its memory goes with it."""

    def run() -> None:
        if Digests(gateway).due():
            command = [sys.executable, "-m", "gateway.cli", "digest", "send", "--home", str(gateway.home.root)]
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
            if done.returncode:
                logs.warn("digests could not be sent: `gsp digest send` says why", status=done.returncode)

    settings = gateway.settings.digest
    return Job("digest", run, LOOK_EVERY, settings.cron, ZoneInfo(settings.zone))


def page(mail: EmailMessage) -> str:
    """The HTML of a digest with its pictures in it: one file that any browser opens."""
    html = mail.get_body(("html",))
    shown = str(html.get_content()) if html is not None else ""
    for part in mail.walk():
        name = str(part.get("Content-ID", "")).strip("<>")
        if name:
            octets = b64encode(part.get_payload(decode=True) or b"").decode("ascii")  # type: ignore[arg-type]
            shown = shown.replace(f"cid:{name}", f"data:{part.get_content_type()};base64,{octets}")
    return shown


def plain(mail: EmailMessage) -> str:
    """The text of a digest."""
    body = mail.get_body(("plain",))
    return str(body.get_content()).replace("\r\n", "\n") if body is not None else ""
