"""Keys and certificates in a mail: found wherever clients put them, and only for a form that takes them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway import data, discovery, forms
from gateway.content import Finding, KeyFile, ProtectedHeaders, Reading
from gateway.facts import EncryptedMail, Envelope, Fingerprint, PublicKey, VisibleHeaders, digest, proven_ciphertext
from gateway.forms._grammar import Vocabulary
from gateway.forms._keys import brought
from gateway.language import Languages
from gateway.mime.keys import MOST, gathered, pasted_keys
from gateway.mime.tree import parse
from gateway.stages import read
from tests.support.world import SE, World, key_file, said

ARMOUR = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmDMEZf==\n=abcd\n-----END PGP PUBLIC KEY BLOCK-----\n"
PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
FORMS = discovery.find(forms, "FORM")
TAKES = Vocabulary(
    FORMS | {"status": replace(FORMS["status"], takes_keys=True)}, Languages.from_texts(data.catalogues())
)
OTHERS = Vocabulary(FORMS, Languages.from_texts(data.catalogues()))
MAIL = EncryptedMail("openpgp", proven_ciphertext(b""), digest(b""), VisibleHeaders(), Envelope(), 0)


def part(body: str, kind: str, name: str = "", more: str = "") -> str:
    named = f'\r\nContent-Disposition: attachment; filename="{name}"' if name else ""
    return f"Content-Type: {kind}{more}{named}\r\n\r\n{body}"


def reading(*parts: str, vocabulary: Vocabulary = TAKES) -> Reading:
    whole = "".join(f"--b\r\n{one}\r\n" for one in parts)
    tree = parse(f'Content-Type: multipart/mixed; boundary="b"\r\n\r\n{whole}--b--\r\n'.encode())
    return read.read(tree, ProtectedHeaders(), MAIL, vocabulary, {})


def text(body: str) -> str:
    return part(body, "text/plain", more="; charset=utf-8")


@pytest.mark.parametrize(
    ("kind", "name", "body"),
    [
        ("application/pgp-keys", "OpenPGP_0xABCD.asc", ARMOUR),
        ("application/pgp-keys", "", ARMOUR),
        ("application/octet-stream", "officer.asc", ARMOUR),
        ("text/plain", "officer.txt", ARMOUR),
        ("application/pkix-cert", "officer.cer", "0\x01\x02"),
        ("application/x-x509-ca-cert", "officer.crt", PEM),
        ("application/octet-stream", "officer.pem", f"Bag Attributes\n{PEM}"),
        ("application/pkcs7-mime; smime-type=certs-only", "smime.p7c", "0\x01"),
        ("application/octet-stream", "officer.p7b", "0\x01"),
        ("application/x-pkcs12", "officer.p12", "0\x01"),
    ],
)
def test_an_attached_key_is_handed_to_the_form_that_takes_it_and_no_other(kind: str, name: str, body: str) -> None:
    found = reading(text("GSP STATUS\r\n"), part(body, kind, name))
    assert [key.name for key in found.keys] == [name]
    assert found.keys[0].octets.split() == body.encode().split()
    assert found.findings == ()
    other = reading(text("GSP STATUS\r\n"), part(body, kind, name), vocabulary=OTHERS)
    assert other.keys == ()
    assert other.findings == (), "silently: clients attach keys to every mail"


@pytest.mark.parametrize(
    ("kind", "name", "body"),
    [
        ("application/pgp-signature", "signature.asc", "-----BEGIN PGP SIGNATURE-----"),
        ("application/octet-stream", "note.asc", "hello"),
        ("application/pkcs7-mime; smime-type=signed-data", "smime.p7m", "0\x01"),
        ("text/csv", "list.csv", f"QCALL\n{PEM}"),
    ],
)
def test_what_is_no_key_is_not_taken_for_one(kind: str, name: str, body: str) -> None:
    assert reading(text("GSP STATUS\r\n"), part(body, kind, name)).keys == ()


def test_a_pasted_key_is_taken_out_of_the_form_and_the_lines_below_are_read() -> None:
    body = f"GSP STATUS\n\n{ARMOUR}\nExchange: GSP-2026-000042\n".replace("\n", "\r\n")
    found = reading(text(body))
    assert found.form.get("exchange") == "GSP-2026-000042"
    assert [key.octets.decode() for key in found.keys] == [ARMOUR]
    assert (found.findings, found.leftover) == ((), "")


def test_a_pasted_key_survives_what_clients_do_to_lines() -> None:
    lines = [f" {line}\u00a0" for line in ARMOUR.split("\n") if line]
    lines.insert(1, "Comment: of mine")
    left, keys = pasted_keys(("GSP RENEW", *lines, "Exchange: x"))
    assert [key.octets.decode() for key in keys] == [ARMOUR]
    assert [line for line in left if line] == ["GSP RENEW", "Exchange: x"]
    assert len(left) == len(lines) + 2, "line numbers stay"


@pytest.mark.parametrize("written", [ARMOUR.replace("-----END", "----END"), "> " + ARMOUR.replace("\n", "\n> ")])
def test_half_a_key_and_a_quoted_one_are_text(written: str) -> None:
    assert pasted_keys(written.split("\n")) == (tuple(written.split("\n")), ())


def test_a_key_below_an_earlier_mail_is_not_what_is_sent_now() -> None:
    earlier = f"\nFrom: officer@party.example\nSent: Monday\nTo: gsp@gsp.example\nSubject: Renewal\n\n{ARMOUR}"
    assert reading(text(f"GSP STATUS\n{earlier}".replace("\n", "\r\n"))).keys == ()


def test_a_chain_in_pieces_is_one_file_and_a_copy_is_none() -> None:
    other = PEM.replace("MIIB", "MIIC")
    files = gathered(
        [KeyFile(name, octets.encode()) for name, octets in (("a", PEM), ("b", ARMOUR), ("c", other), ("d", PEM))]
    )
    assert [(key.name, key.octets.count(b"BEGIN")) for key in files] == [("a", 2), ("b", 1)]


def test_a_mail_full_of_keys_costs_no_more_than_a_few() -> None:
    files = [
        part(ARMOUR.replace("mDME", f"mDM{number}"), "application/pgp-keys", f"{number}.asc") for number in range(40)
    ]
    assert len(reading(text("GSP STATUS\r\n"), *files).keys) == MOST


# --- which of them is meant -------------------------------------------------------------------------------

ADDRESS = "colleague@party.example"


def chosen(*keys: bytes, beside: str = "") -> PublicKey | str:
    situation = World().situation("admin", "status", keys=keys)
    found = brought(situation, SE, ADDRESS, frozenset({Fingerprint((beside * 40)[:40])} if beside else ()))
    return found if isinstance(found, PublicKey) else " ".join(said(one) for one in found if isinstance(one, Finding))


def mark(found: PublicKey | str) -> str:
    assert isinstance(found, PublicKey), found
    return found.fingerprint[:1]


def test_the_only_key_is_taken_also_where_it_names_no_address() -> None:
    assert mark(chosen(key_file("A", ADDRESS))) == "A"
    assert mark(chosen(key_file("A"))) == "A"
    assert mark(chosen(key_file("A", "other@party.example", "Colleague@Party.Example"))) == "A"


def test_the_writers_own_key_that_his_client_adds_is_passed_over() -> None:
    assert mark(chosen(key_file("A", "admin@party.example"), key_file("B", ADDRESS), beside="A")) == "B"
    assert mark(chosen(key_file("A", ADDRESS), beside="A")) == "A", "where it is the only one it is meant"


def test_of_two_keys_the_one_that_names_the_address_is_meant() -> None:
    assert mark(chosen(key_file("A", "x@party.example"), key_file("B", ADDRESS))) == "B"
    assert "more than one key" in str(chosen(key_file("A", ADDRESS), key_file("B", ADDRESS)))


def test_a_key_of_another_address_is_not_taken() -> None:
    told = str(chosen(key_file("A", "officer@other.example")))
    assert "officer@other.example" in told
    assert ADDRESS in told


def test_why_a_key_was_not_taken_is_told_with_the_name_of_the_file() -> None:
    told = str(chosen(b"the key is revoked"))
    assert "key0.asc" in told
    assert "the key is revoked" in told
    assert "No key was found" in str(chosen())
    assert "too many keys" in str(chosen(*(key_file(one) for one in "ABCDE")))


def test_a_secret_key_beside_the_public_one_is_never_passed_over() -> None:
    secret = b"-----BEGIN PGP PRIVATE KEY BLOCK-----"
    assert "PRIVATE KEY" in str(chosen(secret, key_file("B", ADDRESS)))
