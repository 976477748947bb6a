"""Whatever people order, confirm and approve in whatever order, nobody is active who was not proven and allowed."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.content import Decision
from gateway.events import EventKind, MailKind
from gateway.facts import REGISTRATION_LIFE, Address
from gateway.forms._registration import ended
from gateway.outcome import LostRace, Refuse
from gateway.rules import rights
from gateway.treaty import Role
from tests.support.world import KEYED, World, key_file, said

BOXES = ("x@party.example", "y@party.example")
PEOPLE = ("admin", "chief", "secretariat", "officer", "colleague", "observer", "SE")
ROLES = tuple(role.value for role in Role if role is not Role.SECRETARIAT)  # which the form does not offer
CHOICES = ("approve", "refuse")
WHOLE: list[tuple[object, ...]] = [
    ("order", "admin", BOXES[0], "administrator", "", "D"), ("confirm", BOXES[0], 0), ("decide", "admin", 0, "approve"),
    ("decide", "secretariat", 0, "approve"), ("order", "chief", BOXES[1], "officer", "", "E"), ("confirm", BOXES[1], 0),
]  # fmt: skip
steps = st.lists(
    st.one_of(
        st.tuples(st.just("order"), st.sampled_from(PEOPLE), st.sampled_from(BOXES), st.sampled_from(ROLES),
                  st.sampled_from(("", "SE", "KE", "BR")), st.sampled_from("DEF")),
        st.tuples(st.just("confirm"), st.sampled_from(BOXES), st.integers(0, 5)),
        st.tuples(st.just("decide"), st.sampled_from(PEOPLE), st.integers(0, 6), st.sampled_from(CHOICES)),
        st.tuples(st.just("days"), st.integers(1, 15)),
        st.tuples(st.just("revoke"), st.sampled_from(("secretariat", "admin")), st.sampled_from(("admin", "x"))),
    ),
    min_size=4,
    max_size=14,
)  # fmt: skip


class Model:
    """What the world is told, and who may be active for it."""

    def __init__(self) -> None:
        self.world = World()
        self.words: list[str] = []
        self.allowed: set[tuple[str, str, str]] = set()  # address, role, key that have passed every step

    def order(self, who: str, box: str, role: str, party: str, mark: str) -> None:
        form = {"address": box, "name": "CHOSEN", "role": role, "party": party}
        actor = self.world.people[who]
        decision = self.said(who, "register", form, [key_file(mark, box)])
        for pending in decision.pending:
            assert actor.role in (Role.ADMINISTRATOR, Role.SECRETARIAT)
            assert actor.role is Role.SECRETARIAT or pending.party == actor.party
            assert pending.approval is rights.needs_approval(actor.role, pending.role)
        for letter in decision.letters:
            if letter.kind is MailKind.CHALLENGE and letter.form:
                self.words.append(letter.form.get("word"))

    def confirm(self, box: str, which: int) -> None:
        """Of every registration of the address: with the word that is right where `which` is 0, else with any."""
        for pending in self.world.view.pending_for(Address(box)):
            right = [word for word in self.words if KEYED.token_digest(word) == pending.word]
            words = right if which == 0 else self.words[which : which + 1] or ["a" * 24]
            with suppress(Refuse, LostRace):
                decision = self.world.confirm(pending, words[0])
                assert words == right
                assert pending.expires > self.world.now
                if not pending.approval:
                    self.allowed.add((box, pending.role, pending.key.fingerprint[0]))
                self.read(decision)

    def decide(self, who: str, which: int, choice: str) -> None:
        """On one that waits for it, or (from 3 on) on whatever number that is."""
        waiting = [one.id for one in self.world.view.all_pending() if one.proven]
        number = waiting[which] if which < min(3, len(waiting)) else which
        pending = self.world.view.pending(number)
        form = {"registration": str(number), "decision": choice, "reason": "no"}
        decision = self.said(who, "approve", form, [])
        if any(event.kind is EventKind.REGISTRATION_APPROVED for event in decision.events):
            assert pending is not None
            assert pending.proven
            assert self.world.people[who].role is Role.SECRETARIAT
            self.allowed.add((pending.address, pending.role, pending.key.fingerprint[0]))

    def days(self, count: int) -> None:
        self.world.now += timedelta(days=count)
        for pending in self.world.view.all_pending():
            assert pending.expires <= self.world.now + REGISTRATION_LIFE
            if pending.expires <= self.world.now:
                self.world.commit(ended(pending, self.world.view, self.world.now))

    def revoke(self, who: str, whom: str) -> None:
        self.said(who, "revoke", {"address": f"{whom}@party.example"}, [])

    def said(self, who: str, form: str, values: dict[str, str], keys: list[bytes]) -> Decision:
        """A form of somebody who is still registered."""
        person = self.world.people[who]
        if self.world.view.person_by_address(person.address) is None:
            return Decision()
        with suppress(LostRace):
            decision = self.world.send(who, form, values, keys=keys)
            self.read(decision)
            return decision
        return Decision()

    def read(self, decision: Decision) -> None:
        """Whom the gateway writes to: who is registered, and else the one question, encrypted, with nothing chosen."""
        for letter in decision.letters:
            known = self.world.view.person_by_address(letter.to.address)
            replaced = letter.to.role is Role.DESK
            assert known or replaced or letter.kind is MailKind.CHALLENGE
            if letter.kind is MailKind.CHALLENGE:
                assert letter.to.key is not None
                assert "CHOSEN" not in said(letter)

    def check(self) -> None:
        for box in BOXES:
            person = self.world.view.person_by_address(Address(box))
            if person is not None:
                keys = {
                    key.fingerprint[0] for key in self.world.view.keys_claimed_by(person.address) if not key.revoked
                }
                assert {(box, person.role, mark) for mark in keys} <= self.allowed


@settings(max_examples=settings().max_examples * 3 // 20)  # more by `make properties`
@given(steps)
def test_nobody_is_active_who_was_not_proven_and_allowed(played: list[tuple[object, ...]]) -> None:
    play(played)


def test_the_model_lets_in_who_is_meant_to_come_in() -> None:
    assert {role for _, role, _ in play(WHOLE).allowed} == {Role.ADMINISTRATOR, Role.OFFICER}


def play(played: list[tuple[object, ...]]) -> Model:
    """The model after these steps; what it promises is checked after each."""
    model = Model()
    for name, *values in played:
        getattr(model, str(name))(*values)
        model.check()
    return model
