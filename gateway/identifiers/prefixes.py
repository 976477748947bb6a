"""Known issuers' prefixes, to be found again at the beginning of a code where a character was misread or mistyped."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.identifiers.misreads import LETTERS, LOST, SWAPPED, TWICE, Proposal, exchanged, one_alike, swapped

_LOOKS = str.maketrans("oqdil|szbg", "0001115286")
_EDITED = 5  # characters of a prefix for it to be known with one too few or too many: shorter ones fit by chance
_START, _END = slice(2), slice(2, _EDITED)
_GAP = "\0"
_STARTS = 5_000  # of codes, for which it is remembered whether a prefix begins so


def folded(code: str) -> str:
    """A code with everything made equal that is confused with one another: for comparing beginnings."""
    return (code if code.isascii() else code.translate(LETTERS)).casefold().translate(_LOOKS)


class Prefixes:
    """Known issuers' prefixes, to be found again in a code that was misread there."""

    __slots__ = (
        "_begun",
        "_by_look",
        "_edited",
        "_edited_lengths",
        "_edited_starts",
        "_ends",
        "_gaps",
        "_known",
        "_known_lengths",
        "_lengths",
        "_looks",
        "_shortest",
        "_starts",
    )

    def __init__(self, prefixes: Iterable[str]) -> None:
        self._by_look = {folded(prefix): prefix for prefix in prefixes}
        self._lengths = sorted({len(prefix) for prefix in self._by_look}, reverse=True)
        self._edited: dict[str, tuple[str, str, int]] = {}  # beginning as written: prefix, why, position
        self._shortest = self._lengths[-1] if self._lengths else 0
        self._looks = _lengths(self._by_look, slice(self._shortest))  # of those that begin so
        self._begun: dict[str, tuple[int, ...]] = {}
        self._known = dict.fromkeys(self._by_look.values())
        self._known_lengths = _lengths(self._known, slice(self._shortest))
        for prefix in self._known:
            for place in range(len(prefix) if len(prefix) >= _EDITED else 0):
                lost, doubled = prefix[:place] + prefix[place + 1 :], prefix[: place + 1] + prefix[place:]
                self._edited.setdefault(lost, (prefix, LOST, place + 1))
                if not self._is_known(doubled):
                    self._edited.setdefault(doubled, (prefix, TWICE, place + 2))
        for prefix in self._known:
            for place in range(1, len(prefix) if len(prefix) >= _EDITED else 0):
                if not self._is_known(other := swapped(prefix, place - 1)):
                    self._edited.setdefault(other, (prefix, SWAPPED, place))
        self._edited_lengths = sorted({len(written) for written in self._edited}, reverse=True)
        long = [prefix for prefix in self._known if len(prefix) >= _EDITED]
        self._gaps = {prefix[:n] + _GAP + prefix[n + 1 :]: prefix for prefix in long for n in range(len(prefix))}
        # One of both stands in a prefix of which one character is wrong: how long are those?
        self._starts, self._ends = _lengths(long, _START), _lengths(long, _END)
        self._edited_starts = {written[: self._edited_lengths[-1]] for written in self._edited}

    def meant(self, code: str) -> str:
        """The prefix that a code's beginning was probably meant to be, "" if none, or if it is that one."""
        start = code[: self._shortest]
        lengths = self._begun[start] if start in self._begun else self._beginning(start)
        look = folded(code[: lengths[0]]) if lengths else ""
        for length in lengths:
            found = self._by_look.get(look[:length], "")
            if found:
                return "" if code.startswith(found) else found
        return ""

    def _beginning(self, start: str) -> tuple[int, ...]:
        """How long those are that look so at their start: there are few starts, and most codes have none of them."""
        found = self._looks.get(folded(start)[: self._shortest], ())
        if len(self._begun) < _STARTS:
            self._begun[start] = found
        return found

    def edited(self, code: str) -> Proposal | None:
        """The code with a known prefix of which one character was lost, written twice, mistyped or swapped.

        None where it is no such.
        """
        gapped = code[_START] in self._starts or code[_END] in self._ends
        if not gapped and (not self._edited or code[: self._edited_lengths[-1]] not in self._edited_starts):
            return None
        if self._is_known(code):
            return None
        for length in self._edited_lengths:
            if found := self._edited.get(code[:length]):
                prefix, why, position = found
                if why is SWAPPED:
                    return exchanged(code, position - 1)
                character = prefix[position - 1] if why is LOST else code[position - 1]
                return Proposal(prefix + code[length:], why, (("character", character), ("position", position)))
        return self._mistyped(code) if gapped else None

    def _mistyped(self, code: str) -> Proposal | None:
        """The code with a known prefix of which one character is another one."""
        early, late = self._ends.get(code[_END], ()), self._starts.get(code[_START], ())
        for length in sorted({*early, *late}, reverse=True):
            for place in range(0 if length in early else _START.stop, length if length in late else _START.stop):
                if meant := self._gaps.get(code[:place] + _GAP + code[place + 1 : length]):
                    return Proposal(*one_alike(code, place, code[place], meant[place]))
        return None

    def _is_known(self, code: str) -> bool:
        lengths = self._known_lengths.get(code[: self._shortest], ())
        return any([code[:length] in self._known for length in lengths])


def _lengths(prefixes: Iterable[str], part: slice) -> dict[str, tuple[int, ...]]:
    """How long the prefixes are that have the same part, the longest first."""
    found: dict[str, set[int]] = {}
    for prefix in prefixes:
        found.setdefault(prefix[part], set()).add(len(prefix))
    return {one: tuple(sorted(lengths, reverse=True)) for one, lengths in found.items()}
