"""300 rendered photographs (tests/support/photographs.py): codes found, none invented, time and memory of a picture."""

from __future__ import annotations

import io
import resource
import time
from collections import Counter

from PIL import Image

from gateway.parsers.pictures import parse
from gateway.parsing import parse as in_process
from tests.support import photographs

MANY = 300


def run() -> list[tuple[str, str, str]]:
    """Rows of (what, figure, goal)."""
    printed: Counter[str] = Counter()
    found: Counter[str] = Counter()
    invented, times = 0, []
    shots = photographs.shots(MANY)
    for shot in shots:
        began = time.process_time()
        read = {code["text"] for code in parse(shot.octets)["codes"]}
        times.append(time.process_time() - began)
        printed.update(code.kind for code in shot.codes)
        found.update(code.kind for code in shot.codes if code.text in read)
        invented += len(read - {code.text for code in shot.codes})
    kinds = ", ".join(f"{kind} {100 * found[kind] / printed[kind]:.0f} %" for kind in photographs.KINDS)
    times.sort()
    whole = 100 * found.total() / printed.total()
    return [
        (f"{MANY} photographs with {printed.total()} codes: found", f"{whole:.1f} %", "at least 95 %"),
        ("of these by kind", kinds, ""),
        ("codes that are in no picture", str(invented), "0"),
        (
            "reading a photograph of 2 million pixels, median and longest",
            f"{times[MANY // 2]:.2f} s, {times[-1]:.2f} s CPU",
            "",
        ),
        *_large(shots[0].octets),
    ]


def _large(octets: bytes) -> list[tuple[str, str, str]]:
    """One picture of 12 million pixels, in the process of its own."""
    picture = Image.open(io.BytesIO(octets)).convert("RGB").resize((4000, 3000))
    began = time.perf_counter()
    parsed = in_process("pictures", photographs.jpeg(picture))
    took = time.perf_counter() - began
    assert parsed.content["codes"]
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return [
        ("the same of 12 million pixels, with its own process", f"{took:.1f} s", ""),
        ("the same, peak resident memory of its own process", f"{memory:.0f} MB", ""),
    ]
