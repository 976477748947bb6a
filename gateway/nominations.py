"""What the clock brings for the directory: reminders to nominate, and twice a year the question to confirm."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

from gateway.content import Decision
from gateway.directory import Standing
from gateway.facts import Moment
from gateway.outcome import LostRace
from gateway.pipeline import Pipeline
from gateway.ports import Policy
from gateway.rules import directory as rules
from gateway.schedule import apart
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
        now, policy = self._clock(), self._policy
        late: list[Standing] = []
        unconfirmed: list[Standing] = []
        for one in self._store.roster.standings():
            step = rules.nomination_step(one, now, policy.directory_days)
            if step == rules.TELL:
                late.append(one)
            elif step:
                apart(partial(self._nominate, one, step, now))
            step = rules.confirmation_step(one, now, policy.directory_months, policy.directory_days)
            if step == rules.TELL:
                unconfirmed.append(one)
            elif step:
                apart(partial(self._confirm, one, step, now))
        if late or unconfirmed:
            apart(partial(self._overdue, tuple(late), tuple(unconfirmed), now))

    def _nominate(self, one: Standing, step: int, now: datetime) -> None:
        cause = f"nominations {one.party} {one.open_since.isoformat()} {step}"
        self._carry(rules.nominate(one, self._store.view, now), now, cause)

    def _confirm(self, one: Standing, step: int, now: datetime) -> None:
        day = rules.asked_on(now, self._policy.directory_months)
        self._carry(
            rules.confirm(one, step, self._store.view, now), now, f"confirmation {one.party} {day.date()} {step}"
        )

    def _overdue(self, late: tuple[Standing, ...], unconfirmed: tuple[Standing, ...], now: datetime) -> None:
        parties = " ".join(one.party for one in (*late, *unconfirmed))
        self._carry(rules.overdue(late, unconfirmed, self._store.view, now), now, f"overdue {now.date()} {parties}")

    def _carry(self, decision: Decision, now: datetime, cause: str) -> None:
        try:
            self._pipeline.carry_out(decision, Moment(now), cause)
        except LostRace:
            return
