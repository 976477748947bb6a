"""`GSP APPROVE`: the Secretariat decides on a registration that was confirmed, or a change of the library (R1, R2)."""

from __future__ import annotations

from gateway.content import Decision, FilledForm, Finding, Severity, text
from gateway.events import Event, EventKind
from gateway.facts import Pending, Person
from gateway.forms import Form
from gateway.forms._common import blocks, evidence, marked, notice, own_thread, sender, weighed
from gateway.forms._fields import APPROVE_FIELDS
from gateway.forms._patterns import UNDECIDED, decided
from gateway.forms._registration import active, refused, told
from gateway.ports import Situation
from gateway.rules import rights

_NOTHING = text("No registration was decided")
_LOOK = text(
    "Look for a later mail: under this number nothing waits for a decision of yours. It was decided, has ended, was "
    "not yet confirmed, or was ordered anew under another number."
)
_MEND = text("Mend what is named below and send the form again.")
_NUMBER = text("Write the number of the registration, or of the pattern change, that you decide on.")
_REASON = text("Write why it is refused: the administrator is told in your words.")


def decide(situation: Situation) -> Decision:
    """At once, and once: who ordered it is told, and where it is approved the person welcomed."""
    form = situation.reading.form
    findings = weighed(APPROVE_FIELDS, form, situation.reading.findings, frozenset({"registration", "decision"}))
    if not form.get("registration").strip() and not form.get("pattern").strip():
        findings = (*findings, Finding(_NUMBER, Severity.BLOCKS, field="registration"))
    if form.get("decision") == "refuse" and not form.get("reason").strip():
        findings = (*findings, Finding(_REASON, Severity.BLOCKS, field="reason"))
    if blocks(findings):
        nothing = UNDECIDED if form.get("pattern").strip() else _NOTHING
        return notice(situation, nothing, _MEND, findings, marked(FilledForm("approve", form.values), findings))
    if form.get("pattern").strip():
        return decided(situation)
    pending = _waiting(situation)
    if pending is None:
        return notice(situation, _NOTHING, _LOOK)
    return _approved(situation, pending) if form.get("decision") == "approve" else _refused(situation, pending)


def _waiting(situation: Situation) -> Pending | None:
    """The registration of that number, where it waits for a decision and the writer may take it."""
    written = situation.reading.form.get("registration").strip().lstrip("#")
    number = int(written) if written.isascii() and written.isdecimal() and len(written) < 10 else 0
    pending = situation.view.pending(number)
    now, actor = situation.moment.now, situation.submission.sender.person
    if pending is None or not pending.proven or pending.expires <= now or pending.ordered_by == actor.id:
        return None
    subject = Person(0, pending.party, pending.address, pending.name, pending.role, pending.language)
    return pending if rights.may(rights.Act.APPROVE, actor, subject) else None


def _event(situation: Situation, kind: EventKind, pending: Pending) -> Event:
    actor, order = situation.submission.sender.person, situation.submission.mail.mail.digest
    return Event(kind, party=pending.party, person=actor.id, actor=actor.party, count=pending.id, digest=order)


def _approved(situation: Situation, pending: Pending) -> Decision:
    view, now = situation.view, situation.moment.now
    if view.person_by_address(pending.address) or view.key_known(pending.key.fingerprint):
        return notice(
            situation,
            _NOTHING,
            text("Nothing to do: the address or the key was registered in another way meanwhile."),
        )
    writer = sender(situation)
    others = active(pending, view, situation.policy, now, but=writer.person if writer else 0)
    headline = text("{address} is registered", address=pending.address)
    step = text("Nothing more to do: the person is welcomed, and the administrator is told.")
    own = (
        told(writer, pending, headline, step, evidence=evidence(situation), thread=own_thread(situation))
        if writer
        else None
    )
    return Decision(
        events=(_event(situation, EventKind.REGISTRATION_APPROVED, pending),),
        letters=(*((own,) if own else ()), *others),
    )


def _refused(situation: Situation, pending: Pending) -> Decision:
    reason, writer = situation.reading.form.get("reason").strip(), sender(situation)
    headline = text("The registration of {address} was refused", address=pending.address)
    step = text("Nothing more to do: nothing was registered, and the administrator is told the reason.")
    own = (
        told(writer, pending, headline, step, reason=reason, evidence=evidence(situation), thread=own_thread(situation))
        if writer
        else None
    )
    return Decision(
        events=(_event(situation, EventKind.REGISTRATION_REFUSED, pending),),
        letters=(*((own,) if own else ()), *refused(pending, reason, situation.view, situation.moment.now)),
    )


FORM = Form(
    name="approve",
    title="APPROVE",
    fields=APPROVE_FIELDS,
    senders=rights.actors(rights.Act.APPROVE),
    decide=decide,
    summary="Approve or refuse a registration, or a change of the pattern library, that an administrator has ordered.",
)
