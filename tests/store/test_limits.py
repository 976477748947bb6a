"""What of late was sent is read from the record; refusals of strangers are counted by the hour and proven."""

from __future__ import annotations

from collections.abc import Callable

from gateway.events import Event, EventKind
from gateway.facts import Digest, PartyCode
from gateway.store import Store
from gateway.store.limits import proof
from tests.store.made import KE, NOW, SE, at, rows, with_parties, write


def by(kind: EventKind, party: PartyCode = KE, person: int = 7, count: int = 0) -> Event:
    """An event that a mail of somebody caused."""
    return Event(kind, person=person, actor=party, count=count)


def test_mails_are_counted_by_person_and_party_and_what_others_caused_is_not(store: Store) -> None:
    with_parties(store)
    write(store, by(EventKind.LOOKUP_MADE), by(EventKind.NOTICE_SENT), when=at(minutes=1))  # one mail
    write(store, by(EventKind.HELP_ASKED), when=at(minutes=2))
    write(store, by(EventKind.ANSWER_RECEIVED, person=0), when=at(minutes=3))
    write(store, by(EventKind.HELP_ASKED, SE), when=at(minutes=4))
    for kind in (EventKind.ADVISED, EventKind.MAIL_HELD, EventKind.LIMITED, EventKind.KEY_WARNED):
        write(store, by(kind), when=at(minutes=5))
    last_but = store.limits.last_mail_but
    assert [last_but(n, KE, None, NOW) for n in range(4)] == [at(minutes=3), at(minutes=2), at(minutes=1), None]
    assert [last_but(n, KE, 7, NOW) for n in range(3)] == [at(minutes=2), at(minutes=1), None]
    assert [last_but(n, KE, 0, NOW) for n in range(2)] == [at(minutes=3), None]
    assert [last_but(n, SE, None, NOW) for n in range(2)] == [at(minutes=4), None]
    assert last_but(1, KE, None, at(minutes=2)) is None


def test_what_follows_from_an_officers_mail_is_no_mail_of_his_desk(store: Store) -> None:
    with_parties(store)
    opened, sent = by(EventKind.EXCHANGE_OPENED, count=2), by(EventKind.REFERRAL_SENT, count=2)
    write(store, opened, sent, when=at(minutes=1))
    write(store, by(EventKind.REFERRAL_EXTENDED, count=3), when=at(minutes=2))
    passed_on = by(EventKind.REFERRAL_EXTENDED, person=0, count=1)
    write(store, by(EventKind.ANSWER_RECEIVED, SE), passed_on, when=at(minutes=3))
    for kind in (EventKind.EXCHANGE_CLOSED, EventKind.REMINDED, EventKind.DELIVERED, EventKind.ANSWERED):
        write(store, by(kind, person=0), when=at(minutes=4))
    last_but = store.limits.last_mail_but
    assert last_but(0, KE, 0, NOW) is None
    for who in (7, None):
        assert [last_but(n, KE, who, NOW) for n in range(3)] == [at(minutes=2), at(minutes=1), None]
        assert store.limits.uims(KE, who, NOW) == 5
    assert store.limits.uims(KE, 0, NOW) == 0


def test_uims_are_counted_that_were_asked_about(store: Store) -> None:
    with_parties(store)
    write(store, by(EventKind.LOOKUP_MADE, count=5), when=at(minutes=1))
    write(store, by(EventKind.LOOKUP_MADE, person=8, count=2), when=at(minutes=2))
    write(store, by(EventKind.ANSWER_RECEIVED, count=9), when=at(minutes=3))
    assert store.limits.lists(KE, None, NOW) == [(at(minutes=2), 2), (at(minutes=1), 5)]
    assert store.limits.lists(KE, 7, NOW) == [(at(minutes=1), 5)]
    assert (store.limits.uims(KE, None, NOW), store.limits.uims(KE, 8, NOW), store.limits.uims(SE, None, NOW)) == (
        7,
        2,
        0,
    )


def test_a_restart_forgets_nothing(opened: Callable[[], Store]) -> None:
    first = opened()
    write(first, by(EventKind.HELP_ASKED), when=at(minutes=1))
    first.close()
    assert opened().limits.last_mail_but(0, KE, 7, NOW) == at(minutes=1)


def test_refusals_of_an_hour_are_one_event_whatever_their_number(opened: Callable[[], Store], url: str) -> None:
    one, other = opened(), opened()
    one.limits.add_refusals({101: 70_000, 201: 3}, NOW)
    other.limits.add_refusals({101: 5}, at(minutes=59))
    one.limits.record_refusals(at(minutes=62))
    assert rows(url, "SELECT count(*) FROM event")[0][0] == 0  # another gateway may still add to it
    for store in (one, other, one):
        store.limits.record_refusals(at(minutes=65))
    one.limits.add_refusals({104: 1}, at(minutes=61))
    one.limits.record_refusals(at(minutes=130))
    recorded = rows(url, "SELECT kind, count, digest, actor, person FROM event ORDER BY id")
    assert [tuple(row) for row in recorded] == [
        ("refusals", 70_008, proof(NOW, {101: 70_005, 201: 3}), "", 0),
        ("refusals", 1, proof(at(hours=1), {104: 1}), "", 0),
    ]
    assert one.limits.refusals() == [
        (NOW, {101: 70_005, 201: 3}, Digest(recorded[0].digest)),
        (at(hours=1), {104: 1}, Digest(recorded[1].digest)),
    ]


def test_the_events_of_one_person_and_kind_are_counted(store: Store) -> None:
    write(store, by(EventKind.REFUSED), by(EventKind.REFUSED), by(EventKind.HELP_ASKED), when=at(minutes=1))
    write(store, by(EventKind.REFUSED, person=8), when=at(minutes=1))
    assert store.limits.events_of(EventKind.REFUSED, KE, 7, NOW) == 2
    assert store.limits.events_of(EventKind.REFUSED, KE, 7, at(minutes=1)) == 0
