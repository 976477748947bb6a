"""Finds `templates/`, `pattern_library/` and `config/`, in the checkout or in the wheel."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def folder(name: str) -> Path:
    """The folder of shipped data of that name; raises FileNotFoundError if there is none."""
    for base in (_PACKAGE.parent, _PACKAGE / "_data"):
        candidate = base / name
        if candidate.is_dir():
            return candidate
    raise FileNotFoundError(f"the shipped folder {name} is missing")
