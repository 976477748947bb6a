"""A file of patterns that was pasted into the text of a mail instead of attached, or attached as plain text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from gateway.content import Text, text
from gateway.forms._fields import PATTERN_FIELDS
from gateway.forms._grammar import Vocabulary
from gateway.forms._lines import depth_of, is_added, is_signature, own_lines, unquoted, visible
from gateway.library.reading import LARGEST
from gateway.library.schema import all_keys, scheme_keys

_AHEAD = 40  # lines in which a file shows that it is one
_DEEPEST = 3  # levels of quotation

_Q = "[\"'“”„‟«»‘’‚‛‹›]?"
_FENCE = re.compile(r"(?:`{3,}|~{3,}) ?\w{0,20}")  # of a stripped line
_SCHEMES = re.compile(rf"(?>(?: *+- ++)?)[\[{{ ]*+{_Q}schemes{_Q} *+:(?: *+(?:[\[{{].*)?| ++(?:#|- ).*)", re.IGNORECASE)
_KEY = re.compile(rf"( *+(?>(?:- ++)*)[\[{{ ]*+{_Q})([A-Za-z_]{{2,15}}+){_Q} *+:")
_IN_BRACES = re.compile(rf"[{{,] *+{_Q}([A-Za-z_]{{2,15}}+){_Q} *+:")
_OPENING = re.compile(r" *+(?:-|---|[\[{][\[{ ]*+) *+")  # alone on its line, above the first key
# What a line of YAML that is not indented begins with. Prose below an empty line is a greeting or a disclaimer.
_GOES_ON = re.compile(r"""\s|- |#|[a-z0-9_]+:|["'\[\]{},]|(?:---|\.\.\.)\s*$""")

# What mail programs, word processors and telephones make of the spaces and signs of YAML.
_SPACES = re.compile("[\u00a0\u2000-\u200a\u202f\u205f\u3000]")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
_INDENT = re.compile(r"[ \t]*+(?>(?:-[ \t]++)*)")
_BULLET = re.compile(r"^( *+)[–—•·▪◦*] +(?=\S)")
_COLON = re.compile(r"^( *+(?>(?:- ++)*)[A-Za-z_]{2,15}+) ?+：\s*+")
_CURLY = re.compile("[“”„‟«»‘’‚‛‹›]")
_QUOTED = re.compile(
    r"""(^ *+|[\[{,:-] *+)(?:["“”„‟«»]([^"“”„‟«»]{0,600}+)["“”„‟«»]"""
    r"""|['‘’‚‛‹›]((?>(?:[^'‘’‚‛‹›]|[‘’](?=\w)){0,600}))['‘’‚‛‹›])(?= *+(?:$|[,\]}:]|#))"""
)

_WHOLE = re.compile(r"""(?:'(?>(?:[^']|'')*)'|"(?>(?:[^"\\]|\\.)*)")\s*(?:#.*)?""")  # a value in quotation marks

_LEFT = text(
    "Line {line}: “{key}” stands too far left. All keys of a marking stand below its first one, which is behind a "
    "hyphen."
)
_HYPHEN = text("Line {line}: write a hyphen and a space before “{key}”. With them each marking begins.")
_UNCLOSED = text("Line {line}: a quotation mark is not closed.")


def pasted_patterns(lines: Sequence[str], vocabulary: Vocabulary) -> tuple[tuple[str, ...], bytes]:
    """(the lines with blank ones in place of the patterns, these as a file; b"" where there are none).

    The file's lines have the numbers that they have in the mail. Patterns within a quotation are taken where there are
    no others, but for those of an earlier mail to the gateway.
    """
    own = lines[: own_lines(lines)]
    levels = [depth_of(line) for line in own]
    titled = {level for level, line in zip(levels, own, strict=True) if vocabulary.title(visible(unquoted(line)))}
    for depth in sorted({level for level in levels if level <= _DEEPEST}):
        bare = [_spaced(unquoted(line)) if level == depth else "" for level, line in zip(levels, own, strict=True)]
        earlier = depth in titled and depth > min(titled)
        within = set() if earlier else {place for first, end in _parts(bare) for place in range(first, end)}
        if within:
            left = [
                "" if place in within or _FENCE.fullmatch(unquoted(line).strip()) else line
                for place, line in enumerate(lines)
            ]
            return tuple(left), _file([bare[place] if place in within else "" for place in range(max(within) + 1)])
    return tuple(lines), b""


def begins_patterns(octets: bytes) -> bool:
    """Whether a text file is a list of patterns, by its first line that is neither empty nor a comment."""
    lines = [_spaced(line) for line in octets[:4000].decode("utf-8-sig", "replace").splitlines()]
    above = (place for place, line in enumerate(lines) if line.strip() and not line.lstrip().startswith("#"))
    first = next((place for place in above if not _OPENING.fullmatch(lines[place])), None)
    return first is not None and _begins(lines, first)


def misplaced(octets: bytes) -> Text | None:
    """What keeps a file of patterns, which could not be read, from being a list, with the line in which it stands.

    YAML itself tells of it at the end of the file, or not at all.
    """
    lines = octets[:LARGEST].decode("utf-8", "replace").split("\n")  # as the mail's are, unlike str.splitlines
    keys, listed = scheme_keys(), False
    heading: int | None = None  # the column of what the list stands below; -1: it is none
    for number, line in enumerate(lines, 1):
        if line.lstrip().startswith(("[", "{")):
            heading = -1  # within brackets nothing depends on where a line begins
        found = _KEY.match(line)
        if not found or (found[2] not in keys and found[2] != "schemes"):
            continue
        key, value = found[2], line[found.end() :].strip()
        below = next((one for one in lines[number : number + _AHEAD] if one.strip()), "")
        opened = value[:1] in ("'", '"') and value[-1] != value[0] and not _WHOLE.fullmatch(value)
        if opened and _key(below) in keys:
            return text(_UNCLOSED.message, line=number)
        if key == "schemes" and value[:1] in ("", "#"):
            heading, listed = len(found[1]), False
        elif heading is None:
            heading, listed = found[1].find("-") if found[1].strip() == "-" else -1, True
        elif heading >= 0 and "-" in found[1]:
            listed = True
        elif heading >= 0 and "{" not in found[1] and (not listed or len(found[1]) <= heading):
            return text((_LEFT if listed else _HYPHEN).message, line=number, key=key)
    return None


def _parts(lines: Sequence[str]) -> Iterator[tuple[int, int]]:
    """From where to where patterns stand. Below the first, what is indented as a piece of them is one, too."""
    place = done = 0
    while place < len(lines):
        if not (_begins(lines, place) or (done and lines[place][:1] == " " and _key(lines[place]) in _file_keys())):
            place += 1
            continue
        first = place
        while first > done and _OPENING.fullmatch(lines[first - 1]):
            first -= 1
        done = _end(lines, place)
        yield first, done
        place = done


def _begins(lines: Sequence[str], place: int) -> bool:
    """Whether patterns begin with a line: with what stands above their list, or with any key, and others below it."""
    line = lines[place]
    if _SCHEMES.fullmatch(line):
        return True
    found = _KEY.match(line)
    if not found or (found[2] if found[1].isspace() or not found[1] else found[2].lower()) not in scheme_keys():
        return False
    ahead = lines[place : place + _AHEAD]
    if "{" in found[1]:
        return not _file_keys().isdisjoint(key for one in ahead for key in _IN_BRACES.findall(one))
    keys = [key for key in map(_key, ahead) if key]
    if "-" in found[1]:  # a form of which each line has a hyphen is one
        second = next((one for one in ahead[1:] if _key(one)), "-")
        return not second.lstrip().startswith("-") and not _file_keys().isdisjoint(map(str.lower, keys))
    alone = _file_keys().intersection(keys)
    return len(alone) > (1 if found[2] == "id" else 2)


@lru_cache(maxsize=1)
def _file_keys() -> frozenset[str]:
    """The keys that tell a file from a form: those for which the form has no label."""
    return scheme_keys() - {field.label.lower() for field in PATTERN_FIELDS}


def _key(line: str) -> str:
    found = _KEY.match(line)
    return found[2] if found else ""


def _end(lines: Sequence[str], first: int) -> int:
    """Up to the fence, the signature, or text behind an empty line: a line that a program broke stands behind none."""
    for place in range(first + 1, len(lines)):
        line = lines[place]
        goes_on = _GOES_ON.match(line) or _key(line).lower() in scheme_keys()
        apart = line.strip() and not lines[place - 1].strip() and not goes_on
        if apart or is_signature(line) or is_added(line.strip()) or _FENCE.fullmatch(line.strip()):
            return place
    return len(lines)


def _spaced(line: str) -> str:
    """A line with plain spaces and hyphens, two spaces for a tab: so far the keys of a list stand behind its hyphen."""
    if line.isascii() and "\t" not in line and "*" not in line:
        return line
    line = _SPACES.sub(" ", _INVISIBLE.sub("", line))
    indent = _INDENT.match(line)
    if indent:
        line = indent[0].replace("-\t", "- ").replace("\t", "  ") + line[indent.end() :]
    return _COLON.sub(r"\1: ", _BULLET.sub(r"\1- ", line, count=1), count=1)


def _file(lines: list[str]) -> bytes:
    """The patterns as a file: with straight quotation marks and small keys."""
    if sum(map(len, lines)) <= LARGEST:  # else it is not read at all
        lines = [_plain(line) for line in lines]
    return "\n".join((*lines, "")).encode()


def _plain(line: str) -> str:
    if _CURLY.search(line):
        line = _QUOTED.sub(_straight, line)
    found = _KEY.match(line)
    key = found[2].lower() if found else ""
    if found and key != found[2] and key in all_keys():
        line = line[: found.start(2)] + key + line[found.end(2) :]
    return line


def _straight(found: re.Match[str]) -> str:
    before, double, single = found.groups()
    return f"{before}'{single}'" if double is None else f'{before}"{double}"'
