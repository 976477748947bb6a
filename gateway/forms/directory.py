"""`GSP DIRECTORY`: a Party's administrator keeps its entries; empty, it asks for the list (R12, R23, R24)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from gateway.content import Block, Decision, FilledForm, Finding, Letter, Severity, Text, text
from gateway.directory import KEPT, Entry, EntryChange, missing
from gateway.events import Event, EventKind, MailKind
from gateway.facts import NO_PARTY, PartyCode, PartyName, address
from gateway.forms import Form
from gateway.forms._common import EVERYBODY, blocks, evidence, notice, own_thread, sender, weighed
from gateway.forms._fields import DIRECTORY_FIELDS, DIRECTORY_GROUP
from gateway.ports import Situation
from gateway.rosters import Roster, RosterChanged
from gateway.rules import rights
from gateway.rules.directory import WRITTEN, asking_form, own_form, sheet, writable
from gateway.rules.limits import DAY, DIRECTORY_ORDERS_PER_DAY, ENTRIES_PER_PARTY
from gateway.treaty import Function, Role

_DECISIVE = frozenset({"party", "confirm", "function", "remove"})
_LONGEST = {"authority": 120, "person": 120, "telephone": 60, "postal": 200, "languages": 100, "remarks": 300}
_NOTHING = text("Nothing was changed in the directory")
_MEND = text("Mend what is named below and send the form again.")
_MAY_NOT = text(
    "Ask your Party's administrator: only administrators change the entries of their own Party, and the Secretariat "
    "those of every Party. To read the directory, send “GSP DIRECTORY” with nothing below."
)
_UNKNOWN = text("This Party is not registered here. To read the whole directory, leave “Party” empty.")
_AS_WRITTEN = text("You need do nothing: the entries stand in the directory as you wrote them.")
_NO_FUNCTION = text("Write the function of this entry: one of the words of the form.")
_NO_AUTHORITY = text("Write the authority of this entry; for an expert the person is enough.")
_NO_WAY = text("Write an address or a telephone number, so that this entry can be reached.")
_NO_ADDRESS = text("This is not a mail address. Write it as name@domain, without anything else.")
_NO_NUMBER = text("This telephone number has no digits.")
_TOO_LONG = text("This is too long: at most {most} letters.")
_GONE = text(
    "There is no entry {number} of this Party any more: it was changed or removed meanwhile. The form below has the "
    "entries as they are now."
)
_WHICH = text("It is not clear which entry is to be removed. Write its number after “Entry”.")
_TWICE = text("This entry stands in the form twice.")
_TOO_MANY = text("A Party may have {most} entries at most.")
_TOO_OFTEN = text("The entries were changed {most} times today, as often as they may be. Send the form again tomorrow.")
_WHOSE = text("Write after “Party” whose entries these are: the Secretariat keeps those of every Party.")
_NONE_YET = text("There is no entry to confirm yet. Fill in the form below.")


def decide(situation: Situation) -> Decision:
    """The list; or the changes, of which every Party's administrators are told in one mail; or what is wrong."""
    form, actor = situation.reading.form, situation.submission.sender.person
    own = [finding for finding in situation.reading.findings if not finding.where]
    findings = weighed((), form, own, _DECISIVE)
    written = tuple(block for block in form.blocks if any(v for k, v in block.values.items() if k != "function"))
    if blocks(findings):
        return notice(situation, _NOTHING, _MEND, findings, FilledForm("directory", form.values, blocks=form.blocks))
    asked = PartyCode(form.get("party"))
    if asked and situation.view.party(asked) is None:
        return notice(situation, text("There are no entries of this Party"), _UNKNOWN, form=asking_form())
    if not written and form.get("confirm") != "yes":
        return _listed(situation, asked)
    party = asked or actor.party
    if not rights.keeps(actor, party):
        return notice(situation, _NOTHING, _MAY_NOT, form=asking_form())
    if not asked and actor.role is Role.SECRETARIAT:  # else they would stand under a code that is no Party
        return notice(situation, _NOTHING, _WHOSE, form=replace(form, name="directory", blocks=written))
    return _changed(situation, party, written, findings)


# --- asked for ------------------------------------------------------------------------------------------


def _listed(situation: Situation, asked: PartyCode) -> Decision:
    person, to = situation.submission.sender.person, sender(situation)
    if to is None:
        return Decision()
    entries = tuple(one for one in situation.view.directory() if asked in (NO_PARTY, one.party))
    party = asked or person.party
    keeper = rights.keeps(person, party) and (bool(asked) or person.role is not Role.SECRETARIAT)
    own = [one for one in entries if one.party == party and one.function in KEPT]
    form = own_form(own, party=party if party != person.party else NO_PARTY) if keeper else asking_form()
    letter = Letter(
        MailKind.NOTICE, to, text("The directory of the Parties' authorities"), Roster(entries, asked, keeper),
        form=form, sheets=sheet(entries), thread=own_thread(situation),
    )  # fmt: skip
    event = Event(EventKind.DIRECTORY_ASKED, person=person.id, actor=person.party, party=asked)
    return Decision(events=(event,), letters=(letter,))


# --- changed --------------------------------------------------------------------------------------------


def _changed(
    situation: Situation, party: PartyCode, written: tuple[Block, ...], findings: tuple[Finding, ...]
) -> Decision:
    current = tuple(one for one in situation.view.directory() if one.party == party and one.function in KEPT)
    lost = any(finding.severity is Severity.NOTE and finding.got for finding in findings)
    read = [_change(block, party, current, lost) for block in written]
    changes = tuple(one for one in read if isinstance(one, EntryChange))
    after = _after(current, changes)
    confirms = situation.reading.form.get("confirm") == "yes"
    wrong = (
        *(one for each in read if isinstance(each, tuple) for one in each),
        *_twice(changes, written),
        *_bounds(situation, party, changes, after, confirms),
    )
    shown = party if party != situation.submission.sender.person.party else NO_PARTY
    if wrong:
        stale = any(one.field == "entry" for one in wrong) or not written
        form = own_form(current, confirms, shown) if stale else replace(situation.reading.form, blocks=written)
        return notice(situation, _NOTHING, _MEND, (*findings, *wrong), form)
    changes = tuple(one for one in changes if one.was is None or one.now is None or one.was.mark != one.now.mark)
    if not changes and not confirms:
        return notice(situation, _NOTHING, _AS_WRITTEN, findings, own_form(current, party=shown))
    values = RosterChanged(party, changes, after, confirms)
    return Decision(
        events=tuple(_events(situation, party, changes, current, after, confirms)),
        letters=tuple(_letters(situation, values, shown)),
        entries=changes,
    )


def _change(
    block: Block, party: PartyCode, current: tuple[Entry, ...], lost: bool
) -> EntryChange | tuple[Finding, ...]:
    """What a block changes; where it leaves out a label, that stays as it was."""
    said = {name: _clean(value) for name, value in block.values.items()}
    number = "".join(str(unicodedata.decimal(digit)) for digit in said.get("entry", "") if digit.isdecimal())
    was = next((one for one in current if str(one.number) == number), None)
    if said.get("entry") and was is None:
        return (_finding(text(_GONE.message, number=number or said["entry"]), block, "entry"),)
    if not said.get("function") and was is None:
        return (_finding(_NO_FUNCTION, block, "function"),)
    function = Function(said["function"]) if said.get("function") else was.function if was else Function.EXPERT
    was = was or _same(function, said, current)
    if said.get("remove") == "yes":
        return EntryChange(was, None) if was else (_finding(_WHICH, block, "entry"),)
    values: dict[str, Any] = {name: _kept(said.get(name), getattr(was, name, ""), lost) for name in WRITTEN}
    now = Entry(party, function, **values)
    return tuple(_wrong(now, block)) or EntryChange(was, now)


def _kept(written: str | None, before: str, lost: bool) -> str:
    """What is written; of a line that a client has broken, and whose rest was not understood, what was before."""
    if written is None or (lost and written and before.startswith(written)):
        return before
    return written


def _same(function: Function, said: Mapping[str, str], current: tuple[Entry, ...]) -> Entry | None:
    """The entry that is meant where no number is given: the same authority and person in the same function."""
    who = said.get("authority", "").casefold(), said.get("person", "").casefold()
    return next(
        (e for e in current if e.function is function and (e.authority.casefold(), e.person.casefold()) == who), None
    )


def _clean(written: str) -> str:
    """One line without characters that control or turn the text around them."""
    plain = unicodedata.normalize("NFC", written)
    shown = "".join(c if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Zl", "Zp") else " " for c in plain)
    return " ".join(shown.split())


def _wrong(entry: Entry, block: Block) -> Iterator[Finding]:
    if not entry.authority and not (entry.function is Function.EXPERT and entry.person):
        yield _finding(_NO_AUTHORITY, block, "authority")
    if not entry.address and not entry.telephone:
        yield _finding(_NO_WAY, block, "address")
    if entry.telephone and not any(map(str.isdecimal, entry.telephone)):
        yield _finding(_NO_NUMBER, block, "telephone", entry.telephone)
    for name, most in _LONGEST.items():
        if len(getattr(entry, name)) > most:
            yield _finding(text(_TOO_LONG.message, most=most), block, name, getattr(entry, name)[:most])
    try:
        address(entry.address or "any@example.org")
    except ValueError:
        yield _finding(_NO_ADDRESS, block, "address", entry.address[:254])


def _finding(sentence: Text, block: Block, field: str, got: str = "") -> Finding:
    return Finding(sentence, Severity.BLOCKS, block.where, block.line, got, field)


def _twice(changes: tuple[EntryChange, ...], written: tuple[Block, ...]) -> Iterator[Finding]:
    """Of two blocks on one entry nobody can say which one counts."""
    if len(changes) < len(written):
        return  # others are wrong: they are told of first
    seen: set[int | Entry | None] = set()
    for change, block in zip(changes, written, strict=True):
        this = change.was.number if change.was is not None else change.now
        if this in seen:
            yield _finding(_TWICE, block, "entry" if change.was is not None else "authority")
        seen.add(this)


def _bounds(
    situation: Situation, party: PartyCode, changes: tuple[EntryChange, ...], after: tuple[Entry, ...], confirms: bool
) -> Iterator[Finding]:
    now = situation.moment.now
    if len(after) > ENTRIES_PER_PARTY:
        yield Finding(text(_TOO_MANY.message, most=ENTRIES_PER_PARTY), Severity.BLOCKS)
    if changes and situation.view.directory_orders(party, now - DAY) >= DIRECTORY_ORDERS_PER_DAY:
        yield Finding(text(_TOO_OFTEN.message, most=DIRECTORY_ORDERS_PER_DAY), Severity.BLOCKS)
    if confirms and not after and not changes:
        yield Finding(_NONE_YET, Severity.BLOCKS)


def _after(current: tuple[Entry, ...], changes: tuple[EntryChange, ...]) -> tuple[Entry, ...]:
    instead = {change.was.number: change.now for change in changes if change.was is not None}
    kept = (instead.get(entry.number, entry) for entry in current)
    new = (change.now for change in changes if change.was is None)
    return tuple(entry for entry in (*kept, *new) if entry is not None)


# --- what follows ---------------------------------------------------------------------------------------


def _events(
    situation: Situation, party: PartyCode, changes: tuple[EntryChange, ...], before: tuple[Entry, ...],
    after: tuple[Entry, ...], confirms: bool,
) -> Iterator[Event]:  # fmt: skip
    actor, order = situation.submission.sender.person, situation.submission.mail.mail.digest
    who = {"party": party, "person": actor.id, "actor": actor.party}
    if changes:
        yield Event(EventKind.DIRECTORY_ORDERED, count=len(changes), digest=order, **who)  # type: ignore[arg-type]
    for change in changes:
        yield _event(change, party)
    if missing(after) and not missing(before):
        yield Event(EventKind.NOMINATIONS_OPEN, party=party, count=len(missing(after)))
    if confirms:
        yield Event(EventKind.DIRECTORY_CONFIRMED, count=len(after), digest=order, **who)  # type: ignore[arg-type]


def _event(change: EntryChange, party: PartyCode) -> Event:
    number = change.was.number if change.was else 0
    if change.now is None:
        mark = change.was.mark if change.was else Entry(party, Function.EXPERT).mark
        return Event(EventKind.ENTRY_REMOVED, party=party, count=number, digest=mark)
    kind = EventKind.ENTRY_REPLACED if change.replaces else EventKind.ENTRY_CORRECTED
    return Event(kind if change.was else EventKind.ENTRY_ADDED, party=party, count=number, digest=change.now.mark)


def _letters(situation: Situation, values: RosterChanged, shown: PartyCode) -> Iterator[Letter]:
    """To the writer; of a change also to every Party's administrators (its desk, where there is none who can be
    written to) and the Secretariat, one mail each."""
    view, now, writer = situation.view, situation.moment.now, sender(situation)
    name = PartyName(values.party)
    if writer is not None:
        subject = text("The entries of {party} stand in the directory", party=name)
        own = replace(values, wrote=True, evidence=evidence(situation))
        form = own_form(values.entries, party=shown)  # what was changed has its number when this is committed
        yield Letter(MailKind.NOTICE, writer, subject, own, form=form, thread=own_thread(situation))
    if not values.changes:
        return
    people = (*writable(view.all_administrators(now)), *writable(view.secretariat(now)))
    unled = sorted({party.code for party in view.parties()} - {to.party for to in people})
    desks = [desk for code in unled if (desk := view.desk(code, now)) is not None]
    told = {to.address: to for to in (*people, *writable(desks))}
    subject = text("{party} has changed its entries in the directory", party=name)
    for to in told.values():
        if writer is None or to.address != writer.address:
            yield Letter(
                MailKind.NOTICE, to, subject, values, form=asking_form(), sheets=sheet(values.entries),
            )  # fmt: skip


FORM = Form(
    name="directory",
    title="DIRECTORY",
    fields=DIRECTORY_FIELDS,
    senders=EVERYBODY,
    decide=decide,
    group=DIRECTORY_GROUP,
    blocks="entries",
    summary="Get the list of the Parties' authorities; administrators keep their own Party's entries with it.",
)
