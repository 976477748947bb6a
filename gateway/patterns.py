"""The operator's side of the pattern library: files in and out, what was changed, and a change taken back."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from gateway import library
from gateway.events import ChangeState, Commit, Event, EventKind, PatternChange
from gateway.facts import PartyCode, Wording, digest
from gateway.library.changes import Raw, merged, repeats, schemes_in, undone, written
from gateway.library.experience import rank
from gateway.library.proposal import Examined, examine
from gateway.outcome import LostRace
from gateway.store import Store
from gateway.store.experience import PatternQuality

_AGAIN = "the library was changed in the same moment: try again"


@dataclass(frozen=True, slots=True)
class Quality:
    """Answers to UIMs of a pattern. `present`: as the library describes it now; its rank, and what is left of that."""

    counted: PatternQuality
    title: str
    present: bool
    described: int | None
    rank: int | None

    @property
    def answers(self) -> int:
        """How many UIMs were judged."""
        return self.counted.valid + self.counted.not_valid + self.counted.not_ours

    @property
    def share(self) -> float:
        """Of these how many were "not ours", from 0 to 1."""
        return self.counted.not_ours / self.answers if self.answers else 0.0


class Patterns:
    """What the operator does counts at once, in every gateway on the database, and is on record."""

    def __init__(self, store: Store, shipped: Mapping[str, str], clock: Callable[[], datetime]) -> None:
        self.live = library.LiveLibrary(shipped)
        self._view = store.view
        self._ledger = store.ledger
        self._experience = store.experience
        self._shipped = shipped
        self._clock = clock

    def texts(self) -> Mapping[str, str]:
        """The files of the library as it is now."""
        return self.live(self._view).texts()

    def problems(self) -> tuple[library.Problem, ...]:
        """What is wrong with the library as it is now."""
        return library.lint(merged(self._shipped, self._view.patterns.made()))

    def known(self) -> library.PatternLibrary:
        """The library as it is now, to be asked."""
        return self.live.current(self._view.patterns).library

    def bring(self, octets: bytes) -> tuple[int, Examined]:
        """Makes a file of patterns part of the library; gives the version that it makes. Raises ValueError."""
        now = self.live(self._view)
        found = examine(now.texts(), octets)
        if found.problems:
            raise ValueError("; ".join(f"{p.scheme}: {p.text}" if p.scheme else p.text for p in found.problems[:10]))
        ids = tuple(scheme.id for scheme in found.schemes)
        change = PatternChange(digest(found.text.encode()), found.text, ids, found.party, self._clock())
        return self._make(change, now.version + 1, EventKind.PATTERN_APPROVED), found

    def revert(self, version: int) -> tuple[int, tuple[str, ...]]:
        """Takes back what made a version; gives the version that this makes, and the schemes. Raises ValueError."""
        made = self._view.patterns.made()
        text, ids = undone(made, version)
        latest = made[-1].version
        change = PatternChange(digest(text.encode()), text, ids, made[version - 1].party, self._clock())
        before = library.lint(merged(self._shipped, made))
        after = library.lint(merged(self._shipped, (*made, change)))
        if wrong := [problem for problem in after if problem not in before and not problem.idle]:
            raise ValueError(f"without this change the library would not be right: {wrong[0]}")
        return self._make(change, latest + 1, EventKind.PATTERN_REVERTED), ids

    def _make(self, change: PatternChange, version: int, kind: EventKind) -> int:
        made = replace(change, state=ChangeState.APPROVED, version=version)
        event = Event(kind, party=change.party, count=version, digest=change.mark)
        try:
            self._ledger.commit(Commit(change.at, (event,), patterns=(made,)), None)
        except LostRace:
            raise ValueError(_AGAIN) from None
        return version

    def history(self) -> list[tuple[Any, ...]]:
        """Version, when, the answering Party, schemes, who proposed it, who approved it, its mark, and which version it
        repeats; what waits comes last."""
        patterns = self._view.patterns
        made = patterns.made()
        again = repeats(_schemes(self._shipped), made) if made else {}
        same = {version: f"as version {other}" if other else "as shipped" for version, other in again.items()}
        rows = [(str(one.version), one.decided_at, one) for one in made]
        waiting = [("waits", one.at, one) for one in patterns.waiting()]
        return [
            (version, at.isoformat(timespec="seconds") if at else "", one.party or "several", " ".join(one.schemes),
             self._who(one.person, one.actor), self._who(one.decided_by) if one.version else "", one.mark[:12],
             same.get(one.version, ""))
            for version, at, one in (*rows, *waiting)
        ]  # fmt: skip

    def quality(self, months: int) -> tuple[Quality, ...]:
        """How the UIMs of each pattern were answered in so many months; the most often "not ours" first."""
        known = self.known()
        schemes = {scheme.id: scheme for scheme in known.schemes}
        found = []
        for one in self._experience.quality(self._clock(), months):
            scheme = schemes.get(one.scheme)
            present = scheme is not None and scheme.mark == one.mark
            before = scheme.rank if scheme is not None and present else None
            now = None if before is None else rank(before, known.experience.held(one.scheme))
            found.append(Quality(one, scheme.title if scheme is not None else "", present, before, now))
        return tuple(sorted(found, key=lambda one: (not one.present, -one.share, -one.answers)))

    def doubted(self) -> tuple[tuple[PartyCode, Wording], ...]:
        """(Party, title) of every pattern by which nothing is sent before the officer has confirmed."""
        known = self.known()
        held = ((scheme, known.experience.held(scheme.id)) for scheme in known.schemes)
        return tuple((scheme.party, scheme.title) for scheme, doubt in held if doubt is not None and doubt.asks)

    def _who(self, person: int, party: str = "") -> str:
        if not person:
            return "operator"
        to = self._view.correspondent(person, self._clock())
        return to.address if to else f"person {person}{f' of {party}' if party else ''}, who has left"

    def export(self, folder: Path) -> int:
        """Writes the library as it is now into a folder, as files; how many."""
        texts = self.texts()
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
        return len(texts)

    def difference(self, octets: bytes | None = None) -> Iterator[str]:
        """Lines (unified diff) from the library as it is now to one with a file; without: from the shipped one to now.

        Raises ValueError for a file that is none of patterns.
        """
        now = _schemes(self.texts())
        before, after = _schemes(self._shipped), now
        if octets is not None:
            found = examine(self.texts(), octets)
            if not found.raw:
                raise ValueError("; ".join(problem.text for problem in found.problems[:10]))
            before, after = now, now | {raw["id"]: raw for raw in found.raw}
        for name in sorted(before.keys() | after.keys()):
            one, other = (
                written([known[name]]).split("\n")[1:-1] if name in known else [] for known in (before, after)
            )
            yield from difflib.unified_diff(
                one, other, name if one else "(none)", name if other else "(none)", lineterm=""
            )


def _schemes(texts: Mapping[str, str]) -> dict[str, Raw]:
    return {name: raw for file, text in texts.items() if file[0] != "_" for name, raw in schemes_in(text).items()}
