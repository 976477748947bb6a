"""A registered person, a hostile picture: it is refused with a word on what to do, and ends its own process at most."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zlib
from collections.abc import Callable
from email.message import EmailMessage

import pillow_heif
import pytest
from PIL import Image

from gateway.attachments import Trouble
from gateway.parsing import parse
from tests.support import photographs as made
from tests.support.focalpoint import SE_UIM, FocalPoint, request
from tests.support.parsed import in_process

GOOD = made.plain(("Data Matrix", SE_UIM))
JPEG = made.jpeg(GOOD)


def png(width: int, height: int, *chunks: tuple[bytes, bytes], kind: int = 0) -> bytes:
    """A PNG with these chunks behind its head (ISO/IEC 15948)."""
    head = (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, kind, 0, 0, 0))
    packed = [struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
              for name, body in (head, *chunks, (b"IEND", b""))]  # fmt: skip
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


def saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


def sequence() -> bytes:
    """A HEIC whose head says that it is a film."""
    out = io.BytesIO()
    pillow_heif.from_pillow(Image.new("RGB", (64, 64))).save(out, quality=50)
    return out.getvalue().replace(b"ftypheic", b"ftyphevc", 1)


def sized(width: int, height: int) -> bytes:
    """A JPEG whose head claims a size that its content does not have."""
    at = JPEG.index(b"\xff\xc0") + 5
    return JPEG[:at] + struct.pack(">HH", height, width) + JPEG[at + 4 :]


BROKEN: dict[str, Callable[[], bytes]] = {
    "an empty file": lambda: b"",
    "half a JPEG": lambda: JPEG[: len(JPEG) // 2],
    "a JPEG of its head alone": lambda: JPEG[:20],
    "a PNG without its pixels": lambda: png(100, 100),
    "a PNG with fewer pixels than it says": lambda: png(3000, 3000, (b"IDAT", zlib.compress(bytes(1000)))),
    "a PNG whose check sums are wrong": lambda: saved(GOOD, "PNG").replace(
        b"\x08\x02\x00\x00\x00", b"\x08\x00\x00\x00\x00", 1
    ),
    "a JPEG of 8,000 pixels of which none is there": lambda: sized(8000, 7000)[:3000],
    "an SVG named .jpg": lambda: b'<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
    "a GIF named .jpg": lambda: saved(GOOD, "GIF"),
    "a WebP named .jpg": lambda: saved(GOOD, "WEBP"),
    "a TIFF named .jpg": lambda: saved(GOOD, "TIFF"),
    "a web page": lambda: b"<html><img src='http://example.org/'></html>",
    "a PDF before a JPEG": lambda: b"%PDF-1.7\n" + JPEG,
    "a PDF in the comment of a JPEG": lambda: saved(GOOD, "JPEG", comment=b"%PDF-1.7 1 0 obj"),
    "an archive behind a JPEG": lambda: JPEG + b"PK\x05\x06" + bytes(18),
    "a web page in the comment of a JPEG": lambda: saved(GOOD, "JPEG", comment=b"<script>alert(1)</script>"),
    "a web page behind a PNG": lambda: saved(GOOD, "PNG") + b"<HTML><SCRIPT>",
    "a HEIC of its head alone": lambda: b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic",
    "a HEIC of nothing but boxes": lambda: (
        b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00mif1heic" + b"\x00\x00\x00\x08meta" * 999
    ),
}
REFUSED: dict[str, tuple[str, Callable[[], bytes]]] = {
    "a PNG bomb: 4 thousand million pixels in 60 octets": (
        "large",
        lambda: png(65_000, 65_000, (b"IDAT", zlib.compress(bytes(1000)))),
    ),
    "a PNG of 65 million white pixels": (
        "large",
        lambda: png(65_000, 1_000, (b"IDAT", zlib.compress(bytes(65_001_000), 1))),
    ),
    "a PNG 2 thousand million pixels wide": ("large", lambda: png((1 << 31) - 1, 1)),
    "a JPEG that says it has 65,500 by 65,500 pixels": ("large", lambda: sized(65_500, 65_500)),
    "33 MB": ("large", lambda: JPEG + bytes(33 << 20)),
    "an animated PNG": (
        "animated",
        lambda: saved(GOOD, "PNG", save_all=True, append_images=[GOOD.rotate(90)], duration=100),
    ),
    "a film as HEIC": ("animated", sequence),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_no_camera_writes_cannot_be_read(name: str) -> None:
    assert in_process("pictures", BROKEN[name]()).trouble is Trouble.BROKEN


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_too_large_or_moves_is_refused_before_it_is_unpacked(name: str) -> None:
    why, octets = REFUSED[name][0], REFUSED[name][1]()
    tracemalloc.start()
    parsed = in_process("pictures", octets)
    assert (parsed.trouble, parsed.content) == (Trouble.NONE, {"refused": why})
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 80 << 20


@pytest.mark.parametrize("octets", [b"", JPEG[: len(JPEG) // 2], png(65_000, 65_000)], ids=["empty", "half", "bomb"])
def test_the_process_of_its_own_says_the_same(octets: bytes) -> None:
    assert parse("pictures", octets) == in_process("pictures", octets)


def test_a_text_that_unpacks_to_a_hundred_times_its_size_does_no_harm() -> None:
    bomb = png(8, 8, (b"zTXt", b"a\x00\x00" + zlib.compress(bytes(8 << 20))), (b"IDAT", zlib.compress(bytes(72))))
    assert in_process("pictures", bomb).trouble in (Trouble.BROKEN, Trouble.TOO_MUCH)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
def test_damaged_words_beside_the_picture_do_not_hide_its_codes() -> None:
    octets = saved(GOOD, "JPEG", exif=b"Exif\x00\x00II*\x00\xff\xff\xff\x7f")
    assert [code["text"] for code in in_process("pictures", octets).content["codes"]] == [SE_UIM]


def test_words_among_the_pixels_are_no_web_page() -> None:
    assert in_process("pictures", JPEG + bytes(70_000) + b"<html>" + bytes(70_000)).trouble is Trouble.NONE


def test_what_a_telephone_writes_behind_a_picture_is_passed_over() -> None:
    film = b"\x00\x00\x00\x18ftypmp42" + bytes(5000)
    assert [code["text"] for code in in_process("pictures", JPEG + film).content["codes"]] == [SE_UIM]


def test_the_words_of_a_refusal_name_the_file_and_the_remedy_and_the_rest_of_the_mail_counts(gate: FocalPoint) -> None:
    mail = EmailMessage()
    mail.set_content(request(SE_UIM))
    mail.add_attachment(JPEG[:3000], "image", "jpeg", filename="half.jpg")
    mail.add_attachment(REFUSED["an animated PNG"][1](), "image", "png", filename="moves.png")
    mail.add_attachment(REFUSED["a PNG 2 thousand million pixels wide"][1](), "image", "png", filename="bomb.png")
    mail.add_attachment(b"<svg/>", "image", "svg+xml", filename="drawn.svg")
    assert gate.send("officer", mail)["outcome"] == "taken"
    mails = gate.delivered()
    words = " ".join(mails["officer"][0].text.split())
    assert SE_UIM in mails["desk.se"][0].text
    for told in (
        "The picture “half.jpg” cannot be read: it is damaged",
        "The picture “moves.png” moves",
        "The picture “bomb.png” is too large: at most 64 million pixels",
        "The picture “drawn.svg” was not opened",
    ):
        assert told in words
