"""Who may do what to whom: everything that no row of the table allows is refused."""

from __future__ import annotations

from itertools import product

import pytest

from gateway.facts import Address, Language, PartyCode, Person
from gateway.rules.rights import Act, actors, may, needs_approval
from gateway.treaty import Role

_OWN = {(Role.ADMINISTRATOR, Role.OFFICER)}
_EVERYWHERE = {(Role.SECRETARIAT, role) for role in Role if role is not Role.DESK}


def person(number: int, party: str, role: Role) -> Person:
    return Person(number, PartyCode(party), Address(f"p{number}@party.example"), "", role, Language("en"))


@pytest.mark.parametrize(("actor", "subject", "same"), list(product(Role, Role, (True, False))))
def test_only_an_administrator_in_the_own_party_and_the_secretariat_may_withdraw(
    actor: Role, subject: Role, same: bool
) -> None:
    allowed = (actor, subject) in _EVERYWHERE or (same and (actor, subject) in _OWN)
    assert may(Act.REVOKE, person(1, "SE", actor), person(2, "SE" if same else "KE", subject)) is allowed


@pytest.mark.parametrize("role", Role)
def test_nobody_may_withdraw_the_own_access(role: Role) -> None:
    assert not may(Act.REVOKE, person(1, "SE", role), person(1, "SE", role))


_APPROVED = (Role.ADMINISTRATOR, Role.DESK)
_REGISTERED = {
    Role.ADMINISTRATOR: {Role.OFFICER, *_APPROVED},
    Role.SECRETARIAT: {Role.OFFICER, Role.OBSERVER, *_APPROVED},
}


@pytest.mark.parametrize(("actor", "role", "same"), list(product(Role, Role, (True, False))))
def test_nobody_registers_the_secretariat_and_an_administrator_only_in_the_own_party(
    actor: Role, role: Role, same: bool
) -> None:
    allowed = role in _REGISTERED.get(actor, set()) and (same or actor is Role.SECRETARIAT)
    assert may(Act.REGISTER, person(1, "SE", actor), person(0, "SE" if same else "KE", role)) is allowed


@pytest.mark.parametrize(("actor", "role"), list(product(Role, Role)))
def test_only_the_secretariat_approves_and_only_what_it_did_not_order(actor: Role, role: Role) -> None:
    allowed = actor is Role.SECRETARIAT and role in _APPROVED
    assert may(Act.APPROVE, person(1, "SE", actor), person(0, "KE", role)) is allowed
    assert needs_approval(actor, role) is (role in _APPROVED and actor is not Role.SECRETARIAT)


def test_officers_desks_and_observers_withdraw_nobody() -> None:
    assert actors(Act.REVOKE) == {Role.ADMINISTRATOR, Role.SECRETARIAT}
