"""A survey that is meant to do harm: nothing of its words is kept or passed on, and it ends nobody else's exchange."""

from __future__ import annotations

import json
from email.message import EmailMessage

import pytest

from tests.hostile.test_forms import answered, asked, uim
from tests.support.cost import allowed, spent
from tests.support.focalpoint import FocalPoint

CANARY = "zimtsternkanarienvogel"


def evaluations(gate: FocalPoint, number: str) -> list[int]:
    trail = gate.gateway.exchange_details(number)["trail"]
    return [line["count"] for line in trail if line["event"] == "evaluated"]


def settled(gate: FocalPoint) -> str:
    """An exchange that Sweden has answered."""
    number, referral = asked(gate, uim())
    gate.send("desk.se", answered(referral.text[referral.text.index("GSP REPLY") :]))
    gate.delivered()
    return number


@pytest.mark.parametrize("field", ["Usefulness", "Answer complete", "Close the exchange", "Remarks", "Exchange"])
def test_words_in_a_survey_are_told_to_their_writer_and_go_nowhere(gate: FocalPoint, field: str) -> None:
    number = settled(gate)
    body = f"GSP EVALUATION\n\nExchange: {number}/SE\nTime acceptable: yes\n{field}: {CANARY}\n\n{CANARY}\n"
    assert gate.send("officer", body)["outcome"] == "taken"
    database = b"".join(path.read_bytes() for path in gate.home.glob("*.db*"))
    assert CANARY.encode() not in database
    assert sorted(gate.delivered()) == ["officer"], "no mail goes to the other side, nor to the Secretariat"
    assert set(evaluations(gate, number)) <= {100}


def test_a_survey_of_thousands_of_lines_is_one_number_and_costs_little(gate: FocalPoint) -> None:
    number = settled(gate)
    body = f"GSP EVALUATION\n\nExchange: {number}/SE\n" + "Usefulness: 5\nAnswer complete: no\n" * 5000
    raw = gate.mail("officer", body)
    begun = spent()
    assert gate.gateway.process_file(raw)["form"] == "evaluation"
    assert spent() - begun < allowed(10)
    assert evaluations(gate, number) == [25]


def test_many_forms_beside_one_another_are_not_all_tried(gate: FocalPoint) -> None:
    number = settled(gate)
    body = "GSP EVALUATION\n\nUsefulness:\n" * 3000 + f"GSP EVALUATION\n\nExchange: {number}/SE\nUsefulness: 1\n"
    raw = gate.mail("officer", body)
    begun = spent()
    assert gate.gateway.process_file(raw)["outcome"] == "taken"
    assert spent() - begun < allowed(20)
    assert evaluations(gate, number) == []


@pytest.mark.parametrize(
    "document",
    [
        {"useful": 55555}, {"useful": "55555"}, {"useful": ["5"]}, {"useful": "5", "count": 9}, {"close": True},
        {"useful": None}, {"exchange": "GSP-2026-000001/SE' OR 1=1"},
    ],
    ids=str,
)  # fmt: skip
def test_json_outside_the_schema_counts_nothing(gate: FocalPoint, document: dict[str, object]) -> None:
    number = settled(gate)
    mail = EmailMessage()
    mail.set_content("")
    octets = json.dumps({"form": "evaluation", "exchange": f"{number}/SE", **document}).encode()
    mail.add_attachment(octets, "application", "json", filename="gsp-evaluation.json")
    assert gate.send("officer", mail)["outcome"] == "taken"
    assert evaluations(gate, number) == []
    assert gate.gateway.exchange_details(number)["state"] == "open"
    assert sorted(gate.delivered()) == ["officer"]


@pytest.mark.parametrize("who", ["desk.se", "colleague", "desk.fr", "desk.at"])
def test_nobody_but_the_asking_party_closes(gate: FocalPoint, who: str) -> None:
    number = settled(gate)
    gate.send(who, f"GSP EVALUATION\n\nExchange: {number}\nRequest clear: no\nClose the exchange: yes\n")
    gate.delivered()
    assert gate.gateway.exchange_details(number)["state"] == "open"
