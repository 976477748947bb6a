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
@click.option("--party", "code", callback=_output.filled, help="Only this Party (two letters).")
@click.option("--missing", is_flag=True, help="Parties that have not nominated, or not confirmed their entries.")
@click.option("--standing", is_flag=True, help="How far each Party has come, and how often contacts were replaced.")
def directory_list(home: Path, as_json: bool, code: str, missing: bool, standing: bool) -> None:
    """Every entry, with desks and administrators as they are registered."""
    from gateway import service

    if missing and (code or standing):
        raise click.UsageError("--missing goes neither with --party nor with --standing")
    with _output.failing(), service.Gateway.open(home) as gateway:
        registry = gateway.registry
        rows = registry.standing_rows(standing, code) if missing or standing else registry.directory_rows(code)
    if missing or standing:
        _output.records(_MISSING, rows, as_json, "Every Party has nominated, and confirmed what was asked.")
    else:
        _output.records(_ENTRIES, rows, as_json, "There is no entry.")


COMMANDS = (directory,)
