"""The pattern library: loading, linting, and what it decides about a UIM."""

from __future__ import annotations

import gc
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import library
from gateway.content import Text, Uim, Verdict, VerdictKind
from gateway.data import folder
from gateway.library import PatternLibrary
from gateway.library.schemes import LONGEST
from tests.support.cost import allowed, spent
from tests.support.patterns import PARTIES

NOW = datetime(2026, 11, 21, tzinfo=UTC)
SWEDISH = "QCALL7hT2kQ9mZb7Kd25051914"
UZBEK = "04780101164394TF&csaNNW1kK0tL"

SCHEME = """
  - id: {id}
    title: {title}
    party: {party}
    issuer: Printing works
    level: unit packet
    structure: prefix and eight digits
    pattern: '{pattern}'
    prefixes: [XQ1]
    decides: {decides}
    rank: {rank}
    valid: ['XQ112345678']
    confidence: {confidence}
    verified: true
    source: made up for this test
"""


def scheme(**changed: object) -> str:
    values = {"id": "ke-one", "title": "Kenya, one", "party": "KE", "pattern": r"XQ1\d{8}", "decides": "sure"}
    return SCHEME.format(**{**values, "rank": 90, "confidence": "high", **changed})


def texts(*schemes: str) -> dict[str, str]:
    return {"_parties.yaml": PARTIES, "made_up.yaml": "schemes:" + "".join(schemes or (scheme(),))}


@lru_cache(maxsize=1)
def shipped_texts() -> Mapping[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in Path(folder("pattern_library")).glob("*.yaml")}


@lru_cache(maxsize=1)
def shipped() -> PatternLibrary:
    return library.load(shipped_texts())


def verdict(uim: str, now: datetime = NOW) -> Verdict:
    return shipped().verdicts([Uim(uim)], now)[0]


def said(remarks: tuple[Text, ...]) -> str:
    return " | ".join(remark.message.format(**dict(remark.values)) for remark in remarks)


# --- what is decided --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("uim", "kind", "party"),
    [
        (SWEDISH, VerdictKind.SURE, "SE"),
        ("KPL2F9aK3mW7Qz2T25051914", VerdictKind.SURE, "FR"),
        ("LEAT1x7Kp2Qm9Za25051914", VerdictKind.SURE, "AT"),
        ("QCUKTaB3dE6gH9XyZ4", VerdictKind.SURE, "GB"),
        ("PWPK0000001", VerdictKind.AMBIGUOUS, "PL"),
        ("QCABCaB3dE6gH9XyZ425051914", VerdictKind.HINT, "EU"),
        ("(01)09520000123451(235)9Zx1aB3dE6gH9(8008)25051914", VerdictKind.HINT, "EU"),
        ("(00)095200001234567899", VerdictKind.HINT, ""),
        ("WAAG7hT2kQ9mZ4", VerdictKind.HINT, ""),
        (UZBEK, VerdictKind.NOT_A_PARTY, "UZ"),
        ("04600000123455a<B,7=ZACN8k9+Q", VerdictKind.NOT_A_PARTY, "RU"),
        ("04870000123452aB3dE6gW1kK0tL9", VerdictKind.NOT_A_PARTY, "KZ"),
        ("5051900012345678 GXYC450100123456", VerdictKind.NOT_A_PARTY, "CN"),
        ("4006381333931", VerdictKind.NOT_A_UIM, ""),
        ("LEAT1ET012345", VerdictKind.NOT_A_UIM, "AT"),
        ("(414)9520000123451(7040)9Zx0", VerdictKind.NOT_A_UIM, "EU"),
        ("QCTESTaB3dE6gH9", VerdictKind.NOT_A_UIM, ""),
        ("QCDEMOabc123", VerdictKind.NOT_A_UIM, ""),
    ],
)
def test_a_uim_is_decided_as_its_kind_with_its_party_first(uim: str, kind: VerdictKind, party: str) -> None:
    found = verdict(uim)
    assert found.kind is kind
    assert found.candidates[0].party == party


def test_a_general_structure_never_competes_with_a_specific_issuer() -> None:
    assert "eu-upui-L" in shipped().fits(SWEDISH, NOW)
    assert [candidate.scheme for candidate in verdict(SWEDISH).candidates] == ["se-upui-L"]


def test_what_two_structures_say_of_a_code_is_said_once() -> None:
    found = verdict("QCXY12345678901")  # without a time stamp, and short: both remark upon its last eight digits
    assert len(found.remarks) == len(set(found.remarks)) == 2


def test_a_provisional_prefix_is_a_choice_to_be_confirmed_even_with_one_candidate() -> None:
    (candidate,) = verdict("PWK7mQ2xT9aZ4b25051914").candidates
    assert candidate.party == "PL"
    assert not candidate.verified
    assert "confirm" in candidate.reason.message


def test_the_reason_names_prefix_and_issuer() -> None:
    reason = verdict(SWEDISH).candidates[0].reason
    assert dict(reason.values) == {"prefix": "QCALL", "issuer": "Allexis"}


def test_russian_uzbek_and_kazakh_codes_name_all_three_and_the_gs1_prefix_ranks_them() -> None:
    found = verdict(UZBEK)
    assert [candidate.party for candidate in found.candidates] == ["UZ", "RU", "KZ"]
    assert "Articles 21 and 28" in said(found.remarks)
    assert "GS1 prefix" in found.candidates[0].reason.message


def test_an_element_string_of_29_characters_is_not_taken_for_a_russian_pack() -> None:
    carton = "010400638000000121ABCDEFGHIJK"  # both (01)04006380000001 and 01040063800000 have a right check digit
    assert {"ru-pack", "eu-aui-operator"} <= set(shipped().fits(carton, NOW))
    assert verdict(carton).kind is VerdictKind.HINT


def test_a_lookup_of_a_gs1_number_says_that_it_is_no_country_of_origin() -> None:
    assert "GS1 Belgium" in said(verdict("(01)05410000012340(21)Xy7kQ9pL2m").remarks)


def test_the_issuing_agency_of_an_unknown_company_is_named() -> None:
    assert "Eurodata Council" in said(verdict("QCABCaB3dE6gH9XyZ4").remarks)
    assert "not in the pattern library" in said(verdict("ZZQaB3dE6gH9XyZ4").remarks)
    assert verdict("7HTK2QM9ZB4C").remarks == verdict("WAAG7hT2kQ9mZ4").remarks == ()  # not asked of these


def test_a_test_code_is_never_routed() -> None:
    assert "test code" in said(verdict("QCTESTaB3dE6gH9XyZ425051914").remarks)


# --- what is malformed ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("uim", "words"),
    [
        ("QCALL7hT2kQ9mZb7K25051914", "One character is missing: it has 25, not 26"),
        ("QCALL7hT2kQ9mZb7Kd250519144", "one character too many: 27, not 26"),
        ("QCALL7hT2kQ9m-b7Kd25051914", "Character 14 is -"),
        ("QCALL7hT2kQ9mZb7Kd25131914", "25131914 at its end is not a time stamp"),
        ("QCALL7hT2kQ9mZb7Kd25023014", "not a time stamp"),
        ("QCALL7hT2kQ9mZb7Kd27051914", "lies in the future"),
        ("QCALL7hT2kQ9mZb7Kd2505I9I4", f"Perhaps {SWEDISH}: characters that look alike"),
        ("QCA117hT2kQ9mZb7Kd25051914", f"Perhaps {SWEDISH}"),
        ("qcall7ht2kq9mzb7kd25051914", "cannot be undone"),
        ("Q\u0421ALL7hT2kQ9mZb7Kd25051914", "character 2 is a Cyrillic letter"),
        ("QCALL7hT2kQ9mZ b7Kd25051914", "invisible"),
        ("QCUKTaB3d&amp;E6gH9XyZ425051914", "Perhaps QCUKTaB3d&E6gH9XyZ425051914"),
        ("KPL2f9aK3mW7Qz2T", "Perhaps KPL2F9aK3mW7Qz2T: character 5 may be F, not f"),
        ("KPL2F", "It ends after 5 of 9-50 characters, as if cut"),
        ("4780101164394TF&csaNNW1kK0tL", f"Perhaps {UZBEK}: a zero"),
        ("04780101164394TF&amp;csaNNW1kK0tL", f"Perhaps {UZBEK}"),
        ("0478O101164394TF&csaNNW1kK0tL", f"Perhaps {UZBEK}"),
        ("04780101164395TF&csaNNW1kK0tL", "check digit of 04780101164395 is wrong"),
        ("04600000123455a<B,7=ZACN8k9+", "One character is missing: it has 28, not 29"),
        ("(01)0952000012345(235)9Zx1aB3dE6gH9", "After (01) stands 0952000012345"),
        ("010541000001234521Xy7kQ9pL2m", "check digit of 05410000012345 is wrong"),
        ("4.78010E+12", "spreadsheet"),
        ("9520000123452", "check digit"),
    ],
)
def test_a_malformed_uim_says_what_is_wrong_or_what_it_may_have_been(uim: str, words: str) -> None:
    found = verdict(uim)
    assert found.kind is VerdictKind.MALFORMED
    assert words in said(found.remarks)


def test_a_malformed_uim_names_the_party_that_it_nearly_is() -> None:
    (candidate,) = verdict("QCALL7hT2kQ9mZb7K25051914").candidates
    assert (candidate.party, candidate.rank) == ("SE", 1)


def test_the_same_code_is_malformed_before_its_time_stamp_and_right_after_it() -> None:
    made = datetime(2025, 5, 19, 14, tzinfo=UTC)
    assert verdict(SWEDISH, made - timedelta(days=1)).kind is VerdictKind.MALFORMED
    assert verdict(SWEDISH, made).kind is VerdictKind.SURE


def test_an_ending_that_is_no_time_stamp_is_remarked_where_the_body_is_not_published() -> None:
    found = verdict("KPL2F9aK3mW7Qz2T25131914")
    assert found.kind is VerdictKind.SURE
    assert "may be misread" in said(found.remarks)


@pytest.mark.parametrize("uim", ["", "hello world", "Kenya", "12345678901234567890", "\udc80abc", "<GS>", "]d2"])
def test_what_nothing_knows_is_unknown(uim: str) -> None:
    assert verdict(uim).kind is VerdictKind.UNKNOWN


def test_what_is_longer_than_any_marking_is_not_looked_into() -> None:
    found = verdict("QCALL" + "a" * LONGEST)
    assert found.kind is VerdictKind.UNKNOWN
    assert "205 characters" in said(found.remarks)


@given(st.text(max_size=80))
def test_every_text_gets_a_verdict_about_itself(written: str) -> None:
    found = verdict(written)
    assert found.uim.text == written
    assert all(0 < candidate.rank < 100 for candidate in found.candidates)


@given(st.sampled_from([SWEDISH, UZBEK, "KPL2F9aK3mW7Qz2T25051914"]), st.data())
def test_every_proposal_passes_all_checks_of_a_scheme(uim: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(uim) - 1))
    damaged = uim[:place] + data.draw(st.sampled_from("O0Il1S5&= \u0421")) + uim[place + 1 :]
    for remark in verdict(damaged).remarks:
        if proposal := dict(remark.values).get("uim"):
            assert verdict(str(proposal)).kind not in (VerdictKind.MALFORMED, VerdictKind.UNKNOWN)


# --- the library as a value -------------------------------------------------------------------


def test_two_spellings_of_one_uim_have_one_canonical_form() -> None:
    assert shipped().canonical("(01)05410000012340(21)Xy7kQ9pL2m") == shipped().canonical(
        "010541000001234021Xy7kQ9pL2m"
    )


def test_all_42_schemes_and_72_parties_are_carried_over() -> None:
    assert len(shipped().schemes) == 43  # with GS1 article numbers, which are no UIM
    assert len(shipped().parties) == 72
    assert all(scheme.source and scheme.confidence for scheme in shipped().schemes)


def test_only_verified_prefixes_are_sure() -> None:
    sure = {s.prefixes[0] for s in shipped().schemes if s.decides is VerdictKind.SURE}
    assert sure == {"QCALL", "KPL2F", "LEAT1", "QCUKT"}


def test_uims_of_one_scheme_share_their_candidates() -> None:
    one, other = shipped().verdicts([Uim(SWEDISH), Uim("QCALLaa11bb22cABCD25060107")], NOW)
    assert one.candidates is other.candidates


@pytest.mark.parametrize(
    "uims",
    [
        [f"QCALL{n:09d}b7Kd25051914" for n in range(20_000)],
        [f"04780101164394{n:07d}W1kK0tL9" for n in range(20_000)],
        [f"(01)09520000123451(235)9Zx1{n:08d}(8008)25051914" for n in range(20_000)],
        [f"xx{n * 7919:x}yy" for n in range(20_000)],
    ],
    ids=["sweden", "uzbekistan", "gs1", "rubbish"],
)
def test_20_000_uims_take_well_under_a_second_of_work(uims: list[str]) -> None:
    given_uims = [Uim(uim) for uim in uims]
    begun = spent()
    shipped().verdicts(given_uims, NOW)
    assert spent() - begun < allowed(0.7)  # about 0.3 s here; a loop over patterns would take 5 s


def test_a_hostile_pattern_costs_linear_time() -> None:
    pattern = r"XQ1(?:[0-9]+)*(?:[0-9]*)*[0-9]{8}"  # exponential in an engine that backtracks
    hostile = library.load(texts(scheme(pattern=pattern)))
    begun = spent()
    for size in (50, 100, 190):
        hostile.verdicts([Uim("XQ1" + "1" * size + "!")], NOW)
    assert spent() - begun < allowed(0.5)


# --- loading and linting ----------------------------------------------------------------------


def test_the_shipped_library_has_no_problem() -> None:
    assert [str(problem) for problem in library.lint(shipped_texts())] == []


def test_two_parties_with_one_prefix_are_a_choice_and_a_declared_overlap_is_no_problem() -> None:
    other = scheme(id="uy-one", title="Uruguay, one", party="UY", rank=85) + "    ambiguous_with: [ke-one]\n"
    both = texts(scheme(), other)
    assert library.lint(both) == ()
    (found,) = library.load(both).verdicts([Uim("XQ112345678")], NOW)
    assert found.kind is VerdictKind.AMBIGUOUS
    assert [candidate.party for candidate in found.candidates] == ["KE", "UY"]


def test_an_overlap_that_is_not_declared_is_a_problem() -> None:
    problems = library.lint(texts(scheme(), scheme(id="uy-one", party="UY")))
    assert [(problem.scheme, problem.text) for problem in problems] == [
        ("ke-one", "valid: sample 1 is also decided by uy-one"),
        ("uy-one", "valid: sample 1 is also decided by ke-one"),
        (
            "ke-one",
            "overlap: uy-one fits the same codes, such as XQ111111111, and another one answers for it: "
            "make one of them narrower, or accept it: ambiguous_with, or _overlaps.yaml",
        ),
    ]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"pattern": r"XQ1(?=1)\d{8}"}, "pattern: RE2 does not accept it"),
        ({"pattern": r"XQ1\d{9}"}, "valid: sample 1 is not one of this scheme"),
        ({"party": "FR"}, "party: FR is neither"),
        ({"party": "NO"}, "party"),
        ({"party": "RU"}, "only a Party's scheme"),
        ({"party": "KE", "decides": "not a party", "rank": 50}, "KE is a Party"),
        ({"decides": "certain"}, "decides"),
        ({"rank": 30}, "rank: 30 does not go with"),
        ({"confidence": "low"}, "cannot be sure"),
        ({"id": "Not An Id"}, "id"),
    ],
)
def test_a_wrong_scheme_is_refused_naming_file_and_field(changed: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=r"made_up\.yaml") as refused:
        library.load(texts(scheme(**changed)))
    assert words in str(refused.value)


def test_garbage_is_looked_for_again_after_a_library_was_loaded_or_refused() -> None:
    library.load(texts(scheme(id="ke-loaded-now")))
    assert gc.isenabled()
    with pytest.raises(ValueError, match="has the same"):
        library.load(texts(scheme(id="ke-refused-now"), scheme(id="ke-refused-now")))
    assert gc.isenabled()


def test_a_scheme_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="has the same"):
        library.load(texts(scheme(), scheme()))


def test_a_file_that_is_not_yaml_is_named_with_its_line() -> None:
    with pytest.raises(ValueError, match=r"broken\.yaml: not valid YAML, line 3"):
        library.load({**texts(), "broken.yaml": "schemes:\n  - {"})


def test_a_control_character_in_yaml_is_refused() -> None:
    with pytest.raises(ValueError, match=r"broken\.yaml: not valid YAML"):
        library.load({**texts(), "broken.yaml": "schemes: \x00"})


def test_a_library_without_parties_is_refused() -> None:
    with pytest.raises(ValueError, match="list of Parties is missing"):
        library.load({"made_up.yaml": "schemes:" + scheme()})


def test_a_file_that_is_a_mere_list_is_refused() -> None:
    with pytest.raises(ValueError, match=r"broken\.yaml: the file"):
        library.load({**texts(), "broken.yaml": "- schemes"})


def test_an_unknown_scheme_in_ambiguous_with_is_a_problem() -> None:
    (problem,) = library.lint(texts(scheme() + "    ambiguous_with: [nowhere]\n"))
    assert "there is no scheme nowhere" in problem.text


def test_an_invalid_sample_that_fits_and_a_sample_without_prefix_are_problems() -> None:
    wrong = scheme(pattern=r"(?:XQ|YQ)1\d{8}").replace("'XQ112345678'", "'YQ112345678'")
    wrong += "    invalid: [{uim: XQ187654321, because: it is not}]\n"
    said_of = [problem.text for problem in library.lint(texts(wrong))]
    assert "prefixes: sample 1 begins with none of them." in said_of
    assert "invalid: sample 1 is one of this scheme." in said_of
