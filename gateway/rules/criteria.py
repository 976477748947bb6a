"""The quantitative criteria for moving on (R21): thresholds, what is known of each, and what is missing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from gateway.content import ClearValue, Text, text, texts
from gateway.figures import Measured, Share
from gateway.rules.outside import OutsideFacts

PARTIES = (80, 120)  # the ranges of the mission; the lower end is what is judged
OF_CONVENTION = (Share(0.5), Share(0.7))
BOTH_WAYS = (
    (2, Share(0.5)),
    (3, Share(0.7)),
)  # share of Parties that send and receive requests, by version of the system
STANDING = 5  # years since entry into force, after which packs of cigarettes are to be marked (Article 8.3)
_YEAR = 365.25


@dataclass(frozen=True, slots=True, repr=False)
class Criterion(ClearValue):
    """One criterion. `threshold` None: none has been set. `met` None: cannot be said, `missing` why.

    `least` is what the threshold asks for, and `level` what there is of it: what a forecast goes by; None: not known.
    `outside`: it rests on facts from outside alone, and tells nothing of what anybody exchanged.
    """

    name: Text
    threshold: Text | None
    value: Text | None
    met: bool | None
    missing: tuple[Text, ...] = ()
    least: float | None = None
    level: float | None = None
    outside: bool = False


def criteria(measured: Measured, facts: OutsideFacts) -> tuple[Criterion, ...]:
    """How far each criterion is met at the end of the period."""
    day = measured.period.last
    of_facts = (*_how_many(facts, day), _systems(facts, day))
    return (*(replace(one, outside=True) for one in of_facts), *_both_ways(measured, facts), *_a_year(measured))


def _members(facts: OutsideFacts, day: date) -> int:
    """How many are Parties to the Protocol on a day: those of the file but for whoever joined later."""
    return sum(one.deposited is None or one.deposited <= day for one in facts.parties)


def _incomplete(facts: OutsideFacts) -> tuple[Text, ...]:
    known = len(facts.parties)
    return (
        () if facts.complete else (text("the whole list of Parties to the Protocol: {count} are known", count=known),)
    )


def _how_many(facts: OutsideFacts, day: date) -> tuple[Criterion, Criterion]:
    number, of = _members(facts, day), facts.convention_parties
    lacking = _incomplete(facts)
    unknown = () if of else (text("how many Parties the Framework Convention has"),)
    # As of an earlier day, for the forecast: only where it is known of every Party when it joined.
    dated = not lacking and all(one.deposited for one in facts.parties)
    joined = number if dated else None
    least, most = PARTIES
    share, more = OF_CONVENTION
    return (
        Criterion(
            text("Parties to the Protocol"), text("{least} (to {most})", least=least, most=most),
            text("{number}", number=number), None if lacking and number < least else number >= least, lacking,
            least, joined,
        ),
        Criterion(
            text("Parties to the Protocol, as a share of the Framework Convention's Parties"),
            text("{least} (to {most})", least=share, most=more), _share(number, of) if of and not lacking else None,
            None if lacking or unknown else number / of >= share, lacking or unknown,
            share, joined / of if joined is not None and of else None,
        ),
    )  # fmt: skip


def _share(part: int, of: int) -> Text:
    if not of:
        return text("{part} of {of}", part=part, of=of)
    return text("{part} of {of}: {share}", part=part, of=of, share=Share(part / of))


def _systems(facts: OutsideFacts, day: date) -> Criterion:
    name = text("share of Parties of {years} years' standing with a tracking-and-tracing system", years=STANDING)
    dated = [one for one in facts.parties if one.in_force is not None]
    standing = [one for one in dated if one.in_force and _years_later(one.in_force) <= day]
    undated, unknown = len(facts.parties) - len(dated), sum(one.system is None for one in standing)
    lacking = [*_incomplete(facts)]
    if undated:
        lacking.append(
            texts(
                "the day of entry into force for {count} Party",
                "the day of entry into force for {count} Parties",
                undated,
            )
        )
    if unknown:
        lacking.append(texts("whether {count} Party has a system", "whether {count} Parties have a system", unknown))
    having = sum(one.system is True for one in standing)
    return Criterion(name, None, _share(having, len(standing)), None, tuple(lacking))


def _years_later(day: date) -> date:
    try:
        return day.replace(year=day.year + STANDING)
    except ValueError:  # 29 February
        return date(day.year + STANDING, 3, 1)


def _both_ways(measured: Measured, facts: OutsideFacts) -> tuple[Criterion, ...]:
    both = sum(party.asking.requests > 0 and party.answering.requests > 0 for party in measured.parties)
    of = _members(facts, measured.period.last) if facts.complete else measured.totals.registered
    lacking = _incomplete(facts)
    missing = (
        (*lacking, text("the share of all Parties to the Protocol: given is that of the registered ones"))
        if lacking
        else ()
    )
    level = both / of if of and not lacking else None
    return tuple(
        Criterion(
            text("share of Parties that sent and received requests, for version {version}", version=version),
            text("{number}", number=share), _share(both, of), None if level is None else level >= share, missing,
            share, level,
        )
        for version, share in BOTH_WAYS
    )  # fmt: skip


def _a_year(measured: Measured) -> tuple[Criterion, Criterion]:
    days = (measured.period.last - measured.period.first).days + 1
    requests = measured.totals.counts.requests * _YEAR / days
    active = measured.totals.active
    each = text("{number}", number=round(requests / active, 1)) if active else None
    return (
        Criterion(
            text("requests a year, at the pace of the period"), None, text("{number}", number=round(requests)), None
        ),
        Criterion(
            text("requests a year of each active Party"),
            None,
            each,
            None,
            () if active else (text("no Party was active"),),
        ),
    )
