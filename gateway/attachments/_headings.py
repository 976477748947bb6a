"""What people write above a column of UIMs."""

from __future__ import annotations

from collections.abc import Sequence

from gateway.content import Finding, Severity, text
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
_FIRST = text(
    "Of several columns that may hold UIMs only the first, “{heading}”, was read. Put all UIMs into one column."
)


def uim_column(cells: Sequence[str]) -> int:
    """The column whose heading means UIM, rather than any code; -1 where none does."""
    names = [normalise(cell) for cell in cells]
    found = [place for known in (_UIMS, _GENERAL) for place, name in enumerate(names) if name in known]
    return found[0] if found else -1


def passed_over(cells: Sequence[str], where: str, line: int) -> tuple[Finding, ...]:
    """What is told where the headings name several columns that may hold UIMs as likely as each other."""
    names = [normalise(cell) for cell in cells]
    known = _UIMS if _UIMS & set(names) else _GENERAL
    if sum(name in known for name in names) < 2:
        return ()
    heading = cells[uim_column(cells)].strip()
    return (Finding(text(_FIRST.message, heading=heading), Severity.PART, where, line),)
