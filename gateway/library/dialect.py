"""How patterns are put to RE2: as UTF-8, of the whole code, in linear time and bounded memory."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

import re2

_MEMORY = 256 << 20
_HALF = re.compile("[\ud800-\udfff]")


@cache
def options(memory: int = _MEMORY) -> re2.Options:
    """Options of every pattern: linear time, bounded memory (octets), nothing written to standard error."""
    chosen = re2.Options()
    chosen.max_mem = memory
    chosen.log_errors = False
    chosen.never_capture = True
    return chosen


def encoded(code: str) -> bytes:
    """A code as RE2 reads it; half of a pair of surrogates is some character that stands in no marking."""
    return (code if code.isascii() else _HALF.sub("\ufffd", code)).encode()


def compiled(chosen: re2.Set, patterns: Iterable[str]) -> re2.Set:
    """A set of patterns made ready."""
    for pattern in patterns:
        chosen.Add(pattern)
    chosen.Compile()
    return chosen
