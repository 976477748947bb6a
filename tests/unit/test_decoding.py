"""What a marking says by itself, in the reader's language."""

from __future__ import annotations

import pytest

from gateway.content import Uim
from gateway.data import catalogues
from gateway.language import LANGUAGES, Languages
from gateway.rules.routing import notes
from tests.unit.test_library import NOW, SWEDISH, UZBEK, shipped, verdict


def decoded(uim: str, language: str = "en") -> list[str]:
    catalogue = Languages.from_texts(catalogues()).catalogue(language)
    return [catalogue.say(one) for one in shipped().decoded(verdict(uim))]


@pytest.mark.parametrize(
    ("uim", "says"),
    [
        (SWEDISH, ["Product code: b7Kd", "Time stamp: May 19, 2025, 14:00 UTC"]),
        ("04600000123455a<B,7=ZACN8k9+Q", ["Article number (GTIN): 04600000123455", "Price: 139 roubles"]),
        ("(01)04600000123455(21)a<B,7=Z(8005)139000(93)k9+Q", ["GTIN", "Price: 1,390 roubles"]),
        ("04600000123455a<B,7=ZAAAAk9+Q", ["GTIN"]),
        ("(00)095200001234567899", ["Logistic unit (SSCC): 095200001234567899"]),
        ("(01)09520000123451(235)9Zx1aB3dE6gH9(8008)25051914", ["GTIN", "UIC", "Time stamp"]),
        ("KPL2F9aK3mW7Qz2T", []),
    ],
)
def test_public_fields_are_said_and_nothing_where_none_is_published(uim: str, says: list[str]) -> None:
    found = decoded(uim)
    assert len(found) == len(says), found
    assert all(part in one for part, one in zip(says, found, strict=True)), found


def test_a_malformed_or_unknown_code_is_not_decoded() -> None:
    assert decoded(SWEDISH[:-1]) == decoded("hello world") == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_time_stamp_is_said_as_the_language_writes_it(language: str) -> None:
    said = decoded(SWEDISH, language)
    assert any("2025" in one or "\u0662\u0660\u0662\u0665" in one for one in said)
    assert language == "en" or not any("Time stamp" in one for one in said)


def test_only_what_a_letter_shows_is_decoded() -> None:
    given = shipped().verdicts([Uim(UZBEK)] * 5, NOW)
    asked = []
    notes(given, lambda one: (asked.append(one), ())[1], 2)
    assert len(asked) == 2
