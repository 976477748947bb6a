"""Whole exchanges, as the people in them see them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.focalpoint import FR_UIM, RU_UIM, SE_UIM, SE_UIM_2, FocalPoint, form_of, request


def fill(form: str, statuses: dict[str, str], **items: str) -> str:
    """A reply form completed as a desk would: a status per UIM, and items by letter."""
    lines, uim = [], ""
    for line in form.split("\n"):
        label, _, value = line.partition(":")
        if label.strip() in ("UIM", "MIU") and value.strip():
            uim = value.strip()
        if uim in statuses and not value.strip():
            if label.strip() in ("Status", "Statut"):
                line = f"{label}: {statuses[uim]}"
            for letter, content in items.items():
                if line.startswith(f"({letter})"):
                    line = f"{label}: {content}"
        lines.append(line)
    return "\n".join(lines)


def test_a_request_reaches_each_party_and_the_answer_comes_back(point: FocalPoint) -> None:
    outcome = point.send("officer", request(SE_UIM, SE_UIM_2, FR_UIM, RU_UIM))
    assert outcome["outcome"] == "taken"
    assert outcome["form"] == "request"
    number = outcome["exchange"]
    assert outcome["referrals"] == [f"{number}/FR", f"{number}/SE"]

    mails = point.delivered()
    assert sorted(mails) == ["desk.fr", "desk.se", "officer"]
    receipt, referral = mails["officer"][0], mails["desk.se"][0]
    assert number in receipt.subject + receipt.text
    assert SE_UIM not in receipt.outer_subject + referral.outer_subject
    assert SE_UIM in referral.text
    assert FR_UIM not in referral.text
    assert {name.rpartition(".")[2] for name, _ in referral.attachments} == {"csv", "xlsx", "asc"}
    assert all(mail.signed_by == point.key for sent in mails.values() for mail in sent)

    reply = fill(form_of(referral.text), {SE_UIM: "valid"}, a="2025-05-19, Malmö", b="Plant 7")
    assert point.send("desk.se", reply, subject=referral.outer_subject)["outcome"] == "taken"
    mails = point.delivered()
    assert sorted(mails) == ["desk.se", "officer"]
    answer = mails["officer"][0]
    assert "2025-05-19, Malmö" in answer.text
    assert SE_UIM in answer.text
    assert point.gateway.exchange_details(number)["referrals"][1]["state"] == "partly answered"

    rest = fill(form_of(mails["desk.se"][0].text), {SE_UIM_2: "not valid"})
    point.send("colleague", rest)
    assert SE_UIM_2 in point.delivered()["officer"][0].text
    assert point.gateway.exchange_details(number)["referrals"][1]["state"] == "answered"


def test_the_same_mail_twice_changes_nothing_and_sends_nothing_twice(point: FocalPoint) -> None:
    raw = point.mail("officer", request(SE_UIM))
    first = point.gateway.process_file(raw)
    assert len(point.gateway.take_outbox()) == 2
    again = point.gateway.process_file(b"Received: by another route\r\n" + raw)
    assert again["exchange"] == first["exchange"]
    assert point.gateway.take_outbox() == []


def test_a_french_desk_reads_french_and_the_officer_reads_english(point: FocalPoint) -> None:
    point.send("officer", request(FR_UIM))
    referral = point.delivered()["desk.fr"][0]
    assert "Justification" in referral.text
    form = form_of(referral.text)
    assert "Statut" in form
    point.send("desk.fr", fill(form, {FR_UIM: "valable"}, a="Riom, 19 mai 2025"))
    answer = point.delivered()["officer"][0]
    assert "Riom, 19 mai 2025" in answer.text
    assert "Date and location of manufacture" in answer.text


def test_not_ours_goes_back_and_the_requester_is_told(point: FocalPoint) -> None:
    outcome = point.send("officer", request(SE_UIM))
    referral = point.delivered()["desk.se"][0]
    point.send("desk.se", fill(form_of(referral.text), {SE_UIM: "not ours"}))
    told = point.delivered()["officer"]
    assert any(SE_UIM in mail.text for mail in told)
    details = point.gateway.exchange_details(str(outcome["exchange"]))
    assert details["referrals"][0]["state"] == "returned"


def test_a_message_goes_to_the_other_side_in_the_same_thread(point: FocalPoint) -> None:
    number = point.send("officer", request(SE_UIM))["exchange"]
    point.delivered()
    body = f"GSP MESSAGE\n\nExchange: {number}/SE\n\nMessage:\nPlease answer this week.\n"
    assert point.send("officer", body)["outcome"] == "taken"
    mails = point.delivered()
    assert sorted(mails) == ["desk.se"], "one mail in, one mail out"
    assert "Please answer this week." in mails["desk.se"][0].text


def test_a_request_without_purpose_comes_back_with_the_line_marked(point: FocalPoint) -> None:
    body = request(SE_UIM).replace("Purpose: investigation", "Purpose:")
    outcome = point.send("officer", body)
    assert outcome["outcome"] == "taken"
    assert outcome["referrals"] == []
    mails = point.delivered()
    assert sorted(mails) == ["officer"]
    form = form_of(mails["officer"][0].text)
    assert "←" in next(line for line in form.split("\n") if line.startswith("Purpose"))
    assert SE_UIM in form
    mended = "\n".join("Purpose: detection" if ln.startswith("Purpose") else ln for ln in form.split("\n"))
    assert point.send("officer", mended)["referrals"]


@pytest.mark.parametrize("body", ["", "GSP HELP\n", "GSP AIDE\n"])
def test_help_is_one_mail_away(point: FocalPoint, body: str) -> None:
    assert point.send("officer", body)["outcome"] == "taken"
    text = point.delivered()["officer"][0].text
    assert "GSP REQUEST" in text
    assert "Justification" in text


def test_nobody_else_hears_of_a_lookup(point: FocalPoint) -> None:
    assert point.send("officer", f"GSP LOOKUP\n\nUIMs:\n{SE_UIM}\n{RU_UIM}\n")["form"] == "lookup"
    mails = point.delivered()
    assert sorted(mails) == ["officer"]
    assert "Sweden" in mails["officer"][0].text


def test_status_shows_my_exchanges_and_not_those_of_others(point: FocalPoint) -> None:
    point.now = datetime.now(UTC)  # both letters that are compared tell the minute
    number = point.send("officer", request(FR_UIM))["exchange"]
    point.delivered()
    point.send("officer", f"GSP STATUS\n\nExchange: {number}\n")
    assert str(number) in point.delivered()["officer"][0].text
    point.send("colleague", "GSP STATUS\n")
    assert str(number) not in point.delivered()["colleague"][0].text
    point.send("colleague", f"GSP STATUS\n\nExchange: {number}\n")
    wrong = point.delivered()["colleague"][0].text
    point.send("colleague", "GSP STATUS\n\nExchange: GSP-2026-000999\n")
    absent = point.delivered()["colleague"][0].text
    assert wrong.replace(str(number), "N").splitlines()[:6] == absent.replace("GSP-2026-000999", "N").splitlines()[:6]


def test_a_reminder_brings_the_reply_form_with_what_is_still_open(point: FocalPoint) -> None:
    start = datetime.now(UTC)
    point.now = start
    number = point.send("officer", request(SE_UIM, SE_UIM_2))["exchange"]
    point.send("desk.se", f"GSP REPLY\n\nExchange: {number}/SE\n\nUIM: {SE_UIM}\nStatus: valid\n(a): Malmo\n")
    point.delivered()
    point.now = start + timedelta(days=8)
    point.gateway.tick()
    (reminder,) = point.delivered()["desk.se"]
    form = form_of(reminder.text)
    assert SE_UIM_2 in form
    assert SE_UIM not in form.replace(SE_UIM_2, "")
    answered = point.send("desk.se", form.replace("Status:", "Status: valid", 1))
    assert answered["outcome"] == "taken"
    assert SE_UIM_2 in point.delivered()["officer"][0].text


def test_a_silent_desk_is_reminded_then_its_administrator_then_the_exchange_ends(point: FocalPoint) -> None:
    start = datetime.now(UTC)  # the mail is signed now; only later days are the test's
    point.now = start
    number = str(point.send("officer", request(SE_UIM))["exchange"])
    point.delivered()
    seen: list[str] = []
    for day in range(1, 130):
        point.now = start + timedelta(days=day)
        point.gateway.tick()
        for name, mails in point.delivered().items():
            seen += [f"{day} {name}"] * len(mails)
    assert "7 desk.se" in seen
    assert "14 desk.se" in seen
    assert any(line.endswith(" admin") for line in seen)
    assert any(line.endswith(" officer") for line in seen)
    assert len(seen) == len(set(seen))
    details = point.gateway.exchange_details(number)
    assert details["state"] == "closed"
    assert details["referrals"][0]["state"] == "expired"


def test_of_copies_that_come_at_once_none_is_held_and_all_get_the_same_answer_in_the_end(point: FocalPoint) -> None:
    raw = point.mail("officer", request(SE_UIM))
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: point.gateway.process_file(raw), range(8)))
    taken = [answer for answer in answers if answer["outcome"] == "taken"]
    assert taken
    assert all("[GSP-301]" in str(answer["refusal"]) for answer in answers if answer not in taken), "sent again later"
    assert {answer["exchange"] for answer in [*taken, point.gateway.process_file(raw)]} == {taken[0]["exchange"]}
    assert len(point.gateway.take_outbox()) == 2


def test_replies_are_taken_after_the_officer_who_asked_has_left(point: FocalPoint) -> None:
    number = point.send("officer", request(SE_UIM, SE_UIM_2))["exchange"]
    point.delivered()
    point.gateway.registry.revoke(point.people["officer"].address, "left")
    for uim, said in ((SE_UIM, "valid\n(a) Malmö"), (SE_UIM_2, "not ours")):
        reply = f"GSP REPLY\n\nExchange: {number}/SE\n\nUIM: {uim}\nStatus: {said}\n"
        assert point.send("desk.se", reply)["outcome"] == "taken"
    told = point.delivered()["desk.ke"]
    assert any("Malmö" in mail.text for mail in told)


@pytest.mark.parametrize("written", ["GSP {} {}", "GSP-{} {}", "GSP - {} - {}", "gsp-{}-{} / se"])
def test_the_number_of_an_exchange_is_read_however_it_is_spaced(point: FocalPoint, written: str) -> None:
    number = str(point.send("officer", request(SE_UIM))["exchange"])
    _, year, serial = number.split("-")
    point.delivered()
    point.send("officer", f"GSP STATUS\n\nExchange: {written.format(year, serial)}\n")
    assert f"the whole trail of {number}" in " ".join(point.delivered()["officer"][0].text.split())


def test_a_number_that_cannot_be_is_told(point: FocalPoint) -> None:
    point.send("officer", "GSP STATUS\n\nExchange: GSP-2026-000000\n")
    assert "is not the number of an exchange" in point.delivered()["officer"][0].text
