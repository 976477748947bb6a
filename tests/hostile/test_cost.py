"""What a stranger may cost us: reading is bounded before it begins."""

from __future__ import annotations

import pytest

from tests.hostile import hostile
from tests.support.cost import allowed, spent
from tests.support.focalpoint import FocalPoint

Log = pytest.LogCaptureFixture


FIELDS = {
    "quotes in From": b"From: " + b'"' * 60_000,
    "comments in From": b"From: " + b"(" * 60_000,
    "addresses in From": b"From: " + b"a@b.example," * 5000,
    "signs in To": b"To: <" + b"@" * 60_000,
    "encoded words in Subject": b"Subject: " + b"=?a?q?x" * 9000,
    "parameters": b'Content-Type: text/plain;"' + b";" * 60_000,
    "disposition": b'Content-Disposition: attachment; filename="' + b"\\" * 60_000,
    "fields": b"\r\n".join(b"X: y" for _ in range(10_000)),
}
BODIES = {
    "armours": b"\r\n" + b"-----BEGIN PGP MESSAGE-----\r\n" * 50_000,
    "key packets": b"\r\n" + hostile.armour(b"\xc1\x01\x03" * 500_000),
    "chunks": b"\r\n" + hostile.armour(b"\xd2" + b"\xe0\x01" * 500_000),
    "report fields": b"Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status"
    b"\r\n\r\n" + b"Action: x\r\n" * 100_000 + b"\r\n--b--",
    "open tags": b"Content-Type: text/html\r\n\r\n-----BEGIN PGP MESSAGE-----" + b"<a>" * 50_000 + b"</b>" * 50_000,
    "comments": b"Content-Type: text/html\r\n\r\n-----BEGIN PGP MESSAGE-----" + b"<!--<!" * 200_000,
    "half tags": b"Content-Type: text/html\r\n\r\n-----BEGIN PGP MESSAGE-----" + b"<a " * 200_000,
    "copies": b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(19))
    + b"x" * 20_000_000,
}


@pytest.mark.parametrize("raw", [*FIELDS.values(), *BODIES.values()], ids=[*FIELDS, *BODIES])
def test_a_stranger_cannot_buy_minutes_with_one_mail(gate: FocalPoint, raw: bytes) -> None:
    field = raw if raw in FIELDS.values() else b"From: a@b.example\r\n" + raw
    end = b"\r\n" if raw not in FIELDS.values() else b"\r\n" + gate.mail("officer", "GSP HELP\n").partition(b"\r\n")[2]
    before = hostile.traces(gate)
    began = spent()
    answer = gate.gateway.process(field + end, hostile.OUTSIDE)
    assert spent() - began < allowed(4)
    if "Reason" in repr(answer):
        assert answer.reason.number < 300  # type: ignore[union-attr]
        assert hostile.traces(gate) == before
