"""`GSP RENEW`: by the owner's old key or by whom the table allows; everybody concerned hears of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.content import Decision
from gateway.events import EventKind
from gateway.facts import Fingerprint, PublicKey
from gateway.letters import Renewed
from gateway.outcome import LostRace
from gateway.rules.renewal import GRACE, MOST
from gateway.stages import decide
from gateway.treaty import Role
from tests.support.world import FORMS, KE, NOW, SE, World, key_file, readers, said

LATER = NOW + timedelta(hours=1)
COLLEAGUE = "colleague@party.example"


@pytest.fixture
def world() -> World:
    world = World()
    world.now += timedelta(hours=1)
    return world


def mark(letter: str) -> Fingerprint:
    return Fingerprint((letter * 40)[:40])


def renew(world: World, who: str, whom: str = "", *keys: bytes, **values: str) -> Decision:
    address = f"{whom}@party.example" if whom and "@" not in whom else whom
    return world.send(who, "renew", {"address": address, **values}, keys=keys)


def keys_of(world: World, who: str) -> dict[str, PublicKey]:
    return {key.fingerprint: key for key in world.view.keys_claimed_by(world.people[who].address)}


def in_use(world: World, who: str) -> str:
    person = world.people[who]
    found = world.view.correspondent(person.id, world.now) if person.id else world.view.desk(person.party, world.now)
    assert found is not None
    assert found.key is not None
    return found.key.fingerprint


def refused(decision: Decision) -> str:
    assert decision.renewals == ()
    assert [event.kind for event in decision.events] == [EventKind.NOTICE_SENT]
    return said(decision.letters)


# --- by the owner -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["officer", "admin", "observer", "secretariat", "SE"])
@pytest.mark.parametrize("named", [True, False])
def test_everybody_renews_the_own_key(world: World, who: str, named: bool) -> None:
    person = world.people[who]
    old = in_use(world, who)
    decision = renew(world, who, person.address if named else "", key_file("B", person.address))
    assert in_use(world, who) == mark("B")
    assert keys_of(world, who)[old].usable_until == LATER + GRACE
    ordered, added, replaced = decision.events
    assert (ordered.kind, ordered.person, ordered.actor) == (EventKind.RENEWAL_ORDERED, person.id, person.party)
    assert (added.kind, added.person, added.party) == (EventKind.KEY_ADDED, person.id, person.party)
    assert replaced.kind is EventKind.KEY_REPLACED
    assert ordered.digest != ""


def test_the_owner_hears_at_the_new_key_and_at_the_old_one_and_the_administrators_are_told(world: World) -> None:
    old = in_use(world, "colleague")
    decision = renew(world, "colleague", "", key_file("B"))
    told = [
        (letter.to.address.partition("@")[0], letter.to.key and letter.to.key.fingerprint)
        for letter in decision.letters
    ]
    assert told[:2] == [("colleague", mark("B")), ("colleague", old)]
    assert [name for name, _ in told[2:]] == ["admin"]
    for letter in decision.letters:
        assert isinstance(letter.values, Renewed)
        assert letter.values.fingerprint == mark("B")
        assert letter.values.earlier == ((old, LATER + GRACE),)


@pytest.mark.parametrize(
    ("who", "told"),
    [
        ("SE", ["admin notice", "desk.se notice", "desk.se notice", "secretariat notice"]),
        ("chief", ["chief notice", "chief notice", "secretariat notice"]),
        ("secretariat", ["secretariat notice", "secretariat notice"]),
        ("observer", ["observer notice", "observer notice"]),
    ],
)
def test_of_a_desk_and_an_administrator_the_secretariat_is_told(world: World, who: str, told: list[str]) -> None:
    assert readers(renew(world, who, "", key_file("B")).letters) == told


def test_a_key_that_is_extended_stays_one_and_replaces_nothing(world: World) -> None:
    renew(world, "colleague", "", key_file("B", until=LATER + timedelta(days=20)))
    decision = renew(world, "colleague", "", key_file("B", until=LATER + timedelta(days=400)))
    assert keys_of(world, "colleague")[mark("B")].usable_until == LATER + timedelta(days=400)
    assert [event.kind for event in decision.events] == [EventKind.RENEWAL_ORDERED, EventKind.KEY_ADDED]
    assert readers(decision.letters) == ["admin notice", "colleague notice"]
    assert "new expiry" in said(decision.letters[0].subject)


def test_who_changes_to_a_certificate_leaves_the_key_behind_but_a_second_kind_stays(world: World) -> None:
    (first,) = keys_of(world, "colleague")
    renew(world, "colleague", "", key_file("C", scheme="smime"))
    assert keys_of(world, "colleague")[first].usable_until == LATER + GRACE
    assert in_use(world, "colleague") == mark("C")
    world.now += timedelta(days=31)
    renew(world, "colleague", "", key_file("D", scheme="openpgp"))
    renew(world, "colleague", "", key_file("E", scheme="openpgp"))
    ends = {one.fingerprint[0]: one.usable_until for one in keys_of(world, "colleague").values()}
    assert ends["E"] is None


def test_a_lost_key_is_withdrawn_at_once(world: World) -> None:
    old = in_use(world, "colleague")
    decision = renew(world, "admin", "colleague", key_file("B"), earlier="withdraw")
    assert keys_of(world, "colleague")[old].revoked
    assert world.view.sender_by_fingerprint(Fingerprint(old), world.now) is None
    assert "withdrawn" in refused(_again(world, old))
    assert decision.renewals


def _again(world: World, fingerprint: str) -> Decision:
    octets = f"KEY {fingerprint} openpgp never True".encode()
    return renew(world, "colleague", "", octets)


# --- by others ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "whom"),
    [("admin", "colleague"), ("admin", "desk.se"), ("secretariat", "colleague"), ("secretariat", "chief"),
     ("secretariat", "observer"), ("secretariat", "desk.fr")],
)  # fmt: skip
def test_whom_the_table_allows_vouches_for_a_key(world: World, who: str, whom: str) -> None:
    decision = renew(world, who, whom, key_file("B", f"{whom}@party.example"), key_file("A", f"{who}@party.example"))
    (renewal,) = decision.renewals
    assert renewal.key.fingerprint == mark("B"), "the writer's own key that his client attaches is passed over"
    mine = [letter for letter in decision.letters if letter.to.address.startswith(f"{who}@")]
    assert len(mine) == 1
    assert isinstance(mine[0].values, Renewed)
    assert mine[0].values.by == f"{who}@party.example"
    owner = [letter for letter in decision.letters if letter.to.address.startswith(f"{whom}@")]
    assert owner[0].to.key is not None
    assert owner[0].to.key.fingerprint == mark("B")


@pytest.mark.parametrize("who", ["officer", "colleague", "observer", "SE", "KE"])
def test_who_is_no_administrator_renews_for_nobody_else(world: World, who: str) -> None:
    for whom in ("colleague", "officer", "admin", "secretariat", "desk.se", "desk.ke"):
        if whom in (who, f"desk.{who.lower()}"):
            continue
        before = keys_of(world, "colleague"), keys_of(world, "officer"), keys_of(world, "SE")
        refused(renew(world, who, whom, key_file("B")))
        assert before == (keys_of(world, "colleague"), keys_of(world, "officer"), keys_of(world, "SE"))


@pytest.mark.parametrize("whom", ["officer", "chief", "desk.ke", "observer", "secretariat", "second", "nobody"])
def test_an_administrator_renews_for_no_other_party_and_for_no_administrator(world: World, whom: str) -> None:
    world.register("second", SE, Role.ADMINISTRATOR)
    nobody = refused(renew(world, "admin", "nobody", key_file("B")))
    told = refused(renew(world, "admin", whom, key_file("B")))
    assert told.count("Check the address") == nobody.count("Check the address") == 1


def test_nobody_vouches_for_the_secretariat(world: World) -> None:
    world.register("other", KE, Role.SECRETARIAT)
    refused(renew(world, "secretariat", "other", key_file("B")))


# --- what is not taken -------------------------------------------------------------------------------------


def test_a_key_of_somebody_else_is_not_taken_whoever_brings_it(world: World) -> None:
    renew(world, "officer", "", key_file("B"))
    for who, whom in (("colleague", ""), ("admin", "colleague"), ("SE", "")):
        assert "key of their own" in refused(renew(world, who, whom, key_file("B")))


def test_a_withdrawn_key_comes_back_for_nobody(world: World) -> None:
    renew(world, "colleague", "", key_file("B"))
    renew(world, "colleague", "", key_file("C"), earlier="withdraw")
    assert "withdrawn" in refused(renew(world, "colleague", "", key_file("B", until=LATER + timedelta(days=900))))
    assert "withdrawn" in refused(renew(world, "admin", "colleague", key_file("B")))
    assert "key of their own" in refused(renew(world, "officer", "", key_file("B")))


def test_a_key_that_did_not_change_or_ends_earlier_is_not_taken(world: World) -> None:
    long, short = (key_file("B", until=LATER + timedelta(days=days)) for days in (400, 40))
    renew(world, "colleague", "", long)
    assert "nothing has changed" in refused(renew(world, "colleague", "", long))
    assert "ends earlier" in refused(renew(world, "colleague", "", short))
    assert keys_of(world, "colleague")[mark("B")].usable_until == LATER + timedelta(days=400)


def test_a_mail_without_a_key_is_told_so_and_gets_the_form_back(world: World) -> None:
    decision = renew(world, "colleague", "colleague")
    assert "No key was found" in refused(decision)
    (letter,) = decision.letters
    assert letter.form is not None
    assert (letter.form.name, letter.form.get("address")) == ("renew", COLLEAGUE)


@pytest.mark.parametrize(
    "why", ["the key is revoked", "the key's algorithm is too weak", "the certificate has expired"]
)
def test_a_key_that_cannot_be_registered_is_refused_with_the_reason(world: World, why: str) -> None:
    assert why in refused(renew(world, "colleague", "", why.encode()))


def test_a_key_of_another_address_is_not_taken(world: World) -> None:
    assert "eve@party.example" in refused(renew(world, "colleague", "", key_file("B", "eve@party.example")))


def test_a_replaced_key_renews_nothing(world: World) -> None:
    """Else whoever stole it could put his own in the place of the new one."""
    situation = world.situation("colleague", "renew", {}, keys=[key_file("C")])
    signer = situation.submission.sender.fingerprint
    octets = f"KEY {signer} openpgp never True".encode()
    renew(world, "colleague", "", octets)
    renew(world, "colleague", "", key_file("B"))
    assert "was replaced" in refused(renew(world, "colleague", "", key_file("C")))


def test_nobody_has_more_keys_than_a_few(world: World) -> None:
    for number in range(MOST + 3):
        decision = renew(world, "colleague", "", f"KEY {number + 10:040X} openpgp never True".encode())
    assert "too many keys" in refused(decision)
    assert sum(key.usable(world.now) for key in keys_of(world, "colleague").values()) == MOST
    assert "too many keys" in refused(renew(world, "admin", "colleague", key_file("D")))
    world.now += GRACE
    assert renew(world, "colleague", "", key_file("D")).renewals


# --- at the same time ------------------------------------------------------------------------------------


def test_who_was_withdrawn_meanwhile_renews_nothing_and_is_not_renewed(world: World) -> None:
    orders = [
        decide.decide(world.situation(who, "renew", {"address": COLLEAGUE}, keys=[key_file("B")]), FORMS)
        for who in ("colleague", "admin")
    ]
    world.send("admin", "revoke", {"address": COLLEAGUE})
    for order in orders:
        assert order.renewals
        with pytest.raises(LostRace):
            world.commit(order)


def test_of_two_who_bring_the_same_key_at_once_one_has_it(world: World) -> None:
    pending = [
        decide.decide(world.situation(who, "renew", {}, keys=[key_file("B")]), FORMS)
        for who in ("officer", "colleague")
    ]
    world.commit(pending[0])
    with pytest.raises(LostRace):
        world.commit(pending[1])
    assert mark("B") in keys_of(world, "officer")
    assert mark("B") not in keys_of(world, "colleague")
