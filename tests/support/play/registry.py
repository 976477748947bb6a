"""Steps: who takes part, with which key: by mail, as people do it in order and out of it, and by the operator."""

from __future__ import annotations

import re
from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from gateway.events import MailKind
from gateway.facts import Envelope
from gateway.outcome import Taken
from gateway.treaty import Role
from tests.support.knowledge import alike, differences
from tests.support.membership import Key, Order
from tests.support.play import NAMES, Play, one, people, some
from tests.support.rings import Ring
from tests.support.town import MAILBOX, Got

PARTIES = ("KE", "SE", "FR")
officials = st.sampled_from(["ke.admin", "ke.admin", "se.admin", "at.secretariat", "at.secretariat", *NAMES])
roles = st.sampled_from([Role.OFFICER, Role.OFFICER, Role.ADMINISTRATOR, Role.DESK, Role.OBSERVER])


class Registry(Play):
    """REGISTER, CONFIRM, APPROVE, RENEW, REVOKE, the hand-over of an office; keys of all kinds that sign."""

    # --- registration -----------------------------------------------------------------------------------------

    @rule(name=officials, which=some, role=roles, party=st.sampled_from(["", "", *PARTIES]), foreign=st.booleans())
    def order(self, name: str, which: int, role: Role, party: str, foreign: bool) -> None:
        """For whom nobody has registered, with his key or (his own, of who knows whom) another's; or for anybody."""
        whom = one(self.free() if which % 5 else NAMES, which)
        ring = (one(NAMES, which // 7), 0) if foreign and which % 3 == 0 else self.newest(whom)
        self.ordered(name, whom, role, party, ring)

    def free(self) -> list[str]:
        """Those whom nobody has registered; where there are none, everybody."""
        return [name for name in NAMES if name not in self.members.people] or list(NAMES)

    def newest(self, name: str) -> Ring:
        """The last key that somebody has made; of who was registered before, a new one."""
        ring = name, len(self.crowd.rings[name]) - 1
        return (name, self.crowd.renew(name)) if ring in self.members.known else ring

    def ordered(self, name: str, whom: str, role: Role, party: str, ring: Ring) -> Order | None:
        """GSP REGISTER: the gateway writes to no new address but where that may be ordered, and then the challenge."""
        words, own = self.known.mark("n", self.known.party(name)), party or self.known.party(name)
        lines = (
            f"Address: {self.crowd.address(whom)}\nName: {words}\nRole: {role.value}\nLanguage: English\nParty: {party}"
        )
        key = Key(*ring, self.crowd.until(ring))
        _, mails = self.send(
            name, f"GSP REGISTER\n\n{lines}\n", attach=self.crowd.public(ring),
            change=lambda: self.members.register(name, whom, role, own, key, self.town.now),
        )  # fmt: skip
        made: Order | None = self.changed
        asked = [mail for mail in mails if mail.row.kind is MailKind.CHALLENGE]
        assert [mail.reader for mail in asked] == ([whom] if made else [])
        self.note(f"challenge sent: {bool(made)}")
        if made:
            found = re.search(r"Word: (\S+)", asked[0].text)
            assert found
            made.word, made.words = found[1], words
        return made

    @precondition(lambda self: self.members.orders)
    @rule(which=some, wrong=st.sampled_from(["", "", "", "word", "key", "from"]), whom=people)
    def confirm(self, which: int, wrong: str, whom: str) -> None:
        """The answer to a challenge; or one with another's word or key, or from another address."""
        order = one(self.members.orders, which)
        word = {"word": one(self.members.orders, which + 1).word}.get(wrong, order.word)
        from_, ring = order.address, order.key.name
        if wrong == "key":
            ring = self.signing(whom)
        self.confirmed(whom if wrong == "from" else from_, ring, word)

    def confirmed(self, from_: str, ring: Ring, word: str) -> None:
        """GSP CONFIRM: right or refused; of who is registered already nothing is asked."""
        now = self.later()
        signed = self.members.signed(from_, ring, now)
        raw = self.sealed(ring, f"GSP CONFIRM\n\nWord: {word}\n", from_=self.crowd.address(from_))
        made = None if signed else self.members.confirm(from_, ring, word, now)
        if made:
            self.told_of(made)
        answer, mails = self.deliver(raw, Envelope(self.crowd.address(from_), (MAILBOX,), transport="smtp"), "")
        assert isinstance(answer, Taken) is (signed or made is not None)
        if isinstance(answer, Taken):
            self.sent.append((from_, ring, raw, answer))
        if made and not made.proven:
            assert any(mail.reader == made.address for mail in mails), "welcome"
        self.note(f"confirmed: {made.role if made else None}")

    def told_of(self, order: Order) -> None:
        """Of an administrator or desk the Secretariat hears, and the Party's administrators."""
        watches = order.role in (Role.ADMINISTRATOR, Role.DESK)
        secretariat = [one.party for one in self.members.people.values() if one.role is Role.SECRETARIAT and watches]
        self.known.tell([order.words], order.party, *secretariat)

    @precondition(lambda self: self.members.orders)
    @rule(name=officials, which=some, approve=st.booleans())
    def decide(self, name: str, which: int, approve: bool) -> None:
        proven = [order for order in self.members.orders if order.proven]
        self.decided(name, one(proven if proven and which % 4 else self.members.orders, which), approve)

    def decided(self, name: str, order: Order, approve: bool) -> None:
        """GSP APPROVE: by the Secretariat, of what was proven; everybody else's changes nothing."""
        number = self.town.registered()[1][order.address, order.party][-1]
        reason = self.known.mark("d", self.known.party(name), order.by.party)
        lines = f"Registration: {number}\nDecision: {'approve' if approve else 'refuse'}\nReason: {reason}"
        self.told_of(order)
        _, mails = self.send(
            name, f"GSP APPROVE\n\n{lines}\n",
            change=lambda: self.members.decide(name, order, approve, self.town.now),
        )  # fmt: skip
        if not self.changed:
            assert {mail.reader for mail in mails} <= {name}
        self.note(f"decided: {self.changed}")

    @rule(name=officials, which=some, role=roles, party=st.sampled_from(["", *PARTIES]))
    def appoint(self, name: str, which: int, role: Role, party: str) -> None:
        """All as it should be, as far as it may be."""
        self.appointed(name, one(self.free(), which), role, party)

    def appointed(self, name: str, whom: str, role: Role, party: str) -> None:
        made = self.ordered(name, whom, role, party, self.newest(whom))
        if made is None:
            return
        self.confirmed(whom, made.key.name, made.word)
        if made.proven:
            secretariat = [name for name, one in self.members.people.items() if one.role is Role.SECRETARIAT]
            self.decided(secretariat[0], made, approve=True)
        self.note(f"appointed {role}: {whom in self.members.people}")

    @rule(name=st.sampled_from(["ke.admin", "se.admin", *NAMES]), which=some)
    def hand_over(self, name: str, which: int) -> None:
        """An administrator appoints his successor and leaves; who follows does the same later."""
        if self.members.people.get(name) and self.members.people[name].role is Role.ADMINISTRATOR:
            self.appointed(name, one(self.free(), which), Role.ADMINISTRATOR, "")
            self.revoked(name, name, alone=False)

    # --- withdrawal -------------------------------------------------------------------------------------------

    @rule(name=officials, whom=people, alone=st.booleans())
    def revoke(self, name: str, whom: str, alone: bool) -> None:
        """By mail: at once, or like nobody where he may not; no office is left empty by accident."""
        may = self.visible("withdraw", name, whom)
        mails = self.revoked(name, whom, alone)
        if self.acts(name) and not may and name != whom:
            self.like_nobody(name, whom, mails, f"GSP REVOKE\n\nAddress: %s\nWithout successor: {alone * 'yes'}\n")

    def visible(self, act: str, name: str, whom: str) -> bool:
        """Whether one may do this to the other, and therefore hears why something did not happen."""
        mine, other = self.members.people.get(name), self.members.people.get(whom)
        return mine is not None and other is not None and self.members.may(act, mine, other.role, other.party)

    def revoked(self, name: str, whom: str, alone: bool) -> list[Got]:
        _, mails = self.send(
            name, f"GSP REVOKE\n\nAddress: {self.crowd.address(whom)}\nWithout successor: {alone * 'yes'}\n",
            change=lambda: self.members.revoke(name, whom, alone, self.town.now),
        )  # fmt: skip
        self.note(f"revoked: {self.changed}")
        return mails

    def like_nobody(self, name: str, whom: str, mails: list[Got], body: str, **options: bytes) -> None:
        """The same form about an address that does not exist is answered in the same words."""
        nobody = "x" * len(whom) + "@party.example"
        _, same = self.send(name, body % nobody, **options)
        said = [alike(mail.words, self.crowd.address(whom)) for mail in mails]
        assert differences(said, [alike(mail.words, nobody) for mail in same]) == []

    # --- keys -------------------------------------------------------------------------------------------------

    @rule(name=people, whom=people, own=st.booleans(), at_once=st.booleans(), which=some,
          how=st.sampled_from(["new", "new", "ending", "extended", "another's"]))  # fmt: skip
    def renew(self, name: str, whom: str, own: bool, at_once: bool, which: int, how: str) -> None:
        """By mail: the own key, or vouched for; a new one, the old one with another end, or one of somebody else."""
        whom = name if own else whom
        key = self.key(whom, how, which)
        working = [one.name for one in self.keys(name) if one.works(self.town.now + timedelta(seconds=1))]
        by = one(working, which) if working and which % 3 == 0 else self.signing(name)
        form = f"GSP RENEW\n\nAddress: %s\nEarlier key: {'withdraw now' if at_once else 'ends in 30 days'}\n"
        may = name == whom or self.visible("renew", name, whom)
        _, mails = self.send(
            name, form % self.crowd.address(whom), ring=by, attach=self.crowd.public(key.name),
            change=lambda: self.members.renew(name, by, whom, key, at_once, self.town.now),
        )  # fmt: skip
        self.note(f"renewed {how}: {self.changed}")
        if self.changed:
            assert {mail.reader for mail in mails} >= {whom}
        elif self.acts(name) and not may:
            self.like_nobody(name, whom, mails, form, attach=self.crowd.public(key.name))

    def keys(self, name: str) -> list[Key]:
        return self.members.people[name].keys if name in self.members.people else []

    def key(self, whom: str, how: str, which: int) -> Key:
        """A key to be registered for somebody."""
        until = self.town.now.replace(microsecond=0) + timedelta(days=20) if how == "ending" else None
        mine = self.keys(whom)
        ring = one(mine, which).name if mine else (whom, 0)
        if how == "another's":
            ring = one(sorted(self.members.known), which)
        elif how != "extended" or not self.crowd.extend(ring, until):
            ring = whom, self.crowd.renew(whom, until)
        return Key(*ring, self.crowd.until(ring))

    @rule(owner=people, which=some, as_whom=people, own=st.booleans())
    def sign_with_any_key(self, owner: str, which: int, as_whom: str, own: bool) -> None:
        """A key of long ago or of tomorrow, under its owner's name or another: what is not registered is nobody's."""
        ring = owner, which % len(self.crowd.rings[owner])
        self.send(owner if own else as_whom, "GSP STATUS\n", ring=ring)

    # --- by the operator ----------------------------------------------------------------------------------------

    @rule(name=people, which=some)
    def operate(self, name: str, which: int) -> None:
        """By `gsp`: somebody is withdrawn; or comes again, with new keys, perhaps in another Party."""
        self.later()
        member = self.members.people.get(name)
        if member is not None and member.role is not Role.DESK and which % 3 == 0:
            self.members.withdraw(name)
            self.town.registry.revoke(self.crowd.address(name), "left")
        elif member is None:
            ring, party = self.newest(name), one(PARTIES, which)
            self.members.enter(name, party, Role.OFFICER, Key(*ring, self.crowd.until(ring)))
            self.town.register(ring, party)
        self.taken()
        if member is None:
            self.send(name, "GSP HELP\n")  # the first mail to a key brings ours, and would be unlike any other

    @rule(name=people, at_once=st.booleans(), which=some)
    def renew_by_operator(self, name: str, at_once: bool, which: int) -> None:
        """By `gsp`: a further key; what waited for it goes out with the next tick."""
        self.later()
        if name in self.members.people:
            key = self.key(name, "new" if which % 2 else "extended", which)
            if self.members.bring(name, key, at_once, self.town.now):
                self.town.renew(name, key.name, at_once)
        self.taken()
