"""What goes over the line between `gsp serve` and its worker processes."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from gateway.crew import answer_of, envelope_of, octets_of
from gateway.facts import Envelope, ExchangeNumber, PartyCode, ReferralNumber
from gateway.outcome import REASONS, Answer, Deferred, Held, Refused, Taken
from gateway.serving import answering

_NUMBER = ExchangeNumber(2026, 42)


@pytest.mark.parametrize(
    "answer",
    [
        Taken(),
        Taken("request", _NUMBER, (ReferralNumber(_NUMBER, PartyCode("SE")),), repeated=True),
        Refused(REASONS[201]),
        Held(REASONS[401]),
        Deferred(REASONS[303]),
    ],
)
def test_an_answer_comes_over_whole(answer: Answer) -> None:
    assert answer_of(octets_of(answer)) == answer


def test_no_answer_is_taken_that_is_not_one_of_ours() -> None:
    with pytest.raises((ValueError, KeyError)):
        answer_of(b'{"kind": "Taken", "form": "x", "exchange": "<script>", "referrals": [], "repeated": false}')


def test_an_envelope_comes_over_whole() -> None:
    envelope = Envelope("a@ke.example", ("gsp@x.example", "reply+t@x.example"), "officer", True, "lmtp")
    assert envelope_of(json.dumps(asdict(envelope)).encode()) == envelope


@pytest.mark.parametrize("where", ["vouched", "work"])
def test_a_mail_that_stumbles_over_a_defect_comes_again_and_ends_nothing(where: str) -> None:
    told: list[str] = []

    def vouched(_: bytes, envelope: Envelope) -> Envelope:
        if where == "vouched" and envelope.transport == "imap":
            raise AttributeError("the mail's own words")
        return envelope

    def work(_: bytes, envelope: Envelope) -> Answer:
        if where == "work" and envelope.transport == "imap":
            raise OSError
        return Taken("help")

    process = answering(vouched, work, lambda: told.append("taken"))
    assert process(b"", Envelope(transport="imap")) == Deferred(REASONS[304])
    assert process(b"", Envelope(transport="smtp")) == Taken("help")
    assert told == ["taken"]
