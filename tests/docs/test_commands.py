"""What the pages tell people to type works; what they link to is there; nothing of one machine is in them.

Every `sh` block of a page below is run, all of one page in one shell, in a folder of its own with real keys and a
real mail server to send to. Blocks that need root or a whole machine are marked `console` and not run. The first page
starts `gsp` as people do, the others without loading it each time.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path

import click
import pytest

from gateway.cli import main
from gateway.correspondence import Correspondent
from tests.docs.pages import PAGES, ROOT, anchors, blocks, links
from tests.support.sink import sink
from tests.support.smime import Authority, new_key, pem
from tests.support.warm import warm_gsp

_SYSTEM = ("/dev/", "/etc/", "/opt/gsp-gateway", "/run/", "/srv/", "/tmp/", "/usr/", "/var/")
_NOBODYS = (".example", "example.org", "openpgpkey.DOMAIN")
RUN = ("README.md", "docs/operator.md", "docs/administrator.md", "docs/audit.md")


@pytest.mark.timeout(900)  # a page calls `gsp` up to sixty times
@pytest.mark.parametrize("name", RUN)
def test_every_command_of_a_page_works(name: str, folder: Path, people: dict[str, Correspondent]) -> None:
    keys = sorted(people.values(), key=lambda person: person.address)
    for file, person in zip(("desk.asc", "officer.asc", "administrator.asc", "new.asc"), keys, strict=False):
        (folder / file).write_bytes(person.public_key)
    authority = Authority()
    (folder / "root.pem").write_bytes(pem(authority.certificate))
    (folder / "desk.pem").write_bytes(pem(authority.issue("desk@tra.example", new_key())))
    script = "\n".join(["set -euo pipefail", *blocks(ROOT / name, "sh")])
    with sink() as server:
        environment = {
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": str(folder), "LC_ALL": "C.UTF-8",
            "GSP_HOME": str(folder / "home"), "GSP_OUTBOUND__PORT": str(server.port), "REPOSITORY": str(ROOT),
        }  # fmt: skip
        with warm_gsp(folder, environment) if name != RUN[0] else nullcontext() as shelf:
            path = f"{shelf}:{environment['PATH']}" if shelf else environment["PATH"]
            done = subprocess.run(
                ["bash", "-c", script], cwd=folder, env={**environment, "PATH": path}, capture_output=True, text=True,
                timeout=850,
            )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]


def test_a_page_that_says_it_is_run_has_something_to_run() -> None:
    assert [name for name in RUN if not blocks(ROOT / name, "sh")] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    for link in links(page):
        if link.startswith(("https://", "mailto:")):
            continue
        target, _, anchor = link.partition("#")
        path = (page.parent / target).resolve() if target else page
        assert path.exists(), link
        if anchor:
            assert anchor in anchors(path), link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_gsp_command_named_on_a_page_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    named = re.findall(r"(?:^|`|\| )gsp ((?:[a-z]+ ?){1,2})", text, re.MULTILINE)
    assert [words for words in named if not _exists(words.split())] == []


def _exists(words: list[str]) -> bool:
    command: click.Command | None = main
    for word in words:
        if not isinstance(command, click.Group):
            return True  # what follows are arguments
        command = command.commands.get(word)
    return command is not None


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_nothing_of_one_machine_is_on_a_page(page: Path) -> None:
    """Every absolute path lies where the Filesystem Hierarchy Standard has it, every host is an example's."""
    text = page.read_text(encoding="utf-8")
    paths = re.findall(r"(?<![\w/.:])/[a-z][\w.-]*(?:/[\w.-]+)+", text)
    assert [path for path in paths if not path.startswith(_SYSTEM)] == []
    hosts = re.findall(r"https?://(?:[^/\s@]*@)?([\w.-]+)", text)
    assert [host for host in hosts if not host.endswith(_NOBODYS)] == []


def test_what_needs_root_is_marked_as_not_run() -> None:
    page = (ROOT / "docs" / "operator.md").read_text(encoding="utf-8")
    roots = page.count("```console\n#")
    assert roots > 3
    assert page.count("*As root, not run by a test:*\n\n```console\n#") == roots
