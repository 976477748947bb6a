"""S/MIME keeps the promises of `ports.CryptoScheme`, with real OpenSSL on both sides."""

from __future__ import annotations

import base64
import binascii
import re
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asn1crypto import cms
from cryptography.hazmat.primitives import hashes

from gateway.crypto import _bundle, _certificate, _cms, smime
from gateway.facts import PartyCode, PublicKey, proven_ciphertext
from gateway.mime.tree import parse
from gateway.outcome import Cause, Defer, Hold, Refuse
from gateway.ports import Opened
from tests.support.smime import Authority, SmimePerson, cms_part, entity, new_key, pem, secret_pem

TEXT = b"Content-Type: text/plain\r\n\r\nMARKER-7f3a secret\r\n"
LIMIT = 1_000_000
TO = "gsp@gsp.example"


def clock() -> datetime:
    """The real time: OpenSSL knows no other."""
    return datetime.now(UTC)


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """The gateway's certificate and key."""
    made = Path(tempfile.mkdtemp(prefix="gs", dir="/tmp"))
    _certificate.create(made / "s", TO, clock())
    yield made / "s"
    shutil.rmtree(made)


@pytest.fixture
def scheme(folder: Path) -> smime.Smime:
    return smime.Smime(folder, clock)


@pytest.fixture(scope="module")
def officer(authority: Authority, folder: Path) -> Iterator[SmimePerson]:
    with SmimePerson("officer@kra.example", "officer", authority) as person:
        person.knows(_certificate.exported(folder))
        yield person


@pytest.fixture
def key(scheme: smime.Smime, officer: SmimePerson) -> PublicKey:
    return scheme.read_key(officer.public_key)


def opened(scheme: smime.Smime, der: bytes, *claimed: PublicKey, limit: int = LIMIT) -> Opened:
    octets = scheme.recognise(parse(cms_part(der, "enveloped-data")))
    assert octets == der
    return scheme.open(proven_ciphertext(octets), claimed, limit)


def cause(scheme: smime.Smime, der: bytes, *claimed: PublicKey) -> Cause:
    """Why it is not believed, whether the engine refuses or the signature's report says so."""
    try:
        found = opened(scheme, der, *claimed)
    except Refuse as refusal:
        return refusal.cause if refusal.reason.number == 201 else Cause.FROM_UNCLEAR
    return found.signatures[0].cause if found.signatures else Cause.NOT_SIGNED


def outside(scheme: smime.Smime, raw: bytes) -> int:
    """The number of the refusal for a mail that is not opened; 0: not of this scheme."""
    try:
        assert scheme.recognise(parse(raw)) is None
    except Refuse as refusal:
        return refusal.reason.number
    return 0


# --- what is taken -----------------------------------------------------------------------------------


@pytest.mark.parametrize("style", ["detached", "opaque"])
@pytest.mark.parametrize(
    "options",
    [
        ["-aes128"], ["-aes192"], ["-aes256"], ["-aes-128-gcm"], ["-aes-256-gcm"], ["-aes256", "-stream", "-indef"],
        ["-aes256", "-keyid"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_signed_and_encrypted_mail_is_opened_and_the_signer_known(
    scheme: smime.Smime, officer: SmimePerson, key: PublicKey, style: str, options: list[str]
) -> None:
    found = opened(scheme, officer.seal(TEXT, *options, style=style), key)
    assert found.octets == TEXT
    (report,) = found.signatures
    assert (report.cause, report.fingerprint) == (Cause.NONE, key.fingerprint)
    assert report.made_at is not None
    assert abs(report.made_at - clock()) < timedelta(minutes=1)


@pytest.mark.parametrize(
    "options",
    [["-keyopt", "rsa_padding_mode:oaep"], ["-keyopt", "rsa_padding_mode:oaep", "-keyopt", "rsa_oaep_md:sha256"]],
    ids=["oaep-sha1", "oaep-sha256"],
)
def test_oaep_is_read(scheme: smime.Smime, officer: SmimePerson, key: PublicKey, options: list[str]) -> None:
    arguments = ("-encrypt", "-binary", "-outform", "DER", "-aes256", "-recip", "gateway.pem", *options)
    der = officer.cms(*arguments, stdin=officer.sign(TEXT))
    assert opened(scheme, der, key).signatures[0].cause is Cause.NONE


@pytest.mark.parametrize("salt", ["digest", "max"])
def test_pss_is_read(scheme: smime.Smime, officer: SmimePerson, key: PublicKey, salt: str) -> None:
    options = ("-keyopt", "rsa_padding_mode:pss", "-keyopt", f"rsa_pss_saltlen:{salt}")
    der = officer.encrypt(officer.sign(TEXT, *options))
    assert opened(scheme, der, key).signatures[0].cause is Cause.NONE


@pytest.mark.parametrize("kind", ["p256", "p384"])
@pytest.mark.parametrize("gcm", [False, True])
def test_elliptic_curves_work_in_both_directions(tmp_path: Path, authority: Authority, kind: str, gcm: bool) -> None:
    secret = new_key(kind)
    certificate = authority.issue(TO, secret)
    (tmp_path / "certificate.pem").write_bytes(pem(certificate, authority.certificate))
    (tmp_path / "key.pem").write_bytes(secret_pem(secret))
    scheme = smime.Smime(tmp_path, clock, gcm=gcm)
    with SmimePerson("o@kra.example", "o", authority, kind=kind) as person:
        person.knows(pem(certificate))
        key = scheme.read_key(person.public_key)
        assert key.can_encrypt
        for style in ("detached", "opaque"):
            found = opened(scheme, person.seal(TEXT, "-aes-256-gcm" if gcm else "-aes256", style=style), key)
            assert (found.octets, found.signatures[0].cause) == (TEXT, Cause.NONE)
        back = parse(scheme.wrapped(scheme.seal(TEXT, key), "x"))
        assert back.parameter("smime-type") == ("authEnveloped-data" if gcm else "enveloped-data")
        assert person.open(back.body)[0] == TEXT


def test_one_mail_to_several_recipients_with_other_keys_is_read(
    scheme: smime.Smime, officer: SmimePerson, key: PublicKey, authority: Authority
) -> None:
    """Real clients encrypt to the writer too; with an elliptic curve beside RSA some programs give up."""
    for kind in ("p256", "rsa"):
        other = authority.issue("copy@kra.example", new_key(kind))
        (officer.folder / "copy.pem").write_bytes(pem(other))
        for first, second in (("gateway.pem", "copy.pem"), ("copy.pem", "gateway.pem")):
            arguments = ("-encrypt", "-binary", "-outform", "DER", "-aes256", first, second)
            der = officer.cms(*arguments, stdin=officer.sign(TEXT))
            found = opened(scheme, der, key)
            assert (found.octets, found.signatures[0].cause) == (TEXT, Cause.NONE)


def test_a_signature_over_octets_as_they_are_stored_is_read(
    scheme: smime.Smime, officer: SmimePerson, key: PublicKey
) -> None:
    inner = TEXT.replace(b"\r\n", b"\n")
    signed = officer.sign(inner).replace(b"\r\n", b"\n")
    found = opened(scheme, officer.encrypt(signed), key)
    assert (found.octets, found.signatures[0].cause) == (inner, Cause.NONE)


@pytest.mark.parametrize("around", ["detached", "opaque"])
def test_a_triple_wrap_is_opened_and_only_the_signature_inside_counts(
    scheme: smime.Smime, officer: SmimePerson, key: PublicKey, authority: Authority, around: str
) -> None:
    der = officer.seal(TEXT)
    with SmimePerson("list@evil.example", "list", authority) as list_server:
        raw = list_server.sign(cms_part(der, "enveloped-data"), style=around)
    octets = scheme.recognise(parse(raw))
    assert octets == der
    assert opened(scheme, octets, key).signatures[0].fingerprint == key.fingerprint


@pytest.mark.parametrize(
    "head",
    [
        'application/octet-stream; name="smime.p7m"', 'application/x-pkcs7-mime; name="smime.p7m"',
        "application/pkcs7-mime", 'application/octet-stream; name="mail.P7M"',
    ],
)  # fmt: skip
def test_a_mail_whose_type_a_server_has_changed_is_still_known(
    scheme: smime.Smime, officer: SmimePerson, head: str
) -> None:
    der = officer.seal(TEXT)
    raw = f"Content-Type: {head}\r\nContent-Transfer-Encoding: base64\r\n\r\n".encode() + base64.encodebytes(der)
    assert scheme.recognise(parse(raw)) == der


def compressed(octets: bytes, packed: bytes | None = None) -> bytes:
    """An entity, compressed (RFC 3274), as an entity."""
    content = {
        "version": "v0",
        "compression_algorithm": {"algorithm": "zlib"},
        "encap_content_info": {"content_type": "data", "content": packed or zlib.compress(octets, 9)},
    }
    der = cms.ContentInfo({"content_type": "compressed_data", "content": cms.CompressedData(content)}).dump()
    return cms_part(der, "compressed-data", "p7z")


def test_compression_inside_or_outside_the_signature_is_undone(
    scheme: smime.Smime, officer: SmimePerson, key: PublicKey
) -> None:
    for whole in (officer.sign(compressed(TEXT)), compressed(officer.sign(TEXT))):
        found = opened(scheme, officer.encrypt(whole), key)
        assert found.octets == TEXT
        assert [one.cause for one in found.signatures] == [Cause.NONE]


def test_a_bomb_is_refused_and_its_beginning_not_read(
    scheme: smime.Smime, officer: SmimePerson, key: PublicKey
) -> None:
    bomb = officer.encrypt(officer.sign(compressed(TEXT + b"\n" * 300_000_000)))
    assert len(bomb) < 1_000_000
    assert cause(scheme, bomb, key) is Cause.TOO_LARGE_INSIDE
    cut = compressed(TEXT, zlib.compress(TEXT)[:-6])
    assert cause(scheme, officer.encrypt(officer.sign(cut)), key) is Cause.TOO_LARGE_INSIDE
    assert cause(scheme, officer.encrypt(officer.sign(TEXT + b"x" * LIMIT)), key) is Cause.TOO_LARGE_INSIDE


def test_mail_to_the_certificate_before_is_still_read(tmp_path: Path, authority: Authority) -> None:
    _certificate.create(tmp_path / "s", TO, clock())
    with SmimePerson("o@kra.example", "o", authority) as person:
        person.knows(_certificate.exported(tmp_path / "s"))
        before = person.seal(TEXT)
        issued = authority.sign_request(_certificate.request(tmp_path / "s", TO, "p256", "CN=Focal point,C=CH"))
        _certificate.install(tmp_path / "s", pem(issued, authority.certificate), TO, clock())
        scheme = smime.Smime(tmp_path / "s", clock)
        assert scheme.fingerprint == _bundle.fingerprint(issued)
        key = scheme.read_key(person.public_key)
        assert opened(scheme, before, key).octets == TEXT
        person.knows(scheme.export())
        assert opened(scheme, person.seal(TEXT), key).octets == TEXT
        assert person.open(binascii.a2b_base64(scheme.seal(TEXT, key)))[0] == TEXT


# --- what is refused from outside ----------------------------------------------------------------------


def test_signed_only_mail_is_told_to_encrypt(scheme: smime.Smime, officer: SmimePerson) -> None:
    assert outside(scheme, officer.sign(TEXT, style="opaque")) == 101
    assert outside(scheme, officer.sign(TEXT, style="detached")) == 101
    assert outside(scheme, compressed(TEXT)) == 101
    certificates = officer.cms(
        "-sign", "-nodetach", "-outform", "DER", "-signer", "own.pem", "-inkey", "own.key", stdin=b""
    )
    assert outside(scheme, cms_part(certificates, "certs-only")) == 101


def test_mail_to_somebody_else_is_told_so(scheme: smime.Smime, officer: SmimePerson) -> None:
    assert outside(scheme, cms_part(officer.encrypt(TEXT, to="own.pem"), "enveloped-data")) == 103


@pytest.mark.parametrize("options", [["-des3"], ["-des-cbc", "-provider", "legacy", "-provider", "default"]])
def test_weak_encryption_is_told_so(scheme: smime.Smime, officer: SmimePerson, options: list[str]) -> None:
    assert outside(scheme, cms_part(officer.seal(TEXT, *options), "enveloped-data")) == 104


def test_a_passphrase_or_a_shared_key_is_no_recipient(scheme: smime.Smime, officer: SmimePerson) -> None:
    for also in (("-pwri_password", "guess"), ("-secretkey", "00" * 32, "-secretkeyid", "01")):
        arguments = ("-encrypt", "-binary", "-outform", "DER", "-aes256", *also, "-recip", "gateway.pem")
        assert outside(scheme, cms_part(officer.cms(*arguments, stdin=TEXT), "enveloped-data")) == 104


def test_clear_text_beside_the_encryption_is_refused(scheme: smime.Smime, officer: SmimePerson) -> None:
    part = cms_part(officer.seal(TEXT), "enveloped-data")
    banner = b"Content-Type: text/plain\r\n\r\nExternal mail\r\n"
    raw = b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n' + banner + b"--b\r\n" + part + b"--b--\r\n"
    assert outside(scheme, raw) == 102
    alone = b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n' + part + b"--b--\r\n"
    assert outside(scheme, alone) == 102
    assert outside(scheme, officer.sign(raw)) == 102


def test_damaged_objects_are_refused_and_others_left_alone(scheme: smime.Smime, officer: SmimePerson) -> None:
    der = officer.seal(TEXT)
    for damaged in (der[:-1], der[:40], der + b"\0", b"", b"\x30", b"\x30\x80" * 500, b"\x30\x80" * 100_000):
        assert outside(scheme, cms_part(damaged, "enveloped-data")) == 105
    assert outside(scheme, TEXT) == 0
    vague = b'Content-Type: application/octet-stream; name="smime.p7m"\r\n\r\nno such thing\r\n'
    assert outside(scheme, vague) == 0


# --- whose signature ------------------------------------------------------------------------------------


def test_unsigned_mail_is_opened_without_a_signature(scheme: smime.Smime, officer: SmimePerson, key: PublicKey) -> None:
    found = opened(scheme, officer.encrypt(TEXT), key)
    assert (found.octets, found.signatures) == (TEXT, ())


@pytest.mark.parametrize("style", ["detached", "opaque"])
def test_only_claimed_certificates_are_believed(
    scheme: smime.Smime, officer: SmimePerson, key: PublicKey, authority: Authority, style: str
) -> None:
    with SmimePerson("officer@kra.example", "officer", authority) as impostor:  # same name, same authority
        impostor.knows(scheme.export())
        der = impostor.seal(TEXT, style=style)
        assert cause(scheme, der, key) is Cause.UNKNOWN_KEY
        other = scheme.read_key(impostor.public_key)
        assert opened(scheme, der, key, other).signatures[0].fingerprint == other.fingerprint
    assert cause(scheme, officer.seal(TEXT, style=style)) is Cause.UNKNOWN_KEY


def test_without_claimed_certificates_the_content_is_the_same(
    scheme: smime.Smime, officer: SmimePerson, key: PublicKey
) -> None:
    """What is kept is opened again later, when who signed it is known already."""
    for style in ("detached", "opaque"):
        der = officer.seal(TEXT, style=style)
        assert opened(scheme, der).octets == opened(scheme, der, key).octets == TEXT


def test_a_signers_name_with_anothers_key_is_a_bad_signature(
    scheme: smime.Smime, officer: SmimePerson, key: PublicKey, authority: Authority
) -> None:
    """The forger's certificate, in the mail itself, names the issuer and serial number of the officer's."""
    with SmimePerson("officer@kra.example", "officer", authority) as forger:
        forger.knows(scheme.export())
        signature = parse(forger.sign(TEXT)).children[1].body
        info = cms.ContentInfo.load(signature)
        sid = info["content"]["signer_infos"][0]["sid"]
        sid.chosen["serial_number"] = officer.certificate.serial_number
        forged = info.dump(force=True)
        assert forged != signature
        assert scheme.verify(TEXT, forged, (key,)).cause is Cause.BAD_SIGNATURE


def test_changed_content_is_a_bad_signature(scheme: smime.Smime, officer: SmimePerson, key: PublicKey) -> None:
    signed = officer.sign(TEXT).replace(b"secret", b"public")
    assert cause(scheme, officer.encrypt(signed), key) is Cause.BAD_SIGNATURE
    inside = parse(officer.sign(TEXT, style="opaque")).body
    changed = cms_part(inside.replace(b"secret", b"public"), "signed-data")
    assert cause(scheme, officer.encrypt(changed), key) is Cause.BAD_SIGNATURE


def test_content_inside_a_detached_signature_must_be_what_is_shown(
    scheme: smime.Smime, officer: SmimePerson, key: PublicKey
) -> None:
    """Johnny, you are fired, C1: the signature is over its own content, the reader sees another."""
    opaque = parse(officer.sign(TEXT, style="opaque")).body
    assert scheme.verify(TEXT, opaque, (key,)).cause is Cause.NONE
    assert scheme.verify(TEXT.replace(b"secret", b"public"), opaque, (key,)).cause is Cause.BAD_SIGNATURE


def test_signed_attributes_do_not_pass_for_content(scheme: smime.Smime, officer: SmimePerson, key: PublicKey) -> None:
    """A signature over attributes is also one over their octets: without attributes they would be a signed mail."""
    info = cms.ContentInfo.load(parse(officer.sign(TEXT)).children[1].body)
    signer = info["content"]["signer_infos"][0]
    attributes = signer["signed_attrs"].untag().dump(force=True)
    del signer["signed_attrs"]
    assert scheme.verify(attributes, info.dump(force=True), (key,)).cause is Cause.BAD_SIGNATURE


def test_a_signature_without_attributes_is_read(scheme: smime.Smime, officer: SmimePerson, key: PublicKey) -> None:
    der = officer.encrypt(officer.sign(TEXT, "-noattr"))
    assert opened(scheme, der, key).signatures[0].cause is Cause.NONE


def test_no_signer_and_several_signers_are_told_apart(
    scheme: smime.Smime, officer: SmimePerson, key: PublicKey, authority: Authority
) -> None:
    with SmimePerson("other@kra.example", "other", authority) as other:
        inside = parse(officer.sign(TEXT, style="opaque")).body
        both = other.cms("-resign", "-inform", "DER", "-outform", "DER", "-signer", "own.pem", "-inkey", "own.key",
                         stdin=inside)  # fmt: skip
        keys = (key, scheme.read_key(other.public_key))
        assert cause(scheme, officer.encrypt(cms_part(both, "signed-data")), *keys) is Cause.SEVERAL_SIGNATURES
        twice = other.sign(officer.sign(TEXT))
        assert cause(scheme, officer.encrypt(twice), *keys) is Cause.SEVERAL_SIGNATURES
    info = cms.ContentInfo.load(inside)
    info["content"]["signer_infos"] = cms.SignerInfos([])
    assert cause(scheme, officer.encrypt(cms_part(info.dump(force=True), "signed-data")), key) is Cause.NOT_SIGNED


def test_a_weak_digest_is_refused_and_a_signature_of_tomorrow_too(
    scheme: smime.Smime, folder: Path, officer: SmimePerson, key: PublicKey
) -> None:
    assert cause(scheme, officer.encrypt(officer.sign(TEXT, "-md", "sha1")), key) is Cause.WEAK_ALGORITHM
    early = smime.Smime(folder, lambda: clock() - timedelta(hours=1))
    assert cause(early, officer.seal(TEXT), key) is Cause.WRONG_TIME


def test_a_withdrawn_and_an_expired_certificate_are_not_believed(
    scheme: smime.Smime, folder: Path, officer: SmimePerson, key: PublicKey
) -> None:
    der = officer.seal(TEXT)
    assert cause(scheme, der, replace(key, revoked=True)) is Cause.REVOKED_KEY
    later = smime.Smime(folder, lambda: clock() + timedelta(days=400))
    assert cause(later, der, key) is Cause.EXPIRED_KEY


def test_the_same_signature_has_one_identity_and_two_have_two(
    scheme: smime.Smime, officer: SmimePerson, key: PublicKey
) -> None:
    """Replay: whatever is put around a signed part, and however the object is encoded, it is the same part."""
    signed = officer.sign(TEXT)
    first, again = (opened(scheme, officer.encrypt(signed, cipher), key) for cipher in ("-aes256", "-aes128"))
    assert first.signatures[0].identity == again.signatures[0].identity
    streamed = parse(officer.sign(TEXT, "-stream", "-indef", style="opaque")).body
    assert scheme.verify(TEXT, streamed, (key,)).identity != b""
    other = opened(scheme, officer.seal(TEXT + b"x"), key)
    assert other.signatures[0].identity != first.signatures[0].identity


# --- changed ciphertext -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("cipher", "refused"), [("-aes256", False), ("-aes-256-gcm", True)])
def test_no_changed_octet_of_the_ciphertext_yields_believed_content(
    scheme: smime.Smime, officer: SmimePerson, key: PublicKey, cipher: str, refused: bool
) -> None:
    """EFAIL: CBC lets content be changed without an error; the signature inside is what holds. GCM tells by itself."""
    der = officer.seal(TEXT, cipher, style="opaque")
    start, decrypted = len(der) // 2, 0
    for place in range(start, len(der) - 20, max(1, (len(der) - 20 - start) // 12)):
        changed = der[:place] + bytes((der[place] ^ 1,)) + der[place + 1 :]
        try:
            found = scheme.open(proven_ciphertext(changed), (key,), LIMIT)
        except Refuse:
            continue
        decrypted += 1
        assert not found.signatures or found.signatures[0].cause is not Cause.NONE or found.octets == TEXT
    assert (decrypted == 0) is refused


def test_a_broken_content_key_gets_the_same_answer_as_broken_content(
    scheme: smime.Smime, officer: SmimePerson, key: PublicKey
) -> None:
    """Bleichenbacher: whether the RSA padding was right must not be told."""
    der = officer.seal(TEXT, "-aes256")
    info = cms.ContentInfo.load(der)
    recipient = info["content"]["recipient_infos"][0].chosen
    wrapped = recipient["encrypted_key"].native
    answers = set()
    for change in (1, 100, 255):
        recipient["encrypted_key"] = wrapped[:change] + bytes((wrapped[change] ^ 1,)) + wrapped[change + 1 :]
        broken = info.dump(force=True)
        answers.add(cause(scheme, broken, key))
    assert answers <= {Cause.CANNOT_DECRYPT, Cause.NOT_SIGNED}  # random octets, as after a wrong content key


# --- sealing ----------------------------------------------------------------------------------------------


def test_what_is_sealed_is_read_by_its_reader_alone_and_signed_by_us(
    scheme: smime.Smime, officer: SmimePerson, key: PublicKey
) -> None:
    entity_ = parse(scheme.wrapped(scheme.seal(TEXT, key), "identifier"))
    assert (entity_.media_type, entity_.parameter("smime-type")) == ("application/pkcs7-mime", "enveloped-data")
    assert b"secret" not in entity_.raw
    assert not re.search(rb"\r(?!\n)|(?<!\r)\n", entity_.raw)
    seen = _cms.enveloped(entity_.body)
    assert seen is not None
    assert len(seen.recipients) == 1
    assert officer.open(entity_.body)[0] == TEXT


def test_what_is_sealed_to_us_is_opened_with_our_signature(scheme: smime.Smime) -> None:
    own = scheme.own_key()
    found = opened(scheme, binascii.a2b_base64(scheme.seal(TEXT, own)), own)
    assert (found.octets, found.signatures[0].cause) == (TEXT, Cause.NONE)


def test_nothing_is_sealed_to_a_certificate_that_has_expired_or_is_for_signatures_only(
    folder: Path, scheme: smime.Smime, authority: Authority, key: PublicKey
) -> None:
    later = smime.Smime(folder, lambda: clock() + timedelta(days=400))
    with pytest.raises(Hold):
        later.seal(TEXT, key)
    signing = authority.issue("o@kra.example", new_key(), encrypt=False)
    with pytest.raises(Hold):
        scheme.seal(TEXT, scheme.read_key(pem(signing)))


def test_two_certificates_of_one_person_are_used_each_for_its_purpose(
    scheme: smime.Smime, folder: Path, authority: Authority
) -> None:
    """Many government authorities issue one certificate to sign with and another to encrypt to."""
    with SmimePerson("o@kra.example", "o", authority) as signs, SmimePerson("o@kra.example", "o", authority) as reads:
        signing = authority.issue("o@kra.example", signs.key, encrypt=False)
        (signs.folder / "own.pem").write_bytes(pem(signing))
        reading = authority.issue("o@kra.example", reads.key, sign=False)
        (reads.folder / "own.pem").write_bytes(pem(reading))
        key = scheme.read_key(pem(reading, signing, authority.certificate))
        assert (key.can_sign, key.can_encrypt, key.fingerprint) == (True, True, _bundle.fingerprint(signing))
        for one in (signs, reads):
            one.knows(scheme.export())
        assert opened(scheme, signs.seal(TEXT), key).signatures[0].cause is Cause.NONE
        assert cause(scheme, reads.seal(TEXT), key) is Cause.UNKNOWN_KEY
        assert reads.open(binascii.a2b_base64(scheme.seal(TEXT, key)))[0] == TEXT


# --- chain and revocation ---------------------------------------------------------------------------------


@pytest.fixture
def trusting(tmp_path: Path, folder: Path, authority: Authority) -> Path:
    """The gateway's folder, in which KE has a trust anchor."""
    shutil.copytree(folder, tmp_path / "s")
    (tmp_path / "s" / "anchors" / "KE").mkdir(parents=True)
    (tmp_path / "s" / "crls").mkdir()
    (tmp_path / "s" / "anchors" / "KE" / "root.pem").write_bytes(pem(authority.certificate))
    return tmp_path / "s"


def test_where_a_party_has_anchors_its_certificates_must_lead_to_one(
    trusting: Path, officer: SmimePerson, key: PublicKey
) -> None:
    scheme = smime.Smime(trusting, clock)
    of_ke = replace(key, party=PartyCode("KE"))
    assert cause(scheme, officer.seal(TEXT), of_ke) is Cause.NONE
    with SmimePerson("officer@kra.example", "officer", Authority()) as other:
        other.knows(scheme.export())
        stranger = replace(scheme.read_key(other.public_key), party=PartyCode("KE"))
        assert cause(scheme, other.seal(TEXT), stranger) is Cause.UNTRUSTED
        assert "does not lead to a trust anchor" in scheme.doubt(stranger)
        with pytest.raises(Hold):
            scheme.seal(TEXT, stranger)
        assert cause(scheme, other.seal(TEXT), replace(stranger, party=PartyCode("SE"))) is Cause.NONE


def test_a_certificate_that_its_issuer_revoked_is_believed_no_more(
    trusting: Path, authority: Authority, officer: SmimePerson, key: PublicKey
) -> None:
    scheme = smime.Smime(trusting, clock)
    of_ke, der = replace(key, party=PartyCode("KE")), officer.seal(TEXT)
    assert cause(scheme, der, of_ke) is Cause.NONE
    (trusting / "crls" / "root.pem").write_bytes(authority.revocations(officer.certificate, hours=-1))
    assert cause(scheme, der, of_ke) is Cause.REVOKED_KEY  # out of date, but what is on it stays revoked
    assert "revoked" in scheme.doubt(of_ke)
    with pytest.raises(Hold):
        scheme.seal(TEXT, of_ke)


def test_a_list_that_is_missing_or_stale_counts_as_the_setting_says(
    trusting: Path, authority: Authority, officer: SmimePerson, key: PublicKey
) -> None:
    lenient, strict = smime.Smime(trusting, clock), smime.Smime(trusting, clock, strict=True)
    of_ke, der = replace(key, party=PartyCode("KE")), officer.seal(TEXT)
    assert cause(strict, der, of_ke) is Cause.REVOCATION_UNKNOWN
    (trusting / "crls" / "root.crl").write_bytes(authority.revocations(hours=-1))
    assert cause(strict, der, of_ke) is Cause.REVOCATION_UNKNOWN
    assert cause(lenient, der, of_ke) is Cause.NONE
    (trusting / "crls" / "root.crl").write_bytes(authority.revocations())
    assert cause(strict, der, of_ke) is Cause.NONE
    assert cause(strict, der, key) is Cause.NONE  # a Party without anchors: the pinned certificate counts


def test_a_file_of_ours_that_cannot_be_read_is_not_the_senders_fault(
    trusting: Path, officer: SmimePerson, key: PublicKey
) -> None:
    (trusting / "crls" / "root.crl").write_bytes(b"no list")
    scheme = smime.Smime(trusting, clock)
    with pytest.raises(Defer) as failure:
        opened(scheme, officer.seal(TEXT), replace(key, party=PartyCode("KE")))
    assert failure.value.reason.number == 303


def test_a_secret_key_that_is_away_is_not_the_senders_fault(tmp_path: Path, folder: Path, officer: SmimePerson) -> None:
    shutil.copytree(folder, tmp_path / "s")
    scheme = smime.Smime(tmp_path / "s", clock)
    (tmp_path / "s" / "key.pem").unlink()
    with pytest.raises(Defer):
        opened(scheme, officer.seal(TEXT))


def test_the_links_may_come_with_the_mail(trusting: Path, authority: Authority) -> None:
    middle = Authority("Middle", authority)
    with SmimePerson("o@kra.example", "o", middle) as person:
        (person.folder / "middle.pem").write_bytes(pem(middle.certificate))
        scheme = smime.Smime(trusting, clock)
        person.knows(scheme.export())
        key = replace(scheme.read_key(person.public_key), party=PartyCode("KE"))
        assert cause(scheme, person.seal(TEXT), key) is Cause.UNTRUSTED
        with_links = person.encrypt(person.sign(TEXT, "-certfile", "middle.pem"))
        assert cause(scheme, with_links, key) is Cause.NONE
        bundled = scheme.read_key(pem(person.certificate, middle.certificate))
        assert cause(scheme, person.seal(TEXT), replace(bundled, party=PartyCode("KE"))) is Cause.NONE


def test_nothing_is_written_to_a_file(scheme: smime.Smime, officer: SmimePerson, key: PublicKey, folder: Path) -> None:
    before = sorted(path.name for path in folder.rglob("*"))
    opened(scheme, officer.seal(TEXT), key)
    scheme.seal(TEXT, key)
    assert sorted(path.name for path in folder.rglob("*")) == before


def test_text_of_every_kind_survives(scheme: smime.Smime, officer: SmimePerson, key: PublicKey) -> None:
    whole = entity("Grüße 你好\n.\nFrom here\n" + "x" * 3000 + "\n", "Subject: hidden")
    for style in ("detached", "opaque"):
        assert opened(scheme, officer.seal(whole, style=style), key).octets == whole


def test_a_certificate_signed_with_a_weak_digest_is_not_read(scheme: smime.Smime, authority: Authority) -> None:
    weak = authority.issue("o@kra.example", new_key(), digest=hashes.SHA224())
    with pytest.raises(ValueError, match="SHA-1 or weaker"):
        scheme.read_key(pem(weak))
