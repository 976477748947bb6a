"""Issuing agencies (ISO/IEC 15459-2): how long an agency's code at the beginning of a marking is."""

from __future__ import annotations

import re

_LEADING = re.compile(r"[A-J]|[K-U][0-9A-Z]|[V-Z][0-9A-Z]{2}")


def agency_code(code: str) -> str:
    """The issuing agency's code at the beginning of a marking, "" where it begins with none.

    Its length follows from its first character: A-J one, K-U two, V-Z three; 0-9 is GS1, which has
    codes of its own. Source: domain.md 3.1 (consistent with every prefix that could be verified).
    """
    found = _LEADING.match(code)
    return found[0] if found else ""
