"""`GSP REQUEST`: asks about UIMs; the gateway finds the Party or Parties (R4, R7, R13, R17)."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.content import Decision, FilledForm, Finding, Letter, Reading, Severity, Sheet, Uim, text
from gateway.events import Event, EventKind, ExchangeView, MailKind
from gateway.facts import NO_PARTY, Digest, ExchangeNumber, MessageId, PartyCode, ReferralNumber
from gateway.forms import Form
from gateway.forms._common import (
    ASKERS,
    COMPLETE,
    blocks,
    digest_of,
    evidence,
    evidence_of,
    keep,
    marked,
    named_exchange,
    notice,
    own_thread,
    sender,
    too_many,
    uims_among,
    weighed,
    wrong_party,
)
from gateway.forms._fields import REQUEST_FIELDS
from gateway.forms._findings import findings_sheets
from gateway.forms._refer import SHOWN, STAYS, TOLD, Referred, deskless, left_form, refer, referral_letter
from gateway.letters import Receipt, UimNote
from gateway.outcome import REASONS, Hold
from gateway.ports import Situation
from gateway.rules import routing
from gateway.rules.routing import Routing
from gateway.treaty import Side

_DECISIVE = frozenset({"exchange", "to", "purpose", "justification", "handling"})


def decide(situation: Situation) -> Decision:
    """Refers every sure UIM, tells the officer of all the others; a blocked form comes back marked."""
    form = situation.reading.form
    exchange = _continued(situation)
    findings = weighed(REQUEST_FIELDS, form, (*situation.reading.findings, *_blocking(situation, exchange)), _DECISIVE)
    if blocks(findings):
        return notice(
            situation,
            text("Your request was not sent yet: please complete it"),
            COMPLETE,
            findings,
            marked(form, (finding for finding in findings if finding.severity is Severity.BLOCKS)),
        )
    asking = situation.submission.sender.person.party
    judged = situation.library.verdicts(form.uims, situation.moment.now)
    verdicts, doubled = routing.deduplicate(judged, situation.library.canonical)
    desks = frozenset(party.code for party in situation.view.parties())
    override = PartyCode(form.get("to")) if form.get("to") else NO_PARTY
    routed = routing.route(verdicts, asking, override, frozenset(), desks)
    number = exchange.number if exchange else situation.moment.number
    referred = _refer_all(situation, routed, number, exchange, bool(override))
    return _decision(situation, routed, referred, number if referred or exchange else None, exchange, doubled)


def carry(situation: Situation, reading: Reading, referral: ReferralNumber) -> Letter:
    """The referral's mail again, with exactly the UIMs that the ledger knows for it. Raises Hold without a desk."""
    view = situation.view
    desk, exchange = view.desk(referral.party, situation.moment.now), view.exchange(referral.exchange)
    if desk is None or exchange is None:
        raise Hold(REASONS[404])
    uims = uims_among(situation, reading, view.uims_of(referral))
    shown = evidence_of(situation, situation.submission.mail.mail.digest, referral.exchange)
    return referral_letter(situation, reading, referral, exchange.asking_party, desk, uims, shown)


def _continued(situation: Situation) -> ExchangeView | None:
    number = named_exchange(situation.reading.form)
    exchange = situation.view.exchange(number) if number else None
    person = situation.submission.sender.person
    return exchange if exchange and not exchange.closed and exchange.asking_party == person.party else None


def _blocking(situation: Situation, exchange: ExchangeView | None) -> tuple[Finding, ...]:
    form, found = situation.reading.form, [*too_many(situation)]
    if form.get("exchange") and exchange is None:
        sentence = text("Your Party has no open exchange with this number. Leave the line empty to ask anew.")
        found.append(Finding(sentence, Severity.BLOCKS, got=form.get("exchange"), field="exchange"))
    return (*found, *wrong_party(situation))


def _refer_all(
    situation: Situation, routed: Routing, number: ExchangeNumber, exchange: ExchangeView | None, chosen: bool
) -> list[Referred]:
    asking = situation.submission.sender.person.party
    request = keep(situation, number, NO_PARTY, Side.ASKING)
    referred = (
        refer(
            situation, situation.reading, number, exchange, party, [one.uim for one in sent], routed.schemes(party),
            asking, request, chosen,
        )
        for party, sent in routed.to_send.items()
    )  # fmt: skip
    return [one for one in referred if one]


def _decision(
    situation: Situation,
    routed: Routing,
    referred: Sequence[Referred],
    number: ExchangeNumber | None,
    exchange: ExchangeView | None,
    doubled: tuple[Uim, ...],
) -> Decision:
    person = situation.submission.sender.person
    mail = situation.submission.mail.mail
    events: list[Event] = []
    if number is not None and exchange is None:
        events.append(
            Event(
                EventKind.EXCHANGE_OPENED, number, person=person.id, actor=person.party,
                count=sum(one.part.count for one in referred), digest=mail.digest,
                message_id=MessageId(mail.visible.message_id),
            )
        )  # fmt: skip
    keeps = [keep(situation, number, NO_PARTY, Side.ASKING)] if number is not None and referred else []
    repeated = _repeated(situation, routed)
    receipt = _receipt(situation, routed, referred, number, doubled, repeated)
    return Decision(
        events=(
            *events,
            *(event for one in referred for event in one.events),
            *_counted(situation, routed, number, repeated),
        ),
        letters=(*((receipt,) if receipt else ()), *(letter for one in referred for letter in one.letters)),
        keeps=(*keeps, *(held for one in referred for held in one.keeps)),
        for_a_person=tuple(item for one in referred for item in one.items),
        based_on=((exchange.number, exchange.version),) if exchange else (),
        answer_exchange=number,
        answer_parties=tuple(one.part.number.party for one in referred),
    )


def _counted(
    situation: Situation, routed: Routing, number: ExchangeNumber | None, repeated: Sequence[UimNote]
) -> tuple[Event, ...]:
    """What the statistics of quality need: lines that hold no UIM, and UIMs asked before in another exchange."""
    person, mail = situation.submission.sender.person, situation.submission.mail.mail
    unread = sum(
        finding.field == "uims" and finding.severity is Severity.PART for finding in situation.reading.findings
    )
    elsewhere = (any(before.exchange != number for before in note.before) for note in repeated)
    counts = (
        (EventKind.UIMS_MALFORMED, len(routed.malformed) + len(routed.not_a_uim) + unread),
        (EventKind.UIMS_REPEATED, sum(elsewhere)),
    )
    return tuple(
        Event(kind, number, person=person.id, actor=person.party, count=count, digest=mail.digest)
        for kind, count in counts
        if count
    )


def _receipt(
    situation: Situation,
    routed: Routing,
    referred: Sequence[Referred],
    number: ExchangeNumber | None,
    doubled: tuple[Uim, ...],
    repeated: tuple[UimNote, ...],
) -> Letter | None:
    to = sender(situation)
    if to is None:
        return None
    form = situation.reading.form
    values = Receipt(
        number=number,
        case_reference=form.get("case_reference"),
        evidence=evidence(situation),
        total=len(form.uims),
        sent=tuple(one.part for one in referred),
        **{name: routing.notes(getattr(routed, name), situation.library.decoded, SHOWN) for name in TOLD},
        deskless=deskless(situation, (c.party for v in routed.ambiguous for c in v.candidates)),
        repeated=repeated,
        doubled=len(doubled),
        again=doubled,
        asked_already=bool(routed.to_send) and not referred,
        findings=situation.reading.findings,
        pictures=situation.reading.pictures,
    )
    if number:
        subject = text("Receipt for your request: {number}", number=str(number))
    else:
        subject = text("Your request could not be sent to any Party yet")
    return Letter(
        MailKind.RECEIPT,
        to,
        subject,
        values,
        form=_left(situation, routed, number),
        blanks=("difficulty",) if values.no_desk or values.deskless else (),
        sheets=(*_sheets(routed, number), *findings_sheets(values.findings, f"{number or 'request'}-findings")),
        thread=own_thread(situation, number),
        exchange=number,
    )


def _repeated(situation: Situation, routed: Routing) -> tuple[UimNote, ...]:
    """UIMs that the officer's own Party asked before; what another Party asked is never told."""
    uims = [one.uim for sent in routed.to_send.values() for one in sent]
    marks = [digest_of(situation, uim.text) for uim in uims]
    before: dict[Digest, list[ReferralNumber]] = {}
    for asked in situation.view.asked_before(situation.submission.sender.person.party, marks):
        before.setdefault(asked.digest, []).append(asked.number)
    pairs = zip(uims, marks, strict=True) if before else ()
    return tuple(UimNote(uim, before=tuple(before[mark])) for uim, mark in pairs if mark in before)


def _left(situation: Situation, routed: Routing, number: ExchangeNumber | None) -> FilledForm | None:
    choose = (*routed.ambiguous, *routed.hints, *routed.unknown)
    left = choose or routed.malformed
    return left_form(situation, situation.reading, number, choose, routed.malformed) if left else None


def _sheets(routed: Routing, number: ExchangeNumber | None) -> tuple[Sheet, ...]:
    """Groups too long for the letter, one table each, so that no UIM of the list is lost."""
    groups = ((name, getattr(routed, name)) for name in STAYS)
    return tuple(
        Sheet(
            f"{number or 'request'}-{name.replace('_', '-')}",
            (text("UIM"), text("Line"), text("Party")),
            tuple((v.uim.text, str(v.uim.line or ""), " ".join(c.party for c in v.candidates)) for v in verdicts),
        )
        for name, verdicts in groups
        if len(verdicts) > SHOWN
    )


FORM = Form(
    name="request",
    title="REQUEST",
    fields=REQUEST_FIELDS,
    senders=ASKERS,
    decide=decide,
    carry=carry,
    summary="Ask about UIMs; the Party that answers for each is found for you.",
    opens_exchange=True,
)
