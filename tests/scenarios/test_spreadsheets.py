"""The spreadsheet of a request comes back completed, as it is; a list of UIMs comes as a spreadsheet."""

from __future__ import annotations

import io
from email.message import EmailMessage
from pathlib import Path

import pytest
import xlsxwriter
from python_calamine import CalamineWorkbook

from tests.support.focalpoint import FR_UIM, SE_UIM, SE_UIM_2, FocalPoint, request

LIST = Path(__file__).parent.parent / "unit" / "spreadsheets"


def with_file(body: str, name: str, octets: bytes) -> EmailMessage:
    """A mail with a file, as a mail client makes it."""
    mail = EmailMessage()
    mail.set_content(body)
    mail.add_attachment(octets, "application", "octet-stream", filename=name)
    return mail


def completed(octets: bytes, status: str) -> bytes:
    """The sheet of a request as a spreadsheet program saves it: shared strings, and a status in every row."""
    rows = list(CalamineWorkbook.from_filelike(io.BytesIO(octets)).get_sheet_by_index(0).iter_rows())
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        page = book.add_worksheet("GSP")
        for number, row in enumerate(rows):
            for column, cell in enumerate([row[0], row[1] if number == 0 else status, *row[2:]]):
                page.write_string(number, column, str(cell))
    return out.getvalue()


@pytest.mark.parametrize(
    ("uim", "desk", "status"), [(SE_UIM, "desk.se", "not valid"), (FR_UIM, "desk.fr", "non valide")]
)
def test_a_desk_sends_the_completed_spreadsheet_back_and_the_officer_gets_the_answer(
    point: FocalPoint, uim: str, desk: str, status: str
) -> None:
    number = str(point.send("officer", request(uim))["exchange"])
    referral = point.delivered()[desk][0]
    (octets,) = [octets for name, octets in referral.attachments if name.endswith(".xlsx")]
    mail = with_file(
        f"GSP REPLY\n\nExchange: {number}/{desk[-2:].upper()}\n", "answers.xlsx", completed(octets, status)
    )
    assert point.send(desk, mail)["outcome"] == "taken"
    (answer,) = point.delivered()["officer"]
    assert uim in answer.text
    assert point.gateway.exchange_details(number)["referrals"][0]["state"] == "answered"


@pytest.mark.parametrize("ending", ["xlsx", "ods", "xls"])
def test_a_list_in_a_spreadsheet_is_a_list_and_the_officer_hears_what_is_wrong_in_it(
    point: FocalPoint, ending: str
) -> None:
    octets = (LIST / f"libreoffice.{ending}").read_bytes()
    point.send("officer", with_file(request(""), f"packs.{ending}", octets))
    mails = point.delivered()
    assert SE_UIM in mails["desk.se"][0].text
    assert SE_UIM_2 in mails["desk.se"][0].text
    assert f"packs.{ending} › Packs, cell B5" in mails["officer"][0].text
    assert "This cell holds a number" in mails["officer"][0].text.replace("\r\n", " ").replace("\n", " ")
