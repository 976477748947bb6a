"""`GSP LOOKUP`: consults the pattern library; nobody else is written to (R3)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from gateway.content import Decision, FilledForm, Letter, Sheet, Text, Verdict, VerdictKind, text
from gateway.facts import Event, EventKind, MailKind, PartyCode
from gateway.forms import Form
from gateway.forms._common import ASKERS, EVERYBODY, blocks, marked, notice, own_thread, sender, too_many, weighed
from gateway.forms._fields import LOOKUP_FIELDS
from gateway.forms._findings import findings_sheets
from gateway.forms._refer import IN_FORM, SHOWN
from gateway.letters import Lookup, LookupLine
from gateway.ports import Situation
from gateway.rules import routing

_SENTENCES: dict[VerdictKind, Text] = {
    VerdictKind.SURE: text("The Party is known."),
    VerdictKind.AMBIGUOUS: text(
        "Several answers are possible, or the pattern is not confirmed: choose the Party yourself."
    ),
    VerdictKind.HINT: text("Only a general structure fits: no Party follows from it."),
    VerdictKind.NOT_A_PARTY: text("It was recognised, but who issued it is not a Party to the Protocol."),
    VerdictKind.NOT_A_UIM: text("It is a code of another kind, not a unique identification marking."),
    VerdictKind.MALFORMED: text("It is almost a known marking, but something in it is wrong."),
    VerdictKind.UNKNOWN: text("No known pattern fits."),
}


def decide(situation: Situation) -> Decision:
    """One line a UIM: what it is, who answers for it, and why."""
    form, person = situation.reading.form, situation.submission.sender.person
    findings = weighed(LOOKUP_FIELDS, form, (*situation.reading.findings, *too_many(situation)))
    if blocks(findings):
        return notice(
            situation,
            text("There is nothing to look up yet"),
            text("Write the UIMs into the form below, one on a line, and reply to this mail."),
            findings,
            marked(form, findings),
        )
    uims, _ = routing.deduplicate(form.uims, situation.library.canonical)
    verdicts = situation.library.verdicts(uims, situation.moment.now)
    lines = tuple(map(_line, verdicts))
    suggested = {suggestion.party for line in lines for suggestion in line.suggestions}
    registered = tuple(party.code for party in situation.view.parties() if party.code in suggested)
    to = sender(situation)
    letter = Letter(
        MailKind.NOTICE,
        to,
        text("What the pattern library says"),
        Lookup(lines, registered, findings),
        form=_request(situation, verdicts, registered),
        sheets=(*((_sheet(lines),) if len(lines) > SHOWN else ()), *findings_sheets(findings, "lookup-findings")),
        thread=own_thread(situation),
    ) if to else None  # fmt: skip
    event = Event(EventKind.LOOKUP_MADE, person=person.id, actor=person.party, count=len(verdicts))
    return Decision(events=(event,), letters=(letter,) if letter else ())


def _line(verdict: Verdict) -> LookupLine:
    note = routing.note(verdict)
    return LookupLine(verdict.uim, _SENTENCES[verdict.kind], note.suggestions, note.remarks)


def _request(situation: Situation, verdicts: Sequence[Verdict], registered: Sequence[PartyCode]) -> FilledForm | None:
    """A request for the UIMs whose Party can be asked, for the writer to complete."""
    if situation.submission.sender.person.role not in ASKERS:
        return None
    uims = (v.uim for v in verdicts if any(c.party in registered for c in v.candidates))
    chosen = tuple(islice(uims, IN_FORM))
    values = {"case_reference": situation.reading.form.get("case_reference")}
    return FilledForm("request", values, uims=chosen) if chosen else None


def _sheet(lines: Sequence[LookupLine]) -> Sheet:
    """Every UIM with the Parties and schemes that fit: the letter shows only the first."""
    rows = (
        (
            line.uim.text,
            " ".join(suggestion.party for suggestion in line.suggestions),
            "; ".join(suggestion.scheme for suggestion in line.suggestions),
        )
        for line in lines
    )
    return Sheet("lookup", (text("UIM"), text("Party"), text("Recognised by")), tuple(rows))


FORM = Form(
    name="lookup",
    title="LOOKUP",
    fields=LOOKUP_FIELDS,
    senders=EVERYBODY,
    decide=decide,
    summary="Find out what a marking is and which Party answers for it. Nobody else is written to.",
)
