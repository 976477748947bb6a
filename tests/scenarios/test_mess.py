"""Every kind of mess that the contract tolerates: one row each, as a real encrypted mail through the program.

Whatever the row does to the same request, the desk must get the same referral: its UIMs octet for octet, the two data
that were ticked, and the officer's words.
"""

from __future__ import annotations

import base64
import quopri
import re
import secrets
from collections.abc import Callable, Iterator
from html import escape

import pytest

from gateway.correspondence import Correspondent
from gateway.facts import Envelope
from gateway.outcome import Refused
from tests.support import tnef
from tests.support.focalpoint import DOMAIN, FocalPoint, focal_point, form_of
from tests.unit.test_winmail import rich

Mess = Callable[[str], bytes]


@pytest.fixture(scope="module")
def gate(people: dict[str, Correspondent]) -> Iterator[FocalPoint]:
    """One focal point for all rows: every request has UIMs of its own."""
    with focal_point(people) as made:
        yield made


def uims() -> tuple[str, str]:
    """Two UIMs of Sweden; the second one begins like a formula's parts and ends like a sentence."""
    return f"QCALL{secrets.token_hex(7)[:13]}25051914", f"QCALL{secrets.token_hex(7)[:13]}25060107"


def form(one: str, two: str) -> str:
    return (
        "GSP REQUEST\n\nCase reference: MOM-2026-0117\nPurpose: investigation\nJustification: cartons in transit\n"
        "Handling: H2\n\nData requested:\n[x] (a) Date and location of manufacture\n[x] (b) Manufacturing facility\n"
        f"[ ] (c) Machine used\n\nQuestions:\nDeclared for export?\n\nUIMs:\n{one}\n{two}\n"
    )


def plain(text: str, parameters: str = "charset=utf-8", encoding: str = "8bit") -> bytes:
    body = text.replace("\n", "\r\n").encode()
    if encoding == "base64":
        body = base64.encodebytes(body)
    if encoding == "quoted-printable":
        body = quopri.encodestring(text.encode()).replace(b"\n", b"\r\n")
    return f"Content-Type: text/plain; {parameters}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode() + body


def html(source: str) -> bytes:
    return b"Content-Type: text/html; charset=utf-8\r\n\r\n" + source.encode()


def multipart(*parts: bytes, kind: str = "mixed") -> bytes:
    inner = b"".join(b"--edge\r\n" + part + b"\r\n" for part in parts)
    return f"Content-Type: multipart/{kind}; boundary=edge\r\n\r\n".encode() + inner + b"--edge--\r\n"


def file(name: str, octets: bytes, media_type: str = "application/octet-stream") -> bytes:
    head = f'Content-Type: {media_type}; name="{name}"\r\nContent-Disposition: attachment; filename="{name}"\r\n'
    return (head + "Content-Transfer-Encoding: base64\r\n\r\n").encode() + base64.encodebytes(octets)


def between(text: str, sign: str) -> str:
    """A sign between the letters of the labels and at the ends of all lines; UIMs keep their octets."""
    return "\n".join(f"{sign}{line}{sign}" for line in text.split("\n"))


def flowed(text: str) -> bytes:
    lines = text.replace("cartons in transit", "cartons in \ntransit").replace("Declared for", "Declared \nfor")
    return plain(lines, "charset=utf-8; format=flowed")


def divs(text: str) -> str:
    return "".join(f"<div>{escape(line) or '<br>'}</div>" for line in text.split("\n"))


def paragraphs(text: str) -> str:
    """As Outlook writes: a paragraph a line, non-breaking spaces, conditional comments, a style sheet."""
    shown = (escape(line) or "&nbsp;" for line in text.split("\n"))
    lines = "".join(f'<p class="MsoNormal"><span>{line}<o:p></o:p></span></p>' for line in shown)
    head = "<head><style>p {margin:0}</style></head>"
    return f"<html>{head}<body><!--[if gte mso 9]>x<![endif]-->{lines}</body></html>"


def numbered(text: str) -> str:
    numbers = iter("12")
    return re.sub(r"(?m)^QCALL", lambda _: f"{next(numbers)}. QCALL", text)


def wrapped(text: str, rtf: str = "") -> bytes:
    """An empty text, and the form in Outlook's file."""
    octets = tnef.winmail(rtf=rtf) if rtf else tnef.winmail(text=text)
    return multipart(plain(" \n"), file("winmail.dat", octets, "application/ms-tnef"))


def spaced(text: str) -> str:
    return "\n".join(line if line.startswith("QCALL") else line.replace(" ", "\u00a0") for line in text.split("\n"))


def quoted(text: str) -> str:
    """A form that came with another mail, filled in between its quotation marks."""
    return "\n".join(f"> {line}" if line else ">" for line in text.split("\n"))


def full_width(text: str) -> str:
    return text.replace(":", "：").replace("[x] (a)", "［x］（a）").replace("[x] (b)", "☑ (b)")


BANNER = "CAUTION: This email originated from outside of the organization. Do not click links.\n\n"
DISCLAIMER = (
    "\n\nThis message and its attachments are confidential and meant for the addressee only.\n"
    "If you are not the addressee, please delete it. Think of the environment before printing.\n"
)
SIGNATURE = "\n-- \nA. Officer\nCustoms, tel. +254 20 000000\nhttps://customs.example\n"
REPLIED = "\n\nOn Sat, 21 Nov 2026 at 09:30, Focal point <gsp@gsp.example.org> wrote:\n> Thank you.\n> GSP HELP\n"
ORIGINAL = (
    "\n\n-----Original Message-----\nFrom: Focal point\nSent: Saturday\nTo: officer\nSubject: help\n\nThank you.\n"
)

MESS: dict[str, Mess] = {
    "as it was sent": plain,
    "HTML-only bodies": lambda text: html(f"<html><body>{divs(text)}</body></html>"),
    "HTML-only bodies, Outlook": lambda text: html(paragraphs(text)),
    "HTML-only bodies, preformatted": lambda text: html(f"<pre>{escape(text)}</pre>"),
    "HTML and text, the text empty": lambda text: multipart(plain(" \n"), html(divs(text)), kind="alternative"),
    "format=flowed": flowed,
    "quoted-printable breaks": lambda text: plain(text, encoding="quoted-printable"),
    "base64": lambda text: plain(text, encoding="base64"),
    "CRLF": lambda text: plain(text.replace("\n", "\r\n")),
    "old line ends": lambda text: plain(text).replace(b"\r\n", b"\r").replace(b"\r", b"\r\n", 3),
    "BOM": lambda text: plain("\ufeff" + text),
    "non-breaking spaces": lambda text: plain(spaced(text)),
    "zero-width spaces": lambda text: plain(between(text, "\u200b")),
    "bidirectional marks": lambda text: plain(between(text, "\u200f")),
    "smart quotes": lambda text: plain(re.sub(r"(QCALL\w+)", "“\\1”", text)),
    "quoting of a form that was replied to": lambda text: plain(quoted(text)),
    "quoting, with an introduction": lambda text: plain("On Saturday the focal point wrote:\n" + quoted(text)),
    "signatures": lambda text: plain(text + SIGNATURE),
    "top-posting": lambda text: plain(text + REPLIED),
    "top-posting, Outlook": lambda text: plain(text + ORIGINAL),
    "legal disclaimers below": lambda text: plain(text + DISCLAIMER),
    "external mail banners above": lambda text: plain(BANNER + text),
    "banner in HTML": lambda text: html(f"<table><tr><td>{BANNER}</td></tr></table>{divs(text)}"),
    "a disclaimer as a part of its own": lambda text: multipart(plain(text), html(f"<p>{DISCLAIMER}</p>")),
    "winmail.dat": wrapped,
    "winmail.dat, rich text": lambda text: wrapped(text, rich(text.replace("\n", "\r\n"))),
    "winmail.dat beside the same text": lambda text: multipart(
        plain(text), file("winmail.dat", tnef.winmail(text=text), "application/ms-tnef")
    ),
    "case and spaces of labels": lambda text: plain(text.replace("UIMs:", "uims :").replace("Purpose:", " PURPOSE :")),
    "full-width punctuation": lambda text: plain(full_width(text)),
    "bold and bullets": lambda text: plain(re.sub(r"(?m)^(Purpose|Justification):", r"*\1:*", text)),
    "numbered UIMs": lambda text: plain(numbered(text)),
    "an RFC 9788 payload": lambda text: (
        b'Subject: request\r\n' + plain(text, 'charset=utf-8; hp="cipher"')
    ),
    "the older protected headers": lambda text: (
        b"Subject: request\r\n" + plain(text, 'charset=utf-8; protected-headers="v1"')
    ),
    "a key and a card beside the form": lambda text: multipart(
        plain(text), file("0xABCD.asc", b"-----BEGIN PGP PUBLIC KEY BLOCK-----", "application/pgp-keys"),
        file("officer.vcf", b"BEGIN:VCARD", "text/vcard"),
    ),
    "no MIME at all": lambda text: text.encode(),
}  # fmt: skip


@pytest.mark.parametrize("name", MESS)
def test_the_desk_gets_the_same_referral_whatever_the_client_did(gate: FocalPoint, name: str) -> None:
    both = uims()
    entity = MESS[name](form(*both))
    armoured = gate.people["officer"].seal(entity, gate.key)
    gate.gateway.process_file(gate.people["officer"].wrap(armoured, f"gsp@{DOMAIN}", gate.clock()))
    mails = gate.delivered()
    referral = form_of(mails["desk.se"][0].text)
    assert re.findall(r"(?m)^UIM: (.*?)\s*$", referral) == list(both)
    assert re.findall(r"(?m)^\((\w)\)", referral) == ["a", "b"] * 2
    told = mails["desk.se"][0].text
    assert "MOM-2026-0117" in told
    assert "| cartons in transit" in told
    assert re.findall(r"(?m)^\| (.*?)\s*$", told)[-1] in ("Declared for export?", "Declared\u00a0for\u00a0export?")
    assert "not understood" not in mails["officer"][0].text
    assert "not read" not in mails["officer"][0].text


def test_inline_text_in_the_charset_of_its_armour_is_read(gate: FocalPoint) -> None:
    one, two = uims()
    russian = form(one, two).replace("cartons in transit", "картонные коробки")
    armoured = gate.people["officer"].seal(russian.encode("koi8-r"), gate.key)
    named = armoured.replace(b"-----\n", b"-----\nCharset: KOI8-R\n", 1)
    head = f"From: officer@party.example\r\nTo: gsp@{DOMAIN}\r\nSubject: ...\r\nMessage-ID: <{one}@x.example>\r\n"
    gate.gateway.process_file(head.encode() + b"Content-Type: text/plain\r\n\r\n" + named.replace(b"\n", b"\r\n"))
    assert "| картонные коробки" in gate.delivered()["desk.se"][0].text


def test_a_winmail_dat_around_the_encryption_is_refused_unopened(gate: FocalPoint) -> None:
    armoured = gate.people["officer"].seal(plain(form(*uims())), gate.key)
    around = multipart(
        plain(" \n"), file("winmail.dat", tnef.winmail(attached={"encrypted.asc": armoured}), "application/ms-tnef")
    )
    head = f"From: officer@party.example\r\nTo: gsp@{DOMAIN}\r\nSubject: ...\r\nMessage-ID: <w@x.example>\r\n"
    answer = gate.gateway.process(head.encode() + around, Envelope("officer@party.example", (f"gsp@{DOMAIN}",)))
    assert isinstance(answer, Refused)
    assert answer.reason.number == 102


@pytest.mark.parametrize("beside", ["This mail was scanned.\n", "-- \nConfidential\n"])
def test_a_footer_beside_the_ciphertext_is_refused_one_that_shows_nothing_is_not(gate: FocalPoint, beside: str) -> None:
    armoured = gate.people["officer"].seal(plain(form(*uims())), gate.key)
    whole = gate.people["officer"].wrap(armoured, f"gsp@{DOMAIN}", gate.clock())
    head, _, body = whole.partition(b"MIME-Version: 1.0\r\n")
    envelope = Envelope("officer@party.example", (f"gsp@{DOMAIN}",))
    answer = gate.gateway.process(head + multipart(body, plain(beside)), envelope)
    assert isinstance(answer, Refused)
    assert answer.reason.number == 102
    gate.gateway.process_file(head + multipart(plain("-- \n"), body))
    assert "desk.se" in gate.delivered()
