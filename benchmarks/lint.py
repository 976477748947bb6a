"""How long `gsp pattern lint` takes: the shipped library, and one of 2,000 patterns of made-up Parties with it."""

from __future__ import annotations

import random
import resource
import string
from collections.abc import Iterator, Mapping

import yaml

from gateway import data, library

_CLASSES = {
    "[0-9A-Za-z]": string.ascii_letters + string.digits,
    "[0-9A-Z]": string.ascii_uppercase + string.digits,
    r"\d": string.digits,
}
_PARTIES = ("KE", "UY", "PA", "MU", "QA", "SN")


def synthetic(count: int, seed: int = 1) -> Mapping[str, str]:
    """The shipped files, and one with as many more schemes as are needed for `count`; each has a prefix of its own."""
    shipped = data.pattern_texts()
    chance = random.Random(seed)
    there = sum(one.decides is not None for one in library.load(shipped).schemes)
    prefixes = ["Z" + "".join(chance.choices(string.ascii_uppercase, k=5)) for _ in range(2 * count)]
    made = [_scheme(number, prefix, chance) for number, prefix in enumerate(dict.fromkeys(prefixes), 1)]
    return {**shipped, "made_up.yaml": yaml.safe_dump({"schemes": made[: count - there]})}


def _scheme(number: int, prefix: str, chance: random.Random) -> dict[str, object]:
    pattern, valid, longest = prefix, prefix, len(prefix)
    for _ in range(chance.randint(1, 3)):
        taken, fewest = chance.choice(list(_CLASSES)), chance.randint(2, 9)
        most = fewest + chance.choice((0, 0, 4, 12))
        pattern += taken + (f"{{{fewest},{most}}}" if most > fewest else f"{{{fewest}}}")
        valid += "".join(chance.choices(_CLASSES[taken], k=fewest))
        longest += most
    return {
        "id": f"made-{number}", "title": f"Made up, {number}", "party": chance.choice(_PARTIES), "issuer": "Works",
        "level": "unit packet", "structure": "made up", "pattern": pattern, "prefixes": [prefix],
        "length": {"min": len(valid), "max": longest}, "decides": "sure", "rank": 90, "valid": [valid],
        "confidence": "high", "verified": True, "source": "made up",
    }  # fmt: skip


def run() -> Iterator[tuple[str, str, str]]:
    """Rows of (what, figure, goal)."""
    for count, texts in ((28, data.pattern_texts()), (500, synthetic(500)), (2000, synthetic(2000))):
        begun = _spent()
        wrong = library.lint(texts)
        yield f"`gsp pattern lint`, {count} patterns, CPU", f"{_spent() - begun:.2f} s, {len(wrong)} problems", ""
    begun = _spent()
    pairs = sum(1 for _ in library.pairs(texts))
    yield "the same: all pairs alone, patterns known", f"{_spent() - begun:.2f} s for {pairs} pairs", ""


def _spent() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime
