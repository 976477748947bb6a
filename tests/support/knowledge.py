"""Who may know what, in the fewest words: the model that the whole gateway is compared with.

Every secret of a mail is a mark, `zq00042j`. A mark may be known to the Party that wrote it, and to the Parties to
which that mail was meant to go; an exchange, its numbers and its reply tokens to the Parties that ask or are asked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime
from difflib import unified_diff

from gateway.facts import ExchangeNumber
from gateway.treaty import Role

MARK = re.compile(r"zq\d{5}[a-z]")
NUMBER = re.compile(r"GSP-(\d{4})-(\d{6})(?:/([A-Z]{2}))?")
TOKEN = re.compile(r"(?<![a-z2-7])[a-z2-7]{24}(?![a-z2-7])")
WHEN = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?Z?")
WITHDRAWS = {
    Role.ADMINISTRATOR: {Role.OFFICER},
    Role.SECRETARIAT: {Role.OFFICER, Role.ADMINISTRATOR, Role.SECRETARIAT},
}


@dataclass
class Asked:
    """An exchange: who asks, who was asked, and who may be next: whose markings are in it.

    Where the Party that the officer named says "not ours", the one whose marking it is gets the request.
    """

    asking: str
    asked: set[str] = field(default_factory=set)
    next: set[str] = field(default_factory=set)

    def concerns(self, party: str) -> bool:
        """Whether a Party has a part in it."""
        return party == self.asking or party in self.asked


@dataclass
class Member:
    """Somebody registered: his Party, his role (a desk's is DESK), and when his key expires."""

    party: str
    role: Role
    until: datetime | None = None

    def acts(self, now: datetime) -> bool:
        """Whether his signature counts."""
        return self.until is None or now < self.until


@dataclass
class Knowledge:
    """The model. `written`: numbers and tokens that a Party itself has put into a mail come back to it as written."""

    members: dict[str, Member] = field(default_factory=dict)
    may_know: dict[str, set[str]] = field(default_factory=dict)
    exchanges: dict[ExchangeNumber, Asked] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)  # a token, and the Party on whose side it was given
    written: dict[str, set[str]] = field(default_factory=dict)

    def mark(self, kind: str, *parties: str) -> str:
        """A new secret that these Parties may know."""
        made = f"zq{len(self.may_know):05d}{kind}"
        self.may_know[made] = set(parties)
        return made

    def tell(self, marks: list[str], *parties: str) -> None:
        """What was meant for these Parties too."""
        for mark in marks:
            self.may_know[mark] |= set(parties)

    def party(self, name: str) -> str:
        """The Party of somebody, "" of nobody registered."""
        return self.members[name].party if name in self.members else ""

    def foreign(self, party: str) -> list[ExchangeNumber]:
        """The exchanges in which a Party has no part."""
        return [number for number, exchange in self.exchanges.items() if not exchange.concerns(party)]

    def own(self, party: str) -> list[ExchangeNumber]:
        """The exchanges in which it has one."""
        return [number for number, exchange in self.exchanges.items() if exchange.concerns(party)]

    def last(self, name: str, now: datetime) -> bool:
        """Whether nobody else holds the same office who can be written to."""
        one = self.members[name]
        return one.role in WITHDRAWS and not any(
            other.role is one.role and other.acts(now) and (one.role is Role.SECRETARIAT or other.party == one.party)
            for person, other in self.members.items()
            if person != name
        )

    def may_withdraw(self, actor: str, subject: str) -> bool:
        """Whether one may withdraw the other's access by mail, or leave the own office."""
        one, other = self.members[actor], self.members.get(subject)
        if other is None:
            return False
        if actor == subject:
            return one.role in WITHDRAWS
        if other.role not in WITHDRAWS.get(one.role, set()):
            return False
        return one.role is Role.SECRETARIAT or one.party == other.party

    def wrote(self, party: str, words: str) -> None:
        """Whoever writes a mark, a number or a token knows it."""
        self.written.setdefault(party, set()).update(found[0] for found in NUMBER.finditer(words))
        self.written[party].update(TOKEN.findall(words))
        for mark in MARK.findall(words):
            self.may_know[mark].add(party)

    def leaks(self, name: str, words: str) -> list[str]:
        """What in these words he must not read. The Secretariat hears which exchanges stand still: numbers only."""
        party, role = self.members[name].party, self.members[name].role
        own = self.written.get(party, set())
        found = [mark for mark in MARK.findall(words) if party not in self.may_know[mark]]
        found += [
            token for token in TOKEN.findall(words) if self.tokens.get(token, party) != party and token not in own
        ]
        for match in NUMBER.finditer(words):
            exchange = self.exchanges.get(ExchangeNumber(int(match[1]), int(match[2])))
            seen = exchange is not None and exchange.concerns(party)
            if match[3] and exchange is not None:
                seen = party in (exchange.asking, match[3])
            if not seen and match[0] not in own and role is not Role.SECRETARIAT:
                found.append(match[0])
        return found


def alike(words: str, *names: str) -> str:
    """A letter without what differs between any two: numbers, tokens, marks, digests, times, and these names."""
    words = re.sub(r"(?m)^(HP-Outer: )?(References|In-Reply-To): .*(\n[ \t].*)*\n", "", words)  # a thread grows
    for name in names:
        words = words.replace(name, "NAME")
    for pattern, sign in (
        (re.compile(r"[0-9a-f]{64}"), "DIGEST"), (NUMBER, "NUMBER"), (TOKEN, "TOKEN"), (MARK, "MARK"), (WHEN, "WHEN"),
        (re.compile(r"\d\d:\d\d:\d\d"), "TIME"), (re.compile(r"<[^<>@\s]+@party\.example>"), "MESSAGE-ID"),
        (re.compile(r"=_[ab][0-9a-f]{32}"), "BOUNDARY"),
    ):  # fmt: skip
        words = pattern.sub(sign, words)
    return words


def differences(one: list[str], other: list[str]) -> list[str]:
    """The lines in which letters differ."""
    lines = ("\n".join(letters).split("\n") for letters in (one, other))
    return list(unified_diff(*lines, n=0))
