"""`gsp digest`: the weekly digest, looked at and sent."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli import _output


@click.group("digest")
def digest() -> None:
    """The weekly digest of administrators, observers and the Secretariat."""


@digest.command("preview")
@_output.home_option
@click.option("--party", callback=_output.filled, metavar="CODE", help="As this Party's administrators get it.")
@click.option("--email", "address", callback=_output.filled, metavar="ADDRESS", help="As this person gets it.")
@click.option("--format", "kind", type=click.Choice(["text", "html"]), default="text", show_default=True)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="A file instead of standard output.")
def digest_preview(home: Path, party: str, address: str, kind: str, output: Path | None) -> None:
    """Show the digest of the last full week; without --party and --email that of the Secretariat. Sends nothing."""
    from gateway import digests, service

    if party and address:
        raise click.UsageError("name a Party or a person, not both")
    with _output.failing(), service.Gateway.open(home) as gateway:
        mail = digests.Digests(gateway).preview(party, address)
        shown = digests.page(mail) if kind == "html" else digests.plain(mail)
        if output is None:
            click.echo(shown, nl=not shown.endswith("\n"))
        else:
            output.write_text(shown, encoding="utf-8")


@digest.command("send")
@_output.home_option
@_output.json_option
@click.option("--now", "at_once", is_flag=True, help="Do not wait for the hour of [digest] cron.")
def digest_send(home: Path, as_json: bool, at_once: bool) -> None:
    """Put every digest that is due into the outbox, as `gsp serve` does by itself; nobody gets one week's twice."""
    from gateway import digests, service

    with _output.failing(), service.Gateway.open(home, engine=service.OWN_ENGINE) as gateway:
        sent = digests.Digests(gateway).send(at_once)
    if as_json:
        _output.print_json({"sent": sent})
    else:
        click.echo(f"{sent} digest(s) in the outbox." if sent else "No digest is due.")


COMMANDS = (digest,)
