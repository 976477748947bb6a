"""What a marking says by itself, where its structure is public: when it was made, of which product, at which price.

Only for what a letter shows: reading the fields of a code costs more than deciding about it.
"""

from __future__ import annotations

from collections.abc import Iterator

from gateway.content import N_, Text, text
from gateway.identifiers import gs1, tpd
from gateway.library.fields import NAMES, STAMP, cut
from gateway.library.schemes import Scheme

# What tells an officer something; serial numbers and verification codes are of use to their Party only.
_TOLD = frozenset({"gtin", "sscc", "gln", "product code", "facility", "issuer code"})
_FIELD = N_("{field}: {value}")
_MADE = N_("Time stamp: {at}")
_PRICE = N_("Price: {roubles} roubles, as if made for the Russian market")
_ROUBLES = "RU"


def decoded(scheme: Scheme, code: str) -> tuple[Text, ...]:
    """One sentence for each field of a normalised code that says something; () where nothing is published."""
    return tuple(_said(scheme, code))


def _said(scheme: Scheme, code: str) -> Iterator[Text]:
    for field, start, end in cut(scheme.fields, code):
        value = code[start:end]
        made = tpd.stamp(value) if field.name == STAMP else None
        if made:
            yield text(_MADE, at=made)
        elif field.name == "price" and scheme.party == _ROUBLES:
            yield from _price(value)
        elif field.name in _TOLD and value:
            yield text(_FIELD, field=text(NAMES[field.name]), value=value)


def _price(value: str) -> Iterator[Text]:
    kopecks = int(value) if len(value) == 6 and value.isdecimal() else gs1.price(value)
    if kopecks:
        yield text(_PRICE, roubles=kopecks / 100)
