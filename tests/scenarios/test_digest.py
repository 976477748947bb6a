"""The weekly digest, sent: to whom, once, for which weeks, encrypted, and what its reader sees."""

from __future__ import annotations

import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlalchemy import text

from gateway.correspondence import Correspondent
from gateway.digests import Digests, job, page, plain
from gateway.facts import Address, PartyCode, PublicKey
from gateway.outcome import REASONS, Hold
from gateway.schedule import Schedule
from gateway.service import Gateway
from gateway.treaty import Role
from tests.cli.running import failed_in_one_line, gsp
from tests.support.focalpoint import SE_UIM, FocalPoint, form_of, request

MONDAY = datetime(2030, 6, 3, 6, 0, tzinfo=UTC)  # the hour of digests
WEEK = timedelta(days=7)


@pytest.fixture
def point(point: FocalPoint) -> FocalPoint:
    """Everybody was registered long before."""
    with point.gateway.store._engine.begin() as connection:
        for table in ("party", "person"):
            connection.execute(text(f"UPDATE {table} SET since = :since"), {"since": datetime(2020, 1, 1, tzinfo=UTC)})
    point.now = MONDAY - timedelta(days=4)
    return point


def sent(point: FocalPoint, now: datetime) -> dict[str, list[str]]:
    """The subjects of the digests of one run, by reader."""
    point.now = now
    Digests(point.gateway).send()
    return {who: [mail.subject for mail in mails] for who, mails in point.delivered().items()}


def test_each_gets_one_a_week_through_restarts(point: FocalPoint) -> None:
    assert sent(point, MONDAY - timedelta(minutes=1)) == {
        who: ["Weekly digest, May 20, 2030 to May 26, 2030"] for who in ("admin", "secretariat")
    }
    everybody = {who: ["Weekly digest, May 27, 2030 to June 2, 2030"] for who in ("admin", "secretariat")}
    assert sent(point, MONDAY) == everybody
    for hours in (1, 24, 167):
        point.gateway.close()
        point.start()
        assert sent(point, MONDAY + timedelta(hours=hours)) == {}
    assert list(sent(point, MONDAY + WEEK)) == list(everybody)


def test_three_weeks_of_downtime_give_one_digest_that_says_so(point: FocalPoint) -> None:
    sent(point, MONDAY)
    point.now = MONDAY + 3 * WEEK + timedelta(days=2)
    assert Digests(point.gateway).send() == 2
    (mail,) = point.delivered()["admin"]
    assert mail.subject == "Weekly digest, June 3, 2030 to June 23, 2030"
    assert "This digest is for 3 weeks: none was sent in between." in mail.text
    assert sent(point, point.now + timedelta(hours=1)) == {}


def test_gateways_that_run_at_once_on_one_database_send_each_digest_once(point: FocalPoint) -> None:
    point.now = MONDAY
    beside = Gateway.open(point.home, clock=point.clock)
    try:
        runs = [Digests(gateway) for gateway in (point.gateway, beside, point.gateway, beside)]
        assert [len(run.due()) for run in runs] == [2, 2, 2, 2]
        threads = [threading.Thread(target=run.send) for run in runs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        beside.close()
    assert {who: len(mails) for who, mails in point.delivered().items()} == {"admin": 1, "secretariat": 1}


def test_who_has_no_usable_key_gets_it_when_there_is_one(point: FocalPoint) -> None:
    key = "UPDATE key SET usable_until = :until WHERE person IN (SELECT id FROM person WHERE role = 'administrator')"
    for until, expected in ((MONDAY - WEEK, {"secretariat"}), (MONDAY + 9 * WEEK, {"admin"})):
        with point.gateway.store._engine.begin() as connection:
            connection.execute(text(key), {"until": until})
        assert set(sent(point, MONDAY)) == expected


def test_a_key_that_the_engine_does_not_take_gets_it_later_and_a_defect_keeps_nobody_elses_back(
    point: FocalPoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is wrong with the first reader's digest is tried again at the next run."""
    scheme = point.gateway._openpgp
    seal, admin = scheme.seal, point.gateway.store.view.person_by_address(Address(point.people["admin"].address))
    assert admin is not None
    faults: list[Exception] = [Hold(REASONS[402]), ZeroDivisionError()]

    def sealed(payload: bytes, to: PublicKey) -> bytes:
        if faults and to.party == admin.party:
            raise faults[0]
        return seal(payload, to)

    monkeypatch.setattr(scheme, "seal", sealed)
    assert list(sent(point, MONDAY)) == ["secretariat"]
    assert not point.gateway.store.items.open()
    faults.pop(0)
    assert list(sent(point, MONDAY + WEEK)) == ["secretariat"]
    faults.clear()
    assert list(sent(point, MONDAY + WEEK)) == ["admin"]


def test_a_clock_that_was_a_year_ahead_ends_no_digests(point: FocalPoint) -> None:
    sent(point, MONDAY + 52 * WEEK)
    assert {who: len(mails) for who, mails in sent(point, MONDAY).items()} == {"admin": 1, "secretariat": 1}
    assert sent(point, MONDAY + timedelta(days=3)) == {}
    assert len(sent(point, MONDAY + WEEK)) == 2


def test_the_secretariats_own_code_is_no_party_whose_desk_needs_a_key(point: FocalPoint) -> None:
    registry = point.gateway.registry
    registry.add_party("XS", "Secretariat", "office@secretariat.example", "en", b"")
    with point.gateway.store._engine.begin() as connection:
        connection.execute(text("UPDATE person SET party = 'XS' WHERE role = 'secretariat'"))
    sent(point, MONDAY)
    told = Digests(point.gateway).preview().get_body(("plain",))
    assert told is not None
    assert "has no key that can be used" not in told.get_content()
    assert "New Party: XS" not in told.get_content()


def test_what_needs_action_comes_first_then_figures_charts_and_the_head_of_the_record(point: FocalPoint) -> None:
    point.send("officer", request(SE_UIM))
    point.gateway.take_outbox()
    point.now = MONDAY
    head = point.gateway.audit.head()
    Digests(point.gateway).send()
    (mail,) = point.delivered()["admin"]
    assert mail.signed_by
    assert mail.outer_subject == "..."
    shown = mail.text.replace("\r\n", "\n")
    places = [
        shown.index(part)
        for part in (
            "1 request waits for your answer.", "GSP-2030-000001/SE, asked by Kenya 4 days ago",
            "== Figures from May 27, 2030 to June 2, 2030 ==",
            "Requests received: 1 (The week before: 0)",
            "Your Party's requests by week:", "May 27, 2030: Requests sent 0, Requests received 1",
            head.rpartition(":")[2],
        )
    ]  # fmt: skip
    assert places == sorted(places)
    assert shown.startswith("1 request waits for your answer.")
    assert {name.rpartition(".")[2] for name, _ in mail.attachments} >= {"xlsx"}
    assert head not in shown, "two numbers of events would tell how much others exchanged"
    assert point.gateway.audit.verify(head.rpartition(":")[2]).problems == []


def test_a_partys_digest_is_the_same_whether_two_others_exchange_or_not(
    point: FocalPoint, people: dict[str, Correspondent]
) -> None:
    """But for the digest that the record ends with; how many events it has is not told."""
    point.gateway.registry.add_person(
        "FR", people["stranger"].address, "A", Role.ADMINISTRATOR, "fr", people["stranger"].public_key
    )
    shown = []
    for turn in range(2):
        point.now = MONDAY
        mail = Digests(point.gateway).preview(party="FR")
        head = point.gateway.audit.head()
        shown.append([_without(part, head) for part in mail.walk() if not part.is_multipart()])
        point.now = MONDAY - timedelta(days=4)
        point.send("officer", request(SE_UIM, case=f"CASE-{turn}"))
        desk = point.delivered()["desk.se"][0]
        answered = point.send("colleague", form_of(desk.text).replace("Status:", "Status: valid"))
        judged = f"GSP EVALUATION\n\nExchange: {answered['exchange']}/SE\nUsefulness: 1\n"
        assert {answered["outcome"], point.send("officer", judged)["outcome"]} == {"taken"}
        point.gateway.take_outbox()
    assert shown[0] == shown[1]


def _without(part: EmailMessage, head: str) -> bytes:
    octets = part.get_payload(decode=True)
    assert isinstance(octets, bytes)
    return octets.replace(head.rpartition(":")[2].encode(), b"HEAD")


def test_an_observer_reads_what_waits_for_others_and_is_asked_for_none_of_it(
    point: FocalPoint, people: dict[str, Correspondent]
) -> None:
    stranger = people["stranger"]
    point.gateway.registry.add_person("SE", stranger.address, "O", Role.OBSERVER, "en", stranger.public_key)
    point.send("officer", request(SE_UIM))
    point.now = MONDAY
    observer, administrator = (
        " ".join(plain(Digests(point.gateway).preview(address=who.address)).split())
        for who in (stranger, point.people["admin"])
    )
    assert observer.startswith("You need do nothing yourself: below is what waits for your Party.")
    assert "1 request waits for your Party's answer." in observer
    assert "Please" not in observer
    assert administrator.startswith("1 request waits for your answer.")
    assert "What waits for your Party" not in administrator


def test_it_is_previewed_as_text_and_as_a_page_that_needs_nothing_else(point: FocalPoint, tmp_path: Path) -> None:
    point.send("officer", request(SE_UIM))
    point.gateway.take_outbox()
    point.now = MONDAY
    assert 'src="data:image/png;base64,' in page(Digests(point.gateway).preview(party="SE"))
    path = tmp_path / "digest.html"
    ran = gsp("digest", "preview", "--party", "SE", "--format", "html", "--output", str(path), home=point.home)
    assert (ran.status, ran.out) == (0, "")
    assert "<table" in path.read_text()
    assert "cid:" not in path.read_text()
    secretariat = gsp("digest", "preview", home=point.home)
    assert "Please see to administrators: 3 Parties have none who can be written to." in secretariat.flat
    assert gsp("digest", "preview", "--email", point.people["admin"].address, home=point.home).out
    assert "gsp party list" in failed_in_one_line(gsp("digest", "preview", "--party", "ZZ", home=point.home))
    assert "nobody is registered" in failed_in_one_line(
        gsp("digest", "preview", "--email", "a@b.example", home=point.home)
    )
    assert gsp("digest", "preview", "--party", "SE", "--email", "a@b.example", home=point.home).status == 2
    assert point.gateway.take_outbox() == []


def test_it_is_sent_by_hand_once(point: FocalPoint) -> None:
    assert gsp("digest", "send", "--now", "--json", home=point.home).json == {"sent": 2}
    assert gsp("digest", "send", "--now", home=point.home).out == "No digest is due.\n"


def test_the_schedule_has_it_made_in_a_process_of_its_own(point: FocalPoint) -> None:
    """Without what draws charts in the process that serves."""
    script = (
        "import sys; from pathlib import Path; from gateway import digests, service\n"
        f"with service.Gateway.open(Path({str(point.home)!r})) as gateway:\n"
        "    digests.job(gateway).run(); digests.job(gateway).run()\n"
        "assert not {'matplotlib', 'numpy', 'PIL'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert sorted(mail for mail, _ in point.gateway.take_outbox()) == sorted(
        point.people[who].address for who in ("admin", "secretariat")
    )


def test_the_job_follows_the_clock_of_the_zone(point: FocalPoint) -> None:
    made = job(point.gateway)
    assert (made.name, made.cron, str(made.zone), made.by_leader) == ("digest", "0 6 * * 1", "UTC", True)
    schedule = Schedule([made], lambda: False, lambda: datetime.now(UTC))
    schedule.start()
    schedule.stop()


def test_news_of_the_day_of_a_digest_is_told_once(point: FocalPoint) -> None:
    """What is new on Monday before the hour of digests, or before one that came late, stands in that one only."""
    sent(point, MONDAY - timedelta(days=1))
    with point.gateway.store._engine.begin() as connection:
        connection.execute(text("UPDATE party SET since = :since WHERE code = 'FR'"), {"since": MONDAY - WEEK / 168})
    news = []
    for now in (MONDAY, MONDAY + WEEK):
        point.now = now
        Digests(point.gateway).send()
        (mail,) = point.delivered()["admin"]
        news.append("New Party: France" in mail.text)
    assert news == [True, False]


def test_new_parties_and_another_library_are_news(point: FocalPoint) -> None:
    with point.gateway.store._engine.begin() as connection:
        connection.execute(text("UPDATE party SET since = :since WHERE code = 'FR'"), {"since": MONDAY - WEEK / 2})
    point.now = MONDAY - timedelta(days=1)
    point.gateway.audit.seal()
    point.now = MONDAY
    Digests(point.gateway).send()
    (mail,) = point.delivered()["admin"]
    news = mail.text.split("== News ==")[1].split("==")[0]
    assert "New Party: France" in news
    assert "The pattern library has changed 1 time" in news
    assert PartyCode("AT") not in news


def test_another_desk_and_other_administrators_are_news_and_nothing_is_where_nothing_changed(point: FocalPoint) -> None:
    def news(now: datetime) -> str:
        point.now = now
        Digests(point.gateway).send()
        (mail,) = point.delivered()["secretariat"]
        return str(mail.text.partition("== News ==")[2].partition("==")[0])

    assert news(MONDAY) == ""
    point.gateway.registry.add_party("FR", "France", "new@party.example", "fr", None)
    point.gateway.registry.revoke(point.people["admin"].address, "left")
    changed = news(MONDAY + WEEK)
    assert "Directory: France has changed its desk or administrators." in changed
    assert "Directory: Sweden has changed its desk or administrators." in changed
    assert "Kenya" not in changed
    assert news(MONDAY + 2 * WEEK) == ""
