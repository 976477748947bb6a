"""Which charset a file is in that does not say so: by its first octets, else by how its words look.

Files come from spreadsheet programs of all countries: UTF-8, UTF-16, GB 18030, or a code page of Windows. Of UIMs each
gives the same characters; the words around them, an answer's say, must not be garbled.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from contextlib import suppress
from itertools import filterfalse

_BOMS = (  # the longer first: UTF-32 begins as UTF-16 does
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_VAGUE = frozenset({"", "us-ascii", "ascii", "iso-8859-1"})  # what programs declare that do not know
_LOOKED_AT = 1 << 16  # octets
_CANDIDATES = ("cp1252", "cp1251", "cp1256", "gb18030", "koi8-r", "cp866")  # of equal ones the first
_WORD = re.compile(r"[^\W\d_]+")  # letters
_SYMBOL = re.compile(r"[^\w\s\x00-\x7f]|[\x80-\x9f\ue000-\uf8ff]")
_COMMON = frozenset("оеаинтсрвлкмдпуяыйзاليمنوترةبعدفسهقكأéèêàçùâîôûëïáíóúñüöäßøåæ")
_FREQUENT = range(0xB0A1, 0xD7FA)  # GB 2312, level 1: the characters in daily use


def charset_of(octets: bytes, declared: str = "") -> str:
    """The likeliest charset. `declared` is a codec's name or ""; Windows' Western code page where nothing tells."""
    marked = next((charset for bom, charset in _BOMS if octets.startswith(bom)), "")
    if marked:
        return marked
    start = octets[:_LOOKED_AT]
    wide = _wide(start)
    if wide:
        return wide
    for name in ("utf-8", "" if declared in _VAGUE else declared):
        with suppress(ValueError, LookupError):
            octets.decode(name)
            return name
    found = [(charset, text) for charset in _CANDIDATES for text in _decoded(start, charset)]
    return str(max(found, key=lambda one: _likeness(one[1]))[0]) if found else "latin-1"


def _wide(start: bytes) -> str:
    """UTF-16 by the zeros beside its ASCII characters: digits, separators, ends of lines."""
    even, odd = start[0::2].count(0), start[1::2].count(0)
    if 10 * max(even, odd) < len(start) or 10 * min(even, odd) > max(even, odd):
        return ""
    return "utf-16-be" if even > odd else "utf-16-le"


def _decoded(start: bytes, charset: str) -> Iterable[str]:
    """The text, where there can be one; a character may be cut off at the end."""
    try:
        yield codecs.getincrementaldecoder(charset)().decode(start)
    except UnicodeDecodeError:
        return


def _likeness(text: str) -> float:
    """How much the words look like words, from -1 to 1 for each character that is not ASCII."""
    score, count = 0.0, 1
    for word in filterfalse(str.isascii, _WORD.findall(text)):
        signs = [character for character in word if character > "\x7f"]
        score += sum(map(_usual, signs)) + _case(word) * len(signs)
        count += len(signs)
    symbols = len(_SYMBOL.findall(text))
    return (score - symbols / 2) / (count + symbols)


def _usual(character: str) -> float:
    if character.lower() in _COMMON:
        return 1.0
    if "\u3400" <= character <= "\u9fff":
        code = int.from_bytes(character.encode("gb18030")[:2], "big")
        return 0.9 if code in _FREQUENT else -0.2
    return 0.4 if "\u0400" <= character <= "\u04ff" or "\u0620" <= character <= "\u064a" else 0.0


def _case(word: str) -> float:
    """Words have their capitals at the beginning, or everywhere, and letters of one script."""
    mixed = not (word.islower() or word.isupper() or word.istitle()) and word.lower() != word.upper()
    latin = sum(character <= "\u024f" for character in word)
    accents = sum("\x7f" < character <= "\u024f" for character in word)
    strange = 0 < latin < len(word) or (accents > 2 and 2 * accents > len(word))
    return -0.5 * (mixed + strange)
