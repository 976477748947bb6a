"""Charts as PNG: words by matplotlib's fonts (loaded with the first: half a second, 45 MB), bars by Pillow."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from gateway.summary import Drawing

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

WIDTH, HEIGHT = 720, 360  # pixels: twice what a telephone shows
_DOTS = 100  # an inch
_INK, _LINE, _PAPER = "#1b1b1b", "#767676", "#ffffff"  # a light card with a border, in the dark too
_COLOURS = ("#0b5cad", "#d9822b", "#3a7d44")  # told apart by whoever sees no red or no green, and in grey
_LEFT, _FOOT = 0.03, 0.12  # where the chart begins
# The first font that has a sign draws it: Latin, Greek and Cyrillic; Arabic; Chinese; and what matplotlib brings.
_FONTS = ["Noto Sans", "Noto Sans Arabic", "Noto Naskh Arabic", "Noto Sans CJK SC", "Noto Sans CJK JP", "DejaVu Sans"]


@lru_cache(maxsize=16)
def draw(drawing: Drawing) -> bytes:
    """The PNG: groups of bars by week, each with its number. What everybody gets is drawn once a language.

    Bars and words are put on the sheet by themselves: matplotlib's figures take ten times as long (measured).
    """
    sheet = _Sheet(drawing.right_to_left)
    sheet.write(_LEFT, 0.92, drawing.title, 17, "start", bold=True)
    place = _LEFT
    for (name, _), colour in zip(drawing.series, _COLOURS, strict=False):
        sheet.bar(place, 0.81, 0.025, 0.045, colour)
        place = sheet.write(place + 0.04, 0.815, name, 16, "start") + 0.05
    highest = max([1, *(value for _, values in drawing.series for value in values)])
    week, bar = (1 - 2 * _LEFT) / max(len(drawing.weeks), 1), 0.8 / max(len(drawing.series), 1)
    for number, label in enumerate(drawing.weeks):
        middle = _LEFT + (number + 0.5) * week
        sheet.write(middle, 0.03, label, 12.5, "center")
        for which, (_, values) in enumerate(drawing.series):
            begin = middle + (which * bar - 0.4 + 0.04 * bar) * week
            height = values[number] / highest * 0.58
            sheet.bar(begin, _FOOT, 0.92 * bar * week, height, _COLOURS[which])
            if values[number]:
                sheet.write(begin + 0.46 * bar * week, _FOOT + height + 0.015, str(values[number]), 15, "center")
    sheet.bar(_LEFT, _FOOT, 1 - 2 * _LEFT, 0.003, _LINE)
    return sheet.png()


class _Sheet:
    """Places count from where reading begins, in parts of width and height: from right to left they are mirrored."""

    def __init__(self, right_to_left: bool) -> None:
        from PIL import Image, ImageDraw

        self._picture = Image.new("RGB", (WIDTH, HEIGHT), _PAPER)
        self._pen = ImageDraw.Draw(self._picture)
        self._pen.rectangle((0, 0, WIDTH - 1, HEIGHT - 1), outline=_LINE, width=2)
        self._mirrored = right_to_left

    def bar(self, begin: float, foot: float, width: float, height: float, colour: str) -> None:
        """A bar, by its corner where reading begins."""
        left = 1 - begin - width if self._mirrored else begin
        sides = round(left * WIDTH), round((left + width) * WIDTH)
        ends = round((1 - foot - height) * HEIGHT), round((1 - foot) * HEIGHT)
        if sides[0] < sides[1] and ends[0] < ends[1]:
            self._pen.rectangle((sides[0], ends[0], sides[1] - 1, ends[1] - 1), fill=colour)

    def write(self, place: float, foot: float, words: str, size: float, align: str, bold: bool = False) -> float:
        """Words that begin, or (`center`) have their middle, at a place; where those that begin there end."""
        written = _written(words, size, bold)
        left = (1 - place if self._mirrored else place) * WIDTH
        left -= written.width * (0.5 if align == "center" else 1 if self._mirrored else 0)
        top = round((1 - foot) * HEIGHT) - written.ascent
        self._picture.paste(_INK, (round(left) + written.indent, top), written.shape)
        return place if align == "center" else place + written.width / WIDTH

    def png(self) -> bytes:
        """The picture with 32 colours: a third of the octets, and no difference that one sees."""
        from PIL import Image

        octets = io.BytesIO()
        self._picture.quantize(32, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(octets, "PNG")
        return octets.getvalue()


@dataclass(frozen=True, slots=True)
class _Written:
    """Words as grey signs: how wide they stand (pixels), where the signs begin, and how far above the line."""

    shape: Picture
    width: float
    indent: int
    ascent: int


@lru_cache(maxsize=1024)
def _written(words: str, size: float, bold: bool) -> _Written:
    """Shaped and drawn once: the charts of two hundred Parties have the same words, and many of the same numbers."""
    from matplotlib import font_manager
    from PIL import Image

    font = font_manager.get_font(_fonts(bold))
    font.clear()
    font.set_size(size, _DOTS)
    font.set_text(words)
    font.draw_glyphs_to_bitmap(antialiased=True)
    shape = Image.fromarray(font.get_image())
    width, _ = font.get_width_height()
    indent, _ = font.get_bitmap_offset()
    return _Written(shape, width / 64, round(indent / 64), shape.height - round(font.get_descent() / 64))


@cache
def _fonts(bold: bool) -> tuple[Any, ...]:
    """Where the fonts are that this machine has."""
    from matplotlib import font_manager

    here = set(font_manager.get_font_names())
    weight = "bold" if bold else "normal"
    return tuple(
        font_manager.findfont(font_manager.FontProperties(family=name, weight=weight))
        for name in _FONTS
        if name in here
    )
