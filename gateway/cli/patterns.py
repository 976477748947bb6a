"""`gsp pattern`: the pattern library, checked and tried."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import click

from gateway.cli import _output


@click.group("pattern")
def pattern() -> None:
    """The pattern library."""


@pattern.command("lint")
@_output.json_option
@click.argument("path", type=click.Path(exists=True, file_okay=False, path_type=Path), required=False)
def lint(path: Path | None, as_json: bool) -> None:
    """Check the library (or the files of PATH): schema, samples, overlaps."""
    from gateway import inspection

    with _output.failing():
        problems = inspection.lint_library(path)
    rows = [(problem.file, problem.scheme, problem.text) for problem in problems]
    _output.records(("File", "Scheme", "Problem"), rows, as_json, "The library is clean.")
    if problems:
        raise _output.Failed(f"{len(problems)} problem(s) in the pattern library")


@pattern.command("match")
@_output.json_option
@click.option("--file", "file", type=click.File("rb"), help="UIMs from a file (- for standard input), one a line.")
@click.argument("uims", nargs=-1)
def match(uims: tuple[str, ...], file: BinaryIO | None, as_json: bool) -> None:
    """Show for each UIM the Parties found, by which pattern, how surely."""
    from gateway import inspection

    with _output.failing():
        given = [*uims, *(_lines(file) if file else ())]
        found = inspection.match(given)
    if not given:
        raise click.UsageError("Give UIMs, or --file.")
    if as_json:
        _output.print_json(found)
        return
    rows = [
        (m["uim"], m["verdict"], c.get("party", ""), c.get("scheme", ""), c.get("reason", ""))
        for m in found
        for c in (m["candidates"] or [{}])
    ]
    _output.table(("UIM", "Verdict", "Party", "Pattern", "Reason"), rows, "")


def _lines(file: BinaryIO) -> list[str]:
    """The lines that hold something. Only the ends of lines are taken off: a UIM may hold any character."""
    try:
        text = file.read().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("the file is not UTF-8 text: save it as UTF-8") from None
    return [line for line in text.replace("\r\n", "\n").split("\n") if line]


COMMANDS = (pattern,)
