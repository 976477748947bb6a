"""Changes laid over the shipped files of the library: what counts now, as files again; and one change taken back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import yaml

from gateway.events import PatternChange
from gateway.facts import PartyCode
from gateway.library import files

Raw = Mapping[str, Any]  # a scheme as it stands in a file
_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_HEADER = "# Keys: schema.json. Meaning, and how to add a scheme: docs/patterns.md.\n"


def written(schemes: Iterable[Raw]) -> str:
    """These schemes as a file of the library."""
    document = {"schemes": [dict(raw) for raw in schemes]}
    return yaml.dump(document, Dumper=_DUMPER, sort_keys=False, allow_unicode=True, width=110)


def schemes_in(text: str) -> dict[str, Raw]:
    """The schemes of a file that was checked before, by id."""
    document = files.load(text)
    return {raw["id"]: raw for raw in document.get("schemes", ())}


def overlay(changes: Iterable[PatternChange]) -> dict[str, Raw]:
    """What the changes, oldest first, leave behind: the schemes that count instead of, or beside, the shipped ones."""
    found: dict[str, Raw] = {}
    for change in changes:
        new = schemes_in(change.text)
        for name in change.schemes:
            found.pop(name, None)
            if name in new:
                found[name] = new[name]
    return found


def merged(texts: Mapping[str, str], changes: Iterable[PatternChange]) -> dict[str, str]:
    """The files of the library with these changes: a scheme that there is stands where it stood before."""
    return laid_over(texts, overlay(changes))


def laid_over(texts: Mapping[str, str], schemes: Mapping[str, Raw]) -> dict[str, str]:
    """The files of the library with these schemes, by id, instead of, or beside, those that are there."""
    left = dict(schemes)
    files = dict(texts)
    for name, text in texts.items():
        if name.startswith("_") or not any(scheme in text for scheme in left):
            continue
        known = schemes_in(text)
        if known.keys() & left.keys():
            files[name] = _HEADER + written(left.pop(scheme, raw) for scheme, raw in known.items())
    for raw in left.values():
        name = f"of_{(raw.get('party') or 'nobody').lower()}.yaml"
        before = schemes_in(files[name]).values() if name in files else ()
        files[name] = _HEADER + written((*before, raw))
    return files


def standing(texts: Mapping[str, str], ids: Collection[str]) -> dict[str, Raw]:
    """The schemes of these ids as they stand in the files of the library."""
    files = (text for name, text in texts.items() if not name.startswith("_") and any(one in text for one in ids))
    return {scheme: raw for text in files for scheme, raw in schemes_in(text).items() if scheme in ids}


def undone(made: Sequence[PatternChange], version: int) -> tuple[str, tuple[str, ...]]:
    """(text, ids of the schemes) of a change that takes back the one that made a version.

    Raises ValueError, with what to do, where there is none, or another change of the same schemes came after it.
    """
    change = next((one for one in made if one.version == version), None)
    if change is None:
        raise ValueError(f"there is no version {version} of the pattern library: see `gsp pattern history`")
    for later in made:
        if later.version > version and (both := set(later.schemes) & set(change.schemes)):
            raise ValueError(
                f"{', '.join(sorted(both))} was changed again by version {later.version}: revert that one first"
            )
    before = overlay(one for one in made if one.version < version)
    return written(before[name] for name in change.schemes if name in before), change.schemes


def repeats(shipped: Mapping[str, Raw], made: Iterable[PatternChange]) -> dict[int, int]:
    """The versions that leave their schemes as an earlier one did, each with the latest such; 0: as they were shipped.

    By what stands in them: a change that was taken back is one, and so is an earlier text that is brought again.
    """
    states: list[dict[str, Raw]] = [dict(shipped)]
    found = {}
    for change in made:
        new = schemes_in(change.text)
        now = {name: raw for name in change.schemes if (raw := new.get(name) or shipped.get(name)) is not None}
        before = (
            at for at in reversed(range(len(states))) if all(states[at].get(n) == now.get(n) for n in change.schemes)
        )
        if (at := next(before, None)) is not None:
            found[change.version] = at
        states.append({name: raw for name, raw in states[-1].items() if name not in change.schemes} | now)
    return found


def parties_described(made: Iterable[PatternChange], begin: datetime, end: datetime) -> tuple[PartyCode, ...]:
    """The Parties whose markings were changed in that time, by code."""
    within = [one for one in made if one.decided_at is not None and begin <= one.decided_at < end]
    several = (raw["party"] for one in within if not one.party for raw in schemes_in(one.text).values())
    return tuple(sorted({PartyCode(code) for code in (*(one.party for one in within), *several) if code}))
