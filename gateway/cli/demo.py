"""`gsp demo`: a whole focal point on this machine."""

from __future__ import annotations

import click

from gateway.cli import _output


@click.command("demo")
def demo() -> None:
    """Two Parties, an officer's encrypted request, the referral, the reply: what each person sees."""
    from gateway import demo as play

    with _output.failing():
        play.run()


COMMANDS = (demo,)
