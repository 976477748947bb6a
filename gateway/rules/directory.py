"""What is due of a Party's entries in the directory: nominations, and the confirmation twice a year (R12, R23, R24)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from gateway.content import N_, Block, Decision, FilledForm, Letter, Sheet, Text, text
from gateway.directory import KEPT, Entry, Standing
from gateway.events import Event, EventKind, MailKind
from gateway.facts import NO_PARTY, Correspondent, PartyCode, PartyName
from gateway.ports import View
from gateway.rosters import RosterDue, RosterOverdue
from gateway.treaty import Function

FUNCTIONS = {
    Function.COMPETENT_AUTHORITY: N_("competent authority (Article 8)"),
    Function.CONTACT_POINT: N_("contact point (Article 28)"),
    Function.CENTRAL_AUTHORITY: N_("central authority (Article 29)"),
    Function.EXPERT: N_("expert"),
    Function.DESK: N_("desk"),
    Function.ADMINISTRATOR: N_("administrator"),
}
WRITTEN = ("authority", "person", "address", "telephone", "postal", "languages", "remarks")  # fields of an entry
TELL, ASK = -1, -2  # steps that are no reminder: the Secretariat is told; Parties are asked to confirm
_HEADINGS = (
    text("Party"), text("Function"), text("Authority"), text("Person"), text("Address"), text("Telephone"),
    text("Postal address"), text("Languages"), text("Remarks"),
)  # fmt: skip


def own_form(entries: Iterable[Entry], confirm: bool = False, party: PartyCode = NO_PARTY) -> FilledForm:
    """The form that changes these entries, filled with them. `party`: where its reader keeps other Parties' too."""
    blocks = tuple(Block({**_values(entry), "entry": str(entry.number or "")}) for entry in entries)
    values = {"party": str(party), "confirm": "yes" if confirm else ""}
    return FilledForm("directory", values, blocks=blocks)


def asking_form() -> FilledForm:
    """The form that asks for the directory, without the lines that change it."""
    return FilledForm("directory", blocks=(Block({}),))


def sheet(entries: Sequence[Entry]) -> tuple[Sheet, ...]:
    """The entries as one table, of which CSV and XLSX are made; none where there is nothing."""
    rows: tuple[tuple[str | Text, ...], ...] = tuple(
        (
            text("{party}", party=PartyName(entry.party)),
            Text(FUNCTIONS[entry.function]),
            *_values(entry, WRITTEN).values(),
        )
        for entry in entries
    )
    return (Sheet("directory", _HEADINGS, rows),) if rows else ()


def _values(entry: Entry, names: Sequence[str] = ("function", *WRITTEN)) -> Mapping[str, str]:
    return {name: str(getattr(entry, name)) for name in names}


def asked_on(now: datetime, months: Sequence[int]) -> datetime:
    """When Parties were last to be asked to confirm: the first of one of these months, 00:00 UTC."""
    days = (datetime(year, month, 1, tzinfo=UTC) for year in (now.year - 1, now.year) for month in months)
    return max(day for day in days if day <= now)


def nomination_step(standing: Standing, now: datetime, days: Sequence[int]) -> int:
    """Which step is due where something is not nominated: 1, 2, ... reminders, `TELL` the Secretariat; 0: none.

    `days` after which reminders are sent; none: there are none. Never two at once, however late the clock comes.
    """
    if not standing.missing or standing.told_at is not None:
        return 0
    return _step(standing.open_since, standing.steps, standing.step_at, now, days)


def confirmation_step(standing: Standing, now: datetime, months: Sequence[int], days: Sequence[int]) -> int:
    """As `nomination_step` where entries are not confirmed; `ASK`: for the first time since the day of the month.

    Whoever has written or changed entries since that day is not asked.
    """
    if not standing.entries or not months:
        return 0
    day = asked_on(now, months)
    confirmed = standing.confirmed_at is not None and standing.confirmed_at >= day
    if standing.asked_at is None or standing.asked_at < day:
        return 0 if confirmed or (standing.changed_at is not None and standing.changed_at >= day) else ASK
    if confirmed or standing.ask_told_at is not None:
        return 0
    return _step(standing.asked_at, standing.asks, standing.ask_at, now, days)


def _step(since: datetime, done: int, last: datetime | None, now: datetime, days: Sequence[int]) -> int:
    """The next reminder, or `TELL` so long after the last one as it came after the one before."""
    if not days or done > len(days):
        return 0
    due = [timedelta(days=day) for day in (0, *days)]
    gap = due[min(done + 1, len(days))] - due[min(done, len(days) - 1)]
    wanted = since + (due[done] + gap if done == len(days) else due[done + 1])
    if last is not None:
        wanted = max(wanted, last + gap)  # late reminders, after a standstill, keep their distance
    if now < wanted:
        return 0
    return TELL if done == len(days) else done + 1


def nominate(standing: Standing, view: View, now: datetime) -> Decision:
    """The reminder to a Party's administrators of what is not nominated, with the form that does it."""
    days = (now - standing.open_since).days
    subject = text("Please nominate your Party's authorities for the directory")
    form = FilledForm("directory", blocks=tuple(Block(_blank(function)) for function in standing.missing))
    event = Event(EventKind.NOMINATIONS_REMINDED, party=standing.party, count=len(standing.missing))
    return _told(event, subject, RosterDue(standing.party, standing.missing, days), form, view, now)


def confirm(standing: Standing, step: int, view: View, now: datetime) -> Decision:
    """The question whether a Party's entries are right (`ASK`), or a reminder of it: a plain reply answers it."""
    days = (now - standing.asked_at).days if step != ASK and standing.asked_at else 0
    subject = text("Please confirm your Party's entries in the directory")
    entries = [one for one in view.directory() if one.party == standing.party and one.function in KEPT]
    kind = EventKind.CONFIRMATION_ASKED if step == ASK else EventKind.CONFIRMATION_REMINDED
    event = Event(kind, party=standing.party, count=len(entries))
    return _told(event, subject, RosterDue(standing.party, (), days), own_form(entries, confirm=True), view, now)


def _blank(function: Function) -> dict[str, str]:
    return {"function": str(function), **dict.fromkeys(WRITTEN, "")}


def _told(event: Event, subject: Text, values: RosterDue, form: FilledForm, view: View, now: datetime) -> Decision:
    readers = writable(view.administrators(event.party, now))
    return Decision(
        events=(event,), letters=tuple(Letter(MailKind.NOTICE, to, subject, values, form=form) for to in readers)
    )


def overdue(
    nominations: tuple[Standing, ...], confirmations: tuple[Standing, ...], view: View, now: datetime
) -> Decision:
    """The Secretariat hears in one mail which Parties were reminded in vain."""
    subject = text("Entries in the directory are overdue")
    values = RosterOverdue(nominations, confirmations)
    return Decision(
        events=(
            *(Event(EventKind.NOMINATIONS_OVERDUE, party=one.party, count=len(one.missing)) for one in nominations),
            *(Event(EventKind.CONFIRMATION_OVERDUE, party=one.party, count=one.entries) for one in confirmations),
        ),
        letters=tuple(
            Letter(MailKind.NOTICE, to, subject, values, form=asking_form()) for to in writable(view.secretariat(now))
        ),
    )


def writable(readers: Iterable[Correspondent]) -> tuple[Correspondent, ...]:
    """Those of the readers to whom something can be encrypted now."""
    return tuple(to for to in readers if to.key is not None)
