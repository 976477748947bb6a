"""The survey as both sides see it: it comes below the answer and the thanks, and a reply with it is all."""

from __future__ import annotations

import json
from email.message import EmailMessage

import pytest

from tests.scenarios.test_exchange import fill
from tests.support.focalpoint import FR_UIM, SE_UIM, FocalPoint, request

FILLED = {"Usefulness:": "useful", "Answer complete:": "yes", "Right Party asked:": "yes", "Request clear:": "no"}


def survey_of(text: str) -> str:
    """The survey of a letter, completed as its reader would."""
    lines = text[text.index("GSP EVALUATION") :].split("\n")
    for place, line in enumerate(lines):
        label = line.partition(" ←")[0]
        if label in FILLED:
            lines[place] = f"{label} {FILLED[label]}"
    return "\n".join(lines)


def referral(text: str) -> str:
    """The reply form of a referral."""
    return text[text.index("GSP REPLY") :]


def quoted(text: str) -> str:
    """As a client quotes the mail to which somebody replies."""
    return "\n".join("> " + line for line in text.split("\n"))


def exchanged(point: FocalPoint, *uims: str) -> tuple[str, str, str]:
    """A request to Sweden (and others) that Sweden has answered: number, answer and thanks."""
    number = str(point.send("officer", request(*uims))["exchange"])
    asked = point.delivered()["desk.se"][0]
    point.send("desk.se", fill(referral(asked.text), {SE_UIM: "valid"}, a="Malmö"), subject=asked.outer_subject)
    mails = point.delivered()
    return number, mails["officer"][0].text, mails["desk.se"][0].text


def counts(point: FocalPoint, number: str) -> list[int]:
    trail = point.gateway.exchange_details(number)["trail"]
    return [line["count"] for line in trail if line["event"] == "evaluated"]


def test_each_side_completes_the_form_below_its_mail_and_the_asking_side_closes(point: FocalPoint) -> None:
    number, answer, thanks = exchanged(point, SE_UIM)
    assert "If you have two minutes" in answer
    assert "If you have two minutes" in thanks
    assert point.send("colleague", survey_of(thanks))["form"] == "evaluation"
    assert "you need do nothing more" in point.delivered()["colleague"][0].text
    assert point.gateway.exchange_details(number)["state"] == "open"

    raw = point.mail("officer", quoted(answer[: answer.index("GSP EVALUATION")] + survey_of(answer)))
    assert point.gateway.process_file(raw)["form"] == "evaluation", "filled in within the quotation, below a blank form"
    mails = point.delivered()
    assert sorted(mails) == ["officer"]
    assert "is closed." in " ".join(mails["officer"][0].text.split())
    assert point.gateway.exchange_details(number)["state"] == "closed"
    assert counts(point, number) == [201, 14]
    assert point.gateway.process_file(raw)["outcome"] == "taken", "the same mail again changes nothing"
    assert point.delivered() == {}
    assert counts(point, number) == [201, 14]

    assert point.send("desk.se", survey_of(thanks))["outcome"] == "taken", "also after closing"
    told = " ".join(point.delivered()["desk.se"][0].text.split())
    assert "They take the place of those that your Party gave before" in told


def test_it_waits_for_the_other_party_until_the_officer_says_yes(point: FocalPoint) -> None:
    number, answer, _ = exchanged(point, SE_UIM, FR_UIM)
    point.send("officer", survey_of(answer))
    told = point.delivered()["officer"][0].text
    assert "France" in told
    assert point.gateway.exchange_details(number)["state"] == "open"
    again = "\n".join(
        "Close the exchange: yes" if line.startswith("Close the exchange:") else line
        for line in told[told.index("GSP EVALUATION") :].split("\n")
    )
    point.send("officer", again)
    mails = point.delivered()
    assert sorted(mails) == ["desk.fr", "officer"]
    assert number in mails["desk.fr"][0].text
    assert "GSP ÉVALUATION" in mails["desk.fr"][0].text
    assert point.gateway.exchange_details(number)["state"] == "closed"
    reply = f"GSP REPLY\n\nExchange: {number}/FR\n\nUIM: {FR_UIM}\nStatus: valid\n"
    assert point.send("desk.fr", reply)["outcome"] == "taken"
    assert sorted(point.delivered()) == ["desk.fr"], "told that it is closed; nothing reaches the officer"


@pytest.mark.parametrize("who", ["desk.fr", "desk.at"])
def test_another_party_cannot_evaluate_even_with_the_token(point: FocalPoint, who: str) -> None:
    number = str(point.send("officer", request(SE_UIM))["exchange"])
    asked = point.delivered()["desk.se"][0]
    body = f"GSP EVALUATION\n\nExchange: {number}/SE\nRequest clear: no\nClose the exchange: yes\n"
    assert point.send(who, body, subject=asked.outer_subject)["form"] == "evaluation"
    mails = point.delivered()
    assert sorted(mails) == [who]
    assert counts(point, number) == []
    assert point.gateway.exchange_details(number)["state"] == "open"


def test_a_system_may_send_json(point: FocalPoint) -> None:
    number, _, _ = exchanged(point, SE_UIM)
    mail = EmailMessage()
    mail.set_content("")
    document = {"form": "evaluation", "exchange": f"{number}/SE", "useful": "5", "in_time": "no"}
    mail.add_attachment(json.dumps(document).encode(), "application", "json", filename="gsp-evaluation.json")
    assert point.send("officer", mail)["form"] == "evaluation"
    assert counts(point, number) == [205]
    assert point.gateway.exchange_details(number)["state"] == "closed"
