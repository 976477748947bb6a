"""What the command prints: outcomes of mails, and the pattern library looked into without a home."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, TemplateError

from gateway import data, library
from gateway.content import Candidate, Text, Uim, Verdict
from gateway.crypto import _certificate
from gateway.events import EventView, ExchangeView
from gateway.identifiers.written import read_damaged
from gateway.language import Languages
from gateway.library.doubts import BEGINNING
from gateway.library.overlap import Relation
from gateway.outcome import Answer, Deferred, Held, Refused, Taken
from gateway.stages import _sandbox

_ENGLISH = Languages.from_texts({}).catalogue("en")


def outcome(answer: Answer) -> dict[str, Any]:
    """An answer as `gsp process --json` prints it (interface.md)."""
    found: dict[str, Any] = {"outcome": "", "form": "", "exchange": None, "referrals": [], "refusal": None}
    match answer:
        case Taken():
            found |= {
                "outcome": "taken", "form": answer.form, "exchange": str(answer.exchange) if answer.exchange else None,
                "referrals": [str(referral) for referral in answer.referrals],
            }  # fmt: skip
        case Refused() | Deferred() | Held():
            names: dict[type, str] = {Refused: "refused", Deferred: "deferred", Held: "held"}
            found["outcome"] = names[type(answer)]
            found["refusal"] = {"code": answer.reason.code, "text": answer.reason.reply}
    return found


def outcome_sentence(found: dict[str, Any]) -> str:
    """The same for people."""
    if found["outcome"] != "taken":
        return f"{found['outcome'].capitalize()}: {found['refusal']['text']}"
    where = f" Exchange {found['exchange']}." if found["exchange"] else ""
    referrals = f" Referred: {', '.join(found['referrals'])}." if found["referrals"] else ""
    return f"Taken (250).{where}{referrals}"


def exchange(found: ExchangeView, events: Sequence[EventView]) -> dict[str, Any]:
    """One exchange with its referrals and its trail, as `gsp exchange show --json` prints it."""
    referrals = [
        {"referral": str(r.number), "state": r.state.value, "asked": r.asked_at.isoformat(timespec="seconds"),
         "uims": r.uims, "answered": r.answered, "reminders": r.reminders}
        for r in found.referrals
    ]  # fmt: skip
    trail = [
        {"at": e.at.isoformat(timespec="seconds"), "event": e.kind.value, "party": e.party, "by": e.actor,
         "count": e.count}
        for e in events
    ]  # fmt: skip
    return {
        "number": str(found.number), "asking": found.asking_party, "uims": found.uims,
        "state": "closed" if found.closed else "open", "referrals": referrals, "trail": trail,
    }  # fmt: skip


def lint_library(folder: Path | None) -> tuple[library.Problem, ...]:
    """What is wrong with the pattern library, or with another folder of patterns."""
    return library.lint(_texts(folder))


def overlaps(texts: Mapping[str, str] | None, folder: Path | None = None) -> list[tuple[str, str, str, str]]:
    """Every pair of patterns that can fit one code: both, a shortest such code, and which of them counts."""
    means = {Relation.SAME: "the same one answers for both", Relation.UNCLEAR: "could not be computed"}
    return [
        (pair.one.id, pair.other.id, pair.example,
         means.get(pair.relation) or (f"{pair.one.id} counts" if pair.relation is Relation.ORDERED else
                                      "different ones answer: " + ("accepted" if accepted else "NOT accepted")))
        for pair, accepted in library.pairs(_texts(folder) if texts is None else texts)
    ]  # fmt: skip


def _texts(folder: Path | None) -> Mapping[str, str]:
    try:
        return data.pattern_texts(folder)
    except UnicodeDecodeError:
        raise ValueError("a file of the pattern library is not UTF-8 text") from None


def broken_templates() -> tuple[str, ...]:
    """The names of templates, below `templates/`, that cannot be compiled."""
    loader = FileSystemLoader(data.folder("templates"))
    broken = set()
    for html in (False, True):
        environment = _sandbox.environment(loader, html)
        for name in environment.list_templates(["j2"]):
            try:
                environment.get_template(name)
            except (TemplateError, UnicodeDecodeError):
                broken.add(name)
    return tuple(sorted(broken))


def match(codes: list[str], known: library.PatternLibrary | None = None) -> list[dict[str, Any]]:
    """What a pattern library, else the shipped one, says of each code."""
    rows: list[dict[str, Any]] = []
    for code, found in _judged(codes, known):
        if isinstance(found, Text):
            rows.append({"uim": code, "verdict": "malformed", "candidates": [], "remarks": [_ENGLISH.say(found)]})
            continue
        candidates = [
            {"party": c.party, "scheme": c.scheme, "title": c.title, "rank": c.rank, "verified": c.verified,
             "reason": _ENGLISH.say(c.reason)}
            for c in found.candidates
        ]  # fmt: skip
        remarks = [_ENGLISH.say(remark) for remark in found.remarks]
        rows.append({"uim": code, "verdict": found.kind.value, "candidates": candidates, "remarks": remarks})
    return rows


def matched(codes: list[str], known: library.PatternLibrary | None = None) -> list[tuple[str, str, str, str, str]]:
    """The same as rows for people: one for each Party or pattern that a code may be of, then one for each remark.

    A remark that says why a code is not quite of a pattern stands for the reason that it is nearly of it.
    """
    rows: list[tuple[str, str, str, str, str]] = []
    for code, found in _judged(codes, known):
        if isinstance(found, Text):
            rows.append((code, "malformed", "", "", _ENGLISH.say(found)))
            continue
        nearly: dict[object, Candidate] = {c.title: c for c in found.candidates if c.reason.message == BEGINNING}
        remarks = [(nearly.get(dict(remark.values).get("scheme", "")), remark) for remark in found.remarks]
        explained = [near for near, _ in remarks]
        said: list[tuple[Candidate | None, Text]] = [(c, c.reason) for c in found.candidates if c not in explained]
        for of, sentence in (*said, *remarks):
            party, scheme = (of.party, of.scheme) if of else ("", "")
            rows.append((code, found.kind.value, party, scheme, _ENGLISH.say(sentence)))
        if not (said or remarks):
            rows.append((code, found.kind.value, "", "", ""))
    return rows


def _judged(codes: list[str], known: library.PatternLibrary | None) -> Iterator[tuple[str, Verdict | Text]]:
    """Each code with its verdict, or with what is wrong with it as it is written."""
    known = known or library.load(data.pattern_texts())
    written = [read_damaged(code) for code in codes]
    uims = [Uim(code, line=number) for number, code in enumerate(written, 1) if isinstance(code, str)]
    verdicts = {verdict.uim.line: verdict for verdict in known.verdicts(uims, datetime.now(UTC))}
    for number, (code, read) in enumerate(zip(codes, written, strict=True), 1):
        yield code, read if isinstance(read, Text) else verdicts[number]


def certificate_expiry(path: Path) -> datetime:
    """When a PEM certificate expires."""
    return _certificate.load(path).not_valid_after_utc
