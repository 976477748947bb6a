"""What waits for a person, in plain words: what happened, since when, what to do; and how it is settled."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from gateway.facts import Digest, ExchangeNumber, ReferralNumber
from gateway.outcome import REASONS, Answer, Taken
from gateway.pipeline import Pipeline
from gateway.store import Store
from gateway.store.outbox import Waiting
from gateway.treaty import ReferralState

# Nobody needs to act on a referral any more.
_ENDED = frozenset({ReferralState.ANSWERED, ReferralState.DECLINED, ReferralState.RETURNED, ReferralState.EXPIRED})


class Items:
    """The operator's list. Raises ValueError with a sentence that says what to do."""

    def __init__(self, store: Store, pipeline: Pipeline, clock: Callable[[], datetime]) -> None:
        self._items = store.items
        self._view = store.view
        self._outbox = store.outbox
        self._pipeline = pipeline
        self._clock = clock

    def rows(self) -> list[tuple[Any, ...]]:
        """Item, since, reason, what it concerns, what happened, what to do; oldest first."""
        return [
            (
                row["id"],
                row["at"].isoformat(timespec="seconds"),
                f"GSP-{row['reason']}",
                _concerns(row),
                self._happened(row),
                self._next(row),
            )
            for row in self._items.open()
        ]

    def sentences(self) -> list[str]:
        """The same, a sentence or two each."""
        return [
            f"item {number}, {reason}{f', {about}' if about else ''}: {happened} {todo}"
            for number, _, reason, about, happened, todo in self.rows()
        ]

    def settle(self, number: int) -> str:
        """Marks an item as settled; gives a sentence."""
        if not self._items.settle(number, self._clock()):
            raise ValueError(f"there is no open item {number}: see `gsp item list`")
        return f"Item {number} is settled."

    def again(self, number: int) -> Answer:
        """Works on a held mail once more; the item is settled where the mail is taken now."""
        row = self._items.one(number)
        if row is None or row["resolved_at"] is not None:
            raise ValueError(f"there is no open item {number}: see `gsp item list`")
        arrival = Digest(row["arrival"])
        answer: Answer = Taken()
        if not arrival or not self._items.was_taken(arrival):  # taken, and the machine stopped before it was settled
            keep = self._items.held(arrival) if arrival else None
            if keep is None:
                raise ValueError(f"item {number} holds no mail: settle it without --again")
            sender = self._items.held_from(arrival)
            if sender is None:
                raise ValueError(
                    f"the held mail of item {number} is from nobody who is registered: settle it without --again"
                )
            answer = self._pipeline.again(keep, sender)
        if isinstance(answer, Taken):
            self._items.settle(number, self._clock())
        return answer

    # --- words ----------------------------------------------------------------------------------------

    def _happened(self, row: Any) -> str:
        match row["reason"]:
            case 401:
                sender = self._items.held_from(Digest(row["arrival"]))
                who = f"from {sender}" if sender else "from nobody who is registered"
                return f"A mail {who} could not be worked on in three attempts; its ciphertext is kept."
            case 402:
                return "A letter could not be encrypted: its reader has no usable key."
            case 403:
                return "A mail was refused for good by its reader's mail server."
            case 405:
                return f"The desk of {row['party']} has not acted after every reminder."
        return f"{REASONS[row['reason']].public.capitalize()}."

    def _next(self, row: Any) -> str:
        number, party, state = row["id"], row["party"], self._state(row)
        match row["reason"]:
            case 401:
                return (
                    f"Look in the log for `fault` lines with arrival={row['arrival']}. After an upgrade that mends it: "
                    f"`gsp item settle {number} --again`. Else ask the sender to write again, and settle the item."
                )
            case 402 if party and not self._waits(row):
                return "Nothing of this referral waits any more: settle the item."
            case 402:
                return (
                    "Get a new public key and register it (a desk: `gsp party add`; a person: `gsp user add`): "
                    "what waits goes out within a minute. Then settle the item."
                )
            case 403 if kept := self._kept(row):
                return (
                    f"An answer or message to {' and to '.join(sorted({mail.rcpt_to for mail in kept}))} is kept: see "
                    "that mail arrives there, then `gsp outbox retry`. Then settle the item."
                )
            case 403 if state in _ENDED:
                return (
                    f"The referral is {state} meanwhile. If it was the answer that did not arrive, ask the desk to "
                    "send its reply again. Then settle the item."
                )
            case 405 if state in _ENDED:
                return f"The referral is {state} meanwhile: settle the item."
            case 403:
                return (
                    "Ask the Party which mailbox works and register it (a desk: `gsp party add`; a person: "
                    "`gsp user add`); let the requester ask again. Then settle the item."
                )
            case 405:
                return f"Speak with the administrator of {party}. Then settle the item."
        return f"{REASONS[row['reason']].remedy} Then settle the item."

    def _waits(self, row: Any) -> bool:
        """Whether something of the referral waits for a usable key."""
        number = ExchangeNumber(row["year"], row["serial"])
        return any(keep.exchange == number and keep.party == row["party"] for keep in self._view.waiting())

    def _kept(self, row: Any) -> list[Waiting]:
        """What was given up in the referral and can be sent once more."""
        number = ExchangeNumber(row["year"], row["serial"])
        return [mail for mail in self._outbox.kept() if mail.exchange == number and mail.party == row["party"]]

    def _state(self, row: Any) -> ReferralState | None:
        exchange = self._view.exchange(ExchangeNumber(row["year"], row["serial"])) if row["year"] else None
        referral = exchange.referral(row["party"]) if exchange else None
        return referral.state if referral else None


def _concerns(row: Any) -> str:
    """The referral or the exchange, else the Party."""
    if not row["year"]:
        return str(row["party"])
    number = ExchangeNumber(row["year"], row["serial"])
    return str(ReferralNumber(number, row["party"]) if row["party"] else number)
