"""A difficulty goes to the Secretariat, encrypted; its answer comes back the same way; the digest can count them."""

from __future__ import annotations

from datetime import timedelta

from gateway.treaty import Difficulty
from tests.support.focalpoint import FocalPoint, form_of

REPORT = """GSP DIFFICULTY

Difficulty: cannot read a mail
Description:
The answer of 3 March opens as an empty page.
We use Thunderbird.
"""


def test_a_report_is_passed_on_and_answered_by_a_reply(point: FocalPoint) -> None:
    assert point.send("officer", REPORT)["form"] == "difficulty"
    told = point.delivered()
    (receipt,), (report,) = told["officer"], told["secretariat"]
    assert "passed on to the Secretariat" in receipt.subject
    assert report.subject == "A difficulty was reported"
    assert "| We use Thunderbird." in report.text
    assert "officer@party.example" in report.text
    assert report.reply_to == "gsp@gsp.example.org"
    assert report.outer_subject == "..."
    reply = form_of(report.text).replace(
        "Description: ← nothing about the case itself", "Description:\nUpdate it.\nCall us."
    )
    assert "Update it." in reply
    assert point.send("secretariat", reply)["form"] == "difficulty"
    told = point.delivered()
    (answer,) = told["officer"]
    assert answer.subject == "The Secretariat's answer to your report"
    assert "| Update it." in answer.text
    assert "passed on" in told["secretariat"][0].subject
    now = point.clock()
    counted = point.gateway.store.roster.difficulties(now - timedelta(days=1), now + timedelta(days=1))
    assert counted[Difficulty.CANNOT_READ] == 1
    assert sum(counted.values()) == 1
    assert not point.gateway.audit.verify().problems


def test_what_was_described_is_nowhere_in_the_home(point: FocalPoint) -> None:
    point.send("officer", REPORT.replace("an empty page", "an empty zqpagezq"))
    assert "zqpagezq" in point.delivered()["secretariat"][0].text
    for path in point.home.rglob("*"):
        if path.is_file():
            assert b"zqpagezq" not in path.read_bytes(), path


def test_a_stranger_reports_nothing(point: FocalPoint) -> None:
    assert point.send("stranger", REPORT)["outcome"] == "refused"
    assert point.gateway.take_outbox() == []
