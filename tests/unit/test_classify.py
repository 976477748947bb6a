"""From outside: an encrypted object, a report on one of our mails, or a refusal that says what to change."""

from __future__ import annotations

import pytest

from gateway.content import MimePart
from gateway.facts import DeliveryAction, DeliveryReport, DispositionReport, EncryptedMail, Envelope, digest
from gateway.mime.tree import parse
from gateway.outcome import Refuse
from gateway.repairs import exchange_server, inline_openpgp
from gateway.stages.classify import classify

IDENTIFIER = "abcdefghijklmnopqrstuvwx"
OUTSIDE = Envelope("a@b.example", ("gsp@gsp.example",))
ARMOUR = "-----BEGIN PGP MESSAGE-----\n\nR1NQIEhFTFA=\n=abcd\n-----END PGP MESSAGE-----\n"


class Sealed:
    """A scheme of which a mail is when its text begins with SEALED."""

    name = "sealed"

    def recognise(self, tree: MimePart) -> bytes | None:
        return tree.body[6:].strip() if tree.body.startswith(b"SEALED") else None


class Armoured(Sealed):
    """A scheme of which a mail is when it is a text that is wholly an armoured message."""

    def recognise(self, tree: MimePart) -> bytes | None:
        whole = tree.media_type == "text/plain" and tree.body.startswith(b"-----BEGIN PGP MESSAGE-----")
        return tree.body if whole else None


def classified(raw: str | bytes, envelope: Envelope = OUTSIDE, scheme: type[Sealed] = Sealed, limit: int = 100_000):  # type: ignore[no-untyped-def]
    octets = raw if isinstance(raw, bytes) else raw.replace("\n", "\r\n").encode()
    return classify(octets, envelope, (scheme(),), limit)  # type: ignore[arg-type]


def refusal(raw: str | bytes, envelope: Envelope = OUTSIDE, limit: int = 100_000) -> int:
    with pytest.raises(Refuse) as failure:
        classified(raw, envelope, limit=limit)
    return failure.value.reason.number


def test_an_encrypted_mail_is_its_object_and_what_stands_outside() -> None:
    mail = classified("From: a@b.example\nSubject: [GSP-2026-000042/KE]\nReceived: x\n\nSEALED object\n")
    assert isinstance(mail, EncryptedMail)
    assert (mail.scheme, mail.ciphertext.octets, mail.digest) == ("sealed", b"object", digest(b"object"))
    assert (mail.visible.from_, mail.visible.subject_tag) == (("a@b.example",), "[GSP-2026-000042/KE]")
    assert mail.envelope is OUTSIDE


def test_the_digest_does_not_depend_on_the_route() -> None:
    one, two = classified("Received: x\n\nSEALED object"), classified("Received: y\nReceived: x\n\nSEALED  object\n\n")
    assert one.digest == two.digest


@pytest.mark.parametrize(
    ("raw", "number"),
    [
        ("Subject: x\n\nGSP HELP", 101),
        ("", 101),
        ("Content-Type: application/pkcs7-mime; smime-type=signed-data\n\nx", 101),
        ("Content-Type: application/pkcs7-mime; smime-type=enveloped-data\n\nx", 104),
        ("Content-Type: application/x-pkcs7-mime\n\nx", 104),
        ('Content-Type: multipart/encrypted; protocol="x/y"; boundary=b\n\n--b\n\nx\n--b--\n', 104),
        ("Received: x\n" * 31 + "\nSEALED x", 107),
        ("Auto-Submitted: auto-replied\n\nI am on leave", 108),
    ],
)
def test_what_is_none_of_these_is_refused_by_its_reason(raw: str, number: int) -> None:
    assert refusal(raw) == number


def test_an_answering_machine_with_the_null_sender_is_refused_as_one() -> None:
    assert refusal("Subject: x\n\nI am on leave", Envelope("", ("gsp@gsp.example",))) == 108


def test_thirty_hops_are_no_loop() -> None:
    assert isinstance(classified("Received: x\n" * 30 + "\nSEALED x"), EncryptedMail)


def test_a_mail_above_the_limit_is_refused_before_it_is_read() -> None:
    assert refusal(b"x" * 101, limit=100) == 106


DSN = """Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b

It could not be delivered.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example
{named}
Final-Recipient: rfc822; desk@kra.example
Action: {action}
Status: {status}

--b
Content-Type: text/rfc822-headers

Message-ID: <one@gsp.example>
Subject: x
--b--
"""
NAMED = f"Original-Envelope-Id: {IDENTIFIER}\n"


@pytest.mark.parametrize("action", ["failed", "Delayed", "delivered", "relayed", "expanded"])
def test_a_delivery_report_names_our_mail_and_what_became_of_it(action: str) -> None:
    report = classified(DSN.format(action=action, status="5.1.1 (unknown)", named=NAMED), Envelope(""))
    assert isinstance(report, DeliveryReport)
    assert (report.envelope_id, report.message_ids) == (IDENTIFIER, ("<one@gsp.example>",))
    assert (report.action, report.status) == (DeliveryAction(action.lower()), "5.1.1")


@pytest.mark.parametrize(
    ("actions", "counts"),
    [("failed delivered", "delivered"), ("failed expanded", "expanded"), ("failed delayed", "delayed"),
     ("pondering failed", "failed")],
)  # fmt: skip
def test_where_an_address_stands_for_several_one_mailbox_reached_is_enough(actions: str, counts: str) -> None:
    blocks = "\n\nFinal-Recipient: rfc822; x@y.example\nAction: ".join(actions.split())
    assert classified(DSN.format(action=blocks, status="", named=NAMED), Envelope("")).action == counts


@pytest.mark.parametrize(
    ("more", "recipient"),
    [("", "desk@kra.example"), ("Original-Recipient: rfc822;Desk.KE@KRA.example\n", "Desk.KE@kra.example"),
     ("Original-Recipient: rfc822;no address\n", "desk@kra.example")],
)  # fmt: skip
def test_a_delivery_report_names_the_address_that_we_wrote_to_where_it_came_back(more: str, recipient: str) -> None:
    raw = DSN.replace("Action:", f"{more}Action:").format(action="failed", status="5.1.1", named=NAMED)
    assert classified(raw, Envelope("")).recipient == recipient


def test_reports_on_mail_with_addresses_beyond_ascii_are_read() -> None:
    for old, new in (("delivery-status\n", "global-delivery-status\n"), ("text/rfc822-h", "message/global-h")):
        assert old in DSN
        raw = DSN.replace(old, new)
        report = classified(raw.format(action="failed", status="5.1.1", named=NAMED), Envelope(""))
        assert (report.action, report.envelope_id) == (DeliveryAction.FAILED, IDENTIFIER)
        assert report.message_ids == ("<one@gsp.example>",)


@pytest.mark.parametrize("named", ["Original-Envelope-Id: a b; drop\n", f"Original-Envelope-Id: {'x' * 65}\n"])
def test_nothing_that_is_no_identifier_is_looked_up(named: str) -> None:
    assert classified(DSN.format(action="failed", status="5.0.0", named=named), Envelope("")).envelope_id == ""


def test_a_report_without_an_action_is_no_report() -> None:
    assert refusal(DSN.format(action="pondering", status="", named=""), Envelope("", ("gsp@gsp.example",))) == 108


def test_a_returned_mail_of_any_shape_is_read_for_its_message_id_only() -> None:
    returned = "Message-ID: <one@gsp.example>\nContent-Type: multipart/mixed; boundary=c\n\n" + "--c\n\nx\n" * 500
    raw = DSN.replace(
        "text/rfc822-headers\n\nMessage-ID: <one@gsp.example>\nSubject: x\n", f"message/rfc822\n\n{returned}"
    )
    report = classified(raw.format(action="failed", status="5.0.0", named=NAMED), Envelope(""))
    assert report.message_ids == ("<one@gsp.example>",)


@pytest.mark.parametrize(
    ("disposition", "displayed"),
    [
        ("manual-action/MDN-sent-manually; displayed", True),
        ("automatic-action/MDN-sent-automatically;Displayed/error", True),
        ("automatic-action/MDN-sent-automatically; deleted", False),
        ("automatic-action/MDN-sent-automatically; deleted/not-displayed", False),
    ],
)
def test_a_disposition_notification_says_whether_it_was_displayed(disposition: str, displayed: bool) -> None:
    report = classified(
        "Content-Type: multipart/report; report-type=disposition-notification; boundary=b\n\n--b\n\nread\n--b\n"
        "Content-Type: message/disposition-notification\n\n"
        f"Original-Message-ID: <one@gsp.example>\nDisposition: {disposition}\n--b--\n"
    )
    assert isinstance(report, DispositionReport)
    assert (report.message_ids, report.displayed) == (("<one@gsp.example>",), displayed)


# --- repairs --------------------------------------------------------------------------------------

CONTROL = "Content-Type: application/pgp-encrypted\n\nVersion: 1\n"
CIPHER = f"Content-Type: application/octet-stream\n\n{ARMOUR}"


def mixed(*parts: str, kind: str = "mixed") -> MimePart:
    body = "".join(f"--b\n{part}\n" for part in parts)
    return parse(
        f"Subject: x\nContent-Type: multipart/{kind}; boundary=b\n\n{body}--b--\n".replace("\n", "\r\n").encode()
    )


@pytest.mark.parametrize(
    "empty", ["\n", "Content-Type: text/plain\n\n-- \n\n", "Content-Type: text/html\n\n<p>&nbsp;</p>"]
)
def test_what_exchange_took_apart_is_put_together(empty: str) -> None:
    mended = exchange_server.mend(mixed(empty, CONTROL, CIPHER))
    assert (mended.media_type, mended.parameter("protocol")) == ("multipart/encrypted", "application/pgp-encrypted")
    assert [part.media_type for part in mended.children] == ["application/pgp-encrypted", "application/octet-stream"]
    assert mended.header("Subject") == ("x",)
    assert exchange_server.mend(mended) == mended


@pytest.mark.parametrize(
    "parts",
    [
        ("\nreadable", CONTROL, CIPHER),
        ("Content-Type: text/html\n\n<img src=x>text", CONTROL, CIPHER),
        (CONTROL, CIPHER, "\nfooter"),
        (CIPHER, CONTROL),
        (CONTROL, "Content-Type: application/octet-stream\n\nno armour"),
        ('Content-Disposition: attachment; filename="a.txt"\n\n', CONTROL, CIPHER),
    ],
)
def test_clear_and_encrypted_parts_are_never_joined(parts: tuple[str, ...]) -> None:
    tree = mixed(*parts)
    assert exchange_server.mend(tree) is tree
    assert inline_openpgp.mend(tree) is tree


HTML = "".join(f"<div>{line or '&nbsp;'}</div><br>" for line in ARMOUR.splitlines())


@pytest.mark.parametrize(
    "tree",
    [
        mixed(f"Content-Type: text/html\n\n<html><style>x</style>{HTML}</html>"),
        mixed(f"\n{ARMOUR}"),
        mixed(f"\n{ARMOUR}", f"Content-Type: text/html\n\n{HTML}", kind="alternative"),
        parse(f"Content-Type: text/html\n\n{HTML}".encode()),
    ],
)
def test_an_armoured_message_in_html_or_in_both_is_one_text(tree: MimePart) -> None:
    mended = inline_openpgp.mend(tree)
    assert mended.media_type == "text/plain"
    assert [line for line in mended.body.decode().split("\n") if line] == [line for line in ARMOUR.split("\n") if line]
    assert inline_openpgp.mend(mended) is mended


@pytest.mark.parametrize(
    "tree",
    [
        parse(f"Content-Type: text/html\n\nHello{HTML}".encode()),
        parse(f"Content-Type: text/html\n\n{HTML}<p>Hello</p>".encode()),
        parse(f"Content-Type: text/html\n\n{HTML}{HTML}".encode()),
        mixed(f"\n{ARMOUR}", "\nHello"),
        mixed(f"\n{ARMOUR}", f"\n{ARMOUR.replace('R1NQ', 'R1NR')}", kind="alternative"),
        mixed(f"\n{ARMOUR}", "Content-Type: image/png\n\nx"),
        mixed(f"\n{ARMOUR}", kind="signed"),
        mixed(kind="alternative"),
    ],
)
def test_anything_beside_the_armoured_message_leaves_the_mail_as_it_is(tree: MimePart) -> None:
    assert inline_openpgp.mend(tree) is tree


def test_a_mended_mail_keeps_its_outer_header_fields() -> None:
    mail = classified(f"From: a@b.example\nContent-Type: text/html\n\n{HTML}", scheme=Armoured)
    assert isinstance(mail, EncryptedMail)
    assert mail.visible.from_ == ("a@b.example",)
