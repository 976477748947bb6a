"""Steps: what comes over the wire that nobody meant so, and time."""

from __future__ import annotations

import re
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from gateway.events import MailKind
from gateway.facts import Envelope
from gateway.outcome import Refused, Taken
from tests.support import town
from tests.support.play import Play, one, people, some
from tests.support.town import DOMAIN, MAILBOX, Got


class Wire(Play):
    """Copies, forgeries, mail in clear, delivery reports; days pass."""

    @precondition(lambda self: self.sent)
    @rule(which=some, as_whom=people, other=st.booleans())
    def copy(self, which: int, as_whom: str, other: bool) -> None:
        """A captured mail comes again, as it was or under another name: nothing follows from it."""
        name, ring, raw, answer = one(self.sent, which)
        address = self.crowd.address(as_whom)
        if isinstance(answer, Refused) and self.members.signed(as_whom if other else name, ring, self.town.now):
            return  # who was nobody then is registered now: the mail is his first
        if other:
            raw = re.sub(rb"\AFrom: [^\r]*", b"From: " + address.encode(), raw)
        again, mails = self.deliver(raw, Envelope(address, (MAILBOX,), transport="smtp"), "")
        assert mails == []
        if isinstance(answer, Taken) and answer.form == "sealed":
            assert isinstance(again, Refused)  # nobody has logged in
        elif isinstance(answer, Taken):
            assert isinstance(again, Taken)
            assert again.exchange == answer.exchange

    @rule(name=people, as_whom=people, signed=st.booleans())
    def forge(self, name: str, as_whom: str, signed: bool) -> None:
        """Under another's name, or without a signature."""
        if signed and self.members.signed(as_whom, self.signing(name), self.town.now):
            return
        words = self.known.mark("f")
        self.later()
        body = f"GSP MESSAGE\n\nMessage:\n{words}\n"
        raw = self.sealed(self.signing(name), body, from_=self.crowd.address(as_whom), signed=signed)
        answer, mails = self.deliver(raw, Envelope("eve@evil.example", (MAILBOX,), transport="smtp"), "")
        assert isinstance(answer, Refused)
        assert mails == []

    @rule(name=people, vouched=st.booleans())
    def write_in_clear(self, name: str, vouched: bool) -> None:
        """Refused; the registered writer may be told how to encrypt, without a word of what he wrote."""
        words = self.known.mark("k")
        address = self.crowd.address(name)
        results = f"Authentication-Results: {town.BORDER}; dkim=pass header.d=party.example\r\n" if vouched else ""
        raw = (
            f"{results}From: {address}\r\nTo: {MAILBOX}\r\nReply-To: eve@evil.example\r\n\r\nGSP REQUEST\r\n{words}\r\n"
        )
        answer, mails = self.deliver(raw.encode(), Envelope(address, (MAILBOX,), transport="smtp"), "")
        assert isinstance(answer, Refused)
        assert {mail.reader for mail in mails} <= ({name} if vouched else set())
        self.note(f"told to encrypt: {len(mails)}")

    @precondition(lambda self: self.got)
    @rule(which=some, failed=st.booleans(), guessed=st.booleans(), whom=people)
    def bounce(self, which: int, failed: bool, guessed: bool, whom: str) -> None:
        """A report, true or forged by the mail's reader: it touches only what that reader's Party has a part in."""
        mail: Got = one(self.got, which)
        party = "" if guessed else self.parties[mail.row.envelope_id]
        mark = "a" * 24 if guessed else mail.row.envelope_id
        action, code = ("failed", "5.1.1") if failed else ("delivered", "2.0.0")
        raw = (
            "From: <postmaster@party.example>\r\nMIME-Version: 1.0\r\nAuto-Submitted: auto-replied\r\n"
            'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
            "--b\r\nContent-Type: text/plain\r\n\r\nsorry\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n"
            f"Original-Envelope-Id: {mark}\r\n\r\nFinal-Recipient: rfc822; {self.crowd.address(whom)}\r\n"
            f"Action: {action}\r\nStatus: {code}\r\n\r\n--b\r\nContent-Type: text/rfc822-headers\r\n\r\n"
            f"Message-ID: <{mark}@{DOMAIN}>\r\n\r\n--b--\r\n"
        )
        to = f"bounce+{mark}@{DOMAIN}"
        if failed and not guessed and mail.row.kind is MailKind.CHALLENGE:  # nobody can be asked there
            self.members.unreached(mail.reader)
        _, mails = self.deliver(raw.encode(), Envelope("", (to,), transport="smtp"), party)
        if mail.row.exchange is not None and not guessed:
            assert self.known.exchanges[mail.row.exchange].concerns(party)
        if guessed:
            assert mails == []

    @rule(days=st.sampled_from([1, 3, 8, 15, 40]))
    def days_pass(self, days: int) -> None:
        self.members.end(self.town.now + timedelta(days=days))
        self.town.tick(days)
        self.taken()
