"""Nothing of a mail vanishes without a word: further forms, further files, and words beside the form."""

from __future__ import annotations

import json

import pytest

from gateway.content import MimePart, ProtectedHeaders, Reading, Severity
from gateway.facts import EncryptedMail, Envelope, VisibleHeaders, digest, proven_ciphertext
from gateway.forms._beside import labelled
from gateway.stages.read import read
from tests.support.cost import allowed, spent
from tests.unit.test_attachments import KINDS
from tests.unit.test_winmail import FORM, ONE, TWO, VOCABULARY, leaf, mail, reading

NUMBER = "GSP-2026-000042/SE"
REPLY = f"GSP REPLY\r\n\r\nExchange: {NUMBER}\r\n\r\nUIM: {ONE}\r\nStatus: valid\r\n"
MESSAGE = f"GSP MESSAGE\r\n\r\nExchange: {NUMBER}\r\nMessage: please protect the source\r\n"


def told(found: Reading) -> list[tuple[Severity, int, str]]:
    """(severity, line, beginning of the sentence) of each finding."""
    return [(one.severity, one.line, one.text.message[:12]) for one in found.findings]


def document(uim: str, name: str = "gsp-request.json", **more: str) -> MimePart:
    said = {"form": "request", "purpose": "detection", "justification": "seized", "uims": [uim], **more}
    return leaf(json.dumps(said), "application/json", name)


def test_of_two_requests_in_one_mail_neither_is_sent() -> None:
    found = reading(leaf(FORM + "\r\n" + FORM.replace(ONE, TWO)))
    assert told(found) == [(Severity.BLOCKS, 9, "This mail ho")]


def test_a_second_form_of_another_kind_is_named_with_its_line() -> None:
    found = reading(leaf(REPLY + "\r\n" + MESSAGE))
    assert (found.form.name, len(found.form.blocks)) == ("reply", 1)
    assert told(found) == [(Severity.NOTE, 8, "The form “GS")]


def test_a_blank_form_below_is_not_worth_a_word() -> None:
    assert told(reading(leaf(REPLY + "\r\nGSP MESSAGE\r\n\r\nExchange:\r\nMessage:\r\n"))) == []


def test_the_forms_of_an_earlier_mail_below_are_not_the_writers() -> None:
    earlier = "From: desk@example.org\r\nSent: Monday\r\nTo: us@example.org\r\nSubject: x\r\n\r\n"
    assert told(reading(leaf(FORM + "\r\n" + earlier + FORM))) == []
    assert told(reading(leaf(FORM + "\r\n" + "\r\n".join("> " + line for line in FORM.split("\r\n"))))) == []


HEAD = "\r\nFrom: a@example.org\r\nSent: Monday\r\nTo: us@example.org\r\n\r\nThe codes are:\r\n\r\n"


@pytest.mark.parametrize(
    ("below", "line"),
    [
        ("Stamp numbers:\r\nKE1234567\r\nKE1234568\r\n", 6),
        ("We found\r\n1. AB12-3456\r\nand others.\r\n", 6),
        ("Vehicle KBX 123A, 3 cartons\r\nMombasa\r\nKBX1A\r\n2026-11-03\r\n12345678\r\n-- \r\nOffice4B\r\n", 0),
    ],
)
def test_a_line_too_short_to_be_taken_for_a_uim_is_told_where_a_request_has_none(below: str, line: int) -> None:
    found = reading(leaf(f"GSP REQUEST\r\nPurpose: detection\r\nJustification: seized\r\n\r\n{below}"))
    assert (found.form.uims, [(one.line, one.field) for one in found.findings]) == ((), [(line, "")] * bool(line))
    assert reading(leaf(f"GSP REQUEST\r\nJustification: x\r\nKE1234567\r\nUIMs:\r\n{ONE}")).findings == ()


@pytest.mark.parametrize("earlier", [f"{HEAD}1. {TWO}\r\n", f"\r\n> Found today:\r\n> {TWO}\r\n"])
def test_codes_in_a_mail_that_was_forwarded_are_not_read_and_the_writer_is_told_where_they_stand(earlier: str) -> None:
    found = reading(leaf(FORM.replace(f"{ONE}\r\n", "") + earlier))
    assert found.form.uims == ()
    (finding,) = found.findings
    assert finding.text.message.startswith("UIMs stand in the earlier mail below your form")
    assert (finding.field, TWO in finding.got, finding.line) == ("uims", True, (FORM + earlier).count("\r\n") - 1)
    assert told(reading(leaf(FORM + earlier))) == []
    assert told(reading(mail(leaf(FORM.replace(ONE, "") + earlier), leaf(ONE, name="list.txt")))) == []


@pytest.mark.parametrize(
    "label", ["UIM numbers:", "Codes trouvés :\r\n", "编码：", "Questions: what is known?\r\n", ""]
)
def test_where_the_label_of_the_uims_is_another_one_or_none_they_are_no_part_of_the_justification(label: str) -> None:
    written = f"{label}\r\n1. {ONE}\r\n2. {TWO}\r\n\r\nRegards,\r\nJ. Doe, +254 722 123456\r\n"
    found = reading(leaf(FORM.partition("UIMs:")[0] + written))
    assert [uim.text for uim in found.form.uims] == [ONE, TWO]
    assert [uim.line for uim in found.form.uims] == [7 + label.count("\r\n"), 8 + label.count("\r\n")]
    assert (found.form.get("justification"), found.findings) == ("seized", ())
    assert found.form.get("questions") == ("what is known?" if "Questions" in label else "")


def test_a_table_that_outlook_made_text_cell_by_cell_is_read_by_rows_in_its_html() -> None:
    rows = [("Nr", "UIM", "Qty"), ("1", ONE, "200"), ("2", TWO, "10")]
    head = FORM.partition(ONE)[0].replace("\r\n\r\n", "\r\nData requested:\r\n[x] (a)\r\n", 1)
    cells = "".join(f"{cell}\r\n\r\n" for row in rows for cell in row)
    table = "".join(f"<tr>{''.join(f'<td><p class=MsoNormal>{cell}</p></td>' for cell in row)}</tr>" for row in rows)
    html = "".join(f"<p class=MsoNormal>{line}</p>" for line in head.split("\r\n")) + f"<table>{table}</table>"
    found = reading(mail(leaf(head + cells), leaf(html, "text/html")))
    assert ([uim.text for uim in found.form.uims], found.findings) == ([ONE, TWO], ())
    assert found.form.ticked("data_requested") == {"a"}
    other = html.replace(ONE, f"{ONE[:-1]}5")  # it says something else: the text counts
    assert ONE in [uim.text for uim in reading(mail(leaf(head + cells), leaf(other, "text/html"))).form.uims]


def test_ticks_that_only_html_has_are_kept_where_the_uims_have_another_label() -> None:
    head = FORM.partition("UIMs:")[0]
    html = f"{head}Data requested:\r\n☑ (a)\r\n☐ (b)\r\nOur packs:\r\n{ONE}\r\n".replace("\r\n", "<br>\r\n")
    found = reading(mail(leaf(f"{head}Our packs:\r\n{ONE}\r\n"), leaf(html, "text/html")))
    assert [uim.text for uim in found.form.uims] == [ONE]
    assert found.form.ticked("data_requested") == {"a"}


def test_the_title_may_stand_in_the_subject_where_the_uims_have_another_label() -> None:
    body = f"{FORM.partition('UIMs:')[0]}Our packs:\r\n{ONE}\r\n".removeprefix("GSP REQUEST\r\n")
    assert not body.startswith("GSP")
    seen = EncryptedMail("openpgp", proven_ciphertext(b"x"), digest(b"x"), VisibleHeaders(), Envelope(), 1)
    found = read(mail(leaf(body)), ProtectedHeaders(subject="GSP REQUEST"), seen, VOCABULARY, KINDS)
    assert [uim.text for uim in found.form.uims] == [ONE]


def test_codes_within_a_text_of_many_lines_are_looked_through_at_once() -> None:
    codes = "".join(f"ABCDEFGHIJK{number:06}\r\n" for number in range(20_000))
    for above in ("We hold\r\n", "Questions:\r\n" * 5_000):
        lines = (FORM.partition("UIMs:")[0] + above + codes).splitlines()
        began = spent()
        assert labelled(lines, VOCABULARY, "request") == ()
        assert spent() - began < allowed(0.7), above


def test_a_label_with_a_short_value_behind_it_is_no_code_where_the_list_has_another_label() -> None:
    head = "GSP طلب\n\nرقم القضية: {}\nالغرض: تحقيق\nالمبرر: ضُبطت في الميناء\n\nالأكواد:\n"
    for case in ("AR-31", "KE/2026/000117-A"):
        found = reading(leaf(f"{head.format(case)}١- {ONE}\n٢- {TWO}\n\nشكراً،\n"))
        assert [uim.text for uim in found.form.uims] == [ONE, TWO]
        assert found.form.get("case_reference") == case


@pytest.mark.parametrize("above", ["We hold", "Questions:", "Case reference:"])
def test_a_code_within_a_text_or_behind_a_label_of_the_form_stays_there(above: str) -> None:
    found = reading(leaf(f"{FORM.partition('UIMs:')[0]}{above}\r\n{ONE}\r\n"))
    assert found.form.uims == ()
    listed = mail(leaf(f"{FORM.partition('UIMs:')[0]}As before\r\n\r\n{ONE}\r\n"), leaf(TWO, name="list.txt"))
    assert [uim.text for uim in reading(listed).form.uims] == [TWO], "elsewhere it is part of a text"


@pytest.mark.parametrize("form", [REPLY, MESSAGE])
def test_words_above_an_answer_or_a_message_are_not_dropped_in_silence(form: str) -> None:
    found = reading(leaf("Dear colleague, the rest follows on Friday.\r\n\r\n" + form))
    assert told(found) == [(Severity.NOTE, 1, "This text st")]
    assert found.findings[0].got == ""


@pytest.mark.parametrize(
    "above",
    [
        "",
        "[EXTERNAL]\r\n\r\n",
        "CAUTION: this mail comes from outside.\r\nDo not open files.\r\n\r\n",
        "\u200b\r\n--\r\n",
    ],
)
def test_what_servers_put_above_a_form_is_no_text_of_the_writer(above: str) -> None:
    assert told(reading(leaf(above + REPLY))) == []


def test_words_above_a_reply_inside_a_quotation_are_told_and_the_quoted_ones_are_not() -> None:
    quoted = "\r\n".join("> " + line for line in ("Words of the other side.", *REPLY.split("\r\n")))
    introduced = "On Monday, 3 November 2026 at 10:30, desk@example.org wrote:\r\n"
    assert told(reading(leaf(introduced + quoted))) == []
    found = reading(leaf("More on Friday.\r\n\r\n" + introduced + quoted))
    assert told(found) == [(Severity.NOTE, 1, "This text st")]


@pytest.mark.parametrize(
    "words", ["see attachment", "Attached.", "см. вложение", "见附件", "مرفق", "voir liste-3.csv", "cf. liste-3"]
)
def test_words_that_only_point_to_the_attached_list_are_no_uim(words: str) -> None:
    body = f"GSP REQUEST\r\n\r\nPurpose: detection\r\nJustification: seized\r\nUIMs: {words}\r\n"
    found = reading(mail(leaf(body), leaf(ONE, "text/csv", "liste-3.csv")))
    assert ([uim.text for uim in found.form.uims], found.findings) == ([ONE], ())
    assert [uim.text for uim in reading(leaf(body)).form.uims] == (["Attached."] if words == "Attached." else [])
    assert len(reading(leaf(body)).findings) == (words != "Attached.")


@pytest.mark.parametrize("line", ["QCALL7 hT2kQ", "4.6E+12", "liste-3.csv 12", "QCALLABCDEF"])
def test_beside_an_attached_list_what_may_be_a_uim_is_told(line: str) -> None:
    body = f"GSP REQUEST\r\n\r\nPurpose: detection\r\nJustification: seized\r\nUIMs:\r\n{line}\r\n"
    found = reading(mail(leaf(body), leaf(ONE, "text/csv", "liste-3.csv")))
    assert line in [*(uim.text for uim in found.form.uims), *(one.got for one in found.findings)]


def test_of_two_json_files_none_is_taken() -> None:
    found = reading(mail(leaf(""), document(ONE), document(TWO, "gsp-request-2.json")))
    assert [(one.severity, one.where) for one in found.findings] == [(Severity.BLOCKS, "gsp-request-2.json")]


def test_a_form_in_the_text_beside_a_json_file_is_named() -> None:
    found = reading(mail(leaf(FORM), document(TWO)))
    assert [uim.text for uim in found.form.uims] == [TWO]
    assert told(found) == [(Severity.NOTE, 0, "The form “GS")]
    assert dict(found.findings[0].text.values)["name"] == "gsp-request.json"
    blank = reading(mail(leaf("GSP REQUEST\r\n\r\nPurpose:\r\nUIMs:\r\n"), document(TWO)))
    assert told(blank) == []


@pytest.mark.parametrize("html", [False, True])
def test_words_beside_a_json_reply_are_not_dropped_in_silence(html: bool) -> None:
    answer = leaf(json.dumps({"form": "reply", "exchange": NUMBER, "answers": [{"uim": ONE, "status": "valid"}]}),
                  "application/json", "gsp-reply.json")  # fmt: skip
    words = leaf("<p>The rest follows on Friday.</p>" if html else "The rest follows on Friday.",
                 "text/html" if html else "text/plain", "")  # fmt: skip
    found = reading(mail(words, answer))
    assert (found.form.name, len(found.form.blocks)) == ("reply", 1)
    assert told(found) == [(Severity.NOTE, 1, "This text st")]
    for silent in ("", "-- \r\nA. Officer\r\n", "> quoted\r\n", REPLY.replace("valid", "")):
        assert told(reading(mail(leaf(silent), answer))) == []


def test_words_beside_a_json_request_are_no_answer_to_anybody() -> None:
    assert told(reading(mail(leaf("Please find the list attached.\r\n"), document(ONE)))) == []
