"""The flow of sealed mail: who sent it is proven, it is judged from outside, and it goes on its way unopened (R9)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial

from gateway import logs
from gateway.content import Decision
from gateway.events import Commit
from gateway.facts import NO_NUMBER, Digest, Moment, Person
from gateway.outcome import Answer, Cause, Held, Refuse, Taken
from gateway.parts import Parts, raced
from gateway.ports import SealedMail
from gateway.stages import identify, relay

Consequences = Callable[[Decision, Moment, str, Digest, Digest], Commit]


def passed_on(sealed: SealedMail, raw: bytes, now: datetime, parts: Parts, consequences: Consequences) -> Answer:
    """The answer to one sealed mail, after it is committed. `consequences` renders and encrypts our own letters.

    The sender is proven before the ledger is asked: a copy that a stranger sends in hears nothing of the first one.
    """
    claimed = relay.claimed(sealed, parts.view)
    vouched = identify.vouched_for(claimed, raw, sealed.mail.envelope, parts.policy)
    person = relay.proven(sealed, claimed, vouched)
    begin = partial(parts.ledger.begin, sealed.mail, now)
    beginning = raced(begin)
    if isinstance(beginning.answer, Taken | Held):
        logs.note("repeated", arrival=sealed.mail.digest)
        return beginning.answer
    try:
        parts.guard.admit(person, 0, now)
        return raced(lambda: _relayed(sealed, person, now, parts, consequences))
    except Refuse as refusal:
        # What was taken before may be this very mail, at another worker meanwhile.
        answer = raced(begin).answer if refusal.cause is Cause.REPLAY else None
        if isinstance(answer, Taken | Held):
            return answer
        raise


def _relayed(sealed: SealedMail, person: Person, now: datetime, parts: Parts, consequences: Consequences) -> Answer:
    arrival = sealed.mail.digest
    moment = Moment(now, NO_NUMBER if sealed.tokens else parts.ledger.draw(now))
    with parts.view.snapshot() as view:
        setting = relay.Setting(view, parts.keyed, parts.policy, moment)
        relayed = relay.relay(sealed, person, parts.schemes[sealed.mail.scheme], setting, parts.guard)
    commit = consequences(relayed.decision, moment, arrival, arrival, relayed.mark)
    answer = Taken("sealed", relayed.referral.exchange, (relayed.referral,))
    parts.ledger.commit(replace(commit, outgoing=(relayed.mail, *commit.outgoing)), answer)
    logs.note("passed on unopened", arrival=arrival, letters=len(commit.outgoing))
    return answer
