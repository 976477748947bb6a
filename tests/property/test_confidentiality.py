"""By no sequence of mails does a Party learn, read or change what is not its own; nobody acts with a revoked key.

Random people of several Parties play random mails against the real pipeline: every form, registration, renewal,
withdrawal and hand-over by mail, sealed mail both ways, answers with tokens of their own, of others and guessed ones,
bounces, copies, mails in clear, while time passes. After every step each mail that the gateway wrote is opened by
whoever has a key that opens it, and the model (`tests/support/knowledge.py`, `membership.py`) says what may be in it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from gateway import service
from gateway.ports import CryptoScheme
from gateway.treaty import Role
from tests.support import town
from tests.support.gnupeople import GnuCrowd
from tests.support.knowledge import Knowledge, alike
from tests.support.play import NAMES, Play
from tests.support.play.forms import Forms
from tests.support.play.registry import Registry
from tests.support.play.sealed import Sealing
from tests.support.play.wire import Wire

FUZZ = settings().max_examples > 100
SEQUENCES = int(os.environ.get("TOWN_SEQUENCES", "2000" if FUZZ else "32"))
WITH_GNUPG = max(4, SEQUENCES // 20)
STEPS = 30


class Exchange(Forms, Registry, Sealing, Wire):
    """What anybody may try."""


@pytest.fixture(scope="module")
def parts() -> Iterator[service.Gateway]:
    """What every town shares."""
    with town.wiring() as gateway:
        Play.begun.clear()
        yield gateway


def play(machine: type[Play], sequences: int, steps: int) -> None:
    """So many sequences of at most so many steps."""
    phases = tuple(Phase) if FUZZ else (Phase.explicit, Phase.reuse, Phase.generate)  # to shrink takes minutes
    slow = [HealthCheck.too_slow]
    run_state_machine_as_test(
        machine,
        settings=settings(max_examples=sequences, stateful_step_count=steps, phases=phases, suppress_health_check=slow),
    )


@pytest.mark.timeout(36000)
def test_no_sequence_of_mails_tells_or_changes_what_is_anothers(parts: service.Gateway) -> None:
    Exchange.gateway = parts
    play(Exchange, SEQUENCES, STEPS)


@contextmanager
def story(parts: service.Gateway) -> Iterator[Exchange]:
    """A sequence that is told, with everything checked after each step as in one that is found."""
    Exchange.gateway = parts
    told = Exchange()
    try:
        yield told
    finally:
        told.teardown()


def test_a_bare_number_means_the_own_referral_of_each_who_is_asked(parts: service.Gateway) -> None:
    """What failed now and then, before the same examples were tried each time: the model thought it was another's."""
    with story(parts) as told:
        told.request(name="ke.one", issuers=["SE", "FR"], which=0, to="", further=False, old=False)
        for which in (0, 1):
            told.reply(name="fr.one", which=which, way="bare number", status="valid", also=which)


def test_what_is_passed_on_concerns_whom_it_is_passed_to(parts: service.Gateway) -> None:
    """The model heard of it only after it had judged the mail."""
    with story(parts) as told:
        told.request(name="ke.one", issuers=["SE"], which=0, to="FR", further=False, old=False)
        told.reply(name="desk.fr", which=0, way="number", status="not ours", also=0)
        assert [exchange.asked for exchange in told.known.exchanges.values()] == [{"FR", "SE"}]


def test_random_letters_that_look_like_a_secret_are_none() -> None:
    """Of a Message-ID, say: what failed now and then, and not again with the same example."""
    known = Knowledge()
    mark = known.mark("m", "KE")
    assert known.leaks("KE", f"{mark} <pzq25722aexample@gsp.example.org>") == []
    assert known.leaks("SE", f"{mark} <pzq25722aexample@gsp.example.org>") == [mark]
    assert alike('boundary="=_a' + "a" * 24 + '01234567"') == alike('boundary="=_a' + "0123" * 8 + '"')


def test_the_model_lets_an_office_be_handed_over(parts: service.Gateway) -> None:
    with story(parts) as told:
        told.hand_over(name="ke.admin", which=0)
        assert "ke.admin" not in told.members.people
        assert told.members.people["new.one"].role is Role.ADMINISTRATOR
        told.appointed("new.one", "new.two", Role.OFFICER, "")
        told.appointed("new.one", "new.desk", Role.DESK, "")
        assert told.members.desk("KE") == "new.desk"
        told.request(name="new.two", issuers=["SE"], which=0, to="", further=False, old=False)
        told.revoke(name="new.one", whom="new.two", alone=False)
        assert "new.two" not in told.members.people


def test_the_model_lets_keys_be_renewed_and_vouched_for(parts: service.Gateway) -> None:
    with story(parts) as told:
        for name, whom, at_once in (
            ("ke.one", "ke.one", False),
            ("ke.admin", "ke.one", True),
            ("desk.se", "desk.se", True),
        ):
            told.renew(name=name, whom=whom, own=False, at_once=at_once, which=1, how="new")
            assert told.changed
        assert [key.name for key in told.members.people["ke.one"].keys] == [("ke.one", 2)]
        told.days_pass(days=40)
        for ring in range(3):
            told.sign_with_any_key(owner="ke.one", which=ring, as_whom="ke.one", own=True)


def test_the_model_lets_sealed_mail_pass_both_ways(parts: service.Gateway) -> None:
    with story(parts) as told:
        told.look_up(name="ke.one", party="SE")
        told.converse(name="ke.one", party="SE", answer=True)
        assert {told.known.party(mail.reader) for mail in told.got if "zq" in mail.words} == {"KE", "SE"}


class ExchangeWithGnuPG(Exchange):
    """With real keys; those with which people begin have no end."""

    ends = {}  # noqa: RUF012
    first: GnuCrowd

    def __init__(self) -> None:
        self.start = datetime.now(UTC).replace(microsecond=0)
        super().__init__()

    def everybody(self) -> GnuCrowd:
        return self.first.again()

    def scheme(self, clock: Callable[[], datetime]) -> CryptoScheme:
        return self.gateway._openpgp


@pytest.mark.timeout(36000)
def test_nor_does_it_with_gnupg(parts: service.Gateway) -> None:
    with GnuCrowd.made(NAMES, parts.own_key(), parts.fingerprint) as crowd:
        ExchangeWithGnuPG.gateway, ExchangeWithGnuPG.first = parts, crowd
        play(ExchangeWithGnuPG, WITH_GNUPG, STEPS)
