"""Charts as PNG, by matplotlib, which is loaded when the first one is drawn: half a second and 76 MB (measured)."""

from __future__ import annotations

import io
from functools import lru_cache
from typing import Any

from gateway.summary import Drawing

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

    Bars and words are put on the sheet by themselves: axes and legends take four times as long (measured).
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
        import matplotlib  # not at the top: see above
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
        from matplotlib.patches import Rectangle

        matplotlib.rcParams["font.family"] = _FONTS
        self._rectangle = Rectangle
        size = (WIDTH / _DOTS, HEIGHT / _DOTS)
        self._figure = Figure(size, dpi=_DOTS, linewidth=2, facecolor=_PAPER, edgecolor=_LINE)
        self._canvas: Any = FigureCanvasAgg(self._figure)
        self._pen = self._canvas.get_renderer()  # type: ignore[no-untyped-call]
        self._mirrored = right_to_left

    def bar(self, begin: float, foot: float, width: float, height: float, colour: str) -> None:
        """A bar, by its corner where reading begins."""
        left = 1 - begin - width if self._mirrored else begin
        self._figure.add_artist(self._rectangle((left, foot), width, height, color=colour, linewidth=0))

    def write(self, place: float, foot: float, words: str, size: float, align: str, bold: bool = False) -> float:
        """Words that begin, or (`center`) have their middle, at a place; where those that begin there end."""
        side = "center" if align == "center" else "right" if self._mirrored else "left"
        left = 1 - place if self._mirrored else place
        weight = "bold" if bold else "normal"
        text = self._figure.text(left, foot, words, fontsize=size, ha=side, color=_INK, fontweight=weight)
        if align == "center":
            return place
        return place + float(text.get_window_extent(self._pen).width) / WIDTH

    def png(self) -> bytes:
        """The picture with 32 colours: a third of the octets, and no difference that one sees."""
        from PIL import Image

        octets = io.BytesIO()
        self._canvas.draw()
        drawn = Image.frombuffer("RGBA", (WIDTH, HEIGHT), self._canvas.buffer_rgba(), "raw", "RGBA", 0, 1).convert(
            "RGB"
        )
        drawn.quantize(32, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(octets, "PNG")
        return octets.getvalue()
