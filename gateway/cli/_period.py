"""The options that name a period, and the period that they mean."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from gateway.figures import Period

_Command = TypeVar("_Command", bound=Callable[..., Any])


def options(command: _Command) -> _Command:
    """`--from`, `--to`, `--period`, `--time-zone`: arguments `first`, `last`, `named`, `zone`."""
    for option in (
        click.option(
            "--time-zone", "zone", default="UTC", show_default=True, help="In which days begin: Europe/Paris."
        ),
        click.option("--period", "named", metavar="NAME", help="Instead of both: 2026, 2026-Q1, 2026-03 or 2026-W12."),
        click.option("--to", "last", metavar="DATE", help="The last day; it is included."),
        click.option("--from", "first", metavar="DATE", help="The first day, 2026-01-01."),
    ):
        command = option(command)
    return command


def chosen(first: str | None, last: str | None, named: str | None, zone: str) -> Period | None:
    """The period that was named, None where none was; raises ValueError, and UsageError where options do not agree."""
    from gateway.figures import Period

    if named:
        if first or last:
            raise click.UsageError("give --period, or --from and --to")
        return Period.named(named, zone)
    if not first and not last:
        return None
    if not first or not last:
        raise click.UsageError("a period has a first and a last day: give --from and --to")
    return Period(_day(first), _day(last), zone)


def _day(written: str) -> date:
    try:
        return date.fromisoformat(written)
    except ValueError:
        raise ValueError(f"{written} is not a day: write it as 2026-01-31") from None
