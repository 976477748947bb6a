"""Owners of keys are warned before expiry, each warning once, whatever restarts come between."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from tests.support.focalpoint import FocalPoint

START = datetime(2030, 1, 1, 12, tzinfo=UTC)


def expires(point: FocalPoint, where: str, until: datetime) -> None:
    """The registered keys end then, as the registry knows it."""
    with point.gateway.store._engine.begin() as connection:
        connection.execute(text(f"UPDATE key SET usable_until = :until WHERE {where}"), {"until": until})


def restart(point: FocalPoint) -> None:
    point.gateway.close()
    point.start()


def test_a_desk_is_warned_five_times_with_its_administrator_through_restarts(point: FocalPoint) -> None:
    point.now = START
    expires(point, "party = 'SE' AND person = 0", START + timedelta(days=65))
    told: Counter[tuple[str, str]] = Counter()
    for day in (0, 4, 5, 5, 20, 34, 35, 36, 51, 51, 57, 58, 63, 64, 64, 65, 70):
        point.now = START + timedelta(days=day, minutes=1)
        if day in (5, 36, 51, 64):
            restart(point)
        point.gateway.tick()
        for who, mails in point.delivered().items():
            for mail in mails:
                assert mail.signed_by, "signed, and opened with the reader's key"
                assert mail.outer_subject == "..."
                assert mail.html
                told[who, mail.subject] += 1
    desk = [subject for who, subject in told if who == "desk.se"]
    assert desk == [f"Your key expires in {n} day{'s' * (n > 1)}: please renew it" for n in (60, 30, 14, 7, 1)]
    admin = [subject for who, subject in told if who == "admin"]
    assert admin == [f"The key of desk.se@party.example expires in {n} day{'s' * (n > 1)}" for n in (60, 30, 14, 7, 1)]
    assert set(told.values()) == {1}
    assert len(told) == 10, "nobody else"


def test_a_gateway_that_was_off_for_weeks_gives_the_latest_warning_only(point: FocalPoint) -> None:
    point.now = START
    officer = point.people["officer"].address
    expires(point, f"person = (SELECT id FROM person WHERE address = '{officer}')", START + timedelta(days=10))
    point.gateway.tick()
    assert [mail.subject for mail in point.delivered()["officer"]] == ["Your key expires in 10 days: please renew it"]
    point.gateway.tick()
    assert point.gateway.take_outbox() == []


def test_our_own_key_is_told_to_the_secretariat_once(point: FocalPoint) -> None:
    point.now = START
    own = point.gateway.own_keys()
    assert [key.scheme for key in own] == ["openpgp", "smime"]
    point.gateway._own = (replace(own[0], usable_until=START + timedelta(days=29)), replace(own[1], usable_until=None))
    point.gateway.tick()
    point.gateway.tick()
    told = point.delivered()
    assert [mail.subject for mail in told.pop("secretariat")] == ["The focal point's own key expires in 29 days"]
    assert told == {}


def test_the_certificate_that_init_makes_is_told_of_before_its_end(point: FocalPoint) -> None:
    certificate = point.gateway.own_keys()[1]
    assert certificate.usable_until is not None
    point.now = certificate.usable_until - timedelta(days=6)
    point.gateway.tick()
    (mail,) = point.delivered()["secretariat"]
    assert "S/MIME" in mail.text
    assert certificate.fingerprint in mail.text
