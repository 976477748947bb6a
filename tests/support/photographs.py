"""Photographs of packs, made by the test: codes printed on labels, laid on a table, and taken by a bad camera.

Damage is drawn evenly from the ranges of `RANGES`; the same seed gives the same pictures. Blur counts in modules (the
smallest dot or bar of the code), for what is lost depends on that, not on pixels.
"""

from __future__ import annotations

import io
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

import zxingcpp
from PIL import Image, ImageChops, ImageDraw, ImageFilter
from zxingcpp import BarcodeFormat as Format

WIDTH, HEIGHT = 1600, 1200
RANGES = {
    "codes": (1, 4),
    "turn, degrees": (0, 360),
    "module, pixels": (3.5, 8.0),
    "blur, modules": (0.0, 0.35),
    "noise, part": (0.0, 0.15),
    "keystone, part of a side": (0.0, 0.12),
    "light lost towards one side, part": (0.0, 0.75),
    "JPEG quality": (55, 90),
}
_SERIAL = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789"
KINDS = {
    "Data Matrix": (Format.DataMatrix, False),
    "GS1 Data Matrix": (Format.DataMatrix, True),
    "QR Code": (Format.QRCode, False),
    "GS1 QR Code": (Format.QRCode, True),
    "Aztec": (Format.Aztec, False),
    "GS1-128": (Format.Code128, True),
    "EAN-13": (Format.EAN13, False),
}
BARS = frozenset({"GS1-128", "EAN-13"})


@dataclass(frozen=True)
class Printed:
    """One code: its kind, and what a scanner reads in it."""

    kind: str
    text: str


@dataclass(frozen=True)
class Shot:
    """A picture as a file, and what is in it; how it was damaged."""

    octets: bytes
    codes: tuple[Printed, ...]
    damage: dict[str, float]


def shots(many: int, seed: int = 15459) -> list[Shot]:
    """Pictures with one to four codes each, on a table with other things on it."""
    numbers = random.Random(seed)
    return [_shot(numbers) for _ in range(many)]


def code(kind: str, text: str, scale: int = 8) -> Image.Image:
    """A code as it is printed, black on white with its quiet zone; GS1 text with its AIs in brackets."""
    written, gs1 = KINDS[kind]
    return Image.fromarray(zxingcpp.create_barcode(text, written, gs1=gs1).to_image(scale=scale))


def jpeg(picture: Image.Image, **options: object) -> bytes:
    """A JPEG file."""
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=90, **options)
    return out.getvalue()


def plain(*codes: tuple[str, str], size: tuple[int, int] = (1200, 900)) -> Image.Image:
    """Undamaged codes side by side in the upper half of a grey picture."""
    picture = Image.new("RGB", size, "#b4b4b4")
    for place, (kind, text) in enumerate(codes):
        picture.paste(code(kind, text, 4 if kind not in BARS else 2), (60 + place * size[0] // len(codes), 60))
    return picture


def taken(*codes: tuple[str, str], seed: int = 1) -> bytes:
    """A good photograph of packs on a table, as a file: up to four codes, as kind and text."""
    numbers = random.Random(seed)
    picture = _table(numbers)
    held = {"module, pixels": 7.0, "keystone, part of a side": 0.05}
    for place, (kind, text) in enumerate(codes):
        middle = (0.26 + place % 2 * 0.48) * WIDTH, (0.28 + place // 2 * 0.46) * HEIGHT
        _lay(picture, _label(Printed(kind, text)), middle, held, numbers)
    return jpeg(picture.convert("RGB"))


def _shot(numbers: random.Random) -> Shot:
    damage = {name: numbers.uniform(*range_) for name, range_ in RANGES.items() if name[0] in "mbnklJ"}
    picture = _table(numbers)
    places = [(x, y) for x in (0.26, 0.74) for y in (0.26, 0.74)]
    numbers.shuffle(places)
    printed = []
    for x, y in places[: numbers.randint(*RANGES["codes"])]:  # type: ignore[arg-type]
        one = _text(numbers)
        _lay(picture, _label(one), (x * WIDTH, y * HEIGHT), damage, numbers)
        gs1 = KINDS[one.kind][1]
        printed.append(Printed(one.kind, one.text.translate({40: None, 41: None}) if gs1 else one.text))
    picture = picture.filter(ImageFilter.GaussianBlur(damage["blur, modules"] * damage["module, pixels"]))
    picture = _lit(picture, damage["light lost towards one side, part"], numbers)
    grain = Image.frombytes("L", (WIDTH // 2, HEIGHT), numbers.randbytes(WIDTH // 2 * HEIGHT))
    both = Image.new("L", (WIDTH, HEIGHT))
    both.paste(grain, (0, 0))
    both.paste(grain, (WIDTH // 2, 0))
    picture = Image.blend(picture, both, damage["noise, part"])
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=int(damage["JPEG quality"]))
    return Shot(out.getvalue(), tuple(printed), damage)


def _text(numbers: random.Random) -> Printed:
    kind = numbers.choice(list(KINDS))
    serial = "".join(numbers.choice(_SERIAL) for _ in range(9))
    if kind == "EAN-13":
        return Printed(kind, _checked("".join(numbers.choice("0123456789") for _ in range(12)), (1, 3)))
    if kind == "GS1-128":
        digits = "".join(numbers.choice("0123456789") for _ in range(17))
        return Printed(kind, "(00)" + _checked(digits, (3, 1)))
    if KINDS[kind][1]:
        return Printed(kind, f"(01)05410000012345(21){serial}")
    return Printed(kind, f"QCALL{serial}ABCD25051914")


def _checked(digits: str, weights: tuple[int, int]) -> str:
    """Digits with GS1's check digit."""
    return digits + str(-sum(int(digit) * weights[place % 2] for place, digit in enumerate(digits)) % 10)


def _label(one: Printed) -> Image.Image:
    """Ink and paper are neither black nor white; around the quiet zone a margin of paper."""
    drawn = code(one.kind, one.text, 4 if one.kind in BARS else 8).point(lambda value: 25 if value < 128 else 235)
    label = Image.new("L", (drawn.width + 24, drawn.height + 24), 235)
    label.paste(drawn, (12, 12))
    return label


def _table(numbers: random.Random) -> Image.Image:
    """Boxes, and lines as of print: bars that are no code."""
    picture = Image.new("L", (WIDTH, HEIGHT), numbers.randint(110, 190))
    pen = ImageDraw.Draw(picture)
    for _ in range(30):
        x, y = numbers.randrange(WIDTH), numbers.randrange(HEIGHT)
        corner = (x + numbers.randrange(20, 220), y + numbers.randrange(8, 70))
        pen.rectangle(((x, y), corner), fill=numbers.randrange(60, 230))
    for _ in range(3):
        x, y = numbers.randrange(WIDTH), numbers.randrange(HEIGHT)
        for line in range(numbers.randrange(6, 14)):
            pen.line((x, y + 9 * line, x + numbers.randrange(80, 200), y + 9 * line), fill=40, width=3)
    return picture


def _lay(
    picture: Image.Image,
    label: Image.Image,
    middle: tuple[float, float],
    damage: dict[str, float],
    numbers: random.Random,
) -> None:
    """Puts a label on the table: turned, and seen from the side. It is made as large as its module says, or as fits."""
    scale = damage["module, pixels"] / (4 if label.width > 2 * label.height else 8)
    scale = min(scale, 0.46 * HEIGHT * 1.3 / max(label.size))
    turn, keystone = numbers.uniform(0, 2 * math.pi), damage["keystone, part of a side"]
    corners = []
    for x, y in ((-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)):
        across = x * label.width * scale * (1 + numbers.uniform(-keystone, keystone))
        down = y * label.height * scale * (1 + numbers.uniform(-keystone, keystone))
        corners.append(
            (
                across * math.cos(turn) - down * math.sin(turn) + middle[0],
                across * math.sin(turn) + down * math.cos(turn) + middle[1],
            )
        )
    left, top = (int(min(corner[axis] for corner in corners)) - 1 for axis in (0, 1))
    size = tuple(int(max(corner[axis] for corner in corners)) + 2 - (left, top)[axis] for axis in (0, 1))
    shrunk = label.reduce(max(1, int(1 / scale)))
    ends = [
        (0.0, 0.0),
        (float(shrunk.width), 0.0),
        (float(shrunk.width), float(shrunk.height)),
        (0.0, float(shrunk.height)),
    ]
    seen = _eight([(x - left, y - top) for x, y in corners], ends)
    how = (size, Image.Transform.PERSPECTIVE, seen, Image.Resampling.BILINEAR)
    mask = Image.new("L", shrunk.size, 255).transform(*how)
    picture.paste(shrunk.transform(*how), (left, top), mask)


def _eight(seen: Sequence[tuple[float, float]], flat: Sequence[tuple[float, float]]) -> list[float]:
    """The eight numbers of the perspective in which four corners of a flat label are seen (Gauss)."""
    rows = []
    for (x, y), (u, v) in zip(seen, flat, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y, u], [0, 0, 0, x, y, 1, -v * x, -v * y, v]]
    for column in range(8):
        best = max(range(column, 8), key=lambda row: abs(rows[row][column]))
        rows[column], rows[best] = rows[best], rows[column]
        rows[column] = [value / rows[column][column] for value in rows[column]]
        for row in range(8):
            if row != column:
                factor = rows[row][column]
                rows[row] = [a - factor * b for a, b in zip(rows[row], rows[column], strict=True)]
    return [row[8] for row in rows]


def _lit(picture: Image.Image, lost: float, numbers: random.Random) -> Image.Image:
    shade = Image.linear_gradient("L").rotate(numbers.choice((0, 90, 180, 270))).resize(picture.size)
    return ImageChops.multiply(picture, shade.point(lambda value: int(255 - lost * value)))
