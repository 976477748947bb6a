"""Whether a list of UIMs goes on with a line of a mail, or another text begins there."""

from __future__ import annotations

import re

from gateway.identifiers.written import looks_like_code, read_damaged, row_of_bars, unnumbered

_CODE = re.compile(r"(?=.*[0-9])[!-~]++")


def ends(shown: str) -> bool:
    """Whether a line below a list and an empty one is another text: several words, or one such as `Regards,`."""
    word = not any(map(str.isdigit, shown)) and shown[1:] == shown[1:].lower() and "#" not in shown
    return word or (" " in shown and not shown.startswith("("))


def goes_on(shown: str) -> bool:
    """Whether a list goes on with this line: a code, also with its number, in a row of a table, or in groups."""
    if row_of_bars(shown):
        return True
    bare = unnumbered(shown)
    grouped = any(re.search("[0-9]", word) and re.search("[A-Za-z]", word) for word in bare.split(" ")[1:])
    return any(map(looks_like_code, bare.split("\t"))) or (grouped and isinstance(read_damaged(bare), str))


def is_alike(shown: str, last: str) -> bool:
    """Whether a line, too short to be told from other text, is built as the last one of the list above."""
    one, other = unnumbered(shown), unnumbered(last)
    return (len(one), one[:2]) == (len(other), other[:2]) and bool(_CODE.fullmatch(one))
