"""Changes of the library in the store: in use from their transaction on, each version made once, each decided once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from gateway.content import Uim
from gateway.events import ChangeState, Commit, Doubt, EventKind, PatternChange
from gateway.facts import PartyCode, digest
from gateway.library import LiveLibrary
from gateway.library.live import Consulted
from gateway.outcome import LostRace
from gateway.patterns import Patterns
from gateway.ports import View
from gateway.store import Store
from tests.store.made import KE, NOW, SE, at, rows
from tests.support.patterns import SHIPPED, stamp


def proposed(name: str, scheme: str = "ke-stamp", actor: PartyCode = KE) -> PatternChange:
    return PatternChange(digest(name.encode()), name, (scheme,), KE, NOW, 7, actor)


def commit(store: Store, *changes: PatternChange) -> None:
    store.ledger.commit(Commit(at(hours=1), patterns=changes), None)


def approved(change: PatternChange, version: int) -> PatternChange:
    return replace(change, state=ChangeState.APPROVED, version=version, decided_by=9)


def test_what_is_proposed_waits_and_what_is_approved_makes_a_version_seen_by_everybody(
    store: Store, opened: Callable[[], Store]
) -> None:
    other = opened()
    assert store.view.patterns.version() == 0
    commit(store, proposed("one"))
    (waiting,) = other.view.patterns.waiting()
    assert replace(waiting, number=0, at=NOW) == proposed("one")
    assert other.view.patterns.made() == ()
    commit(store, approved(waiting, 1))
    assert (other.view.patterns.version(), other.view.patterns.waiting()) == (1, ())
    (made,) = other.view.patterns.made()
    assert (made.text, made.version, made.person, made.decided_by) == ("one", 1, 7, 9)
    assert made.decided_at == at(hours=1)


def test_a_change_is_decided_once_and_a_version_made_once(store: Store, url: str) -> None:
    commit(store, proposed("one"), proposed("two", "ke-other"))
    one, two = store.view.patterns.waiting()
    commit(store, approved(one, 1))
    for again in (approved(one, 2), replace(one, state=ChangeState.REFUSED), approved(two, 1), approved(two, 3)):
        with pytest.raises(LostRace):
            commit(store, again)
    assert store.view.patterns.version() == 1
    commit(store, replace(two, state=ChangeState.REFUSED))
    assert store.view.patterns.waiting() == ()
    assert [change.text for change in store.view.patterns.made()] == ["one"]
    assert rows(url, "SELECT text FROM pattern ORDER BY id") == [("one",), ("",)], "what is refused is not kept"


def test_a_later_proposal_of_the_same_party_for_the_same_scheme_takes_the_place_of_the_earlier(store: Store) -> None:
    commit(store, proposed("one"))
    commit(store, proposed("other", "ke-other"))
    commit(store, proposed("of another Party", actor=SE))
    commit(store, proposed("two"))
    assert [change.text for change in store.view.patterns.waiting()] == ["other", "of another Party", "two"]


def test_gateways_on_one_database_take_a_change_over_at_the_next_mail_and_give_it_back(
    store: Store, opened: Callable[[], Store], tmp_path: Path
) -> None:
    """Each has its own library in memory; nobody starts anything anew."""

    def verdict(live: LiveLibrary, view: View) -> str:
        return live(view).verdicts([Uim("KESTAMP87654321")], NOW)[0].kind.value

    def both() -> list[str]:
        return [verdict(live, one.view) for live, one in zip(lives, stores, strict=True)]

    stores = [store, opened()]
    operator = Patterns(stores[0], SHIPPED, lambda: NOW)
    lives = [operator.live, LiveLibrary(SHIPPED)]
    assert both() == ["unknown", "unknown"]
    version, found = operator.bring(stamp())
    assert (version, [one.id for one in found.schemes]) == (1, ["ke-stamp"])
    assert both() == ["sure", "sure"]
    with store.view.snapshot() as before:
        assert verdict(lives[0], before) == "sure"
        assert operator.revert(1) == (2, ("ke-stamp",))
        assert verdict(lives[0], before) == "sure", "a mail that is being worked on sees one library"
    assert both() == ["unknown", "unknown"]
    kinds = [link.fields["kind"] for link in store.seals.links()]
    assert kinds == [EventKind.PATTERN_APPROVED.value, EventKind.PATTERN_REVERTED.value]
    assert [row[0] for row in operator.history()] == ["1", "2"]
    assert list(operator.difference()) == []
    assert operator.export(tmp_path) == len(SHIPPED)


def test_a_change_that_no_longer_fits_what_is_shipped_is_left_out_and_the_gateway_works_on(store: Store) -> None:
    Patterns(store, SHIPPED, lambda: NOW).bring(stamp())
    without_kenya = {**SHIPPED, "_parties.yaml": SHIPPED["_parties.yaml"].replace('iso2: "KE"', 'iso2: "UG"')}
    operator = Patterns(store, without_kenya, lambda: NOW)
    codes = [Uim("KESTAMP87654321"), Uim("QCALL12345678")]
    assert [one.kind.value for one in operator.live(store.view).verdicts(codes, NOW)] == ["unknown", "sure"]
    assert operator.problems()


def test_two_numbers_are_asked_for_where_the_library_has_not_changed(store: Store) -> None:
    class Counting:
        asked = 0

        def state(self) -> tuple[int, int]:
            self.asked += 1
            return 0, 0

        def version(self) -> int:
            raise AssertionError

        def doubts(self) -> tuple[Doubt, ...]:
            raise AssertionError("what is held against patterns is read where it is something else only")

        def made(self) -> tuple[PatternChange, ...]:
            raise AssertionError("the changes are read where the version is another one only")

        waiting = made

        def proposed_since(self, party: PartyCode, since: datetime) -> int:
            raise AssertionError

    live, counting = LiveLibrary(SHIPPED), Counting()
    consulted = Consulted(live, counting)
    assert consulted.canonical("(01)1") == "011"
    assert counting.asked == 0, "a mail without UIMs asks nothing"
    for _ in range(3):
        consulted.verdicts([Uim("QCALL12345678")], NOW)
    assert counting.asked == 1
