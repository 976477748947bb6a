"""Signatures that look good and are none: of another key, another time, another text, a part only."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from gateway.correspondence import Correspondent
from gateway.crypto import _packets
from gateway.facts import Language, PublicKey, address, fingerprint, party_code
from gateway.outcome import Cause
from gateway.treaty import Role
from tests.hostile import attacks, hostile
from tests.hostile.attacks import attack
from tests.hostile.hostile import CLEAR, HELP, Tried, multipart, refused, seal, sent, signed, text
from tests.support.focalpoint import SE_UIM, FocalPoint, request

Log = pytest.LogCaptureFixture


@pytest.fixture(scope="module")
def twofold(gate: FocalPoint) -> Iterator[Correspondent]:
    """Somebody who holds the officer's secret key and another: for mails with two signatures."""
    officer = gate.people["officer"]
    with Correspondent("twofold@party.example", "twofold") as person:
        person._gpg("--import", stdin=officer._gpg("--armor", "--export-secret-keys", officer.fingerprint))
        person.knows(gate.gateway.own_key())
        yield person


@attack(attacks.IDENTITY, "a second signature beside the officer's, in either layer", Cause.SEVERAL_SIGNATURES)
def test_two_signatures_are_refused_whoever_made_them(gate: FocalPoint, caplog: Log, twofold: Correspondent) -> None:
    officer = gate.people["officer"].fingerprint
    both = ("--local-user", officer, "--local-user", twofold.fingerprint)
    combined = twofold._gpg("--armor", *both, "--sign", "--encrypt", "--recipient", gate.key, stdin=HELP)
    assert refused(gate, sent(gate, "officer", combined), caplog) == Tried(201, Cause.SEVERAL_SIGNATURES.value)
    layered = signed(HELP, hostile.detached(twofold, HELP, *both))
    assert refused(gate, hostile.forged(gate, layered), caplog) == Tried(201, Cause.SEVERAL_SIGNATURES.value)
    around = signed(HELP, hostile.detached(gate.people["officer"], HELP))
    assert refused(gate, sent(gate, "officer", seal(gate, "officer", around)), caplog) == Tried(
        201, Cause.SEVERAL_SIGNATURES.value
    )


def test_a_signature_of_the_future_is_refused(gate: FocalPoint, caplog: Log) -> None:
    signature = hostile.detached(gate.people["officer"], HELP, "--faked-system-time", "20370101T000000")
    assert refused(gate, hostile.forged(gate, signed(HELP, signature)), caplog) == Tried(201, Cause.WRONG_TIME.value)


@attack(
    attacks.MIME,
    "a part that the officer signed, below, beside or inside parts of the attacker's, or attached as a message",
    Cause.PARTLY_SIGNED,
)
def test_a_signature_over_a_part_is_no_signature(gate: FocalPoint, caplog: Log) -> None:
    good = signed(HELP, hostile.detached(gate.people["officer"], HELP))
    evil = text(request(SE_UIM))
    m1 = multipart("mixed", evil, good)
    m2 = multipart("mixed", b"Content-Type: text/html\r\n\r\nGSP HELP<!--\r\n", good, text("-->"))
    m3 = multipart("related", evil, b"Content-ID: <x>\r\n" + good)
    m4 = multipart("mixed", evil, b"Content-Type: message/rfc822\r\n\r\n" + CLEAR + good)
    below = signed(HELP, hostile.detached(gate.people["officer"], HELP), evil)
    for entity in (m1, m2, m3, below):
        assert refused(gate, hostile.forged(gate, entity), caplog) == Tried(201, Cause.PARTLY_SIGNED.value)
    assert refused(gate, hostile.forged(gate, m4), caplog) == Tried(201, Cause.NOT_SIGNED.value)


@attack(attacks.MIME, "the officer's signature under another text", Cause.BAD_SIGNATURE)
def test_a_signature_over_another_text_is_refused(gate: FocalPoint, caplog: Log) -> None:
    signature = hostile.detached(gate.people["officer"], HELP)
    changed = signed(text(request(SE_UIM)), signature)
    assert refused(gate, hostile.forged(gate, changed), caplog) == Tried(201, Cause.BAD_SIGNATURE.value)


@attack(
    attacks.INTERFACE, "a signed message in place of a detached signature, so that another text is checked",
    Cause.BAD_SIGNATURE,
)  # fmt: skip
@pytest.mark.parametrize("label", [b"MESSAGE", b"SIGNATURE"])
@pytest.mark.parametrize("form", ["alone", "literal first", "literal last", "unpacked"])
def test_a_signed_message_is_not_taken_for_a_detached_signature(
    gate: FocalPoint, caplog: Log, label: bytes, form: str
) -> None:
    """GnuPG could be made to verify the text inside the signature instead of the text that is shown."""
    officer = gate.people["officer"]
    inline = officer._gpg(
        "--armor", "--compress-algo", "none", "--local-user", officer.fingerprint, "--sign", stdin=b"long ago\n"
    )
    packets = hostile.binary(inline)
    literal = hostile.packet(11, b"b\x00\x00\x00\x00\x00" + HELP)
    made = {"alone": packets, "literal first": literal + packets, "literal last": packets + literal}
    octets = made.get(form, hostile.packet(8, b"\x00" + packets))
    entity = signed(HELP, hostile.armour(octets).replace(b"MESSAGE", label))
    assert refused(gate, hostile.forged(gate, entity), caplog) == Tried(201, Cause.BAD_SIGNATURE.value)


@attack(attacks.INTERFACE, "the self-signature of the officer's key in place of a signature", Cause.BAD_SIGNATURE)
def test_a_certification_of_a_key_is_not_taken_for_a_signature_of_a_text(gate: FocalPoint, caplog: Log) -> None:
    key = _packets.armoured(gate.people["officer"].public_key.replace(b"PUBLIC KEY BLOCK", b"MESSAGE"))
    assert key
    position, found = 0, b""
    while position < len(key[1]):
        tag, _, end = _packets._packet(key[1], position)
        found = found or (key[1][position:end] if tag == 2 else b"")
        position = end
    entity = signed(HELP, hostile.armour(found).replace(b"MESSAGE", b"SIGNATURE"))
    assert refused(gate, hostile.forged(gate, entity), caplog) == Tried(201, Cause.BAD_SIGNATURE.value)


def register(gate: FocalPoint, person: Correspondent, key: bytes, print_: str) -> None:
    """Registers a key as it was before it expired or was revoked: the registry would not take it now."""
    public = PublicKey("openpgp", fingerprint(print_), key, can_encrypt=True, can_sign=True)
    gate.gateway.store.members.add_person(
        party_code("AT"),
        address(person.address),
        person.name,
        Role.OFFICER,
        Language("en"),
        public,
        hostile.now(),
    )


@attack(attacks.EXPIRED, "a signature from before the key expired", Cause.EXPIRED_KEY)
def test_an_expired_key_is_refused(gate: FocalPoint, caplog: Log) -> None:
    with Correspondent("past@party.example", "past") as past:
        at = ("--faked-system-time", "20240101T000000")
        past._gpg(*at, "--quick-generate-key", "old <past@party.example>", "future-default", "default", "2d")
        prints = re.findall(rb"^fpr:+(\w+):", past._gpg("--list-keys", "--with-colons", "old"), re.MULTILINE)
        old = prints[0].decode()
        register(gate, past, past._gpg("--export", old), old)
        signature = hostile.detached(past, HELP, "--faked-system-time", "20240101T010000", "--local-user", old)
        raw = hostile.forged(gate, signed(HELP, signature), "past@party.example")
        assert refused(gate, raw, caplog) == Tried(201, Cause.EXPIRED_KEY.value)


@attack(attacks.REVOKED, "a signature from before its owner revoked the key", Cause.REVOKED_KEY)
def test_a_key_that_its_owner_revoked_is_refused(gate: FocalPoint, caplog: Log) -> None:
    with Correspondent("gone@party.example", "gone") as gone:
        signature = hostile.detached(gone, HELP)
        prepared = next((gone.home / "openpgp-revocs.d").glob("*.rev")).read_bytes()
        gone._gpg("--import", stdin=prepared.replace(b":-----BEGIN", b"-----BEGIN"))
        register(gate, gone, gone._gpg("--export", gone.fingerprint), gone.fingerprint)
        raw = hostile.forged(gate, signed(HELP, signature), "gone@party.example")
        assert refused(gate, raw, caplog) == Tried(201, Cause.REVOKED_KEY.value)
        with pytest.raises(ValueError, match="key"):
            gate.gateway.registry.add_person(
                "AT", gone.address, "gone", Role.OFFICER, "en", gone._gpg("--export", gone.fingerprint)
            )


@attack(attacks.REVOKED, "a mail of somebody whose access was withdrawn", "GSP-201")
def test_a_person_withdrawn_by_the_operator_is_refused_at_once(gate: FocalPoint, caplog: Log) -> None:
    with Correspondent("left@party.example", "left") as left:
        left.knows(gate.gateway.own_key())
        gate.gateway.registry.add_person("AT", left.address, "left", Role.OFFICER, "en", left.public_key)
        gate.gateway.registry.revoke(left.address, "left the service")
        raw = left.write(hostile.TO, gate.key, "GSP HELP\n", hostile.now())
        assert refused(gate, raw, caplog).number == 201


@attack(
    attacks.EXPIRED, "a signature by a signing subkey that has expired since; the key itself has not", Cause.EXPIRED_KEY
)
def test_an_expired_subkey_is_refused_though_its_key_is_good(gate: FocalPoint, caplog: Log) -> None:
    with Correspondent("sub@party.example", "sub") as person:
        at = ("--faked-system-time", "20240101T000000")
        person._gpg(*at, "--quick-generate-key", "old <sub@party.example>", "ed25519", "cert", "never")
        listed = person._gpg("--list-keys", "--with-colons", "old")
        key = re.findall(rb"^fpr:+(\w+):", listed, re.MULTILINE)[0].decode()
        person._gpg(*at, "--quick-add-key", key, "cv25519", "encr", "never")
        person._gpg(*at, "--quick-add-key", key, "ed25519", "sign", "2d")
        register(gate, person, person._gpg("--export", key), key)
        signature = hostile.detached(person, HELP, "--faked-system-time", "20240101T010000", "--local-user", key)
        raw = hostile.forged(gate, signed(HELP, signature), "sub@party.example")
        assert refused(gate, raw, caplog) == Tried(201, Cause.EXPIRED_KEY.value)


@attack(attacks.REVOKED, "a signature by a subkey that was revoked since; the key itself was not", Cause.REVOKED_KEY)
def test_a_revoked_subkey_is_refused_though_its_key_is_good(gate: FocalPoint, caplog: Log) -> None:
    with Correspondent("subgone@party.example", "subgone") as person:
        person._gpg("--quick-generate-key", "two <subgone@party.example>", "ed25519", "cert", "never")
        listed = person._gpg("--list-keys", "--with-colons", "two")
        key = re.findall(rb"^fpr:+(\w+):", listed, re.MULTILINE)[0].decode()
        person._gpg("--quick-add-key", key, "cv25519", "encr", "never")
        person._gpg("--quick-add-key", key, "ed25519", "sign", "never")
        signature = hostile.detached(person, HELP, "--local-user", key)
        answers = b"key 2\nrevkey\ny\n0\n\ny\nsave\n"
        person._gpg("--command-fd", "0", "--expert", "--edit-key", key, stdin=answers)
        register(gate, person, person._gpg("--export", key), key)
        raw = hostile.forged(gate, signed(HELP, signature), "subgone@party.example")
        assert refused(gate, raw, caplog) == Tried(201, Cause.REVOKED_KEY.value)


@attack(attacks.WEAK, "a key of RSA with 1024 bits is to be registered", "refused with the remedy")
def test_rsa_with_1024_bits_is_not_registered(gate: FocalPoint) -> None:
    with Correspondent("short@party.example", "short") as person:
        person._gpg("--quick-generate-key", "weak <short@party.example>", "rsa1024", "default", "never")
        with pytest.raises(ValueError, match="too weak"):
            gate.gateway.registry.add_person(
                "AT",
                person.address,
                "short",
                Role.OFFICER,
                "en",
                person._gpg("--export", "=weak <short@party.example>"),
            )


@attack(attacks.KEY_IDS, "a stranger's key with the officer's name and address", Cause.UNKNOWN_KEY)
def test_a_key_that_only_looks_like_the_officers_is_not_his(gate: FocalPoint, caplog: Log) -> None:
    with Correspondent("officer@party.example", "officer") as lookalike:
        lookalike.knows(gate.gateway.own_key())
        raw = lookalike.write(hostile.TO, gate.key, "GSP HELP\n", hostile.now())
        assert refused(gate, raw, caplog) == Tried(201, Cause.UNKNOWN_KEY.value)
