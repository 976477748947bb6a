"""Photographs (JPEG, PNG, HEIC) to the codes in them, and a small picture with the codes outlined and numbered.

`{"refused": ""}` or "large" or "animated"; `codes`: of each `text`, `kind`, `at` (the middle, in thousandths of width
and height); `cut`: there may be more; `thumbnail`: a JPEG of ours in base64, without anything that the file says beside
the picture (place, time, camera), with `width` and `height`.
"""

from __future__ import annotations

import base64
import io
import struct
from typing import Any

import pillow_heif
from PIL import Image, ImageDraw, ImageFile, ImageFont, ImageOps, JpegImagePlugin, PngImagePlugin, TiffImagePlugin

from gateway.parsers import Unreadable
from gateway.parsers._codes import Code, codes

MOST_PIXELS = 64_000_000  # a telephone makes 12 to 50 million
MOST_OCTETS = 32 << 20
_READ_PIXELS = 16_000_000  # beyond it no telephone's lens shows more: half the size is read
_THUMBNAIL = 640  # pixels, the longer side
THUMBNAIL_OCTETS = 60_000
_ORIENTATION = 0x0112  # EXIF 3.0, 4.6.4
_LINE, _HALO, _INK = "#ffd400", "#000000", "#000000"  # seen on every ground, by whoever sees no colours too
_FONT = ImageFont.load_default(18)  # now: nothing can be loaded once the process is confined
_SINGLE = (b"heic", b"heix", b"heim", b"heis", b"mif1")  # ISO/IEC 23008-12, B.4: single pictures
_SEQUENCES = (b"hevc", b"hevx", b"hevm", b"hevs", b"msf1")
# What another program would take the same file for. JPEGs of telephones do have films and further pictures behind them.
_OTHERS = (b"<html", b"<script", b"<?php", b"<!doctype")
_END = 1 << 16
_PDF, _ARCHIVE_END = b"%PDF-", b"PK\x05\x06"

Image.MAX_IMAGE_PIXELS = MOST_PIXELS
Image.preinit()  # as with the font; and what reads EXIF
_ENTRIES = TiffImagePlugin


def parse(octets: bytes) -> dict[str, Any]:
    """The codes and the small picture. Raises `Unreadable`."""
    if len(octets) > MOST_OCTETS:
        return {"refused": "large"}
    ImageFile.LOAD_TRUNCATED_IMAGES = False  # WeasyPrint turns it on for all of its process
    opened = _opened(octets)
    if isinstance(opened, str):
        return {"refused": opened}
    try:
        picture = _upright(opened)
    except MemoryError:
        raise
    except Exception:  # whatever Pillow raises on damage: OSError, SyntaxError, ValueError, struct.error ...
        raise Unreadable("broken") from None
    grey = picture.convert("L")
    found, complete = codes(grey)
    small, size = _thumbnail(picture, found)
    return {
        "refused": "",
        "codes": [_told(code, grey.size) for code in found],
        "cut": not complete,
        "thumbnail": base64.b64encode(small).decode(),
        "width": size[0],
        "height": size[1],
    }


def _opened(octets: bytes) -> Image.Image | str:
    """The picture, of which only the head was read; or why it is refused."""
    _of_one_kind(octets)
    try:
        picture = _headed(octets)
    except (MemoryError, Unreadable):
        raise
    except Image.DecompressionBombError:
        return "large"
    except Exception:
        raise Unreadable("broken") from None
    if isinstance(picture, str):
        return picture
    if picture.width * picture.height > MOST_PIXELS:
        return "large"
    return "animated" if getattr(picture, "n_frames", 1) > 1 else picture


def _headed(octets: bytes) -> Image.Image | str:
    """By what the file begins with, whatever its name: telephones and messengers name JPEG and HEIC as they like."""
    if octets.startswith(b"\xff\xd8\xff"):
        return JpegImagePlugin.JpegImageFile(io.BytesIO(octets))
    if octets.startswith(b"\x89PNG\r\n\x1a\n"):
        return PngImagePlugin.PngImageFile(io.BytesIO(octets))
    if octets[4:8] == b"ftyp" and octets[8:12] in _SEQUENCES:
        return "animated"
    if octets[4:8] == b"ftyp" and octets[8:12] in _SINGLE:
        return _heic(octets)
    raise Unreadable("broken")


def _heic(octets: bytes) -> Image.Image | str:
    """The main picture of a file; it is decoded here, so its size is looked at before."""
    pillow_heif.options.DECODE_THREADS = 1
    file = pillow_heif.open_heif(octets, convert_hdr_to_8bit=True)
    main = file[file.primary_index]
    if main.size[0] * main.size[1] > MOST_PIXELS:
        return "large"
    picture: Image.Image = main.to_pillow()
    picture.info.clear()  # libheif has turned it already
    return picture


def _of_one_kind(octets: bytes) -> None:
    """Raises `Unreadable` for what is a document, page or archive to another program."""
    if _PDF in octets[:1024] or _ARCHIVE_END in octets[-66_000:]:
        raise Unreadable("broken")
    # At both ends only: in five million octets of pixels such a short word would stand by chance now and then.
    ends = (octets[:_END] + octets[-_END:]).lower()
    if any(sign in ends for sign in _OTHERS):
        raise Unreadable("broken")


def _upright(picture: Image.Image) -> Image.Image:
    """The picture in RGB on white paper, as it was held, with nothing beside the pixels."""
    large = picture.width * picture.height > _READ_PIXELS
    if large and picture.format == "JPEG":
        picture.draft("RGB", (picture.width // 2, picture.height // 2))
    turned = _orientation(picture)
    picture.load()
    if picture.width * picture.height > _READ_PIXELS:
        picture = picture.reduce(2) if picture.mode not in ("P", "1") else picture.convert("RGBA").reduce(2)
    if picture.mode.startswith("I"):  # sixteen bits of grey
        picture = picture.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if picture.mode in ("P", "PA", "LA", "RGBA", "La", "RGBa") or "transparency" in picture.info:
        seen = picture.convert("RGBA")
        plain = Image.new("RGB", seen.size, "#ffffff")
        plain.paste(seen, mask=seen.getchannel("A"))
    else:
        plain = picture.convert("RGB")
    method = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}.get(turned)
    return plain if method is None else plain.transpose(Image.Transpose(method))


def _orientation(picture: Image.Image) -> int:
    try:
        return int(picture.getexif().get(_ORIENTATION, 1))
    except (OSError, SyntaxError, ValueError, TypeError, KeyError, struct.error):
        return 1  # what is said beside the picture is damaged: the picture itself may be good


def _told(code: Code, size: tuple[int, int]) -> dict[str, Any]:
    plain = all(octet == 0x1D or 0x20 < octet < 0x7F for octet in code.octets)
    x, y = code.middle
    return {
        "text": code.octets.decode("ascii") if plain else code.text,
        "kind": code.kind,
        "at": [_part(x, size[0]), _part(y, size[1])],
    }


def _part(place: float, of: int) -> int:
    return min(1000, max(0, round(1000 * place / of)))


def _thumbnail(picture: Image.Image, found: list[Code]) -> tuple[bytes, tuple[int, int]]:
    """A JPEG of at most `THUMBNAIL_OCTETS`, its longer side `_THUMBNAIL` pixels or less."""
    side, octets = _THUMBNAIL, b""
    for _ in range(4):
        small = ImageOps.contain(picture, (min(side, picture.width), min(side, picture.height)))
        small = _outlined(small, found, small.width / picture.width)
        for quality in (80, 65, 50):
            out = io.BytesIO()
            small.save(out, "JPEG", quality=quality, optimize=True)
            octets = out.getvalue()
            if len(octets) <= THUMBNAIL_OCTETS:
                return octets, small.size
        side = side * 3 // 4
    raise Unreadable("too much")  # not reached: 270 pixels of noise take less


def _outlined(small: Image.Image, found: list[Code], scale: float) -> Image.Image:
    """A new picture with each code's corners joined, and its number in a box beside them."""
    plain = Image.new("RGB", small.size)
    plain.paste(small)
    pen = ImageDraw.Draw(plain)
    for code in found:
        corners = [(x * scale, y * scale) for x, y in code.corners]
        for colour, width in ((_HALO, 6), (_LINE, 3)):
            pen.line([*corners, corners[0], corners[1]], fill=colour, width=width, joint="curve")
    for number, code in enumerate(found, 1):
        _numbered(pen, str(number), min(((x * scale, y * scale) for x, y in code.corners), key=sum), small.size)
    return plain


def _numbered(pen: ImageDraw.ImageDraw, number: str, corner: tuple[float, float], size: tuple[int, int]) -> None:
    width, height = 14 + 10 * len(number), 24
    left = min(max(0, corner[0] - width), size[0] - width)
    top = min(max(0, corner[1] - height), size[1] - height)
    pen.rectangle((left, top, left + width, top + height), fill=_LINE, outline=_HALO, width=2)
    pen.text((left + width / 2 + 0.5, top + height / 2 + 0.5), number, fill=_INK, font=_FONT, anchor="mm")


PARSER = parse
