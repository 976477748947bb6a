"""OpenPGP on one side, S/MIME on the other: the exchange crosses over, and nobody notices."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.correspondence import Correspondent
from gateway.mime.tree import parse
from tests.scenarios.test_exchange import fill
from tests.support.focalpoint import SE_UIM, FocalPoint, focal_point, form_of, request
from tests.support.smime import Authority, SmimePerson


@pytest.fixture(scope="module")
def certified() -> Iterator[dict[str, SmimePerson]]:
    """The officer of one Party and the desk of another, with certificates of one authority."""
    authority = Authority()
    made = {
        "officer": SmimePerson("officer@party.example", "officer", authority),
        "desk.se": SmimePerson("desk.se@party.example", "desk.se", authority, style="opaque"),
    }
    yield made
    for person in made.values():
        person.close()


def shape(octets: bytes) -> str:
    return parse(octets).media_type


@pytest.mark.parametrize("with_certificate", [("officer",), ("desk.se",), ("officer", "desk.se")])
def test_an_exchange_crosses_from_one_scheme_to_the_other(
    people: dict[str, Correspondent], certified: dict[str, SmimePerson], with_certificate: tuple[str, ...]
) -> None:
    everybody = people | {name: certified[name] for name in with_certificate}
    with focal_point(everybody) as point:
        outcome = point.send("officer", request(SE_UIM))
        assert outcome["outcome"] == "taken"
        mails = point.delivered()
        assert sorted(mails) == ["desk.se", "officer"]
        signers = {name: "gateway" if name in with_certificate else point.key for name in mails}
        assert {name: mail[0].signed_by for name, mail in mails.items()} == signers
        referral = mails["desk.se"][0]
        assert SE_UIM in referral.text
        assert SE_UIM not in referral.outer_subject
        reply = fill(form_of(referral.text), {SE_UIM: "valid"}, a="2025-05-19, Malmö", b="Plant 7")
        assert point.send("desk.se", reply, subject=referral.outer_subject)["outcome"] == "taken"
        answer = point.delivered()["officer"][0]
        assert "2025-05-19, Malmö" in answer.text
        number = str(outcome["exchange"])
        assert point.gateway.exchange_details(number)["referrals"][0]["state"] == "answered"
        files = [path for path in point.home.rglob("*") if path.is_file()]
        assert len(files) > 5
        assert [path.name for path in files if SE_UIM.encode() in path.read_bytes()] == []


def test_each_reader_gets_the_shape_of_mail_that_the_key_asks_for(
    people: dict[str, Correspondent], certified: dict[str, SmimePerson]
) -> None:
    with focal_point(people | {"desk.se": certified["desk.se"]}) as point:
        point.send("officer", request(SE_UIM))
        shapes = {address: shape(octets) for address, octets in point.gateway.take_outbox()}
    assert shapes == {
        "officer@party.example": "multipart/encrypted",
        "desk.se@party.example": "application/pkcs7-mime",
    }


def test_a_request_that_waited_for_a_key_goes_out_to_a_certificate(
    people: dict[str, Correspondent], certified: dict[str, SmimePerson]
) -> None:
    """What is kept is opened again, signature and all, by the scheme it came in."""
    with focal_point(people | {"officer": certified["officer"]}) as point:
        point.gateway.registry.add_party("DE", "Germany", "desk.de@party.example", "en", None)
        point.send("officer", request(SE_UIM, case="X").replace("GSP REQUEST\n", "GSP REQUEST\nTo: DE\n", 1))
        notice = dict(point.gateway.take_outbox())["desk.de@party.example"]
        assert SE_UIM.encode() not in notice
        with SmimePerson("desk.de@party.example", "desk.de") as desk:
            desk.knows(point.gateway.own_certificate())
            point.gateway.registry.add_party("DE", "Germany", desk.address, "en", desk.public_key)
            point.gateway.tick()
            sent = dict(point.gateway.take_outbox())
            assert SE_UIM in desk.read(sent[desk.address]).text


def test_a_certificate_is_known_by_its_octets_and_told_what_is_wrong_with_it(point: FocalPoint) -> None:
    registry = point.gateway.registry
    with pytest.raises(ValueError, match="exactly one OpenPGP public key"):
        registry.add_party("DE", "Germany", "desk.de@party.example", "en", b"nothing of the kind")
    authority = Authority()
    with SmimePerson("desk.de@party.example", "desk.de", authority) as desk:
        expired = authority.issue(desk.address, desk.key, since=-30, days=10)
        with pytest.raises(ValueError, match="has expired: a new one is needed"):
            registry.add_party("DE", "Germany", desk.address, "en", expired.public_bytes(Encoding.DER))
        said = registry.add_party("DE", "Germany", desk.address, "en", desk.certificate.public_bytes(Encoding.DER))
        assert "key " in said
        rows = [row for row in registry.key_rows() if row[1] == "smime"]
        assert [(row[3], row[5]) for row in rows] == [("DE", "usable")]
