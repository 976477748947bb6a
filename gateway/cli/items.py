"""`gsp item`: what waits for a person, and how it is settled."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli import _output


@click.group("item")
def item() -> None:
    """What waits for a person."""


@item.command("list")
@_output.home_option
@_output.json_option
def item_list(home: Path, as_json: bool) -> None:
    """What happened, since when, and what to do next."""
    with _output.opened(home) as gateway:
        rows = gateway.items.rows()
    headings = ("Item", "Since", "Reason", "Concerns", "Happened", "Next")
    _output.records(headings, rows, as_json, "Nothing waits for a person.")


@item.command("settle")
@_output.home_option
@click.option("--again", is_flag=True, help="A held mail: work on it once more first; settled only where it is taken.")
@click.argument("number", type=click.IntRange(1, 2**63 - 1))
def item_settle(home: Path, number: int, again: bool) -> None:
    """Mark an item as done, on record. A held mail that is settled without --again is deleted."""
    from gateway import inspection

    with _output.opened(home) as gateway:
        if again:
            outcome = inspection.outcome(gateway.items.again(number))
            said = inspection.outcome_sentence(outcome)
            if outcome["outcome"] != "taken":
                raise _output.Failed(f"item {number} stays open. {said}")
            click.echo(said)
            click.echo(f"Item {number} is settled.")
        else:
            click.echo(gateway.items.settle(number))


COMMANDS = (item,)
