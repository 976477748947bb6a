"""Mails that may not be opened, believed or answered: each gets its number, the log its cause, nothing stays."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from gateway.correspondence import Correspondent
from gateway.facts import Envelope
from gateway.outcome import Cause
from tests.hostile import hostile
from tests.hostile.hostile import CLEAR, HELP, OFFICER, Tried, multipart, refused, seal, sent, signed, text
from tests.support.focalpoint import DOMAIN, SE_UIM, FocalPoint, focal_point, request

Log = pytest.LogCaptureFixture


# --- from outside ---------------------------------------------------------------------------------------


def not_encrypted(gate: FocalPoint) -> bytes:
    return CLEAR + HELP


def signed_only(gate: FocalPoint) -> bytes:
    return CLEAR + signed(HELP, hostile.detached(gate.people["officer"], HELP))


def clear_signed(gate: FocalPoint) -> bytes:
    officer = gate.people["officer"]
    return CLEAR + b"\r\n" + officer._gpg("--local-user", officer.fingerprint, "--clearsign", stdin=b"GSP HELP\n")


def empty(gate: FocalPoint) -> bytes:
    return b""


def only_octets(gate: FocalPoint) -> bytes:
    return bytes(range(256)) * 20


def clear_text_beside(gate: FocalPoint) -> bytes:
    raw = gate.mail("officer", "GSP HELP\n")
    return CLEAR + multipart("mixed", text("Please read this too."), raw[raw.index(b"Content-Type:") :])


def third_part(gate: FocalPoint) -> bytes:
    raw = gate.mail("officer", "GSP HELP\n")
    end = raw.rindex(b"--", 0, raw.rindex(b"--"))
    boundary = raw[end:].strip()[:-2]
    return raw[:end] + boundary + b"\r\nContent-Type: text/plain\r\n\r\nbanner\r\n" + boundary + b"--\r\n"


def text_above_armour(gate: FocalPoint) -> bytes:
    return CLEAR + b"\r\nPlease read this too.\r\n" + seal(gate, "officer", HELP)


def text_below_armour(gate: FocalPoint) -> bytes:
    return CLEAR + b"\r\n" + seal(gate, "officer", HELP) + b"\r\nSent from my telephone\r\n"


def two_messages(gate: FocalPoint) -> bytes:
    return CLEAR + b"\r\n" + seal(gate, "officer", HELP) * 2


def to_somebody_else(gate: FocalPoint) -> bytes:
    officer = gate.people["officer"]
    return sent(gate, "officer", officer.seal(HELP, officer.fingerprint))


def passphrase_only(gate: FocalPoint) -> bytes:
    officer = gate.people["officer"]
    armoured = officer._gpg("--passphrase", "guess", "--armor", "--symmetric", stdin=HELP)
    return sent(gate, "officer", armoured)


def passphrase_too(gate: FocalPoint) -> bytes:
    return sent(gate, "officer", seal(gate, "officer", HELP, "--passphrase", "guess", "--symmetric"))


def without_integrity(gate: FocalPoint) -> bytes:
    """EFAIL: the packet that promises integrity becomes the old one that does not."""
    keys, body = hostile.taken_apart(hostile.binary(seal(gate, "officer", HELP)))
    return sent(gate, "officer", hostile.armour(keys + hostile.packet(9, body[1:])))


def packet_beside(gate: FocalPoint) -> bytes:
    octets = hostile.binary(seal(gate, "officer", HELP))
    return sent(gate, "officer", hostile.armour(octets + hostile.packet(11, b"b\x00\x00\x00\x00\x00GSP HELP")))


def smime(gate: FocalPoint) -> bytes:
    head = b"Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\nContent-Transfer-Encoding: base64\r\n"
    return CLEAR + head + b"\r\nMIAGCSqGSIb3DQEHA6CAMIACAQAxggHOMIIBygIBADCBsTCBozELMAkGA1UEBhMC\r\n"


def cut_armour(gate: FocalPoint) -> bytes:
    return sent(gate, "officer", seal(gate, "officer", HELP)[:400])


def cut_packet(gate: FocalPoint) -> bytes:
    return sent(gate, "officer", hostile.armour(hostile.binary(seal(gate, "officer", HELP))[:-30]))


def too_large(gate: FocalPoint) -> bytes:
    return CLEAR + b"\r\n" + b"x" * (40 * 1024 * 1024)


def nested(gate: FocalPoint) -> bytes:
    levels = b"".join(
        f'Content-Type: multipart/mixed; boundary="b{level}"\r\n\r\n--b{level}\r\n'.encode() for level in range(1000)
    )
    return CLEAR + levels + HELP


def many_parts(gate: FocalPoint) -> bytes:
    return CLEAR + multipart("mixed", *[HELP] * 5000)


def looping(gate: FocalPoint) -> bytes:
    return b"Received: from a by b\r\n" * 60 + gate.mail("officer", "GSP HELP\n")


def automatic_in_clear(gate: FocalPoint) -> bytes:
    return b"Auto-Submitted: auto-replied\r\n" + CLEAR + HELP


OUTSIDE: list[tuple[Callable[[FocalPoint], bytes], int]] = [
    (not_encrypted, 101), (signed_only, 101), (clear_signed, 101), (empty, 101), (only_octets, 101),
    (clear_text_beside, 102), (third_part, 102), (text_above_armour, 102), (text_below_armour, 102),
    (packet_beside, 102), (to_somebody_else, 103), (passphrase_only, 104), (passphrase_too, 104),
    (without_integrity, 104), (smime, 105), (two_messages, 102), (cut_armour, 105), (cut_packet, 105), (nested, 105),
    (many_parts, 105), (too_large, 106), (looping, 107), (automatic_in_clear, 108),
]  # fmt: skip


@pytest.mark.parametrize(("make", "number"), OUTSIDE, ids=lambda value: getattr(value, "__name__", str(value)))
def test_what_is_not_one_encrypted_object_is_refused_unopened(
    gate: FocalPoint, caplog: Log, make: Callable[[FocalPoint], bytes], number: int
) -> None:
    assert refused(gate, make(gate), caplog) == Tried(number, "none")


# --- who wrote it ---------------------------------------------------------------------------------------


def unsigned(gate: FocalPoint) -> bytes:
    return hostile.forged(gate, HELP)


def unknown_key(gate: FocalPoint) -> bytes:
    return sent(gate, "stranger", seal(gate, "stranger", HELP))


def unknown_key_under_a_known_name(gate: FocalPoint) -> bytes:
    return sent(gate, "stranger", seal(gate, "stranger", HELP), OFFICER)


def other_persons_from(gate: FocalPoint) -> bytes:
    return sent(gate, "colleague", seal(gate, "colleague", HELP), OFFICER)


def captured_and_sent_again_by_a_colleague(gate: FocalPoint) -> bytes:
    """A1: the answer would go to whoever sends another's mail again."""
    return sent(gate, "colleague", seal(gate, "officer", HELP))


def captured_and_sent_again_by_nobody(gate: FocalPoint) -> bytes:
    return sent(gate, "stranger", seal(gate, "officer", HELP))


def two_from_fields(gate: FocalPoint) -> bytes:
    return b"From: eve@evil.example\r\n" + gate.mail("officer", "GSP HELP\n")


def no_from_field(gate: FocalPoint) -> bytes:
    return re.sub(rb"\AFrom: [^\r]*\r\n", b"", gate.mail("officer", "GSP HELP\n"))


def addressed_to_a_colleague(gate: FocalPoint) -> bytes:
    """A2: signed for a colleague, who encrypts it again to the gateway."""
    fields = (f"From: {OFFICER}", "To: colleague <colleague@party.example>", "Subject: help")
    entity = text("GSP HELP\n", *fields, parameters='; protected-headers="v1"')
    return hostile.forged(gate, signed(entity, hostile.detached(gate.people["officer"], entity)))


def another_from_inside(gate: FocalPoint) -> bytes:
    fields = ("From: colleague@party.example", f"To: gsp@{DOMAIN}")
    return sent(gate, "officer", seal(gate, "officer", text("GSP HELP\n", *fields, parameters="; hp=cipher")))


def automatic(gate: FocalPoint) -> bytes:
    return b"Auto-Submitted: auto-generated\r\n" + gate.mail("officer", "GSP HELP\n")


def automatic_inside(gate: FocalPoint) -> bytes:
    return sent(gate, "officer", seal(gate, "officer", text("GSP HELP\n", "Auto-Submitted: auto-replied")))


WRITERS: list[tuple[Callable[[FocalPoint], bytes], Cause]] = [
    (unsigned, Cause.NOT_SIGNED),
    (unknown_key, Cause.UNKNOWN_KEY),
    (unknown_key_under_a_known_name, Cause.UNKNOWN_KEY),
    (other_persons_from, Cause.UNKNOWN_KEY),
    (captured_and_sent_again_by_a_colleague, Cause.UNKNOWN_KEY),
    (captured_and_sent_again_by_nobody, Cause.UNKNOWN_KEY),
    (two_from_fields, Cause.FROM_UNCLEAR),
    (no_from_field, Cause.FROM_UNCLEAR),
    (addressed_to_a_colleague, Cause.NOT_FOR_US),
    (another_from_inside, Cause.FROM_OF_ANOTHER),
    (automatic, Cause.AUTOMATIC),
    (automatic_inside, Cause.AUTOMATIC),
]


@pytest.mark.parametrize(("make", "cause"), WRITERS, ids=lambda value: getattr(value, "__name__", str(value)))
def test_only_the_registered_key_of_the_one_from_address_is_believed(
    gate: FocalPoint, caplog: Log, make: Callable[[FocalPoint], bytes], cause: Cause
) -> None:
    assert refused(gate, make(gate), caplog) == Tried(201, cause.value)


@pytest.mark.parametrize(
    "from_",
    [
        "officer@party.example <eve@evil.example>",
        '"officer@party.example" <eve@evil.example>',
        "eve@evil.example, officer@party.example",
        "officer@party.example, eve@evil.example",
        "Officers: officer@party.example;",
        "officer@party.example (eve@evil.example)",
        "(officer@party.example) eve@evil.example",
        "=?utf-8?q?officer=40party.example=3E?= <eve@evil.example>",
        "=?utf-8?q?officer=40party.example?=",
        "<officer@party.example> <eve@evil.example>",
        "<@evil.example:officer@party.example>",
        "eve@evil.example <officer@party.example>",
        "officer@party.example\x00.evil.example",
        "<>",
        "",
        "officer@party.example.evil.example",
        "\u043efficer@party.example",
    ],
)
def test_a_from_field_that_programs_read_differently_is_refused(gate: FocalPoint, caplog: Log, from_: str) -> None:
    whoever = [sent(gate, who, seal(gate, who, HELP), from_ or " ") for who in ("officer", "colleague", "stranger")]
    tried = [refused(gate, raw, caplog) for raw in whoever]
    assert {one.number for one in tried} == {201}
    assert {one.cause for one in tried} <= {Cause.UNKNOWN_KEY.value, Cause.FROM_UNCLEAR.value}


# --- the ciphertext -------------------------------------------------------------------------------------


def test_changed_ciphertext_is_refused_and_nothing_of_it_is_read(gate: FocalPoint, caplog: Log) -> None:
    keys, body = hostile.taken_apart(hostile.binary(seal(gate, "officer", HELP)))
    for place in (2, 30, len(body) // 2, len(body) - 1):
        flipped = body[:place] + bytes((body[place] ^ 1,)) + body[place + 1 :]
        raw = sent(gate, "officer", hostile.armour(keys + hostile.packet(18, flipped)))
        assert refused(gate, raw, caplog).number == 201
    stripped = sent(gate, "officer", hostile.armour(keys + hostile.packet(18, body[:-22])))
    assert refused(gate, stripped, caplog).number == 201


def test_a_bomb_is_refused_and_what_fits_is_not_taken_for_the_whole(gate: FocalPoint, caplog: Log) -> None:
    bomb = text("GSP HELP\n" + "\n" * 30_000_000)
    raw = sent(gate, "officer", seal(gate, "officer", bomb, "--compress-level", "9"))
    assert len(raw) < 200_000
    assert refused(gate, raw, caplog).number == 201


def test_encryption_inside_encryption_is_refused(gate: FocalPoint, caplog: Log) -> None:
    inner = gate.mail("officer", "GSP HELP\n")
    whole = re.search(rb"Content-Type: multipart/encrypted.*", inner, re.DOTALL)
    assert whole
    assert refused(gate, sent(gate, "officer", seal(gate, "officer", whole[0])), caplog) == Tried(
        201, Cause.NESTING.value
    )
    inline = b"Content-Type: text/plain\r\n\r\n" + seal(gate, "officer", HELP)
    assert refused(gate, sent(gate, "officer", seal(gate, "officer", inline)), caplog) == Tried(
        201, Cause.NESTING.value
    )


LINES = (
    "[GNUPG:] GOODSIG 0000000000000000 officer\n[GNUPG:] VALIDSIG {0} 2026-01-01 1767225600 0 4 0 22 10 00 {0}\n"
    "[GNUPG:] DECRYPTION_OKAY\n[GNUPG:] GOODMDC\n"
)


def test_status_lines_in_a_name_a_notation_or_the_text_are_not_believed(gate: FocalPoint, caplog: Log) -> None:
    lines = "x\n" + LINES.format(gate.people["officer"].fingerprint)
    named = seal(gate, "stranger", HELP, "--set-filename", lines, sign=False)
    assert refused(gate, sent(gate, "stranger", named, OFFICER), caplog) == Tried(201, Cause.NOT_SIGNED.value)
    noted = seal(gate, "stranger", HELP, "--sig-notation", "n@evil.example=" + lines.replace("\n", " "))
    assert refused(gate, sent(gate, "stranger", noted, OFFICER), caplog) == Tried(201, Cause.UNKNOWN_KEY.value)
    shown = hostile.forged(gate, text(lines))
    assert refused(gate, shown, caplog) == Tried(201, Cause.NOT_SIGNED.value)
    as_key = signed(HELP, lines.encode())
    assert refused(gate, hostile.forged(gate, as_key), caplog) == Tried(201, Cause.BAD_SIGNATURE.value)


# --- more than once -------------------------------------------------------------------------------------


def test_a_signed_part_in_a_new_encryption_is_a_replay(people: dict[str, Correspondent], caplog: Log) -> None:
    with focal_point(people) as gate:
        entity = text(request(SE_UIM))
        layered = signed(entity, hostile.detached(people["officer"], entity))
        first = gate.gateway.process_file(hostile.forged(gate, layered))
        assert first["outcome"] == "taken"
        again = hostile.forged(gate, layered)
        assert refused(gate, again, caplog) == Tried(201, Cause.REPLAY.value)


def test_the_same_packets_under_a_new_prefix_are_a_replay(people: dict[str, Correspondent], caplog: Log) -> None:
    """A reader of the mail knows its session key, and can encrypt the signed packets once more (A3)."""
    with focal_point(people) as gate:
        officer = people["officer"]
        armoured = officer.seal(text(request(SE_UIM)), gate.key, "--recipient", officer.fingerprint)
        assert gate.gateway.process_file(sent(gate, "officer", armoured))["outcome"] == "taken"
        keys, body = hostile.taken_apart(hostile.binary(armoured))
        session_key = hostile.session_key(officer, armoured)
        packets = hostile.opened(session_key, body)
        again = keys + hostile.integrity_protected(session_key, packets, b"0123456789abcdef")
        assert refused(gate, sent(gate, "officer", hostile.armour(again)), caplog) == Tried(201, Cause.REPLAY.value)


def test_the_same_mail_in_another_envelope_gets_the_same_answer_and_does_nothing(
    people: dict[str, Correspondent],
) -> None:
    with focal_point(people) as gate:
        raw = gate.mail("officer", request(SE_UIM))
        first = gate.gateway.process(raw, Envelope("officer@party.example", (hostile.TO,), transport="smtp"))
        before = hostile.traces(gate)
        other = Envelope("eve@evil.example", (f"request@{DOMAIN}",), client="192.0.2.1", transport="lmtp")
        again = gate.gateway.process(b"Received: from eve\r\nX-New: 1\r\n" + raw, other)
        assert (again.exchange, again.referrals) == (first.exchange, first.referrals)  # type: ignore[union-attr]
        assert hostile.traces(gate) == before


# --- damaged but honest ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "entity",
    [
        text("GSP HELP\x00\n\x00"),
        b"Content-Type: text/plain; charset=no-such\r\n\r\nGSP HELP\r\n",
        b"Content-Type: text/plain; charset=utf-16\r\n\r\nGSP HELP\r\n",
        b"Content-Type: text/plain; charset=utf-8\r\n\r\nGSP HELP \xff\xfe\xe9\r\n",
        b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\nR1NQIEhFTFA*=!=K\r\n",
        b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\nR\r\n",
        b"Content-Type: text/plain\r\nContent-Transfer-Encoding: no-such\r\n\r\nGSP HELP\r\n",
        b"Content-Type: multipart/mixed\r\n\r\nGSP HELP\r\n",
        b"Content-Type: multipart/mixed; boundary=x\r\n\r\nGSP HELP\r\n",
        b"Content-Type: text/html\r\n\r\n<<!--<p>GSP<b HELP</p></x></b>&#0;&#x110000;&#xd800;<![CDATA[\r\n",
        b"",
    ],
)
def test_damaged_content_of_a_known_sender_is_answered_not_stumbled_over(gate: FocalPoint, entity: bytes) -> None:
    answer = gate.gateway.process_file(sent(gate, "officer", seal(gate, "officer", entity)))
    assert answer["outcome"] == "taken"
    assert [recipient for recipient, _ in gate.gateway.take_outbox()] == ["officer@party.example"]


def test_no_bare_line_end_leaves_the_gateway(gate: FocalPoint) -> None:
    body = request(SE_UIM, case="C\r.\rD", justification="one\rtwo\n.\nthree", questions="a\r.\rb")
    entity = b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + body.encode()
    gate.gateway.process_file(sent(gate, "officer", seal(gate, "officer", entity)))
    mails = gate.gateway.take_outbox()
    assert mails
    names = {person.address: person for person in gate.people.values()}
    for recipient, octets in mails:
        assert not re.search(rb"\r(?!\n)|(?<!\r)\n", octets)
        inside, _ = names[recipient].open(octets[octets.index(b"-----BEGIN") :])
        assert not re.search(rb"\r(?!\n)|(?<!\r)\n", inside)
