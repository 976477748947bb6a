"""The directory against who would change it for others, and against what a name can do to a page, a table, a card."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import UTC, datetime

import pytest
import vobject

from gateway.content import Letter, Text
from gateway.correspondence import ReadMail
from gateway.directory import Entry
from gateway.events import MailKind
from gateway.facts import PartyCode
from gateway.language import LANGUAGES
from gateway.rosters import Roster
from gateway.rules.directory import asking_form, sheet
from gateway.stages import _cards
from gateway.treaty import Function
from tests.support import samples
from tests.support.cost import allowed, spent
from tests.support.focalpoint import FocalPoint
from tests.support.rendering import languages, seen

SE = PartyCode("SE")
EVIL = '=HYPERLINK("http://evil.example";"x")<script>alert(1)</script>{{ letter }}\'; DROP TABLE entry; --'
FORM = "GSP DIRECTORY\n\nFunction: contact point\nAuthority: {authority}\nTelephone: +46 1\n"


def rows(point: FocalPoint) -> list[tuple[object, ...]]:
    return [row for row in point.gateway.registry.directory_rows() if row[9]]


def flat(mail: ReadMail) -> str:
    return " ".join(mail.text.split())


@pytest.mark.parametrize("who", ["officer", "colleague", "desk.se", "desk.ke"])
@pytest.mark.parametrize("party", ["", "Party: Sweden\n", "Party: Kenya\n"])
def test_who_is_no_administrator_changes_nothing_anywhere(gate: FocalPoint, who: str, party: str) -> None:
    before = rows(gate)
    gate.send(who, FORM.format(authority="Thieves").replace("\nFunction", f"\n{party}Confirm: yes\n\nFunction"))
    told = gate.delivered()
    assert set(told) == {who}
    assert "Ask your Party's administrator" in flat(told[who][0])
    assert rows(gate) == before


def test_an_administrator_changes_nothing_of_another_party(gate: FocalPoint) -> None:
    before = rows(gate)
    gate.send("admin", FORM.format(authority="Thieves").replace("\nFunction", "\nParty: Kenya\n\nFunction"))
    told = gate.delivered()
    assert set(told) == {"admin"}
    assert "Nothing was changed" in told["admin"][0].subject
    assert rows(gate) == before


def test_the_number_of_another_partys_entry_names_nothing(point: FocalPoint) -> None:
    point.send("secretariat", FORM.format(authority="KRA").replace("\nFunction", "\nParty: Kenya\n\nFunction"))
    number = next(row[9] for row in rows(point))
    point.gateway.take_outbox()
    for more in ("Remove: yes\n", ""):
        point.send("admin", FORM.format(authority="Thieves") + f"{more}Entry: {number}\n")
        assert f"no entry {number}" in flat(point.delivered()["admin"][0])
    assert [row[2] for row in rows(point)] == ["KRA"]


def test_a_name_that_is_code_is_a_name_everywhere(point: FocalPoint) -> None:
    point.send("admin", FORM.format(authority=EVIL))
    point.gateway.take_outbox()
    point.send("officer", "GSP DIRECTORY\n")
    mail = point.delivered()["officer"][0]
    assert EVIL in mail.text.replace("\n", " ").replace("  ", " ") or "<script>" in mail.text
    assert "<script" not in mail.html
    assert "&lt;script&gt;" in mail.html
    files = dict(mail.attachments)
    assert b"\"'=HYPERLINK(" in files["directory.csv"]
    with zipfile.ZipFile(io.BytesIO(files["directory.xlsx"])) as book:
        page = book.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in page
    assert "=HYPERLINK(" in page
    (card,) = [one for one in vobject.readComponents(files["directory.vcf"].decode()) if one.org.value == [EVIL]]
    assert not card.contents.get("url")


@pytest.mark.parametrize(
    "name",
    ["A\r\nEND:VCARD\r\nBEGIN:VCARD\r\nFN:Eve", "A\nTEL:666", "A;B,C\\nD", "A\rX:1", "\u2028TEL:666", "é" * 120, "A\\"],
)
def test_a_card_holds_one_person_whatever_the_name(name: str) -> None:
    entry = Entry(SE, Function.EXPERT, name, name, "a@b.example", name, name, name, name)
    written = _cards.to_vcards((entry,), languages().catalogue("en")).decode()
    (card,) = vobject.readComponents(written)
    assert {key for key in card.contents} == {
        "version", "uid", "fn", "n", "org", "role", "categories", "email", "tel", "adr", "note",
    }  # fmt: skip
    assert card.fn.value == " ".join(name.split())
    assert written.count("\r\n") == written.count("\n")


def entries(count: int) -> tuple[Entry, ...]:
    since = datetime(2026, 1, 1, tzinfo=UTC)
    codes = [PartyCode(a + b) for a in "ABCDEFGHIJ" for b in "ABCDEFGHIJKLMNOPQRST"]
    return tuple(
        Entry(codes[n % 200], Function.EXPERT, f"Authority {n}", f"Person {n}", f"p{n}@b.example", "+1 2", "Box 1",
              "English", "by day", n, since)
        for n in range(count)
    )  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_directory_of_ten_thousand_entries_is_one_readable_mail_in_seconds(language: str) -> None:
    many = entries(10_000)
    letter = Letter(
        MailKind.NOTICE, samples.reader(language), Text("The directory of the Parties' authorities"), Roster(many),
        form=asking_form(), sheets=sheet(many),
    )  # fmt: skip
    begun = spent()
    mail = seen(letter)
    assert spent() - begun < allowed(20)
    assert len(mail.text) < 30_000
    assert re.search(r"9[.,\u00a0\u202f\u066c]?950", mail.text)
    assert mail.attachments["directory.csv"].count(b"\r\n") == 10_001
    assert mail.attachments["directory.vcf"].count(b"BEGIN:VCARD") == _cards.MOST
