"""Who is registered with which keys, and who waits to be: the part of the model that people's rights follow from.

It says in the fewest words what the registry must hold after each step; the registry is compared with it, whole.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gateway.treaty import Role

GRACE = timedelta(days=30)  # so long a replaced key still signs and is still read
WAITS = timedelta(days=14)  # so long a registration waits for its answer, and then for the Secretariat's
MOST_CHALLENGES, MOST_KEYS = 5, 8
OFFICER, ADMIN, DESK, OBSERVER, SECRETARIAT = (
    Role.OFFICER, Role.ADMINISTRATOR, Role.DESK, Role.OBSERVER, Role.SECRETARIAT
)  # fmt: skip
OFFICES, ASKERS = {ADMIN, SECRETARIAT}, {OFFICER, ADMIN, DESK}
# What an administrator may do to people of the own Party, and the Secretariat to those of all.
RIGHTS = {
    "withdraw": {ADMIN: {OFFICER}, SECRETARIAT: {OFFICER, ADMIN, OBSERVER, SECRETARIAT}},
    "register": {ADMIN: {OFFICER, ADMIN, DESK}, SECRETARIAT: {OFFICER, ADMIN, OBSERVER, DESK}},
    "renew": {ADMIN: {OFFICER, DESK}, SECRETARIAT: {OFFICER, ADMIN, OBSERVER, DESK}},
    "approve": {SECRETARIAT: {ADMIN, DESK}},
}


@dataclass(eq=False)
class Key:
    """A key by who holds its secret half. `until`: when its use ends; `replaced`: another took its place."""

    owner: str
    ring: int
    until: datetime | None = None
    replaced: bool = False

    @property
    def name(self) -> tuple[str, int]:
        return self.owner, self.ring

    def works(self, now: datetime) -> bool:
        return self.until is None or now < self.until


@dataclass(eq=False)
class Member:
    """Somebody registered: a person, or (role DESK) a Party's desk. `keys`: oldest first, none that was withdrawn."""

    party: str
    role: Role
    keys: list[Key] = field(default_factory=list)

    def newest(self, now: datetime) -> Key | None:
        """The key to which mail is encrypted, and with which he signs."""
        return next((key for key in reversed(self.keys) if key.works(now)), None)


@dataclass(eq=False)
class Order:
    """A registration that is not active: `proven` when its challenge is answered, and the Secretariat is to decide."""

    address: str
    party: str
    role: Role
    key: Key
    by: Member
    until: datetime
    approval: bool
    proven: bool = False
    sent: int = 1
    word: str = ""
    words: str = ""  # the name that was written


@dataclass
class Membership:
    """The registry.

    `letters`: what the last change writes to beside the newest keys of members: mailbox, key, and the Party whose
    secrets may be in it; "" for the one mail to who is not registered, the challenge.
    """

    people: dict[str, Member] = field(default_factory=dict)
    orders: list[Order] = field(default_factory=list)
    known: set[tuple[str, int]] = field(default_factory=set)  # keys that are or were registered
    letters: list[tuple[str, Key, str]] = field(default_factory=list)

    # --- questions ------------------------------------------------------------------------------------------

    def party(self, name: str) -> str:
        """The Party of somebody, "" of nobody registered."""
        return self.people[name].party if name in self.people else ""

    def desk(self, party: str) -> str:
        """The mailbox of a Party's desk."""
        return next(name for name, one in self.people.items() if (one.party, one.role) == (party, DESK))

    def acts(self, name: str, now: datetime) -> bool:
        """Whether he has a key that counts."""
        return name in self.people and self.people[name].newest(now) is not None

    def signed(self, name: str, key: tuple[str, int], now: datetime) -> bool:
        """Whether this key signs for this address."""
        return name in self.people and any(one.name == key and one.works(now) for one in self.people[name].keys)

    def may(self, act: str, actor: Member, role: Role, party: str) -> bool:
        """Whether the table allows it."""
        return role in RIGHTS[act].get(actor.role, set()) and (actor.role is SECRETARIAT or actor.party == party)

    def last(self, name: str, now: datetime) -> bool:
        """Whether nobody else holds the same office who can be written to."""
        one = self.people[name]
        others = (
            other for person, other in self.people.items()
            if person != name and other.role is one.role and (one.role is SECRETARIAT or other.party == one.party)
        )  # fmt: skip
        return one.role in OFFICES and not any(other.newest(now) for other in others)

    # --- what the operator does -------------------------------------------------------------------------------

    def enter(self, name: str, party: str, role: Role, key: Key) -> None:
        """Somebody is registered."""
        self.people[name] = Member(party, role, [key])
        self.known.add(key.name)

    def withdraw(self, name: str) -> None:
        """Nobody of this name is registered any more; what he ordered, and what was for him, has ended."""
        gone = self.people.pop(name)
        self.orders = [order for order in self.orders if order.by is not gone and order.address != name]

    def activate(self, order: Order) -> None:
        """Who was ordered and proven (and approved) comes in; a desk in the place of the one before, who is told."""
        if order.role is DESK:
            desk = self.desk(order.party)
            self.letters += [(desk, key, order.party) for key in self.people.pop(desk).keys]
        self.enter(order.address, order.party, order.role, order.key)
        self.orders = [one for one in self.orders if one.address != order.address]

    def end(self, now: datetime) -> None:
        """Registrations end that nobody answered, or decided."""
        self.orders = [order for order in self.orders if order.until > now]

    def unreached(self, name: str) -> None:
        """A challenge came back: whoever is asked at that address has never been there."""
        self.orders = [order for order in self.orders if order.proven or order.address != name]

    # --- what forms do, each where it is allowed ----------------------------------------------------------------

    def revoke(self, actor: str, subject: str, alone: bool, now: datetime) -> bool:
        """GSP REVOKE: whom the table allows, or oneself out of an office; an office is left empty on purpose only."""
        if subject not in self.people:
            return False
        one, other = self.people[actor], self.people[subject]
        own = one is other
        if not (own and one.role in OFFICES) and (own or not self.may("withdraw", one, other.role, other.party)):
            return False
        if self.last(subject, now) and (own or not alone):
            return False
        self.letters += [(actor, key, one.party) for key in one.keys if own]  # a last word to who leaves
        self.withdraw(subject)
        return True

    def register(self, actor: str, name: str, role: Role, party: str, key: Key, now: datetime) -> Order | None:
        """GSP REGISTER: a challenge to an address and a key that are nobody's."""
        by = self.people[actor]
        before = [order for order in self.orders if order.address == name]
        if not self.may("register", by, role, party) or name in self.people or key.name in self.known:
            return None
        approval = by.role is ADMIN and role in RIGHTS["approve"][SECRETARIAT]
        secretariat = any(one.role is SECRETARIAT and one.newest(now) for one in self.people.values())
        if sum(order.sent for order in before) >= MOST_CHALLENGES or (approval and not secretariat):
            return None
        again = [order.sent for order in before if order.party == party]
        made = Order(name, party, role, key, by, now + WAITS, approval, sent=1 + sum(again))
        self.orders = [order for order in self.orders if (order.address, order.party) != (name, party)] + [made]
        self.letters.append((name, key, ""))
        return made

    def confirm(self, from_: str, key: tuple[str, int], word: str, now: datetime) -> Order | None:
        """The answer to a challenge: from that address, with that key and word, in time."""
        for order in self.orders:
            right = (order.address, order.key.name, order.word) == (from_, key, word)
            if right and not order.proven and now < order.until and order.key.works(now):
                if order.address in self.people or key in self.known:
                    return None
                order.proven, order.until = order.approval, now + WAITS
                if not order.approval:
                    self.activate(order)
                return order
        return None

    def decide(self, actor: str, order: Order | None, approve: bool, now: datetime) -> bool:
        """GSP APPROVE: by somebody of the Secretariat who has not ordered it himself."""
        one = self.people[actor]
        if order not in self.orders or not order or not order.proven or order.until <= now or order.by is one:
            return False
        if not self.may("approve", one, order.role, order.party):
            return False
        if approve and (order.address in self.people or order.key.name in self.known):
            return False
        self.orders.remove(order)
        if approve:
            self.activate(order)
        return True

    def renew(self, actor: str, by: tuple[str, int], name: str, key: Key, at_once: bool, now: datetime) -> bool:
        """GSP RENEW: of the own key or one that he vouches for; not signed by a key that was replaced."""
        one, owner = self.people[actor], self.people.get(name)
        if owner is None or (owner is not one and not self.may("renew", one, owner.role, owner.party)):
            return False
        if any(signer.name == by and signer.replaced for signer in one.keys):
            return False
        return self.bring(name, key, at_once, now)

    def bring(self, name: str, key: Key, at_once: bool, now: datetime) -> bool:
        """A new key in the place of those before, or one of those with a later end."""
        owner = self.people[name]
        before = owner.newest(now)
        same = next((one for one in owner.keys if one.name == key.name), None)
        working = [one for one in owner.keys if one.works(now)]
        if same is None and (key.name in self.known or len(working) >= MOST_KEYS):
            return False
        if same is not None:
            if same.until == key.until or (key.until and (same.until is None or same.until > key.until)):
                return False
            same.until, same.replaced = key.until, False
            self.letters.append((name, same, owner.party))
        else:
            for one in working:
                one.until, one.replaced = min(one.until or now + GRACE, now + GRACE), True
            owner.keys = [one for one in owner.keys if not (at_once and one in working)] + [key]
            self.known.add(key.name)
        if before:
            self.letters.append((name, before, owner.party))  # to the key before: what became of it
        return True
