"""What a decision may ask: who, which exchange, what was asked before."""

from __future__ import annotations

import pytest

from gateway.events import Event, EventKind
from gateway.facts import Address, ExchangeNumber, Language, ReferralNumber
from gateway.store import Store
from gateway.treaty import Role, Side, UimAnswer
from tests.store.made import (
    FR,
    KE,
    NOW,
    NUMBER,
    REFERRAL,
    SE,
    at,
    facts,
    key,
    of,
    opening,
    outgoing,
    uim,
    with_parties,
    write,
)  # fmt: skip

OFFICER = Address("Officer@party.example")
EN = Language("en")


def person(store: Store, mark: str = "A", role: Role = Role.OFFICER, address: str = OFFICER, **of_key: object) -> int:
    """Registers a person of KE with a key; gives the id."""
    store.members.add_person(KE, Address(address), "Somebody", role, EN, key(mark, **of_key), NOW)  # type: ignore[arg-type]
    found = store.view.person_by_address(Address(address))
    assert found is not None
    return found.id


def test_a_desk_is_a_correspondent_with_the_newest_usable_key(store: Store) -> None:
    with_parties(store)
    store.members.add_party(SE, "Sweden", Address("desk.se@party.example"), EN, key("B", until=at(days=9)), at(days=1))
    desk = store.view.desk(SE, at(days=2))
    assert desk is not None
    assert (desk.person, desk.role, desk.party, desk.key and desk.key.fingerprint) == (0, Role.DESK, SE, "B" * 40)
    later = store.view.desk(SE, at(days=10))
    assert later is not None
    assert later.key is not None
    assert later.key.fingerprint == "2" * 40


def test_a_desk_without_usable_key_is_known_but_cannot_be_written_to(store: Store) -> None:
    store.members.add_party(SE, "Sweden", Address("desk@se.example"), EN, key("B", until=at(days=9)), NOW)
    store.members.add_party(FR, "France", Address("desk@fr.example"), EN, key("C", can_encrypt=False), NOW)
    store.members.add_party(KE, "Kenya", Address("desk@ke.example"), EN, None, NOW)
    desks = [store.view.desk(code, at(days=9)) for code in (SE, FR, KE)]
    assert [desk and desk.key for desk in desks] == [None, None, None]
    assert None not in desks


def test_nobody_is_found_where_nobody_is_registered(store: Store) -> None:
    assert store.view.party(SE) is None
    assert store.view.desk(SE, NOW) is None
    assert store.view.correspondent(1, NOW) is None
    assert store.view.person_by_address(OFFICER) is None
    assert store.view.keys_claimed_by(OFFICER) == ()
    assert store.view.sender_by_fingerprint(key().fingerprint, NOW) is None
    assert store.view.exchange(NUMBER) is None


def test_people_are_found_by_address_whatever_the_case_and_by_their_key(store: Store) -> None:
    with_parties(store)
    number = person(store)
    for address in ("officer@party.example", "OFFICER@party.example"):
        found = store.view.person_by_address(Address(address))
        assert found is not None
        assert found.id == number
        assert [k.fingerprint for k in store.view.keys_claimed_by(Address(address))] == ["A" * 40]
    sender = store.view.sender_by_fingerprint(key("A").fingerprint, NOW)
    assert sender is not None
    assert (sender.person.id, sender.person.party, sender.person.address) == (number, KE, OFFICER)


def test_a_desk_signs_as_its_party(store: Store) -> None:
    with_parties(store)
    sender = store.view.sender_by_fingerprint(key("2").fingerprint, NOW)
    assert sender is not None
    assert (sender.person.id, sender.person.role, sender.person.party) == (0, Role.DESK, SE)


def test_a_withdrawn_person_is_nobody_but_the_key_is_still_known_for_judging(store: Store) -> None:
    with_parties(store)
    number = person(store)
    store.members.revoke(OFFICER, "left the service", at(days=1))
    assert store.view.person_by_address(OFFICER) is None
    assert store.view.correspondent(number, at(days=2)) is None
    assert store.view.sender_by_fingerprint(key("A").fingerprint, at(days=2)) is None
    assert [k.revoked for k in store.view.keys_claimed_by(OFFICER)] == [True]


def test_an_expired_key_proves_nobody(store: Store) -> None:
    with_parties(store)
    person(store, until=at(days=1))
    assert store.view.sender_by_fingerprint(key("A").fingerprint, at(hours=23)) is not None
    assert store.view.sender_by_fingerprint(key("A").fingerprint, at(days=1)) is None


def test_roles_are_found_by_party_and_the_secretariat_of_any(store: Store) -> None:
    with_parties(store)
    person(store)
    admin = person(store, "B", Role.ADMINISTRATOR, "admin@party.example")
    office = person(store, "C", Role.SECRETARIAT, "office@party.example")
    assert [c.person for c in store.view.administrators(KE, NOW)] == [admin]
    assert store.view.administrators(SE, NOW) == ()
    assert [c.person for c in store.view.secretariat(NOW)] == [office]


def test_exchanges_of_a_party_are_those_it_asks_or_is_asked_in_newest_first(store: Store) -> None:
    numbers = [ExchangeNumber(2026, serial) for serial in (1, 2, 3)]
    for number, asked in zip(numbers, ((SE,), (FR,), (SE, FR)), strict=True):
        write(store, *opening(number, asked=asked))
    assert [e.number.serial for e in store.view.exchanges_of(SE, 9)] == [3, 1]
    assert [e.number.serial for e in store.view.exchanges_of(KE, 9)] == [3, 2, 1]
    shown = store.view.exchanges_of(FR, 9)[0]
    assert [r.number for r in shown.referrals] == [ReferralNumber(numbers[2], FR), ReferralNumber(numbers[2], SE)]


def test_a_list_that_is_cut_keeps_the_open_exchanges(store: Store) -> None:
    numbers = [ExchangeNumber(2026, serial) for serial in (1, 2, 3)]
    for number in numbers:
        write(store, *opening(number, asked=(SE,)))
    write(store, of(EventKind.EXCHANGE_CLOSED, number=numbers[2]))
    assert [e.number.serial for e in store.view.exchanges_of(KE, 2)] == [2, 1]
    assert [e.number.serial for e in store.view.exchanges_of(SE, 3)] == [2, 1, 3]


def test_a_closed_exchange_says_so(store: Store) -> None:
    write(store, *opening())
    write(store, of(EventKind.EXCHANGE_CLOSED))
    exchange = store.view.exchange(NUMBER)
    assert exchange is not None
    assert exchange.closed


def test_asked_before_tells_a_party_its_own_only(store: Store) -> None:
    write(store, *opening(uims=(1, 2), asked=(SE,)))
    assert [(b.digest, b.number) for b in store.view.asked_before(KE, (uim(2), uim(9)))] == [(uim(2), REFERRAL)]
    assert store.view.asked_before(FR, (uim(2),)) == ()
    assert [b.number for b in store.view.referred_before(SE, (uim(1),))] == [REFERRAL]
    assert store.view.referred_before(FR, (uim(1),)) == ()


def test_asked_before_takes_more_digests_than_a_statement_may_bind(store: Store) -> None:
    write(store, *opening(uims=range(40_000)))
    found = store.view.asked_before(KE, [uim(number) for number in range(39_000, 41_000)])
    assert len(found) == 1000


def test_replies_find_their_referral_by_any_message_id_of_the_conversation(store: Store) -> None:
    write(store, *opening(asked=(SE, FR)), outgoing=(outgoing("to-se"), outgoing("to-fr", party=FR)))
    written = of(EventKind.MESSAGE_RECEIVED, SE, actor=SE, message_id="<written@desk.example>")
    write(store, written, outgoing=(outgoing("passed-on", side=Side.ASKING),))
    find = store.view.referral_by_message_ids
    assert find(["<unknown@x>", "<to-fr@gsp.example>"]) == (ReferralNumber(NUMBER, FR), Side.ANSWERING)
    assert find(["<written@desk.example>"]) == (REFERRAL, Side.ANSWERING)
    assert find(["<passed-on@gsp.example>"]) == (REFERRAL, Side.ASKING)
    assert find(["<unknown@x>"]) is None
    assert find([]) is None


def test_a_thread_is_in_order_and_each_side_sees_its_own(store: Store) -> None:
    write(store, *opening(), outgoing=(outgoing("referral"), outgoing("receipt", side=Side.ASKING)))
    write(store, of(EventKind.MESSAGE_RECEIVED, SE, actor=SE, message_id="<written@desk.example>"))
    assert store.view.thread(REFERRAL, Side.ANSWERING) == ("<referral@gsp.example>", "<written@desk.example>")
    assert store.view.thread(REFERRAL, Side.ASKING) == (f"<request-{NUMBER}@officer.example>", "<receipt@gsp.example>")


def test_uims_of_a_referral_come_with_their_answers(store: Store) -> None:
    write(store, *opening())
    write(store, of(EventKind.ANSWER_RECEIVED, SE, actor=SE, uims=facts(2, answer=UimAnswer.NOT_VALID)))
    assert dict(store.view.uims_of(REFERRAL)) == {uim(1): UimAnswer.PENDING, uim(2): UimAnswer.NOT_VALID}


def test_the_trail_tells_the_exchanges_events_in_order(store: Store) -> None:
    write(store, *opening())
    write(store, *opening(ExchangeNumber(2026, 43)))
    write(store, of(EventKind.DELIVERED, SE), when=at(minutes=5))
    trail = store.view.trail(NUMBER)
    assert [line.kind for line in trail] == [
        EventKind.EXCHANGE_OPENED, EventKind.REFERRAL_SENT, EventKind.DELIVERED,
    ]  # fmt: skip
    assert [line.at for line in trail] == [NOW, NOW, at(minutes=5)]
    assert (trail[0].actor, trail[1].party, trail[1].count) == (KE, SE, 2)


def test_a_delivery_report_finds_its_referral_by_envelope_id(store: Store) -> None:
    write(store, *opening(), outgoing=(outgoing("referral"),))
    assert store.view.mail_by_envelope_id("env-referral") == (REFERRAL, Side.ANSWERING)
    assert store.view.mail_by_envelope_id("env-other") is None


@pytest.mark.parametrize(("hours", "told"), [(1, True), (25, False)])
def test_advice_is_remembered_by_person_and_time(store: Store, hours: int, told: bool) -> None:
    write(store, Event(EventKind.ADVISED, person=7))
    assert store.view.advised_since(7, at(hours=hours - 24)) is told
    assert not store.view.advised_since(8, at(hours=hours - 24))


def test_a_snapshot_is_of_one_instant_whatever_is_written_meanwhile(store: Store) -> None:
    with_parties(store)
    with store.view.snapshot() as view:
        assert view.desk(KE, NOW) is not None
        store.members.add_person(KE, Address("new@ke.example"), "New", Role.OFFICER, EN, key("A"), NOW)
        assert view.person_by_address(Address("new@ke.example")) is None
    assert store.view.person_by_address(Address("new@ke.example")) is not None
