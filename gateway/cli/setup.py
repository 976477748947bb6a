"""`gsp init` and `gsp doctor`."""

from __future__ import annotations

from pathlib import Path

import click

from gateway.cli import _output


@click.command("init")
@_output.home_option
@click.option("--domain", required=True, help="The domain of the gateway's addresses, e.g. gsp.example.org.")
@click.option(
    "--algorithm",
    type=click.Choice(["curve25519", "rsa3072"]),
    default="curve25519",
    show_default=True,
    help="Of the OpenPGP key; RSA where a rule asks for it (each mail then costs about twice the CPU).",
)
@click.option(
    "--passphrase-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Protect the OpenPGP key by the first line of this file, which the gateway then needs at every start.",
)
def init(home: Path, domain: str, algorithm: str, passphrase_file: Path | None) -> None:
    """Make the home: settings, database, the gateway's keys. A second run changes nothing."""
    from gateway import service

    with _output.failing():
        made = service.init(home, domain.lower(), algorithm, passphrase_file)
    click.echo(f"{'Made' if made.fresh else 'Already there, unchanged'}: {home}")
    click.echo(f"Mailbox:             {made.mailbox}")
    click.echo(f"OpenPGP fingerprint: {made.openpgp}")
    click.echo(f"S/MIME certificate:  {made.smime} (SHA-256)")
    if not made.fresh and not made.mailbox.endswith(f"@{domain.lower()}"):
        click.echo(f"Its domain stays: this run changed nothing. It is set in {home / 'gateway.toml'}.", err=True)
    if made.fresh:
        click.echo("Next: register the Parties (gsp party add), then their people (gsp user add).")


@click.command("doctor")
@_output.home_option
@_output.json_option
def doctor(home: Path, as_json: bool) -> None:
    """Check everything that can be wrong; exit 1 if something is."""
    from gateway import doctor as checks

    with _output.failing():
        results = checks.examine(home)
    rows = [(result.mark, result.name, result.says) for result in results]
    _output.records(("Result", "Check", "Finding"), rows, as_json, "Nothing was checked.")
    wrong = sum(result.mark == "wrong" for result in results)
    if wrong:
        raise _output.Failed(f"{wrong} check(s) found something wrong; each line above says what to do")


COMMANDS = (init, doctor)
