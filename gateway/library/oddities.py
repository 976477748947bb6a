"""What is odd in a code that fits as it is: signs copied with it, a cut end, or several codes in one.

A marking may hold nearly every sign, so that such a code is not malformed; but by chance it is hardly so.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from gateway.content import Text, text
from gateway.identifiers import gs1, misreads, tpd
from gateway.library.schemes import Scheme

SHORTEST = 12  # characters of codes that stand one behind the other: of shorter ones too many would fit by chance
_ALIKE = 5  # characters with which codes begin alike
_SAME = 2  # characters that are the same in all markings of one kind, but of few kinds
_STAMP, _BEFORE_STAMP, _IDENTIFIER = 8, slice(-9, -8), slice(-12, -8)
_MADE = "8008"  # the application identifier before a time of production
_BETWEEN = "|;,/"
_PREFIX = slice(2, 7)  # where a hyphen stands that was put behind a prefix
_CUT = text("It ends in three dots, as a program writes where it cuts a text: copy the whole code.")

Deciding = Callable[[str], tuple[Scheme, ...]]


def suspect(code: str) -> bool:
    """Whether a normalised code may be `odd`, or hold what a mail program made of a sign: most are neither."""
    return (
        (code[-1] in misreads.BEHIND and _ends_so(code))
        or code.find(code[:_ALIKE], SHORTEST) > 0
        or ("&" in code and misreads.holds_entity(code))
        or (code[_BEFORE_STAMP] == "-" and "-" in code[_PREFIX])
        or (code[_IDENTIFIER] == _MADE and code.startswith("01"))
    )


def _ends_so(code: str) -> bool:
    """Whether the signs at its end stand behind digits, or are three dots."""
    return code.endswith("...") or code.rstrip(misreads.BEHIND)[-_STAMP:].isdecimal()


def odd(code: str, deciding: Deciding, now: datetime) -> tuple[Text, ...]:
    """What a normalised code that fits more probably is; () for most.

    `deciding`: the schemes that decide about a normalised code.
    """
    if not suspect(code):
        return ()
    if code[-1] in misreads.BEHIND:
        return _behind(code, deciding, now)
    if (again := code.find(code[:_ALIKE], SHORTEST)) > 0:
        codes = together(code, deciding)
        # Where only the last has a time stamp it is an aggregated code, in which its prefix stands again.
        if codes and again == len(codes[0]) and len({tpd.is_recent(one[-_STAMP:], now) for one in codes}) == 1:
            return (told(codes),)
    if code[_BEFORE_STAMP] == "-" and "-" in code[_PREFIX] and tpd.is_recent(code[-_STAMP:], now):
        return _if_fitting(code.replace("-", ""), misreads.HYPHENS, deciding)
    if code[_IDENTIFIER] == _MADE and code.startswith("01") and tpd.is_recent(code[-_STAMP:], now):
        parted = code[: -_STAMP - 4] + gs1.SEPARATOR + code[-_STAMP - 4 :]
        if code[-_STAMP - 5] != gs1.SEPARATOR and deciding(parted):
            return (text(misreads.SEPARATOR, uim=parted, identifier=_MADE),)
    return ()


def together(code: str, deciding: Deciding) -> tuple[str, ...]:
    """The codes that were written or scanned one behind the other without a space, each as long; () for none.

    Between them may stand a bar or a sign of lists, which cannot be told from a character of a code elsewhere.
    """
    for sign in _BETWEEN:
        if len(codes := tuple(code.split(sign))) > 1 and _are_alike(codes, deciding):
            return codes
    for many in range(2, len(code) // SHORTEST + 1):
        size, rest = divmod(len(code), many)
        if rest or code[size : size + _SAME] != code[:_SAME]:
            continue
        codes = tuple(code[place : place + size] for place in range(0, len(code), size))
        if _are_alike(codes, deciding):
            return codes
    return ()


def _are_alike(codes: tuple[str, ...], deciding: Deciding) -> bool:
    """Whether all are of one marking, which a chance text is not."""
    first = deciding(codes[0]) if min(map(len, codes)) >= SHORTEST else ()
    return bool(first) and first[0].is_checked and all(deciding(one)[:1] == first[:1] for one in codes[1:])


def told(codes: tuple[str, ...]) -> Text:
    """The sentence that says so."""
    return text(misreads.TOGETHER, count=len(codes), first=codes[0])


def _behind(code: str, deciding: Deciding, now: datetime) -> tuple[Text, ...]:
    if code.endswith("..."):
        return (_CUT,)
    bare = code.rstrip(misreads.BEHIND)
    return _if_fitting(bare, misreads.AROUND, deciding) if tpd.is_recent(bare[-_STAMP:], now) else ()


def _if_fitting(code: str, why: str, deciding: Deciding) -> tuple[Text, ...]:
    return (text(why, uim=code),) if deciding(code) else ()
