"""`GSP REVOKE`: an administrator withdraws a person's access, and the keys with it (R1)."""

from __future__ import annotations

from dataclasses import replace

from gateway.content import Decision, FilledForm, Finding, Letter, Severity, text
from gateway.events import Event, EventKind, MailKind
from gateway.facts import Correspondent, Person, address
from gateway.forms import Form
from gateway.forms._common import blocks, evidence, marked, notice, own_thread, sender, weighed
from gateway.forms._fields import REVOKE_FIELDS
from gateway.letters import Notice
from gateway.ports import Situation
from gateway.rules import rights
from gateway.treaty import Role

_NOBODY = text("No access was withdrawn")
_WHOM = text(
    "Check the address. An administrator may withdraw officers of the same Party, the Secretariat people of every "
    "Party; and both may leave their own office to others who hold it too."
)
_LAST = text(
    "Nobody else holds this office. Register the successor first (“GSP REGISTER”); when the successor is active, send "
    "this form again."
)
_ONLY = text(
    "This is the only administrator of the Party. Register the successor first (“GSP REGISTER”). If it cannot wait, "
    "write “{yes}” after “{label}” and send this form again.",
    yes=text("yes"),
    label=text("Without successor"),
)
_SUCCESSOR = text("The Party has no administrator now. Register one with the form below, with the key attached.")


def decide(situation: Situation) -> Decision:
    """Withdraws at once; the Party's administrators are told. Whom the writer may not withdraw reads like nobody."""
    form = situation.reading.form
    findings = weighed(REVOKE_FIELDS, form, situation.reading.findings, frozenset({"address", "alone"}))
    person = None if blocks(findings) else _subject(situation)
    last = person is not None and _is_last(situation, person)
    if person is not None and last and (_own(situation, person) or form.get("alone") != "yes"):
        findings = (*findings, Finding(_LAST if _own(situation, person) else _ONLY, Severity.BLOCKS, field="alone"))
        person = None
    if person is None:
        return notice(situation, _NOBODY, _WHOM, findings, marked(FilledForm("revoke", form.values), findings))
    actor = situation.submission.sender.person
    order = situation.submission.mail.mail.digest
    return Decision(
        events=(
            Event(EventKind.REVOCATION_ORDERED, person=actor.id, actor=actor.party, digest=order),
            Event(
                EventKind.PERSON_REVOKED, party=person.party, person=person.id, actor=actor.party, digest=order,
                count=int(person.role in rights.OFFICES and not last),
            ),
        ),
        letters=_letters(situation, person, last),
    )  # fmt: skip


def _subject(situation: Situation) -> Person | None:
    try:
        written = address(situation.reading.form.get("address").strip().strip("<>"))
    except ValueError:
        return None
    person = situation.view.person_by_address(written)
    actor = situation.submission.sender.person
    if person is None or not (rights.may(rights.Act.REVOKE, actor, person) or rights.resigns(actor, person)):
        return None
    return person


def _own(situation: Situation, person: Person) -> bool:
    return person.id == situation.submission.sender.person.id


def _is_last(situation: Situation, person: Person) -> bool:
    """Whether nobody else who can be written to holds the same office."""
    view, now = situation.view, situation.moment.now
    if person.role not in rights.OFFICES:
        return False
    holders = view.secretariat(now) if person.role is Role.SECRETARIAT else view.administrators(person.party, now)
    return not any(to.key is not None for to in holders if to.person != person.id)


def _letters(situation: Situation, person: Person, last: bool) -> tuple[Letter, ...]:
    """To the writer, and to the Party's other administrators who can be written to; none to who has left."""
    now, writer = situation.moment.now, sender(situation)
    told = {to.person: to for to in situation.view.administrators(person.party, now) if to.key is not None}
    told.pop(person.id, None)
    if writer is not None:
        told[writer.person] = writer
    return tuple(_letter(situation, person, to, to == writer, last) for to in told.values())


def _letter(situation: Situation, person: Person, to: Correspondent, wrote: bool, last: bool) -> Letter:
    headline = text("The access of {address} was withdrawn", address=person.address)
    after = text("Nothing more to do. What is signed with the keys of this address is refused from now on.")
    values = Notice(headline, after, "", (), evidence(situation))
    if wrote and last:
        form = FilledForm("register", {"role": Role.ADMINISTRATOR, "party": person.party})
        values = replace(values, next_step=_SUCCESSOR)
        return Letter(MailKind.NOTICE, to, headline, values, form, thread=own_thread(situation))
    if wrote:
        return Letter(MailKind.NOTICE, to, headline, values, thread=own_thread(situation))
    return Letter(MailKind.NOTICE, to, headline, values)


FORM = Form(
    name="revoke",
    title="REVOKE",
    fields=REVOKE_FIELDS,
    senders=rights.actors(rights.Act.REVOKE),
    decide=decide,
    summary="Withdraw a person's access, and the keys with it.",
)
