"""Facts from outside that the criteria of R21 need: the file that the Secretariat keeps, read and checked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

import yaml

from gateway.facts import PartyCode, party_code

_ENTRIES = ("convention", "complete", "parties")
_KEYS = ("party", "deposited", "in_force", "system", "source")
_YES_NO = {"true": True, "yes": True, "false": False, "no": False}
_TOLD = 5  # mistakes in one sentence
_HOW = "see config/facts.yaml for how it looks"


@dataclass(frozen=True, slots=True)
class PartyFact:
    """What is known of a Party from outside. None: not known."""

    party: PartyCode
    deposited: date | None
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


def read(written: str) -> OutsideFacts:
    """The facts in a YAML text; raises ValueError with a sentence that names each mistake and its line.

    Values are taken as they are written: `NO` is Norway, quotes or none.
    """
    try:
        whole = yaml.compose(written, yaml.BaseLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f" from line {mark.line + 1} on" if mark else ""
        raise ValueError(f"the file of outside facts is not YAML{where}: {_HOW}") from None
    except (yaml.YAMLError, RecursionError):
        raise ValueError(f"the file of outside facts is not YAML: {_HOW}") from None
    if whole is None:
        return OutsideFacts((), False, 0, "")
    reading = _Reading()
    facts = reading.facts(whole)
    if reading.wrong:
        told = "; ".join(reading.wrong[:_TOLD])
        more = f"; and {len(reading.wrong) - _TOLD} more" if len(reading.wrong) > _TOLD else ""
        raise ValueError(f"the file of outside facts is wrong: {told}{more}; {_HOW}")
    return facts


@dataclass
class _Reading:
    """One reading of a file, with the mistakes found so far, in the order of the file."""

    wrong: list[str] = field(default_factory=list)

    def facts(self, whole: yaml.Node) -> OutsideFacts:
        entries = self._entries(whole, _ENTRIES, "the file")
        number, source = self._convention(entries.get("convention"))
        complete = self._yes_no(entries.get("complete"), "complete")
        rows = entries.get("parties")
        parties = tuple(self._parties(rows)) if rows is not None and not _empty(rows) else ()
        return OutsideFacts(parties, complete is True, number, source)

    def _say(self, node: yaml.Node, says: str) -> None:
        self.wrong.append(f"line {node.start_mark.line + 1}: {says}")

    def _entries(self, node: yaml.Node, known: tuple[str, ...], what: str) -> dict[str, yaml.Node]:
        """The values of a mapping by their names."""
        found: dict[str, yaml.Node] = {}
        if not isinstance(node, yaml.MappingNode):
            self._say(node, f"{what} has the entries {', '.join(known)}")
            return found
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else ""
            if name not in known:
                self._say(key, f"{name or 'this'} is not among the entries {', '.join(known)}")
            elif name in found:
                self._say(key, f"{name} stands here a second time")
            else:
                found[name] = value
        return found

    def _convention(self, node: yaml.Node | None) -> tuple[int, str]:
        if node is None or _empty(node):
            return 0, ""
        entries = self._entries(node, ("parties", "source"), "convention")
        number, source = self._word(entries.get("parties")), self._word(entries.get("source"))
        if entries and (not re.fullmatch(r"[1-9][0-9]{0,2}", number) or not source):
            self._say(node, "convention needs parties, a number, and source, where it was read")
            return 0, ""
        return int(number or 0), source

    def _parties(self, rows: yaml.Node) -> Iterator[PartyFact]:
        if not isinstance(rows, yaml.SequenceNode):
            self._say(rows, 'parties is a list: a line - {party: "KE", source: "where it was read"} for each Party')
            return
        lines: dict[PartyCode, int] = {}
        for row in rows.value:
            one = self._party(row)
            if one is None:
                continue
            if one.party in lines:
                self._say(row, f"{one.party} stands in line {lines[one.party]} already")
            lines.setdefault(one.party, row.start_mark.line + 1)
            yield one

    def _party(self, row: yaml.Node) -> PartyFact | None:
        before = len(self.wrong)
        entries = self._entries(row, _KEYS, "a Party")
        if not entries:
            return None
        try:
            code = party_code(self._word(entries.get("party")))
        except ValueError as error:
            self._say(row, f"party: {error}")
            return None
        deposited, in_force = (self._day(entries.get(name), f"{code}: {name}") for name in ("deposited", "in_force"))
        if deposited and in_force and in_force < deposited:
            self._say(row, f"{code}: in_force lies before deposited")
        system = self._yes_no(entries.get("system"), f"{code}: system")
        source = self._word(entries.get("source"))
        if not source:
            self._say(row, f"{code} has no source, where this was read")
        return PartyFact(code, deposited, in_force, system, source) if len(self.wrong) == before else None

    def _day(self, node: yaml.Node | None, what: str) -> date | None:
        written = self._word(node)
        if node is None or not written:
            return None
        try:
            return date.fromisoformat(written)
        except ValueError:
            self._say(node, f"{what} is a day, written 2020-10-01")
            return None

    def _yes_no(self, node: yaml.Node | None, what: str) -> bool | None:
        written = self._word(node).lower()
        if node is not None and written and written not in _YES_NO:
            self._say(node, f"{what} is true or false")
        return _YES_NO.get(written)

    def _word(self, node: yaml.Node | None) -> str:
        """What is written there; "" where nothing is, or `null`."""
        if node is None or _empty(node):
            return ""
        if not isinstance(node, yaml.ScalarNode):
            self._say(node, "here stands a single value")
            return ""
        return str(node.value).strip()


def _empty(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and str(node.value).strip().lower() in ("", "~", "null")
