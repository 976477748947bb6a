"""The figures of a period as tables for people, and as JSON, CSV and XLSX for programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import click

from gateway.cli import _output
from gateway.facts import PartyCode
from gateway.figures import Measured, PairFigures, PartyFigures, Period
from gateway.rules.statistics import FIGURES, Figure, Unit, Value

_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of one kind: `names` say of whom each is, `figures` what its values are."""

    name: str
    names: tuple[str, ...]
    figures: tuple[Figure, ...]
    rows: tuple[tuple[tuple[str, ...], tuple[Value, ...]], ...]


def tables(
    measured: Measured, parties: Collection[PartyCode], pairs: Collection[tuple[PartyCode, PartyCode]] | None
) -> tuple[Table, ...]:
    """All Parties together, each Party (or those named, and these together), and the pairs named (None: all)."""
    made = [
        _totals(measured),
        _of_parties("Parties", [p for p in measured.parties if not parties or p.party in parties]),
    ]
    if measured.group is not None:
        made.append(_of_parties("These Parties together", [measured.group]))
    if pairs is None or pairs:
        made.append(_of_pairs([p for p in measured.pairs if pairs is None or _among(p, pairs)]))
    return tuple(made)


def _among(pair: PairFigures, pairs: Collection[tuple[PartyCode, PartyCode]]) -> bool:
    return (pair.asking, pair.asked) in pairs or (pair.asked, pair.asking) in pairs


def _totals(measured: Measured) -> Table:
    figures = [(figure, figure.of_all) for figure in FIGURES if figure.of_all]
    values = tuple(take(measured.totals) for _, take in figures)
    return Table("All Parties", (), tuple(figure for figure, _ in figures), (((), values),))


def _of_parties(name: str, parties: Iterable[PartyFigures]) -> Table:
    figures = [(figure, figure.of_party) for figure in FIGURES if figure.of_party]
    rows = tuple(((party.party or "together",), tuple(take(party) for _, take in figures)) for party in parties)
    return Table(name, ("Party",), tuple(figure for figure, _ in figures), rows)


def _of_pairs(pairs: Iterable[PairFigures]) -> Table:
    figures = [(figure, figure.of_pair) for figure in FIGURES if figure.of_pair]
    rows = tuple(((pair.asking, pair.asked), tuple(take(pair) for _, take in figures)) for pair in pairs)
    return Table("Pairs", ("Asking Party", "Asked Party"), tuple(figure for figure, _ in figures), rows)


# --- for people -------------------------------------------------------------------------------------


def show(period: Period, made: Sequence[Table]) -> None:
    """On standard output."""
    click.echo(f"{period.first} to {period.last}, both days included ({period.zone})\n")
    for table in made:
        click.echo(table.name)
        if not table.names:
            rows = [[figure.name, _shown(value)] for figure, value in zip(table.figures, table.rows[0][1], strict=True)]
            _output.table(("Figure", "Value"), rows, "")
        else:
            shown = [[*names, *map(_shown, values)] for names, values in table.rows]
            _output.table((*table.names, *(figure.name for figure in table.figures)), shown, "None in this period.")
        click.echo("")


def _shown(value: Value) -> str:
    if isinstance(value, timedelta):
        return f"{value / _DAY:.1f} days" if value >= _DAY else f"{value / _HOUR:.1f} hours"
    return "-" if value is None else f"{value:,}"


# --- for programs -----------------------------------------------------------------------------------


def written(form: str, period: Period, made: Sequence[Table]) -> bytes:
    """As JSON, CSV or XLSX."""
    if form == "xlsx":
        return to_xlsx(period, made)
    return (to_json(period, made) + "\n" if form == "json" else to_csv(period, made)).encode()


def to_json(period: Period, made: Sequence[Table]) -> str:
    """One object; times in seconds, null where nothing was answered."""
    told: dict[str, Any] = {
        "from": period.first, "to": period.last, "time_zone": period.zone, "start": period.start, "end": period.end
    }  # fmt: skip
    for table in made:
        rows = [_row(table, names, values) for names, values in table.rows]
        told[_key(table.name)] = rows if table.names else rows[0]
    return json.dumps(told, ensure_ascii=False, indent=2, default=str)


def _row(table: Table, names: Sequence[str], values: Sequence[Value]) -> dict[str, Any]:
    said: dict[str, Any] = dict(zip(map(_key, table.names), names, strict=True))
    return said | {key_of(figure): _plain(value) for figure, value in zip(table.figures, values, strict=True)}


def key_of(figure: Figure) -> str:
    """Under which a figure stands in JSON and CSV."""
    return f"{figure.key}_seconds" if figure.unit is Unit.TIME else figure.key


def _key(name: str) -> str:
    return name.lower().replace(" ", "_")


def _plain(value: Value) -> int | None:
    return int(value.total_seconds()) if isinstance(value, timedelta) else value


def to_csv(period: Period, made: Sequence[Table]) -> str:
    """One figure a row (RFC 4180); empty where nothing was answered."""
    written = io.StringIO(newline="")
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow(("from", "to", "time_zone", "table", "party", "asked_party", "figure", "value"))
    for table in made:
        for names, values in table.rows:
            of = (*names, "", "")[:2]
            for figure, value in zip(table.figures, values, strict=True):
                writer.writerow(
                    (period.first, period.last, period.zone, _key(table.name), *of, key_of(figure), _plain(value))
                )
    return written.getvalue()


def to_xlsx(period: Period, made: Sequence[Table]) -> bytes:
    """A sheet for each table, with numbers that can be reckoned with, and one that says what each figure means."""
    import xlsxwriter  # not at the top: the other forms need not wait for it

    written = io.BytesIO()
    book = xlsxwriter.Workbook(written, {"in_memory": True})
    bold, long = book.add_format({"bold": True, "text_wrap": True, "bottom": 1}), book.add_format({"text_wrap": True})
    hours = book.add_format({"num_format": "[h]:mm"})
    for table in made:
        page = book.add_worksheet(table.name)
        headings = (*table.names, *(_heading(figure) for figure in table.figures))
        rows = [(*names, *values) for names, values in table.rows]
        if not table.names:
            headings, rows = ("Figure", "Value"), list(zip((_heading(f) for f in table.figures), rows[0], strict=True))
        page.write_row(0, 0, headings, bold)
        for place, row in enumerate(rows, start=1):
            for column, cell in enumerate(row):
                page.write(place, column, cell, hours if isinstance(cell, timedelta) else None)
        page.set_column(0, len(headings), 16 if table.names else 34)
        page.freeze_panes(1, len(table.names))
    page = book.add_worksheet("Definitions")
    page.set_column(0, 0, 34)
    page.set_column(1, 1, 100, long)
    page.write_row(0, 0, ("Period", f"{period.first} to {period.last}, both days included ({period.zone})"))
    for place, figure in enumerate(FIGURES, start=1):
        page.write_row(place, 0, (_heading(figure), figure.meaning))
    book.close()
    return written.getvalue()


def _heading(figure: Figure) -> str:
    return f"{figure.name} (hours)" if figure.unit is Unit.TIME else figure.name
