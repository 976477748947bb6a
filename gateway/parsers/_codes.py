"""The codes in a grey picture, by zxing-cpp: as a whole, then place by place, turned upright and sharpened.

The same picture is always read in the same way: what a mail held must come out again when it is opened a second time
(for a Party that says "not ours"). So the work is limited by counts; the time is only the last limit.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import zxingcpp
from PIL import Image, ImageFilter
from zxingcpp import BarcodeFormat as Format

from gateway.parsers._stripes import Place, places

MOST = 50  # codes of one picture
_SECONDS = 10.0  # of CPU, after which no further look is begun
_MARGIN = 40  # pixels around a place: the quiet zone
_PAPER = 200  # what stands beyond the picture's edges
_TURNS = (0.0, math.pi / 6, math.pi / 3)
# Kinds that stand on packs, stamps and cartons and check themselves. Code 39, Codabar, plain ITF and UPC-E do not, or
# hardly: they are found where there is no code (ISO/IEC 16388 etc. leave the check digit to whoever uses them).
_BARS = zxingcpp.BarcodeFormats([Format.Code128, Format.EAN13, Format.EAN8, Format.UPCA, Format.ITF14, Format.DataBar])
_MODULES = zxingcpp.BarcodeFormats([Format.DataMatrix, Format.QRCode, Format.Aztec, Format.PDF417])
_WEAK = frozenset({"]E0", "]E4", "]I1", "]e0"})  # EAN and UPC, ITF, DataBar: ISO/IEC 15424
_TILTS = ((-0.07, False), (-0.03, True), (0.03, False), (0.07, True))  # radians; sharpened
_ALL = zxingcpp.BarcodeFormats([*_BARS, *_MODULES])
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Code:
    """What a scanner would give: `octets` with FNC1 as 0x1D, without prefix; `corners` in pixels, clockwise."""

    octets: bytes
    text: str
    kind: str
    identifier: str  # ISO/IEC 15424: "]d2"
    corners: tuple[Point, Point, Point, Point]

    @property
    def middle(self) -> Point:
        """The middle of its corners."""
        return sum(x for x, _ in self.corners) / 4, sum(y for _, y in self.corners) / 4


def codes(picture: Image.Image) -> tuple[list[Code], bool]:
    """The codes of a grey picture as it is read: downwards, then to the right; whether all looks were taken."""
    until = time.process_time() + _SECONDS
    found: list[Code] = []
    complete = False
    for looked in _looks(picture, found):
        for code in looked:
            known = any(_same(code, one) for one in found)
            if len(found) < MOST and not known and (code.identifier not in _WEAK or _confirmed(picture, code)):
                found.append(code)
        if time.process_time() > until or len(found) == MOST:
            break
    else:
        complete = True
    return _in_order(found, picture.height), complete


def _looks(picture: Image.Image, found: Sequence[Code]) -> Iterator[list[Code]]:
    """Look by look; `found` is what the looks before have given."""
    yield _read(picture, _ALL, _whole, downscale=True, invert=True)
    everywhere = places(picture)
    for sharp in (False, True):
        for place in everywhere:
            if place.bars and not _covered(place, found):
                yield _look(picture, place, _BARS, 0, sharp)
    for turn in _TURNS:
        for place in everywhere:
            if not place.bars and not _covered(place, found):
                yield _look(picture, place, _MODULES, turn, True)


def _confirmed(picture: Image.Image, code: Code) -> bool:
    """Whether a code with one check digit alone is read again, and nothing else, from slightly other angles.

    In one look at a spoilt code a tenth of what is misread passes the check.
    """
    (a, b), (c, d), (e, f), _ = code.corners
    length = math.hypot(c - a, d - b)
    # Of bars the corners show the lines that were read, which may be few.
    width = max(math.hypot(e - c, f - d), length / 2)
    place = Place(code.middle, length, width, math.atan2(d - b, c - a), True)
    again = [one.octets for turn, sharp in _TILTS for one in _look(picture, place, _BARS, turn, sharp)]
    return len(again) >= 2 and set(again) == {code.octets}


def _look(picture: Image.Image, place: Place, formats: zxingcpp.BarcodeFormats, turn: float, sharp: bool) -> list[Code]:
    """One place, turned so that its bars stand upright, or by `turn`."""
    angle = place.angle + turn
    length, width = place.length * 1.15 + _MARGIN, place.width * 1.15 + _MARGIN
    cosine, sine = math.cos(turn), math.sin(turn)
    size = round(length * cosine + width * abs(sine)), round(length * abs(sine) + width * cosine)
    cosine, sine = math.cos(angle), math.sin(angle)
    left = place.middle[0] - (cosine * size[0] - sine * size[1]) / 2
    top = place.middle[1] - (sine * size[0] + cosine * size[1]) / 2
    part = picture.transform(
        size,
        Image.Transform.AFFINE,
        (cosine, -sine, left, sine, cosine, top),
        Image.Resampling.BILINEAR,
        fillcolor=_PAPER,
    )
    if sharp:
        part = part.filter(ImageFilter.UnsharpMask(2, 200, 0))

    def back(x: float, y: float) -> Point:
        return cosine * x - sine * y + left, sine * x + cosine * y + top

    return _read(part, formats, back)


def _whole(x: float, y: float) -> Point:
    return x, y


def _read(
    picture: Image.Image,
    formats: zxingcpp.BarcodeFormats,
    back: Callable[[float, float], Point],
    downscale: bool = False,
    invert: bool = False,
) -> list[Code]:
    read = zxingcpp.read_barcodes(
        picture, formats=formats, try_downscale=downscale, try_invert=invert, return_errors=False
    )
    made = []
    for one in read:
        at = one.position
        first, second, third, fourth = at.top_left, at.top_right, at.bottom_right, at.bottom_left
        corners = (back(first.x, first.y), back(second.x, second.y), back(third.x, third.y), back(fourth.x, fourth.y))
        if one.valid and one.bytes:
            made.append(Code(one.bytes, one.text, str(one.format), one.symbology_identifier, corners))
    return made


def _same(one: Code, other: Code) -> bool:
    """Whether two looks have seen one code: what it says, and where its middle is."""
    return one.octets == other.octets and _inside(one.middle, other.corners, 1.0)


def _covered(place: Place, found: Sequence[Code]) -> bool:
    """Whether the middle of a place lies in a code that is already read, and the place is hardly larger."""
    return any(_inside(place.middle, code.corners, 0.8) and _area(code) * 4 > place.length * place.width
               for code in found)  # fmt: skip


def _area(code: Code) -> float:
    (a, b), (c, d), (e, f), (g, h) = code.corners
    return abs((e - a) * (h - d) - (g - c) * (f - b)) / 2


def _inside(point: Point, corners: Sequence[Point], reach: float) -> bool:
    """Whether a point lies within the box around the corners, enlarged by a part of its size on each side."""
    for axis in (0, 1):
        low, high = min(c[axis] for c in corners), max(c[axis] for c in corners)
        slack = (high - low) * reach / 4 + 8
        if not low - slack <= point[axis] <= high + slack:
            return False
    return True


def _in_order(found: Sequence[Code], height: int) -> list[Code]:
    """By rows of a tenth of the height, each from the left: as a person would number them."""
    rows: list[list[Code]] = []
    for code in sorted(found, key=lambda code: code.middle[1]):
        if rows and code.middle[1] - rows[-1][0].middle[1] < height / 10:
            rows[-1].append(code)
        else:
            rows.append([code])
    return [code for row in rows for code in sorted(row, key=lambda code: code.middle[0])]
