"""`GSP DIRECTORY`: everybody reads, a Party's administrators change, and one mail tells everybody else."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gateway.content import Decision, FilledForm, Finding, Letter, Severity, text
from gateway.directory import Entry
from gateway.events import EventKind
from gateway.facts import Moment, PartyCode
from gateway.letters import Notice
from gateway.nominations import Nominations
from gateway.outcome import LostRace
from gateway.rosters import Roster, RosterChanged
from gateway.rules.directory import asking_form
from gateway.rules.limits import DIRECTORY_ORDERS_PER_DAY, ENTRIES_PER_PARTY
from gateway.stages import decide
from gateway.treaty import Function, Role
from tests.support.rendering import languages, seen
from tests.support.world import FORMS, FR, KE, SE, World, readers

POINT = {
    "function": "contact point", "authority": "Swedish Customs", "person": "A. Andersson",
    "address": "point@tull.example", "telephone": "+46 771 520 520", "languages": "Swedish, English",
}  # fmt: skip
COMPETENT = {"function": "competent authority", "authority": "Public Health Agency", "telephone": "+46 10 205 20 00"}
CENTRAL = {"function": "central authority", "authority": "Ministry of Justice", "address": "birs@justice.example"}
CHANGES = {
    EventKind.ENTRY_ADDED, EventKind.ENTRY_REPLACED, EventKind.ENTRY_CORRECTED, EventKind.ENTRY_REMOVED,
    EventKind.DIRECTORY_CONFIRMED,
}  # fmt: skip


@pytest.fixture
def world() -> World:
    return World()


def order(world: World, who: str, *entries: dict[str, str], **head: Any) -> Decision:
    return world.send(who, "directory", head, blocks=entries)


def kept(world: World, party: PartyCode = SE) -> list[Entry]:
    return [one for one in world.view.directory() if one.party == party and one.number]


def kinds(decision: Decision) -> list[EventKind]:
    return [event.kind for event in decision.events if event.kind in CHANGES]


def told(decision: Decision) -> str:
    """What a notice says, and its findings."""
    values = decision.letters[0].values
    assert isinstance(values, Notice)
    say = languages().catalogue("en").say
    return " ".join([say(values.headline), say(values.next_step), *(say(one.text) for one in values.findings)])


def own_form(decision: Decision) -> FilledForm:
    form = decision.letters[0].form
    assert form is not None
    return form


# --- the list --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["officer", "SE", "admin", "observer", "secretariat"])
def test_an_empty_form_of_anybody_is_answered_with_the_list(world: World, who: str) -> None:
    order(world, "admin", POINT)
    decision = order(world, who)
    (letter,) = decision.letters
    assert isinstance(letter.values, Roster)
    found = {(one.party, one.function) for one in letter.values.entries}
    assert ("SE", Function.CONTACT_POINT) in found
    assert ("SE", Function.ADMINISTRATOR) in found
    assert {(code, Function.DESK) for code in ("KE", "SE", "FR", "AT")} <= found
    assert len(letter.sheets[0].rows) == len(letter.values.entries)
    assert [event.kind for event in decision.events] == [EventKind.DIRECTORY_ASKED]
    assert not decision.entries


def test_one_party_alone_may_be_asked_for_and_an_unknown_one_is_said_to_be_so(world: World) -> None:
    order(world, "admin", POINT)
    (letter,) = order(world, "officer", party="SE").letters
    assert isinstance(letter.values, Roster)
    assert {one.party for one in letter.values.entries} == {"SE"}
    assert "not registered here" in told(order(world, "officer", party="BR"))


def test_the_administrator_gets_the_own_entries_as_a_form_and_an_officer_one_that_asks(world: World) -> None:
    order(world, "admin", POINT)
    form = own_form(order(world, "admin"))
    (block,) = form.blocks
    assert block.values["authority"] == "Swedish Customs"
    assert block.values["entry"] == str(kept(world)[0].number)
    for who in ("officer", "observer", "SE"):
        assert [dict(block.values) for block in own_form(order(world, who)).blocks] == [{}]


# --- changes ---------------------------------------------------------------------------------------------


def test_an_entry_is_added_and_the_record_says_who_in_which_mail(world: World) -> None:
    decision = order(world, "admin", POINT)
    ordered, added = decision.events
    admin = world.people["admin"]
    assert (ordered.kind, ordered.person, ordered.actor, ordered.count) == (
        EventKind.DIRECTORY_ORDERED, admin.id, "SE", 1,
    )  # fmt: skip
    assert ordered.digest
    (entry,) = kept(world)
    assert (added.kind, added.party, added.digest) == (EventKind.ENTRY_ADDED, "SE", entry.mark)
    assert (entry.function, entry.person, entry.languages) == (
        Function.CONTACT_POINT, "A. Andersson", "Swedish, English",
    )  # fmt: skip


def test_one_mail_each_goes_to_every_partys_administrators_and_the_secretariat_however_many_entries(
    world: World,
) -> None:
    world.register("second", SE, Role.ADMINISTRATOR)
    decision = order(world, "admin", POINT, COMPETENT, CENTRAL)
    assert Counter(readers(decision.letters)) == Counter(
        ["admin notice", "second notice", "chief notice", "secretariat notice", "desk.fr notice"]
    ), "of a Party without an administrator the desk hears"
    for letter in decision.letters:
        assert isinstance(letter.values, RosterChanged)
        assert len(letter.values.changes) == 3
    others = [letter for letter in decision.letters if readers([letter]) != ["admin notice"]]
    assert all(len(letter.sheets[0].rows) == 3 for letter in others)


def test_who_cannot_be_written_to_is_left_out() -> None:
    world = World(expired=("chief", FR))
    assert sorted(readers(order(world, "admin", POINT).letters)) == [
        "admin notice", "desk.ke notice", "secretariat notice",
    ], "its administrator's key has expired: the desk is told"  # fmt: skip


def test_another_person_is_a_replacement_and_another_telephone_a_correction(world: World) -> None:
    order(world, "admin", POINT)
    number = str(kept(world)[0].number)
    assert kinds(order(world, "admin", {**POINT, "entry": number, "person": "B. Berg"})) == [EventKind.ENTRY_REPLACED]
    number = str(kept(world)[0].number)
    assert kinds(order(world, "admin", {**POINT, "person": "B. Berg", "telephone": "+46 1", "entry": number})) == [
        EventKind.ENTRY_CORRECTED
    ]
    (entry,) = kept(world)
    assert (entry.person, entry.telephone) == ("B. Berg", "+46 1")
    standing = next(one for one in world.store.roster.standings() if one.party == SE)
    assert standing.replaced == 1


def test_without_its_number_the_same_authority_and_person_are_the_same_entry(world: World) -> None:
    order(world, "admin", POINT, COMPETENT)
    written = {**POINT, "authority": "SWEDISH customs", "remarks": "weekdays"}
    assert kinds(order(world, "admin", written)) == [EventKind.ENTRY_REPLACED]
    assert len(kept(world)) == 2


def test_what_a_form_leaves_out_stays_and_what_it_leaves_empty_goes(world: World) -> None:
    order(world, "admin", POINT, COMPETENT)
    number = next(str(one.number) for one in kept(world) if one.function is Function.CONTACT_POINT)
    order(world, "admin", {"function": "", "entry": number, "languages": "", "remarks": "by day"})
    entry = next(one for one in kept(world) if one.function is Function.CONTACT_POINT)
    assert (entry.authority, entry.languages, entry.remarks) == ("Swedish Customs", "", "by day")
    assert len(kept(world)) == 2


def test_an_entry_is_removed_and_the_nomination_is_outstanding_again(world: World) -> None:
    order(world, "admin", POINT, COMPETENT, CENTRAL)
    number = next(str(one.number) for one in kept(world) if one.function is Function.CONTACT_POINT)
    world.now += timedelta(days=100)
    decision = order(world, "admin", {"function": "contact point", "remove": "yes", "entry": number})
    assert kinds(decision) == [EventKind.ENTRY_REMOVED]
    assert EventKind.NOMINATIONS_OPEN in [event.kind for event in decision.events]
    standing = next(one for one in world.store.roster.standings() if one.party == SE)
    assert (standing.missing, standing.open_since) == ((Function.CONTACT_POINT,), world.now)
    assert "not clear which entry" in told(order(world, "admin", {"function": "expert", "remove": "yes"}))


def test_the_same_again_changes_nothing_and_nobody_else_hears(world: World) -> None:
    order(world, "admin", POINT)
    decision = order(world, "admin", POINT)
    assert readers(decision.letters) == ["admin notice"]
    assert "stand in the directory as you wrote them" in told(decision)
    assert not decision.entries


def test_a_blank_block_says_nothing(world: World) -> None:
    decision = order(world, "admin", {"function": "contact point", "authority": "", "address": ""})
    assert isinstance(decision.letters[0].values, Roster)


def test_an_entry_that_was_changed_meanwhile_is_told_with_what_it_is_now(world: World) -> None:
    order(world, "admin", POINT)
    number = str(kept(world)[0].number)
    order(world, "admin", {**POINT, "entry": number, "person": "B. Berg"})
    decision = order(world, "admin", {**POINT, "entry": number, "person": "C. Cedergren"})
    assert f"no entry {number}" in told(decision)
    assert own_form(decision).blocks[0].values["person"] == "B. Berg"


def test_of_two_changes_of_one_entry_at_once_the_second_is_decided_again(world: World) -> None:
    order(world, "admin", POINT)
    number = str(kept(world)[0].number)
    first, second = (
        world.situation("admin", "directory", blocks=[{**POINT, "entry": number, "person": name}]) for name in "BC"
    )
    one, other = (decide.decide(situation, FORMS) for situation in (first, second))
    world.commit(one, first.submission)
    with pytest.raises(LostRace):
        world.commit(other, second.submission)
    assert [entry.person for entry in kept(world)] == ["B"]


def test_two_blocks_on_one_entry_change_nothing(world: World) -> None:
    order(world, "admin", POINT)
    number = str(kept(world)[0].number)
    blocks = ({**POINT, "entry": number, "person": "B"}, {**POINT, "entry": number, "person": "C"})
    assert "twice" in told(order(world, "admin", *blocks))


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"function": ""}, "Write the function"),
        ({"authority": ""}, "Write the authority"),
        ({"address": "", "telephone": ""}, "Write an address or a telephone number"),
        ({"address": "tull.example"}, "not a mail address"),
        ({"telephone": "ask me"}, "has no digits"),
        ({"remarks": "x" * 301}, "at most 300 letters"),
        ({"authority": "x" * 121}, "at most 120 letters"),
        ({"entry": "4711"}, "no entry 4711"),
        ({"entry": "it"}, "no entry it"),
    ],
)
def test_what_is_wrong_is_said_by_line_and_nothing_is_changed(
    world: World, changed: dict[str, str], sentence: str
) -> None:
    decision = order(world, "admin", COMPETENT, {**POINT, **changed})
    assert sentence in told(decision)
    assert not kept(world)
    assert readers(decision.letters) == ["admin notice"]
    assert own_form(decision).name == "directory"


def test_an_expert_needs_no_authority(world: World) -> None:
    assert kinds(order(world, "admin", {"function": "expert", "person": "Dr. E", "telephone": "1"})) == [
        EventKind.ENTRY_ADDED
    ]


def test_a_word_that_was_not_understood_stops_everything(world: World) -> None:
    finding = Finding(text("What?"), Severity.PART, line=4, got="maybe", field="remove")
    decision = world.send("admin", "directory", blocks=[POINT], findings=[finding])
    assert "Nothing was changed" in told(decision)
    assert own_form(decision).blocks


def test_the_rest_of_a_line_that_a_client_broke_does_not_vanish(world: World) -> None:
    remarks = "Mondays to Fridays from nine to five; at night by telephone: ask for the duty officer"
    order(world, "admin", {**POINT, "remarks": remarks})
    number = str(kept(world)[0].number)
    broken = {**POINT, "entry": number, "remarks": "Mondays to Fridays from nine to five;"}
    note = Finding(text("Not understood."), Severity.NOTE, line=9, got="at night by telephone: ask")
    decision = world.send("admin", "directory", {"confirm": "yes"}, blocks=[broken], findings=[note])
    assert kinds(decision) == [EventKind.DIRECTORY_CONFIRMED]
    assert kept(world)[0].remarks == remarks


# --- who may ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["officer", "colleague", "observer", "SE", "chief"])
def test_nobody_but_the_partys_administrator_changes_its_entries(world: World, who: str) -> None:
    decision = order(world, who, POINT, party="SE")
    assert "Ask your Party's administrator" in told(decision)
    assert not kept(world)
    assert not kept(world, KE)
    decision = order(world, who, party="SE", confirm="yes")
    assert EventKind.DIRECTORY_CONFIRMED not in [event.kind for event in decision.events]


def test_an_officer_changes_nothing_of_the_own_party_either(world: World) -> None:
    assert "Ask your Party's administrator" in told(order(world, "colleague", POINT))
    assert not kept(world)


def test_the_secretariat_keeps_the_entries_of_every_party(world: World) -> None:
    decision = order(world, "secretariat", POINT, party="SE")
    assert len(kept(world)) == 1
    assert sorted(readers(decision.letters)) == ["admin notice", "chief notice", "desk.fr notice", "secretariat notice"]
    assert own_form(decision).get("party") == "SE", "the form that comes back is for the same Party"


def test_the_secretariat_names_the_party_and_else_nothing_is_written_under_its_own_code(world: World) -> None:
    """A forgotten line would make a Party of the Secretariat's code, and tell all Parties so."""
    decision = order(world, "secretariat", POINT)
    assert not kept(world)
    assert readers(decision.letters) == ["secretariat notice"]
    assert "Write after “Party” whose entries these are" in told(decision)
    assert own_form(decision).blocks[0].values["authority"] == POINT["authority"]


def test_the_secretariat_is_not_told_that_anothers_entries_are_its_own(world: World) -> None:
    asked = order(world, "secretariat")
    assert own_form(asked) == asking_form()
    text = [seen(letter).text for letter in order(world, "secretariat", POINT, party="SE").letters[:1]]
    text += [seen(letter).text for letter in order(world, "secretariat", party="SE").letters]
    assert not any(words in part for part in text for words in ("your Party", "your entries", "Your Party")), text
    assert "Entries of Sweden in the directory now: 1" in text[0]
    assert "To change the entries of Sweden, reply" in text[1].replace("\n", " ")


def test_the_same_new_entry_twice_in_a_form_is_not_written_twice(world: World) -> None:
    assert "stands in the form twice" in told(order(world, "admin", POINT, dict(POINT)))
    assert not kept(world)


def test_the_number_of_an_entry_may_have_the_digits_of_the_writers_script(world: World) -> None:
    order(world, "admin", POINT)
    (entry,) = kept(world)
    written = str(entry.number).translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    order(world, "admin", {**POINT, "person": "B. Berg", "entry": written})
    assert [one.person for one in kept(world)] == ["B. Berg"]


def test_a_party_that_cannot_be_reminded_keeps_no_other_from_being_reminded() -> None:
    heard: list[str] = []

    class Pipe:
        def carry_out(self, decision: Decision, moment: Moment, cause: str) -> None:
            if "AT" in cause:
                raise ZeroDivisionError
            heard.append(cause.split()[1])

    world = World(policy={"directory_days": (14, 28), "directory_months": ()})
    clock = world.now + timedelta(days=15)
    Nominations(world.store, Pipe(), world.policy, lambda: clock).run()  # type: ignore[arg-type]
    assert heard == ["FR", "KE", "SE"]


def test_what_somebody_ordered_who_has_left_is_not_written(world: World) -> None:
    situation = world.situation("admin", "directory", blocks=[POINT])
    decision = decide.decide(situation, FORMS)
    world.store.members.revoke(world.people["admin"].address, "left", world.now)
    with pytest.raises(LostRace):
        world.commit(decision, situation.submission)
    assert not kept(world)


# --- confirming ------------------------------------------------------------------------------------------


def test_a_confirmation_is_on_record_and_nobody_else_is_written_to(world: World) -> None:
    order(world, "admin", POINT)
    decision = order(world, "admin", confirm="yes")
    assert kinds(decision) == [EventKind.DIRECTORY_CONFIRMED]
    assert readers(decision.letters) == ["admin notice"]
    standing = next(one for one in world.store.roster.standings() if one.party == SE)
    assert standing.confirmed_at == world.now
    (letter,) = decision.letters
    assert letter.form is not None
    assert [block.values["entry"] for block in letter.form.blocks] == [str(kept(world)[0].number)], (
        "another person written into this form takes the place of the one before"
    )


def test_a_confirmation_with_a_correction_does_both(world: World) -> None:
    order(world, "admin", POINT)
    number = str(kept(world)[0].number)
    decision = order(world, "admin", {**POINT, "entry": number, "telephone": "+46 2"}, confirm="yes")
    assert kinds(decision) == [EventKind.ENTRY_CORRECTED, EventKind.DIRECTORY_CONFIRMED]
    assert "chief notice" in readers(decision.letters)


def test_where_there_is_no_entry_nothing_can_be_confirmed(world: World) -> None:
    assert "no entry to confirm" in told(order(world, "admin", confirm="yes"))


# --- bounds ----------------------------------------------------------------------------------------------


def test_a_party_changes_its_entries_so_often_a_day_only(world: World) -> None:
    for number in range(DIRECTORY_ORDERS_PER_DAY):
        order(world, "admin", {**COMPETENT, "remarks": str(number)})
    assert "as often as they may be" in told(order(world, "admin", {**COMPETENT, "remarks": "once more"}))
    assert kinds(order(world, "admin", confirm="yes")) == [EventKind.DIRECTORY_CONFIRMED]
    world.now += timedelta(days=1, seconds=1)
    assert kinds(order(world, "admin", {**COMPETENT, "remarks": "tomorrow"})) == [EventKind.ENTRY_CORRECTED]


def test_a_party_has_so_many_entries_only(world: World) -> None:
    many = [{"function": "expert", "person": f"E{n}", "telephone": "1"} for n in range(ENTRIES_PER_PARTY + 1)]
    assert f"{ENTRIES_PER_PARTY} entries at most" in told(order(world, "admin", *many))
    assert len(order(world, "admin", *many[1:]).entries) == ENTRIES_PER_PARTY


def test_ten_thousand_entries_in_a_mail_are_refused_at_once(world: World) -> None:
    many = [{"function": "expert", "person": f"E{n}", "telephone": "1"} for n in range(10_000)]
    decision = order(world, "admin", *many)
    assert f"{ENTRIES_PER_PARTY} entries at most" in told(decision)
    assert not kept(world)


def test_control_characters_do_not_get_into_an_entry(world: World) -> None:
    order(world, "admin", {**POINT, "authority": "Customs\r\n\u202eEND:VCARD\x00\u2028 x"})
    assert kept(world)[0].authority == "Customs END:VCARD x"


def letter_of(decision: Decision, who: str) -> Letter:
    return next(letter for letter in decision.letters if readers([letter]) == [f"{who} notice"])


def test_a_reader_sees_what_was_before(world: World) -> None:
    order(world, "admin", POINT)
    (before,) = kept(world)
    values = letter_of(order(world, "admin", {**POINT, "telephone": "+46 3"}), "chief").values
    assert isinstance(values, RosterChanged)
    (change,) = values.changes
    assert change.was == before
    assert change.now == replace(before, telephone="+46 3", number=0, since=None)
