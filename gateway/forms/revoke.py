"""`GSP REVOKE`: an administrator withdraws a person's access, and the keys with it (R1)."""

from __future__ import annotations

from gateway.content import N_, Decision, FilledForm, Letter, text
from gateway.facts import Correspondent, Event, EventKind, MailKind, Person, address
from gateway.forms import Field, FieldKind, Form
from gateway.forms._common import blocks, evidence, marked, notice, own_thread, sender, weighed
from gateway.letters import Notice
from gateway.ports import Situation
from gateway.rules import rights

_FIELDS = (Field("address", N_("Address"), FieldKind.LINE, required=True),)
_NOBODY = text("No access was withdrawn")
_WHOM = text(
    "Check the address. An administrator may withdraw officers of the same Party, the Secretariat people of every "
    "Party; nobody their own access."
)


def decide(situation: Situation) -> Decision:
    """Withdraws at once; the Party's administrators are told. Whom the writer may not withdraw reads like nobody."""
    form = situation.reading.form
    findings = weighed(_FIELDS, form, situation.reading.findings, frozenset({"address"}))
    person = None if blocks(findings) else _subject(situation)
    if person is None:
        return notice(situation, _NOBODY, _WHOM, findings, marked(FilledForm("revoke", form.values), findings))
    actor = situation.submission.sender.person
    order = situation.submission.mail.mail.digest
    return Decision(
        events=(
            Event(EventKind.REVOCATION_ORDERED, person=actor.id, actor=actor.party, digest=order),
            Event(EventKind.PERSON_REVOKED, party=person.party, person=person.id, actor=actor.party, digest=order),
        ),
        letters=_letters(situation, person),
    )


def _subject(situation: Situation) -> Person | None:
    try:
        written = address(situation.reading.form.get("address").strip().strip("<>"))
    except ValueError:
        return None
    person = situation.view.person_by_address(written)
    actor = situation.submission.sender.person
    return person if person and rights.may(rights.Act.REVOKE, actor, person) else None


def _letters(situation: Situation, person: Person) -> tuple[Letter, ...]:
    """To the writer, and to the Party's other administrators who can be written to; none to who has left."""
    now, writer = situation.moment.now, sender(situation)
    told = {to.person: to for to in situation.view.administrators(person.party, now) if to.key is not None}
    told.pop(person.id, None)
    if writer is not None:
        told[writer.person] = writer
    return tuple(_letter(situation, person, to, to == writer) for to in told.values())


def _letter(situation: Situation, person: Person, to: Correspondent, wrote: bool) -> Letter:
    headline = text("The access of {address} was withdrawn", address=person.address)
    after = text("Nothing more to do. What is signed with the keys of this address is refused from now on.")
    values = Notice(headline, after, "", (), evidence(situation))
    if wrote:
        return Letter(MailKind.NOTICE, to, headline, values, thread=own_thread(situation))
    return Letter(MailKind.NOTICE, to, headline, values)


FORM = Form(
    name="revoke",
    title="REVOKE",
    fields=_FIELDS,
    senders=rights.actors(rights.Act.REVOKE),
    decide=decide,
    summary="Withdraw a person's access, and the keys with it.",
)
