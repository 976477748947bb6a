"""Every encryption scheme keeps the promises of `ports.CryptoScheme`, with the real engine."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.correspondence import Correspondent
from gateway.crypto import _packets, openpgp
from gateway.facts import Fingerprint, PublicKey, proven_ciphertext
from gateway.mime.tree import parse
from gateway.outcome import Cause, Defer, Hold, Refuse
from gateway.ports import Opened

TEXT = b"Content-Type: text/plain\r\n\r\nMARKER-7f3a secret\r\n"
LIMIT = 1_000_000
NEWER = Path(__file__).parents[1] / "corpus" / "cc0" / "keys" / "selfmade" / "pgp"  # by OpenPGP.js 6 and Sequoia


def clock() -> datetime:
    """The real time: GnuPG knows no other."""
    return datetime.now(UTC)


@pytest.fixture(scope="module")
def officer() -> Iterator[Correspondent]:
    with Correspondent("officer@kra.example", "officer") as person:
        yield person


@pytest.fixture
def home(folder: Path) -> Path:
    """A GnuPG home with the gateway's key."""
    openpgp.create(folder / "h", "gsp@gsp.example")
    return folder / "h"


@pytest.fixture
def scheme(home: Path) -> Iterator[openpgp.OpenPgp]:
    made = openpgp.OpenPgp(home, range(1), clock)
    yield made
    made.close()


def binary(armoured: bytes) -> bytes:
    found = _packets.armoured(armoured)
    assert found
    return found[1]


def written(officer: Correspondent, scheme: openpgp.OpenPgp, *options: str, sign: bool = True) -> bytes:
    return officer.seal(TEXT, officer.knows(scheme.export()), *options, sign=sign)


def opened(scheme: openpgp.OpenPgp, armoured: bytes, claimed: Sequence[PublicKey] = (), limit: int = LIMIT) -> Opened:
    return scheme.open(proven_ciphertext(binary(armoured)), claimed, limit)


def without_agent(home: Path) -> None:
    """Ends the agent and lets none start: its sockets' place is taken by folders that nothing can be in."""
    subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=False, capture_output=True)
    socket = home / "S.gpg-agent"
    socket.unlink(missing_ok=True)
    (socket / "taken").mkdir(parents=True)


def test_what_is_sealed_to_us_is_opened_with_our_signature(scheme: openpgp.OpenPgp) -> None:
    own = scheme.own_key()
    back = opened(scheme, scheme.seal(TEXT, own), (own,))
    (report,) = back.signatures
    assert back.octets == TEXT
    assert (report.cause, report.fingerprint) == (Cause.NONE, scheme.fingerprint)
    assert report.made_at
    assert abs(report.made_at - clock()) < timedelta(minutes=1)


def test_a_correspondent_reads_what_is_sealed_to_him_and_only_he(
    scheme: openpgp.OpenPgp, officer: Correspondent
) -> None:
    armoured = scheme.seal(TEXT, scheme.read_key(officer.public_key))
    officer.knows(scheme.export())
    assert officer.open(armoured) == (TEXT, scheme.fingerprint)
    seen = _packets.outline(binary(armoured))
    assert seen
    assert len(seen.key_ids) == 1
    with pytest.raises(Refuse):
        opened(scheme, armoured)


def test_a_signature_is_judged_by_the_claimed_keys_only(scheme: openpgp.OpenPgp, officer: Correspondent) -> None:
    armoured = written(officer, scheme)
    key = scheme.read_key(officer.public_key)
    assert [report.cause for report in opened(scheme, armoured, (key,)).signatures] == [Cause.NONE]
    assert [report.cause for report in opened(scheme, armoured).signatures] == [Cause.UNKNOWN_KEY]
    assert opened(scheme, written(officer, scheme, sign=False), (key,)).signatures == ()


def test_the_same_signature_has_the_same_identity_in_another_encryption(
    scheme: openpgp.OpenPgp, officer: Correspondent
) -> None:
    armoured, key = written(officer, scheme), scheme.read_key(officer.public_key)
    one, again = (opened(scheme, armoured, (key,)).signatures[0].identity for _ in range(2))
    assert one == again != b""


@pytest.mark.parametrize("place", range(0, 100, 9))
def test_a_changed_octet_is_the_one_refusal(place: int, scheme: openpgp.OpenPgp, officer: Correspondent) -> None:
    octets = bytearray(binary(written(officer, scheme)))
    body = len(octets) // 3
    octets[body + (len(octets) - body - 1) * place // 100] ^= 0x20
    with pytest.raises(Refuse) as failure:
        scheme.open(proven_ciphertext(bytes(octets)), (), LIMIT)
    assert failure.value.reason.number == 201


def test_a_bomb_is_stopped_and_what_fits_is_not_taken_for_the_whole(
    scheme: openpgp.OpenPgp, officer: Correspondent
) -> None:
    key = officer.knows(scheme.export())
    bomb = officer.seal(bytes(LIMIT * 20), key)
    assert len(bomb) < LIMIT // 10
    with pytest.raises(Refuse) as failure:
        opened(scheme, bomb)
    assert failure.value.cause is Cause.TOO_LARGE_INSIDE


def test_a_signature_by_a_weak_hash_or_of_the_future_is_none(scheme: openpgp.OpenPgp, officer: Correspondent) -> None:
    key = scheme.read_key(officer.public_key)
    ahead = (clock() + timedelta(hours=1)).strftime("%Y%m%dT%H%M%S")
    future = opened(scheme, written(officer, scheme, "--faked-system-time", ahead), (key,))
    assert [report.cause for report in future.signatures] == [Cause.WRONG_TIME]
    old = opened(
        scheme, written(officer, scheme, "--digest-algo", "SHA1", "--personal-digest-preferences", "SHA1"), (key,)
    )
    assert [report.cause for report in old.signatures] == [Cause.WEAK_ALGORITHM]


def test_a_detached_signature_is_over_exactly_these_octets(scheme: openpgp.OpenPgp, officer: Correspondent) -> None:
    key = scheme.read_key(officer.public_key)
    signature = officer._gpg("--armor", "--detach-sign", stdin=TEXT)
    assert scheme.verify(TEXT, signature, (key,)).fingerprint == officer.fingerprint
    assert scheme.verify(TEXT, signature, (key,)).cause is Cause.NONE
    assert scheme.verify(TEXT + b" ", signature, (key,)).cause is Cause.BAD_SIGNATURE
    assert scheme.verify(TEXT, signature, ()).cause is Cause.UNKNOWN_KEY
    assert scheme.verify(TEXT, signature + signature, (key,)).cause is not Cause.NONE
    assert scheme.verify(TEXT, officer._gpg("--armor", "--sign", stdin=TEXT), (key,)).cause is not Cause.NONE
    assert scheme.verify(TEXT, b"", (key,)).cause is Cause.BAD_SIGNATURE


def test_our_own_agent_away_is_not_the_senders_fault(
    scheme: openpgp.OpenPgp, home: Path, officer: Correspondent
) -> None:
    armoured, key = written(officer, scheme), scheme.read_key(officer.public_key)
    without_agent(home)
    with pytest.raises(Defer) as opening:
        opened(scheme, armoured, (key,))
    with pytest.raises(Defer) as sealing:
        scheme.seal(TEXT, key)
    assert (opening.value.reason.number, sealing.value.reason.number) == (303, 303)
    shutil.rmtree(home / "S.gpg-agent")
    assert opened(scheme, armoured, (key,)).octets == TEXT


def test_a_key_that_cannot_be_used_now_holds_the_mail(scheme: openpgp.OpenPgp) -> None:
    with Correspondent("gone@kra.example", "gone") as person:
        key = scheme.read_key(person.public_key)
        past = (clock() - timedelta(days=9)).strftime("%Y%m%dT%H%M%S")
        options = ["--faked-system-time", past, "--quick-generate-key", "Late <late@kra.example>"]
        person._gpg(*options, "future-default", "default", "2d")
        expired = person._gpg("--export", "late@kra.example")
        marks = person._gpg("--list-keys", "--with-colons", "late@kra.example").decode().split("fpr:::::::::")
    late = replace(key, fingerprint=Fingerprint(marks[1][:40]), octets=expired)
    with pytest.raises(Hold) as failure:
        scheme.seal(TEXT, late)
    assert failure.value.reason.number == 402
    with pytest.raises(Hold):  # another key than the one that is registered is never taken for it (A7)
        scheme.seal(TEXT, replace(key, fingerprint=Fingerprint("0" * 40)))
    with pytest.raises(ValueError, match="expired"):
        scheme.read_key(expired)


def test_mail_to_an_older_key_and_to_a_hidden_recipient_is_read_after_a_new_key(
    home: Path, officer: Correspondent
) -> None:
    before = openpgp.OpenPgp(home, range(1), clock)
    to_old, hidden = written(officer, before), written(officer, before, "--throw-keyids")
    before.close()
    # Of the same kind: GnuPG tries the one key in vain for what is hidden and meant for the other.
    command = ["gpg", "--homedir", str(home), "--batch", "--passphrase", "", "--quick-generate-key"]
    subprocess.run(
        [*command, "New <gsp@gsp.example>", "future-default", "default", "never"], check=True, capture_output=True
    )
    after = openpgp.OpenPgp(home, range(1), clock)
    assert after.fingerprint != before.fingerprint
    key = after.read_key(officer.public_key)
    for armoured in (to_old, hidden, written(officer, after, "--throw-keyids")):
        raw = b"Content-Type: text/plain\r\n\r\n" + armoured
        assert after.recognise(parse(raw)) == binary(armoured)
        back = opened(after, armoured, (key,))
        assert (back.octets, [report.cause for report in back.signatures]) == (TEXT, [Cause.NONE])
    after.close()


def recognised(scheme: openpgp.OpenPgp, body: bytes) -> int:
    with pytest.raises(Refuse) as failure:
        scheme.recognise(parse(b"Content-Type: text/plain\r\n\r\n" + body))
    return failure.value.reason.number


def test_only_one_whole_object_to_our_key_is_recognised(scheme: openpgp.OpenPgp, officer: Correspondent) -> None:
    armoured = written(officer, scheme)
    to_himself = officer.seal(TEXT, officer.fingerprint)
    both = officer.seal(TEXT, officer.fingerprint, "--recipient", officer.knows(scheme.export()))
    passphrase = officer._gpg("--passphrase", "x", "--armor", "--symmetric", stdin=TEXT)
    assert scheme.recognise(parse(b"\r\n" + b"\xef\xbb\xbf\r\n" + armoured + b"\xc2\xa0\r\n")) == binary(armoured)
    assert scheme.recognise(parse(b"\r\n" + both)) == binary(both)
    assert scheme.recognise(parse(b"Subject: x\r\n\r\nGSP HELP")) is None
    assert recognised(scheme, to_himself) == 103
    assert recognised(scheme, b"banner\r\n" + armoured) == 102
    assert recognised(scheme, armoured + b"footer") == 102
    assert recognised(scheme, armoured + armoured) == 102
    assert recognised(scheme, passphrase) == 104
    assert recognised(scheme, officer._gpg("--armor", "--sign", stdin=TEXT)) == 101
    assert recognised(scheme, b"-----BEGIN PGP MESSAGE----- is how it begins") == 101


def test_engines_work_side_by_side_and_one_call_disturbs_no_other(home: Path, officer: Correspondent) -> None:
    scheme = openpgp.OpenPgp(home, range(2), clock)
    key = scheme.read_key(officer.public_key)
    texts = [b"Content-Type: text/plain\r\n\r\n%d" % number for number in range(8)]
    mark = officer.knows(scheme.export())
    armoured = [officer.seal(one, mark) for one in texts]
    found: dict[int, Opened] = {}

    def work(number: int) -> None:
        found[number] = opened(scheme, armoured[number], (key,))
        scheme.seal(texts[number], key)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(len(texts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    scheme.close()
    assert [found[number].octets for number in range(len(texts))] == texts
    assert all([report.cause for report in one.signatures] == [Cause.NONE] for one in found.values())


def test_nothing_in_clear_is_written_and_the_home_is_for_its_owner_only(
    scheme: openpgp.OpenPgp, home: Path, officer: Correspondent
) -> None:
    key = scheme.read_key(officer.public_key)
    opened(scheme, written(officer, scheme), (key,))
    scheme.seal(TEXT, key)
    files = [path for path in home.rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if b"MARKER-7f3a" in path.read_bytes()]
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in (home / "private-keys-v1.d").iterdir()} == {0}


def test_a_home_with_a_long_path_works(officer: Correspondent, folder: Path) -> None:
    home = folder / ("long" * 25) / "gnupg"
    home.parent.mkdir()
    openpgp.create(home, "gsp@gsp.example")
    scheme = openpgp.OpenPgp(home, range(2), clock)
    try:
        assert opened(scheme, written(officer, scheme)).octets == TEXT
    finally:
        scheme.close()


def test_a_home_without_a_key_says_what_to_do(folder: Path) -> None:
    with pytest.raises(ValueError, match="gsp key renew"):
        openpgp.OpenPgp(folder, range(1), clock)


def test_making_a_home_twice_changes_nothing(home: Path) -> None:
    before = (home / "pubring.kbx").read_bytes()
    openpgp.create(home, "gsp@gsp.example")
    assert (home / "pubring.kbx").read_bytes() == before
    assert b"s2k-count 65536" in (home / "gpg-agent.conf").read_bytes()


# --- keys that somebody registers (security.md A7, A13, A14) ----------------------------------------


def test_a_registered_key_is_kept_without_what_others_signed_on_it(
    scheme: openpgp.OpenPgp, officer: Correspondent
) -> None:
    with Correspondent("friend@kra.example", "friend") as friend:
        friend.knows(officer.public_key)
        friend._gpg("--quick-sign-key", officer.fingerprint)
        signed = friend._gpg("--export", officer.fingerprint)
    key = scheme.read_key(signed)
    assert (key.fingerprint, key.can_encrypt, key.can_sign) == (officer.fingerprint, True, True)
    assert len(key.octets) < len(signed)
    assert key.octets == scheme.read_key(officer.public_key).octets


def test_a_key_that_cannot_encrypt_says_so_and_a_key_that_expires_says_when(scheme: openpgp.OpenPgp) -> None:
    with Correspondent("two@kra.example", "two") as person:
        person._gpg("--quick-generate-key", "Signs <signs@kra.example>", "ed25519", "sign", "30d")
        key = scheme.read_key(person._gpg("--export", "signs@kra.example"))
    assert (key.can_sign, key.can_encrypt) == (True, False)
    assert key.usable_until
    assert timedelta(days=29) < key.usable_until - clock() < timedelta(days=31)


def test_what_is_not_exactly_one_good_public_key_is_refused_with_a_sentence(
    scheme: openpgp.OpenPgp, home: Path, officer: Correspondent
) -> None:
    secret = officer._gpg("--armor", "--export-secret-keys", officer.fingerprint)
    with Correspondent("weak@kra.example", "weak") as person:
        person._gpg("--quick-generate-key", "Weak <weak1@kra.example>", "rsa1024", "sign", "never")
        person._gpg("--quick-generate-key", "Old <old@kra.example>", "dsa2048", "sign", "never")
        weak, old = (person._gpg("--export", name) for name in ("weak1@kra.example", "old@kra.example"))
        two = person._gpg("--export", "weak@kra.example") + officer.public_key
        revocation = (person.home / "openpgp-revocs.d" / f"{person.fingerprint}.rev").read_bytes()
        person._gpg("--import", stdin=revocation.replace(b":-----BEGIN", b"-----BEGIN"))
        revoked = person._gpg("--export", person.fingerprint)
    for octets, sentence in (
        (secret, "secret key"), (weak, "too weak"), (old, "too weak"), (two, "exactly one"), (revoked, "revoked"),
        (b"", "exactly one"), (b"no key", "exactly one"), (officer.public_key * 2000, "too large"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=sentence):
            scheme.read_key(octets)
    for name, sentence in (
        ("officer5-v6.pub", "version 6"), ("officer7-v4-x25519.pub", "version 6"), ("officer5-v6.sec", "secret key"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=sentence):
            scheme.read_key((NEWER / f"{name}.asc").read_bytes())
    kept = os.listdir(home / "private-keys-v1.d")
    assert len(kept) == 2, "somebody else's secret key was kept"
