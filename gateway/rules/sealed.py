"""Sealed mail (exchange.md, 4): the address that one side of a referral writes to, and what its letters say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from gateway.content import ClearValue
from gateway.facts import PartyCode, ReferralNumber
from gateway.letters import Evidence
from gateway.ports import Keyed, Policy
from gateway.treaty import Side


@dataclass(frozen=True, slots=True, repr=False)
class SealedReceipt(ClearValue):
    """To the sender of a sealed mail: it was passed on unopened, and what we therefore cannot say."""

    TEMPLATE: ClassVar[str] = "sealed_receipt"
    number: ReferralNumber
    reader: PartyCode
    uims: int  # 0: undeclared
    evidence: Evidence
    opened: bool  # it began an exchange


@dataclass(frozen=True, slots=True, repr=False)
class SealedArrival(ClearValue):
    """To a desk: a sealed mail comes by itself; whom it is from, and how to answer it. The writer's keys are files."""

    TEMPLATE: ClassVar[str] = "sealed_arrival"
    number: ReferralNumber
    asking: PartyCode
    writer: str
    box: str  # the sealed address for the answer
    keys: tuple[str, ...]  # names of the files
    evidence: Evidence


@dataclass(frozen=True, slots=True, repr=False)
class SealedAnswer(ClearValue):
    """To who asked: the first sealed answer comes by itself; whom it is from. The survey stands below."""

    TEMPLATE: ClassVar[str] = "sealed_answer"
    number: ReferralNumber
    party: PartyCode
    writer: str
    keys: tuple[str, ...]  # names of the files with the writer's keys
    evidence: Evidence


def sealed_box(keyed: Keyed, policy: Policy, referral: ReferralNumber, side: Side, party: PartyCode) -> tuple[str, str]:
    """The address at which one side of a referral writes sealed mail to a Party; and the subject's tag, where the
    mail system has no sub-addresses to hold the token."""
    token = keyed.token(referral, side)
    if policy.subaddress:
        return f"{party.lower()}+{token}@{policy.domain}", ""
    return f"{party.lower()}@{policy.domain}", f"[{referral} {token}]"
