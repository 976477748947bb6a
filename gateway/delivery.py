"""Empties the outbox: hands mails to the next server, backs off, and tells when one cannot be delivered."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from gateway import logs
from gateway.content import Decision
from gateway.events import ForAPerson, MailKind
from gateway.facts import Address, Moment
from gateway.forms import _registration
from gateway.outcome import LostRace
from gateway.pipeline import Pipeline
from gateway.ports import Keyed, Policy
from gateway.rules.exchange import undeliverable
from gateway.rules.unreached import CARRIES, unreached
from gateway.store import Store
from gateway.store.outbox import Waiting
from gateway.transports.submission import Delivery, OutboundSettings, Submission, Verdict
from gateway.treaty import Side

BATCH = 20
# On the asked side these go to whoever wrote; everything else goes to the desk.
_TO_A_PERSON = frozenset({MailKind.RECEIPT, MailKind.NOTICE})
LEASE = timedelta(minutes=10)


class Deliverer:
    """One worker on the outbox; several, in several gateways, share it without sending twice."""

    def __init__(
        self,
        store: Store,
        pipeline: Pipeline,
        keyed: Keyed,
        policy: Policy,
        worker: str,
        clock: Callable[[], datetime],
        jitter: Callable[[], float],
    ) -> None:
        self._store = store
        self._pipeline = pipeline
        self._keyed = keyed
        self._policy = policy
        self._worker = worker
        self._clock = clock
        self._jitter = jitter

    def deliver(self, outbound: OutboundSettings, force: bool = False) -> tuple[int, int]:
        """Sends what is due (all that waits, with `force`); gives (sent, not sent)."""
        sent = failed = 0
        self.recall()
        while True:
            batch = self._store.outbox.claim(BATCH, self._worker, self._clock(), LEASE, force)
            if not batch:
                return sent, failed
            away = False
            with Submission(outbound, self._policy.domain) as server:
                for claimed in batch:
                    mail = self._ours(claimed)
                    if mail is None:
                        continue
                    if away:
                        self._end(mail, Delivery(Verdict.TRANSIENT, server=True))
                        failed += 1
                        continue
                    result = server.send(mail.mail_from, mail.rcpt_to, mail.octets, mail.envelope_id)
                    self._end(mail, result)
                    sent += result.verdict is Verdict.SENT
                    failed += result.verdict is not Verdict.SENT
                    away = result.server
            if force and failed:
                return sent, failed

    def recall(self) -> None:
        """Takes out what waits for people whose access was withdrawn; of an answer those hear who can ask again."""
        for mail in self._store.outbox.recalled():
            logs.note("recalled", kind=mail.kind, message=mail.envelope_id)
            if mail.kind in CARRIES:
                self._tell(mail, withdrawn=True)
            self._store.outbox.given_up(mail.id, "access withdrawn")

    def _ours(self, mail: Waiting) -> Waiting | None:
        """The mail, if it is still this worker's: a slow server can use up the lease before the end of the batch."""
        now = self._clock()
        if mail.claimed_until is None or now < mail.claimed_until - LEASE / 2:
            return mail
        return self._store.outbox.renewed(mail, now + LEASE)

    def _end(self, mail: Waiting, result: Delivery) -> None:
        outbox = self._store.outbox
        if result.verdict is Verdict.SENT:
            outbox.delivered(mail.id, result.reply)
            logs.note("sent", kind=mail.kind, message=mail.envelope_id, reply=result.reply)
            return
        if result.verdict is Verdict.TRANSIENT and outbox.postponed(mail, result.reply, self._clock(), self._jitter()):
            logs.note("postponed", kind=mail.kind, message=mail.envelope_id, reply=result.reply)
            return
        logs.warn("undeliverable", kind=mail.kind, message=mail.envelope_id, reply=result.reply)
        # Told first: killed between the two, it is told again under the same Message-IDs, which exist already.
        self._tell(mail)
        outbox.given_up(mail.id, result.reply, kept=mail.kind in CARRIES)

    def _tell(self, mail: Waiting, withdrawn: bool = False) -> None:
        now = self._clock()
        for _ in range(3):
            exchange = self._store.view.exchange(mail.exchange) if mail.exchange else None
            if exchange is not None and mail.side is Side.ANSWERING and mail.kind not in _TO_A_PERSON:
                decision = undeliverable(self._store.view, self._keyed, self._policy, exchange, mail.party, now)
            elif exchange is not None and mail.kind in CARRIES:
                reader = Address(mail.rcpt_to)
                decision = unreached(
                    self._store.view, self._policy, exchange, mail.party, mail.side, reader, now, withdrawn
                )
            elif mail.kind is MailKind.CHALLENGE:
                decision = _registration.unreached(Address(mail.rcpt_to), self._store.view, now)
            else:
                decision = Decision(for_a_person=(ForAPerson(403, mail.exchange, mail.party),))
            try:
                self._pipeline.carry_out(decision, Moment(now), f"undeliverable {mail.message_id}")
                return
            except LostRace:
                continue
