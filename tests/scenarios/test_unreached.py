"""An answer that does not reach its reader is not lost: it is kept, people are told, and it can be sent once more."""

from __future__ import annotations

from datetime import timedelta

from click.testing import CliRunner, Result

from gateway.cli import main
from gateway.transports.submission import Delivery, Verdict
from tests.support.focalpoint import SE_UIM, FocalPoint, form_of, request


def answered(point: FocalPoint) -> str:
    number = str(point.send("officer", request(SE_UIM))["exchange"])
    reply = form_of(point.delivered()["desk.se"][0].text).replace("Status:", "Status: valid\n(a) Malmö", 1)
    assert point.send("desk.se", reply)["outcome"] == "taken"
    return number


def gsp(point: FocalPoint, *arguments: str) -> Result:
    return CliRunner().invoke(main, [*arguments, "--home", str(point.home)])


def refused_for_good(point: FocalPoint, address: str) -> None:
    """The next server takes every mail but those to this address."""
    gateway = point.gateway
    for mail in gateway.store.outbox.claim(100, "w", point.clock(), timedelta(minutes=10), force=True):
        bad = mail.rcpt_to == address
        gateway._deliverer._end(mail, Delivery(Verdict.PERMANENT if bad else Verdict.SENT, "550" if bad else "250"))


def test_an_answer_that_is_refused_for_good_is_kept_told_of_and_sent_once_more(point: FocalPoint) -> None:
    number = answered(point)
    refused_for_good(point, point.people["officer"].address)
    told = point.delivered()
    assert sorted(told) == ["desk.ke", "secretariat"]
    for mails in told.values():
        assert [mail.subject for mail in mails] == [f"A mail with an answer could not be delivered [{number}]"]
        assert SE_UIM not in mails[0].text
        assert "Malmö" not in mails[0].text
    assert "gsp outbox retry" in point.gateway.open_items()[0]
    again = gsp(point, "outbox", "retry")
    assert again.output.startswith("1 mail(s) are sent once more")
    assert "Malmö" in point.delivered()["officer"][0].text
    assert "gsp outbox retry" not in point.gateway.open_items()[0]


def test_what_is_kept_goes_when_the_exchange_closes(point: FocalPoint) -> None:
    answered(point)
    refused_for_good(point, point.people["officer"].address)
    assert len(point.gateway.store.outbox.kept()) == 1
    now = point.clock()
    point.now = now + timedelta(days=200)
    point.gateway.tick()
    assert point.gateway.store.outbox.kept() == ()


def test_a_receipt_that_is_refused_for_good_is_only_for_a_person(point: FocalPoint) -> None:
    point.send("officer", request(SE_UIM))
    refused_for_good(point, point.people["officer"].address)
    assert point.delivered() == {}
    assert len(point.gateway.open_items()) == 1
    assert point.gateway.store.outbox.kept() == ()


def test_nothing_that_waits_goes_to_somebody_whose_access_is_withdrawn(point: FocalPoint) -> None:
    """Neither the answer nor a receipt; the desk reads that it can ask for the answer once more."""
    number = answered(point)
    officer = point.people["officer"].address
    assert any(mail.rcpt_to == officer for mail in point.gateway.store.outbox.listed())
    assert gsp(point, "user", "revoke", officer, "--reason", "left").exit_code == 0
    told = point.delivered()
    assert "officer" not in told
    (mail,) = told["desk.ke"]
    assert mail.subject == f"A mail with an answer could not be delivered [{number}]"
    assert f"The access of {officer} was withdrawn" in " ".join(mail.text.split())
    assert SE_UIM not in mail.text
    assert "Malmö" not in mail.text
    assert point.gateway.store.outbox.kept() == ()
    assert point.delivered() == {}, "told once"
