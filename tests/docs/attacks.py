"""The table of attacks in `SECURITY.md`, from what stands on the hostile tests (`tests/hostile/attacks.py`)."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from gateway.outcome import Cause
from tests.dialogues import test_dialogues
from tests.hostile import test_abuse, test_opening, test_signatures, test_smime
from tests.hostile.attacks import KINDS, Answer

MODULES = (test_opening, test_signatures, test_smime, test_abuse, test_dialogues)
SCHEMES = {"test_smime": "S/MIME", "test_dialogues": "SMTP"}


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    kind: str
    scheme: str
    sent: str
    answer: Answer
    test: str

    def __str__(self) -> str:
        return f"| {self.kind} | {self.scheme} | {self.sent} | {said(self.answer)} | {self.test} |"


def said(answer: Answer) -> str:
    """An answer as the table has it."""
    if isinstance(answer, Cause):
        return f"GSP-201 (log: *{answer.value}*)"
    return f"GSP-{answer}" if isinstance(answer, int) else answer


def rows() -> list[Row]:
    """Every attack, by kind and scheme."""
    found = [row for module in MODULES for row in _of(module)]
    return sorted(found, key=lambda row: (KINDS.index(row.kind), row.scheme))


def _of(module: ModuleType) -> Iterator[Row]:
    name = module.__name__.rpartition(".")[2]
    scheme, path = SCHEMES.get(name, "OpenPGP"), module.__name__.replace(".", "/") + ".py"
    for title, test in vars(module).items():
        if not title.startswith("test_"):
            continue
        where = f"`{path}`, `{title}`"
        for given in _parameters(test):
            made = given.values[0]
            if hasattr(made, "attack"):
                yield Row(made.attack.kind, scheme, made.attack.sent, given.values[1], f"`{path}`, `{made.__name__}`")
        if hasattr(test, "attack"):
            yield from _of_test(test, scheme, where)


def _of_test(test: Any, scheme: str, where: str) -> Iterator[Row]:
    marked = test.attack
    if "{}" in marked.sent:
        for given in _parameters(test):
            yield Row(marked.kind, scheme, marked.sent.format(given.id), marked.answer, where)
    else:
        yield Row(marked.kind, scheme, marked.sent, marked.answer, where)


def _parameters(test: Any) -> list[Any]:
    """The parameter sets of a test, each with its values and, where it has one, its id."""
    marks = [mark for mark in getattr(test, "pytestmark", ()) if mark.name == "parametrize"]
    given = [one for mark in marks for one in mark.args[1]]
    return [one if hasattr(one, "values") and hasattr(one, "id") else _Given(one) for one in given]


class _Given:
    """A parameter set that is no `pytest.param`."""

    id = None

    def __init__(self, one: Any) -> None:
        self.values = one if isinstance(one, tuple) else (one,)


def tests() -> Iterator[tuple[str, Callable[..., Any], Answer]]:
    """The tests that are marked themselves, with the answer that stands on them."""
    for module in MODULES:
        for title, test in vars(module).items():
            if title.startswith("test_") and hasattr(test, "attack"):
                yield title, inspect.unwrap(test), test.attack.answer


def table() -> str:
    """The table."""
    lines = ["| attack | by | what is sent | answer | test |", "|---|---|---|---|---|"]
    return "\n".join([*lines, *map(str, rows())])
