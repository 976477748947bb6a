"""Which UIMs go to which Party, and which stay with the officer."""

from __future__ import annotations

import pytest

from gateway.content import Candidate, Uim, Verdict, VerdictKind, text
from gateway.facts import PartyCode
from gateway.rules.routing import Routing, deduplicate, note, route, without

KE, SE, FR, PL, EU = map(PartyCode, ("KE", "SE", "FR", "PL", "EU"))
DESKS = frozenset({KE, SE, FR, PL})
GROUPS = ("ambiguous", "hints", "not_a_party", "not_a_uim", "malformed", "unknown", "own", "no_desk")


def candidate(party: PartyCode, rank: int = 90) -> Candidate:
    return Candidate(f"{party}-scheme", f"{party} title", party, rank, text("reason"), True)


def verdict(kind: VerdictKind, *candidates: Candidate, uim: str = "X1") -> Verdict:
    return Verdict(Uim(uim), kind, candidates)


SURE = verdict(VerdictKind.SURE, candidate(SE), uim="S1")
AMBIGUOUS = verdict(VerdictKind.AMBIGUOUS, candidate(SE, 90), candidate(FR, 85), uim="A1")
PROVISIONAL = verdict(VerdictKind.AMBIGUOUS, candidate(PL, 60), uim="P1")
HINT = verdict(VerdictKind.HINT, candidate(EU, 20), uim="H1")
NOT_A_PARTY = verdict(VerdictKind.NOT_A_PARTY, candidate(PartyCode("RU"), 45), uim="N1")
NOT_A_UIM = verdict(VerdictKind.NOT_A_UIM, uim="E1")
MALFORMED = verdict(VerdictKind.MALFORMED, candidate(SE, 1), uim="M1")
UNKNOWN = verdict(VerdictKind.UNKNOWN, uim="U1")
ALL = (SURE, AMBIGUOUS, PROVISIONAL, HINT, NOT_A_PARTY, NOT_A_UIM, MALFORMED, UNKNOWN)


def filled(routing: Routing) -> dict[str, list[str]]:
    groups = {name: [v.uim.text for v in getattr(routing, name)] for name in GROUPS}
    groups |= {f"to {party}": [routed.uim.text for routed in sent] for party, sent in routing.to_send.items()}
    return {name: members for name, members in groups.items() if members}


def test_only_a_sure_match_is_sent_without_asking() -> None:
    assert filled(route(ALL, KE, desks=DESKS)) == {
        "to SE": ["S1"],
        "ambiguous": ["A1", "P1"],
        "hints": ["H1"],
        "not_a_party": ["N1"],
        "not_a_uim": ["E1"],
        "malformed": ["M1"],
        "unknown": ["U1"],
    }


def test_what_is_sent_says_by_which_scheme_and_why() -> None:
    routing = route([SURE], KE, desks=DESKS)
    ((uim, scheme, reason),) = routing.to_send[SE]
    assert (uim.text, scheme, reason.message) == ("S1", "SE title", "reason")
    assert routing.schemes(SE) == ("SE title",)
    assert routing.schemes(FR) == ()


def test_a_uim_of_the_asking_party_is_own_and_not_sent() -> None:
    assert filled(route([SURE], SE, desks=DESKS)) == {"own": ["S1"]}
    assert filled(route([PROVISIONAL], PL, desks=DESKS)) == {"own": ["P1"]}
    assert filled(route([AMBIGUOUS], SE, desks=DESKS)) == {"ambiguous": ["A1"]}


def test_a_party_without_desk_gets_nothing() -> None:
    assert filled(route([SURE], KE, desks=frozenset({FR}))) == {"no_desk": ["S1"]}


def test_the_officers_word_sends_all_that_somebody_could_look_up() -> None:
    routing = route(ALL, KE, FR, desks=DESKS)
    assert filled(routing) == {
        "to FR": ["S1", "A1", "P1", "H1", "U1"],
        "not_a_party": ["N1"],
        "not_a_uim": ["E1"],
        "malformed": ["M1"],
    }
    assert [routed.scheme for routed in routing.to_send[FR]] == ["", "FR title", "", "", ""]


def test_the_officers_word_for_a_party_without_desk_or_his_own_sends_nothing() -> None:
    assert filled(route([UNKNOWN], KE, EU, desks=DESKS)) == {"no_desk": ["U1"]}
    assert filled(route([UNKNOWN], KE, KE, desks=DESKS)) == {"own": ["U1"]}


def test_not_ours_makes_the_next_candidate_sure_where_its_pattern_is() -> None:
    assert filled(route([AMBIGUOUS], KE, struck_out=frozenset({SE}), desks=DESKS)) == {"to FR": ["A1"]}


def test_not_ours_leaves_an_unconfirmed_next_candidate_as_a_choice() -> None:
    two = verdict(VerdictKind.AMBIGUOUS, candidate(SE, 90), candidate(PL, 60), uim="A2")
    assert filled(route([two], KE, struck_out=frozenset({SE}), desks=DESKS)) == {"ambiguous": ["A2"]}


def test_not_ours_by_the_only_candidate_leaves_it_unknown_and_says_why() -> None:
    routing = route([SURE], KE, struck_out=frozenset({SE}), desks=DESKS)
    assert filled(routing) == {"unknown": ["S1"]}
    assert "not theirs" in routing.unknown[0].remarks[-1].message


def test_not_ours_with_a_hint_left_is_a_hint() -> None:
    mixed = verdict(VerdictKind.HINT, candidate(EU, 20), candidate(PartyCode("AE"), 10))
    assert without(mixed, frozenset({EU})).kind is VerdictKind.HINT


def test_an_override_that_answered_not_ours_no_longer_counts() -> None:
    assert filled(route([UNKNOWN], KE, FR, frozenset({FR}), DESKS)) == {"unknown": ["U1"]}


def test_striking_out_changes_nothing_about_other_verdicts() -> None:
    for untouched in (NOT_A_PARTY, MALFORMED, UNKNOWN, SURE):
        assert without(untouched, frozenset({PartyCode("RU"), FR})) is untouched
    assert without(MALFORMED, frozenset({SE})) is MALFORMED


@pytest.mark.parametrize("override", [PartyCode(""), FR])
def test_every_uim_falls_into_exactly_one_group(override: PartyCode) -> None:
    members = [uim for group in filled(route(ALL, KE, override, desks=DESKS)).values() for uim in group]
    assert sorted(members) == sorted(one.uim.text for one in ALL)


def test_parties_are_in_alphabetical_order() -> None:
    french = verdict(VerdictKind.SURE, candidate(FR), uim="F1")
    assert list(route([SURE, french], KE, desks=DESKS).to_send) == [FR, SE]


def test_repetitions_are_found_by_the_canonical_form_and_the_first_stays() -> None:
    uims = [Uim("(21)a", line=1), Uim("b", line=2), Uim("21a", line=3), Uim("b", line=4)]
    verdicts = [Verdict(uim, VerdictKind.UNKNOWN) for uim in uims]
    unique, doubled = deduplicate(verdicts, lambda code: code.replace("(", "").replace(")", ""))
    assert [one.uim.line for one in unique] == [1, 2]
    assert [uim.line for uim in doubled] == [3, 4]


def test_a_note_keeps_remarks_and_candidates_in_order() -> None:
    noted = note(AMBIGUOUS)
    assert [suggestion.party for suggestion in noted.suggestions] == [SE, FR]
    assert noted.uim.text == "A1"


def test_a_sure_uim_with_something_unusual_is_sent_and_told() -> None:
    unusual = Verdict(Uim("S2"), VerdictKind.SURE, (candidate(SE),), (text("Its end is odd."),))
    routing = route([SURE, unusual], KE, desks=DESKS)
    assert [routed.uim.text for routed in routing.to_send[SE]] == ["S1", "S2"]
    assert routing.doubtful == (unusual,)
