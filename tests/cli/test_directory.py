"""`gsp directory`: the operator sees every entry, and what is not nominated or not confirmed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from gateway.correspondence import Correspondent
from tests.cli.running import gsp
from tests.support.focalpoint import FocalPoint, focal_point

ENTRY = "GSP DIRECTORY\n\nFunction: contact point\nAuthority: Swedish Customs\nTelephone: +46 1\n"


@pytest.fixture
def point(people: dict[str, Correspondent]) -> Iterator[FocalPoint]:
    with focal_point(people, datetime(2030, 1, 10, tzinfo=UTC), nominations=True) as made:
        yield made


def test_entries_are_listed_and_what_is_missing_with_its_reminders(point: FocalPoint) -> None:
    point.send("admin", ENTRY)
    (entry,) = [
        row for row in gsp("directory", "list", "--party", "SE", "--json", home=point.home).json if row["entry"]
    ]
    assert (entry["party"], entry["function"], entry["authority"], entry["telephone"], entry["since"]) == (
        "SE", "contact point", "Swedish Customs", "+46 1", "2030-01-10",
    )  # fmt: skip
    assert "Swedish Customs" in gsp("directory", "list", home=point.home).out
    assert "desk.ke@party.example" in gsp("directory", "list", home=point.home).out
    point.now = point.clock() + timedelta(days=15)
    point.gateway.tick()
    missing = {row["party"]: row for row in gsp("directory", "list", "--missing", "--json", home=point.home).json}
    assert set(missing) == {"AT", "FR", "KE", "SE"}
    assert missing["SE"] == {
        "party": "SE", "missing": "competent authority, central authority", "since": "2030-01-10", "reminders": 1,
        "entries": 1, "replaced": 0, "asked": "", "confirmed": "",
    }  # fmt: skip


def test_how_often_contacts_were_replaced_is_told_of_every_party(point: FocalPoint) -> None:
    for written in (ENTRY, ENTRY + "Entry: 1\nPerson: N. Ew\n"):
        assert point.send("admin", written)["outcome"] == "taken"
    told = {row["party"]: row for row in gsp("directory", "list", "--standing", "--json", home=point.home).json}
    assert {party: row["replaced"] for party, row in told.items()} == {"AT": 0, "FR": 0, "KE": 0, "SE": 1}
    (one,) = gsp("directory", "list", "--standing", "--party", "se", "--json", home=point.home).json
    assert one == told["SE"]


def test_a_wrong_use_is_said_to_be_so(point: FocalPoint) -> None:
    for other in (("--party", "SE"), ("--standing",)):
        assert gsp("directory", "list", "--missing", *other, home=point.home).status == 2
    done = gsp("directory", "list", "--party", "Sweden", home=point.home)
    assert done.status == 1
    assert "two letters" in done.err
