"""What an operator types wrongly, or a script of his leaves empty, is wrong use or one line, and harms nothing."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from tests.cli.running import failed_in_one_line, gsp
from tests.support.focalpoint import FocalPoint


def test_an_empty_option_never_widens_what_is_asked_and_no_number_is_too_large(point: FocalPoint) -> None:
    for words in (
        ("audit", "verify", "--head", ""), ("digest", "preview", "--email", " "), ("digest", "preview", "--party", ""),
        ("directory", "list", "--party", ""), ("key", "list", "--expiring", "99999999999"),
        ("item", "settle", str(10**20)), ("stats", "--json", "--format", "csv"),
    ):  # fmt: skip
        assert gsp(*words, home=point.home).status == 2, words


def test_an_error_is_one_line_whatever_was_typed(point: FocalPoint, tmp_path: Path) -> None:
    failed_in_one_line(gsp("user", "revoke", "a\nb", "--reason", "left", home=point.home))
    folder = failed_in_one_line(gsp("stats", "--output", tmp_path / "none" / "x.csv", home=point.home))
    assert folder == f"gsp: {tmp_path}/none/x.csv: No such file or directory"
    added = gsp("party", "add", "NO", "--name", "Nor\nway", "--mailbox", "d@no.example", "--language", "en",
                home=point.home)  # fmt: skip
    assert "NO (Nor way)" in added.out


def test_a_report_into_a_device_or_pipe_leaves_it_open_to_others(point: FocalPoint, tmp_path: Path) -> None:
    """As root, `--output /dev/null` would else take that from everybody."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    pipe.chmod(0o666)
    with ThreadPoolExecutor(1) as pool:
        read = pool.submit(pipe.read_bytes)
        ran = gsp("report", "--format", "html", "--output", pipe, home=point.home)
        with suppress(OSError):  # nobody wrote: the reader must not wait for ever
            os.close(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
        assert ran.status == 0
        assert read.result(timeout=60).startswith(b"<!DOCTYPE html>")
    assert pipe.stat().st_mode & 0o777 == 0o666
