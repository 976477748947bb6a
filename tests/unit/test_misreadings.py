"""One misread character: noticed where anything can be checked, and the true code among the proposals."""

from __future__ import annotations

from functools import lru_cache
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.content import Uim
from gateway.library import Scheme
from tests.support.misreadings import NOW, Figures, codes, has_checkable_field, measured, misreadings, proposals
from tests.unit.test_library import shipped

SCHEMES = [scheme for scheme in shipped().schemes if has_checkable_field(scheme)]
# What no rule sees: a prefix of two or three letters of which one is gone; a facility code that repeats the prefix.
SEEN_LESS = {"itsa-waa": 0.6, "eu-aui-issuer": 0.6, "at-eo-fid": 0.85, "pl-ids": 0.85}


@lru_cache(maxsize=1)
def figures() -> dict[str, Figures]:
    """Of every scheme, from one seed: the same codes in every run."""
    return {scheme.id: measured(shipped(), scheme, Random(20261121), many=6, each=2) for scheme in SCHEMES}


def test_of_misreadings_that_hit_a_part_with_a_rule_95_of_100_are_noticed_and_80_of_100_restored() -> None:
    total = Figures()
    for one in figures().values():
        total.add(one)
    assert total.checkable.total() > 1000
    assert total.share("noticed", "checkable") >= 0.95
    assert total.share("proposed", "noticed") >= 0.80


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: scheme.id)
def test_each_scheme_notices_what_breaks_its_rules(scheme: Scheme) -> None:
    found = figures()[scheme.id]
    assert found.share("noticed", "checkable") >= SEEN_LESS.get(scheme.id, 0.93), found.unnoticed[:5]


@pytest.mark.parametrize("kind", ["other alphabet", "full width"])
def test_a_character_that_no_marking_uses_is_always_noticed_and_nearly_always_restored(kind: str) -> None:
    total = Figures()
    for one in figures().values():
        total.add(one)
    assert total.share("noticed", "checkable", kind) == 1.0
    assert total.share("proposed", "noticed", kind) >= 0.98


@settings(max_examples=60)
@given(st.data())
def test_a_repair_is_proposed_never_made_and_passes_all_checks(data: st.DataObject) -> None:
    scheme = data.draw(st.sampled_from(SCHEMES))
    misread = data.draw(st.sampled_from(misreadings(shipped(), scheme, data.draw(codes(shipped(), scheme)))))
    (verdict,) = shipped().verdicts([Uim(misread.written)], NOW)
    assert verdict.uim.text == misread.written
    assert len(proposals(verdict)) <= 3
    for proposed in proposals(verdict):
        assert proposed != misread.written
        assert shipped().deciding(proposed, NOW)
