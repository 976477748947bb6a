"""The directory as people see it: asked for, kept, confirmed by a plain reply, and what the clock brings."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import vobject

from gateway.correspondence import Correspondent, ReadMail
from gateway.events import EventKind
from gateway.treaty import Role
from tests.support.focalpoint import FocalPoint, focal_point, form_of

START = datetime(2030, 1, 10, 8, tzinfo=UTC)
ENTRIES = """GSP DIRECTORY

Function: contact point (Article 28)
Authority: Swedish Customs
Person: A. Andersson
Address: point@tull.example
Telephone: +46 771 520 520
Languages: Swedish, English

Function: central authority
Authority: Ministry of Justice
Address: birs@justice.example

Function: competent authority (Article 8)
Authority: Public Health Agency
Telephone: +46 10 205 20 00
"""


@pytest.fixture
def point(people: dict[str, Correspondent]) -> Iterator[FocalPoint]:
    """A focal point that reminds of nominations, on a day of its own."""
    with focal_point(people, START, nominations=True) as made:
        yield made


def flat(mail: ReadMail) -> str:
    return " ".join(mail.text.split())


def taken(point: FocalPoint, who: str, body: str) -> dict[str, list[ReadMail]]:
    done = point.send(who, body)
    assert (done["outcome"], done["form"]) == ("taken", "directory")
    return point.delivered()


def later(point: FocalPoint, **more: float) -> dict[str, list[ReadMail]]:
    point.now = point.clock() + timedelta(**more)
    point.gateway.tick()
    return point.delivered()


def replied(mail: ReadMail) -> str:
    """What most clients send when somebody presses *Reply* and *Send*."""
    quoted = "\n".join(f"> {line}" for line in mail.text.splitlines())
    return f"\n\nOn Friday the focal point wrote:\n{quoted}\n\n-- \nA. Andersson\nSwedish Customs\n"


def test_entries_are_written_told_to_everybody_else_and_read_by_an_officer(point: FocalPoint) -> None:
    point.gateway.registry.add_person(
        "KE",
        point.people["stranger"].address,
        "K. Chief",
        Role.ADMINISTRATOR,
        "fr",
        point.people["stranger"].public_key,
    )
    told = taken(point, "admin", ENTRIES)
    # Kenya's and Sweden's administrators, the Secretariat, and the desks of the Parties without an administrator.
    assert {who: len(mails) for who, mails in told.items()} == dict.fromkeys(
        ("admin", "stranger", "secretariat", "desk.fr", "desk.at"), 1
    )
    (own,), (other,) = told["admin"], told["stranger"]
    assert "the entries are changed" in flat(own)
    assert "SHA-256" in own.text
    assert other.subject == "Suède a modifié ses entrées dans l’annuaire"
    assert "point@tull.example" in other.text
    assert {name.rpartition(".")[2] for name, _ in other.attachments} >= {"csv", "xlsx", "vcf"}
    assert all(mail.signed_by == point.key and mail.outer_subject == "..." for mail in (own, other))
    (listed,) = taken(point, "officer", "GSP DIRECTORY\n")["officer"]
    assert "A. Andersson" in listed.text
    assert "desk.se@party.example" in listed.text
    files = dict(listed.attachments)
    rows = list(csv.reader(io.StringIO(files["directory.csv"].decode("utf-8-sig"))))
    assert ["Sweden", "contact point (Article 28)", "Swedish Customs", "A. Andersson", "point@tull.example",
            "'+46 771 520 520", "", "Swedish, English", ""] in rows  # fmt: skip
    assert "directory.xlsx" in files
    cards = {str(card.fn.value): card for card in vobject.readComponents(files["directory.vcf"].decode())}
    assert cards["A. Andersson"].email.value == "point@tull.example"
    assert cards["A. Andersson"].org.value == ["Swedish Customs"]
    assert cards["A. Andersson"].role.value == "contact point (Article 28)"
    (french,) = taken(point, "desk.fr", "GSP ANNUAIRE\n\nPartie : Suède\n")["desk.fr"]
    assert "point de contact (article 28)" in french.text
    assert "Kenya" not in french.text
    assert not point.gateway.audit.verify().problems


def test_the_reply_to_the_list_with_one_line_changed_changes_that_entry_alone(point: FocalPoint) -> None:
    taken(point, "admin", ENTRIES)
    (mine,) = taken(point, "admin", "GSP DIRECTORY\n")["admin"]
    changed = form_of(mine.text).replace("A. Andersson", "B. Berg")
    (told,) = taken(point, "admin", changed)["admin"]
    assert "B. Berg (until now: A. Andersson)" in flat(told)
    assert told.text.count("== Replaced ==") == 1
    assert "Ministry of Justice" not in told.text.partition("== Form ==")[0]
    assert len([row for row in point.gateway.registry.directory_rows("SE") if row[9]]) == 3


def test_a_party_is_asked_twice_a_year_and_a_plain_reply_confirms(point: FocalPoint) -> None:
    taken(point, "admin", ENTRIES)
    point.now = datetime(2030, 3, 1, 0, 30, tzinfo=UTC)
    point.gateway.tick()
    point.gateway.tick()
    (asked,) = point.delivered()["admin"]
    assert asked.subject == "Please confirm your Party's entries in the directory"
    assert "Confirm: yes" in asked.text
    told = taken(point, "admin", replied(asked))
    assert set(told) == {"admin"}, "nobody else is written to"
    assert "you have confirmed" in flat(told["admin"][0])
    assert len([row for row in point.gateway.registry.directory_rows("SE") if row[9]]) == 3
    assert later(point, days=90) == {}
    point.now = datetime(2030, 9, 1, 12, tzinfo=UTC)
    point.gateway.tick()
    assert len(point.delivered()["admin"]) == 1


def test_who_does_not_confirm_is_reminded_after_two_and_four_weeks_and_then_the_secretariat_told(
    point: FocalPoint,
) -> None:
    taken(point, "admin", ENTRIES)
    point.now = datetime(2030, 3, 1, tzinfo=UTC)
    heard = []
    for day in range(80):
        if day in (10, 30):
            point.gateway.close()
            point.start()
        for who, mails in later(point, days=1).items():
            # Of the other Parties, which have not nominated, the Secretariat hears earlier.
            told = [mail for mail in mails if who == "admin" or "Not confirmed" in mail.text]
            heard += [(day, who, mail.subject) for mail in told]
    confirm, overdue = "Please confirm your Party's entries in the directory", "Entries in the directory are overdue"
    assert heard == [
        (0, "admin", confirm),
        (14, "admin", confirm),
        (28, "admin", confirm),
        (42, "secretariat", overdue),
    ]


def test_parties_without_nominations_are_reminded_counted_and_shown_to_the_secretariat(point: FocalPoint) -> None:
    heard = []
    for day in range(1, 61):
        for who, mails in later(point, days=1).items():
            heard += [(day, who, mail) for mail in mails]
    assert [(day, who) for day, who, _ in heard] == [(14, "admin"), (28, "admin"), (42, "secretariat")]
    mail = heard[0][2]
    assert mail.subject == "Please nominate your Party's authorities for the directory"
    assert "competent authority (Article 8), contact point (Article 28), central authority (Article 29)" in flat(mail)
    for name in ("Sweden", "Kenya", "France", "Austria"):
        assert name in heard[2][2].text
    rows = {str(row[0]): row for row in point.gateway.registry.standing_rows(every=False)}
    assert rows["SE"][1:4] == ("competent authority, contact point, central authority", "2030-01-10", 2)
    filled = form_of(mail.text)
    for label, value in (("Authority", "Customs"), ("Telephone", "+46 1")):
        filled = filled.replace(f"{label}:\n", f"{label}: {value}\n")
    assert "the entries are changed" in flat(taken(point, "admin", filled)["admin"][0])
    assert "SE" not in {str(row[0]) for row in point.gateway.registry.standing_rows(every=False)}


def test_a_standstill_of_three_weeks_gives_one_mail_and_two_gateways_do_not_give_two(point: FocalPoint) -> None:
    assert len(later(point, days=35)["admin"]) == 1
    point.gateway.tick()
    assert point.gateway.take_outbox() == []
    kinds = Counter(
        kind for kind in (EventKind.NOMINATIONS_REMINDED, EventKind.NOMINATIONS_OVERDUE) for _ in events(point, kind)
    )
    assert kinds == {EventKind.NOMINATIONS_REMINDED: 4}, "one a Party"


def events(point: FocalPoint, kind: EventKind) -> list[object]:
    with point.gateway.store._engine.connect() as connection:
        return list(connection.exec_driver_sql(f"SELECT id FROM event WHERE kind = '{kind.value}'"))


def test_a_form_in_arabic_with_a_mistake_is_answered_in_the_readers_language(point: FocalPoint) -> None:
    body = "GSP دليل\n\nالوظيفة: جهة الاتصال\nالسلطة: الجمارك\nالهاتف: +46 1\nالعنوان: tull.example\n"
    (told,) = taken(point, "admin", body)["admin"]
    assert "not a mail address" in told.text
    assert "Authority: الجمارك" in told.text
    mended = form_of(told.text).replace("tull.example", "point@tull.example")
    assert "the entries are changed" in flat(taken(point, "admin", mended)["admin"][0])
