"""A file of patterns that was pasted into the text of a mail instead of attached, or attached as plain text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gateway.forms._lines import is_signature, own_lines

_BEGINS = re.compile(r"\s*(?:schemes:\s*(?:#.*)?|(?:- +)?id: *['\"]?[a-z0-9][A-Za-z0-9-]*['\"]?\s*)")
_FENCE = re.compile(r"(?:`{3,}|~{3,}) ?\w{0,20}")  # of a stripped line
# What a line of YAML that is not indented begins with. Prose below an empty line is a greeting or a disclaimer.
_GOES_ON = re.compile(r"\s|- |#|[a-z0-9_]+:|(?:---|\.\.\.)\s*$")
_INDENTED = re.compile("^[ \u00a0]+")  # mail programs keep the spaces of HTML by making them no-break ones


def pasted_patterns(lines: Sequence[str]) -> tuple[tuple[str, ...], bytes]:
    """(the lines with blank ones in place of the patterns, these as a file; b"" where there are none).

    The file's lines have the numbers that they have in the mail.
    """
    own = own_lines(lines)
    first = next((place for place in range(own) if _BEGINS.fullmatch(_spaced(lines[place]))), own)
    if first == own:
        return tuple(lines), b""
    end = _end(lines, first, own)
    found = [*[""] * first, *map(_spaced, lines[first:end]), ""]
    left = ["" if first <= place < end or _FENCE.fullmatch(line.strip()) else line for place, line in enumerate(lines)]
    return tuple(left), "\n".join(found).encode()


def begins_patterns(octets: bytes) -> bool:
    """Whether a text file is a list of patterns, by its first line that is neither empty nor a comment."""
    lines = octets[:4000].decode("utf-8-sig", "replace").splitlines()
    first = next((line for line in lines if line.strip(" -") and not line.lstrip().startswith("#")), "")
    return _BEGINS.fullmatch(first) is not None


def _spaced(line: str) -> str:
    return _INDENTED.sub(lambda found: " " * len(found[0]), line.lstrip("\ufeff\u200b"))


def _end(lines: Sequence[str], first: int, own: int) -> int:
    """Up to the fence, the signature, or text behind an empty line: a line that a program broke stands behind none."""
    for place in range(first + 1, own):
        line = lines[place]
        apart = line.strip() and not lines[place - 1].strip() and not _GOES_ON.match(_spaced(line))
        if apart or is_signature(line) or _FENCE.fullmatch(line.strip()):
            return place
    return own
