"""Where in a picture bars or modules of a code may be: patches that are busy in one direction, or in all.

A reader of codes finds bars only where they stand nearly upright. Of bars at any angle the picture changes fast in one
direction and hardly at all across it: measured by shifting a small copy against itself in twelve directions.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from PIL import Image, ImageChops, ImageFilter

_DIRECTIONS = 12  # fifteen degrees each
_SHIFT = 5  # pixels of the small copy
_SMALL = 800  # pixels of its longer side
_PATCH = 8  # pixels of the small copy that are looked at as one
_BUSY = 9  # least mean change (of 255) in the busiest direction
_STRIPED = 0.45  # of that, the most there may be across bars
_FEWEST = 6  # patches of a place worth looking at
_MOST_BARS, _MOST_OTHERS = 12, 6  # places
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Place:
    """A part of the picture: middle, length along `angle` and across it, in pixels; radians, clockwise as seen.

    `bars`: it is busy in one direction alone, which is `angle`; else 0.
    """

    middle: Point
    length: float
    width: float
    angle: float
    bars: bool


def places(picture: Image.Image) -> list[Place]:
    """The largest places of a grey picture that may hold a code: those of bars, then the others."""
    factor = max(1, math.ceil(max(picture.size) / _SMALL))
    small = picture.reduce(factor).filter(ImageFilter.BoxBlur(0.5))
    across, busy, columns = _patches(small)
    found = [
        _place([(n % columns, n // columns) for n in group], factor * _PATCH, _mean(chosen[n] for n in group), bars)
        for bars, chosen in ((True, across), (False, dict.fromkeys((n for n in busy if n not in across), 0)))
        for group in _groups(chosen, columns, bars)
    ]
    found.sort(key=lambda place: -place.length * place.width)
    striped = [place for place in found if place.bars]
    return striped[:_MOST_BARS] + [place for place in found if not place.bars][:_MOST_OTHERS]


def _patches(small: Image.Image) -> tuple[dict[int, int], list[int], int]:
    """Striped patches with the direction across their bars; busy patches; how many stand in a row."""
    changes = []
    for direction in range(_DIRECTIONS):
        angle = math.pi * direction / _DIRECTIONS
        shifted = ImageChops.offset(small, round(_SHIFT * math.cos(angle)), round(_SHIFT * math.sin(angle)))
        changes.append(ImageChops.difference(small, shifted).reduce(_PATCH).filter(ImageFilter.BoxBlur(1)))
    columns = changes[0].width
    striped: dict[int, int] = {}
    busy: list[int] = []
    for number, values in enumerate(zip(*(change.tobytes() for change in changes), strict=True)):
        most = max(values)
        if most < _BUSY:
            continue
        least = min(values)
        if least <= _STRIPED * most:
            striped[number] = (values.index(least) + _DIRECTIONS // 2) % _DIRECTIONS
        busy.append(number)
    return striped, busy, columns


def _groups(chosen: dict[int, int], columns: int, alike: bool) -> Iterator[list[int]]:
    """Patches that touch each other, where `alike` with directions that hardly differ."""
    left = dict(chosen)
    while left:
        first = next(iter(left))
        group, waiting = [], [(first, left.pop(first))]
        while waiting:
            number, direction = waiting.pop()
            group.append(number)
            for step in (-columns - 1, -columns, 1 - columns, -1, 1, columns - 1, columns, columns + 1):
                near = number + step
                if near in left and abs(near % columns - number % columns) <= 1:
                    turned = (left[near] - direction) % _DIRECTIONS
                    if not alike or turned in (0, 1, _DIRECTIONS - 1):
                        waiting.append((near, left.pop(near)))
        if len(group) >= _FEWEST:
            yield group


def _mean(directions: Iterable[int]) -> float:
    """The mean of directions that turn full circle after 180 degrees."""
    angles = [2 * math.pi * direction / _DIRECTIONS for direction in directions]
    return math.atan2(sum(map(math.sin, angles)), sum(map(math.cos, angles))) / 2


def _place(patches: Sequence[tuple[int, int]], size: int, angle: float, bars: bool) -> Place:
    """The place that patches fill, turned along an angle."""
    cosine, sine = math.cos(angle), math.sin(angle)
    along = [(x + 0.5) * cosine + (y + 0.5) * sine for x, y in patches]
    beside = [(y + 0.5) * cosine - (x + 0.5) * sine for x, y in patches]
    u, v = (max(along) + min(along)) / 2, (max(beside) + min(beside)) / 2
    middle = ((u * cosine - v * sine) * size, (u * sine + v * cosine) * size)
    return Place(middle, (max(along) - min(along) + 1) * size, (max(beside) - min(beside) + 1) * size, angle, bars)
