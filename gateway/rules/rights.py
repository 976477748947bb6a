"""Who may do what to whom in the registry by mail (R1): one table, printed into `docs/administrator.md`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gateway.facts import PartyCode, Person
from gateway.treaty import Role


class Act(StrEnum):
    """What is done to a registered person, or to a Party's entries in the directory."""

    REVOKE = "revoke"
    REGISTER = "register"
    APPROVE = "approve"
    DIRECTORY = "directory"  # to keep a Party's entries: of no person, but for a Party
    PATTERN = "pattern"  # to describe a Party's markings: of no person, but for a Party
    RENEW = "renew"  # to vouch for a new key; one's own one is renewed by whoever holds the old one


@dataclass(frozen=True, slots=True)
class Right:
    """An `actor` may do `act` to people of these roles: of every Party, or of the own one only."""

    act: Act
    actor: Role
    to: frozenset[Role]
    every_party: bool


# What no row allows is refused. Nobody withdraws a desk: without it a Party could not be asked at all.
RIGHTS: tuple[Right, ...] = (
    Right(Act.REVOKE, Role.ADMINISTRATOR, frozenset({Role.OFFICER}), every_party=False),
    Right(
        Act.REVOKE,
        Role.SECRETARIAT,
        frozenset({Role.OFFICER, Role.ADMINISTRATOR, Role.OBSERVER, Role.SECRETARIAT}),
        every_party=True,
    ),
    # People of the Secretariat are registered by the operator alone: a stolen key cannot make itself a successor.
    Right(
        Act.REGISTER,
        Role.ADMINISTRATOR,
        frozenset({Role.OFFICER, Role.ADMINISTRATOR, Role.DESK}),
        every_party=False,
    ),
    Right(
        Act.REGISTER,
        Role.SECRETARIAT,
        frozenset({Role.OFFICER, Role.ADMINISTRATOR, Role.OBSERVER, Role.DESK}),
        every_party=True,
    ),
    Right(Act.DIRECTORY, Role.ADMINISTRATOR, frozenset(), every_party=False),
    Right(Act.DIRECTORY, Role.SECRETARIAT, frozenset(), every_party=True),
    Right(Act.PATTERN, Role.ADMINISTRATOR, frozenset(), every_party=False),
    Right(Act.PATTERN, Role.SECRETARIAT, frozenset(), every_party=True),
    Right(Act.APPROVE, Role.SECRETARIAT, frozenset({Role.ADMINISTRATOR, Role.DESK}), every_party=True),
    Right(Act.RENEW, Role.ADMINISTRATOR, frozenset({Role.OFFICER, Role.DESK}), every_party=False),
    # Nobody vouches for people of the Secretariat: the operator alone makes them.
    Right(
        Act.RENEW,
        Role.SECRETARIAT,
        frozenset({Role.OFFICER, Role.ADMINISTRATOR, Role.OBSERVER, Role.DESK}),
        every_party=True,
    ),
)


def actors(act: Act) -> frozenset[Role]:
    """The roles that may do this to anybody at all."""
    return frozenset(right.actor for right in RIGHTS if right.act is act)


def needs_approval(actor: Role, role: Role) -> bool:
    """Whether somebody must approve what this actor registers: never what one does who could approve it himself."""
    approvable = {right.actor for right in RIGHTS if right.act is Act.APPROVE and role in right.to}
    return bool(approvable) and actor not in approvable


def may(act: Act, actor: Person, subject: Person) -> bool:
    """Whether the table allows it; never to oneself, but for the end of one's office (`resigns`)."""
    if actor.id == subject.id:
        return False
    return any(
        right.act is act
        and right.actor is actor.role
        and subject.role in right.to
        and (right.every_party or actor.party == subject.party)
        for right in RIGHTS
    )


def keeps(actor: Person, party: PartyCode) -> bool:
    """Whether somebody may change a Party's entries in the directory; everybody registered may ask for them."""
    return any(
        right.act is Act.DIRECTORY and right.actor is actor.role and (right.every_party or actor.party == party)
        for right in RIGHTS
    )


def describes_all(actor: Person) -> bool:
    """Whether somebody may describe the markings of every Party, not of the own one only."""
    return any(right.act is Act.PATTERN and right.actor is actor.role and right.every_party for right in RIGHTS)


OFFICES = frozenset({Role.ADMINISTRATOR, Role.SECRETARIAT})  # somebody must always be left in them


def resigns(actor: Person, subject: Person) -> bool:
    """Whether somebody ends his own office, which another one who holds it must carry on."""
    return actor.id == subject.id and actor.id > 0 and actor.role in OFFICES
