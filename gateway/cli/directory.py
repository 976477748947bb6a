"""`gsp directory`: who answers for what in each Party, and what is not nominated. Parties keep it by mail."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli import _output

_ENTRIES = (
    "Party", "Function", "Authority", "Person", "Address", "Telephone", "Postal", "Languages", "Remarks", "Entry",
    "Since",
)  # fmt: skip
_MISSING = ("Party", "Missing", "Since", "Reminders", "Entries", "Replaced", "Asked", "Confirmed")


@click.group("directory")
def directory() -> None:
    """The directory of the Parties' authorities."""


@directory.command("list")
@_output.home_option
@_output.json_option
@click.option("--party", "code", default="", help="Only this Party (two letters).")
@click.option("--missing", is_flag=True, help="Parties that have not nominated, or not confirmed their entries.")
def directory_list(home: Path, as_json: bool, code: str, missing: bool) -> None:
    """Every entry, with desks and administrators as they are registered."""
    from gateway import service

    if missing and code:
        raise click.UsageError("--party and --missing do not go together")
    with _output.failing(), service.Gateway.open(home) as gateway:
        rows = gateway.registry.missing_rows() if missing else gateway.registry.directory_rows(code)
    if missing:
        _output.records(_MISSING, rows, as_json, "Every Party has nominated, and confirmed what was asked.")
    else:
        _output.records(_ENTRIES, rows, as_json, "There is no entry.")


COMMANDS = (directory,)
