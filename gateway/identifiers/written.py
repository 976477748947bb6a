"""One UIM as people and programs write it: separators, scanner prefixes; damage is told, never mended."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import pairwise

from gateway.content import N_, Finding, Severity, Text, Uim, text
from gateway.identifiers import gs1, misreads

_PLAIN = re.compile(r"[!-~]+")
_SYMBOLOGY = re.compile(r"\](?:d[0-6]|C[0-4]|Q[0-6]|J[0-2]|e[0-3]|E[0-4])")
_NUMBERED = re.compile(r"\s*(?:\d{1,6}[.)]|[•·▪◦‣–*-])\s+(?=\S)")
# As people number lists in the six languages: `1 `, `(1) `, `1- `, `№ 1 `, `1、`, `（1）`, `①`.
_COUNTED = re.compile(
    r"\s*+(?>(?:[#№]\s?|[(（\[])?)(?:(\d{1,6}+)(?:\s*+[、．）]\s*+|\s*+[-.)\]°º:/–—]{1,2}+\s++|\s++)|([\u2460-\u2473])\s*+)(?=\S)"
)
_ALONE = re.compile(r"\s*+(\d{1,4})[.)]?\s*+")
_ABOVE = 5  # lines in which a numbered list has begun
_SCIENTIFIC = re.compile(r"\d(?:[.,]\d+)?E\+?\d{1,3}", re.IGNORECASE)
_SIGNS = ("=", "+", "-", "@")
_QUOTES = "“”„‟«»‘’‚‹›「」『』"
_QUOTED = re.compile(rf"[{_QUOTES}]\s*([!-~]+)\s*[{_QUOTES}]")
_LINK = re.compile(r"(?<!\s)\s++<(?:https?|mailto):[^<>]*>$")  # what Outlook and its filters write behind a link
_SPREADSHEET_TEXT = re.compile(r'(?:"=""(?P<csv>[!-~]+)"""|="(?P<formula>[!-~]{6,})")')
_BEHIND_WORDS = re.compile(r"(?P<words>[^:：]{1,40})[:：]\s+(?P<code>[!-~]+)")
# What telephones put before a message that is copied out of a conversation: day, time and name.
_CHAT = re.compile(
    r"\[?(?=[^\]]{0,20}\d[:.]\d\d)[\d./:, -]{10,24}(?:[AaPp]\.?[Mm]\.?)?(?:\]| -) [^:]{1,40}: (?P<code>[!-~]+)"
)
_TITLED = re.compile(r"<[A-Za-z]{2,4}>\s+(?P<code>[!-~]+)")
_CODE = re.compile(r"[!-~]{12,}+")
_NO_CODE = re.compile(r"[+\d()./-]{1,20}|\S*(?:@|://|www\.)\S*")  # telephone numbers, dates; addresses
# A marking as it is printed on some packs, in groups: the first may be capital letters alone, all others have a digit.
_GROUP = "[!-/:-~]*+[0-9][!-~]*+"  # read in one way only: else ten groups and a word take hours
_GROUPS = re.compile(rf"(?:[A-Z]{{2,8}}|{_GROUP})(?: {_GROUP}){{1,9}}")
_CARTON = re.compile(r"[0-9OoQDIlSBZ]{15,17} [A-Za-z0-9]{3,5}[0-9OoQDIlSBZ]{11,13}")  # China's, in two groups of 16
_NARROW = re.compile(r"[\u00a0\u2000-\u200a\u202f\u205f\u3000]")  # spaces of print
_BREAK = re.compile(r"[\r\n]+")  # not str.splitlines, which takes a group separator for one
_FORMULA = re.compile(r"[=+@-]++(?:[A-Z][A-Z0-9.]*\(.*\)|[^|]*\|.*![A-Z$]*\d+)", re.IGNORECASE)
_MOST = 200  # characters that are looked at for groups: no known marking has half as many
_WORD = re.compile(r"(?<![A-Za-z])[a-z]{4,}(?![A-Za-z])|\d{1,4}[./:-]\d{1,2}[./:-]\d{2,4}")  # of a sentence; a date
_OVERRIDES = frozenset("\u202d\u202e")

# What a program writes around the elements of a list (JSON): a name before it, brackets, and commas behind them.
_NAME = re.compile(r'^[\[{]*\s*"[^"]{1,40}"\s*:\s*(?=\[)')
_OPENING, _CLOSING = " \t[{", " \t]},"
# A line of one that cannot be read: no code begins with a quotation mark or has a bracket of these.
_PIECE = re.compile(r"""[\[{]\s*["'{[]|"[^"]*"\s*(?:[\]}]|[,;]\s*")|'[^']*'\s*[\]}]|[\[\]{},]+$""")
_STRAIGHT = str.maketrans(dict.fromkeys("“”„‟«»", '"'))

_LISTED = text(
    "This is a piece of a list that a program wrote. Write each UIM alone on its line, without quotation marks, commas "
    "and brackets around it."
)
_SPACES = text("A UIM has no spaces in it. Write it alone on its line, without other words.")
_OVERRIDDEN = text("The line contains marks that change the order of characters. Type the UIM again.")
_LOOKALIKE = N_(
    "“{character}” is not the Latin {meant}, but only looks like it. Type the UIM again with Latin letters."
)
_FOREIGN = N_(
    "“{character}” occurs in no marking: they have Latin letters without accents, digits and some signs. Type it again."
)
_CALCULATED = text("This is a formula of a spreadsheet, not a UIM. It was not calculated.")
_SPREADSHEET = text(
    "A spreadsheet has turned the code into a number, and digits are lost. Format the column as text and copy it again."
)


def read_uims(
    lines: Iterable[tuple[int, str]], where: str = "", column: int = 0, page: int = 0, listed: bool = False
) -> tuple[tuple[Uim, ...], tuple[Finding, ...]]:
    """UIMs of numbered lines, one on each, octet for octet; and a finding for each line that is none.

    List numbering is dropped only where every line has it, or three at least that count up. Nothing is split, folded or
    stripped of punctuation, but for the elements of a JSON list and the rows of a table of which one column holds
    codes. A code in groups or with look-alike letters is given on as it is: the library says what it may have been.
    `listed`: the lines are elements of a list already.
    """
    written = [(number, line) for number, line in lines if line.strip()]
    if written and not listed and (elements := _elements(written)):
        written, listed = elements, True
    if any("|" in line and row_of_bars(line) for _, line in written):
        written = _unbarred(written)
    elif any("\t" in line for _, line in written):
        written = _column(written)
    if any("\n" in line or "\r" in line for _, line in written):  # a cell of a table has lines, too
        written = [(number, one) for number, line in written for one in _BREAK.split(line) if one.strip()]
    if written and _is_list([line for _, line in written]):
        written = [(number, unnumbered(line)) for number, line in written]
    written = _without_numbers(written)
    uims: list[Uim] = []
    findings: list[Finding] = []
    for number, line in written:
        code = line.strip()
        if not (_PLAIN.fullmatch(code) and code[0] not in "[]}*_=+@-'\"" and "^" not in code and "\\" not in code
                and "{" not in code and "<" not in code and "[" not in code and "&#" not in code
                and "E+" not in code):  # fmt: skip
            read = read_damaged(code)
            if isinstance(read, Text):
                findings.append(Finding(read, Severity.PART, where, number, line.strip(), "uims", column, page))
                continue
            code = read
        if code:
            uims.append(Uim(code, where, number, column, page, listed=listed))
    return tuple(uims), tuple(findings)


def row_of_bars(line: str) -> str:
    """A row of a table drawn with bars, as cells with tabs between; "" for any other line.

    No UIM begins with a bar or has a space in it; one between two bars without spaces is proposed, not taken.
    """
    row = line.strip()
    if row[:1] == row[-1:] == "|" and (row.count("|") > 2 or row[1:2] == " "):
        return "\t".join(cell.strip() for cell in row[1:-1].split("|"))
    cells = row.split(" | ")
    return "\t".join(map(str.strip, cells)) if len(cells) > 1 and any(map(looks_like_code, cells)) else ""


def _unbarred(written: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """The same of a table drawn with bars, without its rules; its only column, where it has one."""
    drawn = [(number, line) for number, line in written if any(map(str.isalnum, line))]
    if not drawn:
        return written
    rows = [(number, row_of_bars(line) or line.replace(" | ", "\t")) for number, line in drawn]
    found = _column(rows)
    if found is not rows:
        return found
    if any("\t" in line for _, line in rows):
        return drawn
    return rows[bool(row_of_bars(drawn[0][1])) and not any(map(str.isdigit, rows[0][1])) :]


def _column(written: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """Of rows copied out of a table the one column that holds codes; the lines as they are where none or several do."""
    rows = [(number, [cell.strip() for cell in line.split("\t")], line) for number, line in written]
    holding = {place for _, row, _ in rows if len(row) > 1 for place, cell in enumerate(row) if looks_like_code(cell)}
    if len(holding) != 1:
        return written
    (place,) = holding
    told = [line if line.split()[1:] else " | ".join(row) for _, row, line in rows]  # a word in another cell is no UIM
    found = [("".join(row[place : place + 1]) or one) for (_, row, _), one in zip(rows, told, strict=True)]
    heading = len(rows[0][1]) > 1 and not any(map(str.isdigit, found[0]))
    return [(number, one) for (number, _, _), one in zip(rows, found, strict=True)][heading:]


def read_uim(written: str) -> str | Text:
    """One UIM, or what is wrong with it."""
    return _careful(written.strip())


def read_damaged(written: str) -> str | Text:
    """The same, but a damage of which the library can propose a repair is left in the code for it to see."""
    code = _NARROW.sub(" ", written.strip())
    read = _careful(code)
    if not isinstance(read, Text):
        return read
    if read is _SPACES:
        grouped = len(code) <= _MOST and not _NUMBERED.match(code) and _GROUPS.fullmatch(code) is not None
        grouped = grouped and _WORD.search(code) is None
        if _CARTON.fullmatch(code):
            return code
        several = sum(map(looks_like_code, code.split(" "))) > 1  # codes: each wants a line of its own
        return code if grouped and not several and looks_like_code(code.replace(" ", "")) else read
    if read.message in (_LOOKALIKE, _FOREIGN):
        bare = _unwrapped("".join(c for c in code if unicodedata.category(c) != "Cf"))
        return bare if looks_like_code(misreads.latin(bare)) else read
    return read


def looks_like_code(line: str) -> bool:
    """Whether a line can hardly be anything but a UIM: long, in one piece, with digits, no number or address."""
    bare = line.strip()
    found = _CODE.fullmatch(bare) is not None and any(c.isdigit() for c in bare)
    return found and not _NO_CODE.fullmatch(bare)


def _elements(written: Sequence[tuple[int, str]]) -> list[tuple[int, str]]:
    """The elements of a JSON list, each with its line; none where not every line is a piece of one.

    A line of which brackets are not left counts only among others that end in commas: alone it may be a code.
    """
    if written[0][1].lstrip()[:1].translate(_STRAIGHT) not in ("[", "{", '"'):
        return []
    found: list[tuple[int, str]] = []
    for number, line in written:
        bare = _NAME.sub("", line.translate(_STRAIGHT).strip(), count=1)
        try:
            read = json.loads(f"[{bare.lstrip(_OPENING).rstrip(_CLOSING)}]")
        except (ValueError, RecursionError):
            return []
        if not all(isinstance(one, str) for one in read):
            return []
        found += [(number, one) for one in read if one.strip()]
    bracketed = any(line.strip()[0] in "[{" for _, line in written)
    parted = len(written) > 1 and all(line.rstrip().endswith(",") for _, line in written[:-1])
    return found if bracketed or parted else []


def unnumbered(line: str) -> str:
    """A line without its number or bullet in a list."""
    found = _NUMBERED.match(line) or _COUNTED.match(line)
    return line[found.end() :] if found else line


def _is_list(lines: Sequence[str]) -> bool:
    """Whether lines are numbered: a code such as `12) …` alone is left as it is, and one word below changes nothing.

    What is no more than a number before a code counts where the numbers begin with 1.
    """
    if all(map(_NUMBERED.match, lines)):
        return len(lines) > 1 or not lines[0].lstrip()[0].isdigit()
    if not any(map(_COUNTED.match, lines[:_ABOVE])):
        return False
    found = list(map(_COUNTED.match, lines))
    counted = [int(unicodedata.numeric(one[2])) if one[2] else int(one[1]) for one in found if one]
    if len(counted) < (2 if all(found) else 3):
        return False
    usual = all(_NUMBERED.match(line) for line, counts in zip(lines, found, strict=True) if counts)
    # 1 begins a second list.
    up = all(after == before + 1 or before > after == 1 for before, after in pairwise(counted))
    return (usual or counted[0] == 1) and up


def _without_numbers(written: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """The lines without those that count the others, as the cells of a table come that was made text cell by cell."""
    if not any(map(_ALONE.fullmatch, (line for _, line in written[:_ABOVE]))):
        return written
    counted = [int(found[1]) for _, line in written if (found := _ALONE.fullmatch(line))]
    codes = sum(looks_like_code(line) for _, line in written)
    if not 1 < len(counted) <= codes or counted != list(range(1, len(counted) + 1)):
        return written
    return [(number, line) for number, line in written if not _ALONE.fullmatch(line)]


def _careful(code: str) -> str | Text:
    if _PIECE.match(code):
        return _LISTED
    if any(character in _OVERRIDES for character in code):
        return _OVERRIDDEN
    code = "".join(c for c in code if unicodedata.category(c) != "Cf").replace("\u00a0", " ").strip()
    code = _unwrapped(code)
    code = gs1.SPELT_SEPARATOR.sub(gs1.SEPARATOR, code)
    code = _SYMBOLOGY.sub("", code, count=1) if code.startswith("]") else code
    if code[:1] in _SIGNS and _FORMULA.fullmatch(code):
        return _CALCULATED
    if re.search(r"[^\S\x1d]", code):
        joined = re.sub(r"\s+", "", code)
        if not re.match(r"\(\d{2,4}\)", joined):
            return _SPACES
        code = joined
    foreign = next((c for c in code if not "!" <= c <= "~" and c != "\x1d"), "")
    if foreign:
        meant = misreads.latin(foreign)
        if len(meant) == 1 and meant.isascii() and meant.isalnum():
            return text(_LOOKALIKE, character=foreign, meant=meant)
        return text(_FOREIGN, character=foreign)
    return _SPREADSHEET if _SCIENTIFIC.fullmatch(code) else code


def _unwrapped(code: str) -> str:
    """A code without what programs put around it: quotation marks, bold or underlined, links, spreadsheets' marks.

    None of these can belong to a UIM where they are taken away: a typographic mark or a space is no character of one,
    and no issuer's code begins with a sign.
    """
    code = _LINK.sub("", code)
    quoted = _QUOTED.findall(code)
    code = quoted[0] if len(quoted) == 1 else code.strip(_QUOTES).strip()
    if len(code) > 2 and code[0] == code[-1] and code[0] in "*_":
        code = code[1:-1]
    spreadsheet = _SPREADSHEET_TEXT.fullmatch(code)
    if spreadsheet:
        return str(spreadsheet[spreadsheet.lastgroup or 0])
    words = _CHAT.fullmatch(code) or _TITLED.fullmatch(code) or _BEHIND_WORDS.fullmatch(code)
    if words and (looks_like_code(words["code"]) or not words.groupdict().get("words", "a").isascii()):
        return str(words["code"])
    return code
