"""A change of the library is judged before it is made: its form, its samples, and whose codes it touches."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gateway import library
from gateway.content import Uim
from gateway.events import ChangeState, PatternChange
from gateway.facts import PartyCode, digest
from gateway.library.changes import merged, overlay, repeats, undone, written
from gateway.library.proposal import Examined, examine
from gateway.library.reading import LARGEST, Unreadable, read_schemes
from tests.support.patterns import SHIPPED, stamp

KE, SE = PartyCode("KE"), PartyCode("SE")
NOW = datetime(2026, 3, 2, tzinfo=UTC)


def wrong(octets: bytes, only: PartyCode = KE) -> list[str]:
    return [problem.text for problem in examine(SHIPPED, octets, only).problems]


def change(found: Examined, version: int = 1) -> PatternChange:
    ids = tuple(scheme.id for scheme in found.schemes)
    mark = digest(found.text.encode())
    return PatternChange(mark, found.text, ids, found.party, NOW, state=ChangeState.APPROVED, version=version)


def party_of(texts: dict[str, str], code: str) -> str:
    (verdict,) = library.load(texts).verdicts([Uim(code)], NOW)
    return verdict.candidates[0].party if verdict.candidates else verdict.kind.value


# --- what is right ----------------------------------------------------------------------------------------


def test_a_right_description_touches_nobody_and_counts_once_it_is_laid_over_the_library() -> None:
    found = examine(SHIPPED, stamp(), KE)
    assert (found.problems, found.touched, found.party, found.new) == ((), (), KE, {"ke-stamp"})
    assert party_of(SHIPPED, "KESTAMP87654321") == "unknown"
    assert party_of(merged(SHIPPED, [change(found)]), "KESTAMP87654321") == "KE"


def test_a_scheme_alone_is_a_file_too() -> None:
    alone = "\n".join(line[4:] for line in stamp().decode().splitlines()[2:]).encode()
    assert examine(SHIPPED, alone, KE).raw == examine(SHIPPED, stamp(), KE).raw


def test_what_the_library_says_already_is_no_change() -> None:
    known = merged(SHIPPED, [change(examine(SHIPPED, stamp(), KE))])
    assert [p.text for p in examine(known, stamp(), KE).problems] == [
        "There is no change: the library says this already."
    ]
    assert examine(known, stamp(title="Kenya, stamp of 2027"), KE).problems == ()


def test_a_changed_scheme_stands_where_it_stood_and_the_others_of_its_file_stay() -> None:
    narrower = stamp(id="se-one", party="SE", pattern=r"'QCALL\d{9}'", prefixes="[QCALL]", valid="[QCALL123456789]",
                     length="{min: 14, max: 14}", invalid="", **{"uim": ""})  # fmt: skip
    found = examine(SHIPPED, b"\n".join(line for line in narrower.splitlines() if b"uim" not in line), SE)
    assert found.problems == ()
    assert found.new == frozenset()
    now = merged(SHIPPED, [change(found)])
    assert now.keys() == SHIPPED.keys()
    assert (party_of(now, "QCALL123456789"), party_of(now, "QCALLabcdefgh")) == ("SE", "SE")
    assert party_of(SHIPPED, "QCALL12345678") == "SE"
    assert not library.load(now).fits("QCALL12345678", NOW), "as it was described before it fits no more"


# --- what is refused --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"party": "SE"}, "party: you describe"),
        ({"party": "null"}, "party: you describe"),
        ({"party": "NO"}, "party: the code of the Party, two capital letters"),  # false in YAML
        ({"id": "KE Stamp"}, "id: small letters, digits and hyphens"),
        ({"id": "k" * 61}, "id: this is too long: at most 60"),
        ({"prefixes": "[kestamp]"}, "prefixes: each is 2 to 8 capital letters or digits"),
        ({"length": "{min: 15, max: 201}"}, "length: from 1 to 200 characters"),
        ({"confidence": "[high]"}, "confidence: it must be one of"),
        ({"verified": "perhaps"}, "verified: true or false is wanted"),
        ({"rank": "90,5"}, "rank: a whole number from 1 to 99"),
        ({"rank": "100"}, "rank: a whole number from 1 to 99"),
        ({"prefixes": "KESTAMP"}, "in a file they stand in square brackets"),
        ({"length": "15"}, "in a file the least is min, the most max"),
        ({"source": "x\n    fields: [prefix]"}, "fields.1: keys with values are wanted, in braces"),
        ({"pattern": "null"}, "valid: sample 1 is not one of this scheme."),
        ({"source": "2027"}, "source: text is wanted"),
        ({"source": "x\n    validity: {from: 2027-01-31}"}, 'such as "2027-01-31"'),
        ({"source": "x\n    carriers: Data Matrix"}, "carriers: a list is wanted"),
        ({"source": "x\n    fields: [{name: prefix, at: [0, 1,5]}]"}, "fields.1.at: it does not keep"),
        ({"source": "x\n    fields: [{name: prefix, at: [0, x]}]"}, "fields.1.at.2: it does not keep"),
        ({"source": "x\n    fields: [{name: prefix, at: [x, 7]}]"}, "fields.1.at.1: a whole number is wanted"),
        ({"id": "se-one"}, "id: a marking of another Party"),
        ({"decides": "not a uim\n    remark: article"}, "decides: a Party may write"),
        ({"decides": "not a uim"}, "remark"),
        ({"rank": "20"}, "rank: 20 does not go with “decides: sure”: write a number from 80 to 99"),
        ({"length": "{min: 16, max: 15}"}, "length: the least is greater than the most"),
        ({"source": "x\n    alphabet: digits"}, "alphabet: sample 1 has “K”, which is not in it"),
        ({"pattern": r"'KESTAMP[\d{8}'"}, r"RE2 does not accept it at “[\d{8}”"),
        ({"pattern": r"'KESTAMP\d{8}\'"}, r"RE2 does not accept it at “KESTAMP\d{8}\”"),
        ({"pattern": r"'KESTAMP\d{8,5}'"}, "RE2 does not accept it at “{8,5}”"),
        ({"pattern": r"'KESTAMP\d{8000}'"}, "pattern: it is too large"),
        ({"decides": "perhaps"}, "decides: it must be one of: sure"),
        ({"source": ""}, "Missing: source."),
        ({"source": "x\n    colour: red"}, "Not a key of the published schema: colour."),
        ({"valid": "[KESTAMP1234567X]"}, "valid: sample 1 is not one of this scheme. Character 15 is X"),
        ({"valid": "[KESTAMP12345678, KESTAMP123456]"}, "sample 2 is not one of this scheme. It ends after 13"),
        ({"pattern": r"'KESTAMP\d{7,8}'", "length": "{min: 14, max: 15}"}, "invalid: sample 1 is one of this scheme"),
        ({"prefixes": "[KESTAMQ]"}, "sample 1"),
        ({"pattern": r"'(?=KE)KESTAMP\d{8}'"}, "RE2 does not accept"),
        ({"pattern": r"'KESTAMP((\d{100}){100}){100}'"}, "it is too large"),
        ({"pattern": r"'KESTAMP(\w{1,300}x){1,3}|KESTAMP\w{900}|KESTAMP\w{900}|KESTAMP\d{8}'"}, "it is too large"),
        ({"title": f"'{'x' * 121}'"}, "title: this is too long: at most 120"),
        ({"title": '"Kenya\u202estamp"'}, "title: it holds characters that cannot be seen"),
        ({"title": "Sweden, ONE"}, "title: a marking of another Party has this title"),
        ({"source": "x\n    ambiguous_with: [se-one]"}, "no marking with the name “se-one” fits the same codes"),
        ({"source": "x\n    ambiguous_with: [nothing]"}, "no marking with the name “nothing” fits the same codes"),
        ({"title": '"two\\nlines"'}, "cannot be seen"),
        ({"source": '"\\u0007"'}, "cannot be seen"),
    ],
)  # fmt: skip
def test_a_wrong_description_is_refused_with_the_key_that_is_wrong(changed: dict[str, str], says: str) -> None:
    found = wrong(stamp(**changed))
    assert any(says in one for one in found), found


def test_of_two_markings_of_one_name_in_a_file_none_is_lost() -> None:
    assert (
        wrong(stamp() + stamp(title="Kenya, other").replace(b"schemes:", b""))
        == ["id: two markings of the file have this name."] * 2
    )


def test_a_party_may_call_two_of_its_markings_alike_and_what_is_replaced_does_not_count() -> None:
    two = stamp() + stamp(id="ke-two", pattern=r"'KETWO\d{8}'", prefixes="[KETWO]", valid="[KETWO12345678]",
                          length="{min: 13, max: 13}").replace(b"schemes:", b"")  # fmt: skip
    found = examine(SHIPPED, two, KE)
    assert found.problems == ()
    theirs = stamp(id="se-one", party="SE", title="Sweden, one")
    assert not any("title" in problem.text for problem in examine(SHIPPED, theirs, SE).problems)


def test_a_party_cannot_take_the_codes_of_everybody() -> None:
    """A prefix that many codes have, a shape that anything has: refused, or bound to the own prefix."""
    swallowing = stamp(pattern="'.*'", length="{min: 1, max: 200}", invalid="")
    only_valid = b"\n".join(line for line in swallowing.splitlines() if b"uim" not in line)
    taken = merged(SHIPPED, [change(examine(SHIPPED, only_valid, KE))])
    assert party_of(taken, "QCALL12345678") == "SE", "a pattern counts for codes with its prefix only"
    hint = (
        only_valid.replace(b"sure", b"hint")
        .replace(b"rank: 90", b"rank: 30")
        .replace(b"    prefixes: [KESTAMP]\n", b"")
    )
    found = examine(SHIPPED, hint, KE)
    assert {one.title for one in found.touched} >= {"General digits"}
    assert party_of(merged(SHIPPED, [change(found)]), "QCALL12345678") == "SE", "a hint decides after all others"


def test_whoever_reaches_for_the_codes_of_many_others_is_refused_and_the_secretariat_sees_whose_they_are() -> None:
    digits = "012345678901234567890123456789"
    many = {
        f"{n}.yaml": SHIPPED["general.yaml"].partition("  - {id: ru-one")[0].replace("any-digits", f"any-{n}")
        .replace("General", f"General {n},").replace("{30}", f"{{{20 + n}}}").replace(digits, digits[: 20 + n])
        for n in range(5)
    }  # fmt: skip
    given = stamp(pattern=r"'01\d{8}'", prefixes="['01']", valid="['0112345678']", length="{min: 10, max: 10}")
    lines = b"\n".join(line for line in given.splitlines() if b"invalid" not in line and b"uim" not in line)
    known = {**SHIPPED, **many}
    assert ["of 6 other markings" in problem.text for problem in examine(known, lines, KE).problems] == [True]
    seen = examine(known, lines)
    assert seen.problems == ()
    assert {(one.title, one.now) for one in seen.touched} == {
        ("General digits", ()), *((f"General {n}, digits", ()) for n in range(5)),
    }  # fmt: skip


def test_whoever_takes_the_damaged_codes_of_others_takes_anything() -> None:
    damaged = {**SHIPPED, "sweden.yaml": SHIPPED["sweden.yaml"].replace(
        "valid: [QCALL12345678]", "valid: [QCALL12345678], invalid: [{uim: 'qcall 1', because: damaged}]")}  # fmt: skip
    given = stamp(pattern="'.*'", length="{min: 1, max: 200}", decides="hint", rank="30", prefixes="", invalid="")
    lines = b"\n".join(line for line in given.splitlines() if b"uim" not in line)
    assert ("Sweden, one", "qcall 1") in {(one.title, one.sample) for one in examine(damaged, lines, KE).touched}


def test_a_sample_that_others_fit_too_is_shown_with_what_decides() -> None:
    both = stamp(pattern=r"'QCALL\d{8}'", prefixes="[QCALL]", valid="[QCALL87654321]", length="{min: 13, max: 13}")
    lines = b"\n".join(line for line in both.splitlines() if b"invalid" not in line and b"uim" not in line)
    found = examine(SHIPPED, lines, KE)
    assert found.problems == ()
    assert {(one.title, one.sample, one.own) for one in found.touched} == {
        ("Sweden, one", "QCALL12345678", False), ("Sweden, one", "QCALL87654321", True),
    }  # fmt: skip
    assert all(set(one.now) == {"Sweden, one", "Kenya, excise stamp"} for one in found.touched)


# --- hostile files ----------------------------------------------------------------------------------------

BOMB = "a: &a [x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]\n" for n in range(20)
)


@pytest.mark.parametrize(
    "octets",
    [
        b"", b"\xff\xfe\x00", b"\x00", b"- just\n- a list\n", b"schemes: []", b"schemes: 1", b"schemes: [1]\nother: 2",
        BOMB.encode(), b"schemes: &x [*x]", b"schemes: !!python/object/apply:os.system [ls]", b"schemes: [!x {}]",
        b"schemes: [" + b"[" * 5000 + b"]" * 5000 + b"]", b"a: " * 3000, b"{" * 30000,
        b"schemes: [{id: a, id: b}]", b"--- {schemes: [{}]}\n--- {schemes: [{}]}\n",
        b"schemes: [{rank: " + b"9" * 20000 + b"}]", b"schemes: [{rank: " + b"1:" * 20000 + b"1}]",
        b"schemes: [{at: 2026-99-99}]", b"schemes: [{? [a] : b}]", b"schemes:\n" + b"- {}\n" * 21,
        b"schemes: [{id: '" + b"x" * LARGEST + b"'}]", b"schemes: [{rank: .inf}]", b"schemes: [{<<: {id: a}}]",
        b"schemes: [{id: \"\\ud800\"}]",
    ],
)  # fmt: skip
def test_a_hostile_file_is_refused_with_a_sentence(octets: bytes) -> None:
    found = examine(SHIPPED, octets, KE)
    assert found.problems
    assert all(problem.text for problem in found.problems)


@pytest.mark.parametrize("octets", [BOMB.encode(), b"schemes: &x [*x]", b"x: !!binary aGk="])
def test_references_and_types_are_refused_by_their_line_before_anything_is_built(octets: bytes) -> None:
    with pytest.raises(Unreadable, match="references"):
        read_schemes(octets)


def test_a_file_that_is_no_list_of_patterns_is_told_so_not_that_it_is_too_large() -> None:
    with pytest.raises(Unreadable, match="Send one document"):
        read_schemes(b"-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n" + b"mQGNBGsCZlMBDADOg6Z0Jj4u\n" * 80)


# --- one after the other, and back ------------------------------------------------------------------------


def test_later_changes_count_and_one_change_can_be_taken_back() -> None:
    first = change(examine(SHIPPED, stamp(), KE), 1)
    second = change(examine(merged(SHIPPED, [first]), stamp(title="Kenya, stamp of 2027"), KE), 2)
    assert overlay([first, second])["ke-stamp"]["title"] == "Kenya, stamp of 2027"
    text, ids = undone([first, second], 2)
    third = replace(second, text=text, schemes=ids, version=3)
    assert overlay([first, second, third])["ke-stamp"]["title"] == "Kenya, excise stamp"
    with pytest.raises(ValueError, match="changed again by version 2"):
        undone([first, second], 1)
    with pytest.raises(ValueError, match="no version 9"):
        undone([first, second], 9)
    text, ids = undone([first], 1)
    assert merged(SHIPPED, [first, replace(first, text=text, schemes=ids, version=2)]) == SHIPPED


def test_a_version_that_leaves_its_schemes_as_an_earlier_one_did_is_said_to_repeat_the_latest_such() -> None:
    """Taken back or brought again: by what stands in it, whatever was changed beside it, and as it was shipped."""
    shipped = {"old": {"id": "old", "title": "as shipped"}}

    def made(*steps: dict[str, str]) -> dict[int, int]:
        """Each step says titles of schemes; "" takes back to what was shipped."""
        texts = [written({"id": name, "title": title} for name, title in step.items() if title) for step in steps]
        found = [
            PatternChange(
                digest(text.encode()), text, tuple(step), KE, NOW, state=ChangeState.APPROVED, version=version
            )
            for version, (text, step) in enumerate(zip(texts, steps, strict=True), 1)
        ]
        return repeats(shipped, found)

    assert made() == {}
    assert made({"new": "a"}, {"new": "b"}, {"other": "c"}, {"old": "d"}) == {}
    assert made({"new": "a"}, {"new": "b"}, {"other": "c"}, {"new": "a"}) == {4: 1}
    assert made({"new": "a"}, {"new": ""}, {"new": "a"}, {"new": "b"}, {"new": "a"}) == {2: 0, 3: 1, 5: 3}
    assert made({"old": "d"}, {"old": ""}) == {2: 0}
    assert made({"old": "d"}, {"old": "as shipped"}) == {2: 0}
    assert made({"new": "a", "old": "d"}, {"new": "b"}, {"new": "a", "old": "e"}, {"new": "a", "old": "d"}) == {4: 1}
