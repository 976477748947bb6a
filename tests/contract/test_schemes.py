"""Every scheme of the pattern library against its own samples and against all others."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway import library
from gateway.content import Uim, VerdictKind
from gateway.data import folder
from gateway.library import Scheme
from gateway.library.schemes import Check
from tests.support.cost import allowed, spent
from tests.support.misreadings import proposals

NOW = datetime(2026, 11, 21, tzinfo=UTC)
LIBRARY = library.load({path.name: path.read_text("utf-8") for path in Path(folder("pattern_library")).glob("*.yaml")})
PUBLISHED = [scheme for scheme in LIBRARY.schemes if scheme.decides is not None]
UNPUBLISHED = [scheme for scheme in LIBRARY.schemes if scheme.decides is None]
VALID = [pytest.param(s, uim, id=f"{s.id}-{n}") for s in PUBLISHED for n, uim in enumerate(s.valid)]
INVALID = [pytest.param(s, *pair, id=f"{s.id}-{n}") for s in PUBLISHED for n, pair in enumerate(s.invalid)]
# What is refused by a rule: the reason that the sample states, and what the library says of it. The first that fits.
REASONS = {
    r"serial (6|> 20)|importer index charset|17 digits": "After ({identifier}) stands {value}: too long, too short",
    r"\d+ chars|^5 digits": "One character is missing",
    r"check digit|13-digit GTIN": "The check digit of {number} is wrong",
    r"month 13": "no month {part}",
    r"hour 24": "no hour {part}",
    r"day 32": "that month has no day {part}",
    r"ISO ?646|contains space|hyphen|letter": "which does not occur in",
    r"prefix|wrong issuer|not a test CIN|wrong IAC": "It does not begin with {prefix}",
    r"no body": "It ends after {count} of {expected} characters",
    r"must start|15 digits in line 1": "which cannot stand there",
}


@pytest.mark.parametrize(("scheme", "uim"), VALID)
def test_a_valid_sample_is_decided_by_its_scheme_or_by_one_declared_beside_it(scheme: Scheme, uim: str) -> None:
    assert scheme.id in LIBRARY.fits(uim, NOW)
    assert LIBRARY.refusal(scheme.id, uim, NOW) == ()
    (verdict,) = LIBRARY.verdicts([Uim(uim)], NOW)
    deciding = set(LIBRARY.deciding(uim, NOW))
    if scheme.id in deciding:
        assert verdict.kind is scheme.decides
    else:
        assert deciding <= scheme.ambiguous_with


@pytest.mark.parametrize(("scheme", "uim", "because"), INVALID)
def test_an_invalid_sample_is_refused_by_its_scheme_for_the_stated_reason(
    scheme: Scheme, uim: str, because: str
) -> None:
    assert scheme.id not in LIBRARY.fits(uim, NOW)
    (said,) = LIBRARY.refusal(scheme.id, uim, NOW)
    assert next(words for stated, words in REASONS.items() if re.search(stated, because)) in said.message
    (verdict,) = LIBRARY.verdicts([Uim(uim)], NOW)
    assert scheme.id not in LIBRARY.deciding(uim, NOW)
    assert verdict.kind is not VerdictKind.MALFORMED or verdict.remarks


@pytest.mark.parametrize("scheme", PUBLISHED, ids=lambda scheme: scheme.id)
def test_a_pattern_takes_linear_time_on_hostile_input(scheme: Scheme) -> None:
    hostile = [scheme.valid[0][:8] + filler * 180 + "\u00e9" for filler in ("0", "A", "a0", "1A", "(01)")]
    begun = spent()
    LIBRARY.verdicts([Uim(uim[:199]) for uim in hostile] * 20, NOW)
    assert spent() - begun < allowed(0.5)


@pytest.mark.parametrize("scheme", PUBLISHED, ids=lambda scheme: scheme.id)
def test_a_code_that_lacks_a_character_is_none_of_a_scheme_of_one_length_and_what_is_malformed_says_why(
    scheme: Scheme,
) -> None:
    sample = scheme.valid[0]
    for uim in [sample[:n] + sample[n + 1 :] for n in range(len(sample))]:
        assert scheme.shortest != scheme.longest or scheme.id not in LIBRARY.fits(uim, NOW)
        (verdict,) = LIBRARY.verdicts([Uim(uim)], NOW)
        assert verdict.kind is not VerdictKind.MALFORMED or verdict.remarks


@pytest.mark.parametrize("scheme", PUBLISHED, ids=lambda scheme: scheme.id)
def test_a_space_within_a_code_is_told_and_the_code_proposed_wherever_it_stands(scheme: Scheme) -> None:
    sample = scheme.valid[0].replace(" ", "")
    for uim in [f"{sample[:n]}\u00a0{sample[n:]}" for n in range(1, len(sample))]:
        (verdict,) = LIBRARY.verdicts([Uim(uim)], NOW)
        if scheme.id in ("codentify", "ua-eexcise-hri"):  # any twelve characters
            assert verdict.kind is VerdictKind.UNKNOWN
        elif verdict.kind is VerdictKind.NOT_A_PARTY:
            assert scheme.id == "cn-32"  # which is printed in two groups
        else:
            assert verdict.kind is VerdictKind.MALFORMED
            assert sample in proposals(verdict)


@pytest.mark.parametrize("scheme", UNPUBLISHED, ids=lambda scheme: scheme.id)
def test_a_scheme_without_published_format_claims_nothing(scheme: Scheme) -> None:
    assert scheme.confidence == "none"
    assert not scheme.verified
    assert not scheme.valid


@pytest.mark.parametrize("scheme", PUBLISHED, ids=lambda scheme: scheme.id)
def test_a_scheme_says_where_it_was_found_and_how_sure_that_is(scheme: Scheme) -> None:
    assert scheme.source
    assert scheme.verified == (scheme.confidence == "high")
    assert all(isinstance(check, Check) for check in (*scheme.checks, *scheme.advice))
