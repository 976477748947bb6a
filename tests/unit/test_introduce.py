"""Our own key: which letters bring it, and how header field and Web Key Directory carry it."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest

from gateway.content import Letter
from gateway.crypto import _publish
from gateway.facts import Fingerprint, PublicKey
from gateway.stages._entity import autocrypt
from gateway.stages._introduce import introduce
from tests.support import samples
from tests.support.rendering import OWN_KEY, seen

OWN, READERS = OWN_KEY.fingerprint, Fingerprint("A" * 40)


def letter(name: str = "thanks", language: str = "en", **key: object) -> Letter:
    """A letter to a reader with an OpenPGP key, which is changed as told."""
    given = replace(PublicKey("openpgp", READERS, b"", True, True), **key)  # type: ignore[arg-type]
    made = samples.letter(name, language)
    return replace(made, to=replace(made.to, key=given))


def bringing(*letters: Letter) -> list[bool]:
    return [one.our_key == OWN for one in introduce(letters, OWN)]


def test_the_first_letter_to_a_key_brings_ours() -> None:
    assert bringing(letter()) == [True]
    assert bringing(letter(given=OWN)) == [False]


def test_of_several_letters_at_once_to_one_reader_only_one_brings_it() -> None:
    assert bringing(letter(), letter(), letter(fingerprint=Fingerprint("B" * 40))) == [True, False, True]


def test_after_our_key_was_renewed_everybody_is_sent_the_new_one() -> None:
    assert bringing(letter(given=Fingerprint("C" * 40))) == [True]


def test_to_whom_nothing_is_encrypted_by_openpgp_nothing_is_sent() -> None:
    assert bringing(letter(scheme="smime"), samples.letter("key_notice")) == [False, False]


@pytest.mark.parametrize("language", ["en", "ar", "es", "fr", "ru", "zh"])
@pytest.mark.parametrize("name", ["referral", "thanks"])
def test_the_key_is_a_file_inside_the_encryption_and_the_letter_says_what_to_do_with_it(
    name: str, language: str
) -> None:
    (introduced,) = introduce([letter(name, language)], OWN)
    mail = seen(introduced)
    (part,) = [one for one in mail.inner.iter_attachments() if one.get_content_type() == "application/pgp-keys"]
    assert part.get_payload(decode=True) == OWN_KEY.armoured
    assert part.get_filename() == "OpenPGP-0x4567890123456789.asc"
    shown = "0123 4567 8901 2345 6789 0123 4567 8901 2345 6789"
    assert shown in mail.text.split("\n")
    assert shown in mail.html
    assert mail.text.index(shown) < mail.text.index("GSP REPLY") if name == "referral" and language == "en" else True


def test_a_letter_that_brings_no_key_does_not_speak_of_one() -> None:
    mail = seen(letter())
    assert list(mail.inner.iter_attachments()) == []
    assert "fingerprint" not in mail.text + mail.html


def test_the_header_field_is_as_autocrypt_has_it() -> None:
    mail = seen(letter())
    value = mail.outer["Autocrypt"].replace("\r\n ", "")
    addr, prefer, keydata = (attribute.strip().split("=", 1) for attribute in value.split(";"))
    assert (addr, prefer) == (["addr", "gsp@gsp.example.org"], ["prefer-encrypt", "mutual"])
    assert keydata[0] == "keydata", "the last attribute (Autocrypt Level 1, 2.1)"
    assert base64.b64decode(keydata[1], validate=True) == OWN_KEY.minimal
    assert mail.outer["From"].endswith("<gsp@gsp.example.org>"), "the address of From, whatever Reply-To says"
    assert mail.outer["Reply-To"] != mail.outer["From"]
    assert mail.inner["Autocrypt"] is None


def test_the_lines_of_the_header_field_are_short() -> None:
    name, value = autocrypt("gsp@gsp.example.org", bytes(range(256)) * 7)
    assert max(len(line) for line in f"{name}: {value}".split("\r\n")) <= 78
    assert not value.endswith(("\r\n", " "))


def test_whoever_has_a_certificate_gets_no_header_field_for_another_scheme() -> None:
    assert "Autocrypt" not in seen(letter(scheme="smime")).outer
    assert "Autocrypt" in seen(samples.letter("key_notice")).outer


def test_a_file_of_the_directory_is_named_as_the_draft_has_it() -> None:
    """draft-koch-openpgp-webkey-service, 3.1: the example Joe.Doe@Example.ORG."""
    assert _publish.hashed("Joe.Doe") == "iy9q119eutrkn8s1mk4r39qejnbu3n5q"


def test_the_directory_serves_both_methods_from_one_folder() -> None:
    assert dict(_publish.directory("gsp@gsp.example.org", b"key")) == {
        ".well-known/openpgpkey/hu/kggnw174fndf5h9hj6un6npwt5jpgdsa": b"key",
        ".well-known/openpgpkey/policy": b"",
        ".well-known/openpgpkey/gsp.example.org/hu/kggnw174fndf5h9hj6un6npwt5jpgdsa": b"key",
        ".well-known/openpgpkey/gsp.example.org/policy": b"",
    }
