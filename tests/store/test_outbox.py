"""Mails are sent at least once, by one worker at a time, until they are through or their time is over."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from gateway.events import OutgoingMail
from gateway.facts import Address, Language, MessageId
from gateway.store import Store
from gateway.treaty import Role
from tests.store.made import KE, NOW, NUMBER, SE, at, key, opening, outgoing, rows, with_parties, write

LEASE = timedelta(minutes=10)


def filled(store: Store, *names: str) -> None:
    """Puts mails of these names into the outbox."""
    write(store, *opening(), outgoing=tuple(outgoing(name) for name in names))


def test_a_claimed_mail_is_what_was_committed(store: Store) -> None:
    filled(store, "one")
    (mail,) = store.outbox.claim(10, "w", NOW, LEASE)
    assert (mail.message_id, mail.envelope_id, mail.octets) == (
        MessageId("<one@gsp.example>"), "env-one", b"ciphertext of one",
    )  # fmt: skip
    assert (mail.exchange, mail.party, mail.attempts, mail.expires) == (NUMBER, SE, 0, at(hours=48))


def test_a_claim_takes_no_more_than_asked_and_nobody_gets_it_again(store: Store) -> None:
    filled(store, *"abcde")
    first = store.outbox.claim(3, "one", NOW, LEASE)
    second = store.outbox.claim(10, "two", NOW, LEASE)
    assert [len(first), len(second), len(store.outbox.claim(10, "three", NOW, LEASE))] == [3, 2, 0]
    assert not {mail.id for mail in first} & {mail.id for mail in second}


def test_the_claim_of_a_killed_worker_comes_back_after_its_lease(store: Store) -> None:
    filled(store, "one")
    store.outbox.claim(1, "killed", NOW, LEASE)
    assert store.outbox.claim(1, "next", at(minutes=9), LEASE) == ()
    (mail,) = store.outbox.claim(1, "next", at(minutes=11), LEASE)
    assert mail.message_id == "<one@gsp.example>"


def test_a_mail_that_may_not_go_yet_waits(store: Store) -> None:
    write(store, *opening(), outgoing=(outgoing("later", not_before=at(hours=1)),))
    assert store.outbox.claim(1, "w", at(minutes=59), LEASE) == ()
    assert len(store.outbox.claim(1, "w", at(hours=1), LEASE)) == 1


def test_a_delivered_mail_keeps_its_fact_and_loses_its_octets(store: Store, url: str) -> None:
    filled(store, "one")
    (mail,) = store.outbox.claim(1, "w", NOW, LEASE)
    store.outbox.delivered(mail.id, "250 2.0.0")
    assert (store.outbox.pending(), store.outbox.listed()) == (0, ())
    ((octets, reply, message_id),) = rows(url, "SELECT octets, reply, message_id FROM outbox")
    assert (bytes(octets), reply, message_id) == (b"", "250 2.0.0", "<one@gsp.example>")
    assert store.outbox.claim(1, "w", at(days=1), LEASE, force=True) == ()
    assert store.view.mail_by_envelope_id("env-one") is not None


def test_a_mail_given_up_is_listed_and_never_tried_again(store: Store) -> None:
    filled(store, "one")
    (mail,) = store.outbox.claim(1, "w", NOW, LEASE)
    store.outbox.given_up(mail.id, "550 5.1.1")
    assert [row.state for row in store.outbox.listed()] == ["failed"]
    assert store.outbox.pending() == 0
    assert store.outbox.claim(1, "w", at(days=1), LEASE, force=True) == ()


def test_waits_between_attempts_grow(store: Store) -> None:
    filled(store, "one")
    now, waits = NOW, []
    for _ in range(5):
        (mail,) = store.outbox.claim(1, "w", now, LEASE)
        assert store.outbox.postponed(mail, "451 4.3.0", now, 0.0)
        (row,) = store.outbox.listed()
        waits.append((row.next_attempt - now) / timedelta(minutes=1))
        assert store.outbox.claim(1, "w", row.next_attempt - timedelta(seconds=1), LEASE) == ()
        now = row.next_attempt
    assert waits == [1, 5, 10, 20, 40]


def test_jitter_is_a_share_of_the_wait(store: Store) -> None:
    filled(store, "one")
    (mail,) = store.outbox.claim(1, "w", NOW, LEASE)
    store.outbox.postponed(mail, "451", NOW, 0.5)
    assert store.outbox.listed()[0].next_attempt == at(seconds=90)


def test_after_two_days_a_mail_is_not_postponed_again(store: Store) -> None:
    filled(store, "one")
    (mail,) = store.outbox.claim(1, "w", at(hours=47), LEASE)
    assert store.outbox.postponed(mail, "451", at(hours=47), 0.0)
    (mail,) = store.outbox.claim(1, "w", at(hours=48), LEASE)
    assert not store.outbox.postponed(mail, "451", at(hours=48), 0.0)


def test_a_flush_takes_what_is_not_due_yet_but_not_what_another_sends_now(store: Store) -> None:
    filled(store, "one", "two")
    first, _ = store.outbox.claim(2, "w", NOW, timedelta(seconds=1))
    store.outbox.postponed(first, "451", NOW, 0.0)
    flushed = store.outbox.claim(9, "flush", NOW, LEASE, force=True)
    assert [mail.id for mail in flushed] == [first.id]


def test_a_worker_late_after_its_lease_neither_frees_nor_undoes_what_the_next_one_does(store: Store, url: str) -> None:
    filled(store, "one")
    (late,) = store.outbox.claim(1, "late", NOW, timedelta(minutes=1))
    (mine,) = store.outbox.claim(1, "next", at(minutes=2), LEASE)
    store.outbox.postponed(late, "451", at(minutes=2), 0.0)
    assert store.outbox.claim(1, "third", at(minutes=5), LEASE) == ()
    store.outbox.delivered(mine.id, "250 2.0.0")
    store.outbox.given_up(late.id, "550 5.1.1")
    assert rows(url, "SELECT state, reply FROM outbox") == [("delivered", "250 2.0.0")]


def test_a_worker_that_is_slow_keeps_its_claim_and_one_that_is_too_late_has_lost_it(store: Store) -> None:
    filled(store, "one")
    (mail,) = store.outbox.claim(1, "slow", NOW, LEASE)
    kept = store.outbox.renewed(mail, at(minutes=19))
    assert kept is not None
    assert store.outbox.claim(1, "next", at(minutes=11), LEASE) == ()
    assert store.outbox.renewed(mail, at(minutes=25)) is None  # the claim as it was before
    assert len(store.outbox.claim(1, "next", at(minutes=20), LEASE)) == 1
    assert store.outbox.renewed(kept, at(minutes=40)) is None
    store.outbox.delivered(mail.id, "250")
    assert store.outbox.renewed(kept, at(minutes=40)) is None


def test_what_was_written_before_its_reader_was_withdrawn_is_called_back(store: Store) -> None:
    officer, colleague = Address("officer@party.example"), Address("colleague@party.example")
    with_parties(store)
    for address, made in ((officer, key("A")), (colleague, key("B"))):
        store.members.add_person(KE, address, "Somebody", Role.OFFICER, Language("en"), made, NOW)

    def addressed(name: str, to: str) -> OutgoingMail:
        return replace(outgoing(name), rcpt_to=Address(to))

    write(store, *opening(), outgoing=(
        addressed("waits", officer.title()), addressed("kept", officer), addressed("sent", officer),
        addressed("another's", colleague), outgoing("desk's"),
    ))  # fmt: skip
    numbers = {mail.message_id[1:].partition("@")[0]: mail.id for mail in store.outbox.listed()}
    store.outbox.given_up(numbers["kept"], "550 5.1.1", kept=True)
    store.outbox.delivered(numbers["sent"], "250 2.0.0")
    assert store.outbox.recalled() == ()
    store.members.revoke(officer, "left", at(minutes=1))
    write(store, outgoing=(addressed("farewell", officer),), when=at(minutes=1))
    assert [mail.id for mail in store.outbox.recalled()] == [numbers["waits"], numbers["kept"]]
