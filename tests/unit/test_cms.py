"""CMS objects looked at without keys: nothing that arrives makes the reader raise, or work without end."""

from __future__ import annotations

import pytest
from asn1crypto import cms
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.serialization import pkcs7
from hypothesis import given
from hypothesis import strategies as st

from gateway.crypto import _cms
from tests.support.cost import allowed, spent
from tests.support.smime import Authority, new_key

KEY = new_key()
ROOT = Authority("Root")
LEAF = ROOT.issue("o@kra.example", KEY)
DER = serialization.Encoding.DER
SIGNED = (
    pkcs7.PKCS7SignatureBuilder()
    .set_data(b"content")
    .add_signer(LEAF, KEY, hashes.SHA256())  # type: ignore[arg-type]
    .add_certificate(ROOT.certificate)
    .sign(DER, [pkcs7.PKCS7Options.Binary])
)
ENVELOPED = pkcs7.PKCS7EnvelopeBuilder().set_data(b"content").add_recipient(LEAF).encrypt(DER, [])
FUNCTIONS = (_cms.kind, _cms.enveloped, _cms.signed, lambda octets: _cms.decompressed(octets, 1000))


def test_what_an_object_says_of_itself_is_read() -> None:
    assert (_cms.kind(SIGNED), _cms.kind(ENVELOPED)) == (_cms.SIGNED, _cms.ENVELOPED)
    seen, signed = _cms.enveloped(ENVELOPED), _cms.signed(SIGNED)
    assert seen is not None
    assert signed is not None
    (recipient,), (signer,) = seen.recipients, signed.signers
    assert recipient.means(LEAF)
    assert not recipient.means(ROOT.certificate)
    assert (seen.strong, seen.others, seen.authenticated) == (True, False, False)
    assert signer.name.means(LEAF)
    assert (signed.content, signer.strong, signer.attributes) == (b"content", True, True)
    assert len(signed.certificates) == 2


def test_a_subject_key_identifier_names_a_certificate_that_has_it() -> None:
    name = _cms.Name(None, 0, _cms.key_id(LEAF))
    assert name.means(LEAF)
    assert not name.means(ROOT.certificate)
    assert not _cms.Name(None, 0, b"").means(LEAF)


def test_one_kind_is_not_read_as_another() -> None:
    assert _cms.enveloped(SIGNED) is None
    assert _cms.signed(ENVELOPED) is None
    assert _cms.decompressed(SIGNED, 1000) is None


@given(st.binary(max_size=200))
def test_no_octets_make_the_reader_raise(octets: bytes) -> None:
    for function in FUNCTIONS:
        function(octets)


@pytest.mark.parametrize("whole", [SIGNED, ENVELOPED], ids=["signed", "enveloped"])
@given(data=st.data())
def test_no_damage_makes_the_reader_raise(whole: bytes, data: st.DataObject) -> None:
    octets = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(octets)))
    for function in FUNCTIONS:
        function(bytes(octets))
        function(bytes(octets[:cut]))


def deep(levels: int) -> bytes:
    """Indefinite lengths, one in the other."""
    return b"\x30\x80" * levels + b"\x00\x00" * levels


def chunks(count: int) -> bytes:
    """A content of many one-octet pieces (BER)."""
    content = b"\x24\x80" + b"\x04\x01x" * count + b"\x00\x00"
    inner = b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01\xa0\x80" + content + b"\x00\x00\x00\x00"
    signed = b"\x30\x80\x02\x01\x01\x31\x00" + inner + b"\x31\x00\x00\x00"
    return b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x80" + signed + b"\x00\x00\x00\x00"


def many_recipients(count: int) -> bytes:
    info = cms.ContentInfo.load(ENVELOPED)
    infos = info["content"]["recipient_infos"]
    info["content"]["recipient_infos"] = cms.RecipientInfos([infos[0]] * count)
    return bytes(info.dump(force=True))


@pytest.mark.parametrize(
    "octets",
    [
        deep(100),
        deep(1_000_000),
        b"\x30\x80" * 1_000_000,
        chunks(90_000),
        chunks(9_000_000),
        many_recipients(20_000),
        b"\x05\x00" * 10_000_000,
    ],
    ids=["deep", "deeper", "without end", "many pieces", "too many pieces", "many recipients", "many nothings"],
)
def test_an_object_made_to_cost_time_costs_little(octets: bytes) -> None:
    start = spent()
    for function in FUNCTIONS:
        function(octets)
    assert spent() - start < allowed(5)


def test_pieces_are_joined() -> None:
    found = _cms.signed(chunks(3))
    assert found is not None
    assert (found.content, found.signers) == (b"xxx", ())
    nested = chunks(0).replace(b"\x24\x80\x00\x00", b"\x24\x80\x24\x80\x04\x01a\x00\x00\x04\x01b\x00\x00")
    found = _cms.signed(nested)
    assert found is not None
    assert found.content == b"ab"


def test_a_large_content_in_the_pieces_that_clients_make_is_read() -> None:
    piece = b"\x04\x82\x04\x00" + b"x" * 1024
    whole = chunks(1).replace(b"\x04\x01x", piece * 24_000, 1)
    found = _cms.signed(whole)
    assert found is not None
    assert found.content == b"x" * 1024 * 24_000


def test_more_recipients_than_anybody_has_are_refused() -> None:
    assert _cms.enveloped(many_recipients(100)) is not None
    assert _cms.enveloped(many_recipients(101)) is None
