"""Nobody gets in by a registration that is not his, and nobody who waits for one reaches anything but its challenge."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count

import pytest

from gateway.correspondence import Correspondent
from gateway.facts import REGISTRATION_LIFE, Envelope, address
from gateway.outcome import Cause, Refused, Taken
from tests.hostile.hostile import OUTSIDE, Tried, refused
from tests.support.focalpoint import DOMAIN, SE_UIM, FocalPoint, focal_point, form_of, request
from tests.support.registering import order, ordered, registered

Log = pytest.LogCaptureFixture
TO = f"gsp@{DOMAIN}"
_NUMBERS = count()
WRONG = Tried(201, Cause.WRONG_WORD.value)


@pytest.fixture(scope="module")
def shared(people: dict[str, Correspondent]) -> Iterator[FocalPoint]:
    """One focal point for all: making one takes longer than a test."""
    with focal_point(people) as made:
        yield made


@pytest.fixture
def gate(shared: FocalPoint, people: dict[str, Correspondent]) -> Iterator[FocalPoint]:
    """The focal point, with "new", who is nobody yet and nobody in any other test; the clock stands."""
    shared.now = datetime.now(UTC)
    number = next(_NUMBERS)
    with Correspondent(f"new{number}@party.example", "new") as new:
        new.knows(shared.gateway.own_key())
        shared.people = people | {"new": new}
        yield shared
    shared.gateway.take_outbox()


def forged(gate: FocalPoint, by: str, as_: str, body: str) -> bytes:
    """A mail of one that says it is of another."""
    raw = gate.mail(by, body)
    return raw.replace(gate.people[by].address.encode(), gate.people[as_].address.encode(), 1)


@pytest.mark.parametrize("who", ["stranger", "new"])
def test_a_stranger_registers_nobody(gate: FocalPoint, caplog: Log, who: str) -> None:
    raw = gate.mail(who, order(gate.people["new"]))  # type: ignore[arg-type]
    assert refused(gate, raw, caplog).number == 201


def test_who_waits_reaches_no_form(gate: FocalPoint, caplog: Log) -> None:
    before = gate.mail("new", "GSP STATUS\n")
    assert refused(gate, before, caplog).number == 201
    ordered(gate, "admin", "new")
    for body in (
        request(SE_UIM), "GSP STATUS\n", "GSP HELP\n", "", "GSP LOOKUP\n\nUIMs:\n" + SE_UIM, "GSP CONFIRM\n\nWord:\n",
        "GSP REVOKE\n\nAddress: colleague@party.example\n", "GSP APPROVE\n\nRegistration: 1\nDecision: approve\n",
    ):  # fmt: skip
        assert refused(gate, gate.mail("new", body), caplog) == WRONG
    assert refused(gate, gate.mail("new", order(gate.people["stranger"])), caplog) == WRONG  # type: ignore[arg-type]


def test_a_request_beside_the_right_word_is_not_carried(gate: FocalPoint) -> None:
    form = ordered(gate, "admin", "new")
    answer = gate.gateway.process(gate.mail("new", request(SE_UIM) + "\n" + form), OUTSIDE)
    assert answer == Taken(form="confirm")
    assert sorted(gate.delivered()) == ["admin", "new"]
    assert gate.gateway.exchange_rows() == []


def test_the_word_alone_is_no_use_to_another_key_or_address(gate: FocalPoint, caplog: Log) -> None:
    form = ordered(gate, "admin", "new")
    for raw in (
        gate.mail("stranger", form),
        forged(gate, "stranger", "new", form),
        forged(gate, "new", "stranger", form),
        forged(gate, "colleague", "new", form),
        forged(gate, "new", "colleague", form),
    ):
        assert refused(gate, raw, caplog).number == 201
    assert gate.send("new", form)["outcome"] == "taken"


def test_another_persons_word_is_no_use(gate: FocalPoint, caplog: Log) -> None:
    with Correspondent("other@party.example", "other") as other:
        gate.people = {**gate.people, "other": other}
        other.knows(gate.gateway.own_key())
        mine = ordered(gate, "admin", "new")
        theirs = ordered(gate, "admin", "other")
        assert refused(gate, gate.mail("new", theirs), caplog) == WRONG
        assert refused(gate, gate.mail("other", mine), caplog) == WRONG


def test_two_parties_may_order_the_same_person_and_the_word_tells_whose_challenge_is_answered(gate: FocalPoint) -> None:
    """Nobody keeps another Party's officer out by ordering him first, with the same key."""
    ordered(gate, "secretariat", "new", party="FR")
    form = ordered(gate, "admin", "new")
    assert gate.send("new", form)["outcome"] == "taken"
    person = gate.gateway.store.view.person_by_address(address(gate.people["new"].address))
    assert person is not None
    assert person.party == "SE"
    assert gate.gateway.store.view.pending_for(person.address) == ()


def test_the_same_answer_again_does_nothing_more(gate: FocalPoint) -> None:
    answer = gate.mail("new", ordered(gate, "admin", "new"))
    assert isinstance(gate.gateway.process(answer, OUTSIDE), Taken)
    assert sorted(gate.delivered()) == ["admin", "new"]
    assert gate.gateway.process(answer, OUTSIDE) == Taken(form="confirm", repeated=True)
    assert gate.delivered() == {}


def test_an_answer_that_is_taken_back_into_use_after_withdrawal_does_nothing(gate: FocalPoint, caplog: Log) -> None:
    form = ordered(gate, "admin", "new")
    gate.send("new", form)
    gate.delivered()
    gate.send("admin", f"GSP REVOKE\n\nAddress: {gate.people['new'].address}\n")
    gate.delivered()
    assert refused(gate, gate.mail("new", form), caplog).number == 201
    again = gate.send("admin", order(gate.people["new"]))  # type: ignore[arg-type]
    assert again["form"] == "register"
    assert sorted(gate.delivered()) == ["admin"], "a withdrawn key is not asked to confirm"


def test_too_late_is_too_late(gate: FocalPoint, caplog: Log) -> None:
    form = ordered(gate, "admin", "new")
    assert gate.now is not None
    gate.now += REGISTRATION_LIFE
    assert refused(gate, gate.mail("new", form), caplog).number == 201


def test_an_automatic_answer_proves_nothing(gate: FocalPoint, caplog: Log) -> None:
    form = ordered(gate, "admin", "new")
    raw = gate.mail("new", form).replace(b"MIME-Version", b"Auto-Submitted: auto-replied\r\nMIME-Version", 1)
    assert refused(gate, raw, caplog).number in (108, 201)


def test_who_waits_for_approval_is_refused_and_cannot_approve_himself(gate: FocalPoint, caplog: Log) -> None:
    told = registered(gate, "admin", "new", "administrator")
    assert sorted(told) == ["admin", "secretariat"]
    form = form_of(told["secretariat"]).replace("Decision:", "Decision: approve ")
    assert refused(gate, gate.mail("new", form), caplog).number == 201
    assert refused(gate, gate.mail("stranger", form), caplog).number == 201
    gate.send("admin", form)
    assert sorted(gate.delivered()) == ["admin"]
    assert refused(gate, gate.mail("new", "GSP STATUS\n"), caplog).number == 201


def test_an_approval_sent_again_does_nothing(gate: FocalPoint, caplog: Log) -> None:
    told = registered(gate, "admin", "new", "administrator")
    approval = gate.mail("secretariat", form_of(told["secretariat"]).replace("Decision:", "Decision: approve "))
    assert gate.gateway.process_file(approval)["outcome"] == "taken"
    assert sorted(gate.delivered()) == ["admin", "new", "secretariat"]
    gate.send("secretariat", f"GSP REVOKE\n\nAddress: {gate.people['new'].address}\n")
    gate.delivered()
    assert gate.gateway.process_file(approval)["outcome"] == "taken"
    assert gate.delivered() == {}
    assert refused(gate, gate.mail("new", "GSP STATUS\n"), caplog).number == 201


def test_the_challenge_goes_out_encrypted_and_says_nothing_outside(gate: FocalPoint) -> None:
    gate.send("admin", order(gate.people["new"]))  # type: ignore[arg-type]
    mails = dict(gate.gateway.take_outbox())
    raw = mails[gate.people["new"].address]
    assert b"BEGIN PGP MESSAGE" in raw
    assert b"Subject: ...\r\n" in raw
    assert b"CONFIRM" not in raw
    assert gate.people["new"].read(raw).signed_by == gate.key


def test_a_weak_or_secret_key_is_not_asked_to_confirm(gate: FocalPoint) -> None:
    new = gate.people["new"]
    assert isinstance(new, Correspondent)
    secret = new._gpg("--armor", "--export-secret-keys", new.fingerprint)
    for octets in (secret, b"nothing of the kind", new.public_key + gate.gateway.own_key()):
        mail = order(new)
        next(iter(mail.iter_attachments())).set_content(octets, "application", "pgp-keys", filename="key.asc")
        gate.send("admin", mail)  # type: ignore[arg-type]
        assert sorted(gate.delivered()) == ["admin"]
    assert gate.gateway.store.view.pending_for(address(new.address)) == ()


def test_envelope_and_door_make_no_difference(gate: FocalPoint) -> None:
    form = ordered(gate, "admin", "new")
    raw = gate.mail("new", request(SE_UIM))
    assert isinstance(gate.gateway.process(raw, Envelope("colleague@party.example", (TO,), transport="lmtp")), Refused)
    assert gate.send("new", form)["outcome"] == "taken"
