"""What needs action today, as a weekly digest says it to who can act, and to who may only read. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from gateway.content import Text, text, texts
from gateway.directory import Standing
from gateway.events import OpenReferral, PatternChange
from gateway.facts import NO_PARTY, PartyCode, PartyName, Pending, Wording
from gateway.rules.directory import FUNCTIONS
from gateway.rules.periods import day_of
from gateway.summary import Task
from gateway.treaty import ReferralState, Role

KEY_DAYS = 30  # before the end of a key, from which on a digest says so
_LISTED = 5  # of one task: it is read on a telephone
_TO_ANSWER = (ReferralState.SENT, ReferralState.DELIVERED, ReferralState.READ, ReferralState.PARTLY_ANSWERED)


# --- what needs action today --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ending:
    """A key that ends soon: whose (an address, "" is ours), of which Party and role, and on which day."""

    owner: str
    party: PartyCode
    role: Role
    day: date


@dataclass(frozen=True, slots=True)
class Today:
    """Everything that may need somebody's action, of all Parties. `locked`: Parties whose desk has no usable key;
    `unled`: those that have no administrator with a usable key.

    `zone`: by whose calendar "today" is said.
    """

    now: datetime
    referrals: tuple[OpenReferral, ...] = ()
    locked: tuple[PartyCode, ...] = ()
    unled: tuple[PartyCode, ...] = ()
    ending: tuple[Ending, ...] = ()
    pending: tuple[Pending, ...] = ()
    patterns: tuple[PatternChange, ...] = ()  # that wait for the Secretariat
    doubted: tuple[tuple[PartyCode, Wording], ...] = ()  # patterns that come back as "not ours": whose, and titles
    standings: tuple[Standing, ...] = ()  # in the directory, of every Party
    nominations: bool = True  # Parties are reminded to nominate
    items: int = 0  # that wait for the operator
    difficulties: int = 0  # reported in the last seven days
    reminder_days: tuple[int, ...] = (7, 14)
    zone: str = "UTC"


def tasks_of(party: PartyCode, today: Today) -> tuple[Task, ...]:
    """What a Party's people should see to, most urgent first: of their own Party only."""
    asked = [one for one in today.referrals if one.number.party == party]
    found = [
        _answer(asked, today),
        _locked(party, today),
        _unreachable([one for one in asked if one.state is ReferralState.UNDELIVERABLE]),
        _returned([r for r in today.referrals if r.asking == party and r.state is ReferralState.UNDELIVERABLE]),
        _keys([key for key in today.ending if key.party == party]),
        _unconfirmed([one for one in today.pending if one.party == party]),
        _misleading([title for of, title in today.doubted if of == party]),
        *(
            task
            for one in today.standings
            if one.party == party
            for task in (_nominate(one, today), _confirm(one, today))
        ),
    ]
    return tuple(task for task in found if task is not None)


def observed(party: PartyCode, owner: str, today: Today) -> tuple[tuple[Task, ...], tuple[Task, ...]]:
    """An observer's own tasks (a key of this owner that ends), and those of the Party's people as they are told to
    somebody who may do none of them."""
    own = _keys([key for key in today.ending if key.owner == owner])
    others = replace(today, ending=tuple(key for key in today.ending if key.owner != owner))
    told = (replace(task, says=task.told or task.says) for task in tasks_of(party, others))
    return (own,) if own else (), tuple(told)


def tasks_of_secretariat(today: Today) -> tuple[Task, ...]:
    """What the Secretariat should see to, most urgent first."""
    approvals = [one for one in today.pending if one.approval and one.proven]
    undeliverable = [one for one in today.referrals if one.state is ReferralState.UNDELIVERABLE]
    every = max(1, len(today.reminder_days))
    silent = [one for one in today.referrals if one.state in _TO_ANSWER and one.reminders >= every]
    offices = (Role.DESK, Role.ADMINISTRATOR, Role.SECRETARIAT)
    found = [
        _approve(approvals),
        _patterns(today.patterns),
        _doubted(today.doubted),
        _by_party(
            undeliverable,
            texts(
                "Please ask which mailbox works: {count} request could not be delivered.",
                "Please ask which mailbox works: {count} requests could not be delivered.",
                len(undeliverable),
            ),
        ),
        _desks(today.locked),
        _led(today.unled),
        _by_party(
            silent,
            texts(
                "Please speak with the Party asked: {count} request is unanswered after every reminder.",
                "Please speak with the Parties asked: {count} requests are unanswered after every reminder.",
                len(silent),
            ),
        ),
        _keys([key for key in today.ending if key.role in offices]),
        Task(
            texts(
                "{count} difficulty was reported in the last seven days: please see that it is answered.",
                "{count} difficulties were reported in the last seven days: please see that they are answered.",
                today.difficulties,
            )
        )
        if today.difficulties
        else None,
        Task(texts("{count} item waits for the operator.", "{count} items wait for the operator.", today.items))
        if today.items
        else None,
        *_of_the_directory(today),
    ]
    return tuple(task for task in found if task is not None)


def _listed(says: Text, lines: Sequence[Text], told: Text | None = None) -> Task:
    return Task(says, tuple(lines[:_LISTED]), max(0, len(lines) - _LISTED), told)


def _answer(asked: Sequence[OpenReferral], today: Today) -> Task | None:
    waiting = [one for one in asked if one.state in _TO_ANSWER]
    overdue = timedelta(days=today.reminder_days[0]) if today.reminder_days else timedelta.max
    late = sum(today.now - one.asked_at >= overdue for one in waiting)
    if not waiting:
        return None
    many = len(waiting)
    says = texts("{count} request waits for your answer.", "{count} requests wait for your answer.", many)
    told = texts(
        "{count} request waits for your Party's answer.", "{count} requests wait for your Party's answer.", many
    )
    if late:
        says = texts(
            "Please answer: {count} request is overdue; waiting in all: {all}.",
            "Please answer: {count} requests are overdue; waiting in all: {all}.",
            late,
            all=many,
        )
        told = texts(
            "{count} request to your Party is overdue; waiting in all: {all}.",
            "{count} requests to your Party are overdue; waiting in all: {all}.",
            late,
            all=many,
        )
    return _listed(says, [_since(one, today) for one in waiting], told)


def _since(one: OpenReferral, today: Today) -> Text:
    days = (day_of(today.now, today.zone) - day_of(one.asked_at, today.zone)).days
    asked = {"number": str(one.number), "party": PartyName(one.asking)}
    if days <= 0:
        return text("{number}, asked by {party} today", **asked)
    return texts(
        "{number}, asked by {party} {count} day ago", "{number}, asked by {party} {count} days ago", days, **asked
    )


def _locked(party: PartyCode, today: Today) -> Task | None:
    if party not in today.locked:
        return None
    waiting = sum(r.number.party == party and r.state is ReferralState.WAITING for r in today.referrals)
    says = text("Please have your desk's key renewed: no request can be sent to it.")
    told = text("Your Party's desk has no key that can be used: no request can be sent to it.")
    lines = (texts("{count} request waits for it", "{count} requests wait for it", waiting),) * (waiting > 0)
    return Task(says, lines, told=told)


def _unreachable(asked: Sequence[OpenReferral]) -> Task | None:
    says = texts(
        "Please check your desk's mailbox: {count} request could not be delivered to it.",
        "Please check your desk's mailbox: {count} requests could not be delivered to it.",
        len(asked),
    )
    told = texts(
        "{count} request could not be delivered to your Party's desk.",
        "{count} requests could not be delivered to your Party's desk.",
        len(asked),
    )
    return _listed(says, [text("{number}", number=str(one.number)) for one in asked], told) if asked else None


def _returned(sent: Sequence[OpenReferral]) -> Task | None:
    says = texts(
        "{count} request of your Party could not be delivered; the Secretariat knows.",
        "{count} requests of your Party could not be delivered; the Secretariat knows.",
        len(sent),
    )
    return _listed(says, [text("{number}", number=str(one.number)) for one in sent]) if sent else None


def _keys(ending: Iterable[Ending]) -> Task | None:
    lines = [
        text("{owner}: {day}", owner=key.owner or text("the focal point's own key"), day=key.day)
        for key in sorted(ending, key=lambda key: (key.day, key.owner))
    ]
    says = texts("{count} key ends soon: please have it renewed.", "{count} keys end soon: please have them renewed.",
                 len(lines))  # fmt: skip
    told = texts("{count} key ends soon.", "{count} keys end soon.", len(lines))
    return _listed(says, lines, told) if lines else None


def _unconfirmed(pending: Sequence[Pending]) -> Task | None:
    lines = [
        text("{address}: waits for the Secretariat", address=one.address)
        if one.proven
        else text("{address}: has not answered the challenge yet", address=one.address)
        for one in pending
    ]
    says = texts("{count} registration is not complete.", "{count} registrations are not complete.", len(lines))
    return _listed(says, lines) if lines else None


def _nominate(standing: Standing, today: Today) -> Task | None:
    if not standing.missing or not today.nominations:
        return None
    says = texts(
        "Please name the authority that your Party lacks in the directory: write GSP DIRECTORY.",
        "Please name the {count} authorities that your Party lacks in the directory: write GSP DIRECTORY.",
        len(standing.missing),
    )
    since = text("outstanding since {day}", day=standing.open_since.date())
    told = (text("The Secretariat has been told that the reminders were in vain."),) if standing.told_at else ()
    lines = (*(Text(FUNCTIONS[function]) for function in standing.missing), since, *told)
    lacks = texts(
        "Your Party lacks {count} authority in the directory: its administrators can name it.",
        "Your Party lacks {count} authorities in the directory: its administrators can name them.",
        len(standing.missing),
    )
    return Task(says, lines, told=lacks)


def _confirm(standing: Standing, today: Today) -> Task | None:
    if not standing.unconfirmed or standing.asked_at is None or not standing.entries:
        return None
    asked = standing.ask_at or standing.asked_at
    says = text("Please confirm your Party's entries in the directory: reply to our mail of {day}.", day=asked.date())
    days = (today.now - standing.asked_at).days
    lines = (texts("first asked {count} day ago", "first asked {count} days ago", days),) * (days > 0)
    return Task(says, lines, told=text("Your Party's administrators have yet to confirm its entries in the directory."))


def _of_the_directory(today: Today) -> Iterable[Task]:
    """What the Secretariat must do comes first; then who is still reminded by the gateway."""
    missing = [one for one in today.standings if one.missing and today.nominations]
    late = [one for one in missing if one.told_at is not None]
    silent = [one for one in today.standings if one.unconfirmed and one.ask_told_at is not None and one.entries]
    if late:
        says = texts(
            "Please speak with {count} Party: reminders to name its authorities were in vain.",
            "Please speak with {count} Parties: reminders to name their authorities were in vain.",
            len(late),
        )
        yield _listed(says, [_outstanding(one, today) for one in sorted(late, key=_oldest)])
    if silent:
        says = texts(
            "Please speak with {count} Party: reminders to confirm its entries in the directory were in vain.",
            "Please speak with {count} Parties: reminders to confirm their entries in the directory were in vain.",
            len(silent),
        )
        yield _listed(says, [text("{party}", party=PartyName(one.party)) for one in silent])
    reminded = [one for one in missing if one.told_at is None]
    if reminded:
        says = texts(
            "{count} Party has yet to name its authorities; the focal point reminds it.",
            "{count} Parties have yet to name their authorities; the focal point reminds them.",
            len(reminded),
        )
        yield _listed(says, [_outstanding(one, today) for one in sorted(reminded, key=_oldest)])


def _oldest(standing: Standing) -> tuple[datetime, PartyCode]:
    return standing.open_since, standing.party


def _outstanding(standing: Standing, today: Today) -> Text:
    days = (today.now - standing.open_since).days
    party = PartyName(standing.party)
    return texts("{party}: for {count} day", "{party}: for {count} days", days, party=party)


def _approve(pending: Sequence[Pending]) -> Task | None:
    says = texts(
        "{count} registration waits for your approval.", "{count} registrations wait for your approval.", len(pending)
    )
    lines = [text("{party}: {address}", party=PartyName(one.party), address=one.address) for one in pending]
    return _listed(says, lines) if lines else None


def _patterns(waiting: Sequence[PatternChange]) -> Task | None:
    says = texts(
        "{count} change of the pattern library waits for your approval.",
        "{count} changes of the pattern library wait for your approval.",
        len(waiting),
    )
    lines = [text("{party}: {schemes}", party=PartyName(one.actor), schemes=", ".join(one.schemes)) for one in waiting]
    return _listed(says, lines) if waiting else None


def _misleading(titles: Sequence[Wording]) -> Task | None:
    says = texts(
        "Please describe {count} marking anew (GSP PATTERN): your desk often answers “not ours”, so officers now "
        "confirm before they ask you.",
        "Please describe {count} markings anew (GSP PATTERN): your desk often answers “not ours”, so officers now "
        "confirm before they ask you.",
        len(titles),
    )
    told = texts(
        "Your Party's desk often answers “not ours” to UIMs of {count} marking, so officers now confirm before they "
        "ask it; your administrators can describe it anew.",
        "Your Party's desk often answers “not ours” to UIMs of {count} markings, so officers now confirm before they "
        "ask it; your administrators can describe them anew.",
        len(titles),
    )
    return _listed(says, [text("{title}", title=title) for title in titles], told) if titles else None


def _doubted(doubted: Sequence[tuple[PartyCode, Wording]]) -> Task | None:
    says = texts(
        "Please speak with the Party: UIMs of {count} pattern often come back as “not ours”.",
        "Please speak with the Parties: UIMs of {count} patterns often come back as “not ours”.",
        len(doubted),
    )
    return _listed(says, [text("{title}", title=title) for _, title in doubted]) if doubted else None


def _desks(locked: Sequence[PartyCode]) -> Task | None:
    says = texts(
        "{count} desk has no key that can be used: please see that it is renewed.",
        "{count} desks have no key that can be used: please see that it is renewed.",
        len(locked),
    )
    return _listed(says, [text("{party}", party=PartyName(one)) for one in locked]) if locked else None


def _led(unled: Sequence[PartyCode]) -> Task | None:
    says = texts(
        "Please see to an administrator: {count} Party has none who can be written to.",
        "Please see to administrators: {count} Parties have none who can be written to.",
        len(unled),
    )
    return _listed(says, [text("{party}", party=PartyName(one)) for one in unled]) if unled else None


def _by_party(referrals: Sequence[OpenReferral], says: Text) -> Task | None:
    many = Counter(referral.number.party for referral in referrals)
    lines = [text("{party}: {many}", party=PartyName(code), many=count) for code, count in sorted(many.items())]
    return _listed(says, lines) if lines else None


def headline(party: PartyCode, tasks: Sequence[Task], observed: Sequence[Task] = ()) -> Text:
    """The most important sentence."""
    if tasks:
        return tasks[0].says
    if observed:
        return text("You need do nothing yourself: below is what waits for your Party.")
    if party == NO_PARTY:
        return text("You need do nothing today: nothing waits for the Secretariat.")
    return text("You need do nothing today: nothing waits for your Party.")
