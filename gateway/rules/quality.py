"""The survey of R11 as numbers: its questions, how an evaluation is kept, and what is computed of many (R22)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum

from gateway.figures import YES, Counts, Quality, Question, ratio
from gateway.treaty import NoDataReason, Side

BEST = 5  # of a scale that begins at 1


# In this order their answers are kept: a further question is added at the end, and none is ever taken away.
QUESTIONS: Mapping[Side, tuple[Question, ...]] = {
    Side.ASKING: (Question.USEFUL, Question.COMPLETE, Question.IN_TIME, Question.REASON_CLEAR),
    Side.ANSWERING: (
        Question.RIGHT_PARTY,
        Question.DUPLICATE,
        Question.CLEAR,
        Question.IDENTIFIED,
        Question.JUSTIFIED,
    ),
}
NO = 2
ANSWERS = {"yes": YES, "no": NO} | {str(mark): mark for mark in range(1, BEST + 1)}
REASONS = tuple(NoDataReason)  # the count of `EventKind.NO_DATA` is the place in it, from 1; 0: no reason was given


def packed(answers: Mapping[str, str], side: Side) -> int:
    """An evaluation as one number: a decimal digit a question of that side, the first one lowest, 0 where skipped.

    `answers` by the name of the question: `yes`, `no`, or a mark from `1` to `5`; anything else is passed over.
    """
    questions = QUESTIONS[side]
    return sum(ANSWERS.get(answers.get(question, ""), 0) * 10**place for place, question in enumerate(questions))


def unpacked(count: int, side: Side) -> dict[Question, int]:
    """The answers in such a number, without those that were skipped."""
    digits = ((question, count // 10**place % 10) for place, question in enumerate(QUESTIONS[side]))
    return {question: digit for question, digit in digits if digit}


def own(quality: Quality, side: Side) -> Quality:
    """What a Party may see of its own part: of the survey what that side, its own, has marked, and nothing more."""
    marked = {question: marks for question, marks in quality.survey.items() if question in QUESTIONS[side]}
    return replace(quality, survey=marked, evaluations={side: quality.evaluations.get(side, 0)})


class Unit(StrEnum):
    """What a criterion is counted in."""

    SHARE = "share"  # from 0 to 1
    MARK = "mark"  # from 1 to 5, the best
    HOURS = "hours"
    COUNT = "count"


@dataclass(frozen=True, slots=True)
class Criterion:
    """One qualitative criterion (R22). `value` None: there is nothing to compute it from; `of`: on how many it rests.

    `threshold` None: no threshold is agreed. The mission states thresholds for R21 only.
    """

    name: str
    unit: Unit
    value: float | None
    of: int
    threshold: float | None = None


def criteria(quality: Quality, counts: Counts, median: timedelta | None) -> Iterator[Criterion]:
    """The criteria of R22: of requests, then of replies; what the record knows, then what the survey says.

    `counts` and `median` (of the time to answer) are the figures of R10 for the same period and Parties.
    """
    right = ratio(quality.judged - quality.not_ours, quality.judged)
    yield Criterion("right recipient at first try", Unit.SHARE, right, quality.judged)
    again = ratio(quality.repeated, counts.uims)
    yield Criterion("UIMs asked before by the same Party", Unit.SHARE, again, counts.uims)
    lines = (quality.malformed or 0) + counts.uims
    yield Criterion("malformed lines in requests", Unit.SHARE, ratio(quality.malformed, lines), lines)
    yield from (_of_survey(quality, question) for question in QUESTIONS[Side.ANSWERING])
    yield Criterion("requests left without action", Unit.COUNT, counts.unread, counts.requests)
    for name, time in (("mean time to answer", counts.mean), ("median time to answer", median)):
        hours = None if time is None else time / timedelta(hours=1)
        yield Criterion(name, Unit.HOURS, hours, counts.answered)
    without = sum(quality.reasons.values())
    for reason in (*REASONS, None):
        name = f"no data: {reason or 'no reason given'}"
        yield Criterion(name, Unit.COUNT, quality.reasons.get(reason, 0), without)
    yield from (_of_survey(quality, question) for question in QUESTIONS[Side.ASKING])


_NAMES = {
    Question.USEFUL: "answers: usefulness",
    Question.COMPLETE: "answers called complete",
    Question.IN_TIME: "answers called in time",
    Question.REASON_CLEAR: "answers whose reason for missing data was clear",
    Question.RIGHT_PARTY: "requests called rightly addressed",
    Question.DUPLICATE: "requests called duplicate",
    Question.CLEAR: "requests called clear",
    Question.IDENTIFIED: "requests whose UIMs were identified",
    Question.JUSTIFIED: "requests whose justification was given",
}


def _of_survey(quality: Quality, question: Question) -> Criterion:
    if question is Question.USEFUL:
        return Criterion(_NAMES[question], Unit.MARK, quality.mark(question), quality.asked(question))
    return Criterion(_NAMES[question], Unit.SHARE, quality.share(question), quality.asked(question))
