"""`gsp item`: a person reads in plain words what waits for him, and settles it; a held mail is worked on again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import text

from gateway.events import Commit, EventKind, ForAPerson
from gateway.facts import PartyCode, exchange_number
from gateway.pipeline import Pipeline
from gateway.stages import read
from tests.cli.running import failed_in_one_line, gsp
from tests.support.focalpoint import SE_UIM, FocalPoint, request


@contextmanager
def a_defect(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The reader of forms crashes, as a defect in it would."""

    def crash(*_: object) -> None:
        raise RecursionError

    with monkeypatch.context() as patched:
        patched.setattr(read, "read", crash)
        yield


def held(point: FocalPoint, monkeypatch: pytest.MonkeyPatch, who: str = "officer") -> bytes:
    """A request that could not be worked on in three attempts and is held."""
    raw = point.mail(who, request(SE_UIM))
    with a_defect(monkeypatch):
        assert tried(point, raw) == ["deferred", "deferred", "deferred", "deferred", "held"]
    return raw


def tried(point: FocalPoint, raw: bytes) -> list[str]:
    """What four attempts at once lead to, and one some minutes later: the fourth could have been a further copy."""
    point.now = point.clock()
    outcomes = [point.gateway.process_file(raw)["outcome"] for _ in range(4)]
    point.now += timedelta(minutes=3)
    return [*outcomes, point.gateway.process_file(raw)["outcome"]]


def count(point: FocalPoint, query: str) -> int:
    with point.gateway.store._engine.connect() as connection:
        return int(connection.execute(text(query)).scalar_one())


def wrote(point: FocalPoint, reason: int, number: str = "", party: str = "") -> None:
    """An item, as a decision writes it."""
    item = ForAPerson(reason, exchange_number(number) if number else None, PartyCode(party))
    point.gateway.store.ledger.commit(Commit(point.clock(), items=(item,)), None)


def test_a_held_mail_is_listed_with_its_sender_and_what_to_do(
    point: FocalPoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    held(point, monkeypatch)
    (item,) = gsp("item", "list", "--json", home=point.home).json
    assert set(item) == {"item", "since", "reason", "concerns", "happened", "next"}
    assert item["reason"] == "GSP-401"
    assert point.people["officer"].address in item["happened"]
    assert f"gsp item settle {item['item']} --again" in item["next"]
    shown = gsp("item", "list", home=point.home)
    assert "could not be worked on" in shown.flat
    assert f"item {item['item']}" in " ".join(point.gateway.open_items())


def test_a_held_mail_is_worked_on_again_after_the_defect_is_mended(
    point: FocalPoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = held(point, monkeypatch)
    (item,) = gsp("item", "list", "--json", home=point.home).json
    done = gsp("item", "settle", item["item"], "--again", home=point.home)
    assert done.status == 0, done
    assert "Referred: GSP-" in done.out
    assert sorted(point.delivered()) == ["desk.se", "officer"]
    assert gsp("item", "list", home=point.home).out == "Nothing waits for a person.\n"
    assert count(point, "SELECT count(*) FROM kept WHERE year = 1970") == 0, "the held ciphertext is gone"
    assert point.gateway.process_file(raw)["outcome"] == "taken", "the same mail again is known as taken"
    assert point.gateway.take_outbox() == []


def test_a_mail_that_still_cannot_be_worked_on_stays_held(point: FocalPoint, monkeypatch: pytest.MonkeyPatch) -> None:
    held(point, monkeypatch)
    (item,) = gsp("item", "list", "--json", home=point.home).json
    with a_defect(monkeypatch):
        again = gsp("item", "settle", item["item"], "--again", home=point.home)
    assert "stays open" in failed_in_one_line(again)
    assert gsp("item", "list", "--json", home=point.home).json == [item]
    assert gsp("item", "settle", item["item"], "--again", home=point.home).status == 0


def test_a_machine_that_stops_between_taking_and_settling_takes_it_once(
    point: FocalPoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    held(point, monkeypatch)
    (item,) = point.gateway.store.items.open()
    with monkeypatch.context() as patched:
        patched.setattr(point.gateway.store.items, "settle", lambda *_: False)
        point.gateway.items.again(item["id"])
    assert sorted(point.delivered()) == ["desk.se", "officer"]
    assert gsp("item", "settle", item["id"], "--again", home=point.home).status == 0
    assert point.gateway.take_outbox() == []
    assert point.gateway.store.items.open() == []


def test_a_held_mail_that_is_given_up_is_deleted_and_the_record_says_so(
    point: FocalPoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    held(point, monkeypatch)
    (item,) = gsp("item", "list", "--json", home=point.home).json
    assert gsp("item", "settle", item["item"], home=point.home).out == f"Item {item['item']} is settled.\n"
    assert count(point, "SELECT count(*) FROM kept") == 0
    of = f"SELECT count(*) FROM event WHERE kind = '{EventKind.ITEM_SETTLED}' AND count = {item['item']}"
    assert count(point, of) == 1
    twice = gsp("item", "settle", item["item"], home=point.home)
    assert "there is no open item" in failed_in_one_line(twice)
    assert count(point, of) == 1


def test_somebody_elses_mail_is_not_taken_as_the_claimed_senders(
    point: FocalPoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mail signed by one person with another's From is held by a defect; worked on again, it is refused."""
    officer = point.people["officer"].address
    raw = point.mail("desk.at", request(SE_UIM)).replace(point.people["desk.at"].address.encode(), officer.encode())
    calls = Pipeline._open

    def crash(*_: object) -> None:
        raise RecursionError

    monkeypatch.setattr(Pipeline, "_open", crash)
    assert tried(point, raw)[-1] == "held"
    monkeypatch.setattr(Pipeline, "_open", calls)
    (item,) = gsp("item", "list", "--json", home=point.home).json
    assert officer in item["happened"]
    assert "[GSP-201]" in failed_in_one_line(gsp("item", "settle", item["item"], "--again", home=point.home))
    assert point.gateway.take_outbox() == []


def test_a_held_mail_of_nobody_cannot_be_worked_on_again(point: FocalPoint, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> None:
        raise RecursionError

    with monkeypatch.context() as patched:
        patched.setattr(Pipeline, "_open", crash)
        raw = point.mail("stranger", request(SE_UIM))
        assert tried(point, raw)[-1] == "held"
    (item,) = gsp("item", "list", "--json", home=point.home).json
    assert "nobody who is registered" in item["happened"]
    again = gsp("item", "settle", item["item"], "--again", home=point.home)
    assert "settle it without --again" in failed_in_one_line(again)
    assert gsp("item", "settle", item["item"], home=point.home).status == 0


def test_what_waits_for_a_key_says_when_it_waits_no_more(point: FocalPoint) -> None:
    with point.gateway.store._engine.begin() as connection:
        connection.execute(text("UPDATE key SET can_encrypt = 0 WHERE party = 'SE' AND person = 0"))
    number = point.send("officer", request(SE_UIM))["exchange"]
    (item,) = gsp("item", "list", "--json", home=point.home).json
    assert (item["reason"], item["concerns"]) == ("GSP-402", f"{number}/SE")
    assert "register it" in item["next"]
    with point.gateway.store._engine.begin() as connection:
        connection.execute(text("UPDATE key SET can_encrypt = 1"))
    point.gateway.tick()
    (item,) = gsp("item", "list", "--json", home=point.home).json
    assert item["next"] == "Nothing of this referral waits any more: settle the item."
    assert "holds no mail" in failed_in_one_line(gsp("item", "settle", item["item"], "--again", home=point.home))


@pytest.mark.parametrize(
    ("reason", "says"),
    [(402, "register it"), (403, "which mailbox works"), (404, "gsp party add"), (405, "administrator of SE")],
)
def test_every_kind_of_item_says_what_to_do_and_can_be_settled(point: FocalPoint, reason: int, says: str) -> None:
    number = str(point.send("officer", request(SE_UIM))["exchange"])
    wrote(point, reason, number if reason != 402 else "", "SE" if reason != 402 else "")
    (item,) = gsp("item", "list", "--json", home=point.home).json
    assert says in item["next"]
    assert "settle the item" in item["next"]
    assert gsp("item", "settle", item["item"], home=point.home).status == 0
    assert gsp("item", "list", "--json", home=point.home).json == []


def test_an_item_of_an_ended_referral_says_so(point: FocalPoint) -> None:
    number = str(point.send("officer", request(SE_UIM))["exchange"])
    wrote(point, 405, number, "SE")
    with point.gateway.store._engine.begin() as connection:
        connection.execute(text("UPDATE referral SET state = 'answered'"))
    (item,) = gsp("item", "list", "--json", home=point.home).json
    assert item["next"] == "The referral is answered meanwhile: settle the item."


def test_a_number_that_is_none_is_wrong_usage(point: FocalPoint) -> None:
    assert gsp("item", "settle", "first", home=point.home).status == 2
    assert gsp("item", "settle", "0", home=point.home).status == 2
