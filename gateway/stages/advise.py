"""Tells a registered person whose mail came in clear or unsigned how to set the mail client right."""

from __future__ import annotations

from datetime import datetime, timedelta

from gateway.content import Decision, Letter, text
from gateway.facts import Envelope, Event, EventKind, MailKind
from gateway.letters import Advice
from gateway.outcome import Cause, Failure
from gateway.ports import Policy, View
from gateway.stages.identify import vouched_sender


def advise(failure: Failure, raw: bytes, envelope: Envelope, view: View, policy: Policy, now: datetime) -> Decision:
    """The advice, at most once a day; an empty decision for every other refusal.

    Only where the border server vouches for the sender's domain; content-free; to the registered address; the answer
    to the other server is the refusal all the same.
    """
    unsigned = failure.cause is Cause.NOT_SIGNED
    if failure.reason.number != 101 and not unsigned:
        return Decision()
    sender = vouched_sender(raw, envelope, policy)
    person = view.person_by_address(sender) if sender else None
    if person is None or view.advised_since(person.id, now - timedelta(days=1)):
        return Decision()
    to = view.correspondent(person.id, now)
    if to is None:
        return Decision()
    subject = text("Your mail was not accepted: please encrypt and sign")
    event = Event(EventKind.ADVISED, person=person.id, actor=person.party)
    return Decision(events=(event,), letters=(Letter(MailKind.NOTICE, to, subject, Advice(now, unsigned)),))
