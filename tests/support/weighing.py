"""What is held against a pattern, reckoned month by month: the store has one statement for it, which must agree."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from gateway.rules.experience import MOST, WHOLE, Weight, concluded


@dataclass(frozen=True, slots=True)
class Tried:
    """How the UIMs of one pattern were answered, of those that one Party asked in one month."""

    asking: str
    valid: int = 0
    not_valid: int = 0
    not_ours: int = 0

    @property
    def answers(self) -> int:
        """How many UIMs were judged."""
        return self.valid + self.not_valid + self.not_ours


def weigh(tried: Iterable[Tried]) -> Weight:
    """What the answers of the months looked back upon mean; the order of these does not matter."""
    judged = [one for one in tried if one.answers]
    answers = sum(min(one.answers, MOST) for one in judged)
    not_ours = sum(one.not_ours * WHOLE * min(one.answers, MOST) // one.answers for one in judged)
    return concluded(answers, not_ours, len({one.asking for one in judged}))
