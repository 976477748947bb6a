"""Long labels and hints that a mail client broke into several lines, put together again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from gateway.forms._grammar import HINT, OPENING
from gateway.forms._lines import Line, visible
from gateway.forms._values import COLON, LONG, tick
from gateway.language import normalise


def rejoined(body: Sequence[Line], long_labels: Mapping[str, Sequence[str]]) -> list[Line]:
    """The lines, with long labels that a client broke into two or three put together, and hints that a client or
    `write` broke left out. `long_labels`: normalised labels by their first `OPENING` characters."""
    whole: list[Line] = []
    place = 0
    hinted = False
    while place < len(body):
        number, line = body[place]
        if hinted and HINT in line and visible(line).startswith(HINT):
            place += 1
            continue
        taken = 1
        if " " in line and len(line) < LONG:
            line, taken = _joined(body, place, long_labels)
        hinted = HINT in line
        whole.append((number, line))
        place += taken
    return whole


def _joined(body: Sequence[Line], place: int, long_labels: Mapping[str, Sequence[str]]) -> tuple[str, int]:
    line = body[place][1]
    start = _beginning(line)
    labels = [label for label in long_labels.get(start[:OPENING], ()) if label.startswith(start)]
    if not labels or COLON.search(line):
        return line, 1
    for taken in range(2, min(4, len(body) - place) + 1):
        joined = " ".join(text.strip() for _, text in body[place : place + taken])
        if _beginning(joined) in labels:
            return joined, taken
    return line, 1


def _beginning(line: str) -> str:
    """What a line says before its colon and behind its box, normalised."""
    box = tick(visible(line))
    text = box[1] if box else line
    return normalise(COLON.split(text, maxsplit=1)[0])
