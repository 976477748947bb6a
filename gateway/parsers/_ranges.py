"""Rows, columns or pages as people write them: "8–12, 15"."""

from __future__ import annotations

from collections.abc import Callable, Iterable

_NAMED = 10  # ranges that are named


def ranges(numbers: Iterable[int], name: Callable[[int], str] = str) -> str:
    """Numbers in order, with neighbours as one range; of very many the first. `name`: how one is called."""
    found: list[list[int]] = []
    for number in sorted(numbers):
        if found and found[-1][1] == number - 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    said = [name(first) if first == last else f"{name(first)}–{name(last)}" for first, last in found[:_NAMED]]
    return ", ".join(said) + (" …" if len(found) > _NAMED else "")
