"""`GSP EVALUATION`: the survey of R11. Kept as counts; that of the asking side closes the exchange."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from gateway.content import N_, Decision, FilledForm, Finding, Letter, Severity, Text, text
from gateway.events import Event, EventKind, ExchangeView, MailKind
from gateway.facts import MessageId, PartyCode, ReferralNumber
from gateway.figures import Question
from gateway.forms import Choice, Field, FieldKind, Form
from gateway.forms._common import ASKERS, blocks, evidence, find_referral, marked, notice, receipt, sender, weighed
from gateway.forms._fields import EXCHANGE, YES_NO
from gateway.ports import Situation
from gateway.rules.exchange import REACHABLE, apart, requester, thread
from gateway.rules.quality import QUESTIONS, packed, unpacked
from gateway.rules.survey import Ended, Ending, Evaluated, survey_form
from gateway.treaty import ReferralState, Side

USEFULNESS = (
    Choice("5", N_("very useful")),
    Choice("4", N_("useful")),
    Choice("3", N_("partly useful")),
    Choice("2", N_("hardly useful")),
    Choice("1", N_("not useful")),
)
_LABELS = {
    Question.USEFUL: N_("Usefulness"),
    Question.COMPLETE: N_("Answer complete"),
    Question.IN_TIME: N_("Time acceptable"),
    Question.REASON_CLEAR: N_("Reason for missing data clear"),
    Question.RIGHT_PARTY: N_("Right Party asked"),
    Question.DUPLICATE: N_("Duplicate request"),
    Question.CLEAR: N_("Request clear"),
    Question.IDENTIFIED: N_("UIMs identified"),
    Question.JUSTIFIED: N_("Justification given"),
}


def _question(question: Question, side: Side) -> Field:
    choices = USEFULNESS if question is Question.USEFUL else YES_NO
    return Field(question.value, _LABELS[question], FieldKind.CHOICE, choices, part=side.value, offered=True)


EVALUATION_FIELDS: tuple[Field, ...] = (
    EXCHANGE,
    *(_question(question, side) for side in (Side.ASKING, Side.ANSWERING) for question in QUESTIONS[side]),
    Field("close", N_("Close the exchange"), FieldKind.CHOICE, YES_NO, part=Side.ASKING.value, offered=True),
)

_COMPLETE = text("Complete the lines marked with an arrow in the form below and reply to this mail.")
_EMPTY = text("Answer at least one line of the form below and reply to this mail; you may leave out the others.")
_NOT_YOURS = N_("“{label}” is a question to the other side of the exchange; your answer was not counted.")
_ANYWAY = text("“yes” closes it although answers are pending")


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What becomes of the exchange, and the Parties that have yet to answer."""

    ending: Ending
    pending: tuple[PartyCode, ...] = ()


def decide(situation: Situation) -> Decision:
    """Counts the answers of the writer's side; closes the exchange where who asked wants no more of it."""
    form = situation.reading.form
    found = find_referral(situation, closed_too=True)
    findings = weighed(EVALUATION_FIELDS, form, situation.reading.findings, frozenset({"exchange", "close"}))
    if isinstance(found, Text) or blocks(findings):
        return _back(situation, found if isinstance(found, Text) else _COMPLETE, findings, marked(form, findings))
    number, exchange, side = found
    answers = packed(form.values, side)
    findings = (*findings, *_of_the_other_side(form, side))
    if not answers and not (form.get("close") == "yes" and side is Side.ASKING):
        return _back(situation, _EMPTY, findings, survey_form(number, side))
    outcome = _outcome(situation, exchange, side, form.get("close"))
    return _decision(situation, number, exchange, side, answers, outcome, findings)


def _back(situation: Situation, says: Text, findings: Iterable[Finding], form: FilledForm) -> Decision:
    told = replace(form, name="evaluation")
    return notice(situation, text("Your evaluation was not counted yet"), says, tuple(findings), told)


def _of_the_other_side(form: FilledForm, side: Side) -> tuple[Finding, ...]:
    """A note on each question of the other side that was answered all the same."""
    foreign = (field for field in EVALUATION_FIELDS if field.part and field.part != side and form.get(field.name))
    return tuple(
        Finding(text(_NOT_YOURS, label=text(field.label)), Severity.NOTE, field=field.name) for field in foreign
    )


def _outcome(situation: Situation, exchange: ExchangeView, side: Side, wish: str) -> _Outcome:
    """Nothing that another Party has yet to say is given up, unless who asked writes so.

    Closing deletes what is kept: an answer that waits for the requester's key must go out first.
    """
    if exchange.closed:
        return _Outcome(Ending.BEFORE)
    if side is Side.ANSWERING:
        return _Outcome(Ending.OTHER_SIDE)
    if wish == "no":
        return _Outcome(Ending.KEPT_OPEN)
    kept = {
        (referral.number.party, from_side)
        for referral in exchange.referrals
        for from_side in Side
        if situation.view.kept(exchange.number, referral.number.party, from_side)
    }
    if any(from_side is Side.ANSWERING for _, from_side in kept):
        return _Outcome(Ending.WAITING)
    unanswered = {referral.number.party for referral in exchange.referrals if referral.state in REACHABLE}
    pending = tuple(sorted(unanswered | {party for party, _ in kept}))
    if pending and wish != "yes":
        return _Outcome(Ending.PENDING, pending)
    return _Outcome(Ending.CLOSED, pending)


def _decision(
    situation: Situation,
    number: ReferralNumber,
    exchange: ExchangeView,
    side: Side,
    answers: int,
    outcome: _Outcome,
    findings: tuple[Finding, ...],
) -> Decision:
    person, mail = situation.submission.sender.person, situation.submission.mail.mail
    event = Event(
        EventKind.EVALUATED, number.exchange, number.party, person.id, person.party, answers, mail.digest,
        message_id=MessageId(mail.visible.message_id),
    )  # fmt: skip
    closes = outcome.ending is Ending.CLOSED
    closed = Event(EventKind.EXCHANGE_CLOSED, number.exchange, person=person.id, actor=person.party)
    thanks = _thanks(situation, number, side, answers, outcome, findings)
    return Decision(
        events=((event,) if answers else ()) + ((closed,) if closes else ()),
        letters=(
            *((thanks,) if thanks else ()),
            *(_ended(situation, exchange, outcome.pending) if closes else ()),
        ),
        based_on=((exchange.number, exchange.version),),
        answer_exchange=number.exchange,
        answer_parties=(number.party,),
    )


def _thanks(
    situation: Situation,
    number: ReferralNumber,
    side: Side,
    answers: int,
    outcome: _Outcome,
    findings: tuple[Finding, ...],
) -> Letter | None:
    to = sender(situation)
    if to is None:
        return None
    party = situation.submission.sender.person.party
    earlier = (event for event in situation.view.trail(number.exchange) if event.kind is EventKind.EVALUATED)
    again = bool(answers) and any((event.party, event.actor) == (number.party, party) for event in earlier)
    values = Evaluated(
        number, len(unpacked(answers, side)), outcome.ending, evidence(situation), outcome.pending, again, findings
    )
    pending = outcome.ending is Ending.PENDING
    form = FilledForm("evaluation", {"exchange": str(number), "close": ""}, hints={"close": _ANYWAY})
    subject = text("Thank you for your evaluation: {number}", number=str(number))
    filled = replace(form, values={**survey_form(number, side).values, **form.values}) if pending else None
    return receipt(situation, to, number, side, subject, values, filled)


def _ended(situation: Situation, exchange: ExchangeView, pending: Iterable[PartyCode]) -> Iterator[Letter]:
    """Desks that have yet to answer hear that they need not; the requester, where somebody else of his Party closed.

    Who could not read the request, for want of a key, is told nothing of its end.
    """
    view, now, number = situation.view, situation.moment.now, exchange.number
    subject = text("Exchange {number} is closed", number=str(number))
    for party in pending:
        desk, referral = view.desk(party, now), ReferralNumber(number, party)
        known = exchange.referral(party)
        if desk is None or desk.key is None or known is None or known.state is ReferralState.WAITING:
            continue
        yield Letter(
            MailKind.NOTICE,
            desk,
            subject,
            Ended(number, exchange.asking_party, now, to_desk=True),
            form=survey_form(referral, Side.ANSWERING),
            thread=thread(view, situation.keyed, situation.policy, referral, Side.ANSWERING),
            exchange=number,
            party=party,
            side=Side.ANSWERING,
        )
    writer, asker = sender(situation), requester(view, exchange, now)
    if asker and asker.key and (writer is None or asker.address != writer.address):
        ended = Ended(number, exchange.asking_party, now, to_desk=False)
        thread_apart = apart(situation.policy, number)
        yield Letter(MailKind.NOTICE, asker, subject, ended, blanks=("request",), thread=thread_apart, exchange=number)


FORM = Form(
    name="evaluation",
    title="EVALUATION",
    fields=EVALUATION_FIELDS,
    senders=ASKERS,
    decide=decide,
    summary="Say how useful an answer was, or how good a request; who asked closes the exchange with it.",
)
