"""Takes the pictures of `docs/pictures` on a telephone and at a desk: digest, report, the receipt to a photograph.

`make pictures`, after a change of their words or looks; `make pictures PICTURES=digest-ar` takes some of them.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image

from gateway import data, reports
from gateway.attachments import photograph
from gateway.content import MimePart
from gateway.digests import page
from gateway.facts import Language
from gateway.forms import request
from gateway.language import LANGUAGES
from gateway.letters import Receipt
from gateway.library import LiveLibrary
from gateway.rules.report import document
from tests.docs.generate import ROOT
from tests.support import photographs, reporting
from tests.support.chromium import DESK, PHONE, Browser, chromium
from tests.support.parsed import in_process
from tests.support.rendering import Seen, languages, seen
from tests.support.world import OPENED, World

FOLDER = ROOT / "docs" / "pictures"
IN_THE_DARK = ("ar", "zh")  # on the telephone
_COLOURS = 24
_CODES = (
    ("Data Matrix", "QCALL7hT2kQ9mZb7Kd25051914"),
    ("QR Code", "KPL2F9xQ2mZ7aB25051914"),
    ("Data Matrix", "LEAT1x7Kp2Qm9Za25051914"),
)


@dataclass(frozen=True, slots=True)
class Subject:
    """What is shown: its page in a language, and how many pixels of it (0: all) on which kind of screen."""

    html: Callable[[str], str]
    phone: int
    desk: int
    scale: float  # of the desk's picture
    languages: Sequence[str] = LANGUAGES
    colours: int = _COLOURS


def _digest(language: str) -> str:
    return page(seen("digest", language).inner)


def _report(language: str) -> str:
    made = document(reporting.measurements(), reporting.SECRETARIAT)
    return reports.formats()["html"].write(made, languages().catalogue(language)).decode()


def receipt_to_a_photograph(language: str) -> Seen:
    """What an officer gets back who has sent one picture of three packs."""
    world = World()
    world.live = LiveLibrary(data.pattern_texts())
    octets = photographs.taken(*_CODES)
    part = MimePart((), "image/jpeg", (), "attachment", "IMG_2041.jpg", octets, (), b"")
    read = photograph.read(part, in_process("pictures", octets))
    asked = world.situation("officer", "request", {**OPENED, "case_reference": "MOM-2026-0117"})
    reading = replace(asked.reading, form=replace(asked.reading.form, uims=read.uims), pictures=read.pictures)
    letters = request.FORM.decide(replace(asked, reading=reading)).letters
    (receipt,) = (letter for letter in letters if isinstance(letter.values, Receipt))
    return seen(replace(receipt, to=replace(receipt.to, language=Language(language))))


def _receipt(language: str) -> str:
    return page(receipt_to_a_photograph(language).inner)


SUBJECTS = {
    "digest": Subject(_digest, 0, 0, 0.75),
    "report": Subject(_report, 1500, 4300, 0.6),
    "receipt": Subject(_receipt, 0, 0, 0.75, ("ar", "en"), 64),  # a photograph has more colours than words have
}


def names() -> list[str]:
    """Every picture, without its ending."""
    return [
        f"{name}-{language}-{at}"
        for name in SUBJECTS
        for language in SUBJECTS[name].languages
        for at in ("phone", "desk")
    ]


def take(browser: Browser, name: str) -> bytes:
    """One of them, PNG."""
    what, language, screen = name.split("-")
    subject, phone = SUBJECTS[what], screen == "phone"
    browser.show(subject.html(language), PHONE if phone else DESK, dark=phone and language in IN_THE_DARK)
    shown = Image.open(io.BytesIO(browser.picture(subject.phone if phone else subject.desk))).convert("RGB")
    if not phone:
        size = round(shown.width * subject.scale), round(shown.height * subject.scale)
        shown = shown.resize(size, Image.Resampling.LANCZOS)
    few = shown.quantize(subject.colours, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
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
