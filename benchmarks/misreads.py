"""Markings with one character misread: how many are noticed, and how often the right one is proposed."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from gateway import data
from gateway.library import load
from tests.support.misreadings import KINDS, Figures, has_checkable_field, measured

CODES, SEED = 40, 20261121


def run() -> Iterator[tuple[str, str, str]]:
    """Rows of (what, figure, goal)."""
    texts = {path.name: path.read_text("utf-8") for path in data.folder("pattern_library").glob("*.yaml")}
    library = load(texts)
    total = Figures()
    for scheme in filter(has_checkable_field, library.schemes):
        figures = measured(library, scheme, Random(SEED), CODES)
        total.add(figures)
        yield f"misreadings of {scheme.title}", _said(figures), ""
    for kind in KINDS:
        what = f"misreadings of the kind “{kind}” that hit a part with a rule: noticed; true code proposed"
        noticed, proposed = total.share("noticed", "checkable", kind), total.share("proposed", "noticed", kind)
        yield what, f"{noticed:.1%}; {proposed:.1%} ({total.checkable[kind]} tried)", ""
    yield "misreadings of all schemes with a checkable field, together", _said(total), "95 % noticed, 80 % proposed"


def _said(figures: Figures) -> str:
    hit, noticed = figures.share("checkable", "all"), figures.share("noticed", "checkable")
    proposed, of_all = figures.share("proposed", "noticed"), figures.noticed.total() / figures.all.total()
    return (
        f"{hit:.0%} hit a part with a rule; of these noticed {noticed:.1%}, and of the noticed the true code is among "
        f"the first three in {proposed:.1%}; of all misreadings noticed {of_all:.0%}"
    )
