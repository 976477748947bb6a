"""`GSP LOOKUP`: consults the pattern library; nobody else is written to (R3)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import repeat

from gateway.content import (
    Decision,
    EnclosedKey,
    FilledForm,
    Letter,
    SealedOffer,
    Sheet,
    Text,
    Uim,
    Verdict,
    VerdictKind,
    text,
)
from gateway.events import Event, EventKind, MailKind
from gateway.facts import PartyCode, ReferralNumber
from gateway.forms import Form
from gateway.forms._common import (
    ASKERS,
    EVERYBODY,
    blocks,
    evidence,
    marked,
    notice,
    own_thread,
    sender,
    too_many,
    weighed,
    wrong_party,
)
from gateway.forms._enclosed import key_files
from gateway.forms._fields import LOOKUP_FIELDS
from gateway.forms._findings import findings_sheets
from gateway.forms._patterns import library_sheet
from gateway.forms._refer import IN_FORM, SHOWN, deskless
from gateway.identifiers import misreads
from gateway.letters import Lookup, LookupLine, Notice, UimNote
from gateway.ports import Situation
from gateway.rules import routing
from gateway.rules.sealed import sealed_box
from gateway.treaty import Side

_MOST_OFFERS = 5
_TO_READ = text(
    "You need do nothing: the attached table has every marking that is known. To have UIMs looked up, write them into "
    "the form below, one on a line, and reply to this mail."
)
_ASKABLE = frozenset({VerdictKind.SURE, VerdictKind.AMBIGUOUS})
_REST = text("It is no UIM of its own.")
_OWN = text("Your own Party answers for it: please ask your own tracking-and-tracing system.")
_SENTENCES: dict[VerdictKind, Text] = {
    VerdictKind.SURE: text("The Party is known."),
    VerdictKind.AMBIGUOUS: text(
        "Several answers are possible, or the pattern is not confirmed: choose the Party yourself."
    ),
    VerdictKind.HINT: text("Only a general structure fits: no Party follows from it."),
    VerdictKind.NOT_A_PARTY: text("It was recognised, but who issued it is not a Party to the Protocol."),
    VerdictKind.NOT_A_UIM: text("It is a code of another kind, not a unique identification marking."),
    VerdictKind.MALFORMED: text(
        "It is almost a known marking, but something in it is wrong: compare it with the pack, and write it as it "
        "stands there."
    ),
    VerdictKind.UNKNOWN: text("No known pattern fits: compare it with the pack."),
}


def decide(situation: Situation) -> Decision:
    """One line a UIM: what it is, who answers for it, and why."""
    form, person = situation.reading.form, situation.submission.sender.person
    if not (form.uims or any(form.values.values()) or situation.reading.findings or situation.reading.leftover.strip()):
        return _library(situation)
    found = (*situation.reading.findings, *too_many(situation), *wrong_party(situation))
    # Who knows the Party may ask for its key and keep the UIMs to himself.
    fields = [field for field in LOOKUP_FIELDS if field.name != "uims" or not (form.get("to") and _wants_keys(form))]
    findings = weighed(fields, form, found)
    if blocks(findings):
        return notice(
            situation,
            text("There is nothing to look up yet"),
            text("Write the UIMs into the form below, one on a line, and reply to this mail."),
            findings,
            marked(form, findings),
        )
    judged = situation.library.verdicts(form.uims, situation.moment.now)
    verdicts, again = routing.deduplicate(judged, situation.library.canonical)
    notes = routing.notes(verdicts, situation.library.decoded, SHOWN)
    lines = tuple(map(_line, verdicts, notes, repeat(person.party)))
    asked = tuple(verdict for verdict in verdicts if verdict.kind is not VerdictKind.NOT_A_UIM)
    suggested = {candidate.party for verdict in asked for candidate in verdict.candidates}
    registered = tuple(party.code for party in situation.view.parties() if party.code in suggested - {person.party})
    answering = {c.party for v in verdicts if v.kind in _ASKABLE for c in v.candidates}
    missing = deskless(situation, answering)
    offers, files = _offers(situation, asked, registered)
    to = sender(situation)
    letter = Letter(
        MailKind.NOTICE,
        to,
        text("What the pattern library says"),
        Lookup(lines, registered, missing, findings, again, offers, situation.reading.pictures),
        form=_request(situation, asked, registered),
        blanks=("difficulty",) if missing else (),
        sheets=(*((_sheet(lines),) if len(lines) > SHOWN else ()), *findings_sheets(findings, "lookup-findings")),
        thread=own_thread(situation),
        files=files,
    ) if to else None  # fmt: skip
    event = Event(EventKind.LOOKUP_MADE, person=person.id, actor=person.party, count=len(verdicts))
    given = tuple(
        Event(EventKind.SEALED_OFFERED, situation.moment.number, one.party, person.id, person.party, one.uims)
        for one in offers
    )
    return Decision(events=(event, *given), letters=(letter,) if letter else ())


def _library(situation: Situation) -> Decision:
    """The whole library as it is now, as a table: which marking belongs to which Party."""
    person, to = situation.submission.sender.person, sender(situation)
    headline = text("The pattern library: who answers for which marking")
    letter = Letter(
        MailKind.NOTICE,
        to,
        headline,
        Notice(headline, _TO_READ, "", (), evidence(situation)),
        blanks=("lookup",),
        sheets=(library_sheet(situation.library.texts(), {party.code for party in situation.view.parties()}),),
        thread=own_thread(situation),
    ) if to else None  # fmt: skip
    event = Event(EventKind.LOOKUP_MADE, person=person.id, actor=person.party)
    return Decision(events=(event,), letters=(letter,) if letter else ())


def _wants_keys(form: FilledForm) -> bool:
    return form.get("sealed") == "yes"


def _offers(
    situation: Situation, verdicts: Sequence[Verdict], registered: Sequence[PartyCode]
) -> tuple[tuple[SealedOffer, ...], tuple[EnclosedKey, ...]]:
    """Address, token and keys of the desks, for sealed mail (exchange.md, 4), where the officer asks for them."""
    form, person = situation.reading.form, situation.submission.sender.person
    if not _wants_keys(form) or person.role not in ASKERS:
        return (), ()
    named = [PartyCode(form.get("to"))] if form.get("to") else registered
    offers: list[SealedOffer] = []
    files: list[EnclosedKey] = []
    for party in named[:_MOST_OFFERS]:
        keys = key_files(situation.view, party, 0, situation.moment.now)
        theirs = [v for v in verdicts if any(c.party == party for c in v.candidates)]
        number = ReferralNumber(situation.moment.number, party)
        box, tag = sealed_box(situation.keyed, situation.policy, number, Side.ASKING, party)
        marks = tuple((key.name, str(key.fingerprint)) for key in keys)
        offers.append(SealedOffer(party, box, tag, marks, len(theirs) if theirs else len(verdicts)))
        files += keys
    return tuple(offers), tuple(files)


def _line(verdict: Verdict, note: UimNote, own: PartyCode) -> LookupLine:
    says = _REST if _is_rest(verdict) else _SENTENCES[verdict.kind]
    if verdict.kind is VerdictKind.SURE and {candidate.party for candidate in verdict.candidates} == {own}:
        says = _OWN
    return LookupLine(verdict.uim, says, note.suggestions, note.remarks)


def _is_rest(verdict: Verdict) -> bool:
    return any(remark.message == misreads.REST for remark in verdict.remarks)


def _request(situation: Situation, verdicts: Sequence[Verdict], registered: Sequence[PartyCode]) -> FilledForm | None:
    """A request for the UIMs whose Party can be asked, for the writer to complete.

    The rest of one that was broken over lines stays below it: without it the first line would go out as a whole.
    """
    if situation.submission.sender.person.role not in ASKERS:
        return None
    uims: list[Uim] = []
    kept = False
    for verdict in verdicts:
        kept = any(c.party in registered for c in verdict.candidates) or (kept and _is_rest(verdict))
        uims += [verdict.uim] if kept else []
    chosen = tuple(uims[:IN_FORM])
    values = {"case_reference": situation.reading.form.get("case_reference")}
    return FilledForm("request", values, uims=chosen) if chosen else None


def _sheet(lines: Sequence[LookupLine]) -> Sheet:
    """Every UIM with the Parties and schemes that fit: the letter shows only the first."""
    named = cache(lambda titles: text("{title}", title=titles))  # the same one of many lines
    rows = (
        (
            line.uim.text,
            " ".join(suggestion.party for suggestion in line.suggestions),
            named(tuple(suggestion.scheme for suggestion in line.suggestions)),
        )
        for line in lines
    )
    return Sheet("lookup", (text("UIM"), text("Party"), text("Recognised as")), tuple(rows))


FORM = Form(
    name="lookup",
    title="LOOKUP",
    fields=LOOKUP_FIELDS,
    senders=EVERYBODY,
    opened_by="sealed",
    decide=decide,
    summary="Find out what a marking is and which Party answers for it. Nobody else is written to.",
)
