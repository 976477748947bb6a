"""The six languages: says a sentence, reads a label back, knows Parties' names and directions.

One catalogue renders a label and reads it, so the two cannot drift. Catalogues are .po texts, read at
start; a sentence that a catalogue lacks is said in English.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from gettext import c2py
from io import BytesIO

from babel import Locale
from babel.dates import format_date, format_interval, format_skeleton, get_datetime_format
from babel.messages.pofile import PoFileError, read_po
from babel.numbers import format_decimal, format_percent
from babel.units import format_unit

from gateway.content import N_, Text
from gateway.facts import Language, PartyCode, PartyName, Wording, utc
from gateway.figures import Period, Share

LANGUAGES: tuple[Language, ...] = tuple(Language(code) for code in ("ar", "en", "es", "fr", "ru", "zh"))
ENGLISH = Language("en")
READ_AS = "read as"  # msgctxt of further spellings of a label, separated by " | "
_ASCII_ELSE = re.compile("[^a-z0-9]+")
_BETWEEN = N_("; ")
_PLACE = re.compile(r"\{(\w+)\}")
_USUAL_CODES = {"UK": "GB", "EL": "GR"}  # what Europeans write; ISO 3166-1 has the other
_LENGTHS = (
    ("duration-day", timedelta(days=1)),
    ("duration-hour", timedelta(hours=1)),
    ("duration-minute", timedelta(minutes=1)),
)
_DROPPED = frozenset({"\u0640"})  # Arabic tatweel stretches a word and means nothing


def normalise(text: str) -> str:
    """A label without case, accents, spaces, punctuation, full width, bidirectional marks: for comparing only."""
    if text.isascii():
        return _ASCII_ELSE.sub("", text.lower())
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    return "".join(c for c in unicodedata.normalize("NFKD", decomposed) if c.isalnum() and c not in _DROPPED)


@dataclass(frozen=True, slots=True)
class _Messages:
    singular: Mapping[str, str]
    plural: Mapping[str, Sequence[str]]
    read_as: Mapping[str, tuple[str, ...]]
    plural_form: Callable[[int], int]


class Catalogue:
    """One language's words."""

    def __init__(self, language: Language, messages: _Messages) -> None:
        self.language = language
        self._messages = messages
        self._locale = Locale.parse(language)
        self.direction = "rtl" if self._locale.character_order == "right-to-left" else "ltr"

    def gettext(self, message: str) -> str:
        """The sentence in this language, English where it is missing."""
        return self._messages.singular.get(message) or message

    label = gettext

    def ngettext(self, singular: str, plural: str, count: int) -> str:
        """The plural form for a number."""
        forms = self._messages.plural.get(singular)
        if not forms:
            return singular if count == 1 else plural
        return forms[min(self._messages.plural_form(count), len(forms) - 1)]

    def say(self, text: Text) -> str:
        """A sentence with its values in place. Times are UTC and say so."""
        return filled(self.chosen(text), text, lambda _, value: self.value(value))

    def chosen(self, text: Text) -> str:
        """A sentence in its plural form, without its values."""
        return self.ngettext(text.message, text.plural, text.count) if text.plural else self.gettext(text.message)

    def value(self, value: object) -> str:
        """A value as this language writes it."""
        if isinstance(value, Text):
            return self.say(value)
        if isinstance(value, PartyName):
            return self.party(value.code)
        if isinstance(value, Wording):
            return self.gettext(value)
        if isinstance(value, tuple):
            return self.gettext(_BETWEEN).join(map(self.value, value))
        if isinstance(value, datetime):
            day = self.value(utc(value).date())
            written = str(get_datetime_format("medium", locale=self._locale))
            return f"{written.replace('{1}', day).replace('{0}', f'{utc(value):%H:%M}')} UTC"
        if isinstance(value, date):
            return format_date(value, "long", locale=self._locale)
        if isinstance(value, timedelta):
            return self._length(value)
        if isinstance(value, Period):
            return self._span(value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return self._number(value)
        return str(value)

    def _number(self, value: float) -> str:
        """A number; a share in percent with one decimal place."""
        if not isinstance(value, Share):
            return str(format_decimal(value, locale=self._locale))
        pattern = self._locale.percent_formats[None].pattern.replace("0", "0.#", 1)
        return str(format_percent(value, pattern, locale=self._locale))

    def _span(self, period: Period) -> str:
        """A period by its month, its months, its year or its days."""
        first, last = period.first, period.last
        if not period.is_whole_months:
            return str(format_interval(first, last, "yMMMd", locale=self._locale))
        if (first.year, first.month) == (last.year, last.month):
            return str(format_skeleton("yMMMM", first, locale=self._locale))
        if first.year == last.year and (first.month, last.month) == (1, 12):
            return str(format_skeleton("y", first, locale=self._locale))
        return str(format_interval(first, last, "yMMM", locale=self._locale))

    def _length(self, value: timedelta) -> str:
        """A length of time in the largest unit that it fills; babel lacks the long word for some in ar and zh."""
        unit, one = next((unit for unit in _LENGTHS if value >= unit[1]), _LENGTHS[-1])
        said = [
            str(format_unit(round(value / one, 1), unit, length, locale=self._locale)) for length in ("long", "short")
        ]
        return said[0] if unit not in said[0] else said[1]

    def party(self, code: PartyCode) -> str:
        """The Party's name in this language, its code where the name is not known."""
        return str(self._locale.territories.get(code, code))

    def short_day(self, day: date) -> str:
        """A day without its year, for the foot of a chart."""
        return str(format_skeleton("MMMd", day, locale=self._locale))

    def short_month(self, day: date) -> str:
        """A month and its year in numbers, for the foot of a chart."""
        return str(format_skeleton("yM", day, locale=self._locale))

    def spellings(self, message: str) -> tuple[str, ...]:
        """Every way in which this language writes a label."""
        return (self.gettext(message), *self._messages.read_as.get(message, ()))


class Languages:
    """All six, and what a word means in any of them."""

    def __init__(self, catalogues: Mapping[Language, Catalogue]) -> None:
        self._catalogues = catalogues
        self._parties: dict[str, PartyCode] = {}
        self._spellings: dict[str, frozenset[str]] = {}

    @classmethod
    def from_texts(cls, texts: Mapping[str, Iterable[bytes]]) -> Languages:
        """Catalogues from the octets of .po files by language code; raises ValueError for a broken one."""
        return cls({code: Catalogue(code, _messages(code, tuple(texts.get(code, ())))) for code in LANGUAGES})

    def catalogue(self, language: str) -> Catalogue:
        """The catalogue of a language, the nearest of the six for any other code."""
        return self._catalogues[negotiate(language)]

    def spellings(self, message: str) -> frozenset[str]:
        """Every way in which a label may be written, normalised, English always among them."""
        if message not in self._spellings:
            written = {message, *(s for catalogue in self._catalogues.values() for s in catalogue.spellings(message))}
            self._spellings[message] = frozenset(filter(None, map(normalise, written)))
        return self._spellings[message]

    def party(self, written: str) -> PartyCode | None:
        """The Party (or State) that a name in any of the six languages, or a code, means."""
        if not self._parties:
            for code in LANGUAGES:
                for territory, name in Locale.parse(code).territories.items():
                    if len(territory) == 2 and territory.isalpha():
                        self._parties[normalise(name)] = PartyCode(territory)
        bare = written.strip()
        if len(bare) == 2 and bare.isascii() and bare.isalpha():
            return PartyCode(_USUAL_CODES.get(bare.upper(), bare.upper()))
        return self._parties.get(normalise(bare))

    def untranslated(self) -> dict[str, int]:
        """How many sentences each language lacks that another one has."""
        known = {message for c in self._catalogues.values() for message in (*c._messages.singular, *c._messages.plural)}
        lacking = {}
        for code, catalogue in self._catalogues.items():
            have = {m for m, said in catalogue._messages.singular.items() if said} | set(catalogue._messages.plural)
            if code != ENGLISH and known - have:
                lacking[str(code)] = len(known - have)
        return lacking


def filled(sentence: str, text: Text, written: Callable[[str, object], str]) -> str:
    """A sentence with the values of its text in place. `written`: how one is written, of its name and itself."""
    values = dict(text.values)
    # In one pass: what a person wrote may hold braces.
    return _PLACE.sub(lambda place: written(place[1], values[place[1]]) if place[1] in values else place[0], sentence)


def negotiate(language: str) -> Language:
    """The best of the six for a language code such as `fr-CH` or `pt`."""
    code = language.replace("_", "-").split("-")[0].lower()
    return Language(code) if code in LANGUAGES else ENGLISH


@lru_cache(maxsize=12)  # a program that opens a second gateway reads the same texts: a quarter of a second
def _messages(code: Language, texts: tuple[bytes, ...]) -> _Messages:
    singular: dict[str, str] = {}
    plural: dict[str, Sequence[str]] = {}
    read_as: dict[str, tuple[str, ...]] = {}
    plural_form: Callable[[int], int] = c2py("n != 1")
    for text in texts:
        try:
            catalogue = read_po(BytesIO(text), locale=str(code), abort_invalid=True)
        except PoFileError:
            raise ValueError(f"a catalogue of the language {code} is broken") from None
        own_form = c2py(str(catalogue.plural_expr).strip("()"))
        for message in catalogue:
            if not message.id or message.fuzzy:
                continue
            if message.context == READ_AS:
                read_as[str(message.id)] = tuple(part.strip() for part in str(message.string).split("|"))
            elif isinstance(message.id, (tuple, list)):
                plural[message.id[0]] = tuple(str(form) for form in message.string or ())
                plural_form = own_form  # the labels' catalogue has no plurals: what its head says must not count
            else:
                singular[message.id] = str(message.string)
    return _Messages(singular, plural, read_as, plural_form)
