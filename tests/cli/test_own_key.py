"""`gsp key renew`: a new key beside the old one; nobody who still writes to the old one is shut out."""

from __future__ import annotations

import shutil

from sqlalchemy import text

from gateway.crypto.openpgp import OpenPgp
from gateway.facts import digest
from tests.cli.running import failed_in_one_line, gsp
from tests.support.focalpoint import SE_UIM, FocalPoint, request


def test_a_new_key_is_used_from_the_next_start_and_mail_to_the_old_one_is_still_read(point: FocalPoint) -> None:
    old = point.gateway.fingerprint
    done = gsp("key", "renew", home=point.home)
    assert done.status == 0, done
    point.gateway.close()
    point.start()
    new = point.gateway.fingerprint
    assert new != old
    assert f"New OpenPGP fingerprint: {new}" in done.out
    assert gsp("key", "export", home=point.home).out.encode() == point.gateway.own_key()
    assert point.send("officer", request(SE_UIM))["outcome"] == "taken", "encrypted to the old key"
    for person in point.people.values():
        point.key = person.knows(point.gateway.own_key())
    assert point.key == new
    assert point.send("officer", request(SE_UIM, case="second"))["outcome"] == "taken", "encrypted to the new key"
    signed = {mail.signed_by for mails in point.delivered().values() for mail in mails}
    assert signed == {new}
    assert point.gateway.self_test()


def test_a_key_that_has_expired_or_is_lost_stops_everything_until_it_is_renewed(point: FocalPoint) -> None:
    point.gateway.close()
    shutil.rmtree(point.home / "gnupg")
    assert "gsp key renew" in failed_in_one_line(gsp("party", "list", home=point.home))
    assert gsp("key", "renew", home=point.home).status == 0
    assert gsp("party", "list", home=point.home).status == 0
    point.start()
    assert point.gateway.self_test()


def test_the_record_says_that_our_key_was_renewed(point: FocalPoint) -> None:
    gsp("key", "renew", "--algorithm", "rsa3072", home=point.home)
    point.gateway.close()
    point.start()
    mark = digest(point.gateway.fingerprint.encode())
    with point.gateway.store._engine.connect() as connection:
        kinds = connection.execute(text("SELECT kind FROM event WHERE digest = :mark"), {"mark": mark}).scalars()
        assert list(kinds) == ["key added"]


def test_a_home_that_was_moved_needs_nothing_of_the_place_where_it_was(point: FocalPoint) -> None:
    """Every engine has a home of its own with a link to the secret keys: those of its own gateway."""
    point.gateway.close()
    keys = point.home / "gnupg" / "engine-1" / "private-keys-v1.d"
    keys.unlink(missing_ok=True)
    keys.parent.mkdir(exist_ok=True)
    keys.symlink_to(point.home / "gnupg" / "private-keys-v1.d")  # as homes made before have it
    point.home = point.home.rename(point.home.with_name("moved"))
    point.start()
    engines = OpenPgp(point.home / "gnupg", range(2), point.clock)
    try:
        own = point.gateway.own_public_key()
        for _ in range(4):
            assert engines.seal(b"Content-Type: text/plain\r\n\r\ntest\r\n", own)
    finally:
        engines.close()
