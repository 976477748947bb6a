"""Tells a registered person whose mail was refused how to set it right: in clear, unsigned, sealed for another."""

from __future__ import annotations

from datetime import datetime, timedelta

from gateway.content import ClearValue, Decision, Letter, Text, text
from gateway.events import Event, EventKind, MailKind
from gateway.facts import Envelope, Person
from gateway.letters import Advice, Notice
from gateway.outcome import Cause, Failure
from gateway.ports import Policy, View
from gateway.stages.identify import vouched_sender

_SEALED = {
    112: text("Encrypt it again to the desk's key, as GSP LOOKUP gives it, and to nobody outside the two Parties."),
    113: text("Your mail program hides for whom it encrypts. Switch hidden recipients off and send it again."),
    114: text("Encrypt it again to the key of its reader: it came with the address to which you write."),
    115: text("The address was given to somebody else, or for another Party. Take the one from your own GSP LOOKUP, or"
              " reply to the mail that you answer."),
    116: text("It is encrypted to the focal point, too, which could then read it. Leave the focal point's key out, or"
              " send it to the focal point's own address as a form."),
    117: text("The exchange is closed. A new GSP LOOKUP gives you a new address."),
}  # fmt: skip


def advise(failure: Failure, raw: bytes, envelope: Envelope, view: View, policy: Policy, now: datetime) -> Decision:
    """The advice, at most once a day; an empty decision for every other refusal.

    Only where the border server vouches for the sender's domain (the sender of sealed mail is proven); content-free;
    to the registered address; the answer to the other server is the refusal all the same.
    """
    number, unsigned = failure.reason.number, failure.cause is Cause.NOT_SIGNED
    if number in _SEALED:
        headline = text("Your sealed mail was not passed on")
        return _told(failure.person, headline, Notice(headline, _SEALED[number]), view, now)
    if number != 101 and not unsigned:
        return Decision()
    sender = vouched_sender(raw, envelope, policy)
    person = view.person_by_address(sender) if sender else None
    return _told(person, text("Your mail was not accepted: please encrypt and sign"), Advice(now, unsigned), view, now)


def _told(person: Person | None, subject: Text, values: ClearValue, view: View, now: datetime) -> Decision:
    if person is None or view.advised_since(person.id, now - timedelta(days=1)):
        return Decision()
    to = view.correspondent(person.id, now)
    if to is None:
        return Decision()
    event = Event(EventKind.ADVISED, person=person.id, actor=person.party)
    return Decision(events=(event,), letters=(Letter(MailKind.NOTICE, to, subject, values),))
