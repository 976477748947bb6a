"""What people write above a column of UIMs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import islice

from gateway.content import Finding, Severity, text
from gateway.identifiers.written import looks_like_code
from gateway.language import normalise

# What a column of UIMs, and of nothing else, is called in the six languages.
_UIMS = frozenset(
    map(
        normalise,
        "UIM|UIMs|UI|upUI|aUI|unique identifier|IUU|MIU|IU|УИМ|УМ|独特识别标记|علامة التعريف الفريدة".split("|"),
    )
)
# And what it is called in common lists, beside which a column may stand that is called by the other name.
_GENERAL = frozenset(
    map(
        normalise,
        (
            "code|codes|identifier|serial number|identifiant|código|códigos|identificador|"
            "код|коды|标识|代码|العلامة|الرمز"
        ).split("|"),
    )
)
HEADINGS = _UIMS | _GENERAL
_LOOKED_AT = 1000
# What may be a UIM, if a short one: neither a number in a list nor a date, and no word.
_MAY_BE = re.compile(r"(?=\S*[0-9])(?![0-9()./:°º-]{1,10}\Z)\S+")
_FIRST = text(
    "Of several columns that may hold UIMs only the first, “{heading}”, was read. Put all UIMs into one column."
)


def uim_column(cells: Sequence[str]) -> int:
    """The column whose heading means UIM, rather than any code; -1 where none does."""
    names = [normalise(cell) for cell in cells]
    found = [place for known in (_UIMS, _GENERAL) for place, name in enumerate(names) if name in known]
    return found[0] if found else -1


def coded_columns(rows: Iterable[Sequence[str]], first: int) -> tuple[int, ...]:
    """Of a table whose headings say nothing those columns that hold codes, where the first has numbers and words."""
    rows = list(islice(rows, _LOOKED_AT))
    if any(_MAY_BE.fullmatch(row[first].strip()) for row in rows if len(row) > first):
        return (first,)
    return tuple(sorted({place for row in rows for place, cell in enumerate(row) if looks_like_code(cell)})) or (first,)


def passed_over(cells: Sequence[str], where: str, line: int, columns: Sequence[int] = ()) -> tuple[Finding, ...]:
    """What is told where several columns may hold UIMs as likely as each other, by their headings or what they hold.

    `columns`: those that hold codes, where the headings say nothing.
    """
    names = [normalise(cell) for cell in cells]
    known = _UIMS if _UIMS & set(names) else _GENERAL
    read = columns[0] if columns else uim_column(cells)
    if len(columns) < 2 and sum(name in known for name in names) < 2:
        return ()
    heading = cells[read].strip() if len(cells) > read else ""
    if not heading or looks_like_code(heading):
        heading = str(read + 1)
    return (Finding(text(_FIRST.message, heading=heading), Severity.PART, where, line),)
