"""Takes the pictures of `docs/pictures`: the digest and the report in six languages, on a telephone and at a desk.

`make pictures`, after a change of their words or looks; `make pictures PICTURES=digest-ar` takes some of them.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from gateway import reports
from gateway.digests import page
from gateway.language import LANGUAGES
from gateway.rules.report import document
from tests.docs.generate import ROOT
from tests.support import reporting
from tests.support.chromium import DESK, PHONE, Browser, chromium
from tests.support.rendering import languages, seen

FOLDER = ROOT / "docs" / "pictures"
IN_THE_DARK = ("ar", "zh")  # on the telephone
_COLOURS = 24


@dataclass(frozen=True, slots=True)
class Subject:
    """What is shown: its page in a language, and how many pixels of it (0: all) on which kind of screen."""

    html: Callable[[str], str]
    phone: int
    desk: int
    scale: float  # of the desk's picture


def _digest(language: str) -> str:
    return page(seen("digest", language).inner)


def _report(language: str) -> str:
    made = document(reporting.measurements(), reporting.SECRETARIAT)
    return reports.formats()["html"].write(made, languages().catalogue(language)).decode()


SUBJECTS = {"digest": Subject(_digest, 0, 0, 0.75), "report": Subject(_report, 1500, 4300, 0.6)}


def names() -> list[str]:
    """Every picture, without its ending."""
    return [f"{name}-{language}-{at}" for name in SUBJECTS for language in LANGUAGES for at in ("phone", "desk")]


def take(browser: Browser, name: str) -> bytes:
    """One of them, PNG."""
    what, language, screen = name.split("-")
    subject, phone = SUBJECTS[what], screen == "phone"
    browser.show(subject.html(language), PHONE if phone else DESK, dark=phone and language in IN_THE_DARK)
    shown = Image.open(io.BytesIO(browser.picture(subject.phone if phone else subject.desk))).convert("RGB")
    if not phone:
        size = round(shown.width * subject.scale), round(shown.height * subject.scale)
        shown = shown.resize(size, Image.Resampling.LANCZOS)
    few = shown.quantize(_COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    written = io.BytesIO()
    few.save(written, "PNG", optimize=True)
    return written.getvalue()


def main(wanted: Sequence[str], folder: Path = FOLDER) -> None:
    """Writes those whose name begins as one of `wanted`; all where none is named."""
    chosen = [name for name in names() if not wanted or name.startswith(tuple(wanted))]
    with chromium() as browser:
        for name in chosen:
            (folder / f"{name}.png").write_bytes(take(browser, name))
    print(f"{len(chosen)} picture(s) in {folder}.")


if __name__ == "__main__":
    main(sys.argv[1:])
