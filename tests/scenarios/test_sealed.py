"""Sealed mail from the look-up to the answer, by real clients in both schemes; the gateway opens none of it (R9)."""

from __future__ import annotations

import email
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.correspondence import Correspondent, ReadMail
from gateway.facts import Envelope
from gateway.outcome import Taken
from tests.support.focalpoint import DOMAIN, SE_UIM, SE_UIM_2, FocalPoint, focal_point, people_with_keys
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
        first, second = sent["officer"]
        answer = read_of(officer, file, first, point)
        assert answer.text.strip() == ANSWERED
        beside = officer.read(second)
        assert desk.address in beside.text
        assert [name for name, _ in beside.attachments if name.startswith("se-")]
        thanks = desk.read(sent["desk.se"][0]).text
        assert number in thanks
        assert "GSP EVALUATION" in thanks, "the survey comes with what the desk gets anyway"
        assert answer.reply_to == box

        details = point.gateway.exchange_details(number)
        assert details["uims"] == 2
        assert [referral["state"] for referral in details["referrals"]] == ["answered"]

        survey = beside.text[beside.text.index("GSP EVALUATION") :]
        assert point.send("officer", survey.replace("Usefulness:", "Usefulness: 5"))["form"] == "evaluation"
        assert point.gateway.exchange_details(number)["state"] == "closed"


def test_the_survey_of_a_sealed_exchange_comes_once_to_each_side_and_may_be_left_out(
    point: FocalPoint, people: dict[str, Correspondent]
) -> None:
    officer, desk = people["officer"], people["desk.se"]
    (box,) = boxes(look_up(point).text)
    taken(point, sealed(officer, box, desk.public_key, ASKED, point))
    notice = desk.read(outgoing(point)["desk.se"][1])
    (back,) = boxes(notice.text)
    officer.knows(desk.public_key)
    surveys = []
    for words in (ANSWERED, "One thing more.", "And one."):
        taken(point, sealed(desk, back, officer.public_key, words, point))
        mails = [(name, people[name].read(octets)) for name, some in outgoing(point).items() for octets in some]
        assert len(mails) == (3 if words == ANSWERED else 2)
        surveys.append(sorted(name for name, mail in mails if "GSP EVALUATION" in mail.text))
    assert surveys == [["desk.se", "officer"], [], []]


def test_who_logs_in_needs_nobodys_word(people: dict[str, Correspondent]) -> None:
    """A password that `gsp user password` gave, until the next one, or until the person has left."""
    with focal_point(people) as point:
        officer, border_ = people["officer"], point.gateway.border
        first = border_.give_login(officer.address, point.clock())
        assert border_.login(officer.address, first) == officer.address
        assert border_.login(people["desk.se"].address, first) == ""
        assert border_.login("nobody@party.example", first) == ""
        assert border_.login("not an address", first) == ""
        second = border_.give_login(officer.address, point.clock())
        assert (border_.login(officer.address, first), border_.login(officer.address, second)) == ("", officer.address)

        raw = sealed(officer, f"se@{DOMAIN}", people["desk.se"].public_key, ASKED, point)
        envelope = Envelope(rcpt_tos=(f"se@{DOMAIN}",), authenticated_as=officer.address, transport="smtp")
        assert isinstance(point.gateway.process(raw, envelope), Taken)

        border_.withdraw_login(officer.address, point.clock())
        assert border_.login(officer.address, second) == ""
        desk = border_.give_login(people["desk.se"].address, point.clock())
        assert border_.login(people["desk.se"].address.upper(), desk) == people["desk.se"].address
        other = "desk@elsewhere.example"
        point.gateway.registry.add_party("SE", "Kingdom of Sweden", people["desk.se"].address, "en", None)
        assert border_.login(people["desk.se"].address, desk) == people["desk.se"].address
        point.gateway.registry.add_party("SE", "Kingdom of Sweden", other, "en", None)
        assert border_.login(other, desk) == "", "who had the mailbox before is not the new desk"
        mine = border_.give_login(people["colleague"].address, point.clock())
        point.gateway.registry.revoke(people["colleague"].address, "left")
        assert border_.login(people["colleague"].address, mine) == ""


def test_without_a_token_the_number_of_uims_is_undeclared(point: FocalPoint, people: dict[str, Correspondent]) -> None:
    letter = look_up(point, more="To: SE\n", uims="")
    (key,) = [octets for name, octets in letter.attachments if name.startswith("se-")]
    said = taken(point, sealed(people["officer"], f"SE@{DOMAIN}", key, ASKED, point))
    details = point.gateway.exchange_details(str(said["exchange"]))
    assert details["uims"] == 0
    assert people["officer"].read(outgoing(point)["officer"][0]).text.count("look-up") == 0
    # The desk is reminded, is told how it may answer, and may say in a form that it cannot.
    point.now = point.clock() + timedelta(days=8)
    point.gateway.tick()
    (reminder,) = (people["desk.se"].read(one) for one in outgoing(point)["desk.se"])
    assert "sealed" in reminder.text
    assert point.send("desk.se", f"GSP MESSAGE\nExchange: {said['exchange']}/SE\nMessage:\nnot before May\n")
    assert "not before May" in people["officer"].read(outgoing(point)["officer"][0]).text


def test_one_look_up_serves_all_that_follows(point: FocalPoint, people: dict[str, Correspondent]) -> None:
    """What the officer adds is a message in the same referral, in one thread; it gives the desk no more time."""
    (box,) = boxes(look_up(point).text)
    key = people["desk.se"].public_key
    first = taken(point, sealed(people["officer"], box, key, ASKED, point))
    again = taken(point, sealed(people["officer"], box, key, "One thing more.", point))
    assert again["exchange"] == first["exchange"]
    mails = [email.message_from_bytes(octets) for octets in outgoing(point)["desk.se"]]
    ids = {str(mail["Message-ID"]) for mail in mails}
    assert set(str(mails[-1]["References"]).split()) <= ids
    assert len(point.gateway.exchange_rows()) == 1


def test_without_sub_addresses_the_subjects_tag_holds_the_token(people: dict[str, Correspondent]) -> None:
    def settings(home: Path) -> None:
        border(home)
        file = home / "gateway.toml"
        file.write_text(file.read_text().replace("# subaddress = true", "subaddress = false"))

    with focal_point(people, settings=settings) as point:
        letter = look_up(point)
        (tag,) = re.findall(r"\[GSP-\d{4}-\d{6}/SE [a-z2-7]{24}\]", letter.text)
        key = people["desk.se"].public_key
        for to in (f"se@{DOMAIN}", f"gsp@{DOMAIN}"):
            said = taken(point, sealed(people["officer"], to, key, ASKED, point, subject=f"Re: {tag}"))
            assert str(said["exchange"]) in tag
        assert point.gateway.exchange_details(str(said["exchange"]))["uims"] == 2
        mails = [email.message_from_bytes(octets) for octets in outgoing(point)["desk.se"]]
        assert {str(mail["Reply-To"]) for mail in mails} == {f"ke@{DOMAIN}", f"gsp@{DOMAIN}"}
