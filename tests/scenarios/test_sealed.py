"""Sealed mail from the look-up to the answer, by real clients in both schemes; the gateway opens none of it (R9)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gateway.correspondence import Correspondent, ReadMail
from tests.support.focalpoint import SE_UIM, SE_UIM_2, FocalPoint, focal_point, people_with_keys
from tests.support.sealed import VOUCHED, border, boxes, sealed
from tests.support.smime import SmimePerson

ASKED = "Two lorries, night of the third: who bought the carton in the photograph?"
ANSWERED = "The buyer is known to us; the file follows by courier."


@pytest.fixture(scope="module")
def people() -> Iterator[dict[str, Correspondent]]:
    with people_with_keys() as people:
        yield people


@pytest.fixture(scope="module")
def certified() -> Iterator[dict[str, SmimePerson]]:
    names = ("officer", "desk.se")
    made = {name: SmimePerson(f"{name}@party.example", name) for name in names}
    yield made
    for person in made.values():
        person.close()


@pytest.fixture
def point(people: dict[str, Correspondent]) -> Iterator[FocalPoint]:
    with focal_point(people, settings=border) as point:
        yield point


def look_up(point: FocalPoint, who: str = "officer", more: str = "", uims: str = f"{SE_UIM}\n{SE_UIM_2}") -> ReadMail:
    point.send(who, f"GSP LOOKUP\n\nKeys for sealed mail: yes\n{more}\nUIMs:\n{uims}\n")
    (letter,) = point.delivered()[who]
    return letter


def taken(point: FocalPoint, raw: bytes, vouched: bytes = VOUCHED) -> dict[str, object]:
    said = point.gateway.process_file(vouched + raw)
    assert said["outcome"] == "taken", said
    return said


def outgoing(point: FocalPoint) -> dict[str, list[bytes]]:
    mails: dict[str, list[bytes]] = {}
    for address, octets in point.gateway.take_outbox():
        mails.setdefault(address.partition("@")[0], []).append(octets)
    return mails


def read_of(reader: Correspondent | SmimePerson, signer: bytes, raw: bytes, point: FocalPoint) -> ReadMail:
    """A mail that somebody else than the gateway has signed, opened by a client that knows his key."""
    reader.knows(signer)
    mail = reader.read(raw)
    if isinstance(reader, SmimePerson):
        reader.knows(point.gateway.own_certificate())
    return mail


def test_each_look_up_offers_addresses_of_its_own(point: FocalPoint) -> None:
    offered = [look_up(point), look_up(point, uims=SE_UIM), look_up(point, who="colleague", more="To: Kenya\n")]
    assert len({box for letter in offered for box in boxes(letter.text)}) == 3


@pytest.mark.parametrize("scheme", ["openpgp", "smime"])
def test_a_sealed_question_and_its_sealed_answer_pass_unopened(
    scheme: str, people: dict[str, Correspondent], certified: dict[str, SmimePerson]
) -> None:
    everybody = people | (certified if scheme == "smime" else {})
    with focal_point(everybody, settings=border) as point:
        officer, desk = everybody["officer"], everybody["desk.se"]
        letter = look_up(point)
        (box,), (file,) = boxes(letter.text), [octets for name, octets in letter.attachments if name.startswith("se-")]

        said = taken(point, sealed(officer, box, file, ASKED, point, subject="cartons of the third"))
        number = str(said["exchange"])
        sent = outgoing(point)
        (receipt,) = (officer.read(one) for one in sent["officer"])
        assert f"{number}/SE" in receipt.text
        first, second = sent["desk.se"]
        notice = desk.read(second)
        (key,) = [octets for name, octets in notice.attachments if name.startswith("ke-")]
        question = read_of(desk, key, first, point)
        assert question.text.strip() == ASKED
        assert "cartons" not in question.outer_subject
        assert number in question.outer_subject
        assert officer.address in notice.text
        (back,) = boxes(notice.text)
        assert question.reply_to == back
        assert back.startswith("ke+")

        taken(point, sealed(desk, back, key, ANSWERED, point, in_reply_to=question.message_id))
        sent = outgoing(point)
        (answer,) = (read_of(officer, file, one, point) for one in sent["officer"])
        assert answer.text.strip() == ANSWERED
        assert number in desk.read(sent["desk.se"][0]).text
        assert answer.reply_to == box

        details = point.gateway.exchange_details(number)
        assert details["uims"] == 2
        assert [referral["state"] for referral in details["referrals"]] == ["answered"]
