"""`gsp audit`: what a person and an auditor are told of the record; real seals by GnuPG."""

from __future__ import annotations

import json
import sqlite3

from gateway.home import Home
from tests.cli.running import failed_in_one_line, gsp
from tests.support.focalpoint import FocalPoint


def tampered(point: FocalPoint, *statements: str) -> None:
    """Somebody who has the file drops the triggers and writes what he wants."""
    with sqlite3.connect(Home(point.home).database) as database:
        for trigger in ("event_no_update", "event_no_delete", "seal_no_update", "seal_no_delete"):
            database.execute(f"DROP TRIGGER IF EXISTS {trigger}")
        for statement in statements:
            database.execute(statement)


def test_a_right_record_says_so_and_its_head(point: FocalPoint) -> None:
    assert "Sealed: " in gsp("audit", "seal", home=point.home).out
    assert gsp("audit", "seal", home=point.home).out == "Nothing new since the last seal.\n"
    ran = gsp("audit", "verify", home=point.home)
    assert ran.status == 0
    assert "1 seal(s), 0 event(s) since the last one." in ran.out
    values = gsp("audit", "verify", "--json", home=point.home).json
    assert values["result"] == "right"
    printed = f"{values['last_event']}:{values['head']}"
    assert f"Head: {printed}\n" in ran.out
    for head in (printed, values["head"]):
        assert gsp("audit", "verify", "--head", head, home=point.home).status == 0
    assert "64 hexadecimal" in failed_in_one_line(gsp("audit", "verify", "--head", "12:ab", home=point.home))


def test_a_wrong_record_is_told_with_the_place_and_what_to_do(point: FocalPoint) -> None:
    gsp("audit", "seal", home=point.home)
    tampered(point, "UPDATE event SET party = 'ZZ' WHERE id = 3")
    ran = gsp("audit", "verify", home=point.home)
    line = failed_in_one_line(ran)
    assert "backup" in line
    assert "event 3 (" in ran.out
    ran = gsp("audit", "verify", "--json", home=point.home)
    assert ran.status == 1
    assert json.loads(ran.out)["problems"][0]["event"] == 3


def test_a_seal_that_somebody_else_signed_or_that_was_altered_is_found(point: FocalPoint) -> None:
    gsp("audit", "seal", home=point.home)
    tampered(point, "UPDATE seal SET text = replace(text, 'events: ', 'events: 1')")
    ran = gsp("audit", "verify", home=point.home)
    assert ran.status == 1
    assert "seal 1: the seal is forged" in ran.out


def test_a_seal_stays_good_after_the_gateway_got_another_key(point: FocalPoint) -> None:
    gsp("audit", "seal", home=point.home)
    assert gsp("key", "renew", home=point.home).status == 0
    gsp("audit", "seal", home=point.home)
    ran = gsp("audit", "verify", home=point.home)
    assert (ran.status, "2 seal(s)" in ran.out) == (0, True), ran


def test_a_head_that_is_not_in_the_record_is_wrong(point: FocalPoint) -> None:
    ran = gsp("audit", "verify", "--head", "ab" * 32, home=point.home)
    assert ran.status == 1
    assert "no event has the head that was noted" in ran.out


def test_the_export_is_lines_of_json_and_nobody_else_may_read_the_file(point: FocalPoint) -> None:
    gsp("audit", "seal", home=point.home)
    file = point.home / "record.jsonl"
    assert gsp("audit", "export", "--output", file, home=point.home).status == 0
    assert file.stat().st_mode & 0o777 == 0o600
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert "seal" in lines[-1]
    assert {"event", "at", "kind", "party", "person", "actor", "count", "digest", "told", "chain"} <= lines[0].keys()
    assert gsp("audit", "export", home=point.home).out == file.read_text()
