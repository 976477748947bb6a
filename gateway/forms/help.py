"""`GSP HELP`, or an empty mail: the user guide and blank forms in the asker's language."""

from __future__ import annotations

from gateway.content import Decision, Letter, text
from gateway.events import Event, EventKind, MailKind
from gateway.forms import Form
from gateway.forms._common import EVERYBODY, blanks_for, own_thread, sender
from gateway.forms._fields import HELP_FIELDS
from gateway.letters import Help
from gateway.ports import Situation


def decide(situation: Situation) -> Decision:
    """The guide, with the blank forms that the asker's role may send."""
    person, policy = situation.submission.sender.person, situation.policy
    to = sender(situation)
    if to is None:
        return Decision()
    blanks = blanks_for(person.role)
    letter = Letter(
        MailKind.NOTICE,
        to,
        text("How to use the focal point"),
        Help(f"{policy.mailbox}@{policy.domain}", person.role, blanks),
        blanks=blanks,
        thread=own_thread(situation),
    )
    event = Event(EventKind.HELP_ASKED, person=person.id, actor=person.party)
    return Decision(events=(event,), letters=(letter,))


FORM = Form(
    name="help",
    title="HELP",
    fields=HELP_FIELDS,
    senders=EVERYBODY,
    decide=decide,
    summary="Get the user guide and blank forms.",
)
