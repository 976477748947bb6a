"""Whatever people send in whatever order, the exchange keeps its promises."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.content import Decision, Letter
from gateway.events import EventKind
from gateway.facts import ReferralNumber
from gateway.letters import AnswerLetter, Receipt
from gateway.rules.exchange import REACHABLE
from gateway.stages import _words
from gateway.treaty import OPEN_ANSWERS, Role
from tests.support.world import OPENED, World, said

UIMS = [f"{prefix}-{n}-" for prefix in ("SE", "FR", "SF", "SX", "AM", "RU", "MA", "??") for n in range(3)]
PEOPLE = ("officer", "chief", "colleague", "admin", "KE", "SE", "FR", "AT", "observer")
STATUSES = ("valid", "not valid", "not ours", "under inquiry", "withheld", "pending", "")
NUMBERS = ("", "GSP-2026-000001", "GSP-2026-000001/SE", "GSP-2026-000001/FR", "GSP-2026-000002/AT", "GSP-2026-000002")

requests = st.tuples(
    st.just("request"),
    st.sampled_from(PEOPLE),
    st.sampled_from(NUMBERS),
    st.sampled_from(("", "SE", "FR", "KE")),
    st.lists(st.sampled_from(UIMS), min_size=1, max_size=6),
)
replies = st.tuples(
    st.just("reply"),
    st.sampled_from(PEOPLE),
    st.sampled_from(NUMBERS),
    st.sampled_from(("", "", "no system in operation")),
    st.lists(st.tuples(st.sampled_from(UIMS), st.sampled_from(STATUSES)), max_size=6),
)
messages = st.tuples(st.just("message"), st.sampled_from(PEOPLE), st.sampled_from(NUMBERS), st.just(""), st.just([]))
days = st.tuples(st.just("days"), st.just(""), st.just(""), st.integers(1, 40), st.just([]))
evaluations = st.tuples(
    st.just("evaluation"),
    st.sampled_from(PEOPLE),
    st.sampled_from(NUMBERS),
    st.sampled_from(("", "", "yes", "no")),
    st.just([]),
)
steps = st.lists(st.one_of(requests, replies, messages, evaluations, days), min_size=2, max_size=10)
starts = st.lists(st.sampled_from(UIMS[:12]), min_size=1, max_size=8)


def _carry_out(world: World, step: tuple) -> Decision | None:  # type: ignore[type-arg]
    kind, who, number, extra, content = step
    if kind == "days":
        world.now += timedelta(days=extra)
        world.tick()
        return None
    if kind == "request":
        return world.send(who, kind, OPENED | {"exchange": number, "to": extra}, content)
    if kind == "reply":
        blocks = [{"uim": uim, "status": status} for uim, status in content]
        return world.send(who, kind, {"exchange": number, "reason": extra}, blocks=blocks)
    if kind == "evaluation":
        return world.send(who, kind, {"exchange": number, "useful": "4", "clear": "yes", "close": extra})
    return world.send(who, kind, {"exchange": number, "message": "A message."})


def _closing_loses_nothing(world: World, decision: Decision, step: tuple, awaited: dict[object, bool]) -> None:  # type: ignore[type-arg]
    """An evaluation closes only what its writer's Party asks, and no answer that is awaited, unless it says yes."""
    for event in decision.events:
        if event.kind is EventKind.EXCHANGE_CLOSED:
            assert world.exchange(event.exchange).asking_party == event.actor == world.people[step[1]].party
            assert step[3] == "yes" or (step[3] == "" and not awaited[event.exchange])


def _awaited(world: World) -> dict[object, bool]:
    return {
        exchange.number: any(referral.state in REACHABLE for referral in exchange.referrals)
        for exchange in world.view.all_exchanges()
    }


def _desks_read_only_what_they_were_asked(world: World, letter: Letter) -> None:
    if letter.kind.value != "referral" or letter.exchange is None:
        return
    known = world.view.uims_of(ReferralNumber(letter.exchange, letter.party))
    shown = said((letter.values, letter.form, letter.sheets))
    for uim in UIMS:
        mark = world.situation("officer", "help").keyed.uim(uim)
        assert uim not in shown or mark in known


def _nothing_of_a_request_is_lost(decision: Decision, uims: list[str]) -> None:
    for letter in decision.letters:
        if isinstance(letter.values, Receipt):
            told = letter.values
            stays = sum(
                len(getattr(told, name))
                for name in ("ambiguous", "hints", "not_a_party", "not_a_uim", "malformed", "unknown", "own", "no_desk")
            )
            sent = sum(part.count for part in told.sent)
            assert told.total == len(uims)
            assert stays + sent <= told.total - told.doubled <= stays + sent + len(told.repeated)


@settings(max_examples=settings().max_examples * 3 // 10)  # more by `make properties`
@given(start=starts, sequence=steps)
def test_no_order_of_mails_and_days_breaks_an_exchange(start: list[str], sequence: list[tuple]) -> None:  # type: ignore[type-arg]
    world = World(expired=["AT"])
    world.send("officer", "request", OPENED, start)
    for step in sequence:
        before, awaited = len(world.log), _awaited(world)
        decision = _carry_out(world, step)  # a database that refuses a decision ends the test here
        for letter in world.log[before:]:
            _desks_read_only_what_they_were_asked(world, letter)
            assert letter.to.role is not Role.OBSERVER or letter.kind.value == "notice"
            if isinstance(letter.values, AnswerLetter):
                assert letter.to.party == world.exchange(letter.exchange).asking_party
        if decision and step[0] == "evaluation":
            _closing_loses_nothing(world, decision, step, awaited)
        if decision and step[0] == "request":
            _nothing_of_a_request_is_lost(decision, step[4])
        for exchange in world.view.all_exchanges():
            assert {event.kind for event in world.view.trail(exchange.number)} <= _words.EVENT.keys()
            for referral in exchange.referrals:
                answers = world.view.uims_of(referral.number).values()
                open_now = sum(answer in OPEN_ANSWERS for answer in answers)
                assert (referral.uims, referral.answered) == (len(answers), len(answers) - open_now)
                assert referral.state.value not in ("answered", "declined", "returned") or open_now == 0
    world.store.close()
