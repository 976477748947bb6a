"""What the clock brings for the directory: reminders to nominate, and twice a year the question to confirm."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from gateway.content import Decision
from gateway.directory import Standing
from gateway.facts import Moment
from gateway.outcome import LostRace
from gateway.pipeline import Pipeline
from gateway.ports import Policy
from gateway.rules import directory as rules
from gateway.store import Store


class Nominations:
    """Idempotent: what is due is read from the ledger, and each step is recorded with its mails."""

    def __init__(self, store: Store, pipeline: Pipeline, policy: Policy, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._pipeline = pipeline
        self._policy = policy
        self._clock = clock

    def run(self) -> None:
        """Everything that is due now; the Secretariat hears of all that is overdue in one mail."""
        now, view, policy = self._clock(), self._store.view, self._policy
        late: list[Standing] = []
        unconfirmed: list[Standing] = []
        for one in self._store.roster.standings():
            step = rules.nomination_step(one, now, policy.directory_days)
            if step == rules.TELL:
                late.append(one)
            elif step:
                cause = f"nominations {one.party} {one.open_since.isoformat()} {step}"
                self._carry(rules.nominate(one, view, now), now, cause)
            step = rules.confirmation_step(one, now, policy.directory_months, policy.directory_days)
            if step == rules.TELL:
                unconfirmed.append(one)
            elif step:
                day = rules.asked_on(now, policy.directory_months)
                cause = f"confirmation {one.party} {day.date()} {step}"
                self._carry(rules.confirm(one, step, view, now), now, cause)
        if late or unconfirmed:
            parties = " ".join(one.party for one in (*late, *unconfirmed))
            decision = rules.overdue(tuple(late), tuple(unconfirmed), view, now)
            self._carry(decision, now, f"overdue {now.date()} {parties}")

    def _carry(self, decision: Decision, now: datetime, cause: str) -> None:
        try:
            self._pipeline.carry_out(decision, Moment(now), cause)
        except LostRace:
            return
