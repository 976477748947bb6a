"""Steps: sealed mail, both ways, and whoever tries to send or to read what is not his."""

from __future__ import annotations

import re
from collections.abc import Sequence

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from gateway.facts import Envelope
from gateway.outcome import Answer, Refused, Taken
from gateway.treaty import Side
from tests.support.knowledge import Place
from tests.support.membership import ASKERS, Member
from tests.support.play import NAMES, Play, one, people, some
from tests.support.rings import Ring
from tests.support.town import DOMAIN, Got

PARTIES = ("KE", "SE", "FR")


class Sealing(Play):
    """Look-ups that offer it, passwords, and mail with the right token, login and readers, or with others."""

    def __init__(self) -> None:
        super().__init__()
        self.passwords: dict[str, tuple[Member, str]] = {}  # the one that each has now
        self.stale: list[str] = []  # passwords that were in use once

    @rule(name=people, party=st.sampled_from(PARTIES))
    def look_up(self, name: str, party: str) -> None:
        """A token for this one person, and the desk's keys that work, in a letter to him alone."""
        _, mails = self.send(name, f"GSP LOOKUP\n\nKeys for sealed mail: yes\nTo: {party}\n")
        assert {mail.reader for mail in mails} <= {name}
        member = self.members.people.get(name)
        if not mails or member is None or member.role not in ASKERS or member.party == party:
            assert not any(self.boxes(mail) for mail in mails)
            return
        ((code, token),) = self.boxes(mails[0])
        assert code == party.lower()
        self.known.tokens[token] = Place(member.party, party, Side.ASKING, to=member)
        desk = self.members.people[self.members.desk(party)]
        words = mails[0].words.replace(" ", "")
        given = [key.name for key in desk.keys if self.crowd.mark(key.name)[-16:].lower() in words]
        working = [key.name for key in reversed(desk.keys) if key.works(self.town.now)]
        assert sorted(given) == sorted(working[:4])
        self.note("sealed mail offered")

    def boxes(self, mail: Got) -> list[tuple[str, str]]:
        """The sealed addresses in a letter: Party and token."""
        return re.findall(rf"\b([a-z]{{2}})\+([a-z2-7]{{24}})@{re.escape(DOMAIN)}", mail.text)

    @rule(name=people, withdraw=st.booleans())
    def give_password(self, name: str, withdraw: bool) -> None:
        """By `gsp`: the one before ends."""
        if name not in self.members.people:
            return
        address, now = self.crowd.address(name), self.later()
        self.stale += [self.passwords.pop(name)[1]] if name in self.passwords else []
        if withdraw:
            self.town.border.withdraw_login(address, now)
        else:
            self.passwords[name] = self.members.people[name], self.town.border.give_login(address, now)

    def logged_in(self, name: str, password: str) -> str:
        """Who is vouched for by a login: with his own password, as long as he is the person to whom it was given."""
        member, right = self.passwords.get(name, (None, ""))
        good = bool(password) and password == right and self.members.people.get(name) is member
        found = self.town.border.login(self.crowd.address(name), password)
        assert found == (self.crowd.address(name) if good else ""), f"login of {name}"
        return found

    # --- writing ----------------------------------------------------------------------------------------------

    @rule(name=people, party=st.sampled_from(PARTIES), answer=st.booleans())
    def converse(self, name: str, party: str, answer: bool) -> None:
        """All as it should be: with an address of the sender's own, to its reader; and an answer that comes back."""
        member = self.members.people.get(name)
        if member is None or member.role not in ASKERS or member.party == party:
            return
        offers = [token for token, place in self.known.tokens.items() if place.to is member and place.asked == party]
        said = self.wrote(name, offers[-1] if offers else "", party)
        if isinstance(said, Taken) and answer:
            desk = self.members.desk(party)
            self.wrote(desk, self.town.token(said.exchange, party, Side.ANSWERING), member.party)  # type: ignore[arg-type]

    def wrote(self, name: str, token: str, party: str) -> Answer | None:
        """A sealed mail as a person writes it who does everything right; None where there is nobody to read it."""
        reader = self.known.reader(name, token, party)
        key = self.members.people[reader].newest(self.town.now) if reader else None
        if key is None:
            return None
        if self.passwords.get(name, (None, ""))[0] is not self.members.people[name]:
            self.give_password(name, withdraw=False)
        return self.seal(name, token, party, [key.name], self.passwords[name][1])

    @precondition(lambda self: self.known.tokens)
    @rule(name=people, which=some, place=st.sampled_from(["token", "token", "desk", "tag", "token elsewhere"]),
          login=st.sampled_from(["own", "own", "own", "another's", "stale", "none"]),
          readers=st.sampled_from(["right", "right", "and own", "old", "and other", "other", "and us"]))  # fmt: skip
    def try_sealed(self, name: str, which: int, place: str, login: str, readers: str) -> None:
        """With a token of his own, of others, or none; a login of his own, of others, or none; to whatever keys."""
        mine = [token for token, of in self.known.tokens.items() if of.mine == self.known.party(name)]
        token = "" if place == "desk" else one(mine if mine and which % 3 else self.known.tokens, which)
        stands = self.known.tokens[token].other if token else one(PARTIES, which)
        party = one(PARTIES, which) if place == "token elsewhere" else stands
        if place == "tag" and readers != "and us":  # what we can read, at an address of ours, is not sealed
            party = ""
        reader = self.known.reader(name, token, party) or self.members.desk(stands)
        given = [password for _, password in self.passwords.values()]
        own = self.passwords.get(name, (None, ""))[1]
        others = {"own": [own], "another's": given, "stale": self.stale, "none": []}[login]
        password = one(others, which) if others else ""
        self.seal(name, token, party, self.readers(name, reader, readers, which), password, ours=readers == "and us")

    def readers(self, name: str, reader: str, how: str, which: int) -> list[Ring]:
        """Keys to which it is encrypted."""
        key = self.members.people[reader].newest(self.town.now)
        right = [key.name] if key else []
        everybody = [(name, ring) for name in NAMES for ring in range(len(self.crowd.rings[name]))]
        any_one = one(everybody, which)
        return {
            "right": right, "and us": right, "and own": [*right, self.crowd.last(name)],
            "old": [(reader, which % len(self.crowd.rings[reader]))], "other": [any_one],
            "and other": [*dict.fromkeys([*right, any_one])],
        }[how] or [any_one]  # fmt: skip

    def seal(
        self, name: str, token: str, party: str, readers: Sequence[Ring], password: str, ours: bool = False
    ) -> Answer:
        """One sealed mail. It is passed on to its one reader where the model says so, else refused; nobody opens it."""
        now, own = self.later(), self.known.party(name)
        vouched = self.logged_in(name, password)
        reader = self.known.reader(name, token, party)
        place = self.known.tokens.get(token)
        closed = place is not None and place.number is not None and self.closed(place)
        passes = bool(reader and vouched) and not ours and not closed and self.may_open(own, reader, readers)
        words = self.known.mark("s", own)
        if passes:
            self.passing = frozenset(readers)
            self.known.tell([words], self.known.party(reader))
        box = f"{party.lower()}+{token}" if party and token else party.lower() or f"reply+{token}"
        raw = self.sealed(
            self.signing(name), f"{words}\n", to=f"{box}@{DOMAIN}", readers=readers, ours=ours,
            from_=self.crowd.address(name),
        )  # fmt: skip
        envelope = Envelope(
            self.crowd.address(name), (f"{box}@{DOMAIN}",), transport="smtp", authenticated_as=vouched or ""
        )
        self.known.wrote(own, token)
        member = self.members.people.get(name)
        answer, mails = self.deliver(raw, envelope, own, member)
        assert isinstance(answer, Taken if passes else Refused), f"{answer}: {name} to {reader} at {now}"
        carried = [mail for mail in mails if words in mail.words]
        assert [mail.reader for mail in carried] == ([reader] if passes else [])
        if isinstance(answer, Taken):
            self.sent.append((name, self.signing(name), raw, answer))
        else:
            assert {mail.reader for mail in mails} <= {name}
            self.like_a_guess(name, place, answer, envelope)
        self.note(f"sealed mail {'passed on' if passes else 'refused'}")
        return answer

    def closed(self, place: Place) -> bool:
        """Whether the exchange of a token takes no more mail."""
        exchange = self.town.view.exchange(place.number)  # type: ignore[arg-type]
        return exchange is not None and exchange.closed

    def may_open(self, own: str, reader: str, readers: Sequence[Ring]) -> bool:
        """Whether the keys are such as work now, of people of the two Parties, the reader's among them."""
        two = {own, self.known.party(reader)}
        fine = {
            key.name: name for name, one in self.members.people.items() for key in one.keys
            if one.party in two and key.works(self.town.now)
        }  # fmt: skip
        return all(ring in fine for ring in readers) and reader in {fine[ring] for ring in readers}

    def like_a_guess(self, name: str, place: Place | None, answer: Answer, envelope: Envelope) -> None:
        """Whoever tries a token of others hears what he would hear of a guessed one."""
        if place is None or self.known.party(name) in (place.asking, place.asked) or not isinstance(answer, Refused):
            return
        self.later()
        box = re.sub(r"\+[a-z2-7]{24}@", f"+{'a' * 24}@", envelope.rcpt_tos[0])
        readers = [("desk.se", 0)]
        raw = self.sealed(
            self.signing(name), "guess\n", to=box, readers=readers, ours=False, from_=self.crowd.address(name)
        )
        guessed = Envelope(envelope.mail_from, (box,), transport="smtp", authenticated_as=envelope.authenticated_as)
        again, _ = self.deliver(raw, guessed, self.known.party(name))
        assert again == answer
