"""Every command's promise to the operator: its output, its exit status, and one line for what failed (interface.md)."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path

import pytest
from sqlalchemy import text

from gateway.cli import main
from gateway.correspondence import Correspondent
from tests.cli.running import failed_in_one_line, gsp
from tests.support.focalpoint import FR_UIM, SE_UIM, FocalPoint, request
from tests.support.ports import PATIENCE, free_port, until
from tests.support.sink import sink

GSP = str(Path(sys.executable).parent / "gsp")


# --- gsp pattern --------------------------------------------------------------------------------------


def test_the_library_is_clean() -> None:
    ran = gsp("pattern", "lint")
    assert (ran.status, ran.out, ran.err) == (0, "The library is clean.\n", "")
    assert gsp("pattern", "lint", "--json").json == []


def test_every_pair_of_patterns_that_fits_one_code_is_shown_with_which_of_them_counts() -> None:
    rows = {(row["pattern"], row["other"]): row for row in gsp("pattern", "lint", "--pairs", "--json").json}
    assert rows["se-upui-s", "eu-upui-s"] | {"code": ""} == {
        "pattern": "se-upui-s", "other": "eu-upui-s", "code": "", "which_counts": "se-upui-s counts",
    }  # fmt: skip
    assert rows["ru-pack", "uz-pack"]["which_counts"] == "different ones answer: accepted"


def test_a_bad_pattern_is_told_with_its_file_and_scheme(tmp_path: Path) -> None:
    shipped = Path(__file__).resolve().parents[2] / "pattern_library"
    folder = shutil.copytree(shipped, tmp_path / "library")
    assert gsp("pattern", "lint", folder).status == 0
    sweden = folder / "sweden.yaml"
    sweden.write_text(sweden.read_text() + "\nno_such_field: 1\n")
    ran = gsp("pattern", "lint", "--json", folder)
    assert {problem["file"] for problem in ran.json} == {"sweden.yaml"}
    assert "problem(s)" in failed_in_one_line(ran)
    assert "sweden.yaml" in gsp("pattern", "lint", folder).out
    sweden.write_bytes(b"\xff\xfe")
    assert "UTF-8" in failed_in_one_line(gsp("pattern", "lint", folder))
    assert gsp("pattern", "lint", tmp_path / "none").status == 2


def parties(ran_json: list[dict[str, object]]) -> list[tuple[object, list[object]]]:
    return [(one["verdict"], [c["party"] for c in one["candidates"]]) for one in ran_json]  # type: ignore[attr-defined]


def test_uims_are_matched_with_party_pattern_and_reason() -> None:
    ran = gsp("pattern", "match", "--json", SE_UIM, FR_UIM, "no such code")
    assert ran.status == 0, "to find nothing is an answer too"
    assert parties(ran.json)[:2] == [("sure", ["SE"]), ("sure", ["FR"])]
    assert all(candidate["reason"] and candidate["scheme"] for candidate in ran.json[0]["candidates"])
    shown = gsp("pattern", "match", SE_UIM, "[bold]x", SE_UIM.replace("2505", "25O5"))
    assert SE_UIM in shown.out
    assert f"Perhaps {SE_UIM}: character 21 may be 0, not O." in shown.out
    assert "[bold]x" in shown.out, "no character of a UIM is taken for a style"


@pytest.mark.parametrize("octets", [
    f"{SE_UIM}\r\n\r\n{FR_UIM}".encode(), b"\xef\xbb\xbf" + f"{SE_UIM}\n{FR_UIM}\n".encode(),
], ids=["lines end in CRLF", "byte order mark"])  # fmt: skip
def test_uims_come_from_a_file_or_from_standard_input(tmp_path: Path, octets: bytes) -> None:
    (tmp_path / "uims.txt").write_bytes(octets)
    found = gsp("pattern", "match", "--json", "--file", tmp_path / "uims.txt")
    assert parties(found.json) == [("sure", ["SE"]), ("sure", ["FR"])]
    assert gsp("pattern", "match", "--json", "--file", "-", stdin=octets).out == found.out


def test_a_uim_may_begin_like_an_option() -> None:
    assert [one["uim"] for one in gsp("pattern", "match", "--json", "--", "-x", "--file").json] == ["-x", "--file"]


def test_a_file_that_is_not_text_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "uims.txt").write_bytes("Größe".encode("latin-1"))
    assert "UTF-8" in failed_in_one_line(gsp("pattern", "match", "--file", tmp_path / "uims.txt"))


@pytest.mark.parametrize("arguments", [(), ("--file", "/does/not/exist"), ("--json",)])
def test_nothing_to_match_is_wrong_usage(arguments: tuple[str, ...]) -> None:
    assert gsp("pattern", "match", *arguments).status == 2


# --- gsp process, outbox, exchange ------------------------------------------------------------------


def test_a_mail_is_processed_from_a_file_and_from_standard_input(point: FocalPoint, tmp_path: Path) -> None:
    mail = point.mail("officer", request(SE_UIM))
    (tmp_path / "mail.eml").write_bytes(mail)
    ran = gsp("process", tmp_path / "mail.eml", home=point.home)
    assert (ran.status, ran.err) == (0, "")
    assert ran.out.startswith("Taken (250). Exchange GSP-")
    again = gsp("process", "--json", "-", home=point.home, stdin=mail)
    assert again.json["outcome"] == "taken"
    assert set(again.json) == {"outcome", "form", "exchange", "referrals", "refusal"}


def test_a_mail_that_is_refused_sets_the_exit_status(point: FocalPoint) -> None:
    ran = gsp("process", "--json", "-", home=point.home, stdin=b"From: a@b.example\r\nSubject: x\r\n\r\nGSP HELP\r\n")
    assert ran.status == 1
    assert ran.json["outcome"] == "refused"
    assert ran.json["refusal"]["code"] == 550
    assert "[GSP-101]" in ran.json["refusal"]["text"]
    assert gsp("process", "/does/not/exist", home=point.home).status == 2


def test_the_outbox_is_listed_and_written_out_as_files(point: FocalPoint, tmp_path: Path) -> None:
    assert gsp("outbox", "list", home=point.home).out == "The outbox is empty.\n"
    number = point.send("officer", request(SE_UIM))["exchange"]
    waiting = gsp("outbox", "list", "--json", home=point.home).json
    assert sorted(one["kind"] for one in waiting) == ["receipt", "referral"]
    assert {one["state"] for one in waiting} == {"pending"}
    assert f"{number}/SE" in gsp("outbox", "list", home=point.home).out
    ran = gsp("outbox", "flush", "--to-directory", tmp_path / "out", home=point.home)
    assert (ran.status, ran.out) == (0, "2 sent, 0 still waiting.\n")
    mails = [message_from_bytes(path.read_bytes()) for path in (tmp_path / "out").glob("*.eml")]
    assert {mail["Message-ID"] for mail in mails} == {one["message-id"] for one in waiting}
    assert gsp("outbox", "list", "--json", home=point.home).json == []
    assert gsp("outbox", "flush", "--json", home=point.home).json == {"sent": 0, "failed": 0}


def test_the_outbox_is_delivered_now_or_stays(point: FocalPoint, monkeypatch: pytest.MonkeyPatch) -> None:
    point.send("officer", request(SE_UIM))
    monkeypatch.setenv("GSP_OUTBOUND__PORT", str(free_port()))
    ran = gsp("outbox", "flush", home=point.home)
    assert ran.out == "0 sent, 2 still waiting.\n"
    assert "tried again" in failed_in_one_line(ran)
    with sink() as server:
        monkeypatch.setenv("GSP_OUTBOUND__PORT", str(server.port))
        assert gsp("outbox", "flush", "--json", home=point.home).json == {"sent": 2, "failed": 0}
        assert len(server.mails) == 2


def test_an_exchange_is_shown_without_anything_that_was_written(point: FocalPoint) -> None:
    assert gsp("exchange", "list", home=point.home).out == "There is no exchange yet.\n"
    number = str(point.send("officer", request(SE_UIM, case="SECRET-CASE", justification="SECRET-WHY"))["exchange"])
    (listed,) = gsp("exchange", "list", "--json", home=point.home).json
    assert (listed["number"], listed["asking"], listed["state"], listed["referrals"]) == (
        number,
        "KE",
        "open",
        "SE:sent",
    )
    shown = gsp("exchange", "show", "--json", number, home=point.home).json
    assert [referral["referral"] for referral in shown["referrals"]] == [f"{number}/SE"]
    assert [event["event"] for event in shown["trail"]] == ["exchange opened", "referral sent"]
    for ran in (gsp("exchange", "list", home=point.home), gsp("exchange", "show", number, home=point.home)):
        assert number in ran.out
        assert "SECRET" not in ran.out
        assert SE_UIM not in ran.out
    assert "there is no exchange" in failed_in_one_line(gsp("exchange", "show", "GSP-2020-000001", home=point.home))
    assert "number" in failed_in_one_line(gsp("exchange", "show", "first", home=point.home))


# --- gsp party, user, key -----------------------------------------------------------------------------


def test_keys_that_expire_soon_are_listed(point: FocalPoint) -> None:
    assert gsp("key", "list", "--expiring", "30", home=point.home).out == "No key to show.\n"
    soon = point.clock() + timedelta(days=20)
    with point.gateway.store._engine.begin() as connection:
        connection.execute(
            text("UPDATE key SET usable_until = :soon WHERE party = 'SE' AND person = 0"), {"soon": soon}
        )
    (listed,) = gsp("key", "list", "--expiring", "30", "--json", home=point.home).json
    assert (listed["owner"], listed["party"], listed["expires"]) == ("desk", "SE", soon.date().isoformat())
    assert gsp("key", "list", "--expiring", "10", "--json", home=point.home).json == []
    assert len(gsp("key", "list", "--json", home=point.home).json) == 8
    assert gsp("key", "list", "--expiring", "-1", home=point.home).status == 2


def test_a_person_who_is_revoked_is_shut_out_at_once(point: FocalPoint) -> None:
    officer = point.people["officer"].address
    assert gsp("user", "revoke", officer, home=point.home).status == 2, "a reason is needed, for the record"
    empty = gsp("user", "revoke", officer, "--reason", "  ", home=point.home)
    assert "say why" in failed_in_one_line(empty)
    ran = gsp("user", "revoke", officer, "--reason", "left", home=point.home)
    assert (ran.status, ran.out) == (0, f"{officer} can no longer use the gateway.\n")
    assert point.send("officer", request(SE_UIM))["outcome"] == "refused"
    states = {one["email"]: one["state"] for one in gsp("user", "list", "--json", home=point.home).json}
    assert states.pop(officer).startswith("revoked ")
    assert set(states.values()) == {"active"}
    again = gsp("user", "revoke", officer, "--reason", "left", home=point.home)
    assert "no active person" in failed_in_one_line(again)


def test_the_operator_hears_that_a_party_has_no_administrator_left(point: FocalPoint) -> None:
    ran = gsp("user", "revoke", point.people["admin"].address, "--reason", "left", home=point.home)
    assert ran.out.endswith("Party SE has no administrator now: register one.\n")


def test_the_operator_renews_a_key_and_its_owner_is_told(point: FocalPoint, tmp_path: Path) -> None:
    desk = point.people["desk.se"].address
    with Correspondent(desk, "desk.se") as fresh:
        file = tmp_path / "new.asc"
        file.write_bytes(fresh.public_key)
        ran = gsp("user", "renew", desk, "--key", file, "--withdraw", home=point.home)
        assert (ran.status, fresh.fingerprint in ran.flat) == (0, True), ran
        states = {one["fingerprint"]: one["state"] for one in gsp("key", "list", "--json", home=point.home).json}
        assert states[fresh.fingerprint] == "usable"
        assert states[point.people["desk.se"].fingerprint] == "revoked"  # type: ignore[union-attr]
        told = sorted(to for to, _ in point.gateway.take_outbox())
        assert told.count(desk) == 2
        assert "nothing has changed" in failed_in_one_line(gsp("user", "renew", desk, "--key", file, home=point.home))
        nobody = gsp("user", "renew", "nobody@party.example", "--key", file, home=point.home)
        assert "gsp user list" in failed_in_one_line(nobody)


def test_a_role_is_never_changed_by_adding_a_person_again(point: FocalPoint, tmp_path: Path) -> None:
    officer = point.people["officer"]
    (tmp_path / "key.asc").write_bytes(officer.public_key)
    person = ("user", "add", "--party", "KE", "--email", officer.address, "--name", "", "--key", tmp_path / "key.asc")
    refused = gsp(*person, "--role", "administrator", home=point.home)
    assert "registered as officer, and stays it" in failed_in_one_line(refused)
    again = gsp(*person, "--role", "officer", home=point.home)
    assert (again.status, "the key was added" in again.flat, "changed" in again.flat) == (0, True, False)


def test_who_is_added_again_is_written_to_in_the_language_that_is_given_then(point: FocalPoint, tmp_path: Path) -> None:
    officer = point.people["officer"]
    (tmp_path / "key.asc").write_bytes(officer.public_key)
    person = ("user", "add", "--party", "KE", "--email", officer.address, "--key", tmp_path / "key.asc")
    again = gsp(*person, "--name", "A. Mwangi", "--role", "officer", "--language", "ar", home=point.home)
    assert "changed: name, language" in again.flat
    listed = json.loads(gsp("user", "list", "--json", home=point.home).out)
    assert [(one["name"], one["language"]) for one in listed if one["email"] == officer.address] == [
        ("A. Mwangi", "ar")
    ]


def test_a_password_is_given_replaced_and_withdrawn(point: FocalPoint) -> None:
    officer = point.people["officer"].address
    first, second = (gsp("user", "password", officer, home=point.home).out.strip() for _ in range(2))
    assert len(first) == len(second) == 24
    assert [point.gateway.border.login(officer, word) for word in (first, second)] == ["", officer]
    assert gsp("user", "password", officer, "--withdraw", home=point.home).status == 0
    assert point.gateway.border.login(officer, second) == ""
    assert "gsp user list" in failed_in_one_line(gsp("user", "password", "nobody@party.example", home=point.home))


def test_what_cannot_be_registered_is_told_in_one_line(point: FocalPoint, tmp_path: Path) -> None:
    (tmp_path / "no.key").write_bytes(b"this is no key")
    party = ("party", "add", "--name", "X", "--language", "en")
    assert "two letters" in failed_in_one_line(gsp(*party, "KEN", "--mailbox", "a@b.example", home=point.home))
    assert "not a mail address" in failed_in_one_line(gsp(*party, "NO", "--mailbox", "nobody", home=point.home))
    key = gsp(*party, "NO", "--mailbox", "a@b.example", "--key", tmp_path / "no.key", home=point.home)
    assert "key" in failed_in_one_line(key)
    assert gsp(*party, "NO", "--mailbox", "a@b.example", "--key", tmp_path / "none", home=point.home).status == 2
    assert gsp("party", "add", "NO", home=point.home).status == 2
    own = gsp(*party, "NO", "--mailbox", "GSP+x@gsp.example.org", home=point.home)
    assert "the gateway itself" in failed_in_one_line(own)
    nameless = gsp(*party, "NO", "--mailbox", "a@b.example", "--name", " ", home=point.home)
    assert "needs a name" in failed_in_one_line(nameless)
    assert "NO" not in {one["code"] for one in gsp("party", "list", "--json", home=point.home).json}


# --- home, settings, exit statuses --------------------------------------------------------------------


def test_the_home_is_the_option_then_the_variable_then_the_folder(
    point: FocalPoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "gsp init" in failed_in_one_line(gsp("party", "list"))
    assert str(tmp_path / "gsp-home") in gsp("party", "list").err
    monkeypatch.setenv("GSP_HOME", str(point.home))
    assert len(gsp("party", "list", "--json").json) == 4
    assert "gsp init" in failed_in_one_line(gsp("party", "list", home=tmp_path / "none"))
    monkeypatch.delenv("GSP_HOME")
    (tmp_path / "gsp-home").symlink_to(point.home)
    assert len(gsp("party", "list", "--json").json) == 4


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("GSP_SMTP__PROT", "2525", "smtp.port"),
        ("GSP_SMTP__PORT", "mail", "GSP_SMTP__PORT"),
        ("GSP_NOTHING", "1", "nothing"),
        ("GSP_DATABASE__URL", "mysql://x", "database"),
        ("GSP_DATABASE__URL", "postgresql://nobody@127.0.0.1:1/none", "[database] url"),
    ],
)
def test_a_wrong_setting_is_named_in_one_line(
    point: FocalPoint, monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    monkeypatch.setenv(name, value)
    assert says in failed_in_one_line(gsp("exchange", "list", home=point.home))


@pytest.mark.parametrize("damage", ["gateway.toml", "secret.key", "gateway.db", "gnupg"])
def test_a_damaged_home_is_told_in_one_line(point: FocalPoint, damage: str) -> None:
    point.gateway.close()
    if damage == "gnupg":
        shutil.rmtree(point.home / damage)
        (point.home / damage).mkdir(mode=0o700)
    else:
        for leftover in point.home.glob("gateway.db-*"):
            leftover.unlink()
        (point.home / damage).write_bytes(b"\x00 = [")
    line = failed_in_one_line(gsp("exchange", "list", home=point.home))
    assert len(line) > 20


def test_every_command_has_help_and_refuses_an_option_it_does_not_know() -> None:
    def walk(words: tuple[str, ...], group: object) -> list[tuple[str, ...]]:
        commands = getattr(group, "commands", {})
        return [words, *(found for name in commands for found in walk((*words, name), commands[name]))]

    for words in walk((), main):
        assert gsp(*words, "--help").status == 0, words
        assert gsp(*words, "--no-such-option").status == 2, words
    assert gsp("no-such-command").status == 2


def test_serve_listens_where_the_environment_says_and_ends_well(point: FocalPoint) -> None:
    point.gateway.close()
    smtp, lmtp = free_port(), free_port()
    environment = {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": str(point.home), "LC_ALL": "C.UTF-8",
        "GSP_HOME": str(point.home), "GSP_SMTP__PORT": str(smtp), "GSP_LMTP__PORT": str(lmtp),
        "GSP_OUTBOUND__PORT": str(free_port()),
    }  # fmt: skip
    command = [sys.executable, "-m", "gateway.cli", "serve"]  # of this folder, wherever `gsp` was installed from
    serving = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        until(lambda: _answers(smtp) and _answers(lmtp), "the doors are closed")
        second = subprocess.run([GSP, "serve"], env=environment, capture_output=True, text=True)
        assert second.returncode == 1, "the port is taken"
        assert second.stderr.splitlines()[-1].startswith("gsp: ")
        assert "Traceback" not in second.stderr
        listed = subprocess.run([GSP, "party", "list", "--json"], env=environment, capture_output=True, check=True)
        assert len(json.loads(listed.stdout)) == 4, "beside a gateway that runs"
        for process in _processes_of(serving.pid):  # a terminal that is closed tells all of them
            os.kill(process, signal.SIGHUP)
        until(lambda: _answers(smtp) and _answers(lmtp), "a hang-up has closed the doors")
        serving.send_signal(signal.SIGTERM)
        _, said = serving.communicate(timeout=PATIENCE)
    finally:
        serving.kill()
        point.start()
    assert serving.returncode == 0, said
    assert said.splitlines()[-1].endswith("ended")
    assert "settings-are-read-at-the-start-only:-restart" in said
    assert "a-worker-process-ended" not in said


def test_serve_with_every_door_shut_says_so_and_ends(point: FocalPoint, monkeypatch: pytest.MonkeyPatch) -> None:
    for door in ("SMTP", "LMTP", "HTTP"):
        monkeypatch.setenv(f"GSP_{door}__PORT", "0")
    assert "every door is shut" in failed_in_one_line(gsp("serve", "--home", point.home))


def _processes_of(process: int) -> list[int]:
    """A process and those that it has started."""
    threads = Path(f"/proc/{process}/task").iterdir()  # each has the children that it made
    children = [int(child) for thread in threads for child in (thread / "children").read_text().split()]
    return [process, *children]


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as door:
            return door.recv(4) == b"220 "
    except OSError:
        return False
