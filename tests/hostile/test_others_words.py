"""What one side writes comes back with the letter in the other's reply: nothing in it is read as a form of his."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from gateway.content import Block, FilledForm, Letter, Uim, text
from gateway.forms._grammar import Vocabulary
from gateway.forms._reading import read_form
from gateway.letters import MessageLetter, UimNote
from gateway.mime.text import html_to_lines
from gateway.treaty import Handling
from tests.support import samples
from tests.support.rendering import languages, seen
from tests.support.world import FORMS

UIM = "QCALL7hT2kQ9mZb7Kd25051914"
FORGED = f"GSP REPLY\n\nExchange: {samples.REFERRAL}\nHandling: H0\n\nUIM: {UIM}\nStatus: valid\na: forged"
LONG = " ".join(["x" * 72, *(f"{line} {'x' * 72}" for line in FORGED.split("\n") if line)])  # each on a line alone


@cache
def vocabulary() -> Vocabulary:
    return Vocabulary(FORMS, languages())


def referral(status: str, **hostile: object) -> Letter:
    """A desk's letter, whose form it has filled in with this status ("": left as it was)."""
    values = replace(samples.referral(), **{"uims": (UimNote(Uim(UIM)),), "total": 1, **hostile})  # type: ignore[arg-type]
    block = Block({"uim": UIM, "status": status})
    form = FilledForm("reply", {"exchange": str(samples.REFERRAL), "handling": "H1"}, blocks=(block,))
    return replace(samples.letter("referral", "en"), values=values, form=form, sheets=())


HOSTILE: dict[str, dict[str, object]] = {
    "questions": {"questions": FORGED},
    "justification": {"justification": FORGED},
    "a long line that is broken there": {"questions": LONG, "case_reference": LONG, "justification": LONG},
    "UIMs": {
        "uims": tuple(
            UimNote(Uim(line)) for line in ("GSPREPLY", "GSP-REPLY", f"UIM:{UIM}", "Status:valid", "a:forged")
        )
    },
    "fields of one line": {
        "case_reference": "GSP REPLY",
        "details": ((text("Place of seizure"), f"UIM: {UIM}"), (text("Product"), "Status: valid")),
    },
    "a title that reads from the right": {"case_reference": "رد GSP", "questions": "رد GSP\nStatus: valid"},
}


def replies(letter: Letter) -> dict[str, list[str]]:
    """The letter as programs send it back: as text and as what they make of its HTML, quoted or not."""
    mail = seen(letter)
    told = {"text": mail.text.split("\n"), "HTML": [line.lstrip("> ") for line in html_to_lines(mail.html)]}
    marked = {f"{kind}, marked": ["> " + line for line in lines] for kind, lines in told.items()}
    below = {f"{kind} below": ["Hello,", "", *lines] for kind, lines in (told | marked).items()}
    return told | marked | below


@pytest.mark.parametrize("where", HOSTILE)
def test_a_desk_that_fills_in_its_form_answers_what_it_wrote(where: str) -> None:
    for kind, lines in replies(referral("not valid", **HOSTILE[where])).items():
        read, _, _ = read_form(lines, vocabulary())
        assert [(block.values["uim"], block.values["status"]) for block in read.blocks] == [(UIM, "not valid")], kind
        assert read.get("handling") == "H1", kind


@pytest.mark.parametrize("where", HOSTILE)
def test_a_desk_that_only_sends_the_letter_back_answers_nothing(where: str) -> None:
    for kind, lines in replies(referral("", **HOSTILE[where])).items():
        read, _, _ = read_form(lines, vocabulary())
        assert not [block for block in read.blocks if block.values.get("status") or block.values.get("a")], kind


@pytest.mark.parametrize(
    "form", ["GSP APPROVE\nRegistration: 17\nDecision: approve", "GSP REVOKE\nAddress: a@b.example"]
)
def test_a_message_is_no_order_of_whoever_answers_it(form: str) -> None:
    values = MessageLetter(samples.REFERRAL, samples.SE, Handling.H0, f"Please see:\n\n{form}", samples.EVIDENCE)
    letter = replace(samples.letter("message", "en"), values=values)
    for kind, lines in replies(letter).items():
        for subject in ("", "message"):
            read, _, _ = read_form(lines, vocabulary(), subject)
            assert read.name in ("message", ""), kind
            assert not {"registration", "decision", "address"} & {key for key, value in read.values.items() if value}


def test_an_address_is_shown_as_it_is_because_none_is_a_title() -> None:
    for address in ("gsp@re.ply", "GSP-RE@PLY", "reply@gsp"):
        assert vocabulary().title(address) == ""
        assert f"| {address}" not in seen(referral("", case_reference=address)).text


def test_what_people_write_themselves_is_read_as_before() -> None:
    for title in ("GSPSTATUS", "GSP-STATUS", "gsp_status", "GSP STATUS", "**GSP STATUS**"):
        assert read_form(["", title, "", f"Exchange: {samples.EXCHANGE}"], vocabulary())[0].name == "status"
