"""The figures of quality: the same as a slow count over the events, for every Party and pair, on both databases."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, timedelta

import pytest

from gateway.events import Event, EventKind
from gateway.facts import NO_PARTY, ExchangeNumber, PartyCode
from gateway.figures import YES, Period, Quality, Question
from gateway.rules.quality import NO, QUESTIONS, REASONS, packed
from gateway.store import Store
from gateway.store.tables import QUALITY_KINDS
from gateway.treaty import Side, UimAnswer
from tests.store.made import FR, KE, NOW, SE, at, facts, of, opening, rows, write

_K = EventKind
AT = PartyCode("AT")
PARTIES = (KE, SE, FR, AT)
Written = tuple[object, Event, PartyCode]  # when, what, who asks in its exchange


def history(seed: int) -> list[Written]:
    """Months of exchanges, as the forms record them."""
    chance, written = random.Random(seed), list[Written]()

    def note(day: float, asking: PartyCode, *events: Event) -> None:
        written.extend((at(days=day), event, asking) for event in events)

    for serial in range(1, 41):
        number, day = ExchangeNumber(2026, serial), chance.uniform(0, 90)
        asking, *others = chance.sample(PARTIES, 4)
        asked = others[: chance.randint(1, 3)]
        note(day, asking, Event(_K.EXCHANGE_OPENED, number, person=1, actor=asking, count=len(asked)))
        note(day, asking, *(of(_K.REFERRAL_SENT, party, number=number, uims=facts(serial)) for party in asked))
        for kind in (_K.UIMS_MALFORMED, _K.UIMS_REPEATED):
            if chance.random() < 0.4:
                note(day, asking, Event(kind, number, person=1, actor=asking, count=chance.randint(1, 9)))
        for party in asked:
            written.extend(_answered(chance, number, day, asking, party))
            written.extend(_evaluated(chance, number, day, asking, party))
    note(5, KE, Event(_K.UIMS_MALFORMED, None, person=1, actor=KE, count=3))  # nothing could be sent
    return sorted(written, key=lambda one: str(one[0]))


def _answered(
    chance: random.Random, number: ExchangeNumber, day: float, asking: PartyCode, party: PartyCode
) -> Iterator[Written]:
    if chance.random() < 0.3:
        return
    later = at(days=day + chance.uniform(0.1, 40))
    answer = chance.choice((UimAnswer.VALID, UimAnswer.NOT_OURS, UimAnswer.WITHHELD, UimAnswer.UNDER_INQUIRY))
    yield (
        later,
        of(_K.ANSWER_RECEIVED, party, number=number, actor=party, uims=facts(number.serial, answer=answer)),
        asking,
    )
    ending = {UimAnswer.VALID: _K.ANSWERED, UimAnswer.NOT_OURS: _K.RETURNED, UimAnswer.WITHHELD: _K.DECLINED}
    if answer in ending:
        yield later, Event(ending[answer], number, party, actor=party), asking
    if answer is UimAnswer.NOT_OURS:
        yield later, Event(_K.UIMS_NOT_OURS, number, party, actor=party, count=1), asking
    if answer is UimAnswer.WITHHELD:
        yield later, Event(_K.NO_DATA, number, party, actor=party, count=chance.randint(0, len(REASONS))), asking


def _evaluated(
    chance: random.Random, number: ExchangeNumber, day: float, asking: PartyCode, party: PartyCode
) -> Iterator[Written]:
    for side, actor in ((Side.ASKING, asking), (Side.ANSWERING, party)):
        for _ in range(chance.choice((0, 1, 1, 2))):
            words = {q: chance.choice(("", "yes", "no")) for q in QUESTIONS[side]}
            words |= {Question.USEFUL: chance.choice(("", "1", "2", "3", "4", "5"))} if side is Side.ASKING else {}
            if digits := packed(words, side):
                when = at(days=day + chance.uniform(1, 60))
                yield when, Event(_K.EVALUATED, number, party, 1, actor, digits), asking


def record(store: Store, written: Iterable[Written]) -> None:
    for when, event, _ in written:
        write(store, event, when=when)  # type: ignore[arg-type]


def slowly(written: list[Written], period: Period, asking: PartyCode, asked: PartyCode) -> Quality:
    """The same, counted one by one and obviously right."""
    until = [(when, event, by) for when, event, by in written if when < period.end]  # type: ignore[operator]
    fits = [(w, e, by) for w, e, by in until if (not asking or by == asking) and (not asked or e.party == asked)]
    inside = [(w, e) for w, e, _ in fits if w >= period.start]  # type: ignore[operator]
    sent = {(e.exchange, e.party) for _, e in inside if e.kind is _K.REFERRAL_SENT}
    ended = {(e.exchange, e.party) for _, e, _ in fits if e.kind in (_K.ANSWERED, _K.DECLINED, _K.RETURNED)}
    foreign = {(e.exchange, e.party) for _, e, _ in fits if e.kind is _K.UIMS_NOT_OURS}
    lines = {kind: sum(e.count for w, e, by in until if e.kind is kind and w >= period.start  # type: ignore[operator]
                       and (not asking or e.actor == asking) and not asked)
             for kind in (_K.UIMS_MALFORMED, _K.UIMS_REPEATED)}  # fmt: skip
    reasons = Counter(REASONS[e.count - 1] if e.count else None for _, e in inside if e.kind is _K.NO_DATA)
    latest: dict[object, tuple[object, Event]] = {}
    for when, event, _ in fits:
        if event.kind is _K.EVALUATED:
            latest[event.exchange, event.party, event.actor == event.party] = (when, event)
    survey: dict[Question, Counter[int]] = {}
    evaluations: Counter[Side] = Counter()
    for when, event in latest.values():
        if when >= period.start:  # type: ignore[operator]
            side = Side.ANSWERING if event.actor == event.party else Side.ASKING
            evaluations[side] += 1
            for digit, question in zip(reversed(f"{event.count:09}"), QUESTIONS[side], strict=False):
                if digit != "0":
                    survey.setdefault(question, Counter())[int(digit)] += 1
    return Quality(
        len(sent), len(sent & (ended | foreign)), len(sent & foreign),
        None if asked else lines[_K.UIMS_MALFORMED], None if asked else lines[_K.UIMS_REPEATED],
        dict(reasons), {q: dict(c) for q, c in survey.items()}, dict(evaluations),
    )  # fmt: skip


@pytest.mark.parametrize("seed", [1, 2])
def test_the_figures_are_those_of_a_slow_count(store: Store, seed: int) -> None:
    written = history(seed)
    record(store, written)
    chance = random.Random(seed)
    start = NOW.date()
    for _ in range(12):
        first = start + timedelta(days=chance.randint(-5, 90))
        period = Period(first, first + timedelta(days=chance.randint(0, 70)), chance.choice(("UTC", "Asia/Kolkata")))
        asking, asked = chance.choice((NO_PARTY, *PARTIES)), chance.choice((NO_PARTY, NO_PARTY, *PARTIES))
        assert store.quality.measure(period, asking, asked) == slowly(written, period, asking, asked)
    whole = Period(start, start + timedelta(days=200))
    everything = store.quality.measure(whole)
    assert everything == slowly(written, whole, NO_PARTY, NO_PARTY)
    assert everything.survey
    assert everything.reasons
    assert min(everything.not_ours, everything.malformed, everything.repeated) > 0
    assert everything.not_ours < everything.judged < everything.referrals
    merits = store.quality.merits(whole)
    for party in (NO_PARTY, *PARTIES):
        asks, asked = slowly(written, whole, party, NO_PARTY), slowly(written, whole, NO_PARTY, party)
        found, withheld = merits[party], sum(asked.reasons.values())
        assert (found.judged, found.not_ours, found.malformed, found.without_data) == (
            asks.judged, asks.not_ours, asks.malformed, withheld
        )  # fmt: skip
        assert (found.mark, found.marks) == (
            (None, 0) if party else (everything.mark(Question.USEFUL), everything.asked(Question.USEFUL))
        )


def test_nothing_happened_is_nothing_and_no_fault(store: Store) -> None:
    assert store.quality.measure(Period(date(2026, 1, 1), date(2026, 12, 31))) == Quality()


def test_what_two_parties_mark_does_not_change_the_figures_of_a_third(store: Store) -> None:
    period = Period(NOW.date(), NOW.date() + timedelta(days=30))
    write(store, *opening(ExchangeNumber(2026, 1), uims=[1], asked=[SE]))
    write(store, Event(_K.EVALUATED, ExchangeNumber(2026, 1), SE, 1, KE, 5), when=at(days=1))
    before = [store.quality.measure(period, *pair) for pair in ((KE, NO_PARTY), (NO_PARTY, SE), (KE, SE))]
    other = Event(_K.EXCHANGE_OPENED, ExchangeNumber(2026, 2), actor=FR, count=1)
    write(store, other, of(_K.REFERRAL_SENT, AT, number=ExchangeNumber(2026, 2), uims=facts(9)))
    write(store, Event(_K.EVALUATED, ExchangeNumber(2026, 2), AT, 1, FR, 1), when=at(days=1))
    write(store, Event(_K.UIMS_MALFORMED, None, person=1, actor=FR, count=3), when=at(days=1))
    after = [store.quality.measure(period, *pair) for pair in ((KE, NO_PARTY), (NO_PARTY, SE), (KE, SE))]
    assert before == after


def test_the_record_is_searched_by_its_index(store: Store, url: str) -> None:
    if store.is_sqlite:
        kinds = ", ".join(map(repr, QUALITY_KINDS))
        plan = rows(
            url, f"EXPLAIN QUERY PLAN SELECT count(*) FROM event WHERE kind IN ({kinds}) AND kind = 'evaluated'"
        )
        assert "ix_event_quality" in str(plan)


def test_yes_and_no_are_told_apart() -> None:
    quality = Quality(survey={Question.CLEAR: {YES: 3, NO: 1}, Question.USEFUL: {5: 1, 1: 1}})
    assert (quality.share(Question.CLEAR), quality.share(Question.CLEAR, NO)) == (0.75, 0.25)
    assert (quality.mark(Question.USEFUL), quality.mark(Question.COMPLETE)) == (3, None)


def test_the_kinds_of_the_index_are_those_of_the_record() -> None:
    assert {EventKind(kind) for kind in QUALITY_KINDS} == {
        _K.EVALUATED, _K.NO_DATA, _K.UIMS_MALFORMED, _K.UIMS_NOT_OURS, _K.UIMS_REPEATED,
    }  # fmt: skip
