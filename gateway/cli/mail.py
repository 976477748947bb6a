"""`gsp process`, `gsp serve`, `gsp outbox`: mail in and out."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import click

from gateway.cli import _output


@click.command("process")
@_output.home_option
@_output.json_option
@click.argument("file", type=click.File("rb"))
def process(home: Path, file: BinaryIO, as_json: bool) -> None:
    """Put one mail (a file, or - for standard input) through the whole pipeline as if received."""
    from gateway import inspection

    with _output.opened(home) as gateway:
        outcome = gateway.process_file(file.read())
    if as_json:
        _output.print_json(outcome)
    else:
        click.echo(inspection.outcome_sentence(outcome))
    if outcome["outcome"] != "taken":
        raise SystemExit(1)


@click.command("serve")
@_output.home_option
@click.option("--verbose", is_flag=True, help="Log every step, still without any content.")
def serve(home: Path, verbose: bool) -> None:
    """Run the gateway until SIGTERM: listeners, mailboxes, delivery, scheduled work."""
    from gateway import logs, serving

    logs.configure(verbose)
    with _output.opened(home) as gateway:
        serving.serve(gateway, verbose)


@click.group("outbox")
def outbox() -> None:
    """Mail that waits to be sent."""


@outbox.command("list")
@_output.home_option
@_output.json_option
def outbox_list(home: Path, as_json: bool) -> None:
    """What waits, since when, and for whom."""
    with _output.opened(home) as gateway:
        rows = gateway.outbox_rows()
    headings = ("Message-ID", "Kind", "To", "Referral", "State", "Attempts", "Next attempt")
    _output.records(headings, rows, as_json, "The outbox is empty.")


@outbox.command("flush")
@_output.home_option
@_output.json_option
@click.option("--to-directory", type=click.Path(file_okay=False, path_type=Path), help="Write .eml files instead.")
def outbox_flush(home: Path, to_directory: Path | None, as_json: bool) -> None:
    """Deliver now, or write the mails out as files."""
    with _output.opened(home) as gateway:
        sent, failed = gateway.flush(to_directory)
    if as_json:
        _output.print_json({"sent": sent, "failed": failed})
    else:
        click.echo(f"{sent} sent, {failed} still waiting.")
    if failed:
        raise _output.Failed("some mails could not be delivered now; they stay in the outbox and are tried again")


@outbox.command("retry")
@_output.home_option
@_output.json_option
def outbox_retry(home: Path, as_json: bool) -> None:
    """Send once more what could not be delivered and is kept: answers and messages."""
    with _output.opened(home) as gateway:
        again = gateway.store.outbox.once_more(gateway.clock())
    if as_json:
        _output.print_json({"again": again})
    else:
        click.echo(f"{again} mail(s) are sent once more: at the next delivery, or now with `gsp outbox flush`.")


COMMANDS = (process, serve, outbox)
