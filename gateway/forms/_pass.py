"""UIMs that the asked Party calls "not ours": they go to the next candidate, or nobody is left (exchange.md 3, 6)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from gateway.content import ClearValue, FilledForm, Reading, Uim, Verdict
from gateway.events import EXTENSIONS, EventKind, ExchangeView, Keep
from gateway.facts import NO_PARTY, Digest, PartyCode, ReferralNumber
from gateway.forms._common import digest_of, recalled, uims_among
from gateway.forms._refer import STAYS, Referred, deskless, left_form, refer
from gateway.letters import AnsweredUim, ReferredPart, UimNote
from gateway.ports import Situation
from gateway.rules import routing
from gateway.treaty import ReferralState, Side


@dataclass(frozen=True, slots=True, repr=False)
class Passed(ClearValue):
    """Where UIMs went that are "not ours", why the others went nowhere, and a form where the officer may choose."""

    referred: tuple[Referred, ...] = ()
    parts: tuple[ReferredPart, ...] = ()  # for the requester's letter
    choose: tuple[UimNote, ...] = ()
    own: tuple[UimNote, ...] = ()
    no_desk: tuple[UimNote, ...] = ()
    nobody: tuple[UimNote, ...] = ()
    choice: FilledForm | None = None
    deskless: tuple[PartyCode, ...] = ()  # among the Parties to choose from


_Sent = dict[PartyCode, list[routing.Routed]]
_Stays = dict[str, list[Verdict]]  # by the names of `Routing`


def pass_on(situation: Situation, exchange: ExchangeView, not_ours: Mapping[Digest, AnsweredUim]) -> Passed:
    """Routes these UIMs again, with every Party struck out that had them, from the request's kept ciphertext."""
    if not not_ours:
        return Passed()
    had = {r.number.party: situation.view.uims_of(r.number).keys() for r in exchange.referrals}
    left = set(not_ours)
    referred: list[Referred] = []
    stays: _Stays = {name: [] for name in STAYS}
    choice: FilledForm | None = None
    for request in situation.view.kept(exchange.number, NO_PARTY, Side.ASKING):
        reading = recalled(situation, request)
        uims = uims_among(situation, reading, left) if reading else ()
        if reading is None or not uims:
            continue
        left.difference_update(digest_of(situation, uim.text) for uim in uims)
        sent, kept = _routed(situation, exchange, uims, had)
        already = {one.part.number.party for one in referred}
        referred += _refer(situation, reading, exchange, request, sent, already)
        for name, verdicts in kept.items():
            stays[name] += verdicts
        choice = left_form(situation, reading, exchange.number, kept["ambiguous"]) if kept["ambiguous"] else choice
    lost = [UimNote(Uim(answered.uim)) for mark, answered in not_ours.items() if mark in left]
    return _told(situation, tuple(one.part for one in referred), stays, choice, lost, tuple(referred))


def passed_before(
    situation: Situation, exchange: ExchangeView, number: ReferralNumber, not_ours: Mapping[Digest, AnsweredUim],
    at: datetime,
) -> Passed:  # fmt: skip
    """What `pass_on` told of a reply that was taken at that instant; nothing is sent again."""
    mine = exchange.referral(number.party)
    if not not_ours or mine is None:
        return Passed()
    moved = {event.party for event in situation.view.trail(exchange.number) if event.at == at and event.kind in _ASKED}
    had = {r.number.party: set(situation.view.uims_of(r.number)) for r in exchange.referrals}
    went = {party: marks & not_ours.keys() for party, marks in had.items() if party in moved - {number.party}}
    later = [r.number.party for r in exchange.referrals if r.asked_at > mine.asked_at]
    past = {mark for party in (*went, *later) for mark in had[party]}  # else the officer, or another reply, sent it on
    waiting = {r.number.party for r in exchange.referrals if r.state is ReferralState.WAITING}
    parts = []
    for party, marks in went.items():
        uims = [Uim(not_ours[mark].uim) for mark in marks]
        schemes = {c.title for v in situation.library.verdicts(uims, at) for c in v.candidates if c.party == party}
        referral = ReferralNumber(exchange.number, party)
        parts.append(ReferredPart(referral, len(marks), tuple(sorted(schemes)), waiting=party in waiting))
    left = [Uim(answered.uim) for mark, answered in not_ours.items() if mark not in past]
    _, stays = _routed(situation, exchange, left, had)
    choice = _choice(situation, exchange, stays["ambiguous"])
    return _told(situation, tuple(part for part in parts if part.count), stays, choice)


_ASKED = frozenset({EventKind.REFERRAL_SENT, EventKind.REFERRAL_WAITING}) | EXTENSIONS


def _choice(situation: Situation, exchange: ExchangeView, choose: Sequence[Verdict]) -> FilledForm | None:
    """The form in which the officer names the Party, with what the request says that asked for these UIMs."""
    marks = {digest_of(situation, verdict.uim.text) for verdict in choose}
    for request in situation.view.kept(exchange.number, NO_PARTY, Side.ASKING) if marks else ():
        reading = recalled(situation, request)
        if reading and uims_among(situation, reading, marks):
            return left_form(situation, reading, exchange.number, choose)
    return None


def _told(
    situation: Situation,
    parts: tuple[ReferredPart, ...],
    stays: _Stays,
    choice: FilledForm | None,
    lost: Sequence[UimNote] = (),
    referred: tuple[Referred, ...] = (),
) -> Passed:
    notes = {name: tuple(map(routing.note, verdicts)) for name, verdicts in stays.items()}
    choose, own, no_desk = (notes.pop(name) for name in ("ambiguous", "own", "no_desk"))
    nobody = (*(note for rest in notes.values() for note in rest), *lost)
    missing = deskless(situation, (c.party for verdict in stays["ambiguous"] for c in verdict.candidates))
    return Passed(referred, parts, choose, own, no_desk, nobody, choice, missing)


def _routed(
    situation: Situation,
    exchange: ExchangeView,
    uims: Sequence[Uim],
    had: Mapping[PartyCode, Collection[Digest]],
) -> tuple[_Sent, _Stays]:
    """What goes to each Party, and the verdicts on what goes to none."""
    desks = frozenset(party.code for party in situation.view.parties())
    groups: dict[frozenset[PartyCode], list[Uim]] = {}
    for uim in uims:
        mark = digest_of(situation, uim.text)
        struck_out = frozenset(party for party, digests in had.items() if mark in digests)
        groups.setdefault(struck_out, []).append(uim)
    sent: _Sent = {}
    stays: _Stays = {name: [] for name in STAYS}
    for struck_out, members in groups.items():
        verdicts = situation.library.verdicts(members, situation.moment.now)
        routed = routing.route(verdicts, exchange.asking_party, NO_PARTY, struck_out, desks)
        for party, members_sent in routed.to_send.items():
            sent.setdefault(party, []).extend(members_sent)
        for name in STAYS:
            stays[name] += getattr(routed, name)
    return sent, stays


def _refer(
    situation: Situation,
    reading: Reading,
    exchange: ExchangeView,
    request: Keep,
    sent: Mapping[PartyCode, Sequence[routing.Routed]],
    already: set[PartyCode],
) -> list[Referred]:
    referred = (
        refer(
            situation, reading, exchange.number, exchange, party, [one.uim for one in members],
            tuple(sorted({one.scheme for one in members if one.scheme})), exchange.asking_party, request,
            again=party in already,
        )
        for party, members in sorted(sent.items())
    )  # fmt: skip
    return [one for one in referred if one]
