"""Of codes that fit the same schemes each is decided by its own checks, and by what its own beginning names."""

from __future__ import annotations

from itertools import product

import pytest

from gateway.content import Uim, VerdictKind
from gateway.library import load
from gateway.library.doubts import BEGINNING
from tests.support.patterns import PARTIES
from tests.unit.test_library import NOW

SCHEME = """
  - {{id: {id}, title: {id}, party: {party}, issuer: Printing works, level: unit packet, structure: made up,
     pattern: '{pattern}', prefixes: [{prefix}], decides: {decides}, rank: {rank}, valid: ['{valid}'], {checks}
     confidence: high, verified: true, source: made up for this test}}
"""
RIGHT, WRONG = "25051914", "25991914"
PLACES = {"ke-first": ("KE", 3), "se-second": ("SE", 11), "other-third": ("UY", 19)}


def texts(*schemes: str) -> dict[str, str]:
    return {"_parties.yaml": PARTIES, "made_up.yaml": "schemes:" + "".join(schemes)}


@pytest.mark.parametrize("turned", [False, True])
def test_which_of_three_schemes_fit_is_told_by_which_of_three_checks_a_code_passes(turned: bool) -> None:
    known = load(texts(*(
        SCHEME.format(id=name, party=party, pattern=r"XQ1\d{24}", prefix="XQ1", decides="ambiguous", rank=60,
                      valid="XQ1" + 3 * RIGHT, checks=f"checks: [{{check: time stamp, from: {at}, to: {at + 8}}}],")
        for name, (party, at) in PLACES.items()
    )))  # fmt: skip
    passed = list(product((True, False), repeat=3))[:: -1 if turned else 1]
    uims = [Uim("XQ1" + "".join(RIGHT if right else WRONG for right in one)) for one in passed]
    found = [{one.scheme for one in verdict.candidates} for verdict in known.verdicts(uims, NOW)]
    wanted = [{name for name, right in zip(PLACES, one, strict=True) if right} for one in passed]
    assert [one for one, right in zip(found, passed, strict=True) if any(right)] == [one for one in wanted if one]


def test_every_code_with_a_longer_prefix_that_names_another_scheme_is_told_so() -> None:
    known = load(texts(
        SCHEME.format(id="ke-short", party="KE", pattern="XQ1[0-9A-Z]{9}", prefix="XQ1", decides="sure", rank=90,
                      valid="XQ1A12345678", checks=""),
        SCHEME.format(id="se-long", party="SE", pattern=r"XQ12\d{8}", prefix="XQ12", decides="sure", rank=90,
                      valid="XQ1212345678", checks=""),
    ))  # fmt: skip
    found = known.verdicts([Uim("XQ12ABCDEFGH"), Uim("XQ12HGFEDCBA")], NOW)
    assert [one.kind for one in found] == [VerdictKind.SURE] * 2
    assert [[remark.message for remark in one.remarks] for one in found] == [[BEGINNING]] * 2
