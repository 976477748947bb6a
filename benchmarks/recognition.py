"""Recognising UIMs against a library of 2,000 patterns: matching, whole verdicts, loading, memory."""

from __future__ import annotations

import gc
import random
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import re2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from benchmarks import synthetic
from benchmarks.synthetic import AT
from gateway import library, memory
from gateway.content import Uim, VerdictKind
from gateway.identifiers.written import read_uims
from gateway.library import PatternLibrary
from gateway.library.dialect import options
from gateway.rules.routing import deduplicate

UIMS, TRIED_ONE_BY_ONE, MANY, ROUNDS, SIGNATURES = 100_000, 100, 1_000_000, 3, 200


def run() -> Iterator[tuple[str, str, str]]:
    """Rows of (what, figure, goal)."""
    known = library.load(synthetic.texts())
    chance = random.Random("list")
    codes = synthetic.mixed(known, chance, UIMS)
    broken = [synthetic.damaged(code, chance) for code in synthetic.mixed(known, chance, UIMS // 50)]
    seized = synthetic.mixed(known, chance, UIMS, party="SE")
    memory.settle()  # as in a worker process
    patterns = sum(scheme.decides is not None for scheme in known.schemes)
    yield from _matching(known, patterns, codes)
    yield from _whole(known, codes, broken, seized)
    yield from _loading(patterns)


def _matching(known: PatternLibrary, patterns: int, codes: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    normal = [known.canonical(code) for code in codes]
    published = [scheme for scheme in known.schemes if scheme.decides is not None]
    each = [re.compile(scheme.pattern, re.ASCII).fullmatch for scheme in published]
    whole = re2.Set.FullMatchSet(options())
    for scheme in published:
        whole.Add(scheme.pattern)
    whole.Compile()
    few = normal[:: UIMS // TRIED_ONE_BY_ONE]
    for code in few:
        fitting = [one for one, fullmatch in zip(published, each, strict=True) if fullmatch(code)]
        assert set(known.hits(code)) <= set(fitting), "a match that there is none of"
        assert set(known.hits(code)) == {one for one in fitting if _allows(one, code)}, "a match was lost"
    ours, naive, bare = _turns(
        lambda: _matches(known, normal),
        lambda: _all(lambda code: [place for place, fullmatch in enumerate(each) if fullmatch(code)], few),
        lambda: _all(whole.Match, normal),
    )
    naive = [seconds * len(normal) / len(few) for seconds in naive]
    yield (
        f"all matches of each of {UIMS:,} UIMs with {patterns:,} patterns, to Python's `re` pattern by pattern",
        f"{_ratio(naive, ours):.0f} times as fast ({_rate(ours)}, `re` {_rate(naive)})",
        "at least 40",
    )
    yield (
        "the same, to one bare google-re2 Set of all patterns",
        f"{_ratio(bare, ours):.2f} times as fast (Set {_rate(bare)})",
        "at least 1",
    )


def _matches(known: PatternLibrary, codes: Sequence[str]) -> None:
    """All matches of all codes, in the order in which a list is judged."""
    for cell, places in known.matching.grouped(codes).items():
        for place in places:
            cell.joined(cell.hits(codes[place]), codes[place])


def _allows(scheme: library.Scheme, code: str) -> bool:
    return scheme.shortest <= len(code) <= scheme.longest and code.startswith(scheme.prefixes or "")


def _whole(
    known: PatternLibrary, codes: Sequence[str], broken: Sequence[str], seized: Sequence[str]
) -> Iterator[tuple[str, str, str]]:
    uims, malformed, of_one = _uims(codes), _uims(broken), _uims(seized)
    said = known.verdicts(uims, AT)
    valid = [one.uim for one in said if one.kind not in (VerdictKind.MALFORMED, VerdictKind.UNKNOWN)]
    share = [sum(one.kind is kind for one in said) / UIMS for kind in (VerdictKind.MALFORMED, VerdictKind.UNKNOWN)]
    bare = _bare_loop(codes)
    key = rsa.generate_private_key(65537, 3072)
    whole, alike, read, good, bad, single, signed = _turns(
        lambda: known.verdicts(uims, AT),
        lambda: known.verdicts(of_one, AT),
        lambda: [known.decoded(one) for one in known.verdicts(uims, AT)],
        lambda: known.verdicts(valid, AT),
        lambda: known.verdicts(malformed, AT),
        lambda: [known.verdicts(uims[n : n + 20], AT) for n in range(0, 2_000, 20)],
        lambda: [key.sign(b"", padding.PKCS1v15(), hashes.SHA256()) for _ in range(SIGNATURES)],
    )
    yield (
        f"whole recognition of {UIMS:,} mixed UIMs, {share[0]:.1%} found malformed, {share[1]:.1%} unknown, one core",
        f"{_rate(whole)}: {statistics.median(whole) / bare:.0f} times an empty loop of Python",
        "at least 100,000 a second",
    )
    yield "the same of as many of one Party, as after a seizure", _rate(alike), ""
    yield (
        "how fast the machine was meanwhile: one signature with RSA-3072 by OpenSSL",
        f"{statistics.median(signed) / SIGNATURES * 1000:.2f} ms",
        "it took 0.87 ms where the goals were set",
    )
    yield (
        "whole recognition, and what the fields of each say as sentences, which letters have of the first only",
        _rate(read),
        "",
    )
    yield "only those that are decided, without sentences", _rate(good, len(valid)), ""
    yield "only damaged ones, without sentences", f"{_rate(bad, len(malformed))}", ""
    yield "lists of 20, each judged anew", f"{statistics.median(single) * 10:.2f} ms a list", ""


def _loading(patterns: int) -> Iterator[tuple[str, str, str]]:
    seconds = statistics.median(float(_child("load")) for _ in range(3))
    yield f"loading {patterns:,} patterns: reading, checking, every sample run", f"{seconds:.2f} s CPU", "below 1 s"
    took, peak = _child("many").split()
    yield (
        f"{MANY:,} UIMs: from the lines of a list to the verdicts, peak resident memory of the process",
        f"{float(peak):.0f} MB ({float(took):.1f} s CPU)",
        "below 1,000 MB",
    )


def _child(what: str) -> str:
    command = [sys.executable, "-m", "benchmarks.recognition", what]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def _uims(codes: Sequence[str]) -> list[Uim]:
    return [Uim(code, "", line) for line, code in enumerate(codes, 1)]


def _all(ask: Callable[[str], object], codes: Sequence[str]) -> None:
    for code in codes:
        ask(code)


def _turns(*tasks: Callable[[], object]) -> list[list[float]]:
    """CPU seconds of each, in turns, after one that does not count."""
    spent: list[list[float]] = [[] for _ in tasks]
    for turn in range(ROUNDS + 1):
        for task, seconds in zip(tasks, spent, strict=True):
            began = time.process_time()
            task()
            if turn:
                seconds.append(time.process_time() - began)
    return spent


def _ratio(slow: Sequence[float], fast: Sequence[float]) -> float:
    return statistics.median(one / other for one, other in zip(slow, fast, strict=True))


def _rate(seconds: Sequence[float], count: int = UIMS) -> str:
    return f"{count / statistics.median(seconds):,.0f} a second"


def _bare_loop(codes: Sequence[str]) -> float:
    """What it takes here to go over the list and add up the lengths: a measure of the machine at that moment."""
    return statistics.median(_turns(lambda: sum([len(code) for code in codes]))[0])


def _load() -> None:
    texts = synthetic.texts()
    began = time.process_time()
    library.load(texts)
    print(time.process_time() - began)


def _many() -> None:
    known = library.load(synthetic.texts())
    memory.settle()
    body = "\n".join(synthetic.mixed(known, random.Random("many"), MANY))
    gc.collect()
    began = time.process_time()
    uims, _ = read_uims(enumerate(body.split("\n"), 1))
    verdicts, _ = deduplicate(known.verdicts(uims, AT), known.canonical)
    took = time.process_time() - began
    lines = Path("/proc/self/status").read_text().splitlines()
    assert len(verdicts) > MANY * 0.9, "too many came twice, or were not read"
    print(took, next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024)


if __name__ == "__main__":
    {"load": _load, "many": _many}[sys.argv[1]]()
