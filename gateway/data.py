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


def catalogues() -> dict[str, list[bytes]]:
    """The octets of every .po file of `templates/locale/` and below, by language code."""
    found: dict[str, list[bytes]] = {}
    for path in sorted(folder("templates").glob("locale/**/*.po")):
        found.setdefault(path.stem, []).append(path.read_bytes())
    return found


def pattern_texts(path: Path | None = None) -> dict[str, str]:
    """The texts of the pattern library (or of another folder), by file name."""
    files = sorted((path or folder("pattern_library")).glob("*.yaml"))
    return {file.name: file.read_text(encoding="utf-8") for file in files}
