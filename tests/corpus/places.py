"""Where the mails are: all of them beside the repository, those that are in the public domain (CC0) also in it.

`outcomes.tsv` says what must come of each: `taken`, or the number of the refusal and, for the one uniform refusal, the
cause that only the operator's log has; and why, where the outcome is not the one that the corpus proposes.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import NamedTuple

import pytest

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "corpus"
CC0 = Path(__file__).parent / "cc0"
WHOLE = SHARED.is_dir()
CORPUS = SHARED if WHOLE else CC0
whole = pytest.mark.whole_corpus  # names mails that may not be copied


class Outcome(NamedTuple):
    """What must come of a mail, and why where another outcome was proposed."""

    outcome: str
    why: str


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


ROWS = _rows(CORPUS / "index.tsv")
OUTCOMES = {row["file"]: Outcome(row["outcome"], row["why"]) for row in _rows(CC0.parent / "outcomes.tsv")}


def is_smime(row: dict[str, str]) -> bool:
    """Whether a mail of the index is for the S/MIME scheme."""
    return row["kind"].startswith("smime") or "smime" in row["file"]
