"""One transaction holds everything that follows from a mail, or nothing."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest

from gateway.events import Commit, EventKind, ForAPerson
from gateway.facts import NO_DIGEST, NO_PARTY, ExchangeNumber, ReferralNumber, digest
from gateway.outcome import REASONS, Cause, Deferred, Held, LostRace, Refuse, Refused, Taken
from gateway.store import Store
from gateway.treaty import ReferralState, Side, UimAnswer
from tests.store.made import (
    FR,
    KE,
    NOW,
    NUMBER,
    REFERRAL,
    SE,
    arriving,
    at,
    facts,
    keep,
    of,
    opening,
    outgoing,
    rows,
    token_digest_of,
    write,
)  # fmt: skip

_TABLES = ("exchange", "referral", "uim", "token", "thread", "kept", "outbox", "item", "event", "signature")
TAKEN = Taken("request", NUMBER, (REFERRAL, ReferralNumber(NUMBER, FR)))


def counts(url: str) -> dict[str, int]:
    """Rows in every table that a commit may write."""
    return {name: rows(url, f"SELECT count(*) FROM {name}")[0][0] for name in _TABLES}


def everything(**more: object) -> Commit:
    """A commit that writes to every table."""
    values: dict[str, object] = {
        "events": opening(asked=(SE, FR)), "outgoing": (outgoing("one"), outgoing("two", party=FR)),
        "keeps": (keep(),), "items": (ForAPerson(404, NUMBER, FR),), "signature": digest(b"signature"),
        "arrival": arriving().digest,
    }  # fmt: skip
    return Commit(NOW, **(values | more))  # type: ignore[arg-type]


def test_a_commit_writes_everything_that_follows(store: Store, url: str) -> None:
    store.ledger.begin(arriving(), NOW)
    store.ledger.commit(everything(), TAKEN)
    assert counts(url) == {
        "exchange": 1, "referral": 2, "uim": 4, "token": 4, "thread": 3, "kept": 1, "outbox": 2, "item": 1,
        "event": 3, "signature": 1,
    }  # fmt: skip
    assert store.ledger.begin(arriving(), at(hours=1)).answer == Taken(
        "request", NUMBER, TAKEN.referrals, repeated=True
    )


def test_a_commit_that_fails_at_its_last_row_writes_nothing(store: Store, url: str) -> None:
    store.ledger.begin(arriving(), NOW)
    with pytest.raises(LostRace):
        store.ledger.commit(everything(outgoing=(outgoing("one"), outgoing("one"))), TAKEN)
    assert set(counts(url).values()) == {0}
    assert store.ledger.begin(arriving(), NOW).answer is None


# --- arrivals -----------------------------------------------------------------------------------------


def test_attempts_are_counted_and_one_for_an_outside_cause_is_taken_back(store: Store) -> None:
    assert [store.ledger.begin(arriving(), NOW).attempts for _ in range(3)] == [1, 2, 3]
    store.ledger.undo_attempt(arriving().digest)
    assert store.ledger.begin(arriving(), NOW).attempts == 3
    assert store.ledger.begin(arriving("another"), NOW).attempts == 1


@pytest.mark.parametrize("answer", [Refused(REASONS[201]), Held(REASONS[401])], ids=["refused", "held"])
def test_an_ending_is_remembered(store: Store, answer: Refused | Held) -> None:
    store.ledger.begin(arriving(), NOW)
    store.ledger.finish(arriving().digest, answer, NOW)
    assert store.ledger.begin(arriving(), NOW).answer == answer


@pytest.mark.parametrize("answer", [Taken("sealed"), Held(REASONS[401])], ids=["taken", "held"])
def test_a_copy_that_is_refused_says_nothing_against_what_was_taken(store: Store, answer: Taken | Held) -> None:
    store.ledger.begin(arriving(), NOW)
    store.ledger.finish(arriving().digest, answer, NOW)
    store.ledger.finish(arriving().digest, Refused(REASONS[110]), NOW)
    found = store.ledger.begin(arriving(), NOW).answer
    assert type(found) is type(answer)


def test_a_deferral_is_not_an_ending(store: Store) -> None:
    store.ledger.begin(arriving(), NOW)
    store.ledger.finish(arriving().digest, Deferred(REASONS[301]), NOW)
    assert store.ledger.begin(arriving(), NOW).answer is None


def test_an_answer_without_exchange_comes_back_without_one(store: Store) -> None:
    store.ledger.begin(arriving(), NOW)
    store.ledger.finish(arriving().digest, Taken("help"), NOW)
    assert store.ledger.begin(arriving(), NOW).answer == Taken("help", None, (), repeated=True)


def test_a_signature_is_accepted_once(store: Store, url: str) -> None:
    store.ledger.commit(everything(), TAKEN)
    before = counts(url)
    second = everything(events=opening(ExchangeNumber(2026, 43)), outgoing=(), keeps=(), arrival=NO_DIGEST)
    with pytest.raises(Refuse) as refused:
        store.ledger.commit(second, TAKEN)
    assert (refused.value.reason.number, refused.value.cause) == (201, Cause.REPLAY)
    assert counts(url) == before
    assert store.view.signature_seen(digest(b"signature"))
    assert not store.view.signature_seen(digest(b"another"))


# --- numbers and versions -----------------------------------------------------------------------------


def test_numbers_rise_within_a_year_and_begin_again_with_the_next(store: Store) -> None:
    drawn = [store.ledger.draw(NOW) for _ in range(3)] + [store.ledger.draw(at(days=365))]
    assert [str(number) for number in drawn] == [
        "GSP-2026-000001", "GSP-2026-000002", "GSP-2026-000003", "GSP-2027-000001",
    ]  # fmt: skip


def test_a_decision_on_an_outdated_version_is_a_lost_race_and_writes_nothing(store: Store, url: str) -> None:
    write(store, *opening())
    seen = store.view.exchange(NUMBER)
    assert seen is not None
    write(store, of(EventKind.MESSAGE_RECEIVED, SE, actor=KE), based_on=((NUMBER, seen.version),))
    before = counts(url)
    with pytest.raises(LostRace):
        write(store, of(EventKind.DECLINED, SE), outgoing=(outgoing("late"),), based_on=((NUMBER, seen.version),))
    assert counts(url) == before


def test_every_event_of_an_exchange_changes_its_version(store: Store) -> None:
    write(store, *opening())
    versions = []
    for kind in (EventKind.DELIVERED, EventKind.REMINDED, EventKind.MESSAGE_RECEIVED, EventKind.ANSWER_WAITING):
        write(store, of(kind, SE, actor=KE))
        exchange = store.view.exchange(NUMBER)
        assert exchange is not None
        versions.append(exchange.version)
    assert versions == sorted(set(versions))


# --- what is kept -------------------------------------------------------------------------------------


def test_what_waited_is_released_and_the_request_stays_until_the_exchange_closes(store: Store, url: str) -> None:
    write(store, *opening(), keeps=(keep(NO_PARTY), keep(SE), keep(FR)))
    write(store, of(EventKind.REFERRAL_RELEASED, SE), released=(keep(SE),))
    assert [len(store.view.kept(NUMBER, party, Side.ASKING)) for party in (NO_PARTY, SE, FR)] == [1, 0, 1]
    write(store, of(EventKind.EXCHANGE_CLOSED))
    assert rows(url, "SELECT * FROM kept") == []


def test_closing_one_exchange_leaves_what_another_keeps(store: Store) -> None:
    other = ExchangeNumber(2026, 43)
    write(store, *opening(), *opening(other), keeps=(keep(), keep(number=other)))
    write(store, of(EventKind.EXCHANGE_CLOSED))
    assert store.view.kept(other, SE, Side.ASKING)[0].ciphertext.octets == keep(number=other).ciphertext.octets


def test_tokens_are_kept_as_digests_that_find_their_side(store: Store) -> None:
    write(store, *opening(asked=(SE,)), *opening(ExchangeNumber(2026, 43), kind=EventKind.REFERRAL_WAITING))
    for number in (NUMBER, ExchangeNumber(2026, 43)):
        for side in Side:
            referral = ReferralNumber(number, SE)
            assert store.view.referral_by_token(token_digest_of(referral, side)) == (referral, side)
    assert store.view.referral_by_token(digest(b"foreign")) is None


# --- the record ---------------------------------------------------------------------------------------


def test_the_record_is_a_chain_in_which_every_change_shows(store: Store, url: str) -> None:
    write(store, *opening(asked=(SE, FR)))
    write(store, of(EventKind.DECLINED, FR, actor=FR), when=at(hours=1))
    record = rows(url, "SELECT id, chain FROM event ORDER BY id")
    assert len(record) == 4
    assert len({chain for _, chain in record}) == 4
    assert all(len(chain) == len(hashlib.sha256().hexdigest()) for _, chain in record)


def test_the_same_history_gives_the_same_chain_and_another_one_does_not(store: Store, url: str) -> None:
    write(store, *opening())
    first = rows(url, "SELECT chain FROM event ORDER BY id")
    again, other = ExchangeNumber(2026, 42), ExchangeNumber(2026, 43)
    for number, same in ((again, True), (other, False)):
        fresh = Store("sqlite://", token_digest_of)
        try:
            write(fresh, *opening(number))
            assert (chain_of(fresh) == [chain for (chain,) in first]) is same
        finally:
            fresh.close()


def chain_of(store: Store) -> list[str]:
    """The chain of a store in memory, read by its own connection."""
    with store._engine.connect() as connection:
        return list(connection.exec_driver_sql("SELECT chain FROM event ORDER BY id").scalars())


# --- states -------------------------------------------------------------------------------------------

S, A, K = ReferralState, UimAnswer, EventKind


def state(store: Store) -> ReferralState:
    """The referral's state now."""
    exchange = store.view.exchange(NUMBER)
    assert exchange is not None
    referral = exchange.referral(SE)
    assert referral is not None
    return referral.state


def answer(*numbers: int, says: UimAnswer = A.VALID) -> object:
    """The event of an answer for these UIMs."""
    return of(K.ANSWER_RECEIVED, SE, actor=SE, uims=facts(*numbers, answer=says))


@pytest.mark.parametrize(
    ("events", "ends"),
    [
        ([of(K.DELIVERED, SE)], S.DELIVERED),
        ([of(K.DELIVERED, SE), of(K.READ, SE)], S.READ),
        ([of(K.READ, SE), of(K.DELIVERED, SE)], S.READ),
        ([of(K.UNDELIVERABLE, SE)], S.UNDELIVERABLE),
        ([answer(1)], S.PARTLY_ANSWERED),
        ([answer(1), of(K.DELIVERED, SE), of(K.READ, SE)], S.PARTLY_ANSWERED),
        ([answer(1), answer(2)], S.ANSWERED),
        ([answer(1, 2), of(K.READ, SE)], S.ANSWERED),
        ([answer(1), answer(2, says=A.UNDER_INQUIRY)], S.PARTLY_ANSWERED),
        ([answer(1, 2, says=A.NOT_OURS)], S.RETURNED),
        ([answer(1), answer(2, says=A.NOT_OURS)], S.ANSWERED),
        ([of(K.DECLINED, SE)], S.DECLINED),
        ([of(K.DECLINED, SE), of(K.DELIVERED, SE)], S.DECLINED),
        ([of(K.EXPIRED, SE)], S.EXPIRED),
        ([answer(1, 2), of(K.REFERRAL_EXTENDED, SE, uims=facts(3))], S.PARTLY_ANSWERED),
        ([of(K.REMINDED, SE), of(K.ESCALATED, SE), of(K.ANSWER_WAITING, SE)], S.SENT),
    ],
)
def test_events_lead_to_states_and_late_reports_never_back(store: Store, events: list[object], ends: S) -> None:
    write(store, *opening())
    for event in events:
        write(store, event)  # type: ignore[arg-type]
    assert state(store) is ends


def test_a_waiting_referral_is_sent_once_released(store: Store) -> None:
    write(store, *opening(kind=K.REFERRAL_WAITING))
    assert state(store) is S.WAITING
    write(store, of(K.REFERRAL_RELEASED, SE))
    assert state(store) is S.SENT


def test_answers_are_counted_per_uim_and_reminders_per_referral(store: Store) -> None:
    write(store, *opening(uims=(1, 2, 3)))
    write(store, answer(1), answer(2, says=A.UNDER_INQUIRY), of(K.REMINDED, SE), of(K.ESCALATED, SE))  # type: ignore[arg-type]
    exchange = store.view.exchange(NUMBER)
    assert exchange is not None
    referral = exchange.referral(SE)
    assert referral is not None
    assert (referral.uims, referral.answered, referral.reminders) == (3, 1, 2)


def test_an_answer_for_one_party_leaves_the_other_partys_uims(store: Store) -> None:
    write(store, *opening(asked=(SE, FR)))
    write(store, answer(1, 2))  # type: ignore[arg-type]
    assert set(store.view.uims_of(ReferralNumber(NUMBER, FR)).values()) == {A.PENDING}
    assert set(store.view.uims_of(REFERRAL).values()) == {A.VALID}


@pytest.mark.parametrize("kind", [K.DELIVERED, K.READ, K.REMINDED, K.ESCALATED])
def test_what_the_desk_did_not_do_is_no_activity(store: Store, kind: EventKind) -> None:
    write(store, *opening())
    write(store, of(kind, SE), when=at(days=3))
    exchange = store.view.exchange(NUMBER)
    assert exchange is not None
    assert exchange.last_activity == NOW
    assert exchange.referrals[0].last_activity == NOW


def test_a_message_is_activity(store: Store) -> None:
    write(store, *opening())
    write(store, of(K.MESSAGE_RECEIVED, SE, actor=SE), when=at(days=3))
    exchange = store.view.exchange(NUMBER)
    assert exchange is not None
    assert exchange.last_activity == exchange.referrals[0].last_activity == at(days=3)
    assert exchange.asking_party == KE


def test_further_uims_give_the_desk_the_same_time_again(store: Store) -> None:
    write(store, *opening())
    write(store, of(K.REMINDED, SE), of(K.ESCALATED, SE), of(K.EXPIRED, SE))
    write(store, of(K.REFERRAL_EXTENDED, SE, uims=facts(3)))
    exchange = store.view.exchange(NUMBER)
    assert exchange is not None
    assert [referral.reminders for referral in exchange.referrals] == [0]


def test_what_waited_until_its_time_ran_out_is_sent_when_it_goes_out(store: Store) -> None:
    write(store, *opening(kind=K.REFERRAL_WAITING))
    write(store, of(K.EXPIRED, SE))
    write(store, of(K.REFERRAL_RELEASED, SE))
    assert state(store) is S.SENT


def test_what_the_requester_writes_gives_the_desk_no_more_time(store: Store) -> None:
    write(store, *opening())
    for days, actor in ((3, KE), (5, SE)):
        write(store, of(K.MESSAGE_RECEIVED, SE, actor=actor), when=NOW + timedelta(days=days))
        exchange = store.view.exchange(NUMBER)
        assert exchange is not None
        assert exchange.last_activity == NOW + timedelta(days=days)
        assert exchange.referrals[0].last_activity == (NOW if actor == KE else NOW + timedelta(days=5))
