"""A marking as a picture (SVG): its characters in cells, each field coloured, numbered and named below."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from xml.sax.saxutils import escape

WIDTH = 612
INK, PAPER, LINE, PLAIN = "#1b1b1b", "#ffffff", "#767676", "#e8e8e8"
DARK_INK, DARK_PAPER, DARK_LINE, DARK_PLAIN = "#f2f2f2", "#14181d", "#9a9a9a", "#3a3f46"
# Of each field its colour by day and by night. Neighbours differ in brightness, too, for whoever sees no red or green;
# and nothing is told by colour alone: each field has its number.
COLOURS = (
    ("#6fb7e9", "#0f4a73"), ("#ffe08a", "#8a6200"), ("#2fae8b", "#0b3f31"), ("#f6cbe2", "#94547a"),
    ("#d98b2b", "#57300a"), ("#d9f0f7", "#2f6f87"), ("#a08fd8", "#3a2a75"), ("#e7e36a", "#6f6c0d"),
)  # fmt: skip
SEPARATOR = "\x1d"
_LEFT, _CELL, _HEIGHT, _ROW, _ACROSS = 20, 22, 34, 64, 26
_LETTERS = 75  # of the smaller words, in a line
_WORDS = 8.2  # pixels of a character of a name over its field


@dataclass(frozen=True, slots=True)
class Run:
    """Characters of a code that belong together. `number`: of the field, from 1; 0: of none."""

    characters: str
    number: int = 0
    name: str = ""
    assumed: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of what is said below. `number` 0: it is no field; `placed`: whether it is coloured in the code."""

    number: int
    says: str
    placed: bool = True
    assumed: bool = False


def draw(title: str, tells: str, runs: Sequence[Run], entries: Sequence[Entry]) -> str:
    """The picture of a code. `tells`: what it shows, for whoever does not see it."""
    shapes, bottom = _code(runs, 64)
    for entry in entries:
        made, bottom = _entry(entry, bottom)
        shapes += made
    return _sheet(title, tells, shapes, bottom + 14)


def draw_nothing(title: str, says: str) -> str:
    """The picture of a marking of which no format is published."""
    lines = textwrap.wrap(says, _LETTERS)
    box = f'<rect class="open" x="{_LEFT}" y="58" width="{WIDTH - 2 * _LEFT}" height="{34 + 22 * len(lines)}" rx="6"/>'
    words = [_words(line, WIDTH / 2, 86 + 22 * number, "words", middle=True) for number, line in enumerate(lines)]
    return _sheet(title, says, [box, *words], 112 + 22 * len(lines))


def _sheet(title: str, tells: str, shapes: Sequence[str], height: int) -> str:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}" '
        f'role="img" aria-labelledby="title tells">\n<title id="title">{escape(title)}</title>\n'
        f'<desc id="tells">{escape(tells)}</desc>\n<style>\n{_style()}\n</style>\n'
        f'<rect class="paper" x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1}" rx="8"/>\n'
    )
    return head + "\n".join([_words(title, _LEFT, 34, "title"), *shapes]) + "\n</svg>\n"


def _style() -> str:
    day = [
        "text{font-family:system-ui,'Noto Sans','DejaVu Sans',sans-serif;font-size:15px}",
        ".title{font-size:17px;font-weight:bold}.name{font-size:13px;font-weight:bold}",
        ".cell{font-family:'DejaVu Sans Mono','Noto Sans Mono',monospace;font-size:18px}",
        ".mark{font-size:9px}.assumed{stroke-dasharray:5 3}.open{fill:none;stroke-dasharray:5 3}",
    ]
    night = _scheme(DARK_INK, DARK_PAPER, DARK_LINE, DARK_PLAIN, [dark for _, dark in COLOURS])
    return "\n".join([
        *day, _scheme(INK, PAPER, LINE, PLAIN, [light for light, _ in COLOURS]),
        "@media (prefers-color-scheme: dark){", night, "}",
    ])  # fmt: skip


def _scheme(ink: str, paper: str, line: str, plain: str, colours: Sequence[str]) -> str:
    fields = "".join(f".f{number}{{fill:{colour}}}" for number, colour in enumerate(colours))
    return (
        f"text{{fill:{ink}}}rect{{stroke:{ink}}}.paper{{fill:{paper};stroke:{line}}}"
        f".f{{fill:{plain};stroke:{line}}}{fields}.open{{stroke:{line}}}"
    )


def _code(runs: Sequence[Run], top: int) -> tuple[list[str], int]:
    """The cells from this height on, so many in a row; and where they end."""
    cells = [(character, run) for run in runs for character in run.characters]
    shapes: list[str] = []
    for start in range(0, len(cells), _ACROSS):
        left = _LEFT
        for run, group in groupby(cells[start : start + _ACROSS], key=lambda cell: cell[1]):
            characters = [character for character, _ in group]
            shapes += _run(run, characters, left, top)
            left += _CELL * len(characters)
        top += _ROW
    return shapes, top


def _run(run: Run, characters: Sequence[str], left: int, top: int) -> list[str]:
    width = _CELL * len(characters)
    kind = _kind(run.number) + (" assumed" if run.assumed else "")
    shapes = [f'<rect class="{kind}" x="{left}" y="{top}" width="{width}" height="{_HEIGHT}" rx="4"/>']
    if run.number:
        whole = f"{run.number} {run.name}"
        says = whole if len(whole) * _WORDS <= width else str(run.number)
        shapes.append(_words(says, left + width / 2, top - 6, "name", middle=True))
    for place, character in enumerate(characters):
        says, style = ("GS", "mark") if character == SEPARATOR else (character, "cell")
        shapes.append(_words(says, left + _CELL * (place + 0.5), top + 23, style, middle=True))
    return shapes


def _entry(entry: Entry, top: int) -> tuple[list[str], int]:
    lines = textwrap.wrap(entry.says, _LETTERS)
    shapes: list[str] = []
    if entry.number:
        kind = (_kind(entry.number) if entry.placed else "open") + (" assumed" if entry.assumed else "")
        shapes = [
            f'<rect class="{kind}" x="{_LEFT}" y="{top - 4}" width="26" height="22" rx="4"/>',
            _words(str(entry.number), _LEFT + 13, top + 12, "name", middle=True),
        ]
    shapes += [_words(line, _LEFT + 38, top + 12 + 20 * number, "words") for number, line in enumerate(lines)]
    return shapes, top + 8 + 20 * len(lines)


def _kind(number: int) -> str:
    return f"f f{(number - 1) % len(COLOURS)}" if number else "f"


def _words(says: str, left: float, foot: float, style: str, middle: bool = False) -> str:
    anchor = ' text-anchor="middle"' if middle else ""
    return f'<text class="{style}" x="{left:g}" y="{foot:g}"{anchor}>{escape(says)}</text>'
