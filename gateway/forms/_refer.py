"""Refers UIMs of a request to a Party: its events, the letter to the desk, and what waits for a key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from gateway.content import Block, ClearValue, FilledForm, Letter, Reading, Sheet, Text, Uim, text
from gateway.facts import (
    Correspondent,
    Digest,
    Event,
    EventKind,
    ExchangeNumber,
    ExchangeView,
    ForAPerson,
    Keep,
    MailKind,
    PartyCode,
    ReferralNumber,
    UimFact,
)
from gateway.forms._common import digest_of, evidence
from gateway.forms._fields import REQUEST_FIELDS
from gateway.letters import KeyNotice, Referral, ReferredPart, UimNote
from gateway.ports import Situation
from gateway.rules.exchange import thread, turn_letters
from gateway.treaty import Handling, Item, ReferralState, Side

SHOWN = 50  # above so many UIMs the letter holds the first few, the spreadsheet all
_DETAILS = ("date_of_seizure", "place_of_seizure", "product")
_LABELS = {field.name: field.label for field in REQUEST_FIELDS}


@dataclass(frozen=True, slots=True, repr=False)
class Referred(ClearValue):
    """What follows from referring UIMs to one Party."""

    part: ReferredPart
    events: tuple[Event, ...] = ()
    letters: tuple[Letter, ...] = ()
    keeps: tuple[Keep, ...] = ()
    items: tuple[ForAPerson, ...] = ()


def refer(
    situation: Situation,
    reading: Reading,
    number: ExchangeNumber,
    exchange: ExchangeView | None,
    party: PartyCode,
    uims: Sequence[Uim],
    schemes: tuple[str, ...],
    asking: PartyCode,
    request: Keep,
    chosen: bool = False,
) -> Referred:
    """Refers these UIMs to a Party, for the first time or as further ones of a referral it has.

    `request` is the ciphertext that holds them, in case the desk's key cannot be used now. `exchange`
    None: it is opened by the same decision.
    """
    referral = ReferralNumber(number, party)
    before = exchange.referral(party) if exchange else None
    known = situation.view.uims_of(referral) if before else {}
    marks = [digest_of(situation, uim.text) for uim in uims]
    fresh = [(uim, mark) for uim, mark in zip(uims, marks, strict=True) if mark not in known]
    desk = situation.view.desk(party, situation.moment.now)
    usable = desk is not None and desk.key is not None
    kind = EventKind.REFERRAL_EXTENDED if before else _first(usable)
    facts = tuple(UimFact(mark) for _, mark in fresh)
    event = Event(kind, number, party, actor=asking, count=len(fresh), uims=facts)
    part = ReferredPart(referral, len(fresh), schemes, waiting=not usable, chosen=chosen)
    if desk is None or not fresh:
        return Referred(part)
    if not usable:
        return _waiting(situation, part, event, desk, exchange, request)
    notes = _notes(situation, party, tuple(uim for uim, _ in fresh), [mark for _, mark in fresh])
    letter = referral_letter(situation, reading, referral, asking, desk, notes, extended=before is not None)
    return Referred(part, (event,), (letter,))


def _first(usable: bool) -> EventKind:
    return EventKind.REFERRAL_SENT if usable else EventKind.REFERRAL_WAITING


def _waiting(
    situation: Situation,
    part: ReferredPart,
    event: Event,
    desk: Correspondent,
    exchange: ExchangeView | None,
    request: Keep,
) -> Referred:
    """The desk's key cannot be used: nothing goes out in clear, and everybody concerned is told."""
    now, number = situation.moment.now, part.number
    subject = text("A mail waits for you: please renew your key")
    notice = Letter(MailKind.KEY_NOTICE, desk, subject, KeyNotice("", 0, 1))
    told = situation.view.administrators(number.party, now)
    letters = [notice]
    if exchange is not None:
        letters += turn_letters(
            situation.view, situation.keyed, situation.policy, exchange, number, ReferralState.WAITING, now, told
        )
    held = Keep(number.exchange, number.party, Side.ASKING, request.digest, request.scheme, request.ciphertext)
    items = (ForAPerson(402, number.exchange, number.party),)
    return Referred(part, (event,), tuple(letters), (held,), items)


def _notes(situation: Situation, party: PartyCode, uims: Sequence[Uim], marks: Sequence[Digest]) -> tuple[UimNote, ...]:
    earlier: dict[Digest, list[ReferralNumber]] = {}
    for asked in situation.view.referred_before(party, marks):
        earlier.setdefault(asked.digest, []).append(asked.number)
    return tuple(UimNote(uim, before=tuple(earlier.get(mark, ()))) for uim, mark in zip(uims, marks, strict=True))


def ticked(reading: Reading) -> tuple[Item, ...]:
    """The data asked for, in order; all ten when nothing is ticked (R7)."""
    wanted = reading.form.ticked("data_requested")
    return tuple(item for item in Item if item.value in wanted) or tuple(Item)


def reply_form(referral: ReferralNumber, uims: Sequence[str], items: Sequence[Item]) -> FilledForm:
    """The reply, filled as far as we can: the number, and one block per UIM with the items asked for."""
    blank = {"status": "", **{item.value: "" for item in items}, "uim_remarks": ""}
    blocks = tuple(Block({"uim": uim, **blank}) for uim in uims[:SHOWN])
    return FilledForm("reply", {"exchange": str(referral), "handling": Handling.H0.value}, blocks=blocks)


def referral_letter(
    situation: Situation,
    reading: Reading,
    referral: ReferralNumber,
    asking: PartyCode,
    desk: Correspondent,
    notes: tuple[UimNote, ...],
    extended: bool = False,
) -> Letter:
    """The mail to the desk: the request, its UIMs as table and sheets, and the reply form."""
    form, items = reading.form, ticked(reading)
    values = Referral(
        number=referral,
        asking=asking,
        case_reference=form.get("case_reference"),
        purpose=form.get("purpose"),
        justification=form.get("justification"),
        handling=handling(form),
        reply_by=_day(form.get("reply_by")),
        details=tuple((text(_LABELS[name]), form.get(name)) for name in _DETAILS if form.get(name)),
        items=items,
        questions=form.get("questions"),
        uims=notes[:SHOWN],
        total=len(notes),
        evidence=evidence(situation),
        extended=extended,
    )
    return Letter(
        MailKind.REFERRAL,
        desk,
        text("Request {number}: {count} UIM(s) to look up", number=str(referral), count=len(notes)),
        values,
        form=reply_form(referral, [note.uim.text for note in notes], items),
        sheets=(_sheet(referral, notes, items),),
        thread=thread(situation.view, situation.keyed, situation.policy, referral, Side.ANSWERING),
        exchange=referral.exchange,
        party=referral.party,
        side=Side.ANSWERING,
    )


def _sheet(referral: ReferralNumber, notes: Sequence[UimNote], items: Sequence[Item]) -> Sheet:
    headings: tuple[Text, ...] = (
        text("UIM"),
        text("Status"),
        *(text(f"({item.value})") for item in items),
        text("Remarks"),
    )
    blanks = ("",) * (len(items) + 2)
    return Sheet(f"{referral.exchange}-{referral.party}", headings, tuple((note.uim.text, *blanks) for note in notes))


def handling(form: FilledForm) -> Handling:
    """What the other side may do with the content; H0 where nothing is said."""
    written = form.get("handling")
    return Handling(written) if written in Handling.__members__ else Handling.H0


def _day(written: str) -> date | None:
    try:
        return date.fromisoformat(written)
    except ValueError:
        return None
