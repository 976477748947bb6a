"""Floods and costly objects: keys with thousands of signatures, many recipients, signatures that were bent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from gateway.correspondence import Correspondent
from gateway.crypto import _packets
from gateway.outcome import REASONS, Cause, Deferred, Refused, Taken
from gateway.treaty import Role
from tests.hostile import attacks, hostile
from tests.hostile.attacks import attack
from tests.hostile.hostile import OUTSIDE, Tried, forged, refused, sent, signed, text
from tests.support.cost import allowed, spent
from tests.support.focalpoint import FocalPoint, focal_point

Log = pytest.LogCaptureFixture
P256 = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
ED25519 = 2**252 + 27742317777372353535851937790883648493
HELP = text("GSP HELP\n")


@pytest.fixture
def busy(people: dict[str, Correspondent]) -> Iterator[FocalPoint]:
    """A focal point that takes mails."""
    with focal_point(people) as made:
        yield made


def numbers(signature: bytes) -> tuple[bytes, list[bytes]]:
    """A signature packet's body up to its numbers, and the numbers (RFC 9580, 5.2.3)."""
    _, body, end = _packets._packet(signature, 0)
    octets = signature[body:end]
    hashed = int.from_bytes(octets[4:6], "big")
    unhashed = int.from_bytes(octets[6 + hashed : 8 + hashed], "big")
    place = 8 + hashed + unhashed + 2
    head, rest, found = octets[:place], octets[place:], []
    while rest:
        size = (int.from_bytes(rest[:2], "big") + 7) // 8
        found.append(rest[2 : 2 + size])
        rest = rest[2 + size :]
    return head, found


def bent(signature: bytes, order: int) -> bytes:
    """Another signature, as good, computed from one without the secret key."""
    head, (r, s) = numbers(signature)
    if order == P256:
        other = (order - int.from_bytes(s, "big")).to_bytes(32, "big")
    else:  # EdDSA keeps its numbers with the lowest octet first
        other = (int.from_bytes(s.rjust(32, b"\0"), "little") + order).to_bytes(32, "little")
    body = head
    for number in (r, other):
        body += int.from_bytes(number, "big").bit_length().to_bytes(2, "big") + number.lstrip(b"\0")
    return hostile.packet(2, body)


@attack(attacks.REPLAY, "the signature bent into another that is as good (ECDSA, EdDSA)", Cause.REPLAY)
@pytest.mark.parametrize(("algorithm", "order"), [("nistp256", P256), ("ed25519", ED25519)])
def test_a_signature_that_was_bent_into_another_is_no_fresh_one(
    busy: FocalPoint, caplog: Log, algorithm: str, order: int
) -> None:
    with Correspondent("curve@party.example", "curve") as person:
        person._gpg("--quick-generate-key", "again <curve@party.example>", algorithm, "sign", "never")
        keys = person._gpg("--list-keys", "--with-colons", "again").decode().splitlines()
        mark = next(line.split(":")[9] for line in keys if line.startswith("fpr"))
        person._gpg("--quick-add-key", mark, "cv25519", "encr", "never")
        key = person._gpg("--armor", "--export", mark)
        busy.gateway.registry.add_person("KE", person.address, "Curve", Role.OFFICER, "en", key)
        armoured = person._gpg("--armor", "--local-user", mark, "--detach-sign", stdin=HELP)
        packets = person._gpg("--dearmor", stdin=armoured)
        name = "curve <curve@party.example>"
        assert isinstance(busy.gateway.process(forged(busy, signed(HELP, armoured), name), OUTSIDE), Taken)
        again = person._gpg("--enarmor", stdin=bent(packets, order)).replace(b"ARMORED FILE", b"SIGNATURE")
        tried = refused(busy, forged(busy, signed(HELP, again), name), caplog)
        assert tried == Tried(201, Cause.REPLAY.value)


def test_the_same_text_signed_a_second_later_is_another_mail(busy: FocalPoint) -> None:
    officer = busy.people["officer"]
    for seconds in (60, 61):
        moment = f"{hostile.now() + timedelta(seconds=seconds):%Y%m%dT%H%M%S}"
        entity = signed(HELP, hostile.detached(officer, HELP, "--faked-system-time", moment))
        assert isinstance(busy.gateway.process(forged(busy, entity), OUTSIDE), Taken)


def test_a_message_to_more_than_fifty_keys_is_refused_before_anything_is_tried(busy: FocalPoint, caplog: Log) -> None:
    sealed = hostile.binary(hostile.seal(busy, "officer", HELP))
    _, body, end = _packets._packet(sealed, 0)
    hidden = hostile.packet(1, b"\x03" + bytes(8) + sealed[body + 9 : end])
    for count, number in ((199, 105), (50, 105)):
        raw = sent(busy, "officer", hostile.armour(hidden * count + sealed))
        began = spent()
        assert refused(busy, raw, caplog).number == number
        assert spent() - began < allowed(1)


def test_forty_hidden_recipients_cost_no_more_than_a_few_mails(busy: FocalPoint) -> None:
    sealed = hostile.binary(hostile.seal(busy, "officer", HELP))
    _, body, end = _packets._packet(sealed, 0)
    hidden = hostile.packet(1, b"\x03" + bytes(8) + sealed[body + 9 : end - 4] + b"junk")
    began = spent()
    busy.gateway.process(sent(busy, "officer", hostile.armour(hidden * 40 + sealed)), OUTSIDE)
    assert spent() - began < allowed(10)


def flooded(officer: Correspondent, signatures: int = 0, names: int = 0) -> bytes:
    """The officer's key with junk signatures and names that anybody can put there."""
    key = officer._gpg("--export", officer.fingerprint)
    place, packets = 0, []
    while place < len(key):
        tag, body, end = _packets._packet(key, place)
        packets.append((tag, key[place:end], key[body:end]))
        place = end
    out = b""
    for tag, whole, body in packets:
        out += whole
        if tag == 2 and signatures:
            for number in range(signatures):
                out += hostile.packet(2, body[:-4] + number.to_bytes(4, "big"))
            signatures = 0
        if tag == 2 and names:
            for number in range(names):
                out += hostile.packet(13, f"Somebody {number} <n{number}@evil.example>".encode())
            names = 0
    return out


@pytest.mark.parametrize(("signatures", "names"), [(190, 0), (0, 15), (190, 15)])
def test_signatures_and_names_that_others_put_on_a_key_are_left_out(
    busy: FocalPoint, signatures: int, names: int
) -> None:
    officer = busy.people["officer"]
    began = spent()
    key = busy.gateway._openpgp.read_key(flooded(officer, signatures, names))
    assert spent() - began < allowed(8)
    assert key.fingerprint == officer.fingerprint
    assert len(key.octets) < 1000


@pytest.mark.parametrize(("signatures", "names"), [(1000, 0), (0, 1000), (500, 500), (201, 0), (0, 21)])
def test_a_flooded_key_is_refused_at_once_with_the_remedy(busy: FocalPoint, signatures: int, names: int) -> None:
    began = spent()
    with pytest.raises(ValueError, match="export it without signatures of others"):
        busy.gateway._openpgp.read_key(flooded(busy.people["officer"], signatures, names))
    assert spent() - began < allowed(2)


def test_a_flood_behind_octets_that_are_no_packet_is_refused_too(busy: FocalPoint) -> None:
    blob = flooded(busy.people["officer"], 500, 500)
    for other in (b"\x99\x00\x01\x04" + b"\x00" + blob, blob[:-1]):
        with pytest.raises(ValueError, match=r"exactly one OpenPGP public key|export it without"):
            busy.gateway._openpgp.read_key(other)


def test_a_key_of_ten_thousand_signatures_is_too_large_at_once(busy: FocalPoint) -> None:
    blob = flooded(busy.people["officer"], 10_000)
    began = spent()
    with pytest.raises(ValueError, match="too large"):
        busy.gateway._openpgp.read_key(blob)
    assert spent() - began < allowed(1)


def test_a_key_with_many_subkeys_of_its_owner_is_refused_with_the_remedy(busy: FocalPoint) -> None:
    with Correspondent("many@party.example", "many") as person:
        person._gpg("--quick-add-uid", person.fingerprint, "x" * 1900 + " <a@b.example>")
        key = person._gpg("--export", person.fingerprint)
        assert busy.gateway._openpgp.read_key(key).fingerprint == person.fingerprint
        for number in range(16):
            name = f"{number} " + "y" * 1950 + f" <n{number}@b.example>"
            person._gpg("--quick-add-uid", person.fingerprint, name)
        with pytest.raises(ValueError, match="too many names"):
            busy.gateway._openpgp.read_key(person._gpg("--export", person.fingerprint))


def test_a_defect_in_what_follows_a_refusal_ends_no_worker(busy: FocalPoint, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise TypeError("CANARY")

    monkeypatch.setattr("gateway.stages.advise.advise", broken)
    raw = b"From: officer@party.example\r\nTo: gsp@gsp.example.org\r\n\r\nGSP HELP\r\n"
    assert busy.gateway.process(raw, OUTSIDE) == Deferred(REASONS[304])


def test_nothing_that_a_stranger_sends_is_answered_by_mail(busy: FocalPoint) -> None:
    """Backscatter: a stranger's mail, under whatever name, is refused in the session and never answered."""
    stranger = busy.people["stranger"]
    mails = [
        b"From: eve@evil.example\r\nTo: gsp@gsp.example\r\n\r\nhello\r\n",
        b"From: officer@party.example\r\nReply-To: victim@other.example\r\n\r\nGSP HELP\r\n",
        sent(busy, "stranger", stranger.seal(HELP, busy.key)),
        forged(busy, HELP),
        b"From: officer@party.example\r\nAuto-Submitted: auto-replied\r\n\r\nI am away\r\n",
    ]
    for raw in mails:
        assert isinstance(busy.gateway.process(raw, OUTSIDE), Refused)
    assert busy.gateway.outbox_rows() == []


def test_a_mail_that_went_round_thirty_times_is_a_loop(busy: FocalPoint, caplog: Log) -> None:
    raw = busy.mail("officer", "GSP HELP\n")
    hop = b"Received: from a.example by b.example; Sat, 21 Nov 2026 09:00:00 +0000\r\n"
    assert refused(busy, hop * 31 + raw, caplog).number == 107
    assert isinstance(busy.gateway.process(hop * 30 + raw, OUTSIDE), Taken)
