"""Reports on the use of the focal point (R16): what they are made of is measured here; each format is one file.

A format is a module with `FORMAT`: it writes a `gateway.document.Document` in a language. What it needs is imported
when a report is made, not before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from gateway import data, discovery
from gateway.document import Document
from gateway.facts import NO_PARTY
from gateway.figures import Measured, Period
from gateway.language import Catalogue
from gateway.rules import forecast, report
from gateway.rules.criteria import criteria
from gateway.rules.outside import OutsideFacts, read
from gateway.rules.report import Audience, Measurements, Reader
from gateway.store import Store
from gateway.treaty import Side


@dataclass(frozen=True, slots=True)
class Format:
    """How a report is written: the ending of its file's name, and a document in a language to octets."""

    ending: str
    write: Callable[[Document, Catalogue], bytes]


def formats() -> dict[str, Format]:
    """Every format by the ending of its files."""
    import gateway.reports as package

    return {one.ending: one for one in discovery.find(package, "FORMAT").values()}


def outside_facts(home: Path, path: Path | None = None) -> OutsideFacts:
    """The Secretariat's file of facts: this one, that of the home, else the shipped one; raises ValueError, OSError."""
    known = path or home / "facts.yaml"
    chosen = known if known.exists() else data.folder("config") / "facts.yaml"
    try:
        return read(chosen.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise ValueError(f"the file of outside facts is not text in UTF-8: save {chosen} as such") from None


def measure(store: Store, now: datetime, period: Period, reader: Reader, facts: OutsideFacts) -> Measurements:
    """Everything that the report of a period is made of, for this reader."""
    whole = store.statistics.measure(period)
    earlier = [store.statistics.measure(one) for one in forecast.before(period)]
    known = replace(whole, period=period.so_far(now))  # a pace is that of the days that have passed
    of_one = reader.audience is Audience.PARTY
    sides = ({"asking": reader.party}, {"asked": reader.party}) if of_one else ({},)
    return Measurements(
        made=now,
        now=whole,
        before=earlier[-1],
        fewest=_fewest(store, whole, reader),
        fewest_before=_fewest(store, earlier[-1], reader),
        parts=_parts(store, whole, now),
        times=store.spread.measure(period),
        waited=store.spread.measure(period, Side.ASKING) if of_one else {},
        quality=tuple(store.quality.measure(period, **side) for side in sides),
        difficulties=store.roster.difficulties(period.start, period.end, reader.party if of_one else NO_PARTY),
        standings=store.roster.standings(),
        criteria=criteria(known, facts),
        forecasts=forecast.forecasts(known, earlier, facts),
    )


def _parts(store: Store, whole: Measured, now: datetime) -> tuple[Measured, ...]:
    """Those that have begun: of the others there is nothing to tell, and zeros would look like something."""
    periods = report.division(whole.period)
    begun = tuple(one for one in periods if one.start <= now)
    return tuple(map(store.statistics.measure, begun)) if begun and len(periods) > 1 else (whole,)


def _fewest(store: Store, measured: Measured, reader: Reader) -> int:
    """How many Parties beside the reader took part in each month; beside any one of the Parties, for the Meeting."""
    if reader.audience is Audience.SECRETARIAT:
        return 0
    if reader.audience is Audience.PARTY:
        return store.view.fewest_others(measured.period, reader.party)
    takers = {code for pair in measured.pairs for code in (pair.asking, pair.asked)}
    return min(store.view.fewest_others(measured.period, one) for one in (NO_PARTY, *sorted(takers)))
