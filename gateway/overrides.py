"""`GSP_*` variables laid over what a settings file says."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

_NOT_SETTINGS = {"GSP_HOME"}  # the command line's own variable


class SettingsError(ValueError):
    """Says in plain sentences which setting is wrong, never what its value was."""


def lay_over(
    values: dict[str, Any], environ: Mapping[str, str], is_list: Callable[[tuple[str, ...]], bool]
) -> dict[tuple[str, ...], str]:
    """Lays the variables over the file's values; gives back which variable set which key.

    `is_list`: whether a setting, by its path, is a list. Raises SettingsError for a variable that names no setting.
    """
    named: dict[tuple[str, ...], str] = {}
    for name in sorted(environ):
        if not name.startswith("GSP_") or name in _NOT_SETTINGS:
            continue
        keys = tuple(name[4:].lower().split("__"))
        named[keys] = name
        place: Any = values
        for key, following in pairwise(keys):
            place = _step(place, key, [] if following.isdigit() else {}, name)
        _step(place, keys[-1], environ[name], name, last=True, is_list=is_list(keys))
    return named


def _step(place: Any, key: str, value: Any, name: str, last: bool = False, is_list: bool = False) -> Any:
    """One step along a variable's path: goes down, or (last) sets the value."""
    if is_list:
        value = _listed(value)
    if isinstance(place, dict):
        if last:
            place[key] = value
        return place.setdefault(key, value)
    if isinstance(place, list) and key.isdigit() and int(key) <= len(place):
        if int(key) == len(place):
            place.append({})
        if not last:
            return place[int(key)]
    raise SettingsError(f"the variable {name} names no setting")


def _listed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return [part.strip() for part in text.split(",") if part.strip()]
