"""What speaks for a scheme beyond the shape of a code."""

from __future__ import annotations

from gateway.identifiers import gs1
from gateway.library.schemes import Scheme

PREFIX_POINTS, PRICE_POINTS = 20, 10


def points_for(scheme: Scheme, code: str) -> int:
    """What speaks for a scheme beyond its shape: a GS1 prefix of its country, a plausible price."""
    found = 0
    if scheme.gs1_prefixes:
        number = gs1.number_of(code) if code.startswith("01") else code[:14]
        found += PREFIX_POINTS if number[1:4] in scheme.gs1_prefixes else 0
    if scheme.price is not None and gs1.price(code[scheme.price]) is not None:
        found += PRICE_POINTS
    return found
