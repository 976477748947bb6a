"""The mails in the repository are those of the corpus beside it."""

from __future__ import annotations

import os

from tests.corpus.places import CC0, SHARED, WHOLE, whole


def test_continuous_integration_has_the_whole_corpus() -> None:
    assert WHOLE or "CI" not in os.environ, "the shared corpus is missing: it is expected in ../shared/corpus"


def test_the_mails_that_may_be_copied_are_in_the_repository() -> None:
    assert len([path for folder in ("selfmade", "clients") for path in (CC0 / folder).iterdir()]) > 90


@whole
def test_the_copies_are_true() -> None:
    copied = [path.relative_to(CC0) for path in CC0.rglob("*") if path.is_file() and path.name != "index.tsv"]
    assert [path for path in copied if (CC0 / path).read_bytes() != (SHARED / path).read_bytes()] == []
    index = (CC0 / "index.tsv").read_text("utf-8").splitlines()
    assert set(index) <= set((SHARED / "index.tsv").read_text("utf-8").splitlines())
