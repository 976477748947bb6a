"""The survey in letters (R11): the form that a side gets, what its evaluation is answered with, and the end of all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from gateway.content import ClearValue, FilledForm, Finding
from gateway.events import Event, EventKind, UimFact
from gateway.facts import Digest, ExchangeNumber, PartyCode, ReferralNumber
from gateway.letters import Evidence
from gateway.rules.quality import QUESTIONS, REASONS
from gateway.treaty import NoDataReason, Side, UimAnswer


def survey_form(number: ReferralNumber, side: Side) -> FilledForm:
    """The evaluation for one side: its own questions only, and for who asked whether the exchange may be closed."""
    own = dict.fromkeys(map(str, QUESTIONS[side]), "")
    return FilledForm("evaluation", {"exchange": str(number), **own, **({"close": ""} if side is Side.ASKING else {})})


def quality_events(
    number: ReferralNumber, reason: str, before: Mapping[Digest, UimAnswer], facts: Iterable[UimFact]
) -> tuple[Event, ...]:
    """What the statistics of quality need of an answer: UIMs newly called "not ours", and why data are not given.

    `reason` as the reply gives it, "" where it gives none; `before`: what was answered until then.
    """
    new = [fact.answer for fact in facts if before.get(fact.digest) is not fact.answer]
    place = REASONS.index(NoDataReason(reason)) + 1 if reason in set(NoDataReason) else 0
    counts = []
    if UimAnswer.NOT_OURS in new:
        counts.append((EventKind.UIMS_NOT_OURS, new.count(UimAnswer.NOT_OURS)))
    if place or UimAnswer.WITHHELD in new:
        counts.append((EventKind.NO_DATA, place))
    return tuple(Event(kind, number.exchange, number.party, actor=number.party, count=count) for kind, count in counts)


class Ending(StrEnum):
    """What an evaluation made of its exchange."""

    CLOSED = "closed"
    BEFORE = "closed before"
    OTHER_SIDE = "other side"  # the asked Party's evaluation closes nothing
    KEPT_OPEN = "kept open"  # as its writer wants
    PENDING = "pending"  # Parties have yet to answer
    WAITING = "waiting"  # a mail to the requester waits for a usable key


@dataclass(frozen=True, slots=True, repr=False)
class Evaluated(ClearValue):
    """To who sent an evaluation: what was counted, and what became of the exchange."""

    TEMPLATE: ClassVar[str] = "evaluated"
    number: ReferralNumber
    recorded: int  # questions that were answered
    ending: Ending
    evidence: Evidence
    pending: tuple[PartyCode, ...] = ()
    again: bool = False  # it takes the place of an earlier one of the same side
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Ended(ClearValue):
    """To a desk that has yet to answer, or to the requester: the asking Party has closed the exchange."""

    TEMPLATE: ClassVar[str] = "ended"
    number: ExchangeNumber
    asking: PartyCode
    at: datetime
    to_desk: bool
