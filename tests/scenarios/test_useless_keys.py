"""A key that reads well and to which nothing can be encrypted: it is not registered, and its sender is told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from gateway.correspondence import Correspondent
from gateway.facts import Address, PublicKey
from gateway.outcome import REASONS, Hold
from tests.scenarios.test_renew import COLLEAGUE, mails_to, usable, with_key
from tests.support.focalpoint import FocalPoint
from tests.support.registering import order

SAYS = "nothing can be encrypted to this key here"


@contextmanager
def somebody(point: FocalPoint, address: str) -> Iterator[Correspondent]:
    with Correspondent(address, "new") as person:
        person.knows(point.gateway.own_key())
        yield person


@pytest.fixture
def useless(point: FocalPoint, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """GnuPG fails with one key, as newer ones do with keys that add readers of their own (ADSK)."""
    scheme = point.gateway._openpgp
    seal, marks = scheme.seal, set[str]()

    def sealed(payload: bytes, to: PublicKey) -> bytes:
        if to.fingerprint in marks:
            raise Hold(REASONS[402])
        return seal(payload, to)

    monkeypatch.setattr(scheme, "seal", sealed)
    return marks.add


def test_a_challenge_that_cannot_be_encrypted_is_told_to_who_ordered_it(
    point: FocalPoint, useless: Callable[[str], None]
) -> None:
    with somebody(point, "new@party.example") as new:
        useless(new.fingerprint)
        assert point.send("admin", order(new))["outcome"] == "taken"
        ((told,),) = point.delivered().values()
    assert SAYS in " ".join(told.text.split())
    assert "was asked to confirm" not in told.text
    assert "GSP REGISTER" in told.text
    assert point.gateway.store.view.pending_for(Address("new@party.example")) == ()
    assert point.gateway.open_items() == []


def test_a_key_to_which_nothing_can_be_encrypted_takes_no_good_ones_place(
    point: FocalPoint, useless: Callable[[str], None]
) -> None:
    before = usable(point, COLLEAGUE)
    with somebody(point, COLLEAGUE) as new:
        useless(new.fingerprint)
        assert point.send("colleague", with_key("GSP RENEW\n", new.public_key))["outcome"] == "taken"
        (told,) = (point.people["colleague"].read(octets) for octets in mails_to(point, COLLEAGUE))
        assert SAYS in " ".join(told.text.split())
        assert usable(point, COLLEAGUE) == before
        with pytest.raises(ValueError, match="nothing can be encrypted"):
            point.gateway.renew_key(COLLEAGUE, new.public_key, at_once=True)
        assert usable(point, COLLEAGUE) == before
    assert point.gateway.open_items() == []


def test_a_key_that_is_extended_badly_leaves_the_one_that_works(
    point: FocalPoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same key, of which the copy that came is of no use: its owner is told at the copy that is registered."""
    colleague, scheme = point.people["colleague"], point.gateway._openpgp
    assert isinstance(colleague, Correspondent)
    registered = point.gateway.store.view.keys_claimed_by(Address(COLLEAGUE))[0].octets
    seal = scheme.seal

    def sealed(payload: bytes, to: PublicKey) -> bytes:
        if to.octets != registered:
            raise Hold(REASONS[402])
        return seal(payload, to)

    monkeypatch.setattr(scheme, "seal", sealed)
    with Correspondent(COLLEAGUE, "copy") as copy:
        secret = colleague._gpg("--export-secret-keys", colleague.fingerprint)
        copy._gpg("--import", stdin=secret)
        copy._gpg("--quick-add-key", colleague.fingerprint, "cv25519", "encr", "never")
        later = copy._gpg("--export", colleague.fingerprint)
        assert point.send("colleague", with_key("GSP RENEW\n", later))["outcome"] == "taken"
    (told,) = (colleague.read(octets) for octets in mails_to(point, COLLEAGUE))
    assert SAYS in " ".join(told.text.split())
    assert point.gateway.store.view.keys_claimed_by(Address(COLLEAGUE))[0].octets == registered
