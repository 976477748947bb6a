"""`GSP REPLY`: the asked Party answers, whole or in part, or declines with a reason (R5, R8)."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from gateway.content import (
    ClearValue,
    Decision,
    FilledForm,
    Finding,
    Letter,
    Reading,
    Severity,
    Sheet,
    Text,
    Uim,
    text,
    texts,
)
from gateway.events import Event, EventKind, ExchangeView, ForAPerson, MailKind, UimFact
from gateway.facts import NO_PARTY, Correspondent, Digest, MessageId, PartyCode, ReferralNumber
from gateway.forms import Form
from gateway.forms._common import (
    ASKERS,
    COMPLETE,
    blocks,
    digest_of,
    evidence,
    evidence_of,
    find_referral,
    is_closed,
    keep,
    marked,
    notice,
    recalled,
    receipt,
    sender,
    waiting_letters,
    weighed,
)
from gateway.forms._fields import ANSWERS, REPLY_FIELDS, REPLY_GROUP
from gateway.forms._pass import Passed, pass_on, passed_before
from gateway.forms._refer import SHOWN, answer_sheet, from_requests, handling, reply_form, reply_sheet, ticked
from gateway.letters import AnsweredUim, AnswerLetter, Evidence, Thanks
from gateway.outcome import REASONS, Hold
from gateway.ports import Situation
from gateway.rules.exchange import requester, thread
from gateway.rules.experience import JUDGED
from gateway.rules.survey import quality_events, survey_form
from gateway.treaty import OPEN_ANSWERS, Item, NoDataReason, Side, UimAnswer

_STATUSES = {choice.name: UimAnswer(choice.name) for choice in ANSWERS}


@dataclass(frozen=True, slots=True, repr=False)
class Answers(ClearValue):
    """What a reply says of the UIMs that were asked, by digest; and what was wrong with the rest."""

    said: dict[Digest, AnsweredUim]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, repr=False)
class Recorded(ClearValue):
    """A reply as it changes its referral: `before` and `after` are its UIMs by what was answered."""

    number: ReferralNumber
    exchange: ExchangeView
    answers: Answers
    before: Mapping[Digest, UimAnswer]
    after: Mapping[Digest, UimAnswer]
    facts: tuple[UimFact, ...]

    @property
    def open(self) -> tuple[Digest, ...]:
        """UIMs that the Party has yet to answer."""
        return tuple(mark for mark, answer in self.after.items() if answer in OPEN_ANSWERS)

    def survey(self, side: Side) -> FilledForm | None:
        """The survey for one side, once every UIM is answered and not all go elsewhere."""
        over = not self.open and set(self.after.values()) != {UimAnswer.NOT_OURS}
        return survey_form(self.number, side) if over else None

    @property
    def ending(self) -> EventKind | None:
        """How this reply ends the referral, if it does."""
        if self.open or not any(answer in OPEN_ANSWERS for answer in self.before.values()):
            return None
        alike = set(self.after.values())
        if alike == {UimAnswer.NOT_OURS}:
            return EventKind.RETURNED
        return EventKind.DECLINED if alike == {UimAnswer.WITHHELD} else EventKind.ANSWERED


def decide(situation: Situation) -> Decision:
    """Records the answers, carries them to the requester, and thanks the desk."""
    found = find_referral(situation)
    if isinstance(found, Text) or found[2] is Side.ASKING:
        says = found if isinstance(found, Text) else text("Your Party asks in this exchange; the other side answers.")
        return _back(situation, says, situation.reading.findings)
    if unclear := _unclear(situation):
        return _back(situation, COMPLETE, unclear)
    number, exchange, _ = found
    before = situation.view.uims_of(number)
    answers = read_answers(situation, situation.reading, before.keys())
    answers = replace(answers, findings=(*answers.findings, *_beside(situation, number, answers)))
    if not answers.said and not _declines(situation.reading.form, answers):
        return _back(situation, text("Nothing was answered: no UIM has a status."), answers.findings)
    if answers.said:
        facts = _facts(situation, number.party, before, answers.said)
    else:
        facts = tuple(UimFact(mark, UimAnswer.WITHHELD) for mark, answer in before.items() if answer in OPEN_ANSWERS)
    after = {**before, **{fact.digest: fact.answer for fact in facts}}
    not_ours = {mark: said for mark, said in answers.said.items() if said.answer is UimAnswer.NOT_OURS
                and before[mark] is not UimAnswer.NOT_OURS}  # fmt: skip
    recorded = Recorded(number, exchange, answers, before, after, facts)
    return _decision(situation, recorded, pass_on(situation, exchange, not_ours))


def _facts(
    situation: Situation, party: PartyCode, before: Mapping[Digest, UimAnswer], said: Mapping[Digest, AnsweredUim]
) -> tuple[UimFact, ...]:
    """What the ledger is told: the answers, and where one is new and judges a UIM, of which pattern it speaks."""
    judged = {
        mark: Uim(answered.uim)
        for mark, answered in said.items()
        if answered.answer is not before[mark] and {answered.answer, before[mark]} & JUDGED
    }
    led = dict(zip(judged, situation.library.leading([*judged.values()], party, situation.moment.now), strict=True))
    return tuple(UimFact(mark, answered.answer, led.get(mark)) for mark, answered in said.items())


def _unclear(situation: Situation) -> tuple[Finding, ...]:
    """The findings, where one of them blocks. Of a wrong number one does not: which referral it is, is found above."""
    reading = situation.reading
    findings = weighed(REPLY_FIELDS, reading.form, reading.findings, frozenset({"handling"}))
    return findings if blocks(finding for finding in findings if finding.field != "exchange") else ()


def read_answers(situation: Situation, reading: Reading, asked: Collection[Digest]) -> Answers:
    """The reply's blocks that have a status, for UIMs that were asked; the last block of a UIM counts."""
    said: dict[Digest, AnsweredUim] = {}
    findings = list(reading.findings)
    unread = _unread(reading)
    for block in reading.form.blocks:
        uim, written = block.values.get("uim", ""), block.values.get("status", "")
        items = tuple((item, block.values[item.value]) for item in Item if block.values.get(item.value, "").strip())
        if not written and not items:
            continue
        if not uim:
            findings.append(Finding(_NO_UIM, Severity.PART, block.where, block.line, field="uim"))
            continue
        mark = digest_of(situation, uim)
        status = _STATUSES.get(written)
        wrong = _wrong(status, mark in asked, mark in said)
        if wrong and not (wrong[0] is _NO_STATUS and (block.where, block.line) in unread):
            sentence, severity, name = wrong
            findings.append(Finding(sentence, severity, block.where, block.line, uim, name))
        if status and mark in asked:
            said[mark] = AnsweredUim(uim, status, items, block.values.get("uim_remarks", ""))
    return Answers(said, tuple(findings))


def _beside(situation: Situation, number: ReferralNumber, answers: Answers) -> tuple[Finding, ...]:
    """Remarks on data that were not asked for (they are passed on all the same), and on a `valid` without any."""
    given = {item for answered in answers.said.values() for item, _ in answered.items}
    valid = [answered for answered in answers.said.values() if answered.answer is UimAnswer.VALID]
    reading = situation.reading
    bare = sum(not (answered.items or answered.remarks) for answered in valid)
    asked = _asked_for(situation, number) if given else frozenset(Item)
    findings = []
    if given - asked:
        listed = ", ".join(f"({item})" for item in Item if item in given - asked)
        says = text("You gave data that was not asked for: {items}. It was passed on.", items=listed)
        findings.append(Finding(says, Severity.NOTE))
    if _unexplained(reading, answers):
        findings.append(Finding(_OTHER if reading.form.get("reason") else _NO_REASON, Severity.NOTE, field="reason"))
    if bare and not (reading.form.get("reason") or reading.form.get("remarks")):
        says = texts(
            "{count} UIM is “valid”, without any data. Send the data, or the reason why not, in a further reply.",
            "{count} UIMs are “valid”, without any data. Send the data, or the reason why not, in a further reply.",
            bare,
        )
        findings.append(Finding(says, Severity.NOTE))
    return tuple(findings)


def _unexplained(reading: Reading, answers: Answers) -> bool:
    """Whether data are withheld and nothing says why: “other” alone does not."""
    reason = reading.form.get("reason")
    if reading.form.get("remarks") or reason not in ("", NoDataReason.OTHER):
        return False
    withheld = any(one.answer is UimAnswer.WITHHELD and not one.remarks for one in answers.said.values())
    return withheld or bool(reason and not answers.said)


def _asked_for(situation: Situation, number: ReferralNumber) -> frozenset[Item]:
    """The data that the request ticks; all ten where it can no longer be opened."""
    kept = situation.view.kept(number.exchange, NO_PARTY, Side.ASKING)
    readings = [recalled(situation, request) for request in kept]
    found = {item for reading in readings if reading is not None for item in ticked(reading)}
    return frozenset(found or Item)


def _wrong(status: UimAnswer | None, asked: bool, said: bool) -> tuple[Text, Severity, str] | None:
    if not asked:
        return _NOT_ASKED, Severity.PART, "uim"
    if status is None:
        return _NO_STATUS, Severity.PART, "status"
    return (_TWICE, Severity.NOTE, "uim") if said else None


def _unread(reading: Reading) -> frozenset[tuple[str, int]]:
    """Where the blocks begin whose status the reader has complained of already."""
    starts = sorted((block.where, block.line) for block in reading.form.blocks)
    places = [(finding.where, finding.line) for finding in reading.findings if finding.field == "status"]
    return frozenset(starts[found - 1] for place in places if (found := bisect_right(starts, place)))


_NOT_ASKED = text("This UIM was not asked in this exchange; the answer was not passed on.")
_NO_UIM = text("An answer without its UIM was not passed on. Write the UIM after “UIM”, above the answer.")
_NO_STATUS = text("Data is given, but no status. Write “valid” after “Status” if the UIM is valid.")
_TWICE = text("This UIM is answered twice; the last answer counts.")
_NO_REASON = text("You withhold data without a reason. Please write one after “Reason” in a further reply.")
_OTHER = text("“Other” does not say why you give no data. Please write that after “Remarks” in a further reply.")


def _declines(form: FilledForm, answers: Answers) -> bool:
    """A reason, and no block that somebody tried to fill in."""
    return bool(form.get("reason")) and not any(finding.severity is not Severity.NOTE for finding in answers.findings)


def carry(situation: Situation, reading: Reading, referral: ReferralNumber) -> Letter:
    """The answer's mail to the requester again, when it had to wait. Raises Hold where there is no reader."""
    exchange = situation.view.exchange(referral.exchange)
    to = requester(situation.view, exchange, situation.moment.now) if exchange else None
    if exchange is None or to is None:
        raise Hold(REASONS[402])
    now = situation.view.uims_of(referral)
    answers = read_answers(situation, reading, now.keys())
    recorded = Recorded(referral, exchange, answers, now, now, ())
    shown = evidence_of(situation, situation.submission.mail.mail.digest, referral.exchange)
    not_ours = {mark: said for mark, said in answers.said.items() if said.answer is UimAnswer.NOT_OURS}
    passed = passed_before(situation, exchange, referral, not_ours, shown.taken_at)
    return answer_letter(situation, reading, recorded, to, passed, shown)


def answer_letter(
    situation: Situation, reading: Reading, recorded: Recorded, to: Correspondent, passed: Passed, shown: Evidence
) -> Letter:
    """To the requester: what the asked Party says, UIM by UIM."""
    form, referral = reading.form, recorded.number
    said = tuple(recorded.answers.said.values())
    reason = form.get("reason") if form.get("remarks") or form.get("reason") != NoDataReason.OTHER else ""
    values = AnswerLetter(
        number=referral,
        answering=referral.party,
        handling=handling(form),
        answers=said,
        open=len(recorded.open),
        declined=set(recorded.after.values()) == {UimAnswer.WITHHELD},
        reason=NoDataReason(reason) if reason in set(NoDataReason) else None,
        remarks=form.get("remarks"),
        evidence=shown,
        total=len(recorded.after),
        passed_on=passed.parts,
        nobody=passed.nobody,
        choose=passed.choose,
        own=passed.own,
        no_desk=passed.no_desk,
        deskless=passed.deskless,
    )
    return Letter(
        MailKind.ANSWER,
        to,
        text("Answer to your request: {number}", number=str(referral)),
        values,
        form=passed.choice or FilledForm("message", {"exchange": str(referral)}),
        blanks=("difficulty",) if passed.no_desk or passed.deskless else (),
        survey=recorded.survey(Side.ASKING),
        sheets=(answer_sheet(referral, said),) if len(said) > SHOWN else (),
        thread=thread(situation.view, situation.keyed, situation.policy, referral, Side.ASKING),
        exchange=referral.exchange,
        party=referral.party,
        side=Side.ASKING,
    )


def _back(situation: Situation, says: Text, findings: Sequence[Finding]) -> Decision:
    blocking = (finding for finding in findings if finding.severity is Severity.BLOCKS)
    form = None if is_closed(says) else replace(marked(situation.reading.form, blocking), name="reply")
    return notice(situation, text("Your reply was not passed on"), says, findings, form)


def _events(situation: Situation, recorded: Recorded, waiting: bool) -> tuple[Event, ...]:
    person, mail = situation.submission.sender.person, situation.submission.mail.mail
    exchange, party = recorded.number.exchange, recorded.number.party
    received = Event(
        EventKind.ANSWER_RECEIVED, exchange, party, person.id, person.party, len(recorded.facts), mail.digest,
        recorded.facts, MessageId(mail.visible.message_id),
    )  # fmt: skip
    ending = (Event(recorded.ending, exchange, party, actor=person.party),) if recorded.ending else ()
    return (received, *ending, *((Event(EventKind.ANSWER_WAITING, exchange, party),) if waiting else ()))


def _decision(situation: Situation, recorded: Recorded, passed: Passed) -> Decision:
    number, exchange = recorded.number, recorded.exchange
    to = requester(situation.view, exchange, situation.moment.now)
    letters: list[Letter] = []
    keeps = [held for one in passed.referred for held in one.keeps]
    items = [item for one in passed.referred for item in one.items]
    waiting = to is None or to.key is None
    if waiting:
        keeps.append(keep(situation, number.exchange, number.party, Side.ANSWERING))
        items.append(ForAPerson(402, number.exchange, number.party))
        letters += [*waiting_letters(situation, number, exchange.asking_party, to)]
    elif to:
        letters.append(answer_letter(situation, situation.reading, recorded, to, passed, evidence(situation)))
    thanks = _thanks(situation, recorded, waiting)
    return Decision(
        events=(
            *_events(situation, recorded, waiting),
            *(event for one in passed.referred for event in one.events),
            *quality_events(number, situation.reading.form.get("reason"), recorded.before, recorded.facts),
        ),
        letters=(*letters, *((thanks,) if thanks else ()), *(ltr for one in passed.referred for ltr in one.letters)),
        keeps=tuple(keeps),
        for_a_person=tuple(items),
        based_on=((exchange.number, exchange.version),),
        answer_exchange=number.exchange,
        answer_parties=(number.party,),
    )


def _thanks(situation: Situation, recorded: Recorded, waiting: bool) -> Letter | None:
    to, number = sender(situation), recorded.number
    if to is None:
        return None
    again = sum(recorded.before[mark] is not UimAnswer.PENDING for mark in recorded.answers.said)
    changed = texts(
        "{count} UIM had an answer already; the new answer counts.",
        "{count} UIMs had an answer already; the new answers count.",
        again,
    )
    findings = (*recorded.answers.findings, *((Finding(changed, Severity.NOTE),) if again else ()))
    what = text("Your answer was recorded.") if waiting else text("Your answer was passed on to the requester.")
    form, sheets = _rest(situation, recorded)
    values = Thanks(number, what, len(recorded.facts), len(recorded.open), evidence(situation), findings, waiting)
    subject = text("Thank you for your answer: {number}", number=str(number))
    survey = None if form else recorded.survey(Side.ANSWERING)
    return receipt(situation, to, number, Side.ANSWERING, subject, values, form, survey, sheets)


def _rest(situation: Situation, recorded: Recorded) -> tuple[FilledForm | None, tuple[Sheet, ...]]:
    """The reply form (and table) for what is still open: UIMs as in the reply, the others as in the request."""
    left = set(recorded.open)
    if not left:
        asks = _unexplained(situation.reading, recorded.answers)
        form = situation.reading.form
        values = {"exchange": str(recorded.number), "handling": handling(form).value, "reason": form.get("reason")}
        return FilledForm("reply", values) if asks else None, ()
    blocks, uims = situation.reading.form.blocks, []
    given = Counter(item for block in blocks for item in Item if item.value in block.values)
    items = tuple(item for item in Item if given[item])
    for uim in dict.fromkeys(block.values.get("uim", "") for block in blocks):
        mark = digest_of(situation, uim)
        if mark in left:
            left.discard(mark)
            uims.append(uim)
    more, ticks = from_requests(situation, recorded.number.exchange, left)
    uims, items = [*uims, *more], ticks or items
    sheets = (reply_sheet(recorded.number, uims, items),) if len(uims) > SHOWN else ()
    return reply_form(recorded.number, uims, items), sheets


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
