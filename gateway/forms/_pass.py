"""UIMs that the asked Party calls "not ours": they go to the next candidate, or nobody is left (exchange.md 3, 6)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from gateway.content import ClearValue, FilledForm, Reading, Uim, Verdict, VerdictKind
from gateway.facts import NO_PARTY, Digest, ExchangeView, Keep, PartyCode
from gateway.forms._common import digest_of, recalled, uims_among
from gateway.forms._refer import STAYS, Referred, left_form, refer
from gateway.letters import AnsweredUim, ReferredPart, UimNote
from gateway.ports import Situation
from gateway.rules import routing
from gateway.treaty import Side


@dataclass(frozen=True, slots=True, repr=False)
class Passed(ClearValue):
    """Where UIMs went that are "not ours", those for which nobody is left, and a form where the officer may choose."""

    referred: tuple[Referred, ...] = ()
    nobody: tuple[UimNote, ...] = ()
    choice: FilledForm | None = None

    @property
    def parts(self) -> tuple[ReferredPart, ...]:
        """For the requester's letter."""
        return tuple(one.part for one in self.referred)


def pass_on(situation: Situation, exchange: ExchangeView, not_ours: Mapping[Digest, AnsweredUim]) -> Passed:
    """Routes these UIMs again, with every Party struck out that had them, from the request's kept ciphertext."""
    if not not_ours:
        return Passed()
    had = {r.number.party: situation.view.uims_of(r.number).keys() for r in exchange.referrals}
    left = set(not_ours)
    referred: list[Referred] = []
    nobody: list[UimNote] = []
    choice: FilledForm | None = None
    for request in situation.view.kept(exchange.number, NO_PARTY, Side.ASKING):
        reading = recalled(situation, request)
        uims = uims_among(situation, reading, left) if reading else ()
        if reading is None or not uims:
            continue
        marks = [digest_of(situation, uim.text) for uim in uims]
        left.difference_update(marks)
        sent, verdicts = _routed(situation, exchange, uims, marks, had)
        already = {one.part.number.party for one in referred}
        referred += _refer(situation, reading, exchange, request, sent, already)
        nobody += [routing.note(verdict) for verdict in verdicts]
        choose = [verdict for verdict in verdicts if verdict.kind is VerdictKind.AMBIGUOUS]
        choice = left_form(reading, exchange.number, choose) if choose else choice
    nobody += [UimNote(Uim(answered.uim)) for mark, answered in not_ours.items() if mark in left]
    return Passed(tuple(referred), tuple(nobody), choice)


def _routed(
    situation: Situation,
    exchange: ExchangeView,
    uims: Sequence[Uim],
    marks: Sequence[Digest],
    had: Mapping[PartyCode, Collection[Digest]],
) -> tuple[dict[PartyCode, list[routing.Routed]], list[Verdict]]:
    """What goes to each Party, and the verdicts on what goes to none."""
    desks = frozenset(party.code for party in situation.view.parties())
    groups: dict[frozenset[PartyCode], list[Uim]] = {}
    for uim, mark in zip(uims, marks, strict=True):
        struck_out = frozenset(party for party, digests in had.items() if mark in digests)
        groups.setdefault(struck_out, []).append(uim)
    sent: dict[PartyCode, list[routing.Routed]] = {}
    stays: list[Verdict] = []
    for struck_out, members in groups.items():
        verdicts = situation.library.verdicts(members, situation.moment.now)
        routed = routing.route(verdicts, exchange.asking_party, NO_PARTY, struck_out, desks)
        for party, members_sent in routed.to_send.items():
            sent.setdefault(party, []).extend(members_sent)
        stays += [verdict for name in STAYS for verdict in getattr(routed, name)]
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
