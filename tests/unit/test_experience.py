"""What answers say of a pattern: when it loses rank, how much at most, and what the officer is told."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.content import Uim, Verdict, VerdictKind
from gateway.events import Doubt
from gateway.facts import PartyCode
from gateway.figures import MIN_GROUP
from gateway.language import Languages
from gateway.library import PatternLibrary, load
from gateway.library.experience import rank
from gateway.rules.experience import ENOUGH, MOST, POINTS, Weight, month_of
from tests.support.patterns import SHIPPED, stamp
from tests.support.weighing import Tried, weigh

NOW = datetime(2026, 11, 21, tzinfo=UTC)
TWO_PARTIES = {
    **SHIPPED,
    "shared.yaml": (
        stamp(id="ke-shared", decides="ambiguous", rank="70") + stamp(id="se-shared", party="SE", decides="ambiguous",
                                                                      rank="60").replace(b"schemes:\n", b"")
    ).decode(),
}  # fmt: skip
CELLS = st.lists(st.builds(Tried, st.sampled_from("ABCDEFG"), *[st.integers(0, 40)] * 3), max_size=8)


def doubt(scheme: str, loss: int, asks: bool, share: int = 0, library: PatternLibrary | None = None) -> Doubt:
    found = (library or load(SHIPPED)).scheme(scheme)
    return Doubt(scheme, found.mark, found.party, loss, asks, share, NOW)


def verdict(library: PatternLibrary, code: str) -> Verdict:
    return library.verdicts([Uim(code)], NOW)[0]


def said(found: Verdict) -> str:
    return " ".join(Languages.from_texts({}).catalogue("en").say(one.reason) for one in found.candidates)


def test_few_answers_change_nothing_whatever_they_say() -> None:
    assert weigh([Tried("KE", not_ours=ENOUGH - 1)]) == Weight()
    assert weigh([Tried("KE", not_ours=ENOUGH)]) == Weight(POINTS, True)


def test_up_to_half_of_not_ours_costs_rank_and_more_than_half_asks_the_officer() -> None:
    assert weigh([Tried("KE", 3, 2, 5)]) == Weight(10)
    assert weigh([Tried("KE", 2, 2, 6)]) == Weight(12, True)
    assert weigh([Tried("KE", 9, 0, 1)]) == Weight(2)
    assert weigh([Tried("KE", 0, 40, 0)]) == Weight(), "not valid is theirs all the same"


def test_one_seizure_does_not_decide_for_a_year() -> None:
    assert weigh([Tried("KE", not_ours=500), Tried("FR", valid=MOST)]).asks is False
    assert weigh([Tried("KE", not_ours=500), Tried("KE", valid=MOST), Tried("FR", valid=3)]).asks is False


def test_a_share_is_told_only_where_enough_parties_asked() -> None:
    few = [Tried(str(party), not_ours=5) for party in range(MIN_GROUP)]
    assert weigh(few) == Weight(POINTS, True, 0)
    assert weigh([*few, Tried("X", valid=1)]) == Weight(POINTS * 9 // 10, True, 90)


@given(CELLS)
def test_the_order_of_months_and_parties_does_not_matter_and_the_loss_has_an_end(tried: list[Tried]) -> None:
    found = weigh(tried)
    assert found == weigh(reversed(tried))
    assert 0 <= found.loss <= POINTS
    assert found.asks <= (found.loss >= POINTS // 2)
    worse = weigh([*tried, Tried("H", not_ours=40)])
    better = weigh([*tried, Tried("H", valid=40)])
    assert worse.loss >= found.loss
    assert better.loss <= found.loss or sum(one.answers for one in tried) < ENOUGH


@given(st.integers(40, 99), st.integers(0, POINTS), st.booleans())
def test_a_rank_leaves_its_class_only_where_the_officer_is_asked(base: int, loss: int, asks: bool) -> None:
    now = rank(base, Doubt("x", load(SHIPPED).scheme("se-one").mark, PartyCode("SE"), loss, asks, 0, NOW))
    assert 40 <= now <= base
    assert base - now <= max(loss, POINTS)
    assert (now >= 80) is (base >= 80 and not asks)


def test_a_month_is_that_of_utc() -> None:
    assert month_of(datetime.fromisoformat("2026-12-31T23:30:00-01:00")) == month_of(NOW) + 2


def test_a_certain_party_becomes_a_choice_with_the_reason_and_stays_the_only_one() -> None:
    plain = load(SHIPPED)
    found = verdict(plain.weighed([doubt("se-one", 12, True)]), "QCALL12345678")
    assert (found.kind, [(one.party, one.rank) for one in found.candidates]) == (VerdictKind.AMBIGUOUS, [("SE", 78)])
    assert "prefix of the ID issuer Works." in said(found)
    assert "have often come back as “not ours”: please confirm that this Party is to be asked." in said(found)
    assert "%" not in said(found)
    told = verdict(plain.weighed([doubt("se-one", 12, True, 60)]), "QCALL12345678")
    assert "At least 60 % of UIMs like this" in said(told)
    assert verdict(plain.weighed([doubt("se-one", 12, True)]), "QCALLabcdefgh").kind is VerdictKind.SURE, "another one"
    assert verdict(plain, "QCALL12345678").kind is VerdictKind.SURE


def test_a_small_share_costs_rank_and_the_certain_party_is_asked_as_before() -> None:
    found = verdict(load(SHIPPED).weighed([doubt("se-one", 8, False)]), "QCALL12345678")
    assert (found.kind, found.candidates[0].rank) == (VerdictKind.SURE, 82)
    assert "not ours" not in said(found)


def test_what_comes_back_often_stands_behind_the_other_party_and_is_still_there() -> None:
    library = load(TWO_PARTIES)
    assert [one.party for one in verdict(library, "KESTAMP12345678").candidates] == ["KE", "SE"]
    for loss, asks, says in ((12, True, "have often come back"), (11, False, "Some UIMs like this have come back")):
        found = verdict(library.weighed([doubt("ke-shared", loss, asks, library=library)]), "KESTAMP12345678")
        assert (found.kind, [one.party for one in found.candidates]) == (VerdictKind.AMBIGUOUS, ["SE", "KE"])
        assert says in said(found)


@pytest.mark.parametrize("changed", [{"pattern": r"'KESTAMP[0-8]{8}'"}, {"party": "SE"}, {"prefixes": "[KESTAM]"}])
def test_what_fits_other_codes_or_is_anothers_begins_anew(changed: dict[str, str]) -> None:
    before = load({**SHIPPED, "x.yaml": stamp().decode()}).scheme("ke-stamp")
    after = load({**SHIPPED, "x.yaml": stamp(**changed).decode()})
    assert after.scheme("ke-stamp").mark != before.mark
    code = after.scheme("ke-stamp").valid[0]
    held = Doubt("ke-stamp", before.mark, before.party, 20, True, 0, NOW)
    assert verdict(after.weighed([held]), code).kind is VerdictKind.SURE


def test_what_is_only_said_of_a_pattern_does_not_make_it_another() -> None:
    one, two = (
        load({**SHIPPED, "x.yaml": text.decode()}).scheme("ke-stamp")
        for text in (stamp(), stamp(title="Other", source="elsewhere", rank="85"))
    )
    assert one.mark == two.mark
