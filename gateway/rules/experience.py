"""What answers say of a pattern: what often comes back as "not ours" loses rank (docs/decisions/0011). Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction

from gateway.figures import MIN_GROUP
from gateway.treaty import UimAnswer

MONTHS = 12  # so many months, the present one among them, are looked back upon
MOST = 10  # answers to what one Party asked in one month count as so many at most
ENOUGH = 10  # answers, so counted, below which nothing changes
OFTEN = Fraction(1, 2)  # above this share of "not ours" the officer is asked to confirm
WHOLE = 1_000_000  # parts of an answer, in which sums of weighed answers are told: whole numbers for every database
POINTS = 20  # of rank, the most that a pattern can lose
# An answer that judges a UIM; the others say nothing of who answers for it.
JUDGED = frozenset({UimAnswer.VALID, UimAnswer.NOT_VALID, UimAnswer.NOT_OURS})


@dataclass(frozen=True, slots=True)
class Weight:
    """What follows for the pattern; as in `events.Doubt`."""

    loss: int = 0
    asks: bool = False
    share: int = 0


def month_of(at: datetime) -> int:
    """The month of an instant (UTC) as one number; the next month has the next one."""
    moment = at.astimezone(UTC)
    return moment.year * 12 + moment.month - 1


def concluded(answers: int, not_ours: int, parties: int) -> Weight:
    """What sums of the months looked back upon mean: `not_ours` in millionths of an answer (WHOLE is one).

    What one Party asked in one month was added as MOST answers at most, so that no single seizure decides for a year.
    """
    if answers < ENOUGH:
        return Weight()
    tenths = 10 * not_ours // (answers * WHOLE)
    told = parties > MIN_GROUP  # so many beside the Party that reads it
    return Weight(POINTS * tenths // 10, not_ours > OFTEN * answers * WHOLE, 10 * tenths if told else 0)
