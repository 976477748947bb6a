"""A pattern whose UIMs come back as "not ours": officers are asked, and read why; better answers bring it back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from gateway.digests import Digests
from tests.scenarios.test_exchange import fill
from tests.support.focalpoint import SE_UIM, FocalPoint, form_of, request

CODES = [f"QCALL7hT2kQ9m{letter}b7Kd25051914" for letter in "ABCDEFGHJKLMNPQRSTUVWXYZabcdefgh"]


def answered(point: FocalPoint, who: str, codes: list[str], status: str) -> dict[str, str]:
    """Somebody asks Sweden, naming it, and its desk answers; the texts that went to each reader at the end."""
    body = request(*codes, case=f"C-{codes[0]}").replace("Purpose:", "To: SE\nPurpose:")
    point.send(who, body)
    asked = point.delivered()["desk.se"][0]
    reply = fill(form_of(asked.text), dict.fromkeys(codes, status))
    assert point.send("desk.se", reply, subject=asked.outer_subject)["outcome"] == "taken"
    return {name: " ".join(mails[0].text.split()) for name, mails in point.delivered().items()}


def standing(point: FocalPoint) -> tuple[int, int, int | None, int | None]:
    """Answers, "not ours" of them, the rank that is described, and that which is left."""
    (one,) = point.gateway.patterns.quality(12)
    return one.answers, one.counted.not_ours, one.described, one.rank


def test_what_often_comes_back_is_sent_after_a_confirmation_only_and_the_officer_reads_why(point: FocalPoint) -> None:
    point.now = datetime.now(UTC)
    assert point.gateway.patterns.quality(12) == ()
    for who, codes in (("officer", CODES[:5]), ("desk.at", CODES[5:9])):
        told = answered(point, who, codes, "not ours")
        assert "have often come back" not in told[who]
    outcome = point.send("desk.fr", request(SE_UIM, case="F-1"))
    assert [str(one)[-2:] for one in outcome["referrals"]] == ["SE"], "nine answers are few: sent without asking"
    point.delivered()

    answered(point, "desk.at", CODES[9:11], "not ours")
    answers, not_ours, described, rank = standing(point)
    assert (answers, not_ours) == (11, 11)
    assert described is not None
    assert rank is not None
    assert described >= 80 > rank >= 60
    outcome = point.send("desk.fr", request(CODES[11], case="F-2"))
    assert outcome["referrals"] == []
    mails = point.delivered()
    assert list(mails) == ["desk.fr"]
    told = " ".join(mails["desk.fr"][0].text.split())
    assert "« pas à nous » : veuillez confirmer que cette Partie doit être interrogée" in told
    assert "Suède" in told
    assert "%" not in told, "a share would tell whom others ask"
    for other in ("Kenya", "Autriche"):
        assert other not in told

    lines = form_of(mails["desk.fr"][0].text).split("\n")
    reply = "\n".join(line.partition("←")[0].rstrip() + " SE" if line.startswith("À") else line for line in lines)
    outcome = point.send("desk.fr", reply)
    assert [str(one)[-2:] for one in outcome["referrals"]] == ["SE"], "the officer has confirmed"
    assert CODES[11] in point.delivered()["desk.se"][0].text

    point.now += timedelta(days=7)
    Digests(point.gateway).send(at_once=True)
    digests = {who: " ".join(mails[0].text.split()) for who, mails in point.delivered().items()}
    assert "Please speak with the Party: UIMs of 1 pattern often come back as “not ours”." in digests["secretariat"]
    assert "Please describe 1 marking anew (GSP PATTERN): your desk often answers “not ours”" in digests["admin"]

    answered(point, "officer", CODES[12:18], "valid")
    answered(point, "desk.fr", CODES[18:25], "valid")
    answers, not_ours, described, rank = standing(point)
    assert (answers, not_ours) == (24, 11)
    assert rank is not None
    assert described > rank >= 80
    outcome = point.send("desk.fr", request(CODES[25], case="F-3"))
    assert [str(one)[-2:] for one in outcome["referrals"]] == ["SE"], "better answers: sent without asking"
    assert not point.gateway.audit.verify().problems
