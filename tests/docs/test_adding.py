"""What docs/adding.md shows can be added: each file goes into a copy of the program, and the lines below it run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.pages import ROOT

PAGE = (ROOT / "docs" / "adding.md").read_text(encoding="utf-8")
_SECTION = re.compile(r"^## (.+?)$(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"^```\w+ file=(\S+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CHANGE = re.compile(r"^```\w+ change=(\S+)\n(.*?)  ->  (.*?)\n```$", re.MULTILINE | re.DOTALL)
_RUN = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SECTIONS = {name: body for name, body in _SECTION.findall(PAGE) if _RUN.search(body)}


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The program and its data, to be changed."""
    for folder in ("gateway", "templates", "pattern_library", "config"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def run(copy: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(copy), "LC_ALL": "C.UTF-8"}
    return subprocess.run([sys.executable, *arguments], cwd=copy, env=environment, capture_output=True, text=True)


@pytest.mark.parametrize("name", SECTIONS)
def test_what_the_page_adds_works_and_without_it_does_not(copy: Path, name: str) -> None:
    body = SECTIONS[name]
    lines = "import gateway\n" + "".join(_RUN.findall(body))
    before = run(copy, "-c", lines)
    assert before.returncode != 0, "the lines say nothing of the new file"
    for path, text in _FILE.findall(body):
        assert not (copy / path).exists()
        (copy / path).write_text(text, encoding="utf-8")
    for path, old, new in _CHANGE.findall(body):
        text = (copy / path).read_text(encoding="utf-8")
        assert text.count(old) == 1
        (copy / path).write_text(text.replace(old, new), encoding="utf-8")
    done = run(copy, "-c", lines + f"\nassert gateway.__file__.startswith({str(copy)!r})\n")
    assert done.returncode == 0, done.stderr


def test_the_files_of_the_page_keep_the_rules_of_the_house(copy: Path) -> None:
    added = [copy / path for path, _ in _FILE.findall(PAGE) if path.endswith(".py")]
    for path, text in _FILE.findall(PAGE):
        (copy / path).write_text(text, encoding="utf-8")
    shutil.copy(ROOT / "pyproject.toml", copy)
    for command in (["ruff", "check"], ["ruff", "format", "--check"], ["mypy", "--strict"]):
        done = run(copy, "-m", *command, *map(str, added))
        assert done.returncode == 0, done.stdout[-2000:]


def test_every_folder_that_the_program_looks_through_is_on_the_page() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "gateway").rglob("*.py"))
    folders = {"cli" if name == "package" else name for name in re.findall(r"discovery\.find\((\w+), \"", source)}
    assert {"forms", "attachments", "repairs"} <= folders
    assert [folder for folder in folders if f"`gateway/{folder}/`" not in PAGE] == []
