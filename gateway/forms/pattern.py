"""`GSP PATTERN`: a Party describes how its UIMs are built; the Secretariat approves, and it counts everywhere (R2)."""

from __future__ import annotations

import re
from typing import Any

from gateway.content import Decision, FilledForm, Finding, KeyFile, Letter, Severity, text
from gateway.events import Event, EventKind, PatternChange
from gateway.facts import NO_PARTY, digest
from gateway.forms import Form
from gateway.forms._common import blocks, marked, notice, sender, weighed
from gateway.forms._fields import PATTERN_FIELDS
from gateway.forms._pasted import misplaced
from gateway.forms._patterns import RANKS, SHOWN, UNASKED, problems, told
from gateway.library.changes import standing, written
from gateway.library.proposal import Examined, examine
from gateway.ports import Situation
from gateway.rules import rights
from gateway.rules.limits import DAY, PATTERN_CHANGES_PER_DAY

_NOTHING = text("Nothing was changed in the pattern library")
_MEND = text("Mend what is named below and send the form, or the file, again.")
_ATTACH = text(
    "Mend what is named below and attach the patterns as a file (.yaml): mail programs change the spaces and break the "
    "lines of a text."
)
_HOW = text("Complete the form below, or attach a file of patterns (.yaml), and reply to this mail.")
_ONE = text("Send one file, or the form, in a mail; not both, and not two.")
_TOO_MANY = text("Your Party has proposed as many changes today as it may. Send this again tomorrow.")
_NOBODY = text(
    "Nobody of the Secretariat can be written to, who must approve this. Ask the operator of the focal point."
)
_LENGTH = text("Write the length as a number, 26, or as two, 14-26.")
_SAMPLE = text("Write the code, a space, and what is wrong with it.")
_WAITS = text("Your change of the pattern library waits for the decision of the Secretariat")
_WAIT = text("Nothing to do now: you will be told the decision.")
_WAIT_READ = text(
    "You will be told the decision; but not all of your mail was taken: see “{heading}” below.",
    heading=text("Line by line"),
)
_PLEASE = text("Please decide on a change of the pattern library")
_DECIDE = text(
    "Please decide: reply, signed and encrypted, and write “{approve}” or “{refuse}” after “{decision}” in the form "
    "below. A refusal needs a reason. Once approved it counts at once, for everybody; the operator can take it back."
)
_SPAN = re.compile(r"(\d{1,3})(?:\s*[-–—]\s*(\d{1,3}))?")


def decide(situation: Situation) -> Decision:
    """A change that waits for the Secretariat, or what is wrong with it, in plain words."""
    form, files = situation.reading.form, situation.reading.files
    filled = bool(form.uims) or any(value.strip() for value in form.values.values())
    found = situation.reading.findings
    if not filled and not files:
        return notice(situation, text("How are your Party's UIMs built?"), _HOW, found, FilledForm("pattern"))
    if len(files) > 1 or (files and filled):
        return notice(situation, _NOTHING, _ONE, form=form if filled else None)
    if files:
        return _examined(situation, files[0], found)
    findings = weighed(PATTERN_FIELDS, form, found, frozenset({"party", "certainty", "uims"}))
    findings = (*findings, *_unread(form))
    if blocks(findings):
        return notice(situation, _NOTHING, _MEND, findings, marked(form, findings))
    return _examined(situation, KeyFile("", written([_raw(situation, form)]).encode()), findings, form)


def _unread(form: FilledForm) -> tuple[Finding, ...]:
    """What is wrong with the lines that hold more than one value."""
    length = form.get("length").strip()
    wrong = [] if not length or _SPAN.fullmatch(length) else [Finding(_LENGTH, Severity.BLOCKS, field="length")]
    bare = (line for line in _lines(form.get("invalid")) if len(line.split(None, 1)) < 2)
    return (*wrong, *(Finding(_SAMPLE, Severity.BLOCKS, got=line, field="invalid") for line in bare))


def _lines(block: str) -> list[str]:
    return [line.strip() for line in block.splitlines() if line.strip()]


def _raw(situation: Situation, form: FilledForm) -> dict[str, Any]:
    """The form as an entry of the library; of an entry that there is, what the form does not say stays."""
    scheme = form.get("scheme").strip()
    known = dict(standing(situation.library.texts(), {scheme}).get(scheme, {}))
    party = form.get("party") or situation.submission.sender.person.party
    prefixes = [one for one in re.split(r"[\s,;]+", form.get("prefixes")) if one]
    decides = form.get("certainty") or known.get("decides") or ("sure" if prefixes else "hint")
    rank = known["rank"] if decides == known.get("decides") else RANKS[decides]
    said: dict[str, Any] = {
        "title": form.get("title").strip(), "party": str(party),
        "issuer": form.get("issuer").strip(), "structure": form.get("structure").strip(),
        "pattern": form.get("pattern").strip(), "prefixes": prefixes, "decides": decides, "rank": rank,
        "source": form.get("source").strip(),
        "valid": [uim.text for uim in form.uims],
        "invalid": [dict(zip(("uim", "because"), line.split(None, 1), strict=True))
                    for line in _lines(form.get("invalid"))],
    }  # fmt: skip
    if span := _SPAN.fullmatch(form.get("length").strip()):
        said["length"] = {"min": int(span[1]), "max": int(span[2] or span[1])}
    if known.get("pattern") != said["pattern"]:
        known.pop("fields", None)  # they were places in codes of the pattern before
    known.pop("ambiguous_with", None)  # is found anew
    if not known.get("pattern"):
        known = {key: value for key, value in known.items() if key not in ("confidence", "verified")}  # of no format
    return {"id": scheme, **UNASKED, **known, **{key: value for key, value in said.items() if value}}


def _examined(
    situation: Situation, file: KeyFile, findings: tuple[Finding, ...], form: FilledForm | None = None
) -> Decision:
    """The library with the change is looked at as a whole; what is right is proposed to the Secretariat.

    `form`: where it was filled in, and no file attached or pasted.
    """
    actor, now = situation.submission.sender.person, situation.moment.now
    only = NO_PARTY if rights.describes_all(actor) else actor.party
    found = examine(situation.library.texts(), file.octets, only)
    if found.problems:
        mend = _MEND if form or file.name else _ATTACH
        unread = not (form or found.schemes or found.problems[0].file)
        says = misplaced(file.octets) if unread else None
        wrong = (Finding(says, Severity.BLOCKS, file.name),) if says else problems(found, file.name)
        return notice(situation, _NOTHING, mend, (*wrong, *findings), form)
    if situation.view.patterns.proposed_since(actor.party, now - DAY) >= PATTERN_CHANGES_PER_DAY:
        return notice(situation, _NOTHING, _TOO_MANY)
    if not any(to.key for to in situation.view.secretariat(now)):
        return notice(situation, _NOTHING, _NOBODY)
    return _proposed(situation, found, findings)


def _proposed(situation: Situation, found: Examined, findings: tuple[Finding, ...]) -> Decision:
    actor, now = situation.submission.sender.person, situation.moment.now
    ids = tuple(scheme.id for scheme in found.schemes)
    mark = digest(found.text.encode())
    change = PatternChange(mark, found.text, ids, found.party, now, actor.id, actor.party)
    event = Event(
        EventKind.PATTERN_PROPOSED, party=found.party, person=actor.id, actor=actor.party, count=len(ids), digest=mark
    )
    return Decision(events=(event,), letters=_letters(situation, change, found, findings), patterns=(change,))


def _letters(
    situation: Situation, change: PatternChange, found: Examined, findings: tuple[Finding, ...]
) -> tuple[Letter, ...]:
    """To who wrote it, and to everybody of the Secretariat who may decide: who proposes it only where he is alone."""
    actor, writer = situation.submission.sender.person, sender(situation)
    secretariat = situation.view.secretariat(situation.moment.now)
    asked = [to for to in secretariat if to.key and (to.person != actor.id or len(secretariat) == 1)]
    words = {"approve": text("approve"), "refuse": text("refuse"), "decision": text("Decision")}
    please = (_PLEASE, text(_DECIDE.message, **words))
    form = FilledForm("approve", {"pattern": change.mark[:SHOWN]})
    by = str(actor.address)
    wait = _WAIT_READ if any(one.severity is not Severity.NOTE for one in findings) else _WAIT
    own = [told(situation, writer, change, found, (_WAITS, wait), own=True, findings=findings)] if writer else []
    return (*own, *(told(situation, to, change, found, please, by=by, form=form) for to in asked))


FORM = Form(
    name="pattern",
    title="PATTERN",
    fields=PATTERN_FIELDS,
    senders=rights.actors(rights.Act.PATTERN),
    decide=decide,
    summary="Describe how your Party's UIMs are built, so that officers are led to you.",
    takes_files=(".yaml", ".yml", ".yaml.txt", ".yml.txt"),  # Windows' editor adds the last one, and hides it
)
