"""A finished mail: encrypted to exactly its reader, or none."""

from __future__ import annotations

from email import message_from_bytes, policy

import pytest

from gateway.content import Letter, RenderedMail, text
from gateway.crypto.openpgp import OpenPgp
from gateway.events import MailKind
from gateway.facts import (
    NO_PARTY,
    Address,
    Correspondent,
    ExchangeNumber,
    Fingerprint,
    Language,
    PartyCode,
    PublicKey,
    digest,
)
from gateway.letters import Advice
from gateway.mime.tree import parse
from gateway.outcome import Hold
from gateway.ports import Policy
from gateway.stages.encrypt import encrypt
from gateway.treaty import Role, Side
from tests.unit.test_identify import NOW

IDENTIFIER = "abcdefghijklmnopqrstuvwx"
KEY = PublicKey("openpgp", Fingerprint("A" * 40), b"octets", True, True)
POLICY = Policy("gsp.example", "gsp", True)
OUTER = (("From", "gsp@gsp.example"), ("Subject", "..."), ("References", "<a@b>\r\n <c@d>"))
PAYLOAD = b"Content-Type: text/plain\r\n\r\nsecret\r\n"


class Seals:
    """A scheme whose ciphertext is a fixed armour, with the line ends GnuPG writes."""

    def __init__(self) -> None:
        self.sealed: list[tuple[bytes, PublicKey]] = []

    def seal(self, payload: bytes, to: PublicKey) -> bytes:
        self.sealed.append((payload, to))
        return b"-----BEGIN PGP MESSAGE-----\n\nabcd\n-----END PGP MESSAGE-----\n"

    wrapped = staticmethod(OpenPgp.wrapped)


def rendered(
    key: PublicKey | None = KEY, kind: MailKind = MailKind.NOTICE, outer: tuple[tuple[str, str], ...] = OUTER
) -> RenderedMail:
    to = Correspondent(Address("desk@kra.example"), Language("en"), PartyCode("KE"), 0, Role.DESK, key)
    letter = Letter(kind, to, text("x"), Advice(NOW, False), exchange=ExchangeNumber(2026, 42), side=Side.ANSWERING)
    return RenderedMail(letter, PAYLOAD, outer, "<one@gsp.example>")


def made(mail: RenderedMail, policy: Policy = POLICY):  # type: ignore[no-untyped-def]
    scheme = Seals()
    return encrypt(mail, scheme, IDENTIFIER, policy), scheme  # type: ignore[arg-type]


def test_a_mail_is_encrypted_to_the_key_of_its_reader_and_no_other() -> None:
    mail, scheme = made(rendered())
    assert scheme.sealed == [(PAYLOAD, KEY)]
    assert (mail.rcpt_to, mail.message_id, mail.envelope_id) == ("desk@kra.example", "<one@gsp.example>", IDENTIFIER)
    assert (mail.exchange, mail.party, mail.side) == (ExchangeNumber(2026, 42), NO_PARTY, Side.ANSWERING)
    assert mail.digest == digest(mail.ciphertext.octets)


def test_it_is_pgp_mime_with_the_outer_fields_and_nothing_in_clear() -> None:
    octets = made(rendered())[0].ciphertext.octets
    assert b"secret" not in octets
    assert octets.replace(b"\r\n", b"").count(b"\n") == octets.replace(b"\r\n", b"").count(b"\r") == 0
    tree = parse(octets)
    assert (tree.media_type, tree.parameter("protocol")) == ("multipart/encrypted", "application/pgp-encrypted")
    assert [part.media_type for part in tree.children] == ["application/pgp-encrypted", "application/octet-stream"]
    assert tree.children[0].body.strip() == b"Version: 1"
    message = message_from_bytes(octets, policy=policy.default)
    assert not message.defects
    assert (message["Subject"], message["References"]) == ("...", "<a@b> <c@d>")


def test_reports_come_home_to_an_address_of_their_own_where_the_mail_system_has_any() -> None:
    assert made(rendered())[0].mail_from == f"bounce+{IDENTIFIER}@gsp.example"
    assert made(rendered(), Policy("gsp.example", "gsp", False))[0].mail_from == "gsp@gsp.example"


@pytest.mark.parametrize("kind", [kind for kind in MailKind if kind is not MailKind.KEY_NOTICE])
def test_without_a_key_there_is_no_mail(kind: MailKind) -> None:
    with pytest.raises(Hold) as failure:
        made(rendered(None, kind))
    assert failure.value.reason.number == 402


def test_the_notice_that_a_key_is_needed_is_the_one_mail_in_clear() -> None:
    mail, scheme = made(rendered(None, MailKind.KEY_NOTICE))
    assert scheme.sealed == []
    assert mail.ciphertext.octets.endswith(PAYLOAD)


@pytest.mark.parametrize(
    "value", ["x\r\nBcc: eve@evil.example", "x\nBcc: eve", "x\rBcc: eve", "x\r\n", "x\r\n\r\nbody"]
)
def test_a_value_cannot_begin_a_header_field_or_the_body(value: str) -> None:
    with pytest.raises(Hold):
        made(rendered(outer=(*OUTER, ("Subject", value))))


@pytest.mark.parametrize("payload", [b"a\nb", b"a\rb", b"a\r\r\nb", b".\r.\r\n\n"])
def test_no_bare_line_end_goes_out(payload: bytes) -> None:
    clear = rendered(None, MailKind.KEY_NOTICE)
    with pytest.raises(Hold):
        made(RenderedMail(clear.letter, payload, clear.outer, clear.message_id))
