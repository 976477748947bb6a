"""GS1 codes: one spelling, check digits, who gave a number out."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.identifiers import gs1

NOW = datetime(2026, 11, 21, tzinfo=UTC)
TPX = "01095200001234512359Zx1aB3dE6gH9\x1d800825051914"
CSET82 = "!\"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz"


@pytest.mark.parametrize(
    "written",
    [
        "(01)09520000123451(235)9Zx1aB3dE6gH9(8008)25051914",
        "]d201095200001234512359Zx1aB3dE6gH9\x1d800825051914",
        "]Q301095200001234512359Zx1aB3dE6gH9<GS>800825051914",
        "01095200001234512359Zx1aB3dE6gH9{GS}800825051914",
        "01095200001234512359Zx1aB3dE6gH9\u241d800825051914",
        "01095200001234512359Zx1aB3dE6gH9\\x1d800825051914",
        "01095200001234512359Zx1aB3dE6gH9^]800825051914",
        "01095200001234512359Zx1aB3dE6gH9[GS]800825051914",
        "01095200001234512359Zx1aB3dE6gH9&#29;800825051914",
        "01095200001234512359Zx1aB3dE6gH9\\u001d800825051914",
        "  (01)09520000123451(235)9Zx1aB3dE6gH9\x1d(8008)25051914 ",
    ],
)
def test_every_spelling_of_an_element_string_is_one_code(written: str) -> None:
    assert gs1.normalise(written) == TPX


def test_a_fixed_length_element_is_followed_by_no_separator() -> None:
    assert gs1.normalise("(414)9520000123451(7040)9Zx0") == "414952000012345170409Zx0"


def test_a_digital_link_becomes_its_element_string() -> None:
    assert gs1.normalise("https://id.gs1.org/01/09520000123451/21/AB12") == "010952000012345121AB12"


@pytest.mark.parametrize(
    "code", ["QCALL7hT<GS>2k(21)ab", "KPL2F^]x", "a", "", "(999)x", "(01", "https://example.org/x"]
)
def test_what_is_no_element_string_is_left_as_it_is(code: str) -> None:
    assert gs1.normalise(code) == code


def test_brackets_that_are_no_identifier_belong_to_the_value() -> None:
    assert gs1.normalise("(01)09520000123451(21)a(29)b") == "010952000012345121a(29)b"


@given(st.text(alphabet=CSET82, max_size=60))
def test_normalising_twice_changes_nothing_more(code: str) -> None:
    once = gs1.normalise(code)
    assert gs1.normalise(once) == once or "(" in once  # brackets inside a value may be read again


@given(st.text(max_size=40))
def test_any_text_can_be_normalised(code: str) -> None:
    gs1.normalise(code)


@pytest.mark.parametrize("number", ["04780101164394", "04629308877037", "14629308870004", "095200001234567899"])
def test_public_numbers_have_a_right_check_digit(number: str) -> None:
    assert gs1.check_digit(number) is None


def test_a_wrong_check_digit_is_told_with_the_right_one() -> None:
    assert gs1.check_digit("04780101164395") == 4


@pytest.mark.parametrize(
    ("code", "number"),
    [
        (TPX, "09520000123451"),
        ("00095200001234567899", "095200001234567899"),
        ("4149520000123451", "9520000123451"),
        ("9520000123451", "9520000123451"),
        ("0109520000", ""),
        ("QCALL", ""),
    ],
)
def test_the_number_in_a_code_is_found_by_its_identifier(code: str, number: str) -> None:
    assert gs1.number_of(code) == number


@pytest.mark.parametrize(
    ("number", "organisation"),
    [("04600000123455", "Russia"), ("05410000012340", "Belgium"), ("4006381333931", "Germany"), ("abc", "")],
)
def test_the_organisation_that_gave_a_number_out_is_named(number: str, organisation: str) -> None:
    assert organisation in gs1.organisation(number)


@pytest.mark.parametrize("stamp", ["25131914", "25022914", "25051924", "27051914"])
def test_an_impossible_or_future_production_time_is_a_fault(stamp: str) -> None:
    fault = gs1.CHECKS["gs1 production time"](TPX[:-8] + stamp, NOW)
    assert fault is not None
    assert dict(fault.values)["stamp"] == stamp


def test_a_production_time_may_be_absent_or_past() -> None:
    assert gs1.CHECKS["gs1 production time"](TPX, NOW) is None
    assert gs1.CHECKS["gs1 production time"](TPX[:-13], NOW) is None


def test_the_element_that_cannot_be_right_is_named() -> None:
    fault = gs1.bracket_fault("(01)0952000012345(235)9Zx1")
    assert fault is not None
    assert dict(fault.values) == {"identifier": "01", "value": "0952000012345"}
    assert gs1.bracket_fault("(01)09520000123451(21)AB12") is None
    assert gs1.bracket_fault("QCALL(01)1") is None


@pytest.mark.parametrize(("characters", "kopecks"), [("ACN8", 13900), ("AB.A", 12000), ("AAAA", None), ("????", None)])
def test_a_price_is_read_where_a_pack_may_cost_it(characters: str, kopecks: int | None) -> None:
    assert gs1.price(characters) == kopecks


def test_characters_outside_the_alphabet_are_no_price() -> None:
    assert gs1.price("AC#8") is None


@pytest.mark.parametrize("number", ["09520000123451", "02000000000008", "9780000000002", "9900000000004"])
def test_a_prefix_that_no_organisation_has_names_none(number: str) -> None:
    assert gs1.organisation(number) == ""
    assert gs1.organisation("07300000000005") == "GS1 Sweden"
