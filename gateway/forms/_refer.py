"""Refers UIMs of a request to a Party: its events, the letter to the desk, and what waits for a key."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from gateway.content import Block, ClearValue, FilledForm, Letter, Reading, Sheet, Text, Uim, Verdict, text, texts
from gateway.events import Event, EventKind, ExchangeView, ForAPerson, Keep, MailKind, UimFact
from gateway.facts import NO_PARTY, Correspondent, Digest, ExchangeNumber, PartyCode, ReferralNumber, Wording
from gateway.forms._common import digest_of, evidence_of, recalled, uims_among, waiting_letters
from gateway.forms._fields import ANSWERS, ITEMS, REQUEST_FIELDS
from gateway.letters import AnsweredUim, Evidence, Referral, ReferredPart, UimNote
from gateway.ports import Situation
from gateway.rules.exchange import thread
from gateway.treaty import OPEN_ANSWERS, Handling, Item, ReferralState, Side

SHOWN = 50  # above so many UIMs the letter holds the first few, the spreadsheet all
IN_FORM = 200  # UIMs given back in a request form; a spreadsheet has them all
_LOST = frozenset({ReferralState.UNDELIVERABLE, ReferralState.EXPIRED})  # nothing comes any more, unless asked again
STAYS = ("ambiguous", "hints", "not_a_party", "not_a_uim", "malformed", "unknown", "own", "no_desk")
TOLD = (*STAYS, "doubtful")  # what the receipt says more of
_DETAILS = ("date_of_seizure", "place_of_seizure", "product")
_LABELS = {field.name: field.label for field in REQUEST_FIELDS}
_STATUS_WORDS = {choice.name: text(choice.label) for choice in ANSWERS}
_ITEM_LABELS: dict[str, str] = {choice.name: choice.label for choice in ITEMS}


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
    schemes: tuple[Wording, ...],
    asking: PartyCode,
    request: Keep,
    chosen: bool = False,
    again: bool = False,
) -> Referred | None:
    """Refers these UIMs to a Party, for the first time or as further ones of a referral; None: it has them all.

    Where the Party's referral is undeliverable or expired, those that it has not answered go out once more.
    `request` is the ciphertext that holds them, in case the desk's key cannot be used now. `exchange`
    None: it is opened by the same decision. `again`: the same decision referred others to this Party.
    """
    referral = ReferralNumber(number, party)
    earlier = exchange.referral(party) if exchange is not None else None
    before = again or earlier is not None
    known = situation.view.uims_of(referral) if before else {}
    marks = {digest_of(situation, uim.text): uim for uim in uims}
    lost = earlier is not None and earlier.state in _LOST
    going = {mark: uim for mark, uim in marks.items() if mark not in known or (lost and known[mark] in OPEN_ANSWERS)}
    desk = situation.view.desk(party, situation.moment.now)
    if desk is None or not going:
        return None
    kind = _kind(desk, before)
    facts = tuple(UimFact(mark) for mark in going if mark not in known)  # the ledger has each once
    writer = situation.submission.sender.person
    asker = writer.id if writer.party == asking else 0  # 0: another Party's reply passed them on
    event = Event(kind, number, party, asker, asking, len(going), request.digest, facts)
    part = ReferredPart(referral, len(going), schemes, waiting=desk.key is None, chosen=chosen)
    if desk.key is None:
        return _waiting(situation, part, event, desk, request)
    shown = evidence_of(situation, request.digest, number)
    further = before and len(facts) == len(going)
    letter = referral_letter(situation, reading, referral, asking, desk, tuple(going.values()), shown, further)
    return Referred(part, (event,), (letter,))


def _kind(desk: Correspondent, before: bool) -> EventKind:
    if before:
        return EventKind.REFERRAL_EXTENDED if desk.key else EventKind.EXTENSION_WAITING
    return EventKind.REFERRAL_SENT if desk.key else EventKind.REFERRAL_WAITING


def _waiting(situation: Situation, part: ReferredPart, event: Event, desk: Correspondent, request: Keep) -> Referred:
    """The desk's key cannot be used: nothing of the case goes out, and everybody concerned is told.

    The requester reads it in the letter that this referral is part of.
    """
    number = part.number
    told = waiting_letters(situation, number, number.party, desk)
    held = replace(request, exchange=number.exchange, party=number.party, side=Side.ASKING)
    items = (ForAPerson(402, number.exchange, number.party),)
    return Referred(part, (event,), told, (held,), items)


def _notes(situation: Situation, referral: ReferralNumber, uims: Sequence[Uim]) -> tuple[UimNote, ...]:
    """The UIMs that the letter shows, each with the desk's own earlier referrals of it."""
    marks = [digest_of(situation, uim.text) for uim in uims[:SHOWN]]
    earlier: dict[Digest, list[ReferralNumber]] = {}
    for asked in situation.view.referred_before(referral.party, marks):
        if asked.number != referral:
            earlier.setdefault(asked.digest, []).append(asked.number)
    return tuple(
        UimNote(Uim(uim.text), before=tuple(earlier.get(mark, ()))) for uim, mark in zip(uims, marks, strict=False)
    )


def ticked(reading: Reading) -> tuple[Item, ...]:
    """The data asked for, in order; all ten when nothing is ticked (R7)."""
    wanted = reading.form.ticked("data_requested")
    return tuple(item for item in Item if item.value in wanted) or tuple(Item)


def reply_form(referral: ReferralNumber, uims: Sequence[str], items: Sequence[Item]) -> FilledForm:
    """The reply, filled as far as we can: the number, and one block per UIM with the items asked for."""
    blank = {"status": "", **{item.value: "" for item in items}, "uim_remarks": ""}
    blocks = tuple(Block({"uim": uim, **blank}) for uim in uims[:SHOWN])
    return FilledForm("reply", {"exchange": str(referral), "handling": Handling.H0.value}, blocks=blocks)


def from_requests(
    situation: Situation, exchange: ExchangeNumber, wanted: Iterable[Digest]
) -> tuple[list[str], tuple[Item, ...]]:
    """The UIMs with these digests as the kept requests write them, and the data that the last of these ticks."""
    left, uims, items = set(wanted), list[str](), tuple[Item, ...]()
    for request in situation.view.kept(exchange, NO_PARTY, Side.ASKING) if left else ():
        reading = recalled(situation, request)
        found = uims_among(situation, reading, left) if reading else ()
        if reading and found:
            items = ticked(reading)
            left.difference_update(digest_of(situation, uim.text) for uim in found)
            uims += [uim.text for uim in found]
    return uims, items


def filled(situation: Situation, letter: Letter, referral: ReferralNumber) -> Letter:
    """A letter to the desk with the reply form, and table, for what it has not answered yet."""
    left = {mark for mark, answer in situation.view.uims_of(referral).items() if answer in OPEN_ANSWERS}
    uims, items = from_requests(situation, referral.exchange, left)
    sheets = (reply_sheet(referral, uims, items),) if len(uims) > SHOWN else ()
    return replace(letter, form=reply_form(referral, uims, items), sheets=sheets) if uims else letter


def referral_letter(
    situation: Situation,
    reading: Reading,
    referral: ReferralNumber,
    asking: PartyCode,
    desk: Correspondent,
    uims: Sequence[Uim],
    shown: Evidence,
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
        uims=_notes(situation, referral, uims),
        total=len(uims),
        evidence=shown,
        extended=extended,
    )
    return Letter(
        MailKind.REFERRAL,
        desk,
        texts(
            "Request {number}: {count} UIM to look up",
            "Request {number}: {count} UIMs to look up",
            len(uims),
            number=str(referral),
        ),
        values,
        form=reply_form(referral, [uim.text for uim in uims[:SHOWN]], items),
        sheets=(reply_sheet(referral, (uim.text for uim in uims), items),),
        thread=thread(situation.view, situation.keyed, situation.policy, referral, Side.ANSWERING),
        exchange=referral.exchange,
        party=referral.party,
        side=Side.ANSWERING,
    )


def reply_sheet(referral: ReferralNumber, uims: Iterable[str], items: Sequence[Item]) -> Sheet:
    """The reply as a table to complete: one row per UIM, one column per item asked for."""
    blanks = ("",) * (len(items) + 2)
    return Sheet(_stem(referral), _headings(items), tuple((uim, *blanks) for uim in uims))


def answer_sheet(referral: ReferralNumber, answers: Iterable[AnsweredUim]) -> Sheet:
    """The answers as a table, in the columns of the reply."""
    listed = tuple(answers)
    items = tuple(item for item in Item if any(item == given for one in listed for given, _ in one.items))
    rows: list[tuple[str | Text, ...]] = []
    for one in listed:
        values = dict(one.items)
        rows.append((one.uim, _STATUS_WORDS[one.answer], *(values.get(item, "") for item in items), one.remarks))
    return Sheet(_stem(referral), _headings(items), tuple(rows))


def _stem(referral: ReferralNumber) -> str:
    return f"{referral.exchange}-{referral.party}"


def _headings(items: Sequence[Item]) -> tuple[Text, ...]:
    return (text("UIM"), text("Status"), *(text(_ITEM_LABELS[item]) for item in items), text("Remarks"))


def left_form(
    situation: Situation, reading: Reading, number: ExchangeNumber | None, choose: Sequence[Verdict],
    mend: Sequence[Verdict] = (),
) -> FilledForm:  # fmt: skip
    """The request again, for UIMs of which the officer can still name the Party, or mend the spelling."""
    named = {c.party for verdict in choose for c in verdict.candidates if c.party}
    parties = sorted(named.difference(deskless(situation, named)))
    if parties:
        hint = text("write the Party to ask, for example: {parties}", parties=", ".join(parties))
    else:
        hint = text("write the Party to ask, if you know it")
    values = {**reading.form.values, "exchange": str(number) if number else "", "to": ""}
    uims = tuple(verdict.uim for verdict in (*choose, *mend)[:IN_FORM])
    return replace(reading.form, values=values, uims=uims, hints={"to": hint})


def deskless(situation: Situation, parties: Iterable[PartyCode]) -> tuple[PartyCode, ...]:
    """Those of these Parties that cannot be asked here, by code."""
    return tuple(sorted(party for party in set(parties) if party and situation.view.party(party) is None))


def handling(form: FilledForm) -> Handling:
    """What the other side may do with the content; H0 where nothing is said."""
    written = form.get("handling")
    return Handling(written) if written in Handling.__members__ else Handling.H0


def _day(written: str) -> date | None:
    try:
        return date.fromisoformat(written)
    except ValueError:
        return None
