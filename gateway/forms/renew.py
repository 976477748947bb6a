"""`GSP RENEW`: a new or extended key, signed by the old one or vouched for by an administrator (R1)."""

from __future__ import annotations

from gateway.content import Decision, FilledForm, Finding, Severity, Text, text
from gateway.facts import Person, PublicKey, address
from gateway.forms import Form
from gateway.forms._common import EVERYBODY, blocks, marked, notice, own_thread, weighed
from gateway.forms._fields import RENEW_FIELDS
from gateway.forms._keys import brought, marks
from gateway.ports import Situation
from gateway.rules import renewal, rights

_NOTHING = text("No key was renewed")
_AGAIN = text("Please mend what is named below, and send the form again with the public key attached.")
_WHOM = text(
    "Check the address. Everybody may renew the own key, an administrator those of the officers and the desk of the "
    "same Party, the Secretariat those of every Party."
)
_BY_EARLIER = text(
    "This mail is signed with a key that was replaced; such a key renews nothing. Sign with your new key, or ask your "
    "Party's administrator."
)


def decide(situation: Situation) -> Decision:
    """The key is registered at once, and its owner hears at the new key and at the old one; or what is wrong."""
    form, actor = situation.reading.form, situation.submission.sender.person
    findings = weighed((), form, situation.reading.findings, frozenset({"address", "earlier"}))
    if blocks(findings):
        return _refused(situation, _AGAIN, findings)
    owner = _owner(situation)
    if owner is None:
        return _refused(situation, _WHOM, findings)
    view, now = situation.view, situation.moment.now
    own, known = view.keys_claimed_by(actor.address), view.keys_claimed_by(owner.address)
    if any(view.key_replaced(one) for one in own if one.fingerprint == situation.submission.sender.fingerprint):
        return _refused(situation, _BY_EARLIER, findings)
    key = brought(situation, owner.party, owner.address, marks(own), marks(known))
    if not isinstance(key, PublicKey):
        return _refused(situation, _AGAIN, (*findings, *key))
    wrong = renewal.objection(key, known, view, now)
    if wrong is not None:
        return _refused(situation, _AGAIN, (*findings, Finding(wrong, Severity.BLOCKS)))
    order = renewal.Order(
        owner, key, known, now, actor, form.get("earlier") == "withdraw", situation.submission.mail.mail.digest,
        own_thread(situation),
    )  # fmt: skip
    return renewal.renew(order, view)


def _owner(situation: Situation) -> Person | None:
    """Whose key it is: the writer's where no address is given; None for whom the writer may not renew, and nobody."""
    actor = situation.submission.sender.person
    written = situation.reading.form.get("address").strip().strip("<>")
    if not written:
        return actor
    try:
        person = situation.view.person_by_address(address(written))
    except ValueError:
        return None
    if person is None or (person.id, person.party) == (actor.id, actor.party):
        return person
    return person if rights.may(rights.Act.RENEW, actor, person) else None


def _refused(situation: Situation, next_step: Text, findings: tuple[Finding, ...]) -> Decision:
    form = FilledForm("renew", situation.reading.form.values)
    return notice(situation, _NOTHING, next_step, findings, marked(form, findings))


FORM = Form(
    name="renew",
    title="RENEW",
    fields=RENEW_FIELDS,
    senders=EVERYBODY,
    decide=decide,
    summary="Renew a key: attach the new or extended public key or certificate.",
    takes_keys=True,
)
