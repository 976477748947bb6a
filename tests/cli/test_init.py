"""`gsp init`: a home is whole and holds everything, or there is none."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.running import failed_in_one_line, gsp


@pytest.fixture
def folder() -> Iterator[Path]:
    """A short path: GnuPG's sockets lie below it."""
    made = Path(tempfile.mkdtemp(dir="/tmp", prefix="g"))
    yield made
    for gnupg in made.glob("*/gnupg"):
        subprocess.run(["gpgconf", "--homedir", gnupg, "--kill", "all"], check=False)
    shutil.rmtree(made)


@pytest.mark.parametrize("domain", ["bad domain", "gsp..example", "-gsp.example", "gsp.exämple", f"{'a' * 64}.example"])
def test_what_is_no_domain_is_said_before_anything_is_made(tmp_path: Path, domain: str) -> None:
    line = failed_in_one_line(gsp("init", "--domain", domain, home=tmp_path / "h"))
    assert "such as gsp.example.org" in line
    assert not (tmp_path / "h").exists()


def test_everything_is_below_the_home_whatever_its_name_and_a_second_run_changes_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GSP_DOMAIN", "set.example")
    home = folder / "a%20b?c#d é"
    made = gsp("init", "--domain", "GSP.Example.org", home=home)
    assert (made.status, made.err) == (0, "")
    assert "gsp@set.example" in made.out
    assert 'domain = "gsp.example.org"' in (home / "gateway.toml").read_text(encoding="utf-8")
    assert (home / "gateway.db").stat().st_size
    assert [one.name for one in folder.iterdir()] == [home.name]
    assert gsp("stats", "--json", home=home).status == 0
    again = gsp("init", "--domain", "other.example", home=home)
    assert again.status == 0
    assert again.out.splitlines()[1:] == made.out.splitlines()[1:-1]
    assert "stays" in again.err
