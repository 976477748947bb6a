"""Mail that cannot be encrypted now waits; it is neither dropped nor sent in clear, and goes out by itself."""

from __future__ import annotations

import email.policy
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest
from sqlalchemy import text

from gateway.content import Decision
from gateway.correspondence import Correspondent
from gateway.facts import Envelope, ReferralNumber
from gateway.outcome import Refused
from tests.support.focalpoint import SE_UIM, SE_UIM_2, FocalPoint, form_of, request


def states(point: FocalPoint, number: object) -> list[str]:
    return [referral["state"] for referral in point.gateway.exchange_details(str(number))["referrals"]]


def without_key(point: FocalPoint, code: str) -> None:
    with point.gateway.store._engine.begin() as connection:
        connection.execute(text("UPDATE key SET can_encrypt = 0 WHERE party = :code AND person = 0"), {"code": code})


def test_a_referral_waits_for_the_desks_key_and_goes_out_when_it_comes(point: FocalPoint) -> None:
    without_key(point, "SE")
    number = point.send("officer", request(SE_UIM))["exchange"]
    assert states(point, number) == ["waiting"]
    sent = point.gateway.take_outbox()
    clear = [octets for to, octets in sent if to == point.people["desk.se"].address]
    assert len(clear) == 1, "the desk is told that something waits"
    assert b"multipart/encrypted" not in clear[0]
    assert SE_UIM.encode() not in clear[0]
    assert str(number).encode() not in clear[0]
    point.gateway.tick()
    assert point.gateway.take_outbox() == []
    with Correspondent("desk.se@party.example", "new key") as renewed:
        point.gateway.registry.add_party("SE", "Sweden", renewed.address, "en", renewed.public_key)
        renewed.knows(point.gateway.own_key())
        point.gateway.tick()
        mails = dict(point.gateway.take_outbox())
        assert SE_UIM in renewed.read(mails[renewed.address]).text
    assert states(point, number) == ["sent"]
    point.gateway.tick()
    assert point.gateway.take_outbox() == [], "it goes out once"


def test_a_key_that_gnupg_refuses_makes_the_referral_wait(point: FocalPoint) -> None:
    """The registry believes the key good; its copy says otherwise by the time it is used."""
    with Correspondent("desk.se@party.example", "short lived") as desk:
        desk._gpg("--quick-set-expire", desk.fingerprint, "seconds=1")
        desk._gpg("--quick-set-expire", desk.fingerprint, "seconds=1", "*")
        expired = desk._gpg("--export", desk.fingerprint)
        time.sleep(2)
        with point.gateway.store._engine.begin() as connection:
            connection.execute(
                text("UPDATE key SET octets = :octets, fingerprint = :fingerprint WHERE party = 'SE' AND person = 0"),
                {"octets": expired, "fingerprint": desk.fingerprint},
            )
        number = point.send("officer", request(SE_UIM))["exchange"]
    assert states(point, number) == ["waiting"]
    sent = point.gateway.take_outbox()
    assert desk.address in {to for to, _ in sent}
    assert all(SE_UIM.encode() not in octets for _, octets in sent)
    assert any("402" in item for item in point.gateway.open_items())


def test_an_answer_waits_for_the_requesters_key(point: FocalPoint) -> None:
    number = point.send("officer", request(SE_UIM))["exchange"]
    referral = point.delivered()["desk.se"][0]
    with point.gateway.store._engine.begin() as connection:
        connection.execute(text("UPDATE key SET can_encrypt = 0 WHERE party = 'KE' AND person > 0"))
    reply = form_of(referral.text).replace("Status:", "Status: valid", 1)
    assert point.send("desk.se", reply)["outcome"] == "taken"
    told = point.delivered()["officer"]
    assert all(SE_UIM not in mail.text and str(number) not in mail.text for mail in told), "only that something waits"
    with point.gateway.store._engine.begin() as connection:
        connection.execute(text("UPDATE key SET can_encrypt = 1 WHERE party = 'KE' AND person > 0"))
    point.gateway.tick()
    assert SE_UIM in point.delivered()["officer"][0].text
    assert states(point, number) == ["answered"]


def test_a_registered_person_who_wrote_in_clear_is_told_once_a_day(point: FocalPoint) -> None:
    parts = point.gateway.pipeline._parts
    vouched = replace(parts, policy=replace(parts.policy, authserv_id="mx.example.org"))
    pipeline = type(point.gateway.pipeline)(vouched)
    head = (
        b"Authentication-Results: mx.example.org; dmarc=pass header.from=party.example\r\n"
        b"From: officer@party.example\r\nTo: gsp@gsp.example.org\r\nSubject: secret\r\n\r\nGSP REQUEST secret\r\n"
    )
    envelope = Envelope(mail_from="officer@party.example", rcpt_tos=("gsp@gsp.example.org",), transport="smtp")
    assert isinstance(pipeline.process(head, envelope), Refused)
    assert isinstance(pipeline.process(head, envelope), Refused)
    assert isinstance(pipeline.process(head.replace(b"mx.example.org;", b"other;"), envelope), Refused)
    told = point.delivered()
    assert sorted(told) == ["officer"]
    assert len(told["officer"]) == 1
    assert "secret" not in told["officer"][0].text
    stranger = head.replace(b"officer@party", b"stranger@party")
    assert isinstance(pipeline.process(stranger, replace(envelope, mail_from="stranger@party.example")), Refused)
    assert point.gateway.take_outbox() == []


def test_a_request_whose_title_is_its_protected_subject_goes_out_when_the_key_comes(point: FocalPoint) -> None:
    without_key(point, "SE")
    mail = EmailMessage(policy=email.policy.SMTP)
    mail.set_content(request(SE_UIM).removeprefix("GSP REQUEST\n\n"))
    mail.replace_header("Content-Type", 'text/plain; charset="utf-8"; protected-headers="v1"')
    mail["Subject"] = "GSP REQUEST"
    number = point.send("officer", mail)["exchange"]  # type: ignore[arg-type]
    assert states(point, number) == ["waiting"]
    point.gateway.take_outbox()
    with point.gateway.store._engine.begin() as connection:
        connection.execute(text("UPDATE key SET can_encrypt = 1 WHERE party = 'SE' AND person = 0"))
    point.gateway.tick()
    assert SE_UIM in point.delivered()["desk.se"][0].text
    assert states(point, number) == ["sent"]


def test_one_thing_that_cannot_be_done_keeps_nothing_else_waiting(
    point: FocalPoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    point.now = datetime.now(UTC)
    numbers = [point.send("officer", request(uim))["exchange"] for uim in (SE_UIM, SE_UIM_2)]
    point.gateway.take_outbox()
    pipeline = point.gateway.pipeline
    remind = pipeline.remind

    def broken(decision: Decision, referral: ReferralNumber, *rest: object) -> None:
        if str(referral.exchange) == numbers[0]:
            raise RuntimeError("a defect")
        remind(decision, referral, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(pipeline, "remind", broken)
    point.now += timedelta(days=7)
    point.gateway.tick()
    (reminder,) = point.delivered()["desk.se"]
    assert str(numbers[1]) in reminder.text


def test_what_is_asked_again_while_the_desks_key_is_of_no_use_waits_and_is_called_so(point: FocalPoint) -> None:
    point.now = datetime.now(UTC)
    number = point.send("officer", request(SE_UIM))["exchange"]
    point.now += timedelta(days=60)
    point.gateway.tick()
    assert states(point, number) == ["expired"]
    point.delivered()
    without_key(point, "SE")
    point.send("officer", request(SE_UIM).replace("\n\nCase", f"\n\nExchange: {number}\nCase", 1))
    assert states(point, number) == ["waiting"]
    point.gateway.take_outbox()
    point.send("officer", f"GSP STATUS\n\nExchange: {number}\n")
    (trail,) = point.delivered()["officer"]
    assert "further UIMs wait for a usable key of the desk" in trail.text
    assert "further UIMs sent" not in trail.text
    with point.gateway.store._engine.begin() as connection:
        connection.execute(text("UPDATE key SET can_encrypt = 1 WHERE party = 'SE' AND person = 0"))
    point.gateway.tick()
    assert SE_UIM in point.delivered()["desk.se"][0].text
    assert states(point, number) == ["sent"]
