"""What the clock brings: reminders, escalation, expiry, closing, and mail that waited for a usable key."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from gateway.facts import ExchangeView, Keep, Moment, ReferralNumber
from gateway.outcome import LostRace
from gateway.pipeline import Pipeline
from gateway.ports import Keyed, Policy
from gateway.rules import exchange as rules
from gateway.store import Store
from gateway.treaty import Side


class Upkeep:
    """Idempotent: what is due is read from the ledger, and its mails have the same Message-IDs each time."""

    def __init__(
        self, store: Store, pipeline: Pipeline, keyed: Keyed, policy: Policy, clock: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._pipeline = pipeline
        self._keyed = keyed
        self._policy = policy
        self._clock = clock

    def run(self) -> None:
        """Everything that is due now. A lost race is left for the next tick."""
        now = self._clock()
        for exchange in self._store.view.open_exchanges():
            for referral in exchange.referrals:
                self._referral(referral.number, now)
            self._close(exchange, now)
        for keep in self._store.view.waiting():
            if self._can_go(keep, now):
                self._pipeline.resume(keep, ReferralNumber(keep.exchange, keep.party))

    def _referral(self, number: ReferralNumber, now: datetime) -> None:
        view = self._store.view
        exchange = view.exchange(number.exchange)  # anew: the referral before it may have changed it
        referral = exchange.referral(number.party) if exchange else None
        what = rules.due(referral, now, self._policy) if referral else None
        if what is None or exchange is None or referral is None:
            return
        decision = rules.carry_out(what, view, self._keyed, self._policy, exchange, referral, now)
        cause = f"{what} {number} {referral.reminders} {referral.last_activity.isoformat()}"
        self._carry(lambda: self._pipeline.carry_out(decision, Moment(now), cause))

    def _close(self, seen: ExchangeView, now: datetime) -> None:
        exchange = self._store.view.exchange(seen.number)
        if exchange is None or not rules.closes(exchange, now, self._policy):
            return
        if any(keep.exchange == exchange.number for keep in self._store.view.waiting()):
            return  # closing deletes what is kept: an answer that waits for a key must go out first
        decision = rules.close(self._store.view, self._policy, exchange, now)
        self._carry(lambda: self._pipeline.carry_out(decision, Moment(now), f"close {exchange.number}"))

    def _can_go(self, keep: Keep, now: datetime) -> bool:
        view = self._store.view
        if keep.side is Side.ASKING:
            reader = view.desk(keep.party, now)
        else:
            exchange = view.exchange(keep.exchange)
            reader = rules.requester(view, exchange, now) if exchange else None
        return reader is not None and reader.key is not None

    @staticmethod
    def _carry(step: Callable[[], None]) -> None:
        try:
            step()
        except LostRace:
            return
