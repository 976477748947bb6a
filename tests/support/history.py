"""Months of exchanges, invented at random and told to a real store; and what was told, for a counter of one's own."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from gateway.events import Commit, Event, EventKind, UimFact
from gateway.facts import NO_PARTY, Address, ExchangeNumber, Fingerprint, Language, PartyCode, PublicKey, digest
from gateway.store import Store
from gateway.treaty import Role

K = EventKind
CODES = tuple(map(PartyCode, ("AT", "BR", "FR", "KE", "SE", "ZA")))
START = datetime(2025, 1, 20, 11, 0, tzinfo=UTC)
ROLES = (Role.OFFICER, Role.ADMINISTRATOR, Role.OBSERVER)
ZONES = (
    "UTC", "Europe/Paris", "America/Havana", "Asia/Beirut", "Africa/Cairo", "Asia/Kathmandu", "Australia/Lord_Howe",
    "Pacific/Kiritimati", "America/St_Johns", "Pacific/Pago_Pago",
)  # fmt: skip
# What may be recorded of a referral and means nothing for the figures.
NOISE = (K.DELIVERED, K.REMINDED, K.ESCALATED, K.UNDELIVERABLE, K.EXPIRED, K.REFERRAL_RELEASED, K.MESSAGE_WAITING)

_party, _small = st.integers(0, len(CODES) - 1), st.integers(0, 30)
_few = st.integers(0, 4)
_step = st.one_of(
    st.tuples(st.just("ask"), _party, st.lists(_party, min_size=1, max_size=3, unique=True), _few, st.booleans()),
    st.tuples(st.just("answer"), _small, _few, st.sampled_from((None, K.ANSWERED, K.DECLINED, K.RETURNED))),
    st.tuples(st.just("message"), _small, st.booleans()),
    st.tuples(st.just("further"), _small, st.integers(1, 3)),
    st.tuples(st.just("read"), _small),
    st.tuples(st.just("noise"), _small, st.sampled_from(NOISE)),
    st.tuples(st.just("join"), _party),
    st.tuples(st.just("hire"), _party, st.sampled_from(ROLES)),
    st.tuples(st.just("leave"), _small),
)  # fmt: skip
# Mostly on; at the same instant; and back, as a clock that is set right.
_later = st.one_of(
    st.sampled_from((0, 0, -5, -3600, 3600, 43_200, 86_400)), st.integers(0, 20 * 86_400)
)  # fmt: skip
histories = st.lists(st.tuples(_later, _step), min_size=5, max_size=60)


@dataclass
class Told:
    """Everything that was recorded, and when."""

    events: list[tuple[datetime, Event]] = field(default_factory=list)
    joined: dict[PartyCode, datetime] = field(default_factory=dict)
    people: list[tuple[PartyCode, Role, datetime]] = field(default_factory=list)
    left: dict[int, datetime] = field(default_factory=dict)  # by place in `people`
    asked_by: dict[ExchangeNumber, PartyCode] = field(default_factory=dict)
    referrals: list[tuple[ExchangeNumber, PartyCode]] = field(default_factory=list)


class History:
    """Tells a store what a history means, step by step. `only`: of exchanges, those with this Party."""

    def __init__(self, store: Store, only: PartyCode | None = None) -> None:
        self.store, self.told, self._only = store, Told(), only
        self._now, self._serial, self._marks = START, 0, 0
        for place in range(len(CODES) - 1):  # one Party is not there from the beginning
            self._join(place)

    def run(self, steps: list[tuple[int, tuple[object, ...]]]) -> Told:
        """All steps; gives what was told."""
        for later, (name, *values) in steps:
            self._now = max(self._now + timedelta(seconds=later), START)
            getattr(self, f"_{name}")(*values)
        return self.told

    def _write(self, number: ExchangeNumber, *events: Event) -> None:
        shown = tuple(event for event in events if self._shown(number, event.party))
        if shown:
            self.store.ledger.commit(Commit(self._now, shown), None)
            self.told.events += [(self._now, event) for event in shown]

    def _shown(self, number: ExchangeNumber, party: PartyCode) -> bool:
        """Whether the Party that alone counts has to do with this referral (of an exchange as such: asks)."""
        return self._only in (None, party, self.told.asked_by[number])

    def _referral(self, place: int) -> tuple[ExchangeNumber, PartyCode] | None:
        return self.told.referrals[place % len(self.told.referrals)] if self.told.referrals else None

    def _join(self, place: int) -> None:
        code = CODES[place]
        if code not in self.told.joined:
            self.store.members.add_party(
                code, code, Address(f"desk@{code.lower()}.example"), Language("en"), None, self._now
            )
            self.told.joined[code] = self._now

    def _hire(self, place: int, role: Role) -> None:
        self._join(place)
        self._marks += 1
        key = PublicKey("openpgp", Fingerprint(f"{self._marks:040X}"), b"octets", True, True)
        box = Address(f"p{len(self.told.people)}@people.example")
        self.store.members.add_person(CODES[place], box, "Name", role, Language("en"), key, self._now)
        self.told.people.append((CODES[place], role, self._now))

    def _leave(self, place: int) -> None:
        if place < len(self.told.people) and place not in self.told.left:
            self.store.members.revoke(Address(f"p{place}@people.example"), "left", self._now)
            self.told.left[place] = self._now

    def _ask(self, by: int, asked: list[int], uims: int, waits: bool) -> None:
        asking, kind = CODES[by], K.REFERRAL_WAITING if waits else K.REFERRAL_SENT
        for place in (by, *asked):
            self._join(place)
        self._serial += 1
        number = ExchangeNumber(2025, self._serial)
        self.told.asked_by[number] = asking
        parties = [CODES[place] for place in asked if CODES[place] != asking]
        self.told.referrals += [(number, party) for party in parties]
        facts = self._uims(uims)
        events = [Event(kind, number, party, 1, asking, uims, uims=facts) for party in parties]
        opened = Event(K.EXCHANGE_OPENED, number, NO_PARTY, 1, asking, uims)
        shown = tuple(event for event in events if self._shown(number, event.party))
        if shown:  # in one transaction, as the gateway has it, or in two
            first, then = (shown, ()) if self._serial % 2 else ((), shown)
            self.store.ledger.commit(Commit(self._now, (opened, *first)), None)
            self.told.events += [(self._now, event) for event in first]
            self._write(number, *then)

    def _answer(self, place: int, uims: int, ending: EventKind | None) -> None:
        if found := self._referral(place):
            number, party = found
            received = Event(K.ANSWER_RECEIVED, number, party, 2, party, uims)
            self._write(number, received, *((Event(ending, number, party, actor=party),) if ending else ()))

    def _message(self, place: int, back: bool) -> None:
        if found := self._referral(place):
            number, party = found
            writer = party if back else self.told.asked_by[number]
            self._write(number, Event(K.MESSAGE_RECEIVED, number, party, 1, writer))

    def _further(self, place: int, uims: int) -> None:
        if found := self._referral(place):
            asking = self.told.asked_by[found[0]]
            self._write(found[0], Event(K.REFERRAL_EXTENDED, *found, 1, asking, uims, uims=self._uims(uims)))

    def _uims(self, count: int) -> tuple[UimFact, ...]:
        self._marks += count
        return tuple(UimFact(digest(f"{self._marks} {place}".encode())) for place in range(count))

    def _read(self, place: int) -> None:
        if found := self._referral(place):
            self._write(found[0], Event(K.READ, *found))

    def _noise(self, place: int, kind: EventKind) -> None:
        if found := self._referral(place):
            self._write(found[0], Event(kind, *found, count=1))
