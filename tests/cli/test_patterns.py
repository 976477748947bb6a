"""`gsp pattern`: files into the library and out of it, what was changed, and back."""

from __future__ import annotations

from pathlib import Path

from gateway import service
from gateway.events import Commit, Event, EventKind, Pattern, UimFact
from gateway.facts import ExchangeNumber, PartyCode, digest
from gateway.treaty import UimAnswer
from tests.cli.running import failed_in_one_line, gsp
from tests.support.patterns import stamp

CODE = "KESTAMP87654321"


def test_quality_says_how_each_pattern_was_answered_and_what_follows(folder: Path) -> None:
    home = folder / "h"
    service.init(home, "gsp.example.org")
    nobody = "No UIM that was led by a pattern has been answered in 12 months.\n"
    assert gsp("pattern", "quality", home=home).out == nobody
    assert gsp("pattern", "quality", "--json", home=home).json == {"months": 12, "patterns": []}
    with service.Gateway.open(home) as gateway:
        gateway.patterns.bring(stamp())
        scheme = gateway.patterns.known().scheme("ke-stamp")
        number, now, kenya = ExchangeNumber(2026, 1), gateway.clock(), PartyCode("KE")
        by, marks = Pattern(scheme.id, scheme.mark, 1), [digest(bytes([place])) for place in range(12)]
        asked = tuple(UimFact(mark) for mark in marks)
        said = tuple(UimFact(mark, UimAnswer.NOT_OURS if place else UimAnswer.VALID, by)
                     for place, mark in enumerate(marks))  # fmt: skip
        events = (
            Event(EventKind.EXCHANGE_OPENED, number, person=1, actor=PartyCode("SE"), count=12),
            Event(EventKind.REFERRAL_SENT, number, kenya, count=12, uims=asked),
            Event(EventKind.ANSWER_RECEIVED, number, kenya, actor=kenya, count=12, uims=said),
        )
        gateway.store.ledger.commit(Commit(now, events), None)
    (row,) = gsp("pattern", "quality", "--json", home=home).json["patterns"]
    assert row == {
        "scheme": "ke-stamp", "title": "Kenya, excise stamp", "party": "KE", "mark": by.mark, "present": True,
        "answers": 12, "valid": 1, "not_valid": 0, "not_ours": 11, "share_not_ours": 0.9167, "parties_asking": 1,
        "rank_described": 90, "rank": 72, "asks_officer": True, "since": now.isoformat(timespec="seconds"),
    }  # fmt: skip
    table = gsp("pattern", "quality", home=home).out
    assert "92%" in table
    assert "90 -> 72" in table
    assert f"the officer is asked before it is sent, since {now:%Y-%m-%d}" in table
    (found,) = gsp("pattern", "match", "--json", CODE, home=home).json
    assert (found["verdict"], found["candidates"][0]["rank"]) == ("ambiguous", 72)
    with service.Gateway.open(home) as gateway:
        gateway.patterns.bring(stamp(pattern="'KESTAMP[0-9]{8}'"))
    (row,) = gsp("pattern", "quality", "--json", home=home).json["patterns"]
    assert (row["present"], row["rank"], row["not_ours"]) == (False, None, 11)
    assert "described otherwise now: begun anew" in gsp("pattern", "quality", home=home).out
    assert gsp("pattern", "match", "--json", CODE, home=home).json[0]["verdict"] == "sure"


def test_a_file_counts_at_once_is_on_record_and_can_be_taken_back(folder: Path, tmp_path: Path) -> None:
    home, file = folder / "h", tmp_path / "stamp.yaml"
    service.init(home, "gsp.example.org")
    assert gsp("pattern", "history", home=home).out == "The library is as it was shipped.\n"
    file.write_bytes(stamp(valid="[OTHER]"))
    assert "ke-stamp: valid: sample 1" in failed_in_one_line(gsp("pattern", "import", file, home=home))
    file.write_bytes(stamp())
    assert "+  title: Kenya, excise stamp" in gsp("pattern", "diff", file, home=home).out
    ran = gsp("pattern", "import", file, home=home)
    assert ran.out == "New: ke-stamp (Kenya, excise stamp)\nThe pattern library has version 1 now.\n"
    found = gsp("pattern", "match", "--json", CODE, home=home).json[0]
    assert (found["verdict"], found["candidates"][0]["party"]) == ("sure", "KE")
    assert gsp("pattern", "match", "--json", CODE).json[0]["verdict"] == "hint", "as shipped"
    assert gsp("pattern", "export", tmp_path / "out", home=home).status == 0
    assert gsp("pattern", "lint", tmp_path / "out").status == 0
    assert "ke-stamp: as before version 1" in gsp("pattern", "revert", 1, home=home).out
    assert gsp("pattern", "diff", home=home).out == "There is no difference.\n"
    rows = gsp("pattern", "history", "--json", home=home).json
    assert [(row["version"], row["schemes"], row["approved_by"], row["repeats"]) for row in rows] == [
        ("1", "ke-stamp", "operator", ""), ("2", "ke-stamp", "operator", "as shipped"),
    ]  # fmt: skip
    assert "changed again by version 2" in failed_in_one_line(gsp("pattern", "revert", 1, home=home))


def test_shared_codes_are_noted_and_do_not_keep_a_change_from_being_taken_back(folder: Path, tmp_path: Path) -> None:
    home, file = folder / "h", tmp_path / "stamp.yaml"
    service.init(home, "gsp.example.org")
    file.write_bytes(stamp())
    gsp("pattern", "import", file, home=home)
    file.write_bytes(stamp(id="se-stamp", party="SE", title="Sweden, stamp"))
    assert (
        "Noted in se-stamp: it shares codes with ke-stamp (ambiguous_with)\n"
        in gsp("pattern", "import", file, home=home).out
    )
    assert gsp("pattern", "lint", home=home).out == "The library is clean.\n"
    assert gsp("pattern", "revert", 1, home=home).status == 0
    idle = gsp("pattern", "lint", home=home)
    assert (idle.status, "note: ambiguous_with: there is no scheme ke-stamp" in idle.out) == (0, True)
    assert "1 problem" not in gsp("doctor", home=home).out


def test_what_is_accepted_idly_because_another_marking_was_narrowed_is_noted_and_no_error(
    folder: Path, tmp_path: Path
) -> None:
    home, file = folder / "h", tmp_path / "stamp.yaml"
    service.init(home, "gsp.example.org")
    ours = r"'KESTAMP[12]\d{7}'"
    wide, narrow = stamp(pattern=ours), stamp(pattern=r"'KESTAMP2\d{7}'", valid="[KESTAMP22345678]")
    theirs = stamp(id="se-stamp", party="SE", title="Sweden, stamp", pattern=r"'KESTAMP1\d{7}'")
    for octets in (wide, theirs, narrow):
        file.write_bytes(octets)
        assert gsp("pattern", "import", file, home=home).status == 0
    ran = gsp("pattern", "lint", home=home)
    assert (ran.status, "note: ambiguous_with: no code fits both it and ke-stamp" in ran.out) == (0, True)
    (row,) = gsp("pattern", "lint", "--json", home=home).json
    assert (row["scheme"], row["problem"][:6]) == ("se-stamp", "note: ")
    assert gsp("pattern", "match", "KESTAMP12345678", "--json", home=home).json[0]["verdict"] == "sure"


def test_a_table_of_matches_names_a_marking_once_for_a_code() -> None:
    """What is wrong stands for the reason that a code is nearly of a marking; JSON has both, as before."""
    short, spaced = "QCALL7hT2", "QCALL 7h T2kQ and more"
    headings, _, *rows = gsp("pattern", "match", short, spaced).out.splitlines()
    assert headings.split() == ["UIM", "Verdict", "Party", "Pattern", "Reason"]
    assert [row.split()[:4] for row in rows[:1]] == [[short, "malformed", "SE", "se-upui-s"]]
    assert rows[0].endswith("It ends after 9 of 14 characters, as if cut at the edge of a column or line: Sweden, "
                            "short readable code.")  # fmt: skip
    assert ["A UIM has no spaces in it" in row for row in rows] == [False, True]
    (found,) = gsp("pattern", "match", "--json", short).json
    assert [sum("short readable code" in one for one in found["remarks"]), len(found["candidates"])] == [1, 1]
    assert "It begins like this" in found["candidates"][0]["reason"]
