"""`gsp exchange`: metadata and events only; there is no content to show."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli import _output


@click.group("exchange")
def exchange() -> None:
    """Exchanges and their referrals."""


@exchange.command("list")
@_output.home_option
@_output.json_option
def exchange_list(home: Path, as_json: bool) -> None:
    """Every exchange, newest first."""
    with _output.opened(home) as gateway:
        rows = gateway.exchange_rows()
    headings = ("Number", "Asking", "State", "Opened", "UIMs", "Referrals")
    _output.records(headings, rows, as_json, "There is no exchange yet.")


@exchange.command("show")
@_output.home_option
@_output.json_option
@click.argument("number")
def exchange_show(home: Path, number: str, as_json: bool) -> None:
    """The referrals and the trail of one exchange, e.g. GSP-2026-000042."""
    with _output.opened(home) as gateway:
        shown = gateway.exchange_details(number)
    if as_json:
        _output.print_json(shown)
        return
    click.echo(f"{shown['number']}  {shown['state']}  asked by {shown['asking']}  {shown['uims']} UIMs")
    referrals = [tuple(line.values()) for line in shown["referrals"]]
    _output.table(("Referral", "State", "Asked", "UIMs", "Answered", "Reminders"), referrals, "No referral.")
    trail = [tuple(line.values()) for line in shown["trail"]]
    _output.table(("Time (UTC)", "Event", "Party", "By", "Count"), trail, "No event.")


COMMANDS = (exchange,)
