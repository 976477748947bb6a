"""The quantitative criteria for moving on (R21): thresholds, what is known of each, and what is missing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import yaml

from gateway.facts import PartyCode, party_code
from gateway.figures import Measured

PARTIES_AT_LEAST, SHARE_OF_CONVENTION = 80, 0.5  # the ranges of the mission begin there: 80 to 120, 50 to 70 %
BOTH_WAYS = ((2, 0.5), (3, 0.7))  # share of Parties that send and receive requests, by version of the system
STANDING = 5  # years since entry into force, after which packs of cigarettes are to be marked (Article 8.3)
_YEAR = 365.25
_KEYS = {"party", "deposited", "in_force", "system", "source"}


@dataclass(frozen=True, slots=True)
class PartyFact:
    """What is known of a Party from outside. None: not known."""

    party: PartyCode
    in_force: date | None
    system: bool | None
    source: str


@dataclass(frozen=True, slots=True)
class OutsideFacts:
    """The Secretariat's file: Parties to the Protocol, and how many the Framework Convention has (0: not known)."""

    parties: tuple[PartyFact, ...]
    complete: bool  # whether every Party is among them
    convention_parties: int
    source: str


@dataclass(frozen=True, slots=True)
class Criterion:
    """One criterion. `threshold` "": none has been set. `met` None: cannot be said, `missing` why."""

    name: str
    threshold: str
    value: str
    met: bool | None
    missing: str = ""


def read(written: str) -> OutsideFacts:
    """The facts in a YAML text; raises ValueError with a sentence that says where it is wrong."""
    try:
        found = yaml.safe_load(written) or {}
    except yaml.YAMLError:
        raise ValueError("the file of outside facts is not YAML: see config/facts.yaml for how it looks") from None
    if not isinstance(found, dict) or not found.keys() <= {"convention", "complete", "parties"}:
        raise ValueError(
            "the file of outside facts has the entries convention, complete and parties: see config/facts.yaml"
        )
    convention = found.get("convention") or {}
    number = convention.get("parties") if isinstance(convention, dict) else None
    if number is not None and (not isinstance(number, int) or number < 1 or not convention.get("source")):
        raise ValueError("convention needs `parties`, a number, and `source`, where it was read")
    parties = tuple(_party(row) for row in found.get("parties") or ())
    doubled = {one.party for one in parties if [other.party for other in parties].count(one.party) > 1}
    if doubled:
        raise ValueError(f"these Parties stand twice in the file of outside facts: {', '.join(sorted(doubled))}")
    return OutsideFacts(
        parties, found.get("complete") is True, number or 0, str(convention.get("source", "")) if number else ""
    )


def _party(row: Any) -> PartyFact:
    if not isinstance(row, Mapping) or not row.keys() <= _KEYS or not isinstance(row.get("party"), str):
        raise ValueError(f"a Party in the file of outside facts is written as in config/facts.yaml; this is not: {row}")
    code = party_code(row["party"])
    for name in ("deposited", "in_force"):
        if row.get(name) is not None and not isinstance(row[name], date):
            raise ValueError(f"{code}: {name} is a day, written 2020-10-01")
    if row.get("system") not in (None, True, False) or not row.get("source"):
        raise ValueError(f"{code}: system is true or false, and every Party has a source, where it was read")
    return PartyFact(code, row.get("in_force"), row.get("system"), str(row["source"]))


def criteria(measured: Measured, facts: OutsideFacts) -> tuple[Criterion, ...]:
    """How far each criterion is met at the end of the period."""
    return (*_how_many(facts), _systems(facts, measured.period.last), *_both_ways(measured, facts), *_a_year(measured))


def _incomplete(facts: OutsideFacts) -> str:
    return "" if facts.complete else f"the whole list of Parties to the Protocol: {len(facts.parties)} are known"


def _how_many(facts: OutsideFacts) -> tuple[Criterion, Criterion]:
    number, of = len(facts.parties), facts.convention_parties
    lacking = _incomplete(facts)
    missing = lacking or ("" if of else "how many Parties the Framework Convention has")
    return (
        Criterion("Parties to the Protocol", f"{PARTIES_AT_LEAST} (to 120)", str(number),
                  None if lacking and number < PARTIES_AT_LEAST else number >= PARTIES_AT_LEAST, lacking),
        Criterion("their share of the Framework Convention's Parties", f"{SHARE_OF_CONVENTION:.0%} (to 70%)",
                  "" if missing else f"{number} of {of}: {number / of:.0%}",
                  None if missing else number / of >= SHARE_OF_CONVENTION, missing),
    )  # fmt: skip


def _systems(facts: OutsideFacts, day: date) -> Criterion:
    name = f"share of Parties of {STANDING} years' standing with a tracking-and-tracing system"
    dated = [one for one in facts.parties if one.in_force is not None]
    standing = [one for one in dated if one.in_force and _years_later(one.in_force) <= day]
    undated, unknown = len(facts.parties) - len(dated), sum(one.system is None for one in standing)
    lacking = [f"the day of entry into force of {undated} Parties"] if undated else []
    lacking += [f"whether {unknown} Parties have a system"] if unknown else []
    if not facts.complete:
        lacking.insert(0, _incomplete(facts))
    having = sum(one.system is True for one in standing)
    value = f"{having} of {len(standing)}" + (f": {having / len(standing):.0%}" if standing else "")
    return Criterion(name, "", value, None, "; ".join(lacking))


def _years_later(day: date) -> date:
    try:
        return day.replace(year=day.year + STANDING)
    except ValueError:  # 29 February
        return date(day.year + STANDING, 3, 1)


def _both_ways(measured: Measured, facts: OutsideFacts) -> tuple[Criterion, ...]:
    both = sum(party.asking.requests > 0 and party.answering.requests > 0 for party in measured.parties)
    of = len(facts.parties) if facts.complete else measured.totals.registered
    lacking = _incomplete(facts)
    missing = f"{lacking}; the share is of the registered ones" if lacking else ""
    value = f"{both} of {of}" + (f": {both / of:.0%}" if of else "")
    return tuple(
        Criterion(f"share of Parties that sent and received requests, for version {version}", f"{share:.0%}", value,
                  both / of >= share if of and not lacking else None, missing)
        for version, share in BOTH_WAYS
    )  # fmt: skip


def _a_year(measured: Measured) -> tuple[Criterion, Criterion]:
    days = (measured.period.last - measured.period.first).days + 1
    requests = measured.totals.counts.requests * _YEAR / days
    active = measured.totals.active
    each = f"{requests / active:,.1f}" if active else ""
    return (
        Criterion("requests a year, at the pace of the period", "", f"{requests:,.0f}", None),
        Criterion("requests a year of each active Party", "", each, None, "" if active else "no Party was active"),
    )
