"""`GSP DIFFICULTY`: anyone registered tells the Secretariat of a problem, which answers with the same form (R15)."""

from __future__ import annotations

from dataclasses import replace

from gateway.content import Decision, FilledForm, Finding, Letter, Severity, Text, text
from gateway.events import Event, EventKind, ForAPerson, MailKind
from gateway.facts import Correspondent, Person, address
from gateway.forms import Form
from gateway.forms._common import EVERYBODY, blocks, evidence, marked, named_exchange, notice, own_thread, weighed
from gateway.forms._fields import DIFFICULTY_FIELDS
from gateway.ports import Situation
from gateway.rosters import DifficultyLetter
from gateway.rules.directory import writable
from gateway.treaty import Difficulty, Role

_DECISIVE = frozenset({"kind", "exchange", "address", "description"})
_ANSWERED = tuple(field for field in DIFFICULTY_FIELDS if field.name == "description")
_PLACES = {kind: place for place, kind in enumerate(Difficulty, 1)}
_NOT_SENT = text("Your mail was not passed on")
_MEND = text("Mend what is named below and send the form again.")
_NOT_YOURS = text("No exchange of your Party has this number. Leave the line empty if it is about no single exchange.")
_NOBODY = text("Nobody with this address is registered, or nothing can be encrypted to it now.")
_NO_READER = text(
    "Nobody of the Secretariat can be written to now. Call the operator of the focal point, or your Party's "
    "administrator; the difficulty is counted all the same."
)
_PASSED = text("Nothing to do now: the Secretariat's answer comes to you by mail.")
_ANSWER_PASSED = text("Nothing more to do: your answer is on its way.")


def decide(situation: Situation) -> Decision:
    """Passes the report on to everybody of the Secretariat, or the Secretariat's answer to whom it is for."""
    form, actor = situation.reading.form, situation.submission.sender.person
    answers = actor.role is Role.SECRETARIAT and bool(form.get("address").strip())
    fields = _ANSWERED if answers else DIFFICULTY_FIELDS
    findings = weighed(fields, form, situation.reading.findings, _DECISIVE)
    if not answers and not _concerns(situation):
        findings = (*findings, Finding(_NOT_YOURS, Severity.BLOCKS, field="exchange"))
    reader = _reader(situation) if answers else None
    if answers and reader is None:
        findings = (*findings, Finding(_NOBODY, Severity.BLOCKS, got=form.get("address"), field="address"))
    if blocks(findings):
        again = marked(FilledForm("difficulty", form.values), findings)
        return notice(situation, _NOT_SENT, _MEND, findings, again)
    return _answered(situation, *reader) if reader else _reported(situation)


def _concerns(situation: Situation) -> bool:
    """Whether the exchange that is named, if any, is one in which the writer's Party has a part."""
    if not situation.reading.form.get("exchange").strip():
        return True
    number, party = named_exchange(situation.reading.form), situation.submission.sender.person.party
    exchange = situation.view.exchange(number) if number else None
    if exchange is None:
        return False
    return party == exchange.asking_party or exchange.referral(party) is not None


def _reader(situation: Situation) -> tuple[Person, Correspondent] | None:
    """Who is answered, and as a reader who can be written to."""
    view, now = situation.view, situation.moment.now
    try:
        person = view.person_by_address(address(situation.reading.form.get("address").strip().strip("<>")))
    except ValueError:
        return None
    if person is None:
        return None
    to = view.desk(person.party, now) if person.role is Role.DESK else view.correspondent(person.id, now)
    return (person, to) if to is not None and to.key is not None else None


def _reported(situation: Situation) -> Decision:
    actor, form = situation.submission.sender.person, situation.reading.form
    kind = Difficulty(form.get("kind"))
    event = Event(
        EventKind.DIFFICULTY_REPORTED, party=actor.party, person=actor.id, actor=actor.party, count=_PLACES[kind],
        digest=situation.submission.mail.mail.digest,
    )  # fmt: skip
    readers = [to for to in writable(situation.view.secretariat(situation.moment.now)) if to.person != actor.id]
    if not readers:
        told = notice(situation, _NOT_SENT, _NO_READER)
        return replace(told, events=(event,), for_a_person=(ForAPerson(402, party=actor.party),))
    values = _values(situation, kind)
    subject = text("A difficulty was reported")
    answer = {"kind": str(kind), "exchange": form.get("exchange"), "address": str(actor.address)}
    letters = tuple(_letter(situation, to, subject, values, answer) for to in readers)
    receipt = notice(situation, text("Your report was passed on to the Secretariat"), _PASSED)
    return Decision(events=(event,), letters=(*receipt.letters, *letters))


def _answered(situation: Situation, person: Person, to: Correspondent) -> Decision:
    actor, form = situation.submission.sender.person, situation.reading.form
    kind = Difficulty(form.get("kind")) if form.get("kind") else None
    event = Event(
        EventKind.DIFFICULTY_ANSWERED, party=person.party, person=actor.id, actor=actor.party,
        count=_PLACES[kind] if kind else 0, digest=situation.submission.mail.mail.digest,
    )  # fmt: skip
    values = replace(_values(situation, kind), answer=True)
    again = {"kind": form.get("kind"), "exchange": form.get("exchange")}
    letter = _letter(situation, to, text("The Secretariat's answer to your report"), values, again)
    receipt = notice(situation, text("Your answer was passed on"), _ANSWER_PASSED)
    return Decision(events=(event,), letters=(letter, *receipt.letters))


def _values(situation: Situation, kind: Difficulty | None) -> DifficultyLetter:
    actor, form = situation.submission.sender.person, situation.reading.form
    return DifficultyLetter(
        kind, actor.party, actor.role, actor.name, actor.address, form.get("exchange"), form.get("description"),
        evidence(situation),
    )  # fmt: skip


def _letter(
    situation: Situation, to: Correspondent, subject: Text, values: DifficultyLetter, form: dict[str, str]
) -> Letter:
    thread = replace(own_thread(situation), in_reply_to="", references=())
    return Letter(MailKind.NOTICE, to, subject, values, form=FilledForm("difficulty", form), thread=thread)


FORM = Form(
    name="difficulty",
    title="DIFFICULTY",
    fields=DIFFICULTY_FIELDS,
    senders=EVERYBODY,
    decide=decide,
    summary="Tell the Secretariat of a difficulty with the focal point.",
)
