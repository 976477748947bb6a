"""`GSP REGISTER`: an administrator orders a registration; a challenge proves key and mailbox (R1)."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.content import Decision, FilledForm, Finding, Letter, Severity, Text, text
from gateway.events import Event, EventKind
from gateway.facts import REGISTRATION_LIFE, Language, Pending, Person, PublicKey, address, party_code
from gateway.forms import Form
from gateway.forms._common import blocks, evidence, marked, notice, own_thread, sender, weighed
from gateway.forms._fields import REGISTER_FIELDS
from gateway.forms._keys import brought, marks
from gateway.forms._registration import challenge, told
from gateway.ports import Situation
from gateway.rules import rights
from gateway.rules.limits import CHALLENGES_PER_ADDRESS, DAY, REGISTRATIONS_PER_DAY, REGISTRATIONS_PER_PARTY
from gateway.treaty import Role

_NOBODY = text("Nobody was registered")
_MEND = text("Mend what is named below and send the form again, with the key attached.")
_DECISIVE = frozenset({"address", "role", "language", "party"})
_NAME = 100  # letters of a name
_NO_ADDRESS = text("This is not a mail address. Write it as name@domain, without anything else.")
_TAKEN = text(
    "This address is registered already, and one address is one person or desk. A new key is brought by “GSP RENEW”; "
    "somebody else in the same place needs that access to be withdrawn first (“GSP REVOKE”)."
)
_MAY_NOT = text(
    "You may not register this role for this Party. An administrator registers officers, administrators and the desk "
    "of the own Party; the Secretariat these and observers of every Party."
)
_NO_PARTY = text("This Party is not registered yet. Register its desk first (role “desk”), then its people.")
_OURS = text("This is an address of the focal point itself.")
_LONG = text("This name is too long.")
_KEY_TAKEN = text("This key is registered, or was withdrawn. Everybody needs a key of their own.")
_TOO_MANY = text("As many people were registered today as one may register in a day. Send the form again tomorrow.")
_SENT_OFTEN = text(
    "This address was asked {count} times to confirm, and is not asked again. The registration ends by itself on "
    "{date}; it can be ordered anew then."
)
_THEN = text(
    "Tell the person to reply to that mail before the time below. Give them the focal point's fingerprint, and compare "
    "that of their key with them, by another way than mail. To ask again, send the form again with the key."
)
_NOBODY_APPROVES = text(
    "Nobody of the Secretariat can be written to, who must approve this. Ask the operator of the focal point."
)


def decide(situation: Situation) -> Decision:
    """A registration that waits for its answer, or what is wrong with the order, line by line."""
    form = situation.reading.form
    findings = weighed(REGISTER_FIELDS, form, situation.reading.findings, _DECISIVE)
    if blocks(findings):
        return _mend(situation, findings)
    person = _person(situation)
    if isinstance(person, Finding):
        return _mend(situation, (*findings, person))
    key = _key(situation, person)
    if not isinstance(key, PublicKey):
        return _mend(situation, (*findings, *key))
    wrong = _too_often(situation, person)
    if wrong is not None:
        return _mend(situation, (*findings, wrong))
    return _ordered(situation, person, key)


def _mend(situation: Situation, findings: tuple[Finding, ...]) -> Decision:
    form = FilledForm("register", situation.reading.form.values)
    return notice(situation, _NOBODY, _MEND, findings, marked(form, findings))


def _wrong(sentence: Text, field: str = "") -> Finding:
    return Finding(sentence, Severity.BLOCKS, field=field)


def _person(situation: Situation) -> Person | Finding:
    """Who is to be registered, where the writer may order it and the address is free."""
    form, view, actor = situation.reading.form, situation.view, situation.submission.sender.person
    try:
        box = address(form.get("address").strip().strip("<>"))
    except ValueError:
        return _wrong(_NO_ADDRESS, "address")
    role = Role(form.get("role"))
    code = party_code(form.get("party")) if form.get("party") else actor.party
    party = view.party(code)
    language = form.get("language") or (party.language if party else "en")
    name = " ".join(form.get("name").split())
    person = Person(0, code, box, name, role, Language(language))
    checks: Iterator[Finding] = (
        _wrong(sentence, field)
        for failed, sentence, field in (
            (not rights.may(rights.Act.REGISTER, actor, person), _MAY_NOT, "role"),
            (party is None and role is not Role.DESK, _NO_PARTY, "party"),
            (view.person_by_address(box) is not None, _TAKEN, "address"),
            (box.endswith(f"@{situation.policy.domain.lower()}"), _OURS, "address"),
            (len(name) > _NAME, _LONG, "name"),
        )
        if failed
    )
    return next(checks, person)


def _key(situation: Situation, person: Person) -> PublicKey | tuple[Finding, ...]:
    """The key that came with the form, which must be nobody's yet."""
    own = marks(situation.view.keys_claimed_by(situation.submission.sender.person.address))
    key = brought(situation, person.party, person.address, own)
    if isinstance(key, PublicKey) and situation.view.key_known(key.fingerprint):
        return (_wrong(_KEY_TAKEN),)
    return key


def _too_often(situation: Situation, person: Person) -> Finding | None:
    """Bounds on what the gateway writes to who is not registered; and whether anybody is there who could approve."""
    view, now, actor = situation.view, situation.moment.now, situation.submission.sender.person
    most = REGISTRATIONS_PER_DAY[actor.role]
    if view.registrations_by(actor, now - DAY) >= most:
        return _wrong(_TOO_MANY)
    if view.registrations_for(person.party, now - DAY) >= REGISTRATIONS_PER_PARTY:
        return _wrong(_TOO_MANY)
    waiting = view.pending_for(person.address)
    count = sum(one.sent for one in waiting)
    if count >= CHALLENGES_PER_ADDRESS:
        until = max(one.expires for one in waiting)
        return _wrong(text(_SENT_OFTEN.message, count=count, date=until.date()), "address")
    if rights.needs_approval(actor.role, person.role) and not any(to.key for to in view.secretariat(now)):
        return _wrong(_NOBODY_APPROVES, "role")
    return None


def _ordered(situation: Situation, person: Person, key: PublicKey) -> Decision:
    actor, now = situation.submission.sender.person, situation.moment.now
    order = situation.submission.mail.mail.digest
    word = situation.keyed.identifier("challenge", order, person.address, key.fingerprint)
    before = (one.sent for one in situation.view.pending_for(person.address) if one.party == person.party)
    pending = Pending(
        0, person.party, person.address, person.name, person.role, person.language, key, actor.id,
        situation.keyed.token_digest(word), now + REGISTRATION_LIFE,
        rights.needs_approval(actor.role, person.role), sent=next(before, 0) + 1,
    )  # fmt: skip
    event = Event(EventKind.REGISTRATION_ORDERED, party=person.party, person=actor.id, actor=actor.party, digest=order)
    return Decision(
        events=(event,),
        letters=(challenge(pending, word, situation.policy), *_receipt(situation, pending)),
        pending=(pending,),
    )


def _receipt(situation: Situation, pending: Pending) -> tuple[Letter, ...]:
    writer = sender(situation)
    if writer is None:
        return ()
    headline = text("{address} was asked to confirm", address=pending.address)
    letter = told(
        writer, pending, headline, _THEN, until=pending.expires, evidence=evidence(situation),
        thread=own_thread(situation),
    )  # fmt: skip
    return (letter,)


FORM = Form(
    name="register",
    title="REGISTER",
    fields=REGISTER_FIELDS,
    senders=rights.actors(rights.Act.REGISTER),
    decide=decide,
    summary="Register a person or your Party's desk: attach the public key or certificate.",
    takes_keys=True,
)
