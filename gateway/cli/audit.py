"""`gsp audit`: the record verified, sealed, and written out for auditors."""

from __future__ import annotations

import os
from pathlib import Path

import click

from gateway.cli import _output


@click.group("audit")
def audit() -> None:
    """The record: what happened, chained and sealed."""


@audit.command("verify")
@_output.home_option
@_output.json_option
@click.option(
    "--head",
    callback=_output.filled,
    metavar="EVENT:SHA256",
    help="A head noted before, from a digest: is it still in the record?",
)
def audit_verify(home: Path, as_json: bool, head: str) -> None:
    """Find every change, removal or reordering of the record; exit 1 where there is one."""
    with _output.opened(home) as gateway:
        report = gateway.audit.verify(head.strip())
    if as_json:
        _output.print_json(report.values())
    else:
        for problem in report.problems:
            where = f"seal {problem.seal}: " if problem.seal else ""
            click.echo(f"{where}{problem.says}")
        click.echo(f"{report.events} event(s), {report.seals} seal(s), {report.unsealed} event(s) since the last one.")
        click.echo(f"Head: {f'{report.event}:{report.head}' if report.head else 'none'}")
    if report.problems:
        many = len(report.problems) + report.further
        raise _output.Failed(
            f"the record is not as it was written ({many} problem(s)): keep the database as it is, find the last "
            "backup whose record is right, and tell the Secretariat"
        )


@audit.command("seal")
@_output.home_option
def audit_seal(home: Path) -> None:
    """Sign the head of the record now; `gsp serve` does it every hour."""
    with _output.opened(home) as gateway:
        made = gateway.audit.seal()
    click.echo(f"Sealed: {made.events} event(s), head {made.chain}." if made else "Nothing new since the last seal.")


@audit.command("export")
@_output.home_option
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="A file instead of standard output.")
def audit_export(home: Path, output: Path | None) -> None:
    """Write the record and its seals as lines of JSON, for auditors."""
    with _output.opened(home) as gateway:
        if output is None:
            for line in gateway.audit.export():
                click.echo(line)
            return
        with os.fdopen(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in gateway.audit.export())


COMMANDS = (audit,)
