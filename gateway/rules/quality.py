"""The survey of R11 as numbers: its questions, and how an evaluation is kept."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from gateway.treaty import NoDataReason, Side

BEST = 5  # of a scale that begins at 1


class Question(StrEnum):
    """What one side is asked about what the other side wrote (R11; the Secretariat's report, paragraph 39)."""

    USEFUL = "useful"
    COMPLETE = "complete"
    IN_TIME = "in_time"
    REASON_CLEAR = "reason_clear"
    RIGHT_PARTY = "right_party"
    DUPLICATE = "duplicate"
    CLEAR = "clear"
    IDENTIFIED = "identified"
    JUSTIFIED = "justified"


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
YES, NO = 1, 2
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
