"""What a marking says by itself, where its structure is public: when it was made, of which product, at which price.

Only for what a letter shows: whoever sends a list of thousands reads the sentences of none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, lru_cache

from gateway.content import N_, Text, text
from gateway.identifiers import gs1, tpd
from gateway.library.fields import NAMES, STAMP, Part, cut, placed
from gateway.library.schemes import Scheme

# What tells an officer something; serial numbers and verification codes are of use to their Party only.
_TOLD = frozenset({"gtin", "sscc", "gln", "product code", "facility", "issuer code"})
_FIELD = N_("{field}: {value}")
_MADE = N_("Time stamp: {at}")
_PRICE = N_("Price: {roubles} roubles, as if made for the Russian market")
_ROUBLES = "RU"
_PRICED = "price"
_READ = _TOLD | {STAMP, _PRICED}
_Say = Callable[[str], Text | None]
_Told = tuple[tuple[slice, _Say], ...]  # which characters, and what is said of them


class Decoder:
    """Reads the codes of one library. Shared between threads."""

    def __init__(self) -> None:
        self._told: dict[tuple[Scheme, int], _Told | None] = {}

    def decoded(self, scheme: Scheme, code: str) -> tuple[Text, ...]:
        """One sentence for each field of a normalised code that says something; () where nothing is published."""
        try:
            told = self._told[scheme, len(code)]
        except KeyError:
            parts = placed(scheme.fields, len(code))
            told = self._told[scheme, len(code)] = None if parts is None else _telling(scheme, parts)
        if told is None:  # where they stand depends on the code
            told = _telling(scheme, cut(scheme.fields, code, _READ))
        return tuple([said for part, say in told if (said := say(code[part]))]) if told else ()


def _telling(scheme: Scheme, parts: tuple[Part, ...]) -> _Told:
    told = _READ if scheme.party == _ROUBLES else _READ - {_PRICED}
    named = [part for part in parts if part.field.name in told]
    return tuple((slice(part.start, part.end), _SAY.get(part.field.name) or _named(part.field.name)) for part in named)


@cache
def _named(field: str) -> _Say:
    return lambda value: text(_FIELD, field=text(NAMES[field]), value=value)


@lru_cache(maxsize=1 << 14)
def _made(stamp: str) -> Text | None:
    made = tpd.stamp(stamp)
    return text(_MADE, at=made) if made else None


def _price(value: str) -> Text | None:
    kopecks = int(value) if len(value) == 6 and value.isdecimal() else gs1.price(value)
    return text(_PRICE, roubles=kopecks / 100) if kopecks else None


_SAY: Mapping[str, _Say] = {STAMP: _made, _PRICED: _price}
