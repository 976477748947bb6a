"""Issuing agencies: how long the agency's code is."""

from __future__ import annotations

import pytest

from gateway.identifiers import iso15459


@pytest.mark.parametrize(
    ("code", "agency"),
    [
        ("QCALL7h", "QC"),
        ("LEAT1x", "LE"),
        ("PWPK00", "PW"),
        ("WAAG7h", "WAA"),
        ("J123", "J"),
        ("01095", ""),
        ("qc", ""),
    ],
)
def test_the_first_character_says_how_long_the_agency_code_is(code: str, agency: str) -> None:
    assert iso15459.agency_code(code) == agency
