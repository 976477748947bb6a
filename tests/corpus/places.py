"""Where the mails are: all of them beside the repository, those that are in the public domain (CC0) also in it."""

from __future__ import annotations

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2].parent / "shared" / "corpus"
CC0 = Path(__file__).parent / "cc0"
WHOLE = SHARED.is_dir()
CORPUS = SHARED if WHOLE else CC0
whole = pytest.mark.skipif(not WHOLE, reason="names mails that may not be copied: they are in ../shared/corpus")
