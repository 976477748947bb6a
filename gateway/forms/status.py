"""`GSP STATUS`: where my Party's exchanges stand; with a number, the whole trail of that one."""

from __future__ import annotations

from gateway.content import Decision, FilledForm, Letter, Severity, text
from gateway.events import CODED, Event, EventKind, ExchangeView, MailKind
from gateway.facts import PartyCode
from gateway.forms import Form
from gateway.forms._common import EVERYBODY, named_exchange, notice, own_thread, sender
from gateway.forms._fields import STATUS_FIELDS
from gateway.letters import Status, StatusLine, TrailLine
from gateway.ports import Situation
from gateway.treaty import ExchangeState

_MOST = 200  # exchanges that a list shows


def decide(situation: Situation) -> Decision:
    """Only what the asker's own Party asks or is asked; of an exchange it is asked in, only its own part.

    What the other side marked in the survey is not told, nor that it did.
    """
    form, person = situation.reading.form, situation.submission.sender.person
    to = sender(situation)
    if to is None:
        return Decision()
    if form.get("exchange") or any(finding.severity is Severity.BLOCKS for finding in situation.reading.findings):
        number = named_exchange(form)
        exchange = situation.view.exchange(number) if number else None
        if exchange is None or not _concerns(exchange, person.party):
            return notice(
                situation,
                text("No exchange of your Party has this number"),
                text("Check the number and reply with it, or leave the line empty to see all exchanges."),
                situation.reading.findings,
                FilledForm("status", {"exchange": form.get("exchange")}),
            )
        values = _one(situation, exchange, person.party)
    else:
        values = _all(situation.view.exchanges_of(person.party, _MOST + 1), person.party)
    letter = Letter(
        MailKind.NOTICE,
        to,
        text("Where your exchanges stand"),
        values,
        form=FilledForm("status", {"exchange": ""}),
        thread=own_thread(situation),
    )
    event = Event(EventKind.STATUS_ASKED, person=person.id, actor=person.party)
    return Decision(events=(event,), letters=(letter,))


def _concerns(exchange: ExchangeView, party: PartyCode) -> bool:
    return exchange.asking_party == party or exchange.referral(party) is not None


def _lines(exchange: ExchangeView, party: PartyCode) -> tuple[StatusLine, ...]:
    """The exchange's referrals that a Party may see: all as the asking Party, else its own."""
    return tuple(
        StatusLine(r.number, exchange.asking_party, r.state, r.asked_at, r.last_activity, r.uims, r.answered)
        for r in exchange.referrals
        if exchange.asking_party == party or r.number.party == party
    )


def _all(exchanges: tuple[ExchangeView, ...], party: PartyCode) -> Status:
    listed = exchanges[:_MOST]
    asked = tuple(line for e in listed if e.asking_party == party for line in _lines(e, party))
    to_answer = tuple(line for e in listed if e.asking_party != party for line in _lines(e, party))
    return Status(asked, to_answer, cut=len(exchanges) > _MOST)


def _one(situation: Situation, exchange: ExchangeView, party: PartyCode) -> Status:
    mine = exchange.asking_party == party
    trail = tuple(
        TrailLine(
            event.at, event.kind, event.party, event.actor, 0 if event.kind in CODED else event.count, event.digest
        )
        for event in situation.view.trail(exchange.number)
        if (mine or event.party == party) and (event.kind is not EventKind.EVALUATED or event.actor == party)
    )  # fmt: skip
    lines = _lines(exchange, party)
    state = ExchangeState.CLOSED if exchange.closed else ExchangeState.OPEN
    return Status(lines if mine else (), () if mine else lines, exchange.number, state, trail)


FORM = Form(
    name="status",
    title="STATUS",
    fields=STATUS_FIELDS,
    senders=EVERYBODY,
    decide=decide,
    summary="See where your exchanges stand; with a number, the whole trail of that one.",
)
