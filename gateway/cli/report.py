"""`gsp report`: the report on the use of the focal point for the Meeting of the Parties, its Bureau, or one Party."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli import _output, _period

if TYPE_CHECKING:
    from gateway.facts import PartyCode
    from gateway.rules.report import Reader

_FORMATS = ("html", "pdf", "docx")
_PRIVATE = 0o600


@click.command("report")
@_output.home_option
@_period.options
@click.option("--language", type=_output.LANGUAGES, default="en", show_default=True)
@click.option("--format", "form", type=click.Choice(_FORMATS), help="By the name of the file, else html.")
@click.option(
    "--for",
    "audience",
    default="secretariat",
    metavar="WHO",
    show_default=True,
    help="secretariat (says who asks whom), meeting (of the Parties), or a Party's code (its own figures).",
)
@click.option("--party", "parties", multiple=True, metavar="CODE", help="Its times to answer by itself; or `all`.")
@click.option("--facts", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Facts from outside.")
@click.option(
    "--output", type=click.Path(dir_okay=False, allow_dash=True, path_type=Path), help="The file; - is the screen."
)
def report(
    home: Path, first: str | None, last: str | None, named: str | None, zone: str, language: str, form: str | None,
    audience: str, parties: tuple[str, ...], facts: Path | None, output: Path | None,
) -> None:  # fmt: skip
    """Write the report of a period, the last full month where none is given, to a file that only you can read.

    What each section counts, and who sees what: docs/reports.md.
    """
    from gateway import data, reader, reports
    from gateway.figures import Period
    from gateway.language import Languages
    from gateway.rules.report import document

    form = form or _ending(output)
    with _output.failing():
        with reader.opened(home) as store:
            now = datetime.now(UTC)
            period = _period.chosen(first, last, named, zone) or Period.last_month(now, zone)
            whom = _reader(audience, parties, [party.code for party in store.view.parties()])
            known = reports.measure(store, now, period, whom, reports.outside_facts(home, facts))
        words = Languages.from_texts(data.catalogues()).catalogue(language)
        octets = reports.formats()[form].write(document(known, whom), words)
        path = output or Path(f"GSP-report-{period.first}-{period.last}-{language}.{form}")
        if str(path) == "-":
            click.echo(octets, nl=False)
            return
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _PRIVATE), "wb") as file:
            if path.is_file():  # of a device it would shut out everybody else
                os.fchmod(file.fileno(), _PRIVATE)
            file.write(octets)
    click.echo(f"The report is in {path}.")


def _ending(output: Path | None) -> str:
    """What the file's name ends with, html where it has no ending; raises UsageError for another one."""
    ending = output.suffix.removeprefix(".").lower() if output else ""
    if ending and ending not in _FORMATS:
        raise click.UsageError("say what to write by the name of the file: .html, .pdf or .docx, or by --format")
    return ending or _FORMATS[0]


def _reader(audience: str, parties: Sequence[str], registered: Sequence[PartyCode]) -> Reader:
    """For whom, and of which Parties the times to answer are shown by themselves."""
    from gateway.facts import NO_PARTY, party_code
    from gateway.rules.report import Audience, Reader

    times_of = frozenset(registered if "all" in parties else map(party_code, parties))
    if audience in (Audience.SECRETARIAT, Audience.MEETING):
        whom = Reader(Audience(audience), times_of=times_of)
    else:
        whom = Reader(Audience.PARTY, _party(audience), times_of)
        if times_of - {whom.party}:
            raise ValueError("a Party's report shows its own times to answer, not those of other Parties")
    if unknown := ({whom.party} - {NO_PARTY} | times_of) - set(registered):
        raise ValueError(f"there is no Party {min(unknown)}: see `gsp party list`")
    return whom


def _party(audience: str) -> PartyCode:
    from gateway.facts import party_code

    try:
        return party_code(audience)
    except ValueError:
        raise ValueError("a report is --for secretariat, meeting, or a Party's code of two letters") from None


COMMANDS = (report,)
