"""What goes over the line between `gsp serve` and its worker processes."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from gateway.crew import answer_of, envelope_of, octets_of
from gateway.facts import Envelope, ExchangeNumber, PartyCode, ReferralNumber
from gateway.outcome import REASONS, Answer, Deferred, Held, Refused, Taken

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
