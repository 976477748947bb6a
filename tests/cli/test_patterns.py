"""`gsp pattern`: files into the library and out of it, what was changed, and back."""

from __future__ import annotations

from pathlib import Path

from gateway import service
from tests.cli.running import failed_in_one_line, gsp
from tests.support.patterns import stamp

CODE = "KESTAMP87654321"


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
    assert [(row["version"], row["schemes"], row["approved_by"]) for row in rows] == [
        ("1", "ke-stamp", "operator"), ("2", "ke-stamp", "operator"),
    ]  # fmt: skip
    assert "changed again by version 2" in failed_in_one_line(gsp("pattern", "revert", 1, home=home))
