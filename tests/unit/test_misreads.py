"""What a marking may have been before it was misread or damaged."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.identifiers import misreads
from gateway.identifiers.prefixes import Prefixes

PREFIXES = Prefixes(["QCALL", "KPL2F", "LEAT1", "QCUKT"])
SWEDISH = "QCALL7hT2kQ9mZb7Kd25051914"


def proposed(code: str) -> dict[str, str]:
    return {proposal.uim: proposal.why for proposal in misreads.proposals(code, PREFIXES)}


@pytest.mark.parametrize(
    ("damaged", "reason"),
    [
        ("QCA117hT2kQ9mZb7Kd25051914", misreads.LOOK_ALIKE),
        ("QCALL7hT2kQ9mZb7Kd25O5l9I4", misreads.LOOK_ALIKE),
        ("QcalL7hT2kQ9mZb7Kd25051914", misreads.CASE),
        ("Q\u0421\u0410LL7hT2kQ9mZb7Kd25051914", misreads.FOREIGN_LETTERS),
        ("\uff31\uff23\uff21\uff2c\uff2c7hT2kQ9mZb7Kd25051914", misreads.FOREIGN_LETTERS),
        ("QCALL7hT2\u200bkQ9mZb7Kd25051914", misreads.INVISIBLE),
        ("QCALL 7hT2k Q9mZb7Kd 25051914", misreads.INVISIBLE),
        ("\u202eQCALL7hT2kQ9mZb7Kd25051914", misreads.INVISIBLE),
    ],
)
def test_a_misread_swedish_code_is_proposed_as_it_was(damaged: str, reason: str) -> None:
    assert proposed(damaged)[SWEDISH] == reason


@pytest.mark.parametrize("damaged", ["04780101164394TF&amp;csaNNW1kK0tL", "04780101164394TF=26csaNNW1kK0tL"])
def test_what_a_mail_program_encoded_is_decoded(damaged: str) -> None:
    assert proposed(damaged)["04780101164394TF&csaNNW1kK0tL"] == misreads.ENCODED


def test_a_lost_zero_is_put_back_only_before_a_digit_that_is_not_zero() -> None:
    assert proposed("4780101164394TF&csaNNW1kK0tL")["04780101164394TF&csaNNW1kK0tL"] == misreads.LOST_ZERO
    assert misreads.LOST_ZERO not in proposed("04780101164394TF").values()
    assert misreads.LOST_ZERO not in proposed("KPL2Fabc").values()


def test_letters_are_not_made_digits_where_no_number_results() -> None:
    assert proposed("QCALL7hT2kQ9mZb7KO") == {}


@pytest.mark.parametrize("code", ["4.78010E+12", "4,6E+12", "4.6e12", "4780101164394.00"])
def test_a_number_of_a_spreadsheet_is_recognised(code: str) -> None:
    assert misreads.spreadsheet_number(code)


@pytest.mark.parametrize("code", ["4780101164394", "4E", "KPL2E+12", "1E2E3"])
def test_other_codes_are_no_spreadsheet_numbers(code: str) -> None:
    assert not misreads.spreadsheet_number(code)


def test_the_meant_prefix_is_found_and_a_right_one_is_not_corrected() -> None:
    assert PREFIXES.meant("qca11xyz") == "QCALL"
    assert PREFIXES.meant("KPLZFxyz") == "KPL2F"
    assert PREFIXES.meant("QCALLxyz") == ""
    assert PREFIXES.meant("XYZ") == ""
    assert Prefixes([]).meant("XYZ") == ""


def test_a_marking_folded_to_small_letters_is_known_as_such() -> None:
    assert misreads.one_case("qcall7ht")
    assert not misreads.one_case("QCALL7hT")
    assert not misreads.one_case("0478")


def test_an_entity_is_seen_and_a_mere_ampersand_is_not() -> None:
    assert misreads.holds_entity("ab&amp;cd")
    assert not misreads.holds_entity("TF&csaNN;W")


@given(st.text(max_size=60))
def test_proposals_are_few_and_never_the_code_itself(code: str) -> None:
    found = [proposal.uim for proposal in misreads.proposals(code, PREFIXES)]
    assert len(found) <= 12
    assert code not in found
