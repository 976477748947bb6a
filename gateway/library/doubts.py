"""What keeps an undecided code from being a known marking, and what it may have been: reasons and proposals.

A repair is proposed, never made; and only where the repaired code passes every check of a scheme that a chance text
would not pass (docs/decisions/0002).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Container, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

import re2

from gateway.content import N_, Candidate, Text, VerdictKind, text
from gateway.identifiers import gs1, misreads, tpd
from gateway.library import oddities
from gateway.library.automata import Unclear, begun
from gateway.library.dialect import encoded, options
from gateway.library.evidence import points_for
from gateway.library.schemes import Scheme

if TYPE_CHECKING:
    from gateway.library.patterns import PatternLibrary

_PROPOSALS = 3
_NEAR = 2  # characters more or fewer than a scheme has, for it to be recognised
_TOO_MUCH = 3  # characters cut off are as likely as one that is too much
_ELLIPSES = ("...", "…")  # what programs write where they cut a text
_LEAST_OF_A_CUT = 0.6  # of a code that is left where the rest was cut off, for it to be recognised by its shape
_MOST_FITTING = 7  # digits of ten at one place, where a rule still tells some of them apart
_ENOUGH_SMALL = 4  # letters behind a prefix: they are no capitals by chance once in sixteen times
_EQUALLY_LIKELY = 4  # more places where a character may have been lost are told no better than none
# UIMs of one list that are looked into character by character, a millisecond each: whose every line is damaged
# learns nothing more from the next thousand.
_LOOKED_INTO, _LONGEST_LOOKED_INTO = 200, 64

BEGINNING = N_("It begins like this, but is not whole or was misread: {scheme}.")
_SPREADSHEET = text("A spreadsheet has turned it into a number and lost digits: copy it again as text.")
_NARROW = text("A spreadsheet shows this where its column is too narrow: make it wider, and copy the code again.")
_ONE_CASE = text("Capital and small letters were made equal, which cannot be undone: copy it again from the source.")
_PREFIX = N_("It does not begin with {prefix}: character {position} is {character}.")
_NO_DIGIT = N_("Character {position} is {character}, where only digits stand: {scheme}.")
_NOT_THERE = N_("Character {position} is {character}, which cannot stand there: {scheme}.")
MISBUILT = N_("It does not have this structure: {scheme}.")
_ELEMENT = N_("({identifier}) cannot stand there: {scheme}.")
CUT = N_("It ends after {count} of {expected} characters, as if cut at the edge of a column or line: {scheme}.")
_STAMP = 8  # characters of a time stamp
_STAMPED = 9  # characters at the end of a code of which one may keep the last eight from being a time stamp
_DIGITS = frozenset({"time stamp", "gs1 number", "gs1 key", "gs1 production time"})


class _Told(NamedTuple):
    """What a code may have been: the scheme it would be of, and the sentence that proposes it."""

    scheme: Scheme
    remark: Text


class Doubts:
    """Looks into the undecided codes of one list. `deciding`: the schemes that decide about a normalised code."""

    def __init__(self, library: PatternLibrary, deciding: Callable[[str], tuple[Scheme, ...]], now: datetime) -> None:
        self._library = library
        self._deciding = deciding
        self._now = now
        self._nearly: dict[Scheme, Candidate] = {}
        self._left = _LOOKED_INTO

    def about(self, written: str, code: str) -> tuple[tuple[Candidate, ...], tuple[Text, ...]]:
        """What an undecided code was probably meant to be, and why it is not; empty where nothing is known."""
        if misreads.spreadsheet_number(code):
            return (), (_NARROW if code.startswith("#") else _SPREADSHEET,)
        meant = self._library.prefixes.meant(code) if misreads.one_case(code) else ""
        if meant and (capitals := self._fits(misreads.Proposal(code.upper(), misreads.CASE), stamped=False)):
            return (self._likely(capitals.scheme),), (capitals.remark,)
        if meant and sum(map(str.isalpha, code[len(meant) :])) >= _ENOUGH_SMALL:
            return tuple(map(self._likely, self._near(meant + code[len(meant) :])[:1])), (_ONE_CASE,)
        source = written.strip() if written.lstrip()[:1] == "(" else code  # the places that its writer counts
        proposed = self._proposals(source)
        certain = any(proposal.remark.message in misreads.CERTAIN for proposal in proposed)
        near = () if certain else self._near(code)
        if not proposed and (near or source[:1] in misreads.LIKE_DIGITS or source[:1] == "("):
            proposed = list(self._slips(source, near=near))
        if not proposed and (codes := oddities.together(code, self._deciding)):
            return tuple(map(self._likely, self._deciding(codes[0])[:1])), (oddities.told(codes),)
        reason = (why_not(near[0], code, self._now, placed=code == written.strip()),) if near else ()
        if not certain and written.startswith("(") and (fault := gs1.bracket_fault(written)):
            reason = (fault,)
        likely = near[:1] or tuple(proposal.scheme for proposal in proposed[:1])
        return tuple(map(self._likely, likely)), (*reason, *(proposal.remark for proposal in proposed))

    def beside(self, code: str, deciding: tuple[Scheme, ...], advised: bool) -> tuple[Text, ...]:
        """What a code may have been that fits as it is, but hardly so.

        Its end is nearly a time stamp (`advised`), its beginning nearly a known prefix, or it has the longer prefix
        of another scheme and fails that one's structure.
        """
        if odd := oddities.odd(code, self._deciding, self._now):
            return odd
        if advised:
            return tuple(one.remark for one in self._slips(code, stamped=True))
        longer = self._longer(code, deciding)
        if longer:
            found = [one.remark for one in self._slips(code) if one.scheme in longer]
            return tuple(found) or (text(BEGINNING, scheme=longer[0].title),)
        if deciding[0].is_checked or not code[:1].isalpha():
            return ()
        if misreads.like_number(code):
            return tuple(one.remark for one in self._proposals(code) or self._slips(code))
        edited = self._library.prefixes.edited(code)
        fitting = self._deciding(edited.uim) if edited else ()
        return (_proposing(edited),) if edited and fitting and fitting[0].is_checked else ()

    def _longer(self, code: str, deciding: tuple[Scheme, ...]) -> tuple[Scheme, ...]:
        """The schemes of a longer prefix than that of those that decide, where a code is nearly as long as theirs."""
        named = self._library.named_by_prefix(code) if deciding[0].prefixes else ()
        if not named or not set(named).isdisjoint(deciding):
            return ()
        if max(map(len, named[0].prefixes)) <= max(map(len, deciding[0].prefixes)):
            return ()
        return tuple(scheme for scheme in named if _distance(scheme, code) < _NEAR)

    def _likely(self, scheme: Scheme) -> Candidate:
        """A candidate that every malformed code near this scheme shares."""
        found = self._nearly.get(scheme)
        if found is None:
            reason = text(BEGINNING, scheme=scheme.title)
            found = self._nearly[scheme] = Candidate(scheme.id, scheme.title, scheme.party, 1, reason, False)
        return found

    def _near(self, code: str) -> tuple[Scheme, ...]:
        """The schemes that a code nearly is, nearest first."""
        cell = self._library.matching.cell(code)
        if named := cell.branch.named:
            return tuple(sorted(named, key=lambda scheme: (_unlikely(scheme, code), -scheme.rank)))
        hits = cell.all_hits(code)
        failing = [scheme for scheme in hits.schemes if scheme.is_checked and scheme.faults(code, self._now)]
        if failing:
            return tuple(sorted(failing, key=lambda scheme: -scheme.rank - points_for(scheme, code)))
        alike = [scheme for scheme in self._library.beginning(code) if self._is_near(scheme, code)]
        if not alike and (whole := misreads.number_restored(code)):
            alike = [
                scheme for scheme in self._library.beginning(whole) if scheme.is_checked and not _distance(scheme, code)
            ]
        return tuple(
            sorted(alike, key=lambda scheme: (_distance(scheme, code), -scheme.rank - points_for(scheme, code)))
        )

    def _is_near(self, scheme: Scheme, code: str) -> bool:
        cut = scheme.shortest * _LEAST_OF_A_CUT <= len(code) < scheme.shortest
        if _distance(scheme, code) > _NEAR and not (cut and scheme.decides is VerdictKind.NOT_A_PARTY):
            return False
        return not any(check.start is not None and check.fault(code, self._now) for check in scheme.checks)

    def _proposals(self, code: str) -> list[_Told]:
        """What the code may have been: only what passes every check of a scheme that does not fit by chance."""
        found: list[_Told] = []
        for proposal in misreads.proposals(code, self._library.prefixes):
            deciding = self._fitting(proposal.uim)
            if not deciding:
                continue
            printed = proposal.why is misreads.INVISIBLE and " " in code  # in groups, or it would not have come here
            certain = proposal.why in misreads.CERTAIN and any(printed or scheme.checks for scheme in deciding)
            if certain or self._is_known(deciding, proposal):
                found.append(self._told(deciding, proposal))
                if len(found) == _PROPOSALS:
                    break
        return found

    def _slips(self, code: str, *, stamped: bool = False, near: tuple[Scheme, ...] = ()) -> Iterator[_Told]:
        """The same for one character misread, doubled or lost anywhere. `stamped`: its end must be a time stamp.

        `near`: the schemes that a code with one digit more may be of; any where it is near none.
        """
        self._left -= 1
        if self._left < 0 or len(code) > _LONGEST_LOOKED_INTO:
            return
        since = max(len(code) - _STAMPED, 0) if stamped else 0
        found = list(self._separated(code)) or [
            told for one in misreads.slips(code, since) if (told := self._fits(one, stamped))
        ]
        if not found and (not near or code[:1] == "(" or any(_is_as_long(one, len(code) + 1) for one in near)):
            found = self._restored(code, since, stamped=stamped, near=near)
        if not found:
            swapped = [
                told
                for one in misreads.swaps(code, since)
                if (told := self._fits(one, stamped)) and self._tells(code, one[0], told.scheme)
            ]
            found = swapped if len(swapped) <= _PROPOSALS else []
        yield from found[:_PROPOSALS]

    def _restored(self, code: str, since: int, *, stamped: bool, near: tuple[Scheme, ...]) -> list[_Told]:
        """The code with the digit that it lost: any where few fit, else one of two equal ones, lost most often.

        What a rule finds right as it stands has lost none; and where nearly any digit fits, each is only a guess.
        """
        if not stamped and any(map(_is_stamped, near[:1])) and tpd.is_recent(code[-_STAMP:], self._now):
            return []
        twins, others = misreads.lost(code, max(since, _right_until(code, near)))
        found = [(one, self._fits(one, stamped)) for one in (*twins, *others)]
        fitting = {one: told for one, told in found if told and (not near or told.scheme in near)}
        strongest = _strongest(list(fitting.values()))
        if len(strongest) <= _EQUALLY_LIKELY:
            return strongest
        uims = {one[0] for one in fitting}
        alike = [fitting[one] for one in twins if one in fitting and not _is_free(code, one, uims)]
        alike = [told for told in alike if told in strongest]
        return alike if len(alike) <= _EQUALLY_LIKELY else []

    def _tells(self, code: str, restored: str, scheme: Scheme) -> bool:
        """Whether more than a check digit speaks for two neighbours having been swapped.

        Of two digits it does not: three other pairs of a number are as likely, and one misread digit is likelier.
        """
        changed = next(place for place, (a, b) in enumerate(zip(code, restored, strict=True)) if a != b)
        if not code[changed : changed + 2].isdecimal():
            return True
        if tpd.is_recent(restored[-_STAMP:], self._now) and not tpd.is_recent(code[-_STAMP:], self._now):
            return True
        return points_for(scheme, gs1.normalise(restored)) > points_for(scheme, gs1.normalise(code))

    def _separated(self, code: str) -> Iterator[_Told]:
        for restored, identifier in gs1.separated(code) if code.startswith("01") else ():
            if core := gs1.core(restored):
                deciding = self._deciding(core)
                proposal = misreads.Proposal(restored, misreads.SEPARATOR, (("identifier", identifier),))
                if deciding and deciding[0].is_checked:
                    yield self._told(deciding, proposal)

    def _fits(self, guess: misreads.Guess, stamped: bool) -> _Told | None:
        uim = guess[0]
        recent = tpd.is_recent(uim[-_STAMP:], self._now) if stamped else False
        if stamped and not recent:
            return None
        deciding = self._fitting(uim) if gs1.keeps_identifiers(uim) else ()
        if not deciding or (_is_stamped(deciding[0]) and not (recent or tpd.is_recent(uim[-_STAMP:], self._now))):
            return None
        proposal = misreads.Proposal(*guess)
        return self._told(deciding, proposal) if stamped or self._is_known(deciding, proposal) else None

    def _fitting(self, written: str) -> tuple[Scheme, ...]:
        return self._deciding(gs1.normalise(written))

    def _is_known(self, deciding: tuple[Scheme, ...], proposal: misreads.Proposal) -> bool:
        """Whether a chance text would not be decided so: a prefix, a check digit, a shape that has an owner.

        Capital letters are made of small ones only where a scheme has no small ones: else nobody knows which stood.
        """
        if proposal.why is misreads.CASE and proposal.uim.isupper() and "a-z" in deciding[0].pattern:
            return False
        return deciding[0].is_checked or deciding[0].decides is VerdictKind.NOT_A_PARTY

    def _told(self, deciding: tuple[Scheme, ...], proposal: misreads.Proposal) -> _Told:
        best = max(deciding, key=lambda scheme: scheme.rank + points_for(scheme, proposal.uim))
        return _Told(best, _proposing(proposal))


def _strongest(proposed: list[_Told]) -> list[_Told]:
    """Those for which a GS1 prefix or a price speaks, too, if there are any; else all."""
    points = [points_for(told.scheme, gs1.normalise(str(dict(told.remark.values)["uim"]))) for told in proposed]
    return [told for told, speaking in zip(proposed, points, strict=True) if speaking == max(points)]


def _right_until(code: str, near: tuple[Scheme, ...]) -> int:
    """Where the number ends with which a code begins, if its check digit is right; else 0."""
    number = gs1.number_of(gs1.normalise(code))
    if not number and any(check.name == "gs1 number" for scheme in near[:1] for check in scheme.checks):
        number = code[:14]
    if not number.isdecimal() or gs1.check_digit(number) is not None:
        return 0
    return code.find(number) + len(number) if number in code else 0


def _is_stamped(scheme: Scheme) -> bool:
    return any(check.name == "time stamp" for check in scheme.checks)


def _is_free(code: str, restored: misreads.Guess, fitting: Container[str]) -> bool:
    """Whether nearly any digit fits where one would be put into a code: then none of them is more than a guess."""
    said = dict(restored[2])
    digit, place = str(said["character"]), int(str(said["position"])) - 1
    while True:  # the same code results at every place of a row of this digit
        if sum(code[:place] + other + code[place:] in fitting for other in "0123456789") > _MOST_FITTING:
            return True
        if code[place : place + 1] != digit:
            return False
        place += 1


def _proposing(proposal: misreads.Proposal) -> Text:
    return Text(proposal.why, (("uim", proposal.uim), *proposal.values))


def why_not(scheme: Scheme, code: str, now: datetime, *, placed: bool = True) -> Text:
    """The first thing that keeps a normalised code from being one of this scheme, as a sentence to its writer.

    `placed`: the writer counts the same characters; of brackets and links other ones are left.
    """
    if scheme.prefixes and not code.startswith(scheme.prefixes):
        return _wrong_prefix(scheme.prefixes[0], code)
    left = code.rstrip(".…")
    if code.endswith(_ELLIPSES) and len(left) < scheme.shortest:
        return _wrong_length(scheme, left, scheme.shortest - len(left), cut=True)
    foreign = tpd.foreign(code, scheme.alphabet) if scheme.alphabet else None
    if foreign:
        return text(
            "Character {position} is {character}, which does not occur in: {scheme}.",
            position=foreign[0],
            character=shown(foreign[1]),
            scheme=scheme.title,
        )
    missing = scheme.shortest - len(code) if len(code) < scheme.shortest else scheme.longest - len(code)
    if not scheme.shortest <= len(code) <= scheme.longest:
        return _wrong_length(scheme, code, missing)
    for check in scheme.checks:
        if check.name in _DIGITS and (place := gs1.no_digit(code, check.name, check.start, check.end)) is not None:
            return text(_NO_DIGIT, position=place + 1, character=shown(code[place]), scheme=scheme.title)
    faults = scheme.faults(code, now)
    return faults[0] if faults else _misbuilt(scheme, code, placed=placed)


def _misbuilt(scheme: Scheme, code: str, *, placed: bool) -> Text:
    """Where a code leaves the structure of a scheme, as far as that can be said."""
    try:
        kept = begun(scheme.pattern, code) if len(code) <= _LONGEST_LOOKED_INTO else 0
    except Unclear:
        kept = 0
    if kept and not placed:
        return _wrong_element(scheme, code, kept)
    if kept == len(code):
        return text("It ends too early: {scheme}.", scheme=scheme.title)
    if kept:
        return text(_NOT_THERE, position=kept + 1, character=shown(code[kept]), scheme=scheme.title)
    return text(MISBUILT, scheme=scheme.title)


def _wrong_element(scheme: Scheme, code: str, kept: int) -> Text:
    """The same by the GS1 identifier: the writer put brackets around each, or wrote a link. `kept`: what is right."""
    lengths = {field.ai: field.length for field in scheme.fields if field.length}
    whole = re2.compile(scheme.pattern, options()).fullmatch(encoded(code[:kept]))
    for identifier, start, end in gs1.elements(code, lengths):
        if kept < start:
            return text(_ELEMENT, identifier=identifier, scheme=scheme.title)
        if kept < end or (kept == end and not whole):
            return text(gs1.WRONG_VALUE, identifier=identifier, value=code[start:end])
    return text(MISBUILT, scheme=scheme.title)


def _wrong_prefix(prefix: str, code: str) -> Text:
    place = next((n for n, (a, b) in enumerate(zip(prefix, code, strict=False)) if a != b), len(code))
    return text(_PREFIX, prefix=prefix, position=place + 1, character=shown(code[place]) if code[place:] else "–")


def _wrong_length(scheme: Scheme, code: str, missing: int, *, cut: bool = False) -> Text:
    expected = str(scheme.shortest) if scheme.shortest == scheme.longest else f"{scheme.shortest}-{scheme.longest}"
    values = {"count": len(code), "expected": expected, "scheme": scheme.title}
    if missing > 1 or cut:
        return text(CUT, **values)
    if missing == 1:
        return text("One character is missing: it has {count}, not {expected} ({scheme}).", **values)
    if missing == -1:
        return text("It has one character too many: {count}, not {expected} ({scheme}).", **values)
    return text("It has {count} characters, not {expected} ({scheme}).", **values)


def _distance(scheme: Scheme, code: str) -> int:
    return max(scheme.shortest - len(code), len(code) - scheme.longest, 0)


def _is_as_long(scheme: Scheme, length: int) -> bool:
    return scheme.shortest <= length <= scheme.longest


def _unlikely(scheme: Scheme, code: str) -> int:
    """How far a code is from a scheme's length: what is cut off is easily lost, what is too much was never there."""
    return max(scheme.shortest - len(code), _TOO_MUCH * (len(code) - scheme.longest), 0)


def shown(character: str) -> str | Text:
    """A character so that it can be seen: its name where it has no form of its own."""
    if character == " ":
        return text("a space")
    if character == gs1.SEPARATOR:
        return text("a group separator")
    visible = character.isprintable() and not character.isspace()
    return character if visible else unicodedata.name(character, f"U+{ord(character):04X}").lower()
