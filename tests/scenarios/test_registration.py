"""From nothing (`gsp init`, one administrator of the Secretariat) to two Parties that exchange, all by mail."""

from __future__ import annotations

import shutil
import ssl
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.correspondence import Correspondent
from gateway.facts import REGISTRATION_LIFE
from tests.cli.running import gsp
from tests.interop.test_bounces import bounce
from tests.scenarios.test_exchange import fill
from tests.scenarios.test_unreached import refused_for_good
from tests.support.focalpoint import DOMAIN, SE_UIM, FocalPoint, form_of, request
from tests.support.registering import order, ordered, registered
from tests.support.smime import Authority, SmimePerson


@pytest.fixture
def empty(people: dict[str, Correspondent]) -> Iterator[FocalPoint]:
    """A home made by `gsp init`, with one administrator of the Secretariat; the officer has a certificate."""
    folder = Path(tempfile.mkdtemp(prefix="gr", dir="/tmp"))
    officer = SmimePerson("officer@party.example", "officer", Authority(), style="opaque")
    point = FocalPoint(folder / "h", {**people, "officer": officer})
    key = folder / "secretariat.asc"
    key.write_bytes(people["secretariat"].public_key)
    made = (
        ("init", "--domain", DOMAIN),
        ("party", "add", "XS", "--name", "Secretariat", "--mailbox", "office@secretariat.example", "--language", "en"),
        ("user", "add", "--party", "XS", "--email", "secretariat@party.example", "--name", "Secretariat",
         "--role", "secretariat", "--key", key),
    )  # fmt: skip
    for command in made:
        assert gsp(*command, home=point.home).status == 0
    point.start()
    officer.knows(point.gateway.own_certificate())
    for person in people.values():
        point.key = person.knows(point.gateway.own_key())
    try:
        yield point
    finally:
        point.gateway.close()
        officer.close()
        shutil.rmtree(folder, ignore_errors=True)


def test_from_nothing_to_two_parties_that_exchange_all_by_mail(empty: FocalPoint) -> None:
    point = empty
    for party, desk, administrator in (("KE", "desk.ke", "colleague"), ("SE", "desk.se", "admin")):
        told = registered(point, "secretariat", desk, "desk", party)
        assert "You need do nothing now: requests to your Party come to this mailbox" in told[desk].replace("\n", " ")
        told = registered(point, "secretariat", administrator, "administrator", party)
        assert "GSP REGISTER" in told[administrator]
        assert "is registered" in told["secretariat"]
    form = ordered(point, "colleague", "officer")
    assert point.send("officer", form)["outcome"] == "taken"
    (welcome,) = point.delivered()["officer"]
    told = {"officer": welcome.text}
    certificate = ssl.PEM_cert_to_DER_cert(point.gateway.own_certificate().decode())
    assert welcome.attachments == (("focal-point.cer", certificate),)
    assert "Subject" not in told["officer"]
    assert "To ask about UIMs" in told["officer"]
    asked = point.send("officer", request(SE_UIM))
    assert asked["referrals"] == [f"{asked['exchange']}/SE"]
    mails = point.delivered()
    assert sorted(mails) == ["desk.se", "officer"]
    assert point.send("desk.se", fill(form_of(mails["desk.se"][0].text), {SE_UIM: "not valid"}))["outcome"] == "taken"
    assert SE_UIM in point.delivered()["officer"][0].text
    assert not point.gateway.audit.verify().problems


def test_the_secretariat_approves_what_a_partys_administrator_orders(empty: FocalPoint) -> None:
    point = empty
    registered(point, "secretariat", "desk.se", "desk", "SE")
    registered(point, "secretariat", "admin", "administrator", "SE")
    told = registered(point, "admin", "colleague", "administrator")
    assert sorted(told) == ["admin", "secretariat"], "nobody is written to who is not registered"
    assert point.send("colleague", "GSP STATUS\n")["outcome"] == "refused"
    states = {row[0]: row[-1] for row in point.gateway.registry.person_rows()}
    assert states["colleague@party.example"].startswith("waits for approval until ")
    form = form_of(told["secretariat"]).replace("Decision:", "Decision: approve ")
    approval = point.mail("secretariat", form)
    assert point.gateway.process_file(approval)["outcome"] == "taken"
    assert sorted(point.delivered()) == ["admin", "colleague", "secretariat"]
    assert point.send("colleague", "GSP STATUS\n")["outcome"] == "taken"


def test_who_mistyped_the_address_hears_of_it_and_a_forged_report_changes_nothing(empty: FocalPoint) -> None:
    point = empty
    point.send("secretariat", order(point.people["desk.se"], "desk", "SE"))  # type: ignore[arg-type]
    ids = {row[2]: str(row[0]) for row in point.gateway.outbox_rows()}
    mails = point.delivered()
    assert sorted(mails) == ["desk.se", "secretariat"]
    for forged in (ids["secretariat@party.example"], f"<{'a' * 24}@{DOMAIN}>"):
        point.gateway.process_file(bounce("failed", message_id=forged))
    point.gateway.process_file(bounce("delayed", message_id=ids["desk.se@party.example"]))
    assert point.delivered() == {}
    for _ in range(2):
        assert (
            point.gateway.process_file(bounce("failed", message_id=ids["desk.se@party.example"]))["outcome"] == "taken"
        )
    (told,) = point.delivered()["secretariat"]
    assert told.subject == "desk.se@party.example cannot be reached: the registration has ended"
    assert point.send("desk.se", form_of(mails["desk.se"][0].text))["outcome"] == "refused"


def test_an_address_that_the_next_server_refuses_ends_its_registration(empty: FocalPoint) -> None:
    point = empty
    point.send("secretariat", order(point.people["desk.se"], "desk", "SE"))  # type: ignore[arg-type]
    refused_for_good(point, point.people["desk.se"].address)
    (told,) = point.delivered()["secretariat"]
    assert told.subject == "desk.se@party.example cannot be reached: the registration has ended"
    assert point.gateway.store.view.all_pending() == ()


def test_what_nobody_answers_ends_by_itself_and_who_ordered_it_is_told(empty: FocalPoint) -> None:
    point = empty
    point.now = datetime.now(UTC)
    ordered(point, "secretariat", "desk.se", "desk", "SE")
    point.gateway.tick()
    assert point.delivered() == {}
    point.now += REGISTRATION_LIFE - timedelta(minutes=1)
    point.gateway.tick()
    assert point.delivered() == {}
    point.now += timedelta(minutes=1)
    point.gateway.tick()
    (mail,) = point.delivered()["secretariat"]
    assert mail.subject == "The registration of desk.se@party.example has ended: it was not confirmed"
    point.gateway.tick()
    assert point.delivered() == {}
    assert not point.gateway.audit.verify().problems
