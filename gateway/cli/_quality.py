"""The quality of requests and answers (R11, R22), for people and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from gateway.cli import _output
from gateway.facts import PartyCode
from gateway.figures import Measured, Period
from gateway.rules.quality import Criterion, Unit, criteria

if TYPE_CHECKING:
    from gateway.store import Store

Judged = tuple[str, tuple[Criterion, ...]]  # of whom, and how far the criteria are met
NO_THRESHOLD = "no threshold agreed"


def judged(store: Store, measured: Measured, parties: Sequence[PartyCode]) -> Iterator[Judged]:
    """All Parties together, or what each of these asks and what it is asked."""
    period, totals = measured.period, measured.totals
    if not parties:
        yield "All Parties", tuple(criteria(store.quality.measure(period), totals.counts, totals.median))
    for one in measured.parties:
        if one.party in parties:
            asks = store.quality.measure(period, asking=one.party)
            yield f"What {one.party} asks", tuple(criteria(asks, one.asking, one.median_waited))
            asked = store.quality.measure(period, asked=one.party)
            yield f"What {one.party} is asked", tuple(criteria(asked, one.answering, one.median_answered))


def show(period: Period, found: Iterable[Judged], as_json: bool) -> None:
    """On standard output."""
    if as_json:
        quality = [{"of": of, "criteria": [_values(one) for one in told]} for of, told in found]
        _output.print_json({"from": period.first, "to": period.last, "time_zone": period.zone, "quality": quality})
        return
    click.echo(f"{period.first} to {period.last}, both days included ({period.zone})")
    for of, told in found:
        click.echo(f"\n{of}")
        rows = [(one.name, _shown(one), one.of, _threshold(one)) for one in told]
        _output.table(("Criterion", "Value", "Rests on", "Threshold"), rows, "")


def _values(one: Criterion) -> dict[str, Any]:
    return {
        "criterion": one.name, "unit": one.unit.value, "value": one.value, "rests_on": one.of,
        "threshold": one.threshold,
    }  # fmt: skip


def _shown(one: Criterion) -> str:
    if one.value is None:
        return "-"
    if one.unit is Unit.SHARE:
        return f"{one.value:.1%}"
    if one.unit is Unit.COUNT:
        return f"{one.value:.0f}"
    return f"{one.value:.1f} h" if one.unit is Unit.HOURS else f"{one.value:.2f} of 5"


def _threshold(one: Criterion) -> str:
    return NO_THRESHOLD if one.threshold is None else f"{one.threshold:g}"
