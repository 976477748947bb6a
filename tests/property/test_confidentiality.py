"""By no sequence of mails does a Party learn, read or change what is not its own; nobody acts with a revoked key.

Random people of three Parties play random mails against the real pipeline: forms, answers with tokens of their own,
of others and guessed ones, bounces, copies, mails in clear, while time passes and access is withdrawn. After every step
each mail that the gateway wrote is opened by its reader, and the model of `tests/support/knowledge.py` says what may be
in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import Phase, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from gateway import service
from gateway.correspondence import Correspondent
from gateway.events import MailKind
from gateway.facts import Envelope, ExchangeNumber
from gateway.outcome import Answer, Refused, Taken
from gateway.ports import CryptoScheme
from gateway.treaty import Role, Side
from tests.hostile import hostile
from tests.support import curve, town
from tests.support.knowledge import Asked, Knowledge, Member, alike, differences
from tests.support.town import DESKS, DOMAIN, MAILBOX, PEOPLE, START, Got, Town

ASKERS = {Role.OFFICER, Role.ADMINISTRATOR, Role.DESK}
EVERYBODY = sorted([*PEOPLE, *DESKS])
NEWCOMER = "new.one"  # registered by nobody yet
ASKING = sorted(name for name in EVERYBODY if not name.startswith(("at", "desk.at")))
EXPIRING = {"desk.fr": START + timedelta(days=12), "ke.two": START + timedelta(days=20)}
STATUSES = ("valid", "not valid", "not ours", "under inquiry", "withheld", "")

people = st.sampled_from(EVERYBODY)
askers = st.sampled_from(ASKING)
some = st.integers(0, 9999)
ways = st.sampled_from(["number", "bare number", "token", "number and token", "address", "thread"])


def one(found: list[Any], which: int) -> Any:
    """One of what was found."""
    return found[which % len(found)]


class Exchange(RuleBasedStateMachine):
    """What anybody may try."""

    gateway: service.Gateway
    start = START
    begun: ClassVar[dict[type, tuple[Mapping[str, Any], Path]]] = {}  # people and database with which towns begin
    own = curve.Keys()

    def __init__(self) -> None:
        super().__init__()
        self.people: Mapping[str, Any] = self.everybody()
        self.town = Town(self.gateway, self.people, self.scheme, self.start, self.database())
        self.known = Knowledge()
        for name, (party, role) in PEOPLE.items():
            self.known.members[name] = Member(party, role, self.expiry(name))
        for name, party in DESKS.items():
            self.known.members[name] = Member(party, Role.DESK, self.expiry(name))
        self.uims: list[tuple[str, str, str]] = []  # code, its Party, who asked
        self.sent: list[tuple[str, bytes, Answer]] = []
        self.got: list[Got] = []
        self.ordered = False  # whether the mail that is worked on may order a registration

    def teardown(self) -> None:
        self.town.close()

    # --- what another scheme does otherwise ---------------------------------------------------------------

    def database(self) -> Path:
        """The database in which everybody is registered, made when it is first asked for."""
        if type(self) not in self.begun:
            at = self.start - timedelta(hours=1)
            self.town = Town(self.gateway, self.people, self.scheme, at)
            self.begun[type(self)] = self.people, self.town.settle(lambda name: self.sealed(name, "GSP HELP\n"))
        return self.begun[type(self)][1]

    def everybody(self) -> Mapping[str, Any]:
        if type(self) not in self.begun:
            return {name: curve.Writer(f"{name}@party.example", self.expiry(name)) for name in (*EVERYBODY, NEWCOMER)}
        return {name: writer.again() for name, writer in self.begun[type(self)][0].items()}

    def expiry(self, name: str) -> datetime | None:
        return EXPIRING.get(name)

    def scheme(self, clock: Callable[[], datetime]) -> CryptoScheme:
        return curve.Curve(clock, self.own)

    def sealed(self, name: str, body: str, **options: Any) -> bytes:
        """A mail of somebody's; options: subject, to, in_reply_to, from_, signed, ring."""
        options.setdefault("to", MAILBOX)
        raw: bytes = self.people[name].write(key=self.own.public, body=body, when=self.town.now, **options)
        return raw

    # --- a step, and what must hold after it ---------------------------------------------------------------

    def send(self, name: str, body: str, acts: bool | None = None, **options: Any) -> tuple[Answer, list[Got]]:
        """One mail of somebody's, signed by his newest key. `acts`: where the mail ends what he may do."""
        self.town.now += timedelta(seconds=1)
        party = self.known.party(name)
        acts = self.acts(name) if acts is None else acts
        said = f"{body}\n{options.get('subject', '')}\n{options.get('to', '')}"
        if acts:
            self.known.wrote(party, said)
        raw = self.sealed(name, body, **options)
        envelope = Envelope(self.people[name].address, (options.get("to", MAILBOX),), transport="smtp")
        answer, mails = self.deliver(raw, envelope, party)
        self.sent.append((name, raw, answer))
        if not acts:
            assert isinstance(answer, Refused), f"{name} must not be believed"
            assert mails == []
        else:
            assert isinstance(answer, Taken), answer
        return answer, mails

    def deliver(self, raw: bytes, envelope: Envelope, party: str) -> tuple[Answer, list[Got]]:
        """Octets at the door. Whatever they are, the exchanges without this Party stay as they are."""
        before = {number: self.town.state_of(number) for number in self.known.foreign(party)}
        answer = self.town.process(raw, envelope)
        assert {number: self.town.state_of(number) for number in before} == before
        if isinstance(answer, Taken) and answer.exchange and answer.exchange not in self.known.exchanges:
            self.known.exchanges[answer.exchange] = Asked(party)
        if isinstance(answer, Taken) and answer.form == "request" and answer.exchange:
            self.known.exchanges[answer.exchange].asked |= {referral.party for referral in answer.referrals}
        return answer, self.taken()

    def taken(self) -> list[Got]:
        """The mails that were written, each judged; and the registry as it must be."""
        self.tokens()
        mails = self.town.outgoing()
        for mail in mails:
            self.judge(mail)
        self.got += mails
        for name in PEOPLE:
            registered = self.town.view.person_by_address(self.people[name].address)
            assert (registered.party if registered else "") == self.known.party(name)
        stored = {one.number: (one.asking_party, one) for one in self.town.view.all_exchanges()}
        assert set(stored) == set(self.known.exchanges)
        for number, exchange in self.known.exchanges.items():
            assert stored[number][0] == exchange.asking
            asked = {str(referral.number.party) for referral in stored[number][1].referrals}
            assert exchange.asked <= asked <= exchange.asked | exchange.next
            exchange.asked = asked
        return mails

    def tokens(self) -> None:
        for number, exchange in self.known.exchanges.items():
            for party in exchange.asked:
                self.known.tokens[self.town.token(number, party, Side.ASKING)] = exchange.asking
                self.known.tokens[self.town.token(number, party, Side.ANSWERING)] = party

    def judge(self, mail: Got) -> None:
        """One mail of the gateway's: to somebody registered, to him alone, with nothing that he may not read."""
        party = self.known.party(mail.reader)
        if mail.reader == NEWCOMER:  # the one mail to who is not registered: a challenge, where somebody may order it
            assert (self.ordered, mail.row.kind, mail.in_clear) == (True, MailKind.CHALLENGE, False)
            assert not re.search(r"zq\d{5}|GSP-\d{4}-", mail.words)
            return
        assert party, f"{mail.row.kind} to {mail.reader}, who is not registered"
        assert [str(mail.fields[name]) for name in ("To",)] == [self.people[mail.reader].address]
        assert not mail.fields["Cc"]
        assert not mail.fields["Bcc"]
        assert mail.row.mail_from.endswith(f"@{DOMAIN}")
        assert self.known.leaks(mail.reader, mail.words) == [], f"{mail.row.kind} to {mail.reader}:\n{mail.text}"
        if mail.in_clear:
            assert not re.search(r"zq\d{5}|GSP-\d{4}-", mail.words)

    def acts(self, name: str) -> bool:
        member = self.known.members.get(name)
        return member is not None and member.acts(self.town.now)

    def reads(self, party: str, mark: str) -> bool:
        """Whether a mark has been sent to somebody of the Party."""
        return any(mark in mail.words and self.known.party(mail.reader) == party for mail in self.got)

    # --- forms ---------------------------------------------------------------------------------------------

    @rule(name=people, issuers=st.lists(st.sampled_from(["SE", "FR"]), min_size=1, max_size=3), which=some,
          to=st.sampled_from(["", "", "KE", "SE", "FR"]), further=st.booleans(), old=st.booleans())  # fmt: skip
    def request(self, name: str, issuers: list[str], which: int, to: str, further: bool, old: bool) -> None:
        """Asks: anew or further, by the pattern or by `To`, new UIMs or one that somebody asked before."""
        party = self.known.party(name)
        codes = [(self.code(issuer), issuer) for issuer in issuers]
        if old and self.uims:
            code, issuer, _ = one(self.uims, which)
            codes.append((code, issuer))
        own = [n for n, exchange in self.known.exchanges.items() if exchange.asking == party] if further else []
        mine = one(own, which) if own else None
        words = [self.known.mark(kind, party) for kind in "cjq"]
        body = (
            f"GSP REQUEST\n\n{f'Exchange: {mine}' if mine else ''}\nCase reference: {words[0]}\n"
            f"Purpose: investigation\nJustification: {words[1]}\n{f'To: {to}' if to else ''}\n\n"
            f"Questions:\n{words[2]}\n\nUIMs:\n" + "\n".join(code for code, _ in codes) + "\n"
        )
        meant = {code: to or issuer for code, issuer in codes}
        may_ask = self.acts(name) and self.known.members[name].role in ASKERS and to != party
        if may_ask:
            for code, asked in meant.items():
                self.known.tell(re.findall(r"zq\d{5}u", code), *({asked, dict(codes)[code]} - {party}))
            self.known.tell(words, *({*meant.values(), *dict(codes).values()} - {party}))
        answer, mails = self.send(name, body)
        if not may_ask or not isinstance(answer, Taken):
            assert all(self.known.party(mail.reader) in ("", party) for mail in mails)
            return
        if answer.exchange:
            self.known.exchanges[answer.exchange].next |= set(dict(codes).values()) - {party}
        asked = {str(referral.party) for referral in answer.referrals}
        assert asked <= set(meant.values()) - {party}
        if not old and not mine:
            assert asked == set(meant.values()) - {party}
            self.arrives(asked, words[1])
        self.uims += [(code, issuer, party) for code, issuer in codes]
        event(f"request went to {len(asked)}")

    def code(self, issuer: str) -> str:
        """A UIM of a Party's that nobody has seen, with a mark in it."""
        mark = self.known.mark("u")
        return f"QCALL{mark}00Kd225051914" if issuer == "SE" else f"KPL2F9aK{mark}25051914"

    def arrives(self, parties: set[str], mark: str) -> None:
        """What was asked of a desk that can be written to has reached it: the gateway is not safe by being mute."""
        for party in parties:
            if self.acts(f"desk.{party.lower()}"):
                assert self.reads(party, mark)

    @rule(name=askers, which=some, fresh=st.booleans())
    def lookup(self, name: str, which: int, fresh: bool) -> None:
        code = self.code("SE") if fresh or not self.uims else one(self.uims, which)[0]
        _, mails = self.send(name, f"GSP LOOKUP\n\nUIMs:\n{code}\n")
        assert {mail.reader for mail in mails} <= {name}

    @precondition(lambda self: self.known.exchanges)
    @rule(name=askers, which=some, way=ways, status=st.sampled_from(STATUSES), also=some)
    def reply(self, name: str, which: int, way: str, status: str, also: int) -> None:
        """Answers, for an exchange of his Party or of others, in any of the ways a mail can name one."""
        number, asked = self.referral(which)
        party = self.known.party(name)
        data = self.known.mark("r", party)
        code = one(self.uims, also)[0] if self.uims else self.code("SE")
        codes = dict.fromkeys([code, *(c for c, issuer, _ in self.uims if issuer == asked)][:4])
        blocks = "\n".join(f"UIM: {c}\nStatus: {status}\n(b) Manufacturing facility: {data}\n" for c in codes)
        line, options = self.named(way, number, asked, Side.ANSWERING, name, also)
        for other in self.meant(way, number, asked, party, options):
            self.known.tell([data], other)
        answer, _ = self.send(name, f"GSP REPLY\n\n{line}\nRemarks: {data}\n\n{blocks}", **options)
        exchange = self.known.exchanges[number]
        if isinstance(answer, Taken) and party not in (exchange.asking, asked) and way != "thread":
            assert answer.exchange is None
        event(f"reply {'by who was asked' if party == asked else 'by another'}")

    @precondition(lambda self: self.known.exchanges)
    @rule(name=askers, which=some, way=ways, also=some, side=st.sampled_from(Side))
    def message(self, name: str, which: int, way: str, also: int, side: Side) -> None:
        number, asked = self.referral(which)
        party = self.known.party(name)
        words = self.known.mark("m", party)
        line, options = self.named(way, number, asked, side, name, also)
        for other in self.meant(way, number, asked, party, options):
            self.known.tell([words], other)
        self.send(name, f"GSP MESSAGE\n\n{line}\n\nMessage:\n{words}\n", **options)

    def referral(self, which: int) -> tuple[ExchangeNumber, str]:
        pairs = [(number, party) for number, e in self.known.exchanges.items() for party in sorted(e.asked)]
        found: tuple[ExchangeNumber, str] = one(pairs, which)
        return found

    def named(
        self, way: str, number: ExchangeNumber, asked: str, side: Side, name: str, which: int
    ) -> tuple[str, dict[str, str]]:
        """The line and the fields by which a mail says what it belongs to."""
        token = self.town.token(number, asked, side)
        if way == "number":
            return f"Exchange: {number}/{asked}", {}
        if way == "bare number":
            return f"Exchange: {number}", {}
        if way == "token":
            return "", {"subject": f"Re: [{number}/{asked} {token}]"}
        if way == "number and token":
            other, party = self.referral(which)
            return f"Exchange: {number}/{asked}", {
                "subject": f"[{other}/{party} {self.town.token(other, party, side)}]"
            }
        if way == "address":
            return "", {"to": f"reply+{token}@{DOMAIN}"}
        seen = [mail for mail in self.got if mail.reader == name or which % 5 == 0]
        return "", {"in_reply_to": one(seen, which).row.message_id} if seen else {}

    def meant(self, way: str, number: ExchangeNumber, asked: str, party: str, options: dict[str, str]) -> set[str]:
        """The Parties to which such a mail may go: the other side of a referral in which the writer has a part."""
        pairs = [(number, asked)]
        if way == "thread":
            mails = [m for m in self.got if m.row.message_id == options.get("in_reply_to")]
            pairs = [(m.row.exchange, str(m.row.party)) for m in mails if m.row.exchange and m.row.party]
            # The thread of a receipt is that of the request: all who were asked, where it was one only.
            pairs += [(m.row.exchange, p) for m in mails if m.row.exchange and not m.row.party
                      for p in self.known.exchanges[m.row.exchange].asked]  # fmt: skip
        found: set[str] = set()
        for exchange, answering in pairs:
            asking = self.known.exchanges[exchange].asking
            if party == asking:
                found |= {answering} if way != "bare number" else self.known.exchanges[exchange].asked
            elif party == answering or (way == "bare number" and party in self.known.exchanges[exchange].asked):
                found.add(asking)
        return found

    @rule(name=people, which=some, whole=st.booleans())
    def status(self, name: str, which: int, whole: bool) -> None:
        """The list holds every exchange of the Party's; that it holds no other is judged with every mail."""
        numbers = list(self.known.exchanges)
        number = one(numbers, which) if numbers and not whole else None
        _, mails = self.send(name, f"GSP STATUS\n\nExchange: {number or ''}\n")
        if number is None and mails:
            missing = [n for n in self.known.own(self.known.party(name)) if str(n) not in mails[0].text]
            assert missing == []

    @rule(name=people)
    def help(self, name: str) -> None:
        _, mails = self.send(name, "GSP HELP\n")
        assert {mail.reader for mail in mails} <= {name}

    # --- what does not depend on whether it exists -----------------------------------------------------------

    @precondition(lambda self: self.known.exchanges)
    @rule(name=askers, which=some, form=st.sampled_from(["REPLY", "MESSAGE", "STATUS", "REQUEST"]),
          way=st.sampled_from(["number", "bare number", "token", "own number", "address"]))  # fmt: skip
    def probe(self, name: str, which: int, form: str, way: str) -> None:
        """The same mail about an exchange of others and about none: the answers differ in nothing."""
        party = self.known.party(name)
        foreign, own = self.known.foreign(party), self.known.own(party)
        if not self.acts(name) or not foreign or (way == "own number" and not own):
            return
        number = one(foreign, which)
        asked = one(sorted(self.known.exchanges[number].asked), which)
        none = ExchangeNumber(number.year, number.serial + 500_000)
        token = self.town.token(number, asked, one(list(Side), which))
        guess = self.town.keyed.identifier("guess", str(len(self.known.may_know)))
        mine = one(own, which) if own else None
        said = []
        for shown, mark in ((number, token), (none, guess)):
            line = {"number": f"{shown}/{asked}", "bare number": f"{shown}", "own number": f"{mine}"}.get(way, "")
            options = {"subject": f"[{shown}/{asked} {mark}]"} if way in ("token", "own number") else {}
            options = {"to": f"reply+{mark}@{DOMAIN}"} if way == "address" else options
            if way == "own number" and mine:  # goes where the number says, whatever the token
                others = {self.known.exchanges[mine].asking, *self.known.exchanges[mine].asked}
            else:
                others = set()
            before = len(self.known.may_know)
            body = self.filled(form, line, party)
            for made in list(self.known.may_know)[before:]:
                self.known.tell([made], *others)
            answer, mails = self.send(name, body, **options)
            letters = sorted(f"{mail.reader} {alike(mail.words)}" for mail in mails)
            said.append([f"{getattr(answer, 'form', '')} {getattr(answer, 'exchange', None) == mine}", *letters])
        assert differences(*said) == []
        event(f"probe by {way}")

    def filled(self, form: str, line: str, party: str) -> str:
        words = self.known.mark("p", party)
        code = "QCALLunknown00Kd225051914"
        return (
            f"GSP {form}\n\nExchange: {line}\n"
            + {
                "REPLY": f"Remarks: {words}\n\nUIM: {code}\nStatus: valid\n(b) Manufacturing facility: {words}\n",
                "MESSAGE": f"\nMessage:\n{words}\n",
                "STATUS": "",
                "REQUEST": f"Purpose: detection\nJustification: {words}\n\nUIMs:\n04601234567890\n",
            }[form]
        )

    @precondition(lambda self: self.uims)
    @rule(name=askers, which=some, form=st.sampled_from(["LOOKUP", "REQUEST"]))
    def probe_uim(self, name: str, which: int, form: str) -> None:
        """Whoever holds a pack does not learn by asking that another Party asked about it."""
        party = self.known.party(name)
        codes = [(code, issuer) for code, issuer, asking in self.uims if asking != party and issuer != party]
        if not self.acts(name) or not codes or any(c == one(codes, which)[0] and p == party for c, _, p in self.uims):
            return
        code, issuer = one(codes, which)
        said = []
        for shown in (code, self.code(issuer)):
            words = self.known.mark("p", party, issuer)
            self.known.tell(re.findall(r"zq\d{5}u", shown), party, issuer)
            fields = f"Purpose: detection\nJustification: {words}\n\n" if form == "REQUEST" else ""
            _, mails = self.send(name, f"GSP {form}\n\n{fields}UIMs:\n{shown}\n")
            said.append(sorted(alike(mail.words) for mail in mails if self.known.party(mail.reader) == party))
            if form == "REQUEST":
                self.uims.append((shown, issuer, party))
        assert differences(*said) == []

    # --- keys and access ---------------------------------------------------------------------------------------

    @rule(
        name=st.sampled_from(["ke.admin", "se.admin", "at.secretariat", "fr.one", "desk.se"]),
        whom=people,
        alone=st.booleans(),
    )
    def revoke(self, name: str, whom: str, alone: bool) -> None:
        """By mail: at once, or like nobody where he may not; no office is left empty by accident."""
        allowed = self.acts(name) and self.known.may_withdraw(name, whom)
        stays = allowed and self.known.last(whom, self.town.now) and (name == whom or not alone)
        _, mails = self.revoked(name, self.people[whom].address, whom if allowed and not stays else "", alone)
        if self.acts(name) and not allowed and name != whom:
            nobody = "x" * len(whom) + "@party.example"
            _, same = self.revoked(name, nobody, "", alone)
            said = [alike(mail.words, self.people[whom].address) for mail in mails]
            assert differences(said, [alike(mail.words, nobody) for mail in same]) == []

    def revoked(self, name: str, address: str, gone: str, alone: bool) -> tuple[Answer, list[Got]]:
        acts = self.acts(name)
        if gone:
            self.withdraw(gone)
        body = f"GSP REVOKE\n\nAddress: {address}\nWithout successor: {'yes' if alone else ''}\n"
        return self.send(name, body, acts=acts)

    @rule(name=people, party=st.sampled_from(["", "KE", "SE", "FR"]))
    def register(self, name: str, party: str) -> None:
        """By mail: whoever may not order it makes the gateway write to nobody but himself."""
        if NEWCOMER not in self.people:
            return
        member = self.known.members.get(name)
        words = self.known.mark("n", self.known.party(name))
        lines = (
            f"Address: {self.people[NEWCOMER].address}\nName: {words}\nRole: officer\nLanguage: English\nParty: {party}"
        )
        if member is not None and self.acts(name):
            own = member.role is Role.ADMINISTRATOR and party in ("", member.party)
            self.ordered = own or member.role is Role.SECRETARIAT
        options = {"attach": self.people[NEWCOMER].public_key}
        _, mails = self.send(name, f"GSP REGISTER\n\n{lines}\n", **options)
        event(f"challenge sent: {any(mail.reader == NEWCOMER for mail in mails)}")
        self.ordered = False

    def withdraw(self, name: str) -> None:
        """Nobody of this name is registered any more."""
        del self.known.members[name]

    @rule(name=st.sampled_from(sorted(PEOPLE)), which=some)
    def operate(self, name: str, which: int) -> None:
        """By `gsp`: somebody is withdrawn; or comes again, with new keys, perhaps in another Party."""
        if name in self.known.members:
            if which % 3 == 0:
                self.town.registry.revoke(self.people[name].address, "left")
                self.withdraw(name)
        elif self.renewed(name):
            party = one(["KE", "SE", "FR"], which)
            self.town.register(name, party)
            self.known.members[name] = Member(party, Role.OFFICER)
            self.help(name)  # the first mail to a key brings ours, and would be unlike any other
        self.taken()

    def renewed(self, name: str) -> bool:
        """New keys of somebody's, where the scheme makes them cheaply."""
        self.people[name].renew()
        return True

    @rule(name=st.sampled_from(sorted(EXPIRING)))
    def renew(self, name: str) -> None:
        """By `gsp`: a further key; what waited for it goes out with the next tick."""
        member = self.known.members.get(name)
        if member is None or member.acts(self.town.now) or not self.renewed(name):
            return
        if name in DESKS:
            code, person = DESKS[name], self.people[name]
            self.town.registry.add_party(code, town.PARTIES[code], person.address, "en", person.public_key)
        else:
            self.town.register(name, member.party, member.role)
        member.until = None
        self.help(name)

    @rule(name=st.sampled_from(sorted(PEOPLE)), which=some)
    def act_with_an_old_key(self, name: str, which: int) -> None:
        """Keys that were withdrawn or have expired sign for nobody, also where their owner has others now."""
        rings = getattr(self.people[name], "rings", [1])
        if len(rings) < 2:
            return
        before = {number: self.town.state_of(number) for number in self.known.exchanges}
        self.town.now += timedelta(seconds=1)
        raw = self.sealed(name, "GSP STATUS\n", ring=which % (len(rings) - 1))
        answer, mails = self.deliver(raw, Envelope(self.people[name].address, (MAILBOX,)), "")
        assert isinstance(answer, Refused)
        assert mails == []
        assert {number: self.town.state_of(number) for number in before} == before

    # --- from the wire -----------------------------------------------------------------------------------------

    @precondition(lambda self: self.sent)
    @rule(which=some, as_whom=people, other=st.booleans())
    def copy(self, which: int, as_whom: str, other: bool) -> None:
        """A captured mail comes again, as it was or under another name: nothing follows from it."""
        _, raw, answer = one(self.sent, which)
        address = self.people[as_whom].address
        if other:
            raw = re.sub(rb"\AFrom: [^\r]*", b"From: " + address.encode(), raw)
        again, mails = self.deliver(raw, Envelope(address, (MAILBOX,), transport="smtp"), "")
        assert mails == []
        assert not isinstance(answer, Taken) or getattr(again, "exchange", None) == answer.exchange

    @rule(name=people, as_whom=people, signed=st.booleans())
    def forge(self, name: str, as_whom: str, signed: bool) -> None:
        """Under another's name, or without a signature."""
        if name == as_whom and signed:
            return
        words = self.known.mark("f")
        self.town.now += timedelta(seconds=1)
        raw = self.sealed(
            name, f"GSP MESSAGE\n\nMessage:\n{words}\n", from_=self.people[as_whom].address, signed=signed
        )
        answer, mails = self.deliver(raw, Envelope("eve@evil.example", (MAILBOX,), transport="smtp"), "")
        assert isinstance(answer, Refused)
        assert mails == []

    @rule(name=people, vouched=st.booleans())
    def write_in_clear(self, name: str, vouched: bool) -> None:
        """Refused; the registered writer may be told how to encrypt, without a word of what he wrote."""
        words = self.known.mark("k")
        address = self.people[name].address
        results = f"Authentication-Results: {town.BORDER}; dkim=pass header.d=party.example\r\n" if vouched else ""
        raw = (
            f"{results}From: {address}\r\nTo: {MAILBOX}\r\nReply-To: eve@evil.example\r\n\r\nGSP REQUEST\r\n{words}\r\n"
        )
        answer, mails = self.deliver(raw.encode(), Envelope(address, (MAILBOX,), transport="smtp"), "")
        assert isinstance(answer, Refused)
        assert {mail.reader for mail in mails} <= ({name} if vouched else set())
        event(f"told to encrypt: {len(mails)}")

    @precondition(lambda self: self.got)
    @rule(which=some, failed=st.booleans(), guessed=st.booleans(), whom=people)
    def bounce(self, which: int, failed: bool, guessed: bool, whom: str) -> None:
        """A report, true or forged by the mail's reader: it touches only what that reader's Party has a part in."""
        mail: Got = one(self.got, which)
        party = "" if guessed else self.known.party(mail.reader)
        mark = "a" * 24 if guessed else mail.row.envelope_id
        action, code = ("failed", "5.1.1") if failed else ("delivered", "2.0.0")
        raw = (
            "From: <postmaster@party.example>\r\nMIME-Version: 1.0\r\nAuto-Submitted: auto-replied\r\n"
            'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
            "--b\r\nContent-Type: text/plain\r\n\r\nsorry\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
            f"Original-Envelope-Id: {mark}\r\n\r\nFinal-Recipient: rfc822; {self.people[whom].address}\r\n"
            f"Action: {action}\r\nStatus: {code}\r\n\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\n"
            f"Message-ID: <{mark}@{DOMAIN}>\r\n\r\n--b--\r\n"
        )
        to = f"bounce+{mark}@{DOMAIN}"
        _, mails = self.deliver(raw.encode(), Envelope("", (to,), transport="smtp"), party)
        if mail.row.exchange is not None and party:
            assert self.known.exchanges[mail.row.exchange].concerns(party) or mail.reader not in self.known.members
        if guessed:
            assert mails == []

    @rule(days=st.sampled_from([1, 3, 8, 15, 40]))
    def days_pass(self, days: int) -> None:
        self.town.tick(days)
        self.taken()


@pytest.fixture(scope="module")
def parts() -> Iterator[service.Gateway]:
    """What every town shares."""
    with town.wiring() as gateway:
        Exchange.begun.clear()
        yield gateway


def play(machine: type[Exchange], sequences: int, steps: int) -> None:
    """So many sequences of at most so many steps."""
    phases = (
        tuple(Phase) if sequences > 100 else (Phase.explicit, Phase.reuse, Phase.generate)
    )  # to shrink takes minutes
    run_state_machine_as_test(
        machine, settings=settings(max_examples=sequences, stateful_step_count=steps, phases=phases)
    )


@pytest.mark.timeout(7200)
def test_no_sequence_of_mails_tells_or_changes_what_is_anothers(parts: service.Gateway) -> None:
    Exchange.gateway = parts
    examples = settings().max_examples
    play(Exchange, examples // 4 if examples > 100 else 4, 25)  # many by `make fuzz`


# --- the same with GnuPG -------------------------------------------------------------------------------------


class Gnu:
    """A person with a GnuPG home, as this test's people are."""

    def __init__(self, name: str) -> None:
        self.person = Correspondent(f"{name}@party.example", name)
        self.address = self.person.address
        self.public_key = self.person.public_key
        self.mails = 0

    def write(self, to: str, key: str, body: str, subject: str, in_reply_to: str, from_: str, signed: bool) -> bytes:
        self.mails += 1  # the same text in the same second would have the same signature, and be a replay
        entity = hostile.text(f"{body}\n-- \nNo. {self.mails}\n")
        armoured = self.person.seal(entity, key, sign=signed)
        raw = self.person.wrap(armoured, to, datetime.now(UTC), subject, in_reply_to)
        return re.sub(rb"\AFrom: [^\r]*", b"From: " + (from_ or self.address).encode(), raw)

    def opened(self, raw: bytes) -> bytes:
        return self.person.open(raw[raw.index(b"-----BEGIN") :])[0]


class ExchangeWithGnuPG(Exchange):
    """With real keys; nobody's expire, and nobody who has left makes new ones."""

    persons: Mapping[str, Gnu]
    start = datetime.now(UTC)

    def everybody(self) -> Mapping[str, Any]:
        return self.persons

    def expiry(self, name: str) -> datetime | None:
        return None

    def scheme(self, clock: Callable[[], datetime]) -> CryptoScheme:
        return self.gateway._openpgp

    def sealed(self, name: str, body: str, **options: Any) -> bytes:
        filled = {"to": MAILBOX, "subject": "...", "in_reply_to": "", "from_": "", "signed": True} | options
        return self.persons[name].write(key=self.gateway.fingerprint, body=body, **filled)

    def renewed(self, name: str) -> bool:
        return False


def test_nor_does_it_with_gnupg(parts: service.Gateway) -> None:
    made = {name: Gnu(name) for name in EVERYBODY}
    try:
        for one in made.values():
            one.person.knows(parts.own_key())
        ExchangeWithGnuPG.gateway, ExchangeWithGnuPG.persons = parts, made
        play(ExchangeWithGnuPG, 3, 20)
    finally:
        for one in made.values():
            one.person.close()
