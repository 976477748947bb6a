"""What an officer is told of a damaged code: by the shipped library, as people damage codes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.content import Uim, Verdict, VerdictKind, text
from tests.support.misreadings import proposals
from tests.unit.test_library import shipped

NOW = datetime(2026, 11, 22, tzinfo=UTC)
SWEDISH = "QCALL7hT2kQ9mZb7Kd25051914"
RUSSIAN = "04600000123455a<B,7=ZACN8k9+Q"
CHINESE = "5051900012345678GXYC450100123456"


def judged(code: str) -> Verdict:
    (verdict,) = shipped().verdicts([Uim(code)], NOW)
    return verdict


def said(verdict: Verdict) -> str:
    return "\n".join(remark.message.format(**dict(remark.values)) for remark in verdict.remarks)


@pytest.mark.parametrize(
    ("damaged", "meant"),
    [
        ("OCALL7hT2kQ9mZb7Kd25051914", SWEDISH),
        ("0CALL7hT2kQ9mZb7Kd25051914", SWEDISH),
        ("DCALL7hT2kQ9mZb7Kd25051914", SWEDISH),
        ("QGALL7hT2kQ9mZb7Kd25051914", SWEDISH),
        ("QACLL7hT2kQ9mZb7Kd25051914", SWEDISH),
        ("CQALL7hT2kQ9mZb7Kd25051914", SWEDISH),
        ("LETA1x7Kp2Qm9Za25051914", "LEAT1x7Kp2Qm9Za25051914"),
    ],
)
def test_a_known_prefix_is_found_in_what_was_misread_mistyped_or_swapped(damaged: str, meant: str) -> None:
    assert proposals(judged(damaged)) == [meant]


@pytest.mark.parametrize("code", ["QXABL7hT2kQ9mZb7Kd25051914", "ABCDL7hT2kQ9mZb7Kd25051914", "PXPK0000001"])
def test_the_prefix_of_somebody_else_is_left_alone(code: str) -> None:
    verdict = judged(code)
    assert verdict.kind is VerdictKind.HINT
    assert not proposals(verdict)


@pytest.mark.parametrize(
    ("damaged", "meant"),
    [
        ("40600000123455a<B,7=ZACN8k9+Q", RUSSIAN),  # the Russian prefix comes out
        ("0460000012345a5<B,7=ZACN8k9+Q", RUSSIAN),  # a digit and a letter
        ("QCALL7hT2kQ9mZb7Kd25059114", SWEDISH),  # a day of the year comes out
    ],
)
def test_two_neighbours_are_proposed_as_swapped_where_more_than_a_check_digit_speaks_for_it(
    damaged: str, meant: str
) -> None:
    assert proposals(judged(damaged)) == [meant]


def test_a_wrong_check_digit_alone_proposes_nothing_but_says_that_two_digits_may_be_swapped() -> None:
    verdict = judged("04600000132455a<B,7=ZACN8k9+Q")
    assert not proposals(verdict)
    assert "or two were swapped" in said(verdict)


@pytest.mark.parametrize(
    "damaged",
    [
        SWEDISH[:-1],  # any digit may have stood at the end of a time stamp
        "QCALL7hT2kQmZb7Kd25051914",  # its time stamp is right: nobody knows what is missing before it
        RUSSIAN[:-1],  # and likewise behind a number with a right check digit
        "04600000123455a<B,7ZACN8k9+Q",
    ],
)
def test_where_nobody_can_know_the_lost_character_none_is_proposed(damaged: str) -> None:
    verdict = judged(damaged)
    assert not proposals(verdict)
    assert "One character is missing" in said(verdict)


def test_a_lost_digit_of_a_known_number_prefix_is_put_back() -> None:
    assert proposals(judged("0651733029361jMznfjFAC3h66hf")) == ["04651733029361jMznfjFAC3h66hf"]


@pytest.mark.parametrize("damaged", ["qcall7ht2kq9mzb7kd25051914", "Qcall7ht2kq9mzb7kd25051914"])
def test_a_code_that_a_telephone_made_small_is_named_but_never_half_restored(damaged: str) -> None:
    verdict = judged(damaged)
    assert not proposals(verdict)
    assert "cannot be undone" in said(verdict)
    assert [candidate.party for candidate in verdict.candidates] == ["SE"]


def test_a_prefix_alone_in_small_letters_is_restored() -> None:
    assert proposals(judged("qcall7HT2kQ9mZb7Kd25051914")) == ["QCALL7HT2kQ9mZb7Kd25051914"]


@pytest.mark.parametrize(
    ("damaged", "meant"),
    [
        ("5051900012345678-GXYC450100123456", CHINESE),
        ("KPL2F-9aK3mW7Qz2T-25051914", "KPL2F9aK3mW7Qz2T25051914"),
        (
            "[01]04600000123455[21]a<B,7=Z[8005]139000[93]k9+Q",
            "(01)04600000123455(21)a<B,7=Z(8005)139000(93)k9+Q",
        ),
        ("O46OOOOO123455a<B,7=ZACN8k9+Q", RUSSIAN),
    ],
)
def test_what_people_put_between_the_parts_is_taken_out_again(damaged: str, meant: str) -> None:
    assert meant in proposals(judged(damaged))


def test_an_impossible_hour_is_told_as_such() -> None:
    verdict = judged("(01)09520000123451(235)9Zx1aB3dE6gH9(8008)25051924")
    assert said(verdict) == "The production time 25051924 after (8008) is not possible: year, month, day, hour."


@pytest.mark.parametrize(
    "code", ["04780101164394tf&csannw1kk0tl", "04600000123455a<b,7=zacn8k9+q", "04870000123452ab3de6gw1kk0tl9"]
)
def test_a_code_of_eight_small_letters_and_no_capital_one_is_remarked_upon_and_decides_as_before(code: str) -> None:
    verdict = judged(code)
    assert verdict.kind is VerdictKind.NOT_A_PARTY
    assert "All its letters are small" in said(verdict)


@pytest.mark.parametrize("code", [RUSSIAN, "04600000123455a<b,7=zacn8k9+Q", "04600000123455a<1,7=zacn8k9+2"])
def test_one_capital_letter_or_few_letters_are_not_remarked_upon(code: str) -> None:
    assert "letters are small" not in said(judged(code))


@pytest.mark.parametrize("code", [SWEDISH, RUSSIAN, "KPL2F9aK3mW7Qz2T25051914"])
@pytest.mark.parametrize("many", [2, 3])
def test_codes_that_a_scanner_wrote_one_behind_the_other_are_told_apart(code: str, many: int) -> None:
    verdict = judged(code * many)
    assert f"probably {many} codes" in said(verdict)
    assert f"{code} is the first" in said(verdict)


@pytest.mark.parametrize("code", ["QCALL7hT2kQ9mZQCALLa01b25051914", "KPL2Fabcdefghi" + "KPL2Fx25051914", SWEDISH])
def test_an_aggregated_code_is_one_code_although_its_prefix_stands_in_it_twice(code: str) -> None:
    assert "codes without a space" not in said(judged(code))


def test_a_letter_that_only_looks_latin_is_named_where_nothing_else_is_known() -> None:
    assert said(judged("\u0410B12D3E45F6")).startswith("Character 1 is \u0410: it only looks like A.")
    assert said(judged("\u043a\u043e\u043d")) == "It holds \u043a, which no known marking uses."


@pytest.mark.parametrize(
    ("link", "reason"),
    [
        ("https://id.gs1.org/01/09520000123457/21/AB12", "The check digit of 09520000123457 is wrong"),
        ("id.gs1.org/01/09520000123451/21", "It is a GS1 Digital Link, but not whole"),
    ],
)
def test_what_is_wrong_with_a_link_is_told(link: str, reason: str) -> None:
    assert said(judged(link)).startswith(reason)


def test_what_is_too_long_may_be_several_codes() -> None:
    assert "write each on its own line" in said(judged(SWEDISH * 9))


@pytest.mark.parametrize(
    ("code", "meant"),
    [
        ("QCUKTaB3dE6gH9XyZ425051914,", "QCUKTaB3dE6gH9XyZ425051914"),
        ("QCUKT-aB3dE6gH9XyZ4-25051914", "QCUKTaB3dE6gH9XyZ425051914"),
        ("01095200001234512359Zx1aB3dE6gH9800825051914", "01095200001234512359Zx1aB3dE6gH9\x1d800825051914"),
    ],
)
def test_signs_that_a_marking_may_hold_are_remarked_upon_where_they_hardly_belong_to_it(code: str, meant: str) -> None:
    verdict = judged(code)
    assert verdict.kind in (VerdictKind.SURE, VerdictKind.HINT)  # decided as before
    assert proposals(verdict) == [meant]


@pytest.mark.parametrize("code", ["QCUKTaB3-E6gH9XyZ425051914", "QCUKTaB3dE6gH9Xy,", "QCUKTaB3dE6gH9XyZ425051914"])
def test_a_sign_within_a_marking_is_left_alone(code: str) -> None:
    assert not judged(code).remarks


def test_a_code_that_ends_in_three_dots_is_told_to_be_cut() -> None:
    assert "ends in three dots" in said(judged("QCUKTaB3dE6gH9..."))


def test_a_time_stamp_of_the_future_is_remarked_upon_also_where_none_need_stand() -> None:
    assert said(judged("QCUKTaB3dE6gH9XyZ426122914")) == "The time stamp 26122914 at its end lies in the future."


@pytest.mark.parametrize(
    ("damaged", "meant"),
    [
        ("QCALL7hT2kQ9rnZb7Kd25051914", SWEDISH),
        ("<b>QCALL7hT2kQ9mZb7Kd25051914</b>", SWEDISH),
        ("[QCALL7hT2kQ9mZb7Kd25051914]", SWEDISH),
        ("QCALL7hT2kQ9mZb7Kd25051914#", SWEDISH),
        ("04780101164394TF&amp;amp;csaNNW1kK0tL", "04780101164394TF&csaNNW1kK0tL"),
        ("04780101164394TF%26csaNNW1kK0tL", "04780101164394TF&csaNNW1kK0tL"),
        ("A1B2 C3D4 E5F6", "A1B2C3D4E5F6"),
        ("Leat1ft01234567", "LEAT1FT01234567"),
    ],
)
def test_what_programs_and_print_do_to_a_code_is_undone_in_a_proposal(damaged: str, meant: str) -> None:
    assert proposals(judged(damaged)) == [meant]


def test_a_number_of_thirteen_digits_after_its_identifier_has_first_of_all_lost_its_zero() -> None:
    found = proposals(judged("(01)9520000123451(235)9Zx1aB3dE6gH9"))
    assert found[0] == "(01)09520000123451(235)9Zx1aB3dE6gH9"


def test_a_column_that_is_too_narrow_is_told_as_such() -> None:
    assert "too narrow" in said(judged("########"))
    assert "turned it into a number" in said(judged("4.6E+12"))


def test_a_group_separator_where_none_stands_is_named() -> None:
    (remark,) = judged("QCALL7hT2\x1dQ9mZb7Kd25051914").remarks
    assert dict(remark.values)["character"] == text("a group separator")
