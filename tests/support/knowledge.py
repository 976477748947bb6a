"""Who may know what, in the fewest words: the model that the whole gateway is compared with.

Every secret of a mail is a mark, `zq00042j`. A mark may be known to the Party that wrote it, and to the Parties to
which that mail was meant to go; an exchange, its numbers and its reply tokens to the Parties that ask or are asked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from difflib import unified_diff

from gateway.facts import ExchangeNumber
from gateway.treaty import Side
from tests.support.membership import ASKERS, Member, Membership

MARK = re.compile(r"zq\d{5}[a-z]")
NUMBER = re.compile(r"GSP-(\d{4})-(\d{6})(?:/([A-Z]{2}))?")
TOKEN = re.compile(r"(?<![a-z2-7])[a-z2-7]{24}(?![a-z2-7])")
WHEN = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?Z?")


@dataclass
class Asked:
    """An exchange: who asks (`by`: the very person), who was asked, and who may be next: whose markings are in it.

    Where the Party that the officer named says "not ours", the one whose marking it is gets the request.
    """

    asking: str
    by: Member | None = None
    asked: set[str] = field(default_factory=set)
    next: set[str] = field(default_factory=set)

    def concerns(self, party: str) -> bool:
        """Whether a Party has a part in it."""
        return party == self.asking or party in self.asked


@dataclass
class Place:
    """What a token stands for: a side of a referral; or (`number` None) a look-up's offer of sealed mail, to one."""

    asking: str
    asked: str
    side: Side
    number: ExchangeNumber | None = None
    to: Member | None = None

    @property
    def mine(self) -> str:
        """The Party on whose side it was given."""
        return self.asking if self.side is Side.ASKING else self.asked

    @property
    def other(self) -> str:
        """The Party to which it leads."""
        return self.asked if self.side is Side.ASKING else self.asking


@dataclass
class Knowledge:
    """The model. `written`: numbers and tokens that a Party itself has put into a mail come back to it as written."""

    members: Membership = field(default_factory=Membership)
    may_know: dict[str, set[str]] = field(default_factory=dict)
    exchanges: dict[ExchangeNumber, Asked] = field(default_factory=dict)
    tokens: dict[str, Place] = field(default_factory=dict)
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
        return self.members.party(name)

    def foreign(self, party: str) -> list[ExchangeNumber]:
        """The exchanges in which a Party has no part."""
        return [number for number, exchange in self.exchanges.items() if not exchange.concerns(party)]

    def own(self, party: str) -> list[ExchangeNumber]:
        """The exchanges in which it has one."""
        return [number for number, exchange in self.exchanges.items() if exchange.concerns(party)]

    def requester(self, number: ExchangeNumber) -> str:
        """Who hears the answers: the person who asked; the asking Party's desk where it asked, or he has left."""
        exchange = self.exchanges[number]
        found = (name for name, one in self.members.people.items() if one is exchange.by)
        return next(found, "") or self.members.desk(exchange.asking)

    def reader(self, name: str, token: str, party: str) -> str:
        """Who is the reader of a sealed mail of somebody's with this token, or to this Party's address; "" nobody."""
        writer, place = self.members.people.get(name), self.tokens.get(token)
        if writer is None or writer.role not in ASKERS:
            return ""
        if not token:
            return self.members.desk(party) if party != writer.party else ""
        if place is None or place.mine != writer.party or party not in ("", place.other):
            return ""
        if place.number is None:
            return self.members.desk(place.asked) if place.to is writer else ""
        return self.members.desk(place.asked) if place.side is Side.ASKING else self.requester(place.number)

    def wrote(self, party: str, words: str) -> None:
        """Whoever writes a mark, a number or a token knows it."""
        self.written.setdefault(party, set()).update(found[0] for found in NUMBER.finditer(words))
        self.written[party].update(TOKEN.findall(words))
        for mark in MARK.findall(words):
            self.may_know[mark].add(party)

    def leaks(self, party: str, words: str, numbers: bool = False) -> list[str]:
        """What in these words nobody of a Party must read; `numbers`: he hears which exchanges there are."""
        own = self.written.get(party, set())
        # A mark that nobody has made is chance, in the random letters of a Message-ID, say.
        found = [mark for mark in MARK.findall(words) if party not in self.may_know.get(mark, {party})]
        places = [(token, self.tokens[token]) for token in TOKEN.findall(words) if token in self.tokens]
        found += [token for token, place in places if place.mine != party and token not in own]
        for match in NUMBER.finditer(words):
            exchange = self.exchanges.get(ExchangeNumber(int(match[1]), int(match[2])))
            seen = exchange is not None and exchange.concerns(party)
            if match[3] and exchange is not None:
                seen = party in (exchange.asking, match[3])
            if not seen and match[0] not in own and not numbers:
                found.append(match[0])
        return found


def alike(words: str, *names: str) -> str:
    """A letter without what differs between any two: numbers, tokens, marks, digests, times, and these names."""
    words = re.sub(r"(?m)^(HP-Outer: )?(References|In-Reply-To): .*(\n[ \t].*)*\n", "", words)  # a thread grows
    for name in names:
        words = words.replace(name, "NAME")
    for pattern, sign in (
        # Boundaries first: their random letters may look like a token.
        (re.compile(r"=_[ab][0-9a-f]{32}"), "BOUNDARY"), (re.compile(r"<[^<>@\s]+@party\.example>"), "ID"),
        (re.compile(r"[0-9a-f]{64}"), "DIGEST"), (NUMBER, "NUMBER"), (TOKEN, "TOKEN"), (MARK, "MARK"), (WHEN, "WHEN"),
        (re.compile(r"\d\d:\d\d:\d\d"), "TIME"),
    ):  # fmt: skip
        words = pattern.sub(sign, words)
    return words


def differences(one: list[str], other: list[str]) -> list[str]:
    """The lines in which letters differ."""
    lines = ("\n".join(letters).split("\n") for letters in (one, other))
    return list(unified_diff(*lines, n=0))
