"""What the clock brings: reminders, escalation, expiry, closing, mail that waited for a usable key, warnings of keys
that will expire, and registrations that nobody answered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from gateway.events import ExchangeView, Keep
from gateway.facts import NO_PARTY, Moment, Pending, PublicKey, ReferralNumber
from gateway.forms._registration import ended
from gateway.nominations import Nominations
from gateway.outcome import LostRace
from gateway.pipeline import Pipeline
from gateway.ports import Keyed, Policy
from gateway.rules import exchange as rules
from gateway.rules import expiry
from gateway.schedule import apart
from gateway.store import Store
from gateway.treaty import Side


class Upkeep:
    """Idempotent: what is due is read from the ledger, and its mails have the same Message-IDs each time."""

    def __init__(
        self,
        store: Store,
        pipeline: Pipeline,
        keyed: Keyed,
        policy: Policy,
        clock: Callable[[], datetime],
        own_keys: Callable[[], Sequence[PublicKey]],
    ) -> None:
        self._store = store
        self._pipeline = pipeline
        self._keyed = keyed
        self._policy = policy
        self._clock = clock
        self._own_keys = own_keys
        self._nominations = Nominations(store, pipeline, policy, clock)

    def run(self) -> None:
        """Everything that is due now. A lost race, and what a defect stops, is left for the next tick."""
        now = self._clock()
        for exchange in self._store.view.open_exchanges():
            for referral in exchange.referrals:
                apart(partial(self._referral, referral.number, now))
            apart(partial(self._close, exchange, now))
        for keep in self._store.view.waiting():
            apart(partial(self._resume, keep, now))
        for pending in self._store.view.all_pending():
            if pending.expires <= now:
                apart(partial(self._end, pending, now))

    def _resume(self, keep: Keep, now: datetime) -> None:
        if self._can_go(keep, now):
            self._pipeline.resume(keep, ReferralNumber(keep.exchange, keep.party))

    def _end(self, pending: Pending, now: datetime) -> None:
        decision = ended(pending, self._store.view, now)
        self._carry(lambda: self._pipeline.carry_out(decision, Moment(now), f"registration {pending.id} ended"))

    def warn(self) -> None:
        """Warns of every key that will expire, our own ones too; each warning is given once, as the record says.

        And sends what is due for the directory.
        """
        apart(self._nominations.run)
        now = self._clock()
        within = timedelta(days=max(expiry.DAYS))
        own = [
            (key.scheme, key.fingerprint, NO_PARTY, 0, key.usable_until)
            for key in self._own_keys()
            if key.usable_until is not None and now < key.usable_until <= now + within
        ]
        for ending in (*self._store.expiry.ending(now, within), *own):
            key = expiry.EndingKey(*ending)
            key = replace(key, warned=self._store.expiry.last_warning(key.mark))
            days = expiry.due(key, now)
            if days is not None:
                apart(partial(self._warn, key, days, now))

    def _warn(self, key: expiry.EndingKey, days: int, now: datetime) -> None:
        decision = expiry.warn(key, days, self._store.view, now)
        self._carry(lambda: self._pipeline.carry_out(decision, Moment(now), f"key {key.mark} {days}"))

    def _referral(self, number: ReferralNumber, now: datetime) -> None:
        view = self._store.view
        exchange = view.exchange(number.exchange)  # anew: the referral before it may have changed it
        referral = exchange.referral(number.party) if exchange else None
        what = rules.due(referral, now, self._policy) if referral else None
        if what is None or exchange is None or referral is None:
            return
        decision = rules.carry_out(what, view, self._keyed, self._policy, exchange, referral, now)
        cause = f"{what} {number} {referral.reminders} {referral.last_activity.isoformat()}"
        self._carry(lambda: self._pipeline.remind(decision, number, Moment(now), cause))

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
