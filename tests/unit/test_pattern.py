"""`GSP PATTERN` and its approval: who may describe what, what comes back, and that one decision counts, once."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.content import Decision, FilledForm, Finding, Letter, Severity, Text, Uim
from gateway.events import EventKind
from gateway.library import LiveLibrary, lint
from gateway.library.changes import merged
from gateway.markings import Change
from gateway.outcome import LostRace
from gateway.rules.limits import PATTERN_CHANGES_PER_DAY
from gateway.stages import decide as stage
from gateway.treaty import Role
from tests.support.patterns import SHIPPED, stamp
from tests.support.world import AT, FORMS, KE, World

STAMP = {
    "scheme": "ke-stamp", "title": "Kenya, excise stamp", "issuer": "Revenue authority",
    "structure": "KESTAMP(7) + digits(8)", "pattern": r"KESTAMP\d{8}", "prefixes": "KESTAMP", "length": "15",
    "source": "Excise Duty Regulations", "invalid": "KESTAMP1234567 a digit is missing",
}  # fmt: skip
VALID = ("KESTAMP12345678",)
OTHER = stamp(id="se-stamp", party="SE", title="Sweden", pattern=r"'SESTAMP\d{8}'", prefixes="[SESTAMP]",
              valid="[SESTAMP12345678]")  # fmt: skip


@pytest.fixture
def world() -> World:
    made = World()
    made.live = LiveLibrary(SHIPPED)
    made.register("second", AT, Role.SECRETARIAT)
    return made


def verdict(world: World, code: str = "KESTAMP87654321") -> str:
    assert world.live is not None
    return world.live(world.view).verdicts([Uim(code)], world.now)[0].kind.value


def english(sentence: Text) -> str:
    values = {key: english(value) if isinstance(value, Text) else value for key, value in sentence.values}
    return sentence.message.format(**values)


def to(decision: Decision, name: str) -> Letter:
    (letter,) = [one for one in decision.letters if one.to.address == f"{name}@party.example"]
    return letter


def change(letter: Letter) -> Change:
    assert isinstance(letter.values, Change)
    return letter.values


def findings(decision: Decision) -> list[str]:
    (letter,) = decision.letters
    return [english(one.text) for one in letter.values.findings]  # type: ignore[attr-defined]


def decide(
    world: World, letter: Letter, decision: str = "approve", who: str = "secretariat", reason: str = ""
) -> Decision:
    assert letter.form is not None
    return world.send(who, "approve", {**letter.form.values, "decision": decision, "reason": reason})


# --- proposed and decided ---------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["form", "file"])
def test_what_a_party_describes_waits_and_counts_once_the_secretariat_has_approved_it(world: World, way: str) -> None:
    given: dict[str, Any] = {"values": STAMP, "uims": VALID} if way == "form" else {"attached": [stamp()]}
    proposed = world.send("chief", "pattern", **given)
    assert [event.kind for event in proposed.events] == [EventKind.PATTERN_PROPOSED]
    assert {one.to.address.partition("@")[0] for one in proposed.letters} == {"chief", "secretariat", "second"}
    asked = to(proposed, "secretariat")
    assert change(asked).by == "chief@party.example"
    (told,) = change(asked).described
    assert (told.scheme, told.issuer, told.length) == ("ke-stamp", "Revenue authority", "15")
    assert change(asked).touched == ()
    assert [(file.name[-5:], file.octets) for file in asked.files] == [
        (".yaml", world.view.patterns.waiting()[0].text.encode())
    ], "what is approved is read whole"
    assert verdict(world) == "unknown"
    made = decide(world, asked)
    assert [(event.kind, event.count) for event in made.events] == [(EventKind.PATTERN_APPROVED, 1)]
    assert made.events[0].digest == proposed.events[0].digest
    assert {one.to.address.partition("@")[0] for one in made.letters} == {"chief", "secretariat"}
    assert verdict(world) == "sure"
    assert "waits" in english(decide(world, asked, who="second").letters[0].values.next_step)  # type: ignore[attr-defined]
    assert world.view.patterns.version() == 1


def test_the_form_and_the_file_say_the_same(world: World) -> None:
    world.send("chief", "pattern", STAMP, VALID)
    (by_form,) = world.view.patterns.waiting()
    world.send("chief", "pattern", attached=[stamp()])
    (by_file,) = world.view.patterns.waiting()
    left, right = (sorted(line for line in one.text.splitlines()) for one in (by_form, by_file))
    assert left == right


def test_a_refusal_needs_a_reason_and_whoever_proposed_it_reads_it(world: World) -> None:
    asked = to(world.send("chief", "pattern", STAMP, VALID), "secretariat")
    unreasoned = decide(world, asked, "refuse")
    assert any("Write why" in one for one in findings(unreasoned))
    assert unreasoned.letters[0].subject == Text("No change of the pattern library was decided")
    refused = decide(world, asked, "refuse", reason="Send the regulation, please.")
    assert [event.kind for event in refused.events] == [EventKind.PATTERN_REFUSED]
    assert change(to(refused, "chief")).reason == "Send the regulation, please."
    mended = to(refused, "chief").form
    assert mended is not None
    assert mended.values == {**STAMP, "party": "KE", "certainty": "sure"}, "what was refused need not be written again"
    assert tuple(uim.text for uim in mended.uims) == VALID
    assert [file.name[-5:] for file in to(refused, "chief").files] == [".yaml"]
    assert to(refused, "secretariat").form is None
    assert (verdict(world), world.view.patterns.waiting()) == ("unknown", ())
    assert not decide(world, asked).patterns, "what was refused cannot be approved"
    again = to(world.send("chief", "pattern", STAMP, VALID), "secretariat")
    assert decide(world, again).patterns


def test_of_a_file_that_has_lost_its_shape_the_line_is_told_where_it_did(world: World) -> None:
    told = findings(world.send("chief", "pattern", attached=[stamp().replace(b"\n    title", b"\ntitle")]))
    assert told == [f"Line 4: “title” stands too far left. {told[0].partition('. ')[2]}"]
    in_two_lines = '"prefix\n      level: and digits"'
    for wrong in (stamp(structure=in_two_lines, rank=""), stamp(structure=in_two_lines, valid="[KE1]")):
        told = findings(world.send("chief", "pattern", attached=[wrong]))
        assert told
        assert not any("is not closed" in one for one in told), "it could be read"


def test_what_the_form_does_not_ask_stays_as_the_library_has_it(world: World) -> None:
    sure = stamp(level="carton", verified="false", confidence="medium")
    decide(world, to(world.send("chief", "pattern", attached=[sure]), "secretariat"))
    world.send("chief", "pattern", {**STAMP, "title": "Kenya, carton stamp"}, VALID)
    (change,) = world.view.patterns.waiting()
    assert [line.strip() in change.text for line in ("level: carton", "verified: false", "confidence: medium")] == [
        True
    ] * 3
    secret = b"schemes:\n  - {id: ke-new, title: Kenya new, party: KE, level: stamp, structure: x, pattern: null,"
    secret += b" confidence: none, verified: false, source: y}\n"
    decide(world, to(world.send("chief", "pattern", attached=[secret]), "secretariat"))
    world.send("chief", "pattern", {**STAMP, "scheme": "ke-new", "pattern": r"KENEW\d{8}", "prefixes": "KENEW",
               "length": "13", "invalid": ""}, ("KENEW12345678",))  # fmt: skip
    published = world.view.patterns.waiting()[-1].text
    assert [line in published for line in ("level: stamp", "confidence: high", "verified: true")] == [True] * 3


def test_of_a_refused_change_that_says_more_than_a_form_can_the_file_is_to_be_mended(world: World) -> None:
    """Sent back as a form it would lose its fields, or its rank, without a word."""
    for more, said in (({"source": "x\n    fields: [{name: prefix, at: [0, 7]}]"}, b"name: prefix"),
                       ({"rank": "85"}, b"rank: 85")):  # fmt: skip
        asked = to(world.send("chief", "pattern", attached=[stamp(**more)]), "secretariat")
        back = to(decide(world, asked, "refuse", reason="Not yet."), "chief")
        assert back.form == FilledForm("pattern")
        assert said in back.files[0].octets


def test_of_the_secretariat_another_person_decides_than_who_proposed_it(world: World) -> None:
    proposed = world.send("secretariat", "pattern", attached=[stamp(party="SE", id="se-stamp", title="Sweden")])
    assert {one.to.address.partition("@")[0] for one in proposed.letters} == {"secretariat", "second"}
    asked = to(proposed, "second")
    assert not decide(world, asked, who="secretariat").patterns
    assert decide(world, asked, who="second").patterns
    world.store.members.revoke(world.people["second"].address, "left", world.now)
    alone = world.send("secretariat", "pattern", attached=[stamp()])
    form = next(one.form for one in alone.letters if one.form)
    assert form is not None
    assert world.send("secretariat", "approve", {**form.values, "decision": "approve"}).patterns, "there is nobody else"


def test_an_officer_describes_nothing_and_an_administrator_decides_nothing(world: World) -> None:
    assert not world.send("officer", "pattern", STAMP, VALID).patterns
    asked = to(world.send("chief", "pattern", STAMP, VALID), "secretariat")
    for who in ("chief", "admin", "officer", "observer"):
        assert not decide(world, asked, who=who).patterns
    assert len(world.view.patterns.waiting()) == 1


def test_of_invalid_samples_without_a_reason_each_is_shown(world: World) -> None:
    given = {**STAMP, "invalid": "KESTAMP1\nKESTAMP12 two digits only\nKESTAMP3"}
    (letter,) = world.send("chief", "pattern", given, VALID).letters
    assert [one.got for one in letter.values.findings] == ["KESTAMP1", "KESTAMP3"]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("who", "changed", "says"),
    [
        ("admin", {}, "party: you describe"),
        ("chief", {"party": "SE"}, "party: you describe"),
        ("chief", {"scheme": "se-one"}, "id: a marking of another Party"),
        ("chief", {"pattern": "KESTAMP("}, "RE2 does not accept"),
        ("chief", {"pattern": r"KESTAMP\d{9}"}, "valid: sample 1 is not one"),
        ("chief", {"length": "about ten"}, "Write the length"),
        ("chief", {"invalid": "KESTAMP1"}, "Write the code, a space"),
        ("chief", {"invalid": "KESTAMP12345678 wrong"}, "invalid: sample 1 is one"),
        ("chief", {"source": ""}, "is missing"),
        ("chief", {"scheme": "Two Words"}, "id: small letters, digits and hyphens"),
    ],
)  # fmt: skip
def test_what_is_wrong_comes_back_with_the_form_and_nothing_is_proposed(
    world: World, who: str, changed: dict[str, str], says: str
) -> None:
    values = {**STAMP, "party": "KE" if who == "admin" else "", **changed}
    decision = world.send(who, "pattern", values, VALID)
    assert any(says in one for one in findings(decision)), findings(decision)
    (letter,) = decision.letters
    assert letter.form is not None
    assert letter.form.get("title") == STAMP["title"]
    assert (decision.patterns, world.view.patterns.waiting()) == ((), ())


def test_what_touches_the_codes_of_others_is_seen_by_the_secretariat_before_it_decides(world: World) -> None:
    values = {**STAMP, "pattern": r"QCALL\d{8}", "prefixes": "QCALL", "length": "13", "invalid": ""}
    asked = to(world.send("chief", "pattern", values, ("QCALL87654321",)), "secretariat")
    said = [english(one) for one in change(asked).touched]
    assert any("“Sweden, one”: the code QCALL12345678 would be taken for" in one for one in said)
    assert any("a sample of this change, is also a code of “Sweden, one”" in one for one in said)
    assert change(asked).shares
    refused = to(decide(world, asked, "refuse", reason="Not yet."), "chief")
    assert (change(refused).touched, change(refused).shares) == (change(asked).touched, False), (
        "nothing is left to accept"
    )
    back = refused.form
    assert back is not None
    assert back.get("pattern") == values["pattern"], "what the gateway noted by itself is no reason for a blank form"
    asked = to(world.send("chief", "pattern", values, ("QCALL87654321",)), "secretariat")
    decide(world, asked)
    assert verdict(world, "QCALL12345678") == "ambiguous"
    assert lint(merged(SHIPPED, world.view.patterns.made())) == (), "what was approved is no problem for ever"
    narrower = {**values, "pattern": r"QCALL[A-Z]{8}"}
    again = to(world.send("chief", "pattern", narrower, ("QCALLABCDEFGH",)), "secretariat")
    assert not change(again).shares, "what it shared before it no longer does"
    decide(world, again)
    assert lint(merged(SHIPPED, world.view.patterns.made())) == ()


def test_of_a_sample_that_another_marking_would_take_it_is_not_said_that_the_officer_chooses(world: World) -> None:
    """The longer prefix decides."""
    decide(world, to(world.send("chief", "pattern", STAMP, VALID), "secretariat"))
    hidden = stamp(id="se-stamp", party="SE", title="Sweden", prefixes="[KES]")
    said = [
        english(one) for one in change(to(world.send("admin", "pattern", attached=[hidden]), "secretariat")).touched
    ]
    assert "KESTAMP12345678, a sample of this change, would be taken for “Kenya, excise stamp”." in said
    assert any(one.endswith("it would still be taken for “Kenya, excise stamp”.") for one in said)
    assert any("the change would never count" in one for one in said)
    assert not any("would have to choose" in one for one in said)


def test_codes_that_two_waiting_changes_share_are_not_approved_unseen(world: World) -> None:
    first = to(world.send("chief", "pattern", STAMP, VALID), "secretariat")
    same = stamp(id="se-stamp", party="SE", title="Sweden")
    second = to(world.send("admin", "pattern", attached=[same]), "secretariat")
    assert (change(first).touched, change(second).touched) == ((), ())
    assert decide(world, first).patterns
    unseen = decide(world, second)
    assert not unseen.patterns
    assert "nobody could see then that codes are shared" in english(unseen.letters[0].values.next_step)  # type: ignore[attr-defined]
    assert all("“Kenya, excise stamp”" in one for one in findings(unseen))
    assert {one.got for one in unseen.letters[0].values.findings} == {"se-stamp"}  # type: ignore[attr-defined]
    refused = decide(world, second, "refuse", reason="Kenya's codes.")
    assert [change(one).shares for one in refused.letters] == [False, False], "nothing is left to accept"
    seen = to(world.send("admin", "pattern", attached=[same]), "secretariat")
    assert any("“Kenya, excise stamp”" in english(one) for one in change(seen).touched)
    assert change(seen).shares
    assert b"ambiguous_with:\n  - ke-stamp" in seen.files[0].octets
    assert decide(world, seen).patterns


def test_a_change_that_no_longer_goes_with_the_library_is_not_made(world: World) -> None:
    """Two Parties choose the same name; the second is approved after the first."""
    first = to(world.send("chief", "pattern", attached=[stamp(id="stamp")]), "secretariat")
    second = to(world.send("admin", "pattern", attached=[stamp(id="stamp", party="SE")]), "secretariat")
    assert decide(world, first).patterns
    stale = decide(world, second)
    assert any("of another Party" in one for one in findings(stale))
    assert not stale.patterns
    assert decide(world, second, "refuse", reason="The name is taken.").events[0].kind is EventKind.PATTERN_REFUSED


def test_of_two_approvals_in_one_moment_the_second_is_decided_again(world: World) -> None:
    asked = to(world.send("chief", "pattern", STAMP, VALID), "secretariat")
    other = to(world.send("admin", "pattern", attached=[OTHER]), "secretariat")
    assert asked.form is not None
    assert other.form is not None
    seen = world.situation("second", "approve", {**other.form.values, "decision": "approve"})
    before = stage.decide(seen, FORMS)
    decide(world, asked)
    with pytest.raises(LostRace):
        world.commit(before)
    assert decide(world, other, who="second").patterns[0].version == 2


# --- what comes back for little, or for too much ----------------------------------------------------------


def test_an_empty_form_and_two_files_bring_the_form_back(world: World) -> None:
    (blank,) = world.send("chief", "pattern").letters
    assert blank.form is not None
    assert blank.form.name == "pattern"
    for given in ({"attached": [stamp(), stamp()]}, {"attached": [stamp()], "values": STAMP}):
        assert not world.send("chief", "pattern", **given).patterns  # type: ignore[arg-type]


def test_more_proposals_than_a_day_has_room_for_wait_until_tomorrow(world: World) -> None:
    for number in range(PATTERN_CHANGES_PER_DAY):
        assert world.send("chief", "pattern", attached=[stamp(title=f"Stamp {number}")]).patterns
    assert not world.send("chief", "pattern", attached=[stamp(title="One more")]).patterns
    assert len(world.view.patterns.waiting()) == 1, "each took the place of the one before"
    assert world.send("admin", "pattern", attached=[stamp(party="SE", id="se-stamp")]).patterns


def test_a_change_of_an_entry_keeps_what_the_form_does_not_say(world: World) -> None:
    noted = stamp(source="A law\n    note: Printed since 2020")
    decide(world, to(world.send("chief", "pattern", attached=[noted]), "secretariat"))
    world.send("chief", "pattern", {**STAMP, "title": "Kenya, stamp of 2027", "invalid": "", "length": ""}, VALID)
    (waiting,) = world.view.patterns.waiting()
    assert "note: Printed since 2020" in waiting.text
    assert "max: 15" in waiting.text
    assert "title: Kenya, stamp of 2027" in waiting.text
    assert waiting.party == KE


def test_a_change_of_an_entry_keeps_how_sure_it_is_and_its_rank(world: World) -> None:
    decide(world, to(world.send("chief", "pattern", attached=[stamp(decides="sure", rank="85")]), "secretariat"))
    world.send("chief", "pattern", {**STAMP, "title": "Kenya, stamp of 2027"}, VALID)
    (waiting,) = world.view.patterns.waiting()
    assert ("decides: sure" in waiting.text, "rank: 85" in waiting.text) == (True, True)
    world.send("chief", "pattern", {**STAMP, "title": "Kenya, stamp of 2027", "certainty": "ambiguous"}, VALID)
    (waiting,) = world.view.patterns.waiting()
    assert ("decides: ambiguous" in waiting.text, "rank: 60" in waiting.text) == (True, True)


def test_what_of_the_mail_was_not_taken_is_told_whatever_becomes_of_the_rest(world: World) -> None:
    passed_over = (Finding(Text("not taken"), Severity.PART, "stamp.jpg"),)
    empty = world.send("chief", "pattern", findings=passed_over)
    assert (findings(empty), empty.letters[0].form is not None) == (["not taken"], True)
    wrong = world.send("chief", "pattern", attached=[stamp(valid="[OTHER]")], findings=passed_over)
    assert findings(wrong)[-1] == "not taken"
    proposed = world.send("chief", "pattern", attached=[stamp()], findings=passed_over)
    assert change(to(proposed, "chief")).findings == passed_over
    assert "not all of your mail was taken" in english(change(to(proposed, "chief")).next_step)
    assert change(to(proposed, "secretariat")).findings == (), "it is the writer's to mend"
    noted = (Finding(Text("odd"), Severity.NOTE),)
    by_form = to(world.send("chief", "pattern", STAMP, VALID, findings=noted), "chief")
    assert (change(by_form).findings, english(change(by_form).next_step)[:7]) == (noted, "Nothing")
