"""Overlaps of patterns by automata: no pair is missed, none is invented, and a hostile pattern stops nobody."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from itertools import product

import pytest
import re2
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway import data, library
from gateway.facts import NO_PARTY, PartyCode
from gateway.library import proposal
from gateway.library.automata import MOST_STATES, Automaton, Unclear, of_pattern, of_scheme
from gateway.library.changes import laid_over, schemes_in
from gateway.library.crossing import Work, covered, meeting, within
from gateway.library.hazards import hazard, ways
from gateway.library.lint import SAMPLES_UNTIL
from gateway.library.overlap import Overlap, Relation, order, overlaps, same_step, shadowed
from gateway.library.proposal import Examined, examine
from gateway.library.schemes import Catalogue, Scheme, read
from tests.support.cost import allowed, spent
from tests.support.patterns import SHIPPED

KE = PartyCode("KE")
# --- against every short code -----------------------------------------------------------------

_LONGEST = 4
_CODES = ["".join(code) for size in range(_LONGEST + 1) for code in product("ab_1-", repeat=size)]
_SHORT = 3
_ANY_CODES = ["".join(code) for size in range(_SHORT + 1) for code in product("ab_1-z\n", repeat=size)]
_CHARACTERS = st.sampled_from(
    ["a", "b", "1", ".", "[ab]", "[^a]", r"\d", r"\w", "[a-b1]", r"\x61", r"[^\d_]", r"\-", "[-a]"]
)
_PATTERNS = st.recursive(
    _CHARACTERS,
    lambda part: st.one_of(
        st.lists(part, min_size=2, max_size=3).map("".join),
        st.lists(part, min_size=2, max_size=3).map(lambda several: f"(?:{'|'.join(several)})"),
        st.tuples(part, st.sampled_from(["*", "+", "?", "{2}", "{0,2}", "{1,}", "{1,3}?", "{0}"])).map(
            lambda pair: f"(?:{pair[0]}){pair[1]}"
        ),
    ),
    max_leaves=7,
)


def codes(pattern: str) -> frozenset[str]:
    taken = re2.compile(pattern)
    return frozenset(code for code in _CODES if taken.fullmatch(code))


def automaton(pattern: str) -> Automaton:
    return of_scheme(pattern, (), 0, _LONGEST)


@settings(max_examples=60)
@given(_PATTERNS, _PATTERNS)
@example("(?:a*)*b?", "[^a]|a{0}")
@example("(?:ab|a)(?:b|1)?", "a(?:b1)?")
def test_two_patterns_meet_exactly_where_a_short_code_fits_both_and_the_code_shown_is_a_shortest(
    one: str, other: str
) -> None:
    both = codes(one) & codes(other)
    found = meeting(automaton(one), automaton(other), Work())
    assert (found is not None) == bool(both)
    if found is not None:
        assert re2.fullmatch(one, found)
        assert re2.fullmatch(other, found)
        assert len(found) == min(map(len, both))


@settings(max_examples=60)
@given(_PATTERNS, _PATTERNS)
@example("a(?:b|1)", "ab|a1")
def test_a_pattern_lies_within_another_exactly_where_every_short_code_of_it_does(one: str, other: str) -> None:
    assert within(automaton(one), automaton(other), Work()) == (codes(one) <= codes(other))


@settings(max_examples=60)
@given(_PATTERNS, st.lists(st.tuples(_PATTERNS, st.integers(1, 3)), min_size=1, max_size=4))
@example("(?:a|b)1?", [("a", 3), ("b", 3), ("[ab]1", 3)])
@example("(?:a|b)1?", [("a1?", 3), ("b", 3)])
@example("[ab]{2}", [("a.", 3), (".b", 3), ("ba", 3)])
@example("a{1,3}", [("a+", 2), ("b*", 3)])  # each for codes of its own lengths only
def test_several_patterns_cover_another_exactly_where_every_short_code_of_it_is_one_of_theirs(
    one: str, others: list[tuple[str, int]]
) -> None:
    def taken(pattern: str, longest: int = _SHORT) -> set[str]:
        return {code for code in _ANY_CODES if len(code) <= longest and re2.fullmatch(pattern, code)}

    theirs = [of_scheme(pattern, (), 0, longest) for pattern, longest in others]
    found = covered(of_scheme(one, (), 0, _SHORT), theirs, Work())
    assert found == (taken(one) <= set().union(*(taken(*other) for other in others)))


@settings(max_examples=60)
@given(_PATTERNS, st.sampled_from([("a",), ("ab", "a1"), ("1", "1b"), ("b1a",)]))
def test_only_codes_with_a_prefix_count(pattern: str, prefixes: tuple[str, ...]) -> None:
    bounded = of_scheme(pattern, prefixes, 0, _LONGEST)
    wanted = {code for code in codes(pattern) if code.startswith(prefixes)}
    assert (meeting(bounded, automaton(r"(?:.|\x0a)*"), Work()) is not None) == bool(wanted)
    assert {size for size in range(_LONGEST + 1) if bounded.lengths >> size & 1} == {len(code) for code in wanted}


@pytest.mark.parametrize("code", ["ab", "abab", "abbb", "aba", "aab", "ba", "a"])
def test_a_prefix_that_ends_within_a_repetition_leaves_the_rest_of_it_free(code: str) -> None:
    found = meeting(of_scheme("[ab]+", ("ab",), 0, _LONGEST), automaton(code), Work())
    assert found == (code if code.startswith("ab") else None)


@pytest.mark.parametrize(
    "pattern", [r"\pN+", "[[:alpha:]]", "(?i)abc", "^abc", "abc$", r"\bx", r"a\sb", "[]a]", "é", "[^é]"]
)
def test_what_might_be_read_in_two_ways_is_not_computed_with(pattern: str) -> None:
    re2.compile(pattern)
    with pytest.raises(Unclear):
        of_pattern(pattern)


# --- the library ------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def shipped() -> Catalogue:
    return read(data.pattern_texts())[0]


@lru_cache(maxsize=1)
def pairs() -> Mapping[frozenset[str], Overlap]:
    return {pair.ids: pair for pair in overlaps(shipped().schemes, Work())}


def pair(*ids: str) -> Overlap:
    return pairs()[frozenset(ids)]


def test_every_pair_of_the_shipped_library_is_computed_and_its_code_fits_both() -> None:
    assert len(pairs()) > 70
    asked = library.PatternLibrary(shipped())
    for found in pairs().values():
        assert found.relation is not Relation.UNCLEAR
        assert {found.one, found.other} <= set(asked.hits(found.example))


def test_every_valid_sample_that_two_patterns_fit_is_of_a_pair_that_was_found() -> None:
    asked = library.PatternLibrary(shipped())
    for scheme in shipped().schemes:
        for sample in scheme.valid:
            hits = asked.hits(asked.canonical(sample))
            assert {frozenset((one.id, scheme.id)) for one in hits if one is not scheme} <= pairs().keys()


def test_the_order_of_decision_settles_a_known_prefix_above_a_general_structure() -> None:
    found = pair("eu-upui-L", "se-upui-L")
    assert (found.one.id, found.relation) == ("se-upui-L", Relation.ORDERED)
    assert found.example.startswith("QCALL")
    assert len(found.example) == 26


def test_long_and_short_form_of_one_party_are_the_same_answerer_and_one_shape_of_three_states_is_not() -> None:
    assert pair("eu-upui-i", "eu-upui-s").relation is Relation.SAME
    assert pair("ru-pack", "uz-pack").relation is Relation.RIVALS


def test_what_is_accepted_has_a_reason_and_covers_every_rivalry_exactly() -> None:
    rows = yaml.safe_load(data.pattern_texts()["_overlaps.yaml"])["overlaps"]
    assert all(row["because"] for row in rows)
    rivals = {ids for ids, found in pairs().items() if found.relation is Relation.RIVALS}
    assert all(any(ids <= set(row["schemes"]) for row in rows) for ids in rivals)


def test_the_relation_is_that_of_the_judge() -> None:
    """Where no check interferes, who decides about the code shown is who the pair says."""
    asked = library.PatternLibrary(shipped())
    for found in pairs().values():
        deciding = asked.deciding(found.example, SAMPLES_UNTIL)
        if found.one.id in deciding and not found.other.faults(found.example, SAMPLES_UNTIL):
            assert (found.other.id in deciding) == same_step(found.one, found.other)


# --- what the linter says ---------------------------------------------------------------------

SCHEME = """
  - {{id: {id}, title: "{id}", party: {party}, issuer: Works, level: unit packet, structure: made up,
     pattern: '{pattern}', prefixes: {prefixes}, decides: {decides}, rank: {rank}, valid: ['{valid}'],
     confidence: high, verified: true, source: made up}}
"""


def scheme(id: str, pattern: str, valid: str, **changed: object) -> str:
    values = {"party": "KE", "decides": "sure", "rank": 90, "prefixes": f"[{valid[:2]}]", **changed}
    return SCHEME.format(id=id, pattern=pattern, valid=valid, **values)


def says(*schemes: str, **files: str) -> list[str]:
    texts = {"_parties.yaml": SHIPPED["_parties.yaml"], "made_up.yaml": "schemes:" + "".join(schemes)}
    return [problem.text for problem in library.lint(texts | {f"{name}.yaml": text for name, text in files.items()})]


ONE = scheme("ke-one", r"XQ[0-9A]\d{4}", "XQA0000")
OTHER = scheme("se-one", r"XQ\d[0-9B]{4}", "XQ0BBBB", party="SE")
ACCEPTED = "overlaps: [{schemes: [ke-one, se-one], because: made up}]"


def test_a_pair_that_no_sample_shows_is_found_with_a_code() -> None:
    (found,) = says(ONE, OTHER)
    assert found.startswith("overlap: se-one fits the same codes, such as XQ11111, and another one answers for it")


def test_an_accepted_pair_is_no_problem_and_one_that_is_no_more_is() -> None:
    assert says(ONE, OTHER, _overlaps=ACCEPTED) == []
    apart = OTHER.replace(r"\d[0-9B]{4}", r"\d[0-9B]{3}B")
    assert says(ONE, apart, _overlaps=ACCEPTED) == ["ke-one and se-one need no acceptance (any more)"]
    assert says(ONE, _overlaps=ACCEPTED) == ["there is no scheme se-one"]


def test_a_prefix_of_one_party_within_that_of_another_is_a_problem() -> None:
    (found,) = says(
        scheme("se-long", r"XQZZ\d{3}", "XQZZ000", prefixes="[XQZZ]", party="SE"),
        scheme("ke-all", r"XQ.{5}", "XQaaaaa"),
    )
    assert found.startswith("overlap: ke-all fits the same codes, such as XQZZ111")


def test_a_declared_ambiguity_that_cannot_be_is_a_problem() -> None:
    apart = scheme("se-two", r"YQ\d{4}", "YQ0000", party="SE").replace("source:", "ambiguous_with: [ke-one], source:")
    assert says(ONE, apart) == ["ambiguous_with: no code fits both it and ke-one"]


@pytest.mark.parametrize(
    ("pattern", "changed", "hidden"),
    [
        (r"XQ\d{2}", {}, True),
        (r"XQ\d{2}A", {}, False),
        (r"XQ1{4}", {"prefixes": "[XQ11]", "rank": 95}, False),  # the longer prefix counts
        (r"XQ9Z{4}", {"decides": "hint", "rank": 10}, True),
    ],
)
def test_a_scheme_that_never_counts_is_found(pattern: str, changed: dict[str, object], hidden: bool) -> None:
    sample = {r"XQ\d{2}": "XQ00", r"XQ\d{2}A": "XQ00A", "XQ1{4}": "XQ1111", "XQ9Z{4}": "XQ9ZZZZ"}[pattern]
    found = says(scheme("ke-wide", r"XQ\d+|XQ9Z+", "XQ0000", rank=91), scheme("ke-less", pattern, sample, **changed))
    assert any("it never counts" in one for one in found) is hidden


def _ranked(name: str, pattern: str, sample: str, **changed: object) -> str:
    return scheme(name, pattern, sample, **{"rank": 91, **changed})


@pytest.mark.parametrize(
    ("others", "hidden"),
    [
        ((("ke-low", r"XQ[0-4]\d{3}", "XQ0000"), ("ke-high", r"XQ[5-9]\d{3}", "XQ9000")), "ke-high or ke-low"),
        ((("ke-low", r"XQ[0-4]\d{3}", "XQ0000"), ("ke-high", r"XQ[6-9]\d{3}", "XQ9000")), ""),
        (
            (
                ("ke-a", r"XQ[1-7]\d{3}", "XQ1000"), ("ke-low", r"XQ[0-4]\d{3}", "XQ0000"),
                ("ke-high", r"XQ[5-9]\d{3}", "XQ9000"),
            ),
            "ke-high or ke-low",  # without the other two ke-a is of no use
        ),
        ((("ke-odd", r"XQ(?:\d\d)+", "XQ0000"), ("ke-even", r"XQ\d(?:\d\d)*", "XQ000")), "ke-odd"),  # one suffices
        (
            (
                ("ke-a", r"XQ0\d*", "XQ0000"), ("ke-b", r"XQ\d*0", "XQ1000"), ("ke-c", r"XQ[1-9]\d+[1-9]", "XQ1001"),
            ),
            "ke-a or ke-b or ke-c",
        ),
    ],
)  # fmt: skip
def test_a_scheme_that_never_counts_because_of_several_together_is_found(
    others: tuple[tuple[str, str, str], ...], hidden: str
) -> None:
    found = says(*(_ranked(*other) for other in others), scheme("ke-less", r"XQ\d{4}", "XQ1234"))
    told = [one.partition("is decided as ")[2] for one in found if one.endswith("it never counts")]
    assert told == ([f"{hidden}: it never counts"] if hidden else [])


def test_a_general_structure_whose_every_beginning_is_a_known_prefix_never_counts() -> None:
    hint = scheme("ke-hint", r"X[QR]\d{8}", "XQ00000000", decides="hint", rank=10).replace("prefixes: [XQ], ", "")
    other = scheme("ke-two", r"XR\d{4}", "XR0000", prefixes="[XR]")
    assert any("is decided as ke-one or ke-two: it never counts" in one for one in says(ONE, hint, other))
    assert not any("never counts" in one for one in says(ONE, hint))


def test_a_general_structure_with_a_known_prefix_never_counts() -> None:
    hint = scheme("ke-hint", r"XQ\d{8}", "XQ00000000", decides="hint", rank=10).replace("prefixes: [XQ], ", "")
    assert hint.count("prefixes") == 0
    (found,) = [one for one in says(ONE, hint) if "never counts" in one]
    assert found == "every code of it, such as XQ, is decided as ke-one: it never counts"


@pytest.mark.parametrize(
    "pattern",
    [
        r"XQ(?:\d+)+", r"XQ(?:\d*)*", r"XQ(?:\d|1)*", r"XQ(?:\d{1,9}){1,9}", r"XQ(?:\d?){300}",
        r"XQ\d{90}(?:a+)+", r"XQ\d{90}(?:\d{1,9}){1,9}", r"XQ(?:ab|a|b)+", r"XQ(?:[a-z]{1,9}x)+",
        r"XQ(?:(?:a|a)\d{60}|(?:b|b)\d{60}|(?:c|c)\d{60}|e(?:x+)+)", r"XQ(?:a1|a2|b1|b2|c1|c2|e|e)+",
    ],
)  # fmt: skip
def test_a_pattern_that_would_stop_an_engine_that_goes_back_is_dangerous(pattern: str) -> None:
    assert hazard(pattern) is not None


@pytest.mark.parametrize(
    "pattern",
    [r"XQ\d+", r"XQ(?:a|b)*", r"XQ[A-Z]{0,5}[0-9A-Z]{3,40}\d{8}", r"XQ(?:\d{4}-)*\d{4}", r"XQ(?:ab|ac)+",
     r"XQ[0-9A-Z]{1,180}\d{8}", r"(?:[0-9]{90}-)*"],
)  # fmt: skip
def test_an_ordinary_repetition_is_no_danger(pattern: str) -> None:
    assert hazard(pattern) is None


def test_the_ways_to_read_a_code_are_counted() -> None:
    assert ways(of_pattern(r"(?:a|a)b"), Work()) == 2
    assert ways(of_pattern(r"(?:a|b)(?:c|d)"), Work()) == 1
    assert ways(of_pattern(r"\d{1,3}\d{1,3}"), Work()) == 3


# --- proposals --------------------------------------------------------------------------------


def proposed(*schemes: str, only: PartyCode = KE) -> Examined:
    return examine(SHIPPED, ("schemes:" + "".join(schemes)).encode(), only)


def test_a_proposal_that_takes_codes_of_another_without_touching_a_sample_is_shown_with_a_code() -> None:
    found = proposed(scheme("ke-new", r"QCALL9\d{7}", "QCALL91234567", prefixes="[QCALL9]"))
    assert found.problems == ()
    assert [(one.title, one.sample, one.now) for one in found.touched] == [
        ("Sweden, one", "QCALL91111111", ("ke-new",))
    ]


def test_a_proposal_cannot_hide_whose_codes_it_shares_by_declaring_them() -> None:
    rival = scheme("ke-new", r"QCALL1\d{7}", "QCALL11234567", prefixes="[QCALL]")
    declared = rival.replace("source:", "ambiguous_with: [se-one], source:")
    for one in (rival, declared):
        (shared,) = [one for one in proposed(one).touched if not one.own]
        assert (shared.title, shared.now) == ("Sweden, one", ("ke-new", "Sweden, one"))


@pytest.mark.parametrize(
    ("change", "shared", "shown"),
    [
        (scheme("ke-new", r"QCALL1\d{7}", "QCALL11234567", prefixes="[QCALL]"), ("ke-new", "se-one"), "Sweden, one"),
        (scheme("ke-new", r"QCA[A-Z]{2}\d{8}", "QCAAB12345678", prefixes="[QCA]"), ("ke-new", "se-one"), "Sweden, one"),
        (scheme("ke-a", r"KA\d{8}", "KA12345678") + scheme("ke-b", r"KA\d{7,8}", "KA1234567", party="UY"),
         ("ke-a", "ke-b"), "ke-b"),
    ],
    ids=["on one step", "a prefix within another's", "within one file"],
)  # fmt: skip
def test_a_proposal_names_whose_codes_it_shares_and_shows_it_so_that_lint_is_right_once_it_is_approved(
    change: str, shared: tuple[str, str], shown: str
) -> None:
    found = proposed(change, only=NO_PARTY)
    assert found.problems == ()
    assert found.shared == (shared,)
    assert shown in {one.title for one in found.touched}
    assert library.lint(laid_over(SHIPPED, schemes_in(found.text))) == ()
    assert [p.text for p in library.lint(laid_over(SHIPPED, schemes_in("schemes:" + change))) if "overlap: " in p.text]
    again = examine(SHIPPED, found.text.encode())
    assert (again.text, again.shared, again.touched) == (found.text, (), found.touched)


def test_markings_of_one_party_that_share_a_sample_are_noted_those_that_share_other_codes_need_not() -> None:
    twin = scheme("se-new", r"QCALL[0-4A]{8}", "QCALL12340000", prefixes="[QCALL]", party="SE")
    found = proposed(twin, only=PartyCode("SE"))
    assert (found.problems, found.shared) == ((), (("se-new", "se-one"),))
    assert library.lint(laid_over(SHIPPED, schemes_in(found.text))) == ()
    found = proposed(twin.replace("QCALL12340000", "QCALLA2340000"), only=PartyCode("SE"))
    assert (found.problems, found.shared) == ((), ())
    assert library.lint(laid_over(SHIPPED, schemes_in(found.text))) == ()


def test_a_code_that_another_marking_keeps_is_not_said_to_be_taken() -> None:
    found = proposed(scheme("ke-new", r"QCA[A-Z]{2}\d{8}", "QCAAB12345678", prefixes="[QCA]"))
    assert [(one.title, one.now, one.kept) for one in found.touched] == [("Sweden, one", ("Sweden, one",), True)]


def test_a_code_that_is_shared_is_shown_beside_what_else_a_change_does_to_that_marking() -> None:
    damaged = "valid: [QCALL12345678], invalid: [{uim: QCAL112345678, because: damaged}]"
    known = {**SHIPPED, "sweden.yaml": SHIPPED["sweden.yaml"].replace("valid: [QCALL12345678]", damaged)}
    found = examine(known, ("schemes:" + scheme("ke-new", r"QCA[A-Z1]{2}\d{8}", "QCAAB12345678")).encode(), KE)
    shown = [(one.sample, one.kept) for one in found.touched if one.title == "Sweden, one"]
    assert (found.problems, shown) == ((), [("QCAL112345678", False), ("QCALL11111111", True)])


def test_a_proposal_below_a_known_prefix_touches_no_general_structure() -> None:
    found = proposed(scheme("ke-new", r"12\d{28}", "1" + "2" * 29, prefixes="['12']"))
    assert (found.problems, found.touched, found.unclear) == ((), (), ())


def test_a_proposal_that_would_never_count_is_told() -> None:
    found = proposed(scheme("ke-new", r"QCALL\d{8}", "QCALL12345670", decides="hint", rank=5))
    assert [(one.title, one.hidden) for one in found.touched if not one.own] == [("Sweden, one", True)]


def test_a_pattern_that_takes_too_long_to_be_compared_is_said_to_be_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proposal, "_WORK", 1)
    found = proposed(scheme("ke-new", r"(?:[A-Z]{1,9}\d{1,9}){1,2}", "QCALL1", prefixes="[QCALL]"))
    assert found.problems == ()
    assert "Sweden, one" in found.unclear


@pytest.mark.parametrize(
    "pattern", [r"QC\x{41}[a-z]{8}1", r"^QCA[a-z]{8}1$", r"(?i)qca[a-z]{8}1", r"QCA\b?[a-z]{8}1", r"QCA[[:alpha:]]{8}1"]
)
def test_a_pattern_that_cannot_be_compared_with_others_is_refused(pattern: str) -> None:
    """Neither whose codes it touches nor whether it is dangerous could be said of it."""
    (told,) = proposed(scheme("ke-new", pattern, "QCAabcdefgh1")).problems
    assert "it cannot be compared with the others" in told.text


def test_work_without_an_end_is_given_up_and_that_is_said() -> None:
    one, other = of_pattern(r"(?:[A-Z]{1,9}\d{1,9}){1,9}X"), of_pattern(r"(?:[0-9A-Z]{2,9}-){1,9}X")
    with pytest.raises(Unclear):
        meeting(one, other, Work(5))
    with pytest.raises(Unclear):
        of_pattern(f"(?:{'a' * 40}){{{MOST_STATES // 40 + 1}}}")


def test_a_hostile_file_takes_bounded_work() -> None:
    hostile = [scheme(f"ke-{n}", r"K(?:[A-Z]{1,30}\d{1,30}){1,8}", f"KA{n}") for n in range(20)]
    begun = spent()
    assert proposed(*hostile).unclear
    assert spent() - begun < allowed(20)  # about 1.4 s here; the whole question would take minutes


def test_the_order_of_two_schemes_is_the_longest_prefix_then_the_kind() -> None:
    names = ["eu-upui-L", "gs1-article", "ru-pack", "at-upui", "at-eo-fid", "pl-ids"]
    known: dict[str, Scheme] = {one.id: one for one in shipped().schemes}
    assert sorted(names, key=lambda name: order(known[name])) == [
        "at-eo-fid", "at-upui", "pl-ids", "gs1-article", "ru-pack", "eu-upui-L",
    ]  # fmt: skip


def test_nothing_in_the_shipped_library_is_shadowed() -> None:
    assert list(shadowed(shipped().schemes, pairs().values(), Work())) == []
