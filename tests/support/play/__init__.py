"""Random people of several Parties play against the real pipeline: what a step is, and what must hold after each.

`forms`, `registry`, `sealed` and `wire` hold the steps; the model of `knowledge.py` and `membership.py` says what may
come of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from hypothesis import currently_in_test_context, event
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine

from gateway import service
from gateway.events import MailKind
from gateway.facts import Envelope
from gateway.outcome import Answer, Refused, Taken
from gateway.ports import CryptoScheme
from gateway.treaty import Role, Side
from tests.support import curve
from tests.support.knowledge import MARK, NUMBER, Asked, Knowledge, Place
from tests.support.membership import Key
from tests.support.rings import Ring
from tests.support.town import DESKS, DOMAIN, MAILBOX, PEOPLE, START, Got, Town

NEWCOMERS = ("new.one", "new.two", "new.desk")  # registered by nobody yet
NAMES = (*sorted([*PEOPLE, *DESKS]), *NEWCOMERS)
ENDS = {"desk.fr": START + timedelta(days=12), "ke.two": START + timedelta(days=20)}  # of keys
people = st.sampled_from(NAMES)
some = st.integers(0, 9999)


def one(found: Any, which: int) -> Any:
    """One of what was found."""
    return list(found)[which % len(found)]


class Play(RuleBasedStateMachine):
    """The town, the model, and the comparison of both."""

    gateway: service.Gateway
    start = START
    ends: Mapping[str, datetime] = ENDS
    begun: ClassVar[dict[type, tuple[Any, Path]]] = {}  # people and database with which towns begin
    own = curve.Keys("gateway")

    def __init__(self) -> None:
        super().__init__()
        self.crowd: Any = self.everybody()
        self.town = Town(self.gateway, NAMES, self.crowd, self.scheme, self.start, self.database())
        self.known = Knowledge()
        self.members = self.known.members
        for name, party in DESKS.items():
            self.members.enter(name, party, Role.DESK, Key(name, 0, self.ends.get(name)))
        for name, (party, role) in PEOPLE.items():
            self.members.enter(name, party, role, Key(name, 0, self.ends.get(name)))
        self.uims: list[tuple[str, str, str]] = []  # code, its Party, who asked
        self.sent: list[tuple[str, Ring, bytes, Answer]] = []  # as whom, with which key
        self.got: list[Got] = []
        self.parties: dict[str, str] = {}  # of the mails' readers, when they got them
        self.passing: frozenset[Ring] = frozenset()  # the readers of the sealed mail that is on its way
        self.changed: Any = None  # what the last mail changed in the model

    def teardown(self) -> None:
        self.town.close()

    # --- what another scheme does otherwise ---------------------------------------------------------------

    def database(self) -> Path:
        """The database in which everybody is registered, made when it is first asked for."""
        if type(self) not in self.begun:
            self.town = Town(self.gateway, NAMES, self.crowd, self.scheme, self.start - timedelta(hours=1))
            self.begun[type(self)] = self.crowd, self.town.settle(lambda name: self.sealed((name, 0), "GSP HELP\n"))
        return self.begun[type(self)][1]

    def everybody(self) -> Any:
        """People at the beginning."""
        return (
            self.begun[type(self)][0].again() if type(self) in self.begun else curve.Crowd(NAMES, self.ends, self.own)
        )

    def scheme(self, clock: Callable[[], datetime]) -> CryptoScheme:
        return curve.Curve(clock, self.own)

    def sealed(self, ring: Ring, body: str, **options: Any) -> bytes:
        """A mail to the gateway, signed with this key; options as of the crowd's `write`."""
        raw: bytes = self.crowd.write(ring, body=body, when=self.town.now, **{"to": MAILBOX} | options)
        return raw

    def note(self, what: str) -> None:
        """For the statistics of a run: what the steps came to."""
        if currently_in_test_context():
            event(what)

    # --- a step, and what must hold after it ---------------------------------------------------------------

    def later(self) -> datetime:
        """A second has passed: the same text signed again in the same second would be a copy."""
        self.town.now += timedelta(seconds=1)
        return self.town.now

    def acts(self, name: str) -> bool:
        """Whether what he writes now is believed."""
        return self.members.acts(name, self.town.now)

    def signing(self, name: str) -> Ring:
        """The key with which somebody signs: the newest that is registered, else the last that he has made."""
        key = self.members.people[name].newest(self.town.now) if name in self.members.people else None
        return key.name if key else self.crowd.last(name)

    def send(
        self, name: str, body: str, change: Callable[[], Any] | None = None, ring: Ring | None = None, **options: Any
    ) -> tuple[Answer, list[Got]]:
        """One mail of somebody's; `change`: what it means for the model, where it is believed."""
        now, party = self.later(), self.known.party(name)
        ring = ring or self.signing(name)
        acts = self.members.signed(name, ring, now)
        if acts:
            self.known.wrote(party, f"{body}\n{options.get('subject', '')}\n{options.get('to', '')}")
        raw = self.sealed(ring, body, from_=self.crowd.address(name), **options)
        member = self.members.people.get(name)
        self.changed = change() if acts and change else None
        envelope = Envelope(self.crowd.address(name), (options.get("to", MAILBOX),), transport="smtp")
        answer, mails = self.deliver(raw, envelope, party, member)
        self.sent.append((name, ring, raw, answer))
        if not acts:
            assert isinstance(answer, Refused), f"{name} must not be believed"
            assert mails == []
        else:
            assert isinstance(answer, Taken), answer
        return answer, mails

    def deliver(self, raw: bytes, envelope: Envelope, party: str, by: Any = None) -> tuple[Answer, list[Got]]:
        """Octets at the door. Whatever they are, the exchanges without this Party stay as they are."""
        foreign = self.known.foreign(party)
        before = self.town.states(foreign)
        answer = self.town.process(raw, envelope)
        assert self.town.states(foreign) == before
        if isinstance(answer, Taken) and answer.exchange and answer.exchange not in self.known.exchanges:
            self.known.exchanges[answer.exchange] = Asked(party, by)
        if isinstance(answer, Taken) and answer.form in ("request", "sealed") and answer.exchange:
            self.known.exchanges[answer.exchange].asked |= {str(referral.party) for referral in answer.referrals}
        return answer, self.taken()

    def taken(self) -> list[Got]:
        """Exchanges and registry as they must be; and the mails that were written, each judged."""
        self.exchanges()
        mails = self.town.outgoing()
        for mail in mails:
            self.judge(mail)
            self.parties[mail.row.envelope_id] = self.known.party(mail.reader)
        self.got += mails
        self.members.letters.clear()
        self.passing = frozenset()
        self.registry()
        return mails

    def exchanges(self) -> None:
        """Who asks whom: as in the model, or passed on to whose marking it is; and what each token stands for."""
        stored = {one.number: one for one in self.town.view.all_exchanges()}
        assert set(stored) == set(self.known.exchanges)
        for number, exchange in self.known.exchanges.items():
            assert stored[number].asking_party == exchange.asking
            asked = {str(referral.number.party) for referral in stored[number].referrals}
            assert exchange.asked <= asked <= exchange.asked | exchange.next
            exchange.asked = asked
            for party in asked:
                for side in Side:
                    place = Place(exchange.asking, party, side, number)
                    self.known.tokens[self.town.token(number, party, side)] = place

    def registry(self) -> None:
        """People, their keys, and those who wait: all as in the model, and nobody else."""
        mark = self.crowd.mark
        members, orders = self.town.registered()
        assert members == {
            name: (one.party, one.role.value, {(mark(key.name), key.until) for key in one.keys})
            for name, one in self.members.people.items()
        }
        assert {whom: order[:4] for whom, order in orders.items()} == {
            (order.address, order.party): (order.role.value, mark(order.key.name), order.proven, order.until)
            for order in self.members.orders
        }

    def judge(self, mail: Got) -> None:
        """One mail of the gateway's: to somebody registered, to his key alone, with nothing that he may not read."""
        what = f"{mail.row.kind} to {mail.reader}:\n{mail.text}"
        member = self.members.people.get(mail.reader)
        parties = {key.name: party for name, key, party in self.members.letters if name == mail.reader}
        newest = member.newest(self.town.now) if member else None
        if member and newest:
            parties[newest.name] = member.party
        if mail.in_clear:
            assert member, what
            assert not MARK.search(mail.words), what
            assert not NUMBER.search(mail.words), what
        elif self.passing and set(mail.keys) == self.passing:
            assert member, what
            assert self.known.leaks(member.party, mail.words) == [], what
        else:
            assert len(mail.keys) == 1, what
            assert mail.keys[0] in parties, f"{mail.keys[0]} is no key of theirs: {what}"
            party = parties[mail.keys[0]]
            assert (party == "") is (mail.row.kind is MailKind.CHALLENGE), what
            everything = member is not None and member.role is Role.SECRETARIAT
            assert self.known.leaks(party, mail.words, everything) == [], what
            assert party or not MARK.search(mail.words), what
        assert str(mail.fields["To"]) == self.crowd.address(mail.reader)
        assert not mail.fields["Cc"]
        assert not mail.fields["Bcc"]
        assert mail.row.mail_from.endswith(f"@{DOMAIN}")

    def reads(self, party: str, mark: str) -> bool:
        """Whether a mark has been sent to somebody of the Party."""
        return any(mark in mail.words and self.known.party(mail.reader) == party for mail in self.got)
