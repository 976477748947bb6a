"""How every command prints: a table for people, JSON for programs, one line for what failed."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from gateway.service import Gateway

LANGUAGES = click.Choice(["ar", "en", "es", "fr", "ru", "zh"])  # `gateway.language` would load babel for the help
_GAP = 3  # columns between two of a table
_Command = TypeVar("_Command", bound=Callable[..., Any])


class Failed(Exception):
    """The thing asked for failed: one sentence that says what, and what to do."""


def home_option(command: _Command) -> _Command:
    """`--home DIR`, else GSP_HOME, else ./gsp-home."""
    return click.option(
        "--home",
        type=click.Path(file_okay=False, path_type=Path),
        default=lambda: Path(os.environ.get("GSP_HOME", "gsp-home")),
        show_default="GSP_HOME or ./gsp-home",
        help="The folder of the gateway.",
    )(command)


def json_option(command: _Command) -> _Command:
    """`--json` on commands that print figures or lists."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def filled(_context: click.Context, _option: click.Parameter, value: str | None) -> str:
    """What was given for an option, "" where it was not: an empty variable of a script must not widen what is asked."""
    if value is not None and not value.strip():
        raise click.BadParameter("it is empty: write a value, or leave the option out")
    return value or ""


def table(headings: Sequence[str], rows: Sequence[Sequence[object]], empty: str) -> None:
    """A table, or a sentence when there is nothing to show."""
    if not rows:
        click.echo(empty)
        return
    written = [[str(cell) for cell in row] for row in rows]
    if sys.stdout.isatty():
        _fitted(headings, written)
    else:
        _plain(headings, written)


def _fitted(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Cells folded so that the table is as wide as the terminal; where not even its headings fit, a row below a row."""
    from rich import box  # here, as in every function of these files: `gsp --help` stays quick
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    if sum(max(map(len, heading.split())) + _GAP for heading in headings) - _GAP > console.width:
        _listed(headings, rows)
        return
    shown = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for heading in headings:
        shown.add_column(Text(heading), overflow="fold")  # of a fingerprint, too, nothing is left out
    for row in rows:
        shown.add_row(*map(Text, row))  # as Text: `[outbound]` would else be taken for markup
    console.print(shown)


def _listed(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Each cell on a line, behind its heading."""
    width = max(map(len, headings))
    for row in rows:
        click.echo()
        for heading, cell in zip(headings, row, strict=True):
            click.echo(f"{heading:{width}}  {cell}")


def _plain(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A row a line, whatever its width, for a file or another program; a hundred times as quick."""
    from rich.cells import cell_len  # a Chinese character takes two places

    widths = [max(map(cell_len, column)) for column in zip(headings, *rows, strict=True)]
    for row in (headings, ["─" * width for width in widths], *rows):
        spaces = (" " * (width - cell_len(cell)) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(map("".join, zip(row, spaces, strict=True))).rstrip())


def records(headings: Sequence[str], rows: Sequence[Sequence[object]], as_json: bool, empty: str) -> None:
    """A list as table or as JSON objects with the headings as keys."""
    if as_json:
        keys = [heading.lower().replace(" ", "_") for heading in headings]
        print_json([dict(zip(keys, row, strict=True)) for row in rows])
    else:
        table(headings, rows, empty)


def print_json(value: Any) -> None:
    """JSON on standard output; what JSON does not know is written as text."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


@contextmanager
def failing() -> Iterator[None]:
    """Turns the errors that a person can mend into one line and exit status 1."""
    from gateway.outcome import Failure

    try:
        yield
    except Failure as failure:
        raise Failed(f"{failure.reason.public} [GSP-{failure.reason.number}]. {failure.reason.remedy}") from None
    except BrokenPipeError:
        raise  # whoever reads has seen enough (`gsp stats | head`): click ends quietly
    except OSError as error:
        known = error.filename is not None and error.strerror
        raise Failed(f"{error.filename}: {error.strerror}" if known else error.strerror or str(error)) from None
    except ValueError as error:
        raise Failed(str(error)) from None


@contextmanager
def opened(home: Path) -> Iterator[Gateway]:
    """The gateway of a home, with `failing` around it. Imported here only: `gsp --help` stays quick."""
    from gateway.service import Gateway

    with failing(), Gateway.open(home) as gateway:
        yield gateway
