"""`GSP DIFFICULTY`: to the Secretariat, counted by kind, and answered with the same form."""

from __future__ import annotations

import pytest

from gateway.content import Decision
from gateway.events import EventKind
from gateway.letters import Notice
from gateway.rosters import DifficultyLetter
from gateway.treaty import Difficulty, Role
from tests.support.rendering import languages
from tests.support.world import AT, NOW, World, readers

REPORT = {"kind": "cannot read", "description": "The last mail cannot be opened."}


def told(decision: Decision) -> str:
    values = decision.letters[0].values
    assert isinstance(values, Notice)
    say = languages().catalogue("en").say
    return " ".join([say(values.headline), say(values.next_step), *(say(one.text) for one in values.findings)])


def kinds(decision: Decision) -> list[EventKind]:
    return [event.kind for event in decision.events]


@pytest.mark.parametrize("who", ["officer", "SE", "admin", "observer"])
def test_everybody_registered_reaches_the_secretariat_and_gets_a_receipt(who: str) -> None:
    world = World()
    world.register("second", AT, Role.SECRETARIAT)
    decision = world.send(who, "difficulty", REPORT)
    name = {"SE": "desk.se"}.get(who, who)
    assert sorted(readers(decision.letters)) == sorted([f"{name} notice", "second notice", "secretariat notice"])
    letter = next(letter for letter in decision.letters if readers([letter]) == ["secretariat notice"])
    assert isinstance(letter.values, DifficultyLetter)
    assert letter.values.description == REPORT["description"]
    assert letter.values.address == world.people[who].address
    assert letter.form is not None
    assert letter.form.get("address") == world.people[who].address
    assert letter.thread.reply_to == "gsp@gsp.example"
    (event,) = decision.events
    assert (event.kind, event.count, event.person) == (EventKind.DIFFICULTY_REPORTED, 2, world.people[who].id)
    assert event.digest


def test_difficulties_are_counted_by_kind_period_and_party() -> None:
    world = World()
    for kind in (*Difficulty, Difficulty.NO_ANSWER):
        world.send("officer", "difficulty", {**REPORT, "kind": str(kind)})
    roster = world.store.roster
    until = NOW.replace(year=NOW.year + 1)
    assert roster.difficulties(NOW, until) == {**dict.fromkeys(Difficulty, 1), Difficulty.NO_ANSWER: 2}
    assert sum(roster.difficulties(NOW, until, world.people["admin"].party).values()) == 0
    assert sum(roster.difficulties(until, until.replace(year=until.year + 1)).values()) == 0


@pytest.mark.parametrize("lacking", ["kind", "description"])
def test_what_is_missing_is_asked_for(lacking: str) -> None:
    decision = World().send("officer", "difficulty", {k: v for k, v in REPORT.items() if k != lacking})
    assert "is missing" in told(decision)
    assert readers(decision.letters) == ["officer notice"]
    assert kinds(decision) == [EventKind.NOTICE_SENT]


def test_an_exchange_of_others_reads_like_none() -> None:
    world = World()
    opened = world.send(
        "officer", "request", {"purpose": "detection", "justification": "cartons"}, ["SE12345678901"]
    ).answer_exchange
    assert kinds(world.send("colleague", "difficulty", {**REPORT, "exchange": str(opened)})) == [
        EventKind.DIFFICULTY_REPORTED
    ]
    notices = {
        told(world.send("observer", "difficulty", {**REPORT, "exchange": number}))
        for number in (str(opened), "GSP-2026-999999")
    }
    assert len(notices) == 1
    assert "No exchange of your Party" in notices.pop()


def test_the_secretariat_answers_with_the_form_that_came() -> None:
    world = World()
    for who in ("officer", "SE"):
        report = world.send(who, "difficulty", REPORT)
        form = next(letter.form for letter in report.letters if readers([letter]) == ["secretariat notice"])
        assert form is not None
        decision = world.send("secretariat", "difficulty", {**form.values, "description": "Renew your key."})
        name = {"SE": "desk.se"}.get(who, who)
        assert readers(decision.letters) == [f"{name} notice", "secretariat notice"]
        letter = decision.letters[0]
        assert isinstance(letter.values, DifficultyLetter)
        assert letter.values.answer
        assert letter.form is not None
        assert kinds(decision) == [EventKind.DIFFICULTY_ANSWERED]


def test_nobody_else_answers_for_the_secretariat() -> None:
    decision = World().send("admin", "difficulty", {**REPORT, "address": "officer@party.example"})
    assert readers(decision.letters) == ["admin notice", "secretariat notice"]


@pytest.mark.parametrize("address", ["nobody@party.example", "not an address", "officer@party.example"])
def test_who_cannot_be_written_to_is_not_answered(address: str) -> None:
    world = World(expired=("officer",))
    decision = world.send("secretariat", "difficulty", {**REPORT, "address": address})
    assert "Nobody with this address" in told(decision)
    assert readers(decision.letters) == ["secretariat notice"]


def test_where_the_secretariat_cannot_be_written_to_the_sender_is_told_and_it_counts() -> None:
    world = World(expired=("secretariat",))
    decision = world.send("officer", "difficulty", REPORT)
    assert "Call the operator" in told(decision)
    assert kinds(decision) == [EventKind.DIFFICULTY_REPORTED]
    assert [item.reason for item in decision.for_a_person] == [402]
