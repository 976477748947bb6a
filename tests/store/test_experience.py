"""Answers counted by pattern: each UIM once, as it stands, in no row that names it; the same as a slow count finds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import count

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.events import Event, EventKind, Pattern, UimFact
from gateway.facts import Digest, ExchangeNumber, PartyCode, digest
from gateway.rules.experience import JUDGED, MONTHS, Weight, month_of
from gateway.store import Store
from gateway.treaty import UimAnswer
from tests.store.made import FR, KE, NOW, SE, at, facts, of, rows, token_digest_of, uim, write
from tests.support.weighing import Tried, weigh

A, B = (Pattern(name, digest(name.encode()), 7) for name in ("se-one", "se-two"))
ANSWERS = VALID, NOT_VALID, NOT_OURS = UimAnswer.VALID, UimAnswer.NOT_VALID, UimAnswer.NOT_OURS


def ask(store: Store, serial: int, many: int, asking: PartyCode = KE, when: datetime = NOW) -> ExchangeNumber:
    """A request of so many UIMs to Sweden."""
    number = ExchangeNumber(2026, serial)
    opened = Event(EventKind.EXCHANGE_OPENED, number, person=7, actor=asking, count=many)
    write(store, opened, of(EventKind.REFERRAL_SENT, SE, number=number, uims=facts(*range(many))), when=when)
    return number


def reply(store: Store, number: ExchangeNumber, said: dict[int, UimAnswer], by: Pattern | None = A,
          when: datetime = NOW) -> None:  # fmt: skip
    told = tuple(UimFact(uim(one), answer, by) for one, answer in said.items())
    write(store, of(EventKind.ANSWER_RECEIVED, SE, number=number, actor=SE, uims=told), when=when)


def counted(store: Store, when: datetime = NOW) -> dict[tuple[str, Digest], tuple[int, int, int, int]]:
    found = store.experience.quality(when)
    return {(one.scheme, one.mark): (one.asking, one.valid, one.not_valid, one.not_ours) for one in found}


def test_a_uim_counts_once_and_as_it_was_answered_last(store: Store) -> None:
    number = ask(store, 1, 4)
    reply(store, number, {0: VALID, 1: NOT_VALID, 2: NOT_OURS, 3: UimAnswer.UNDER_INQUIRY})
    assert counted(store) == {("se-one", A.mark): (1, 1, 1, 1)}
    for _ in range(2):  # the same reply once more, as a client sends it
        reply(store, number, {0: VALID, 2: VALID, 3: VALID}, when=at(hours=1))
        assert counted(store) == {("se-one", A.mark): (1, 3, 1, 0)}
    reply(store, number, {0: UimAnswer.WITHHELD}, when=at(hours=2))
    reply(store, number, {0: NOT_OURS}, when=at(hours=3))
    assert counted(store) == {("se-one", A.mark): (1, 2, 1, 1)}


def test_a_correction_moves_the_count_into_the_month_in_which_it_was_made(store: Store, url: str) -> None:
    number = ask(store, 1, 2)
    reply(store, number, {0: NOT_OURS, 1: NOT_OURS})
    later = NOW.replace(month=5)
    reply(store, number, {0: VALID}, when=later)
    found = rows(url, "SELECT month, valid, not_ours FROM experience ORDER BY month")
    assert [tuple(row) for row in found] == [(month_of(NOW), 0, 1), (month_of(later), 1, 0)]
    assert counted(store, NOW.replace(year=2027, month=4)) == {("se-one", A.mark): (1, 1, 0, 0)}


def test_where_the_library_changed_in_between_the_earlier_count_stays_and_nothing_counts_twice(store: Store) -> None:
    number = ask(store, 1, 2)
    reply(store, number, {0: NOT_OURS})
    newer = Pattern("se-one", digest(b"changed"), 8)
    reply(store, number, {0: VALID, 1: VALID}, newer)
    assert counted(store) == {("se-one", A.mark): (1, 0, 0, 1), ("se-one", newer.mark): (1, 1, 0, 0)}
    reply(store, number, {0: NOT_OURS}, None)
    assert counted(store)["se-one", A.mark] == (1, 0, 0, 1)


def test_what_follows_is_written_with_the_answer_and_seen_by_every_gateway(
    store: Store, opened: Callable[[], Store], url: str
) -> None:
    other = opened()
    assert (other.view.patterns.state(), other.view.patterns.doubts()) == ((0, 0), ())
    number = ask(store, 1, 12)
    reply(store, number, dict.fromkeys(range(9), NOT_OURS))
    assert other.view.patterns.state() == (0, 0), "few say little"
    reply(store, number, {9: NOT_OURS})
    assert other.view.patterns.state() == (0, 1)
    (doubt,) = other.view.patterns.doubts()
    assert (doubt.scheme, doubt.mark, doubt.party, doubt.loss, doubt.asks, doubt.share) == (
        "se-one", A.mark, SE, 20, True, 0,
    )  # fmt: skip
    assert doubt.at == NOW
    reply(store, ask(store, 2, 10, FR), dict.fromkeys(range(10), VALID))
    (doubt,) = other.view.patterns.doubts()
    assert (doubt.number, doubt.loss, doubt.asks) == (2, 10, False)
    assert counted(store)["se-one", A.mark] == (2, 10, 0, 10)
    events = rows(url, f"SELECT party, count, digest, serial FROM event WHERE kind = '{EventKind.PATTERN_WEIGHED}'")
    assert [tuple(row) for row in events] == [("SE", 20, A.mark, 0), ("SE", 10, A.mark, 0)]


def test_a_year_is_looked_back_upon_and_a_large_list_weighs_as_ten(store: Store) -> None:
    large = ask(store, 1, 30)
    reply(store, large, dict.fromkeys(range(30), NOT_OURS))
    reply(store, large, {0: NOT_OURS}, when=NOW.replace(year=2027))
    assert counted(store, NOW.replace(month=4)) == {("se-one", A.mark): (1, 0, 0, 30)}, (
        "said again it stays in its month"
    )
    assert counted(store, NOW.replace(year=2027)) == {("se-one", A.mark): (0, 0, 0, 0)}, "but for what is held"
    others = ask(store, 2, 30, FR)
    reply(store, others, dict.fromkeys(range(10), VALID), when=NOW.replace(year=2027, month=2))
    (doubt,) = store.view.patterns.doubts()
    assert (doubt.loss, doubt.asks) == (10, False), "ten of the thirty, beside ten that are valid"
    reply(store, others, {10: VALID}, when=NOW.replace(year=2027, month=3))
    (doubt,) = store.view.patterns.doubts()
    assert (doubt.loss, doubt.asks) == (0, False), "a year later they do not count"


def test_no_row_names_a_uim_or_a_referral_with_its_pattern(store: Store, url: str) -> None:
    number = ask(store, 1, 2)
    reply(store, number, {0: VALID})
    reply(store, number, {1: VALID}, B)
    kept = {tuple(row) for row in rows(url, "SELECT counted_in, counted_by FROM uim")}
    assert kept == {(month_of(NOW), 7)}, "of both the same, whatever pattern they have"
    (names,) = [set(row._mapping) for row in rows(url, "SELECT * FROM experience LIMIT 1")]
    assert names == {"scheme", "mark", "month", "asking", "asked", "valid", "not_valid", "not_ours"}


STEPS = st.lists(
    st.tuples(
        st.integers(0, 2),  # which request
        st.dictionaries(st.integers(0, 4), st.sampled_from(UimAnswer), max_size=5),
        st.integers(0, 14),  # months later
        st.sampled_from((7, 7, 7, 8)),  # the library
    ),
    max_size=12,
)


Place = tuple[str, int, int, PartyCode, UimAnswer]  # scheme, library, month, who asked, answer


class Slow:
    """Where each UIM is counted, found by going through its answers one by one. Even UIMs are of one scheme."""

    def __init__(self, name: str) -> None:
        self.schemes = f"{name}-even", f"{name}-odd"
        self.places: dict[tuple[int, int], Place | None] = {}
        self.answers: dict[tuple[int, int], UimAnswer] = {}

    def pattern(self, one: int, library: int) -> Pattern:
        scheme = self.schemes[one % 2]
        return Pattern(scheme, digest(f"{scheme} {library}".encode()), library)

    def told(self, request: int, said: dict[int, UimAnswer], library: int, month: int) -> None:
        for one, answer in said.items():
            key, before = (request, one), self.places.get((request, one))
            if answer is not self.answers.get(key, UimAnswer.PENDING) and (before is None or before[1] == library):
                place = (self.schemes[one % 2], library, month, ASKING[request], answer)
                self.places[key] = place if answer in JUDGED else None
            self.answers[key] = answer

    def lately(self, month: int) -> dict[tuple[str, Digest], list[tuple[int, PartyCode, UimAnswer]]]:
        found: dict[tuple[str, Digest], list[tuple[int, PartyCode, UimAnswer]]] = {}
        for place in self.places.values():
            if place and place[2] > month - MONTHS:
                scheme, library, when, party, answer = place
                found.setdefault((scheme, digest(f"{scheme} {library}".encode())), []).append((when, party, answer))
        return found


ASKING = (KE, FR, KE)


@pytest.fixture(scope="module")
def in_memory() -> Iterator[tuple[Store, Iterator[int]]]:
    """One store for all examples, and numbers for what each of them calls its own."""
    store = Store("sqlite:///:memory:", token_digest_of)
    yield store, count(1)
    store.close()


@settings(max_examples=25)
@given(STEPS)
def test_the_sums_are_what_a_slow_count_of_every_answer_finds(
    in_memory: tuple[Store, Iterator[int]], steps: list[tuple[int, dict[int, UimAnswer], int, int]]
) -> None:
    store, numbers = in_memory
    example = next(numbers)
    slow, clock = Slow(f"{example}"), NOW
    asked = [ask(store, 3 * example + place, 5, party) for place, party in enumerate(ASKING)]
    for request, said, months, library in sorted(steps, key=lambda step: step[2]):
        since = NOW.month - 1 + months
        clock = NOW.replace(year=NOW.year + since // 12, month=since % 12 + 1)
        told = tuple(UimFact(uim(one), answer, slow.pattern(one, library)) for one, answer in said.items())
        write(store, of(EventKind.ANSWER_RECEIVED, SE, number=asked[request], actor=SE, uims=told), when=clock)
        slow.told(request, said, library, month_of(clock))
    wanted = slow.lately(month_of(clock))
    found = {(one.scheme, one.mark): one for one in store.experience.quality(clock) if one.scheme in slow.schemes}
    assert found.keys() == wanted.keys()
    for pattern, places in wanted.items():
        one, cells = found[pattern], Counter(places)
        assert (one.valid, one.not_valid, one.not_ours) == tuple(
            sum(answer is wished for _, _, answer in places) for wished in ANSWERS
        )
        asking = {(month, party) for month, party, _ in places}
        assert one.asking == len({party for _, party in asking})
        tried = [Tried(party, *(cells[month, party, answer] for answer in ANSWERS)) for month, party in asking]
        held = one.doubt
        if not any(months for _, _, months, _ in steps):  # else months may have passed since its last answer
            assert weigh(tried) == (Weight(held.loss, held.asks, held.share) if held else Weight())
