"""`GSP LOOKUP`: consults the pattern library; nobody else is written to (R3)."""

from __future__ import annotations

from gateway.content import Decision, Letter, Severity, Text, Verdict, VerdictKind, text
from gateway.facts import Event, EventKind, MailKind
from gateway.forms import Form
from gateway.forms._common import EVERYBODY, marked, missing, notice, own_thread, sender
from gateway.forms._fields import LOOKUP_FIELDS
from gateway.letters import Lookup, LookupLine
from gateway.ports import Situation
from gateway.rules import routing

_SHOWN = 200

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
    findings = (*situation.reading.findings, *missing(LOOKUP_FIELDS, form, situation.reading.findings))
    if any(finding.severity is Severity.BLOCKS for finding in findings) or not form.uims:
        return notice(
            situation,
            text("There is nothing to look up yet"),
            text("Write the UIMs into the form below, one on a line, and reply to this mail."),
            findings,
            marked(form, findings),
        )
    uims, _ = routing.deduplicate(form.uims, situation.library.canonical)
    verdicts = situation.library.verdicts(uims, situation.moment.now)
    lines = tuple(_line(verdict) for verdict in verdicts[:_SHOWN])
    suggested = {suggestion.party for line in lines for suggestion in line.suggestions}
    registered = tuple(party.code for party in situation.view.parties() if party.code in suggested)
    to = sender(situation)
    letter = Letter(
        MailKind.NOTICE,
        to,
        text("What the pattern library says"),
        Lookup(lines, registered, findings),
        blanks=("request",),
        thread=own_thread(situation),
    ) if to else None  # fmt: skip
    event = Event(EventKind.LOOKUP_MADE, person=person.id, actor=person.party, count=len(verdicts))
    return Decision(events=(event,), letters=(letter,) if letter else ())


def _line(verdict: Verdict) -> LookupLine:
    note = routing.note(verdict)
    return LookupLine(verdict.uim, _SENTENCES[verdict.kind], note.suggestions, note.remarks)


FORM = Form(
    name="lookup",
    title="LOOKUP",
    fields=LOOKUP_FIELDS,
    senders=EVERYBODY,
    decide=decide,
    summary="Find out what a marking is and which Party answers for it. Nobody else is written to.",
)
