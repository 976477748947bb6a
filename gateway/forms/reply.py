"""`GSP REPLY`: the asked Party answers, whole or in part, or declines with a reason (R5, R8)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from gateway.content import (
    Block,
    ClearValue,
    Decision,
    FilledForm,
    Finding,
    Letter,
    Reading,
    Severity,
    Text,
    Uim,
    text,
)
from gateway.facts import (
    NO_PARTY,
    Correspondent,
    Digest,
    Event,
    EventKind,
    ExchangeView,
    ForAPerson,
    MailKind,
    MessageId,
    PartyCode,
    ReferralNumber,
    UimFact,
)
from gateway.forms import Form
from gateway.forms._common import (
    ASKERS,
    digest_of,
    evidence,
    find_referral,
    keep,
    notice,
    sender,
    uims_among,
)
from gateway.forms._fields import REPLY_FIELDS, REPLY_GROUP
from gateway.forms._refer import Referred, handling, refer, reply_form, ticked
from gateway.letters import AnsweredUim, AnswerLetter, ReferredPart, Thanks, UimNote
from gateway.ports import Situation
from gateway.rules import routing
from gateway.rules.exchange import requester, thread
from gateway.treaty import Item, NoDataReason, Side, UimAnswer


@dataclass(frozen=True, slots=True, repr=False)
class Answers(ClearValue):
    """What a reply says of the UIMs that were asked, by digest; and what was wrong with the rest."""

    said: dict[Digest, AnsweredUim]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Passed(ClearValue):
    """Where UIMs went that are "not ours", and those for which nobody is left."""

    referred: tuple[Referred, ...] = ()
    nobody: tuple[UimNote, ...] = ()

    @property
    def parts(self) -> tuple[ReferredPart, ...]:
        """For the requester's letter."""
        return tuple(one.part for one in self.referred)


def decide(situation: Situation) -> Decision:
    """Records the answers, carries them to the requester, and thanks the desk."""
    form = situation.reading.form
    found = find_referral(situation)
    if isinstance(found, Text) or found[2] is Side.ASKING:
        says = found if isinstance(found, Text) else text("Your Party asks in this exchange; the other side answers.")
        return _back(situation, says)
    number, exchange, _ = found
    asked = situation.view.uims_of(number)
    answers = read_answers(situation, situation.reading, frozenset(asked))
    declined = not answers.said and bool(form.get("reason"))
    if not answers.said and not declined:
        return _back(situation, text("Nothing was answered: no UIM has a status."), answers.findings)
    facts = _facts(answers, asked, declined)
    before = {mark: answer for mark, answer in asked.items() if answer is not UimAnswer.PENDING}
    passed = _pass_on(situation, exchange, number, answers)
    after = {**asked, **{fact.digest: fact.answer for fact in facts}}
    left = [mark for mark, answer in after.items() if answer in (UimAnswer.PENDING, UimAnswer.UNDER_INQUIRY)]
    again = sum(mark in before for mark in answers.said)
    findings = (*answers.findings, *((_changed(again),) if again else ()))
    return _decision(situation, number, exchange, answers, facts, passed, left, findings, declined)


def read_answers(situation: Situation, reading: Reading, asked: frozenset[Digest]) -> Answers:
    """The reply's blocks that have a status, for UIMs that were asked; the last block of a UIM counts."""
    said: dict[Digest, AnsweredUim] = {}
    findings = list(reading.findings)
    for block in reading.form.blocks:
        uim = block.values.get("uim", "")
        mark = digest_of(situation, uim)
        status = block.values.get("status", "")
        items = tuple((item, block.values[item.value]) for item in Item if block.values.get(item.value, "").strip())
        if not status:
            if items:
                sentence = text("Data is given, but no status. Write “valid” after “Status” if the UIM is valid.")
                findings.append(Finding(sentence, Severity.PART, line=block.line, got=uim, field="status"))
            continue
        if mark not in asked:
            sentence = text("This UIM was not asked in this exchange; the answer was not passed on.")
            findings.append(Finding(sentence, Severity.PART, line=block.line, got=uim, field="uim"))
            continue
        if mark in said:
            sentence = text("This UIM is answered twice; the last answer counts.")
            findings.append(Finding(sentence, Severity.NOTE, line=block.line, got=uim, field="uim"))
        said[mark] = AnsweredUim(uim, UimAnswer(status), items, block.values.get("uim_remarks", ""))
    return Answers(said, tuple(findings))


def carry(situation: Situation, reading: Reading, referral: ReferralNumber) -> Letter:
    """The answer's mail to the requester again, when it had to wait for a usable key."""
    exchange = situation.view.exchange(referral.exchange)
    to = requester(situation.view, exchange, situation.moment.now) if exchange else None
    if exchange is None or to is None:
        raise ValueError("the requester is no longer registered")
    asked = situation.view.uims_of(referral)
    answers = read_answers(situation, reading, frozenset(asked))
    open_now = sum(answer in (UimAnswer.PENDING, UimAnswer.UNDER_INQUIRY) for answer in asked.values())
    return answer_letter(situation, reading, referral, to, answers, Passed(), open_now, len(asked))


def answer_letter(
    situation: Situation,
    reading: Reading,
    referral: ReferralNumber,
    to: Correspondent,
    answers: Answers,
    passed: Passed,
    open_now: int,
    total: int,
) -> Letter:
    """To the requester: what the asked Party says, UIM by UIM."""
    form = reading.form
    reason = form.get("reason")
    values = AnswerLetter(
        number=referral,
        answering=referral.party,
        handling=handling(form),
        answers=tuple(answers.said.values()),
        open=open_now,
        declined=not answers.said,
        reason=NoDataReason(reason) if reason else None,
        remarks=form.get("remarks"),
        evidence=evidence(situation),
        total=total,
        passed_on=passed.parts,
        nobody=passed.nobody,
    )
    return Letter(
        MailKind.ANSWER,
        to,
        text("Answer to your request: {number}", number=str(referral)),
        values,
        form=FilledForm("message", {"exchange": str(referral)}),
        thread=thread(situation.view, situation.keyed, situation.policy, referral, Side.ASKING),
        exchange=referral.exchange,
        party=referral.party,
        side=Side.ASKING,
    )


def _back(situation: Situation, says: Text, findings: Sequence[Finding] = ()) -> Decision:
    return notice(
        situation,
        text("Your reply was not passed on"),
        says,
        findings or situation.reading.findings,
        replace(situation.reading.form, name="reply"),
    )


def _facts(answers: Answers, asked: Mapping[Digest, UimAnswer], declined: bool) -> tuple[UimFact, ...]:
    if declined:
        return tuple(UimFact(mark, UimAnswer.WITHHELD) for mark, old in asked.items() if old is UimAnswer.PENDING)
    return tuple(UimFact(mark, answered.answer) for mark, answered in answers.said.items())


def _changed(count: int) -> Finding:
    sentence = text("{count} UIM(s) had an answer already; the new answer counts.", count=count)
    return Finding(sentence, Severity.NOTE)


def _pass_on(situation: Situation, exchange: ExchangeView, number: ReferralNumber, answers: Answers) -> Passed:
    """UIMs that are "not ours" go to the next candidate, with every Party struck out that had them."""
    marks = [mark for mark, said in answers.said.items() if said.answer is UimAnswer.NOT_OURS]
    kept = situation.view.kept(exchange.number, NO_PARTY, Side.ASKING)
    if not marks or not kept:
        return Passed(nobody=tuple(UimNote(Uim(answers.said[mark].uim)) for mark in marks))
    had = {r.number.party: set(situation.view.uims_of(r.number)) for r in exchange.referrals}
    desks = frozenset(party.code for party in situation.view.parties())
    referred: list[Referred] = []
    nobody: list[UimNote] = []
    for request in kept:
        reading = situation.recall(request)
        for struck_out, uims in _by_parties(situation, reading, marks, had).items():
            verdicts = situation.library.verdicts(uims, situation.moment.now)
            routed = routing.route(verdicts, exchange.asking_party, NO_PARTY, struck_out | {number.party}, desks)
            for party, sent in routed.to_send.items():
                referred.append(
                    refer(
                        situation, reading, exchange.number, exchange, party, [one.uim for one in sent],
                        routed.schemes(party), exchange.asking_party, request,
                    )
                )  # fmt: skip
            others = (*routed.ambiguous, *routed.hints, *routed.unknown, *routed.not_a_party, *routed.no_desk)
            nobody += [routing.note(verdict) for verdict in others]
    return Passed(tuple(referred), tuple(nobody))


def _by_parties(
    situation: Situation, reading: Reading, marks: Sequence[Digest], had: dict[PartyCode, set[Digest]]
) -> dict[frozenset[PartyCode], list[Uim]]:
    groups: dict[frozenset[PartyCode], list[Uim]] = {}
    for uim in uims_among(situation, reading, marks):
        mark = digest_of(situation, uim.text)
        struck_out = frozenset(party for party, digests in had.items() if mark in digests)
        groups.setdefault(struck_out, []).append(uim)
    return groups


def _decision(
    situation: Situation,
    number: ReferralNumber,
    exchange: ExchangeView,
    answers: Answers,
    facts: tuple[UimFact, ...],
    passed: Passed,
    left: Sequence[Digest],
    findings: tuple[Finding, ...],
    declined: bool,
) -> Decision:
    person, now = situation.submission.sender.person, situation.moment.now
    visible = situation.submission.mail.mail.visible
    received = Event(
        EventKind.ANSWER_RECEIVED, number.exchange, number.party, person.id, person.party, len(facts),
        situation.submission.mail.mail.digest, facts, MessageId(visible.message_id),
    )  # fmt: skip
    events = [received, *((Event(EventKind.DECLINED, number.exchange, number.party),) if declined else ())]
    to = requester(situation.view, exchange, now)
    waiting = to is None or to.key is None
    letters: list[Letter] = []
    keeps = [held for one in passed.referred for held in one.keeps]
    items = [item for one in passed.referred for item in one.items]
    if waiting:
        events.append(Event(EventKind.ANSWER_WAITING, number.exchange, number.party))
        keeps.append(keep(situation, number.exchange, number.party, Side.ANSWERING))
        items.append(ForAPerson(402, number.exchange, number.party))
    elif to is not None:
        total = exchange.referral(number.party)
        letters.append(
            answer_letter(
                situation, situation.reading, number, to, answers, passed, len(left), total.uims if total else 0
            )
        )
    thanks = _thanks(situation, number, answers, left, findings, waiting, len(facts))
    return Decision(
        events=(*events, *(event for one in passed.referred for event in one.events)),
        letters=(*letters, *((thanks,) if thanks else ()), *(ltr for one in passed.referred for ltr in one.letters)),
        keeps=tuple(keeps),
        for_a_person=tuple(items),
        based_on=((exchange.number, exchange.version),),
        answer_exchange=number.exchange,
        answer_parties=(number.party,),
    )


def _thanks(
    situation: Situation,
    number: ReferralNumber,
    answers: Answers,
    left: Sequence[Digest],
    findings: tuple[Finding, ...],
    waiting: bool,
    recorded: int,
) -> Letter | None:
    to = sender(situation)
    if to is None:
        return None
    values = Thanks(
        number, text("Your answer was passed on to the requester. Thank you."), recorded, len(left),
        evidence(situation), findings, waiting,
    )  # fmt: skip
    return Letter(
        MailKind.RECEIPT,
        to,
        text("Thank you for your answer: {number}", number=str(number)),
        values,
        form=_rest(situation, number, left) if left else None,
        thread=thread(
            situation.view, situation.keyed, situation.policy, number, Side.ANSWERING,
            situation.submission.mail.mail.visible.message_id,
        ),
        exchange=number.exchange,
        party=number.party,
        side=Side.ANSWERING,
    )  # fmt: skip


def _rest(situation: Situation, number: ReferralNumber, left: Sequence[Digest]) -> FilledForm:
    """The reply form for what is still open, as the desk knows it: from its own reply, else the request."""
    wanted = set(left)
    written = [b.values.get("uim", "") for b in situation.reading.form.blocks]
    uims = [uim for uim in dict.fromkeys(written) if digest_of(situation, uim) in wanted]
    found = {digest_of(situation, uim) for uim in uims}
    items: Sequence[Item] = _items(situation.reading.form.blocks)
    kept = situation.view.kept(number.exchange, NO_PARTY, Side.ASKING)
    for request in kept:
        reading = situation.recall(request)
        items = ticked(reading)
        more = uims_among(situation, reading, wanted - found)
        uims += [uim.text for uim in more]
        found |= {digest_of(situation, uim.text) for uim in more}
    return reply_form(number, uims, items)


def _items(blocks: Sequence[Block]) -> tuple[Item, ...]:
    return tuple(item for item in Item if any(item.value in block.values for block in blocks))


FORM = Form(
    name="reply",
    title="REPLY",
    fields=REPLY_FIELDS,
    senders=ASKERS,
    decide=decide,
    group=REPLY_GROUP,
    carry=carry,
    summary="Answer a request, whole or in part, or decline with a reason.",
)
