"""`GSP STATUS`: a Party's own exchanges, and of others not even that they exist."""

from __future__ import annotations

import pytest

from gateway.events import EventKind
from gateway.letters import Status
from gateway.treaty import ExchangeState
from tests.support.world import World, readers, said


@pytest.fixture
def world() -> World:
    return World()


def status(world: World, who: str, number: object = "") -> Status:
    values = world.send(who, "status", {"exchange": str(number)}).letters[0].values
    assert isinstance(values, Status)
    return values


def test_each_party_sees_what_it_asks_and_what_it_is_asked(world: World) -> None:
    number = world.opened("SE1", "FR1")
    asking, asked, other = (status(world, who) for who in ("chief", "colleague", "AT"))
    assert [str(line.number) for line in asking.asked] == [f"{number}/FR", f"{number}/SE"]
    assert asking.to_answer == ()
    assert [str(line.number) for line in asked.to_answer] == [f"{number}/SE"]
    assert asked.asked == ()
    assert (other.asked, other.to_answer) == ((), ())


def test_with_a_number_the_requester_reads_the_whole_trail(world: World) -> None:
    number = world.opened("SE1", "FR1")
    told = status(world, "officer", number)
    assert (told.number, told.state) == (number, ExchangeState.OPEN)
    assert [line.kind for line in told.trail] == [
        EventKind.EXCHANGE_OPENED, EventKind.REFERRAL_SENT, EventKind.REFERRAL_SENT
    ]  # fmt: skip
    assert told.trail[0].digest


def test_an_asked_party_reads_only_its_own_part_of_the_trail(world: World) -> None:
    number = world.opened("SE1", "FR1")
    told = status(world, "SE", f"{number}/SE")
    assert {line.party for line in told.trail} == {"SE"}
    assert "FR" not in said(told)


def test_a_foreign_number_reads_like_one_that_does_not_exist(world: World) -> None:
    number = world.opened("FR1")
    told = []
    for written in (str(number), "GSP-2026-000999", "GSP-2026-000999/FR", "nonsense"):
        decision = world.send("colleague", "status", {"exchange": written})
        assert readers(decision.letters) == ["colleague notice"]
        letter = decision.letters[0]
        told.append((said(letter.subject), said(letter.values.headline), said(letter.values.next_step)))  # type: ignore[attr-defined]
    assert len(set(told)) == 1


def test_a_status_changes_no_exchange(world: World) -> None:
    number = world.opened("SE1")
    version = world.exchange(number).version
    status(world, "officer", number)
    status(world, "colleague")
    assert world.exchange(number).version == version
