"""The command `gsp`, one file per noun; prints and sets the exit status, nothing else."""

from __future__ import annotations

import sys

import click

from gateway import __version__, discovery
from gateway.cli import _output


class _Group(click.Group):
    """Finds the commands of this folder when one is asked for, so that `gsp --help` stays quick."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except _output.Failed as failed:
            click.echo(f"gsp: {' '.join(str(failed).split())}", err=True)  # what was typed may hold line ends
            sys.exit(1)


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="gsp")
def main() -> None:
    """The mail gateway of the global information-sharing focal point."""


def _register() -> None:
    import gateway.cli as package

    for commands in discovery.find(package, "COMMANDS").values():
        for command in commands:
            main.add_command(command)


_register()
