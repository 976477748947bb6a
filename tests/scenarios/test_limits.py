"""Who sends too much hears it plainly, and from when he may go on; refusals are on record; nobody else is held up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.correspondence import Correspondent
from gateway.facts import Envelope
from gateway.outcome import Deferred, Refused, Taken
from tests.support.focalpoint import SE_UIM, FocalPoint, focal_point, request

OUTSIDE = Envelope("officer@party.example", rcpt_tos=("gsp@gsp.example.org",), transport="smtp")


def tight(home: Path) -> None:
    """Three mails an hour a person, five a Party; four UIMs a mail, six a day."""
    settings = home / "gateway.toml"
    settings.write_text(
        settings.read_text().replace(
            "[limits]\n",
            "[limits]\nperson_per_hour = 3\nparty_per_hour = 5\nuims_per_request = 4\nperson_uims_per_day = 6\n",
        )
    )


@pytest.fixture
def point(people: dict[str, Correspondent]) -> Iterator[FocalPoint]:
    with focal_point(people, now=datetime.now(UTC), settings=tight) as made:
        yield made


def later(point: FocalPoint, **time: float) -> None:
    """Moves the gateway's clock."""
    assert point.now
    point.now += timedelta(**time)


def sent(point: FocalPoint, who: str, body: str) -> object:
    """The answer to a mail of somebody, a moment after the last one."""
    later(point, seconds=1)
    return point.gateway.process(point.mail(who, body), OUTSIDE)


def kinds(point: FocalPoint) -> list[str]:
    """What the record says happened, in order."""
    return [link.fields["kind"] for link in point.gateway.store.seals.links()]


def test_the_fourth_mail_of_an_hour_waits_and_its_sender_is_told_until_when(point: FocalPoint) -> None:
    for number in range(3):
        assert isinstance(sent(point, "officer", f"GSP HELP\n{number}\n"), Taken)
    point.delivered()
    waiting = point.mail("officer", "GSP STATUS\n")
    answer = point.gateway.process(waiting, OUTSIDE)
    assert isinstance(answer, Deferred)
    assert answer.reason.reply.startswith("450 4.7.1 [GSP-305] too many messages")
    point.gateway.tick()
    (told,) = point.delivered()["officer"]
    assert "Your mail waits until" in told.subject
    assert "comes by itself" in told.text
    point.gateway.close()
    point.start()  # a restart forgives nothing
    assert isinstance(point.gateway.process(waiting, OUTSIDE), Deferred)
    point.gateway.tick()
    assert point.delivered() == {}  # told once, however often the other server tries
    later(point, minutes=60)
    assert isinstance(point.gateway.process(waiting, OUTSIDE), Taken)
    assert kinds(point).count("limited") == 1


def test_who_is_held_up_holds_up_no_other_party(point: FocalPoint) -> None:
    for number in range(4):
        sent(point, "officer", f"GSP HELP\n{number}\n")
    assert isinstance(sent(point, "colleague", "GSP HELP\n"), Taken)


def test_the_people_of_one_party_share_its_limit(point: FocalPoint) -> None:
    answers = [sent(point, who, f"GSP HELP\n{n}\n") for who in ("officer", "secretariat") for n in range(3)]
    assert [type(answer) for answer in answers] == [Taken] * 5 + [Deferred]


def test_uims_beyond_the_day_wait_and_a_list_that_is_too_long_comes_back(point: FocalPoint) -> None:
    many = [f"{SE_UIM[:-2]}{number:02d}" for number in range(9)]
    assert isinstance(sent(point, "officer", request(*many[:4])), Taken)
    point.delivered()
    assert isinstance(sent(point, "officer", request(*many[4:7])), Deferred)
    assert isinstance(sent(point, "officer", request(*many[4:6])), Taken)
    later(point, hours=25)
    assert isinstance(sent(point, "officer", request(*many[:5])), Taken)
    (notice,) = [mail for mail in point.delivered()["officer"] if "not sent yet" in mail.subject]
    assert "at most 4 are taken at once" in notice.text


def test_a_refused_mail_with_a_registered_signature_is_on_record_under_its_name(point: FocalPoint) -> None:
    armoured = point.people["officer"].seal(b"Content-Type: text/plain\r\n\r\nGSP HELP\r\n", point.key)
    officer = point.people["officer"]
    assert point.now
    automatic = b"Auto-Submitted: auto-replied\r\n" + officer.wrap(armoured, "gsp@gsp.example.org", point.now)
    assert isinstance(point.gateway.process(automatic, OUTSIDE), Refused)
    last = list(point.gateway.store.seals.links())[-1].fields
    assert (last["kind"], last["actor"], last["count"]) == ("refused", "KE", "201")
    assert int(last["person"]) > 0


def test_a_thief_of_one_signature_cannot_flood_the_record(point: FocalPoint) -> None:
    officer = point.people["officer"]
    assert point.now
    for number in range(14):
        armoured = officer.seal(b"Content-Type: text/plain\r\n\r\nGSP HELP %d\r\n" % number, point.key)
        raw = b"Auto-Submitted: auto-replied\r\n" + officer.wrap(armoured, "gsp@gsp.example.org", point.now)
        assert isinstance(point.gateway.process(raw, OUTSIDE), (Refused, Deferred))
        later(point, seconds=1)
    assert kinds(point).count("refused") == 10


def test_strangers_are_counted_by_the_hour_and_write_nothing_themselves(point: FocalPoint) -> None:
    before = kinds(point)
    stranger = point.people["stranger"]
    assert point.now
    for _ in range(5):
        armoured = stranger.seal(b"GSP HELP", point.key)
        assert isinstance(
            point.gateway.process(stranger.wrap(armoured, "gsp@gsp.example.org", point.now), OUTSIDE), Refused
        )
        point.gateway.process(b"From: eve@evil.example\r\n\r\nbuy\r\n", OUTSIDE)
    point.gateway.tick()
    assert kinds(point) == before
    later(point, hours=2)
    point.gateway.tick()
    assert kinds(point) == [*before, "refusals"]
    assert [counts for _, counts, _ in point.gateway.store.limits.refusals()] == [{101: 5, 201: 5}]
    assert point.gateway.audit.verify().problems == []
