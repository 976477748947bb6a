"""No regular expression of the gateway takes longer than a text is long, whatever somebody sends."""

from __future__ import annotations

import ast
import importlib
import math
import re
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import permutations
from pathlib import Path
from typing import Any

import gateway

parser: Any = importlib.import_module("re._parser")  # no stubs
sre: Any = importlib.import_module("re._constants")
ROOT = Path(gateway.__file__).parent
WAYS = frozenset({"search", "match", "fullmatch", "sub", "split", "findall", "finditer"})
LONG = 2_000
SUSPECT = 0.003  # seconds, after which the growth is looked at: by the square such a text takes ten
MOST = 1.0  # seconds, then nobody waits for the end
KINDS = 9  # of characters that are put together
COMMON = 'a1Z \n.@:<(="\\-é中'
OUTSIDE = "\0"
SHORT = {"gateway.forms._grammar._BRACKETED": 200}  # used for texts of so many characters at most
# Used where it is known to match at the beginning.
BEGINNING = frozenset({"gateway.forms._lines._QUOTE", "gateway.identifiers.written._NUMBERED"})

Use = tuple[str, re.Pattern[Any], str]


class _TooLong(Exception):
    """The time is up."""


def _uses() -> Iterator[Use]:
    """Each expression of the gateway with its name, and each way in which it is used."""
    for path in sorted(ROOT.rglob("*.py")):
        if "alembic" not in path.parts and path.name != "__main__.py":
            name = ".".join(path.relative_to(ROOT.parent).with_suffix("").parts).removesuffix(".__init__")
            values = vars(importlib.import_module(name))
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                yield from _used(node, name, values)


def _used(node: ast.AST, name: str, values: Mapping[str, Any]) -> Iterator[Use]:
    if isinstance(node, ast.Attribute) and node.attr in WAYS and isinstance(node.value, ast.Name):
        known = values.get(node.value.id)
        if isinstance(known, re.Pattern):
            yield f"{name}.{node.value.id}", known, node.attr
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in WAYS:
        written = node.args[0] if node.args else None
        if ast.unparse(node.func.value) == "re" and isinstance(written, ast.Constant):
            yield f"{name} {written.value!r}", re.compile(written.value), node.func.attr


def _told_apart(parsed: Any) -> Iterator[tuple[Any, Any]]:
    """By what an expression tells characters apart."""
    for kind, value in parsed:
        if kind in (sre.LITERAL, sre.NOT_LITERAL):
            yield sre.LITERAL, value
        elif kind is sre.IN:
            yield from (one for one in value if one[0] is not sre.NEGATE)
        elif kind is sre.BRANCH:
            for branch in value[1]:
                yield from _told_apart(branch)
        elif kind is sre.ATOMIC_GROUP:
            yield from _told_apart(value)
        elif isinstance(value, tuple) and isinstance(value[-1], parser.SubPattern):
            yield from _told_apart(value[-1])


def _has(sign: str, kind: Any, value: Any) -> bool:
    if kind is sre.RANGE:
        return bool(value[0] <= ord(sign) <= value[1])
    if kind is sre.CATEGORY:
        names = {"digit": r"\d", "space": r"\s", "word": r"\w"}
        return re.match(next(names[name] for name in names if name in str(value).lower()), sign) is not None
    return bool(ord(sign) == value)


def _alphabet(expression: re.Pattern[Any]) -> list[str]:
    """One character of each kind that the expression tells apart."""
    parts = sorted(set(_told_apart(parser.parse(expression.pattern, expression.flags))), key=str)
    signs = [chr(value) for kind, value in parts if kind is sre.LITERAL]
    signs += [chr(end) for kind, value in parts if kind is sre.RANGE for end in value]
    kinds: dict[tuple[bool, ...], str] = {}
    for sign in (*COMMON, *signs):
        if not isinstance(expression.pattern, bytes) or sign <= "\xff":
            kinds.setdefault(tuple(_has(sign, *part) for part in parts), sign)
    return list(kinds.values())


def _pumps(expression: re.Pattern[Any]) -> Iterator[tuple[str, str]]:
    """(how it begins, what comes again and again) of texts that may cost much."""
    signs = _alphabet(expression)
    for sign in (*signs, *dict.fromkeys(re.findall(r"[A-Za-z]{4,}", str(expression.pattern)))):
        yield "", sign
    for one, other in permutations(signs[:KINDS], 2):
        yield "", one + other
        yield "", one * 15 + other
        yield one, other


@contextmanager
def _limited() -> Iterator[None]:
    def end(*_: object) -> None:
        raise _TooLong

    before = signal.signal(signal.SIGPROF, end)
    signal.setitimer(signal.ITIMER_PROF, MOST)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _cost(use: Use, pump: tuple[str, str], long: int) -> float:
    """Seconds of this thread."""
    _, expression, way = use
    text = pump[0] + pump[1] * (long // len(pump[1])) + OUTSIDE
    given: Any = text.encode("latin-1", "replace") if isinstance(expression.pattern, bytes) else text
    began = time.thread_time()
    try:
        with _limited():
            found = getattr(expression, way)(*((given[:0], given) if way == "sub" else (given,)))
            for _ in found if way == "finditer" else ():
                pass
    except _TooLong:
        return math.inf
    return time.thread_time() - began


def _is_slow(use: Use, pump: tuple[str, str], long: int) -> bool:
    """Whether a text three times as long costs six times as much, in the best of three tries each."""
    cost = _cost(use, pump, long)
    if cost < SUSPECT or cost == math.inf or long < LONG:
        return cost == math.inf
    once, thrice = (min(_cost(use, pump, size) for _ in range(3)) for size in (long, 3 * long))
    return thrice > 6 * once or once == math.inf


def _slow(use: Use) -> str:
    """The first text that is dear; "" where none is."""
    return next((repr(pump) for pump in _pumps(use[1]) if _is_slow(use, pump, SHORT.get(use[0], LONG))), "")


def test_no_expression_takes_longer_than_a_text_is_long() -> None:
    uses = {(name, known, "match" if name in BEGINNING else way) for name, known, way in _uses()}
    assert len(uses) > 150
    assert [(use[0], found) for use in sorted(uses, key=str) if (found := _slow(use))] == []


def test_an_expression_that_takes_a_time_by_the_square_is_found() -> None:
    assert _slow(("by the square", re.compile(r"\s+x"), "search"))
    assert _slow(("by the power of ten", re.compile(r"(?:[!-~]*\d[!-~]*)(?: [!-~]*\d[!-~]*){1,9}"), "fullmatch"))
