"""Abuse limits, with a plain answer; and refusals on record, without letting strangers write the record."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

from gateway import logs
from gateway.content import Decision, Letter, text
from gateway.events import Event, EventKind, MailKind
from gateway.facts import NO_DIGEST, Digest, Moment, PartyCode, Person
from gateway.letters import Notice
from gateway.outcome import REASONS, Defer, Failure, LostRace
from gateway.pipeline import Pipeline
from gateway.ports import View
from gateway.rules.limits import DAY, HOUR, Allowance, next_mail, next_uims
from gateway.store.limits import Limits

REFUSALS_PER_HOUR = 10  # of one person, on record one by one; more are counted like those of strangers
INSTANCES = 4  # gateways that may share a database, all with as many workers, without that a limit is passed

_Key = tuple[PartyCode, int | None, str]


class Guard:
    """`ports.Guard`. What it must tell or count is kept until `tick`, which the clock brings every minute."""

    def __init__(
        self, limits: Limits, view: View, allowance: Allowance, clock: Callable[[], datetime], workers: int = 1
    ) -> None:
        self._limits = limits
        self._view = view
        self._allowance = allowance
        self._clock = clock
        self._shares = INSTANCES * workers
        self._lock = threading.Lock()
        self._refused: Counter[int] = Counter()
        self._slowed: dict[tuple[PartyCode, int], datetime] = {}
        self._room: dict[_Key, int] = {}

    def admit(self, person: Person, uims: int, now: datetime) -> None:
        """Lets a mail of a proven sender, with so many UIMs, pass; raises Defer [GSP-305] where it must wait."""
        until = self._uims_free_at(person, uims, now) if uims else self._mail_free_at(person, now)
        if until is None:
            return
        with self._lock:
            self._slowed[person.party, person.id] = until
        logs.warn("limit reached", person=person.id, party=person.party, uims=uims)
        raise Defer(REASONS[305])

    def _mail_free_at(self, person: Person, now: datetime) -> datetime | None:
        allowed, until = self._allowance, None
        for most, who in ((allowed.person_per_hour, person.id), (allowed.party_per_hour, None)):
            if most and not self._has_room((person.party, who, "mails"), 1):
                sent = self._limits.mails(person.party, who, now - HOUR)
                self._make_room((person.party, who, "mails"), most - sent)
                if sent < most:
                    continue
                last_but = self._limits.last_mail_but(most - 1, person.party, who, now - HOUR)
                until = _later(until, next_mail(last_but, now))
        return until

    def _uims_free_at(self, person: Person, uims: int, now: datetime) -> datetime | None:
        allowed, until, since = self._allowance, None, now - DAY
        for most, who in ((allowed.person_uims_per_day, person.id), (allowed.party_uims_per_day, None)):
            if most and not self._has_room((person.party, who, "uims"), uims):
                asked = self._limits.uims(person.party, who, since)
                self._make_room((person.party, who, "uims"), most - asked - uims)
                if asked + uims <= most:
                    continue
                until = _later(until, next_uims(self._limits.lists(person.party, who, since), uims, most, now))
        return until

    def _has_room(self, key: _Key, wanted: int) -> bool:
        """Whether this much may be sent without a look into the record, which takes a millisecond (measured)."""
        with self._lock:
            left = self._room.get(key, 0)
            if left < wanted:
                return False
            self._room[key] = left - wanted
            return True

    def _make_room(self, key: _Key, left: int) -> None:
        """A part of what is left is given out at once; others who work on the same database may give out theirs."""
        with self._lock:
            self._room[key] = max(left, 0) // self._shares

    def refused(self, failure: Failure, arrival: Digest, now: datetime) -> None:
        """Notes a refusal: at once where a registered person's signature was good, else in the count of the hour."""
        person = failure.person
        if person is not None:
            seen = self._limits.events_of(EventKind.REFUSED, person.party, person.id, now - HOUR)
            if seen < REFUSALS_PER_HOUR:
                number = failure.reason.number
                self._limits.note(
                    Event(EventKind.REFUSED, person=person.id, actor=person.party, count=number, digest=arrival), now
                )
                return
        with self._lock:
            self._refused[failure.reason.number] += 1

    def flush(self) -> None:
        """Writes down what was counted since; a kill loses at most what came since the last minute."""
        with self._lock:
            counts, self._refused = self._refused, Counter()
        if not counts:
            return
        try:
            self._limits.add_refusals(counts, self._clock())
        except Failure:  # the database is away: they are written down the next time
            with self._lock:
                self._refused.update(counts)
            raise

    def tick(self, pipeline: Pipeline) -> None:
        """Writes counts down, puts those of the hours that are over on record, and tells whoever must wait."""
        self.flush()
        now = self._clock()
        self._limits.record_refusals(now)
        with self._lock:
            slowed, self._slowed = self._slowed, {}
        for (party, person), until in sorted(slowed.items()):
            if until > now:
                self._tell(pipeline, party, person, until, now)

    def _tell(self, pipeline: Pipeline, party: PartyCode, person: int, until: datetime, now: datetime) -> None:
        """Not again within the hour: the mail that waits is sent again and again by its own mail server."""
        to = self._view.correspondent(person, now) if person else self._view.desk(party, now)
        if to is None or self._limits.events_of(EventKind.LIMITED, party, person, now - HOUR):
            return
        headline = text("Your mail waits: you or your Party sent more than is taken in so short a time.")
        next_step = text(
            "You may go on after {time}. What you sent meanwhile waits at your own mail server and comes by itself.",
            time=_minute(until),
        )
        letter = Letter(MailKind.NOTICE, to, text("Your mail waits until {time}", time=_minute(until)),
                        Notice(headline, next_step))  # fmt: skip
        minutes = -((now - until) // timedelta(minutes=1))
        event = Event(EventKind.LIMITED, person=person, actor=party, count=minutes, digest=NO_DIGEST)
        try:
            pipeline.carry_out(
                Decision(events=(event,), letters=(letter,)), Moment(now), f"limit {party} {person} {now.isoformat()}"
            )
        except LostRace:
            logs.note("told of the limit already", person=person)


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((when for when in (one, other) if when), default=None)


def _minute(when: datetime) -> datetime:
    """The next full minute."""
    return (when + timedelta(seconds=59, microseconds=999_999)).replace(second=0, microsecond=0)
