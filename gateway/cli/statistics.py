"""`gsp stats`: the figures of a period (R10); `--criteria`: how far the criteria of R21 are met."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli import _output, _period

if TYPE_CHECKING:  # what a command needs is imported when it runs: `gsp --help` reads this file, too
    from gateway.cli._figures import Table
    from gateway.facts import PartyCode
    from gateway.figures import Measured, Period
    from gateway.rules.outside import OutsideFacts
    from gateway.store import Store

_FORMATS = ("table", "json", "csv", "xlsx")


@click.command("stats")
@_output.home_option
@_output.json_option
@_period.options
@click.option("--party", "parties", multiple=True, metavar="CODE", help="This Party; several: also together.")
@click.option("--pair", "pairs", multiple=True, metavar="KE,FR", help="What these two Parties asked each other.")
@click.option("--pairs", "every_pair", is_flag=True, help="Every pair of Parties: who asks whom.")
@click.option("--quality", is_flag=True, help="Instead: how good requests and answers are (R11, R22).")
@click.option("--criteria", "judged", is_flag=True, help="The criteria for moving on (R21) at the end of the period.")
@click.option("--facts", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Facts from outside.")
@click.option("--format", "form", type=click.Choice(_FORMATS), help="By the name of the file, else a table.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="A file instead of the screen.")
def stats(
    home: Path, as_json: bool, first: str | None, last: str | None, named: str | None, zone: str,
    parties: tuple[str, ...], pairs: tuple[str, ...], every_pair: bool, quality: bool, judged: bool, facts: Path | None,
    form: str | None, output: Path | None,
) -> None:  # fmt: skip
    """The figures of a period, for the Secretariat; the last full month where none is given.

    What each figure counts: docs/statistics.md; of --quality: docs/quality.md.
    """
    if as_json and form not in (None, "json"):
        raise click.UsageError("--json and another --format do not go together")
    form = form or _format(as_json, output)
    _agree(form, output, quality, judged)
    from gateway import reader
    from gateway.facts import party_code
    from gateway.figures import Period

    with _output.failing():
        group = tuple(dict.fromkeys(map(party_code, parties)))
        couples = tuple(_pair(pair) for pair in pairs)
        with reader.opened(home) as store:
            _known(store, {*group, *(code for couple in couples for code in couple)})
            period = _period.chosen(first, last, named, zone) or Period.last_month(datetime.now(UTC), zone)
            wanted = None if every_pair else {code for couple in couples for code in couple}
            together = group if len(group) > 1 else ()
            measured = store.statistics.measure(period, wanted, together, wanted)
            if quality:
                from gateway.cli import _quality

                _quality.show(period, tuple(_quality.judged(store, measured, group)), form == "json")
                return
        if judged:
            so_far = replace(measured, period=period.so_far(datetime.now(UTC)))  # a pace is of the days that passed
            from gateway import reports

            _judge(so_far, reports.outside_facts(home, facts), form == "json")
            return
        from gateway.cli import _figures

        _output_as(form, output, period, _figures.tables(measured, group, None if every_pair else couples))


def _agree(form: str, output: Path | None, quality: bool, judged: bool) -> None:
    """Raises UsageError where options do not go together."""
    if (form == "xlsx") > (output is not None) or (form == "table") > (output is None):
        raise click.UsageError("a spreadsheet needs a file (--output figures.xlsx), and a table has none")
    if quality and judged:
        raise click.UsageError("--quality and --criteria are two tables: ask for one of them")
    if (quality or judged) and (output or form not in ("table", "json")):
        raise click.UsageError(f"{'--quality' if quality else '--criteria'} prints a table, or JSON")


def _known(store: Store, codes: Collection[PartyCode]) -> None:
    """Raises ValueError where one of them is no Party: of a code written wrongly every figure would be 0."""
    unknown = set(codes) - {party.code for party in store.view.parties()} if codes else set()
    if unknown:
        raise ValueError(f"there is no Party {min(unknown)}: see `gsp party list`")


def _judge(measured: Measured, facts: OutsideFacts, as_json: bool) -> None:
    from gateway.language import Languages
    from gateway.rules import criteria

    found = criteria.criteria(measured, facts)
    met = {True: "yes", False: "no", None: "-"}
    say = Languages.from_texts({}).catalogue("en").say
    rows = [
        (
            say(one.name), say(one.threshold) if one.threshold else "", say(one.value) if one.value else "",
            one.met if as_json else met[one.met], "; ".join(map(say, one.missing)),
        )
        for one in found
    ]  # fmt: skip
    _output.records(("Criterion", "Threshold", "Value", "Met", "Missing"), rows, as_json, "")


def _format(as_json: bool, output: Path | None) -> str:
    """What the file's name ends with, where nothing else was said; raises UsageError for another ending."""
    ending = output.suffix.removeprefix(".").lower() if output else ""
    if as_json or not output:
        return "json" if as_json else "table"
    if ending not in _FORMATS[1:]:
        raise click.UsageError("say what to write by the name of the file: .csv, .json or .xlsx, or by --format")
    return ending


def _output_as(form: str, output: Path | None, period: Period, made: tuple[Table, ...]) -> None:
    from gateway.cli import _figures

    if form == "table":
        _figures.show(period, made)
    elif output is None:
        click.echo(_figures.written(form, period, made), nl=False)
    else:
        output.write_bytes(_figures.written(form, period, made))


def _pair(written: str) -> tuple[PartyCode, PartyCode]:
    from gateway.facts import party_code

    codes = [party_code(code) for code in written.split(",")]
    if len(codes) != 2 or codes[0] == codes[1]:
        raise ValueError("a pair is two Parties: --pair KE,FR")
    return codes[0], codes[1]


COMMANDS = (stats,)
