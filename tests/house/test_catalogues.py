"""The six languages are complete: every sentence translated, with the same values in it."""

from __future__ import annotations

import re
import string
from functools import cache

import pytest

from gateway.language import Language
from tests.house.extract import LANGUAGES, LOCALE, catalogue, extracted, written
from tests.support.rendering import languages

LETTERS = {"ar": ("\u0600", "\u06ff"), "ru": ("\u0400", "\u04ff"), "zh": ("\u4e00", "\u9fff")}


def _placeholders(sentence: str) -> set[str]:
    found = {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}
    assert all(name.isidentifier() for name in found)
    return found


@cache
def _pairs(language: str) -> list[tuple[tuple[str, ...], tuple[str, ...]]]:
    pairs = []
    for message in catalogue(language):
        if message.id:
            ids = (message.id,) if isinstance(message.id, str) else tuple(message.id)
            strings = (message.string,) if isinstance(message.string, str) else tuple(message.string)
            pairs.append((ids, strings))
    return pairs


def test_the_template_holds_exactly_the_sentences_of_the_code() -> None:
    assert (LOCALE / "messages.pot").read_text() == written(extracted()), "run: python -m tests.house.extract"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sentence_is_translated(language: str) -> None:
    wanted = {message.id if isinstance(message.id, str) else tuple(message.id) for message in extracted() if message.id}
    pairs = _pairs(language)
    known = {ids[0] if len(ids) == 1 else ids for ids, _ in pairs}
    assert wanted - known == set(), "run: python -m tests.house.extract"
    assert [ids for ids, strings in pairs if not all(strings)] == []
    assert not any(message.fuzzy for message in catalogue(language) if message.id)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_has_the_values_of_its_source(language: str) -> None:
    for ids, strings in _pairs(language):
        wanted = _placeholders(ids[-1])
        for one in strings:
            # A form for one or two things may say the number in words.
            missing = wanted - _placeholders(one)
            assert _placeholders(one) <= wanted, ids
            assert missing <= ({"count"} if len(ids) > 1 else set()), ids


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_names_a_form_by_the_title_that_its_blank_form_has(language: str) -> None:
    """The reader looks for the form of that name among those below the letter."""
    titles = languages().catalogue(Language(language))
    for ids, strings in _pairs(language):
        named = {f"GSP {titles.gettext(title)}" for one in ids for title in re.findall(r"\bGSP ([A-Z]{3,})", one)}
        for one in strings if named else ():
            missing = [title for title in named if title not in one]
            assert not missing or (len(ids) > 1 and one == strings[0]), (ids, missing)  # none: in Arabic, of nothing


@pytest.mark.parametrize("language", LETTERS)
def test_a_translation_is_written_in_the_letters_of_its_language(language: str) -> None:
    first, last = LETTERS[language]
    for ids, strings in _pairs(language):
        if len(re.sub(r"\{\w+\}", "", ids[0])) > 12:
            assert any(first <= character <= last for character in strings[0]), ids


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_catalogue_names_its_language_and_plural_forms(language: str) -> None:
    read = catalogue(language)
    assert str(read.locale) == language
    assert read.num_plurals == {"ar": 6, "es": 2, "fr": 2, "ru": 3, "zh": 1}[language]


def test_arabic_counts_eleven_to_ninety_nine_in_the_accusative_and_hundreds_in_the_genitive() -> None:
    """By the rule in the header form 5 is 11 to 99 (يوماً) and form 4 is 100 to 102 (يوم)."""
    counted = [strings for _, strings in _pairs("ar") if len(strings) == 6]
    assert counted
    for strings in counted:
        assert strings[4].count("\u064b") <= strings[5].count("\u064b"), strings[5]
