"""Steps: forms about exchanges, of whoever asks, is asked, or has no part in it."""

from __future__ import annotations

import re

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from gateway.facts import ExchangeNumber
from gateway.outcome import Taken
from gateway.treaty import Side
from tests.support.knowledge import alike, differences
from tests.support.membership import ASKERS
from tests.support.play import NAMES, Play, one, people, some
from tests.support.town import DOMAIN

STATUSES = ("valid", "not valid", "not ours", "under inquiry", "withheld", "")
askers = st.sampled_from([name for name in NAMES if name not in ("at.secretariat", "desk.at", "new.desk")])
ways = st.sampled_from(["number", "bare number", "token", "number and token", "address", "thread"])


class Forms(Play):
    """REQUEST, LOOKUP, REPLY, MESSAGE, STATUS, HELP; and probes, whose answer must not depend on what is another's."""

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
        may_ask = self.acts(name) and self.members.people[name].role in ASKERS and to != party
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
        self.note(f"request went to {len(asked)}")

    def code(self, issuer: str) -> str:
        """A UIM of a Party's that nobody has seen, with a mark in it."""
        mark = self.known.mark("u")
        return f"QCALL{mark}00Kd225051914" if issuer == "SE" else f"KPL2F9aK{mark}25051914"

    def arrives(self, parties: set[str], mark: str) -> None:
        """What was asked of a desk that can be written to has reached it: the gateway is not safe by being mute."""
        for party in parties:
            if self.acts(self.members.desk(party)):
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
        # A bare number means, of who is asked in that exchange, his own referral, whichever was looked at here.
        part = exchange.concerns(party) if way == "bare number" else party in (exchange.asking, asked)
        if isinstance(answer, Taken) and not part and way != "thread":
            assert answer.exchange is None
        self.note(f"reply {'by who was asked' if party == asked else 'by another'}")

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
        self.note(f"probe by {way}")

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
