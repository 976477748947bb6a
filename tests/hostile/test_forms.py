"""A known sender, bad content: what is wrong is told by line, what is right goes on, and nobody learns of others."""

from __future__ import annotations

import csv
import io
import re
import secrets
import zipfile
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import pytest

from gateway.correspondence import Correspondent, ReadMail
from tests.hostile.hostile import traces
from tests.support.focalpoint import DOMAIN, FR_UIM, FocalPoint, focal_point, form_of, request

TAG = re.compile(r"\[GSP-\d{4}-\d{6,9}/[A-Z]{2} [a-z2-7]{24}\]")


def uim() -> str:
    """A UIM of Sweden that no other test uses."""
    return f"QCALL{secrets.token_hex(7)[:13]}25051914"


def answered(form: str, status: str = "valid", items: str = "Plant 7") -> str:
    """A reply form with a status for every UIM and a facility."""
    lines = re.sub(r"(?m)^(Status|Statut):[ \t]*$", rf"\1: {status}", form.replace("\r\n", "\n"))
    return re.sub(r"(?m)^(\(b\)[^:\n]*):[ \t]*$", lambda found: f"{found[1]}: {items}", lines)


def asked(gate: FocalPoint, *uims: str, **words: str) -> tuple[str, ReadMail]:
    """An exchange with Sweden: its number, and the referral that the desk reads."""
    number = str(gate.send("officer", request(*uims, **words))["exchange"])
    return number, gate.delivered()["desk.se"][0]


def state(gate: FocalPoint, number: str) -> str:
    """The state of the exchange's first referral."""
    return str(gate.gateway.exchange_details(number)["referrals"][0]["state"])


def reason(mail: ReadMail) -> str:
    """What a letter says above the writer's own form, without the digest of his mail."""
    above = mail.text[: mail.text.rindex("GSP ")]
    return re.sub(r"[0-9a-f]{64}|\d{4}-\d\d-\d\d \d\d:\d\d", "#", above)


# --- no form, half a form ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        "Dear colleague, could you look up some cartons for us?",
        "GSP REQUEST",
        "GSP REQUEST\n" * 300,
        "GSP NONSENSE\n\nUIMs:\nQCALL7hT2kQ9mZb7Kd25051914\n",
        "GSP REPLY\n\nExchange: ../../etc/passwd\n",
        "GSP REPLY\n\nExchange: GSP-99999999999999999999-1/SE\n",
        "GSP STATUS\n\nExchange: ' OR 1=1 --\n",
        "GSP LOOKUP\n\nUIMs:\n" + "\u202e\u2066\ufeff\n" * 50,
        ":" * 5000,
        "\n" * 20_000,
    ],
)
def test_what_is_no_form_is_answered_to_its_writer_only(gate: FocalPoint, body: str) -> None:
    exchanges = gate.gateway.exchange_rows()
    assert gate.send("officer", body)["outcome"] == "taken"
    assert set(gate.delivered()) == {"officer"}
    assert gate.gateway.exchange_rows() == exchanges


def test_of_a_list_with_rubbish_the_good_go_on_and_the_others_come_back_with_their_line(gate: FocalPoint) -> None:
    good = [uim() for _ in range(70)]
    bad = [f"not a code at all number {number} ☃" for number in range(30)]
    mixed = [code for place in range(10) for code in good[place * 7 : place * 7 + 7] + bad[place * 3 : place * 3 + 3]]
    body = request(*mixed)
    gate.send("officer", body)
    mails = gate.delivered()
    referral = mails["desk.se"][0]
    rows = next(octets for name, octets in referral.attachments if name.endswith(".csv")).decode("utf-8-sig")
    assert [row[0] for row in csv.reader(io.StringIO(rows))][1:] == good
    assert "not a code" not in referral.text + rows
    told = mails["officer"][0].text
    for code in bad:
        line = body.split("\n").index(code) + 1
        assert re.search(rf"\b{line}\b", told), f"line {line} is not named"


# --- a reply that is not due ------------------------------------------------------------------------


def test_a_reply_with_a_wrong_or_foreign_token_changes_nothing(gate: FocalPoint) -> None:
    number, mail = asked(gate, uim())
    other = str(gate.send("officer", request(FR_UIM))["exchange"])
    french = gate.delivered()["desk.fr"][0]
    for subject in (TAG.sub(f"[{number}/SE {'a' * 24}]", mail.outer_subject), mail.outer_subject):
        # The same text in the same second has the same Ed25519 signature, which is a replay.
        gate.send("desk.fr", f"{subject}\n\n{answered(form_of(mail.text))}", subject=subject)
        assert set(gate.delivered()) == {"desk.fr"}
    gate.send("desk.se", answered(form_of(french.text), "valable"), subject=french.outer_subject)
    assert set(gate.delivered()) == {"desk.se"}
    assert state(gate, number) == state(gate, other) == "sent"


def test_another_partys_numbers_and_tokens_tell_nothing(gate: FocalPoint) -> None:
    number, mail = asked(gate, uim())
    absent = "GSP-2026-000999"
    gate.send("desk.fr", "GSP HELP\n")  # the first answer to anybody brings the gateway's key
    gate.delivered()
    form = answered(form_of(mail.text))
    bodies = (form, f"GSP MESSAGE\n\nExchange: {number}/SE\n\nMessage: Hello\n", f"GSP STATUS\n\nExchange: {number}\n")
    for body in bodies:
        said = []
        for name in (number, absent):
            gate.send("desk.fr", body.replace(number, name), subject=mail.outer_subject.replace(number, name))
            mails = gate.delivered()
            assert set(mails) == {"desk.fr"}
            said.append(reason(mails["desk.fr"][0]).replace(name, "N"))
        assert said[0] == said[1]
    assert state(gate, number) == "sent"


def test_uims_that_were_not_asked_are_named_and_not_passed_on(gate: FocalPoint) -> None:
    mine, foreign = uim(), uim()
    number, mail = asked(gate, mine)
    gate.send("desk.se", answered(form_of(mail.text).replace(mine, foreign)))
    mails = gate.delivered()
    assert set(mails) == {"desk.se"}
    assert foreign in mails["desk.se"][0].text
    assert state(gate, number) == "sent"


def test_the_same_answer_twice_is_passed_on_as_a_new_answer_and_said(gate: FocalPoint) -> None:
    number, mail = asked(gate, uim())
    form = answered(form_of(mail.text))
    gate.send("desk.se", form)
    assert "already" not in gate.delivered()["desk.se"][0].text
    gate.send("desk.se", "Once more:\n\n" + form)
    assert "already" in gate.delivered()["desk.se"][0].text
    assert state(gate, number) == "answered"


def test_an_answer_after_closing_goes_to_nobody_else_and_its_writer_is_told(people: dict[str, Correspondent]) -> None:
    with focal_point(people) as gate:
        start = gate.now = datetime.now(UTC)
        number, mail = asked(gate, uim())
        for day in range(7, 140, 7):
            gate.now = start + timedelta(days=day)
            gate.gateway.tick()
        gate.delivered()
        assert gate.gateway.exchange_details(number)["state"] == "closed"
        reply = people["desk.se"].write(f"gsp@{DOMAIN}", gate.key, answered(form_of(mail.text)), datetime.now(UTC))
        assert gate.gateway.process_file(reply)["outcome"] == "taken"
        assert set(gate.delivered()) == {"desk.se"}


# --- injection --------------------------------------------------------------------------------------

EVIL = "x\r\nBcc: eve@evil.example\u2028X-Evil: 1\u0085X-Evil: 2\x0bX-Evil: 3 =?utf-8?q?=0D=0AX-Evil:_4?= \x00"
TEMPLATE = "{{7*191}} {% for x in y %} ${7*191} <b>&amp; %(case)s {0.__class__}"


def fields_of(octets: bytes) -> list[str]:
    """The names of the header fields of a mail as every program must read them."""
    head = octets.partition(b"\r\n\r\n")[0]
    return [line.split(b":")[0].decode().lower() for line in re.split(rb"\r\n(?![ \t])", head)]


@pytest.mark.parametrize("where", ["case", "justification", "questions", "subject", "filename"])
def test_no_field_of_a_form_begins_a_header_field(gate: FocalPoint, where: str) -> None:
    message = EmailMessage()
    evil = EVIL.replace("\r\n", "\r")
    message.set_content(request(uim(), **({where: evil} if where in ("case", "justification", "questions") else {})))
    if where == "filename":
        message.add_attachment(b"x", maintype="application", subtype="octet-stream", filename="../../etc/x")
    octets = message.as_bytes().replace(b"../../etc/x", b"../../etc/=?utf-8?q?=0D=0ABcc:_eve?=\\\\..\\\\x")
    if where == "subject":
        octets = b"Subject: =?utf-8?q?x=0D=0ABcc:_eve=40evil.example?=\r\n" + octets.replace(
            b"text/plain;", b'text/plain; hp="cipher";', 1
        )
    officer = gate.people["officer"]
    raw = officer.wrap(officer.seal(octets.replace(b"\n", b"\r\n"), gate.key), "gsp@gsp.example.org", gate.clock())
    assert gate.gateway.process_file(raw)["outcome"] == "taken"
    people = {person.address: person for person in gate.people.values()}
    mails = gate.gateway.take_outbox()
    assert mails
    for recipient, sent in mails:
        inside, _ = people[recipient].open(sent[sent.index(b"-----BEGIN") :])
        for part in (sent, inside):
            names = fields_of(part)
            assert "bcc" not in names
            assert "x-evil" not in names
        assert all("/" not in name and "\\" not in name for name, _ in people[recipient].read(sent).attachments)


def test_words_that_look_like_a_template_are_printed_as_they_stand(gate: FocalPoint) -> None:
    _, mail = asked(gate, uim(), justification=TEMPLATE, case=TEMPLATE[:60], questions=TEMPLATE)
    assert "1337" not in mail.text + mail.html
    assert "{{7*191}}" in mail.text
    assert "<b>" not in mail.html or "&lt;b&gt;" in mail.html
    gate.send("desk.se", answered(form_of(mail.text), items=TEMPLATE))
    answer = gate.delivered()["officer"][0]
    assert "{{7*191}}" in answer.text
    assert "1337" not in answer.text + answer.html


@pytest.mark.parametrize("cell", ["=cmd|'/c calc'!A1", "+1+1", "-1+1", "@SUM(1)", "=HYPERLINK(1)"])
def test_no_cell_of_a_list_is_a_formula(gate: FocalPoint, cell: str) -> None:
    code = uim()
    _, mail = asked(gate, code, case=cell)
    reply = answered(form_of(mail.text), items=cell)
    gate.send("desk.se", re.sub(r"(?m)^Remarks:[ \t]*$", lambda _: f"Remarks: {cell}", reply))
    sent = [*mail.attachments, *(file for letter in gate.delivered()["officer"] for file in letter.attachments)]
    assert {name[-4:] for name, _ in sent} >= {".csv", "xlsx"}
    for name, octets in sent:
        if name.endswith(".csv"):
            cells = [value for row in csv.reader(io.StringIO(octets.decode("utf-8-sig"))) for value in row]
            assert not [value for value in cells if value[:1] in tuple("=+-@\t\r") and value not in ("", "+", "-")]
        if name.endswith(".xlsx"):
            sheets = zipfile.ZipFile(io.BytesIO(octets))
            assert not any(b"<f>" in sheets.read(part) for part in sheets.namelist())


def test_a_refused_or_useless_mail_leaves_the_exchanges_of_others_alone(gate: FocalPoint) -> None:
    number, _ = asked(gate, uim())
    before = traces(gate)[1]
    for body in (f"GSP REPLY\n\nExchange: {number}/FR\n", f"GSP MESSAGE\n\nExchange: {number}/SE\n\nMessage: x\n"):
        gate.send("desk.fr", body)
        assert set(gate.delivered()) == {"desk.fr"}
    assert traces(gate)[1] == before
