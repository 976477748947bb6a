"""`GSP LOOKUP`: what the library says, to the one who asked and nobody else."""

from __future__ import annotations

import pytest

from gateway import data
from gateway.content import VerdictKind
from gateway.events import EventKind
from gateway.facts import PartyCode
from gateway.forms.lookup import _SENTENCES
from gateway.letters import Lookup
from gateway.library import LiveLibrary
from gateway.treaty import Role
from tests.support.world import World, readers, said


@pytest.fixture
def world() -> World:
    return World()


def test_nobody_else_hears_of_a_lookup_and_no_exchange_begins(world: World) -> None:
    decision = world.send("officer", "lookup", {}, ["SE1", "??1"])
    assert readers(decision.letters) == ["officer notice"]
    assert [event.kind.value for event in decision.events] == ["lookup made"]
    assert decision.events[0].count == 2
    assert world.view.all_exchanges() == ()


def test_every_kind_of_verdict_has_its_own_sentence() -> None:
    assert set(_SENTENCES) == set(VerdictKind)
    assert len({sentence.message for sentence in _SENTENCES.values()}) == len(VerdictKind)


def test_each_uim_is_told_once_with_its_parties_best_first(world: World) -> None:
    values = world.send("officer", "lookup", {}, ["SF1", "SF1", "RU1"]).letters[0].values
    assert isinstance(values, Lookup)
    assert [line.uim.text for line in values.lines] == ["SF1", "RU1"]
    assert [suggestion.party for suggestion in values.lines[0].suggestions] == ["SE", "FR"]
    assert values.registered == ("FR", "SE")


def test_a_request_for_what_can_be_asked_is_one_reply_away(world: World) -> None:
    (letter,) = world.send("officer", "lookup", {"case_reference": "C-9"}, ["SE1", "RU1", "PL1"]).letters
    assert letter.form is not None
    assert (letter.form.name, letter.form.get("case_reference")) == ("request", "C-9")
    assert [uim.text for uim in letter.form.uims] == ["SE1"]


def test_the_rest_of_a_broken_uim_stays_below_it_in_the_request_that_is_offered(world: World) -> None:
    """Without it the first line would go out alone, and nobody be told that a half is missing."""
    world.live = LiveLibrary(data.pattern_texts())
    broken = [
        "4006381333931",
        "LEAT1x7Kp2Qm",
        "9Za25051914",
        "04600000123455a<B,7=ZACN8k9+Q",
        "LEAT1x7Kp2Qm9Za25051914",
    ]
    (letter,) = world.send("officer", "lookup", {}, broken).letters
    assert letter.form is not None
    assert [uim.text for uim in letter.form.uims] == [broken[1], broken[2], broken[4]]


def test_who_looks_up_a_uim_of_the_own_party_is_led_to_the_own_system(world: World) -> None:
    """A request for it would be sent to nobody: the focal point asks other Parties."""
    world.register("swede", PartyCode("SE"), Role.OFFICER)
    (letter,) = world.send("swede", "lookup", {}, ["SE1", "FR1", "SF1"]).letters
    assert isinstance(letter.values, Lookup)
    assert ["Your own Party" in line.verdict.message for line in letter.values.lines] == [True, False, False]
    assert letter.values.registered == ("FR",)
    assert letter.form is not None
    assert [uim.text for uim in letter.form.uims] == ["FR1", "SF1"]
    (letter,) = world.send("swede", "lookup", {}, ["SE1"]).letters
    assert letter.form is None


def test_no_request_is_offered_for_what_is_no_uim_although_its_party_is_known(world: World) -> None:
    """The code of a factory begins with its issuer's prefix: sent back in a request it would be refused."""
    world.live = LiveLibrary(data.pattern_texts())
    (letter,) = world.send("officer", "lookup", {}, ["LEAT1ET012345"]).letters
    assert isinstance(letter.values, Lookup)
    assert [suggestion.party for suggestion in letter.values.lines[0].suggestions] == ["AT"]
    assert (letter.form, letter.values.registered) == (None, ())
    (letter,) = world.send("officer", "lookup", {}, ["LEAT1ET012345", "LEAT1x7Kp2Qm9Za25051914"]).letters
    assert letter.form is not None
    assert [uim.text for uim in letter.form.uims] == ["LEAT1x7Kp2Qm9Za25051914"]
    events = world.send("officer", "lookup", {"sealed": "yes"}, ["LEAT1ET012345", "LEAT1x7Kp2Qm9Za25051914"]).events
    assert [(event.party, event.count) for event in events if event.kind is EventKind.SEALED_OFFERED] == [("AT", 1)]


def test_a_party_that_cannot_be_asked_is_named_with_the_form_for_the_secretariat(world: World) -> None:
    (letter,) = world.send("officer", "lookup", uims=["PL1", "AP1", "SE1", "RU1", "HI1"]).letters
    assert isinstance(letter.values, Lookup)
    assert (letter.values.registered, letter.values.deskless) == (("FR", "SE"), ("PL",))
    assert letter.blanks == ("difficulty",)
    (letter,) = world.send("officer", "lookup", uims=["SE1", "RU1"]).letters
    assert (letter.values.deskless, letter.blanks) == ((), ())  # type: ignore[attr-defined]


def test_an_observer_gets_no_request_to_fill_in(world: World) -> None:
    assert world.people["observer"].role is Role.OBSERVER
    assert world.send("observer", "lookup", {}, ["SE1"]).letters[0].form is None


def test_nothing_to_look_up_comes_back_with_the_line_marked(world: World) -> None:
    decision = world.send("officer", "lookup", {"case_reference": "C-9"})
    (letter,) = decision.letters
    assert letter.form is not None
    assert set(letter.form.hints) == {"uims"}
    assert "nothing to look up" in said(letter.subject)


def test_nothing_at_all_asks_for_the_whole_library_as_a_table(world: World) -> None:
    decision = world.send("observer", "lookup")
    (letter,) = decision.letters
    (sheet,) = letter.sheets
    assert (sheet.stem, letter.blanks) == ("pattern-library", ("lookup",))
    found = {dict(row[0].values)["title"]: row for row in sheet.rows}
    assert found["Sweden, pack code with time stamp"][1] == "SE"
    assert found["Sweden, pack code with time stamp"][7:9] == ("26", "QCALL7hT2kQ9mZb7Kd25051914")
    assert "Product code" in said(found["Sweden, pack code with time stamp"][11])
    assert dict(found["United Kingdom, pack code"][12].values)["title"] == ("Data Matrix", "QR Code", "DotCode")
    assert found["United Kingdom, pack code"][13] == "2022-07-01"
    assert dict(found["Kenya, excise stamp"][15].values)["title"] == "KRA"
    assert [event.count for event in decision.events] == [0]
    assert "nothing to look up" in said(world.send("officer", "lookup", leftover="QCALL").letters[0].subject)


def test_a_long_list_comes_as_a_sheet_too(world: World) -> None:
    uims = [f"SE{n}" for n in range(300)]
    (letter,) = world.send("officer", "lookup", {}, uims).letters
    assert [row[:2] for row in letter.sheets[0].rows] == [(uim, "SE") for uim in uims]
