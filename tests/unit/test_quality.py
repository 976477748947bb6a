"""The criteria of R22: computed where there is something to compute them from, and never with an invented threshold."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.facts import NO_PARTY, PartyCode
from gateway.figures import YES, Counts, Merits, Quality, Question
from gateway.rules import merits
from gateway.rules.quality import NO, QUESTIONS, Criterion, Unit, criteria, own, packed, unpacked
from gateway.treaty import NoDataReason, Side
from tests.support.rendering import languages

COUNTS = Counts(requests=10, uims=40, answered=4, seconds=4 * 7200, unread=3)
QUALITY = Quality(
    referrals=10, judged=8, not_ours=2, malformed=10, repeated=4,
    reasons={NoDataReason.NATIONAL_LAW: 2, None: 1},
    survey={Question.CLEAR: {YES: 3, NO: 1}, Question.USEFUL: {5: 1, 2: 1}},
    evaluations={Side.ASKING: 2, Side.ANSWERING: 4},
)  # fmt: skip


def found(quality: Quality, counts: Counts = COUNTS, median: timedelta | None = None) -> dict[str, Criterion]:
    return {one.name: one for one in criteria(quality, counts, median)}


def test_each_criterion_is_what_its_name_says() -> None:
    told = found(QUALITY, median=timedelta(minutes=90))
    assert {name: (one.value, one.of) for name, one in told.items() if one.value} == {
        "right recipient at first try": (0.75, 8),
        "UIMs asked before by the same Party": (0.1, 40),
        "malformed lines in requests": (0.2, 50),
        "requests called clear": (0.75, 4),
        "requests left without action": (3, 10),
        "mean time to answer": (2.0, 4),
        "median time to answer": (1.5, 4),
        "no data: not permitted by national law": (2, 3),
        "no data: no reason given": (1, 3),
        "answers: usefulness": (3.5, 2),
    }
    assert told["answers: usefulness"].unit is Unit.MARK


def test_where_nothing_is_known_nothing_is_said() -> None:
    told = found(Quality(), Counts())
    assert {one.value for one in told.values() if one.unit is not Unit.COUNT} == {None}
    assert {one.of for one in told.values()} == {0}


def test_no_threshold_is_invented() -> None:
    assert {one.threshold for one in criteria(QUALITY, COUNTS, None)} == {None}


def test_every_question_of_the_survey_is_a_criterion() -> None:
    for side, questions in QUESTIONS.items():
        for question in questions:
            told = found(Quality(survey={question: {1: 2}}))
            assert sum(one.of == 2 for one in told.values()) == 1, (side, question)


@pytest.mark.parametrize("side", list(Side))
def test_an_evaluation_is_one_number_of_digits_that_anybody_can_read(side: Side) -> None:
    words = {question: "yes" if place % 2 else "no" for place, question in enumerate(QUESTIONS[side])}
    number = packed(words, side)
    assert unpacked(number, side) == {question: YES if word == "yes" else NO for question, word in words.items()}
    digits = "".join("1" if place % 2 else "2" for place in range(len(QUESTIONS[side])))
    assert str(number) == digits[::-1]


def test_every_criterion_has_a_name_in_letters_but_for_those_that_are_figures_of_r10() -> None:
    without = {one.name for one in criteria(QUALITY, COUNTS, None) if one.name not in merits.LABELS}
    assert {name for name in without if not name.startswith("no data: ")} == {
        "requests left without action", "mean time to answer", "median time to answer",
    }  # fmt: skip


def told(language: str, quality: Quality) -> list[str]:
    catalogue = languages().catalogue(language)
    lines = merits.lines(quality, COUNTS)
    return [f"{catalogue.say(label)}: {catalogue.value(value)}" for label, value in lines]


def test_a_letter_says_of_each_criterion_on_what_it_rests() -> None:
    assert told("en", QUALITY) == [
        "Right recipient at first try: 75% (6 of 8)",
        "UIMs asked before by the same Party: 10% (4 of 40)",
        "Malformed lines in requests: 20% (10 of 50)",
        "Requests called clear: 75% (3 of 4)",
        "Usefulness of answers: 3.5 of 5 (2 marks)",
        "No data: not permitted by national law: 2",
        "No data: no reason given: 1",
    ]
    assert told("en", Quality()) == ["UIMs asked before by the same Party: 0% (0 of 40)",
                                     "Malformed lines in requests: 0% (0 of 40)"]  # fmt: skip


def test_of_the_survey_a_party_sees_what_its_side_marked() -> None:
    assert own(QUALITY, Side.ASKING).survey == {Question.USEFUL: {5: 1, 2: 1}}
    assert own(QUALITY, Side.ANSWERING).survey == {Question.CLEAR: {YES: 3, NO: 1}}
    assert own(QUALITY, Side.ANSWERING).evaluations == {Side.ANSWERING: 4}


def test_a_digest_has_rows_of_quality_only_where_there_is_something_to_tell() -> None:
    say = languages().catalogue("en").value
    shown = [(say(one.label), say(one.now), say(one.before)) for one in merits.figures_for(
        NO_PARTY, Merits(4, 1, 3, mark=4.25, marks=8), Merits(without_data=2))]  # fmt: skip
    assert shown == [
        ("Right recipient at first try", "75% (3 of 4)", "none"),
        ("Malformed lines in requests", "3", "0"),
        ("Answers without data", "0", "2"),
        ("Usefulness of answers", "4.2 of 5 (8 marks)", "none"),
    ]
    assert merits.figures_for(NO_PARTY, Merits(), Merits()) == ()
    assert len(merits.figures_for(PartyCode("KE"), Merits(4, mark=4.25, marks=8), Merits())) == 1
