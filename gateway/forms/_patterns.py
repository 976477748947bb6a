"""The mails of a change of the pattern library, from the proposal to the decision, and what a decision brings about."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Set
from dataclasses import replace
from typing import Any

from gateway.content import (
    Decision,
    EnclosedKey,
    FilledForm,
    Finding,
    Letter,
    Severity,
    Sheet,
    Text,
    Uim,
    VerdictKind,
    text,
)
from gateway.events import ChangeState, Event, EventKind, MailKind, PatternChange
from gateway.facts import NO_PARTY, Correspondent, Fingerprint, PartyCode, PartyName
from gateway.forms._common import evidence, notice, own_thread, sender
from gateway.library.fields import NAMES
from gateway.library.proposal import Examined, Touched, examine
from gateway.library.schemes import LONGEST, Scheme, read
from gateway.markings import Change, Described
from gateway.ports import Situation
from gateway.treaty import Role

# What a form does not ask for, and says of every new marking.
UNASKED: dict[str, Any] = {"level": "unit packet", "confidence": "high", "verified": True}
_ASKED = frozenset(
    "id title party issuer structure pattern prefixes decides source valid invalid length ambiguous_with".split()
)  # the last is found anew
RANKS = {"sure": 90, "ambiguous": 60, "hint": 20}  # of a form, which asks how certain it is
SHOWN = 12  # digits of a change's mark: what people write
_TOUCHED = 10

CERTAINTY: dict[VerdictKind | None, Text] = {
    VerdictKind.SURE: text("certain"),
    VerdictKind.AMBIGUOUS: text("possible"),
    VerdictKind.HINT: text("hint only"),
    VerdictKind.NOT_A_PARTY: text("not a Party's"),
    VerdictKind.NOT_A_UIM: text("no UIM"),
    None: text("no public format"),
}
_NOBODY = text("nobody is known")
UNDECIDED = text("No change of the pattern library was decided")
_LOOK = text(
    "Look for a later mail: no change with this number waits for a decision of yours. It was decided, or another one "
    "took its place; and what you proposed yourself somebody else of the Secretariat decides."
)
_STALE = text(
    "Refuse it, with what is named below as the reason: the library has changed since this was proposed, and both do "
    "not go together."
)
_NEWLY = text(
    "Refuse it, with what is named below as the reason: the library has changed since this was proposed, and nobody "
    "could see then that codes are shared. The Party can send it again as it is."
)
_APPROVED = text("Nothing more to do: it counts from now on, and every Party reads of it in the weekly digest.")
_REFUSED = text("Nothing more to do: who proposed it is told the reason.")
_AGAIN = text(
    "The Secretariat has refused this change: read its reason below. Mend the form at the end, or the attached file, "
    "and send it again."
)
_SHARED = text("{sample}, a sample of this change, is also a code of “{title}”: the officer would have to choose.")
_LOST = text("“{title}”: the code {sample} would no longer be recognised.")
_MOVED = text("“{title}”: the code {sample} would be taken for: {now}.")
_TAKEN = text("{sample}, a sample of this change, would be taken for “{title}”.")
_KEPT = text("The code {sample} of “{title}” fits this change, too; it would still be taken for “{title}”.")
_HIDDEN = text(
    "Every code of this change, such as {sample}, would be taken for “{title}”: the change would never count."
)
_UNCLEAR = text("“{title}”: only the samples could be compared, not all codes: its pattern is too large, or unusual.")


def sentences(found: Examined) -> tuple[Text, ...]:
    """Whose codes a change touches, one sentence a marking; and of which that could not be computed."""
    unclear = (text(_UNCLEAR.message, title=title) for title in found.unclear[:_TOUCHED])
    ours = {scheme.title for scheme in found.schemes}
    return (*(_sentence(one, ours) for one in found.touched[:_TOUCHED]), *unclear)


def _sentence(one: Touched, ours: Set[str]) -> Text:
    if one.hidden:
        return text(_HIDDEN.message, sample=one.sample, title=one.title)
    if one.own:
        says = _TAKEN if ours.isdisjoint(one.now) else _SHARED
        return text(says.message, sample=one.sample, title=one.title)
    if one.kept:
        return text(_KEPT.message, sample=one.sample, title=one.title)
    if not one.now:
        return text(_LOST.message, sample=one.sample, title=one.title)
    return text(_MOVED.message, sample=one.sample, title=one.title, now=one.now)


def told(
    situation: Situation,
    to: Correspondent,
    change: PatternChange,
    found: Examined,
    says: tuple[Text, Text],
    *,
    by: str = "",
    reason: str = "",
    form: FilledForm | None = None,
    own: bool = False,
    findings: tuple[Finding, ...] = (),
) -> Letter:
    """How a change stands: `says` are headline and next step; `own`: to who wrote the mail, as a reply to it."""
    described = tuple(_described(scheme, scheme.id in found.new) for scheme in found.schemes)
    values = Change(
        *says, change.mark[:SHOWN], change.party, by, described, sentences(found), reason,
        evidence(situation) if own else None, findings, bool(found.shared) and change.state is ChangeState.WAITING,
    )  # fmt: skip
    name = f"patterns-{change.mark[:SHOWN]}.yaml"
    file = EnclosedKey(name, "application/yaml", change.text.encode(), Fingerprint(change.mark))
    letter = Letter(MailKind.NOTICE, to, says[0], values, form=form, files=(file,) if form else ())
    return replace(letter, thread=own_thread(situation)) if own else letter


def _described(scheme: Scheme, new: bool) -> Described:
    return Described(
        scheme.title, scheme.id, scheme.issuer, scheme.pattern, ", ".join(scheme.prefixes), scheme.structure,
        _length(scheme), CERTAINTY[scheme.decides], scheme.source, next(iter(scheme.valid), ""), new,
    )  # fmt: skip


def problems(found: Examined, file: str = "") -> tuple[Finding, ...]:
    """What is wrong with a change, as findings: `got` names the marking."""
    return tuple(Finding(one.says, Severity.BLOCKS, file, got=one.scheme) for one in found.problems)


def decided(situation: Situation) -> Decision:
    """The change that a `GSP APPROVE` names is made or refused: once, and by somebody else than who proposed it."""
    change = _waiting(situation)
    if change is None:
        return notice(situation, UNDECIDED, _LOOK)
    found = examine(situation.library.texts(), change.text.encode(), _only(situation, change))
    if situation.reading.form.get("decision") == "refuse":
        return _settled(situation, change, found)
    if found.problems or found.shared:
        form = FilledForm("approve", {"pattern": change.mark[:SHOWN], "decision": "refuse"})
        ids = ", ".join(change.schemes)
        shared = tuple(Finding(one, Severity.BLOCKS, got=ids) for one in sentences(found))
        return notice(situation, UNDECIDED, _STALE if found.problems else _NEWLY, problems(found) or shared, form)
    return _settled(situation, change, found, situation.library.version + 1)


def _waiting(situation: Situation) -> PatternChange | None:
    written = situation.reading.form.get("pattern").strip().lower()
    found = [one for one in situation.view.patterns.waiting() if len(written) >= 8 and one.mark.startswith(written)]
    actor, alone = situation.submission.sender.person, len(situation.view.secretariat(situation.moment.now)) == 1
    return found[0] if len(found) == 1 and (found[0].person != actor.id or alone) else None


def _only(situation: Situation, change: PatternChange) -> PartyCode:
    """The Party for which alone whoever proposed it could speak."""
    proposer = situation.view.correspondent(change.person, situation.moment.now)
    return NO_PARTY if proposer and proposer.role is Role.SECRETARIAT else change.party


def _settled(situation: Situation, change: PatternChange, found: Examined, version: int = 0) -> Decision:
    """`version` 0: it is refused."""
    actor, reason = situation.submission.sender.person, situation.reading.form.get("reason").strip()
    state, kind = ChangeState.REFUSED, EventKind.PATTERN_REFUSED
    headline, mine, theirs = text("The change of the pattern library was refused"), _REFUSED, _AGAIN
    if version:
        state, kind, mine, theirs = ChangeState.APPROVED, EventKind.PATTERN_APPROVED, _APPROVED, _APPROVED
        headline = text("The pattern library has been changed: it is version {version} now", version=version)
    writer = sender(situation)
    proposer = situation.view.correspondent(change.person, situation.moment.now)
    by = proposer.address if proposer else ""
    made = replace(change, state=state, version=version, decided_by=actor.id)
    letters = []
    if writer is not None:
        letters.append(told(situation, writer, made, found, (headline, mine), by=by, reason=reason, own=True))
    if proposer is not None and proposer.key is not None and proposer.person != actor.id:
        again = None if version else _again(found)
        letters.append(told(situation, proposer, made, found, (headline, theirs), by=by, reason=reason, form=again))
    event = Event(kind, party=change.party, person=actor.id, actor=actor.party, count=version, digest=change.mark)
    return Decision(events=(event,), letters=tuple(letters), patterns=(made,))


def _again(found: Examined) -> FilledForm:
    """The form filled with a change of one marking, as far as a form has room for it: else the file is to be mended."""
    raw, (one, *more) = found.raw[0], found.schemes
    unasked = UNASKED | {"rank": RANKS.get(str(raw.get("decides")))}
    if more or not all(key in _ASKED or unasked.get(key) == value for key, value in raw.items()):
        return FilledForm("pattern")
    values = {
        "party": str(one.party), "scheme": one.id, "title": str(one.title), "issuer": one.issuer,
        "structure": str(one.structure), "pattern": one.pattern, "prefixes": " ".join(one.prefixes),
        "length": _length(one), "certainty": str(one.decides or ""), "source": one.source,
        "invalid": "\n".join(" ".join(sample) for sample in one.invalid),
    }  # fmt: skip
    return FilledForm("pattern", values, uims=tuple(map(Uim, one.valid)))


def library_sheet(texts: Mapping[str, str], registered: Collection[PartyCode]) -> Sheet:
    """The library as a table, by Party. `registered`: the Parties that can be asked here."""
    catalogue, _ = read(texts)
    headings = (
        text("Marking"), text("Party code"), text("Party"), text("Can be asked here"), text("Issuer"),
        text("Structure"), text("Prefixes"), text("Length"), text("Example"), text("Certainty"), text("Source"),
        text("Parts (in square brackets: assumed)"), text("Carriers"), text("Used from"), text("Used until"),
        text("Whom to ask"), text("Picture"),
    )  # fmt: skip
    schemes = sorted(catalogue.schemes, key=lambda scheme: (not scheme.party, scheme.party, scheme.title))
    rows = (
        (
            text("{title}", title=one.title),
            str(one.party),
            text("{party}", party=PartyName(one.party)) if one.party else _NOBODY,
            text("yes") if one.party in registered else text("no"),
            one.issuer,
            text("{title}", title=one.structure),
            " ".join(one.prefixes),
            _length(one),
            next(iter(one.valid), ""),
            CERTAINTY[one.decides],
            one.source,
            _parts(one),
            text("{title}", title=one.carriers),
            one.validity.begin.isoformat() if one.validity.begin else "",
            one.validity.end.isoformat() if one.validity.end else "",
            text("{title}", title=one.contact),
            one.picture,
        )
        for one in schemes
    )
    return Sheet("pattern-library", headings, tuple(rows))


def _parts(scheme: Scheme) -> Text:
    """The names of the fields, each once, in the reader's language and in their order; in brackets what is assumed."""
    named = dict.fromkeys((NAMES[field.name], field.assumed) for field in scheme.fields)
    names = [("[%s]" if assumed else "%s") % f"{{part{n}}}" for n, (_, assumed) in enumerate(named)]
    values = tuple((f"part{n}", text(name)) for n, (name, _) in enumerate(named))
    return Text(" + ".join(names), values)


def _length(scheme: Scheme) -> str:
    if scheme.decides is None or scheme.longest == LONGEST:
        return ""
    return str(scheme.shortest) if scheme.shortest == scheme.longest else f"{scheme.shortest}-{scheme.longest}"
