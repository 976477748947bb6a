"""An officer photographs packs: the codes go where they belong, and the receipt shows what was read, and where."""

from __future__ import annotations

from email.message import EmailMessage

from tests.support import photographs as made
from tests.support.focalpoint import FR_UIM, SE_UIM, FocalPoint, request
from tests.support.hostile_sheets import cell, workbook

EAN = "5901234123457"


def with_pictures(body: str, *pictures: bytes) -> EmailMessage:
    """A mail with photographs as a telephone names them."""
    mail = EmailMessage()
    mail.set_content(body)
    for number, octets in enumerate(pictures, 1):
        mail.add_attachment(octets, "image", "jpeg", filename=f"IMG_000{number}.jpg")
    return mail


def test_the_codes_of_a_photograph_are_referred_and_the_receipt_shows_where_they_stand(point: FocalPoint) -> None:
    one = made.jpeg(made.plain(("Data Matrix", SE_UIM), ("EAN-13", EAN)))
    two = made.jpeg(made.plain(("QR Code", FR_UIM)))
    assert point.send("officer", with_pictures(request(""), one, two))["outcome"] == "taken"
    mails = point.delivered()
    assert SE_UIM in mails["desk.se"][0].text
    assert FR_UIM in mails["desk.fr"][0].text
    assert "IMG_0001" not in mails["desk.se"][0].text + mails["desk.se"][0].html
    (receipt,) = mails["officer"]
    assert "Picture “IMG_0001.jpg”:\n    1. upper left, Data Matrix:\n" + SE_UIM in receipt.text.replace("\r", "")
    assert "IMG_0001.jpg, code 2, upper middle" in receipt.text  # the EAN: no UIM
    assert receipt.html.count("<img ") == 2
    assert f'alt="IMG_0001.jpg: 1: upper left, Data Matrix: {SE_UIM}; 2: upper middle, EAN-13: {EAN}"' in receipt.html


def test_pictures_of_one_name_or_none_are_told_apart(point: FocalPoint) -> None:
    mail = EmailMessage()
    mail.set_content("GSP LOOKUP\n")
    for number, name in enumerate(("image.jpg", "image.jpg", None, None), 1):
        octets = made.jpeg(made.plain(("Data Matrix", f"{SE_UIM[:-8]}2505191{number}")))
        mail.add_attachment(octets, "image", "jpeg", filename=name)
    point.send("officer", mail)
    text = point.delivered()["officer"][0].text.replace("\r", "")
    for number, name in enumerate(("image.jpg", "image.jpg #2", "JPEG", "JPEG #2"), 1):
        assert f"Picture “{name}”:\n    1. upper left, Data Matrix:\n{SE_UIM[:-8]}2505191{number}" in text
        assert f"- {name}, code 1, upper left" in text


def test_a_nameless_picture_too_many_is_named_by_its_kind_and_number(point: FocalPoint) -> None:
    mail = EmailMessage()
    mail.set_content("GSP LOOKUP\n")
    for _ in range(11):
        mail.add_attachment(b"\xff\xd8\xff", "image", "jpeg")
    point.send("officer", mail)
    words = " ".join(point.delivered()["officer"][0].text.split())
    assert "The picture “JPEG #10” cannot be read" in words
    assert "The file “JPEG #11” was not opened: a mail may bring 10 files of this kind" in words


def test_a_nameless_spreadsheet_is_called_by_its_kind(point: FocalPoint) -> None:
    mail = EmailMessage()
    mail.set_content("GSP LOOKUP\n")
    mail.add_attachment(
        workbook(cell("A1", SE_UIM)), "application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    )
    point.send("officer", mail)
    assert "- SHEET › S, cell A1" in point.delivered()["officer"][0].text


def test_a_photograph_without_codes_comes_back_with_the_form_and_what_to_do(point: FocalPoint) -> None:
    point.send("officer", with_pictures(request(""), made.jpeg(made.plain())))
    (notice,) = point.delivered()["officer"]
    words = " ".join(notice.text.split())
    assert "No code could be read in the picture “IMG_0001.jpg”. Take it again" in words
    assert "Case reference: MOM-2026-0117" in words


def test_a_photograph_is_looked_up_and_shown_and_nobody_else_is_written_to(point: FocalPoint) -> None:
    point.send("officer", with_pictures("GSP LOOKUP\n", made.jpeg(made.plain(("Data Matrix", SE_UIM)))))
    mails = point.delivered()
    assert set(mails) == {"officer"}
    assert "IMG_0001.jpg, code 1, upper left" in mails["officer"][0].text
    assert mails["officer"][0].html.count("<img ") == 1


def test_a_reply_with_a_picture_is_read_without_opening_it(point: FocalPoint) -> None:
    number = str(point.send("officer", request(SE_UIM))["exchange"])
    point.delivered()
    body = f"GSP REPLY\n\nExchange: {number}/SE\n\nUIM: {SE_UIM}\nStatus: not valid\n"
    point.send("desk.se", with_pictures(body, made.jpeg(made.plain(("Data Matrix", FR_UIM)))))
    mails = point.delivered()
    assert "not valid" in mails["officer"][0].text
    assert FR_UIM not in mails["officer"][0].text + mails["desk.se"][0].text
    assert "IMG_0001.jpg" in mails["desk.se"][0].text  # it was not read, and the desk is told
